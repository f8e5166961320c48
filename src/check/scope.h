/* SPDX-License-Identifier: MIT */
/*
 * What an exploration covers: the set-ups, and the acts.
 *
 * A set-up is what L1 has put into vmcb12. Most of its bits are undecided at first
 * (twin.h).
 */
#ifndef PSVM_CHECK_SCOPE_H
#define PSVM_CHECK_SCOPE_H

#include "machine.h"

enum scope_word { WORD_INT_CTL, WORD_CR, WORD_MISC1, WORD_MISC2 };

/* A variable of the set-up: bits that are decided together. */
struct scope_var {
	const char *name;
	uint8_t word; /* enum scope_word */
	uint64_t bits;
};

extern const struct scope_var scope_vars[];
extern const unsigned scope_var_count;

/* Decided from the start: one exploration begins with all combinations. */
enum { VECTOR_OF_L1 = 0x51, VECTOR_OF_V_IRQ = 0x71, VECTOR_OF_EVENTINJ = 0x61 };

struct scope_first {
	uint64_t event_inj;
	uint8_t l2_if, shadow, l1_if;
};

/* The acts, by number. */
extern const unsigned scope_act_count;
struct act scope_act(unsigned i);

/*
 * A part of a scope that is explored at once, and completely: which variables are
 * open and which acts may come, with which features. Masks, one bit for each
 * row of the tables.
 */
struct slice {
	const char *name;
	uint32_t vars; /* the others have their usual value */
	uint32_t acts;
	uint32_t configs;
	uint32_t events;
	uint32_t split; /* of vars: each unit has one value, so that none gets too big */
};

/* All variables, acts, configurations and events at once: for walks, not to explore. */
extern const struct slice scope_everything;

struct scope {
	const char *name;
	const struct slice *slices;
	unsigned slice_count;
};

/* The scope of a name, or null. */
const struct scope *scope_named(const char *name);

/* A unit of work: one slice with one configuration, and one value of what is split. */
struct unit {
	const struct slice *slice;
	uint32_t facts; /* PSVM_C(OFFER_...), PSVM_C(HOST_...) */
	uint32_t split; /* the variables of slice->split that are 1 */
};

/* Can a hypervisor with these rules have these features? One that no rule asks about
 * is neither used nor offered. */
bool scope_fits(const struct psvm_rules *rules, uint32_t facts);

unsigned scope_unit_count(const struct scope *scope);
struct unit scope_unit(const struct scope *scope, unsigned i);

/* Set-ups that a unit stands for: all values of its variables and beginnings. */
uint64_t scope_setups(const struct unit *unit);

/* What a scope covers, in words; 0 after the last line. */
size_t scope_line(char *text, size_t size, const struct scope *scope, unsigned line);

/*
 * Two machines, and on the left the one that the other is measured by: the bare
 * machine; or, where the world has a change of the rules, a nested one without it.
 */
struct product {
	struct nested nested;
	union {
		struct bare bare;
		struct without {
			struct nested nested;
			bool parted; /* else it is as the other one */
		} without;
	};
};

/* The left machine: who runs, what L1 has, and one step. */
bool left_in_l2(const struct product *p, const struct world *w);
struct l1_view left_view(const struct product *p, const struct world *w);
const struct psvm_cpu_vmcb *left_vmcb12(const struct product *p, const struct world *w);

/* So much of a product is in use, from its beginning. */
size_t product_size(const struct world *w);

/* Can the act come now? Nothing arrives that waits already; L1 does not halt, and does
 * nothing that exits anyway. */
bool scope_allows(const struct slice *slice, const struct product *p,
		  const struct world *w, unsigned act);

/* Values of the variables: bit i is variable i. */
struct decided {
	uint32_t known, value;
};

/* What a unit begins with; i is a number below scope_first_count(). scope_decided() is
 * scope_usual() of the slice, and what is split. */
unsigned scope_first_count(const struct slice *slice);
struct scope_first scope_first(const struct slice *slice, unsigned i);
struct decided scope_usual(const struct slice *slice);
struct decided scope_decided(const struct unit *unit);

/* The set-up that a machine begins with, with these variables set. */
struct start scope_start(struct scope_first first, uint32_t set);

/* The variable of some of these bits of a word, or scope_var_count. */
unsigned scope_var_of(unsigned word, uint64_t bits);

#endif
