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
 * The moments: reference_enter.c, reference_window.c, reference_handback.c, and, for
 * what L0 decides while L2 runs, reference_run.c. reference.c asks and puts the
 * answers together.
 *
 * Words: 01, 02, 12 are vmcb01, vmcb02 and L0's snapshot of vmcb12. L0 "uses"
 * vGIF or vNMI to run L1; a feature is "nested" if it is offered to L1 and L1
 * enabled it in 12.
 */
#ifndef PSVM_TESTS_REFERENCE_BITS_H
#define PSVM_TESTS_REFERENCE_BITS_H

#include "reference.h"

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
	PAUSE = 23,
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

struct situation ref_situation(enum ref_rules rules, const struct psvm_nested *n);

static inline bool bit(uint64_t word, unsigned int n)
{
	return word >> n & 1;
}

static inline bool fact(const struct psvm_nested *n, uint32_t condition)
{
	return n->facts & condition;
}

/* Families of rule sets. */

static inline bool is_xen(const struct situation *s)
{
	return s->rules == REF_XEN;
}

static inline bool is_exact(const struct situation *s)
{
	return s->rules == REF_EXACT;
}

static inline bool is_linux(const struct situation *s)
{
	return !is_xen(s) && !is_exact(s);
}

/* linux-6.12 and linux-7.2, which know nested vNMI upstream. */
static inline bool is_recent_linux(const struct situation *s)
{
	return s->rules == REF_LINUX_6_12 || s->rules == REF_LINUX_7_2;
}

/* The November 2022 series: nothing is written back before the #VMEXIT. */
static inline bool is_lkml(const struct situation *s)
{
	return s->rules == REF_LKML_2022_BASE || s->rules == REF_LKML_2022 ||
	       s->rules == REF_LKML_2022_VNMI;
}

/* Families of bits. */

static inline bool is_tpr(unsigned int n)
{
	return n <= V_TPR_LAST;
}

static inline bool is_prio(unsigned int n)
{
	return n >= V_INTR_PRIO && n <= V_INTR_PRIO_LAST;
}

/* The request for a virtual interrupt, without its vector. */
static inline bool is_injection(unsigned int n)
{
	return n == V_IRQ || is_prio(n) || n == V_IGN_TPR;
}

/* The vector: Linux moves the dword at 064h, the manual knows a byte. */
static inline bool is_vector(const struct situation *s, unsigned int n)
{
	return n >= VECTOR && (is_linux(s) || n <= VECTOR_LAST);
}

static inline bool is_vnmi_state(unsigned int n)
{
	return n == V_NMI || n == V_NMI_MASK;
}

/* Where the new value of a bit comes from. */
enum source { IS_0, IS_1, OF_12, OF_02, OF_01, OF_01_OR_12, SOURCES };

static inline enum source is(bool value)
{
	return value ? IS_1 : IS_0;
}

/* The functions that are asked for every bit: X(function, width of the word). */
#define QUESTIONS_ENTER(X) \
	X(snapshot_int_ctl, 64) X(snapshot_int_state, 64) \
	X(snapshot_event_inj, 64) X(snapshot_tlb_control, 8) \
	X(merge_cr, 32) X(merge_misc1, 32) X(merge_misc2, 32) X(merge_misc3, 32) \
	X(merge_others, 32) \
	X(enter_02, 64) X(enter_02_int_state, 64) X(enter_02_misc1, 32) \
	X(enter_02_tlb_control, 8) \
	X(enter_01, 64) X(enter_01_misc1, 32)
#define QUESTIONS_WINDOW(X) \
	X(open_02, 64) X(open_02_misc1, 32) X(open_01_misc1, 32) \
	X(close_02, 64) X(close_02_misc1, 32) X(close_01, 64) X(close_01_misc1, 32)
#define QUESTIONS_HANDBACK(X) \
	X(failed_01, 64) X(vmexit_01_misc1, 32) \
	X(refresh_12, 64) X(vmexit_12_int_state, 64) \
	X(handback_12, 64) X(handback_02, 64) X(handback_01, 64) \
	X(handback_event_inj, 64)
#define QUESTIONS(X) QUESTIONS_ENTER(X) QUESTIONS_WINDOW(X) QUESTIONS_HANDBACK(X)

/* Ask for every bit of a word: bits[source] has bit n set if the answer for bit n was
 * source. Each moment has it for its own functions, so that they are compiled into it. */
#define X(function, width) \
	void ask_##function(uint64_t *bits, const struct situation *s);
QUESTIONS(X)
#undef X
#define ASK(function, width) \
	void ask_##function(uint64_t *bits, const struct situation *s) \
	{ \
		for (unsigned int n = 0; n < (width); n++) \
			bits[function(s, n)] |= UINT64_C(1) << n; \
	}

/* What several moments ask, and what is asked once. */
enum source merge_misc1(const struct situation *s, unsigned int n);
bool merge_leaves_out_vintr(const struct situation *s);
bool enter_fails(const struct situation *s);
bool enter_queues_nmi(const struct situation *s);
bool looks_again(const struct situation *s);
uint32_t enter_requests(const struct situation *s);
bool open_02_vintr(const struct situation *s);
bool open_writes_dummy(const struct situation *s);
bool refreshes(const struct situation *s);
bool handback_unqueues_nmi(const struct situation *s);
uint32_t handback_requests(const struct situation *s);
uint32_t handback_stores(const struct situation *s); /* PSVM_F_... */

#endif
