/* SPDX-License-Identifier: MIT */
/*
 * psvm check, as a user runs it: test_cli_check PSVM, with the path of the command. The
 * shards are small parts of the default scope: 3 of 18 is interrupts and vGIF, 4 NMIs.
 */
#define _XOPEN_SOURCE 700

#include "command.h"

#include "rows.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[] = "/tmp/psvm-test-check-XXXXXX";

static struct row rows[] = {
	{ "help", "check --help", 0, { "Usage: psvm check", "Exit status: 0" }, { NULL } },
	{ "no difference", "check exact --shard 3/18", 0,
	  { "exact: L1 cannot tell that it is nested\n",
	    "scope default, shard 3/18, 95645 states", "complete",
	    "unconfirmed on hardware" },
	  { NULL } },
	{ "a difference, with its story", "check linux-6.1 --shard 4/18", 1,
	  { "linux-6.1: L1 or L2 can tell: ", "1. ", "by the manual ", "of the nested machine: " },
	  { NULL } },
	{ "one story", "check linux-6.1 --shard 4/18 --trace 2", 1, { "2. ", "set-up: " },
	  { NULL } },
	{ "a part that the rule set has not", "check xen --shard 3/18", 0,
	  { "xen: no part of the scope is in this shard" }, { NULL } },
	{ "Markdown", "check exact --markdown --shard 4/18", 0,
	  { "What the scope covers:", "## exact", "open bits of vmcb12: " }, { NULL } },
	{ "all rule sets", "check --all --shard 4/18", 1,
	  { "linux-6.1: L1 or L2 can tell", "exact: L1 cannot tell" }, { NULL } },
	{ "differences as Markdown", "check linux-6.1 --markdown --shard 4/18", 1,
	  { "### 1. ", "| step | L0 | L1 | L2 | bare | nested |" }, { NULL } },
	{ "one story as JSON", "check linux-6.1 --json --trace 1 --shard 4/18", 1,
	  { "\"steps\": [" }, { NULL } },
	{ "all, and one story", "check --all --trace 1", 2, { NULL }, { "--markdown" } },
	{ "one thread", "check exact --shard 4/18 --threads 1 --implicit-event 0", 0,
	  { "cannot tell" }, { NULL } },
	{ "no rule set", "check", 2, { NULL }, { "either one rule set or --all" } },
	{ "an unknown rule set", "check linux-9", 2, { NULL },
	  { "unknown rule set 'linux-9'", "linux-6.12" } },
	{ "two rule sets", "check exact xen", 2, { NULL }, { "superfluous" } },
	{ "all and one", "check --all exact", 2, { NULL }, { "--all" } },
	{ "all as JSON", "check --all --json", 2, { NULL }, { "--markdown" } },
	{ "an unknown scope", "check exact --scope half", 2, { NULL }, { "'half'" } },
	{ "a shard that is none", "check exact --shard 3/3", 2, { NULL }, { "'3/3'" } },
	{ "a shard with a tail", "check exact --shard 1/3x", 2, { NULL }, { "'1/3x'" } },
	{ "no threads", "check exact --threads 0", 2, { NULL }, { "--threads: '0'" } },
	{ "an event that is neither", "check exact --implicit-event yes", 2, { NULL },
	  { "'yes'" } },
	{ "a story that is not there", "check exact --shard 4/18 --trace 1", 2, { NULL },
	  { "there are 0 classes" } },
	{ "more shards than parts", "check exact --shard 50/99", 2, { NULL },
	  { "fewer parts than shards" } },
};

static void test_json(void **state)
{
	json_t *json, *findings;

	(void)state;
	assert_int_equal(run("check linux-6.1 --shard 4/18 --json"), 1);
	json = json_loads(out, 0, NULL);
	assert_non_null(json);
	findings = json_object_get(json, "findings");
	assert_true(json_array_size(findings) > 0);
	assert_true(json_is_true(json_object_get(json, "complete")));
	assert_true(json_array_size(json_object_get(json_array_get(findings, 0), "steps")) >
		    0);
	json_decref(json);
}

/* Every line fits a narrow terminal, but those of lanes. */
static void test_narrow(void **state)
{
	(void)state;
	assert_int_equal(run_in(60, "check exact --shard 3/18"), 0);
	assert_contains(out, "scope default, shard 3/18");
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -r %s", directory);
	return chdir("/") == 0 && system(line) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	char *path = argc == 2 ? realpath(argv[1], NULL) : NULL;
	struct CMUnitTest tests[N_ROWS(rows) + 2];
	size_t n = 0;
	int rc;

	if (!path) {
		fprintf(stderr, "usage: test_cli_check PSVM\n");
		return 2;
	}
	command = path;
	for (; n < N_ROWS(rows); n++)
		tests[n] = (struct CMUnitTest){ rows[n].name, test_row, NULL, NULL,
						&rows[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_json);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_narrow);
	rc = _cmocka_run_group_tests("cli-check", tests, n, set_up, tear_down);
	free(path);
	return rc != 0;
}
