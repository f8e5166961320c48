/* SPDX-License-Identifier: MIT */
/*
 * The transitions of psvm, by the functions of the kernel that stand before this in
 * a generated file. What differs between versions is in linux-*.h.
 */

static _Thread_local struct vcpu_svm vcpu;
static _Thread_local struct vmcb vmcb01, vmcb02, vmcb12;

/* Words in and out of a VMCB and of a snapshot, which have the same members. */
#define PUT_WORDS(to, words) \
	do { \
		const struct psvm_words *w_ = (words); \
		(to)->int_ctl = (u32)w_->int_ctl; \
		(to)->int_vector = (u32)(w_->int_ctl >> 32); \
		(to)->int_state = (u32)w_->int_state; \
		(to)->event_inj = (u32)w_->event_inj; \
		(to)->event_inj_err = (u32)(w_->event_inj >> 32); \
		(to)->tlb_ctl = w_->tlb_control; \
		(to)->intercepts[INTERCEPT_WORD3] = w_->misc1; \
	} while (0)
#define GET_WORDS(from) \
	((struct psvm_words){ \
		.int_ctl = (u64)(from)->int_vector << 32 | (u32)(from)->int_ctl, \
		.int_state = (from)->int_state, \
		.event_inj = (u64)(from)->event_inj_err << 32 | (from)->event_inj, \
		.tlb_control = (from)->tlb_ctl, \
		.misc1 = (from)->intercepts[INTERCEPT_WORD3] })

/* vmcb12 and the snapshot, as far as the functions ask beyond the words. */
#define ALLOW_L2(control, runs) \
	do { \
		(control)->intercepts[INTERCEPT_WORD4] = BIT(INTERCEPT_VMRUN % 32); \
		(control)->asid = (runs); \
		vmcb12_paging(control); \
		virtual_vmload(control); \
	} while (0)

static struct psvm_words complement(const struct psvm_words *w)
{
	return (struct psvm_words){ .int_ctl = ~w->int_ctl,
				    .int_state = ~w->int_state,
				    .event_inj = ~w->event_inj,
				    .exit_int_info = ~w->exit_int_info,
				    .misc1 = ~w->misc1,
				    .tlb_control = (u8)~w->tlb_control };
}

static void begin(const struct psvm_nested *n)
{
	at.n = *n;
	at.requests = 0;
	at.vmcb12 = &vmcb12;
	vgif = at_fact(PSVM_C(HOST_VGIF));
	vnmi = at_fact(PSVM_C(HOST_VNMI));
	PUT_WORDS(&vmcb01.control, &n->v01);
	PUT_WORDS(&vmcb02.control, &n->v02);
	PUT_WORDS(&vmcb12.control, &n->v12);
	ALLOW_L2(&vmcb12.control, !at_fact(PSVM_C(CHECKS_FAILED)));
	virtual_vmload(&vmcb02.control);
	vcpu.vmcb01.ptr = &vmcb01;
	vcpu.nested.vmcb02.ptr = &vmcb02;
	vcpu.nested.hsave_msr = 1;
	vcpu.nested.initialized = true;
	vcpu.vcpu.arch.nmi_pending = n->nmis;
	put_software_gif(&vcpu, at_fact(PSVM_C(L1_GIF)));
	put_offers(&vcpu);
}

/* L1 runs. */
static void begin_l1(const struct psvm_nested *n)
{
	begin(n);
	vcpu.vcpu.arch.guest_mode = false;
	svm_switch_vmcb(&vcpu, &vcpu.vmcb01);
}

/* L2 runs, and L1 has written something else to vmcb12 since VMRUN. */
static void begin_l2(const struct psvm_nested *n)
{
	struct psvm_words other = complement(&n->v12);

	begin(n);
	vmcb01.save.rflags = kvm_get_rflags(&vcpu.vcpu);
	PUT_WORDS(&vcpu.nested.ctl, &n->v12);
	ALLOW_L2(&vcpu.nested.ctl, !at_fact(PSVM_C(CHECKS_FAILED)));
	PUT_WORDS(&vmcb12.control, &other);
	vcpu.vcpu.arch.guest_mode = true;
	svm_switch_vmcb(&vcpu, &vcpu.nested.vmcb02);
}

static struct psvm_result end(struct psvm_words v12)
{
	return (struct psvm_result){
		.v12 = v12,
		.v02 = GET_WORDS(&vmcb02.control),
		.v01 = GET_WORDS(&vmcb01.control),
		.requests = at.requests,
		.gif = get_software_gif(&vcpu),
		.nmi_change = (int8_t)(vcpu.vcpu.arch.nmi_pending - at.n.nmis),
	};
}

/* The snapshot as it has become; vmcb12 as it has become. */
#define END_12()	end(GET_WORDS(&vcpu.nested.ctl))
#define END_VMCB12()	end(GET_WORDS(&vmcb12.control))

#ifndef ONLY_HAND_BACK
static struct psvm_result side_snapshot(struct psvm_nested n)
{
	begin_l1(&n);
	nested_copy_vmcb_control_to_cache(&vcpu, &vmcb12.control);
	return END_12();
}

static struct psvm_result side_enter(struct psvm_nested n)
{
	struct psvm_result r;

	begin_l1(&n);
	nested_svm_vmrun(&vcpu.vcpu);
	r = END_VMCB12();
	r.outcome = is_guest_mode(&vcpu.vcpu) ? PSVM_DONE : PSVM_VMEXIT_INVALID;
	return r;
}

/* As KVM_SET_NESTED_STATE does it: the checks, and 02. */
static struct psvm_result side_reenter(struct psvm_nested n)
{
	struct psvm_result r;

	begin_l2(&n);
	r = END_12();
	r.outcome = PSVM_VMEXIT_INVALID;
	if (!checks_pass(&vcpu))
		return r;
	build_02(&vcpu);
	return END_12();
}

static struct psvm_result side_window_open(struct psvm_nested n)
{
	begin_l2(&n);
	svm_enable_irq_window(&vcpu.vcpu);
	return END_12();
}

static struct psvm_result side_window_close(struct psvm_nested n)
{
	begin_l2(&n);
	interrupt_window_interception(&vcpu.vcpu);
	return END_12();
}

static struct psvm_result side_refresh(struct psvm_nested n)
{
	begin_l2(&n);
	nested_sync_control_from_vmcb02(&vcpu);
	return END_12();
}

static struct psvm_intercepts side_merge(struct psvm_nested n, struct psvm_intercepts i12,
					 struct psvm_intercepts i01)
{
	struct psvm_intercepts i02;

	begin_l2(&n);
	memcpy(vcpu.nested.ctl.intercepts, i12.word, sizeof(i12.word));
	memcpy(vmcb01.control.intercepts, i01.word, sizeof(i01.word));
	merge(&vcpu);
	memcpy(i02.word, vmcb02.control.intercepts, sizeof(i02.word));
	return i02;
}
#endif

static struct psvm_result side_hand_back(struct psvm_nested n)
{
	begin_l2(&n);
	nested_svm_vmexit(&vcpu);
	return END_VMCB12();
}

__attribute__((visibility("default"))) extern const struct kernel_side kernel_side;
const struct kernel_side kernel_side = {
	.size = sizeof(kernel_side),
	.rules = SIDE_RULES,
	.version = SIDE_VERSION,
	.sources = sources,
	.n_sources = sizeof(sources) / sizeof(sources[0]),
	.step[KERNEL_HAND_BACK] = side_hand_back,
#ifdef ONLY_HAND_BACK
	.unsaid = KERNEL_UNSAID_OTHERS,
#else
	.step[KERNEL_SNAPSHOT] = side_snapshot,
	.step[KERNEL_ENTER] = side_enter,
	.step[KERNEL_REENTER] = side_reenter,
	.step[KERNEL_WINDOW_OPEN] = side_window_open,
	.step[KERNEL_WINDOW_CLOSE] = side_window_close,
	.step[KERNEL_REFRESH] = side_refresh,
	.merge = side_merge,
#endif
};

#ifdef ONLY_HAND_BACK
/*
 * The same for psvm diff. The side has int_ctl of vmcb12 and of vmcb01 and the requests,
 * as the patch has; the rest of a hand-back is not the patch's, and the same for all.
 */
#include "psvm/adapter.h"
#include "psvm/rule_sets.h"

static void adapter_hand_back(const struct psvm_nested *n, struct psvm_result *r)
{
	struct psvm_result rest = psvm_nested_sync_int_ctl(&psvm_rules_lkml_2022_base, *n);
	struct psvm_result ours = side_hand_back(*n);

	*r = rest;
	r->v12.int_ctl = (n->v12.int_ctl & ~(u64)UINT32_MAX) | (u32)ours.v12.int_ctl;
	r->v01.int_ctl = ours.v01.int_ctl;
	r->requests = ours.requests;
}

const struct psvm_adapter psvm_adapter = {
	PSVM_ADAPTER_HEAD(SIDE_VERSION, SIDE_RULES),
	.hand_back = adapter_hand_back,
};
#endif
