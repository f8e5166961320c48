/* SPDX-License-Identifier: MIT */
/* Where Linux 6.1 keeps what it offers to L1, and L1's GIF without vGIF. */
static void put_offers(struct vcpu_svm *svm)
{
	svm->vgif_enabled = at_fact(PSVM_C(OFFER_VGIF));
	svm->v_vmload_vmsave_enabled = true;
}

static void put_software_gif(struct vcpu_svm *svm, bool gif)
{
	svm->vcpu.arch.hflags = gif ? HF_GIF_MASK : 0;
}

static bool get_software_gif(const struct vcpu_svm *svm)
{
	return svm->vcpu.arch.hflags & HF_GIF_MASK;
}
