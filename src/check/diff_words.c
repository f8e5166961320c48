/* SPDX-License-Identifier: MIT */
/* Differences in words. */
#include "diff_space.h"

#include "text.h"
#include "rows.h"

#include <inttypes.h>

static const char *const vmcb_names[] = { "12", "02", "01" };

/* --- conditions ---------------------------------------------------------- */

static void add_variable(struct text *text, const struct psvm_diff_variable *variable,
			 bool one)
{
	struct psvm_condition_name name;
	char bits[PSVM_WORDS_SIZE];

	if (variable->condition >= 0) {
		name = psvm_name_of_condition((uint32_t)variable->condition);
		text_add(text, "%s", one ? name.yes : name.no);
		return;
	}
	(void)psvm_words_of_bits(bits, sizeof(bits), diff_field_units[variable->field],
				 PSVM_MASK64(variable->bit, 1));
	text_add(text, "%s in %s of %s = %d", bits, diff_field_names[variable->field],
		 vmcb_names[variable->vmcb], one);
}

size_t psvm_words_of_variable(char *buffer, size_t size,
			      const struct psvm_diff_variable *variable)
{
	struct text text = { buffer, size, 0 };

	add_variable(&text, variable, true);
	return text.length;
}

size_t psvm_words_of_term(char *buffer, size_t size, const struct psvm_diff_scope *scope,
			  struct psvm_diff_term term)
{
	struct text text = { buffer, size, 0 };

	for (size_t i = 0; i < scope->n_variables; i++) {
		if (!(term.mask >> i & 1))
			continue;
		text_separate(&text, " and ");
		add_variable(&text, &scope->variables[i], term.value >> i & 1);
	}
	if (!text.length)
		text_add(&text, "always");
	return text.length;
}

/* --- parts --------------------------------------------------------------- */

/* Exit codes that no intercept has, in the order in which they are tried. */
static const char *const other_exits[] = {
#define X(name, value, gate, section) #name,
	PSVM_EXIT_CODES(X)
#undef X
		"code 0c0h",
	"code 3ffh",
	"code 404h",
	"code ffffffffh",
	"code -5",
};

static void add_other_exits(struct text *text, uint64_t bits)
{
	const char *separator = "";

	for (size_t i = 0; i < N_ROWS(other_exits); i++) {
		if (!(bits >> i & 1))
			continue;
		text_add(text, "%s%s", separator, other_exits[i]);
		separator = ", ";
	}
}

size_t psvm_words_of_part(char *buffer, size_t size, const struct psvm_change_part *part)
{
	struct text text = { buffer, size, 0 };
	const struct psvm_output *output = &part->output;
	char bits[PSVM_WORDS_SIZE];

	text_add(&text, "%s", output->name);
	if (output->kind == PSVM_OUTPUT_EXITS && output->unit == PSVM_UNIT_FLAG) {
		text_add(&text, ": ");
		add_other_exits(&text, part->bits);
	} else if (output->kind != PSVM_OUTPUT_VALUE && output->unit != PSVM_UNIT_FLAG) {
		(void)psvm_words_of_bits(bits, sizeof(bits), output->unit, part->bits);
		text_add(&text, ": %s", bits);
	}
	return text.length;
}

/* --- what bits become ---------------------------------------------------- */

/* Functions of three bits, entry 12 + 2 * 02 + 4 * 01; %0 to %2 in the words
 * stand for the operands. */
static const struct function {
	uint8_t entries;
	uint8_t operands;
	const char *words;
} functions[] = {
	{ 0xaa, 1, "%0" },	     { 0xcc, 2, "%1" },	       { 0xf0, 4, "%2" },
	{ 0x88, 3, "%0 and %1" },    { 0xa0, 5, "%0 and %2" }, { 0xc0, 6, "%1 and %2" },
	{ 0xee, 3, "%0 or %1" },     { 0xfa, 5, "%0 or %2" },  { 0xfc, 6, "%1 or %2" },
	{ 0xfe, 7, "%0, %1 or %2" }, { 0x00, 0, "0" },	       { 0xff, 0, "1" },
};

/* Does an operand take both values where the function has been seen? */
static bool varies(uint8_t seen, unsigned int operand)
{
	static const uint8_t ones[3] = { 0xaa, 0xcc, 0xf0 };

	return (seen & ones[operand]) && (seen & ~ones[operand]);
}

static bool fits(const struct function *function, struct psvm_becomes b)
{
	for (unsigned int i = 0; i < 3; i++)
		if (function->operands >> i & 1 && !varies(b.seen, i))
			return false;
	return ((function->entries ^ b.ones) & b.seen) == 0;
}

static const struct function *find_function(struct psvm_becomes b)
{
	if (b.ones & b.zeros)
		return NULL;
	for (size_t i = 0; i < N_ROWS(functions); i++)
		if (fits(&functions[i], b))
			return &functions[i];
	return NULL;
}

static const char *operand_words(const struct psvm_output *output, unsigned int operand)
{
	static const char *const words[] = { "12's", "02's", "01's" };

	return operand == 2 && output->third ? output->third : words[operand];
}

/* The words of a function, with its operands. */
static void add_function(struct text *text, const struct psvm_output *output,
			 const char *words)
{
	for (; *words; words++) {
		if (*words == '%')
			text_add(text, "%s",
				 operand_words(output, (unsigned int)*++words - '0'));
		else
			text_add(text, "%c", *words);
	}
}

/* What 0 and 1 mean where they are not the bits of a word. */
static const char *constant_words(const struct psvm_output *output, bool one)
{
	static const char *const digits[] = { "0", "1" };

	return (output->values ? output->values : digits)[one];
}

static void add_becomes(struct text *text, const struct psvm_output *output,
			struct psvm_becomes becomes)
{
	const struct function *function = find_function(becomes);

	if (!function)
		text_add(text, "depends on more");
	else if (function->operands == 0)
		text_add(text, "%s", constant_words(output, function->entries));
	else if (output->vmcb < 3 && function->operands == 1U << output->vmcb)
		text_add(text, "%s, stays as it is", operand_words(output, output->vmcb));
	else
		add_function(text, output, function->words);
}

size_t psvm_words_of_becomes(char *buffer, size_t size,
			     const struct psvm_change_part *part, bool b)
{
	struct text text = { buffer, size, 0 };

	if (part->output.kind == PSVM_OUTPUT_VALUE)
		text_add(&text, "%s",
			 part->output.values[b ? part->value_b : part->value_a]);
	else
		add_becomes(&text, &part->output, b ? part->b : part->a);
	return text.length;
}

/* --- inputs -------------------------------------------------------------- */

static void add_word(struct text *text, const char *name, const char *vmcb, uint32_t unit,
		     uint64_t value)
{
	char bits[PSVM_WORDS_SIZE];

	if (!value)
		return;
	(void)psvm_words_of_value(bits, sizeof(bits), unit, value);
	text_separate(text, "; ");
	text_add(text, "%s of %s: %s", name, vmcb, bits);
}

static void add_words(struct text *text, const struct psvm_nested *n)
{
	for (unsigned int vmcb = 0; vmcb < 3; vmcb++)
		for (unsigned int field = 0; field < PSVM_DIFF_FIELDS; field++)
			add_word(text, diff_field_names[field], vmcb_names[vmcb],
				 diff_field_units[field], diff_word(n, vmcb, field));
}

/* Word 00Ch is among the words already. */
static void add_intercepts(struct text *text, const char *vmcb,
			   const struct psvm_intercepts *i)
{
	static const struct {
		const char *name;
		uint8_t unit;
	} rows[] = {
#define X(name, number, offset) { "intercepts " offset, PSVM_UNIT_##name },
		PSVM_INTERCEPT_WORDS(X)
#undef X
	};

	for (size_t k = 0; k < N_ROWS(rows); k++)
		if (rows[k].unit != PSVM_UNIT_MISC1)
			add_word(text, rows[k].name, vmcb, rows[k].unit, i->word[k]);
}

static void add_facts(struct text *text, const struct psvm_nested *n)
{
	for (uint32_t i = 0; i < PSVM_C_FACT_COUNT; i++) {
		if (!(n->facts >> i & 1))
			continue;
		text_separate(text, "; ");
		text_add(text, "%s", psvm_name_of_condition(i).yes);
	}
	if (n->nmis) {
		text_separate(text, "; ");
		text_add(text, "NMIs queued: %u", n->nmis);
	}
	if (n->vector) {
		text_separate(text, "; ");
		text_add(text, "waiting interrupt: vector 0x%02x", n->vector);
	}
	if (n->external) {
		text_separate(text, "; ");
		text_add(text, "it is not from L1's local APIC");
	}
}

size_t psvm_words_of_input(char *buffer, size_t size, const struct psvm_diff_input *input)
{
	struct text text = { buffer, size, 0 };

	add_words(&text, &input->nested);
	add_intercepts(&text, "12", &input->i12);
	add_intercepts(&text, "01", &input->i01);
	add_facts(&text, &input->nested);
	if (!text.length)
		text_add(&text, "all zero");
	return text.length;
}

/* --- initializers -------------------------------------------------------- */

static void add_members(struct text *text, const struct psvm_nested *n, unsigned int vmcb)
{
	const char *separator = "";

	for (unsigned int field = 0; field < PSVM_DIFF_FIELDS; field++) {
		uint64_t value = diff_word(n, vmcb, field);

		if (!value)
			continue;
		text_add(text, "%s.%s = 0x%" PRIx64, separator, diff_field_names[field],
			 value);
		separator = ", ";
	}
}

static bool is_zero(const struct psvm_nested *n, unsigned int vmcb)
{
	uint64_t bits = 0;

	for (unsigned int field = 0; field < PSVM_DIFF_FIELDS; field++)
		bits |= diff_word(n, vmcb, field);
	return bits == 0;
}

static void add_fact_names(struct text *text, uint32_t facts)
{
	const char *separator = "";

	for (uint32_t i = 0; i < PSVM_C_FACT_COUNT; i++) {
		if (!(facts >> i & 1))
			continue;
		text_add(text, "%sPSVM_C(%s)", separator, psvm_name_of_condition(i).name);
		separator = " | ";
	}
}

static void add_number(struct text *text, const char *name, unsigned int value)
{
	if (!value)
		return;
	text_separate(text, ", ");
	text_add(text, ".%s = %u", name, value);
}

size_t psvm_initializer_of_intercepts(char *buffer, size_t size,
				      const struct psvm_intercepts *intercepts)
{
	struct text text = { buffer, size, 0 };

	text_add(&text, "{ ");
	for (size_t i = 0; i < N_ROWS(intercepts->word); i++)
		text_add(&text, "%s0x%" PRIx32, i ? ", " : "", intercepts->word[i]);
	text_add(&text, " }");
	return text.length;
}

size_t psvm_initializer_of_input(char *buffer, size_t size, const struct psvm_nested *n)
{
	static const char *const members[] = { ".v12", ".v02", ".v01" };
	struct text text = { buffer, size, 0 };

	for (unsigned int vmcb = 0; vmcb < 3; vmcb++) {
		if (is_zero(n, vmcb))
			continue;
		text_separate(&text, ", ");
		text_add(&text, "%s = { ", members[vmcb]);
		add_members(&text, n, vmcb);
		text_add(&text, " }");
	}
	if (n->facts) {
		text_separate(&text, ", ");
		text_add(&text, ".facts = ");
		add_fact_names(&text, n->facts);
	}
	add_number(&text, "nmis", n->nmis);
	add_number(&text, "vector", n->vector);
	add_number(&text, "external", n->external);
	if (!text.length)
		text_add(&text, "0");
	return text.length;
}
