/* SPDX-License-Identifier: MIT */
/* psvm replay - recorded experiments, on the machines. */
#include "cli.h"

#include "../check/replay.h"
#include "recording.h"
#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	int json;
	char *rules, *processor;
};

/* What is replayed, and what came of it. */
struct session {
	const char *path;
	const char *rules; /* null: no L0 */
	struct replay machine;
	struct recording recording;
	struct verdict *verdicts; /* of the rows */
	size_t not_run, agree, mismatch;
	size_t excused[CAUSE_COUNT];
};

/* --- which machine ------------------------------------------------------- */

static const struct processor *processor_of(const struct session *s)
{
	return &processors[s->machine.processor];
}

static bool by_name(const char *name, enum processor_id *processor)
{
	char known[256] = "";

	for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
		*processor = (enum processor_id)i;
		if (strcmp(name, processors[i].name) == 0)
			return true;
		cli_list(known, sizeof(known), processors[i].name);
	}
	return cli_fail("replay", "unknown processor '%s'; known are %s", name, known);
}

/* Offsets are those of the processor that the file is from, whichever it runs on. */
static bool choose_processor(struct session *s, const char *name,
			     enum experiment_send *sends)
{
	const struct recording_origin *origin = recording_origin(s->path);

	if (name == NULL && origin == NULL)
		return cli_fail("replay",
				"%s: the name does not say which processor; say it with "
				"--processor",
				s->path);
	if (name == NULL)
		s->machine.processor = origin->processor;
	else if (!by_name(name, &s->machine.processor))
		return false;
	*sends = processors[origin ? origin->processor : s->machine.processor].sends;
	return true;
}

/* --- replaying ----------------------------------------------------------- */

static void count(struct session *s, const struct verdict *v)
{
	if (v->differs == 0)
		s->agree++;
	else if (v->cause)
		s->excused[v->cause - causes]++;
	else
		s->mismatch++;
}

static bool replay_all(struct session *s)
{
	const struct recording *recording = &s->recording;

	s->verdicts = calloc(recording->count + 1, sizeof(*s->verdicts));
	if (!s->verdicts)
		return cli_fail("replay", "out of memory");
	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *row = &recording->rows[i];

		if (!row->run) {
			s->not_run++;
			continue;
		}
		s->verdicts[i] = replay(&s->machine, &row->experiment, &row->outcome);
		count(s, &s->verdicts[i]);
	}
	return true;
}

static bool is_mismatch(const struct session *s, size_t row)
{
	return s->verdicts[row].differs != 0 && !s->verdicts[row].cause;
}

/* --- words --------------------------------------------------------------- */

enum { VALUE_SIZE = 32 };

static void words_of_letters(char text[VALUE_SIZE], uint64_t letters)
{
	size_t n = 0;

	for (; letters != 0; letters >>= 8)
		text[n++] = (char)(letters & 0xff);
	memcpy(text + n, n ? "" : "-", n ? 1 : 2);
}

static void words_of_offset(char text[VALUE_SIZE], uint64_t value)
{
	if (value == OFFSET_HANDLER)
		snprintf(text, VALUE_SIZE, "in a handler");
	else if (value == OFFSET_NONE)
		snprintf(text, VALUE_SIZE, "-");
	else
		snprintf(text, VALUE_SIZE, "%" PRIu64, value);
}

static void words_of_value(char text[VALUE_SIZE], unsigned column, uint64_t value)
{
	if (column == OUTCOME_EXIT_CODE && value == EXPERIMENT_NO_EXIT) {
		snprintf(text, VALUE_SIZE, "no exit");
		return;
	}
	switch (outcome_names[column].format) {
	case FORMAT_LETTERS:
		words_of_letters(text, value);
		break;
	case FORMAT_OFFSET:
		words_of_offset(text, value);
		break;
	case FORMAT_NUMBER:
		snprintf(text, VALUE_SIZE, "%" PRIu64, value);
		break;
	default:
		snprintf(text, VALUE_SIZE, "0x%" PRIx64, value);
	}
}

/* --- text ---------------------------------------------------------------- */

static void print_title(const struct session *s)
{
	cli_print(0, "%s on the processor %s%s%s: %zu experiments, %zu of them not run",
		  s->path, processor_of(s)->name, s->rules ? ", L0 by " : ", no L0",
		  s->rules ? s->rules : "", s->recording.count, s->not_run);
	cli_print(2, "%5zu agree", s->agree);
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		if (s->excused[i] != 0)
			cli_print(2, "%5zu differ, known: %s: %s", s->excused[i],
				  causes[i].name, causes[i].words);
	cli_print(2, "%5zu mismatch", s->mismatch);
}

static void print_mismatch(const struct recorded *row, const struct verdict *v)
{
	char recorded[VALUE_SIZE], replayed[VALUE_SIZE];

	cli_print(0, "%s, line %u:", row->name, row->line);
	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		if ((v->differs >> i & 1) == 0)
			continue;
		words_of_value(recorded, i, row->outcome.value[i]);
		words_of_value(replayed, i, v->replayed.value[i]);
		cli_print(2, "%s: %s recorded, %s replayed", outcome_names[i].column,
			  recorded, replayed);
	}
}

static bool print_text(const struct session *s)
{
	print_title(s);
	for (size_t i = 0; i < s->recording.count; i++)
		if (is_mismatch(s, i))
			print_mismatch(&s->recording.rows[i], &s->verdicts[i]);
	return cli_flush("replay");
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *json_columns(const struct recorded *row, const struct verdict *v)
{
	char recorded[VALUE_SIZE], replayed[VALUE_SIZE];
	json_t *columns = json_array();

	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		if ((v->differs >> i & 1) == 0)
			continue;
		words_of_value(recorded, i, row->outcome.value[i]);
		words_of_value(replayed, i, v->replayed.value[i]);
		json_array_append_new(columns,
				      json_pack("{s:s, s:s, s:s}", "column",
						outcome_names[i].column, "recorded",
						recorded, "replayed", replayed));
	}
	return columns;
}

static json_t *json_differing(const struct session *s)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < s->recording.count; i++) {
		const struct recorded *row = &s->recording.rows[i];
		const struct verdict *v = &s->verdicts[i];

		if (v->differs != 0)
			json_array_append_new(
				rows, json_pack("{s:s, s:i, s:s?, s:o}", "case",
						row->name, "line", (int)row->line,
						"cause", v->cause ? v->cause->name : NULL,
						"columns", json_columns(row, v)));
	}
	return rows;
}

static json_t *json_causes(const struct session *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < CAUSE_COUNT; i++)
		if (s->excused[i] != 0)
			json_array_append_new(
				array, json_pack("{s:s, s:s, s:I}", "name",
						 causes[i].name, "words", causes[i].words,
						 "rows", (json_int_t)s->excused[i]));
	return array;
}

static bool print_json(const struct session *s)
{
	return cli_print_json(
		"replay",
		json_pack("{s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:o, s:o}", "file",
			  s->path, "processor", processor_of(s)->name, "rules", s->rules,
			  "rows", (json_int_t)s->recording.count, "not_run",
			  (json_int_t)s->not_run, "agree", (json_int_t)s->agree,
			  "mismatch", (json_int_t)s->mismatch, "causes", json_causes(s),
			  "differing", json_differing(s)));
}

/* --- the command --------------------------------------------------------- */

static int replay_recording(struct session *s, bool json)
{
	bool ok = replay_all(s) && (json ? print_json(s) : print_text(s));

	free(s->verdicts);
	recording_free(&s->recording);
	if (!ok)
		return CLI_BAD;
	return s->mismatch != 0 ? CLI_DIFFERENT : CLI_OK;
}

static int replay_file(const void *arguments, const char **paths)
{
	const struct options *options = arguments;
	struct session s = { .path = paths[0], .rules = options->rules };
	enum experiment_send sends = SEND_X2APIC;

	if (options->rules) {
		s.machine.rules = cli_rules("replay", options->rules);
		if (!s.machine.rules)
			return CLI_BAD;
	}
	if (!choose_processor(&s, options->processor, &sends) ||
	    !recording_read(&s.recording, "replay", s.path, sends))
		return CLI_BAD;
	return replay_recording(&s, options->json);
}

int cmd_replay(int argc, const char **argv)
{
	struct options options = { 0, NULL, NULL };
	const struct poptOption table[] = {
		CLI_JSON_OPTION(&options.json),
		{ "rules", 'r', POPT_ARG_STRING, &options.rules, 0,
		  "L0 does what this rule set says; without it L1 has the processor "
		  "to itself",
		  "RULES" },
		{ "processor", 'p', POPT_ARG_STRING, &options.processor, 0,
		  "the processor; the default is the one that the name of the file says",
		  "manual|qemu-7.2|qemu-7.2-kvm|qemu-10.0|bochs-2.7" },
		CLI_HELP_OPTION,
		POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"replay",
		"[--rules=RULES] [--processor=NAME] [--json] FILE.csv",
		"Runs recorded experiments on psvm's machines, and compares every field "
		"and every delivery with the record. Without --rules L1 and L2 run on "
		"the processor; with it an L0 that does what RULES says is below "
		"them.\n"
		"FILE.csv has a first line with the names of the columns, and a line "
		"for each experiment. If it is called qemu-7.2, qemu-10.0, bochs-2.7 "
		"or kvm-..., the processor is that one, for kvm-... QEMU 10.0; else, or "
		"for another one, --processor says which. \"manual\" is the processor "
		"of the manual, without what the emulators do otherwise; "
		"\"qemu-7.2-kvm\" is QEMU 7.2 below a KVM that emulates the local APIC.\n"
		"A row with status \"no_exit\" says that L1 never got its exit; one with "
		"\"emulator_abort\" or \"skipped...\" says nothing, and is not run.\n"
		"A row that differs by a known deviation of an emulator is counted "
		"under its name; any other one is a mismatch, and printed.\n"
		"Exit status: 0 if there is no mismatch, 1 if there is one, 2 for a "
		"usage error or a bad FILE.\n"
		"Example: psvm replay --rules linux-6.12 kvm-6.12.csv",
		table,
		1,
		1
	};
	int status = cli_command(&usage, argc, argv, replay_file, &options);

	free(options.rules);
	free(options.processor);
	return status;
}
