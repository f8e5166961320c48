/* SPDX-License-Identifier: MIT */
/* What Linux 6.1 and 6.12 call otherwise than 7.2. */
#define vmcb12_paging(control) ((control)->nested_ctl = SVM_NESTED_CTL_NP_ENABLE)
#define virtual_vmload(control) \
	((control)->virt_ext = VIRTUAL_VMLOAD_VMSAVE_ENABLE_MASK)

static bool checks_pass(struct vcpu_svm *svm)
{
	return nested_vmcb_check_controls(&svm->vcpu);
}

static void build_02(struct vcpu_svm *svm)
{
	nested_vmcb02_prepare_control(svm, 0, 0);
}

static void merge(struct vcpu_svm *svm)
{
	recalc_intercepts(svm);
}
