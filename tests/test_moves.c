/* SPDX-License-Identifier: MIT */
/*
 * What a cell moves, bit by bit: a rule set with one bit in one cell and nothing else,
 * against one with nothing at all. The bit must go where psvm/rules.h says, from where it
 * says, and nothing else may differ. Rule sets of real hypervisors use few of these.
 *
 * Compiled with PSVM_EXTERN this tests the external forms, else the inline ones.
 */
#include "check.h"

#include "psvm/nested.h"

#include <string.h>

typedef struct psvm_result transition(const struct psvm_rules *rules,
				      struct psvm_nested n);

enum place { V12, V02, V01, ZERO, ONES };
enum unit { INT_CTL, INT_STATE, EVENT_INJ, TLB_CONTROL, FIELDS, FLAG };

#define MOVE(cell, run, to, from, unit) { #cell, run, PSVM_CELL_##cell, to, from, unit }
static const struct row {
	const char *name;
	transition *run;
	enum psvm_cell_id cell;
	enum place to, from;
	enum unit unit;
} rows[] = {
	MOVE(SNAPSHOT_INT_CTL, psvm_snapshot, V12, ZERO, INT_CTL),
	MOVE(SNAPSHOT_INT_STATE, psvm_snapshot, V12, ZERO, INT_STATE),
	MOVE(SNAPSHOT_EVENT_INJ, psvm_snapshot, V12, ZERO, EVENT_INJ),
	MOVE(SNAPSHOT_TLB_CONTROL, psvm_snapshot, V12, ZERO, TLB_CONTROL),
	MOVE(ENTER_CLEAR_02, psvm_enter, V02, ZERO, INT_CTL),
	MOVE(ENTER_FROM_12, psvm_enter, V02, V12, INT_CTL),
	MOVE(ENTER_FROM_01, psvm_reenter, V02, V01, INT_CTL),
	MOVE(ENTER_SET_02, psvm_enter, V02, ONES, INT_CTL),
	MOVE(ENTER_FIELDS, psvm_reenter, V02, V12, FIELDS),
	MOVE(ENTER_DROP_TLB, psvm_enter, V02, ZERO, TLB_CONTROL),
	MOVE(ENTER_CLEAR_01, psvm_reenter, V01, ZERO, INT_CTL),
	MOVE(VMRUN_SET_02, psvm_enter, V02, ONES, INT_CTL),
	MOVE(VMRUN_SET_01, psvm_enter, V01, ONES, INT_CTL),
	MOVE(CLOSE_IN_02, psvm_window_close, V02, ZERO, FLAG),
	MOVE(CLOSE_CLEAR_02, psvm_window_close, V02, ZERO, INT_CTL),
	MOVE(CLOSE_RESTORE_02, psvm_window_close, V02, V12, INT_CTL),
	MOVE(CLOSE_CLEAR_01, psvm_window_close, V01, ZERO, INT_CTL),
	MOVE(HANDBACK_CLEAR_02, psvm_nested_sync_int_ctl, V02, ZERO, INT_CTL),
	MOVE(HANDBACK_TO_12, psvm_nested_sync_int_ctl, V12, V02, INT_CTL),
	MOVE(HANDBACK_FIELDS, psvm_nested_sync_int_ctl, V12, V02, FIELDS),
	MOVE(HANDBACK_ZERO_12, psvm_nested_sync_int_ctl, V12, ZERO, FIELDS),
	MOVE(HANDBACK_TO_01, psvm_nested_sync_int_ctl, V01, V02, INT_CTL),
	MOVE(HANDBACK_CLEAR_01, psvm_nested_sync_int_ctl, V01, ZERO, INT_CTL),
	MOVE(REFRESH_TO_12, psvm_refresh, V12, V02, INT_CTL),
	MOVE(REFRESH_FIELDS, psvm_refresh, V12, V02, FIELDS),
};

static struct psvm_rules no_rules(void)
{
	struct psvm_rules rules;

	memset(&rules, 0, sizeof(rules));
	rules.size = sizeof(rules);
	return rules;
}

/* The words of three VMCBs, and whether they are all ones. */
static void fill(struct psvm_words *words, bool ones)
{
	uint64_t value = ones ? UINT64_MAX : 0;

	words->int_ctl = value;
	words->int_state = value;
	words->event_inj = value;
	words->exit_int_info = value;
	words->misc1 = (uint32_t)value;
	words->tlb_control = (uint8_t)value;
}

/* What `to` has is not what it receives. */
static struct psvm_nested filled(const struct row *row, bool ones)
{
	struct psvm_nested n = { .facts = 0 };

	fill(&n.v12, (row->to == V12) != ones);
	fill(&n.v02, (row->to == V02) != ones);
	fill(&n.v01, (row->to == V01) != ones);
	return n;
}

/* The bits of a word that one bit of a unit stands for. */
static void stands_for(struct psvm_words *words, enum unit unit, unsigned int bit)
{
	fill(words, false);
	switch (unit) {
	case INT_CTL:
		words->int_ctl = UINT64_C(1) << bit;
		break;
	case INT_STATE:
		words->int_state = UINT64_C(1) << bit;
		break;
	case EVENT_INJ:
		words->event_inj = UINT64_C(1) << bit;
		break;
	case TLB_CONTROL:
		words->tlb_control = (uint8_t)(bit < 8 ? 1U << bit : 0);
		break;
	case FIELDS:
		words->int_ctl = bit == 0 ? 0xffffffff : bit == 5 ? 0xffffffff00000000 : 0;
		words->int_state = bit == 1 ? UINT64_MAX : bit == 6 ? 1 : 0;
		words->event_inj = bit == 2 ? UINT64_MAX : 0;
		words->exit_int_info = bit == 3 ? UINT64_MAX : 0;
		words->tlb_control = bit == 4 ? UINT8_MAX : 0;
		break;
	case FLAG:
		words->misc1 = bit == 0 ? 0x10 : 0; /* VINTR */
		break;
	}
}

static bool differ_by(const struct psvm_words *a, const struct psvm_words *b,
		      const struct psvm_words *bits)
{
	return (a->int_ctl ^ b->int_ctl) == bits->int_ctl &&
	       (a->int_state ^ b->int_state) == bits->int_state &&
	       (a->event_inj ^ b->event_inj) == bits->event_inj &&
	       (a->exit_int_info ^ b->exit_int_info) == bits->exit_int_info &&
	       (a->misc1 ^ b->misc1) == bits->misc1 &&
	       (a->tlb_control ^ b->tlb_control) == bits->tlb_control;
}

/* Clean bits, APM 15.15.3: 0 the intercepts, 3 the word at 060h. */
static void assert_dirty(const struct row *row, uint32_t dirty, const struct psvm_words *in,
			 const struct psvm_words *out)
{
	uint32_t expected = (in->misc1 != out->misc1 ? 1U << 0 : 0) |
			    (in->int_ctl != out->int_ctl ? 1U << 3 : 0);

	if (dirty != expected)
		fail_msg("%s: clean bits %#x instead of %#x", row->name, dirty, expected);
}

static void check_bit(const struct row *row, unsigned int bit, bool ones)
{
	struct psvm_rules nothing = no_rules(), one = nothing;
	struct psvm_nested n = filled(row, ones);
	struct psvm_words none, moved;
	struct psvm_result before, after;

	one.cell[row->cell].move[bit % PSVM_MOVES].bits = UINT64_C(1) << bit;
	before = row->run(&nothing, n);
	after = row->run(&one, n);
	assert_int_equal(before.status.code, PSVM_OK);
	assert_int_equal(after.status.code, PSVM_OK);
	fill(&none, false);
	stands_for(&moved, row->unit, bit);
	/* 068h of 02 is 0 before it is built: a zero of 12 makes no difference. */
	if (row->cell == PSVM_CELL_ENTER_FIELDS && !ones)
		moved.int_state = 0;
	if (!differ_by(&before.v12, &after.v12, row->to == V12 ? &moved : &none) ||
	    !differ_by(&before.v02, &after.v02, row->to == V02 ? &moved : &none) ||
	    !differ_by(&before.v01, &after.v01, row->to == V01 ? &moved : &none))
		fail_msg("%s: bit %u", row->name, bit);
	assert_dirty(row, after.dirty02, &n.v02, &after.v02);
	assert_dirty(row, after.dirty01, &n.v01, &after.v01);
}

static void test_move(void **state)
{
	const struct row *row = *state;

	for (unsigned int bit = 0; bit < 64; bit++) {
		/* ZERO has no ones to give, ONES no zeros. */
		if (row->from != ONES)
			check_bit(row, bit, false);
		if (row->from != ZERO)
			check_bit(row, bit, true);
	}
}

/* --- moments with a choice ----------------------------------------------- */

static void always(struct psvm_rules *rules, enum psvm_cell_id cell, uint64_t bits)
{
	rules->cell[cell].move[0].bits = bits;
}

/* A VMRUN that fails requests what is said of that, and nothing else; and so does one
 * that does not. */
static void test_requests_of_vmrun(void **state)
{
	struct psvm_rules rules = no_rules();
	struct psvm_nested n = { .facts = 0 };
	struct psvm_result r;

	(void)state;
	always(&rules, PSVM_CELL_INVALID_REQUEST, PSVM_REQUEST_IMPLICIT);
	always(&rules, PSVM_CELL_ENTER_REQUEST, PSVM_REQUEST_EVENT);
	always(&rules, PSVM_CELL_HANDBACK_REQUEST, PSVM_REQUEST_EVENT);
	always(&rules, PSVM_CELL_INVALID_HANDS_BACK, PSVM_FLAG);
	r = psvm_enter(&rules, n);
	assert_int_equal(r.outcome, PSVM_DONE);
	assert_int_equal(r.requests, PSVM_REQUEST_EVENT);
	always(&rules, PSVM_CELL_ENTER_INVALID, PSVM_FLAG);
	r = psvm_enter(&rules, n);
	assert_int_equal(r.outcome, PSVM_VMEXIT_INVALID);
	assert_int_equal(r.requests, PSVM_REQUEST_IMPLICIT);
}

/* 01 is cleared before the intercepts are merged: what VINTR of 02 was counts. */
static void test_order_of_enter(void **state)
{
	struct psvm_rules rules = no_rules();
	struct psvm_nested n = { .v01 = { .int_ctl = PSVM_V_GIF, .misc1 = 0x10 } };
	struct psvm_move *move = &rules.cell[PSVM_CELL_ENTER_CLEAR_01].move[0];
	struct psvm_result r;

	(void)state;
	move->bits = PSVM_V_GIF;
	move->on = PSVM_C(VINTR_02);
	r = psvm_enter(&rules, n);
	assert_int_equal(r.v02.misc1, 0x10);
	assert_int_equal(r.v01.int_ctl, PSVM_V_GIF);
	n.v02.misc1 = 0x10;
	r = psvm_enter(&rules, n);
	assert_int_equal(r.v01.int_ctl, 0);
}

/* Of the interrupt that waits, its priority and its source get into the dummy. */
static void test_event_of_window(void **state)
{
	struct psvm_rules rules = no_rules();
	struct psvm_nested n = { .vector = 0xff, .external = 1 };

	(void)state;
	always(&rules, PSVM_CELL_WINDOW_ASK, PSVM_FLAG);
	always(&rules, PSVM_CELL_WINDOW_USURP, UINT64_MAX);
	always(&rules, PSVM_CELL_WINDOW_EVENT, UINT64_MAX);
	assert_int_equal(psvm_window_open(&rules, n).v02.int_ctl, 0x1f0000);
	n.external = 0;
	assert_int_equal(psvm_window_open(&rules, n).v02.int_ctl, 0x0f0000);
	n.vector = 0x4f;
	assert_int_equal(psvm_window_open(&rules, n).v02.int_ctl, 0x040000);
}

/* L0's queue has the slot of 01 only if 02 has not brought an NMI home to it. */
static void test_order_of_nmis(void **state)
{
	struct psvm_rules rules = no_rules();
	struct psvm_nested n = { .nmis = 1 };
	struct psvm_result r;

	(void)state;
	always(&rules, PSVM_CELL_HANDBACK_TO_01, PSVM_V_NMI);
	always(&rules, PSVM_CELL_HANDBACK_QUEUE, PSVM_V_NMI);
	rules.cell[PSVM_CELL_HANDBACK_QUEUE].move[0].off = PSVM_C(V_NMI_01);
	r = psvm_nested_sync_int_ctl(&rules, n);
	assert_int_equal(r.v01.int_ctl, PSVM_V_NMI);
	assert_int_equal(r.nmi_change, -1);
	n.v02.int_ctl = PSVM_V_NMI;
	r = psvm_nested_sync_int_ctl(&rules, n);
	assert_int_equal(r.v01.int_ctl, PSVM_V_NMI);
	assert_int_equal(r.nmi_change, 0);
}

static const struct psvm_intercepts none;
static const struct psvm_intercepts all = { { UINT32_MAX, UINT32_MAX, UINT32_MAX,
					      UINT32_MAX, UINT32_MAX, UINT32_MAX } };

/* The class of an exit, by APM appendix C; 32: none. */
static unsigned int class_of(uint64_t exit_code, bool intercepted_in_01)
{
	switch (exit_code) {
	case 0x060:
		return 0; /* INTR */
	case 0x061:
		return 1; /* NMI */
	case 0x400:
		return 2; /* NPF */
	case 0x081:
		return 4; /* VMMCALL */
	case UINT64_MAX:
		return 5; /* INVALID */
	case 0x064:
		return 6; /* VINTR */
	default: /* an exception that 01 intercepts */
		return intercepted_in_01 && exit_code >= 0x40 && exit_code < 0x60 ? 3 : 32;
	}
}

static void check_routing(const struct psvm_rules *rules, unsigned int class,
			  uint64_t exit_code)
{
	struct psvm_intercepts exceptions = { { 0, 0, UINT32_MAX, 0, 0, 0 } };
	struct psvm_nested n = { .facts = 0 };

	assert_int_equal(psvm_route_exit(rules, n, exit_code, none, none),
			 class_of(exit_code, false) == class ? PSVM_L1 : PSVM_L0);
	assert_int_equal(psvm_route_exit(rules, n, exit_code, none, exceptions),
			 class_of(exit_code, true) == class ? PSVM_L1 : PSVM_L0);
}

/* Each class alone is L1's, whatever 12 intercepts. */
static void test_classes(void **state)
{
	(void)state;
	for (unsigned int class = 0; class < 32; class++) {
		struct psvm_rules rules = no_rules();

		always(&rules, PSVM_CELL_ROUTE_L1, UINT64_C(1) << class);
		for (uint64_t code = 0; code < 0x410; code++)
			check_routing(&rules, class, code);
		for (uint64_t code = 0; code < 4; code++)
			check_routing(&rules, class, UINT64_MAX - code);
	}
}

/* --- what is asked and not moved ----------------------------------------- */

static uint32_t bit_of(uint64_t word, unsigned int from, unsigned int to)
{
	return (uint32_t)(word >> from & 1) << to;
}

/* psvm/rules.h in bits: those of 060h and 00Ch are in APM table B-1. */
static uint32_t conditions_by_hand(const struct psvm_nested *n)
{
	return (n->facts & 0xffff) |
	       (bit_of(n->facts, 12, 16) & bit_of(n->v12.int_ctl, 25, 16)) |
	       (bit_of(n->facts, 13, 17) & bit_of(n->v12.int_ctl, 26, 17)) |
	       bit_of(n->v12.int_ctl, 24, 18) | bit_of(n->v12.int_ctl, 26, 19) |
	       bit_of(n->v01.misc1, 4, 20) | bit_of(n->v02.misc1, 4, 21) |
	       bit_of(n->v12.misc1, 4, 22) | bit_of(n->v12.misc1, 0, 23) |
	       bit_of(n->v12.misc1, 1, 24) | bit_of(n->v12.misc1, 24, 25) |
	       bit_of(n->v02.int_ctl, 8, 26) | bit_of(n->v12.int_ctl, 8, 27) |
	       bit_of(n->v01.int_ctl, 11, 28) | bit_of(n->v02.int_ctl, 25, 29) |
	       bit_of(n->nmis != 0, 0, 30);
}

/* Each bit of the input changed, on zeros and on ones. */
static void test_conditions(void **state)
{
	struct psvm_nested n;
	unsigned char *bytes = (unsigned char *)&n;

	(void)state;
	for (unsigned int i = 0; i < 2 * 8 * sizeof(n); i++) {
		memset(&n, i & 1 ? UINT8_MAX : 0, sizeof(n));
		bytes[i / 16] ^= (unsigned char)(1U << i / 2 % 8);
		if (psvm_conditions(n) != conditions_by_hand(&n))
			fail_msg("byte %u, bit %u", i / 16, i / 2 % 8);
	}
}

/* What a bit of a cell takes from what it gets with no bit, or adds. */
static void check_merged(enum psvm_cell_id cell, uint64_t bits, struct psvm_intercepts i01,
			 struct psvm_intercepts want)
{
	struct psvm_rules rules = no_rules();
	struct psvm_nested n = { .facts = 0 };
	struct psvm_intercepts got;

	always(&rules, PSVM_CELL_MERGE_WORDS, 0x3f);
	always(&rules, cell, bits);
	got = psvm_merge_intercepts(&rules, n, none, i01);
	if (memcmp(&got, &want, sizeof(got)) != 0)
		fail_msg("cell %d, bits 0x%llx", cell, (unsigned long long)bits);
}

static void test_merged_words(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		struct psvm_intercepts want = none;

		if (bit < 6)
			want.word[bit] = UINT32_MAX;
		check_merged(PSVM_CELL_MERGE_WORDS, UINT64_C(1) << bit, all, want);
	}
}

static void test_merged_bits(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t bits = UINT64_C(1) << bit;
		struct psvm_intercepts cr = all, misc1 = all, misc2 = all, set = none;

		cr.word[0] &= ~(uint32_t)bits;
		misc1.word[3] &= ~(uint32_t)bits;
		misc2.word[4] &= ~(uint32_t)bits;
		set.word[0] |= (uint32_t)bits;
		check_merged(PSVM_CELL_MERGE_DROP_CR, bits, all, cr);
		check_merged(PSVM_CELL_MERGE_DROP_MISC1, bits, all, misc1);
		check_merged(PSVM_CELL_MERGE_DROP_MISC2, bits, all, misc2);
		check_merged(PSVM_CELL_MERGE_SET_CR, bits, none, set);
	}
}

/* A rule of the merge may ask for intercepts: for those that are merged. */
static void test_merged_conditions(void **state)
{
	struct psvm_rules rules = no_rules();
	struct psvm_nested n = { .v12 = { .misc1 = UINT32_MAX },
				 .v01 = { .misc1 = UINT32_MAX } };
	struct psvm_move *move = rules.cell[PSVM_CELL_MERGE_SET_CR].move;
	struct psvm_intercepts i12 = none, i01 = none;

	(void)state;
	move[0] = (struct psvm_move){ 1, PSVM_C(VINTR_12), 0 };
	move[1] = (struct psvm_move){ 2, PSVM_C(VINTR_01), 0 };
	assert_int_equal(psvm_merge_intercepts(&rules, n, none, none).word[0], 0);
	i12.word[3] = i01.word[3] = 0x10;
	assert_int_equal(psvm_merge_intercepts(&rules, n, i12, none).word[0], 1);
	assert_int_equal(psvm_merge_intercepts(&rules, n, none, i01).word[0], 2);
}

/* A flag is bit 0; the others of such a cell say nothing. */
static void test_flag(void **state)
{
	struct psvm_rules rules = no_rules();
	struct psvm_nested n = { .facts = 0 };

	(void)state;
	always(&rules, PSVM_CELL_ENTER_INVALID, ~UINT64_C(1));
	assert_int_equal(psvm_enter(&rules, n).outcome, PSVM_DONE);
	always(&rules, PSVM_CELL_ENTER_INVALID, 1);
	assert_int_equal(psvm_enter(&rules, n).outcome, PSVM_VMEXIT_INVALID);
}

static const struct {
	const char *name;
	CMUnitTestFunction test;
} others[] = {
	{ "requests of VMRUN", test_requests_of_vmrun },
	{ "order of enter", test_order_of_enter },
	{ "event of a window", test_event_of_window },
	{ "order of NMIs", test_order_of_nmis },
	{ "classes of exits", test_classes },
	{ "conditions", test_conditions },
	{ "words that are merged", test_merged_words },
	{ "bits of the merge", test_merged_bits },
	{ "conditions of the merge", test_merged_conditions },
	{ "flags", test_flag },
};

int main(void)
{
	static struct CMUnitTest tests[N_ROWS(rows) + N_ROWS(others)];

	for (size_t i = 0; i < N_ROWS(rows); i++)
		tests[i] = check_case(rows[i].name, test_move, &rows[i]);
	for (size_t i = 0; i < N_ROWS(others); i++)
		tests[N_ROWS(rows) + i] = check_case(others[i].name, others[i].test, NULL);
	return cmocka_run_group_tests_name("moves", tests, NULL, NULL) != 0;
}
