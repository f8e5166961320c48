/* SPDX-License-Identifier: MIT */
/*
 * Everything that the rule set is asked, and what it has read of the set-up then.
 *
 * No other part of L0 knows where the answers come from.
 */
#include "l0.h"

#include "rows.h"
#include "variant.h"

/* The cells that are read at a moment. */
struct range {
	unsigned first, last;
};

static const struct range moments[] = {
#define MOMENT(name, first, last, moment) { PSVM_CELL_##first, PSVM_CELL_##last },
	L0_MOMENTS(MOMENT)
#undef MOMENT
};

/* Note what a line of a cell asks for, up to the first condition that fails. */
static void note_line(const struct l0 *l, struct psvm_move line, uint32_t c)
{
	uint32_t on = line.on & ~PSVM_UNLESS;
	uint32_t failed = (on & ~c) | (line.off & c);
	uint32_t first = failed & (0 - failed);

	reads_note(l->reads, READ_CONDITIONS,
		   c & (on | line.off) & (first | (first - 1)));
}

static void note_cells(const struct l0 *l, const struct psvm_rules *rules,
		       struct range cells, uint32_t c)
{
	for (unsigned id = cells.first; id <= cells.last; id++) {
		const struct psvm_move *line = rules->cell[id].move;

		for (unsigned i = 0; i < PSVM_MOVES && line[i].bits != 0; i++)
			if ((line[i].on & ~PSVM_UNLESS) | line[i].off)
				note_line(l, line[i], c);
	}
}

static bool asks_gif(const struct psvm_rules *rules, struct range cells)
{
	for (unsigned id = cells.first; id <= cells.last; id++)
		for (unsigned i = 0; i < PSVM_MOVES; i++)
			if ((rules->cell[id].move[i].on | rules->cell[id].move[i].off) &
			    PSVM_C(L1_GIF))
				return true;
	return false;
}

static uint32_t if_set(bool holds, uint32_t bit)
{
	return holds ? bit : 0;
}

/* The input of a transition that reads these cells. */
static struct psvm_nested words(const struct l0 *l, struct range cells)
{
	const struct variant *change = l->w->change;
	bool gif = !l0_uses_vgif(l) || asks_gif(l->w->rules, cells) ||
		   (change != NULL && asks_gif(change->rules, cells));
	const struct nested *m = l->m;
	struct psvm_nested n = { 0 };

	n.v12 = m->snapshot.words;
	n.v02 = m->vmcb02.words;
	n.v01 = m->vmcb01.words;
	n.nmis = m->nmis;
	n.vector = m->intr;
	n.facts = l->w->facts | if_set(m->l1_if, PSVM_C(L1_IF)) |
		  if_set(gif && l0_gif(l), PSVM_C(L1_GIF)) |
		  if_set(l0_deliverable(m) || m->nmis != 0, PSVM_C(PENDING)) |
		  if_set(m->snapshot.clean & PSVM_CLEAN_TPR, PSVM_C(CLEAN_TPR_12)) |
		  if_set(m->moved, PSVM_C(MOVED_12)) |
		  if_set(m->vmrun_pending, PSVM_C(VMRUN_PENDING)) |
		  if_set(m->vmcb02.rflags_if, PSVM_C(L2_IF)) |
		  if_set(m->vmcb02.words.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW,
			 PSVM_C(L2_SHADOW)) |
		  if_set(l0_tpr_masks(m), PSVM_C(TPR_MASKS)) |
		  if_set(m->vmcb02.cr & PSVM_INTERCEPT_MASK(CR8_WRITE),
			 PSVM_C(CR8_WRITE_02));
	note_cells(l, l->w->rules, cells, psvm_conditions(n));
	return n;
}

static struct psvm_result transition(const struct psvm_rules *rules,
				     enum l0_moment moment, struct psvm_nested n)
{
	switch (moment) {
	case L0_SNAPSHOT:
		return psvm_snapshot(rules, n);
	case L0_VMRUN:
		return psvm_enter(rules, n);
	case L0_REENTER:
		return psvm_reenter(rules, n);
	case L0_WINDOW_OPEN:
		return psvm_window_open(rules, n);
	case L0_WINDOW_CLOSE:
		return psvm_window_close(rules, n);
	case L0_REFRESH:
		return psvm_refresh(rules, n);
	default:
		return psvm_nested_sync_int_ctl(rules, n);
	}
}

static struct psvm_nested with_facts(struct psvm_nested n, uint32_t facts)
{
	n.facts |= facts;
	return n;
}

/* --- with a change of the rules ------------------------------------------ */

/* The terms of the change's condition that hold at a moment. */
static uint32_t change_at(const struct l0 *l, enum psvm_moment moment,
			  const struct psvm_nested *n)
{
	const struct variant *change = l->w->change;

	return change != NULL && variant_at(change, moment)
		       ? variant_terms(change, n, l->reads)
		       : 0;
}

/* What the transition may have asked for on its way, of either rules. */
static void note_transition(const struct l0 *l, const struct psvm_rules *rules,
			    enum l0_moment moment, struct psvm_nested n,
			    const struct psvm_result *r)
{
	bool entry = moment == L0_VMRUN || moment == L0_REENTER;

	for (unsigned i = 0; i < 2; i++) { /* before and after */
		note_cells(l, rules, moments[moment], psvm_conditions(n));
		if (entry)
			note_cells(l, rules, moments[L0_ENTER_CLOSE], psvm_conditions(n));
		if (entry && r->outcome == PSVM_VMEXIT_INVALID)
			note_cells(l, rules, moments[L0_HANDBACK], psvm_conditions(n));
		n.v02 = r->v02;
		n.v01 = r->v01;
	}
}

static void change_result(const struct l0 *l, enum l0_moment moment,
			  const struct psvm_nested *n, struct psvm_result *r)
{
	static const enum psvm_moment psvm_moments[] = {
#define MOMENT(name, first, last, moment) PSVM_MOMENT_##moment,
		L0_MOMENTS(MOMENT)
#undef MOMENT
	};
	uint32_t terms = change_at(l, psvm_moments[moment], n);

	if (terms != 0) {
		const struct psvm_rules *rules = l->w->change->rules;
		struct psvm_result other = transition(rules, moment, *n);

		note_transition(l, l->w->rules, moment, *n, r);
		note_transition(l, rules, moment, *n, &other);
		if (variant_result(l->w->change, terms, r, &other))
			l0_did(l, DEED_CHANGE);
	}
}

/* What is put out at a moment that is no transition, if the change comes about. */
static bool change_outputs(const struct l0 *l, enum psvm_moment moment,
			   struct range cells, const struct psvm_diff_input *input,
			   uint64_t *outputs)
{
	uint32_t terms = change_at(l, moment, &input->nested);

	if (terms == 0)
		return false;
	l0_did(l, DEED_CHANGE);
	note_cells(l, l->w->change->rules, cells, psvm_conditions(input->nested));
	variant_outputs(l->w->change, terms, l->w->rules, input, outputs);
	return true;
}

/* --- asking -------------------------------------------------------------- */

struct psvm_result l0_transition(const struct l0 *l, enum l0_moment moment,
				 uint32_t facts)
{
	struct psvm_nested n = with_facts(words(l, moments[moment]), facts);
	struct psvm_result r = transition(l->w->rules, moment, n);

	change_result(l, moment, &n, &r);
	return r;
}

void l0_ask_again(const struct l0 *l, enum l0_moment moment)
{
	(void)words(l, moments[moment]);
}

void l0_adopt(struct l0 *l, const struct psvm_result *r, enum l0_moment moment)
{
	l->m->vmcb02.words = r->v02;
	l->m->vmcb01.words = r->v01;
	l->m->nmis = (uint8_t)(l->m->nmis + r->nmi_change);
	if (l->m->nmis > MOST_NMIS)
		l->m->nmis = MOST_NMIS;
	if (!l0_uses_vgif(l))
		l->m->gif = r->gif;
	l0_request(l, r->requests);
	l0_ask_again(l, moment);
}

struct psvm_intercepts l0_ask_merge(const struct l0 *l, struct psvm_intercepts i12,
				    struct psvm_intercepts i01)
{
	struct psvm_diff_input in = { words(l, moments[L0_MERGE]), i12, i01 };
	struct psvm_intercepts i02 = psvm_merge_intercepts(l->w->rules, in.nested, i12,
							   i01);
	uint64_t outputs[VARIANT_OUTPUTS];

	if (change_outputs(l, PSVM_MOMENT_MERGE, moments[L0_MERGE], &in, outputs))
		for (size_t i = 0; i < N_ROWS(i02.word); i++)
			i02.word[i] = (uint32_t)(outputs[i] & UINT32_MAX);
	return i02;
}

/* Exits of the intercepts only: what else is routed is no act of anybody here. */
uint32_t l0_ask_route(const struct l0 *l, uint64_t exit_code, struct psvm_intercepts i12,
		      struct psvm_intercepts i01)
{
	struct psvm_diff_input in = { words(l, moments[L0_ROUTE]), i12, i01 };
	uint64_t outputs[VARIANT_OUTPUTS];

	if (exit_code / 32 < N_ROWS(i12.word) &&
	    change_outputs(l, PSVM_MOMENT_ROUTE, moments[L0_ROUTE], &in, outputs))
		return outputs[exit_code / 32] >> exit_code % 32 & 1 ? PSVM_L1 : PSVM_L0;
	return psvm_route_exit(l->w->rules, in.nested, exit_code, i12, i01);
}

uint32_t l0_ask_arrival(const struct l0 *l)
{
	struct psvm_diff_input in = { .nested = words(l, moments[L0_ARRIVE]) };
	uint64_t outputs[VARIANT_OUTPUTS];

	if (change_outputs(l, PSVM_MOMENT_ARRIVE, moments[L0_ARRIVE], &in, outputs))
		return (uint32_t)(outputs[0] & UINT32_MAX);
	return psvm_interrupt_arrives(l->w->rules, in.nested);
}

uint64_t l0_rule(const struct l0 *l, unsigned cell)
{
	const struct variant *change = l->w->change;
	struct range one = { cell, cell };
	struct psvm_diff_input in = { .nested = words(l, one) };
	uint64_t outputs[VARIANT_OUTPUTS], bits = 0;

	if (change != NULL && variant_of_cell(change, cell) &&
	    change_outputs(l, PSVM_MOMENT_OTHER, one, &in, outputs))
		return outputs[cell - PSVM_CELL_TPR_LOAD];
	(void)psvm_rule(l->w->rules, in.nested, cell, &bits);
	return bits;
}
