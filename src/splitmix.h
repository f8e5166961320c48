/* SPDX-License-Identifier: MIT */
/* splitmix.h - numbers that look random, and are the same ones every time. */
#ifndef SPLITMIX_H
#define SPLITMIX_H

#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood): a counter, and a mix of its bits. */
static inline uint64_t splitmix64(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

#endif
