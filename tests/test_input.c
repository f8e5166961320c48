/* SPDX-License-Identifier: MIT */
/*
 * Bad input: what the status says, and that nothing else happens.
 *
 * Compiled with PSVM_EXTERN this tests the external forms, else the inline ones; with
 * PSVM_BRIEF on fewer states.
 */
#define _DEFAULT_SOURCE

#include "check.h"

#include "psvm/nested.h"
#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- what can be asked --------------------------------------------------- */

typedef struct psvm_result transition_function(const struct psvm_rules *rules,
					       struct psvm_nested n);

/* The functions with a result, and the cells that each reads (psvm/rules.h). */
static const struct transition {
	const char *name;
	transition_function *run;
	uint32_t first, last;
} transitions[] = {
	{ "snapshot", psvm_snapshot, PSVM_CELL_SNAPSHOT_INT_CTL,
	  PSVM_CELL_SNAPSHOT_TLB_CONTROL },
	{ "enter", psvm_enter, PSVM_CELL_ENTER_INVALID, PSVM_CELL_HANDBACK_CLOSE },
	{ "reenter", psvm_reenter, PSVM_CELL_ENTER_INVALID, PSVM_CELL_HANDBACK_CLOSE },
	{ "window_open", psvm_window_open, PSVM_CELL_MERGE_WORDS,
	  PSVM_CELL_WINDOW_EVENT },
	{ "window_close", psvm_window_close, PSVM_CELL_MERGE_WORDS,
	  PSVM_CELL_CLOSE_REQUEST },
	{ "refresh", psvm_refresh, PSVM_CELL_REFRESH_TO_12, PSVM_CELL_REFRESH_FIELDS },
	{ "nested_sync_int_ctl", psvm_nested_sync_int_ctl, PSVM_CELL_CLOSE_IN_01,
	  PSVM_CELL_HANDBACK_CLOSE }
};

/* An answer that says "nothing is known": the plain union, L0, wait. */
static const struct psvm_intercepts i12 = { { 1, 2, 4, 8, 16, 32 } };
static const struct psvm_intercepts i01 = {
	{ 0x100, 0x200, 0x400, 0x810, 0x1002, 0x2000 }
};

static bool merges_all(const struct psvm_rules *rules, struct psvm_nested n)
{
	struct psvm_intercepts merged = psvm_merge_intercepts(rules, n, i12, i01);

	for (unsigned i = 0; i < 6; i++)
		if (merged.word[i] != (i12.word[i] | i01.word[i]))
			return false;
	return true;
}

static bool routes_to_l0(const struct psvm_rules *rules, struct psvm_nested n)
{
	return psvm_route_exit(rules, n, PSVM_EXIT_INVALID, i12, i01) == PSVM_L0;
}

static bool waits(const struct psvm_rules *rules, struct psvm_nested n)
{
	return psvm_interrupt_arrives(rules, n) == PSVM_WAIT;
}

/* The functions without a status. */
static const struct question {
	const char *name;
	bool (*declines)(const struct psvm_rules *rules, struct psvm_nested n);
	uint32_t first, last;
} questions[] = {
	{ "merge_intercepts", merges_all, PSVM_CELL_MERGE_WORDS, PSVM_CELL_MERGE_SET_CR },
	{ "route_exit", routes_to_l0, PSVM_CELL_ROUTE_L0, PSVM_CELL_ROUTE_L1 },
	{ "interrupt_arrives", waits, PSVM_CELL_OPEN, PSVM_CELL_CLOSED_WINDOW }
};

/* --- one input, in which every function of linux-6.1 does something ------- */

static struct psvm_nested sensible(void)
{
	struct psvm_nested n = {
		.v12 = { UINT64_C(0xabcdef51020f0109), UINT64_MAX, UINT64_C(0x80000361),
			 7, PSVM_INTERCEPT_NMI, 0xfb },
		.v02 = { UINT64_C(0x9990000001000203), 1, UINT64_C(0x61), 9,
			 PSVM_INTERCEPT_NMI, 1 },
		.v01 = { UINT64_C(0x0000000003000200), 2, 3, 4, PSVM_INTERCEPT_INTR, 5 },
		.facts = PSVM_C(L1_GIF) | PSVM_C(L1_IF) | PSVM_C(HOST_VGIF),
		.nmis = 2,
		.vector = 0x31,
		.external = 1
	};

	return n;
}

static bool words_equal(const struct psvm_words *a, const struct psvm_words *b)
{
	return a->int_ctl == b->int_ctl && a->int_state == b->int_state &&
	       a->event_inj == b->event_inj && a->exit_int_info == b->exit_int_info &&
	       a->misc1 == b->misc1 && a->tlb_control == b->tlb_control;
}

static bool untouched(const struct psvm_nested *n, const struct psvm_result *r)
{
	return words_equal(&n->v12, &r->v12) && words_equal(&n->v02, &r->v02) &&
	       words_equal(&n->v01, &r->v01);
}

static bool nothing_to_do(const struct psvm_result *r)
{
	return r->requests == 0 && r->store12 == 0 && r->dirty01 == 0 &&
	       r->dirty02 == 0 && r->outcome == PSVM_DONE && r->nmi_change == 0 &&
	       r->reserved == 0;
}

static bool status_is(struct psvm_status status, uint32_t code, uint32_t where,
		      uint64_t bits)
{
	return status.code == code && status.where == where && status.bits == bits;
}

static void print_status(const char *who, struct psvm_status got)
{
	print_error("%s: status { %" PRIu32 ", %" PRIu32 ", %#" PRIx64 " }\n", who,
		    got.code, got.where, got.bits);
}

static void expect_status(const char *who, struct psvm_status got, uint32_t code,
			  uint32_t where, uint64_t bits)
{
	if (!status_is(got, code, where, bits))
		print_status(who, got);
	assert_int_equal(got.code, code);
	assert_int_equal(got.where, where);
	assert_int_equal(got.bits, bits);
}

/* Refused, with exactly this status, and with nothing changed. */
static void expect_refused(const struct transition *t, const struct psvm_rules *rules,
			   struct psvm_nested n, struct psvm_status want)
{
	struct psvm_result r = t->run(rules, n);
	bool ok = untouched(&n, &r) && nothing_to_do(&r) &&
		  r.gif == (n.facts >> PSVM_C_L1_GIF_BIT & 1);

	if (!ok) {
		print_status(t->name, r.status);
		show_input(stderr, t->name, &n);
	}
	assert_true(ok);
	expect_status(t->name, r.status, want.code, want.where, want.bits);
}

static void expect_refused_by_all(const struct psvm_rules *rules, struct psvm_nested n,
				  struct psvm_status want)
{
	for (size_t i = 0; i < N_ROWS(transitions); i++)
		expect_refused(&transitions[i], rules, n, want);
	for (size_t i = 0; i < N_ROWS(questions); i++)
		assert_true(questions[i].declines(rules, n));
}

/* --- cases --------------------------------------------------------------- */

/* The control: with good rules the same input is not left alone. */
static void test_control(void **state)
{
	const struct transition *t = *state;
	const struct psvm_rules *rules = t->run == psvm_snapshot ? &psvm_rules_linux_7_2 :
								   &psvm_rules_linux_6_1;
	struct psvm_nested n = sensible();
	struct psvm_result r = t->run(rules, n);

	assert_int_equal(r.status.code, PSVM_OK);
	assert_false(untouched(&n, &r));
}

static void test_question_control(void **state)
{
	const struct question *q = *state;

	assert_false(q->declines(&psvm_rules_linux_6_1, sensible()));
}

static void test_null_rules(void **state)
{
	struct psvm_status want = { PSVM_E_NULL, PSVM_AT_RULES, 0 };
	uint64_t bits = 77;

	(void)state;
	expect_refused_by_all(NULL, sensible(), want);
	expect_status("rules_check", psvm_rules_check(NULL), want.code, want.where, 0);
	expect_status("rule", psvm_rule(NULL, sensible(), 0, &bits), want.code,
		      want.where, 0);
	assert_int_equal(bits, 77);
}

static void expect_bad_head(const struct psvm_rules *rules, struct psvm_status want)
{
	uint64_t bits = 77;

	expect_refused_by_all(rules, sensible(), want);
	expect_status("rules_check", psvm_rules_check(rules), want.code, want.where,
		      want.bits);
	expect_status("rule", psvm_rule(rules, sensible(), 0, &bits), want.code,
		      want.where, want.bits);
	assert_int_equal(bits, 77);
}

static void test_size(void **state)
{
	uint32_t size = *(const uint32_t *)*state;
	struct psvm_status want = { PSVM_E_RULES, PSVM_AT_SIZE, size };
	struct psvm_rules rules = psvm_rules_linux_6_1;

	rules.size = size;
	expect_bad_head(&rules, want);
}

static void test_reserved(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		struct psvm_rules rules = psvm_rules_linux_6_1;
		struct psvm_status want = { PSVM_E_RULES, PSVM_AT_RESERVED,
					    UINT64_C(1) << i };

		rules.reserved = UINT32_C(1) << i;
		expect_bad_head(&rules, want);
	}
}

static bool reads(uint32_t first, uint32_t last, uint32_t cell)
{
	return first <= cell && cell <= last;
}

/* A cell with a bad line: refused by the functions that read it, of no
 * consequence for the others, found by psvm_rules_check() and psvm_rule(). */
static void expect_bad_cell(const struct psvm_rules *rules, uint32_t cell, uint32_t bad)
{
	struct psvm_status want = { PSVM_E_RULES, cell, bad };
	uint64_t bits = 77;

	for (size_t i = 0; i < N_ROWS(transitions); i++) {
		const struct transition *t = &transitions[i];

		if (reads(t->first, t->last, cell))
			expect_refused(t, rules, sensible(), want);
		else
			expect_status(t->name, t->run(rules, sensible()).status, PSVM_OK,
				      0, 0);
	}
	for (size_t i = 0; i < N_ROWS(questions); i++)
		assert_int_equal(questions[i].declines(rules, sensible()),
				 reads(questions[i].first, questions[i].last, cell));
	expect_status("rules_check", psvm_rules_check(rules), want.code, cell, bad);
	expect_status("rule", psvm_rule(rules, sensible(), cell, &bits), want.code, cell,
		      bad);
	assert_int_equal(bits, 77);
}

static const struct {
	uint32_t id;
	const char *name;
} cell_rows[] = {
#define PSVM_X(name, unit, to, from, words) { PSVM_CELL_##name, #name },
	PSVM_CELLS(PSVM_X)
#undef PSVM_X
};

/* Each line of the cell, each condition asked to be 1 and 0. */
static void test_contradiction(void **state)
{
	uint32_t cell = *(const uint32_t *)*state;

	for (unsigned i = 0; i < PSVM_MOVES * PSVM_C_COUNT; i++) {
		struct psvm_rules rules = psvm_rules_linux_6_1;
		struct psvm_move *move = &rules.cell[cell].move[i % PSVM_MOVES];
		uint32_t bad = UINT32_C(1) << i / PSVM_MOVES;

		move->on = bad;
		move->off = bad;
		expect_bad_cell(&rules, cell, bad);
		move->on |= PSVM_UNLESS;
		move->off |= bad - 1; /* asked to be 0, which is no contradiction */
		expect_bad_cell(&rules, cell, bad);
	}
}

/* All contradictions of a cell are named at once. */
static void test_contradictions(void **state)
{
	uint32_t cell = *(const uint32_t *)*state;
	struct psvm_rules rules = psvm_rules_linux_6_1;

	for (unsigned i = 0; i < PSVM_MOVES; i++) {
		rules.cell[cell].move[i].on = UINT32_C(1) << 7 * i;
		rules.cell[cell].move[i].off = UINT32_C(1) << 7 * i;
	}
	expect_bad_cell(&rules, cell, 1 | 1 << 7 | 1 << 14 | 1 << 21);
}

/* Bit 31 is a flag in `on`, and in `off` a condition that does not exist. */
static void test_unknown_condition(void **state)
{
	uint32_t cell = *(const uint32_t *)*state;

	for (unsigned i = 0; i < PSVM_MOVES; i++) {
		struct psvm_rules rules = psvm_rules_linux_6_1;

		rules.cell[cell].move[i].off |= UINT32_C(1) << 31;
		expect_bad_cell(&rules, cell, UINT32_C(1) << 31);
	}
}

static uint32_t bad_facts(uint32_t facts)
{
	uint32_t bad = facts & UINT32_C(0xffff0000);

	if ((facts & PSVM_C(OFFER_VGIF)) && !(facts & PSVM_C(HOST_VGIF)))
		bad |= PSVM_C(OFFER_VGIF);
	if ((facts & PSVM_C(OFFER_VNMI)) && !(facts & PSVM_C(HOST_VNMI)))
		bad |= PSVM_C(OFFER_VNMI);
	return bad;
}

static void expect_facts(uint32_t facts)
{
	struct psvm_status want = { PSVM_E_FACT, PSVM_AT_FACTS, bad_facts(facts) };
	struct psvm_nested n = sensible();
	uint64_t bits = 77;

	n.facts = facts;
	if (want.bits != 0) {
		expect_refused_by_all(&psvm_rules_linux_6_1, n, want);
		expect_status("rule", psvm_rule(&psvm_rules_linux_6_1, n, 0, &bits),
			      want.code, want.where, want.bits);
		assert_int_equal(bits, 77);
		return;
	}
	for (size_t i = 0; i < N_ROWS(transitions); i++)
		expect_status(transitions[i].name,
			      transitions[i].run(&psvm_rules_linux_6_1, n).status,
			      PSVM_OK, 0, 0);
}

/* One bit that is no fact, alone and with facts that are. */
static void test_unknown_fact(void **state)
{
	uint32_t bit = *(const uint32_t *)*state;

	expect_facts(UINT32_C(1) << bit);
	expect_facts(UINT32_C(1) << bit | PSVM_C(L1_GIF) | PSVM_C(HOST_VGIF));
	expect_facts(UINT32_C(1) << bit | PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI));
}

/* All 2^16 combinations of facts, all ones, and each single bit. */
static void test_facts(void **state)
{
	(void)state;
	for (uint32_t facts = 0; facts < UINT32_C(0x10000); facts++)
		expect_facts(facts);
	expect_facts(UINT32_MAX);
}

static void test_rule_arguments(void **state)
{
	static const uint32_t beyond[] = { PSVM_CELL_COUNT, PSVM_CELL_COUNT + 1,
					   UINT32_MAX };
	uint64_t bits = 77;

	(void)state;
	expect_status("rule", psvm_rule(&psvm_rules_exact, sensible(), 0, NULL),
		      PSVM_E_NULL, PSVM_AT_BITS, 0);
	for (size_t i = 0; i < N_ROWS(beyond); i++)
		expect_status("rule",
			      psvm_rule(&psvm_rules_exact, sensible(), beyond[i], &bits),
			      PSVM_E_RULES, PSVM_AT_CELL, beyond[i]);
	assert_int_equal(bits, 77);
	for (uint32_t cell = 0; cell < PSVM_CELL_COUNT; cell++)
		expect_status("rule",
			      psvm_rule(&psvm_rules_exact, sensible(), cell, &bits),
			      PSVM_OK, 0, 0);
}

/* A rule set before a page that cannot be read: nothing looks beyond it. */
static void test_edge(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (sizeof(struct psvm_rules) + page - 1) / page * page;
	unsigned char *pages = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct psvm_rules *rules = (void *)(pages + size - sizeof(*rules));
	uint64_t bits;

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + size, page, PROT_NONE), 0);
	*rules = psvm_rules_linux_6_1;
	for (size_t i = 0; i < N_ROWS(transitions); i++)
		expect_status(transitions[i].name,
			      transitions[i].run(rules, sensible()).status, PSVM_OK, 0, 0);
	for (size_t i = 0; i < N_ROWS(questions); i++)
		assert_false(questions[i].declines(rules, sensible()));
	expect_status("rules_check", psvm_rules_check(rules), PSVM_OK, 0, 0);
	expect_status("rule",
		      psvm_rule(rules, sensible(), PSVM_CELL_COUNT - 1, &bits), PSVM_OK,
		      0, 0);
	assert_int_equal(munmap(pages, size + page), 0);
}

static void test_built_in(void **state)
{
	const struct psvm_rules *rules = *state;

	expect_status("rules_check", psvm_rules_check(rules), PSVM_OK, 0, 0);
}

/* --- two owners ---------------------------------------------------------- */

/* A line over three conditions: each 1, 0 or either, and perhaps `unless`. */
#define LINES (3 * 3 * 3 * 2)
static struct psvm_move line(unsigned i)
{
	struct psvm_move move = { PSVM_V_TPR, 0, 0 };

	for (unsigned k = 0; k < 3; k++, i /= 3) {
		move.on |= i % 3 == 1 ? UINT32_C(1) << k : 0;
		move.off |= i % 3 == 2 ? UINT32_C(1) << k : 0;
	}
	if (i)
		move.on |= PSVM_UNLESS;
	return move;
}

static bool applies(struct psvm_move move, uint32_t conditions)
{
	bool holds = (conditions & move.on & 7) == (move.on & 7) &&
		     (conditions & move.off) == 0;

	return (move.on & PSVM_UNLESS) ? !holds : holds;
}

static bool meet(struct psvm_move a, struct psvm_move b)
{
	for (uint32_t conditions = 0; conditions < 8; conditions++)
		if (applies(a, conditions) && applies(b, conditions))
			return true;
	return false;
}

/* The claims of 12 and 01 on one bit: all pairs of lines, by all situations, in all places. */
static void test_owners(void **state)
{
	struct psvm_rules rules = psvm_rules_linux_6_1;

	(void)state;
	for (unsigned i = 0; i < LINES * LINES; i++) {
		struct psvm_move a = line(i % LINES), b = line(i / LINES);
		bool two = meet(a, b);
		struct psvm_status status;

		memset(&rules.cell[PSVM_CELL_ENTER_FROM_12], 0, sizeof(struct psvm_cell));
		memset(&rules.cell[PSVM_CELL_ENTER_FROM_01], 0, sizeof(struct psvm_cell));
		rules.cell[PSVM_CELL_ENTER_FROM_12].move[i % PSVM_MOVES] = a;
		rules.cell[PSVM_CELL_ENTER_FROM_01].move[i / PSVM_MOVES % PSVM_MOVES] = b;
		status = psvm_rules_check(&rules);
		if (!status_is(status, two ? PSVM_E_RULES : PSVM_OK,
			       two ? PSVM_CELL_ENTER_FROM_01 : 0, two ? PSVM_V_TPR : 0))
			print_error("12 { %" PRIx32 ", %" PRIx32 " } 01 { %" PRIx32
				    ", %" PRIx32 " }: %d\n",
				    a.on, a.off, b.on, b.off, two);
		expect_status("rules_check", status, two ? PSVM_E_RULES : PSVM_OK,
			      two ? PSVM_CELL_ENTER_FROM_01 : 0, two ? PSVM_V_TPR : 0);
	}
}

/* Only the bits that both claim are named, from all pairs of lines. */
static void test_owners_bits(void **state)
{
	struct psvm_rules rules = psvm_rules_exact;

	(void)state;
	rules.cell[PSVM_CELL_ENTER_FROM_01].move[2].bits = PSVM_V_TPR | PSVM_AVIC_ENABLE;
	rules.cell[PSVM_CELL_ENTER_FROM_01].move[3].bits = PSVM_V_IRQ;
	rules.cell[PSVM_CELL_ENTER_FROM_01].move[3].on = PSVM_C(L1_IF);
	expect_status("rules_check", psvm_rules_check(&rules), PSVM_E_RULES,
		      PSVM_CELL_ENTER_FROM_01, PSVM_V_TPR | PSVM_V_IRQ);
}

/* --- totality ------------------------------------------------------------ */

#ifdef PSVM_BRIEF
#define STATES	      10000
#else
#define STATES	      1000000
#endif
#define STATES_BY_SET 16

static uint64_t random_state = 1;

/* xorshift64*: the same numbers on every machine. */
static uint64_t random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static void fill(void *object, size_t size)
{
	unsigned char *p = object;

	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t r = random64();

		memcpy(p + i, &r, size - i < sizeof(r) ? size - i : sizeof(r));
	}
}

/* Garbage of a valid size; every other time without contradictions. */
static void random_rules(struct psvm_rules *rules, bool valid)
{
	fill(rules, sizeof(*rules));
	rules->size = sizeof(*rules);
	rules->reserved = 0;
	if (!valid)
		return;
	for (unsigned i = 0; i < PSVM_CELL_COUNT * PSVM_MOVES; i++) {
		struct psvm_move *move =
			&rules->cell[i / PSVM_MOVES].move[i % PSVM_MOVES];

		/* Few conditions, so that they often hold. */
		move->on &= (uint32_t)(random64() & random64()) | PSVM_UNLESS;
		move->off &= (uint32_t)(random64() & random64()) & ~move->on & PSVM_C_ALL;
	}
}

static bool result_in_range(const struct psvm_result *r, const struct psvm_nested *n)
{
	return r->gif <= 1 && r->outcome <= PSVM_NO_WINDOW && r->reserved == 0 &&
	       r->nmi_change >= (n->nmis ? -1 : 0) && r->nmi_change <= 1 &&
	       ((r->dirty01 | r->dirty02) & ~(uint32_t)(PSVM_CLEAN_TPR | PSVM_CLEAN_I)) ==
		       0;
}

static bool total(const struct transition *t, const struct psvm_rules *rules,
		  const struct psvm_nested *n)
{
	struct psvm_result r = t->run(rules, *n);

	if (r.status.code == PSVM_OK)
		return result_in_range(&r, n);
	return r.status.where < PSVM_AT_END && r.status.bits != 0 && untouched(n, &r) &&
	       nothing_to_do(&r);
}

static bool all_total(const struct psvm_rules *rules, const struct psvm_nested *n)
{
	struct psvm_intercepts a, b;
	uint64_t bits, exit_code = random64() >> (random64() & 63);
	bool ok = true;

	fill(&a, sizeof(a));
	fill(&b, sizeof(b));
	for (size_t i = 0; i < N_ROWS(transitions); i++)
		ok = ok && total(&transitions[i], rules, n);
	(void)psvm_merge_intercepts(rules, *n, a, b);
	(void)psvm_rule(rules, *n, (uint32_t)(random64() & 127), &bits);
	return ok && psvm_route_exit(rules, *n, exit_code, a, b) <= PSVM_L1_BITMAP &&
	       psvm_interrupt_arrives(rules, *n) <= PSVM_OPEN_WINDOW &&
	       (psvm_conditions(*n) & ~PSVM_C_ALL) == 0 &&
	       psvm_rules_check(rules).code <= PSVM_E_NULL;
}

static void test_total(void **state)
{
	static struct psvm_rules rules;
	struct psvm_nested n;

	(void)state;
	for (unsigned i = 0; i < STATES; i++) {
		if (i % STATES_BY_SET == 0)
			random_rules(&rules, i / STATES_BY_SET % 4 != 0);
		fill(&n, sizeof(n));
		if (i % 4 != 0)
			n.facts = (n.facts & 0xffff & ~bad_facts(n.facts));
		if (!all_total(&rules, &n)) {
			show_input(stderr, "state", &n);
			fail_msg("state %u", i);
		}
	}
	print_message("%u states, %u rule sets\n", STATES, STATES / STATES_BY_SET);
}

/* --- the cases by name --------------------------------------------------- */

static struct CMUnitTest tests[512];
static char names[N_ROWS(tests)][80];
static size_t n_tests;

static void add(CMUnitTestFunction function, const void *row, const char *what,
		const char *name)
{
	assert_true(n_tests < N_ROWS(tests));
	snprintf(names[n_tests], sizeof(names[0]), "%s%s%s", what, *name ? ": " : "",
		 name);
	tests[n_tests] = check_case(names[n_tests], function, row);
	n_tests++;
}

static void add_cells(void)
{
	for (size_t i = 0; i < N_ROWS(cell_rows); i++) {
		add(test_contradiction, &cell_rows[i].id, "contradiction",
		    cell_rows[i].name);
		add(test_contradictions, &cell_rows[i].id, "contradictions",
		    cell_rows[i].name);
		add(test_unknown_condition, &cell_rows[i].id, "unknown condition",
		    cell_rows[i].name);
	}
}

static void add_numbers(void)
{
	static const uint32_t sizes[] = { 0, 8, sizeof(struct psvm_rules) - 64,
					  sizeof(struct psvm_rules) - 1,
					  sizeof(struct psvm_rules) + 1,
					  sizeof(struct psvm_rules) + 64, UINT32_MAX };
	static uint32_t fact_bits[16];
	char number[16];

	for (size_t i = 0; i < N_ROWS(sizes); i++) {
		snprintf(number, sizeof(number), "%" PRIu32, sizes[i]);
		add(test_size, &sizes[i], "size", number);
	}
	for (uint32_t i = 0; i < 16; i++) {
		fact_bits[i] = 16 + i;
		snprintf(number, sizeof(number), "%" PRIu32, fact_bits[i]);
		add(test_unknown_fact, &fact_bits[i], "unknown fact", number);
	}
}

int main(void)
{
	for (size_t i = 0; i < N_ROWS(transitions); i++)
		add(test_control, &transitions[i], "control", transitions[i].name);
	for (size_t i = 0; i < N_ROWS(questions); i++)
		add(test_question_control, &questions[i], "control", questions[i].name);
	for (size_t i = 0; i < N_ROWS(check_sets); i++)
		add(test_built_in, check_sets[i].rules, "rules_check",
		    check_sets[i].name);
	add(test_null_rules, NULL, "null rules", "");
	add(test_edge, NULL, "edge of a rule set", "");
	add(test_reserved, NULL, "reserved", "");
	add_numbers();
	add_cells();
	add(test_facts, NULL, "all combinations of facts", "");
	add(test_rule_arguments, NULL, "arguments of psvm_rule", "");
	add(test_owners, NULL, "two owners", "");
	add(test_owners_bits, NULL, "two owners: bits", "");
	add(test_total, NULL, "random states and rule sets", "");
	return _cmocka_run_group_tests("input", tests, n_tests, NULL, NULL) != 0;
}
