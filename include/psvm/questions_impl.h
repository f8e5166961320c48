/* SPDX-License-Identifier: MIT */
/*
 * psvm/questions_impl.h - the bodies of what only asks: intercepts, exit routing,
 * arrival, one cell, a rule set as a whole; included by nested.h.
 */
#ifndef PSVM_QUESTIONS_IMPL_H
#define PSVM_QUESTIONS_IMPL_H

#include "cells_impl.h"
#include "steps_impl.h"

/* Those of `want` that hold for the words as they came in. */
PSVM_SHARED uint32_t psvm_conditions_(const struct psvm_nested *n, uint32_t want)
{
	struct psvm_at_ at;

	psvm_take_(&at, n);
	at.now.want = want;
	psvm_consider_(&at);
	return at.now.c;
}

/* A question: can it be answered? */
PSVM_LOCAL bool psvm_ask_(struct psvm_now_ *now, const struct psvm_rules *rules,
			  const struct psvm_nested *n, uint32_t first, uint32_t last)
{
	struct psvm_status status;

	if (!psvm_trust_(now, rules, n->facts, first, last, &status))
		return false;
	now->c = psvm_conditions_(n, now->want);
	return now->go != 0;
}

PSVM_API uint32_t psvm_conditions(struct psvm_nested n)
{
	return psvm_conditions_(&n, PSVM_C_ALL);
}

/* Word 00Ch is in the intercepts, and in the words. */
PSVM_INTERNAL void psvm_merge_(struct psvm_intercepts *i12, const struct psvm_rules *rules,
			       const struct psvm_nested *n, struct psvm_intercepts *i01)
{
	uint32_t words = PSVM_WORDS_ALL;
	struct psvm_now_ now;

	if (psvm_ask_(&now, rules, n, PSVM_CELL_MERGE_WORDS, PSVM_CELL_MERGE_SET_CR)) {
		words = psvm_cell32_(&now, PSVM_CELL_MERGE_WORDS);
		i01->word[0] &= ~psvm_cell32_(&now, PSVM_CELL_MERGE_DROP_CR);
		i01->word[3] &= ~psvm_cell32_(&now, PSVM_CELL_MERGE_DROP_MISC1);
		i01->word[4] &= ~psvm_cell32_(&now, PSVM_CELL_MERGE_DROP_MISC2);
		i12->word[0] |= psvm_cell32_(&now, PSVM_CELL_MERGE_SET_CR);
	}
	PSVM_UNROLL
	for (unsigned i = 0; i < 6; i++)
		i12->word[i] |= i01->word[i] & (uint32_t)psvm_bit_mask_(words, i);
}

PSVM_API struct psvm_intercepts psvm_merge_intercepts(const struct psvm_rules *rules,
						      struct psvm_nested n,
						      struct psvm_intercepts i12,
						      struct psvm_intercepts i01)
{
	n.v12.misc1 = i12.word[3];
	n.v01.misc1 = i01.word[3];
	psvm_merge_(&i12, rules, &n, &i01);
	return i12;
}

/* --- exit routing -------------------------------------------------------- */

/* Exit codes 0 to BFh are the intercept bits: 32 codes for each word. */
#define PSVM_EXIT_INTERCEPTS_ UINT64_C(0xc0)

PSVM_LOCAL bool psvm_intercepted_(const struct psvm_intercepts *i, uint64_t exit_code)
{
	return exit_code < PSVM_EXIT_INTERCEPTS_ &&
	       (i->word[exit_code / 32] >> exit_code % 32 & 1) != 0;
}

static const struct {
	int16_t exit_code;
	uint8_t kind;
} psvm_classes_[] = {
	{ PSVM_EXIT_INTR, PSVM_CLASS_INTR },
	{ PSVM_EXIT_NMI, PSVM_CLASS_NMI },
	{ PSVM_EXIT_VINTR, PSVM_CLASS_VINTR },
	{ PSVM_EXIT_VMMCALL, PSVM_CLASS_VMMCALL },
	{ PSVM_EXIT_NPF, PSVM_CLASS_NPF },
	{ -1 /* PSVM_EXIT_INVALID */, PSVM_CLASS_INVALID },
};

PSVM_LOCAL uint32_t psvm_class_(uint64_t exit_code, const struct psvm_intercepts *i01)
{
	PSVM_UNROLL
	for (unsigned i = 0; i < sizeof(psvm_classes_) / sizeof(psvm_classes_[0]); i++)
		if ((uint64_t)(int64_t)psvm_classes_[i].exit_code == exit_code)
			return psvm_classes_[i].kind;
	if (exit_code / 32 == PSVM_EXIT_EXCP_DE / 32 && psvm_intercepted_(i01, exit_code))
		return PSVM_CLASS_EXCEPTION_01;
	return 0;
}

PSVM_INTERNAL uint32_t psvm_route_(const struct psvm_rules *rules,
				   const struct psvm_nested *n, uint64_t exit_code,
				   const struct psvm_intercepts *i12,
				   const struct psvm_intercepts *i01)
{
	uint32_t kind = psvm_class_(exit_code, i01);
	struct psvm_now_ now;

	if (!psvm_ask_(&now, rules, n, PSVM_CELL_ROUTE_L0, PSVM_CELL_ROUTE_L1))
		return PSVM_L0;
	if (psvm_says_(&now, PSVM_CELL_ROUTE_L0) & kind)
		return PSVM_L0;
	if (psvm_says_(&now, PSVM_CELL_ROUTE_L1) & kind)
		return PSVM_L1;
	if (!psvm_intercepted_(i12, exit_code))
		return PSVM_L0;
	return exit_code == PSVM_EXIT_MSR_PROT || exit_code == PSVM_EXIT_IOIO_PROT ?
		       PSVM_L1_BITMAP :
		       PSVM_L1;
}

PSVM_API uint32_t psvm_route_exit(const struct psvm_rules *rules,
				  struct psvm_nested n, uint64_t exit_code,
				  struct psvm_intercepts i12,
				  struct psvm_intercepts i01)
{
	return psvm_route_(rules, &n, exit_code, &i12, &i01);
}

/* --- arrival -------------------------------------------------------------- */

PSVM_API uint32_t psvm_interrupt_arrives(const struct psvm_rules *rules,
					 struct psvm_nested n)
{
	struct psvm_now_ now;

	if (!psvm_ask_(&now, rules, &n, PSVM_CELL_OPEN,
		       PSVM_CELL_CLOSED_WINDOW))
		return PSVM_WAIT;
	if (!psvm_flag_(&now, PSVM_CELL_OPEN))
		return (uint32_t)(psvm_flag_(&now, PSVM_CELL_CLOSED_WINDOW) & PSVM_OPEN_WINDOW);
	if (psvm_flag_(&now, PSVM_CELL_OPEN_EXIT))
		return PSVM_EXIT;
	if (psvm_flag_(&now, PSVM_CELL_OPEN_INJECT))
		return PSVM_INJECT;
	return (uint32_t)(psvm_flag_(&now, PSVM_CELL_OPEN_WINDOW) & PSVM_OPEN_WINDOW);
}

/* --- one cell ------------------------------------------------------------- */

/* Is there such a cell, and somewhere to write what it says? */
PSVM_LOCAL bool psvm_check_rule_(const struct psvm_rules *rules, uint32_t cell,
				 const uint64_t *bits, struct psvm_status *status)
{
	psvm_say_(status, PSVM_E_NULL, PSVM_AT_BITS, 0);
	if (bits == NULL)
		return false;
	psvm_say_(status, PSVM_E_RULES, PSVM_AT_CELL, cell);
	if (cell >= PSVM_CELL_COUNT)
		return false;
	psvm_say_(status, PSVM_E_RULES, cell, psvm_cell_bad_(&rules->cell[cell]));
	return status->bits == 0;
}

PSVM_API struct psvm_status psvm_rule(const struct psvm_rules *rules,
				      struct psvm_nested n, uint32_t cell,
				      uint64_t *bits)
{
	struct psvm_status status;
	struct psvm_now_ now;

	if (!psvm_check_head_(rules, &status) ||
	    !psvm_check_rule_(rules, cell, bits, &status))
		return status;
	now.rules = rules;
	now.c = psvm_conditions_(&n, PSVM_C_ALL);
	now.go = psvm_check_facts_(n.facts, &status);
	if (now.go != 0)
		*bits = psvm_says_(&now, cell);
	return status;
}

/* --- a rule set as a whole ----------------------------------------------- */

/* Can both lines apply in one situation? */
PSVM_SHARED bool psvm_moves_meet_(struct psvm_move a, struct psvm_move b)
{
	bool unless_a = (a.on & PSVM_UNLESS) != 0;
	bool unless_b = (b.on & PSVM_UNLESS) != 0;
	uint32_t on_a = a.on & PSVM_C_ALL, on_b = b.on & PSVM_C_ALL;
	uint32_t both;

	if (!unless_a && !unless_b)
		return ((on_a & b.off) | (on_b & a.off)) == 0;
	if (!unless_b) /* apart if b implies what excludes a */
		return (on_a & ~on_b) != 0 || (a.off & ~b.off) != 0;
	if (!unless_a)
		return (on_b & ~on_a) != 0 || (b.off & ~a.off) != 0;
	/* Two exclusions leave room, except x and its opposite or always. */
	both = on_a | a.off | on_b | b.off;
	return !((on_a == b.off && on_b == a.off && (both & (both - 1)) == 0) ||
		 (on_a | a.off) == 0 || (on_b | b.off) == 0);
}

/* Bits that two cells claim in one situation. */
PSVM_LOCAL uint64_t psvm_cells_meet_(const struct psvm_cell *a,
				     const struct psvm_cell *b)
{
	uint64_t bits = 0;

	PSVM_UNROLL
	for (unsigned i = 0; i < PSVM_MOVES; i++)
		PSVM_UNROLL
		for (unsigned j = 0; j < PSVM_MOVES; j++)
			if (psvm_moves_meet_(a->move[i], b->move[j]))
				bits |= a->move[i].bits & b->move[j].bits;
	return bits;
}

PSVM_API struct psvm_status psvm_rules_check(const struct psvm_rules *rules)
{
	struct psvm_status status;
	uint64_t bits;

	if (!psvm_check_rules_(rules, 0, PSVM_CELL_COUNT - 1, &status))
		return status;
	bits = psvm_cells_meet_(&rules->cell[PSVM_CELL_ENTER_FROM_12],
				&rules->cell[PSVM_CELL_ENTER_FROM_01]);
	psvm_say_(&status, bits == 0 ? PSVM_OK : PSVM_E_RULES,
		  bits == 0 ? 0 : PSVM_CELL_ENTER_FROM_01, bits);
	return status;
}

#endif
