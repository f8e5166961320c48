/* SPDX-License-Identifier: MIT */
/* check/diff_cover.h - a set of combinations as a short condition. */
#ifndef CHECK_DIFF_COVER_H
#define CHECK_DIFF_COVER_H

#define PSVM_EXTERN
#include "psvm/diff.h"

/* What is known of a combination; zero: it cannot occur. */
enum { COVER_OFF = 1, COVER_ON = 2 };

/*
 * The shortest disjunction of conjunctions that is true of all combinations
 * that are on and of none that is off.
 *
 * table has an entry for each value of n_variables variables; it is used up.
 * Variables that can be done without are dropped first, from the last one to
 * the first one. Over the others the cover is exact: fewest terms, then fewest
 * literals. Returns the number of terms, PSVM_DIFF_TERMS + 1 if it gives up, or
 * COVER_MEMORY.
 */
#define COVER_MEMORY SIZE_MAX
size_t diff_cover(unsigned char *table, size_t n_variables,
		  struct psvm_diff_term terms[PSVM_DIFF_TERMS]);

#endif
