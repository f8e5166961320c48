/* SPDX-License-Identifier: MIT */
/*
 * check/twin.h - a state of the explorer: both machines, with undecided bits.
 *
 * That is two states of the machines, one with all undecided bits at 0 and one with all
 * at 1, which have gone the same way so far. All undecided bits keep their position in
 * a word, so the words in which the two differ show where copies of them are.
 */
#ifndef CHECK_TWIN_H
#define CHECK_TWIN_H

#include "scope.h"

struct twin {
	struct product lo, hi;
};

void twin_begin(struct twin *t, const struct world *w, struct scope_first first,
		struct decided d);

/* Is anything undecided? */
bool twin_open(const struct twin *t, const struct world *w);

/* The variable behind the first difference in what two steps read, or
 * scope_var_count: they have read the same. */
unsigned twin_needs(const struct reads *lo, const struct reads *hi);

void twin_decide(struct twin *t, const struct world *w, unsigned var, bool value);

#endif
