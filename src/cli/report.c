/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "psvm/check.h"

#include <stdio.h>

/* --- what is printed ----------------------------------------------------- */

struct field {
	const char *name;
	enum psvm_unit unit;
	uint32_t stored; /* PSVM_F_... */
	uint64_t before, after;
};

enum { N_FIELDS = 4 };

static void list_fields(const struct run *run, struct field fields[N_FIELDS])
{
	const struct psvm_words *a = run->fields[0], *b = run->fields[1];

	fields[0] = (struct field){ "int_state", PSVM_UNIT_INT_STATE,
				    PSVM_F_INT_STATE | PSVM_F_INT_SHADOW, a->int_state,
				    b->int_state };
	fields[1] = (struct field){ "event_inj", PSVM_UNIT_EVENT_INJ, PSVM_F_EVENT_INJ,
				    a->event_inj, b->event_inj };
	fields[2] = (struct field){ "exit_int_info", PSVM_UNIT_EVENT_INJ,
				    PSVM_F_EXIT_INT_INFO, a->exit_int_info,
				    b->exit_int_info };
	fields[3] = (struct field){ "tlb_control", PSVM_UNIT_TLB_CONTROL,
				    PSVM_F_TLB_CONTROL, a->tlb_control, b->tlb_control };
}

struct word {
	const char *name;
	enum psvm_unit unit;
	uint32_t value;
};

enum { N_WORDS = 6 };

static void list_intercepts(const struct run *run, struct word words[N_WORDS])
{
	const struct psvm_vmcb_control *c = &run->vmcb02.control;
	const uint32_t values[N_WORDS] = { c->intercept_cr,	    c->intercept_dr,
					   c->intercept_exceptions, c->intercept_misc1,
					   c->intercept_misc2,	    c->intercept_misc3 };

#define X(name, number, offset) \
	words[number] = (struct word){ offset, PSVM_UNIT_##name, values[number] };
	PSVM_INTERCEPT_WORDS(X)
#undef X
}

static unsigned int part_of(uint64_t word, uint64_t bits)
{
	return (unsigned int)((word & bits) / (bits & (0 - bits)));
}

static void words_of_why(char *why, size_t size, const struct story *story,
			 const struct strand *strand)
{
	char condition[PSVM_WORDS_SIZE];

	if (!strand->source) {
		snprintf(why, size, "%s", story->otherwise);
		return;
	}
	(void)psvm_words_of_condition(condition, sizeof(condition), strand->line->on,
				      strand->line->off);
	snprintf(why, size, "%s, %s (%s)", strand->source->words, condition,
		 psvm_name_of_cell(strand->source->cell).name);
}

/* --- text ---------------------------------------------------------------- */

struct rows {
	size_t shown, left_out;
};

/* Bits that are zero everywhere are left out; where changes are asked for, all
 * bits that stay. */
static bool is_shown(const struct story *story, uint64_t bits)
{
	uint64_t any = story->from[0] | story->from[1] | story->before | story->after;

	return bits & (story->changes_only ? story->before ^ story->after : any);
}

static void print_strand(void *context, const struct run *run, const struct story *story,
			 const struct strand *strand)
{
	char name[PSVM_WORDS_SIZE], why[2 * PSVM_WORDS_SIZE];
	uint64_t bits = strand->bits;
	struct rows *rows = context;

	(void)run;
	if (!is_shown(story, bits)) {
		rows->left_out++;
		return;
	}
	rows->shown++;
	(void)psvm_words_of_bits(name, sizeof(name), PSVM_UNIT_INT_CTL, bits);
	words_of_why(why, sizeof(why), story, strand);
	cli_print(2, "%-14s %s 0x%x, %s 0x%x -> 0x%x  %s", name, story->columns[0],
		  part_of(story->from[0], bits), story->columns[1],
		  part_of(story->from[1], bits), part_of(story->after, bits), why);
}

static void print_left_out(const struct rows *rows, const char *what)
{
	if (rows->left_out)
		cli_print(2, "%zu row%s left out: %s (--json has %s)", rows->left_out,
			  rows->left_out == 1 ? "" : "s", what,
			  rows->left_out == 1 ? "it" : "them");
}

static void print_story(const struct run *run, const struct story *story)
{
	struct rows rows = { 0, 0 };

	cli_print(0, "%s", story->title);
	run_strands(run, story, print_strand, &rows);
	if (rows.shown)
		print_left_out(&rows, story->changes_only ? "no change" : "all zero");
	else
		cli_print(2, story->changes_only ? "nothing changes" : "all zero");
}

static void print_field(const struct run *run, const struct field *field)
{
	char before[PSVM_WORDS_SIZE], after[PSVM_WORDS_SIZE];

	(void)psvm_words_of_value(before, sizeof(before), field->unit, field->before);
	(void)psvm_words_of_value(after, sizeof(after), field->unit, field->after);
	if (run->stored & field->stored)
		cli_print(2, "%-14s %s -> %s", field->name, before, after);
	else
		cli_print(2, "%-14s %s (not written)", field->name, before);
}

static void print_fields(const struct run *run)
{
	struct field fields[N_FIELDS];
	struct rows rows = { 0, 0 };

	list_fields(run, fields);
	cli_print(0, "other fields of %s", run->target);
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (fields[i].before | fields[i].after)
			print_field(run, &fields[i]);
		else
			rows.left_out++;
	}
	print_left_out(&rows, "all zero");
}

static void print_word(const struct word *word)
{
	char names[PSVM_WORDS_SIZE];

	(void)psvm_words_of_bits(names, sizeof(names), word->unit, word->value);
	cli_print(2, "%s %s", word->name, names);
}

static void print_intercepts(const struct run *run)
{
	struct word words[N_WORDS];
	struct rows rows = { 0, 0 };

	if (!run->intercepts)
		return;
	list_intercepts(run, words);
	cli_print(0, "intercepts of vmcb02, merged from 01 and 12");
	for (size_t i = 0; i < N_WORDS; i++) {
		if (words[i].value)
			print_word(&words[i]);
		else
			rows.left_out++;
	}
	print_left_out(&rows, "all zero");
}

static void print_clean(const char *vmcb, uint32_t dirty)
{
	char names[PSVM_WORDS_SIZE];

	(void)psvm_words_of_bits(names, sizeof(names), PSVM_UNIT_CLEAN, dirty);
	cli_print(2, "clean bits to clear in %s: %s", vmcb, names);
}

static void print_rest(const struct run *run)
{
	const struct psvm_result *r = &run->result;
	char names[PSVM_WORDS_SIZE];
	int nmis = run->nested.nmis;

	cli_print(0, "for L0");
	(void)psvm_words_of_bits(names, sizeof(names), PSVM_UNIT_REQUESTS, r->requests);
	cli_print(2, "requests: %s", names);
	cli_print(2, "L1's GIF: %u", r->gif);
	cli_print(2, "NMIs for L1 that L0 has queued: %d -> %d", nmis,
		  nmis + r->nmi_change);
	(void)psvm_words_of_bits(names, sizeof(names), PSVM_UNIT_FIELDS, r->store12);
	cli_print(2, "fields stored in vmcb12: %s", names);
	print_clean("01", r->dirty01);
	print_clean("02", r->dirty02);
}

static void print_text(const struct run *run)
{
	if (run->outcome_why)
		cli_print(0, "%s, %s: %s, %s", run->command, run->name, run->outcome,
			  run->outcome_why);
	else
		cli_print(0, "%s, %s: %s", run->command, run->name, run->outcome);
	for (size_t i = 0; i < N_STORIES; i++)
		print_story(run, &run->stories[i]);
	print_fields(run);
	print_intercepts(run);
	print_rest(run);
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *json_bits(enum psvm_unit unit, uint64_t bits)
{
	char names[PSVM_WORDS_SIZE];

	(void)psvm_words_of_bits(names, sizeof(names), unit, bits);
	return json_string(names);
}

static json_t *json_value(enum psvm_unit unit, uint64_t value)
{
	char words[PSVM_WORDS_SIZE];

	(void)psvm_words_of_value(words, sizeof(words), unit, value);
	return json_pack("{s:o, s:s}", "value", cli_json_hex(value), "words", words);
}

static void append_strand(void *context, const struct run *run, const struct story *story,
			  const struct strand *strand)
{
	char why[2 * PSVM_WORDS_SIZE];
	uint64_t bits = strand->bits;

	(void)run;
	words_of_why(why, sizeof(why), story, strand);
	json_array_append_new(
		context,
		json_pack("{s:o, s:o, s:i, s:i, s:i, s:s?, s:s}", "bits",
			  json_bits(PSVM_UNIT_INT_CTL, bits), "mask", cli_json_hex(bits),
			  story->columns[0], part_of(story->from[0], bits),
			  story->columns[1], part_of(story->from[1], bits), "after",
			  part_of(story->after, bits), "cell",
			  strand->source ? psvm_name_of_cell(strand->source->cell).name
					 : NULL,
			  "why", why));
}

static json_t *json_story(const struct run *run, const struct story *story)
{
	json_t *strands = json_array();

	run_strands(run, story, append_strand, strands);
	return json_pack("{s:s, s:o, s:o, s:o}", "title", story->title, "before",
			 json_value(PSVM_UNIT_INT_CTL, story->before), "after",
			 json_value(PSVM_UNIT_INT_CTL, story->after), "bits", strands);
}

static json_t *json_stories(const struct run *run)
{
	json_t *stories = json_array();

	for (size_t i = 0; i < N_STORIES; i++)
		json_array_append_new(stories, json_story(run, &run->stories[i]));
	return stories;
}

static json_t *json_fields(const struct run *run)
{
	struct field fields[N_FIELDS];
	json_t *array = json_array();

	list_fields(run, fields);
	for (size_t i = 0; i < N_FIELDS; i++)
		json_array_append_new(
			array,
			json_pack("{s:s, s:o, s:o, s:b}", "name", fields[i].name,
				  "before", json_value(fields[i].unit, fields[i].before),
				  "after", json_value(fields[i].unit, fields[i].after),
				  "written", (run->stored & fields[i].stored) != 0));
	return array;
}

static json_t *json_intercepts(const struct run *run)
{
	struct word words[N_WORDS];
	json_t *object = json_object();

	if (!run->intercepts)
		return object;
	list_intercepts(run, words);
	for (size_t i = 0; i < N_WORDS; i++)
		json_object_set_new(object, words[i].name,
				    json_value(words[i].unit, words[i].value));
	return object;
}

static json_t *json_run(const struct run *run)
{
	const struct psvm_result *r = &run->result;

	return json_pack(
		"{s:s, s:s, s:s, s:s?, s:o, s:s, s:o, s:o, s:o, s:i, s:i, s:i, s:o, "
		"s:o, s:o}",
		"command", run->command, "rules", run->name, "outcome", run->outcome,
		"why", run->outcome_why, "int_ctl", json_stories(run), "target",
		run->target, "fields", json_fields(run), "intercepts",
		json_intercepts(run), "requests",
		json_bits(PSVM_UNIT_REQUESTS, r->requests), "gif", (int)r->gif,
		"nmis_before", (int)run->nested.nmis, "nmi_change", (int)r->nmi_change,
		"stored_in_vmcb12", json_bits(PSVM_UNIT_FIELDS, r->store12), "clean_01",
		json_bits(PSVM_UNIT_CLEAN, r->dirty01), "clean_02",
		json_bits(PSVM_UNIT_CLEAN, r->dirty02));
}

bool run_print(const struct run *run, bool json)
{
	if (json)
		return cli_print_json(run->command, json_run(run));
	print_text(run);
	return cli_flush(run->command);
}
