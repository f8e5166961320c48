/* SPDX-License-Identifier: MIT */
/* What psvm check has found, as text and as Markdown. */
#include "checked.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- text ---------------------------------------------------------------- */

static void print_finding(const struct checked *c, const struct psvm_finding *f,
			  size_t number)
{
	char mark[CHECKED_WORDS];

	checked_mark(mark, c, f);
	putchar('\n');
	cli_print(0, "%zu. %s", number, f->title);
	if (f->situation[0])
		cli_print(3, "when %s", f->situation);
	cli_print(3, "by the manual %s; %" PRIu64 " steps of the exploration end so",
		  f->section, f->count);
	cli_print(3, "%s", mark);
	cli_print(3, "set-up: %s", f->setup);
	cli_print_story(f, &checked_sides);
}

static void print_head(const struct checked *c)
{
	char words[CHECKED_WORDS], notes[CHECKED_NOTES][CHECKED_WORDS];
	size_t count = checked_notes(notes, c);

	checked_verdict(words, c);
	cli_print(0, "%s: %s", c->name, words);
	checked_extent(words, c);
	cli_print(0, "%s", words);
	cli_l0_print(c->name, c->foreign);
	cli_print(0, "By the model; unconfirmed on hardware.");
	for (size_t i = 0; i < count; i++)
		cli_print(0, "%s", notes[i]);
}

void checked_print(const struct checked *c, long trace)
{
	print_head(c);
	for (size_t i = 0; i < c->result.finding_count; i++)
		if (trace == 0 || trace == (long)i + 1)
			print_finding(c, &c->result.findings[i], i + 1);
}

/* --- markdown ------------------------------------------------------------ */

static void markdown_finding(const struct checked *c, const struct psvm_finding *f,
			     size_t number)
{
	char mark[CHECKED_WORDS];

	checked_mark(mark, c, f);
	printf("\n### %zu. %s\n\n", number, f->title);
	if (f->situation[0])
		printf("When %s. ", f->situation);
	printf("%s. The manual: %s. Set-up: %s.\n\n", mark, f->section, f->setup);
	printf("| step | L0 | L1 | L2 | bare | nested |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < f->step_count; i++) {
		const struct psvm_story_step *s = &f->steps[i];

		printf("| %zu | %s%s%s | %s | %s | %s | %s |\n", i + 1,
		       s->level == 0 ? s->act : "", s->level == 0 && s->l0[0] ? "; " : "",
		       s->l0, s->level == 1 ? s->act : "", s->level == 2 ? s->act : "",
		       s->bare, s->nested);
	}
}

/* What the marks mean, as far as the recordings go. */
static void markdown_marks(bool recorded)
{
	printf("Everything here is by the model, unconfirmed on hardware: of the "
	       "manual, and of what the\nsource code of hypervisors says.\n\n");
	if (recorded)
		printf("A class is \"seen in recorded rows\" if experiments that were "
		       "recorded under that\nversion of KVM show it as well: every "
		       "column of the row is what the nested machine does,\nthe bare "
		       "machine does something else, and the first step in which the "
		       "two differ is of\nthis class. KVM is the real one in those "
		       "rows. The processor below it is an emulator,\nQEMU 10.0, and "
		       "so it is for both machines there; a row counts only if the same "
		       "class\ncomes of it on the processor of the manual. No hardware "
		       "was involved.\n\n");
}

void checked_markdown_head(const char *scope, bool all, bool recorded)
{
	char line[1024];

	printf("# What L1 or L2 can see of an L0\n\n"
	       "Made by `psvm check%s --markdown%s`.\n\n",
	       all ? " --all" : "",
	       recorded ? " --rows FILE.csv...`, see `tests/findings.sh" : "");
	markdown_marks(recorded);
	printf("What the scope covers:\n\n");
	for (uint32_t i = 0; psvm_check_scope_line(line, sizeof(line), scope, i) != 0;
	     i++)
		printf("%s- %s\n", i % 3 ? "  " : "", line);
	printf("\n");
}

static void markdown_evidence(const struct checked *c)
{
	if (c->recorded != NULL)
		printf("\nOf %zu rows that were recorded under %s, %zu show a "
		       "difference, "
		       "%zu of them one that is not below.\n",
		       c->recorded->recording.count, c->recorded->environment,
		       c->recorded->evidence.count, checked_rows_beyond(c));
}

void checked_markdown(const struct checked *c)
{
	const struct psvm_check_result *r = &c->result;

	printf("\n## %s\n\n", c->name);
	printf("%s; %zu class%s of differences. Scope %s, %" PRIu64 " states, %" PRIu64
	       " transitions, representing %" PRIu64 " set-ups, %s.\n",
	       r->finding_count ? "L1 or L2 can tell"
				: "L1 cannot tell that it is nested",
	       r->finding_count, r->finding_count == 1 ? "" : "es", c->scope, r->states,
	       r->transitions, r->setups, r->complete ? "complete" : "not complete");
	if (!c->implicit_event)
		printf("\n%s\n", checked_latent);
	markdown_evidence(c);
	for (size_t i = 0; i < r->finding_count; i++)
		markdown_finding(c, &r->findings[i], i + 1);
}
