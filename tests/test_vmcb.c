/* SPDX-License-Identifier: MIT */
/*
 * The layout of a VMCB, its setters, and the conversion from and to the image.
 *
 * What is expected is written down in vmcb_manual.h. Nothing here is expanded from the
 * library's table, except where the two are compared.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "psvm/int_ctl.h"
#include "psvm/vmcb.h"
#include "rows.h"
#include "vmcb_manual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGE_SIZE = 4096,
	CLEAN_OFFSET = 0x0c0,
};

typedef void setter(struct psvm_vmcb *vmcb, const unsigned char *value);

/* Where the manual says that a member is, and where the compiler put it. */
struct row {
	const char *name;
	size_t offset, width, count;
	size_t real_offset, real_size;
	int clean;
	setter *set;
};

/* A setter for each field that takes its value from memory. */
#define UINT_1 uint8_t
#define UINT_2 uint16_t
#define UINT_4 uint32_t
#define UINT_8 uint64_t
#define DEFINE_SETTER(type, name) \
	static void set_##name(struct psvm_vmcb *vmcb, const unsigned char *bytes) \
	{ \
		type value; \
		memcpy(&value, bytes, sizeof(value)); \
		psvm_vmcb_set_##name(vmcb, value); \
	}
#define DEFINE_SCALAR(area, name, size, offset, clean) DEFINE_SETTER(UINT_##size, name)
#define DEFINE_SEGMENT(name, offset, clean) DEFINE_SETTER(struct psvm_vmcb_segment, name)
SCALARS(DEFINE_SCALAR)
SEGMENTS(DEFINE_SEGMENT)

#define REAL(member) \
	offsetof(struct psvm_vmcb, member), sizeof(((struct psvm_vmcb *)0)->member)

static struct row scalars[] = {
#define ROW(area, name, size, offset, clean) \
	{ #area "." #name, offset, size, 1, REAL(area.name), clean, set_##name },
	SCALARS(ROW)
#undef ROW
};

static struct row segments[] = {
#define ROW(name, offset, clean) \
	{ "save." #name, offset, 16, 1, REAL(save.name), clean, set_##name },
	SEGMENTS(ROW)
#undef ROW
};

/* What a segment consists of. */
static struct row segment_registers[] = {
#define ROW(name, offset, clean) \
	{ "save." #name ".selector", offset + 0, 2, 1, REAL(save.name.selector), clean, NULL }, \
	{ "save." #name ".attrib", offset + 2, 2, 1, REAL(save.name.attrib), clean, NULL }, \
	{ "save." #name ".limit", offset + 4, 4, 1, REAL(save.name.limit), clean, NULL }, \
	{ "save." #name ".base", offset + 8, 8, 1, REAL(save.name.base), clean, NULL },
	SEGMENTS(ROW)
#undef ROW
};

static struct row arrays[] = {
#define ROW(area, name, size, count, offset) \
	{ #area "." #name, offset, size, count, REAL(area.name), NO_GROUP, NULL },
	ARRAYS(ROW)
#undef ROW
};

static struct row ranges[] = {
#define ROW(area, name, first, last) \
	{ #area "." #name, first, 1, last + 1 - first, REAL(area.name), NO_GROUP, NULL },
	RANGES(ROW)
#undef ROW
};

/* No two bytes of an element of up to 16 bytes are equal. */
static unsigned char pattern(size_t i)
{
	return (unsigned char)(0x11 + 0x0d * i);
}

static void test_layout(void **state)
{
	const struct row *row = *state;

	assert_int_equal(row->real_offset, row->offset);
	assert_int_equal(row->real_size, row->width * row->count);
}

/* The page is all ones before, the clean bits included. */
static void test_setter(void **state)
{
	const struct row *row = *state;
	unsigned char value[16];
	struct psvm_vmcb vmcb, expected;
	uint32_t clean = row->clean == NO_GROUP ? 0 : (uint32_t)1 << row->clean;

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = pattern(i);
	memset(&vmcb, 0xff, sizeof(vmcb));
	memset(&expected, 0xff, sizeof(expected));
	clean = UINT32_MAX & ~clean;
	memcpy((unsigned char *)&expected + CLEAN_OFFSET, &clean, sizeof(clean));
	memcpy((unsigned char *)&expected + row->offset, value, row->width);

	row->set(&vmcb, value);

	assert_memory_equal(&vmcb, &expected, sizeof(vmcb));
}

/* The element at p in the byte order of this machine. */
static uint64_t native(const unsigned char *p, size_t width)
{
	union {
		uint8_t u1;
		uint16_t u2;
		uint32_t u4;
		uint64_t u8;
	} value;

	memcpy(&value, p, width);
	switch (width) {
	case 1:
		return value.u1;
	case 2:
		return value.u2;
	case 4:
		return value.u4;
	default:
		return value.u8;
	}
}

/* An image with nothing but this row; its elements are the pattern. */
static void hand_build(unsigned char *image, const struct row *row)
{
	memset(image, 0, PAGE_SIZE);
	for (size_t i = 0; i < row->width * row->count; i++)
		image[row->offset + i] = pattern(i);
}

static uint64_t little_endian(const unsigned char *p, size_t width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | p[width];
	return value;
}

static void test_load(void **state)
{
	const struct row *row = *state;
	unsigned char image[PAGE_SIZE];
	struct psvm_vmcb vmcb;
	unsigned char *bytes = (unsigned char *)&vmcb;

	hand_build(image, row);
	memset(&vmcb, 0xff, sizeof(vmcb));

	psvm_vmcb_load(&vmcb, image);

	for (size_t i = 0; i < row->count; i++) {
		size_t at = row->offset + i * row->width;

		assert_int_equal(native(bytes + at, row->width),
				 little_endian(image + at, row->width));
		memset(bytes + at, 0, row->width);
		memset(image + at, 0, row->width);
	}
	assert_memory_equal(bytes, image, PAGE_SIZE); /* the rest: zero */
}

static void test_store(void **state)
{
	const struct row *row = *state;
	unsigned char image[PAGE_SIZE], stored[PAGE_SIZE];
	struct psvm_vmcb vmcb;

	hand_build(image, row);
	psvm_vmcb_load(&vmcb, image);
	memset(stored, 0xff, sizeof(stored));

	psvm_vmcb_store(stored, &vmcb);

	assert_memory_equal(stored, image, PAGE_SIZE);
}

/*
 * Coverage.
 */
static void count_row(unsigned int *counts, size_t offset, size_t size)
{
	assert_true(offset + size <= PAGE_SIZE);
	for (size_t i = 0; i < size; i++)
		counts[offset + i]++;
}

static void count_rows(unsigned int *counts, const struct row *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++)
		count_row(counts, rows[i].offset, rows[i].width * rows[i].count);
}

static void assert_all_one(const unsigned int *counts)
{
	for (size_t i = 0; i < PAGE_SIZE; i++)
		if (counts[i] != 1)
			fail_msg("byte 0x%03zx is in %u rows", i, counts[i]);
}

static void test_coverage_manual(void **state)
{
	unsigned int counts[PAGE_SIZE] = { 0 };

	(void)state;
	count_rows(counts, scalars, N_ROWS(scalars));
	count_rows(counts, segments, N_ROWS(segments));
	count_rows(counts, arrays, N_ROWS(arrays));
	count_rows(counts, ranges, N_ROWS(ranges));
	assert_all_one(counts);
}

static void test_coverage_segments(void **state)
{
	unsigned int counts[PAGE_SIZE] = { 0 };

	(void)state;
	count_rows(counts, segment_registers, N_ROWS(segment_registers));
	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(counts[i], i >= 0x400 && i < 0x4a0);
}

/* The rows of the library, as many as here, cover the page, too. */
static void test_coverage_table(void **state)
{
	unsigned int counts[PAGE_SIZE] = { 0 };
	size_t n_fields = 0, n_ranges = 0;

	(void)state;
#define CONTROL(name, type, offset, width, count, clean, gate, section) \
	count_row(counts, offset, (width) * (count)), n_fields++;
#define SAVE(name, type, offset, width, count, clean, gate, section) \
	count_row(counts, 0x400 + (offset), (width) * (count)), n_fields++;
#define CONTROL_RANGE(begin, end) count_row(counts, begin, (end) - (begin)), n_ranges++;
#define SAVE_RANGE(begin, end) count_row(counts, 0x400 + (begin), (end) - (begin)), n_ranges++;
	PSVM_VMCB_CONTROL_LAYOUT(CONTROL, CONTROL, CONTROL_RANGE)
	PSVM_VMCB_SAVE_LAYOUT(SAVE, SAVE, SAVE_RANGE)
	assert_all_one(counts);
	assert_int_equal(n_fields, N_ROWS(scalars) + N_ROWS(segments) + N_ROWS(arrays));
	assert_int_equal(n_ranges, N_ROWS(ranges));
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct psvm_vmcb_control), 0x400);
	assert_int_equal(sizeof(struct psvm_vmcb_save), 0xc00);
	assert_int_equal(sizeof(struct psvm_vmcb), PAGE_SIZE);
}

/*
 * Whole pages.
 */
static void fill(unsigned char *image)
{
	uint32_t state = 1;

	for (size_t i = 0; i < PAGE_SIZE; i++) {
		state = state * 1103515245 + 12345;
		image[i] = (unsigned char)(state >> 16);
	}
}

static void test_round_trip(void **state)
{
	unsigned char image[PAGE_SIZE], stored[PAGE_SIZE];
	struct psvm_vmcb vmcb;

	(void)state;
	fill(image);
	psvm_vmcb_load(&vmcb, image);
	psvm_vmcb_store(stored, &vmcb);
	assert_memory_equal(stored, image, PAGE_SIZE);
}

static void test_unaligned(void **state)
{
	unsigned char image[PAGE_SIZE], buffer[1 + PAGE_SIZE + 1];
	struct {
		struct psvm_vmcb vmcb;
		unsigned char behind;
	} from = { .behind = 2 };

	(void)state;
	fill(image);
	memcpy(buffer + 1, image, PAGE_SIZE);
	psvm_vmcb_load(&from.vmcb, buffer + 1);
	for (unsigned char around = 0; around < 2; around++) {
		memset(buffer, around, sizeof(buffer));
		psvm_vmcb_store(buffer + 1, &from.vmcb);
		assert_int_equal(buffer[0], around);
		assert_memory_equal(buffer + 1, image, PAGE_SIZE);
		assert_int_equal(buffer[1 + PAGE_SIZE], around);
	}
}

/* Reads and writes 1024 bytes: the sanitizer watches the ends of the heap. */
static void test_control_load(void **state)
{
	unsigned char page[PAGE_SIZE];
	unsigned char *image = malloc(0x400);
	struct psvm_vmcb_control *control = malloc(sizeof(*control));
	struct psvm_vmcb vmcb;

	(void)state;
	assert_non_null(image);
	assert_non_null(control);
	fill(page);
	memcpy(image, page, 0x400);
	psvm_vmcb_load(&vmcb, page);
	psvm_vmcb_control_load(control, image);
	assert_memory_equal(control, &vmcb.control, sizeof(*control));
	free(control);
	free(image);
}

/*
 * Constants.
 */
struct constant {
	const char *name;
	uint64_t value, expected;
};

#define CONSTANT(name, expected) { #name, name, expected }
#define INTERCEPT(name, expected) \
	{ "PSVM_INTERCEPT_MASK " #name, PSVM_INTERCEPT_MASK(name), expected }

static struct constant constants[] = {
	CONSTANT(PSVM_INTERCEPT_CR0_READ, 1ULL << 0),
	CONSTANT(PSVM_INTERCEPT_CR3_READ, 1ULL << 3),
	CONSTANT(PSVM_INTERCEPT_CR4_READ, 1ULL << 4),
	CONSTANT(PSVM_INTERCEPT_CR8_READ, 1ULL << 8),
	CONSTANT(PSVM_INTERCEPT_CR0_WRITE, 1ULL << 16),
	CONSTANT(PSVM_INTERCEPT_CR3_WRITE, 1ULL << 19),
	CONSTANT(PSVM_INTERCEPT_CR4_WRITE, 1ULL << 20),
	CONSTANT(PSVM_INTERCEPT_CR8_WRITE, 1ULL << 24),
	INTERCEPT(CR15_WRITE, 1ULL << 31),
	INTERCEPT(DR7_READ, 1ULL << 7),
	INTERCEPT(DR7_WRITE, 1ULL << 23),
	INTERCEPT(EXCP_PF, 1ULL << 14),
	CONSTANT(PSVM_INTERCEPT_INTR, 1ULL << 0),
	CONSTANT(PSVM_INTERCEPT_NMI, 1ULL << 1),
	CONSTANT(PSVM_INTERCEPT_SMI, 1ULL << 2),
	CONSTANT(PSVM_INTERCEPT_INIT, 1ULL << 3),
	CONSTANT(PSVM_INTERCEPT_VINTR, 1ULL << 4),
	CONSTANT(PSVM_INTERCEPT_CR0_SEL_WRITE, 1ULL << 5),
	CONSTANT(PSVM_INTERCEPT_IDTR_READ, 1ULL << 6),
	CONSTANT(PSVM_INTERCEPT_GDTR_READ, 1ULL << 7),
	CONSTANT(PSVM_INTERCEPT_LDTR_READ, 1ULL << 8),
	CONSTANT(PSVM_INTERCEPT_TR_READ, 1ULL << 9),
	CONSTANT(PSVM_INTERCEPT_IDTR_WRITE, 1ULL << 10),
	CONSTANT(PSVM_INTERCEPT_GDTR_WRITE, 1ULL << 11),
	CONSTANT(PSVM_INTERCEPT_LDTR_WRITE, 1ULL << 12),
	CONSTANT(PSVM_INTERCEPT_TR_WRITE, 1ULL << 13),
	CONSTANT(PSVM_INTERCEPT_RDTSC, 1ULL << 14),
	CONSTANT(PSVM_INTERCEPT_RDPMC, 1ULL << 15),
	CONSTANT(PSVM_INTERCEPT_PUSHF, 1ULL << 16),
	CONSTANT(PSVM_INTERCEPT_POPF, 1ULL << 17),
	CONSTANT(PSVM_INTERCEPT_CPUID, 1ULL << 18),
	CONSTANT(PSVM_INTERCEPT_RSM, 1ULL << 19),
	CONSTANT(PSVM_INTERCEPT_IRET, 1ULL << 20),
	CONSTANT(PSVM_INTERCEPT_SWINT, 1ULL << 21),
	CONSTANT(PSVM_INTERCEPT_INVD, 1ULL << 22),
	CONSTANT(PSVM_INTERCEPT_PAUSE, 1ULL << 23),
	CONSTANT(PSVM_INTERCEPT_HLT, 1ULL << 24),
	CONSTANT(PSVM_INTERCEPT_INVLPG, 1ULL << 25),
	CONSTANT(PSVM_INTERCEPT_INVLPGA, 1ULL << 26),
	CONSTANT(PSVM_INTERCEPT_IOIO_PROT, 1ULL << 27),
	CONSTANT(PSVM_INTERCEPT_MSR_PROT, 1ULL << 28),
	CONSTANT(PSVM_INTERCEPT_TASK_SWITCH, 1ULL << 29),
	CONSTANT(PSVM_INTERCEPT_FERR_FREEZE, 1ULL << 30),
	CONSTANT(PSVM_INTERCEPT_SHUTDOWN, 1ULL << 31),
	CONSTANT(PSVM_INTERCEPT_VMRUN, 1ULL << 0),
	CONSTANT(PSVM_INTERCEPT_VMMCALL, 1ULL << 1),
	CONSTANT(PSVM_INTERCEPT_VMLOAD, 1ULL << 2),
	CONSTANT(PSVM_INTERCEPT_VMSAVE, 1ULL << 3),
	CONSTANT(PSVM_INTERCEPT_STGI, 1ULL << 4),
	CONSTANT(PSVM_INTERCEPT_CLGI, 1ULL << 5),
	CONSTANT(PSVM_INTERCEPT_SKINIT, 1ULL << 6),
	CONSTANT(PSVM_INTERCEPT_RDTSCP, 1ULL << 7),
	CONSTANT(PSVM_INTERCEPT_ICEBP, 1ULL << 8),
	CONSTANT(PSVM_INTERCEPT_WBINVD, 1ULL << 9),
	CONSTANT(PSVM_INTERCEPT_MONITOR, 1ULL << 10),
	CONSTANT(PSVM_INTERCEPT_MWAIT, 1ULL << 11),
	CONSTANT(PSVM_INTERCEPT_MWAIT_ARMED, 1ULL << 12),
	CONSTANT(PSVM_INTERCEPT_XSETBV, 1ULL << 13),
	CONSTANT(PSVM_INTERCEPT_RDPRU, 1ULL << 14),
	CONSTANT(PSVM_INTERCEPT_EFER_WRITE_TRAP, 1ULL << 15),
	INTERCEPT(CR0_WRITE_TRAP, 1ULL << 16),
	INTERCEPT(CR15_WRITE_TRAP, 1ULL << 31),
	CONSTANT(PSVM_INTERCEPT_INVLPGB, 1ULL << 0),
	CONSTANT(PSVM_INTERCEPT_INVLPGB_ILLEGAL, 1ULL << 1),
	CONSTANT(PSVM_INTERCEPT_INVPCID, 1ULL << 2),
	CONSTANT(PSVM_INTERCEPT_MCOMMIT, 1ULL << 3),
	CONSTANT(PSVM_INTERCEPT_TLBSYNC, 1ULL << 4),
	CONSTANT(PSVM_INTERCEPT_BUS_LOCK, 1ULL << 5),
	CONSTANT(PSVM_INTERCEPT_IDLE_HLT, 1ULL << 6),
	CONSTANT(PSVM_CLEAN_I, 1ULL << 0),
	CONSTANT(PSVM_CLEAN_IOPM, 1ULL << 1),
	CONSTANT(PSVM_CLEAN_ASID, 1ULL << 2),
	CONSTANT(PSVM_CLEAN_TPR, 1ULL << 3),
	CONSTANT(PSVM_CLEAN_NP, 1ULL << 4),
	CONSTANT(PSVM_CLEAN_CRX, 1ULL << 5),
	CONSTANT(PSVM_CLEAN_DRX, 1ULL << 6),
	CONSTANT(PSVM_CLEAN_DT, 1ULL << 7),
	CONSTANT(PSVM_CLEAN_SEG, 1ULL << 8),
	CONSTANT(PSVM_CLEAN_CR2, 1ULL << 9),
	CONSTANT(PSVM_CLEAN_LBR, 1ULL << 10),
	CONSTANT(PSVM_CLEAN_AVIC, 1ULL << 11),
	CONSTANT(PSVM_CLEAN_CET, 1ULL << 12),
	CONSTANT(PSVM_CLEAN_SOFTWARE, 1ULL << 31),
	CONSTANT(PSVM_TLB_CONTROL_NOTHING, 0),
	CONSTANT(PSVM_TLB_CONTROL_FLUSH_ALL, 1),
	CONSTANT(PSVM_TLB_CONTROL_FLUSH_ASID, 3),
	CONSTANT(PSVM_TLB_CONTROL_FLUSH_ASID_NON_GLOBAL, 7),
	CONSTANT(PSVM_ERAP_ALLOW_LARGER_RAP, 1),
	CONSTANT(PSVM_ERAP_CLEAR_RAP, 2),
	CONSTANT(PSVM_INT_STATE_INTERRUPT_SHADOW, 1),
	CONSTANT(PSVM_INT_STATE_GUEST_INTERRUPT_MASK, 2),
	CONSTANT(PSVM_EVENT_INJ_VECTOR, 0xff),
	CONSTANT(PSVM_EVENT_INJ_TYPE, 0x700),
	CONSTANT(PSVM_EVENT_INJ_EV, 0x800),
	CONSTANT(PSVM_EVENT_INJ_V, 0x80000000),
	CONSTANT(PSVM_EVENT_INJ_ERROR_CODE, 0xffffffff00000000),
	CONSTANT(PSVM_EVENT_TYPE_INTR, 0),
	CONSTANT(PSVM_EVENT_TYPE_NMI, 2),
	CONSTANT(PSVM_EVENT_TYPE_EXCEPTION, 3),
	CONSTANT(PSVM_EVENT_TYPE_SWINT, 4),
	CONSTANT(PSVM_NESTED_CTL_NP_ENABLE, 1ULL << 0),
	CONSTANT(PSVM_NESTED_CTL_SEV_ENABLE, 1ULL << 1),
	CONSTANT(PSVM_NESTED_CTL_SEV_ES_ENABLE, 1ULL << 2),
	CONSTANT(PSVM_NESTED_CTL_GMET_ENABLE, 1ULL << 3),
	CONSTANT(PSVM_NESTED_CTL_SSS_CHECK_ENABLE, 1ULL << 4),
	CONSTANT(PSVM_NESTED_CTL_VTE_ENABLE, 1ULL << 5),
	CONSTANT(PSVM_NESTED_CTL_RO_GPT_ENABLE, 1ULL << 6),
	CONSTANT(PSVM_NESTED_CTL_INVLPGB_ENABLE, 1ULL << 7),
	CONSTANT(PSVM_VIRT_EXT_LBR_VIRT_ENABLE, 1ULL << 0),
	CONSTANT(PSVM_VIRT_EXT_VMSAVE_VIRT_ENABLE, 1ULL << 1),
	CONSTANT(PSVM_VIRT_EXT_IBS_VIRT_ENABLE, 1ULL << 2),
	CONSTANT(PSVM_VIRT_EXT_PMC_VIRT_ENABLE, 1ULL << 3),
	CONSTANT(PSVM_EXIT_CR0_READ, 0x000),
	CONSTANT(PSVM_EXIT_CR8_READ, 0x008),
	CONSTANT(PSVM_EXIT_CR0_WRITE, 0x010),
	CONSTANT(PSVM_EXIT_CR8_WRITE, 0x018),
	CONSTANT(PSVM_EXIT_DR0_READ, 0x020),
	CONSTANT(PSVM_EXIT_DR15_WRITE, 0x03f),
	CONSTANT(PSVM_EXIT_EXCP_DE, 0x040),
	CONSTANT(PSVM_EXIT_EXCP_PF, 0x04e),
	CONSTANT(PSVM_EXIT_EXCP_31, 0x05f),
	CONSTANT(PSVM_EXIT_INTR, 0x060),
	CONSTANT(PSVM_EXIT_NMI, 0x061),
	CONSTANT(PSVM_EXIT_VINTR, 0x064),
	CONSTANT(PSVM_EXIT_CPUID, 0x072),
	CONSTANT(PSVM_EXIT_HLT, 0x078),
	CONSTANT(PSVM_EXIT_SHUTDOWN, 0x07f),
	CONSTANT(PSVM_EXIT_VMRUN, 0x080),
	CONSTANT(PSVM_EXIT_VMMCALL, 0x081),
	CONSTANT(PSVM_EXIT_STGI, 0x084),
	CONSTANT(PSVM_EXIT_CR15_WRITE_TRAP, 0x09f),
	CONSTANT(PSVM_EXIT_INVLPGB, 0x0a0),
	CONSTANT(PSVM_EXIT_IDLE_HLT, 0x0a6),
	CONSTANT(PSVM_EXIT_NPF, 0x400),
	CONSTANT(PSVM_EXIT_AVIC_INCOMPLETE_IPI, 0x401),
	CONSTANT(PSVM_EXIT_AVIC_NOACCEL, 0x402),
	CONSTANT(PSVM_EXIT_VMGEXIT, 0x403),
	CONSTANT(PSVM_EXIT_INVALID, 0xffffffffffffffff),
	CONSTANT(PSVM_EXIT_BUSY, 0xfffffffffffffffe),
	CONSTANT(PSVM_EXIT_IDLE_REQUIRED, 0xfffffffffffffffd),
	CONSTANT(PSVM_EXIT_INVALID_PMC, 0xfffffffffffffffc),
	CONSTANT(PSVM_V_TPR, 0xf),
	CONSTANT(PSVM_V_TPR_7_4, 0xf0),
	CONSTANT(PSVM_V_IRQ, 1ULL << 8),
	CONSTANT(PSVM_V_GIF, 1ULL << 9),
	CONSTANT(PSVM_V_NMI, 1ULL << 11),
	CONSTANT(PSVM_V_NMI_MASK, 1ULL << 12),
	CONSTANT(PSVM_V_INTR_PRIO, 0xf0000),
	CONSTANT(PSVM_V_IGN_TPR, 1ULL << 20),
	CONSTANT(PSVM_V_INTR_MASKING, 1ULL << 24),
	CONSTANT(PSVM_V_GIF_ENABLE, 1ULL << 25),
	CONSTANT(PSVM_V_NMI_ENABLE, 1ULL << 26),
	CONSTANT(PSVM_X2AVIC_ENABLE, 1ULL << 30),
	CONSTANT(PSVM_AVIC_ENABLE, 1ULL << 31),
	CONSTANT(PSVM_V_INTR_VECTOR, 0xffULL << 32),
	CONSTANT(PSVM_RSVD_63_40, 0xffffffULL << 40),
	CONSTANT(PSVM_V_INJECTION, 0x1f0100),
	CONSTANT(PSVM_V_GIF_BITS, 0x02000200),
	CONSTANT(PSVM_V_NMI_BITS, 0x04001800),
	CONSTANT(PSVM_INT_VECTOR_DWORD, 0xffffffff00000000),
	CONSTANT(PSVM_VMSA_VINTR_CTRL, 0x3b8),
	CONSTANT(PSVM_VINTR_CTRL_INT_SHADOW, 1ULL << 10),
	CONSTANT(PSVM_VINTR_CTRL_BUSY, 1ULL << 63),
};

static void test_constant(void **state)
{
	const struct constant *constant = *state;

	assert_int_equal(constant->value, constant->expected);
}

/*
 * What CPUID must report for a field or a bit to mean anything: [APM] tables B-1 and B-2,
 * 15.5 to 15.36.
 */
#define EVERY	  "every processor with SVM"
#define EDX(bit)  "CPUID Fn8000_000A EDX[" #bit "]"
#define SEV(bit)  "CPUID Fn8000_001F EAX[" #bit "]"
#define ERAPS	  "CPUID Fn8000_0021 EAX[24]"
#define CET	  "CPUID Fn0000_0007 ECX[7]"
#define LBR_STACK "CPUID Fn8000_000A EDX[1], and the LBR stack"
#define ITS_OWN	  "the CPUID bit of the instruction"

static const char *text_of_gate(const char *gate)
{
#define X(name, text) \
	if (strcmp(gate, #name) == 0) \
		return text;
	PSVM_GATES(X)
#undef X
	return "";
}

/* Fields that not every processor has, from the first offset in the page to the last. */
static const struct gated_fields {
	unsigned int first, last, count;
	const char *gate;
} gated_fields[] = {
	{ 0x03c, 0x03c, 1, EDX(12) }, { 0x03e, 0x03e, 1, EDX(10) },
	{ 0x05d, 0x05d, 1, ERAPS },   { 0x098, 0x098, 1, EDX(13) },
	{ 0x0a0, 0x0a0, 1, SEV(3) },  { 0x0b0, 0x0b0, 1, EDX(0) },
	{ 0x0c0, 0x0c0, 1, EDX(5) },  { 0x0c8, 0x0c8, 1, EDX(3) },
	{ 0x0d0, 0x0d1, 2, EDX(7) },  { 0x0e0, 0x0f8, 3, EDX(13) },
	{ 0x108, 0x108, 1, SEV(3) },  { 0x110, 0x118, 2, SEV(17) },
	{ 0x120, 0x120, 1, EDX(29) }, { 0x134, 0x134, 1, SEV(26) },
	{ 0x138, 0x140, 2, SEV(27) }, { 0x150, 0x150, 1, SEV(26) },
	{ 0x4e0, 0x538, 12, EDX(8) }, { 0x5c0, 0x5d0, 3, EDX(8) },
	{ 0x5e0, 0x5f0, 3, CET },     { 0x668, 0x668, 1, EDX(0) },
	{ 0x670, 0x698, 6, EDX(1) },  { 0x6e0, 0x6e0, 1, EDX(20) },
	{ 0xa70, 0xb70, 2, LBR_STACK }, { 0xb78, 0xbc0, 10, EDX(26) },
};

static void check_field(unsigned int *counts, unsigned int offset, const char *gate)
{
	const char *expected = EVERY;

	for (size_t i = 0; i < N_ROWS(gated_fields); i++)
		if (offset >= gated_fields[i].first && offset <= gated_fields[i].last) {
			expected = gated_fields[i].gate;
			counts[i]++;
		}
	if (strcmp(text_of_gate(gate), expected) != 0)
		fail_msg("%03xh needs %s, not %s", offset, expected, text_of_gate(gate));
}

static void test_gates(void **state)
{
	unsigned int counts[N_ROWS(gated_fields)] = { 0 };

	(void)state;
#define CONTROL_GATE(name, type, offset, width, count, clean, gate, section) \
	check_field(counts, offset, #gate);
#define SAVE_GATE(name, type, offset, width, count, clean, gate, section) \
	check_field(counts, 0x400 + (offset), #gate);
	PSVM_VMCB_CONTROL_FIELDS(CONTROL_GATE)
	PSVM_VMCB_SAVE_FIELDS(SAVE_GATE)
	for (size_t i = 0; i < N_ROWS(gated_fields); i++)
		assert_int_equal(counts[i], gated_fields[i].count);
}

/* 15.15.3 names no array. */
static void test_arrays(void **state)
{
	unsigned int count = 0;

	(void)state;
#define NO_FIELD(name, type, offset, width, count, clean, gate, section)
#define ARRAY_CLEAN(name, type, offset, width, n, clean, gate, section) \
	assert_string_equal(#clean, "NONE"); \
	count++;
	PSVM_VMCB_CONTROL_LAYOUT(NO_FIELD, ARRAY_CLEAN, PSVM_NO_ROW)
	PSVM_VMCB_SAVE_LAYOUT(NO_FIELD, ARRAY_CLEAN, PSVM_NO_ROW)
	assert_int_equal(count, N_ROWS(arrays));
}

/*
 * The bits of words, in the same tables: rows of one width, from the first shift to the
 * last, and what they need.
 */
static const struct bits_run {
	unsigned int offset, first, last, width;
	const char *gate;
} bits_runs[] = {
	{ 0x000, 0, 31, 1, EVERY },   { 0x004, 0, 31, 1, EVERY },
	{ 0x008, 0, 31, 1, EVERY },   { 0x00c, 0, 31, 1, EVERY },
	{ 0x010, 0, 5, 1, EVERY },    { 0x010, 6, 7, 1, ITS_OWN },
	{ 0x010, 8, 9, 1, EVERY },    { 0x010, 10, 14, 1, ITS_OWN },
	{ 0x010, 15, 31, 1, SEV(3) }, { 0x014, 0, 1, 1, EDX(24) },
	{ 0x014, 2, 3, 1, ITS_OWN },  { 0x014, 4, 4, 1, EDX(24) },
	{ 0x014, 5, 5, 1, EDX(29) },  { 0x014, 6, 6, 1, EDX(30) },
	{ 0x05d, 0, 1, 1, ERAPS },    { 0x060, 0, 0, 4, EVERY },
	{ 0x060, 4, 4, 4, EVERY },    { 0x060, 8, 8, 1, EVERY },
	{ 0x060, 9, 9, 1, EDX(16) },  { 0x060, 10, 10, 1, EVERY },
	{ 0x060, 11, 12, 1, EDX(25) }, { 0x060, 13, 13, 3, EVERY },
	{ 0x060, 16, 16, 4, EVERY },  { 0x060, 20, 20, 1, EVERY },
	{ 0x060, 21, 21, 3, EVERY },  { 0x060, 24, 24, 1, EVERY },
	{ 0x060, 25, 25, 1, EDX(16) }, { 0x060, 26, 26, 1, EDX(25) },
	{ 0x060, 27, 27, 3, EVERY },  { 0x060, 30, 30, 1, EDX(18) },
	{ 0x060, 31, 31, 1, EDX(13) }, { 0x060, 32, 32, 8, EVERY },
	{ 0x060, 40, 40, 24, EVERY }, { 0x068, 0, 0, 1, EVERY },
	{ 0x068, 1, 1, 1, SEV(3) },   { 0x0a8, 0, 0, 8, EVERY },
	{ 0x0a8, 8, 8, 3, EVERY },    { 0x0a8, 11, 11, 1, EVERY },
	{ 0x0a8, 31, 31, 1, EVERY },  { 0x0a8, 32, 32, 32, EVERY },
	{ 0x090, 0, 0, 1, EDX(0) },   { 0x090, 1, 1, 1, SEV(1) },
	{ 0x090, 2, 2, 1, SEV(3) },   { 0x090, 3, 3, 1, EDX(17) },
	{ 0x090, 4, 4, 1, EDX(19) },  { 0x090, 5, 5, 1, SEV(16) },
	{ 0x090, 6, 6, 1, EDX(21) },  { 0x090, 7, 7, 1, EDX(24) },
	{ 0x098, 0, 0, 52, EDX(13) }, { 0x0b8, 0, 0, 1, EDX(1) },
	{ 0x0b8, 1, 1, 1, EDX(15) },  { 0x0b8, 2, 2, 1, EDX(26) },
	{ 0x0b8, 3, 3, 1, EDX(8) },   { 0x0c0, 0, 12, 1, EDX(5) },
	{ 0x0c0, 31, 31, 1, EVERY },  { 0x0e0, 0, 0, 52, EDX(13) },
	{ 0x0f0, 12, 12, 40, EDX(13) }, { 0x0f8, 0, 0, 12, EDX(13) },
	{ 0x0f8, 12, 12, 40, EDX(13) }, { 0x108, 12, 12, 40, SEV(3) },
	{ 0x134, 0, 0, 1, SEV(26) },  { 0x138, 0, 0, 62, SEV(27) },
	{ 0x138, 63, 63, 1, SEV(27) }, { 0x140, 0, 0, 62, SEV(27) },
};

/* The rows of the library. */
static const struct bits_row {
	unsigned int offset, shift, width;
	const char *gate;
} bits_rows[] = {
#define B(offset, shift, width, gate) { offset, shift, width, gate },
#define INT_CTL_BIT(name, kvm, shift, width, writer, gate, ignored, section) \
	B(0x060, shift, width, #gate)
#define BIT_000(name, shift, width, gate, section) B(0x000, shift, width, #gate)
#define BIT_004(name, shift, width, gate, section) B(0x004, shift, width, #gate)
#define BIT_008(name, shift, width, gate, section) B(0x008, shift, width, #gate)
#define BIT_00C(name, shift, width, gate, section) B(0x00c, shift, width, #gate)
#define BIT_010(name, shift, width, gate, section) B(0x010, shift, width, #gate)
#define BIT_014(name, shift, width, gate, section) B(0x014, shift, width, #gate)
#define BIT_05D(name, shift, width, gate, section) B(0x05d, shift, width, #gate)
#define BIT_068(name, shift, width, gate, section) B(0x068, shift, width, #gate)
#define BIT_090(name, shift, width, gate, section) B(0x090, shift, width, #gate)
#define BIT_098(name, shift, width, gate, section) B(0x098, shift, width, #gate)
#define BIT_0A8(name, shift, width, gate, section) B(0x0a8, shift, width, #gate)
#define BIT_0B8(name, shift, width, gate, section) B(0x0b8, shift, width, #gate)
#define BIT_0C0(name, shift, width, gate, section) B(0x0c0, shift, width, #gate)
#define BIT_0E0(name, shift, width, gate, section) B(0x0e0, shift, width, #gate)
#define BIT_0F0(name, shift, width, gate, section) B(0x0f0, shift, width, #gate)
#define BIT_0F8(name, shift, width, gate, section) B(0x0f8, shift, width, #gate)
#define BIT_108(name, shift, width, gate, section) B(0x108, shift, width, #gate)
#define BIT_134(name, shift, width, gate, section) B(0x134, shift, width, #gate)
#define BIT_138(name, shift, width, gate, section) B(0x138, shift, width, #gate)
#define BIT_140(name, shift, width, gate, section) B(0x140, shift, width, #gate)
	PSVM_INTERCEPT_CR_BITS(BIT_000) PSVM_INTERCEPT_DR_BITS(BIT_004)
	PSVM_INTERCEPT_EXCEPTION_BITS(BIT_008) PSVM_INTERCEPT_MISC1_BITS(BIT_00C)
	PSVM_INTERCEPT_MISC2_BITS(BIT_010) PSVM_INTERCEPT_MISC3_BITS(BIT_014)
	PSVM_ERAP_BITS(BIT_05D) PSVM_INT_CTL_BITS(INT_CTL_BIT)
	PSVM_INT_STATE_BITS(BIT_068) PSVM_EVENT_BITS(BIT_0A8)
	PSVM_NESTED_CTL_BITS(BIT_090) PSVM_AVIC_VAPIC_BAR_BITS(BIT_098)
	PSVM_VIRT_EXT_BITS(BIT_0B8) PSVM_CLEAN_BITS(BIT_0C0)
	PSVM_AVIC_BACKING_PAGE_BITS(BIT_0E0) PSVM_AVIC_LOGICAL_ID_BITS(BIT_0F0)
	PSVM_AVIC_PHYSICAL_ID_BITS(BIT_0F8) PSVM_VMSA_PA_BITS(BIT_108)
	PSVM_UPDATE_IRR_BITS(BIT_134) PSVM_ALLOWED_SEV_FEATURES_BITS(BIT_138)
	PSVM_GUEST_SEV_FEATURES_BITS(BIT_140)
};

static void check_bits(const struct bits_row *row, const struct bits_run *run,
		       unsigned int shift)
{
	if (row->offset != run->offset || row->shift != shift ||
	    row->width != run->width ||
	    strcmp(text_of_gate(row->gate), run->gate) != 0)
		fail_msg("%03xh: bits %u, %u wide, need %s", run->offset, shift, run->width,
			 run->gate);
}

static void test_bits(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t r = 0; r < N_ROWS(bits_runs); r++)
		for (unsigned int s = bits_runs[r].first; s <= bits_runs[r].last; s++) {
			assert_true(n < N_ROWS(bits_rows));
			check_bits(&bits_rows[n++], &bits_runs[r], s);
		}
	assert_int_equal(n, N_ROWS(bits_rows));
}

/* Who changes the word at 060h: software alone, the processor at #VMEXIT, too, or nobody;
 * by its 64 bits. [APM] table B-1. */
static void test_writers(void **state)
{
	uint64_t hw = 0, sw = 0, sbz = 0;

	(void)state;
#define WRITER(name, kvm, shift, width, writer, gate, ignored, section) \
	*(strcmp(#writer, "HW") == 0 ? &hw : strcmp(#writer, "SW") == 0 ? &sw : &sbz) |= \
		UINT64_MAX >> (64 - (width)) << (shift);
	PSVM_INT_CTL_BITS(WRITER)
	assert_int_equal(hw, 0x1b0f);
	assert_int_equal(sw, 0x000000ffc71f0000);
	assert_int_equal(sbz, 0xffffff0038e0e4f0);
	assert_int_equal(PSVM_INT_CTL_WRITTEN, hw);
	assert_int_equal(PSVM_INT_CTL_SBZ, sbz);
}

/* Values with a name, in the same order: [APM] 15.16, 15.20, appendix C. */
static const struct value {
	uint64_t value;
	const char *gate;
} values[] = {
	{ 0, EVERY }, { 1, EVERY }, { 3, EDX(6) }, { 7, EDX(6) }, /* TLB_CONTROL */
	{ 0, EVERY }, { 2, EVERY }, { 3, EVERY }, { 4, EVERY }, /* types of events */
	{ 0x400, EDX(0) }, { 0x401, EDX(13) }, { 0x402, EDX(13) }, { 0x403, SEV(3) },
	{ UINT64_MAX, EVERY }, { UINT64_MAX - 1, SEV(3) }, { UINT64_MAX - 2, SEV(3) },
	{ UINT64_MAX - 3, SEV(3) },
};

static void test_values(void **state)
{
	static const struct value rows[] = {
#define VALUE(name, value, gate, section) { value, #gate },
		PSVM_TLB_CONTROL_VALUES(VALUE) PSVM_EVENT_TYPE_VALUES(VALUE)
		PSVM_EXIT_CODES(VALUE)
	};

	(void)state;
	assert_int_equal(N_ROWS(rows), N_ROWS(values));
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		assert_int_equal(rows[i].value, values[i].value);
		assert_string_equal(text_of_gate(rows[i].gate), values[i].gate);
	}
}

/* KVM's two dwords, and the word. */
static void test_dwords(void **state)
{
	(void)state;
	assert_int_equal(psvm_int_ctl_join(0x89abcdef, 0x81234567), 0x8123456789abcdef);
	assert_int_equal(psvm_int_ctl_low(0x8123456789abcdef), 0x89abcdef);
	assert_int_equal(psvm_int_ctl_vector(0x8123456789abcdef), 0x81234567);
}

/*
 * One case for each row.
 */
struct suite {
	struct CMUnitTest *tests;
	size_t n_tests;
};

static char *case_name(const char *what, const char *row)
{
	size_t size = strlen(what) + 1 + strlen(row) + 1;
	char *name = malloc(size);

	if (!name)
		abort();
	snprintf(name, size, "%s %s", what, row);
	return name;
}

static void add_case(struct suite *suite, const char *what, const char *row,
		     CMUnitTestFunction test, void *state)
{
	size_t size = (suite->n_tests + 1) * sizeof(struct CMUnitTest);
	struct CMUnitTest unit = { case_name(what, row), test, NULL, NULL, state };

	suite->tests = realloc(suite->tests, size);
	if (!suite->tests)
		abort();
	suite->tests[suite->n_tests++] = unit;
}

static void add_rows(struct suite *suite, const char *what, CMUnitTestFunction test,
		     struct row *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++)
		add_case(suite, what, rows[i].name, test, &rows[i]);
}

static void add_setters(struct suite *suite)
{
	add_rows(suite, "layout", test_layout, segments, N_ROWS(segments));
	add_rows(suite, "setter", test_setter, segments, N_ROWS(segments));
	add_rows(suite, "setter", test_setter, scalars, N_ROWS(scalars));
}

static void add_images(struct suite *suite, struct row *rows, size_t n_rows)
{
	add_rows(suite, "layout", test_layout, rows, n_rows);
	add_rows(suite, "load", test_load, rows, n_rows);
	add_rows(suite, "store", test_store, rows, n_rows);
}

static void add_pages(struct suite *suite)
{
	add_case(suite, "060h", "two dwords", test_dwords, NULL);
	add_case(suite, "table", "what fields need", test_gates, NULL);
	add_case(suite, "table", "arrays are in no group", test_arrays, NULL);
	add_case(suite, "table", "bits and what they need", test_bits, NULL);
	add_case(suite, "table", "who writes 060h", test_writers, NULL);
	add_case(suite, "table", "values and what they need", test_values, NULL);
	add_case(suite, "page", "sizes", test_sizes, NULL);
	add_case(suite, "page", "coverage by the manual", test_coverage_manual, NULL);
	add_case(suite, "page", "coverage by segments", test_coverage_segments, NULL);
	add_case(suite, "page", "coverage by the table", test_coverage_table, NULL);
	add_case(suite, "page", "round trip", test_round_trip, NULL);
	add_case(suite, "page", "unaligned image", test_unaligned, NULL);
	add_case(suite, "page", "control area only", test_control_load, NULL);
}

static void add_constants(struct suite *suite)
{
	for (size_t i = 0; i < N_ROWS(constants); i++)
		add_case(suite, "constant", constants[i].name, test_constant,
			 &constants[i]);
}

static void free_suite(struct suite *suite)
{
	for (size_t i = 0; i < suite->n_tests; i++)
		free((void *)(uintptr_t)suite->tests[i].name);
	free(suite->tests);
}

int main(void)
{
	struct suite suite = { NULL, 0 };
	int rc;

	add_pages(&suite);
	add_setters(&suite);
	add_images(&suite, scalars, N_ROWS(scalars));
	add_images(&suite, segment_registers, N_ROWS(segment_registers));
	add_images(&suite, arrays, N_ROWS(arrays));
	add_images(&suite, ranges, N_ROWS(ranges));
	add_constants(&suite);
	rc = _cmocka_run_group_tests("vmcb", suite.tests, suite.n_tests, NULL, NULL);
	free_suite(&suite);
	return rc != 0;
}
