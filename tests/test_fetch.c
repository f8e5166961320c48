/* SPDX-License-Identifier: MIT */
/*
 * No double fetch: a function that loads a VMCB or takes a snapshot reads each byte of a
 * guest's page once, and no other function reads any of it.
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

static struct psvm_vmcb vmcb01, vmcb02, vmcb;
static struct psvm_vmcb_control snapshot;
static struct psvm_pages pages = { .vmcb01 = &vmcb01,
				   .vmcb02 = &vmcb02,
				   .snapshot = &snapshot,
				   .vmcb12 = vmcb12 };

/* fetch.sh checks that each function is here that takes a page. */
#define FUNCTIONS_ON_IMAGES(X) \
	X(psvm_vmcb_control_load, (&snapshot, vmcb12), CONTROL) \
	X(psvm_vmcb_load, (&vmcb, vmcb12), PAGE) \
	X(psvm_vmcb_store, (vmcb12, &vmcb), 0)
#define FUNCTIONS_ON_PAGES(X) \
	X(psvm_vmcb_snapshot, CONTROL) \
	X(psvm_vmcb_enter, 0) \
	X(psvm_vmcb_reenter, 0) \
	X(psvm_vmcb_window_open, 0) \
	X(psvm_vmcb_window_close, 0) \
	X(psvm_vmcb_refresh, 0) \
	X(psvm_vmcb_nested_sync_int_ctl, 0)

static void start(void)
{
	memset(reads, 0, sizeof(reads));
	loads = 0;
}

/* The first `size` bytes once, no other. */
static void assert_reads(const char *function, size_t size)
{
	assert_true(loads > 0);
	for (size_t i = 0; i < PAGE; i++)
		if (reads[i] != (i < size))
			fail_msg("%s: byte %03zxh of vmcb12 read %u times", function, i,
				 reads[i]);
}

static void images(void **state)
{
	(void)state;
#define PSVM_X(function, arguments, size) \
	start(); \
	function arguments; \
	assert_reads(#function, size);
	FUNCTIONS_ON_IMAGES(PSVM_X)
#undef PSVM_X
}

/* Each function finds this bit of int_ctl everywhere, and nothing else. */
static void set_up(uint64_t bit)
{
	memset(&vmcb02, 0, sizeof(vmcb02));
	memset(&vmcb01, 0, sizeof(vmcb01));
	memset(&snapshot, 0, sizeof(snapshot));
	memset(vmcb12, 0, sizeof(vmcb12));
	vmcb02.control.int_ctl = bit;
	vmcb01.control.int_ctl = bit;
	snapshot.int_ctl = bit;
	for (unsigned i = 0; i < 8; i++)
		vmcb12[0x60 + i] = (unsigned char)(bit >> 8 * i & 0xff);
}

/* What is refused reads nothing. */
#define PSVM_X(function, size) \
	set_up(bit); \
	start(); \
	assert_reads(#function, \
		     function(rules, &pages).status.code == PSVM_OK ? (size) : 0);
static void on_pages(const struct psvm_rules *rules, uint64_t bit)
{
	FUNCTIONS_ON_PAGES(PSVM_X)
	set_up(bit);
	start();
	(void)psvm_vmcb_route_exit(rules, &pages);
	assert_reads("psvm_vmcb_route_exit", 0);
}
#undef PSVM_X

/* With every rule set, with each fact and each bit of int_ctl alone. */
static void wrappers(void **state)
{
	(void)state;
	for (uint32_t set = 0; set < PSVM_RULE_SET_COUNT; set++)
		for (unsigned bit = 0; bit < 64; bit++) {
			pages.facts = (uint32_t)(UINT64_C(1) << bit & UINT32_MAX);
			on_pages(psvm_rules_builtin(set), UINT64_C(1) << bit);
			pages.facts = 0;
			on_pages(psvm_rules_builtin(set), UINT64_C(1) << bit);
		}
	on_pages(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images),
		cmocka_unit_test(wrappers),
	};

	return cmocka_run_group_tests_name("fetch", tests, NULL, NULL) != 0;
}
