/* SPDX-License-Identifier: MIT */
/*
 * The description of a VMCB: each case sets one field of a page that is zero
 * otherwise, and expects the words that a reader should see.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "psvm/decode.h"
#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct row {
	const char *name; /* of the case */
	unsigned int offset;
	unsigned int width;
	uint64_t value;
	const char *expected;
};

static struct row rows[] = {
	{ "all zero", 0x000, 1, 0, "" },
	{ "CR intercepts", 0x000, 4, 0x81000100,
	  "control intercept_cr 000 I BASE: CR8_READ=1 CR8_WRITE=1 CR15_WRITE=1" },
	{ "VINTR intercept", 0x00c, 4, 0x10,
	  "control intercept_misc1 00c I BASE: VINTR=1" },
	{ "write trap", 0x010, 4, 0x00110002,
	  "control intercept_misc2 010 I BASE: VMMCALL=1 CR0_WRITE_TRAP=1 CR4_WRITE_TRAP=1" },
	{ "reserved intercepts", 0x014, 4, 0x80000180,
	  "control intercept_misc3 014 I BASE: reserved 8:7 reserved 31:31" },
	{ "TLB control", 0x05c, 1, 3,
	  "control tlb_control 05c NONE BASE: TLB_CONTROL=3 FLUSH_ASID" },
	{ "TLB control reserved", 0x05c, 1, 2,
	  "control tlb_control 05c NONE BASE: TLB_CONTROL=2 reserved" },
	{ "int_ctl", 0x060, 8, 0x0000007101070109,
	  "control int_ctl 060 TPR BASE: V_TPR=9 V_IRQ=1 V_INTR_PRIO=7 V_INTR_MASKING=1 "
	  "V_INTR_VECTOR=71" },
	{ "int_ctl bits that nobody owns", 0x060, 8, 0xff00000038e0e4f0,
	  "control int_ctl 060 TPR BASE: reserved 7:4 reserved 10:10 reserved 15:13 "
	  "reserved 23:21 reserved 29:27 reserved 63:56" },
	{ "exit code of an intercept", 0x070, 8, 0x64,
	  "control exit_code 070 NONE BASE: EXITCODE=64 VINTR" },
	{ "exit code -1", 0x070, 8, UINT64_MAX,
	  "control exit_code 070 NONE BASE: EXITCODE=ffffffffffffffff INVALID" },
	{ "exit code of 32 bits", 0x070, 8, UINT32_MAX,
	  "control exit_code 070 NONE BASE: EXITCODE=ffffffff reserved" },
	{ "EVENTINJ", 0x0a8, 8, 0x0000001180000b0d,
	  "control event_inj 0a8 NONE BASE: VECTOR=d TYPE=3 EXCEPTION EV=1 V=1 "
	  "ERROR_CODE=11" },
	{ "EVENTINJ reserved", 0x0a8, 8, 0x80001700,
	  "control event_inj 0a8 NONE BASE: TYPE=7 reserved V=1 reserved 12:12" },
	{ "clean bits", 0x0c0, 4, 0x80002009,
	  "control clean 0c0 NONE VMCB_CLEAN: I=1 TPR=1 SOFTWARE=1 reserved 13:13" },
	{ "AVIC physical table", 0x0f8, 8, 0x80000000012340ff,
	  "control avic_physical_id 0f8 AVIC AVIC: MAX_INDEX=ff PHYSICAL_TABLE=1234 "
	  "reserved 63:63" },
	{ "array", 0x150, 4, 0x12345678,
	  "control requested_irr 150 NONE SECURE_AVIC:" },
	{ "reserved range", 0x170, 1, 0x01,
	  "control reserved_0x170 170 NONE BASE reserved:" },
	{ "segment", 0x412, 2, 0x0a9b, "save cs.attrib 412 SEG BASE:" },
	{ "RIP", 0x578, 8, 0x1000, "save rip 578 NONE BASE:" },
	{ "shadow stack", 0x5e8, 8, 0x1000, "save ssp 5e8 CET SHADOW_STACK:" },
	{ "reserved end", 0xfff, 1, 0x80, "save reserved_0x7c8 bc8 NONE BASE reserved:" },
};

struct text {
	char string[512];
	size_t length;
};

__attribute__((format(printf, 2, 3)))
static void append(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->length += (size_t)vsnprintf(text->string + text->length,
					  sizeof(text->string) - text->length, format, args);
	va_end(args);
	assert_true(text->length < sizeof(text->string));
}

static void append_part(void *context, const struct psvm_decode_part *part)
{
	if (!part->value)
		return;
	if (part->name)
		append(context, " %s=%" PRIx64, part->name, part->value);
	if (part->meaning)
		append(context, " %s", part->meaning);
	if (part->reserved)
		append(context, " reserved");
	if (!part->name)
		append(context, " %u:%u", part->shift + part->width - 1, part->shift);
}

static void append_field(void *context, const struct psvm_decode_field *field)
{
	if (psvm_decode_is_zero(field))
		return;
	append(context, "%s %s %03x %s %s%s:", field->area, field->name, field->offset,
	       field->clean, field->gate.name, field->reserved ? " reserved" : "");
	psvm_decode_parts(field, append_part, context);
}

static void test_words(void **state)
{
	const struct row *row = *state;
	unsigned char image[PSVM_VMCB_SIZE] = { 0 };
	struct psvm_vmcb vmcb;
	struct text text = { "", 0 };

	for (unsigned int i = 0; i < row->width; i++)
		image[row->offset + i] = (unsigned char)(row->value >> 8 * i);
	psvm_vmcb_load(&vmcb, image);
	psvm_decode(&vmcb, append_field, &text);
	assert_string_equal(text.string, row->expected);
}

/* With every byte set, the fields and reserved ranges tile the page. */
static void follow(void *context, const struct psvm_decode_field *field)
{
	unsigned int *end = context;

	assert_int_equal(field->offset, *end);
	assert_true(field->section[0] && field->gate.text[0]);
	for (unsigned int i = 0; i < field->count; i++)
		assert_int_equal(psvm_decode_value(field, i),
				 UINT64_MAX >> (64 - 8 * field->width));
	*end += field->width * field->count;
}

static void test_tiling(void **state)
{
	struct psvm_vmcb vmcb;
	unsigned int end = 0;

	(void)state;
	memset(&vmcb, 0xff, sizeof(vmcb));
	psvm_decode(&vmcb, follow, &end);
	assert_int_equal(end, PSVM_VMCB_SIZE);
}

/* With every bit set, the parts of a word are all of its bits, each once. */
struct bits {
	uint64_t seen;
	bool any;
};

static void collect(void *context, const struct psvm_decode_part *part)
{
	struct bits *bits = context;
	uint64_t mask = PSVM_MASK64(part->shift, part->width);

	assert_int_equal(bits->seen & mask, 0);
	assert_int_equal(part->value, mask >> part->shift);
	bits->seen |= mask;
	bits->any = true;
}

static void collect_field(void *context, const struct psvm_decode_field *field)
{
	struct bits bits = { 0, false };
	unsigned int *n_words = context;

	psvm_decode_parts(field, collect, &bits);
	if (bits.any)
		assert_int_equal(bits.seen, UINT64_MAX >> (64 - 8 * field->width));
	*n_words += bits.any;
}

static void test_parts(void **state)
{
	struct psvm_vmcb vmcb;
	unsigned int n_words = 0;

	(void)state;
	memset(&vmcb, 0xff, sizeof(vmcb));
	psvm_decode(&vmcb, collect_field, &n_words);
	assert_int_equal(n_words, 24);
}

#define N_OTHER 2

int main(void)
{
	struct CMUnitTest tests[N_ROWS(rows) + N_OTHER] = {
		cmocka_unit_test(test_tiling),
		cmocka_unit_test(test_parts),
	};

	for (size_t i = 0; i < N_ROWS(rows); i++)
		tests[N_OTHER + i] = (struct CMUnitTest){ rows[i].name, test_words, NULL,
							  NULL, &rows[i] };
	return cmocka_run_group_tests_name("decode", tests, NULL, NULL) != 0;
}
