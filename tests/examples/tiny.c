/* SPDX-License-Identifier: MIT */
/*
 * How a small bare-metal hypervisor calls psvm: pages, one rule set, and a
 * window for a timer interrupt that is due for L1 while L2 runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "psvm/psvm.h"

#define RULES (&psvm_rules_exact)

static struct psvm_vmcb vmcb01, vmcb02;
static struct psvm_vmcb_control snapshot;
static unsigned char l1_memory[4096];
static bool look_at_events_again;

static void on_request(void *context, uint32_t requests)
{
	(void)context;
	look_at_events_again = (requests & PSVM_REQUEST_EVENT) != 0;
}

static struct psvm_pages cpu = {
	.vmcb01 = &vmcb01,
	.vmcb02 = &vmcb02,
	.snapshot = &snapshot,
	.vmcb12 = l1_memory,
	.request = on_request,
	.facts = PSVM_C(L1_IF) | PSVM_C(L1_GIF),
};

/* L1 asks for vector 30h in L2, without virtualizing its own interrupts. */
static void l1_prepares_its_vmcb(void)
{
	static struct psvm_vmcb vmcb12;

	psvm_vmcb_set_int_ctl(&vmcb12, PSVM_V_IRQ | PSVM_V_INTR_PRIO |
					       UINT64_C(0x30)
						       << PSVM_V_INTR_VECTOR_SHIFT);
	psvm_vmcb_set_intercept_misc1(&vmcb12, PSVM_INTERCEPT_INTR);
	psvm_vmcb_set_intercept_misc2(&vmcb12, PSVM_INTERCEPT_VMRUN);
	psvm_vmcb_store(l1_memory, &vmcb12);
}

static void a_window_leaves_no_trace(void **state)
{
	static struct psvm_vmcb after;
	uint64_t asked;

	(void)state;
	l1_prepares_its_vmcb();
	psvm_vmcb_snapshot(RULES, &cpu);
	psvm_vmcb_enter(RULES, &cpu);
	asked = vmcb02.control.int_ctl;

	/* The timer of L1 is due, L2 has interrupts off: wait for it. */
	assert_int_equal(psvm_vmcb_window_open(RULES, &cpu).outcome, PSVM_DONE);
	assert_true(vmcb02.control.intercept_misc1 & PSVM_INTERCEPT_VINTR);
	assert_true(vmcb02.control.int_ctl != asked);

	/* L2 exits to L1 for another reason. */
	psvm_vmcb_refresh(RULES, &cpu);
	psvm_vmcb_nested_sync_int_ctl(RULES, &cpu);
	psvm_vmcb_load(&after, l1_memory);
	assert_true(after.control.int_ctl ==
		    (PSVM_V_IRQ | PSVM_V_INTR_PRIO |
		     UINT64_C(0x30) << PSVM_V_INTR_VECTOR_SHIFT));
	assert_true(look_at_events_again);
	assert_false(vmcb01.control.intercept_misc1 & PSVM_INTERCEPT_VINTR);
}

static void a_missing_page_is_named(void **state)
{
	struct psvm_pages broken = cpu;
	struct psvm_result r;

	(void)state;
	broken.vmcb12 = NULL;
	r = psvm_vmcb_enter(RULES, &broken);
	assert_int_equal(r.status.code, PSVM_E_NULL);
	assert_int_equal(r.status.where, PSVM_AT_VMCB12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_leaves_no_trace),
		cmocka_unit_test(a_missing_page_is_named),
	};

	return cmocka_run_group_tests_name("tiny", tests, NULL, NULL) != 0;
}
