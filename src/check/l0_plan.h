/* SPDX-License-Identifier: MIT */
/*
 * What a rule set asks for at each moment, found out once: who notes what steps have
 * read does so for millions of them.
 */
#ifndef PSVM_CHECK_L0_PLAN_H
#define PSVM_CHECK_L0_PLAN_H

#include "psvm/diff.h"

#include <stdbool.h>

/* The moments at which L0 asks the rule set, the moment of psvm/diff.h that this is or is
 * a part of, and the cells that are read then. X(name, moment, first, last) */
/* clang-format off: a table. */
#define L0_MOMENTS(X) \
	X(SNAPSHOT, SNAPSHOT, SNAPSHOT_INT_CTL, SNAPSHOT_TLB_CONTROL) \
	X(VMRUN, ENTER, ENTER_INVALID, MERGE_DROP_MISC1) \
	X(REENTER, REENTER, ENTER_INVALID, MERGE_DROP_MISC1) \
	X(ENTER_CLOSE, ENTER, CLOSE_IN_01, CLOSE_REQUEST) \
	X(MERGE, MERGE, MERGE_WORDS, MERGE_SET_CR) \
	X(WINDOW_OPEN, WINDOW, MERGE_WORDS, WINDOW_EVENT) \
	X(WINDOW_CLOSE, CLOSE, MERGE_WORDS, CLOSE_REQUEST) \
	X(HANDBACK, HANDBACK, CLOSE_IN_01, HANDBACK_CLOSE) \
	X(REFRESH, REFRESH, REFRESH_TO_12, REFRESH_FIELDS) \
	X(ROUTE, ROUTE, ROUTE_L0, ROUTE_L1) \
	X(ARRIVE, ARRIVE, OPEN, CLOSED_WINDOW)
/* The cells that are asked for themselves. X(name, unit, to, from, words) */
#define L0_CELLS(X) \
	X(WINDOW_IN_02, FLAG, 02, ONES, "") \
	PSVM_CELLS_OTHER(X)
/* clang-format on */

enum l0_moment {
#define MOMENT(name, moment, first, last) L0_##name,
	L0_MOMENTS(MOMENT)
#undef MOMENT
#define CELL(name, unit, to, from, words) L0_##name,
		L0_CELLS(CELL)
#undef CELL
			L0_MOMENT_COUNT,
	L0_FIRST_CELL = L0_WINDOW_IN_02,
	L0_CELL_COUNT = L0_MOMENT_COUNT - L0_FIRST_CELL
};

/* A line with a condition; a moment's last one has none. */
struct plan_line {
	uint32_t on, off;
};

enum { PLAN_LINES = PSVM_CELL_COUNT * PSVM_MOVES + 1 };

struct plan {
	bool asks_gif[L0_MOMENT_COUNT];
	struct plan_line lines[L0_MOMENT_COUNT][PLAN_LINES];
};

/* The moment of psvm/diff.h. */
enum psvm_moment plan_moment(enum l0_moment moment);

/* Is there any condition at a moment? */
static inline bool plan_asks(const struct plan *plan, enum l0_moment moment)
{
	return (plan->lines[moment][0].on | plan->lines[moment][0].off) != 0;
}

void plan_make(struct plan *plan, const struct psvm_rules *rules);

#endif
