/* SPDX-License-Identifier: MIT */
/* The reference model: snapshot, intercepts and VMRUN. */
#include "reference_bits.h"

/*
 * Snapshot: L0 copied vmcb12. linux-7.2 drops what should be zero.
 */
static enum source snapshot_int_ctl(const struct situation *s, unsigned int n)
{
	return s->rules == REF_LINUX_7_2 && n > VECTOR_LAST ? IS_0 : OF_12;
}

static enum source snapshot_int_state(const struct situation *s, unsigned int n)
{
	return s->rules == REF_LINUX_7_2 && n != INTERRUPT_SHADOW ? IS_0 : OF_12;
}

/* exact: reserved bits are not offered, so they do not get as far as 02; and the
 * processor writes EVENTINJ, so L1 does not get them back either. */
static enum source snapshot_event_inj(const struct situation *s, unsigned int n)
{
	bool should_be_zero = n >= EVENT_SBZ && n <= EVENT_SBZ_LAST;

	return (s->rules == REF_LINUX_7_2 || is_exact(s)) && should_be_zero ? IS_0 : OF_12;
}

static enum source snapshot_tlb_control(const struct situation *s, unsigned int n)
{
	return s->rules == REF_LINUX_7_2 && n > TLB_CONTROL_LAST ? IS_0 : OF_12;
}

/*
 * Intercepts of 02: what L0 wants for L1, or L1 for L2.
 *
 * With V_INTR_MASKING in 12 L2 has a TPR and an RFLAGS.IF of its own: what L2
 * does to them cannot make L1's interrupts deliverable, so L0 need not see it.
 * VINTR of a window stays useful even then, as long as L1's own IF, which is
 * the one that counts, was 1 at VMRUN; Linux before 6.4 overlooks that.
 */
bool merge_leaves_out_vintr(const struct situation *s)
{
	if (is_xen(s) || !s->masking)
		return false;
	if (is_linux(s) && !is_recent_linux(s))
		return true;
	return !s->l1_if;
}

static enum source merge_cr(const struct situation *s, unsigned int n)
{
	bool cr8 = n == CR8_READ || n == CR8_WRITE;

	if (!cr8 || is_xen(s))
		return OF_01_OR_12;
	/* Without masking L2's CR8 is L1's TPR: L0 has to see both accesses. */
	if (!s->masking)
		return is_exact(s) ? IS_1 : OF_01_OR_12;
	if (is_recent_linux(s) && n == CR8_READ)
		return OF_01_OR_12;
	return OF_12;
}

enum source merge_misc1(const struct situation *s, unsigned int n)
{
	/* That L2 spins tells linux-7.2 nothing about whom to run: for L1 alone. */
	if (n == PAUSE && s->rules == REF_LINUX_7_2)
		return OF_12;
	return n == VINTR && merge_leaves_out_vintr(s) ? OF_12 : OF_01_OR_12;
}

/* L0's own VMMCALL intercept is not for L2, said Linux until it emulated
 * hypercalls of Hyper-V for L2. */
static enum source merge_misc2(const struct situation *s, unsigned int n)
{
	bool early = is_linux(s) && !is_recent_linux(s);

	return n == VMMCALL && early ? OF_12 : OF_01_OR_12;
}

/* xen leaves 014h to L1 alone. */
static enum source merge_misc3(const struct situation *s, unsigned int n)
{
	(void)n;
	return is_xen(s) ? OF_12 : OF_01_OR_12;
}

static enum source merge_others(const struct situation *s, unsigned int n)
{
	(void)s;
	(void)n;
	return OF_01_OR_12;
}

/* Is VINTR intercepted once 01 and 12 are merged? */
static bool merged_vintr(const struct situation *s)
{
	return s->vintr_12 || (s->vintr_01 && !merge_leaves_out_vintr(s));
}

/*
 * VMRUN by L1. First: does it fail?
 *
 * V_NMI_ENABLE without the NMI intercept is illegal (15.21.10). Linux asks
 * whether L1 set the bit, also if it was not offered; by the manual a bit of a
 * feature that is not there is no reason.
 */
bool enter_fails(const struct situation *s)
{
	if (s->checks_failed)
		return true;
	if (is_recent_linux(s))
		return s->vnmi_enable_12 && !s->nmi_12;
	return is_exact(s) && s->nested_vnmi && !s->nmi_12;
}

/*
 * VMRUN sets GIF (15.17); with GIF open L0 does not need its window. exact: a
 * window that is open before L2 runs is not one on 02, so it is never kept, after
 * a migration neither.
 */
static bool enter_closes_window(const struct situation *s)
{
	if (is_exact(s))
		return s->vintr_01;
	return s->vmrun && !is_xen(s) && merged_vintr(s);
}

/*
 * V_GIF and V_GIF_ENABLE of 02 are L2's if vGIF is nested. If not, the pair
 * goes on holding L1's GIF, if L0 keeps it there at all; and L1's GIF is 1 now.
 */
static enum source enter_02_vgif(const struct situation *s, unsigned int n)
{
	if (s->nested_vgif)
		return OF_12;
	if (n == V_GIF && s->uses_vgif && s->vmrun)
		return IS_1;
	return OF_01;
}

/*
 * The vNMI bits of 02 are L2's if vNMI is nested. If not, L1's own NMIs could
 * go on living there:
 *   lkml-2022-vnmi	all three bits of 01 move to 02;
 *   linux-6.12, 7.2	02 has no vNMI. Earlier ones do not know vNMI;
 *   exact		neither: the processor sets the mask where vNMI is enabled, also
 *			for an NMI that L1 injects with EVENTINJ, and without vNMI
 *			that NMI masks none of L1's (15.20). The mask waits in 01; a
 *			pending NMI goes to the queue, L0 must see it: it may have to
 *			make L2 exit.
 */
static enum source enter_02_vnmi(const struct situation *s)
{
	bool stays = s->rules == REF_LKML_2022_VNMI;
	bool knows_vnmi = stays || is_recent_linux(s) || is_exact(s);

	if (s->nested_vnmi)
		return knows_vnmi ? OF_12 : IS_0;
	return stays && s->uses_vnmi ? OF_01 : IS_0;
}

static enum source enter_02_masking(const struct situation *s)
{
	/* Linux has it set in 01, always; exact sets it. */
	return is_exact(s) ? IS_1 : OF_01;
}

/* xen: L1's word as it is, unless L1 says that it did not touch it. */
static enum source enter_02_xen(const struct situation *s, unsigned int n)
{
	if (s->tpr_clean && !s->moved)
		return OF_02;
	return n == V_INTR_MASKING ? IS_1 : OF_12;
}

static enum source enter_02(const struct situation *s, unsigned int n)
{
	if (is_xen(s))
		return enter_02_xen(s, n);
	if (is_tpr(n) || is_injection(n) || is_vector(s, n))
		return OF_12;
	if (n == V_GIF || n == V_GIF_ENABLE)
		return enter_02_vgif(s, n);
	if (is_vnmi_state(n) || n == V_NMI_ENABLE)
		return enter_02_vnmi(s);
	if (n == V_INTR_MASKING)
		return enter_02_masking(s);
	return IS_0; /* never offered: AVIC, reserved bits */
}

/* 068h: VMRUN loads the shadow (15.21.5), and of the rest exact offers L1 nothing. */
static enum source enter_02_int_state(const struct situation *s, unsigned int n)
{
	return is_exact(s) && n != INTERRUPT_SHADOW ? IS_0 : OF_12;
}

static enum source enter_02_misc1(const struct situation *s, unsigned int n)
{
	return n == VINTR && enter_closes_window(s) ? OF_12 : merge_misc1(s, n);
}

/* TLB_CONTROL: Linux flushes by its own decision, later. */
static enum source enter_02_tlb_control(const struct situation *s, unsigned int n)
{
	if (is_xen(s))
		return OF_12;
	return is_exact(s) && n <= TLB_CONTROL_LAST ? OF_12 : IS_0;
}

/*
 * 01 while L2 runs: L1's GIF is 1. Linux writes it where it looks for it: in
 * 01 only if 02 holds L2's; exact in both. A window that closes leaves no
 * request in 01. exact takes an NMI of L1 that is pending out of 01, into the
 * queue.
 */
static enum source enter_01(const struct situation *s, unsigned int n)
{
	if (is_injection(n) && enter_closes_window(s))
		return IS_0;
	if (n == V_GIF && s->vmrun && is_linux(s) && s->nested_vgif)
		return IS_1;
	if (n == V_GIF && s->vmrun && is_exact(s) && s->uses_vgif)
		return IS_1;
	if (n == V_NMI && is_exact(s) && s->uses_vnmi)
		return IS_0;
	return OF_01;
}

static enum source enter_01_misc1(const struct situation *s, unsigned int n)
{
	return n == VINTR && enter_closes_window(s) ? IS_0 : OF_01;
}

/* A pending NMI of L1, held by 01, becomes one that L0 has queued. */
bool enter_queues_nmi(const struct situation *s)
{
	return (is_recent_linux(s) || is_exact(s)) && s->uses_vnmi && s->vnmi_01;
}

/*
 * exact looks at L1's events again whenever another level is about to run: at what a
 * window was for that is closed now, and at what waits, because it may have been
 * waiting without a window.
 */
bool looks_again(const struct situation *s)
{
	return is_exact(s) && (s->pending || s->vintr_01);
}

uint32_t enter_requests(const struct situation *s)
{
	bool event = s->pending || looks_again(s) || enter_queues_nmi(s);

	if (is_xen(s))
		return 0;
	return (event ? PSVM_REQUEST_EVENT : 0u) |
	       (is_linux(s) ? PSVM_REQUEST_IMPLICIT : 0u);
}

QUESTIONS_ENTER(ASK)
