/* SPDX-License-Identifier: MIT */
/*
 * How a hypervisor of Xen's shape calls psvm.
 *
 * Its VMCBs are pages that psvm's structs overlay, 060h is one 64-bit word, and
 * it links the external forms of the library. The rule set is chosen at run
 * time: an administrator may prefer what is right to what was.
 */
#define PSVM_EXTERN
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "psvm/psvm.h"

struct nestedvcpu {
	struct psvm_vmcb n1vmcb, n2vmcb; /* xen's names of vmcb01 and vmcb02 */
	struct psvm_vmcb_control ns;	 /* the copy of the guest's VMCB */
	uint8_t guest_page[4096];
	uint64_t last_pa, pa;
	bool host_if, gif;
	unsigned softirqs;
};

static void raise_softirq(void *context, uint32_t requests)
{
	struct nestedvcpu *nv = context;

	nv->softirqs += requests != 0;
}

static struct psvm_pages pages_of(struct nestedvcpu *nv)
{
	struct psvm_pages pages = {
		.vmcb01 = &nv->n1vmcb,
		.vmcb02 = &nv->n2vmcb,
		.snapshot = &nv->ns,
		.vmcb12 = nv->guest_page,
		.request = raise_softirq,
		.context = nv,
		.facts = (nv->host_if ? PSVM_C(L1_IF) : 0) |
			 (nv->gif ? PSVM_C(L1_GIF) : 0) |
			 (nv->pa != nv->last_pa ? PSVM_C(MOVED_12) : 0) |
			 (nv->ns.clean & PSVM_CLEAN_TPR ? PSVM_C(CLEAN_TPR_12) : 0),
	};

	return pages;
}

static void vmrun(struct nestedvcpu *nv, const struct psvm_rules *rules)
{
	struct psvm_pages pages = pages_of(nv);
	struct psvm_result r = psvm_vmcb_snapshot(rules, &pages);

	assert_int_equal(r.status.code, PSVM_OK);
	pages = pages_of(nv); /* the snapshot has its own clean bits */
	r = psvm_vmcb_enter(rules, &pages);
	assert_int_equal(r.status.code, PSVM_OK);
	nv->gif = r.gif;
	nv->last_pa = nv->pa;
}

static void vmexit(struct nestedvcpu *nv, const struct psvm_rules *rules)
{
	struct psvm_pages pages = pages_of(nv);

	assert_int_equal(psvm_vmcb_refresh(rules, &pages).status.code, PSVM_OK);
	nv->gif = psvm_vmcb_nested_sync_int_ctl(rules, &pages).gif;
}

/* What L1 writes, and what it reads back. */
static struct psvm_vmcb guest;

static void start(struct nestedvcpu *nv, uint64_t int_ctl)
{
	struct psvm_vmcb empty = { 0 };

	guest = empty;
	guest.control.int_ctl = int_ctl;
	guest.control.intercept_misc2 = PSVM_INTERCEPT_VMRUN;
	psvm_vmcb_store(nv->guest_page, &guest);
	nv->pa = 0x1000;
}

static void run_once(struct nestedvcpu *nv, uint32_t rule_set)
{
	const struct psvm_rules *rules = psvm_rules_builtin(rule_set);

	vmrun(nv, rules);
	nv->n2vmcb.control.int_ctl &= ~PSVM_V_IRQ; /* L2 takes the interrupt */
	vmexit(nv, rules);
	psvm_vmcb_load(&guest, nv->guest_page);
}

static void all_bits_travel(void **state)
{
	static struct nestedvcpu nv;

	(void)state;
	start(&nv, PSVM_V_IRQ | PSVM_V_INTR_PRIO | PSVM_AVIC_ENABLE);
	run_once(&nv, PSVM_RULE_SET_xen);
	assert_true(nv.n2vmcb.control.int_ctl & PSVM_AVIC_ENABLE);
	assert_true(nv.n2vmcb.control.int_ctl & PSVM_V_INTR_MASKING);
	assert_true(guest.control.int_ctl == (PSVM_V_INTR_PRIO | PSVM_AVIC_ENABLE));
	assert_false(nv.gif);
}

static void only_offered_bits_travel(void **state)
{
	static struct nestedvcpu nv;

	(void)state;
	start(&nv, PSVM_V_IRQ | PSVM_V_INTR_PRIO | PSVM_AVIC_ENABLE);
	run_once(&nv, PSVM_RULE_SET_exact);
	assert_false(nv.n2vmcb.control.int_ctl & PSVM_AVIC_ENABLE);
	assert_true(guest.control.int_ctl == (PSVM_V_INTR_PRIO | PSVM_AVIC_ENABLE));
	assert_int_equal(nv.softirqs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bits_travel),
		cmocka_unit_test(only_offered_bits_travel),
	};

	return cmocka_run_group_tests_name("xen", tests, NULL, NULL) != 0;
}
