/* SPDX-License-Identifier: MIT */
/* psvm diff - every functional difference between two rule sets. */
#include "cli.h"
#include "diff_html.h"
#include "html.h"
#include "pair.h"
#include "progress.h"

#include "psvm/check.h"
#include "psvm/rule_sets.h"
#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	int json;
	char *scope, *html;
};

/* How much is explored to see which changes L1 can see. The first is the default. */
static const struct extent extents[] = {
	{ "short", "default", 8192 },
	{ "none", NULL, 0 },
	{ "default", "default", UINT64_C(1) << 24 },
	{ "full", "full", UINT64_C(1) << 24 },
};

/* --- text ---------------------------------------------------------------- */

static void print_title(const struct pair *pair, size_t number,
			const struct psvm_change *change)
{
	char words[PAIR_WORDS];

	pair_moment(words, pair, change);
	putchar('\n');
	cli_print(0, "%zu. %s:", number, words);
}

static void print_terms(const struct pair *pair, const struct psvm_change *change)
{
	char words[PAIR_WORDS];

	for (size_t i = 0; i < change->n_terms; i++) {
		pair_term(words, pair, change, i);
		cli_print(3, "%s", words);
	}
}

static void print_part(const struct pair *pair, const struct psvm_change_part *part)
{
	char words[PAIR_WORDS];

	pair_part(words, part);
	cli_print(3, "%s", words);
	for (size_t i = 0; i < 2; i++) {
		(void)psvm_words_of_becomes(words, sizeof(words), part, i);
		cli_print(6, "%s: %s", pair->name[i], words);
	}
}

static void print_example(const struct pair *pair, const struct psvm_change *change)
{
	char words[PSVM_WORDS_SIZE], lines[PAIR_LINES][PAIR_WORDS];
	size_t count = pair_example(lines, pair, change);

	(void)psvm_words_of_input(words, sizeof(words), &change->example);
	cli_print(3, "example: %s", words);
	for (size_t i = 0; i < count; i++)
		cli_print(6, "%s", lines[i]);
}

static void print_visible(const struct pair *pair, const struct psvm_visible *v)
{
	const struct psvm_finding *story = &v->story;
	char words[PAIR_WORDS];

	pair_seen(words, pair, v);
	cli_print(3, "%s", words);
	if (v->verdict != PSVM_VISIBLE)
		return;
	cli_print(6,
		  "%s; by the manual %s; a shortest story of this part of the scope; "
		  "set-up: %s",
		  pair_by_the_model, story->section, story->setup);
	cli_print_story(story, &pair_sides);
}

static void print_change(const struct pair *pair, size_t number,
			 const struct psvm_change *change)
{
	print_title(pair, number, change);
	print_terms(pair, change);
	for (size_t i = 0; i < change->n_parts; i++)
		print_part(pair, &change->parts[i]);
	print_example(pair, change);
	if (pair->visible)
		print_visible(pair, &pair->visible[number - 1]);
}

static void print_scopes(const struct pair *pair)
{
	const struct psvm_diff *diff = pair->diff;
	char words[PAIR_WORDS];

	putchar('\n');
	for (size_t i = 0; i < N_ROWS(pair->l0); i++)
		cli_l0_print(pair->name[i], pair->l0[i]->foreign);
	pair_inputs(words, diff);
	cli_print(0, "%s", words);
	cli_print(0, "%s", pair_why_complete);
	cli_print(0, "Conditions:");
	for (size_t i = 0; i < diff->n_scopes; i++) {
		pair_conditions(words, &diff->scopes[i]);
		cli_print(2, "%s", words);
	}
	cli_print(0, "%s", pair_nested_feature);
}

static void print_claim(const struct pair *pair)
{
	const char *claim = pair_claim(pair);
	char words[PAIR_WORDS];

	if (!claim)
		return;
	putchar('\n');
	cli_print(0, "The claim of %s", claim);
	pair_refuted(words, pair);
	cli_print(0, "%s", words);
	if (!pair->visible)
		return;
	pair_count(words, pair);
	cli_print(0, "%s", words);
}

static void print_diff(const struct pair *pair)
{
	const struct psvm_diff *diff = pair->diff;
	char words[PAIR_WORDS];

	pair_title(words, pair);
	cli_print(0, "%s", words);
	for (size_t i = 0; i < diff->n_changes; i++)
		print_change(pair, i + 1, &diff->changes[i]);
	print_claim(pair);
	print_scopes(pair);
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *json_term(const struct pair *pair, const struct psvm_change *change,
			 struct psvm_diff_term term)
{
	char words[PSVM_WORDS_SIZE];

	(void)psvm_words_of_term(words, sizeof(words), pair_scope(pair, change), term);
	return json_string(words);
}

static json_t *json_terms(const struct pair *pair, const struct psvm_change *change)
{
	json_t *terms = json_array();

	for (size_t i = 0; i < change->n_terms; i++)
		json_array_append_new(terms, json_term(pair, change, change->terms[i]));
	return terms;
}

static json_t *json_part(const struct psvm_change_part *part)
{
	char words[PSVM_WORDS_SIZE], a[PSVM_WORDS_SIZE], b[PSVM_WORDS_SIZE];

	(void)psvm_words_of_part(words, sizeof(words), part);
	(void)psvm_words_of_becomes(a, sizeof(a), part, false);
	(void)psvm_words_of_becomes(b, sizeof(b), part, true);
	return json_pack(
		"{s:s, s:s, s:o, s:o, s:s, s:s}", "output", part->output.name, "words",
		words, "bits",
		cli_json_hex(part->output.kind == PSVM_OUTPUT_VALUE ? 0 : part->bits),
		"term", part->term < 0 ? json_null() : json_integer(part->term + 1), "a",
		a, "b", b);
}

static json_t *json_parts(const struct psvm_change *change)
{
	json_t *parts = json_array();

	for (size_t i = 0; i < change->n_parts; i++)
		json_array_append_new(parts, json_part(&change->parts[i]));
	return parts;
}

static json_t *json_example(const struct psvm_diff_input *example)
{
	char words[PSVM_WORDS_SIZE], nested[PSVM_WORDS_SIZE];
	char i12[PSVM_WORDS_SIZE], i01[PSVM_WORDS_SIZE];

	(void)psvm_words_of_input(words, sizeof(words), example);
	(void)psvm_initializer_of_input(nested, sizeof(nested), &example->nested);
	(void)psvm_initializer_of_intercepts(i12, sizeof(i12), &example->i12);
	(void)psvm_initializer_of_intercepts(i01, sizeof(i01), &example->i01);
	return json_pack("{s:s, s:s, s:s, s:s}", "words", words, "nested", nested, "i12",
			 i12, "i01", i01);
}

/* Null if nothing was gone through to its end or bound. */
static json_t *json_count(bool through, uint64_t count)
{
	return through ? json_integer((json_int_t)count) : json_null();
}

static json_t *json_visible(const struct pair *pair, size_t number)
{
	static const char *const words[] = {
		[PSVM_NOT_SEEN] = "not seen",
		[PSVM_VISIBLE] = "yes",
		[PSVM_INVISIBLE] = "no",
		[PSVM_LATENT] = "no, latent",
		[PSVM_NOT_MODELLED] = "not modelled",
	};
	const struct psvm_visible *v = &pair->visible[number];
	bool seen, through;

	if (!pair->visible)
		return json_null();
	seen = v->verdict == PSVM_VISIBLE;
	through = !seen && v->verdict != PSVM_NOT_MODELLED;
	return json_pack("{s:s, s:b, s:s, s:o, s:o, s:o, s:o}", "verdict",
			 words[v->verdict], "confirmed_on_hardware", false, "scope",
			 pair->extent->name, "complete",
			 through ? json_boolean(v->complete) : json_null(), "states",
			 json_count(through, v->states), "steps_with_the_change",
			 json_count(through, v->changed), "story",
			 seen ? cli_json_finding(&v->story, &pair_sides) : json_null());
}

static json_t *json_change(const struct pair *pair, size_t number)
{
	const struct psvm_change *change = &pair->diff->changes[number];
	const struct psvm_diff_scope *scope = pair_scope(pair, change);

	return json_pack("{s:s, s:s?, s:b, s:o, s:o, s:I, s:o, s:o}", "moment",
			 psvm_name_of_moment(scope->moment), "only", scope->only,
			 "also_reenter", change->also_reenter, "if",
			 json_terms(pair, change), "parts", json_parts(change),
			 "combinations", (json_int_t)change->combinations, "example",
			 json_example(&change->example), "visible",
			 json_visible(pair, number));
}

static json_t *json_changes(const struct pair *pair)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < pair->diff->n_changes; i++)
		json_array_append_new(changes, json_change(pair, i));
	return changes;
}

static json_t *json_scope(const struct psvm_diff_scope *scope)
{
	json_t *conditions = json_array();
	char words[PSVM_WORDS_SIZE];

	for (size_t i = 0; i < scope->n_variables; i++) {
		(void)psvm_words_of_variable(words, sizeof(words), &scope->variables[i]);
		json_array_append_new(conditions, json_string(words));
	}
	return json_pack("{s:s, s:s?, s:I, s:I, s:o}", "moment",
			 psvm_name_of_moment(scope->moment), "only", scope->only,
			 "combinations", (json_int_t)scope->combinations, "inputs",
			 (json_int_t)scope->inputs, "conditions", conditions);
}

static json_t *json_scopes(const struct psvm_diff *diff)
{
	json_t *scopes = json_array();

	for (size_t i = 0; i < diff->n_scopes; i++)
		json_array_append_new(scopes, json_scope(&diff->scopes[i]));
	return scopes;
}

static json_t *json_claim(const struct pair *pair)
{
	const char *claim = pair_claim(pair);

	if (!claim)
		return json_null();
	return json_pack("{s:s, s:o}", "words", claim, "refuted_by_the_model",
			 json_boolean(pair_visible_changes(pair) != 0));
}

static json_t *json_diff(const struct pair *pair)
{
	return json_pack(
		"{s:s, s:s, s:[o, o], s:o, s:o, s:{s:I, s:o}}", "a", pair->name[0], "b",
		pair->name[1], "foreign", cli_l0_json(pair->l0[0]->foreign),
		cli_l0_json(pair->l0[1]->foreign), "changes", json_changes(pair), "claim",
		json_claim(pair), "complete_over", "inputs",
		(json_int_t)pair->diff->inputs, "scopes", json_scopes(pair->diff));
}

/* --- the command --------------------------------------------------------- */

static bool show(const struct pair *pair, bool json)
{
	if (json)
		return cli_print_json("diff", json_diff(pair));
	print_diff(pair);
	return cli_flush("diff");
}

static const char *const failures[] = {
	[PSVM_DIFF_RULES] = "a rule set contradicts itself",
	[PSVM_DIFF_MEMORY] = "out of memory",
	[PSVM_DIFF_SIZE] = "too many conditions to go through",
	[PSVM_DIFF_NOT_LOCAL] = "a bit depends on more than its position",
};

static const struct extent *find_extent(const char *name)
{
	for (size_t i = 0; i < N_ROWS(extents); i++)
		if (!name || strcmp(extents[i].name, name) == 0)
			return &extents[i];
	cli_fail("diff", "--scope: '%s' is not short, none, default or full", name);
	return NULL;
}

/* Which of the changes L1 can see. */
static bool look(struct pair *pair, struct psvm_l0 a, struct psvm_l0 b)
{
	struct psvm_check_request request = { .l0 = a,
					      .scope = pair->extent->scope,
					      .shards = 1,
					      .threads = (uint32_t)cli_processors(),
					      .max_states = pair->extent->max_states,
					      .implicit_event = true };
	const char *error;
	time_t start;

	if (!pair->extent->scope)
		return true;
	cli_show_progress(&request, &start);
	error = psvm_diff_visible(&request, pair->diff, b, &pair->visible);
	return error == NULL || cli_fail("diff", "%s", error);
}

static int look_and_show(struct pair *pair, struct psvm_l0 a, struct psvm_l0 b,
			 const struct options *o)
{
	bool done = look(pair, a, b) && show(pair, o->json) &&
		    (!o->html || diff_html(pair, o->html));

	psvm_visible_free(pair->visible, pair->diff->n_changes);
	if (!done)
		return CLI_BAD;
	return pair->diff->n_changes ? CLI_DIFFERENT : CLI_OK;
}

static int compare(const void *options, const char **names)
{
	const struct options *o = options;
	const struct extent *extent = find_extent(o->scope);
	struct cli_l0 a = { .foreign = NULL }, b = { .foreign = NULL };
	struct psvm_diff diff;
	struct pair pair = { { names[0], names[1] }, { &a, &b }, &diff, extent, NULL };
	int status = CLI_BAD;

	if (extent && html_can_write("diff", o->html) &&
	    cli_l0_open("diff", names[0], &a) && cli_l0_open("diff", names[1], &b)) {
		if (psvm_diff_run(&diff, a.l0, b.l0))
			status = look_and_show(&pair, a.l0, b.l0, o);
		else
			cli_fail("diff", "%s", failures[diff.code]);
		psvm_diff_free(&diff);
	}
	cli_l0_close(&a);
	cli_l0_close(&b);
	return status;
}

int cmd_diff(int argc, const char **argv)
{
	struct options options = { 0, NULL, NULL };
	const struct poptOption table[] = {
		{ "scope", '\0', POPT_ARG_STRING, &options.scope, 0,
		  "how far to look for what L1 or L2 can see; default takes minutes, "
		  "full hours; if it is not given: short",
		  "none|short|default|full" },
		CLI_HTML_OPTION(&options.html),
		CLI_JSON_OPTION(&options.json),
		CLI_HELP_OPTION,
		POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"diff",
		"[--scope=SCOPE] [--html=FILE] [--json] RULES|FILE.so RULES|FILE.so",
		"Prints every functional difference between two rule sets: at which "
		"moment, under which condition, which bits, what they become with "
		"either rule set, and an example as input for libpsvm. It runs both on "
		"every combination of the conditions that either asks for.\n"
		"Of each difference it says whether L1 or L2 can see it. Two machines "
		"run "
		"side by side, L0 with the first rule set, and L0 with the first rule "
		"set "
		"and this one difference, as psvm check runs them: if L1 or L2 see "
		"something else, the story of it is printed. All this is by the "
		"model, unconfirmed on hardware. If no scope is given it is \"short\": "
		"of "
		"each part of the scope \"default\" at most 8192 states. Only a scope "
		"that was gone through completely shows that L1 and L2 cannot see a "
		"difference.\n"
		"RULES is the name of a rule set, \"psvm rules\" lists them; FILE.so the "
		"path of a shared object with an adapter for your own code, \"psvm "
		"new-adapter\" makes one.\n"
		"Exit status: 0 if there is no difference, 1 if there is one, 2 for a "
		"usage error.\n"
		"Example: psvm diff lkml-2022-base lkml-2022",
		table,
		2,
		2
	};
	int status = cli_command(&usage, argc, argv, compare, &options);

	free(options.scope);
	free(options.html);
	return status;
}
