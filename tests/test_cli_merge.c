/* SPDX-License-Identifier: MIT */
/*
 * psvm check --merge, as a user runs it: test_cli_merge PSVM, with the path of the
 * command. The shards are written by hand, so what comes of them can be added up.
 */
#include "command.h"

#include "check/scope.h"
#include "psvm/version.h"
#include "rows.h"

#ifndef PSVM_TESTS_DIR
#define PSVM_TESTS_DIR "tests"
#endif

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define HEAD(rules, shard, shards) \
	"{\"psvm\": \"" PSVM_VERSION "\", \"rules\": \"" rules "\", \"scope\": \"full\", " \
	"\"implicit_event\": true, \"shard\": " #shard ", \"shards\": " #shards ", "
#define SUMS(units, states, complete) \
	"\"units\": " #units ", \"complete\": " #complete ", \"states\": " #states ", " \
	"\"transitions\": 1" #states ", \"setups\": 2" #states ", "
#define STEP(act) STEP_OF(2, act)
#define STEP_OF(level, act) \
	"{\"level\": " #level ", \"act\": \"" act "\", \"bare\": \"-\", \"nested\": \"-\", " \
	"\"l0\": \"\", \"vmcb02\": \"0x1\", \"vmcb12\": \"0x2\"}"
#define FINDING(number, part, title, count, steps) \
	"{\"class\": \"" #number "\", \"part\": " #part ", \"title\": \"" title "\", " \
	"\"situation\": \"\", \"section\": \"15.1\", \"setup\": \"none\", " \
	"\"count\": " #count ", \"steps\": [" steps "]}"
#define CLASSES(n) "\"classes\": " #n ", \"findings\": ["

/* Shard 0 of 2 has class 0x11 in three steps, and 0x22 in one; shard 1 has 0x11 in two,
 * and 0x33 in one, of an earlier part than 0x22. */
static const struct {
	const char *name, *text;
} files[] = {
	{ "0.json",
	  HEAD("xen", 0, 2) SUMS(3, 100, true) CLASSES(2)
	  FINDING(0x22, 4, "second", 5, STEP("CLI")) ", "
	  FINDING(0x11, 0, "long", 7, STEP("NOP") ", " STEP("NOP") ", " STEP("STI")) "]}" },
	{ "1.json",
	  HEAD("xen", 1, 2) SUMS(2, 23, true) CLASSES(2)
	  FINDING(0x33, 1, "first", 1, STEP("STI")) ", "
	  FINDING(0x11, 3, "short", 2, STEP("NOP") ", " STEP("HLT")) "]}" },
	{ "cut.json", HEAD("xen", 1, 2) SUMS(2, 23, false) CLASSES(0) "]}" },
	{ "none0.json", HEAD("exact", 0, 2) SUMS(2, 40, true) CLASSES(0) "]}" },
	{ "none1.json", HEAD("exact", 1, 2) SUMS(2, 2, true) CLASSES(0) "]}" },
	{ "other.json", HEAD("xen", 1, 3) SUMS(2, 23, true) CLASSES(0) "]}" },
	{ "beyond.json", HEAD("xen", 2, 2) SUMS(2, 23, true) CLASSES(0) "]}" },
	{ "level.json",
	  HEAD("xen", 1, 2) SUMS(1, 1, true) CLASSES(1)
	  FINDING(0x11, 1, "none", 1, STEP_OF(3, "HLT")) "]}" },
	{ "no_level.json",
	  HEAD("xen", 1, 2) SUMS(1, 1, true) CLASSES(1)
	  FINDING(0x11, 1, "none", 1, STEP_OF(-1, "HLT")) "]}" },
	{ "traced.json",
	  HEAD("xen", 1, 2) SUMS(1, 1, true) CLASSES(2)
	  FINDING(0x11, 1, "one of two", 1, STEP("HLT")) "]}" },
	{ "escape.json",
	  HEAD("xen", 1, 2) SUMS(1, 1, true) CLASSES(1)
	  FINDING(0x11, 1, "\\u001b[2J", 1, STEP("HLT")) "]}" },
	{ "negative.json", HEAD("xen", 1, 2) SUMS(-1, 1, true) CLASSES(0) "]}" },
	{ "nosuch.json", HEAD("nosuch", 0, 1) SUMS(1, 1, true) CLASSES(0) "]}" },
	{ "old.json", "{\"psvm\": \"0.0.9\"}" },
	{ "broken.json", "{\"psvm\"\n: }" },
	{ "no_story.json",
	  HEAD("xen", 1, 2) SUMS(1, 1, true) CLASSES(1) FINDING(0x11, 1, "none", 1, "") "]}" },
	{ "no_class.json",
	  HEAD("xen", 1, 2) SUMS(1, 1, true) CLASSES(1) FINDING(11, 1, "none", 1, STEP("HLT")) "]}" },
};

static struct row rows[] = {
	{ "all shards of one", "check --merge 0.json 1.json", 1,
	  { "xen: L1 or L2 can tell: 3 classes of differences\n",
	    "scope full, 123 states, 1223 transitions, representing 2323 set-ups, complete" },
	  { NULL } },
	{ "in any order", "check --merge 1.json 0.json", 1,
	  { "1. first\n", "2. second\n", "3. short\n", "; 9 steps of the exploration end so" },
	  { NULL } },
	{ "no difference", "check --merge none0.json none1.json", 0,
	  { "exact: L1 cannot tell that it is nested\n", "scope full, 42 states" }, { NULL } },
	{ "one story of them", "check --merge 0.json 1.json --trace 3", 1, { "3. short\n" },
	  { NULL } },
	{ "a shard that was cut", "check --merge 0.json cut.json", 1, { "NOT complete" },
	  { NULL } },
	{ "no files", "check --merge", 2, { NULL }, { "the files are missing" } },
	{ "a shard is missing", "check --merge 0.json", 2, { NULL },
	  { "shard 1/2 is missing" } },
	{ "a shard twice", "check --merge 0.json 1.json 0.json", 2, { NULL },
	  { "0.json: shard 0/2 has been there before" } },
	{ "other rules", "check --merge 0.json none1.json", 2, { NULL },
	  { "none1.json is of another check" } },
	{ "another number of shards", "check --merge 0.json other.json", 2, { NULL },
	  { "other.json is of another check" } },
	{ "a shard that is none", "check --merge beyond.json", 2, { NULL },
	  { "beyond.json is not a result" } },
	{ "another version", "check --merge old.json", 2, { NULL },
	  { "old.json is not a result", PSVM_VERSION } },
	{ "no JSON", "check --merge broken.json", 2, { NULL }, { "broken.json, line 2: " } },
	{ "no file", "check --merge missing.json", 2, { NULL }, { "missing.json" } },
	{ "a difference without a story", "check --merge 0.json no_story.json", 2, { NULL },
	  { "no_story.json is not a result" } },
	{ "a class that is no number", "check --merge 0.json no_class.json", 2, { NULL },
	  { "no_class.json is not a result" } },
	{ "a level that is none", "check --merge 0.json level.json", 2, { NULL },
	  { "level.json is not a result" } },
	{ "a level below all", "check --merge 0.json no_level.json", 2, { NULL },
	  { "no_level.json is not a result" } },
	{ "a file with one story of several", "check --merge 0.json traced.json", 2, { NULL },
	  { "traced.json is not a result" } },
	{ "a title that clears the screen", "check --merge 0.json escape.json", 2, { NULL },
	  { "escape.json is not a result" } },
	{ "fewer states than none", "check --merge 0.json negative.json", 2, { NULL },
	  { "negative.json is not a result" } },
	{ "an unknown rule set", "check --merge nosuch.json --trace 1", 2, { NULL },
	  { "nosuch.json is not a result" } },
	{ "a rule set besides", "check --merge 0.json 1.json xen", 2, { NULL }, { "xen" } },
	{ "a scope besides", "check --merge 0.json 1.json --scope full", 2, { NULL },
	  { "--merge: the files say what was checked" } },
};

/* What one run prints is what --merge reads: a shard that is everything. */
static void test_json(void **state)
{
	json_t *merged;

	(void)state;
	assert_int_equal(run("check --merge 0.json 1.json --json > all.json"), 1);
	assert_int_equal(run("check --merge all.json --json"), 1);
	merged = json_loads(out, 0, NULL);
	assert_non_null(merged);
	assert_int_equal(json_integer_value(json_object_get(merged, "states")), 123);
	assert_int_equal(json_integer_value(json_object_get(merged, "units")), 5);
	assert_int_equal(json_integer_value(json_object_get(merged, "shards")), 1);
	assert_int_equal(json_array_size(json_object_get(merged, "findings")), 3);
	json_decref(merged);
}

/* Changed so, the file is no result of a check. */
static void assert_refused(const json_t *changed, const char *key)
{
	assert_int_equal(json_dump_file(changed, "changed.json", 0), 0);
	if (run("check --merge changed.json 1.json") != 2)
		fail_msg("taken with another %s", key);
	assert_contains(err, "changed.json is not a result");
	assert_string_equal(out, "");
}

/* Without one of the members of `at`, or with one of no such type. Returns how many
 * there are, of `at` and of what is in it. */
static unsigned refuse_without(const json_t *file, json_t *at)
{
	unsigned members = 0;
	json_t *was = json_copy(at), *value;
	const char *key;
	size_t i;

	json_object_foreach(was, key, value) {
		json_object_del(at, key);
		assert_refused(file, key);
		json_object_set_new(at, key, json_real(0.5));
		assert_refused(file, key);
		json_object_set(at, key, value);
		members += 1 + refuse_without(file, value);
	}
	json_decref(was);
	json_array_foreach(at, i, value)
		members += refuse_without(file, value);
	return members;
}

static void test_members(void **state)
{
	json_t *file = json_load_file("0.json", 0, NULL);

	(void)state;
	assert_non_null(file);
	/* 13, 8 of each of 2 findings, 7 of each of 4 steps. */
	assert_int_equal(refuse_without(file, file), 13 + 2 * 8 + 4 * 7);
	assert_int_equal(json_dump_file(file, "changed.json", 0), 0);
	assert_int_equal(run("check --merge changed.json 1.json"), 1);
	json_decref(file);
}

static json_int_t number_of(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

/* The result that is kept of the full scope, by full.sh: it is of all parts of the scope
 * that is declared now, and of all set-ups that these stand for. */
static void test_kept(void **state)
{
	const struct scope *full = scope_named("full");
	uint64_t setups = 0;
	json_t *kept;

	(void)state;
	assert_int_equal(run("check --merge " PSVM_TESTS_DIR "/full-exact.json"), 0);
	assert_contains(out, "exact: L1 cannot tell that it is nested\n");
	assert_int_equal(run("check --merge " PSVM_TESTS_DIR "/full-exact.json --json"), 0);
	kept = json_loads(out, 0, NULL);
	assert_non_null(kept);
	for (unsigned i = 0; i < scope_unit_count(full); i++) {
		struct unit unit = scope_unit(full, i);

		setups += scope_setups(&unit);
	}
	assert_true(json_is_true(json_object_get(kept, "complete")));
	assert_int_equal(number_of(kept, "units"), scope_unit_count(full));
	assert_int_equal(number_of(kept, "setups"), setups);
	assert_true(number_of(kept, "states") > 0);
	assert_true(number_of(kept, "transitions") > number_of(kept, "states"));
	json_decref(kept);
}

/* Every dimension is in the full scope. */
static void test_full(void **state)
{
	const struct scope *full = scope_named("full");
	struct slice all = { 0 };

	(void)state;
	for (unsigned i = 0; i < full->slice_count; i++) {
		all.vars |= full->slices[i].vars;
		all.acts |= full->slices[i].acts;
		all.configs |= full->slices[i].configs;
		all.events |= full->slices[i].events;
	}
	assert_int_equal(all.vars, scope_everything.vars);
	assert_int_equal(all.acts, scope_everything.acts);
	assert_int_equal(all.configs, scope_everything.configs);
	assert_int_equal(all.events, scope_everything.events);
}

/* A bit for each group of dimensions that the slice has, by what only the group has. */
static unsigned groups_of(const struct slice *slice)
{
	static const char *const of[] = { "V_IRQ",	    "V_GIF_ENABLE",    "V_NMI_ENABLE",
					  "V_TPR[0]", "intercept of HLT" };
	unsigned groups = slice->events > 1 ? 1U << N_ROWS(of) : 0;

	for (unsigned i = 0; i < scope_var_count; i++)
		for (unsigned k = 0; k < N_ROWS(of); k++)
			if (slice->vars >> i & 1 && strcmp(scope_vars[i].name, of[k]) == 0)
				groups |= 1U << k;
	return groups;
}

/* Any two of the six groups meet in a slice. */
static void test_pairs(void **state)
{
	const struct scope *full = scope_named("full");

	(void)state;
	for (unsigned a = 0; a < 6; a++)
		for (unsigned b = 0; b < a; b++) {
			bool meet = false;

			for (unsigned i = 0; i < full->slice_count; i++) {
				unsigned groups = groups_of(&full->slices[i]);

				meet = meet || (groups >> a & groups >> b & 1) != 0;
			}
			if (!meet)
				fail_msg("groups %u and %u do not meet", b, a);
		}
}

static void prepare(void)
{
	for (size_t i = 0; i < N_ROWS(files); i++)
		write_file(files[i].name, files[i].text);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_ROWS(rows) + 5];
	size_t n = add_rows(tests, rows, N_ROWS(rows));

	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_json);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_members);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_kept);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_full);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_pairs);
	return command_main(argc, argv, "cli-merge", tests, n, prepare);
}
