/* SPDX-License-Identifier: MIT */
/*
 * The command, as a user runs it: test_cli PSVM, with the path of the command.
 *
 * Each row is one call in a directory with images that are made here: what it
 * prints, what it says on stderr, and its exit status. After an error there is
 * exactly one line on stderr and nothing on stdout, otherwise nothing on stderr.
 * The rows of the commands are in cli_*.c; here is what they have in common.
 */
#include "cli_group.h"
#include "cli_images.h"

#include "psvm/version.h"
#include "rows.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct row rows[] = {
	{ "help",
	  "--help",
	  0,
	  { "Usage: psvm COMMAND", "  diff ", "  rules ", "Example: psvm check exact\n" },
	  { NULL } },
	{ "help, short", "-h", 0, { "Usage: psvm COMMAND" }, { NULL } },
	{ "version", "--version", 0, { "psvm " PSVM_VERSION "\n" }, { NULL } },
	{ "no command",
	  "",
	  2,
	  { NULL },
	  { "no command given", "decode, enter, sync, check, diff" } },
	{ "unknown command",
	  "dif",
	  2,
	  { NULL },
	  { "psvm: unknown command 'dif' (did you mean 'diff'?); commands are decode, ",
	    "explain, replay, rules, ", "help; try \"psvm --help\"\n" } },
	{ "a command with letters swapped",
	  "chekc",
	  2,
	  { NULL },
	  { "unknown command 'chekc' (did you mean 'check'?)" } },
	{ "the begin of a command",
	  "DEC",
	  2,
	  { NULL },
	  { "unknown command 'DEC' (did you mean 'decode'?)" } },
	{ "a command with a letter too many",
	  "synch",
	  2,
	  { NULL },
	  { "unknown command 'synch' (did you mean 'sync'?)" } },
	{ "a command that is like none",
	  "simulate",
	  2,
	  { NULL },
	  { "unknown command 'simulate'; commands are " } },
	{ "a command that is too long",
	  "explainexplainexplainexplainexplain",
	  2,
	  { NULL },
	  { "explain'; commands are " } },
	{ "an empty command", "''", 2, { NULL }, { "unknown command ''; commands" } },
	{ "unknown option of a command",
	  "diff --scoop=full xen exact",
	  2,
	  { NULL },
	  { "psvm diff: --scoop=full: unknown option (did you mean 'scope'?); "
	    "try \"psvm diff --help\"" } },
	{ "unknown letter of a command",
	  "diff -x xen exact",
	  2,
	  { NULL },
	  { "psvm diff: -x: unknown option; try \"psvm diff --help\"" } },
	{ "help of a command", "help diff", 0, { "Usage: psvm diff [--scope=SCOPE] [--html=FILE] [--json]" }, { NULL } },
	{ "help of all", "help", 0, { "Usage: psvm COMMAND" }, { NULL } },
	{ "help of an unknown command",
	  "help snyc",
	  2,
	  { NULL },
	  { "unknown command 'snyc' (did you mean 'sync'?)" } },
	{ "help of two", "help diff check", 2, { NULL }, { "superfluous argument 'check'" } },
	{ "unknown option", "--nope", 2, { NULL }, { "unknown option '--nope'; commands" } },
	{ "unknown option that is like one", "--verison", 2, { NULL }, { "(did you mean '--version'?)" } },
	{ "help does not fit",
	  "--help >/dev/full",
	  2,
	  { NULL },
	  { "standard output: " } },
	{ "version does not fit",
	  "--version >/dev/full",
	  2,
	  { NULL },
	  { "standard output: " } },
};

/* No line of the report is wider than the terminal, but for long words. */
static void test_narrow(void **state)
{
	static const char *const calls[] = {
		"--help",
		"enter --help",
		"check --help",
		"rules",
		"rules exact",
		"sync --rules linux-6.12 --vmcb12 v12 --vmcb02 v02",
		"diff --scope none linux-6.1 lkml-2022-base",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(calls); i++) {
		assert_true(run_in(30, calls[i]) < 2);
		assert_fits(30);
	}
	assert_int_equal(run_in(30, "rules"), 0);
	assert_contains(out, "lkml-2022-base  linux-6.1 with\n"
			     "    patches 02/13 and 03/13 of\n");
}

/* Without COLUMNS, and with one that makes no sense, it is 80. */
static void test_default(void **state)
{
	(void)state;
	assert_int_equal(run_in(0, "rules"), 0);
	assert_contains(out, "lkml-2022       lkml-2022-base with patch 04/13, the seed, "
			     "and its review\n    applied\n");
}

/* Every command that the help lists has a help, with an exit status and an example. */
static void test_every_help(void **state)
{
	char *names, line[64];

	(void)state;
	assert_int_equal(run("nope"), 2);
	names = strdup(strstr(err, "commands are ") + strlen("commands are "));
	assert_non_null(names);
	*strchr(names, ';') = '\0';
	for (char *name = strtok(names, ", "); name; name = strtok(NULL, ", ")) {
		snprintf(line, sizeof(line), "%s --help", name);
		assert_int_equal(run(line), 0);
		snprintf(line, sizeof(line), "\nExample: psvm %s ", name);
		assert_contains(out, "\nExit status: 0");
		assert_contains(out, line);
	}
	free(names);
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *walk(json_t *json, const char *path)
{
	while (json && *path) {
		size_t length = strcspn(path, ".");
		char step[64];

		snprintf(step, sizeof(step), "%.*s", (int)length, path);
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(step))
					   : json_object_get(json, step);
		path += length + (path[length] == '.');
	}
	return json;
}

static void print_json(char *text, size_t size, const json_t *json)
{
	if (json_is_string(json))
		snprintf(text, size, "%s", json_string_value(json));
	else if (json_is_array(json))
		snprintf(text, size, "%zu", json_array_size(json));
	else if (json_is_integer(json))
		snprintf(text, size, "%lld", (long long)json_integer_value(json));
	else
		snprintf(text, size, "%s",
			 json_is_true(json)    ? "true"
			 : json_is_false(json) ? "false"
			 : json_is_null(json)  ? "null"
					       : "missing");
}

static void test_json(void **state)
{
	const struct json_row *row = *state;
	json_error_t error;
	char text[1024];
	json_t *json;

	assert_int_equal(run(row->arguments), row->status);
	assert_string_equal(err, "");
	json = json_loads(out, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("line %d: %s", error.line, error.text);
	print_json(text, sizeof(text), walk(json, row->path));
	json_decref(json);
	assert_string_equal(text, row->expected);
}

/* --- all cases ----------------------------------------------------------- */

static const struct CMUnitTest common_tests[] = {
	cmocka_unit_test(test_narrow),
	cmocka_unit_test(test_default),
	cmocka_unit_test(test_every_help),
};
static const struct cli_group common = {
	.rows = rows,
	.n_rows = N_ROWS(rows),
	.tests = common_tests,
	.n_tests = N_ROWS(common_tests),
};
static const struct cli_group *const groups[] = { &common, &cli_decode, &cli_rules,
						  &cli_diff, &cli_explain, &cli_run };

static struct CMUnitTest tests[256];
static size_t n_tests;

static void add_json(struct json_row *row)
{
	static char names[N_ROWS(tests)][64];

	snprintf(names[n_tests], sizeof(names[0]), "JSON: %s", row->name);
	tests[n_tests] = (struct CMUnitTest){ names[n_tests], test_json, NULL, NULL, row };
	n_tests++;
}

static void add_group(const struct cli_group *group)
{
	for (size_t i = 0; i < group->n_tests; i++)
		tests[n_tests++] = group->tests[i];
	n_tests += add_rows(&tests[n_tests], group->rows, group->n_rows);
	for (size_t i = 0; i < group->n_json_rows; i++)
		add_json(&group->json_rows[i]);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < N_ROWS(groups); i++)
		add_group(groups[i]);
	return command_main(argc, argv, "cli", tests, n_tests, write_images);
}
