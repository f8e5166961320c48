/* SPDX-License-Identifier: MIT */
/*
 * The numbers of the interface: what programs pass, store and compare, and what other
 * languages have to know. They are written down here a second time, because a change of
 * one is a change of the ABI, and because two rows of a table must not share a bit.
 */
#define PSVM_EXTERN
#include "check.h"

#include "psvm/cpu.h"
#include "psvm/nested.h"
#include "psvm/version.h"

#include <stdio.h>

struct number {
	const char *name;
	uint64_t value, expected;
};

#define NUMBER(name, expected)	  { #name, name, expected }
#define BIT(name, bit)		  { #name, name, UINT64_C(1) << (bit) }
#define CONDITION(name, bit)	  { "condition " #name, PSVM_C(name), UINT64_C(1) << (bit) }
#define MODEL(name, bit)	  { "model " #name, PSVM_CPU(name), UINT64_C(1) << (bit) }
#define CPU_FLAG(name, bit)	  { "flag " #name, PSVM_CPU_F(name), UINT64_C(1) << (bit) }

static const struct number numbers[] = {
	NUMBER(PSVM_MASK64(0, 64), UINT64_MAX), BIT(PSVM_MASK64(63, 1), 63),
	NUMBER(PSVM_MASK64(8, 4), 0xf00), NUMBER(PSVM_MASK32(0, 32), UINT32_MAX),
	BIT(PSVM_MASK32(31, 1), 31), NUMBER(PSVM_MASK32(8, 4), 0xf00),

	CONDITION(L1_IF, 0), CONDITION(L1_GIF, 1), CONDITION(PENDING, 2),
	CONDITION(CHECKS_FAILED, 3), CONDITION(CLEAN_TPR_12, 4), CONDITION(MOVED_12, 5),
	CONDITION(VMRUN_PENDING, 6), CONDITION(DEFERRED, 7), CONDITION(L2_IF, 8),
	CONDITION(L2_SHADOW, 9), CONDITION(TPR_MASKS, 10), CONDITION(CR8_WRITE_02, 11),
	CONDITION(OFFER_VGIF, 12), CONDITION(OFFER_VNMI, 13), CONDITION(HOST_VGIF, 14),
	CONDITION(HOST_VNMI, 15), CONDITION(NESTED_VGIF, 16), CONDITION(NESTED_VNMI, 17),
	CONDITION(V_INTR_MASKING_12, 18), CONDITION(V_NMI_ENABLE_12, 19),
	CONDITION(VINTR_01, 20), CONDITION(VINTR_02, 21), CONDITION(VINTR_12, 22),
	CONDITION(INTR_12, 23), CONDITION(NMI_12, 24), CONDITION(HLT_12, 25),
	CONDITION(V_IRQ_02, 26), CONDITION(V_IRQ_12, 27), CONDITION(V_NMI_01, 28),
	CONDITION(V_GIF_ENABLE_02, 29), CONDITION(NMI_QUEUED, 30),
	NUMBER(PSVM_C_FACTS, 0xffff), NUMBER(PSVM_C_ALL, 0x7fffffff),
	BIT(PSVM_UNLESS, 31), NUMBER(PSVM_MOVES, 4),

	BIT(PSVM_F_INT_CTL, 0), BIT(PSVM_F_INT_STATE, 1), BIT(PSVM_F_EVENT_INJ, 2),
	BIT(PSVM_F_EXIT_INT_INFO, 3), BIT(PSVM_F_TLB_CONTROL, 4), BIT(PSVM_F_INT_VECTOR, 5),
	BIT(PSVM_F_INT_SHADOW, 6),
	BIT(PSVM_REQUEST_EVENT, 0), BIT(PSVM_REQUEST_IMPLICIT, 1),
	BIT(PSVM_CLASS_INTR, 0), BIT(PSVM_CLASS_NMI, 1), BIT(PSVM_CLASS_NPF, 2),
	BIT(PSVM_CLASS_EXCEPTION_01, 3), BIT(PSVM_CLASS_VMMCALL, 4),
	BIT(PSVM_CLASS_INVALID, 5), BIT(PSVM_CLASS_VINTR, 6),
	BIT(PSVM_WAKE_INTR, 0), BIT(PSVM_WAKE_NMI, 1), BIT(PSVM_WAKE_SMI, 2),
	BIT(PSVM_WAKE_INIT, 3), BIT(PSVM_WAKE_V_IRQ, 4), BIT(PSVM_WAKE_V_NMI, 5),
	BIT(PSVM_WAKE_LOOK, 6),
	BIT(PSVM_WORD_CR, 0), BIT(PSVM_WORD_DR, 1), BIT(PSVM_WORD_EXCEPTIONS, 2),
	BIT(PSVM_WORD_MISC1, 3), BIT(PSVM_WORD_MISC2, 4), BIT(PSVM_WORD_MISC3, 5),
	NUMBER(PSVM_WORDS_ALL, 0x3f), BIT(PSVM_FLAG, 0),

	NUMBER(PSVM_OK, 0), NUMBER(PSVM_E_RULES, 1), NUMBER(PSVM_E_FACT, 2),
	NUMBER(PSVM_E_NULL, 3), NUMBER(PSVM_CELL_COUNT, 67), NUMBER(PSVM_AT_SIZE, 67),
	NUMBER(PSVM_AT_RESERVED, 68), NUMBER(PSVM_AT_FACTS, 69), NUMBER(PSVM_AT_RULES, 70),
	NUMBER(PSVM_AT_CELL, 71), NUMBER(PSVM_AT_BITS, 72), NUMBER(PSVM_AT_PAGES, 73),
	NUMBER(PSVM_AT_VMCB01, 74), NUMBER(PSVM_AT_VMCB02, 75), NUMBER(PSVM_AT_VMCB12, 76),
	NUMBER(PSVM_AT_SNAPSHOT, 77), NUMBER(PSVM_AT_END, 78),
	NUMBER(PSVM_DONE, 0), NUMBER(PSVM_VMEXIT_INVALID, 1), NUMBER(PSVM_NO_WINDOW, 2),
	NUMBER(PSVM_L0, 0), NUMBER(PSVM_L1, 1), NUMBER(PSVM_L1_BITMAP, 2),
	NUMBER(PSVM_WAIT, 0), NUMBER(PSVM_EXIT, 1), NUMBER(PSVM_INJECT, 2),
	NUMBER(PSVM_OPEN_WINDOW, 3),
	NUMBER(PSVM_RULE_SET_linux_6_1, 0), NUMBER(PSVM_RULE_SET_lkml_2022_base, 1),
	NUMBER(PSVM_RULE_SET_lkml_2022, 2), NUMBER(PSVM_RULE_SET_lkml_2022_vnmi, 3),
	NUMBER(PSVM_RULE_SET_linux_6_12, 4), NUMBER(PSVM_RULE_SET_linux_7_2, 5),
	NUMBER(PSVM_RULE_SET_xen, 6), NUMBER(PSVM_RULE_SET_exact, 7),
	NUMBER(PSVM_RULE_SET_COUNT, 8),

	MODEL(VGIF, 0), MODEL(VNMI, 1), MODEL(PRIO_EQUAL, 2), MODEL(TPR_BYTE, 3),
	MODEL(BYTE_061, 4), MODEL(NO_REMASK, 5), MODEL(LATE_V_IRQ, 6),
	MODEL(GUEST_IF_GATES, 7), MODEL(NO_SHADOW_IN, 8), MODEL(SHADOW_HOLDS_EXIT, 9),
	MODEL(NO_CR8_READ_EXIT, 10), MODEL(EVENTINJ_KEPT, 11),
	MODEL(NMI_INJECTED_BLOCKS, 12), MODEL(VNMI_BEFORE_INTR, 13), MODEL(CLEAN, 14),
	MODEL(INTR_HIDES_V_IRQ, 15), MODEL(STI_SHADOWS, 16), MODEL(INT_STATE_WHOLE, 17),
	MODEL(INJECT_IN_SHADOW, 18), MODEL(BYTE_068, 19),
	CPU_FLAG(GUEST, 0), CPU_FLAG(GIF, 1), CPU_FLAG(IF, 2), CPU_FLAG(HOST_IF, 3),
	CPU_FLAG(SHADOW, 4), CPU_FLAG(NMI, 5), CPU_FLAG(NMI_BLOCKED, 6),
	CPU_FLAG(HALTED, 7), CPU_FLAG(V_IRQ_OPEN, 8), CPU_FLAG(V_IRQ_HIDDEN, 9),
	NUMBER(PSVM_INSN_NOP, 0), NUMBER(PSVM_INSN_CLI, 1), NUMBER(PSVM_INSN_STI, 2),
	NUMBER(PSVM_INSN_IRET, 3), NUMBER(PSVM_INSN_HLT, 4), NUMBER(PSVM_INSN_CPUID, 5),
	NUMBER(PSVM_INSN_VMRUN, 6), NUMBER(PSVM_INSN_VMMCALL, 7), NUMBER(PSVM_INSN_STGI, 8),
	NUMBER(PSVM_INSN_CLGI, 9), NUMBER(PSVM_INSN_CR8_READ, 10),
	NUMBER(PSVM_INSN_CR8_WRITE, 11), NUMBER(PSVM_INSN_COUNT, 12),
	NUMBER(PSVM_CPU_RAN, 0), NUMBER(PSVM_CPU_DELIVERED, 1), NUMBER(PSVM_CPU_EXITED, 2),
	NUMBER(PSVM_CPU_NO_EXIT, UINT64_MAX),
};

static void test_number(void **state)
{
	const struct number *number = *state;

	assert_int_equal(number->value, number->expected);
}

/* The rows of a table have the bits 0, 1, 2, ...: none is shared, none is left out. */
#define NEXT(name, bit, ...)	 assert_int_equal(bit, next++);
#define FACT_OR_WORD(name, bit, source, words) \
	assert_string_equal(#source, (bit) < 16 ? "FACT" : "WORD");

static void test_bits_in_order(void **state)
{
	unsigned int next = 0;

	(void)state;
	PSVM_CONDITIONS(NEXT) assert_int_equal(next, 31);
	PSVM_CONDITIONS(FACT_OR_WORD)
	next = 0;
	PSVM_FIELDS(NEXT) assert_int_equal(next, 7);
	next = 0;
	PSVM_REQUESTS(NEXT) assert_int_equal(next, 2);
	next = 0;
	PSVM_CLASSES(NEXT) assert_int_equal(next, 7);
	next = 0;
	PSVM_WAKES(NEXT) assert_int_equal(next, 7);
	next = 0;
	PSVM_INTERCEPT_WORDS(NEXT) assert_int_equal(next, 6);
	next = 0;
	PSVM_CPU_MODELS(NEXT) assert_int_equal(next, 20);
	next = 0;
	PSVM_CPU_FLAGS(NEXT) assert_int_equal(next, 10);
}

/* The cells by number: in what word they mean bits, and what receives these from where.
 * For some of them no transition shows it, only a caller that does what they say. */
static const struct {
	const char *name, *unit, *to, *from;
} cells[] = {
	{ "SNAPSHOT_INT_CTL", "INT_CTL", "12", "ZERO" },
	{ "SNAPSHOT_INT_STATE", "INT_STATE", "12", "ZERO" },
	{ "SNAPSHOT_EVENT_INJ", "EVENT_INJ", "12", "ZERO" },
	{ "SNAPSHOT_TLB_CONTROL", "TLB_CONTROL", "12", "ZERO" },
	{ "ENTER_INVALID", "FLAG", "NONE", "NONE" },
	{ "INVALID_ZERO_12", "FIELDS", "12", "ZERO" },
	{ "INVALID_HANDS_BACK", "FLAG", "NONE", "NONE" },
	{ "INVALID_REQUEST", "REQUESTS", "REQUESTS", "ONES" },
	{ "ENTER_CLEAR_02", "INT_CTL", "02", "ZERO" },
	{ "ENTER_FROM_12", "INT_CTL", "02", "12" },
	{ "ENTER_FROM_01", "INT_CTL", "02", "01" },
	{ "ENTER_SET_02", "INT_CTL", "02", "ONES" },
	{ "ENTER_FIELDS", "FIELDS", "02", "12" },
	{ "ENTER_DROP_TLB", "TLB_CONTROL", "02", "ZERO" },
	{ "ENTER_QUEUE", "INT_CTL", "JOINING", "01" },
	{ "ENTER_CLEAR_01", "INT_CTL", "01", "ZERO" },
	{ "VMRUN_SET_02", "INT_CTL", "02", "ONES" },
	{ "VMRUN_SET_01", "INT_CTL", "01", "ONES" },
	{ "VMRUN_CLOSE", "FLAG", "NONE", "NONE" },
	{ "REENTER_CLOSE", "FLAG", "NONE", "NONE" },
	{ "ENTER_REQUEST", "REQUESTS", "REQUESTS", "ONES" },
	{ "MERGE_WORDS", "WORDS", "NONE", "NONE" },
	{ "MERGE_DROP_CR", "CR", "NONE", "NONE" },
	{ "MERGE_DROP_MISC1", "MISC1", "NONE", "NONE" },
	{ "MERGE_DROP_MISC2", "MISC2", "NONE", "NONE" },
	{ "MERGE_SET_CR", "CR", "NONE", "NONE" },
	{ "WINDOW_ASK", "FLAG", "NONE", "NONE" },
	{ "WINDOW_IN_01", "FLAG", "01", "ONES" },
	{ "WINDOW_IN_02", "FLAG", "02", "ONES" },
	{ "WINDOW_USURP", "INT_CTL", "02", "DUMMY" },
	{ "WINDOW_DUMMY", "INT_CTL", "NONE", "NONE" },
	{ "WINDOW_EVENT", "INT_CTL", "NONE", "NONE" },
	{ "CLOSE_IN_01", "FLAG", "01", "ZERO" },
	{ "CLOSE_IN_02", "FLAG", "02", "ZERO" },
	{ "CLOSE_CLEAR_02", "INT_CTL", "02", "ZERO" },
	{ "CLOSE_RESTORE_02", "INT_CTL", "02", "12" },
	{ "CLOSE_CLEAR_01", "INT_CTL", "01", "ZERO" },
	{ "CLOSE_REQUEST", "REQUESTS", "REQUESTS", "ONES" },
	{ "HANDBACK_REQUEST", "REQUESTS", "REQUESTS", "ONES" },
	{ "HANDBACK_CLEAR_02", "INT_CTL", "02", "ZERO" },
	{ "HANDBACK_TO_12", "INT_CTL", "12", "02" },
	{ "HANDBACK_FIELDS", "FIELDS", "12", "02" },
	{ "HANDBACK_ZERO_12", "FIELDS", "12", "ZERO" },
	{ "HANDBACK_STORE_12", "FIELDS", "NONE", "NONE" },
	{ "HANDBACK_TO_01", "INT_CTL", "01", "02" },
	{ "HANDBACK_QUEUE", "INT_CTL", "01", "QUEUED" },
	{ "HANDBACK_CLEAR_01", "INT_CTL", "01", "ZERO" },
	{ "HANDBACK_CLOSE", "FLAG", "NONE", "NONE" },
	{ "REFRESH_TO_12", "INT_CTL", "12", "02" },
	{ "REFRESH_FIELDS", "FIELDS", "12", "02" },
	{ "ROUTE_L0", "CLASSES", "NONE", "NONE" },
	{ "ROUTE_L1", "CLASSES", "NONE", "NONE" },
	{ "OPEN", "FLAG", "NONE", "NONE" },
	{ "OPEN_EXIT", "FLAG", "NONE", "NONE" },
	{ "OPEN_INJECT", "FLAG", "NONE", "NONE" },
	{ "OPEN_WINDOW", "FLAG", "NONE", "NONE" },
	{ "CLOSED_WINDOW", "FLAG", "NONE", "NONE" },
	{ "TPR_LOAD", "FLAG", "NONE", "NONE" },
	{ "TPR_STORE", "FLAG", "NONE", "NONE" },
	{ "CR8_INTERCEPT", "FLAG", "NONE", "NONE" },
	{ "HLT_INTERCEPT", "FLAG", "NONE", "NONE" },
	{ "HLT_WAKE", "WAKES", "NONE", "NONE" },
	{ "EMULATE_REFRESH", "FLAG", "NONE", "NONE" },
	{ "RUN_FROM_12", "INT_CTL", "02", "12" },
	{ "RUN_CLEAR_02", "INT_CTL", "02", "ZERO" },
	{ "STEP", "FLAG", "NONE", "NONE" },
	{ "NMI_MASK_IN_01", "FLAG", "NONE", "NONE" },
};

#define SAME_CELL(name_, unit_, to_, from_, words) \
	assert_int_equal(PSVM_CELL_##name_, next); \
	assert_string_equal(#name_, cells[next].name); \
	assert_string_equal(#unit_, cells[next].unit); \
	assert_string_equal(#to_, cells[next].to); \
	assert_string_equal(#from_, cells[next++].from);

static void test_cells(void **state)
{
	size_t next = 0;

	(void)state;
	PSVM_CELLS(SAME_CELL)
	assert_int_equal(next, N_ROWS(cells));
}

/* Inline forms are for a constant rule set, which folds away; external ones are for any. */
extern const bool external_forms_fold;

static void test_fold(void **state)
{
	(void)state;
	assert_true(PSVM_FOLD);
	assert_false(external_forms_fold);
}

static void test_version(void **state)
{
	char text[32];

	(void)state;
	snprintf(text, sizeof(text), "%d.%d.%d", PSVM_VERSION_MAJOR, PSVM_VERSION_MINOR,
		 PSVM_VERSION_PATCH);
	assert_string_equal(text, PSVM_VERSION);
}

int main(void)
{
	enum { OTHERS = 4 };
	static struct CMUnitTest tests[OTHERS + N_ROWS(numbers)] = {
		cmocka_unit_test(test_bits_in_order), cmocka_unit_test(test_cells),
		cmocka_unit_test(test_fold), cmocka_unit_test(test_version)
	};

	for (size_t i = 0; i < N_ROWS(numbers); i++)
		tests[OTHERS + i] = check_case(numbers[i].name, test_number, &numbers[i]);
	return cmocka_run_group_tests_name("numbers", tests, NULL, NULL) != 0;
}
