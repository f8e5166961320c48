/* SPDX-License-Identifier: MIT */
/*
 * psvm check, as a user runs it: test_cli_check PSVM, with the path of the command. The
 * shards are small parts of the default scope: 5 of 20 is interrupts and vGIF, 6 NMIs, 13
 * injected events and faults. kvm-6.12.csv is the recording, in kvm-7.2.csv no experiment
 * came to an end, kvm-6.1.csv is empty.
 */
#define _XOPEN_SOURCE 700

#include "command.h"

#include "rows.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PSVM_VECTORS_DIR
#define PSVM_VECTORS_DIR "tests/vectors"
#endif

static struct row rows[] = {
	{ "help", "check --help", 0, { "Usage: psvm check", "\"psvm rules\" lists them" }, { NULL } },
	{ "no difference", "check exact --shard 6/20", 0,
	  { "exact: L1 cannot tell that it is nested\n",
	    "scope default, shard 6/20, ", " set-ups, complete",
	    "unconfirmed on hardware" },
	  { NULL } },
	{ "a difference, with its story", "check linux-6.1 --shard 6/20", 1,
	  { "linux-6.1: L1 or L2 can tell: ", "1. ", "by the manual ", "of the nested machine: " },
	  { NULL } },
	{ "one story", "check linux-6.1 --shard 6/20 --trace 2", 1, { "2. ", "set-up: " },
	  { NULL } },
	{ "a part that the rule set has not", "check xen --shard 5/20", 0,
	  { "xen: no part of the scope is in this shard" }, { NULL } },
	{ "Markdown", "check exact --markdown --shard 6/20", 0,
	  { "What the scope covers:", "## exact", "open bits of vmcb12: " }, { NULL } },
	{ "all rule sets", "check --all --shard 6/20", 1,
	  { "linux-6.1: L1 or L2 can tell", "exact: L1 cannot tell" }, { NULL } },
	{ "differences as Markdown", "check linux-6.1 --markdown --shard 6/20", 1,
	  { "### 1. ", "| step | L0 | L1 | L2 | bare | nested |" }, { NULL } },
	{ "one story as JSON", "check linux-6.1 --json --trace 1 --shard 6/20", 1,
	  { "\"steps\": [" }, { NULL } },
	{ "all, and one story", "check --all --trace 1", 2, { NULL }, { "--markdown" } },
	{ "one thread", "check exact --shard 6/20 --threads 1 --implicit-event 0", 0,
	  { "cannot tell", "a class that is not found with it is latent.\n" }, { NULL } },
	{ "what is latent, as Markdown",
	  "check exact --shard 6/20 --implicit-event 0 --markdown", 0,
	  { "\n\nThe request that a helper raises by chance does not count here: " },
	  { NULL } },
	{ "no rule set", "check", 2, { NULL }, { "either one rule set or --all" } },
	{ "an unknown rule set", "check linux-9", 2, { NULL },
	  { "unknown rule set 'linux-9'", "linux-6.12" } },
	{ "two rule sets", "check exact xen", 2, { NULL }, { "one rule set or --all" } },
	{ "all and one", "check --all exact", 2, { NULL }, { "--all" } },
	{ "all as JSON", "check --all --json", 2, { NULL }, { "--markdown" } },
	{ "an unknown scope", "check exact --scope half", 2, { NULL }, { "'half'" } },
	{ "a shard that is none", "check exact --shard 3/3", 2, { NULL }, { "'3/3'" } },
	{ "a shard with a tail", "check exact --shard 1/3x", 2, { NULL }, { "'1/3x'" } },
	{ "a shard of fewer than none", "check exact --shard 0/-1", 2, { NULL }, { "'0/-1'" } },
	{ "a shard that is too much", "check exact --shard 4294967296/4294967297", 2, { NULL },
	  { "is not I/N" } },
	{ "Markdown and JSON", "check exact --markdown --json", 2, { NULL },
	  { "--markdown tells everything" } },
	{ "Markdown of one story", "check exact --markdown --trace 1", 2, { NULL },
	  { "--markdown tells everything" } },
	{ "Markdown of nothing", "check nosuch --markdown", 2, { NULL }, { "'nosuch'" } },
	{ "one shard more than parts", "check exact --shard 0/21", 2, { NULL },
	  { "fewer parts than shards" } },
	{ "no threads", "check exact --threads 0", 2, { NULL }, { "--threads: '0'" } },
	{ "an event that is neither", "check exact --implicit-event yes", 2, { NULL },
	  { "'yes'" } },
	{ "a story that is not there", "check exact --shard 6/20 --trace 1", 2, { NULL },
	  { "there are 0 classes" } },
	{ "classes that were recorded, and others",
	  "check linux-6.12 --shard 13/20 --rows kvm-6.12.csv", 1,
	  { "kvm-6.12: ", " of 2664 recorded rows show a difference, ",
	    "   Seen in recorded rows: kvm-6.12, ",
	    "   By the model, unconfirmed on hardware\n" },
	  { NULL } },
	{ "and as Markdown", "check linux-6.12 --shard 13/20 --markdown --rows kvm-6.12.csv", 1,
	  { "Of 2664 rows that were recorded under kvm-6.12, ",
	    "\nSeen in recorded rows: kvm-6.12, ",
	    "\nBy the model, unconfirmed on hardware. The manual: ", "--rows FILE.csv..." },
	  { NULL } },
	{ "and as JSON", "check linux-6.12 --shard 13/20 --json --rows kvm-6.12.csv", 1,
	  { "\"recorded\": null", "\"environment\": \"kvm-6.12\"", "\"example\": \"" },
	  { NULL } },
	{ "another version's recording", "check exact --shard 6/20 --rows kvm-6.12.csv", 0,
	  { "\nBy the model; unconfirmed on hardware.\n" }, { NULL } },
	{ "several recordings, one without a result",
	  "check linux-7.2 --shard 13/20 --rows kvm-6.12.csv --rows kvm-7.2.csv", 1,
	  { "kvm-7.2: 0 of 2664 recorded rows show a difference, 0 of them" }, { NULL } },
	{ "a recording of no KVM", "check exact --rows qemu-10.0.csv", 2, { NULL },
	  { "psvm check: qemu-10.0.csv: the name does not say which version of KVM" } },
	{ "a recording of some KVM", "check exact --rows kvm-6.13.csv", 2, { NULL },
	  { "psvm check: kvm-6.13.csv: the name does not say which version of KVM" } },
	{ "a recording that is not there", "check exact --rows not/kvm-6.12.csv", 2, { NULL },
	  { "psvm check: not/kvm-6.12.csv: No such file" } },
	{ "a recording that is none", "check exact --rows kvm-6.1.csv", 2, { NULL },
	  { "psvm check: kvm-6.1.csv:1: no line with the names of columns" } },
	{ "two recordings of a version",
	  "check exact --rows kvm-6.12.csv --rows ./kvm-6.12.csv", 2, { NULL },
	  { "psvm check: ./kvm-6.12.csv: the second recording of kvm-6.12" } },
	{ "more shards than parts", "check exact --shard 50/99", 2, { NULL },
	  { "fewer parts than shards" } },
};

static void test_json(void **state)
{
	json_t *json, *findings;

	(void)state;
	assert_int_equal(run("check linux-6.1 --shard 6/20 --json"), 1);
	json = json_loads(out, 0, NULL);
	assert_non_null(json);
	findings = json_object_get(json, "findings");
	assert_true(json_array_size(findings) > 0);
	assert_true(json_is_true(json_object_get(json, "complete")));
	assert_true(json_array_size(json_object_get(json_array_get(findings, 0), "steps")) >
		    0);
	json_decref(json);
}

/* --- what a claim covers ------------------------------------------------- */

struct part_row {
	const char *shard, *part;
	unsigned long events; /* values of EVENTINJ */
};

static struct part_row part_rows[] = {
	{ "5/20", "interrupts and vGIF", 1 },
	{ "6/20", "NMIs", 1 },
	{ "13/20", "injected events and faults", 4 },
};

static unsigned long number_behind(const char *text, const char *words)
{
	const char *at = strstr(text, words);

	if (!at)
		fail_msg("'%s' is not in:\n%s", words, text);
	return strtoul(at + strlen(words), NULL, 10);
}

/* The items of the list that begins behind the words. */
static unsigned int count_items(const char *text, const char *words)
{
	const char *at = strstr(text, words);
	unsigned int n = 1;

	assert_non_null(at);
	for (; *at && *at != '\n'; at++)
		n += strncmp(at, ", ", 2) == 0;
	return n;
}

/* A shard is a part with one configuration: each open bit, the three flags at VMRUN
 * and the values of EVENTINJ, all with all. */
static void test_setups(void **state)
{
	const struct part_row *row = *state;
	char text[128];
	const char *part;

	snprintf(text, sizeof(text), "check exact --markdown --shard %s", row->shard);
	assert_int_equal(run(text), 0);
	snprintf(text, sizeof(text), "\n- %s: ", row->part);
	part = strstr(out, text);
	assert_non_null(part);
	assert_int_equal(number_behind(part, "vNMI, "), row->events);
	assert_contains(part, "values of EVENTINJ, L1's IF, L2's IF and shadow at VMRUN, 068h[63:1] = 0\n");
	assert_int_equal(number_behind(part, " representing "),
			 row->events << (count_items(part, "open bits of vmcb12: ") + 3));
}

/* In every state something can happen. */
static void test_counts(void **state)
{
	unsigned long states, transitions;

	(void)state;
	assert_int_equal(run("check exact --shard 6/20"), 0);
	states = number_behind(out, ", shard 6/20, ");
	transitions = number_behind(out, " states, ");
	assert_true(states > 0);
	assert_true(transitions >= states);
}

/* --- on a narrow terminal ------------------------------------------------ */

static char *narrow_rows[] = { "check exact --shard 6/20", "check linux-6.1 --shard 6/20" };

static void test_narrow(void **state)
{
	assert_true(run_in(60, *state) < 2);
	assert_fits(60);
}

static void make_recordings(void)
{
	assert_int_equal(system("sh " PSVM_VECTORS_DIR "/recording.sh L >kvm-6.12.csv && "
				"sed s/,ok,/,emulator_abort,/ kvm-6.12.csv >kvm-7.2.csv && "
				": >kvm-6.1.csv"),
			 0);
}

/* On a terminal, one line that is written over says how far it is. */
static void test_progress(void **state)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), other;
	char arguments[128], text[4096];
	unsigned parts = 0, of, shown = 0;
	struct pollfd arrives = { .fd = terminal, .events = POLLIN };
	size_t size = 0;

	(void)state;
	if (terminal < 0)
		skip(); /* no /dev/pts here */
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	snprintf(arguments, sizeof(arguments), "check exact --shard 6/10 --threads 1 2>%s",
		 ptsname(terminal));
	/* Kept open, so that what was written to it stays. */
	other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	assert_int_equal(run(arguments), 0);
	/* A busy machine hands it over bit by bit. */
	while (poll(&arrives, 1, 1000) > 0) {
		ssize_t n = read(terminal, text + size, sizeof(text) - 1 - size);

		assert_true(n > 0);
		size += (size_t)n;
	}
	text[size] = '\0';
	for (char *line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n")) {
		assert_int_equal(sscanf(line, "%u of %u parts, %*f M transitions, %*f M/s, "
					      "%*u s left", &parts, &of), 2);
		assert_int_equal(parts, ++shown);
		assert_int_equal(of, 2);
		assert_true(strlen(line) < 80);
	}
	assert_int_equal(parts, 2);
	close(other);
	close(terminal);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_ROWS(rows) + N_ROWS(part_rows) + N_ROWS(narrow_rows) + 3];
	size_t n = add_rows(tests, rows, N_ROWS(rows));

	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_json);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_counts);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_progress);
	for (size_t i = 0; i < N_ROWS(part_rows); i++)
		tests[n++] = (struct CMUnitTest){ part_rows[i].part, test_setups, NULL, NULL,
						  &part_rows[i] };
	for (size_t i = 0; i < N_ROWS(narrow_rows); i++)
		tests[n++] = (struct CMUnitTest){ narrow_rows[i], test_narrow, NULL, NULL,
						  narrow_rows[i] };
	return command_main(argc, argv, "cli-check", tests, n, make_recordings);
}
