/* SPDX-License-Identifier: MIT */
/* Names, bits, conditions, values and errors, in words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define PSVM_EXTERN
#include "psvm/diff.h"
#include "psvm/rule_sets.h"

#include "rows.h"

#include <stdio.h>
#include <string.h>

enum { TEXT = 4 * PSVM_WORDS_SIZE };

static void test_names(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < PSVM_CELL_COUNT; i++)
		assert_true(psvm_name_of_cell(i).name[0] != '?');
	for (uint32_t i = 0; i < PSVM_C_COUNT; i++)
		assert_string_not_equal(psvm_name_of_condition(i).yes,
					psvm_name_of_condition(i).no);
	assert_string_equal(psvm_name_of_cell(PSVM_CELL_COUNT).name, "?");
	assert_string_equal(psvm_name_of_condition(PSVM_C_COUNT).name, "?");
	assert_string_equal(psvm_name_of_moment(PSVM_MOMENT_COUNT), "?");
	assert_string_equal(psvm_words_of_moment(PSVM_MOMENT_COUNT), "?");
	assert_string_equal(psvm_name_of_rule_set(PSVM_RULE_SET_COUNT), "?");
	assert_string_equal(psvm_words_of_rule_set(PSVM_RULE_SET_COUNT), "?");
	assert_string_equal(psvm_name_of_code(PSVM_OK), "PSVM_OK");
	assert_string_equal(psvm_name_of_code(PSVM_E_NULL), "PSVM_E_NULL");
	assert_string_equal(psvm_name_of_code(PSVM_E_NULL + 1), "?");
	assert_null(psvm_rules_by_name("linux-6.1 "));
	assert_ptr_equal(psvm_rules_by_name("xen"),
			 psvm_rules_builtin(PSVM_RULE_SET_xen));
}

struct bits_row {
	const char *name;
	uint32_t unit;
	uint64_t bits;
	const char *expected;
};

static struct bits_row bits_rows[] = {
	{ "no bits", PSVM_UNIT_INT_CTL, 0, "none" },
	{ "fields", PSVM_UNIT_INT_CTL, 0x310, "V_TPR_7_4[0], V_IRQ, V_GIF" },
	{ "parts of fields", PSVM_UNIT_INT_CTL, 0x0000000f00050000,
	  "V_INTR_PRIO[0], V_INTR_PRIO[2], V_INTR_VECTOR[3:0]" },
	{ "all bits", PSVM_UNIT_INT_CTL, UINT64_MAX, "all" },
	{ "all but a few", PSVM_UNIT_INT_CTL, ~PSVM_V_INTR_MASKING,
	  "all but V_INTR_MASKING" },
	{ "bits without a name", PSVM_UNIT_EVENT_INJ, 0x7ffff000, "bits 30:12" },
	{ "a bit without a name", PSVM_UNIT_MISC3, 0x81, "INVLPGB, bit 7" },
	{ "words", PSVM_UNIT_WORDS, PSVM_WORDS_ALL, "all" },
	{ "requests", PSVM_UNIT_REQUESTS, 3, "event, implicit event" },
	{ "clean bits", PSVM_UNIT_CLEAN, 9, "I, TPR" },
	{ "unknown unit", PSVM_UNIT_COUNT, 1, "yes" },
};

static void test_bits(void **state)
{
	const struct bits_row *row = *state;
	char text[PSVM_WORDS_SIZE], cut[4];
	size_t length = psvm_words_of_bits(text, sizeof(text), row->unit, row->bits);

	assert_string_equal(text, row->expected);
	assert_int_equal(length, strlen(text));
	assert_int_equal(psvm_words_of_bits(cut, sizeof(cut), row->unit, row->bits),
			 length);
	assert_memory_equal(cut, text, sizeof(cut) - 1);
	assert_int_equal(psvm_words_of_bits(NULL, 0, row->unit, row->bits), length);
}

static void test_input(void **state)
{
	struct psvm_diff_input input;
	char text[TEXT];

	(void)state;
	memset(&input, 0, sizeof(input));
	(void)psvm_words_of_input(text, sizeof(text), &input);
	assert_string_equal(text, "all zero");
	(void)psvm_initializer_of_input(text, sizeof(text), &input.nested);
	assert_string_equal(text, "0");
	input.nested.v02.event_inj = 0x80000220;
	input.nested.v01.tlb_control = 3;
	input.nested.facts = PSVM_C(L2_IF) | PSVM_C(DEFERRED);
	input.nested.nmis = 2;
	input.nested.vector = 0x61;
	input.nested.external = 1;
	input.i01.word[4] = 2;
	(void)psvm_words_of_input(text, sizeof(text), &input);
	assert_string_equal(text,
			    "event_inj of 02: VECTOR=0x20 TYPE=0x2 V; tlb_control of 01: "
			    "TLB_CONTROL=0x3; intercepts 010h of 01: VMMCALL; L0 "
			    "deferred this #VMEXIT; L2's RFLAGS.IF = 1; NMIs queued: 2; "
			    "waiting interrupt: vector 0x61; it is not from L1's local "
			    "APIC");
	(void)psvm_initializer_of_input(text, sizeof(text), &input.nested);
	assert_string_equal(
		text, ".v02 = { .event_inj = 0x80000220 }, .v01 = { .tlb_control = "
		      "0x3 }, .facts = PSVM_C(DEFERRED) | PSVM_C(L2_IF), .nmis = 2, "
		      ".vector = 97, .external = 1");
	(void)psvm_initializer_of_intercepts(text, sizeof(text), &input.i01);
	assert_string_equal(text, "{ 0x0, 0x0, 0x0, 0x0, 0x2, 0x0 }");
}

static void test_values(void **state)
{
	char text[PSVM_WORDS_SIZE];

	(void)state;
	(void)psvm_words_of_value(text, sizeof(text), PSVM_UNIT_INT_CTL, 0x71070100);
	assert_string_equal(text, "V_IRQ V_INTR_PRIO=0x7 V_INTR_MASKING RSVD_29_27=0x6 "
				  "X2AVIC_ENABLE");
	(void)psvm_words_of_value(text, sizeof(text), PSVM_UNIT_MISC3, 0x81);
	assert_string_equal(text, "INVLPGB 0x80");
	(void)psvm_words_of_value(text, sizeof(text), PSVM_UNIT_INT_CTL, 0);
	assert_string_equal(text, "0");
}

struct condition_row {
	const char *name;
	uint32_t on, off;
	const char *expected;
};

static struct condition_row condition_rows[] = {
	{ "always", 0, 0, "always" },
	{ "never", PSVM_UNLESS, 0, "never" },
	{ "if", PSVM_C(L1_IF), PSVM_C(V_IRQ_12),
	  "if L1's RFLAGS.IF at VMRUN = 1 and V_IRQ of 12 = 0" },
	{ "unless", PSVM_UNLESS | PSVM_C(VINTR_02), PSVM_C(VINTR_12),
	  "unless VINTR intercepted in 02 and VINTR not intercepted in 12" },
};

static void test_condition(void **state)
{
	const struct condition_row *row = *state;
	char text[PSVM_WORDS_SIZE];

	(void)psvm_words_of_condition(text, sizeof(text), row->on, row->off);
	assert_string_equal(text, row->expected);
}

struct status_row {
	const char *name;
	struct psvm_status status;
	const char *expected;
};

static struct status_row status_rows[] = {
	{ "fine", { PSVM_OK, 0, 0 }, "fine" },
	{ "offered, not used",
	  { PSVM_E_FACT, PSVM_AT_FACTS, PSVM_C(OFFER_VNMI) },
	  "fact OFFER_VNMI: vNMI is offered to L1, but L0 does not use it" },
	{ "not facts",
	  { PSVM_E_FACT, PSVM_AT_FACTS, PSVM_C(V_IRQ_02) | UINT32_C(1) << 31 },
	  "bit 26 (V_IRQ_02) is not a fact; bit 31 (?) is not a fact" },
	{ "null", { PSVM_E_NULL, PSVM_AT_SNAPSHOT, 0 }, "the snapshot: a null pointer" },
	{ "bad cell",
	  { PSVM_E_RULES, PSVM_CELL_OPEN, 0x40 },
	  "OPEN: 0x40 makes no sense" },
	{ "bad size",
	  { PSVM_E_RULES, PSVM_AT_SIZE, 7 },
	  "the size of the rule set: 0x7 makes no sense" },
	{ "bad place", { PSVM_E_NULL, PSVM_AT_END, 0 }, "?: a null pointer" },
};

static void test_status(void **state)
{
	const struct status_row *row = *state;
	char text[PSVM_WORDS_SIZE];

	(void)psvm_words_of_status(text, sizeof(text), row->status);
	assert_string_equal(text, row->expected);
}

#define ADD_ROWS(rows, test) \
	for (size_t i = 0; i < N_ROWS(rows); i++) \
	tests[n++] = (struct CMUnitTest){ (rows)[i].name, test, NULL, NULL, &(rows)[i] }

int main(void)
{
	struct CMUnitTest tests[3 + N_ROWS(bits_rows) + N_ROWS(condition_rows) +
				N_ROWS(status_rows)] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_input),
	};
	size_t n = 3;

	ADD_ROWS(bits_rows, test_bits);
	ADD_ROWS(condition_rows, test_condition);
	ADD_ROWS(status_rows, test_status);
	return _cmocka_run_group_tests("names", tests, n, NULL, NULL) != 0;
}
