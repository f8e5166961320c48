/* SPDX-License-Identifier: MIT */
#include "l0_plan.h"

static const struct {
	uint8_t moment, first, last;
} moments[] = {
#define MOMENT(name, moment, first, last) \
	{ PSVM_MOMENT_##moment, PSVM_CELL_##first, PSVM_CELL_##last },
	L0_MOMENTS(MOMENT)
#undef MOMENT
#define CELL(name, unit, to, from, words) \
	{ PSVM_MOMENT_OTHER, PSVM_CELL_##name, PSVM_CELL_##name },
		{ PSVM_MOMENT_MERGE, PSVM_CELL_WINDOW_IN_02, PSVM_CELL_WINDOW_IN_02 },
	PSVM_CELLS_OTHER(CELL)
#undef CELL
};

enum psvm_moment plan_moment(enum l0_moment moment)
{
	return (enum psvm_moment)moments[moment].moment;
}

/* Two lines with one condition read the same: the first is enough. */
static bool is_new(const struct plan_line *lines, struct plan_line line)
{
	for (; (lines->on | lines->off) != 0; lines++)
		if (lines->on == line.on && lines->off == line.off)
			return false;
	return (line.on | line.off) != 0;
}

static unsigned add_cell(struct plan_line *lines, unsigned count,
			 const struct psvm_cell *cell)
{
	for (unsigned i = 0; i < PSVM_MOVES && cell->move[i].bits != 0; i++) {
		struct plan_line line = { cell->move[i].on & ~PSVM_UNLESS,
					  cell->move[i].off };

		if (is_new(lines, line))
			lines[count++] = line;
	}
	return count;
}

void plan_make(struct plan *plan, const struct psvm_rules *rules)
{
	struct plan empty = { 0 };

	*plan = empty;
	for (unsigned m = 0; m < L0_MOMENT_COUNT; m++) {
		struct plan_line *lines = plan->lines[m];
		unsigned count = 0;

		for (unsigned id = moments[m].first; id <= moments[m].last; id++)
			count = add_cell(lines, count, &rules->cell[id]);
		for (unsigned i = 0; i < count; i++)
			if ((lines[i].on | lines[i].off) & PSVM_C(L1_GIF))
				plan->asks_gif[m] = true;
	}
}
