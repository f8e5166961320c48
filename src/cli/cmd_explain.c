/* SPDX-License-Identifier: MIT */
/* psvm explain - a value of int_ctl (060h), or one of its fields, drawn and in words. */
#include "bits.h"
#include "cli.h"
#include "colour.h"
#include "diagram.h"
#include "nearest.h"

#include "psvm/check.h"
#include "rows.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct options {
	char *rules, *colour;
	int json;
};

struct explained {
	uint64_t word;
	const struct bits_field *field; /* the only one that was asked for; null: all */
	const char *name;		/* of the rule set; null: none */
	const struct psvm_rules *rules;
};

/* --- WORD ---------------------------------------------------------------- */

/* As in C. */
static bool is_suffix(const char *text)
{
	static const char *const suffixes[] = { "",   "u",  "l",   "ul",
						"lu", "ll", "ull", "llu" };

	for (size_t i = 0; i < N_ROWS(suffixes); i++)
		if (strcasecmp(text, suffixes[i]) == 0)
			return true;
	return false;
}

static bool parse_number(const char *text, uint64_t *word)
{
	char *end;

	errno = 0;
	*word = strtoull(text, &end, 0);
	if (!is_suffix(end))
		return cli_fail("explain",
				"'%s' is not a number; write it as in C, 0x2001070100",
				text);
	return errno == 0 || cli_fail("explain", "%s has more than 64 bits", text);
}

static bool is_name_of(const struct bits_field *field, const char *name)
{
	return strcasecmp(name, field->name) == 0 ||
	       (*field->kvm && strcasecmp(name, field->kvm) == 0);
}

static bool find_field(const char *name, struct explained *e)
{
	struct cli_nearest nearest = { .word = name };

	for (size_t i = 0; i < BITS_FIELDS && !e->field; i++) {
		if (is_name_of(&bits_fields[i], name))
			e->field = &bits_fields[i];
		cli_nearest_offer(&nearest, bits_fields[i].name);
	}
	if (!e->field)
		return cli_fail("explain",
				"unknown field '%s'%s; \"psvm explain 0\" shows them all",
				name, cli_nearest_question(&nearest));
	e->word = bits_mask(e->field);
	return true;
}

static bool parse_word(const char *text, struct explained *e)
{
	if (isdigit((unsigned char)*text))
		return parse_number(text, &e->word);
	return find_field(text, e);
}

/* --- what a rule set does with a field ----------------------------------- */

/* A line of a cell that has bits of the field. */
struct told {
	struct psvm_cell_name cell;
	char bits[PSVM_WORDS_SIZE], condition[PSVM_WORDS_SIZE];
};

typedef void teller(void *context, const struct told *told);

static void tell_line(const struct psvm_cell_name *cell, const struct psvm_move *line,
		      uint64_t mask, teller *tell, void *context)
{
	struct told told = { .cell = *cell };

	if (!(line->bits & mask))
		return;
	(void)psvm_words_of_bits(told.bits, sizeof(told.bits), PSVM_UNIT_INT_CTL,
				 line->bits & mask);
	(void)psvm_words_of_condition(told.condition, sizeof(told.condition), line->on,
				      line->off);
	tell(context, &told);
}

static void tell_cell(const struct psvm_rules *rules, uint32_t id, uint32_t moment,
		      uint64_t mask, teller *tell, void *context)
{
	struct psvm_cell_name cell = psvm_name_of_cell(id);

	if (cell.unit != PSVM_UNIT_INT_CTL || cell.moment != moment)
		return;
	for (size_t i = 0; i < PSVM_MOVES; i++)
		tell_line(&cell, &rules->cell[id].move[i], mask, tell, context);
}

/* In the order of a nested run. */
static void tell_moves(const struct psvm_rules *rules, uint64_t mask, teller *tell,
		       void *context)
{
	for (uint32_t moment = 0; moment < PSVM_MOMENT_COUNT; moment++)
		for (uint32_t id = 0; id < PSVM_CELL_COUNT; id++)
			tell_cell(rules, id, moment, mask, tell, context);
}

/* --- text ---------------------------------------------------------------- */

static void words_of_range(char *text, size_t size, const struct bits_field *field)
{
	if (field->width == 1)
		(void)snprintf(text, size, "%u", field->shift);
	else
		(void)snprintf(text, size, "%u:%u", field->shift + field->width - 1,
			       field->shift);
}

static void print_value(const struct bits_field *field, uint64_t word)
{
	uint64_t value = (word & bits_mask(field)) >> field->shift;
	char range[32], hex[32];

	words_of_range(range, sizeof(range), field);
	(void)snprintf(hex, sizeof(hex), field->width == 1 ? "%" PRIu64 : "0x%" PRIx64,
		       value);
	cli_print(2, "%-14s  %5s  %5s  %s  %s", field->name, range, hex,
		  bits_writers[field->writer][0], field->section);
}

static void print_wrong(uint64_t word)
{
	char list[64 * sizeof("63, ")] = "", number[16];

	for (unsigned int bit = 64; bit-- > 0;) {
		if (!((word & PSVM_INT_CTL_SBZ) >> bit & 1))
			continue;
		(void)snprintf(number, sizeof(number), "%u", bit);
		cli_list(list, sizeof(list), number);
	}
	if (*list)
		cli_print(2, "Set, and should be zero (B-1): %s", list);
}

static void print_values(uint64_t word)
{
	cli_print(2, "%-14s  %5s  %5s  %s  %s", "field", "bits", "value", "by", "manual");
	for (size_t i = BITS_FIELDS; i-- > 0;)
		if (bits_fields[i].writer != BITS_SBZ)
			print_value(&bits_fields[i], word);
	print_wrong(word);
}

static void print_move(void *context, const struct told *told)
{
	(void)context;
	cli_print(2, "%s, %s: %s: %s", psvm_name_of_moment(told->cell.moment),
		  told->condition, told->bits, told->cell.words);
}

static void print_field(const struct explained *e)
{
	const struct bits_field *field = e->field;

	cli_print(2, "mask     0x%" PRIx64, bits_mask(field));
	if (*field->kvm)
		cli_print(2, "in KVM   %s", field->kvm);
	cli_print(2, "by       %s: %s", bits_writers[field->writer][0],
		  bits_writers[field->writer][1]);
	cli_print(2, "needs    %s", bits_gates[field->gate][1]);
	cli_print(2, "ignored  %s", field->ignored);
	cli_print(2, "manual   %s", field->section);
	if (!e->rules)
		return;
	putchar('\n');
	cli_print(0, "What %s does with it:", e->name);
	tell_moves(e->rules, bits_mask(field), print_move, NULL);
}

static void print_title(const struct explained *e)
{
	char words[PSVM_WORDS_SIZE];

	if (e->field) {
		words_of_range(words, sizeof(words), e->field);
		cli_print(0, "%s, bit%s %s of int_ctl (060h)", e->field->name,
			  e->field->width == 1 ? "" : "s", words);
		return;
	}
	(void)psvm_words_of_value(words, sizeof(words), PSVM_UNIT_INT_CTL, e->word);
	cli_print(0, "int_ctl (060h) 0x%" PRIx64 ": %s", e->word, words);
}

static void print_hint(const struct explained *e)
{
	if (e->field && !e->rules)
		cli_print(0, "With --rules RULES: where a rule set moves it.");
	else if (!e->field && e->rules)
		cli_print(0,
			  "\"psvm explain --rules %s FIELD\" has the conditions of one.",
			  e->name);
	else if (!e->field)
		cli_print(0, "\"psvm explain FIELD\" says more of one.");
}

static void print_text(const struct explained *e, bool colour)
{
	struct diagram diagram = { e->word, e->field ? e->word : UINT64_MAX, e->rules,
				   colour };

	print_title(e);
	putchar('\n');
	diagram_print(&diagram);
	putchar('\n');
	if (e->field)
		print_field(e);
	else
		print_values(e->word);
	putchar('\n');
	diagram_print_legend(&diagram);
	print_hint(e);
}

/* --- JSON ---------------------------------------------------------------- */

static void append_move(void *context, const struct told *told)
{
	json_array_append_new(
		context, json_pack("{s:s, s:s, s:s, s:s, s:s}", "cell", told->cell.name,
				   "moment", psvm_name_of_moment(told->cell.moment),
				   "words", told->cell.words, "bits", told->bits,
				   "condition", told->condition));
}

static json_t *json_moves(const struct explained *e, const struct bits_field *field)
{
	json_t *moves;

	if (!e->rules)
		return json_null();
	moves = json_array();
	tell_moves(e->rules, bits_mask(field), append_move, moves);
	return moves;
}

static json_t *json_field(const struct explained *e, const struct bits_field *field)
{
	uint64_t mask = bits_mask(field);

	return json_pack(
		"{s:s, s:s, s:i, s:i, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:o}", "name",
		field->name, "kvm", field->kvm, "shift", (int)field->shift, "width",
		(int)field->width, "mask", cli_json_hex(mask), "value",
		e->field ? json_null() : cli_json_hex((e->word & mask) >> field->shift),
		"writer", bits_writers[field->writer][0], "gate",
		bits_gates[field->gate][0], "cpuid", bits_gates[field->gate][1],
		"ignored", field->ignored, "section", field->section, "moves",
		json_moves(e, field));
}

static json_t *json_explained(const struct explained *e)
{
	json_t *fields = json_array();

	for (size_t i = 0; i < BITS_FIELDS; i++)
		if (!e->field || e->field == &bits_fields[i])
			json_array_append_new(fields, json_field(e, &bits_fields[i]));
	return json_pack("{s:o, s:o, s:s?, s:o}", "word",
			 e->field ? json_null() : cli_json_hex(e->word), "should_be_zero",
			 e->field ? json_null()
				  : cli_json_hex(e->word & PSVM_INT_CTL_SBZ),
			 "rules", e->name, "fields", fields);
}

/* --- the command --------------------------------------------------------- */

static int explain(const void *arguments, const char **words)
{
	const struct options *options = arguments;
	struct explained e = { .name = options->rules };
	bool colour;

	if (!parse_word(words[0], &e) ||
	    !colour_wanted("explain", options->colour, &colour))
		return CLI_BAD;
	if (e.name) {
		e.rules = cli_rules("explain", e.name);
		if (!e.rules)
			return CLI_BAD;
	}
	if (options->json)
		return cli_print_json("explain", json_explained(&e)) ? CLI_OK : CLI_BAD;
	print_text(&e, colour);
	return cli_flush("explain") ? CLI_OK : CLI_BAD;
}

int cmd_explain(int argc, const char **argv)
{
	struct options options = { 0 };
	const struct poptOption table[] = {
		{ "rules", 'r', POPT_ARG_STRING, &options.rules, 0,
		  "draw where this rule set moves the bits, too", "RULES" },
		{ "color", '\0', POPT_ARG_STRING, &options.colour, 0,
		  "colours; auto, the default: on a terminal, unless NO_COLOR is set",
		  COLOUR_WHENS },
		CLI_JSON_OPTION(&options.json),
		CLI_HELP_OPTION,
		POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"explain",
		"[--rules=RULES] [--color=WHEN] [--json] NUMBER|FIELD",
		"Draws a value of int_ctl, the word at 060h of a VMCB, bit by bit: the "
		"fields, their values, who writes them, the section of the manual; bits "
		"that should be zero and are not are called out.\n"
		"NUMBER is the 64-bit word as in C: 0x2001070100, 256 or 0x100UL. KVM's "
		"int_ctl is its lower half, int_vector its upper one. FIELD is the name "
		"of "
		"a field, the manual's or KVM's: what it is, and what CPUID has to "
		"offer. "
		"\"psvm explain 0\" shows all fields.\n"
		"The drawing is as wide as the terminal (or COLUMNS) lets it.\n"
		"Exit status: 0, or 2 for a usage error.\n"
		"Example: psvm explain --rules linux-6.12 0x2001070100",
		table,
		1,
		1
	};
	int status = cli_command(&usage, argc, argv, explain, &options);

	free(options.rules);
	free(options.colour);
	return status;
}
