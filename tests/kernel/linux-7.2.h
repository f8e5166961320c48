/* SPDX-License-Identifier: MIT */
/* What Linux 7.2 calls otherwise than 6.12. */
#define vmcb12_paging(control) ((control)->misc_ctl = SVM_MISC_ENABLE_NP)
#define virtual_vmload(control) \
	((control)->misc_ctl2 = SVM_MISC2_ENABLE_V_VMLOAD_VMSAVE)

static bool checks_pass(struct vcpu_svm *svm)
{
	return nested_vmcb_check_controls(&svm->vcpu, &svm->nested.ctl);
}

static void build_02(struct vcpu_svm *svm)
{
	nested_vmcb02_prepare_control(svm);
}

static void merge(struct vcpu_svm *svm)
{
	nested_vmcb02_recalc_intercepts(svm);
}
