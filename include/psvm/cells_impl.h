/* SPDX-License-Identifier: MIT */
/*
 * psvm/cells_impl.h - evaluating the cells of a rule set; included by nested_impl.h
 * and questions_impl.h.
 *
 * Conditions are evaluated to masks of all ones or all zeros, and every choice
 * is an AND with such a mask: with a constant rule set the tables fold away and
 * straight-line code remains. Bad input is one more mask, which holds every
 * change back. Names that end in _ are not part of the interface.
 */
#ifndef PSVM_CELLS_IMPL_H
#define PSVM_CELLS_IMPL_H

/*
 * All ones if x is not zero. Where everything folds, an addition and a shift: a
 * compiler that sees a comparison may turn the AND that follows into a branch.
 */
PSVM_LOCAL uint64_t psvm_any_(uint64_t x)
{
	if (!PSVM_FOLD)
		return 0 - (uint64_t)(x != 0);
	return 0 - ((((x | x >> 32) & UINT32_MAX) + UINT32_MAX) >> 32);
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

/* The low half, where there is nothing above. */
PSVM_LOCAL uint32_t psvm_low_(uint64_t x)
{
	return (uint32_t)(x & UINT32_MAX);
}

/* --- words --------------------------------------------------------------- */

/*
 * The words that a transition works on, in one array, so that tables can name
 * them: first some that there is only one of, then those of the three VMCBs. Of 01
 * no transition moves more than the first two. Bits can also come from a VMCB that
 * is all zeros, and from one that is all ones, which are not there.
 */
enum {
	PSVM_W_INT_CTL_,
	PSVM_W_MISC1_,
	PSVM_W_IN_01_,
	PSVM_W_INT_STATE_ = PSVM_W_IN_01_,
	PSVM_W_EVENT_INJ_,
	PSVM_W_EXIT_INT_INFO_,
	PSVM_W_TLB_CONTROL_,
	PSVM_W_PER_VMCB_,

	PSVM_W_OLD_12_ = 0, /* int_ctl of 12 as it came in */
	PSVM_W_NESTED_,	    /* OFFER_VGIF, OFFER_VNMI: enabled in 12, too */
	PSVM_W_QUEUED_,	    /* all ones if L0 has an NMI for L1 queued */
	PSVM_W_REQUESTS_,   /* of the result */
	PSVM_W_JOINING_,    /* VMRUN: V_NMI of 01 that joins L0's queue */
	PSVM_W_DUMMY_ = PSVM_W_JOINING_, /* a window, instead: its V_IRQ */
	PSVM_W_02_,
	PSVM_W_12_ = PSVM_W_02_ + PSVM_W_PER_VMCB_,
	PSVM_W_01_ = PSVM_W_12_ + PSVM_W_PER_VMCB_,
	PSVM_W_COUNT_ = PSVM_W_01_ + PSVM_W_IN_01_,
	PSVM_W_ZERO_ = PSVM_W_COUNT_,
	PSVM_W_ONES_
};

/* What decides what a cell says. */
struct psvm_now_ {
	const struct psvm_rules *rules;
	uint64_t go;   /* whether anything may change now: all ones, or zero */
	uint32_t want; /* the conditions that the cells ask for */
	uint32_t c;    /* those of them that hold */
};

/* A transition under way: its input, and what becomes its result. Kept small: it is
 * most of what the core needs of a stack. */
struct psvm_at_ {
	struct psvm_now_ now;
	const struct psvm_nested *n;
	uint32_t store12;
	uint8_t outcome;
	uint8_t gif;
	int8_t nmi_change;
	uint64_t word[PSVM_W_COUNT_];
};

/* Member by member: no compiler makes a call of memcpy() out of it. */
PSVM_LOCAL void psvm_words_of_01_in_(uint64_t *to, const struct psvm_words *from)
{
	to[PSVM_W_INT_CTL_] = from->int_ctl;
	to[PSVM_W_MISC1_] = from->misc1;
}

PSVM_SHARED void psvm_words_in_(uint64_t *to, const struct psvm_words *from)
{
	psvm_words_of_01_in_(to, from);
	to[PSVM_W_INT_STATE_] = from->int_state;
	to[PSVM_W_EVENT_INJ_] = from->event_inj;
	to[PSVM_W_EXIT_INT_INFO_] = from->exit_int_info;
	to[PSVM_W_TLB_CONTROL_] = from->tlb_control;
}

/* --- conditions ---------------------------------------------------------- */

/* Where the words say that a condition holds: X(name, vmcb, word, bit). */
#define PSVM_CONDITIONS_OF_WORDS_(X) \
	X(NESTED_VGIF, NESTED, INT_CTL, PSVM_C_OFFER_VGIF_BIT) \
	X(NESTED_VNMI, NESTED, INT_CTL, PSVM_C_OFFER_VNMI_BIT) \
	X(V_INTR_MASKING_12, OLD_12, INT_CTL, PSVM_V_INTR_MASKING_SHIFT) \
	X(V_NMI_ENABLE_12, OLD_12, INT_CTL, PSVM_V_NMI_ENABLE_SHIFT) \
	X(VINTR_01, 01, MISC1, PSVM_EXIT_VINTR % 32) \
	X(VINTR_02, 02, MISC1, PSVM_EXIT_VINTR % 32) \
	X(VINTR_12, 12, MISC1, PSVM_EXIT_VINTR % 32) \
	X(INTR_12, 12, MISC1, PSVM_EXIT_INTR % 32) \
	X(NMI_12, 12, MISC1, PSVM_EXIT_NMI % 32) \
	X(HLT_12, 12, MISC1, PSVM_EXIT_HLT % 32) \
	X(V_IRQ_02, 02, INT_CTL, PSVM_V_IRQ_SHIFT) \
	X(V_IRQ_12, OLD_12, INT_CTL, PSVM_V_IRQ_SHIFT) \
	X(V_NMI_01, 01, INT_CTL, PSVM_V_NMI_SHIFT) \
	X(V_GIF_ENABLE_02, 02, INT_CTL, PSVM_V_GIF_ENABLE_SHIFT) \
	X(NMI_QUEUED, QUEUED, INT_CTL, 0)

enum {
#define PSVM_X(name, vmcb, word, bit) PSVM_SOURCE_OF_##name##_,
	PSVM_CONDITIONS_OF_WORDS_(PSVM_X)
#undef PSVM_X
};
#define PSVM_X(name, vmcb, word, bit) \
	PSVM_STATIC_ASSERT((int)PSVM_SOURCE_OF_##name##_ == \
				   PSVM_C_##name##_BIT - PSVM_C_FACT_COUNT, \
			   "the sources are in the order of the conditions");
PSVM_CONDITIONS_OF_WORDS_(PSVM_X)
#undef PSVM_X

static const struct psvm_source_ {
	uint8_t word;
	uint8_t bit;
} psvm_sources_[] = {
#define PSVM_X(name, vmcb, word, bit) { PSVM_W_##vmcb##_ + PSVM_W_##word##_, bit },
	PSVM_CONDITIONS_OF_WORDS_(PSVM_X)
#undef PSVM_X
};

/* The conditions that the cells first to last ask for. The loop counts from 0, so that it
 * folds for one cell, whichever that is. */
PSVM_LOCAL uint32_t psvm_asks_(const struct psvm_rules *rules, uint32_t first,
			       uint32_t last)
{
	uint32_t asks = 0;

	PSVM_UNROLL
	for (uint32_t n = 0; n < last - first + 1; n++)
		PSVM_UNROLL
		for (unsigned i = 0; i < PSVM_MOVES; i++)
			asks |= rules->cell[first + n].move[i].on |
				rules->cell[first + n].move[i].off;
	return asks;
}

/*
 * What the facts and, now, the words say. With a constant rule set the conditions
 * that no cell asks for fold away here. The mask is for the compiler, which then
 * knows that a condition of the words depends on one bit of one word.
 */
PSVM_SHARED void psvm_consider_(struct psvm_at_ *at)
{
	uint32_t c = at->n->facts & PSVM_C_FACTS;

	PSVM_UNROLL
	for (unsigned i = PSVM_C_FACT_COUNT; i < PSVM_C_COUNT; i++) {
		const struct psvm_source_ *source =
			&psvm_sources_[i - PSVM_C_FACT_COUNT];
		uint32_t wanted = PSVM_FOLD ? at->now.want >> i & 1 : 1;

		c |= (uint32_t)(at->word[source->word] >> source->bit & wanted) << i;
	}
	at->now.c = c;
}

/* --- cells --------------------------------------------------------------- */

/* A line applies if its condition holds, or, with PSVM_UNLESS, if it does not. */
PSVM_LOCAL uint64_t psvm_move_bits_(const struct psvm_move *move, uint32_t c)
{
	bool unless = (move->on & PSVM_UNLESS) != 0;
	uint32_t on = move->on & ~PSVM_UNLESS;
	bool holds = (c & (on | move->off)) == on;

	return move->bits & (0 - (uint64_t)(holds != unless));
}

/*
 * What a cell says, and no more than may change now. If the rule set folds, that
 * is left to psvm_go_(): what it says may be constant, and is worth most as such.
 */
PSVM_SHARED uint64_t psvm_says_(const struct psvm_now_ *now, uint32_t id)
{
	const struct psvm_move *move = now->rules->cell[id].move;
	uint64_t bits = 0;

	PSVM_UNROLL
	for (unsigned i = 0; i < PSVM_MOVES; i++)
		bits |= psvm_move_bits_(&move[i], now->c);
	return PSVM_FOLD ? bits : bits & now->go;
}

PSVM_LOCAL uint64_t psvm_go_(const struct psvm_now_ *now, uint64_t said)
{
	return PSVM_FOLD ? said & now->go : said;
}

PSVM_LOCAL uint64_t psvm_cell_(const struct psvm_now_ *now, uint32_t id)
{
	return psvm_go_(now, psvm_says_(now, id));
}

PSVM_LOCAL uint32_t psvm_cell32_(const struct psvm_now_ *now, uint32_t id)
{
	return psvm_low_(psvm_cell_(now, id));
}

/* A cell of unit FLAG, as a mask. */
PSVM_LOCAL uint64_t psvm_flag_(const struct psvm_now_ *now, uint32_t id)
{
	return 0 - (psvm_cell_(now, id) & PSVM_FLAG);
}

/* --- checking the input -------------------------------------------------- */

PSVM_LOCAL void psvm_say_(struct psvm_status *status, uint32_t code, uint32_t where,
			  uint64_t bits)
{
	status->code = code;
	status->where = where;
	status->bits = bits;
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

/* Each complaint is noted before it is known to be one; the first counts. */

/* Can the cells be read at all? */
PSVM_LOCAL bool psvm_check_head_(const struct psvm_rules *rules,
				 struct psvm_status *status)
{
	psvm_say_(status, PSVM_E_NULL, PSVM_AT_RULES, 0);
	if (rules == NULL)
		return false;
	psvm_say_(status, PSVM_E_RULES, PSVM_AT_SIZE, rules->size);
	if (rules->size != sizeof(*rules))
		return false;
	psvm_say_(status, PSVM_E_RULES, PSVM_AT_RESERVED, rules->reserved);
	return rules->reserved == 0;
}

/* The cells first to last. */
PSVM_LOCAL bool psvm_check_cells_(const struct psvm_rules *rules, uint32_t first,
				  uint32_t last, struct psvm_status *status)
{
	uint32_t id, bad = 0;

	PSVM_UNROLL
	for (id = first; id <= last; id++) {
		bad = psvm_cell_bad_(&rules->cell[id]);
		if (bad != 0)
			break;
	}
	psvm_say_(status, PSVM_E_RULES, id, bad);
	return bad == 0;
}

PSVM_LOCAL bool psvm_check_rules_(const struct psvm_rules *rules, uint32_t first,
				  uint32_t last, struct psvm_status *status)
{
	return psvm_check_head_(rules, status) &&
	       psvm_check_cells_(rules, first, last, status);
}

/* Facts that are none, and features offered that L0 does not use. */
PSVM_LOCAL uint32_t psvm_bad_facts_(uint32_t facts)
{
	uint32_t offers = PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI);
	uint32_t used = facts >> (PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT) & offers;

	PSVM_STATIC_ASSERT(PSVM_C_HOST_VNMI_BIT - PSVM_C_OFFER_VNMI_BIT ==
				   PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT,
			   "offers and uses are in the same order");
	return facts & ~((PSVM_C_FACTS & ~offers) | used);
}

/* Without a branch: facts are not known at compile time. True as a mask. */
PSVM_LOCAL uint64_t psvm_check_facts_(uint32_t facts, struct psvm_status *status)
{
	uint32_t bad = psvm_bad_facts_(facts);
	uint64_t is = psvm_any_(bad);

	psvm_say_(status, (uint32_t)(PSVM_E_FACT & is), (uint32_t)(PSVM_AT_FACTS & is),
		  bad);
	return ~is;
}

/* --- begin -------------------------------------------------------------- */

/* A feature is nested if it is offered and enabled in 12. */
PSVM_LOCAL uint64_t psvm_nested_(const struct psvm_nested *n)
{
	PSVM_STATIC_ASSERT(PSVM_V_NMI_ENABLE_SHIFT - PSVM_V_GIF_ENABLE_SHIFT ==
				   PSVM_C_OFFER_VNMI_BIT - PSVM_C_OFFER_VGIF_BIT,
			   "offers and enables are in the same order");
	return n->facts &
	       n->v12.int_ctl >> PSVM_V_GIF_ENABLE_SHIFT << PSVM_C_OFFER_VGIF_BIT;
}

/* The words as they came in, and nothing to do. */
PSVM_SHARED void psvm_take_(struct psvm_at_ *at, const struct psvm_nested *n)
{
	at->n = n;
	psvm_words_in_(&at->word[PSVM_W_12_], &n->v12);
	psvm_words_in_(&at->word[PSVM_W_02_], &n->v02);
	psvm_words_of_01_in_(&at->word[PSVM_W_01_], &n->v01);
	at->word[PSVM_W_OLD_12_] = n->v12.int_ctl;
	at->word[PSVM_W_NESTED_] = psvm_nested_(n);
	at->word[PSVM_W_QUEUED_] = psvm_any_(n->nmis);
	at->word[PSVM_W_JOINING_] = 0;
	at->word[PSVM_W_REQUESTS_] = 0;
	at->store12 = 0;
	at->outcome = PSVM_DONE;
	at->gif = (uint8_t)(n->facts >> PSVM_C_L1_GIF_BIT & 1);
	at->nmi_change = 0;
}

/* For what reads the cells first to last. False: the rule set is bad, the status says
 * so, and the cells must not be read. */
PSVM_SHARED bool psvm_trust_(struct psvm_now_ *now, const struct psvm_rules *rules,
			     uint32_t facts, uint32_t first, uint32_t last,
			     struct psvm_status *status)
{
	if (!psvm_check_rules_(rules, first, last, status))
		return false;
	now->rules = rules;
	now->want = PSVM_FOLD ? psvm_asks_(rules, first, last) : PSVM_C_ALL;
	now->go = psvm_check_facts_(facts, status);
	return true;
}

#endif
