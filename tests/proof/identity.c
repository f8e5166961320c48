/* SPDX-License-Identifier: MIT */
/*
 * What undoes itself, with every rule set:
 *
 * - VMRUN, refresh, hand-back, and the processor has written nothing in between: vmcb12
 *   is what it was;
 * - a window that opens and closes: 02, 01 and the snapshot are what they were.
 *
 * Facts may be others at every step, but for what L0 offers and uses. Exceptions are
 * listed by rule set (enum exception), and each is shown to happen.
 */
#include "same.h"

#include "psvm/rule_sets.h"

ANY(struct psvm_nested, nested);
ANY(uint32_t, u32);

/* Of 060h, APM table B-1. */
#define V_IRQ		(UINT64_C(1) << 8)
#define REQUEST		(V_IRQ | UINT64_C(0x1f) << 16)
#define VECTOR		UINT64_C(0xff00000000)
#define VINTR		(UINT32_C(1) << 4) /* of 00Ch */
#define SHADOW		UINT64_C(1)	   /* of 068h */
#define EVENT_V		(UINT64_C(1) << 31)

static uint32_t some_facts(uint32_t before)
{
	uint32_t kept = PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI) | PSVM_C(HOST_VGIF) |
			PSVM_C(HOST_VNMI);
	uint32_t facts = nondet_u32();

	GIVEN(((facts ^ before) & kept) == 0);
	GIVEN(senseless(facts) == 0);
	return facts;
}

/* The caller keeps the words of a result. */
static struct psvm_nested next(struct psvm_nested n, struct psvm_result r)
{
	n.v12 = r.v12;
	n.v02 = r.v02;
	n.v01 = r.v01;
	n.nmis = (uint8_t)(n.nmis + r.nmi_change);
	n.facts = some_facts(n.facts);
	return n;
}

/* The fields of vmcb12 that are stored. */
static struct psvm_words stored(struct psvm_words w, struct psvm_result r)
{
	uint64_t high = (r.store12 & PSVM_F_INT_VECTOR ? r.v12 : w).int_ctl >> 32;
	uint64_t low = (r.store12 & PSVM_F_INT_CTL ? r.v12 : w).int_ctl & UINT32_MAX;

	w.int_ctl = high << 32 | low;
	if (r.store12 & PSVM_F_INT_STATE)
		w.int_state = r.v12.int_state;
	if (r.store12 & PSVM_F_INT_SHADOW)
		w.int_state = (w.int_state & ~SHADOW) | (r.v12.int_state & SHADOW);
	if (r.store12 & PSVM_F_EVENT_INJ)
		w.event_inj = r.v12.event_inj;
	if (r.store12 & PSVM_F_EXIT_INT_INFO)
		w.exit_int_info = r.v12.exit_int_info;
	if (r.store12 & PSVM_F_TLB_CONTROL)
		w.tlb_control = r.v12.tlb_control;
	return w;
}

/* What real rule sets do besides, each shown to happen. */
enum exception {
	KEEPS_EVENT = 1, /* EVENTINJ stays, V included, if the processor has not used it */
	/* EXITINTINFO, which the processor writes as a whole, names the event without what
	 * should be 0 in EVENTINJ, 30:12. */
	DROPS_EVENT = 2,
	DROPS_STATE = 4, /* bits 63:1 of 068h become 0 */
	REUSES_02 = 8,	 /* xen: 060h by a clean bit of L1, and of a deferred exit; TLB_CONTROL */
	LOSES_01 = 16,	 /* a window that was open on 01 before VMRUN closes */
	LOSES_12 = 32	 /* xen: the request and the VINTR intercept of L1 */
};
#define KEPT_linux_6_1	    (KEEPS_EVENT | LOSES_01)
#define KEPT_lkml_2022_base (KEEPS_EVENT | LOSES_01)
#define KEPT_lkml_2022	    (KEEPS_EVENT | LOSES_01)
#define KEPT_lkml_2022_vnmi (KEEPS_EVENT | LOSES_01)
#define KEPT_linux_6_12	    LOSES_01
#define KEPT_linux_7_2	    (DROPS_EVENT | DROPS_STATE | LOSES_01)
#define KEPT_xen	    (REUSES_02 | LOSES_12)
#define KEPT_exact	    DROPS_EVENT

#define EVENT_SBZ UINT64_C(0x7ffff000)

static bool reuses_02(uint32_t at_enter, uint32_t at_vmexit)
{
	return ((at_enter & PSVM_C(CLEAN_TPR_12)) && !(at_enter & PSVM_C(MOVED_12))) ||
	       (at_vmexit & PSVM_C(DEFERRED));
}

static void prove_trip(struct psvm_words before, struct psvm_words after, unsigned int but,
		       bool reused)
{
	uint64_t event = before.event_inj & EVENT_V ? before.event_inj : 0;

	PROVE(after.int_ctl == before.int_ctl || ((but & REUSES_02) && reused));
	PROVE(after.tlb_control == ((but & REUSES_02) ? 0 : before.tlb_control));
	PROVE(after.int_state ==
	      ((but & DROPS_STATE) ? before.int_state & SHADOW : before.int_state));
	PROVE(after.misc1 == before.misc1);
	/* What a #VMEXIT writes there; S9. */
	PROVE(after.event_inj == ((but & KEEPS_EVENT) ? before.event_inj : 0));
	PROVE(after.exit_int_info == ((but & DROPS_EVENT) ? event & ~EVENT_SBZ : event));
}

#define ROUND_TRIP(name, identifier, words) \
	void proof_round_trip_##identifier(void) \
	{ \
		const struct psvm_rules *rules = &psvm_rules_##identifier; \
		struct psvm_nested n = nondet_nested(); \
		struct psvm_words vmcb12 = n.v12, after; \
		struct psvm_result r; \
		uint32_t at_enter; \
		\
		GIVEN(senseless(n.facts) == 0); \
		n = next(n, psvm_snapshot(rules, n)); \
		at_enter = n.facts; \
		r = psvm_enter(rules, n); \
		GIVEN(r.outcome == PSVM_DONE); \
		n = next(n, r); \
		n = next(n, psvm_refresh(rules, n)); \
		r = psvm_nested_sync_int_ctl(rules, n); \
		after = stored(vmcb12, r); \
		prove_trip(vmcb12, after, KEPT_##identifier, reuses_02(at_enter, n.facts)); \
		REACHED("round trip " #identifier); \
		/* Exceptions happen. */ \
		if (!(KEPT_##identifier & REUSES_02) || after.int_ctl != vmcb12.int_ctl) \
			REACHED("060h of another run " #identifier); \
		if (!(KEPT_##identifier & DROPS_STATE) || after.int_state != vmcb12.int_state) \
			REACHED("bits of 068h dropped " #identifier); \
		if (!(KEPT_##identifier & DROPS_EVENT) || \
		    (vmcb12.event_inj & EVENT_SBZ && after.exit_int_info & EVENT_V)) \
			REACHED("reserved bits of EVENTINJ dropped " #identifier); \
		if (!(KEPT_##identifier & KEEPS_EVENT) || (after.event_inj & EVENT_V)) \
			REACHED("EVENTINJ kept " #identifier); \
	}
PSVM_RULE_SETS(ROUND_TRIP)

static void prove_window(const struct psvm_nested *before, const struct psvm_nested *after,
			 unsigned int but)
{
	bool was_open = (before->v01.misc1 & VINTR) != 0;
	struct psvm_words v02 = after->v02;

	if (but & LOSES_12) {
		v02.int_ctl ^= (v02.int_ctl ^ before->v02.int_ctl) & (REQUEST | VECTOR);
		v02.misc1 ^= (v02.misc1 ^ before->v02.misc1) & VINTR;
	}
	PROVE_WORDS(after->v12, before->v12);
	PROVE_WORDS(v02, before->v02);
	PROVE(after->nmis == before->nmis);
	if ((but & LOSES_01) && was_open)
		return;
	PROVE_WORDS(after->v01, before->v01);
}

#define WINDOW(name, identifier, words) \
	void proof_window_##identifier(void) \
	{ \
		const struct psvm_rules *rules = &psvm_rules_##identifier; \
		struct psvm_nested n = nondet_nested(), before; \
		struct psvm_result r; \
		\
		GIVEN(senseless(n.facts) == 0); \
		/* 01 holds a request only for a window. */ \
		GIVEN((n.v01.misc1 & VINTR) || (n.v01.int_ctl & REQUEST) == 0); \
		n = next(n, psvm_snapshot(rules, n)); \
		r = psvm_enter(rules, n); \
		GIVEN(r.outcome == PSVM_DONE); \
		n = next(n, r); \
		n = next(n, psvm_refresh(rules, n)); \
		before = n; \
		n = next(n, psvm_window_open(rules, n)); \
		n = next(n, psvm_window_close(rules, n)); \
		prove_window(&before, &n, KEPT_##identifier); \
		REACHED("window " #identifier); \
		if (!(KEPT_##identifier & LOSES_01) || n.v01.misc1 != before.v01.misc1) \
			REACHED("window on 01 lost " #identifier); \
		if (!(KEPT_##identifier & LOSES_12) || n.v02.int_ctl != before.v02.int_ctl) \
			REACHED("request of L1 lost " #identifier); \
	}
PSVM_RULE_SETS(WINDOW)
