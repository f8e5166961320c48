/* SPDX-License-Identifier: MIT */
/*
 * psvm/nested_impl.h - the bodies of the transitions; included by nested.h.
 */
#ifndef PSVM_NESTED_IMPL_H
#define PSVM_NESTED_IMPL_H

#include "cells_impl.h"

/* S12: a changed word 060h clears clean bit TPR, a changed intercept bit I. */
PSVM_LOCAL uint32_t psvm_dirty_(const struct psvm_words *before,
				const struct psvm_words *after)
{
	return (uint32_t)(psvm_any_(before->int_ctl ^ after->int_ctl) & PSVM_CLEAN_TPR) |
	       (uint32_t)(psvm_any_(before->misc1 ^ after->misc1) & PSVM_CLEAN_I);
}

PSVM_SHARED void psvm_end_(const struct psvm_at_ *at)
{
	at->r->dirty01 = psvm_dirty_(&at->n->v01, &at->r->v01);
	at->r->dirty02 = psvm_dirty_(&at->n->v02, &at->r->v02);
}

/* --- parts of transitions ------------------------------------------------ */

/* Word 00Ch of 02, merged again where `mask` is. */
PSVM_SHARED void psvm_merge_misc1_(const struct psvm_at_ *at, uint64_t mask)
{
	uint32_t drop = psvm_cell32_(at, PSVM_CELL_MERGE_DROP_MISC1);
	uint32_t merged = at->r->v12.misc1 | (at->r->v01.misc1 & ~drop);

	at->r->v02.misc1 = (uint32_t)psvm_move_(at->r->v02.misc1, merged, mask);
}

/* Drop a window's intercept and dummy in 01. Returns where the first was. */
PSVM_SHARED uint64_t psvm_close_01_(const struct psvm_at_ *at)
{
	uint64_t in01 = psvm_flag_(at, PSVM_CELL_CLOSE_IN_01);

	at->r->v01.misc1 &= ~(uint32_t)(PSVM_INTERCEPT_VINTR & in01);
	psvm_apply_01_(at, PSVM_CELL_CLOSE_CLEAR_01, 0);
	return in01;
}

/* Close a window while 02 runs. */
PSVM_SHARED void psvm_close_(const struct psvm_at_ *at)
{
	psvm_merge_misc1_(at, psvm_close_01_(at));
	at->r->v02.misc1 &= ~(uint32_t)(PSVM_INTERCEPT_VINTR &
					psvm_flag_(at, PSVM_CELL_CLOSE_IN_02));
	psvm_apply_02_(at, PSVM_CELL_CLOSE_CLEAR_02, 0);
	psvm_apply_02_(at, PSVM_CELL_CLOSE_RESTORE_02, at->r->v12.int_ctl);
}

enum { PSVM_EVENT_V_SHIFT_ = 31 };

/* The event that EXITINTINFO names at a #VMEXIT: one whose delivery was cut
 * short, or one whose injection did not happen at all (S9). */
PSVM_LOCAL uint64_t psvm_unfinished_event_(const struct psvm_words *v02)
{
	uint64_t cut = psvm_bit_mask_(v02->exit_int_info, PSVM_EVENT_V_SHIFT_);
	uint64_t waiting = psvm_bit_mask_(v02->event_inj, PSVM_EVENT_V_SHIFT_);

	return psvm_move_(v02->event_inj & waiting, v02->exit_int_info, cut);
}

/* Whole fields of one VMCB to another. */
PSVM_SHARED void psvm_move_fields_(struct psvm_words *to,
				   const struct psvm_words *from, uint32_t fields,
				   uint64_t go)
{
	to->int_ctl = psvm_move_(
		to->int_ctl, from->int_ctl,
		(psvm_field_(fields, PSVM_F_INT_CTL, go) & ~PSVM_INT_VECTOR_DWORD) |
			(psvm_field_(fields, PSVM_F_INT_VECTOR, go) &
			 PSVM_INT_VECTOR_DWORD));
	to->int_state = psvm_move_(to->int_state, from->int_state,
				   psvm_field_(fields, PSVM_F_INT_STATE, go));
	to->event_inj = psvm_move_(to->event_inj, from->event_inj,
				   psvm_field_(fields, PSVM_F_EVENT_INJ, go));
	to->exit_int_info = psvm_move_(to->exit_int_info, from->exit_int_info,
				       psvm_field_(fields, PSVM_F_EXIT_INT_INFO, go));
	to->tlb_control =
		(uint8_t)psvm_move_(to->tlb_control, from->tlb_control,
				    psvm_field_(fields, PSVM_F_TLB_CONTROL, go));
}

static const struct psvm_words psvm_zero_words_ = { 0, 0, 0, 0, 0, 0 };

/* The fields of a cell, from `from` to the snapshot, to be stored in vmcb12. */
PSVM_SHARED void psvm_fields_to_12_(const struct psvm_at_ *at, uint32_t id,
				    const struct psvm_words *from)
{
	uint32_t fields = (uint32_t)psvm_says_(at, id);

	psvm_move_fields_(&at->r->v12, from, fields, at->go);
	at->r->store12 |= (uint32_t)(fields & at->go);
}

/* What vmcb12 becomes at a #VMEXIT. */
PSVM_SHARED void psvm_handback_12_(const struct psvm_at_ *at)
{
	struct psvm_words from;

	psvm_copy_words_(&from, &at->r->v02);
	from.exit_int_info = psvm_unfinished_event_(&from);
	psvm_fields_to_12_(at, PSVM_CELL_HANDBACK_FIELDS, &from);
	psvm_fields_to_12_(at, PSVM_CELL_HANDBACK_ZERO_12, &psvm_zero_words_);
	psvm_apply_02_(at, PSVM_CELL_HANDBACK_CLEAR_02, 0);
	psvm_apply_(at, PSVM_CELL_HANDBACK_TO_12, &at->r->v12.int_ctl,
		    at->r->v02.int_ctl);
	at->r->store12 |= psvm_cell32_(at, PSVM_CELL_HANDBACK_STORE_12);
}

/* #VMEXIT clears GIF, S8. */
PSVM_SHARED void psvm_clear_gif_(struct psvm_at_ *at)
{
	psvm_apply_01_(at, PSVM_CELL_HANDBACK_CLEAR_01, 0);
	at->r->gif &= (uint8_t)~at->go;
	at->go = psvm_flag_(at, PSVM_CELL_HANDBACK_CLOSE);
	(void)psvm_close_01_(at);
}

/* --- transitions --------------------------------------------------------- */

PSVM_API struct psvm_result psvm_snapshot(const struct psvm_rules *rules,
					  struct psvm_nested n)
{
	struct psvm_result r;
	struct psvm_at_ at;

	if (!psvm_begin_(&at, rules, &n, &r, PSVM_CELL_SNAPSHOT_INT_CTL,
			 PSVM_CELL_SNAPSHOT_TLB_CONTROL))
		return r;
	psvm_apply_(&at, PSVM_CELL_SNAPSHOT_INT_CTL, &r.v12.int_ctl, 0);
	psvm_apply_(&at, PSVM_CELL_SNAPSHOT_INT_STATE, &r.v12.int_state, 0);
	psvm_apply_(&at, PSVM_CELL_SNAPSHOT_EVENT_INJ, &r.v12.event_inj, 0);
	r.v12.tlb_control &= (uint8_t)~psvm_cell_(&at, PSVM_CELL_SNAPSHOT_TLB_CONTROL);
	return r;
}

/* 02 for L2, and 01 as L2 leaves it. */
PSVM_LOCAL void psvm_build_02_(const struct psvm_at_ *at)
{
	struct psvm_result *r = at->r;
	uint64_t queue =
		psvm_any_(r->v01.int_ctl & psvm_cell_(at, PSVM_CELL_ENTER_QUEUE));

	psvm_apply_02_(at, PSVM_CELL_ENTER_CLEAR_02, 0);
	psvm_apply_02_(at, PSVM_CELL_ENTER_FROM_12, r->v12.int_ctl);
	psvm_apply_02_(at, PSVM_CELL_ENTER_FROM_01, r->v01.int_ctl);
	psvm_apply_02_(at, PSVM_CELL_ENTER_SET_02, UINT64_MAX);
	psvm_move_fields_(&r->v02, &r->v12,
			  (uint32_t)psvm_says_(at, PSVM_CELL_ENTER_FIELDS), at->go);
	r->v02.tlb_control &= (uint8_t)~psvm_cell_(at, PSVM_CELL_ENTER_DROP_TLB);
	psvm_merge_misc1_(at, at->go);
	psvm_apply_01_(at, PSVM_CELL_ENTER_CLEAR_01, 0);
	r->nmi_change = (int8_t)(queue & 1);
	r->requests |= psvm_cell32_(at, PSVM_CELL_ENTER_REQUEST) |
		       (uint32_t)(queue & PSVM_REQUEST_EVENT);
}

/* VMRUN's side effects: GIF becomes 1, and no delivery has been cut short yet. */
PSVM_LOCAL void psvm_vmrun_(const struct psvm_at_ *at)
{
	psvm_apply_02_(at, PSVM_CELL_VMRUN_SET_02, UINT64_MAX);
	psvm_apply_01_(at, PSVM_CELL_VMRUN_SET_01, UINT64_MAX);
	at->r->v02.exit_int_info &= ~at->go;
	at->r->gif |= (uint8_t)(at->go & 1);
}

/* VMRUN failed: what L1 finds. */
PSVM_LOCAL void psvm_fail_(struct psvm_at_ *at)
{
	uint64_t go = at->go;

	at->r->outcome |= (uint8_t)(PSVM_VMEXIT_INVALID & go);
	at->r->requests |= psvm_cell32_(at, PSVM_CELL_INVALID_REQUEST);
	psvm_fields_to_12_(at, PSVM_CELL_INVALID_ZERO_12, &psvm_zero_words_);
	at->go = psvm_flag_(at, PSVM_CELL_INVALID_HANDS_BACK);
	psvm_handback_12_(at);
	at->go = go;
	psvm_clear_gif_(at);
}

PSVM_SHARED void psvm_enter_(const struct psvm_rules *rules,
			     const struct psvm_nested *n, bool vmrun,
			     struct psvm_result *r)
{
	struct psvm_at_ at;
	uint64_t runs;

	if (!psvm_begin_(&at, rules, n, r, PSVM_CELL_ENTER_INVALID,
			 PSVM_CELL_HANDBACK_CLOSE))
		return;
	runs = at.go & ~psvm_flag_(&at, PSVM_CELL_ENTER_INVALID);
	at.go &= ~runs;
	psvm_fail_(&at);
	at.go = runs;
	psvm_build_02_(&at);
	at.c = psvm_reconsider_(at.c, &r->v02, &r->v01, at.want);
	if (vmrun)
		psvm_vmrun_(&at);
	at.go = psvm_flag_(&at, vmrun ? PSVM_CELL_VMRUN_CLOSE : PSVM_CELL_REENTER_CLOSE);
	psvm_close_(&at);
	psvm_end_(&at);
}

PSVM_API struct psvm_result psvm_enter(const struct psvm_rules *rules,
				       struct psvm_nested n)
{
	struct psvm_result r;

	psvm_enter_(rules, &n, true, &r);
	return r;
}

PSVM_API struct psvm_result psvm_reenter(const struct psvm_rules *rules,
					 struct psvm_nested n)
{
	struct psvm_result r;

	psvm_enter_(rules, &n, false, &r);
	return r;
}

/* The dummy V_IRQ of a window: what the rule set fixes, and what it takes from
 * the interrupt that waits (Xen: its priority class, and whether its source is
 * outside the local APIC, where TPR does not count). */
PSVM_LOCAL uint64_t psvm_dummy_(const struct psvm_at_ *at)
{
	uint64_t event = (uint64_t)(at->n->vector >> 4) << PSVM_V_INTR_PRIO_SHIFT |
			 (psvm_any32_(at->n->external) & PSVM_V_IGN_TPR);

	return psvm_cell_(at, PSVM_CELL_WINDOW_DUMMY) |
	       (event & psvm_cell_(at, PSVM_CELL_WINDOW_EVENT));
}

PSVM_SHARED void psvm_window_open_(struct psvm_at_ *at)
{
	struct psvm_words *v02 = &at->r->v02;
	uint64_t in01, usurp;

	at->r->outcome = (uint8_t)(PSVM_NO_WINDOW & at->go);
	at->go = psvm_flag_(at, PSVM_CELL_WINDOW_ASK);
	in01 = psvm_flag_(at, PSVM_CELL_WINDOW_IN_01);
	at->r->v01.misc1 |= (uint32_t)(PSVM_INTERCEPT_VINTR & in01);
	psvm_merge_misc1_(at, in01);
	v02->misc1 |= (uint32_t)(PSVM_INTERCEPT_VINTR &
				 psvm_flag_(at, PSVM_CELL_WINDOW_IN_02));

	/* Whether the intercept has survived the merge may decide the rest. */
	at->c = psvm_reconsider_(at->c, v02, &at->r->v01, at->want);
	usurp = psvm_cell_(at, PSVM_CELL_WINDOW_USURP);
	v02->int_ctl = psvm_move_(v02->int_ctl, psvm_dummy_(at), usurp);
	at->r->outcome &= (uint8_t)~(psvm_any_(usurp & PSVM_V_IRQ) &
				     psvm_any_(v02->misc1 & PSVM_INTERCEPT_VINTR));
	psvm_end_(at);
}

PSVM_API struct psvm_result psvm_window_open(const struct psvm_rules *rules,
					     struct psvm_nested n)
{
	struct psvm_result r;
	struct psvm_at_ at;

	if (psvm_begin_(&at, rules, &n, &r, PSVM_CELL_MERGE_WORDS,
			PSVM_CELL_WINDOW_EVENT))
		psvm_window_open_(&at);
	return r;
}

PSVM_API struct psvm_result psvm_window_close(const struct psvm_rules *rules,
					      struct psvm_nested n)
{
	struct psvm_result r;
	struct psvm_at_ at;

	if (!psvm_begin_(&at, rules, &n, &r, PSVM_CELL_MERGE_WORDS,
			 PSVM_CELL_CLOSE_REQUEST))
		return r;
	psvm_close_(&at);
	r.requests = psvm_cell32_(&at, PSVM_CELL_CLOSE_REQUEST);
	psvm_end_(&at);
	return r;
}

PSVM_API struct psvm_result psvm_refresh(const struct psvm_rules *rules,
					 struct psvm_nested n)
{
	struct psvm_result r;
	struct psvm_at_ at;

	if (!psvm_begin_(&at, rules, &n, &r, PSVM_CELL_REFRESH_TO_12,
			 PSVM_CELL_REFRESH_FIELDS))
		return r;
	psvm_move_fields_(&r.v12, &r.v02,
			  (uint32_t)psvm_says_(&at, PSVM_CELL_REFRESH_FIELDS), at.go);
	psvm_apply_(&at, PSVM_CELL_REFRESH_TO_12, &r.v12.int_ctl, r.v02.int_ctl);
	return r;
}

/* L1's NMIs: from L0's queue into 01, which has one slot. */
PSVM_LOCAL void psvm_unqueue_nmi_(struct psvm_at_ *at)
{
	uint64_t queued = psvm_any32_(at->n->nmis);
	uint64_t slot;

	at->c = psvm_reconsider_(at->c, &at->r->v02, &at->r->v01, at->want);
	slot = psvm_cell_(at, PSVM_CELL_HANDBACK_QUEUE);
	at->r->v01.int_ctl = psvm_move_(at->r->v01.int_ctl, queued, slot);
	at->r->nmi_change = (int8_t)(psvm_any_(slot) & queued);
}

PSVM_SHARED void psvm_handback_(struct psvm_at_ *at)
{
	at->r->requests = psvm_cell32_(at, PSVM_CELL_HANDBACK_REQUEST);
	psvm_handback_12_(at);
	psvm_apply_01_(at, PSVM_CELL_HANDBACK_TO_01, at->r->v02.int_ctl);
	psvm_unqueue_nmi_(at);
	psvm_clear_gif_(at);
	psvm_end_(at);
}

PSVM_API struct psvm_result psvm_nested_sync_int_ctl(const struct psvm_rules *rules,
						     struct psvm_nested n)
{
	struct psvm_result r;
	struct psvm_at_ at;

	if (psvm_begin_(&at, rules, &n, &r, PSVM_CELL_CLOSE_IN_01,
			PSVM_CELL_HANDBACK_CLOSE))
		psvm_handback_(&at);
	return r;
}

/* --- exit routing -------------------------------------------------------- */

/* Exit codes 0 to BFh are the intercept bits: 32 codes for each word. */
#define PSVM_EXIT_INTERCEPTS_ UINT64_C(0xc0)

PSVM_LOCAL bool psvm_intercepted_(const struct psvm_intercepts *i, uint64_t exit_code)
{
	return exit_code < PSVM_EXIT_INTERCEPTS_ &&
	       (i->word[exit_code / 32] >> exit_code % 32 & 1) != 0;
}

PSVM_LOCAL uint32_t psvm_class_(uint64_t exit_code, const struct psvm_intercepts *i01)
{
	switch (exit_code) {
	case PSVM_EXIT_INTR:
		return PSVM_CLASS_INTR;
	case PSVM_EXIT_NMI:
		return PSVM_CLASS_NMI;
	case PSVM_EXIT_VINTR:
		return PSVM_CLASS_VINTR;
	case PSVM_EXIT_VMMCALL:
		return PSVM_CLASS_VMMCALL;
	case PSVM_EXIT_NPF:
		return PSVM_CLASS_NPF;
	case PSVM_EXIT_INVALID:
		return PSVM_CLASS_INVALID;
	default:
		return exit_code / 32 == PSVM_EXIT_EXCP_DE / 32 &&
				       psvm_intercepted_(i01, exit_code) ?
			       PSVM_CLASS_EXCEPTION_01 :
			       0;
	}
}

PSVM_API uint32_t psvm_route_exit(const struct psvm_rules *rules,
				  struct psvm_nested n, uint64_t exit_code,
				  struct psvm_intercepts i12,
				  struct psvm_intercepts i01)
{
	uint32_t kind = psvm_class_(exit_code, &i01);
	struct psvm_at_ at;

	if (!psvm_ask_(&at, rules, &n, PSVM_CELL_ROUTE_L0,
		       PSVM_CELL_ROUTE_L1))
		return PSVM_L0;
	if (psvm_cell32_(&at, PSVM_CELL_ROUTE_L0) & kind)
		return PSVM_L0;
	if (psvm_cell32_(&at, PSVM_CELL_ROUTE_L1) & kind)
		return PSVM_L1;
	if (!psvm_intercepted_(&i12, exit_code))
		return PSVM_L0;
	return exit_code == PSVM_EXIT_MSR_PROT || exit_code == PSVM_EXIT_IOIO_PROT ?
		       PSVM_L1_BITMAP :
		       PSVM_L1;
}

#endif
