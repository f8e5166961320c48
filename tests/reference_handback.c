/* SPDX-License-Identifier: MIT */
/* The reference model: after a run of L2, and the #VMEXIT to L1. */
#include "reference_bits.h"

/*
 * #VMEXIT to L1, the one of a failed VMRUN included: L1's GIF becomes 0. If
 * STGI is intercepted from then on (Linux, without vGIF) a window is of no
 * use; exact closes any, and looks again at what it was for.
 */
static bool vmexit_closes_window(const struct situation *s)
{
	if (is_exact(s))
		return s->vintr_01;
	return is_linux(s) && !s->uses_vgif;
}

static enum source vmexit_01_misc1(const struct situation *s, unsigned int n)
{
	return n == VINTR && vmexit_closes_window(s) ? IS_0 : OF_01;
}

/* 01 after a failed VMRUN. */
static enum source failed_01(const struct situation *s, unsigned int n)
{
	if (n == V_GIF && s->uses_vgif)
		return IS_0;
	return is_injection(n) && vmexit_closes_window(s) ? IS_0 : OF_01;
}

/*
 * Whose is V_IRQ of 02 when L2 has left: L1's request, or a window's dummy?
 *
 *   exact	L1's, unless 01 intercepts VINTR (a window); it can only go away;
 *   linux-6.1, lkml-2022-base
 *		a window's if VINTR is intercepted, and never if L1's interrupts
 *		cannot open while L2 runs (masking);
 *   lkml-2022	L1's if masking, else nobody knows;
 *   linux-6.12	a window's if VINTR is intercepted and not by L1.
 */
static bool irq_is_l1s(const struct situation *s)
{
	if (is_exact(s))
		return s->irq_12 && !s->vintr_01;
	if (is_recent_linux(s))
		return !s->vintr_02 || s->vintr_12;
	if (s->rules == REF_LINUX_6_1 || s->rules == REF_LKML_2022_BASE)
		return s->masking || !s->vintr_02;
	return s->masking;
}

static bool vnmi_is_written_back(const struct situation *s)
{
	return s->nested_vnmi && (is_recent_linux(s) || is_exact(s) ||
				  s->rules == REF_LKML_2022_VNMI);
}

/* lkml-2022 and -vnmi write V_TPR back under masking only. */
static bool tpr_is_written_back(const struct situation *s)
{
	bool patched = s->rules == REF_LKML_2022 || s->rules == REF_LKML_2022_VNMI;

	return s->masking || !patched;
}

/* The bits that a processor writes at #VMEXIT, 02 to 12, if they are L1's. */
static enum source written_back(const struct situation *s, unsigned int n)
{
	bool l1s = (is_tpr(n) && tpr_is_written_back(s)) ||
		   (n == V_IRQ && irq_is_l1s(s)) ||
		   (n == V_GIF && s->nested_vgif) ||
		   (is_vnmi_state(n) && vnmi_is_written_back(s));

	return l1s ? OF_02 : OF_12;
}

/* Refresh, after each run of L2: the snapshot follows the processor. */
bool refreshes(const struct situation *s)
{
	return !is_xen(s) && !is_lkml(s);
}

static enum source refresh_12(const struct situation *s, unsigned int n)
{
	return refreshes(s) ? written_back(s, n) : OF_12;
}

/* 068h: #VMEXIT stores the shadow (15.21.5). What it makes of the rest the manual does
 * not state: exact keeps L1's, real hypervisors copy the word. */
static enum source vmexit_12_int_state(const struct situation *s, unsigned int n)
{
	return is_exact(s) && n != INTERRUPT_SHADOW ? OF_12 : OF_02;
}

/*
 * Hand-back, the #VMEXIT to L1: int_ctl of vmcb12.
 *
 * Linux has refreshed the snapshot already, lkml-2022 has not. xen returns the
 * word that the processor left, but L1 must not see masking that xen forced;
 * on a deferred exit it has cleared the GIF of the VMCB that is current, which
 * is 02's by mistake.
 */
static bool handback_clears_gif_02(const struct situation *s)
{
	return is_xen(s) && s->deferred && s->vgif_enable_02;
}

static enum source handback_12(const struct situation *s, unsigned int n)
{
	if (is_lkml(s) || is_exact(s))
		return written_back(s, n);
	if (is_linux(s))
		return OF_12;
	if (n == V_GIF && handback_clears_gif_02(s))
		return IS_0;
	return n == V_INTR_MASKING && !s->masking ? IS_0 : OF_02;
}

static enum source handback_02(const struct situation *s, unsigned int n)
{
	return n == V_GIF && handback_clears_gif_02(s) ? IS_0 : OF_02;
}

/* Did L1's own vNMI state live in 02? Then it moves home. */
static bool handback_vnmi_moves_home(const struct situation *s, unsigned int n)
{
	/* Linux 6.12: the mask moves, also if it was L2's. */
	if (is_recent_linux(s))
		return s->uses_vnmi && n == V_NMI_MASK;
	return s->rules == REF_LKML_2022_VNMI && s->uses_vnmi && !s->nested_vnmi;
}

/* A queued NMI is offered to the processor again: is the one slot free? */
bool handback_unqueues_nmi(const struct situation *s)
{
	if (!s->uses_vnmi || !s->nmi_queued)
		return false;
	return is_recent_linux(s) || (is_exact(s) && !s->vnmi_01);
}

static enum source handback_01(const struct situation *s, unsigned int n)
{
	if (n == V_NMI && is_recent_linux(s) && s->uses_vnmi)
		return is(s->nmi_queued);
	if (n == V_NMI && handback_unqueues_nmi(s))
		return IS_1;
	if (is_vnmi_state(n) && handback_vnmi_moves_home(s, n))
		return OF_02;
	return failed_01(s, n);
}

uint32_t handback_requests(const struct situation *s)
{
	bool patched = s->rules == REF_LKML_2022 || s->rules == REF_LKML_2022_VNMI;
	bool event = (patched && !s->masking && s->irq_02) ||
		     (is_recent_linux(s) && !s->intr_12) || looks_again(s);

	return (event ? PSVM_REQUEST_EVENT : 0u) |
	       (is_linux(s) ? PSVM_REQUEST_IMPLICIT : 0u);
}

/* EVENTINJ of vmcb12: whole. */
static enum source handback_event_inj(const struct situation *s, unsigned int n)
{
	(void)n;
	if (s->rules == REF_LINUX_6_1)
		return OF_12;
	return is_lkml(s) ? OF_02 : IS_0;
}

uint32_t handback_stores(const struct situation *s)
{
	bool tlb_control = is_xen(s) || is_lkml(s) || s->rules == REF_LINUX_6_1;

	/* Of the word at 060h only xen writes the half with the vector, of 068h exact
	 * the shadow alone. */
	return PSVM_F_INT_CTL | (is_xen(s) ? PSVM_F_INT_VECTOR : 0u) |
	       (is_exact(s) ? PSVM_F_INT_SHADOW : PSVM_F_INT_STATE) | PSVM_F_EVENT_INJ |
	       PSVM_F_EXIT_INT_INFO | (tlb_control ? PSVM_F_TLB_CONTROL : 0u);
}

QUESTIONS_HANDBACK(ASK)
