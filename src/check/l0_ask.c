/* SPDX-License-Identifier: MIT */
/*
 * Everything that the rule set is asked, and what it has read of the set-up then.
 *
 * No other part of L0 knows where the answers come from. With PSVM_L0_FOLDED the
 * functions ask_... are compiled for each rule set that is known now, so that it folds
 * away, and once for any other, as data: what a rule set says costs half as much then.
 * Instrumentation makes too much of so many copies: without PSVM_L0_FOLDED there is
 * one, and it calls libpsvm.
 */
#ifndef PSVM_L0_FOLDED
#define PSVM_EXTERN
#endif
#include "l0.h"

#include <string.h>

#ifdef PSVM_L0_FOLDED
#define FOLDED	       static inline __attribute__((always_inline))
#define FOLDED_SETS(X) PSVM_RULE_SETS(X)
#else
#define FOLDED static
#define FOLDED_SETS(X)
#endif

/* --- what is read -------------------------------------------------------- */

/* Note what a line of a cell asks for, up to the first condition that fails. */
static void note_line(struct reads *reads, struct plan_line line, uint32_t c)
{
	uint32_t failed = (line.on & ~c) | (line.off & c);
	uint32_t first = failed & (0 - failed);

	reads_note(reads, READ_CONDITIONS,
		   c & (line.on | line.off) & (first | (first - 1)));
}

static void note(const struct l0 *l, enum l0_moment moment, uint32_t c)
{
	const struct plan_line *line = l->reads->plan->lines[moment];

	for (; (line->on | line->off) != 0; line++)
		note_line(l->reads, *line, c);
}

/* L1's GIF is read out of a VMCB only if somebody asks for it. */
static bool reads_gif(const struct l0 *l, enum l0_moment moment)
{
	return l->reads == NULL || !l0_uses_vgif(l) || l->reads->plan->asks_gif[moment];
}

static inline uint32_t if_set(bool holds, uint32_t bit)
{
	return holds ? bit : 0;
}

/* The input of what L0 asks at a moment. */
FOLDED struct psvm_nested words(const struct l0 *l, enum l0_moment moment)
{
	const struct nested *m = l->m;
	struct psvm_nested n = { 0 };

	n.v12 = m->snapshot.words;
	n.v02 = m->vmcb02.words;
	n.v01 = m->vmcb01.words;
	n.nmis = m->nmis;
	n.vector = m->intr;
	n.facts = l->w->facts | if_set(m->l1_if, PSVM_C(L1_IF)) |
		  if_set(reads_gif(l, moment) && l0_gif(l), PSVM_C(L1_GIF)) |
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
	return n;
}

/* The same, noted. */
FOLDED struct psvm_nested noted(const struct l0 *l, enum l0_moment moment)
{
	struct psvm_nested n = words(l, moment);

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
#define MOMENT(name, first, last) \
	case L0_##name: \
		return ask_cell(rules, l, L0_##name, PSVM_CELL_##first);
		L0_CELL_MOMENTS(MOMENT)
#undef MOMENT
	default:
		return 0;
	}
}

/* --- who answers --------------------------------------------------------- */

/* Where answers come from. */
struct answers {
	struct psvm_result (*transition)(const struct l0 *l, enum l0_moment moment,
					 uint32_t facts);
	struct psvm_intercepts (*merge)(const struct l0 *l, struct psvm_intercepts i12,
					struct psvm_intercepts i01);
	uint32_t (*route)(const struct l0 *l, uint64_t exit_code,
			  struct psvm_intercepts i12, struct psvm_intercepts i01);
	uint32_t (*arrival)(const struct l0 *l);
	uint64_t (*rule)(const struct l0 *l, enum l0_moment moment);
};

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

static const struct answers *answers(const struct l0 *l)
{
	return l->w->answers != NULL ? l->w->answers : &any;
}

struct psvm_result l0_transition(const struct l0 *l, enum l0_moment moment,
				 uint32_t facts)
{
	return answers(l)->transition(l, moment, facts);
}

struct psvm_intercepts l0_ask_merge(const struct l0 *l, struct psvm_intercepts i12,
				    struct psvm_intercepts i01)
{
	return answers(l)->merge(l, i12, i01);
}

uint32_t l0_ask_route(const struct l0 *l, uint64_t exit_code, struct psvm_intercepts i12,
		      struct psvm_intercepts i01)
{
	return answers(l)->route(l, exit_code, i12, i01);
}

uint32_t l0_ask_arrival(const struct l0 *l)
{
	return answers(l)->arrival(l);
}

uint64_t l0_rule(const struct l0 *l, enum l0_moment moment)
{
	return answers(l)->rule(l, moment);
}

/* --- what follows -------------------------------------------------------- */

void l0_ask_again(const struct l0 *l, enum l0_moment moment)
{
	if (l->reads != NULL)
		note(l, moment, psvm_conditions(words(l, moment)));
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
