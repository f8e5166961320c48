/* SPDX-License-Identifier: MIT */
/*
 * Everything that the rule set is asked, and what it has read of the set-up then.
 *
 * No other part of L0 knows where the answers come from.
 */
#include "l0_ask.h"

#include "rows.h"

#include <string.h>

/* --- what is read -------------------------------------------------------- */

/* Note what a line of a cell asks for, up to the first condition that fails. */
static void note_line(struct reads *reads, struct plan_line line, uint32_t c)
{
	uint32_t failed = (line.on & ~c) | (line.off & c);
	uint32_t first = failed & (0 - failed);

	reads_note(reads, READ_CONDITIONS,
		   c & (line.on | line.off) & (first | (first - 1)));
}

void l0_note_plan(struct reads *reads, const struct plan *plan, enum l0_moment moment,
		  uint32_t c)
{
	const struct plan_line *line = plan->lines[moment];

	for (; (line->on | line->off) != 0; line++)
		note_line(reads, *line, c);
}

static void note(const struct l0 *l, enum l0_moment moment, uint32_t c)
{
	l0_note_plan(l->reads, l->reads->plan, moment, c);
}

/* The input, and what is asked of it is noted. */
FOLDED struct psvm_nested noted(const struct l0 *l, enum l0_moment moment)
{
	struct psvm_nested n = l0_words(l, moment);

	if (l->reads != NULL)
		note(l, moment, psvm_conditions(n));
	return n;
}

/* --- asking a rule set --------------------------------------------------- */

FOLDED struct psvm_result ask_transition(const struct psvm_rules *rules,
					 const struct l0 *l, enum l0_moment moment,
					 uint32_t facts)
{
	struct psvm_nested n = noted(l, moment);

	n.facts |= facts;
	return l0_rules_transition(rules, moment, n);
}

FOLDED struct psvm_intercepts ask_merge(const struct psvm_rules *rules,
					const struct l0 *l, struct psvm_intercepts i12,
					struct psvm_intercepts i01)
{
	return psvm_merge_intercepts(rules, noted(l, L0_MERGE), i12, i01);
}

FOLDED uint32_t ask_route(const struct psvm_rules *rules, const struct l0 *l,
			  uint64_t exit_code, struct psvm_intercepts i12,
			  struct psvm_intercepts i01)
{
	return psvm_route_exit(rules, noted(l, L0_ROUTE), exit_code, i12, i01);
}

FOLDED uint32_t ask_arrival(const struct psvm_rules *rules, const struct l0 *l)
{
	return psvm_interrupt_arrives(rules, noted(l, L0_ARRIVE));
}

FOLDED uint64_t ask_cell(const struct psvm_rules *rules, const struct l0 *l,
			 enum l0_moment moment, uint32_t cell)
{
	uint64_t bits = 0;

	(void)psvm_rule(rules, noted(l, moment), cell, &bits);
	return bits;
}

FOLDED uint64_t ask_rule(const struct psvm_rules *rules, const struct l0 *l,
			 enum l0_moment moment)
{
	switch (moment) {
#define CELL(name, unit, to, from, words) \
	case L0_##name: \
		return ask_cell(rules, l, L0_##name, PSVM_CELL_##name);
		PSVM_CELLS_OTHER(CELL)
#undef CELL
	case L0_WINDOW_IN_02:
		return ask_cell(rules, l, moment, PSVM_CELL_WINDOW_IN_02);
	default:
		return 0;
	}
}

/* --- who answers --------------------------------------------------------- */

/* The functions of one rule set. clang-format off: a table. */
#define ANSWERS(name, rules) \
	static struct psvm_result name##_transition( \
		const struct l0 *l, enum l0_moment moment, uint32_t facts) \
	{ \
		return ask_transition(rules, l, moment, facts); \
	} \
	static struct psvm_intercepts name##_merge(const struct l0 *l, \
						   struct psvm_intercepts i12, \
						   struct psvm_intercepts i01) \
	{ \
		return ask_merge(rules, l, i12, i01); \
	} \
	static uint32_t name##_route(const struct l0 *l, uint64_t exit_code, \
				     struct psvm_intercepts i12, \
				     struct psvm_intercepts i01) \
	{ \
		return ask_route(rules, l, exit_code, i12, i01); \
	} \
	static uint32_t name##_arrival(const struct l0 *l) \
	{ \
		return ask_arrival(rules, l); \
	} \
	static uint64_t name##_rule(const struct l0 *l, enum l0_moment moment) \
	{ \
		return ask_rule(rules, l, moment); \
	} \
	static const struct answers name = { name##_transition, name##_merge, \
					     name##_route, name##_arrival, \
					     name##_rule };
/* clang-format on */

ANSWERS(any, l->w->rules)
const struct answers *const l0_by_rules = &any;

#define SET(name, identifier, words) ANSWERS(identifier, &psvm_rules_##identifier)
FOLDED_SETS(SET)
#undef SET

const struct answers *l0_answers(const struct psvm_rules *rules)
{
	static const struct {
		const struct psvm_rules *rules;
		const struct answers *answers;
	} known[] = {
#define SET(name, identifier, words) { &psvm_rules_##identifier, &(identifier) },
		FOLDED_SETS(SET)
#undef SET
			{ NULL, NULL },
	};

	for (size_t i = 0; known[i].rules != NULL; i++)
		if (memcmp(known[i].rules, rules, sizeof(*rules)) == 0)
			return known[i].answers;
	return NULL;
}

/* --- the answers ---------------------------------------------------------- */

static const struct answers *answers(const struct l0 *l)
{
	return l->w->answers != NULL ? l->w->answers : &any;
}

/* --- asking -------------------------------------------------------------- */

struct psvm_result l0_transition(const struct l0 *l, enum l0_moment moment,
				 uint32_t facts)
{
	struct psvm_result r = answers(l)->transition(l, moment, facts);

	if (l->w->change != NULL)
		l0_change_result(l, moment, facts, &r);
	return r;
}

struct psvm_intercepts l0_ask_merge(const struct l0 *l, struct psvm_intercepts i12,
				    struct psvm_intercepts i01)
{
	struct psvm_intercepts i02 = answers(l)->merge(l, i12, i01);

	if (l->w->change != NULL)
		l0_change_merge(l, i12, i01, &i02);
	return i02;
}

uint32_t l0_ask_route(const struct l0 *l, uint64_t exit_code, struct psvm_intercepts i12,
		      struct psvm_intercepts i01)
{
	uint32_t level = answers(l)->route(l, exit_code, i12, i01);

	return l->w->change == NULL ? level
				    : l0_change_route(l, exit_code, i12, i01, level);
}

uint32_t l0_ask_arrival(const struct l0 *l)
{
	uint32_t arrival = answers(l)->arrival(l);

	return l->w->change == NULL ? arrival : l0_change_arrival(l, arrival);
}

uint64_t l0_rule(const struct l0 *l, enum l0_moment moment)
{
	uint64_t bits = answers(l)->rule(l, moment);

	return l->w->change == NULL ? bits : l0_change_rule(l, moment, bits);
}

/* --- what follows -------------------------------------------------------- */

void l0_ask_again(const struct l0 *l, enum l0_moment moment)
{
	if (l->reads != NULL)
		note(l, moment, psvm_conditions(l0_words(l, moment)));
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
