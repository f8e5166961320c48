/* SPDX-License-Identifier: MIT */
/*
 * What those who answer L0's questions share.
 *
 *	l0_ask.c	asks a rule set, and notes what it has read of the set-up;
 *			l0_answers.inc is what it is asked
 *	l0_foreign.c	asks foreign code
 *	l0_change.c	asks both, where a change of the rules decides
 *
 * With PSVM_L0_FOLDED the functions of l0_ask.c are compiled for each rule set that is
 * known now, so that it folds away, and once for any other, as data: what a rule set says
 * costs half as much then. Instrumentation makes too much of so many copies: with
 * PSVM_L0_FOLDED_EXACT there is one more for exact alone, and without either only that
 * for any, which calls libpsvm.
 */
#ifndef PSVM_CHECK_L0_ASK_H
#define PSVM_CHECK_L0_ASK_H

#if !defined(PSVM_L0_FOLDED) && !defined(PSVM_L0_FOLDED_EXACT)
#define PSVM_EXTERN
#endif
#include "l0.h"
#include "variant.h"

#if defined(PSVM_L0_FOLDED_EXACT)
#define FOLDED	       static inline __attribute__((always_inline))
#define FOLDED_SETS(X) X("exact", exact, "")
#elif defined(PSVM_L0_FOLDED)
#define FOLDED	       static inline __attribute__((always_inline))
#define FOLDED_SETS(X) PSVM_RULE_SETS(X)
#else
#define FOLDED static inline
#define FOLDED_SETS(X)
#endif

/* --- the input ----------------------------------------------------------- */

/* L1's GIF is read out of a VMCB only if somebody asks for it. */
static inline bool reads_gif(const struct l0 *l, enum l0_moment moment)
{
	return l->reads == NULL || !l0_uses_vgif(l) || l->w->foreign != NULL ||
	       l->reads->plan->asks_gif[moment] ||
	       (l->w->change != NULL && (l->w->change->to.foreign != NULL ||
					 l->reads->change_plan->asks_gif[moment]));
}

static inline uint32_t if_set(bool holds, uint32_t bit)
{
	return holds ? bit : 0;
}

/* The input of what L0 asks at a moment. */
FOLDED struct psvm_nested l0_words(const struct l0 *l, enum l0_moment moment)
{
	const struct nested *m = l->m;
	struct psvm_nested n = { 0 };

	n.v12 = m->snapshot.words;
	n.v02 = m->vmcb02.words;
	n.v01 = m->vmcb01.words;
	n.nmis = m->nmis;
	n.vector = m->intr;
	n.facts = l->w->facts | if_set(m->l1_if, PSVM_C(L1_IF)) |
		  if_set(reads_gif(l, moment) && l0_gif(l), PSVM_C(L1_GIF)) |
		  if_set(l0_deliverable(m) || m->nmis != 0, PSVM_C(PENDING)) |
		  if_set(m->snapshot.clean & PSVM_CLEAN_TPR, PSVM_C(CLEAN_TPR_12)) |
		  if_set(m->moved, PSVM_C(MOVED_12)) |
		  if_set(m->vmrun_pending, PSVM_C(VMRUN_PENDING)) |
		  if_set(m->vmcb02.rflags_if, PSVM_C(L2_IF)) |
		  if_set(m->vmcb02.words.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW,
			 PSVM_C(L2_SHADOW)) |
		  if_set(l0_tpr_masks(m), PSVM_C(TPR_MASKS)) |
		  if_set(m->vmcb02.cr & PSVM_INTERCEPT_MASK(CR8_WRITE),
			 PSVM_C(CR8_WRITE_02));
	return n;
}

/* --- a rule set's transition --------------------------------------------- */

FOLDED struct psvm_result l0_rules_transition(const struct psvm_rules *rules,
					      enum l0_moment moment, struct psvm_nested n)
{
	switch (moment) {
	case L0_SNAPSHOT:
		return psvm_snapshot(rules, n);
	case L0_VMRUN:
		return psvm_enter(rules, n);
	case L0_REENTER:
		return psvm_reenter(rules, n);
	case L0_WINDOW_OPEN:
		return psvm_window_open(rules, n);
	case L0_WINDOW_CLOSE:
		return psvm_window_close(rules, n);
	case L0_REFRESH:
		return psvm_refresh(rules, n);
	default:
		return psvm_nested_sync_int_ctl(rules, n);
	}
}

/* --- who answers --------------------------------------------------------- */

/* What foreign code puts out at a moment, noted; false: it leaves this to the rules. */
bool l0_foreign_outputs(const struct psvm_foreign *foreign, enum l0_moment moment,
			const struct psvm_diff_input *in, struct reads *reads,
			uint64_t *outputs);

struct psvm_result l0_foreign_transition(const struct l0 *l, enum l0_moment moment,
					 uint32_t facts);
struct psvm_intercepts l0_foreign_merge(const struct l0 *l, struct psvm_intercepts i12,
					struct psvm_intercepts i01);
uint32_t l0_foreign_route(const struct l0 *l, uint64_t exit_code,
			  struct psvm_intercepts i12, struct psvm_intercepts i01);
uint32_t l0_foreign_arrival(const struct l0 *l);

/* Note what is asked of some rules at a moment if the conditions c hold. */
void l0_note_plan(struct reads *reads, const struct plan *plan, enum l0_moment moment,
		  uint32_t c);

/* --- what a change makes of an answer: l0_change.c ------------------------ */

void l0_change_result(const struct l0 *l, enum l0_moment moment, uint32_t facts,
		      struct psvm_result *r);
void l0_change_merge(const struct l0 *l, struct psvm_intercepts i12,
		     struct psvm_intercepts i01, struct psvm_intercepts *i02);
uint32_t l0_change_route(const struct l0 *l, uint64_t exit_code,
			 struct psvm_intercepts i12, struct psvm_intercepts i01,
			 uint32_t level);
uint32_t l0_change_arrival(const struct l0 *l, uint32_t arrival);

#endif
