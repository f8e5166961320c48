/* SPDX-License-Identifier: MIT */
/*
 * Every bug of the museum is caught: by its story, and by an exploration that knows
 * nothing but the variables and acts which the story has.
 */
#include "check.h"
#include "museum.h"

#include "check/cause.h"

#include <stdio.h>
#include <string.h>

enum { STATES_MAX = 1000000 };

/* --- worlds --------------------------------------------------------------- */

static struct world plain_world(const struct museum_row *row,
				const struct psvm_rules *rules)
{
	struct world w = { .rules = rules,
			   .answers = l0_answers(rules),
			   .facts = row->trigger.facts,
			   .implicit_event = !row->no_implicit };

	return w;
}

static struct world variant_world(const struct museum_row *row,
				  const struct psvm_rules *rules)
{
	struct world w = plain_world(row, rules);

	w.options = row->options;
	w.l0_alone = row->options;
	return w;
}

/* --- the story ------------------------------------------------------------ */

/* What the last act came to, or the first one that differs. */
static struct difference play(const struct museum_row *row, const struct world *w,
			      unsigned *acts)
{
	const struct museum_trigger *t = &row->trigger;
	struct difference d = { 0 };
	struct product p;

	bare_start(&p.bare, &t->start);
	nested_start(&p.nested, w, &t->start);
	for (*acts = 0; *acts < t->count;)
		if (!product_step(&p, w, t->acts[(*acts)++], NULL, &d))
			break;
	return d;
}

static bool is_symptom(const struct museum_symptom *s, const struct difference *d)
{
	return seen_same(s->bare, d->bare) && seen_same(s->nested, d->nested) &&
	       s->fields == d->fields && s->int_ctl == d->int_ctl;
}

/* The difference that the row announces, and none before the last act. Returns L0's
 * situation. */
static uint32_t assert_shows(const struct museum_row *row, const struct world *w)
{
	struct difference d;
	unsigned acts;

	d = play(row, w, &acts);
	assert_int_equal(acts, row->trigger.count);
	assert_true(is_symptom(&row->symptom, &d));
	return d.situation;
}

static void assert_silent(const struct museum_row *row, const struct world *w)
{
	struct difference d;
	unsigned acts;

	d = play(row, w, &acts);
	assert_int_equal(acts, row->trigger.count);
	assert_int_equal(d.fields, 0);
}

/* --- the slice of a story ------------------------------------------------- */

static uint64_t word_of(const struct psvm_cpu_vmcb *vmcb, unsigned word)
{
	switch (word) {
	case WORD_INT_CTL:
		return vmcb->words.int_ctl;
	case WORD_CR:
		return vmcb->cr;
	case WORD_MISC1:
		return vmcb->words.misc1;
	default:
		return vmcb->misc2;
	}
}

/* What the set-up has otherwise than usual. */
static uint32_t vars_of(const struct museum_trigger *t)
{
	uint32_t vars = 0;

	for (unsigned i = 0; i < scope_var_count; i++) {
		const struct scope_var *v = &scope_vars[i];
		uint64_t changed = word_of(&t->start.vmcb12, v->word) ^
				   word_of(&museum_usual.start.vmcb12, v->word);

		vars |= (uint32_t)((changed & v->bits) != 0) << i;
	}
	return vars;
}

static uint32_t acts_of(const struct museum_trigger *t)
{
	uint32_t acts = 0;

	for (unsigned i = 0; i < scope_act_count; i++)
		for (unsigned k = 0; k < t->count; k++) {
			struct act act = scope_act(i);
			bool same = memcmp(&act, &t->acts[k], sizeof(act)) == 0;

			acts |= (uint32_t)same << i;
		}
	return acts;
}

static uint32_t event_of(const struct museum_trigger *t)
{
	struct slice one = { .events = 1 };

	while (scope_first(&one, 0).event_inj != t->start.vmcb12.words.event_inj)
		one.events <<= 1;
	return one.events;
}

static struct slice slice_of(const struct museum_row *row)
{
	struct slice slice = { .name = row->name,
			       .vars = vars_of(&row->trigger),
			       .acts = acts_of(&row->trigger),
			       .events = event_of(&row->trigger) };

	return slice;
}

/* --- exploring ------------------------------------------------------------ */

static struct exploration explore_slice(const struct museum_row *row,
					const struct world *w)
{
	struct slice slice = slice_of(row);
	struct unit unit = { .slice = &slice, .facts = w->facts };
	struct bounds bounds = { STATES_MAX, 0 };
	struct exploration e = explore(w, &unit, bounds);

	assert_true(e.complete);
	return e;
}

/* Nothing that the explorer tries differs. */
static void assert_nothing_found(const struct museum_row *row, const struct world *w)
{
	struct exploration e = explore_slice(row, w);

	assert_int_equal(e.finding_count, 0);
	exploration_free(&e);
}

/* The class of the story's difference, by a path no longer than the story. */
static void assert_found(const struct museum_row *row, const struct world *w)
{
	struct exploration e = explore_slice(row, w);
	unsigned acts, found = 0;
	struct difference d = play(row, w, &acts);

	for (unsigned i = 0; i < e.finding_count; i++)
		found += cause_same(&d, &e.findings[i].difference) &&
			 e.findings[i].length <= row->trigger.count;
	exploration_free(&e);
	assert_int_not_equal(found, 0);
}

/* Not this symptom by this cause; a real hypervisor may differ otherwise. */
static void assert_not_found(const struct museum_row *row, const struct world *w,
			     uint32_t situation)
{
	struct exploration e = explore_slice(row, w);
	unsigned found = 0;

	for (unsigned i = 0; i < e.finding_count; i++)
		found += is_symptom(&row->symptom, &e.findings[i].difference) &&
			 e.findings[i].difference.situation == situation;
	exploration_free(&e);
	assert_int_equal(found, 0);
}

/* --- the cases ------------------------------------------------------------ */

/* Real hypervisors that have it. Returns L0's situation in the last one. */
static uint32_t check_sets_with_it(const struct museum_row *row, uint32_t situation)
{
	for (unsigned id = 0; id < PSVM_RULE_SET_COUNT; id++) {
		struct world w = plain_world(row, check_sets[id].rules);

		if ((row->sets >> id & 1) == 0)
			continue;
		situation = assert_shows(row, &w);
		assert_found(row, &w);
	}
	return situation;
}

static void check_sets_without(const struct museum_row *row, uint32_t situation)
{
	for (unsigned id = 0; id < PSVM_RULE_SET_COUNT; id++) {
		struct world w = plain_world(row, check_sets[id].rules);

		if ((row->fixed >> id & 1) == 0)
			continue;
		assert_silent(row, &w);
		assert_not_found(row, &w, situation);
	}
}

static void caught(void **state)
{
	const struct museum_row *row = *state;
	const struct psvm_rules rules = museum_rules(row);
	struct world variant = variant_world(row, &rules);
	struct world exact = plain_world(row, &psvm_rules_exact);
	uint32_t situation = assert_shows(row, &variant);

	assert_silent(row, &exact);
	assert_found(row, &variant);
	assert_nothing_found(row, &exact);
	check_sets_without(row, check_sets_with_it(row, situation));
}

static void told(void **state)
{
	const struct museum_row *row = *state;
	const struct psvm_rules rules = museum_rules(row);
	struct world variant = variant_world(row, &rules);
	struct world exact = plain_world(row, &psvm_rules_exact);

	(void)assert_shows(row, &variant);
	assert_silent(row, &exact);
	assert_nothing_found(row, &variant); /* or a scope has the set-up */
}

static void equivalent(void **state)
{
	const struct museum_row *row = *state;
	const struct psvm_rules rules = museum_rules(row);
	struct world variant = variant_world(row, &rules);
	struct slice features = { .configs = scope_everything.configs };
	struct scope all = { "all features", &features, 1 };

	assert_silent(row, &variant);
	assert_nothing_found(row, &variant);
	for (unsigned i = 0; row->any_features && i < scope_unit_count(&all); i++) {
		variant.facts = scope_unit(&all, i).facts;
		assert_nothing_found(row, &variant);
	}
}

/* The story is the words in `why`: which piece the model has not. */
static void outside(void **state)
{
	const struct museum_row *row = *state;

	assert_non_null(row->why);
	assert_int_equal(row->trigger.count, 0);
}

static bool has_id(const char *ids, const char *id)
{
	size_t length = strlen(id);

	for (const char *at = ids; (at = strstr(at, id)) != NULL; at += length)
		if (at[length] == ' ' || at[length] == '\0')
			return true;
	return false;
}

/* All bugs that are about int_ctl, and all mutants; there are no M9 and M29. */
static void complete(void **state)
{
	static const char *const ids[] = {
		"K01", "K02", "K03", "K04", "K05", "K06", "K07", "K08", "K09",
		"K10", "K11", "K12", "K13", "K15", "K16", "K18", "K19", "K20",
		"K21", "K23", "K53", "X01", "X02", "X03", "Q01", "Q02", "Q03",
		"Q04", "Q05", "Q06", "B01", "B06", "B07", "M1",	 "M2",	"M3",
		"M4",  "M5",  "M6",  "M7",  "M8",  "M10", "M11", "M12", "M13",
		"M14", "M15", "M16", "M17", "M18", "M19", "M20", "M21", "M22",
		"M23", "M24", "M25", "M26", "M27", "M28", "M30", "M31", "M32",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(ids); i++) {
		unsigned rows = 0;

		for (unsigned k = 0; k < museum_count; k++)
			rows += has_id(museum[k].ids, ids[i]);
		if (rows == 0)
			fail_msg("%s has no row", ids[i]);
	}
}

/* The set-up that rows change is the one that a scope begins with. */
static void usual(void **state)
{
	const struct start *start = &museum_usual.start;
	struct world w = { .rules = &psvm_rules_exact, .implicit_event = true };
	struct slice none = { .events = 1 };
	struct product p = { 0 };
	struct twin t;

	(void)state;
	bare_start(&p.bare, start);
	nested_start(&p.nested, &w, start);
	twin_begin(&t, &w, scope_first(&none, 0), scope_usual(&none));
	assert_memory_equal(&p.bare.cpu, &t.lo.bare.cpu, sizeof(p.bare.cpu));
	assert_memory_equal(&p.bare.vmcb12, &t.lo.bare.vmcb12, sizeof(p.bare.vmcb12));
	assert_int_equal(p.nested.tpr, t.lo.nested.tpr);
	assert_int_equal(p.nested.gif, t.lo.nested.gif);
}

int main(void)
{
	static const CMUnitTestFunction functions[] = {
		[MUSEUM_CAUGHT] = caught,
		[MUSEUM_STORY] = told,
		[MUSEUM_EQUIVALENT] = equivalent,
		[MUSEUM_OUTSIDE] = outside,
	};
	static const char *const kinds[] = {
		[MUSEUM_CAUGHT] = "caught",
		[MUSEUM_STORY] = "caught by its story",
		[MUSEUM_EQUIVALENT] = "equivalent",
		[MUSEUM_OUTSIDE] = "outside the model",
	};
	static struct CMUnitTest tests[128] = {
		{ .name = "the usual set-up is a scope's", .test_func = usual },
		{ .name = "every bug and every mutant has a row", .test_func = complete },
	};
	static char names[128][192];

	for (unsigned i = 0; i < museum_count; i++) {
		const struct museum_row *row = &museum[i];

		(void)snprintf(names[i], sizeof(names[i]), "%s, %s: %s", row->ids,
			       kinds[row->kind], row->name);
		tests[i + 2] = check_case(names[i], functions[row->kind], row);
	}
	return _cmocka_run_group_tests("museum", tests, museum_count + 2, NULL, NULL) !=
	       0;
}
