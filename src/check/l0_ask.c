/* SPDX-License-Identifier: MIT */
/*
 * Everything that the rule set is asked, and what it has read of the set-up then.
 *
 * No other part of L0 knows where the answers come from. With PSVM_L0_FOLDED the
 * functions ask_... are compiled for each rule set that is known now, so that it folds
 * away, and once for any other, as data: what a rule set says costs half as much then.
 * Instrumentation makes too much of so many copies: with PSVM_L0_FOLDED_EXACT there is
 * one more for exact alone, and without either only that for any, which calls libpsvm.
 */
#if !defined(PSVM_L0_FOLDED) && !defined(PSVM_L0_FOLDED_EXACT)
#define PSVM_EXTERN
#endif
#include "l0.h"

#include "foreign.h"
#include "rows.h"
#include "variant.h"

#include <string.h>

#if defined(PSVM_L0_FOLDED_EXACT)
#define FOLDED	       static inline __attribute__((always_inline))
#define FOLDED_SETS(X) X("exact", exact, "")
#elif defined(PSVM_L0_FOLDED)
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

static void note_plan(struct reads *reads, const struct plan *plan, enum l0_moment moment,
		      uint32_t c)
{
	const struct plan_line *line = plan->lines[moment];

	for (; (line->on | line->off) != 0; line++)
		note_line(reads, *line, c);
}

static void note(const struct l0 *l, enum l0_moment moment, uint32_t c)
{
	note_plan(l->reads, l->reads->plan, moment, c);
}

/* L1's GIF is read out of a VMCB only if somebody asks for it. */
static bool reads_gif(const struct l0 *l, enum l0_moment moment)
{
	return l->reads == NULL || !l0_uses_vgif(l) || l->w->foreign != NULL ||
	       l->reads->plan->asks_gif[moment] ||
	       (l->w->change != NULL && (l->w->change->to.foreign != NULL ||
					 l->reads->change_plan->asks_gif[moment]));
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

FOLDED struct psvm_result transition(const struct psvm_rules *rules,
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

FOLDED struct psvm_result ask_transition(const struct psvm_rules *rules,
					 const struct l0 *l, enum l0_moment moment,
					 uint32_t facts)
{
	struct psvm_nested n = noted(l, moment);

	n.facts |= facts;
	return transition(rules, moment, n);
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

/* --- foreign code --------------------------------------------------------- */

/* The number of the step that a moment begins with. */
static unsigned step_of_moment(enum l0_moment moment)
{
	static const enum psvm_moment moments[L0_MOMENT_COUNT] = {
		[L0_SNAPSHOT] = PSVM_MOMENT_SNAPSHOT,
		[L0_VMRUN] = PSVM_MOMENT_ENTER,
		[L0_REENTER] = PSVM_MOMENT_REENTER,
		[L0_WINDOW_OPEN] = PSVM_MOMENT_WINDOW,
		[L0_WINDOW_CLOSE] = PSVM_MOMENT_CLOSE,
		[L0_REFRESH] = PSVM_MOMENT_REFRESH,
		[L0_HANDBACK] = PSVM_MOMENT_HANDBACK,
		[L0_MERGE] = PSVM_MOMENT_MERGE,
		[L0_ROUTE] = PSVM_MOMENT_ROUTE,
		[L0_ARRIVE] = PSVM_MOMENT_ARRIVE,
	};
	unsigned step = 0;

	while (diff_steps[step].moment != moments[moment])
		step++;
	return step;
}

/* The outputs of foreign code at a moment, noted; false: it leaves this to the rules. */
static bool foreign_outputs(const struct psvm_foreign *foreign, enum l0_moment moment,
			    const struct psvm_diff_input *in, struct reads *reads,
			    uint64_t *outputs)
{
	unsigned step = step_of_moment(moment);
	const struct table *table = foreign_table(foreign, &diff_steps[step]);

	if (table == NULL)
		return false;
	table_outputs(table, in, outputs, reads);
	if (diff_steps[step + 1].moment ==
	    diff_steps[step].moment) { /* VMRUN fails or not */
		step += outputs[0] == PSVM_VMEXIT_INVALID ? 2 : 1;
		table = foreign_table(foreign, &diff_steps[step]);
		table_outputs(table, in, outputs, reads);
	}
	return true;
}

static struct psvm_result foreign_transition(const struct l0 *l, enum l0_moment moment,
					     uint32_t facts)
{
	struct psvm_diff_input in = { .nested = words(l, moment) };
	uint64_t outputs[MAX_OUTPUTS];
	struct psvm_result r = { 0 };

	in.nested.facts |= facts;
	if (!foreign_outputs(l->w->foreign, moment, &in, l->reads, outputs))
		return any_transition(l, moment, facts);
	diff_take_result(outputs, &r);
	return r;
}

static struct psvm_intercepts
foreign_merge(const struct l0 *l, struct psvm_intercepts i12, struct psvm_intercepts i01)
{
	struct psvm_diff_input in = { words(l, L0_MERGE), i12, i01 };
	uint64_t outputs[MAX_OUTPUTS];

	if (!foreign_outputs(l->w->foreign, L0_MERGE, &in, l->reads, outputs))
		return any_merge(l, i12, i01);
	for (size_t i = 0; i < N_ROWS(i12.word); i++)
		i12.word[i] = (uint32_t)(outputs[i] & UINT32_MAX);
	return i12;
}

static uint32_t foreign_route(const struct l0 *l, uint64_t exit_code,
			      struct psvm_intercepts i12, struct psvm_intercepts i01)
{
	struct psvm_diff_input in = { words(l, L0_ROUTE), i12, i01 };
	uint64_t outputs[MAX_OUTPUTS];

	if (exit_code / 32 >= N_ROWS(i12.word) ||
	    !foreign_outputs(l->w->foreign, L0_ROUTE, &in, l->reads, outputs))
		return any_route(l, exit_code, i12, i01);
	return outputs[exit_code / 32] >> exit_code % 32 & 1 ? PSVM_L1 : PSVM_L0;
}

static uint32_t foreign_arrival(const struct l0 *l)
{
	struct psvm_diff_input in = { .nested = words(l, L0_ARRIVE) };
	uint64_t outputs[MAX_OUTPUTS];

	if (!foreign_outputs(l->w->foreign, L0_ARRIVE, &in, l->reads, outputs))
		return any_arrival(l);
	return (uint32_t)(outputs[0] & UINT32_MAX);
}

static const struct answers foreign_answers = { foreign_transition, foreign_merge,
						foreign_route, foreign_arrival,
						any_rule };
const struct answers *const l0_foreign = &foreign_answers;

/* --- the answers ---------------------------------------------------------- */

static const struct answers *answers(const struct l0 *l)
{
	return l->w->answers != NULL ? l->w->answers : &any;
}

/* --- with a change of the rules ------------------------------------------ */

/* Out of line: without a change nobody pays for their large locals. */
#define RARE static __attribute__((noinline))

/* The terms of the change's condition that hold at a moment. */
static uint32_t terms_at(const struct l0 *l, enum psvm_moment moment,
			 const struct psvm_nested *n)
{
	const struct variant *change = l->w->change;

	return change != NULL && variant_at(change, moment)
		       ? variant_terms(change, n, l->reads)
		       : 0;
}

/* What a transition may have asked for on its way. */
static void note_way(struct reads *reads, const struct plan *plan, enum l0_moment moment,
		     struct psvm_nested n, const struct psvm_result *r)
{
	bool entry = moment == L0_VMRUN || moment == L0_REENTER;

	for (unsigned i = 0; i < 2; i++) { /* before and after */
		note_plan(reads, plan, moment, psvm_conditions(n));
		if (entry)
			note_plan(reads, plan, L0_ENTER_CLOSE, psvm_conditions(n));
		if (entry && r->outcome == PSVM_VMEXIT_INVALID)
			note_plan(reads, plan, L0_HANDBACK, psvm_conditions(n));
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

	if (!foreign_outputs(to->foreign, moment, &in, l->reads, outputs))
		return transition(to->rules, moment, n);
	diff_take_result(outputs, &r);
	return r;
}

RARE void change_result(const struct l0 *l, enum l0_moment moment, uint32_t facts,
			struct psvm_result *r)
{
	static const enum psvm_moment moments[] = {
		[L0_SNAPSHOT] = PSVM_MOMENT_SNAPSHOT,
		[L0_VMRUN] = PSVM_MOMENT_ENTER,
		[L0_REENTER] = PSVM_MOMENT_REENTER,
		[L0_WINDOW_OPEN] = PSVM_MOMENT_WINDOW,
		[L0_WINDOW_CLOSE] = PSVM_MOMENT_CLOSE,
		[L0_REFRESH] = PSVM_MOMENT_REFRESH,
		[L0_HANDBACK] = PSVM_MOMENT_HANDBACK,
	};
	struct psvm_nested n = words(l, moment);
	uint32_t terms;

	n.facts |= facts;
	terms = terms_at(l, moments[moment], &n);
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
static bool change_outputs(const struct l0 *l, enum l0_moment at, enum psvm_moment moment,
			   const struct psvm_diff_input *in, uint64_t *outputs)
{
	uint32_t terms = terms_at(l, moment, &in->nested);

	if (terms == 0)
		return false;
	if (l->reads != NULL)
		note_plan(l->reads, l->reads->change_plan, at,
			  psvm_conditions(in->nested));
	(void)foreign_outputs(l->w->change->to.foreign, at, in, l->reads, outputs);
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

RARE void change_merge(const struct l0 *l, struct psvm_intercepts i12,
		       struct psvm_intercepts i01, struct psvm_intercepts *i02)
{
	struct psvm_diff_input in = { words(l, L0_MERGE), i12, i01 };
	uint64_t outputs[VARIANT_OUTPUTS], was[N_ROWS(i02->word)];

	if (!change_outputs(l, L0_MERGE, PSVM_MOMENT_MERGE, &in, outputs))
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
RARE uint32_t change_route(const struct l0 *l, uint64_t exit_code,
			   struct psvm_intercepts i12, struct psvm_intercepts i01,
			   uint32_t level)
{
	struct psvm_diff_input in = { words(l, L0_ROUTE), i12, i01 };
	uint64_t outputs[VARIANT_OUTPUTS];

	if (exit_code / 32 >= N_ROWS(i12.word) ||
	    !change_outputs(l, L0_ROUTE, PSVM_MOMENT_ROUTE, &in, outputs))
		return level;
	return answered(l, level != PSVM_L0,
			outputs[exit_code / 32] >> exit_code % 32 & 1)
		       ? PSVM_L1
		       : PSVM_L0;
}

RARE uint32_t change_arrival(const struct l0 *l, uint32_t arrival)
{
	struct psvm_diff_input in = { .nested = words(l, L0_ARRIVE) };
	uint64_t outputs[VARIANT_OUTPUTS];

	return change_outputs(l, L0_ARRIVE, PSVM_MOMENT_ARRIVE, &in, outputs)
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
		note_plan(l->reads, l->reads->change_plan, L0_WINDOW_IN_02,
			  psvm_conditions(in->nested));
	(void)psvm_rule(l->w->change->to.rules, in->nested, PSVM_CELL_WINDOW_IN_02,
			&other);
	if (other == bits)
		return bits;
	reads_note(l->reads, READ_MISC1, vintr);
	return vintr != 0 ? answered(l, bits, other) : bits;
}

RARE uint64_t change_rule(const struct l0 *l, enum l0_moment moment, uint64_t bits)
{
	struct psvm_diff_input in = { .nested = words(l, moment) };
	uint64_t outputs[VARIANT_OUTPUTS];
	unsigned number = (unsigned)moment - L0_TPR_LOAD; /* of PSVM_CELLS_OTHER */

	if (moment == L0_WINDOW_IN_02 && variant_moves_window(l->w->change))
		return change_window(l, &in, bits);
	return moment >= L0_TPR_LOAD && variant_of_output(l->w->change, number) &&
			       change_outputs(l, moment, PSVM_MOMENT_OTHER, &in, outputs)
		       ? answered(l, bits, outputs[number])
		       : bits;
}

/* --- asking -------------------------------------------------------------- */

struct psvm_result l0_transition(const struct l0 *l, enum l0_moment moment,
				 uint32_t facts)
{
	struct psvm_result r = answers(l)->transition(l, moment, facts);

	if (l->w->change != NULL)
		change_result(l, moment, facts, &r);
	return r;
}

struct psvm_intercepts l0_ask_merge(const struct l0 *l, struct psvm_intercepts i12,
				    struct psvm_intercepts i01)
{
	struct psvm_intercepts i02 = answers(l)->merge(l, i12, i01);

	if (l->w->change != NULL)
		change_merge(l, i12, i01, &i02);
	return i02;
}

uint32_t l0_ask_route(const struct l0 *l, uint64_t exit_code, struct psvm_intercepts i12,
		      struct psvm_intercepts i01)
{
	uint32_t level = answers(l)->route(l, exit_code, i12, i01);

	return l->w->change == NULL ? level : change_route(l, exit_code, i12, i01, level);
}

uint32_t l0_ask_arrival(const struct l0 *l)
{
	uint32_t arrival = answers(l)->arrival(l);

	return l->w->change == NULL ? arrival : change_arrival(l, arrival);
}

uint64_t l0_rule(const struct l0 *l, enum l0_moment moment)
{
	uint64_t bits = answers(l)->rule(l, moment);

	return l->w->change == NULL ? bits : change_rule(l, moment, bits);
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
