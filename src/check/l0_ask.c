/* SPDX-License-Identifier: MIT */
/*
 * Everything that the rule set is asked, and what it has read of the set-up then.
 *
 * No other part of L0 knows where the answers come from.
 */
#include "l0.h"

/* The cells that are read at a moment. */
struct range {
	unsigned first, last;
};

static const struct range moments[] = {
#define MOMENT(name, first, last) { PSVM_CELL_##first, PSVM_CELL_##last },
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

static void note_cells(const struct l0 *l, struct range cells, uint32_t c)
{
	for (unsigned id = cells.first; id <= cells.last; id++) {
		const struct psvm_move *line = l->w->rules->cell[id].move;

		for (unsigned i = 0; i < PSVM_MOVES && line[i].bits != 0; i++)
			if ((line[i].on & ~PSVM_UNLESS) | line[i].off)
				note_line(l, line[i], c);
	}
}

static bool asks_gif(const struct l0 *l, struct range cells)
{
	for (unsigned id = cells.first; id <= cells.last; id++)
		for (unsigned i = 0; i < PSVM_MOVES; i++)
			if ((l->w->rules->cell[id].move[i].on |
			     l->w->rules->cell[id].move[i].off) &
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
	bool gif = !l0_uses_vgif(l) || asks_gif(l, cells);
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
	note_cells(l, cells, psvm_conditions(n));
	return n;
}

struct psvm_result l0_transition(const struct l0 *l, enum l0_moment moment,
				 uint32_t facts)
{
	const struct psvm_rules *rules = l->w->rules;
	struct psvm_nested n = words(l, moments[moment]);

	n.facts |= facts;
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
	return psvm_merge_intercepts(l->w->rules, words(l, moments[L0_MERGE]), i12, i01);
}

uint32_t l0_ask_route(const struct l0 *l, uint64_t exit_code, struct psvm_intercepts i12,
		      struct psvm_intercepts i01)
{
	return psvm_route_exit(l->w->rules, words(l, moments[L0_ROUTE]), exit_code, i12,
			       i01);
}

uint32_t l0_ask_arrival(const struct l0 *l)
{
	return psvm_interrupt_arrives(l->w->rules, words(l, moments[L0_ARRIVE]));
}

uint64_t l0_rule(const struct l0 *l, unsigned cell)
{
	struct range one = { cell, cell };
	uint64_t bits = 0;

	(void)psvm_rule(l->w->rules, words(l, one), cell, &bits);
	return bits;
}
