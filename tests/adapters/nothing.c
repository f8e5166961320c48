/* SPDX-License-Identifier: MIT */
/* A shared object without an adapter. */
int nothing(void);

int nothing(void)
{
	return 0;
}
