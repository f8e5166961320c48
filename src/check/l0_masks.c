/* SPDX-License-Identifier: MIT */
/* Where L1's GIF and its NMI mask live: in a VMCB, or with L0. */
#include "l0.h"

static bool nests_vnmi(const struct l0 *l)
{
	return l0_nests(l, PSVM_C(OFFER_VNMI), PSVM_V_NMI_ENABLE);
}

/* --- GIF ----------------------------------------------------------------- */

void l0_set_gif(struct l0 *l, bool gif)
{
	struct psvm_cpu_vmcb *vmcb = l0_gif_vmcb(l);

	if (vmcb != NULL)
		l0_hold(vmcb, PSVM_V_GIF, gif);
	else
		l->m->gif = gif;
}

/* --- the NMI mask -------------------------------------------------------- */

struct psvm_cpu_vmcb *l0_nmi_vmcb(const struct l0 *l)
{
	struct nested *m = l->m;

	if (!l0_uses_vnmi(l))
		return NULL;
	if (!m->in_l2 || nests_vnmi(l) || l0_rule(l, L0_NMI_MASK_IN_01))
		return &m->vmcb01;
	return l0_holds(l, &m->vmcb02, PSVM_V_NMI_ENABLE) ? &m->vmcb02 : NULL;
}

bool l0_nmi_masked(const struct l0 *l)
{
	const struct psvm_cpu_vmcb *vmcb = l0_nmi_vmcb(l);

	return vmcb != NULL ? l0_holds(l, vmcb, PSVM_V_NMI_MASK) : l->m->nmi_masked != 0;
}

void l0_mask_nmi(struct l0 *l, bool masked)
{
	struct psvm_cpu_vmcb *vmcb = l0_nmi_vmcb(l);

	if (vmcb != NULL)
		l0_hold(vmcb, PSVM_V_NMI_MASK, masked);
	else
		l->m->nmi_masked = masked;
}

bool l0_watches_iret(const struct l0 *l)
{
	if (l->m->in_l2 && nests_vnmi(l))
		return false; /* L2's IRET is about L2's NMIs */
	return l0_nmi_vmcb(l) != l0_current(l) && l0_nmi_masked(l);
}
