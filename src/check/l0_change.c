/* SPDX-License-Identifier: MIT */
/*
 * What an L0 does that has one change of the rules: psvm diff has it run beside one
 * without. All of it is out of line, so that nobody else pays for the large locals.
 */
#include "l0_ask.h"

#include "foreign.h"
#include "rows.h"

/* The terms of the change's condition that hold at a moment. */
static uint32_t terms_at(const struct l0 *l, enum l0_moment moment,
			 const struct psvm_nested *n)
{
	const struct variant *change = l->w->change;

	return change != NULL && variant_at(change, plan_moment(moment))
		       ? variant_terms(change, n, l->reads)
		       : 0;
}

/* What a transition may have asked for on its way. */
static void note_way(struct reads *reads, const struct plan *plan, enum l0_moment moment,
		     struct psvm_nested n, const struct psvm_result *r)
{
	bool entry = moment == L0_VMRUN || moment == L0_REENTER;

	for (unsigned i = 0; i < 2; i++) { /* before and after */
		l0_note_plan(reads, plan, moment, psvm_conditions(n));
		if (entry)
			l0_note_plan(reads, plan, L0_ENTER_CLOSE, psvm_conditions(n));
		if (entry && r->outcome == PSVM_VMEXIT_INVALID)
			l0_note_plan(reads, plan, L0_HANDBACK, psvm_conditions(n));
		n.v02 = r->v02;
		n.v01 = r->v01;
	}
}

/* What the other L0 makes of it. */
static struct psvm_result changed_transition(const struct l0 *l, enum l0_moment moment,
					     struct psvm_nested n)
{
	const struct psvm_l0 *to = &l->w->change->to;
	struct psvm_diff_input in = { .nested = n };
	uint64_t outputs[MAX_OUTPUTS];
	struct psvm_result r = { 0 };

	if (!l0_foreign_outputs(to->foreign, moment, &in, l->reads, outputs))
		return l0_rules_transition(to->rules, moment, n);
	diff_take_result(outputs, &r);
	return r;
}

void l0_change_result(const struct l0 *l, enum l0_moment moment, uint32_t facts,
		      struct psvm_result *r)
{
	struct psvm_nested n = l0_words(l, moment);
	uint32_t terms;

	n.facts |= facts;
	terms = terms_at(l, moment, &n);
	if (terms != 0) {
		const struct variant *change = l->w->change;
		struct psvm_result other = changed_transition(l, moment, n);

		if (l->reads != NULL) {
			note_way(l->reads, l->reads->plan, moment, n, r);
			note_way(l->reads, l->reads->change_plan, moment, n, &other);
		}
		if (variant_result(change, terms, r, &other, l->reads))
			l0_did(l, DEED_CHANGE);
	}
}

/* What is put out at a moment that is no transition, if the condition holds. */
static bool change_outputs(const struct l0 *l, enum l0_moment moment,
			   const struct psvm_diff_input *in, uint64_t *outputs)
{
	uint32_t terms = terms_at(l, moment, &in->nested);

	if (terms == 0)
		return false;
	if (l->reads != NULL)
		l0_note_plan(l->reads, l->reads->change_plan, moment,
			     psvm_conditions(in->nested));
	(void)l0_foreign_outputs(l->w->change->to.foreign, moment, in, l->reads, outputs);
	variant_outputs(l->w->change, terms,
			(struct psvm_l0){ l->w->rules, l->w->foreign }, in, outputs);
	return true;
}

/* The change comes about where the answer is another. */
static uint64_t answered(const struct l0 *l, uint64_t a, uint64_t b)
{
	if (a != b)
		l0_did(l, DEED_CHANGE);
	return b;
}

void l0_change_merge(const struct l0 *l, struct psvm_intercepts i12,
		     struct psvm_intercepts i01, struct psvm_intercepts *i02)
{
	struct psvm_diff_input in = { l0_words(l, L0_MERGE), i12, i01 };
	uint64_t outputs[VARIANT_OUTPUTS], was[N_ROWS(i02->word)];

	if (!change_outputs(l, L0_MERGE, &in, outputs))
		return;
	for (size_t i = 0; i < N_ROWS(i02->word); i++) {
		was[i] = i02->word[i];
		i02->word[i] = (uint32_t)(outputs[i] & UINT32_MAX);
	}
	if (variant_differs(l->w->change, was, outputs, l->reads))
		l0_did(l, DEED_CHANGE);
}

/* Exits of intercepts only: L1 and L2 do nothing that exits otherwise. That L1's bitmap
 * decides is no difference: L1 gets the exit. */
uint32_t l0_change_route(const struct l0 *l, uint64_t exit_code,
			 struct psvm_intercepts i12, struct psvm_intercepts i01,
			 uint32_t level)
{
	struct psvm_diff_input in = { l0_words(l, L0_ROUTE), i12, i01 };
	uint64_t outputs[VARIANT_OUTPUTS];

	if (exit_code / 32 >= N_ROWS(i12.word) ||
	    !change_outputs(l, L0_ROUTE, &in, outputs))
		return level;
	return answered(l, level != PSVM_L0,
			outputs[exit_code / 32] >> exit_code % 32 & 1)
		       ? PSVM_L1
		       : PSVM_L0;
}

uint32_t l0_change_arrival(const struct l0 *l, uint32_t arrival)
{
	struct psvm_diff_input in = { .nested = l0_words(l, L0_ARRIVE) };
	uint64_t outputs[VARIANT_OUTPUTS];

	return change_outputs(l, L0_ARRIVE, &in, outputs)
		       ? (uint32_t)(answered(l, arrival, outputs[0]) & UINT32_MAX)
		       : arrival;
}

/* A change of where a window lives moves its VINTR intercept: what the merge keeps of it
 * has to be the new rules' choice, or the next one would undo the change. Where vmcb02
 * has no such intercept there is nothing to keep. */
static uint64_t change_window(const struct l0 *l, const struct psvm_diff_input *in,
			      uint64_t bits)
{
	uint64_t other = 0;
	uint32_t vintr = l->m->vmcb02.words.misc1 & PSVM_INTERCEPT_MASK(VINTR);

	if (l->reads != NULL)
		l0_note_plan(l->reads, l->reads->change_plan, L0_WINDOW_IN_02,
			     psvm_conditions(in->nested));
	(void)psvm_rule(l->w->change->to.rules, in->nested, PSVM_CELL_WINDOW_IN_02,
			&other);
	if (other == bits)
		return bits;
	reads_note(l->reads, READ_MISC1, vintr);
	return vintr != 0 ? answered(l, bits, other) : bits;
}

uint64_t l0_change_rule(const struct l0 *l, enum l0_moment moment, uint64_t bits)
{
	struct psvm_diff_input in = { .nested = l0_words(l, moment) };
	uint64_t outputs[VARIANT_OUTPUTS];
	unsigned number = (unsigned)moment - L0_TPR_LOAD; /* of PSVM_CELLS_OTHER */

	if (moment == L0_WINDOW_IN_02 && variant_moves_window(l->w->change))
		return change_window(l, &in, bits);
	return moment >= L0_TPR_LOAD && variant_of_output(l->w->change, number) &&
			       change_outputs(l, moment, &in, outputs)
		       ? answered(l, bits, outputs[number])
		       : bits;
}
