/* SPDX-License-Identifier: MIT */
/*
 * S0 to S12 for rule set `exact`, over stories of any length (tests/properties.h), by
 * induction. What holds of a story between two steps of L0 is told by tells_truth():
 *
 * - begin: for every input, VMRUN has the properties, and a story that runs then is true;
 * - step: from every true story each step, and the refresh that follows it, has the
 *   properties, and leaves a true story or none.
 */
#include "proof.h"

#include "../story_bits.h"
#include "psvm/rule_sets.h"

ANY(struct psvm_nested, nested);
ANY(struct story, story);
ANY(uint32_t, u32);
ANY(uint8_t, u8);
ANY(bool, bool);

#define NMIS_MAX 254 /* psvm/nested.h */

static void prove_properties(const struct story *before, const struct story *after)
{
	PROVE(property_holds(S0, before, after));
	PROVE(property_holds(S1, before, after));
	PROVE(property_holds(S2, before, after));
	PROVE(property_holds(S3, before, after));
	PROVE(property_holds(S4, before, after));
	PROVE(property_holds(S5, before, after));
	PROVE(property_holds(S6, before, after));
	PROVE(property_holds(S7, before, after));
	PROVE(property_holds(S8, before, after));
	PROVE(property_holds(S9, before, after));
	PROVE(property_holds(S10, before, after));
	PROVE(property_holds(S11, before, after));
	PROVE(property_holds(S12, before, after));
}

static bool nested_vgif(const struct story *s)
{
	return fact(s, PSVM_C(OFFER_VGIF)) && (s->l1.int_ctl & V_GIF_ENABLE);
}

static bool nested_vnmi(const struct story *s)
{
	return fact(s, PSVM_C(OFFER_VNMI)) && (s->l1.int_ctl & V_NMI_ENABLE);
}

static bool same(uint64_t a, uint64_t b, uint64_t bits)
{
	return ((a ^ b) & bits) == 0;
}

static bool has(uint64_t word, uint64_t bit, bool value)
{
	return (word & bit) == (value ? bit : 0);
}

/* The urgency of V_IRQ, which L0 clears while GIF is 0 and nothing else holds V_IRQ. */
static bool is_or_was_cleared(uint64_t word, uint64_t want)
{
	return same(word, want, PRIO | IGN_TPR) || (word & (PRIO | IGN_TPR)) == 0;
}

static bool request_is_true(const struct story *s)
{
	uint64_t v02 = s->n.v02.int_ctl, bare = bare_int_ctl(s);

	if (s->window)
		return (v02 & V_IRQ) && (v02 & VECTOR) == 0 &&
		       is_or_was_cleared(v02, PRIO | IGN_TPR);
	return same(v02, bare, V_IRQ | VECTOR) && is_or_was_cleared(v02, bare);
}

static bool gif_is_true(const struct story *s)
{
	uint64_t v02 = s->n.v02.int_ctl, v01 = s->n.v01.int_ctl;
	bool uses = fact(s, PSVM_C(HOST_VGIF)), l1_gif = fact(s, PSVM_C(L1_GIF));

	if (!has(v01, V_GIF_ENABLE, uses))
		return false;
	if (!uses) /* GIF is 1 where story_run() emulates no CLGI */
		return !(v02 & (V_GIF | V_GIF_ENABLE)) && !(v01 & V_GIF) &&
		       s->gif == l1_gif && (l1_gif || !(s->window || nested_vnmi(s)));
	if (nested_vgif(s))
		return (v02 & V_GIF_ENABLE) && has(v02, V_GIF, s->bare.v_gif) &&
		       has(v01, V_GIF, l1_gif);
	return (v02 & V_GIF_ENABLE) && has(v02, V_GIF, l1_gif);
}

static bool nmis_are_true(const struct story *s)
{
	uint64_t v02 = s->n.v02.int_ctl, v01 = s->n.v01.int_ctl;
	bool uses = fact(s, PSVM_C(HOST_VNMI));

	if (!has(v01, V_NMI_ENABLE, uses) || (v01 & V_NMI) ||
	    !has(v01, V_NMI_MASK, uses && s->bare.l1_nmi_mask) ||
	    s->n.nmis != s->bare.l1_nmis || s->n.nmis > NMIS_MAX)
		return false;
	if (!nested_vnmi(s))
		return !(v02 & (V_NMI | V_NMI_MASK | V_NMI_ENABLE));
	return (v02 & V_NMI_ENABLE) && has(v02, V_NMI, s->bare.v_nmi) &&
	       has(v02, V_NMI_MASK, s->bare.v_nmi_mask);
}

/* An event that L1 injects is in EVENTINJ, or its delivery was cut short, or it is over. */
static bool event_is_true(const struct story *s)
{
	const struct psvm_words *v02 = &s->n.v02;

	if (v02->event_inj & EVENT_SBZ)
		return false;
	if (s->cut)
		return (s->bare.event & EVENT_V) && v02->exit_int_info == s->bare.event &&
		       !(v02->event_inj & EVENT_V);
	if (v02->exit_int_info != 0)
		return false;
	return s->bare.event == (v02->event_inj & EVENT_V ? v02->event_inj : 0);
}

static bool snapshot_is_true(const struct story *s)
{
	const struct psvm_words *v12 = &s->n.v12;

	return v12->int_ctl == bare_int_ctl(s) && v12->misc1 == s->l1.misc1 &&
	       same(v12->int_state, s->l1.int_state, ~SHADOW) &&
	       has(v12->int_state, SHADOW, s->bare.shadow) &&
	       s->n.v02.int_state == (s->bare.shadow ? SHADOW : 0) &&
	       v12->event_inj == s->n.v02.event_inj;
}

static bool window_is_true(const struct story *s)
{
	/* L2 cannot open what L1 has closed (WINDOW_IN_01). */
	bool pointless = (s->l1.int_ctl & MASKING) && !fact(s, PSVM_C(L1_IF));

	return !(s->window && pointless) &&
	       s->window == ((s->n.v01.misc1 & INTERCEPT_VINTR) != 0) &&
	       (s->window || !s->usurped) &&
	       has(s->n.v02.misc1, INTERCEPT_VINTR,
		   s->window || (s->l1.misc1 & INTERCEPT_VINTR));
}

static bool memory_is_true(const struct story *s)
{
	return s->vmcb12.int_ctl == s->l1.int_ctl && s->vmcb12.misc1 == s->l1.misc1 &&
	       same(s->vmcb12.int_state, s->l1.int_state, ~SHADOW);
}

static bool facts_are_true(const struct story *s)
{
	return (s->n.facts & ~PSVM_C_FACTS) == 0 &&
	       (!fact(s, PSVM_C(OFFER_VGIF)) || fact(s, PSVM_C(HOST_VGIF))) &&
	       (!fact(s, PSVM_C(OFFER_VNMI)) || fact(s, PSVM_C(HOST_VNMI)));
}

static bool tells_truth(const struct story *s)
{
	return s->runs && facts_are_true(s) && s->bare.v_tpr <= 15 &&
	       same(s->n.v02.int_ctl, s->bare.v_tpr, V_TPR) && request_is_true(s) &&
	       gif_is_true(s) && nmis_are_true(s) && event_is_true(s) &&
	       snapshot_is_true(s) && window_is_true(s) && memory_is_true(s);
}

static void prove_truth(const struct story *s)
{
	PROVE(facts_are_true(s));
	PROVE(s->bare.v_tpr <= 15);
	PROVE(same(s->n.v02.int_ctl, s->bare.v_tpr, V_TPR));
	PROVE(request_is_true(s));
	PROVE(gif_is_true(s));
	PROVE(nmis_are_true(s));
	PROVE(event_is_true(s));
	PROVE(snapshot_is_true(s));
	PROVE(window_is_true(s));
	PROVE(memory_is_true(s));
}

/* What is not one thing for the whole run of L2, nor L1's GIF: whatever it is now. */
static void facts_change(struct story *s)
{
	uint32_t kept = PSVM_C(L1_IF) | PSVM_C(L1_GIF) | PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI) |
			PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI);

	s->n.facts = (s->n.facts & kept) | (nondet_u32() & PSVM_C_FACTS & ~kept);
}

static void refreshed(struct story *s)
{
	struct story before = *s;

	story_refresh(s);
	prove_properties(&before, s);
	prove_truth(s);
}

void proof_story_begins(void)
{
	struct psvm_nested n = nondet_nested();
	struct story s, before;

	GIVEN((n.facts & ~PSVM_C_FACTS) == 0 && n.nmis < NMIS_MAX);
	s = story_begin(&psvm_rules_exact, n);
	before = s;
	story_vmrun(&s);
	prove_properties(&before, &s);
	if (!s.runs) {
		REACHED("VMRUN fails");
		return;
	}
	refreshed(&s);
	REACHED("VMRUN");
}

static struct story some_story(void)
{
	struct story s = nondet_story();

	s.rules = &psvm_rules_exact;
	/* A bool of which nothing is known may be 2. */
	s.runs = s.runs != 0;
	s.window = s.window != 0;
	s.usurped = s.usurped != 0;
	s.cut = s.cut != 0;
	s.bare.irq_taken = s.bare.irq_taken != 0;
	s.bare.v_gif = s.bare.v_gif != 0;
	s.bare.v_nmi = s.bare.v_nmi != 0;
	s.bare.v_nmi_mask = s.bare.v_nmi_mask != 0;
	s.bare.shadow = s.bare.shadow != 0;
	s.bare.l1_nmi_mask = s.bare.l1_nmi_mask != 0;
	GIVEN(tells_truth(&s));
	facts_change(&s);
	return s;
}

#define RUNS(event) \
	void proof_story_##event(void) \
	{ \
		struct story s = some_story(), before = s; \
		\
		(void)story_run(&s, STORY_##event); \
		prove_properties(&before, &s); \
		refreshed(&s); \
		REACHED("an L2 that runs: " #event); \
	}
RUNS(OPENS)
RUNS(CLGI)
RUNS(STGI)
RUNS(NMI)
RUNS(IRET)
RUNS(INJECTS)
RUNS(CUT)
RUNS(SHADOW)

/* Any value of CR8 instead of the few of story_run(). */
void proof_story_CR8(void)
{
	struct story s = some_story(), before = s;
	uint8_t tpr = nondet_u8() & 15;

	(void)story_run(&s, STORY_CR8_0);
	s.n.v02.int_ctl |= tpr;
	s.bare.v_tpr = tpr;
	prove_properties(&before, &s);
	refreshed(&s);
	REACHED("an L2 that runs: CR8");
}

#define STEP(name, step) \
	void proof_story_##name(void) \
	{ \
		struct story s = some_story(), before = s; \
		\
		step; \
		prove_properties(&before, &s); \
		if (s.runs) \
			prove_truth(&s); \
		REACHED(#name); \
	}
STEP(open, story_open(&s))
STEP(close, story_close(&s))
STEP(reenter, story_reenter(&s))
STEP(load_tpr, story_load_tpr(&s, nondet_u8()))
STEP(nmi_for_l1, GIVEN(s.n.nmis < NMIS_MAX); story_nmi_for_l1(&s))
STEP(give_nmi, story_give_nmi(&s))

void proof_story_vmexit(void)
{
	struct story s = some_story(), before = s;

	story_vmexit(&s);
	prove_properties(&before, &s);
	REACHED("#VMEXIT");
}
