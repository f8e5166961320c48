/* SPDX-License-Identifier: MIT */
/*
 * psvm/nested_impl.h - the bodies of the transitions; included by nested.h.
 */
#ifndef PSVM_NESTED_IMPL_H
#define PSVM_NESTED_IMPL_H

#include "cells_impl.h"
#include "steps_impl.h"

/* --- moving bits --------------------------------------------------------- */

/* The bits of a word that one bit of a cell stands for; 0: a bit is itself. */
static const struct psvm_row_ {
	uint8_t word;
	uint64_t bits;
} psvm_rows_[] = {
	{ PSVM_W_INT_CTL_, 0 },
	{ PSVM_W_INT_STATE_, 0 },
	{ PSVM_W_EVENT_INJ_, 0 },
	{ PSVM_W_TLB_CONTROL_, 0 },
	/* the fields, in the order of PSVM_F_... */
	{ PSVM_W_INT_CTL_, ~PSVM_INT_VECTOR_DWORD },
	{ PSVM_W_INT_STATE_, UINT64_MAX },
	{ PSVM_W_EVENT_INJ_, UINT64_MAX },
	{ PSVM_W_EXIT_INT_INFO_, UINT64_MAX },
	{ PSVM_W_TLB_CONTROL_, UINT64_MAX },
	{ PSVM_W_INT_CTL_, PSVM_INT_VECTOR_DWORD },
	{ PSVM_W_INT_STATE_, PSVM_INT_STATE_INTERRUPT_SHADOW },
	/* a flag */
	{ PSVM_W_MISC1_, PSVM_INTERCEPT_VINTR }
};

/* The rows of a unit: the first, and how many. The intercepts are merged instead. */
#define PSVM_ROWS_INT_CTL_     0, 1
#define PSVM_ROWS_INT_STATE_   1, 1
#define PSVM_ROWS_EVENT_INJ_   2, 1
#define PSVM_ROWS_TLB_CONTROL_ 3, 1
#define PSVM_ROWS_FIELDS_      4, 7
#define PSVM_ROWS_FLAG_	       11, 1
#define PSVM_ROWS_REQUESTS_    0, 1
#define PSVM_ROWS_CR_	       0, 0
#define PSVM_ROWS_MISC1_       0, 0
#define PSVM_ROWS_MISC2_       0, 0
#define PSVM_ROWS_WORDS_       0, 0

#define PSVM_END_OF_ROWS_2_(first, count) ((first) + (count))
#define PSVM_END_OF_ROWS_(...)		  PSVM_END_OF_ROWS_2_(__VA_ARGS__)
PSVM_STATIC_ASSERT(PSVM_END_OF_ROWS_(PSVM_ROWS_FLAG_) ==
			   sizeof(psvm_rows_) / sizeof(psvm_rows_[0]),
		   "the rows of the last unit end with the table");

/* A cell that moves nothing moves a word to itself. */
enum { PSVM_W_NONE_ = 0 };

/* Where the bits of a cell go to and come from, by the columns of PSVM_CELLS. */
static const struct psvm_way_ {
	uint8_t to;
	uint8_t from;
	uint8_t row;
	uint8_t rows;
} psvm_ways_[] = {
#define PSVM_X(name, unit, to, from, words) \
	{ PSVM_W_##to##_, PSVM_W_##from##_, PSVM_ROWS_##unit##_ },
	PSVM_CELLS_SNAPSHOT(PSVM_X) PSVM_CELLS_ENTER(PSVM_X) PSVM_CELLS_MERGE(PSVM_X)
	PSVM_CELLS_WINDOW(PSVM_X) PSVM_CELLS_CLOSE(PSVM_X) PSVM_CELLS_HANDBACK(PSVM_X)
	PSVM_CELLS_REFRESH(PSVM_X)
#undef PSVM_X
};

/* The word that the bits of a cell come from. */
PSVM_LOCAL uint64_t psvm_from_(const struct psvm_at_ *at, unsigned from, unsigned word)
{
	if (from >= PSVM_W_ZERO_)
		return 0 - (uint64_t)(from == PSVM_W_ONES_);
	return at->word[from + word];
}

/* Do what a cell says. Returns its bits. */
PSVM_SHARED uint64_t psvm_apply_(struct psvm_at_ *at, uint32_t id)
{
	const struct psvm_way_ *way = &psvm_ways_[id];
	uint64_t says = psvm_says_(&at->now, id);

	PSVM_UNROLL
	for (unsigned i = 0; i < way->rows; i++) {
		const struct psvm_row_ *row = &psvm_rows_[way->row + i];
		uint64_t *to = &at->word[way->to + row->word];
		uint64_t bits =
			row->bits == 0 ? says : psvm_bit_mask_(says, i) & row->bits;

		*to = psvm_move_(*to, psvm_from_(at, way->from, row->word),
				 psvm_go_(&at->now, bits));
	}
	return psvm_go_(&at->now, says);
}

/* The same for the cells first to last, in this order. Returns all of their bits. */
PSVM_SHARED uint64_t psvm_apply_range_(struct psvm_at_ *at, uint32_t first, uint32_t last)
{
	uint64_t bits = 0;

	PSVM_UNROLL
	for (uint32_t id = first; id <= last; id++)
		bits |= psvm_apply_(at, id);
	return bits;
}

/* From now on change something only if a cell of unit FLAG says so. */
PSVM_SHARED void psvm_only_if_(struct psvm_at_ *at, uint32_t id)
{
	at->now.go = psvm_flag_(&at->now, id);
}

/* --- parts of transitions ------------------------------------------------ */

/* Word 00Ch of 02, merged again if `flag` is set. */
PSVM_SHARED void psvm_merge_misc1_(struct psvm_at_ *at, uint64_t flag)
{
	uint64_t *to = &at->word[PSVM_W_02_ + PSVM_W_MISC1_];
	uint64_t merged = at->word[PSVM_W_01_ + PSVM_W_MISC1_] &
			  ~psvm_says_(&at->now, PSVM_CELL_MERGE_DROP_MISC1);

	merged |= at->word[PSVM_W_12_ + PSVM_W_MISC1_];
	*to = psvm_move_(*to, merged, psvm_bit_mask_(flag, 0));
}

/* Drop a window's dummy and intercept in 01. Returns the flag of the second. */
PSVM_SHARED uint64_t psvm_close_01_(struct psvm_at_ *at)
{
	psvm_apply_(at, PSVM_CELL_CLOSE_CLEAR_01);
	return psvm_apply_(at, PSVM_CELL_CLOSE_IN_01);
}

/* Close a window while 02 runs. */
PSVM_SHARED void psvm_close_(struct psvm_at_ *at)
{
	psvm_merge_misc1_(at, psvm_close_01_(at));
	psvm_apply_range_(at, PSVM_CELL_CLOSE_IN_02, PSVM_CELL_CLOSE_RESTORE_02);
}

enum { PSVM_EVENT_V_SHIFT_ = 31 };

/* The event that EXITINTINFO names at a #VMEXIT: one whose delivery was cut
 * short, or one whose injection did not happen at all (S9). */
PSVM_LOCAL uint64_t psvm_unfinished_event_(const uint64_t *vmcb)
{
	uint64_t info = vmcb[PSVM_W_EXIT_INT_INFO_], inj = vmcb[PSVM_W_EVENT_INJ_];

	return psvm_move_(inj & psvm_bit_mask_(inj, PSVM_EVENT_V_SHIFT_), info,
			  psvm_bit_mask_(info, PSVM_EVENT_V_SHIFT_));
}

/* What vmcb12 becomes at a #VMEXIT. */
PSVM_SHARED void psvm_handback_12_(struct psvm_at_ *at)
{
	uint64_t *vmcb02 = &at->word[PSVM_W_02_];
	uint64_t info = vmcb02[PSVM_W_EXIT_INT_INFO_];

	vmcb02[PSVM_W_EXIT_INT_INFO_] = psvm_unfinished_event_(vmcb02);
	at->store12 |= psvm_low_(psvm_apply_range_(at, PSVM_CELL_HANDBACK_FIELDS,
						   PSVM_CELL_HANDBACK_STORE_12));
	vmcb02[PSVM_W_EXIT_INT_INFO_] = info;
	psvm_apply_range_(at, PSVM_CELL_HANDBACK_CLEAR_02, PSVM_CELL_HANDBACK_TO_12);
}

/* #VMEXIT clears GIF, S8. */
PSVM_SHARED void psvm_clear_gif_(struct psvm_at_ *at)
{
	psvm_apply_(at, PSVM_CELL_HANDBACK_CLEAR_01);
	at->gif &= (uint8_t)~at->now.go;
	psvm_only_if_(at, PSVM_CELL_HANDBACK_CLOSE);
	(void)psvm_close_01_(at);
}

/* --- enter --------------------------------------------------------------- */

/* VMRUN failed: what L1 finds. */
PSVM_LOCAL void psvm_fail_(struct psvm_at_ *at)
{
	uint64_t go = at->now.go;

	at->outcome = (uint8_t)(PSVM_VMEXIT_INVALID & go);
	psvm_apply_(at, PSVM_CELL_INVALID_REQUEST);
	at->store12 = psvm_low_(psvm_apply_(at, PSVM_CELL_INVALID_ZERO_12));
	psvm_only_if_(at, PSVM_CELL_INVALID_HANDS_BACK);
	psvm_handback_12_(at);
	at->now.go = go;
	psvm_clear_gif_(at);
}

/* 02 for L2, and 01 as L2 leaves it. */
PSVM_LOCAL void psvm_build_02_(struct psvm_at_ *at)
{
	uint64_t joins;

	/* Of 068h nothing stays but what ENTER_FIELDS moves: an allow-list, S6. */
	at->word[PSVM_W_02_ + PSVM_W_INT_STATE_] &= ~at->now.go;
	psvm_apply_range_(at, PSVM_CELL_ENTER_CLEAR_02, PSVM_CELL_ENTER_CLEAR_01);
	psvm_apply_(at, PSVM_CELL_ENTER_REQUEST);
	psvm_merge_misc1_(at, at->now.go);
	joins = psvm_any_(at->word[PSVM_W_JOINING_]);
	at->nmi_change = (int8_t)(joins & 1);
	at->word[PSVM_W_REQUESTS_] |= joins & PSVM_REQUEST_EVENT;
}

/* VMRUN's side effects: GIF becomes 1, and no delivery has been cut short yet. */
PSVM_LOCAL void psvm_vmrun_(struct psvm_at_ *at)
{
	psvm_apply_range_(at, PSVM_CELL_VMRUN_SET_02, PSVM_CELL_VMRUN_SET_01);
	at->word[PSVM_W_02_ + PSVM_W_EXIT_INT_INFO_] &= ~at->now.go;
	at->gif |= (uint8_t)(at->now.go & 1);
}

PSVM_LOCAL void psvm_enter_(struct psvm_at_ *at, bool vmrun)
{
	uint64_t go = at->now.go, fails;

	psvm_only_if_(at, PSVM_CELL_ENTER_INVALID);
	fails = at->now.go;
	psvm_fail_(at);
	at->now.go = go & ~fails;
	psvm_build_02_(at);
	psvm_consider_(at);
	if (vmrun)
		psvm_vmrun_(at);
	psvm_only_if_(at, vmrun ? PSVM_CELL_VMRUN_CLOSE : PSVM_CELL_REENTER_CLOSE);
	psvm_close_(at);
}

/* --- window -------------------------------------------------------------- */

/* The dummy V_IRQ of a window: what the rule set fixes, and what it takes from
 * the interrupt that waits (Xen: its priority class, and whether its source is
 * outside the local APIC, where TPR does not count). */
PSVM_LOCAL uint64_t psvm_dummy_(const struct psvm_at_ *at)
{
	uint64_t event = (uint64_t)(at->n->vector >> 4) << PSVM_V_INTR_PRIO_SHIFT |
			 (psvm_any_(at->n->external) & PSVM_V_IGN_TPR);

	return psvm_says_(&at->now, PSVM_CELL_WINDOW_DUMMY) |
	       (event & psvm_says_(&at->now, PSVM_CELL_WINDOW_EVENT));
}

PSVM_LOCAL void psvm_window_open_(struct psvm_at_ *at)
{
	uint64_t usurp, opened;

	at->outcome = (uint8_t)(PSVM_NO_WINDOW & at->now.go);
	psvm_only_if_(at, PSVM_CELL_WINDOW_ASK);
	psvm_merge_misc1_(at, psvm_apply_(at, PSVM_CELL_WINDOW_IN_01));
	psvm_apply_(at, PSVM_CELL_WINDOW_IN_02);

	/* Whether the intercept has survived the merge may decide the rest. */
	psvm_consider_(at);
	at->word[PSVM_W_DUMMY_] = psvm_dummy_(at);
	usurp = psvm_apply_(at, PSVM_CELL_WINDOW_USURP);
	opened = usurp >> PSVM_V_IRQ_SHIFT &
		 at->word[PSVM_W_02_ + PSVM_W_MISC1_] >> PSVM_EXIT_VINTR % 32;
	at->outcome &= (uint8_t)~psvm_bit_mask_(opened, 0);
}

/* --- hand-back ----------------------------------------------------------- */

/* L1's NMIs: from L0's queue into 01, which has one slot. */
PSVM_LOCAL void psvm_unqueue_nmi_(struct psvm_at_ *at)
{
	psvm_consider_(at);
	at->nmi_change = (int8_t)(psvm_any_(psvm_apply_(at, PSVM_CELL_HANDBACK_QUEUE)) &
				  at->word[PSVM_W_QUEUED_]);
}

PSVM_LOCAL void psvm_handback_(struct psvm_at_ *at)
{
	psvm_apply_(at, PSVM_CELL_HANDBACK_REQUEST);
	psvm_handback_12_(at);
	psvm_apply_(at, PSVM_CELL_HANDBACK_TO_01);
	psvm_unqueue_nmi_(at);
	psvm_clear_gif_(at);
}

/* --- running ------------------------------------------------------------- */

static const struct {
	uint8_t first;
	uint8_t last;
} psvm_reads_[] = {
#define PSVM_X(step, first, last) { PSVM_CELL_##first, PSVM_CELL_##last },
	PSVM_STEPS_(PSVM_X)
#undef PSVM_X
};

PSVM_SHARED bool psvm_begin_(struct psvm_at_ *at, const struct psvm_rules *rules,
			     const struct psvm_nested *n, enum psvm_step_ step,
			     struct psvm_status *status)
{
	psvm_take_(at, n);
	if (!psvm_trust_(&at->now, rules, n->facts, psvm_reads_[step].first,
			 psvm_reads_[step].last, status))
		return false;
	psvm_consider_(at);
	return true;
}

PSVM_SHARED void psvm_step_(struct psvm_at_ *at, enum psvm_step_ step)
{
	switch (step) {
	case PSVM_STEP_SNAPSHOT_:
		psvm_apply_range_(at, PSVM_CELL_SNAPSHOT_INT_CTL,
				  PSVM_CELL_SNAPSHOT_TLB_CONTROL);
		break;
	case PSVM_STEP_VMRUN_:
	case PSVM_STEP_REENTER_:
		psvm_enter_(at, step == PSVM_STEP_VMRUN_);
		break;
	case PSVM_STEP_WINDOW_OPEN_:
		psvm_window_open_(at);
		break;
	case PSVM_STEP_WINDOW_CLOSE_:
		psvm_close_(at);
		psvm_apply_(at, PSVM_CELL_CLOSE_REQUEST);
		break;
	case PSVM_STEP_REFRESH_:
		psvm_apply_range_(at, PSVM_CELL_REFRESH_TO_12, PSVM_CELL_REFRESH_FIELDS);
		break;
	default: /* PSVM_STEP_HANDBACK_: there is no other */
		psvm_handback_(at);
		break;
	}
}

/* What every transition may change, and the clean bits to clear for it (S12): a changed
 * word 060h clears TPR, a changed intercept I. */
PSVM_LOCAL uint32_t psvm_words_of_01_out_(struct psvm_words *to, const uint64_t *from,
					  const struct psvm_words *before)
{
	to->int_ctl = from[PSVM_W_INT_CTL_];
	to->misc1 = psvm_low_(from[PSVM_W_MISC1_]);
	return (uint32_t)((psvm_any_(to->int_ctl ^ before->int_ctl) & PSVM_CLEAN_TPR) |
			  (psvm_any_(to->misc1 ^ before->misc1) & PSVM_CLEAN_I));
}

PSVM_SHARED uint32_t psvm_words_out_(struct psvm_words *to, const uint64_t *from,
				     const struct psvm_words *before)
{
	to->int_state = from[PSVM_W_INT_STATE_];
	to->event_inj = from[PSVM_W_EVENT_INJ_];
	to->exit_int_info = from[PSVM_W_EXIT_INT_INFO_];
	to->tlb_control = (uint8_t)(from[PSVM_W_TLB_CONTROL_] & UINT8_MAX);
	return psvm_words_of_01_out_(to, from, before);
}

PSVM_LOCAL void psvm_same_(struct psvm_words *to, const struct psvm_words *from)
{
	to->int_state = from->int_state;
	to->event_inj = from->event_inj;
	to->exit_int_info = from->exit_int_info;
	to->tlb_control = from->tlb_control;
}

PSVM_LOCAL void psvm_end_(const struct psvm_at_ *at, struct psvm_result *r)
{
	const struct psvm_nested *n = at->n;

	(void)psvm_words_out_(&r->v12, &at->word[PSVM_W_12_], &n->v12);
	r->dirty02 = psvm_words_out_(&r->v02, &at->word[PSVM_W_02_], &n->v02);
	psvm_same_(&r->v01, &n->v01);
	r->dirty01 = psvm_words_of_01_out_(&r->v01, &at->word[PSVM_W_01_], &n->v01);
	r->requests = psvm_low_(at->word[PSVM_W_REQUESTS_]);
	r->store12 = at->store12;
	r->outcome = at->outcome;
	r->gif = at->gif;
	r->nmi_change = at->nmi_change;
	r->reserved = 0;
}

/* By reference: what holds both ends of a transition needs no copies of them. */
PSVM_INTERNAL void psvm_run_(struct psvm_result *r, const struct psvm_rules *rules,
			     const struct psvm_nested *n, enum psvm_step_ step)
{
	struct psvm_at_ at;

	if (psvm_begin_(&at, rules, n, step, &r->status))
		psvm_step_(&at, step);
	psvm_end_(&at, r);
}

PSVM_SHARED struct psvm_result psvm_ran_(const struct psvm_rules *rules,
					 const struct psvm_nested *n,
					 enum psvm_step_ step)
{
	struct psvm_result r;

	psvm_run_(&r, rules, n, step);
	return r;
}

PSVM_API struct psvm_result psvm_snapshot(const struct psvm_rules *rules,
					  struct psvm_nested n)
{
	return psvm_ran_(rules, &n, PSVM_STEP_SNAPSHOT_);
}

PSVM_API struct psvm_result psvm_enter(const struct psvm_rules *rules,
				       struct psvm_nested n)
{
	return psvm_ran_(rules, &n, PSVM_STEP_VMRUN_);
}

PSVM_API struct psvm_result psvm_reenter(const struct psvm_rules *rules,
					 struct psvm_nested n)
{
	return psvm_ran_(rules, &n, PSVM_STEP_REENTER_);
}

PSVM_API struct psvm_result psvm_window_open(const struct psvm_rules *rules,
					     struct psvm_nested n)
{
	return psvm_ran_(rules, &n, PSVM_STEP_WINDOW_OPEN_);
}

PSVM_API struct psvm_result psvm_window_close(const struct psvm_rules *rules,
					      struct psvm_nested n)
{
	return psvm_ran_(rules, &n, PSVM_STEP_WINDOW_CLOSE_);
}

PSVM_API struct psvm_result psvm_refresh(const struct psvm_rules *rules,
					 struct psvm_nested n)
{
	return psvm_ran_(rules, &n, PSVM_STEP_REFRESH_);
}

PSVM_API struct psvm_result psvm_nested_sync_int_ctl(const struct psvm_rules *rules,
						     struct psvm_nested n)
{
	return psvm_ran_(rules, &n, PSVM_STEP_HANDBACK_);
}

#endif
