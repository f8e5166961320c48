/* SPDX-License-Identifier: MIT */
/* Linux 6.12 asks guest_cpu_cap_has() for what is offered to L1. */
static void put_offers(struct vcpu_svm *svm)
{
	(void)svm;
}

static void put_software_gif(struct vcpu_svm *svm, bool gif)
{
	svm->guest_gif = gif;
}

static bool get_software_gif(const struct vcpu_svm *svm)
{
	return svm->guest_gif;
}
