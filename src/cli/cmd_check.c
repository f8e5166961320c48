/* SPDX-License-Identifier: MIT */
/* psvm check - can L1 tell that it is nested? */
#include "cli.h"
#include "progress.h"
#include "story.h"

#include "psvm/check.h"
#include "psvm/nested.h"
#include "psvm/rule_sets.h"
#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct options {
	char *scope, *shard, *threads, *implicit_event, *trace;
	int json, all, markdown;
};

/* One rule set, checked. */
struct checked {
	const char *name;
	const char *scope;
	uint32_t shard, shards;
	time_t start;
	struct psvm_check_result result;
};

/* --- text ---------------------------------------------------------------- */

static const struct cli_sides sides = { "bare", "nested", "the nested machine" };

static void print_finding(const struct psvm_finding *f, size_t number)
{
	putchar('\n');
	cli_print(0, "%zu. %s", number, f->title);
	if (f->situation[0])
		cli_print(3, "when %s", f->situation);
	cli_print(3, "by the manual %s; %" PRIu64 " steps of the exploration end so",
		  f->section, f->count);
	cli_print(3, "set-up: %s", f->setup);
	cli_print_story(f, &sides);
}

/* What a claim covers. */
static void print_scope(const struct checked *c)
{
	const struct psvm_check_result *r = &c->result;
	char shard[48] = "";

	if (c->shards > 1)
		(void)snprintf(shard, sizeof(shard), ", shard %" PRIu32 "/%" PRIu32,
			       c->shard, c->shards);
	cli_print(0,
		  "scope %s%s, %" PRIu64 " states, %" PRIu64 " transitions, representing "
		  "%" PRIu64 " set-ups, %s",
		  c->scope, shard, r->states, r->transitions, r->setups,
		  r->complete ? "complete" : "NOT complete: the bound of states was met");
}

static void print_verdict(const struct checked *c)
{
	const struct psvm_check_result *r = &c->result;

	if (r->units == 0)
		cli_print(0, "%s: no part of the scope is in this shard", c->name);
	else if (r->finding_count == 0)
		cli_print(0, "%s: L1 cannot tell that it is nested%s", c->name,
			  r->complete ? "" : ", as far as this went");
	else
		cli_print(0, "%s: L1 or L2 can tell: %zu class%s of differences", c->name,
			  r->finding_count, r->finding_count == 1 ? "" : "es");
	print_scope(c);
	cli_print(0, "By the model; unconfirmed on hardware.");
}

static void print_checked(const struct checked *c, long trace)
{
	print_verdict(c);
	for (size_t i = 0; i < c->result.finding_count; i++)
		if (trace == 0 || trace == (long)i + 1)
			print_finding(&c->result.findings[i], i + 1);
}

/* --- markdown ------------------------------------------------------------ */

static void markdown_finding(const struct psvm_finding *f, size_t number)
{
	printf("\n### %zu. %s\n\n", number, f->title);
	if (f->situation[0])
		printf("When %s. ", f->situation);
	printf("By the model; the manual: %s. Set-up: %s.\n\n", f->section, f->setup);
	printf("| step | L0 | L1 | L2 | bare | nested |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < f->step_count; i++) {
		const struct psvm_story_step *s = &f->steps[i];

		printf("| %zu | %s%s%s | %s | %s | %s | %s |\n", i + 1,
		       s->level == 0 ? s->act : "", s->level == 0 && s->l0[0] ? "; " : "",
		       s->l0, s->level == 1 ? s->act : "", s->level == 2 ? s->act : "",
		       s->bare, s->nested);
	}
}

static void markdown_scope(const char *scope)
{
	char line[1024];

	printf("# What L1 or L2 can see of an L0\n\n"
	       "Made by `psvm check --all --markdown`. Everything here is by the model, "
	       "unconfirmed on\nhardware. What recorded rows of real software show as "
	       "well "
	       "is in `tests/test_vectors.c`\nand `tests/test_replay.c`, by case.\n\n"
	       "What the scope covers:\n\n");
	for (uint32_t i = 0; psvm_check_scope_line(line, sizeof(line), scope, i) != 0;
	     i++)
		printf("%s- %s\n", i % 3 ? "  " : "", line);
	printf("\n");
}

static void markdown_checked(const struct checked *c)
{
	const struct psvm_check_result *r = &c->result;

	printf("\n## %s\n\n", c->name);
	printf("%s; %zu class%s of differences. Scope %s, %" PRIu64 " states, %" PRIu64
	       " transitions, representing %" PRIu64 " set-ups, %s.\n",
	       r->finding_count ? "L1 or L2 can tell"
				: "L1 cannot tell that it is nested",
	       r->finding_count, r->finding_count == 1 ? "" : "es", c->scope, r->states,
	       r->transitions, r->setups, r->complete ? "complete" : "not complete");
	for (size_t i = 0; i < r->finding_count; i++)
		markdown_finding(&r->findings[i], i + 1);
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *json_checked(const struct checked *c, long trace)
{
	const struct psvm_check_result *r = &c->result;
	json_t *findings = json_array();

	for (size_t i = 0; i < r->finding_count; i++)
		if (trace == 0 || trace == (long)i + 1)
			json_array_append_new(findings,
					      cli_json_finding(&r->findings[i], &sides));
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:b, s:I, s:I, s:I, s:o}", "rules",
			 c->name, "scope", c->scope, "shard", (int)c->shard, "shards",
			 (int)c->shards, "units", (int)r->units, "complete", r->complete,
			 "states", (json_int_t)r->states, "transitions",
			 (json_int_t)r->transitions, "setups", (json_int_t)r->setups,
			 "findings", findings);
}

/* --- running ------------------------------------------------------------- */

static bool parse_shard(const char *text, struct psvm_check_request *request)
{
	char rest;

	if (text == NULL)
		return true;
	if (sscanf(text, "%" SCNu32 "/%" SCNu32 "%c", &request->shard, &request->shards,
		   &rest) != 2 ||
	    request->shards == 0 || request->shard >= request->shards)
		return cli_fail("check",
				"--shard: '%s' is not I/N with I from 0 to N - 1", text);
	return true;
}

static bool parse_request(const struct options *o, struct psvm_check_request *request)
{
	unsigned long threads = cli_processors(), event = 1;

	request->scope = o->scope ? o->scope : "default";
	request->shards = 1;
	request->max_states = UINT64_C(1) << 24;
	if (strcmp(request->scope, "default") != 0 && strcmp(request->scope, "full") != 0)
		return cli_fail("check", "--scope: '%s' is not default or full",
				request->scope);
	if (!parse_shard(o->shard, request) ||
	    !cli_number("check", "threads", o->threads, 1, 1024, &threads) ||
	    !cli_number("check", "implicit-event", o->implicit_event, 0, 1, &event))
		return false;
	request->threads = (uint32_t)threads;
	request->implicit_event = event != 0;
	return true;
}

static bool check_one(struct checked *c, struct psvm_check_request *request)
{
	const char *error;

	request->rules = cli_rules("check", c->name);
	if (request->rules == NULL)
		return false;
	cli_show_progress(request, &c->start);
	c->scope = request->scope;
	c->shard = request->shard;
	c->shards = request->shards;
	error = psvm_check(request, &c->result);
	return error == NULL || cli_fail("check", "%s: %s", c->name, error);
}

static bool report(const struct checked *c, const struct options *o, long trace)
{
	if (trace > (long)c->result.finding_count)
		return cli_fail("check", "--trace: there are %zu classes of differences",
				c->result.finding_count);
	if (o->json)
		return cli_print_json("check", json_checked(c, trace));
	if (o->markdown)
		markdown_checked(c);
	else
		print_checked(c, trace);
	return cli_flush("check");
}

static int check_names(const char *const *names, size_t count, const struct options *o,
		       struct psvm_check_request *request, long trace)
{
	int status = CLI_OK;

	if (o->markdown)
		markdown_scope(request->scope);
	for (size_t i = 0; i < count && status != CLI_BAD; i++) {
		struct checked c = { .name = names[i] };
		bool done = check_one(&c, request) && report(&c, o, trace);

		if (!done)
			status = CLI_BAD;
		else if (c.result.finding_count != 0)
			status = CLI_DIFFERENT;
		psvm_check_free(&c.result);
	}
	return status;
}

static int check(const void *options, const char **arguments)
{
	const struct options *o = options;
	struct psvm_check_request request = { 0 };
	const char *all[PSVM_RULE_SET_COUNT];
	unsigned long trace = 0;

	if (!parse_request(o, &request) ||
	    !cli_number("check", "trace", o->trace, 1, 9999, &trace))
		return CLI_BAD;
	if (o->all ? arguments[0] != NULL : arguments[0] == NULL) {
		cli_fail("check", "either one rule set or --all is needed; "
				  "\"psvm check --help\" helps");
		return CLI_BAD;
	}
	if (!o->all)
		return check_names(arguments, 1, o, &request, (long)trace);
	if (o->json || o->trace) {
		cli_fail("check", "--all prints text or --markdown");
		return CLI_BAD;
	}
	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++)
		all[id] = psvm_name_of_rule_set(id);
	return check_names(all, N_ROWS(all), o, &request, 0);
}

#define STRING(name, member, words, what) \
	{ \
		name, '\0', POPT_ARG_STRING, &options.member, 0, words, what \
	}

int cmd_check(int argc, const char **argv)
{
	struct options options = { 0 };
	const struct poptOption table[] = {
		STRING("scope", scope, "default, or full: hours", "SCOPE"),
		STRING("shard", shard, "only part I of N, I from 0", "I/N"),
		STRING("threads", threads, "how many at once; all processors", "N"),
		STRING("implicit-event", implicit_event,
		       "0: the request that a helper raises by chance does not count",
		       "0|1"),
		STRING("trace", trace, "only the story of the class with this number",
		       "N"),
		{ "all", '\0', POPT_ARG_NONE, &options.all, 0, "every rule set", NULL },
		{ "markdown", '\0', POPT_ARG_NONE, &options.markdown, 0, "print Markdown",
		  NULL },
		CLI_JSON_OPTION(&options.json),
		CLI_HELP_OPTION,
		POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"check",
		"[OPTION]... RULES|--all",
		"Runs two machines side by side, L1 and L2 alone on a processor with "
		"SVM, and L1 and L2 under an L0 that does what the rule set says, "
		"through everything that can happen in a scope. Prints that L1 cannot "
		"tell which of the two it is on, or every class of differences with a "
		"shortest story: who did what, what the bare machine shows, what the "
		"nested one.\n"
		"All of it is by the model of this library; nothing is confirmed on "
		"hardware.\n"
		"Exit status: 0 if there is no difference, 1 if there is one, 2 for a "
		"usage error.\n"
		"\nExample: psvm check exact",
		table,
		0,
		1
	};
	int status = cli_command(&usage, argc, argv, check, &options);

	free(options.scope);
	free(options.shard);
	free(options.threads);
	free(options.implicit_event);
	free(options.trace);
	return status;
}
