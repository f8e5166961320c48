/* SPDX-License-Identifier: MIT */
/*
 * Bugs that real hypervisors had in this code, each with its smallest trigger:
 * which rule sets show it and which do not.
 *
 * A row is a function that plays the trigger and says whether the bug shows, the
 * rule sets that must show it, and (but for one row) a rule set made for the row,
 * the code before the fix, that must show it, too. Every other built-in rule set
 * must not.
 */
#include "check.h"
#include "properties.h"

#include <stdio.h>
#include <string.h>

#define VECTOR(v) ((uint64_t)(v) << PSVM_V_INTR_VECTOR_SHIFT)
#define PRIO(p)	  ((uint64_t)(p) << PSVM_V_INTR_PRIO_SHIFT)
#define EVENT(type, vector) \
	(PSVM_EVENT_INJ_V | (uint64_t)PSVM_EVENT_TYPE_##type << PSVM_EVENT_TYPE_SHIFT | \
	 (vector))

#define INTR  PSVM_INTERCEPT_INTR
#define NMI   PSVM_INTERCEPT_NMI
#define VINTR PSVM_INTERCEPT_VINTR

#define USE_VGIF  PSVM_C(HOST_VGIF)
#define GIVE_VGIF (PSVM_C(HOST_VGIF) | PSVM_C(OFFER_VGIF))
#define USE_VNMI  PSVM_C(HOST_VNMI)
#define GIVE_VNMI (PSVM_C(HOST_VNMI) | PSVM_C(OFFER_VNMI))

/* --- what triggers are made of ------------------------------------------- */

/* L1 wrote int_ctl and misc1 into vmcb12. */
static struct psvm_nested situation(uint64_t int_ctl, uint32_t misc1, uint32_t facts)
{
	struct psvm_nested n = { .vector = 0x31, .facts = facts };

	n.v12.int_ctl = int_ctl;
	n.v12.misc1 = misc1;
	n.v01.misc1 = INTR | NMI | PSVM_INTERCEPT_HLT;
	return n;
}

/* The VMRUN of the last trigger, for the message of a failure. */
static struct story begun, entered;

/* L1 executes VMRUN, and the processor has run L2. */
static struct story run(const struct psvm_rules *rules, struct psvm_nested n)
{
	struct story s = story_begin(rules, n);

	begun = s;
	story_vmrun(&s);
	entered = s;
	if (s.runs)
		story_refresh(&s);
	return s;
}

/* L2 does something and exits. Returns whether a VINTR exit came in between. */
static bool l2(struct story *s, enum story_event event)
{
	bool exits = story_run(s, event);

	story_refresh(s);
	return exits;
}

/* An interrupt for L1 arrives; L0 opens a window if that is its rule. */
static uint32_t arrives(struct story *s, uint32_t l2_facts)
{
	struct psvm_nested n = s->n;
	uint32_t what;

	n.facts |= l2_facts;
	what = psvm_interrupt_arrives(s->rules, n);
	if (what == PSVM_OPEN_WINDOW)
		story_open(s);
	return what;
}

/* After its VINTR exit. */
static void window_exit(struct story *s)
{
	if (l2(s, STORY_OPENS))
		story_close(s);
}

static uint64_t v12_after_vmexit(struct story *s)
{
	story_vmexit(s);
	return s->vmcb12.int_ctl;
}

static uint64_t flag_rule(const struct psvm_rules *rules, struct psvm_nested n,
			  uint32_t cell)
{
	uint64_t bits = 0;

	assert_int_equal(psvm_rule(rules, n, cell, &bits).code, PSVM_OK);
	return bits;
}

/* --- triggers: true if the bug shows ------------------------------------- */

static bool k01(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_AVIC_ENABLE, INTR, 0));

	return (s.n.v02.int_ctl & PSVM_AVIC_ENABLE) != 0;
}

/* vGIF; L1 has IF = 0 and a window on 01, and runs an L2 with masking. */
static bool k02(const struct psvm_rules *rules)
{
	struct psvm_nested n = situation(PSVM_V_INTR_MASKING, INTR,
					 USE_VGIF | PSVM_C(PENDING) | PSVM_C(L1_GIF));

	n.v01.int_ctl |= PSVM_V_IRQ | PRIO(15);
	n.v01.misc1 |= VINTR;
	return (run(rules, n).n.v02.misc1 & VINTR) != 0;
}

#define K03_INT_CTL (PSVM_V_IRQ | PRIO(5) | VECTOR(0x20))

/* L2 has IF = 0, a window opens, L2 opens: 02 after L0 closed the window. */
static uint64_t after_window(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(K03_INT_CTL, 0, 0));

	arrives(&s, 0);
	window_exit(&s);
	return s.n.v02.int_ctl;
}

static bool k03(const struct psvm_rules *rules)
{
	uint64_t bits = PSVM_V_INJECTION;

	return (after_window(rules) & bits) != (K03_INT_CTL & bits);
}

static bool k05(const struct psvm_rules *rules)
{
	return (after_window(rules) & PSVM_V_INTR_VECTOR) != VECTOR(0x20);
}

#define VECTOR_20 (PSVM_V_IRQ | PRIO(15) | VECTOR(0x20))

/* L2 takes the interrupt, then exits to L0 only. */
static bool k04(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(VECTOR_20, 0, 0));

	l2(&s, STORY_OPENS);
	return (s.n.v12.int_ctl & PSVM_V_IRQ) != 0;
}

static bool k04_with_masking(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_V_INTR_MASKING | VECTOR_20, INTR, 0));

	l2(&s, STORY_OPENS);
	return (s.n.v12.int_ctl & PSVM_V_IRQ) != 0;
}

/* L1 with IF = 0 has masking on, an interrupt for it arrives, L2 executes STI:
 * vector 55h, once. */
static bool k06(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_V_INTR_MASKING | PSVM_V_IRQ | PRIO(3) |
						      VECTOR(0x55), INTR, 0));
	int first;

	arrives(&s, 0);
	(void)story_run(&s, STORY_OPENS);
	first = s.got;
	(void)story_run(&s, STORY_OPENS);
	return first != 0x55 || s.got != STORY_NOTHING;
}

/* The same, and L1 asked for nothing: L2 must take nothing. */
static bool k06_vector_0(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_V_INTR_MASKING, INTR, 0));

	arrives(&s, 0);
	(void)story_run(&s, STORY_OPENS);
	return s.got != STORY_NOTHING;
}

/* L1 has IF = 1 and does not intercept INTR, L2 is in a shadow. */
static struct story in_shadow(const struct psvm_rules *rules, uint64_t int_ctl,
			      uint32_t *what)
{
	struct psvm_nested n = situation(int_ctl, 0, PSVM_C(L1_IF));
	struct story s;

	n.v12.int_state = 1;
	s = run(rules, n);
	*what = arrives(&s, PSVM_C(L2_IF) | PSVM_C(L2_SHADOW));
	return s;
}

/* By the manual's table the interrupt need not wait for the shadow (15.21.1). */
static bool k07(const struct psvm_rules *rules)
{
	uint32_t what;
	struct story s = in_shadow(rules, PSVM_V_INTR_MASKING, &what);
	bool works = s.window && (s.n.v02.misc1 & VINTR) != 0;

	return what != PSVM_INJECT && !works;
}

/* L1 has IF = 0. */
static bool k08(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_V_INTR_MASKING, INTR, 0));

	arrives(&s, 0);
	story_refresh(&s);
	return (v12_after_vmexit(&s) & PSVM_V_IRQ) != 0;
}

static bool k08_shadow(const struct psvm_rules *rules)
{
	uint32_t what;
	struct story s = in_shadow(rules, PSVM_V_INTR_MASKING, &what);

	story_refresh(&s);
	return (v12_after_vmexit(&s) & PSVM_V_IRQ) != 0;
}

static bool k09_irq(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(VECTOR_20, 0, 0));

	l2(&s, STORY_OPENS);
	return (v12_after_vmexit(&s) & PSVM_V_IRQ) != 0;
}

static bool k09_tpr(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(0, 0, 0));

	l2(&s, STORY_CR8_7);
	return (v12_after_vmexit(&s) & PSVM_V_TPR) != 7;
}

/* The consequence: L1 runs L2 again, and L2 takes the interrupt again. */
static bool k09_twice(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(VECTOR_20, 0, 0));

	l2(&s, STORY_OPENS);
	story_vmexit(&s);
	story_vmrun(&s);
	(void)story_run(&s, STORY_OPENS);
	return s.got != STORY_NOTHING;
}

static bool k10_tpr(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(0, 0, 0));

	l2(&s, STORY_CR8_7);
	return (s.n.v12.int_ctl & PSVM_V_TPR) != 7;
}

/* EVENTINJ is delivered, then L2 exits to L0 only. */
static bool k11_event(const struct psvm_rules *rules)
{
	struct psvm_nested n = situation(0, 0, 0);
	struct story s;

	n.v12.event_inj = EVENT(INTR, 0x30);
	s = run(rules, n);
	l2(&s, STORY_INJECTS);
	return (s.n.v12.event_inj & PSVM_EVENT_INJ_V) != 0;
}

/* A window is open on 02, and L2 exits to L1. */
static bool window_forgotten(struct story *s)
{
	bool window = s->window;

	story_refresh(s);
	story_vmexit(s);
	return window && (s->requests & PSVM_REQUEST_EVENT) == 0;
}

static bool k12(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(0, 0, 0));

	arrives(&s, 0);
	return window_forgotten(&s);
}

static bool k12_masking(const struct psvm_rules *rules)
{
	uint32_t what;
	struct story s = in_shadow(rules, PSVM_V_INTR_MASKING, &what);

	return window_forgotten(&s);
}

static bool k12_intr(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(0, INTR, 0));

	arrives(&s, 0);
	return window_forgotten(&s);
}

static bool mask_01(const struct story *s)
{
	return (s->n.v01.int_ctl & PSVM_V_NMI_MASK) != 0;
}

/* L2 takes an NMI of L1. */
static bool k13(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(0, 0, USE_VNMI));

	story_nmi_for_l1(&s);
	story_give_nmi(&s);
	l2(&s, STORY_NMI);
	story_vmexit(&s);
	return mask_01(&s) != s.bare.l1_nmi_mask;
}

/* L1 is in its NMI handler already. */
static bool k13_before(const struct psvm_rules *rules)
{
	struct psvm_nested n = situation(0, NMI, USE_VNMI);
	struct story s;

	n.v01.int_ctl |= PSVM_V_NMI_MASK;
	s = run(rules, n);
	story_vmexit(&s);
	return !mask_01(&s);
}

/* L2 is in its own NMI handler. */
static bool k13_nested(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_V_NMI_ENABLE | PSVM_V_NMI_MASK, NMI,
					      GIVE_VNMI));

	story_vmexit(&s);
	return mask_01(&s);
}

/* L1 injects an NMI into L2, which does not execute IRET: L1 must not come back
 * blocked (svm_nested_soft_inject_test of KVM). */
static bool k14(const struct psvm_rules *rules)
{
	struct psvm_nested n = situation(0, NMI, USE_VNMI);
	struct story s;

	n.v12.event_inj = EVENT(NMI, 2);
	s = run(rules, n);
	l2(&s, STORY_INJECTS);
	story_vmexit(&s);
	return mask_01(&s);
}

static bool k15(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_V_NMI_ENABLE, INTR, GIVE_VNMI));

	return s.outcome != PSVM_VMEXIT_INVALID && s.runs;
}

/* L1 uses bits 11 and 12 for itself, and does not enable vNMI. */
static bool k16(const struct psvm_rules *rules)
{
	uint64_t bits = PSVM_V_NMI | PSVM_V_NMI_MASK;
	struct story s = run(rules, situation(bits, NMI, GIVE_VNMI));

	return (v12_after_vmexit(&s) & bits) != bits;
}

/* One NMI in V_NMI, one in the queue. */
static bool k17(const struct psvm_rules *rules)
{
	struct psvm_nested n = situation(0, NMI, USE_VNMI);
	struct story s;

	n.v01.int_ctl |= PSVM_V_NMI | PSVM_V_NMI_MASK;
	n.nmis = 1;
	s = run(rules, n);
	story_vmexit(&s);
	return s.n.nmis + ((s.n.v01.int_ctl & PSVM_V_NMI) != 0) != 2;
}

static bool k18(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(0, INTR, USE_VGIF));

	return (s.n.v02.int_ctl & PSVM_V_GIF_BITS) != PSVM_V_GIF_BITS;
}

static bool failed_vmrun_keeps_gif(const struct psvm_rules *rules, uint32_t facts)
{
	struct story s = run(rules, situation(0, INTR, PSVM_C(L1_GIF) | facts |
						    PSVM_C(CHECKS_FAILED)));

	return s.gif != 0 || (s.n.v01.int_ctl & PSVM_V_GIF) != 0;
}

static bool k19(const struct psvm_rules *rules)
{
	return failed_vmrun_keeps_gif(rules, USE_VGIF);
}

static bool k19_software(const struct psvm_rules *rules)
{
	return failed_vmrun_keeps_gif(rules, 0);
}

/* AVIC is active in 01, and was in the last 02; a snapshot is restored. */
static bool k20(const struct psvm_rules *rules)
{
	struct psvm_nested n = situation(0, INTR, 0);

	n.v01.int_ctl = PSVM_AVIC_ENABLE | PSVM_V_INTR_MASKING;
	n.v02.int_ctl = PSVM_AVIC_ENABLE;
	return (psvm_reenter(rules, n).v02.int_ctl & PSVM_AVIC_ENABLE) != 0;
}

static struct psvm_words k25_v02(const struct psvm_rules *rules)
{
	struct psvm_nested n = situation(PSVM_INT_VECTOR_DWORD & ~VECTOR(0xdf), INTR, 0);

	n.v12.int_state = 2;
	n.v12.event_inj = UINT64_C(0x7ffff000);
	return run(rules, n).n.v02;
}

static bool k25_vector(const struct psvm_rules *rules)
{
	return (k25_v02(rules).int_ctl & PSVM_INT_VECTOR_DWORD) != VECTOR(0x20);
}

static bool k25_int_state(const struct psvm_rules *rules)
{
	return k25_v02(rules).int_state != 0;
}

static bool k25_event(const struct psvm_rules *rules)
{
	return k25_v02(rules).event_inj != 0;
}

/* STI; an exit to L0 in its shadow. */
static bool k26(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(0, 0, 0));

	l2(&s, STORY_SHADOW);
	return (s.n.v12.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW) == 0;
}

/* L1 changes TLB_CONTROL on another CPU while L2 runs. */
static bool k28(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(0, 0, 0));

	s.vmcb12.tlb_control = 3;
	story_vmexit(&s);
	return s.vmcb12.tlb_control != 3;
}

static struct story with_event(const struct psvm_rules *rules, uint32_t facts)
{
	struct psvm_nested n = situation(0, 0, facts);

	n.v12.event_inj = EVENT(INTR, 0x30);
	return run(rules, n);
}

/* A fault during the delivery is L1's to handle. */
static bool k31(const struct psvm_rules *rules)
{
	struct story s = with_event(rules, 0);

	l2(&s, STORY_CUT);
	story_vmexit(&s);
	return s.vmcb12.exit_int_info != EVENT(INTR, 0x30);
}

/* The processor left before it delivered anything. */
static bool k31_waiting(const struct psvm_rules *rules)
{
	struct story s = with_event(rules, 0);

	story_vmexit(&s);
	return s.vmcb12.exit_int_info != EVENT(INTR, 0x30);
}

static bool k32(const struct psvm_rules *rules)
{
	struct story s = with_event(rules, PSVM_C(CHECKS_FAILED));

	return (s.vmcb12.event_inj & PSVM_EVENT_INJ_V) != 0;
}

/* The checks are repeated when a snapshot is used again. */
static bool k43(const struct psvm_rules *rules)
{
	struct psvm_nested n = situation(0, INTR, PSVM_C(CHECKS_FAILED));

	return psvm_reenter(rules, n).outcome != PSVM_VMEXIT_INVALID;
}

/* L1 does not intercept HLT, L0 does: does its wake test ask for `wake`? */
static bool sleeps_through(const struct psvm_rules *rules, uint64_t int_ctl,
			   uint64_t wake)
{
	struct story s = run(rules, situation(int_ctl, NMI, GIVE_VNMI));

	return flag_rule(rules, s.n, PSVM_CELL_HLT_INTERCEPT) != 0 &&
	       (flag_rule(rules, s.n, PSVM_CELL_HLT_WAKE) & wake) == 0;
}

static bool k53_irq(const struct psvm_rules *rules)
{
	return sleeps_through(rules, PSVM_V_IRQ | PRIO(15), PSVM_WAKE_V_IRQ);
}

static bool k53_nmi(const struct psvm_rules *rules)
{
	return sleeps_through(rules, PSVM_V_NMI_ENABLE | PSVM_V_NMI, PSVM_WAKE_V_NMI);
}

/* L1 has IF = 1, masking, and intercepts INTR: an exit at once. */
static bool k54(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_V_INTR_MASKING, INTR, PSVM_C(L1_IF)));

	return arrives(&s, 0) != PSVM_EXIT;
}

/* VMRUN fails in an L0 that uses vGIF. */
static bool x01(const struct psvm_rules *rules)
{
	return failed_vmrun_keeps_gif(rules, USE_VGIF);
}

/* V_GIF next to a V_IRQ that L2 took. */
static bool b06(const struct psvm_rules *rules)
{
	struct story s = run(rules, situation(PSVM_V_GIF | PSVM_V_IRQ | PRIO(15), 0, 0));

	l2(&s, STORY_OPENS);
	return (v12_after_vmexit(&s) & PSVM_V_GIF) == 0;
}

/* --- rule sets before the fix -------------------------------------------- */

static void only(struct psvm_rules *rules, unsigned cell, uint64_t bits, uint32_t on,
		 uint32_t off)
{
	memset(&rules->cell[cell], 0, sizeof(rules->cell[cell]));
	rules->cell[cell].move[0].bits = bits;
	rules->cell[cell].move[0].on = on;
	rules->cell[cell].move[0].off = off;
}

static void never(struct psvm_rules *rules, unsigned cell)
{
	only(rules, cell, 0, 0, 0);
}

static void deny_mask(struct psvm_rules *r)
{
	only(r, PSVM_CELL_ENTER_FROM_12, ~(PSVM_V_INTR_MASKING | PSVM_V_GIF_BITS), 0, 0);
}

static void merge_all(struct psvm_rules *r)
{
	never(r, PSVM_CELL_MERGE_DROP_MISC1);
	never(r, PSVM_CELL_VMRUN_CLOSE);
}

static void restore_nothing(struct psvm_rules *r)
{
	never(r, PSVM_CELL_CLOSE_RESTORE_02);
}

static void restore_no_vector(struct psvm_rules *r)
{
	only(r, PSVM_CELL_CLOSE_RESTORE_02, PSVM_V_INJECTION, 0, 0);
}

static void refresh_nothing(struct psvm_rules *r)
{
	never(r, PSVM_CELL_REFRESH_TO_12);
	never(r, PSVM_CELL_REFRESH_FIELDS);
}

static void usurp_always(struct psvm_rules *r)
{
	only(r, PSVM_CELL_WINDOW_USURP,
	     PSVM_V_IRQ | PSVM_V_INTR_PRIO | PSVM_INT_VECTOR_DWORD, 0, 0);
}

static void drop_for_masking(struct psvm_rules *r)
{
	only(r, PSVM_CELL_MERGE_DROP_MISC1, VINTR, PSVM_C(V_INTR_MASKING_12), 0);
}

/* Both bugs of Linux 5.8 to 6.3, without their fixes. */
static void usurp_and_leak(struct psvm_rules *r)
{
	usurp_always(r);
	r->cell[PSVM_CELL_REFRESH_TO_12].move[1].on = 0;
	r->cell[PSVM_CELL_REFRESH_TO_12].move[1].off = 0;
}

/* v2 of the series, 02/11: the premise of the seed, on the snapshot. */
static void series_v2(struct psvm_rules *r)
{
	only(r, PSVM_CELL_REFRESH_TO_12, PSVM_V_IRQ | PSVM_V_TPR,
	     PSVM_C(V_INTR_MASKING_12), 0);
}

static void request_nothing(struct psvm_rules *r)
{
	never(r, PSVM_CELL_HANDBACK_REQUEST);
}

static void nothing_to_01(struct psvm_rules *r)
{
	never(r, PSVM_CELL_HANDBACK_TO_01);
}

static void always_to_01(struct psvm_rules *r)
{
	only(r, PSVM_CELL_HANDBACK_TO_01, PSVM_V_NMI | PSVM_V_NMI_MASK, PSVM_C(HOST_VNMI),
	     0);
}

static void check_nothing(struct psvm_rules *r)
{
	never(r, PSVM_CELL_ENTER_INVALID);
}

/* Keyed on the parameter, not on V_NMI_ENABLE. */
static void key_on_parameter(struct psvm_rules *r)
{
	only(r, PSVM_CELL_REFRESH_TO_12, PSVM_V_NMI | PSVM_V_NMI_MASK, PSVM_C(HOST_VNMI),
	     0);
}

static void count_one(struct psvm_rules *r)
{
	never(r, PSVM_CELL_ENTER_QUEUE);
}

static void nothing_from_01(struct psvm_rules *r)
{
	never(r, PSVM_CELL_ENTER_FROM_01);
}

static void nmi_state_in_02(struct psvm_rules *r)
{
	only(r, PSVM_CELL_ENTER_FROM_01, PSVM_V_NMI_MASK | PSVM_V_NMI_ENABLE,
	     PSVM_C(HOST_VNMI), PSVM_C(NESTED_VNMI));
	only(r, PSVM_CELL_HANDBACK_TO_01, PSVM_V_NMI_MASK, PSVM_C(HOST_VNMI),
	     PSVM_C(NESTED_VNMI));
}

static void keep_gif(struct psvm_rules *r)
{
	never(r, PSVM_CELL_HANDBACK_CLEAR_01);
}

static void keep_last_02(struct psvm_rules *r)
{
	never(r, PSVM_CELL_ENTER_CLEAR_02);
}

static void sanitise_nothing(struct psvm_rules *r)
{
	never(r, PSVM_CELL_SNAPSHOT_INT_CTL);
	never(r, PSVM_CELL_SNAPSHOT_INT_STATE);
	never(r, PSVM_CELL_SNAPSHOT_EVENT_INJ);
}

static void store_tlb(struct psvm_rules *r)
{
	only(r, PSVM_CELL_HANDBACK_STORE_12, PSVM_F_INT_CTL | PSVM_F_TLB_CONTROL, 0, 0);
}

static void lose_event(struct psvm_rules *r)
{
	only(r, PSVM_CELL_HANDBACK_FIELDS, PSVM_F_INT_STATE, 0, 0);
}

static void zero_nothing(struct psvm_rules *r)
{
	never(r, PSVM_CELL_INVALID_ZERO_12);
}

static void wake_without_virtual(struct psvm_rules *r)
{
	only(r, PSVM_CELL_HLT_WAKE, PSVM_WAKE_INTR | PSVM_WAKE_NMI, 0, 0);
}

static void exit_never(struct psvm_rules *r)
{
	never(r, PSVM_CELL_OPEN_EXIT);
}

/* The byte at 61h is V_IRQ, and nothing else. */
static void store_byte(struct psvm_rules *r)
{
	only(r, PSVM_CELL_HANDBACK_TO_12, 0xff00, 0, 0);
}

/* --- the rows ------------------------------------------------------------ */

#define LKML	 (SET(lkml_2022_base) | SET(lkml_2022) | SET(lkml_2022_vnmi))
#define SEED	 (SET(lkml_2022) | SET(lkml_2022_vnmi))
#define OLD	 (SET(linux_6_1) | LKML)
#define NEW	 (SET(linux_6_12) | SET(linux_7_2))
#define RULES(x) &psvm_rules_##x

struct row {
	const char *id;
	const char *bug; /* a rule set does, or does not ... */
	bool (*shows)(const struct psvm_rules *rules);
	uint32_t sets;
	const struct psvm_rules *fixed;
	void (*unfix)(struct psvm_rules *rules);
};

static const struct row rows[] = {
	{ "K01", "let AVIC into 02", k01, SET(xen), RULES(linux_6_1), deny_mask },
	{ "K02", "leave a window of 01 armed in 02", k02, SET(xen), RULES(linux_6_12),
	  merge_all },
	{ "K03", "lose V_IRQ when a window closes", k03, SET(xen), RULES(linux_6_1),
	  restore_nothing },
	{ "K04", "keep a delivered V_IRQ in the snapshot", k04, LKML | SET(xen),
	  RULES(linux_6_1), refresh_nothing },
	{ "K04 masking", "keep a delivered V_IRQ in the snapshot", k04_with_masking,
	  LKML | SET(xen), RULES(linux_6_12), refresh_nothing },
	{ "K05", "lose the vector when a window closes", k05, SET(xen), RULES(linux_6_1),
	  restore_no_vector },
	{ "K06", "replace V_IRQ by a window that did not stick", k06, OLD,
	  RULES(linux_6_12), usurp_always },
	{ "K06 vector 0", "deliver vector 0", k06_vector_0, OLD, RULES(linux_6_12),
	  usurp_always },
	{ "K07", "drop a window that is needed with masking", k07, OLD, RULES(linux_6_12),
	  drop_for_masking },
	{ "K08", "leak the window into vmcb12", k08, OLD, RULES(linux_6_12),
	  usurp_and_leak },
	{ "K08 shadow", "leak the window into vmcb12", k08_shadow, OLD | SET(xen),
	  RULES(linux_6_12), usurp_and_leak },
	{ "K09 V_IRQ", "keep a delivered V_IRQ in vmcb12 without masking", k09_irq, SEED,
	  RULES(linux_6_1), series_v2 },
	{ "K09 V_TPR", "keep a stale V_TPR in vmcb12 without masking", k09_tpr, SEED,
	  RULES(linux_6_1), series_v2 },
	{ "K09 twice", "deliver the same interrupt twice", k09_twice, SEED,
	  RULES(linux_6_1), series_v2 },
	{ "K10 V_IRQ", "keep a delivered V_IRQ in the snapshot without masking", k04,
	  LKML | SET(xen), RULES(linux_6_1), series_v2 },
	{ "K10 V_TPR", "keep a stale V_TPR in the snapshot without masking", k10_tpr,
	  LKML | SET(xen), RULES(linux_6_1), series_v2 },
	{ "K11", "keep a delivered event in the snapshot", k11_event, LKML | SET(xen),
	  RULES(linux_6_1), refresh_nothing },
	{ "K12", "forget the window at a VMEXIT", k12,
	  SET(linux_6_1) | SET(lkml_2022_base) | SET(xen), RULES(linux_6_12),
	  request_nothing },
	/* OLD has no window with masking that it could forget: K07. */
	{ "K12 masking", "forget the window at a VMEXIT", k12_masking, SET(xen),
	  RULES(linux_6_12), request_nothing },
	{ "K12 INTR intercepted", "forget the window at a VMEXIT", k12_intr,
	  SET(linux_6_1) | SET(lkml_2022_base) | NEW, RULES(exact), request_nothing },
	{ "K13", "lose that L2 took an NMI of L1", k13, 0, RULES(lkml_2022_vnmi),
	  nothing_to_01 },
	{ "K13 before VMRUN", "unblock the NMIs of L1", k13_before, NEW, RULES(exact),
	  always_to_01 },
	{ "K13 nested vNMI", "block the NMIs of L1 because those of L2 are", k13_nested,
	  NEW, RULES(exact), always_to_01 },
	{ "K14", "block the NMIs of L1 after EVENTINJ", k14, SET(lkml_2022_vnmi),
	  RULES(exact), nmi_state_in_02 },
	{ "K15", "accept vNMI without the NMI intercept", k15, OLD | SET(xen),
	  RULES(linux_6_12), check_nothing },
	{ "K16", "write V_NMI back though vNMI is not enabled", k16, 0, RULES(exact),
	  key_on_parameter },
	{ "K17", "lose one of two NMIs", k17, 0, RULES(linux_6_12), count_one },
	{ "K18", "keep the GIF bits of L1 out of 02", k18, SET(xen), RULES(linux_6_1),
	  nothing_from_01 },
	{ "K19", "leave V_GIF set when VMRUN fails", k19, 0, RULES(linux_6_1), keep_gif },
	{ "K19 software", "leave GIF set when VMRUN fails", k19_software, 0, NULL,
	  NULL },
	{ "K20", "keep AVIC in 02 when a snapshot is restored", k20, 0, RULES(linux_6_12),
	  keep_last_02 },
	{ "K25 vector", "copy reserved bits next to the vector", k25_vector,
	  OLD | SET(linux_6_12) | SET(xen), RULES(linux_7_2), sanitise_nothing },
	{ "K25 int_state", "copy reserved bits of int_state", k25_int_state,
	  ALL_SETS & ~(SET(linux_7_2) | SET(exact)), RULES(linux_7_2), sanitise_nothing },
	{ "K25 EVENTINJ", "copy reserved bits of EVENTINJ", k25_event,
	  ALL_SETS & ~(SET(linux_7_2) | SET(exact)), RULES(linux_7_2), sanitise_nothing },
	{ "K26", "miss an interrupt shadow in the snapshot", k26, LKML | SET(xen),
	  RULES(linux_6_12), refresh_nothing },
	{ "K28", "overwrite TLB_CONTROL", k28, OLD | SET(xen), RULES(linux_6_12),
	  store_tlb },
	{ "K31", "lose the event of a cut delivery", k31, 0, RULES(linux_6_1),
	  lose_event },
	{ "K31 waiting", "lose an event that was not delivered", k31_waiting, 0,
	  RULES(linux_6_1), lose_event },
	{ "K32", "leave EVENTINJ when VMRUN fails", k32, OLD, RULES(linux_6_12),
	  zero_nothing },
	{ "K43", "skip the checks when a snapshot is used again", k43, 0,
	  RULES(linux_6_12), check_nothing },
	{ "K53 V_IRQ", "let L2 sleep through its V_IRQ", k53_irq, ALL_SETS & ~SET(exact),
	  RULES(exact), wake_without_virtual },
	{ "K53 V_NMI", "let L2 sleep through its V_NMI", k53_nmi, ALL_SETS & ~SET(exact),
	  RULES(exact), wake_without_virtual },
	{ "K54", "keep an interrupt that should be an exit", k54, 0, RULES(linux_6_1),
	  exit_never },
	{ "X01", "leave V_GIF set when VMRUN fails", x01, 0, RULES(xen), keep_gif },
	{ "B06", "store V_IRQ as a byte", b06, 0, RULES(exact), store_byte }
};

/* A row and the rule set; the one past the built-in ones is the row's own. */
struct history {
	const struct row *row;
	size_t set;
	char name[160];
};

static struct history cases[N_ROWS(rows) * (PSVM_RULE_SET_COUNT + 1)];

static bool own_set(const struct history *h)
{
	return h->set == PSVM_RULE_SET_COUNT;
}

static bool expected(const struct history *h)
{
	return own_set(h) || (h->row->sets >> h->set & 1);
}

static void test_row(void **state)
{
	const struct history *h = *state;
	struct psvm_rules rules = own_set(h) ? *h->row->fixed : *check_sets[h->set].rules;
	bool shows;

	if (own_set(h))
		h->row->unfix(&rules);
	assert_int_equal(psvm_rules_check(&rules).code, PSVM_OK);
	begun.rules = NULL;
	shows = h->row->shows(&rules);
	if (shows != expected(h) && begun.rules != NULL)
		story_print(stderr, &begun, &entered);
	assert_int_equal(shows, expected(h));
}

static struct CMUnitTest history_case(struct history *h, const struct row *row,
				      size_t set)
{
	h->row = row;
	h->set = set;
	snprintf(h->name, sizeof(h->name), "%s %s does %s%s", h->row->id,
		 own_set(h) ? "before the fix" : check_sets[h->set].name,
		 expected(h) ? "" : "not ", h->row->bug);
	return check_case(h->name, test_row, h);
}

/* --- patch 04/13, row by row --------------------------------------------- */

/* Where bits of vmcb12' come from: FROM_12 the snapshot at VMRUN, FROM_02. */
enum source { FROM_12, FROM_02 };

struct splice {
	const char *name;
	uint64_t bits;
	uint64_t int_ctl; /* of 12, besides the bits */
	uint32_t misc1;	  /* of 02 */
	uint32_t facts;
	enum source base, seed;
};

#define NOT_MASKING UINT64_C(0)
static const struct splice splices[] = {
	{ "V_TPR with masking", PSVM_V_TPR, PSVM_V_INTR_MASKING, 0, 0, FROM_02, FROM_02 },
	{ "V_TPR without masking", PSVM_V_TPR, NOT_MASKING, 0, 0, FROM_02, FROM_12 },
	{ "V_TPR without masking in a window", PSVM_V_TPR, NOT_MASKING, VINTR, 0, FROM_02,
	  FROM_12 },
	{ "V_IRQ with masking", PSVM_V_IRQ, PSVM_V_INTR_MASKING, 0, 0, FROM_02, FROM_02 },
	{ "V_IRQ with masking in a window", PSVM_V_IRQ, PSVM_V_INTR_MASKING, VINTR, 0,
	  FROM_02, FROM_02 },
	{ "V_IRQ without masking", PSVM_V_IRQ, NOT_MASKING, 0, 0, FROM_02, FROM_12 },
	{ "V_IRQ without masking in a window", PSVM_V_IRQ, NOT_MASKING, VINTR, 0, FROM_12,
	  FROM_12 },
	{ "V_GIF of a nested vGIF", PSVM_V_GIF, PSVM_V_GIF_ENABLE, 0, GIVE_VGIF, FROM_02,
	  FROM_02 },
	{ "V_GIF that is not enabled", PSVM_V_GIF, NOT_MASKING, 0, GIVE_VGIF, FROM_12,
	  FROM_12 },
	{ "V_GIF that is not offered", PSVM_V_GIF, PSVM_V_GIF_ENABLE, 0, USE_VGIF,
	  FROM_12, FROM_12 },
	{ "V_INTR_PRIO", PSVM_V_INTR_PRIO, PSVM_V_INTR_MASKING, 0, 0, FROM_12, FROM_12 },
	{ "V_IGN_TPR", PSVM_V_IGN_TPR, PSVM_V_INTR_MASKING, 0, 0, FROM_12, FROM_12 },
	{ "vector", PSVM_V_INTR_VECTOR, PSVM_V_INTR_MASKING, 0, 0, FROM_12, FROM_12 },
	{ "V_NMI and V_NMI_MASK", PSVM_V_NMI | PSVM_V_NMI_MASK, PSVM_V_NMI_ENABLE, 0,
	  GIVE_VNMI, FROM_12, FROM_12 },
	{ "V_INTR_MASKING", PSVM_V_INTR_MASKING, 0, 0, 0, FROM_12, FROM_12 },
	{ "V_GIF_ENABLE", PSVM_V_GIF_ENABLE, 0, 0, 0, FROM_12, FROM_12 },
	{ "V_NMI_ENABLE", PSVM_V_NMI_ENABLE, 0, 0, 0, FROM_12, FROM_12 },
	{ "AVIC", PSVM_AVIC_ENABLE | PSVM_X2AVIC_ENABLE, 0, 0, 0, FROM_12, FROM_12 },
	{ "reserved", PSVM_INT_CTL_SBZ, 0, 0, 0, FROM_12, FROM_12 }
};

/* All combinations of `bits` all 0 and all 1 in 12 and in 02. */
static void check_splice(const struct splice *row, const struct psvm_rules *rules,
			 enum source source)
{
	for (unsigned i = 0; i < 4; i++) {
		struct psvm_nested n = situation(row->int_ctl, 0, row->facts);
		uint64_t in_12 = i & 1 ? row->bits : 0, in_02 = i & 2 ? row->bits : 0;
		struct psvm_result r;

		n.v12.int_ctl = (n.v12.int_ctl & ~row->bits) | in_12;
		n.v02.int_ctl = in_02;
		n.v02.misc1 = row->misc1;
		r = psvm_nested_sync_int_ctl(rules, n);
		assert_int_equal(r.v12.int_ctl & row->bits,
				 source == FROM_12 ? in_12 : in_02);
		assert_int_equal(r.v12.int_ctl & ~row->bits, n.v12.int_ctl & ~row->bits);
	}
}

static void test_splice(void **state)
{
	const struct splice *row = *state;

	check_splice(row, &psvm_rules_lkml_2022_base, row->base);
	check_splice(row, &psvm_rules_lkml_2022, row->seed);
}

/* What the patch, which claims no visible change, changes in vmcb12: exactly
 * V_TPR without masking, and V_IRQ without masking outside a window. All of 12
 * and 02 in these bits and masking, the intercept, vGIF: 2^12 inputs. */
static void test_seed_changes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4096; i++) {
		struct psvm_nested n = situation(0, 0, i & 2048 ? GIVE_VGIF : 0);
		struct psvm_result base, seed;
		uint64_t changes = 0;

		n.v12.int_ctl = (i & 1 ? PSVM_V_TPR : 0) | (i & 2 ? PSVM_V_IRQ : 0) |
				(i & 4 ? PSVM_V_GIF : 0) | (i & 8 ? PRIO(15) : 0) |
				(i & 16 ? PSVM_V_GIF_ENABLE : 0) |
				(i & 32 ? PSVM_V_INTR_MASKING : 0);
		n.v02.int_ctl = (i & 64 ? PSVM_V_TPR : 0) | (i & 128 ? PSVM_V_IRQ : 0) |
				(i & 256 ? PSVM_V_GIF : 0) | (i & 512 ? PRIO(15) : 0);
		n.v02.misc1 = i & 1024 ? VINTR : 0;
		if (!(i & 32))
			changes = PSVM_V_TPR | (i & 1024 ? 0 : PSVM_V_IRQ);
		changes &= n.v12.int_ctl ^ n.v02.int_ctl;
		base = psvm_nested_sync_int_ctl(&psvm_rules_lkml_2022_base, n);
		seed = psvm_nested_sync_int_ctl(&psvm_rules_lkml_2022, n);
		assert_int_equal(base.v12.int_ctl ^ seed.v12.int_ctl, changes);
		assert_int_equal(base.v01.int_ctl, seed.v01.int_ctl);
		assert_int_equal(base.requests ^ seed.requests,
				 !(i & 32) && (i & 128) ? PSVM_REQUEST_EVENT : 0);
	}
}

/* The mask of bits for 01 is there, and empty. */
static void test_seed_leaves_01(void **state)
{
	struct psvm_nested n = situation(0, 0, USE_VNMI);

	struct psvm_result base, seed, vnmi;

	(void)state;
	n.v02.int_ctl = UINT64_MAX;
	n.v01.int_ctl = 0;
	base = psvm_nested_sync_int_ctl(&psvm_rules_lkml_2022_base, n);
	seed = psvm_nested_sync_int_ctl(&psvm_rules_lkml_2022, n);
	vnmi = psvm_nested_sync_int_ctl(&psvm_rules_lkml_2022_vnmi, n);
	assert_int_equal(base.v01.int_ctl, 0);
	assert_int_equal(seed.v01.int_ctl, 0);
	assert_int_equal(vnmi.v01.int_ctl, PSVM_V_NMI | PSVM_V_NMI_MASK);
}

int main(void)
{
	struct CMUnitTest tests[N_ROWS(cases) + N_ROWS(splices) + 2];
	static char names[N_ROWS(splices)][80];
	size_t n = 0;

	for (size_t i = 0; i < N_ROWS(rows); i++) {
		size_t sets = PSVM_RULE_SET_COUNT + (rows[i].unfix != NULL);

		for (size_t set = 0; set < sets; set++, n++)
			tests[n] = history_case(&cases[n], &rows[i], set);
	}
	for (size_t i = 0; i < N_ROWS(splices); i++) {
		snprintf(names[i], sizeof(names[i]), "04/13 %s: %s then %s",
			 splices[i].name, splices[i].base == FROM_12 ? "12" : "02",
			 splices[i].seed == FROM_12 ? "12" : "02");
		tests[n++] = check_case(names[i], test_splice, &splices[i]);
	}
	tests[n++] = check_case("04/13 changes V_TPR and V_IRQ without masking",
				test_seed_changes, NULL);
	tests[n++] = check_case("04/13 leaves 01 alone", test_seed_leaves_01, NULL);
	return _cmocka_run_group_tests("history", tests, n, NULL, NULL) != 0;
}
