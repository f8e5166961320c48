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

/* Out of line: nobody else is to pay for it. */
__attribute__((noinline)) void l0_ask_again(const struct l0 *l, enum l0_moment moment)
{
	if (l->reads != NULL && plan_asks(l->reads->plan, moment))
		l0_note_plan(l->reads, l->reads->plan, moment,
			     psvm_conditions(l0_words(l, moment)));
}

/* The input, and what is asked of it is noted. What then is made of it notes nothing: of
 * a rule set that folds away, no more of the input is left than it needs. */
FOLDED struct psvm_nested noted(const struct l0 *l, enum l0_moment moment)
{
	const struct l0 silent = { .m = l->m, .w = l->w };

	if (l->reads != NULL)
		l0_ask_again(l, moment);
	return l0_words(&silent, moment);
}

/* --- the answers of rule sets --------------------------------------------- */

#define SET   any
#define RULES l->w->rules
#include "l0_answers.inc"

#if defined(PSVM_L0_FOLDED) || defined(PSVM_L0_FOLDED_EXACT)
#define SET   exact
#define RULES &psvm_rules_exact
#include "l0_answers.inc"
#endif

#ifdef PSVM_L0_FOLDED
#define SET   linux_6_1
#define RULES &psvm_rules_linux_6_1
#include "l0_answers.inc"

#define SET   lkml_2022_base
#define RULES &psvm_rules_lkml_2022_base
#include "l0_answers.inc"

#define SET   lkml_2022
#define RULES &psvm_rules_lkml_2022
#include "l0_answers.inc"

#define SET   lkml_2022_vnmi
#define RULES &psvm_rules_lkml_2022_vnmi
#include "l0_answers.inc"

#define SET   linux_6_12
#define RULES &psvm_rules_linux_6_12
#include "l0_answers.inc"

#define SET   linux_7_2
#define RULES &psvm_rules_linux_7_2
#include "l0_answers.inc"

#define SET   xen
#define RULES &psvm_rules_xen
#include "l0_answers.inc"
#endif

const struct answers *const l0_by_rules = &any_answers;

static const struct answers foreign_answers = { l0_foreign_transition, l0_foreign_merge,
						l0_foreign_route, l0_foreign_arrival,
						any_cells };
const struct answers *const l0_foreign = &foreign_answers;

const struct answers *l0_answers(const struct psvm_rules *rules)
{
	static const struct {
		const struct psvm_rules *rules;
		const struct answers *answers;
	} known[] = {
#define SET(name, identifier, words) { &psvm_rules_##identifier, &identifier##_answers },
		FOLDED_SETS(SET)
#undef SET
			{ NULL, NULL },
	};

	for (size_t i = 0; known[i].rules != NULL; i++)
		if (memcmp(known[i].rules, rules, sizeof(*rules)) == 0)
			return known[i].answers;
	return NULL;
}

/* --- asking -------------------------------------------------------------- */

struct psvm_result l0_transition(const struct l0 *l, enum l0_moment moment,
				 uint32_t facts)
{
	struct psvm_result r = l0_answers_of(l)->transition(l, moment, facts);

	if (l->w->change != NULL)
		l0_change_result(l, moment, facts, &r);
	return r;
}

struct psvm_intercepts l0_ask_merge(const struct l0 *l, struct psvm_intercepts i12,
				    struct psvm_intercepts i01)
{
	struct psvm_intercepts i02 = l0_answers_of(l)->merge(l, i12, i01);

	if (l->w->change != NULL)
		l0_change_merge(l, i12, i01, &i02);
	return i02;
}

uint32_t l0_ask_route(const struct l0 *l, uint64_t exit_code, struct psvm_intercepts i12,
		      struct psvm_intercepts i01)
{
	uint32_t level = l0_answers_of(l)->route(l, exit_code, i12, i01);

	return l->w->change == NULL ? level
				    : l0_change_route(l, exit_code, i12, i01, level);
}

uint32_t l0_ask_arrival(const struct l0 *l)
{
	uint32_t arrival = l0_answers_of(l)->arrival(l);

	return l->w->change == NULL ? arrival : l0_change_arrival(l, arrival);
}

/* --- what follows -------------------------------------------------------- */

void l0_adopt(struct l0 *l, const struct psvm_result *r, enum l0_moment moment)
{
	l->m->vmcb02.words = r->v02;
	l->m->vmcb01.words = r->v01;
	l->m->nmis = (uint8_t)(l->m->nmis + r->nmi_change);
	if (l->m->nmis > MOST_NMIS)
		l->m->nmis = MOST_NMIS;
	if ((moment == L0_VMRUN || moment == L0_HANDBACK) && l0_gif_vmcb(l) == NULL)
		l->m->gif = r->gif;
	l0_request(l, r->requests);
	l0_ask_again(l, moment);
}
