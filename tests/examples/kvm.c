/* SPDX-License-Identifier: MIT */
/*
 * How a hypervisor of KVM's shape calls psvm.
 *
 * It keeps its VMCBs in a layout of its own (int_ctl and int_vector are 32 bits
 * each), a cached copy of vmcb12's control fields, its own count of pending
 * NMIs and its own request bits. It uses the functions on words, with a rule
 * set that is known at compile time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "psvm/nested.h"
#include "psvm/rule_sets.h"

/* The hypervisor's own types. */
struct control {
	uint32_t intercepts[6];
	uint32_t int_ctl;
	uint32_t int_vector;
	uint32_t int_state;
	uint32_t event_inj;
	uint32_t event_inj_err;
	uint32_t exit_int_info;
	uint32_t exit_int_info_err;
	uint32_t clean;
	uint8_t tlb_ctl;
};

struct vcpu {
	struct control vmcb01, vmcb02, cache;
	bool l1_rflags_if;
	bool guest_has_vgif, guest_has_vnmi;
	unsigned nmi_pending;
	bool request_event;
};

static const bool vgif = true, vnmi = true; /* module parameters */

/* --- the glue: about forty lines ----------------------------------------- */

static struct psvm_words words_of(const struct control *c)
{
	struct psvm_words w = {
		.int_ctl = psvm_int_ctl_join(c->int_ctl, c->int_vector),
		.int_state = c->int_state,
		.event_inj = (uint64_t)c->event_inj_err << 32 | c->event_inj,
		.exit_int_info = (uint64_t)c->exit_int_info_err << 32 | c->exit_int_info,
		.misc1 = c->intercepts[3],
		.tlb_control = c->tlb_ctl,
	};

	return w;
}

static void set_words(struct control *c, const struct psvm_words *w, uint32_t dirty)
{
	c->int_ctl = psvm_int_ctl_low(w->int_ctl);
	c->int_vector = psvm_int_ctl_vector(w->int_ctl);
	c->int_state = (uint32_t)w->int_state;
	c->event_inj = (uint32_t)w->event_inj;
	c->event_inj_err = (uint32_t)(w->event_inj >> 32);
	c->intercepts[3] = w->misc1;
	c->tlb_ctl = w->tlb_control;
	c->clean &= ~dirty;
}

static struct psvm_nested nested_of(const struct vcpu *v)
{
	struct psvm_nested n = {
		.v12 = words_of(&v->cache),
		.v02 = words_of(&v->vmcb02),
		.v01 = words_of(&v->vmcb01),
		.facts = (v->l1_rflags_if ? PSVM_C(L1_IF) : 0) |
			 (v->nmi_pending ? PSVM_C(PENDING) : 0) |
			 (v->guest_has_vgif ? PSVM_C(OFFER_VGIF) : 0) |
			 (v->guest_has_vnmi ? PSVM_C(OFFER_VNMI) : 0) |
			 (vgif ? PSVM_C(HOST_VGIF) : 0) | (vnmi ? PSVM_C(HOST_VNMI) : 0),
		.nmis = (uint8_t)(v->nmi_pending ? 1 : 0),
	};

	return n;
}

static void finish(struct vcpu *v, const struct psvm_result *r)
{
	set_words(&v->vmcb01, &r->v01, r->dirty01);
	v->nmi_pending += (unsigned)r->nmi_change; /* -1, 0 or 1 */
	v->request_event |= (r->requests & PSVM_REQUEST_EVENT) != 0;
}

static bool nested_vmrun(struct vcpu *v)
{
	struct psvm_result r = psvm_enter(&psvm_rules_linux_6_12, nested_of(v));

	assert_int_equal(r.status.code, PSVM_OK);
	finish(v, &r);
	if (r.outcome == PSVM_VMEXIT_INVALID)
		return false;
	set_words(&v->vmcb02, &r.v02, r.dirty02);
	return true;
}

static void sync_control_from_vmcb02(struct vcpu *v)
{
	struct psvm_result r = psvm_refresh(&psvm_rules_linux_6_12, nested_of(v));

	assert_int_equal(r.status.code, PSVM_OK);
	set_words(&v->cache, &r.v12, 0);
}

/* What the rule set stores in L1's memory, and nothing else. int_vector is never
 * among it: KVM leaves the dword at 064h alone. */
static void store_in_vmcb12(struct control *vmcb12, const struct psvm_result *r)
{
	if (r->store12 & PSVM_F_INT_CTL)
		vmcb12->int_ctl = psvm_int_ctl_low(r->v12.int_ctl);
	if (r->store12 & PSVM_F_INT_STATE)
		vmcb12->int_state = (uint32_t)r->v12.int_state;
	if (r->store12 & PSVM_F_EVENT_INJ) {
		vmcb12->event_inj = (uint32_t)r->v12.event_inj;
		vmcb12->event_inj_err = (uint32_t)(r->v12.event_inj >> 32);
	}
	if (r->store12 & PSVM_F_EXIT_INT_INFO) {
		vmcb12->exit_int_info = (uint32_t)r->v12.exit_int_info;
		vmcb12->exit_int_info_err = (uint32_t)(r->v12.exit_int_info >> 32);
	}
	if (r->store12 & PSVM_F_TLB_CONTROL)
		vmcb12->tlb_ctl = r->v12.tlb_control;
}

static void nested_vmexit(struct vcpu *v, struct control *vmcb12)
{
	struct psvm_result r =
		psvm_nested_sync_int_ctl(&psvm_rules_linux_6_12, nested_of(v));

	assert_int_equal(r.status.code, PSVM_OK);
	finish(v, &r);
	store_in_vmcb12(vmcb12, &r);
}

/* --- it works ------------------------------------------------------------ */

enum {
	V_TPR_7 = 7,
	V_IRQ = 1 << 8,
	PRIO_5 = 5 << 16,
	MASKING = 1 << 24,
	GIF = 1 << 9,
	GIF_ENABLE = 1 << 25,
};

static void a_virtual_interrupt_is_taken_once(void **state)
{
	struct control vmcb12 = { .int_ctl = V_IRQ | PRIO_5 | MASKING,
				  .int_vector = 0x31,
				  .intercepts = { [3] = 1 } };
	struct vcpu v = { .vmcb01 = { .int_ctl = MASKING | GIF_ENABLE, .clean = ~0U },
			  .vmcb02 = { .clean = ~0U },
			  .cache = vmcb12,
			  .l1_rflags_if = true };

	(void)state;
	assert_true(nested_vmrun(&v));
	/* L1's GIF, which VMRUN sets, lives in vmcb02 while L2 runs. */
	assert_int_equal(v.vmcb02.int_ctl, V_IRQ | PRIO_5 | MASKING | GIF | GIF_ENABLE);
	assert_int_equal(v.vmcb02.int_vector, 0x31);
	assert_int_equal(v.vmcb02.clean & 1 << 3, 0);

	/* The processor delivers it, L2 raises its TPR, and a page fault of L0's cuts
	 * the delivery of an exception short. */
	v.vmcb02.int_ctl &= ~(uint32_t)V_IRQ;
	v.vmcb02.int_ctl |= V_TPR_7;
	v.vmcb02.exit_int_info = 0x80000b0e;
	v.vmcb02.exit_int_info_err = 2;
	sync_control_from_vmcb02(&v);
	assert_int_equal(v.cache.int_ctl, V_TPR_7 | PRIO_5 | MASKING);
	nested_vmexit(&v, &vmcb12);
	assert_int_equal(vmcb12.int_ctl, V_TPR_7 | PRIO_5 | MASKING);
	assert_int_equal(vmcb12.int_vector, 0x31);
	assert_int_equal(vmcb12.exit_int_info, 0x80000b0e);
	assert_int_equal(vmcb12.exit_int_info_err, 2);
	assert_false(v.request_event);
}

static void an_nmi_of_l1_waits_in_the_queue(void **state)
{
	struct control vmcb12 = { .int_ctl = MASKING, .intercepts = { [3] = 3 } };
	struct vcpu v = { .vmcb01 = { .int_ctl = MASKING | 1 << 26 | 1 << 11 },
			  .cache = vmcb12 };

	(void)state;
	assert_true(nested_vmrun(&v));
	assert_int_equal(v.nmi_pending, 1);
	assert_true(v.request_event);
	nested_vmexit(&v, &vmcb12);
	assert_int_equal(v.nmi_pending, 0);
	assert_int_equal(v.vmcb01.int_ctl & 1 << 11, 1 << 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_virtual_interrupt_is_taken_once),
		cmocka_unit_test(an_nmi_of_l1_waits_in_the_queue),
	};

	return cmocka_run_group_tests_name("kvm", tests, NULL, NULL) != 0;
}
