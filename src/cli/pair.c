/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include "psvm/check.h"
#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct cli_sides pair_sides = { "without", "with", "the machine with the change" };

const char pair_by_the_model[] = "by the model, unconfirmed on hardware";

const char pair_why_complete[] =
	"Why this is complete: given the conditions, every bit of a result depends on "
	"the bits at its own position only. The ninth inputs have confirmed that in "
	"this run for every combination; single bits are tested by psvm's test suite, "
	"and asked of foreign code. "
	"Not compared: the clean bits to clear, which follow from the words.";

const char pair_nested_feature[] =
	"A feature is nested if it is offered to L1, used by L0, and enabled in 12. A "
	"combination in which a feature is offered that L0 does not use is impossible "
	"and left out.";

static const struct claim {
	const char *from;
	const char *to;
	const char *words;
} claims[] = {
	{ "lkml-2022-base", "lkml-2022",
	  "patch 04/13 of 17 November 2022: \"No (visible) functional change is "
	  "intended.\"" },
};

const char *pair_claim(const struct pair *pair)
{
	for (size_t i = 0; i < N_ROWS(claims); i++)
		if (strcmp(claims[i].from, pair->name[0]) == 0 &&
		    strcmp(claims[i].to, pair->name[1]) == 0)
			return claims[i].words;
	return NULL;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

const struct psvm_diff_scope *pair_scope(const struct pair *pair,
					 const struct psvm_change *change)
{
	return &pair->diff->scopes[change->scope];
}

/* --- the pair ------------------------------------------------------------ */

size_t pair_visible_changes(const struct pair *pair)
{
	size_t n = 0;

	for (size_t i = 0; i < pair->diff->n_changes; i++)
		n += !pair->visible || pair->visible[i].verdict == PSVM_VISIBLE;
	return n;
}

/* Changes that the model has not decided about, as far as it was asked. */
static size_t count_undecided(const struct pair *pair)
{
	size_t n = 0;

	for (size_t i = 0; pair->visible && i < pair->diff->n_changes; i++)
		n += pair->visible[i].verdict == PSVM_NOT_SEEN ||
		     pair->visible[i].verdict == PSVM_NOT_MODELLED;
	return n;
}

void pair_title(char text[PAIR_WORDS], const struct pair *pair)
{
	size_t n = pair->diff->n_changes;
	char number[24] = "no";

	if (n)
		(void)snprintf(number, sizeof(number), "%zu", n);
	(void)snprintf(text, PAIR_WORDS, "%s and %s: %s functional change%s",
		       pair->name[0], pair->name[1], number, n ? plural(n) : "");
}

void pair_refuted(char text[PAIR_WORDS], const struct pair *pair)
{
	size_t n = pair->diff->n_changes;

	(void)snprintf(text, PAIR_WORDS,
		       "It is %srefuted by the model: the patch makes %zu functional "
		       "change%s. Each could be a patch of its own.",
		       pair_visible_changes(pair) ? "" : "not ", n, plural(n));
}

void pair_count(char text[PAIR_WORDS], const struct pair *pair)
{
	(void)snprintf(text, PAIR_WORDS, "L1 or L2 can see %zu of them, %zu undecided.",
		       pair_visible_changes(pair), count_undecided(pair));
}

/* --- a change ------------------------------------------------------------ */

void pair_moment(char text[PAIR_WORDS], const struct pair *pair,
		 const struct psvm_change *change)
{
	const struct psvm_diff_scope *scope = pair_scope(pair, change);
	bool only = scope->only && change->parts[0].output.kind != PSVM_OUTPUT_VALUE;

	(void)snprintf(text, PAIR_WORDS, "At %s%s%s%s",
		       psvm_name_of_moment(scope->moment),
		       change->also_reenter ? " and re-enter" : "", only ? ", " : "",
		       only ? scope->only : "");
}

void pair_term(char text[PAIR_WORDS], const struct pair *pair,
	       const struct psvm_change *change, size_t term)
{
	char words[PSVM_WORDS_SIZE];

	(void)psvm_words_of_term(words, sizeof(words), pair_scope(pair, change),
				 change->terms[term]);
	if (change->n_terms > 1)
		(void)snprintf(text, PAIR_WORDS, "%s (%zu) %s", term ? "or if" : "if",
			       term + 1, words);
	else
		(void)snprintf(text, PAIR_WORDS, "%s%s",
			       change->terms[term].mask ? "if " : "", words);
}

void pair_part(char text[PAIR_WORDS], const struct psvm_change_part *part)
{
	char words[PSVM_WORDS_SIZE];

	(void)psvm_words_of_part(words, sizeof(words), part);
	if (part->term >= 0)
		(void)snprintf(text, PAIR_WORDS, "(%d) %s", part->term + 1, words);
	else
		(void)snprintf(text, PAIR_WORDS, "%s", words);
}

size_t pair_example(char lines[PAIR_LINES][PAIR_WORDS], const struct pair *pair,
		    const struct psvm_change *change)
{
	const struct psvm_diff_input *example = &change->example;
	enum psvm_moment moment = pair_scope(pair, change)->moment;
	bool intercepts = moment == PSVM_MOMENT_MERGE || moment == PSVM_MOMENT_ROUTE;
	char words[PSVM_WORDS_SIZE];

	(void)psvm_initializer_of_input(words, sizeof(words), &example->nested);
	(void)snprintf(lines[0], PAIR_WORDS, "struct psvm_nested n = { %s };", words);
	(void)psvm_initializer_of_intercepts(words, sizeof(words), &example->i12);
	(void)snprintf(lines[1], PAIR_WORDS, "struct psvm_intercepts i12 = { %s };",
		       words);
	(void)psvm_initializer_of_intercepts(words, sizeof(words), &example->i01);
	(void)snprintf(lines[2], PAIR_WORDS, "struct psvm_intercepts i01 = { %s };",
		       words);
	return intercepts ? PAIR_LINES : 1;
}

static const char *const verdicts[] = {
	[PSVM_NOT_SEEN] = "L1 and L2 have not seen it",
	[PSVM_VISIBLE] = "L1 or L2 can see it",
	[PSVM_INVISIBLE] = "L1 and L2 cannot see it",
	[PSVM_LATENT] = "L1 and L2 cannot see it, it does not come about",
	[PSVM_NOT_MODELLED] = "undecided, the model has nothing that could show it",
};

const char *pair_verdict(const struct psvm_visible *v)
{
	return verdicts[v->verdict];
}

void pair_seen(char text[PAIR_WORDS], const struct pair *pair,
	       const struct psvm_visible *v)
{
	const char *verdict = pair_verdict(v);

	if (v->verdict == PSVM_VISIBLE)
		(void)snprintf(text, PAIR_WORDS, "%s: %s", verdict, v->story.title);
	else if (v->verdict == PSVM_NOT_MODELLED)
		(void)snprintf(text, PAIR_WORDS, "%s (%s)", verdict, pair_by_the_model);
	else
		(void)snprintf(text, PAIR_WORDS,
			       "%s (%s; scope %s, %" PRIu64 " states, %s; in %" PRIu64
			       " steps it came about)",
			       verdict, pair_by_the_model, pair->extent->name, v->states,
			       v->verdict == PSVM_NOT_SEEN
				       ? "NOT complete: the bound of states was met"
				       : "complete",
			       v->changed);
}

/* --- the comparison ------------------------------------------------------ */

void pair_inputs(char text[PAIR_WORDS], const struct psvm_diff *diff)
{
	(void)snprintf(
		text, PAIR_WORDS,
		"Complete over %" PRIu64 " inputs: every combination of the conditions "
		"that either rule set asks for at a moment, times the 8 combinations of "
		"the bits of 12, 02 and 01 at every position at once, and a ninth "
		"input that mixes these.",
		diff->inputs);
}

void pair_conditions(char text[PAIR_WORDS], const struct psvm_diff_scope *scope)
{
	char words[PSVM_WORDS_SIZE];
	int length = snprintf(
		text, PAIR_WORDS, "%s%s%s: %" PRIu64 " combination%s of: %s",
		psvm_name_of_moment(scope->moment), scope->only ? ", " : "",
		scope->only ? scope->only : "", scope->combinations,
		plural(scope->combinations), scope->n_variables ? "" : "nothing");
	size_t end = (size_t)length;

	for (size_t i = 0; i < scope->n_variables && end < PAIR_WORDS; i++) {
		(void)psvm_words_of_variable(words, sizeof(words), &scope->variables[i]);
		end += (size_t)snprintf(text + end, PAIR_WORDS - end, "%s%s",
					i ? "; " : "", words);
	}
}
