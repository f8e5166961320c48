/* SPDX-License-Identifier: MIT */
/*
 * psvm/nested_impl.h - the bodies of psvm/nested.h; included by it.
 *
 * Conditions are evaluated to masks of all ones or all zeros, and every choice
 * is an AND with such a mask: with a constant rule set the table folds away and
 * straight-line code remains. Bad input is one more mask, which holds every
 * change back. Names that end in _ are not part of the interface.
 */
#ifndef PSVM_NESTED_IMPL_H
#define PSVM_NESTED_IMPL_H

/*
 * All ones if x is not zero. An addition and a shift, not a comparison: a
 * compiler that sees a comparison may turn the AND that follows into a branch.
 */
PSVM_LOCAL uint64_t psvm_any32_(uint32_t x)
{
	return 0 - (((uint64_t)x + UINT32_MAX) >> 32);
}

PSVM_LOCAL uint64_t psvm_any_(uint64_t x)
{
	return psvm_any32_((uint32_t)(x | x >> 32));
}

/* All ones if one bit of a word is set. */
PSVM_LOCAL uint64_t psvm_bit_mask_(uint64_t word, unsigned bit)
{
	return 0 - (word >> bit & 1);
}

/* The bits `bits` of `from`, the others of `to`. */
PSVM_LOCAL uint64_t psvm_move_(uint64_t to, uint64_t from, uint64_t bits)
{
	return to ^ ((to ^ from) & bits);
}

/* --- conditions ---------------------------------------------------------- */

/* Bit `from` of a word as the condition `to`, if it is wanted. With a constant
 * rule set the conditions that no rule asks for fold away here. */
PSVM_LOCAL uint32_t psvm_bit_(uint64_t word, unsigned from, unsigned to, uint32_t want)
{
	uint32_t wanted = PSVM_FOLD ? want >> to & 1 : 1;

	return (uint32_t)(word >> from & wanted) << to;
}

/* A feature is nested if it is offered and enabled in 12. */
PSVM_LOCAL uint32_t psvm_conditions_of_facts_(const struct psvm_nested *n, uint32_t want)
{
	uint64_t vgif = n->facts >> PSVM_C_OFFER_VGIF_BIT &
			n->v12.int_ctl >> PSVM_V_GIF_ENABLE_SHIFT;
	uint64_t vnmi = n->facts >> PSVM_C_OFFER_VNMI_BIT &
			n->v12.int_ctl >> PSVM_V_NMI_ENABLE_SHIFT;

	return n->facts | psvm_bit_(vgif, 0, PSVM_C_NESTED_VGIF_BIT, want) |
	       psvm_bit_(vnmi, 0, PSVM_C_NESTED_VNMI_BIT, want) |
	       psvm_bit_(psvm_any32_(n->nmis), 0, PSVM_C_NMI_QUEUED_BIT, want);
}

PSVM_LOCAL uint32_t psvm_conditions_of_12_(const struct psvm_words *v12, uint32_t want)
{
	return psvm_bit_(v12->int_ctl, PSVM_V_INTR_MASKING_SHIFT,
			 PSVM_C_V_INTR_MASKING_12_BIT, want) |
	       psvm_bit_(v12->int_ctl, PSVM_V_NMI_ENABLE_SHIFT,
			 PSVM_C_V_NMI_ENABLE_12_BIT, want) |
	       psvm_bit_(v12->int_ctl, PSVM_V_IRQ_SHIFT, PSVM_C_V_IRQ_12_BIT, want) |
	       psvm_bit_(v12->misc1, PSVM_EXIT_VINTR % 32, PSVM_C_VINTR_12_BIT, want) |
	       psvm_bit_(v12->misc1, PSVM_EXIT_INTR % 32, PSVM_C_INTR_12_BIT, want) |
	       psvm_bit_(v12->misc1, PSVM_EXIT_NMI % 32, PSVM_C_NMI_12_BIT, want) |
	       psvm_bit_(v12->misc1, PSVM_EXIT_HLT % 32, PSVM_C_HLT_12_BIT, want);
}

PSVM_LOCAL uint32_t psvm_conditions_of_02_(const struct psvm_words *v02, uint32_t want)
{
	return psvm_bit_(v02->misc1, PSVM_EXIT_VINTR % 32, PSVM_C_VINTR_02_BIT, want) |
	       psvm_bit_(v02->int_ctl, PSVM_V_IRQ_SHIFT, PSVM_C_V_IRQ_02_BIT, want) |
	       psvm_bit_(v02->int_ctl, PSVM_V_GIF_ENABLE_SHIFT,
			 PSVM_C_V_GIF_ENABLE_02_BIT, want);
}

PSVM_LOCAL uint32_t psvm_conditions_of_01_(const struct psvm_words *v01, uint32_t want)
{
	return psvm_bit_(v01->misc1, PSVM_EXIT_VINTR % 32, PSVM_C_VINTR_01_BIT, want) |
	       psvm_bit_(v01->int_ctl, PSVM_V_NMI_SHIFT, PSVM_C_V_NMI_01_BIT, want);
}

#define PSVM_C_OF_02_01_ \
	(PSVM_C(VINTR_02) | PSVM_C(V_IRQ_02) | PSVM_C(V_GIF_ENABLE_02) | \
	 PSVM_C(VINTR_01) | PSVM_C(V_NMI_01))

/* The conditions c, after 02 and 01 have changed. */
PSVM_SHARED uint32_t psvm_reconsider_(uint32_t c, const struct psvm_words *v02,
				      const struct psvm_words *v01, uint32_t want)
{
	return (c & ~PSVM_C_OF_02_01_) | psvm_conditions_of_02_(v02, want) |
	       psvm_conditions_of_01_(v01, want);
}

PSVM_SHARED uint32_t psvm_consider_(const struct psvm_nested *n, uint32_t want)
{
	return psvm_reconsider_(psvm_conditions_of_facts_(n, want) |
					psvm_conditions_of_12_(&n->v12, want),
				&n->v02, &n->v01, want);
}

PSVM_API uint32_t psvm_conditions(struct psvm_nested n)
{
	n.facts &= PSVM_C_FACTS;
	return psvm_consider_(&n, PSVM_C_ALL);
}

/* --- cells --------------------------------------------------------------- */

/* A transition under way: its rules, the conditions, its input and result, and
 * whether it may change anything now: all ones, or zero. */
struct psvm_at_ {
	const struct psvm_rules *rules;
	const struct psvm_nested *n;
	struct psvm_result *r;
	uint64_t go;
	uint32_t want; /* the conditions that its cells ask for */
	uint32_t c;    /* those of them that hold */
};

PSVM_LOCAL uint64_t psvm_move_bits_(const struct psvm_move *move, uint32_t c)
{
	uint32_t on = move->on & ~PSVM_UNLESS;
	uint64_t missed = 0 - (uint64_t)((c & (on | move->off)) != on);
	uint64_t unless = psvm_bit_mask_(move->on, 31);

	return move->bits & (missed ^ ~unless);
}

/* What a cell says, whether anything may change now or not. */
PSVM_SHARED uint64_t psvm_says_(const struct psvm_at_ *at, uint32_t id)
{
	const struct psvm_move *move = at->rules->cell[id].move;
	uint64_t bits = 0;

	PSVM_UNROLL
	for (unsigned i = 0; i < PSVM_MOVES; i++)
		bits |= psvm_move_bits_(&move[i], at->c);
	return bits;
}

PSVM_LOCAL uint64_t psvm_cell_(const struct psvm_at_ *at, uint32_t id)
{
	return psvm_says_(at, id) & at->go;
}

PSVM_LOCAL uint32_t psvm_cell32_(const struct psvm_at_ *at, uint32_t id)
{
	return (uint32_t)(psvm_cell_(at, id) & UINT32_MAX);
}

/* A cell of unit FLAG, as a mask. */
PSVM_LOCAL uint64_t psvm_flag_(const struct psvm_at_ *at, uint32_t id)
{
	return 0 - (psvm_cell_(at, id) & PSVM_FLAG);
}

/* Move the bits of a cell from one word to another. */
PSVM_SHARED void psvm_apply_(const struct psvm_at_ *at, uint32_t id, uint64_t *to,
			     uint64_t from)
{
	*to = psvm_move_(*to, from, psvm_cell_(at, id));
}

/* Word 060h of 02, and of 01: most moves are to them. */
PSVM_LOCAL void psvm_apply_02_(const struct psvm_at_ *at, uint32_t id, uint64_t from)
{
	psvm_apply_(at, id, &at->r->v02.int_ctl, from);
}

PSVM_LOCAL void psvm_apply_01_(const struct psvm_at_ *at, uint32_t id, uint64_t from)
{
	psvm_apply_(at, id, &at->r->v01.int_ctl, from);
}

/* --- checking the input -------------------------------------------------- */

PSVM_LOCAL struct psvm_status psvm_status_(uint32_t code, uint32_t where,
					   uint64_t bits)
{
	struct psvm_status status;

	status.code = code;
	status.where = where;
	status.bits = bits;
	return status;
}

/* Conditions that contradict themselves or do not exist. */
PSVM_LOCAL uint32_t psvm_cell_bad_(const struct psvm_cell *cell)
{
	uint32_t bad = 0;

	PSVM_UNROLL
	for (unsigned i = 0; i < PSVM_MOVES; i++)
		bad |= cell->move[i].off & (cell->move[i].on | ~PSVM_C_ALL);
	return bad;
}

PSVM_LOCAL uint32_t psvm_cell_asks_(const struct psvm_cell *cell)
{
	uint32_t asks = 0;

	PSVM_UNROLL
	for (unsigned i = 0; i < PSVM_MOVES; i++)
		asks |= cell->move[i].on | cell->move[i].off;
	return asks & PSVM_C_ALL;
}

/* Can the cells be read at all? */
PSVM_LOCAL struct psvm_status psvm_check_head_(const struct psvm_rules *rules)
{
	if (rules == NULL)
		return psvm_status_(PSVM_E_NULL, PSVM_AT_RULES, 0);
	if (rules->size != sizeof(*rules))
		return psvm_status_(PSVM_E_RULES, PSVM_AT_SIZE, rules->size);
	if (rules->reserved != 0)
		return psvm_status_(PSVM_E_RULES, PSVM_AT_RESERVED, rules->reserved);
	return psvm_status_(PSVM_OK, 0, 0);
}

/* The cells first to last; the first complaint counts. *want receives the
 * conditions that they ask for. */
PSVM_SHARED struct psvm_status psvm_check_cells_(const struct psvm_rules *rules,
						 uint32_t first, uint32_t last,
						 uint32_t *want)
{
	struct psvm_status status = psvm_check_head_(rules);

	*want = 0;
	if (status.code != PSVM_OK)
		return status;
	PSVM_UNROLL
	for (uint32_t id = first; id <= last; id++) {
		uint32_t bad = psvm_cell_bad_(&rules->cell[id]);

		if (PSVM_FOLD)
			*want |= psvm_cell_asks_(&rules->cell[id]);
		if (bad != 0)
			return psvm_status_(PSVM_E_RULES, id, bad);
	}
	return status;
}

/* Facts that are none, and features offered that L0 does not use. */
PSVM_LOCAL uint32_t psvm_bad_facts_(uint32_t facts)
{
	uint32_t offers = PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI);
	uint32_t used = facts >> (PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT);

	PSVM_STATIC_ASSERT(PSVM_C_HOST_VNMI_BIT - PSVM_C_OFFER_VNMI_BIT ==
				   PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT,
			   "offers and uses are in the same order");
	return (facts & ~PSVM_C_FACTS) | (facts & offers & ~used);
}

/* Without a branch: facts are not known at compile time. */
PSVM_LOCAL struct psvm_status psvm_check_facts_(uint32_t facts)
{
	uint32_t bad = psvm_bad_facts_(facts);
	uint64_t is = psvm_any32_(bad);

	return psvm_status_((uint32_t)(PSVM_E_FACT & is), (uint32_t)(PSVM_AT_FACTS & is),
			    bad);
}

/* --- begin and end of a transition --------------------------------------- */

/* Member by member: no compiler makes a call of memcpy() out of it. */
PSVM_SHARED void psvm_copy_words_(struct psvm_words *to, const struct psvm_words *from)
{
	to->int_ctl = from->int_ctl;
	to->int_state = from->int_state;
	to->event_inj = from->event_inj;
	to->exit_int_info = from->exit_int_info;
	to->misc1 = from->misc1;
	to->tlb_control = from->tlb_control;
}

/* The words as they came in, and nothing to do. */
PSVM_LOCAL void psvm_unchanged_(const struct psvm_nested *n, struct psvm_result *r)
{
	psvm_copy_words_(&r->v12, &n->v12);
	psvm_copy_words_(&r->v02, &n->v02);
	psvm_copy_words_(&r->v01, &n->v01);
	r->requests = 0;
	r->store12 = 0;
	r->dirty01 = 0;
	r->dirty02 = 0;
	r->outcome = PSVM_DONE;
	r->gif = (uint8_t)(n->facts >> PSVM_C_L1_GIF_BIT & 1);
	r->nmi_change = 0;
	r->reserved = 0;
}

/* For a transition that reads the cells first to last. False: the rule set is
 * bad, r says so, and the cells must not be read. */
PSVM_SHARED bool psvm_begin_(struct psvm_at_ *at, const struct psvm_rules *rules,
			     const struct psvm_nested *n, struct psvm_result *r,
			     uint32_t first, uint32_t last)
{
	at->rules = rules;
	at->n = n;
	at->r = r;
	psvm_unchanged_(n, r);
	r->status = psvm_check_cells_(rules, first, last, &at->want);
	if (r->status.code != PSVM_OK)
		return false;
	r->status = psvm_check_facts_(n->facts);
	at->go = ~psvm_any32_(psvm_bad_facts_(n->facts));
	at->c = psvm_consider_(n, at->want);
	return true;
}

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

/* All ones if a field is among those of a cell, and may change now. The cell is
 * asked first: a constant answer leaves nothing but `go`. */
PSVM_LOCAL uint64_t psvm_field_(uint32_t fields, uint32_t field, uint64_t go)
{
	return psvm_any32_(fields & field) & go;
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

/* --- intercepts, routing, arrival ---------------------------------------- */

/* A question: can it be answered? */
PSVM_SHARED bool psvm_ask_(struct psvm_at_ *at, const struct psvm_rules *rules,
			   const struct psvm_nested *n, uint32_t first, uint32_t last)
{
	struct psvm_result r;

	return psvm_begin_(at, rules, n, &r, first, last) && r.status.code == PSVM_OK;
}

PSVM_API struct psvm_intercepts psvm_merge_intercepts(const struct psvm_rules *rules,
						      struct psvm_nested n,
						      struct psvm_intercepts i12,
						      struct psvm_intercepts i01)
{
	uint32_t words = PSVM_WORDS_ALL;
	struct psvm_at_ at;

	n.v12.misc1 = i12.word[3];
	n.v01.misc1 = i01.word[3];
	if (psvm_ask_(&at, rules, &n, PSVM_CELL_MERGE_WORDS,
		       PSVM_CELL_MERGE_SET_CR)) {
		words = psvm_cell32_(&at, PSVM_CELL_MERGE_WORDS);
		i01.word[0] &= ~psvm_cell32_(&at, PSVM_CELL_MERGE_DROP_CR);
		i01.word[3] &= ~psvm_cell32_(&at, PSVM_CELL_MERGE_DROP_MISC1);
		i01.word[4] &= ~psvm_cell32_(&at, PSVM_CELL_MERGE_DROP_MISC2);
		i12.word[0] |= psvm_cell32_(&at, PSVM_CELL_MERGE_SET_CR);
	}
	PSVM_UNROLL
	for (unsigned i = 0; i < 6; i++)
		i12.word[i] |= i01.word[i] & (uint32_t)psvm_field_(words, 1U << i, UINT64_MAX);
	return i12;
}

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

PSVM_API uint32_t psvm_interrupt_arrives(const struct psvm_rules *rules,
					 struct psvm_nested n)
{
	struct psvm_at_ at;

	if (!psvm_ask_(&at, rules, &n, PSVM_CELL_OPEN,
		       PSVM_CELL_CLOSED_WINDOW))
		return PSVM_WAIT;
	if (!psvm_flag_(&at, PSVM_CELL_OPEN))
		return (uint32_t)(psvm_flag_(&at, PSVM_CELL_CLOSED_WINDOW) & PSVM_OPEN_WINDOW);
	if (psvm_flag_(&at, PSVM_CELL_OPEN_EXIT))
		return PSVM_EXIT;
	if (psvm_flag_(&at, PSVM_CELL_OPEN_INJECT))
		return PSVM_INJECT;
	return (uint32_t)(psvm_flag_(&at, PSVM_CELL_OPEN_WINDOW) & PSVM_OPEN_WINDOW);
}

PSVM_API struct psvm_status psvm_rule(const struct psvm_rules *rules,
				      struct psvm_nested n, uint32_t cell,
				      uint64_t *bits)
{
	struct psvm_status status = psvm_check_head_(rules);
	struct psvm_at_ at;
	uint32_t bad;

	if (status.code != PSVM_OK)
		return status;
	if (bits == NULL)
		return psvm_status_(PSVM_E_NULL, PSVM_AT_BITS, 0);
	if (cell >= PSVM_CELL_COUNT)
		return psvm_status_(PSVM_E_RULES, PSVM_AT_CELL, cell);
	bad = psvm_cell_bad_(&rules->cell[cell]);
	if (bad != 0)
		return psvm_status_(PSVM_E_RULES, cell, bad);
	status = psvm_check_facts_(n.facts);
	if (status.code != PSVM_OK)
		return status;
	at.rules = rules;
	at.go = UINT64_MAX;
	at.c = psvm_consider_(&n, PSVM_C_ALL);
	*bits = psvm_cell_(&at, cell);
	return status;
}

/* --- a rule set as a whole ----------------------------------------------- */

/* Can both lines apply in one situation? */
PSVM_SHARED bool psvm_moves_meet_(struct psvm_move a, struct psvm_move b)
{
	bool unless_a = (a.on & PSVM_UNLESS) != 0;
	bool unless_b = (b.on & PSVM_UNLESS) != 0;
	uint32_t on_a = a.on & PSVM_C_ALL, on_b = b.on & PSVM_C_ALL;
	uint32_t both;

	if (!unless_a && !unless_b)
		return ((on_a & b.off) | (on_b & a.off)) == 0;
	if (!unless_b) /* apart if b implies what excludes a */
		return (on_a & ~on_b) != 0 || (a.off & ~b.off) != 0;
	if (!unless_a)
		return (on_b & ~on_a) != 0 || (b.off & ~a.off) != 0;
	/* Two exclusions leave room, except x and its opposite or always. */
	both = on_a | a.off | on_b | b.off;
	return !((on_a == b.off && on_b == a.off && (both & (both - 1)) == 0) ||
		 (on_a | a.off) == 0 || (on_b | b.off) == 0);
}

/* Bits that two cells claim in one situation. */
PSVM_LOCAL uint64_t psvm_cells_meet_(const struct psvm_cell *a,
				     const struct psvm_cell *b)
{
	uint64_t bits = 0;

	PSVM_UNROLL
	for (unsigned i = 0; i < PSVM_MOVES; i++)
		PSVM_UNROLL
		for (unsigned j = 0; j < PSVM_MOVES; j++)
			if (psvm_moves_meet_(a->move[i], b->move[j]))
				bits |= a->move[i].bits & b->move[j].bits;
	return bits;
}

PSVM_API struct psvm_status psvm_rules_check(const struct psvm_rules *rules)
{
	uint32_t want;
	struct psvm_status status =
		psvm_check_cells_(rules, 0, PSVM_CELL_COUNT - 1, &want);
	uint64_t bits;

	if (status.code != PSVM_OK)
		return status;
	bits = psvm_cells_meet_(&rules->cell[PSVM_CELL_ENTER_FROM_12],
				&rules->cell[PSVM_CELL_ENTER_FROM_01]);
	return bits == 0 ? status :
			   psvm_status_(PSVM_E_RULES, PSVM_CELL_ENTER_FROM_01, bits);
}

#endif
