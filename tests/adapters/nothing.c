/* SPDX-License-Identifier: MIT */
/* A shared object without an adapter; with UNRESOLVED, one that needs what is nowhere. */
int nothing(void);

#ifdef UNRESOLVED
extern int psvm_no_such_function(void);
#define VALUE psvm_no_such_function()
#else
#define VALUE 0
#endif

int nothing(void)
{
	return VALUE;
}
