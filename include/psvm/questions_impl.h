/* SPDX-License-Identifier: MIT */
/*
 * psvm/questions_impl.h - the bodies of what only asks: intercepts, arrival, one cell,
 * a rule set as a whole; included by nested.h.
 */
#ifndef PSVM_QUESTIONS_IMPL_H
#define PSVM_QUESTIONS_IMPL_H

#include "cells_impl.h"

/* All conditions, whoever asks for them. */
PSVM_SHARED void psvm_consider_all_(struct psvm_at_ *at, const struct psvm_nested *n)
{
	psvm_take_(at, n);
	at->want = PSVM_C_ALL;
	psvm_consider_(at);
}

PSVM_API uint32_t psvm_conditions(struct psvm_nested n)
{
	struct psvm_at_ at;

	psvm_consider_all_(&at, &n);
	return at.c;
}

PSVM_API struct psvm_intercepts psvm_merge_intercepts(const struct psvm_rules *rules,
						      struct psvm_nested n,
						      struct psvm_intercepts i12,
						      struct psvm_intercepts i01)
{
	uint32_t words = PSVM_WORDS_ALL;
	struct psvm_at_ at;

	n.v12.misc1 = i12.word[3];
	n.v01.misc1 = i01.word[3];
	if (psvm_ask_(&at, rules, &n, PSVM_CELL_MERGE_WORDS,
		       PSVM_CELL_MERGE_SET_CR)) {
		words = psvm_cell32_(&at, PSVM_CELL_MERGE_WORDS);
		i01.word[0] &= ~psvm_cell32_(&at, PSVM_CELL_MERGE_DROP_CR);
		i01.word[3] &= ~psvm_cell32_(&at, PSVM_CELL_MERGE_DROP_MISC1);
		i01.word[4] &= ~psvm_cell32_(&at, PSVM_CELL_MERGE_DROP_MISC2);
		i12.word[0] |= psvm_cell32_(&at, PSVM_CELL_MERGE_SET_CR);
	}
	PSVM_UNROLL
	for (unsigned i = 0; i < 6; i++)
		i12.word[i] |= i01.word[i] & (uint32_t)psvm_bit_mask_(words, i);
	return i12;
}

PSVM_API uint32_t psvm_interrupt_arrives(const struct psvm_rules *rules,
					 struct psvm_nested n)
{
	struct psvm_at_ at;

	if (!psvm_ask_(&at, rules, &n, PSVM_CELL_OPEN,
		       PSVM_CELL_CLOSED_WINDOW))
		return PSVM_WAIT;
	if (!psvm_flag_(&at, PSVM_CELL_OPEN))
		return (uint32_t)(psvm_flag_(&at, PSVM_CELL_CLOSED_WINDOW) & PSVM_OPEN_WINDOW);
	if (psvm_flag_(&at, PSVM_CELL_OPEN_EXIT))
		return PSVM_EXIT;
	if (psvm_flag_(&at, PSVM_CELL_OPEN_INJECT))
		return PSVM_INJECT;
	return (uint32_t)(psvm_flag_(&at, PSVM_CELL_OPEN_WINDOW) & PSVM_OPEN_WINDOW);
}

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
	struct psvm_at_ at;

	if (!psvm_check_head_(rules, &at.status) ||
	    !psvm_check_rule_(rules, cell, bits, &at.status))
		return at.status;
	psvm_consider_all_(&at, &n);
	at.rules = rules;
	at.go = psvm_check_facts_(n.facts, &at.status);
	if (at.go != 0)
		*bits = psvm_says_(&at, cell);
	return at.status;
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
	struct psvm_at_ at;
	uint64_t bits;

	if (!psvm_check_rules_(&at, rules, 0, PSVM_CELL_COUNT - 1))
		return at.status;
	bits = psvm_cells_meet_(&rules->cell[PSVM_CELL_ENTER_FROM_12],
				&rules->cell[PSVM_CELL_ENTER_FROM_01]);
	psvm_say_(&at.status, bits == 0 ? PSVM_OK : PSVM_E_RULES,
		  bits == 0 ? 0 : PSVM_CELL_ENTER_FROM_01, bits);
	return at.status;
}

#endif
