/* SPDX-License-Identifier: MIT */
/* psvm rules - the rule sets, and each as a table. */
#include "cli.h"

#include "psvm/check.h"
#include "psvm/rule_sets.h"

#include <stdio.h>
#include <string.h>

static bool is_empty(const struct psvm_cell *cell)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < PSVM_MOVES; i++)
		bits |= cell->move[i].bits;
	return bits == 0;
}

/* --- text ---------------------------------------------------------------- */

static void print_line(enum psvm_unit unit, const struct psvm_move *move)
{
	char bits[PSVM_WORDS_SIZE], condition[PSVM_WORDS_SIZE];

	if (!move->bits)
		return;
	(void)psvm_words_of_bits(bits, sizeof(bits), unit, move->bits);
	(void)psvm_words_of_condition(condition, sizeof(condition), move->on, move->off);
	if (unit == PSVM_UNIT_FLAG)
		cli_print(6, "%s", condition);
	else
		cli_print(6, "%s: %s", bits, condition);
}

static void print_cell(uint32_t id, const struct psvm_cell *cell)
{
	struct psvm_cell_name name = psvm_name_of_cell(id);

	cli_print(2, "%s: %s", name.name, name.words);
	for (size_t i = 0; i < PSVM_MOVES; i++)
		print_line(name.unit, &cell->move[i]);
}

static void print_moment(const struct psvm_rules *rules, uint32_t moment)
{
	bool titled = false;

	for (uint32_t id = 0; id < PSVM_CELL_COUNT; id++) {
		if (psvm_name_of_cell(id).moment != moment || is_empty(&rules->cell[id]))
			continue;
		if (!titled) {
			putchar('\n');
			cli_print(0, "%s (%s)", psvm_name_of_moment(moment),
				  psvm_words_of_moment(moment));
		}
		titled = true;
		print_cell(id, &rules->cell[id]);
	}
}

static void print_rules(uint32_t id)
{
	const struct psvm_rules *rules = psvm_rules_builtin(id);

	cli_print(0, "%s: %s", psvm_name_of_rule_set(id), psvm_words_of_rule_set(id));
	for (uint32_t moment = 0; moment < PSVM_MOMENT_COUNT; moment++)
		print_moment(rules, moment);
	putchar('\n');
	cli_print(0, "A cell that is not shown is empty. A feature is nested if it is "
		     "offered to L1, used by L0, and enabled in 12.");
}

static void print_list(void)
{
	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++)
		cli_print(0, "%-14s  %s", psvm_name_of_rule_set(id),
			  psvm_words_of_rule_set(id));
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *json_conditions(uint32_t bits)
{
	json_t *names = json_array();

	for (uint32_t i = 0; i < PSVM_C_COUNT; i++)
		if (bits >> i & 1)
			json_array_append_new(
				names, json_string(psvm_name_of_condition(i).name));
	return names;
}

static json_t *json_line(enum psvm_unit unit, const struct psvm_move *move)
{
	char bits[PSVM_WORDS_SIZE], condition[PSVM_WORDS_SIZE];

	(void)psvm_words_of_bits(bits, sizeof(bits), unit, move->bits);
	(void)psvm_words_of_condition(condition, sizeof(condition), move->on, move->off);
	return json_pack("{s:o, s:s, s:b, s:o, s:o, s:s}", "bits",
			 cli_json_hex(move->bits), "names", bits, "unless",
			 (move->on & PSVM_UNLESS) != 0, "on",
			 json_conditions(move->on & PSVM_C_ALL), "off",
			 json_conditions(move->off), "condition", condition);
}

static json_t *json_lines(enum psvm_unit unit, const struct psvm_cell *cell)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < PSVM_MOVES; i++)
		if (cell->move[i].bits)
			json_array_append_new(lines, json_line(unit, &cell->move[i]));
	return lines;
}

static json_t *json_cell(uint32_t id, const struct psvm_cell *cell)
{
	struct psvm_cell_name name = psvm_name_of_cell(id);

	return json_pack("{s:s, s:s, s:s, s:o}", "cell", name.name, "moment",
			 psvm_name_of_moment(name.moment), "words", name.words, "lines",
			 json_lines(name.unit, cell));
}

static json_t *json_cells(const struct psvm_rules *rules)
{
	json_t *cells = json_array();

	for (uint32_t id = 0; id < PSVM_CELL_COUNT; id++)
		if (!is_empty(&rules->cell[id]))
			json_array_append_new(cells, json_cell(id, &rules->cell[id]));
	return cells;
}

static json_t *json_rules(uint32_t id)
{
	return json_pack("{s:s, s:s, s:o}", "name", psvm_name_of_rule_set(id), "words",
			 psvm_words_of_rule_set(id), "cells",
			 json_cells(psvm_rules_builtin(id)));
}

static json_t *json_list(void)
{
	json_t *list = json_array();

	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name",
						      psvm_name_of_rule_set(id), "words",
						      psvm_words_of_rule_set(id)));
	return list;
}

/* --- the command --------------------------------------------------------- */

static bool show(const char *name, bool json)
{
	if (name && !cli_rules("rules", name))
		return false;
	if (json)
		return cli_print_json("rules",
				      name ? json_rules(psvm_rule_set_by_name(name))
					   : json_list());
	if (name)
		print_rules(psvm_rule_set_by_name(name));
	else
		print_list();
	return cli_flush("rules");
}

static int run(const void *options, const char **arguments)
{
	const int *json = options;

	return show(arguments[0], *json) ? CLI_OK : CLI_BAD;
}

int cmd_rules(int argc, const char **argv)
{
	int json = 0;
	const struct poptOption options[] = { CLI_JSON_OPTION(&json), CLI_HELP_OPTION,
					      POPT_TABLEEND };
	const struct cli_usage usage = {
		"rules",
		"[--json] [RULES]",
		"Without RULES: lists the rule sets. With RULES, the name of one: what "
		"it does with int_ctl at each moment, which bits and when.\n"
		"Exit status: 0, or 2 for a usage error.\n"
		"Example: psvm rules exact",
		options,
		0,
		1
	};

	return cli_command(&usage, argc, argv, run, &json);
}
