/* SPDX-License-Identifier: MIT */
/* psvm check - can L1 tell that it is nested? */
#include "cli.h"

#include "evidence_files.h"
#include "psvm/check.h"
#include "psvm/nested.h"
#include "psvm/rule_sets.h"
#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct options {
	char *scope, *shard, *threads, *implicit_event, *trace;
	char **rows; /* ends with a null pointer; null: none */
	int json, all, markdown;
};

/* One rule set, checked. */
struct checked {
	const char *name;
	const char *scope;
	uint32_t shard, shards;
	const struct evidence_file *recorded; /* of this rule set; may be null */
	time_t start;
	struct psvm_check_result result;
};

/* --- what stands behind a finding ---------------------------------------- */

enum { MARK_SIZE = 128 };

static void words_of_mark(char text[MARK_SIZE], const struct checked *c,
			  const struct psvm_finding *f)
{
	if (f->rows == 0)
		(void)snprintf(text, MARK_SIZE, "By the model, unconfirmed on hardware");
	else
		(void)snprintf(text, MARK_SIZE,
			       "Seen in recorded rows: %s, %" PRIu64
			       " row%s, for example %s",
			       c->recorded->environment, f->rows, f->rows == 1 ? "" : "s",
			       f->row);
}

/* The rows that show a class which was not found here: the scope ends before it. */
static size_t rows_beyond(const struct checked *c)
{
	size_t rows = c->recorded->evidence.count;

	for (size_t i = 0; i < c->result.finding_count; i++)
		rows -= c->result.findings[i].rows;
	return rows;
}

/* --- text ---------------------------------------------------------------- */

enum { LANE_L0 = 32, LANE_L1 = 18 };

/* Who did what: three lanes, and below them what was seen. */
static void print_step(const struct psvm_story_step *step, size_t number)
{
	bool same = strcmp(step->bare, step->nested) == 0;
	const char *l0 = step->level == 0 ? step->act : step->l0;
	bool fits = strlen(l0) <= LANE_L0;

	printf("  %2zu  %-*s %-*s %s\n", number, LANE_L0, fits ? l0 : "", LANE_L1,
	       step->level == 1 ? step->act : "", step->level == 2 ? step->act : "");
	if (!fits)
		cli_print(6, "%s", l0);
	if (step->level == 0 && step->l0[0])
		cli_print(6, "L0 %s", step->l0);
	if (!same) {
		cli_print(6, "bare:   %s", step->bare);
		cli_print(6, "nested: %s", step->nested);
	} else if (strcmp(step->bare, "-") != 0) {
		cli_print(6, "both:   %s", step->bare);
	}
}

static void print_words(const struct psvm_story_step *last)
{
	char words[PSVM_WORDS_SIZE];

	(void)psvm_words_of_value(words, sizeof(words), PSVM_UNIT_INT_CTL,
				  last->int_ctl_12);
	cli_print(6, "vmcb12 of the nested machine: %s", words);
	(void)psvm_words_of_value(words, sizeof(words), PSVM_UNIT_INT_CTL,
				  last->int_ctl_02);
	cli_print(6, "vmcb02: %s", words);
}

static void print_finding(const struct checked *c, const struct psvm_finding *f,
			  size_t number)
{
	char mark[MARK_SIZE];

	words_of_mark(mark, c, f);
	putchar('\n');
	cli_print(0, "%zu. %s", number, f->title);
	if (f->situation[0])
		cli_print(3, "when %s", f->situation);
	cli_print(3, "by the manual %s; %" PRIu64 " steps of the exploration end so",
		  f->section, f->count);
	cli_print(3, "%s", mark);
	cli_print(3, "set-up: %s", f->setup);
	cli_print(2, "    %-*s %-*s %s", LANE_L0, "L0", LANE_L1, "L1", "L2");
	for (size_t i = 0; i < f->step_count; i++)
		print_step(&f->steps[i], i + 1);
	if (f->step_count)
		print_words(&f->steps[f->step_count - 1]);
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

static void print_evidence(const struct checked *c)
{
	cli_print(0, "By the model; unconfirmed on hardware.");
	if (c->recorded != NULL)
		cli_print(0,
			  "%s: %zu of %zu recorded rows show a difference, %zu of them "
			  "one that is not below",
			  c->recorded->environment, c->recorded->evidence.count,
			  c->recorded->recording.count, rows_beyond(c));
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
	print_evidence(c);
}

static void print_checked(const struct checked *c, long trace)
{
	print_verdict(c);
	for (size_t i = 0; i < c->result.finding_count; i++)
		if (trace == 0 || trace == (long)i + 1)
			print_finding(c, &c->result.findings[i], i + 1);
}

/* --- markdown ------------------------------------------------------------ */

static void markdown_finding(const struct checked *c, const struct psvm_finding *f,
			     size_t number)
{
	char mark[MARK_SIZE];

	words_of_mark(mark, c, f);
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

static void markdown_head(const char *scope, bool recorded)
{
	char line[1024];

	printf("# What L1 or L2 can see of an L0\n\n"
	       "Made by `psvm check --all --markdown%s`.\n\n",
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
		       c->recorded->evidence.count, rows_beyond(c));
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
	markdown_evidence(c);
	for (size_t i = 0; i < r->finding_count; i++)
		markdown_finding(c, &r->findings[i], i + 1);
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *json_step(const struct psvm_story_step *s)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:o, s:o}", "level", (int)s->level,
			 "act", s->act, "bare", s->bare, "nested", s->nested, "l0", s->l0,
			 "vmcb02", cli_json_hex(s->int_ctl_02), "vmcb12",
			 cli_json_hex(s->int_ctl_12));
}

/* null: by the model only. */
static json_t *json_rows(const struct checked *c, const struct psvm_finding *f)
{
	return f->rows == 0 ? json_null()
			    : json_pack("{s:s, s:I, s:s}", "environment",
					c->recorded->environment, "rows",
					(json_int_t)f->rows, "example", f->row);
}

static json_t *json_finding(const struct checked *c, const struct psvm_finding *f)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < f->step_count; i++)
		json_array_append_new(steps, json_step(&f->steps[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o}", "title", f->title,
			 "situation", f->situation, "section", f->section, "setup",
			 f->setup, "count", (json_int_t)f->count, "recorded",
			 json_rows(c, f), "steps", steps);
}

static json_t *json_checked(const struct checked *c, long trace)
{
	const struct psvm_check_result *r = &c->result;
	json_t *findings = json_array();

	for (size_t i = 0; i < r->finding_count; i++)
		if (trace == 0 || trace == (long)i + 1)
			json_array_append_new(findings, json_finding(c, &r->findings[i]));
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:b, s:I, s:I, s:I, s:o}", "rules",
			 c->name, "scope", c->scope, "shard", (int)c->shard, "shards",
			 (int)c->shards, "units", (int)r->units, "complete", r->complete,
			 "states", (json_int_t)r->states, "transitions",
			 (json_int_t)r->transitions, "setups", (json_int_t)r->setups,
			 "findings", findings);
}

/* --- running ------------------------------------------------------------- */

/* On a terminal: how far, how fast, how long. */
static void show_progress(void *context, const struct psvm_check_progress *p)
{
	const time_t *start = context;
	double seconds = difftime(time(NULL), *start);
	double rest = p->units_done ? seconds / p->units_done * (p->units - p->units_done)
				    : 0;

	fprintf(stderr,
		"\r%u of %u parts, %.1f million transitions, about %.0f s left   %s",
		p->units_done, p->units, (double)p->transitions / 1e6, rest,
		p->units_done == p->units ? "\n" : "");
}

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
	unsigned long threads = (unsigned long)sysconf(_SC_NPROCESSORS_ONLN), event = 1;

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

static bool check_one(struct checked *c, struct psvm_check_request *request,
		      const struct evidence_files *files)
{
	const char *error;

	request->rules = cli_rules("check", c->name);
	if (request->rules == NULL)
		return false;
	if (isatty(STDERR_FILENO)) {
		request->progress = show_progress;
		c->start = time(NULL);
		request->context = &c->start;
	}
	c->scope = request->scope;
	c->shard = request->shard;
	c->shards = request->shards;
	c->recorded = evidence_file_of(files, c->name);
	request->evidence = c->recorded ? &c->recorded->evidence : NULL;
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

/* What a run of the command has: the options, the request, the recordings. */
struct run {
	const struct options *options;
	struct psvm_check_request request;
	struct evidence_files files;
	long trace;
};

static int check_names(struct run *run, const char *const *names, size_t count)
{
	const struct options *o = run->options;
	int status = CLI_OK;

	if (!evidence_files_read(&run->files, o->rows))
		return CLI_BAD;
	if (o->markdown)
		markdown_head(run->request.scope, o->rows != NULL);
	for (size_t i = 0; i < count && status != CLI_BAD; i++) {
		struct checked c = { .name = names[i] };
		bool done = check_one(&c, &run->request, &run->files) &&
			    report(&c, o, run->trace);

		if (!done)
			status = CLI_BAD;
		else if (c.result.finding_count != 0)
			status = CLI_DIFFERENT;
		psvm_check_free(&c.result);
	}
	return status;
}

static int check_with(struct run *run, const char **arguments)
{
	const struct options *o = run->options;
	const char *all[PSVM_RULE_SET_COUNT];
	unsigned long trace = 0;

	if (!parse_request(o, &run->request) ||
	    !cli_number("check", "trace", o->trace, 1, 9999, &trace))
		return CLI_BAD;
	run->trace = (long)trace;
	if (o->all ? arguments[0] != NULL : arguments[0] == NULL) {
		cli_fail("check", "either one rule set or --all is needed; "
				  "\"psvm check --help\" helps");
		return CLI_BAD;
	}
	if (!o->all)
		return check_names(run, arguments, 1);
	if (o->json || o->trace) {
		cli_fail("check", "--all prints text or --markdown");
		return CLI_BAD;
	}
	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++)
		all[id] = psvm_name_of_rule_set(id);
	return check_names(run, all, N_ROWS(all));
}

static int check(const void *options, const char **arguments)
{
	struct run run = { .options = options };
	int status = check_with(&run, arguments);

	evidence_files_free(&run.files);
	return status;
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
		{ "rows", '\0', POPT_ARG_ARGV, &options.rows, 0,
		  "what was recorded under a version of KVM, as for replay: the classes "
		  "that it shows are marked; may be given several times",
		  "FILE.csv" },
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
		"hardware. With --rows kvm-6.1.csv the classes of linux-6.1 that a row "
		"of the file shows are marked, and so for kvm-6.12 and kvm-7.2.\n"
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
	for (size_t i = 0; options.rows != NULL && options.rows[i] != NULL; i++)
		free(options.rows[i]);
	free(options.rows);
	return status;
}
