/* SPDX-License-Identifier: MIT */
/*
 * The parts of L0: what they need of each other.
 *
 *	l0.c		running L1 and L2, their exits, a step
 *	l0_switch.c	from L1 to L2 and back: VMRUN, #VMEXIT, intercepts
 *	l0_events.c	what waits for L1: windows, injection
 *	l0_masks.c	where L1's GIF and NMI mask live
 *	l0_ask.c	everything that the rule set is asked; l0_foreign.c and
 *			l0_change.c where not rules alone answer
 *	l0_plan.c	what it asks for in turn
 */
#ifndef PSVM_CHECK_L0_H
#define PSVM_CHECK_L0_H

#include "l0_plan.h"
#include "machine.h"

/* An L0 remembers no more NMIs than that: one in service and one behind it. */
enum { MOST_NMIS = 2 };

/* A step under way. */
struct l0 {
	struct nested *m;
	const struct world *w;
	struct reads *reads;
	struct act act;
	bool seen_any; /* s says what L1 or L2 has seen */
	bool entering; /* L1 executed VMRUN: the step ends when L2 runs */
	bool faulted;  /* L2 has left in the delivery of an event */
	struct seen s;
};

static inline void l0_did(const struct l0 *l, unsigned deed)
{
	l->m->deeds |= (uint16_t)deed;
}

static inline bool l0_fact(const struct l0 *l, uint32_t bit)
{
	return (l->w->facts & bit) != 0;
}

static inline bool l0_uses_vgif(const struct l0 *l)
{
	return l0_fact(l, PSVM_C(HOST_VGIF));
}

static inline bool l0_uses_vnmi(const struct l0 *l)
{
	return l0_fact(l, PSVM_C(HOST_VNMI));
}

static inline struct psvm_cpu_vmcb *l0_current(const struct l0 *l)
{
	return l->m->in_l2 ? &l->m->vmcb02 : &l->m->vmcb01;
}

static inline bool l0_holds(const struct l0 *l, const struct psvm_cpu_vmcb *vmcb,
			    uint64_t bit)
{
	reads_note(l->reads, READ_INT_CTL, vmcb->words.int_ctl & bit);
	return (vmcb->words.int_ctl & bit) != 0;
}

/* A feature that L1 has and enabled. */
static inline bool l0_nests(const struct l0 *l, uint32_t offer, uint64_t enable)
{
	return l0_fact(l, offer) && l0_holds(l, &l->m->snapshot, enable);
}

static inline bool l0_nests_vgif(const struct l0 *l)
{
	return l0_nests(l, PSVM_C(OFFER_VGIF), PSVM_V_GIF_ENABLE);
}

/* The VMCB that holds L1's V_GIF; null: L0 keeps L1's GIF in software, as it has to where
 * vmcb02 has no V_GIF_ENABLE (rule set xen). Inline, so that a folded question that is
 * not about GIF does not look for it. */
static inline struct psvm_cpu_vmcb *l0_gif_vmcb(const struct l0 *l)
{
	if (!l0_uses_vgif(l))
		return NULL;
	if (!l->m->in_l2 || l0_nests_vgif(l))
		return &l->m->vmcb01;
	return l0_holds(l, &l->m->vmcb02, PSVM_V_GIF_ENABLE) ? &l->m->vmcb02 : NULL;
}

static inline bool l0_gif(const struct l0 *l)
{
	const struct psvm_cpu_vmcb *vmcb = l0_gif_vmcb(l);

	return vmcb != NULL ? l0_holds(l, vmcb, PSVM_V_GIF) : l->m->gif != 0;
}

static inline void l0_hold(struct psvm_cpu_vmcb *vmcb, uint64_t bit, bool value)
{
	vmcb->words.int_ctl = (vmcb->words.int_ctl & ~bit) | (value ? bit : 0);
}

static inline void l0_set_bit(uint32_t *word, uint32_t bit, bool value)
{
	*word = (*word & ~bit) | (value ? bit : 0);
}

static inline bool l0_tpr_masks(const struct nested *m)
{
	return m->intr != 0 && m->intr >> 4 <= m->tpr;
}

static inline bool l0_deliverable(const struct nested *m)
{
	return m->intr != 0 && m->intr >> 4 > m->tpr;
}

static inline void l0_request(struct l0 *l, uint32_t requests)
{
	if (!l->w->implicit_event)
		requests &= ~(uint32_t)PSVM_REQUEST_IMPLICIT;
	l->m->requests |= (uint8_t)requests;
}

static inline void l0_see(struct l0 *l, enum seen_kind kind, uint64_t code)
{
	struct seen s = { (uint8_t)kind, l->m->in_l2 ? 2 : 1, 0, code };

	l->s = s;
	l->seen_any = true;
}

/* --- asking the rule set: l0_ask.c --------------------------------------- */

/* What a cell says. */
typedef uint64_t l0_cell_answer(const struct l0 *l);

/* Where answers come from. */
struct answers {
	struct psvm_result (*transition)(const struct l0 *l, enum l0_moment moment,
					 uint32_t facts);
	struct psvm_intercepts (*merge)(const struct l0 *l, struct psvm_intercepts i12,
					struct psvm_intercepts i01);
	uint32_t (*route)(const struct l0 *l, uint64_t exit_code,
			  struct psvm_intercepts i12, struct psvm_intercepts i01);
	uint32_t (*arrival)(const struct l0 *l);
	l0_cell_answer *const *cell; /* by moment, from L0_FIRST_CELL on */
};

/* By rules that may be any. */
extern const struct answers *const l0_by_rules;

static inline const struct answers *l0_answers_of(const struct l0 *l)
{
	return l->w->answers != NULL ? l->w->answers : l0_by_rules;
}

/* What becomes of the words: SNAPSHOT, VMRUN, REENTER, WINDOW_..., HANDBACK, REFRESH.
 * facts: those that L0's state does not say, DEFERRED and CHECKS_FAILED. */
struct psvm_result l0_transition(const struct l0 *l, enum l0_moment moment,
				 uint32_t facts);

/* What a transition leaves for L0 to store. Some conditions it asks for again, when
 * it has changed the words. */
void l0_adopt(struct l0 *l, const struct psvm_result *r, enum l0_moment moment);

/* Note what a transition asks for at a moment that is a part of it. */
void l0_ask_again(const struct l0 *l, enum l0_moment moment);

/* The intercepts of 02, of those of 12 and 01. */
struct psvm_intercepts l0_ask_merge(const struct l0 *l, struct psvm_intercepts i12,
				    struct psvm_intercepts i01);

/* Whose exit it is: enum psvm_level. */
uint32_t l0_ask_route(const struct l0 *l, uint64_t exit_code, struct psvm_intercepts i12,
		      struct psvm_intercepts i01);

/* What to do about an interrupt for L1: enum psvm_arrival. */
uint32_t l0_ask_arrival(const struct l0 *l);

/* What a change of the rules makes of what a cell says: l0_change.c. */
uint64_t l0_change_rule(const struct l0 *l, enum l0_moment moment, uint64_t bits);

/* What the cell of a moment says. Asked more often than anything else. */
static inline uint64_t l0_rule(const struct l0 *l, enum l0_moment moment)
{
	uint64_t bits = l0_answers_of(l)->cell[moment - L0_FIRST_CELL](l);

	return l->w->change == NULL ? bits : l0_change_rule(l, moment, bits);
}

/* --- L1's GIF and NMI mask: l0_masks.c ----------------------------------- */

void l0_set_gif(struct l0 *l, bool gif);

/* The VMCB that holds L1's V_NMI_MASK; null: L0 keeps it in software. */
struct psvm_cpu_vmcb *l0_nmi_vmcb(const struct l0 *l);
bool l0_nmi_masked(const struct l0 *l);
void l0_mask_nmi(struct l0 *l, bool masked);

/* Does only L0 know when L1's NMIs are open again? */
bool l0_watches_iret(const struct l0 *l);

/* --- from L1 to L2 and back: l0_switch.c --------------------------------- */

/* L0's own wishes for vmcb01; a window keeps its VINTR. */
void l0_set_intercepts_01(struct l0 *l);
struct psvm_intercepts l0_intercepts(const struct psvm_cpu_vmcb *vmcb);

/* Does L1 intercept it? */
bool l0_intercepted_12(const struct l0 *l, uint64_t exit_code);

/* vmcb02's intercepts: those of vmcb01 and of L1, by the rules, and that of a window
 * which is in vmcb02 alone. */
void l0_merge(struct l0 *l);

/* L1 runs next, with the exit in its vmcb12. */
void l0_hand_back(struct l0 *l, uint64_t exit_code, bool deferred);
void l0_vmrun(struct l0 *l);

/* vmcb02 is built again out of the snapshot: after a migration, or RSM. The snapshot
 * should be what vmcb12 would be after a #VMEXIT now (S11). L1's GIF and NMI mask are
 * saved beside it. */
void l0_restore(struct l0 *l);

/* --- what waits for L1: l0_events.c -------------------------------------- */

void l0_window_close(struct l0 *l);

/* A window while L1 runs: no rule, and no V_IRQ of anybody in the way. */
void l0_window_01(struct l0 *l, bool open);

/* One that is only in place of what this L0 would do is not there while L2 runs. */
void l0_window_aside(struct l0 *l, bool aside);

bool l0_injecting(const struct l0 *l);

/* The requests, before a run. An event that is injected anyway, and a VMRUN that
 * has not run yet, hold new ones up: the requests stay. */
void l0_serve(struct l0 *l);

#endif
