/* SPDX-License-Identifier: MIT */
/*
 * The reference model: what becomes of each single bit, at each moment.
 *
 * References
 *   [APM] AMD64 Architecture Programmer's Manual volume 2, order 24593,
 *         revision 3.44: 15.5.1, 15.6, 15.9, 15.17, 15.21, 15.33.
 *
 * How to read it. For each moment and each word that it changes there is one
 * function, for example
 *
 *	enter_02(s, n)		VMRUN by L1: bit n of int_ctl of 02
 *
 * which is asked for every n from 63 to 0, in a situation s, and answers where
 * the new value of bit n comes from: it IS_0 or IS_1, or it is that OF_12, OF_02
 * or OF_01. An answer describes the end of the moment, whatever the order of the
 * steps in a hypervisor is. It depends on the situation only, which is the list
 * of all that these rules ask about.
 *
 * Words: 01, 02, 12 are vmcb01, vmcb02 and L0's snapshot of vmcb12. L0 "uses"
 * vGIF or vNMI to run L1; a feature is "nested" if it is offered to L1 and L1
 * enabled it in 12.
 */
#include "reference.h"

#include <string.h>

/* The bits of 060h, APM table B-1. */
enum {
	V_TPR_LAST = 3, /* 0 to 3; 4 to 7 should be zero */
	V_IRQ = 8,
	V_GIF = 9,
	V_NMI = 11,
	V_NMI_MASK = 12,
	V_INTR_PRIO = 16, /* to 19 */
	V_INTR_PRIO_LAST = 19,
	V_IGN_TPR = 20,
	V_INTR_MASKING = 24,
	V_GIF_ENABLE = 25,
	V_NMI_ENABLE = 26,
	VECTOR = 32, /* the byte at 064h: to 39 */
	VECTOR_LAST = 39,
};

/* The bits of other words that matter here, APM table B-1 and 15.20. */
enum {
	INTERRUPT_SHADOW = 0, /* of 068h */
	EVENT_VALID = 31,     /* of EVENTINJ and EXITINTINFO */
	EVENT_SBZ = 12,	      /* of EVENTINJ: to 30 */
	EVENT_SBZ_LAST = 30,
	TLB_CONTROL_LAST = 2, /* of 05Ch: 0 to 2 */
	CR8_READ = 8,	      /* of 000h */
	CR8_WRITE = 24,
	INTR = 0,	      /* of 00Ch */
	NMI = 1,
	VINTR = 4,
	VMMCALL = 1,	      /* of 010h */
	WORD_COUNT = 6,	      /* 000h to 014h */
};

/* Exit codes, APM appendix C. */
#define EXIT_EXCEPTION	    UINT64_C(0x040)
#define EXIT_EXCEPTION_LAST UINT64_C(0x05f)
#define EXIT_INTR	    UINT64_C(0x060)
#define EXIT_NMI	    UINT64_C(0x061)
#define EXIT_VINTR	    UINT64_C(0x064)
#define EXIT_IOIO	    UINT64_C(0x07b)
#define EXIT_MSR	    UINT64_C(0x07c)
#define EXIT_VMMCALL	    UINT64_C(0x081)
#define EXIT_INTERCEPTS_END UINT64_C(0x0c0)
#define EXIT_NPF	    UINT64_C(0x400)
#define EXIT_INVALID	    UINT64_MAX

/* All that rules ask about. Members of one byte each: compared as bytes. */
struct situation {
	uint8_t rules;
	bool vmrun;	  /* enter by VMRUN, not by a migration or RSM */
	bool masking;	  /* 12.V_INTR_MASKING */
	bool nested_vgif, nested_vnmi;
	bool uses_vgif, uses_vnmi; /* L0, for L1 */
	bool vintr_01, vintr_02, vintr_12; /* intercepts */
	bool intr_12, nmi_12;
	bool vnmi_enable_12;
	bool irq_12, irq_02;
	bool vnmi_01;
	bool vgif_enable_02;
	bool nmi_queued;
	bool l1_if, l1_gif, l2_if, l2_shadow;
	bool pending, checks_failed, tpr_clean, moved;
	bool vmrun_pending, deferred;
	bool tpr_masks, cr8_write_02;
	uint8_t vector; /* of the interrupt that wants a window */
	bool external;
};

static bool bit(uint64_t word, unsigned int n)
{
	return word >> n & 1;
}

static bool fact(const struct psvm_nested *n, uint32_t condition)
{
	return n->facts & condition;
}

static struct situation situation_of(enum ref_rules rules,
				     const struct psvm_nested *n)
{
	uint64_t ctl12 = n->v12.int_ctl, ctl02 = n->v02.int_ctl;

	return (struct situation){
		.rules = (uint8_t)rules,
		.masking = bit(ctl12, V_INTR_MASKING),
		.nested_vgif = fact(n, PSVM_C(OFFER_VGIF)) && bit(ctl12, V_GIF_ENABLE),
		.nested_vnmi = fact(n, PSVM_C(OFFER_VNMI)) && bit(ctl12, V_NMI_ENABLE),
		.uses_vgif = fact(n, PSVM_C(HOST_VGIF)),
		.uses_vnmi = fact(n, PSVM_C(HOST_VNMI)),
		.vintr_01 = bit(n->v01.misc1, VINTR),
		.vintr_02 = bit(n->v02.misc1, VINTR),
		.vintr_12 = bit(n->v12.misc1, VINTR),
		.intr_12 = bit(n->v12.misc1, INTR),
		.nmi_12 = bit(n->v12.misc1, NMI),
		.vnmi_enable_12 = bit(ctl12, V_NMI_ENABLE),
		.irq_12 = bit(ctl12, V_IRQ),
		.irq_02 = bit(ctl02, V_IRQ),
		.vnmi_01 = bit(n->v01.int_ctl, V_NMI),
		.vgif_enable_02 = bit(ctl02, V_GIF_ENABLE),
		.nmi_queued = n->nmis > 0,
		.l1_if = fact(n, PSVM_C(L1_IF)),
		.l1_gif = fact(n, PSVM_C(L1_GIF)),
		.l2_if = fact(n, PSVM_C(L2_IF)),
		.l2_shadow = fact(n, PSVM_C(L2_SHADOW)),
		.pending = fact(n, PSVM_C(PENDING)),
		.checks_failed = fact(n, PSVM_C(CHECKS_FAILED)),
		.tpr_clean = fact(n, PSVM_C(CLEAN_TPR_12)),
		.moved = fact(n, PSVM_C(MOVED_12)),
		.vmrun_pending = fact(n, PSVM_C(VMRUN_PENDING)),
		.deferred = fact(n, PSVM_C(DEFERRED)),
		.tpr_masks = fact(n, PSVM_C(TPR_MASKS)),
		.cr8_write_02 = fact(n, PSVM_C(CR8_WRITE_02)),
		.vector = n->vector,
		.external = n->external != 0,
	};
}

/* Families of rule sets. */

static bool is_xen(const struct situation *s)
{
	return s->rules == REF_XEN;
}

static bool is_exact(const struct situation *s)
{
	return s->rules == REF_EXACT;
}

static bool is_linux(const struct situation *s)
{
	return !is_xen(s) && !is_exact(s);
}

/* linux-6.12 and linux-7.2, which know nested vNMI upstream. */
static bool is_recent_linux(const struct situation *s)
{
	return s->rules == REF_LINUX_6_12 || s->rules == REF_LINUX_7_2;
}

/* The November 2022 series: nothing is written back before the #VMEXIT. */
static bool is_lkml(const struct situation *s)
{
	return s->rules == REF_LKML_2022_BASE || s->rules == REF_LKML_2022 ||
	       s->rules == REF_LKML_2022_VNMI;
}

/* Families of bits. */

static bool is_tpr(unsigned int n)
{
	return n <= V_TPR_LAST;
}

static bool is_prio(unsigned int n)
{
	return n >= V_INTR_PRIO && n <= V_INTR_PRIO_LAST;
}

/* The request for a virtual interrupt, without its vector. */
static bool is_injection(unsigned int n)
{
	return n == V_IRQ || is_prio(n) || n == V_IGN_TPR;
}

/* The vector: Linux moves the dword at 064h, the manual knows a byte. */
static bool is_vector(const struct situation *s, unsigned int n)
{
	return n >= VECTOR && (is_linux(s) || n <= VECTOR_LAST);
}

static bool is_vnmi_state(unsigned int n)
{
	return n == V_NMI || n == V_NMI_MASK;
}

/* Where the new value of a bit comes from. */
enum source { IS_0, IS_1, OF_12, OF_02, OF_01, OF_01_OR_12, SOURCES };

static enum source is(bool value)
{
	return value ? IS_1 : IS_0;
}

/*
 * Snapshot: L0 copied vmcb12. linux-7.2 drops what should be zero.
 */
static enum source snapshot_int_ctl(const struct situation *s, unsigned int n)
{
	return s->rules == REF_LINUX_7_2 && n > VECTOR_LAST ? IS_0 : OF_12;
}

/* exact: reserved bits are not offered, so they do not get as far as 02. */
static bool keeps_to_what_is_defined(const struct situation *s)
{
	return s->rules == REF_LINUX_7_2 || is_exact(s);
}

static enum source snapshot_int_state(const struct situation *s, unsigned int n)
{
	return keeps_to_what_is_defined(s) && n != INTERRUPT_SHADOW ? IS_0 : OF_12;
}

static enum source snapshot_event_inj(const struct situation *s, unsigned int n)
{
	bool should_be_zero = n >= EVENT_SBZ && n <= EVENT_SBZ_LAST;

	return keeps_to_what_is_defined(s) && should_be_zero ? IS_0 : OF_12;
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
static bool merge_leaves_out_vintr(const struct situation *s)
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

static enum source merge_misc1(const struct situation *s, unsigned int n)
{
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
static bool enter_fails(const struct situation *s)
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
static bool enter_queues_nmi(const struct situation *s)
{
	return (is_recent_linux(s) || is_exact(s)) && s->uses_vnmi && s->vnmi_01;
}

/*
 * exact looks at L1's events again whenever another level is about to run: at what a
 * window was for that is closed now, and at what waits, because it may have been
 * waiting without a window.
 */
static bool looks_again(const struct situation *s)
{
	return is_exact(s) && (s->pending || s->vintr_01);
}

static uint32_t enter_requests(const struct situation *s)
{
	bool event = s->pending || looks_again(s) || enter_queues_nmi(s);

	if (is_xen(s))
		return 0;
	return (event ? PSVM_REQUEST_EVENT : 0u) |
	       (is_linux(s) ? PSVM_REQUEST_IMPLICIT : 0u);
}

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
 * Window. L0 wants an exit as soon as L1 could take an interrupt: it puts a
 * dummy request into 02 and intercepts VINTR. Not if L1's GIF is 0 and only an
 * STGI, which L0 will see, can change that; by exact also not if IF of L1 is
 * what L2 cannot change. xen spares a request of L1 that has not run yet.
 */
static bool open_is_tried(const struct situation *s)
{
	bool gif_may_open = s->uses_vgif || s->l1_gif;

	if (is_xen(s))
		return !(s->vmrun_pending && s->irq_12);
	if (is_exact(s) && s->masking && !s->l1_if)
		return false;
	return gif_may_open;
}

/* VINTR in 02 once the window is open: Linux and exact want it in 01. */
static bool open_02_vintr(const struct situation *s)
{
	return is_xen(s) || s->vintr_12 || !merge_leaves_out_vintr(s);
}

/* linux-6.12 and later leave 02 alone if there will be no exit anyway. */
static bool open_writes_dummy(const struct situation *s)
{
	return open_is_tried(s) && (!is_recent_linux(s) || open_02_vintr(s));
}

/* Linux: highest priority. exact: delivered whatever the TPR. xen: like the
 * interrupt that waits. */
static enum source open_02(const struct situation *s, unsigned int n)
{
	if (!open_writes_dummy(s))
		return OF_02;
	if (n == V_IRQ)
		return IS_1;
	if (is_prio(n) && is_xen(s))
		return is(bit((uint64_t)s->vector >> 4, n - V_INTR_PRIO));
	if (is_prio(n))
		return IS_1;
	if (n == V_IGN_TPR && is_xen(s))
		return is(s->external);
	if (n == V_IGN_TPR && is_exact(s))
		return IS_1;
	return is_vector(s, n) ? IS_0 : OF_02;
}

static enum source open_02_misc1(const struct situation *s, unsigned int n)
{
	if (!open_is_tried(s))
		return OF_02;
	if (n == VINTR)
		return is(open_02_vintr(s));
	return is_xen(s) ? OF_02 : merge_misc1(s, n);
}

static enum source open_01_misc1(const struct situation *s, unsigned int n)
{
	return n == VINTR && !is_xen(s) && open_is_tried(s) ? IS_1 : OF_01;
}

/* The window closes: L1 gets back what was L1's. xen has not kept it. */
static enum source close_02(const struct situation *s, unsigned int n)
{
	if (is_xen(s))
		return n == V_IRQ ? IS_0 : OF_02;
	return is_injection(n) || is_vector(s, n) ? OF_12 : OF_02;
}

static enum source close_02_misc1(const struct situation *s, unsigned int n)
{
	if (is_xen(s))
		return n == VINTR ? IS_0 : OF_02;
	return n == VINTR ? OF_12 : OF_01_OR_12;
}

static enum source close_01(const struct situation *s, unsigned int n)
{
	return is_injection(n) && !is_xen(s) ? IS_0 : OF_01;
}

static enum source close_01_misc1(const struct situation *s, unsigned int n)
{
	return n == VINTR && !is_xen(s) ? IS_0 : OF_01;
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
static bool refreshes(const struct situation *s)
{
	return !is_xen(s) && !is_lkml(s);
}

static enum source refresh_12(const struct situation *s, unsigned int n)
{
	return refreshes(s) ? written_back(s, n) : OF_12;
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
static bool handback_unqueues_nmi(const struct situation *s)
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

static uint32_t handback_requests(const struct situation *s)
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

static uint32_t handback_stores(const struct situation *s)
{
	bool tlb_control = is_xen(s) || is_lkml(s) || s->rules == REF_LINUX_6_1;

	/* Of the word at 060h only xen writes the half with the vector. */
	return PSVM_F_INT_CTL | (is_xen(s) ? PSVM_F_INT_VECTOR : 0u) | PSVM_F_INT_STATE |
	       PSVM_F_EVENT_INJ | PSVM_F_EXIT_INT_INFO |
	       (tlb_control ? PSVM_F_TLB_CONTROL : 0u);
}

/*
 * From here on: ask the functions above for every bit, and put the results
 * together.
 *
 * X(function, width of the word)
 */
#define QUESTIONS(X) \
	X(snapshot_int_ctl, 64) X(snapshot_int_state, 64) \
	X(snapshot_event_inj, 64) X(snapshot_tlb_control, 8) \
	X(merge_cr, 32) X(merge_misc1, 32) X(merge_misc2, 32) X(merge_misc3, 32) \
	X(merge_others, 32) \
	X(enter_02, 64) X(enter_02_misc1, 32) X(enter_02_tlb_control, 8) \
	X(enter_01, 64) X(enter_01_misc1, 32) \
	X(failed_01, 64) X(vmexit_01_misc1, 32) \
	X(open_02, 64) X(open_02_misc1, 32) X(open_01_misc1, 32) \
	X(close_02, 64) X(close_02_misc1, 32) X(close_01, 64) X(close_01_misc1, 32) \
	X(refresh_12, 64) \
	X(handback_12, 64) X(handback_02, 64) X(handback_01, 64) \
	X(handback_event_inj, 64)

enum question {
#define X(function, width) Q_##function,
	QUESTIONS(X)
#undef X
	Q_COUNT
};

/*
 * The answers for the bits of a word, remembered as long as the situation
 * stays: for a sweep over billions of words. bits[source] has bit n set if the
 * answer for bit n was source.
 */
struct answers {
	struct situation situation;
	bool asked;
	uint64_t bits[SOURCES];
};

#define X(function, width) \
	static void ask_##function(uint64_t *bits, const struct situation *s) \
	{ \
		for (unsigned int n = 0; n < (width); n++) \
			bits[function(s, n)] |= UINT64_C(1) << n; \
	}
QUESTIONS(X)
#undef X

static void (*const ask[Q_COUNT])(uint64_t *bits, const struct situation *s) = {
#define X(function, width) [Q_##function] = ask_##function,
	QUESTIONS(X)
#undef X
};

static uint64_t every_bit(enum question q, const struct situation *s, uint64_t w12,
			  uint64_t w02, uint64_t w01)
{
	static _Thread_local struct answers remembered[Q_COUNT];
	struct answers *a = &remembered[q];

	if (!a->asked || memcmp(&a->situation, s, sizeof(*s)) != 0) {
		*a = (struct answers){ .situation = *s, .asked = true };
		ask[q](a->bits, s);
	}
	return a->bits[IS_1] | (a->bits[OF_12] & w12) | (a->bits[OF_02] & w02) |
	       (a->bits[OF_01] & w01) | (a->bits[OF_01_OR_12] & (w01 | w12));
}

/* One member of the three VMCBs. */
#define EVERY_BIT(function, s, member, n) \
	every_bit(Q_##function, s, (n)->v12.member, (n)->v02.member, (n)->v01.member)

static struct psvm_result unchanged(const struct psvm_nested *n)
{
	return (struct psvm_result){
		.v12 = n->v12,
		.v02 = n->v02,
		.v01 = n->v01,
		.gif = fact(n, PSVM_C(L1_GIF)),
	};
}

/* Clean bits of what a transition wrote (15.15.3). */
static uint32_t dirty(const struct psvm_words *before, const struct psvm_words *after)
{
	return (before->int_ctl != after->int_ctl ? PSVM_CLEAN_TPR : 0u) |
	       (before->misc1 != after->misc1 ? PSVM_CLEAN_I : 0u);
}

static struct psvm_result with_dirty(struct psvm_result r, const struct psvm_nested *n)
{
	r.dirty01 = dirty(&n->v01, &r.v01);
	r.dirty02 = dirty(&n->v02, &r.v02);
	return r;
}

struct psvm_result ref_snapshot(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);
	struct psvm_result r = unchanged(&n);

	r.v12.int_ctl = EVERY_BIT(snapshot_int_ctl, &s, int_ctl, &n);
	r.v12.int_state = EVERY_BIT(snapshot_int_state, &s, int_state, &n);
	r.v12.event_inj = EVERY_BIT(snapshot_event_inj, &s, event_inj, &n);
	r.v12.tlb_control = (uint8_t)EVERY_BIT(snapshot_tlb_control, &s, tlb_control, &n);
	return r;
}

/*
 * EXITINTINFO of vmcb12: the event that was being delivered when L2 exited, or
 * the injection that never started (15.7.2, 15.20).
 */
static uint64_t handback_exit_int_info(const struct psvm_words *v02)
{
	if (bit(v02->exit_int_info, EVENT_VALID))
		return v02->exit_int_info;
	return bit(v02->event_inj, EVENT_VALID) ? v02->event_inj : 0;
}

/* What a #VMEXIT makes of 12, and of 02 in passing. */
static void hand_back_12(struct psvm_result *r, const struct situation *s,
			 const struct psvm_nested *n)
{
	r->v12.int_ctl = EVERY_BIT(handback_12, s, int_ctl, n);
	r->v12.int_state = n->v02.int_state;
	r->v12.event_inj = EVERY_BIT(handback_event_inj, s, event_inj, n);
	r->v12.exit_int_info = handback_exit_int_info(&n->v02);
	if (is_xen(s))
		r->v12.tlb_control = 0;
	r->v02.int_ctl = EVERY_BIT(handback_02, s, int_ctl, n);
	r->store12 = handback_stores(s);
}

/*
 * VMRUN failed: L1 gets a #VMEXIT at once, and its GIF is 0. EVENTINJ of
 * vmcb12 is used up (S9), say linux-6.12 and later; xen runs the whole #VMEXIT,
 * with a 02 that has nothing to do with this VMRUN.
 */
static struct psvm_result enter_failed(const struct situation *s,
				       const struct psvm_nested *n)
{
	struct psvm_result r = unchanged(n);

	r.outcome = PSVM_VMEXIT_INVALID;
	r.gif = 0;
	r.v01.int_ctl = EVERY_BIT(failed_01, s, int_ctl, n);
	r.v01.misc1 = (uint32_t)EVERY_BIT(vmexit_01_misc1, s, misc1, n);
	if (looks_again(s))
		r.requests = PSVM_REQUEST_EVENT;
	if (is_recent_linux(s) || is_exact(s)) {
		r.v12.event_inj = 0;
		r.store12 = PSVM_F_EVENT_INJ;
	}
	if (is_xen(s))
		hand_back_12(&r, s, n);
	return with_dirty(r, n);
}

static struct psvm_result enter(const struct situation *s, const struct psvm_nested *n)
{
	struct psvm_result r = unchanged(n);

	if (enter_fails(s))
		return enter_failed(s, n);
	if (s->vmrun) {
		r.gif = 1;
		r.v02.exit_int_info = 0; /* nothing has been cut short yet */
	}
	r.v02.int_ctl = EVERY_BIT(enter_02, s, int_ctl, n);
	r.v02.int_state = n->v12.int_state;
	r.v02.event_inj = n->v12.event_inj;
	r.v02.tlb_control = (uint8_t)EVERY_BIT(enter_02_tlb_control, s, tlb_control, n);
	r.v02.misc1 = (uint32_t)EVERY_BIT(enter_02_misc1, s, misc1, n);
	r.v01.int_ctl = EVERY_BIT(enter_01, s, int_ctl, n);
	r.v01.misc1 = (uint32_t)EVERY_BIT(enter_01_misc1, s, misc1, n);
	r.requests = enter_requests(s);
	r.nmi_change = enter_queues_nmi(s) ? 1 : 0;
	return with_dirty(r, n);
}

struct psvm_result ref_enter(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	s.vmrun = true;
	return enter(&s, &n);
}

struct psvm_result ref_reenter(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	return enter(&s, &n);
}

struct psvm_result ref_window_open(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);
	struct psvm_result r = unchanged(&n);

	r.v02.int_ctl = EVERY_BIT(open_02, &s, int_ctl, &n);
	r.v02.misc1 = (uint32_t)EVERY_BIT(open_02_misc1, &s, misc1, &n);
	r.v01.misc1 = (uint32_t)EVERY_BIT(open_01_misc1, &s, misc1, &n);
	if (!open_writes_dummy(&s) || !open_02_vintr(&s))
		r.outcome = PSVM_NO_WINDOW;
	return with_dirty(r, &n);
}

struct psvm_result ref_window_close(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);
	struct psvm_result r = unchanged(&n);

	r.v02.int_ctl = EVERY_BIT(close_02, &s, int_ctl, &n);
	r.v02.misc1 = (uint32_t)EVERY_BIT(close_02_misc1, &s, misc1, &n);
	r.v01.int_ctl = EVERY_BIT(close_01, &s, int_ctl, &n);
	r.v01.misc1 = (uint32_t)EVERY_BIT(close_01_misc1, &s, misc1, &n);
	r.requests = is_xen(&s) ? 0u : PSVM_REQUEST_EVENT;
	return with_dirty(r, &n);
}

struct psvm_result ref_refresh(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);
	struct psvm_result r = unchanged(&n);

	r.v12.int_ctl = EVERY_BIT(refresh_12, &s, int_ctl, &n);
	if (refreshes(&s)) {
		r.v12.int_state = n.v02.int_state;
		r.v12.event_inj = n.v02.event_inj;
	}
	return r;
}

struct psvm_result ref_handback(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);
	struct psvm_result r = unchanged(&n);
	hand_back_12(&r, &s, &n);
	r.v01.int_ctl = EVERY_BIT(handback_01, &s, int_ctl, &n);
	r.v01.misc1 = (uint32_t)EVERY_BIT(vmexit_01_misc1, &s, misc1, &n);
	r.requests = handback_requests(&s);
	r.nmi_change = handback_unqueues_nmi(&s) ? -1 : 0;
	r.gif = 0;
	return with_dirty(r, &n);
}

struct psvm_intercepts ref_merge(enum ref_rules rules, struct psvm_nested n,
				 struct psvm_intercepts i12,
				 struct psvm_intercepts i01)
{
	static const enum question word[WORD_COUNT] = {
		Q_merge_cr, Q_merge_others, Q_merge_others,
		Q_merge_misc1, Q_merge_misc2, Q_merge_misc3,
	};
	struct situation s = situation_of(rules, &n);
	struct psvm_intercepts i02;

	for (unsigned int w = 0; w < WORD_COUNT; w++)
		i02.word[w] = (uint32_t)every_bit(word[w], &s, i12.word[w], 0,
						  i01.word[w]);
	return i02;
}

/*
 * Exit routing: L0's exits first, then L1's, the rest as L1 asked in 12.
 */
static bool intercepted(const struct psvm_intercepts *i, uint64_t exit_code)
{
	return exit_code < EXIT_INTERCEPTS_END &&
	       bit(i->word[exit_code / 32], (unsigned int)(exit_code % 32));
}

static bool route_to_l0(const struct situation *s, uint64_t exit_code,
			const struct psvm_intercepts *i01)
{
	bool exception = exit_code >= EXIT_EXCEPTION && exit_code <= EXIT_EXCEPTION_LAST;

	if (exit_code == EXIT_INTR || exit_code == EXIT_NMI || exit_code == EXIT_NPF)
		return true;
	/* A window's exit is L0's. */
	if (is_exact(s) && exit_code == EXIT_VINTR && s->vintr_01)
		return true;
	return exception && !is_xen(s) && intercepted(i01, exit_code);
}

static bool route_to_l1(const struct situation *s, uint64_t exit_code)
{
	return exit_code == EXIT_INVALID || (is_xen(s) && exit_code == EXIT_VMMCALL);
}

uint32_t ref_route(enum ref_rules rules, struct psvm_nested n, uint64_t exit_code,
		   struct psvm_intercepts i12, struct psvm_intercepts i01)
{
	struct situation s = situation_of(rules, &n);

	if (route_to_l0(&s, exit_code, &i01))
		return PSVM_L0;
	if (route_to_l1(&s, exit_code))
		return PSVM_L1;
	if (!intercepted(&i12, exit_code))
		return PSVM_L0;
	return exit_code == EXIT_MSR || exit_code == EXIT_IOIO ? PSVM_L1_BITMAP : PSVM_L1;
}

/*
 * An interrupt for L1 arrives while L2 runs.
 *
 * Whose RFLAGS.IF counts: with masking L1's at VMRUN, else L2's (15.21.1). xen
 * does not ask L2's here, but before it injects. A closed L1 gets a window, by
 * xen nothing.
 */
static bool arrives_open(const struct situation *s)
{
	bool without_masking = is_xen(s) || s->l2_if;

	return s->l1_gif && (s->masking ? s->l1_if : without_masking);
}

/* L2's shadow delays what L2 takes. exact: with masking L1's interrupts do not wait
 * for anything of L2's. Without it an interrupt that L1 intercepts waits as well. */
static bool shadow_holds_back(const struct situation *s)
{
	return s->l2_shadow && !(is_exact(s) && s->masking);
}

static bool arrives_exits(const struct situation *s)
{
	return s->intr_12 && !(is_exact(s) && shadow_holds_back(s));
}

static bool arrives_injects(const struct situation *s)
{
	return !s->intr_12 && !shadow_holds_back(s) && (!is_xen(s) || s->l2_if);
}

/*
 * Is a window's V_IRQ taken exactly when L1 could take its interrupt? It waits for L2's
 * RFLAGS.IF, for L2's GIF, and for L2's virtual NMI, which comes first: with masking
 * the first, with a nested feature one of the others is not what L1 waits for. exact
 * then does without.
 */
static bool window_fits(const struct situation *s)
{
	return !is_exact(s) || !(s->masking || s->nested_vgif || s->nested_vnmi);
}

uint32_t ref_arrives(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	/* The emulated VMRUN has to be finished first; xen does not ask. */
	if (s.vmrun_pending && !is_xen(&s))
		return PSVM_WAIT;
	if (arrives_open(&s) && arrives_exits(&s))
		return PSVM_EXIT;
	if (arrives_open(&s) && arrives_injects(&s))
		return PSVM_INJECT;
	if (is_xen(&s) && !arrives_open(&s))
		return PSVM_WAIT;
	return window_fits(&s) ? PSVM_OPEN_WINDOW : PSVM_WAIT;
}

/*
 * TPR and CR8. Without masking L2's CR8 is the TPR of L1's local APIC. Linux
 * keeps it in 02.V_TPR while L2 runs and looks after each run; exact intercepts
 * both accesses, so that 02.V_TPR stays what L1 put there; xen forgets about it.
 */
bool ref_tpr_load(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	return is_linux(&s) && !s.masking;
}

/* An intercepted CR8 write went to the local APIC directly. */
bool ref_tpr_store(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	return is_linux(&s) && !s.masking && !s.cr8_write_02;
}

/* Linux wants to see L1's TPR fall only if an interrupt waits for that. */
bool ref_cr8_intercept(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	if (is_xen(&s) || s.masking)
		return false;
	return is_exact(&s) || s.tpr_masks;
}

/* HLT: L0 always puts the virtual CPU to sleep itself. */
bool ref_hlt_intercept(enum ref_rules rules, struct psvm_nested n)
{
	(void)rules;
	(void)n;
	return true;
}

/* A processor also wakes for a virtual interrupt or NMI that L2 can take. */
uint32_t ref_hlt_wake(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);
	uint32_t virtual = PSVM_WAKE_V_IRQ | PSVM_WAKE_V_NMI;

	return PSVM_WAKE_INTR | PSVM_WAKE_NMI | PSVM_WAKE_SMI | PSVM_WAKE_INIT |
	       (is_exact(&s) ? virtual : 0u);
}

/* S11: an instruction that L0 emulates may change what refresh looks at. */
bool ref_emulate_refresh(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	return is_exact(&s);
}

/*
 * Before a run of L2, exact: how urgent V_IRQ of 02 is. L1's GIF, while it is 0, has to
 * hold L2's virtual interrupt back (15.17). With vGIF the processor does that; else
 * V_IRQ gets the least priority, 0, which no V_TPR is below (15.21.4). What a window
 * has put there is L0's own, and only taken away with it.
 */
static bool is_urgency(unsigned int n)
{
	return is_prio(n) || n == V_IGN_TPR;
}

static bool held_back_by_gif(const struct situation *s)
{
	return !s->l1_gif && !s->uses_vgif;
}

static bool run_takes(const struct situation *s, unsigned int n)
{
	return is_exact(s) && is_urgency(n) && !s->vintr_01;
}

static bool run_clears(const struct situation *s, unsigned int n)
{
	return is_exact(s) && is_urgency(n) && held_back_by_gif(s);
}

static uint64_t bits_that(bool (*holds)(const struct situation *s, unsigned int n),
			  const struct situation *s)
{
	uint64_t bits = 0;

	for (unsigned int n = 0; n < 64; n++)
		bits |= (uint64_t)holds(s, n) << n;
	return bits;
}

uint64_t ref_run_from_12(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	return bits_that(run_takes, &s);
}

uint64_t ref_run_clear_02(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	return bits_that(run_clears, &s);
}

/*
 * exact: L1 has to wait, and no window says for how long. Must L0 look at each
 * instruction of L2? Without masking L1 waits for L2's RFLAGS.IF or shadow, and
 * either may end at any instruction. With masking L1's own IF counts, which L2 cannot
 * change; its GIF L2 can, by an STGI that L0 does not see if it uses vGIF.
 */
bool ref_step(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	if (!is_exact(&s) || window_fits(&s))
		return false;
	return s.masking ? s.l1_if && !s.l1_gif && s.uses_vgif : true;
}

/* exact: the mask of L1's NMIs is where it is while L1 runs, if vNMI keeps it. */
bool ref_nmi_mask_in_01(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = situation_of(rules, &n);

	return is_exact(&s) && s.uses_vnmi;
}
