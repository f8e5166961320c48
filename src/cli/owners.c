/* SPDX-License-Identifier: MIT */
#include "owners.h"

/* clang-format off: a table. */
const struct owners_at owners_at[OWNERS_MOMENTS] = {
	[OWNERS_VMRUN] = { "VMRUN",
			   "where the bits of vmcb02 come from",
			   { { PSVM_CELL_ENTER_FROM_12, OWNER_12, "12" },
			     { PSVM_CELL_ENTER_FROM_01, OWNER_01, "01" },
			     { PSVM_CELL_ENTER_SET_02, OWNER_L0, "=1" },
			     { PSVM_CELL_VMRUN_SET_02, OWNER_L0, "=1" } } },
	[OWNERS_WINDOW] = { "Window",
			    "what L0 takes while it waits for L1",
			    { { PSVM_CELL_WINDOW_USURP, OWNER_L0, "L0" } } },
	[OWNERS_HANDBACK] = { "#VMEXIT to L1",
			      "where the bits of vmcb02 go",
			      { { PSVM_CELL_REFRESH_TO_12, OWNER_12, "12" },
				{ PSVM_CELL_HANDBACK_TO_12, OWNER_12, "12" },
				{ PSVM_CELL_HANDBACK_TO_01, OWNER_01, "01" } } },
};
/* clang-format on */

/* The bits of a cell that are meant whatever the conditions are, or under some. */
static uint64_t bits_of(const struct psvm_cell *cell, bool always)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < PSVM_MOVES; i++)
		if (!always || (cell->move[i].on | cell->move[i].off) == 0)
			bits |= cell->move[i].bits;
	return bits;
}

struct owners owners_of(const struct psvm_rules *rules, enum owners_moment moment,
			uint64_t bits)
{
	struct owners owners = { 0, 0 };

	for (const struct owners_source *s = owners_at[moment].sources; s->code; s++) {
		const struct psvm_cell *cell = &rules->cell[s->cell];

		if (bits_of(cell, false) & bits)
			owners.ever |= s->owner;
		if ((bits_of(cell, true) & bits) == bits)
			owners.always |= s->owner;
	}
	return owners;
}
