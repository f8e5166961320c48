/* SPDX-License-Identifier: MIT */
/* The reference model: every bit is asked for, and the answers are put together. */
#include "reference_bits.h"

#include <string.h>

struct situation ref_situation(enum ref_rules rules, const struct psvm_nested *n)
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

enum question {
#define X(function, width) Q_##function,
	QUESTIONS(X)
#undef X
	Q_COUNT
};

static void (*const ask[Q_COUNT])(uint64_t *bits, const struct situation *s) = {
#define X(function, width) [Q_##function] = ask_##function,
	QUESTIONS(X)
#undef X
};

static uint64_t put_together(const uint64_t *bits, uint64_t w12, uint64_t w02,
			     uint64_t w01)
{
	return bits[IS_1] | (bits[OF_12] & w12) | (bits[OF_02] & w02) |
	       (bits[OF_01] & w01) | (bits[OF_01_OR_12] & (w01 | w12));
}

#ifdef REF_ASKS_ALWAYS /* a proof looks at every input at once, and never twice */
static uint64_t every_bit(enum question q, const struct situation *s, uint64_t w12,
			  uint64_t w02, uint64_t w01)
{
	uint64_t bits[SOURCES] = { 0 };

	ask[q](bits, s);
	return put_together(bits, w12, w02, w01);
}
#else
/*
 * The answers for the bits of a word, remembered as long as the situation
 * stays: for a sweep over billions of words.
 */
struct answers {
	struct situation situation;
	bool asked;
	uint64_t bits[SOURCES];
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
	return put_together(a->bits, w12, w02, w01);
}
#endif

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
	struct situation s = ref_situation(rules, &n);
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
	r->v12.int_state = EVERY_BIT(vmexit_12_int_state, s, int_state, n);
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
	r.v02.int_state = EVERY_BIT(enter_02_int_state, s, int_state, n);
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
	struct situation s = ref_situation(rules, &n);

	s.vmrun = true;
	return enter(&s, &n);
}

struct psvm_result ref_reenter(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	return enter(&s, &n);
}

struct psvm_result ref_window_open(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);
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
	struct situation s = ref_situation(rules, &n);
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
	struct situation s = ref_situation(rules, &n);
	struct psvm_result r = unchanged(&n);

	r.v12.int_ctl = EVERY_BIT(refresh_12, &s, int_ctl, &n);
	if (refreshes(&s)) {
		r.v12.int_state = EVERY_BIT(vmexit_12_int_state, &s, int_state, &n);
		r.v12.event_inj = n.v02.event_inj;
	}
	return r;
}

struct psvm_result ref_handback(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);
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
	struct situation s = ref_situation(rules, &n);
	struct psvm_intercepts i02;

	for (unsigned int w = 0; w < WORD_COUNT; w++)
		i02.word[w] = (uint32_t)every_bit(word[w], &s, i12.word[w], 0,
						  i01.word[w]);
	return i02;
}
