/* SPDX-License-Identifier: MIT */
#define PSVM_EXTERN
#include "psvm/names.h"

#include "psvm/rule_sets.h"

#include "text.h"
#include "rows.h"

#include <inttypes.h>
#include <string.h>

/* --- cells and moments --------------------------------------------------- */

#define CELL(moment, name, unit, words) \
	{ #name, words, PSVM_MOMENT_##moment, PSVM_UNIT_##unit },

/* clang-format off */
static const struct psvm_cell_name cell_names[] = {
#define X(name, unit, to, from, words) CELL(SNAPSHOT, name, unit, words)
	PSVM_CELLS_SNAPSHOT(X)
#undef X
#define X(name, unit, to, from, words) CELL(ENTER, name, unit, words)
	PSVM_CELLS_ENTER(X)
#undef X
#define X(name, unit, to, from, words) CELL(MERGE, name, unit, words)
	PSVM_CELLS_MERGE(X)
#undef X
#define X(name, unit, to, from, words) CELL(WINDOW, name, unit, words)
	PSVM_CELLS_WINDOW(X)
#undef X
#define X(name, unit, to, from, words) CELL(CLOSE, name, unit, words)
	PSVM_CELLS_CLOSE(X)
#undef X
#define X(name, unit, to, from, words) CELL(HANDBACK, name, unit, words)
	PSVM_CELLS_HANDBACK(X)
#undef X
#define X(name, unit, to, from, words) CELL(REFRESH, name, unit, words)
	PSVM_CELLS_REFRESH(X)
#undef X
#define X(name, unit, to, from, words) CELL(ROUTE, name, unit, words)
	PSVM_CELLS_ROUTE(X)
#undef X
#define X(name, unit, to, from, words) CELL(ARRIVE, name, unit, words)
	PSVM_CELLS_ARRIVE(X)
#undef X
#define X(name, unit, to, from, words) CELL(OTHER, name, unit, words)
	PSVM_CELLS_OTHER(X)
#undef X
};
/* clang-format on */
PSVM_STATIC_ASSERT(N_ROWS(cell_names) == PSVM_CELL_COUNT, "a cell has no name");

struct psvm_cell_name psvm_name_of_cell(uint32_t cell)
{
	static const struct psvm_cell_name none = { "?", "?", PSVM_MOMENT_OTHER,
						    PSVM_UNIT_FLAG };

	return cell < PSVM_CELL_COUNT ? cell_names[cell] : none;
}

static const char *const moment_names[][2] = {
#define X(name, title, words) { title, words },
	PSVM_MOMENTS(X)
#undef X
};

const char *psvm_name_of_moment(uint32_t moment)
{
	return moment < PSVM_MOMENT_COUNT ? moment_names[moment][0] : "?";
}

const char *psvm_words_of_moment(uint32_t moment)
{
	return moment < PSVM_MOMENT_COUNT ? moment_names[moment][1] : "?";
}

/* --- conditions ---------------------------------------------------------- */

/* The core's words name a condition; a sentence needs what it says either way.
 * A condition without a row here does not compile. */
#define YES_L1_IF	      "L1's RFLAGS.IF at VMRUN = 1"
#define NO_L1_IF	      "L1's RFLAGS.IF at VMRUN = 0"
#define YES_L1_GIF	      "L1's GIF = 1"
#define NO_L1_GIF	      "L1's GIF = 0"
#define YES_PENDING	      "an interrupt, NMI, SMI or INIT is pending for L1"
#define NO_PENDING	      "no interrupt, NMI, SMI or INIT is pending for L1"
#define YES_CHECKS_FAILED     "VMRUN's other consistency checks refuse 12"
#define NO_CHECKS_FAILED      "VMRUN's other consistency checks accept 12"
#define YES_CLEAN_TPR_12      "clean bit TPR of 12 = 1"
#define NO_CLEAN_TPR_12	      "clean bit TPR of 12 = 0"
#define YES_MOVED_12	      "vmcb12 is at another address than at the last VMRUN"
#define NO_MOVED_12	      "vmcb12 is at the same address as at the last VMRUN"
#define YES_VMRUN_PENDING     "the emulated VMRUN has not run on the processor yet"
#define NO_VMRUN_PENDING      "the emulated VMRUN has run on the processor"
#define YES_DEFERRED	      "L0 deferred this #VMEXIT"
#define NO_DEFERRED	      "L0 did not defer this #VMEXIT"
#define YES_L2_IF	      "L2's RFLAGS.IF = 1"
#define NO_L2_IF	      "L2's RFLAGS.IF = 0"
#define YES_L2_SHADOW	      "L2 is in an interrupt shadow"
#define NO_L2_SHADOW	      "L2 is not in an interrupt shadow"
#define YES_TPR_MASKS	      "L1's TPR masks its highest pending interrupt"
#define NO_TPR_MASKS	      "L1's TPR does not mask its highest pending interrupt"
#define YES_CR8_WRITE_02      "CR8 writes intercepted in 02"
#define NO_CR8_WRITE_02	      "CR8 writes not intercepted in 02"
#define YES_OFFER_VGIF	      "vGIF is offered to L1"
#define NO_OFFER_VGIF	      "vGIF is not offered to L1"
#define YES_OFFER_VNMI	      "vNMI is offered to L1"
#define NO_OFFER_VNMI	      "vNMI is not offered to L1"
#define YES_HOST_VGIF	      "L0 uses vGIF for L1"
#define NO_HOST_VGIF	      "L0 does not use vGIF for L1"
#define YES_HOST_VNMI	      "L0 uses vNMI for L1"
#define NO_HOST_VNMI	      "L0 does not use vNMI for L1"
#define YES_NESTED_VGIF	      "vGIF is nested"
#define NO_NESTED_VGIF	      "vGIF is not nested"
#define YES_NESTED_VNMI	      "vNMI is nested"
#define NO_NESTED_VNMI	      "vNMI is not nested"
#define YES_V_INTR_MASKING_12 "V_INTR_MASKING of 12 = 1"
#define NO_V_INTR_MASKING_12  "V_INTR_MASKING of 12 = 0"
#define YES_V_NMI_ENABLE_12   "V_NMI_ENABLE of 12 = 1"
#define NO_V_NMI_ENABLE_12    "V_NMI_ENABLE of 12 = 0"
#define YES_VINTR_01	      "VINTR intercepted in 01"
#define NO_VINTR_01	      "VINTR not intercepted in 01"
#define YES_VINTR_02	      "VINTR intercepted in 02"
#define NO_VINTR_02	      "VINTR not intercepted in 02"
#define YES_VINTR_12	      "VINTR intercepted in 12"
#define NO_VINTR_12	      "VINTR not intercepted in 12"
#define YES_INTR_12	      "INTR intercepted in 12"
#define NO_INTR_12	      "INTR not intercepted in 12"
#define YES_NMI_12	      "NMI intercepted in 12"
#define NO_NMI_12	      "NMI not intercepted in 12"
#define YES_HLT_12	      "HLT intercepted in 12"
#define NO_HLT_12	      "HLT not intercepted in 12"
#define YES_V_IRQ_02	      "V_IRQ of 02 = 1"
#define NO_V_IRQ_02	      "V_IRQ of 02 = 0"
#define YES_V_IRQ_12	      "V_IRQ of 12 = 1"
#define NO_V_IRQ_12	      "V_IRQ of 12 = 0"
#define YES_V_NMI_01	      "V_NMI of 01 = 1"
#define NO_V_NMI_01	      "V_NMI of 01 = 0"
#define YES_V_GIF_ENABLE_02   "V_GIF_ENABLE of 02 = 1"
#define NO_V_GIF_ENABLE_02    "V_GIF_ENABLE of 02 = 0"
#define YES_NMI_QUEUED	      "L0 has an NMI for L1 queued"
#define NO_NMI_QUEUED	      "L0 has no NMI for L1 queued"

enum { IS_FACT = true, IS_WORD = false };

static const struct psvm_condition_name condition_names[] = {
#define X(name, bit, source, words) [bit] = { #name, YES_##name, NO_##name, IS_##source },
	PSVM_CONDITIONS(X)
#undef X
};

struct psvm_condition_name psvm_name_of_condition(uint32_t bit)
{
	static const struct psvm_condition_name none = { "?", "?", "?", false };

	return bit < PSVM_C_COUNT ? condition_names[bit] : none;
}

static void add_condition(struct text *text, const char *and, uint32_t bit, bool holds)
{
	struct psvm_condition_name name = psvm_name_of_condition(bit);

	text_add(text, "%s%s", and, holds ? name.yes : name.no);
}

size_t psvm_words_of_condition(char *buffer, size_t size, uint32_t on, uint32_t off)
{
	struct text text = { buffer, size, 0 };
	uint32_t bits = on & PSVM_C_ALL;
	const char *and = on & PSVM_UNLESS ? "unless " : "if ";

	if ((bits | off) == 0)
		text_add(&text, on & PSVM_UNLESS ? "never" : "always");
	for (uint32_t i = 0; i < PSVM_C_COUNT; i++) {
		if (!((bits | off) >> i & 1))
			continue;
		add_condition(&text, and, i, bits >> i & 1);
		and = " and ";
	}
	return text.length;
}

/* --- bits ---------------------------------------------------------------- */

#define BIT_OF_060H(name, kvm, shift, width, writer, gate, ignored, section) \
	{ #name, shift, width },
#define BIT_OF_WORD(name, shift, width, gate, section) { #name, shift, width },
#define BIT_IN_WORDS(name, bit, words)		       { words, bit, 1 },

static const struct psvm_bits_name int_ctl_names[] = { PSVM_INT_CTL_BITS(BIT_OF_060H) };
static const struct psvm_bits_name int_state_names[] = { PSVM_INT_STATE_BITS(
	BIT_OF_WORD) };
static const struct psvm_bits_name event_names[] = { PSVM_EVENT_BITS(BIT_OF_WORD) };
static const struct psvm_bits_name tlb_control_names[] = { { "TLB_CONTROL", 0, 8 } };
static const struct psvm_bits_name cr_names[] = { PSVM_INTERCEPT_CR_BITS(BIT_OF_WORD) };
static const struct psvm_bits_name dr_names[] = { PSVM_INTERCEPT_DR_BITS(BIT_OF_WORD) };
static const struct psvm_bits_name exception_names[] = { PSVM_INTERCEPT_EXCEPTION_BITS(
	BIT_OF_WORD) };
static const struct psvm_bits_name misc1_names[] = { PSVM_INTERCEPT_MISC1_BITS(
	BIT_OF_WORD) };
static const struct psvm_bits_name misc2_names[] = { PSVM_INTERCEPT_MISC2_BITS(
	BIT_OF_WORD) };
static const struct psvm_bits_name misc3_names[] = { PSVM_INTERCEPT_MISC3_BITS(
	BIT_OF_WORD) };
static const struct psvm_bits_name field_names[] = { PSVM_FIELDS(BIT_IN_WORDS) };
static const struct psvm_bits_name request_names[] = { PSVM_REQUESTS(BIT_IN_WORDS) };
static const struct psvm_bits_name class_names[] = { PSVM_CLASSES(BIT_IN_WORDS) };
static const struct psvm_bits_name wake_names[] = { PSVM_WAKES(BIT_IN_WORDS) };
static const struct psvm_bits_name word_names[] = { PSVM_INTERCEPT_WORDS(BIT_IN_WORDS) };
static const struct psvm_bits_name flag_names[] = { { "yes", 0, 1 } };
static const struct psvm_bits_name clean_names[] = { PSVM_CLEAN_BITS(BIT_OF_WORD) };

/* all: what the unit's word holds when it is full. */
static const struct unit_row {
	const struct psvm_bits_name *names;
	size_t count;
	uint64_t all;
} unit_rows[] = {
#define UNIT(names, all) \
	{ \
		names, N_ROWS(names), all \
	}
	[PSVM_UNIT_INT_CTL] = UNIT(int_ctl_names, UINT64_MAX),
	[PSVM_UNIT_INT_STATE] = UNIT(int_state_names, UINT64_MAX),
	[PSVM_UNIT_EVENT_INJ] = UNIT(event_names, UINT64_MAX),
	[PSVM_UNIT_TLB_CONTROL] = UNIT(tlb_control_names, UINT8_MAX),
	[PSVM_UNIT_CR] = UNIT(cr_names, UINT32_MAX),
	[PSVM_UNIT_DR] = UNIT(dr_names, UINT32_MAX),
	[PSVM_UNIT_EXCEPTIONS] = UNIT(exception_names, UINT32_MAX),
	[PSVM_UNIT_MISC1] = UNIT(misc1_names, UINT32_MAX),
	[PSVM_UNIT_MISC2] = UNIT(misc2_names, UINT32_MAX),
	[PSVM_UNIT_MISC3] = UNIT(misc3_names, UINT32_MAX),
	[PSVM_UNIT_FIELDS] = UNIT(field_names, 0),
	[PSVM_UNIT_REQUESTS] = UNIT(request_names, 0),
	[PSVM_UNIT_CLASSES] = UNIT(class_names, 0),
	[PSVM_UNIT_WAKES] = UNIT(wake_names, 0),
	[PSVM_UNIT_WORDS] = UNIT(word_names, PSVM_WORDS_ALL),
	[PSVM_UNIT_FLAG] = UNIT(flag_names, 0),
	[PSVM_UNIT_CLEAN] = UNIT(clean_names, 0),
#undef UNIT
};
PSVM_STATIC_ASSERT(N_ROWS(unit_rows) == PSVM_UNIT_COUNT, "a unit has no names");

const struct psvm_bits_name *psvm_names_of_unit(uint32_t unit, size_t *count)
{
	const struct unit_row *row =
		&unit_rows[unit < PSVM_UNIT_COUNT ? unit : PSVM_UNIT_FLAG];

	*count = row->count;
	return row->names;
}

/* The run of ones that begins at the lowest bit of bits, which is not zero. */
static struct psvm_bits_name lowest_run(uint64_t bits)
{
	struct psvm_bits_name run = { "bit", 0, 0 };

	while (!(bits >> run.shift & 1))
		run.shift++;
	while (run.shift + run.width < 64 && (bits >> (run.shift + run.width) & 1))
		run.width++;
	return run;
}

/* Runs of bits of a named field, numbered from its lowest bit. */
static void add_part(struct text *text, const struct psvm_bits_name *name, uint64_t bits)
{
	while (bits) {
		struct psvm_bits_name run = lowest_run(bits);
		unsigned int low = run.shift - name->shift;

		text_separate(text, ", ");
		if (run.width == name->width)
			text_add(text, "%s", name->name);
		else if (run.width == 1)
			text_add(text, "%s[%u]", name->name, low);
		else
			text_add(text, "%s[%u:%u]", name->name, low + run.width - 1, low);
		bits &= ~PSVM_MASK64(run.shift, run.width);
	}
}

static void add_nameless(struct text *text, uint64_t bits)
{
	while (bits) {
		struct psvm_bits_name run = lowest_run(bits);

		text_separate(text, ", ");
		if (run.width == 1)
			text_add(text, "bit %u", run.shift);
		else
			text_add(text, "bits %u:%u", run.shift + run.width - 1,
				 run.shift);
		bits &= ~PSVM_MASK64(run.shift, run.width);
	}
}

static void add_bits(struct text *text, uint32_t unit, uint64_t bits)
{
	size_t count;
	const struct psvm_bits_name *names = psvm_names_of_unit(unit, &count);

	for (size_t i = 0; i < count; i++) {
		uint64_t mask = PSVM_MASK64(names[i].shift, names[i].width);

		add_part(text, &names[i], bits & mask);
		bits &= ~mask;
	}
	add_nameless(text, bits);
}

static unsigned int count_bits(uint64_t bits)
{
	unsigned int count = 0;

	for (; bits; bits &= bits - 1)
		count++;
	return count;
}

/* The rest of a nearly full word is shorter to say. */
static bool nearly_all(uint64_t bits, uint64_t all)
{
	return 4 * count_bits(all & ~bits) < count_bits(all);
}

size_t psvm_words_of_bits(char *buffer, size_t size, uint32_t unit, uint64_t bits)
{
	struct text text = { buffer, size, 0 };
	struct text rest;
	uint64_t all = unit < PSVM_UNIT_COUNT ? unit_rows[unit].all : 0;

	if (nearly_all(bits, all)) {
		text_add(&text, bits == all ? "all" : "all but ");
		bits = all & ~bits;
	} else if (bits == 0) {
		text_add(&text, "none");
	}
	rest = text_rest(&text);
	add_bits(&rest, unit, bits);
	return text.length + rest.length;
}

size_t psvm_words_of_value(char *buffer, size_t size, uint32_t unit, uint64_t value)
{
	struct text text = { buffer, size, 0 };
	size_t count;
	const struct psvm_bits_name *names = psvm_names_of_unit(unit, &count);

	for (size_t i = 0; i < count; i++) {
		uint64_t mask = PSVM_MASK64(names[i].shift, names[i].width);

		if (!(value & mask))
			continue;
		text_separate(&text, " ");
		text_add(&text, "%s", names[i].name);
		if (names[i].width > 1)
			text_add(&text, "=0x%" PRIx64, (value & mask) >> names[i].shift);
		value &= ~mask;
	}
	if (value) {
		text_separate(&text, " ");
		text_add(&text, "0x%" PRIx64, value);
	}
	if (!text.length)
		text_add(&text, "0");
	return text.length;
}

/* --- statuses ------------------------------------------------------------ */

const char *psvm_name_of_code(uint32_t code)
{
	static const char *const names[] = {
		[PSVM_OK] = "PSVM_OK",
		[PSVM_E_RULES] = "PSVM_E_RULES",
		[PSVM_E_FACT] = "PSVM_E_FACT",
		[PSVM_E_NULL] = "PSVM_E_NULL",
	};

	return code < N_ROWS(names) ? names[code] : "?";
}

static const char *where_words(uint32_t where)
{
	static const char *const words[] = {
		"the size of the rule set",
		"the reserved member of the rule set",
		"the facts",
		"the rule set",
		"the number of the cell",
		"the place for the bits",
		"the pages",
		"vmcb01",
		"vmcb02",
		"vmcb12",
		"the snapshot",
	};
	PSVM_STATIC_ASSERT(N_ROWS(words) == PSVM_AT_END - PSVM_AT_SIZE,
			   "a place has no words");

	if (where < PSVM_CELL_COUNT)
		return cell_names[where].name;
	return where < PSVM_AT_END ? words[where - PSVM_AT_SIZE] : "?";
}

static void add_bad_fact(struct text *text, uint32_t bit)
{
	struct psvm_condition_name name = psvm_name_of_condition(bit);

	text_separate(text, "; ");
	if (PSVM_MASK32(bit, 1) & (PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI)))
		text_add(text, "fact %s: %s, but L0 does not use it", name.name,
			 name.yes);
	else
		text_add(text, "bit %u (%s) is not a fact", bit, name.name);
}

static void add_status(struct text *text, struct psvm_status status)
{
	if (status.code == PSVM_OK)
		text_add(text, "fine");
	else if (status.code == PSVM_E_NULL)
		text_add(text, "%s: a null pointer", where_words(status.where));
	else if (status.code == PSVM_E_FACT)
		for (uint32_t i = 0; i < 32; i++)
			if (status.bits >> i & 1)
				add_bad_fact(text, i);
	if (status.code == PSVM_E_RULES)
		text_add(text, "%s: 0x%" PRIx64 " makes no sense",
			 where_words(status.where), status.bits);
}

size_t psvm_words_of_status(char *buffer, size_t size, struct psvm_status status)
{
	struct text text = { buffer, size, 0 };

	add_status(&text, status);
	return text.length;
}

/* --- rule sets ----------------------------------------------------------- */

static const char *const rule_set_names[][2] = {
#define X(name, identifier, words) { name, words },
	PSVM_RULE_SETS(X)
#undef X
};

const char *psvm_name_of_rule_set(uint32_t id)
{
	return id < PSVM_RULE_SET_COUNT ? rule_set_names[id][0] : "?";
}

const char *psvm_words_of_rule_set(uint32_t id)
{
	return id < PSVM_RULE_SET_COUNT ? rule_set_names[id][1] : "?";
}

uint32_t psvm_rule_set_by_name(const char *name)
{
	uint32_t id = 0;

	while (id < PSVM_RULE_SET_COUNT && strcmp(name, rule_set_names[id][0]) != 0)
		id++;
	return id;
}

const struct psvm_rules *psvm_rules_by_name(const char *name)
{
	return psvm_rules_builtin(psvm_rule_set_by_name(name));
}
