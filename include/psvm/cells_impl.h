/* SPDX-License-Identifier: MIT */
/*
 * psvm/cells_impl.h - evaluating the cells of a rule set; included by nested_impl.h
 * and questions_impl.h.
 *
 * Conditions are evaluated to masks of all ones or all zeros, and every choice
 * is an AND with such a mask: with a constant rule set the table folds away and
 * straight-line code remains. Bad input is one more mask, which holds every
 * change back. Names that end in _ are not part of the interface.
 */
#ifndef PSVM_CELLS_IMPL_H
#define PSVM_CELLS_IMPL_H

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

/* All ones if a field is among those of a cell, and may change now. The cell is
 * asked first: a constant answer leaves nothing but `go`. */
PSVM_LOCAL uint64_t psvm_field_(uint32_t fields, uint32_t field, uint64_t go)
{
	return psvm_any32_(fields & field) & go;
}

/* A question: can it be answered? */
PSVM_SHARED bool psvm_ask_(struct psvm_at_ *at, const struct psvm_rules *rules,
			   const struct psvm_nested *n, uint32_t first, uint32_t last)
{
	struct psvm_result r;

	return psvm_begin_(at, rules, n, &r, first, last) && r.status.code == PSVM_OK;
}

#endif
