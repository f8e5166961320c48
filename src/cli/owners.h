/* SPDX-License-Identifier: MIT */
/* cli/owners.h - whose the bits of 02.int_ctl are, by what a rule set's cells say. */
#ifndef CLI_OWNERS_H
#define CLI_OWNERS_H

#define PSVM_EXTERN
#include "psvm/rules.h"

/* Owners, as bits: 12 and 01, and L0, which takes or forces a bit. */
enum { OWNER_12 = 1, OWNER_01 = 2, OWNER_L0 = 4, OWNERS = 3 };

/* Moments of a nested run, in which bits have owners. */
enum owners_moment { OWNERS_VMRUN, OWNERS_WINDOW, OWNERS_HANDBACK, OWNERS_MOMENTS };

/* A cell that gives bits an owner, and what the owner is called then; those of a moment
 * end with a null code. */
struct owners_source {
	uint32_t cell;
	uint8_t owner;
	const char *code; /* "12", "01", "=1", "L0" */
};

struct owners_at {
	const char *title, *words;
	struct owners_source sources[5];
};
extern const struct owners_at owners_at[OWNERS_MOMENTS];

/* Who owns bits at a moment: whoever owns one of them ever, and whoever owns all of them
 * whatever the conditions are. */
struct owners {
	uint8_t ever, always;
};
struct owners owners_of(const struct psvm_rules *rules, enum owners_moment moment,
			uint64_t bits);

#endif
