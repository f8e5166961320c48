/* SPDX-License-Identifier: MIT */
/*
 * Foreign code, as a user has it checked: test_cli_foreign PSVM, with the path of the
 * command. What psvm new-adapter writes is built with the line that it prints.
 */
#include "command.h"

#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PSVM_ADAPTERS
#define PSVM_ADAPTERS "."
#define PSVM_INCLUDE "include"
#endif

static struct row rows[] = {
	{ "the example against exact, by any name", "diff --scope none exact ./exact", 1,
	  { "At hand-back:", "./exact is an example" }, { NULL } },
	{ "the rule set of that name", "diff --scope none exact exact", 0,
	  { "exact and exact: no functional change\n" }, { NULL } },
	{ "an ending alone", "diff exact .so", 2, { NULL },
	  { "psvm diff: unknown rule set '.so'" } },
	{ "as JSON", "check old.so --shard 6/20 --json", 0,
	  { "\"foreign\": {\n", "\"name\": \"odd\"", "\"functions\": \"refresh\"" },
	  { NULL } },
	{ "one that crashes", "check " PSVM_ADAPTERS "/crashes.so", 2, { NULL },
	  { "psvm check: ", "crashes.so: refresh crashes (" } },
	{ "one on the right that is none", "diff exact mine/adapter.c", 2, { NULL },
	  { "psvm diff: mine/adapter.c: it is not a shared object for this machine (" } },
	{ "one of another machine", "check s390x.so", 2, { NULL },
	  { "psvm check: s390x.so: it is not a shared object for this machine (" } },
	{ "one that is a program", "check ./program", 2, { NULL },
	  { "psvm check: ./program: it is not a shared object for this machine (" } },
	{ "one that is a directory", "check ./mine", 2, { NULL },
	  { "psvm check: ./mine: it is not a shared object for this machine (" } },
	{ "one that is not there", "check ./missing.so", 2, { NULL },
	  { "psvm check: ./missing.so: No such file or directory" } },
	{ "new-adapter where something is", "new-adapter mine", 2, { NULL },
	  { "psvm new-adapter: mine: " } },
	{ "new-adapter nowhere", "new-adapter no/where", 2, { NULL }, { "no/where: " } },
	{ "new-adapter without a name", "new-adapter", 2, { NULL }, { "psvm new-adapter: " } },
	{ "new-adapter, help", "new-adapter --help", 0, { "Usage: psvm new-adapter" }, { NULL } },
};

/*
 * The example hands 02's V_IRQ back, whoever has set it. While a window is open L0 has (its
 * dummy), and L1 has requested nothing: by 15.21.4 V_IRQ is what software requests, which
 * the processor clears when it is taken and never sets, so on a processor alone it is 0 in
 * vmcb12 (S2, S7). In this shard L1 finds it there after a #VMEXIT
 *   1 in the step in which L0 opens the window,
 *   2 after that, with the window open,
 *   3 with which L1's interrupt ends the sleep of an L2 that L0 keeps from halting (15.9),
 * and where no #VMEXIT is emulated it would find it (S11), as the snapshot, which exact
 * refreshes without a window's V_IRQ, shows
 *   4 in an L2 that runs, and 5 in one that sleeps.
 */
static void test_example(void **state)
{
	static const char *const titles[] = {
		"1. vmcb12 after #VMEXIT: wrong V_IRQ; nested: V_IRQ\n   by the manual",
		"2. vmcb12 after #VMEXIT: wrong V_IRQ; nested: V_IRQ\n"
		"   when a window of L0 is open\n",
		"3. vmcb12 after #VMEXIT: wrong V_IRQ; nested: V_IRQ\n"
		"   when a window of L0 is open; L0 has put L2 to sleep\n",
		"4. the snapshot against what vmcb12 would be (S11) differs\n"
		"   when a window of L0 is open\n",
		"5. the snapshot against what vmcb12 would be (S11) differs\n"
		"   when a window of L0 is open; L0 has put L2 to sleep\n"
	};

	(void)state;
	assert_int_equal(run("check mine/adapter.so --shard 5/20"), 1);
	assert_contains(out, "mine/adapter.so is an example: its hand_back; "
			     "all else by rule set exact.");
	for (size_t i = 0; i < N_ROWS(titles); i++)
		assert_contains(out, titles[i]);
	assert_null(strstr(out, "\n6. "));
}

/* Nothing has changed between an object and a copy; and what has, is told. */
static void test_old_and_new(void **state)
{
	(void)state;
	assert_int_equal(run("diff --scope none old.so " PSVM_ADAPTERS "/right.so"), 0);
	assert_contains(out, "/right.so: no functional change\n");
	assert_int_equal(run("diff --scope short old.so ./new.so"), 1);
	assert_contains(out, "old.so and ./new.so: 1 functional change\n");
	assert_contains(out, "int_ctl of 12: V_IRQ\n");
	assert_contains(out, "L1 or L2 can see it: ");
}

/* A path with three long directories. */
static const char *long_path(void)
{
	static char path[1024], line[2 * sizeof(path)];
	const char *old = "old.so";

	memset(path, 'x', 600);
	path[199] = path[399] = path[599] = '/';
	strcpy(path + 600, old);
	(void)snprintf(line, sizeof(line), "mkdir -p %.600s; cp %s %s", path, old, path);
	assert_int_equal(system(line), 0);
	return path;
}

/* What comes of a command with the path, twice if it is to be. */
static void assert_says(const char *format, const char *file, const char *words)
{
	const char *path = long_path();
	char line[4096];

	(void)snprintf(line, sizeof(line), format, path, path);
	assert_int_equal(run(line), 0);
	(void)read_file(file, out, sizeof(out));
	(void)snprintf(line, sizeof(line), words, path, path);
	assert_contains(out, line);
}

/* Shards of foreign code are merged, too; no path is cut on the way. */
static void test_merge(void **state)
{
	(void)state;
	assert_says("check %s --shard 6/20 --json --html page.html", "out",
		    "\"rules\": \"%s\",\n");
	assert_int_equal(system("for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do "
				"sed \"s/\\\"shard\\\": 6/\\\"shard\\\": $i/\" out >$i.json; "
				"done"),
			 0);
	assert_says("check --merge *.json", "out", "%s: L1 cannot tell that it is nested\n");
	assert_says("check --merge *.json --html page.html", "page.html",
		    "<title>%s: can L1 tell that it is nested?</title>");
	assert_says("diff --scope none %s %s --html page.html", "out",
		    "%s and %s: no functional change\n");
	assert_says("diff --scope none %s %s --html page.html", "page.html", "%s and %s");
}

/* What foreign code prints is not among what psvm does. */
static void test_prints(void **state)
{
	(void)state;
	assert_int_equal(run("diff --scope none exact " PSVM_ADAPTERS "/prints.so"), 0);
	assert_contains(err, "of the adapter\n");
	assert_null(strstr(out, "of the adapter"));
}

/* Does a pipe end that a command line writes to? Whoever is left holds it open. */
static void assert_no_one_left(const char *format)
{
	char line[4096], piped[2 * sizeof(line)];

	(void)snprintf(line, sizeof(line), format, command);
	(void)snprintf(piped, sizeof(piped), "{ %s; } | timeout 30 cat", line);
	assert_int_equal(system(piped), 0);
}

/* What foreign code has started ends with psvm. */
static void test_end(void **state)
{
	(void)state;
	assert_no_one_left("'%s' diff --scope none exact " PSVM_ADAPTERS "/starts.so "
			   "9>&1 >out 2>err");
	(void)read_file("out", out, sizeof(out));
	assert_contains(out, "starts.so is odd: its refresh");
}

/* Whoever ends psvm ends a loop in foreign code with it, and what that has started. */
static void test_ended(void **state)
{
	(void)state;
	assert_no_one_left("'%s' check " PSVM_ADAPTERS "/starts_loops.so 9>&1 >out 2>err & "
			   "sleep 1; kill -9 $!");
}

static void prepare(void)
{
	assert_int_equal(run("new-adapter mine"), 0);
	assert_contains(out, "cc -O2 -shared -fPIC -o adapter.so adapter.c "
			     "$(pkg-config --cflags psvm)\n");
	assert_int_equal(system("cd mine && cc -O2 -shared -fPIC -o adapter.so adapter.c "
				"-Wall -Wextra -Werror -I" PSVM_INCLUDE
				" && cp adapter.so ../exact"),
			 0);
	assert_int_equal(system("cp " PSVM_ADAPTERS "/right.so old.so && "
				"cp " PSVM_ADAPTERS "/looks_elsewhere.so new.so"),
			 0);
	/* ELF, 64 bits, the highest byte first; ET_DYN, EM_S390. */
	assert_int_equal(system("{ printf '\\177ELF\\2\\2\\1'; head -c 9 /dev/zero; "
				"printf '\\0\\3\\0\\26'; head -c 1000 /dev/zero; } >s390x.so"),
			 0);
	assert_int_equal(system("echo 'int main(void) { return 0; }' >program.c && "
				"cc -no-pie -o program program.c"),
			 0);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_ROWS(rows) + 6];
	size_t n = add_rows(tests, rows, N_ROWS(rows));

	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_example);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_old_and_new);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_merge);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_prints);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_ended);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_end);
	return command_main(argc, argv, "cli-foreign", tests, n, prepare);
}
