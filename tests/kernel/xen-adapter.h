/* SPDX-License-Identifier: MIT */
/*
 * The transitions of psvm, by the functions of Xen that stand before this in a
 * generated file. Xen has no snapshot: 12 is vmcb12 itself. What its callers do
 * to L1's GIF, and about a VMRUN that fails, is not compared.
 */

static _Thread_local struct vcpu vcpu;
static _Thread_local struct nestedsvm nested;
static _Thread_local struct vmcb_struct vmcb01, vmcb02, vmcb12;
static _Thread_local struct cpu_user_regs regs;

static void put_words(struct vmcb_struct *to, const struct psvm_words *w)
{
	to->_vintr.bytes = w->int_ctl;
	to->int_stat.raw = w->int_state;
	to->event_inj.raw = w->event_inj;
	to->tlb_control = w->tlb_control;
	to->_general1_intercepts = w->misc1;
}

static struct psvm_words get_words(const struct vmcb_struct *from)
{
	return (struct psvm_words){ .int_ctl = from->_vintr.bytes,
				    .int_state = from->int_stat.raw,
				    .event_inj = from->event_inj.raw,
				    .tlb_control = from->tlb_control,
				    .misc1 = from->_general1_intercepts };
}

enum { VMCB12_ADDRESS = 0x1000, OTHER_ADDRESS = 0x2000 };

static void begin(const struct psvm_nested *n)
{
	put_words(&vmcb01, &n->v01);
	put_words(&vmcb02, &n->v02);
	put_words(&vmcb12, &n->v12);
	vcpu.nested.svm = &nested;
	vcpu.nested.nv_vvmcx = &vmcb12;
	vcpu.nested.nv_n1vmcx = &vmcb01;
	vcpu.nested.nv_n2vmcx = &vmcb02;
	vcpu.nested.nv_vvmcxaddr = VMCB12_ADDRESS;
	vcpu.nested.nv_vmentry_pending = n->facts & PSVM_C(VMRUN_PENDING);
	vcpu.arch.hvm.svm.vmcb = &vmcb02;
	vmcb12.cleanbits.raw = n->facts & PSVM_C(CLEAN_TPR_12) ? PSVM_CLEAN_TPR : 0;
	nested.ns_ovvmcb_pa =
		n->facts & PSVM_C(MOVED_12) ? OTHER_ADDRESS : VMCB12_ADDRESS;
	nested.ns_hostflags.fields.vintrmask =
		(n->v12.int_ctl & PSVM_V_INTR_MASKING) != 0;
	at_checks_failed = n->facts & PSVM_C(CHECKS_FAILED);
}

static struct psvm_result end(void)
{
	return (struct psvm_result){ .v12 = get_words(&vmcb12),
				     .v02 = get_words(&vmcb02),
				     .v01 = get_words(&vmcb01) };
}

static struct psvm_result side_enter(struct psvm_nested n)
{
	struct psvm_result r;
	int failed;

	begin(&n);
	failed = nsvm_vmcb_prepare4vmrun(&vcpu, &regs);
	r = end();
	r.outcome = failed ? PSVM_VMEXIT_INVALID : PSVM_DONE;
	return r;
}

static struct psvm_result side_window_open(struct psvm_nested n)
{
	struct hvm_intack intack = {
		.source = n.external ? hvm_intsrc_pic : hvm_intsrc_lapic,
		.vector = n.vector,
	};

	begin(&n);
	svm_enable_intr_window(&vcpu, intack);
	return end();
}

/* vmcb12 in L1's memory has become something else since VMRUN. */
static struct psvm_result side_hand_back(struct psvm_nested n)
{
	struct psvm_words other = { .int_ctl = ~n.v12.int_ctl,
				    .int_state = ~n.v12.int_state & UINT32_MAX,
				    .event_inj = ~n.v12.event_inj,
				    .misc1 = ~n.v12.misc1,
				    .tlb_control = (u8)~n.v12.tlb_control };

	begin(&n);
	put_words(&vmcb12, &other);
	if (n.facts & PSVM_C(DEFERRED))
		nestedsvm_vmexit_defer(&vcpu, 0, 0, 0);
	nsvm_vmcb_prepare4vmexit(&vcpu, &regs);
	return end();
}

/* The intercept words of this VMCB end with 010h. */
static struct psvm_intercepts side_merge(struct psvm_nested n, struct psvm_intercepts i12,
					 struct psvm_intercepts i01)
{
	struct psvm_intercepts i02 = i12;

	begin(&n);
	memcpy(&vmcb12, i12.word, 5 * sizeof(i12.word[0]));
	memcpy(&vmcb01, i01.word, 5 * sizeof(i01.word[0]));
	nsvm_vmcb_prepare4vmrun(&vcpu, &regs);
	memcpy(i02.word, &vmcb02, 5 * sizeof(i02.word[0]));
	return i02;
}

__attribute__((visibility("default"))) extern const struct kernel_side kernel_side;
const struct kernel_side kernel_side = {
	.size = sizeof(kernel_side),
	.rules = SIDE_RULES,
	.version = SIDE_VERSION,
	.sources = sources,
	.n_sources = sizeof(sources) / sizeof(sources[0]),
	.unsaid = KERNEL_UNSAID_L1,
	.step[KERNEL_ENTER] = side_enter,
	.step[KERNEL_WINDOW_OPEN] = side_window_open,
	.step[KERNEL_HAND_BACK] = side_hand_back,
	.merge = side_merge,
};
