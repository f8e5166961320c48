/* SPDX-License-Identifier: MIT */
/*
 * What psvm/nested.h promises of every rule set, good or bad: all bits of it are open.
 *
 * - Which input is refused, with which status; then nothing happens.
 * - Words that a transition does not name are returned as they came in, a word that has
 *   changed is marked (S12), and numbers are within their ranges.
 * - psvm_rule() says what rules.h defines a cell to mean; psvm_rules_check() finds every
 *   bit of 02 with two owners (that it finds no other is not proved here).
 */
#include "same.h"

#include "psvm/rule_sets.h"

ANY(struct psvm_rules, rules);
ANY(struct psvm_nested, nested);
ANY(struct psvm_intercepts, intercepts);
ANY(uint64_t, u64);
ANY(uint32_t, u32);
ANY(bool, bool);

/* The rule set of the proof. Each function is also called without one; were it one
 * pointer that may be null, CBMC would have to consider that at every access. */
static struct psvm_rules rules;
static const struct psvm_status no_rules = { PSVM_E_NULL, PSVM_AT_RULES, 0 };

/* --- which status -------------------------------------------------------- */

/* What is wrong with a cell: it wants a condition to hold and not to, or names one that
 * there is not. */
static uint32_t wrong_in(const struct psvm_cell *cell)
{
	uint32_t wrong = 0;

	for (unsigned int i = 0; i < PSVM_MOVES; i++) {
		for (unsigned int c = 0; c < 32; c++) {
			bool on = cell->move[i].on >> c & 1;
			bool off = cell->move[i].off >> c & 1;

			/* bit 31 of on is PSVM_UNLESS */
			if (off && (on || c >= PSVM_C_COUNT))
				wrong |= UINT32_C(1) << c;
		}
	}
	return wrong;
}

/* rules.h: which cells each transition reads. The first complaint counts. */
static struct psvm_status complaint(uint32_t first, uint32_t last)
{
	if (rules.size != sizeof(rules))
		return (struct psvm_status){ PSVM_E_RULES, PSVM_AT_SIZE, rules.size };
	if (rules.reserved != 0)
		return (struct psvm_status){ PSVM_E_RULES, PSVM_AT_RESERVED, rules.reserved };
	for (uint32_t id = first; id <= last; id++)
		if (wrong_in(&rules.cell[id]) != 0)
			return (struct psvm_status){ PSVM_E_RULES, id,
						     wrong_in(&rules.cell[id]) };
	return (struct psvm_status){ PSVM_OK, 0, 0 };
}

static struct psvm_status complaint_about(uint32_t facts)
{
	if (senseless(facts) != 0)
		return (struct psvm_status){ PSVM_E_FACT, PSVM_AT_FACTS, senseless(facts) };
	return (struct psvm_status){ PSVM_OK, 0, 0 };
}

static struct psvm_status verdict(uint32_t facts, uint32_t first, uint32_t last)
{
	struct psvm_status status = complaint(first, last);

	return status.code == PSVM_OK ? complaint_about(facts) : status;
}

/* --- what a transition leaves alone -------------------------------------- */

enum {
	INT_CTL = 1,
	INT_STATE = 2,
	EVENT_INJ = 4,
	EXIT_INT_INFO = 8,
	MISC1 = 16,
	TLB_CONTROL = 32,
	NO_WORD = 0,
};

/* All words but those of `may`. */
static void prove_kept(const struct psvm_words *before, const struct psvm_words *after,
		       unsigned int may)
{
	PROVE((may & INT_CTL) || after->int_ctl == before->int_ctl);
	PROVE((may & INT_STATE) || after->int_state == before->int_state);
	PROVE((may & EVENT_INJ) || after->event_inj == before->event_inj);
	PROVE((may & EXIT_INT_INFO) || after->exit_int_info == before->exit_int_info);
	PROVE((may & MISC1) || after->misc1 == before->misc1);
	PROVE((may & TLB_CONTROL) || after->tlb_control == before->tlb_control);
}

static uint32_t unclean(const struct psvm_words *before, const struct psvm_words *after)
{
	return (before->int_ctl == after->int_ctl ? 0 : UINT32_C(1) << 3) |
	       (before->misc1 == after->misc1 ? 0 : UINT32_C(1) << 0);
}

struct frame {
	unsigned int v12, v02, v01; /* what may change */
	uint32_t outcome;	    /* besides PSVM_DONE */
	bool asks;		    /* may request */
	bool stores;		    /* may name fields of vmcb12 to store */
	bool queues;		    /* may change the queue of NMIs */
	bool sets_gif;
};

static void prove_frame(const struct psvm_nested *n, const struct psvm_result *r,
			const struct frame *may)
{
	uint8_t gif = n->facts >> PSVM_C_L1_GIF_BIT & 1;

	prove_kept(&n->v12, &r->v12, may->v12);
	prove_kept(&n->v02, &r->v02, may->v02);
	prove_kept(&n->v01, &r->v01, may->v01);
	PROVE(r->dirty02 == unclean(&n->v02, &r->v02));
	PROVE(r->dirty01 == unclean(&n->v01, &r->v01));
	PROVE(may->asks || r->requests == 0);
	PROVE(may->stores || r->store12 == 0);
	PROVE(may->queues ? r->nmi_change >= -1 && r->nmi_change <= 1 : r->nmi_change == 0);
	PROVE(may->sets_gif ? r->gif <= 1 : r->gif == gif);
	PROVE(r->outcome == PSVM_DONE || r->outcome == may->outcome);
	PROVE(r->reserved == 0);
}

#define TRANSITION(function, first, last, ...) \
	void proof_##function##_any(void) \
	{ \
		static const struct frame may = { __VA_ARGS__ }; \
		struct psvm_nested n = nondet_nested(); \
		struct psvm_status want; \
		struct psvm_result got; \
		\
		prove_same(function(NULL, n), refusal(n, no_rules)); \
		rules = nondet_rules(); \
		got = function(&rules, n); \
		want = verdict(n.facts, PSVM_CELL_##first, PSVM_CELL_##last); \
		PROVE_STATUS(got.status, want); \
		if (want.code == PSVM_OK) { \
			prove_frame(&n, &got, &may); \
			REACHED(#function " any"); \
		} else { \
			prove_same(got, refusal(n, want)); \
			REACHED(#function " any refused"); \
		} \
	}

#define BUILT (INT_CTL | INT_STATE | EVENT_INJ | EXIT_INT_INFO | MISC1 | TLB_CONTROL)

TRANSITION(psvm_snapshot, SNAPSHOT_INT_CTL, SNAPSHOT_TLB_CONTROL,
	   .v12 = INT_CTL | INT_STATE | EVENT_INJ | TLB_CONTROL)
/* v12: what a failed VMRUN leaves there */
TRANSITION(psvm_enter, ENTER_INVALID, HANDBACK_CLOSE,
	   .v12 = BUILT & ~MISC1, .v02 = BUILT, .v01 = INT_CTL | MISC1,
	   .outcome = PSVM_VMEXIT_INVALID, .asks = true, .stores = true, .queues = true,
	   .sets_gif = true)
TRANSITION(psvm_reenter, ENTER_INVALID, HANDBACK_CLOSE,
	   .v12 = BUILT & ~MISC1, .v02 = BUILT, .v01 = INT_CTL | MISC1,
	   .outcome = PSVM_VMEXIT_INVALID, .asks = true, .stores = true, .queues = true,
	   .sets_gif = true)
TRANSITION(psvm_window_open, MERGE_WORDS, WINDOW_EVENT,
	   .v02 = INT_CTL | MISC1, .v01 = MISC1, .outcome = PSVM_NO_WINDOW)
TRANSITION(psvm_window_close, MERGE_WORDS, CLOSE_REQUEST,
	   .v02 = INT_CTL | MISC1, .v01 = INT_CTL | MISC1, .asks = true)
TRANSITION(psvm_refresh, REFRESH_TO_12, REFRESH_FIELDS, .v12 = BUILT & ~MISC1)
TRANSITION(psvm_nested_sync_int_ctl, CLOSE_IN_01, HANDBACK_CLOSE,
	   .v12 = BUILT & ~MISC1, .v02 = INT_CTL, .v01 = INT_CTL | MISC1, .asks = true,
	   .stores = true, .queues = true, .sets_gif = true)

/* --- questions ----------------------------------------------------------- */

/* What a cell means (rules.h), line by line and condition by condition. */
static uint64_t meaning(const struct psvm_cell *cell, uint32_t conditions)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < PSVM_MOVES; i++) {
		bool holds = true;

		for (unsigned int c = 0; c < PSVM_C_COUNT; c++) {
			bool now = conditions >> c & 1;

			if ((cell->move[i].on >> c & 1) && !now)
				holds = false;
			if ((cell->move[i].off >> c & 1) && now)
				holds = false;
		}
		if (cell->move[i].on >> 31 & 1) /* unless */
			holds = !holds;
		if (holds)
			bits |= cell->move[i].bits;
	}
	return bits;
}

static bool is_fine(struct psvm_status status)
{
	return status.code == PSVM_OK;
}

/* Any cell, and words around what is written. */
void proof_psvm_rule_any(void)
{
	struct psvm_nested n = nondet_nested();
	uint32_t cell = nondet_u32();
	uint64_t before = nondet_u64(), bits[3] = { before, before, before };
	struct psvm_status got, want;
	struct psvm_cell the_cell;

	GIVEN(cell < PSVM_CELL_COUNT);
	rules = nondet_rules();
	the_cell = rules.cell[cell];
	got = psvm_rule(&rules, n, cell, &bits[1]);
	want = complaint(1, 0); /* of no cell */
	if (is_fine(want) && wrong_in(&the_cell) != 0)
		want = (struct psvm_status){ PSVM_E_RULES, cell, wrong_in(&the_cell) };
	if (is_fine(want))
		want = complaint_about(n.facts);
	PROVE_STATUS(got, want);
	PROVE(bits[0] == before && bits[2] == before);
	if (!is_fine(want)) {
		PROVE(bits[1] == before);
		REACHED("psvm_rule any refused");
	} else {
		PROVE(bits[1] == meaning(&the_cell, psvm_conditions(n)));
		REACHED("psvm_rule any");
	}
}

/* No rules, no such cell, or nowhere to write what it says. */
void proof_psvm_rule_beyond(void)
{
	struct psvm_nested n = nondet_nested();
	uint32_t cell = nondet_u32();
	uint64_t before = nondet_u64(), bits = before;
	bool somewhere = nondet_bool();
	struct psvm_status got, want;

	got = psvm_rule(NULL, n, cell, somewhere ? &bits : NULL);
	PROVE_STATUS(got, no_rules);
	GIVEN(cell >= PSVM_CELL_COUNT || !somewhere);
	rules = nondet_rules();
	want = complaint(1, 0);
	got = psvm_rule(&rules, n, cell, somewhere ? &bits : NULL);
	if (is_fine(want) && somewhere)
		want = (struct psvm_status){ PSVM_E_RULES, PSVM_AT_CELL, cell };
	else if (is_fine(want))
		want = (struct psvm_status){ PSVM_E_NULL, PSVM_AT_BITS, 0 };
	PROVE_STATUS(got, want);
	PROVE(bits == before);
	REACHED("psvm_rule beyond");
}

void proof_psvm_merge_intercepts_any(void)
{
	struct psvm_nested n = nondet_nested();
	struct psvm_intercepts i12 = nondet_intercepts(), i01 = nondet_intercepts();
	struct psvm_intercepts none = psvm_merge_intercepts(NULL, n, i12, i01), got;
	struct psvm_status status;

	rules = nondet_rules();
	got = psvm_merge_intercepts(&rules, n, i12, i01);
	status = verdict(n.facts, PSVM_CELL_MERGE_WORDS, PSVM_CELL_MERGE_SET_CR);
	for (unsigned int i = 0; i < 6; i++) {
		/* L1 gets every exit that it asked for. */
		PROVE((got.word[i] & i12.word[i]) == i12.word[i]);
		/* Of CR8 alone a cell may ask for more than anybody has. */
		PROVE(i == 0 || (got.word[i] & ~(i12.word[i] | i01.word[i])) == 0);
		if (!is_fine(status))
			PROVE(got.word[i] == (i12.word[i] | i01.word[i]));
		PROVE(none.word[i] == (i12.word[i] | i01.word[i]));
	}
	REACHED("psvm_merge_intercepts any");
}

void proof_psvm_route_exit_any(void)
{
	struct psvm_nested n = nondet_nested();
	struct psvm_intercepts i12 = nondet_intercepts(), i01 = nondet_intercepts();
	uint32_t got;

	PROVE(psvm_route_exit(NULL, n, nondet_u64(), i12, i01) == PSVM_L0);
	rules = nondet_rules();
	got = psvm_route_exit(&rules, n, nondet_u64(), i12, i01);
	PROVE(got <= PSVM_L1_BITMAP);
	PROVE(is_fine(verdict(n.facts, PSVM_CELL_ROUTE_L0, PSVM_CELL_ROUTE_L1)) ||
	      got == PSVM_L0);
	REACHED("psvm_route_exit any");
}

void proof_psvm_interrupt_arrives_any(void)
{
	struct psvm_nested n = nondet_nested();
	uint32_t got;

	PROVE(psvm_interrupt_arrives(NULL, n) == PSVM_WAIT);
	rules = nondet_rules();
	got = psvm_interrupt_arrives(&rules, n);
	PROVE(got <= PSVM_OPEN_WINDOW);
	PROVE(is_fine(verdict(n.facts, PSVM_CELL_OPEN, PSVM_CELL_CLOSED_WINDOW)) ||
	      got == PSVM_WAIT);
	REACHED("psvm_interrupt_arrives any");
}

/* --- a rule set as a whole ----------------------------------------------- */

void proof_psvm_rules_check_any(void)
{
	const struct psvm_cell *cell12 = &rules.cell[PSVM_CELL_ENTER_FROM_12];
	const struct psvm_cell *cell01 = &rules.cell[PSVM_CELL_ENTER_FROM_01];
	uint32_t conditions = nondet_u32() & (UINT32_MAX >> 1);
	struct psvm_status got = psvm_rules_check(NULL), want;

	PROVE_STATUS(got, no_rules);
	rules = nondet_rules();
	got = psvm_rules_check(&rules);
	want = complaint(0, PSVM_CELL_COUNT - 1);
	if (!is_fine(want)) {
		PROVE_STATUS(got, want);
		REACHED("psvm_rules_check any refused");
		return;
	}
	/* Whatever holds: a bit that both claim then is named. */
	uint64_t claimed = meaning(cell12, conditions) & meaning(cell01, conditions);

	PROVE((claimed & ~got.bits) == 0);
	PROVE(got.code == (got.bits == 0 ? PSVM_OK : PSVM_E_RULES));
	PROVE(got.where == (got.bits == 0 ? 0 : PSVM_CELL_ENTER_FROM_01));
	REACHED("psvm_rules_check any");
}
