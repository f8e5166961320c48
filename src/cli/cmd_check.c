/* SPDX-License-Identifier: MIT */
/* psvm check - can L1 tell that it is nested? */
#include "check_html.h"
#include "checked.h"
#include "progress.h"

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
	char *scope, *shard, *threads, *implicit_event, *trace, *html;
	char **rows; /* ends with a null pointer; null: none */
	int json, all, markdown, merge;
};

/* What a run of the command has: the options, the request, the recordings. */
struct run {
	const struct options *options;
	struct psvm_check_request request;
	struct evidence_files files;
	struct cli_l0 l0; /* under way */
	struct check_page page;
	long trace;
	bool headed; /* the head of the Markdown is printed */
};

/* --- running ------------------------------------------------------------- */

/* Digits, and no more than fit. */
static const char *skip_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits == 0 || digits > 9 ? "?" : text + digits;
}

static bool parse_shard(const char *text, struct psvm_check_request *request)
{
	const char *slash;

	if (text == NULL)
		return true;
	slash = skip_number(text);
	if (*slash == '/' && *skip_number(slash + 1) == '\0') {
		request->shard = (uint32_t)strtoul(text, NULL, 10);
		request->shards = (uint32_t)strtoul(slash + 1, NULL, 10);
		if (request->shard < request->shards)
			return true;
	}
	return cli_fail("check", "--shard: '%s' is not I/N with I from 0 to N - 1", text);
}

static bool parse_request(const struct options *o, struct psvm_check_request *request)
{
	unsigned long threads = cli_processors(), event = 1;

	request->scope = o->scope ? o->scope : "default";
	request->shards = 1;
	request->max_states = UINT64_C(1) << 24;
	if (!psvm_check_is_scope(request->scope))
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

static bool check_one(struct run *run, struct checked *c, const char *name)
{
	struct psvm_check_request *request = &run->request;
	const char *error;
	time_t start;

	if (!cli_l0_open("check", name, &run->l0))
		return false;
	request->l0 = run->l0.l0;
	c->foreign = run->l0.foreign;
	cli_show_progress(request, &start);
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	(void)snprintf(c->scope, sizeof(c->scope), "%s", request->scope);
	c->shard = request->shard;
	c->shards = request->shards;
	c->implicit_event = request->implicit_event;
	error = psvm_check(request, &c->result);
	return error == NULL || cli_fail("check", "%s: %s", c->name, error);
}

static bool report(struct run *run, struct checked *c)
{
	if (run->trace > (long)c->result.finding_count)
		return cli_fail("check",
				"--trace: there are %zu classes of differences; "
				"without --trace all are printed",
				c->result.finding_count);
	c->recorded = evidence_file_of(&run->files, c->name);
	if (run->options->html)
		check_html_add(&run->page, c, run->trace);
	if (run->options->markdown && !run->headed)
		checked_markdown_head(c->scope, run->options->all != 0,
				      run->options->rows != NULL);
	run->headed = true;
	if (run->options->json)
		return cli_print_json("check", checked_json(c, run->trace));
	if (run->options->markdown)
		checked_markdown(c);
	else
		checked_print(c, run->trace);
	return cli_flush("check");
}

/* Report what was found, and release it. Returns the exit status. */
static int end(struct run *run, struct checked *c, bool done)
{
	int status = c->result.finding_count != 0 ? CLI_DIFFERENT : CLI_OK;

	if (!done || !report(run, c))
		status = CLI_BAD;
	psvm_check_free(&c->result);
	return status;
}

static int check_names(struct run *run, const char *const *names, size_t count)
{
	int worst = CLI_OK;

	for (size_t i = 0; i < count && worst != CLI_BAD; i++) {
		struct checked c = { 0 };
		bool done = check_one(run, &c, names[i]);
		int status = end(run, &c, done);

		cli_l0_close(&run->l0);
		run->l0 = (struct cli_l0){ .foreign = NULL };
		if (status > worst)
			worst = status;
	}
	return worst;
}

/* What the shards of a check have found, told as one. */
static int merge(struct run *run, const char **files)
{
	const struct options *o = run->options;
	struct checked c = { 0 };
	bool done;

	if (o->all || o->scope || o->shard || o->threads || o->implicit_event) {
		cli_fail("check",
			 "--merge: the files say what was checked; leave out --all, "
			 "--scope, --shard, --threads and --implicit-event");
		return CLI_BAD;
	}
	done = checked_merge(&c, files);
	return end(run, &c, done);
}

static int check_with(struct run *run, const char **arguments)
{
	const struct options *o = run->options;
	const char *all[PSVM_RULE_SET_COUNT];
	unsigned long trace = 0;

	if (!parse_request(o, &run->request) ||
	    !cli_number("check", "trace", o->trace, 1, 9999, &trace) ||
	    !evidence_files_read(&run->files, o->rows))
		return CLI_BAD;
	run->trace = (long)trace;
	if (o->markdown && (o->json || o->trace)) {
		cli_fail("check", "--markdown tells everything, and is not JSON; leave "
				  "out --json and --trace");
		return CLI_BAD;
	}
	if (o->merge)
		return merge(run, arguments);
	if (o->all ? arguments[0] != NULL : !arguments[0] || arguments[1]) {
		cli_fail("check", "either one rule set or --all is needed; "
				  "try \"psvm check --help\"");
		return CLI_BAD;
	}
	if (!o->all)
		return check_names(run, arguments, 1);
	if (o->json || o->trace) {
		cli_fail("check", "--all prints text or --markdown; leave out --json and "
				  "--trace, or name one rule set");
		return CLI_BAD;
	}
	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++)
		all[id] = psvm_name_of_rule_set(id);
	return check_names(run, all, N_ROWS(all));
}

/* The page is written when everything has been printed; if that cannot be, better to
 * hear it now than after minutes of exploration. */
static int check_to_page(struct run *run, const char **arguments)
{
	const char *path = run->options->html;
	int status;

	if (path == NULL)
		return check_with(run, arguments);
	if (!html_can_write("check", path) || !check_html_begin(&run->page))
		return CLI_BAD;
	status = check_with(run, arguments);
	if (status != CLI_BAD && !check_html_write(&run->page, path))
		status = CLI_BAD;
	html_end(&run->page.html);
	return status;
}

static int check(const void *options, const char **arguments)
{
	struct run run = { .options = options };
	int status = check_to_page(&run, arguments);

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
		STRING("scope", scope,
		       "how much is gone through; full takes some 15 minutes; if it is "
		       "not given: default",
		       "default|full"),
		STRING("shard", shard,
		       "only part I of N, I from 0; the default is all of it", "I/N"),
		STRING("threads", threads,
		       "so many threads; the default is one for each processor", "N"),
		STRING("implicit-event", implicit_event,
		       "whether the request that a helper raises by chance counts; "
		       "the default is 1: it does",
		       "0|1"),
		STRING("trace", trace,
		       "only the story of the class with this number; the default is all "
		       "of them",
		       "N"),
		{ "merge", '\0', POPT_ARG_NONE, &options.merge, 0,
		  "print the results of all shards, FILEs made with --json, as one",
		  NULL },
		{ "rows", '\0', POPT_ARG_ARGV, &options.rows, 0,
		  "what was recorded under a version of KVM, as for replay: the classes "
		  "that it shows are marked; may be given several times",
		  "FILE.csv" },
		{ "all", '\0', POPT_ARG_NONE, &options.all, 0, "every rule set", NULL },
		{ "markdown", '\0', POPT_ARG_NONE, &options.markdown, 0, "print Markdown",
		  NULL },
		CLI_HTML_OPTION(&options.html),
		CLI_JSON_OPTION(&options.json),
		CLI_HELP_OPTION,
		POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"check",
		"[OPTION]... RULES|FILE.so|--all|--merge FILE...",
		"Runs two machines side by side, L1 and L2 alone on a processor with "
		"SVM, and L1 and L2 under an L0 that does what the rule set says, "
		"through everything that can happen in a scope. Prints that L1 cannot "
		"tell which of the two it is on, or every class of differences with a "
		"shortest story: who did what, what the bare machine shows, what the "
		"nested one.\n"
		"RULES is the name of a rule set, \"psvm rules\" lists them; FILE.so the "
		"path of a shared object with an adapter for your own code, \"psvm "
		"new-adapter\" makes one.\n"
		"All of it is by the model of this library; nothing is confirmed on "
		"hardware. With --rows kvm-6.1.csv the classes of linux-6.1 that a row "
		"of the file shows are marked, and so for kvm-6.12 and kvm-7.2.\n"
		"Exit status: 0 if there is no difference, 1 if there is one, 2 for a "
		"usage error or a bad FILE.\n"
		"Example: psvm check exact",
		table,
		0,
		1024
	};
	int status = cli_command(&usage, argc, argv, check, &options);

	free(options.scope);
	free(options.shard);
	free(options.threads);
	free(options.implicit_event);
	free(options.trace);
	free(options.html);
	for (size_t i = 0; options.rows != NULL && options.rows[i] != NULL; i++)
		free(options.rows[i]);
	free(options.rows);
	return status;
}
