/* SPDX-License-Identifier: MIT */
/*
 * No double fetch: psvm_vmcb_snapshot() and psvm_vmcb_control_load() read each
 * byte of the control area of a guest's VMCB once, and no other wrapper reads
 * any of it.
 *
 * The core is compiled with -fsanitize-coverage=trace-loads: the compiler calls
 * us at every load. Loads from the page of the guest are counted by byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define PSVM_EXTERN
#include "psvm/psvm.h"

enum { PAGE = 4096, CONTROL = 1024 };

static unsigned char vmcb12[PAGE];
static unsigned reads[PAGE];
static unsigned long loads; /* of anything: the instrumentation works */

static void count(const void *address, size_t width)
{
	uintptr_t offset = (uintptr_t)address - (uintptr_t)vmcb12;

	loads++;
	for (size_t i = 0; offset < PAGE && i < width; i++)
		reads[offset + i]++;
}

#define CALLBACK(width, type) \
	void __sanitizer_cov_load##width(const type *address); \
	void __sanitizer_cov_load##width(const type *address) \
	{ \
		count(address, width); \
	}
CALLBACK(1, uint8_t)
CALLBACK(2, uint16_t)
CALLBACK(4, uint32_t)
CALLBACK(8, uint64_t)
CALLBACK(16, void)
void __sanitizer_cov_trace_pc_guard(uint32_t *guard);
void __sanitizer_cov_trace_pc_guard(uint32_t *guard)
{
	(void)guard;
}
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop)
{
	(void)start;
	(void)stop;
}

static struct psvm_vmcb vmcb01, vmcb02;
static struct psvm_vmcb_control snapshot;
static const struct psvm_pages pages = { .vmcb01 = &vmcb01,
					 .vmcb02 = &vmcb02,
					 .snapshot = &snapshot,
					 .vmcb12 = vmcb12 };

static void start(void)
{
	memset(reads, 0, sizeof(reads));
	loads = 0;
}

static void assert_reads(unsigned in_control)
{
	assert_true(loads > 0);
	for (size_t i = 0; i < PAGE; i++)
		if (reads[i] != (i < CONTROL ? in_control : 0))
			fail_msg("byte %03zxh of vmcb12 read %u times", i, reads[i]);
}

static void a_snapshot_reads_each_byte_once(void **state)
{
	(void)state;
	for (uint32_t set = 0; set < PSVM_RULE_SET_COUNT; set++) {
		start();
		psvm_vmcb_snapshot(psvm_rules_builtin(set), &pages);
		assert_reads(1);
	}
}

static void loading_the_control_area_reads_each_byte_once(void **state)
{
	(void)state;
	start();
	psvm_vmcb_control_load(&snapshot, vmcb12);
	assert_reads(1);
}

static void nothing_else_reads_it(void **state)
{
	(void)state;
	for (uint32_t set = 0; set < PSVM_RULE_SET_COUNT; set++) {
		const struct psvm_rules *rules = psvm_rules_builtin(set);

		start();
		psvm_vmcb_enter(rules, &pages);
		psvm_vmcb_reenter(rules, &pages);
		psvm_vmcb_window_open(rules, &pages);
		psvm_vmcb_window_close(rules, &pages);
		psvm_vmcb_refresh(rules, &pages);
		psvm_vmcb_route_exit(rules, &pages);
		psvm_vmcb_nested_sync_int_ctl(rules, &pages);
		assert_reads(0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_reads_each_byte_once),
		cmocka_unit_test(loading_the_control_area_reads_each_byte_once),
		cmocka_unit_test(nothing_else_reads_it),
	};

	return cmocka_run_group_tests_name("fetch", tests, NULL, NULL) != 0;
}
