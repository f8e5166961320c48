/* SPDX-License-Identifier: MIT */
/*
 * The wrappers on pages: for every rule set and every wrapper, on pseudo-random
 * pages, what they store is what the transition on words returns, in the fields
 * that psvm/pages.h names, and no other byte of any page changes. Expected
 * places are typed here (APM table B-1), not taken from psvm's table. With PSVM_BRIEF on
 * fewer pages.
 */
#define PSVM_EXTERN
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "psvm/psvm.h"
#include "rows.h"

#ifdef PSVM_BRIEF
enum { RUNS = 15 };
#else
enum { RUNS = 50 };
#endif
enum { PAGE = 4096 };

/* Offsets and widths in a VMCB. */
static const struct place {
	const char *name;
	size_t offset, width;
} PLACES[] = {
	{ "intercepts", 0x000, 24 },   { "tlb_control", 0x05c, 1 },
	{ "int_ctl", 0x060, 4 },       { "int_state", 0x068, 1 },
	{ "exit_code", 0x070, 8 },     { "exit_info", 0x078, 16 },
	{ "exit_int_info", 0x088, 8 }, { "event_inj", 0x0a8, 8 },
	{ "clean", 0x0c0, 4 },	       { "int_vector", 0x064, 4 },
	{ "int_state 63:8", 0x069, 7 },
};

enum {
	INTERCEPTS,
	TLB,
	INT_CTL,
	INT_STATE,
	EXIT_CODE,
	EXIT_INFO,
	EXIT_INT,
	EVENT,
	CLEAN,
	VECTOR,
	INT_STATE_63_8
};
#define P(name) (1U << (name))

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void fill(void *page, size_t size)
{
	unsigned char *bytes = page;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(next_random() >> 56);
}

/* One virtual CPU, and a copy of it from before the step. */
struct cpu {
	struct psvm_vmcb vmcb01, vmcb02;
	struct psvm_vmcb_control snapshot;
	unsigned char vmcb12[PAGE];
};
static struct cpu cpu, before, at_call;

static unsigned calls;
static uint32_t requested;

static void on_request(void *context, uint32_t requests)
{
	assert_ptr_equal(context, &cpu);
	calls++;
	requested = requests;
	at_call = cpu;
}

static struct psvm_pages pages_of(uint32_t facts, uint8_t nmis)
{
	struct psvm_pages pages = { .vmcb01 = &cpu.vmcb01,
				    .vmcb02 = &cpu.vmcb02,
				    .snapshot = &cpu.snapshot,
				    .vmcb12 = cpu.vmcb12,
				    .request = on_request,
				    .context = &cpu,
				    .facts = facts,
				    .nmis = nmis,
				    .vector = 0x41,
				    .external = next_random() & 1 };

	return pages;
}

static struct psvm_words words_of(const struct psvm_vmcb_control *c)
{
	struct psvm_words w = { c->int_ctl,	      c->int_state,	  c->event_inj,
				c->exit_int_info,     c->intercept_misc1, c->tlb_control };

	return w;
}

static struct psvm_nested nested_of(const struct psvm_pages *pages)
{
	struct psvm_nested n = { .v12 = words_of(&before.snapshot),
				 .v02 = words_of(&before.vmcb02.control),
				 .v01 = words_of(&before.vmcb01.control),
				 .facts = pages->facts,
				 .nmis = pages->nmis,
				 .vector = pages->vector,
				 .external = pages->external };

	return n;
}

/* Bytes outside the places `allowed` are as they were. */
static void assert_only(const char *page, const void *now, const void *then, size_t size,
			unsigned allowed)
{
	const unsigned char *a = now, *b = then;

	for (size_t i = 0; i < size; i++) {
		bool may = false;

		for (size_t p = 0; p < sizeof(PLACES) / sizeof(PLACES[0]); p++)
			may |= (allowed & P(p)) && i >= PLACES[p].offset &&
			       i < PLACES[p].offset + PLACES[p].width;
		if (!may && a[i] != b[i])
			fail_msg("%s: byte %03zxh changed", page, i);
	}
}

static void assert_words(const char *page, const struct psvm_vmcb_control *control,
			 const struct psvm_words *want)
{
	struct psvm_words got = words_of(control);

	if (got.int_ctl != want->int_ctl || got.int_state != want->int_state ||
	    got.event_inj != want->event_inj ||
	    got.exit_int_info != want->exit_int_info || got.misc1 != want->misc1 ||
	    got.tlb_control != want->tlb_control)
		fail_msg("%s does not hold what the transition returned", page);
}

static void assert_no_words(const struct psvm_words *words)
{
	assert_true((words->int_ctl | words->int_state | words->event_inj |
		     words->exit_int_info | words->misc1 | words->tlb_control) == 0);
}

static uint64_t get(const unsigned char *image, size_t place)
{
	uint64_t value = 0;

	for (size_t i = PLACES[place].width; i-- > 0;)
		value = value << 8 | image[PLACES[place].offset + i];
	return value;
}

/* The fields of vmcb12 that were to be stored have the new value, the others the
 * old one. */
static void assert_vmcb12(const struct psvm_words *want, uint32_t fields)
{
	const struct {
		uint32_t field;
		size_t place;
		uint64_t value;
	} rows[] = {
		{ PSVM_F_INT_CTL, INT_CTL, want->int_ctl & UINT32_MAX },
		{ PSVM_F_INT_VECTOR, VECTOR, want->int_ctl >> 32 },
		{ PSVM_F_INT_STATE | PSVM_F_INT_SHADOW, INT_STATE,
		  want->int_state & UINT8_MAX },
		{ PSVM_F_INT_STATE, INT_STATE_63_8, want->int_state >> 8 },
		{ PSVM_F_EVENT_INJ, EVENT, want->event_inj },
		{ PSVM_F_EXIT_INT_INFO, EXIT_INT, want->exit_int_info },
		{ PSVM_F_TLB_CONTROL, TLB, want->tlb_control },
	};

	for (size_t i = 0; i < N_ROWS(rows); i++)
		assert_true(get(cpu.vmcb12, rows[i].place) ==
			    (fields & rows[i].field ?
				     rows[i].value :
				     get(before.vmcb12, rows[i].place)));
}

/* --- one case for each rule set and wrapper ------------------------------ */

enum wrapper { SNAPSHOT, ENTER, REENTER, OPEN, CLOSE, REFRESH, SYNC };

typedef struct psvm_result on_pages(const struct psvm_rules *rules,
				    const struct psvm_pages *pages);
typedef struct psvm_result on_words(const struct psvm_rules *rules,
				    struct psvm_nested n);

#define BACK \
	(P(INT_CTL) | P(VECTOR) | P(INT_STATE) | P(INT_STATE_63_8) | P(EVENT) | \
	 P(EXIT_INT) | P(TLB))
#define WORDS (BACK | P(INTERCEPTS) | P(CLEAN))

/* Where each wrapper may write: 02, 01, the snapshot, vmcb12. */
static const struct wrapper_row {
	const char *name;
	on_pages *pages;
	on_words *words;
	unsigned in02, in01, in_snapshot, in12;
} WRAPPERS[] = {
	[SNAPSHOT] = { "snapshot", psvm_vmcb_snapshot, psvm_snapshot, 0, 0, ~0U, 0 },
	[ENTER] = { "enter", psvm_vmcb_enter, psvm_enter, WORDS, WORDS, 0,
		    BACK | P(EXIT_CODE) | P(EXIT_INFO) },
	[REENTER] = { "reenter", psvm_vmcb_reenter, psvm_reenter, WORDS, WORDS, 0,
		      BACK | P(EXIT_CODE) | P(EXIT_INFO) },
	[OPEN] = { "window-open", psvm_vmcb_window_open, psvm_window_open, WORDS, WORDS, 0,
		   0 },
	[CLOSE] = { "window-close", psvm_vmcb_window_close, psvm_window_close, WORDS,
		    WORDS, 0, 0 },
	[REFRESH] = { "refresh", psvm_vmcb_refresh, psvm_refresh, 0, 0, BACK, 0 },
	[SYNC] = { "hand-back", psvm_vmcb_nested_sync_int_ctl, psvm_nested_sync_int_ctl,
		   WORDS, WORDS, 0, BACK },
};
enum { WRAPPER_COUNT = sizeof(WRAPPERS) / sizeof(WRAPPERS[0]) };

struct row {
	enum wrapper wrapper;
	uint32_t rule_set;
};

static uint32_t sensible_facts(void)
{
	uint32_t facts = (uint32_t)next_random() & PSVM_C_FACTS;
	uint32_t host = PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI);
	uint32_t used = (facts & host) >>
			(PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT);

	return (facts & ~(PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI))) |
	       (facts & used & (PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI)));
}

static void check_failure(const struct psvm_result *want)
{
	assert_vmcb12(&want->v12, want->store12);
	assert_true(get(cpu.vmcb12, EXIT_CODE) == UINT64_MAX);
	for (size_t i = 0x078; i < 0x088; i++)
		assert_int_equal(cpu.vmcb12[i], 0);
}

static void check_intercepts(const struct psvm_rules *rules, struct psvm_nested n)
{
	struct psvm_intercepts i12, i01, want;

	memcpy(&i12, &before.snapshot, sizeof(i12));
	memcpy(&i01, &cpu.vmcb01.control, sizeof(i01));
	want = psvm_merge_intercepts(rules, n, i12, i01);
	want.word[3] = cpu.vmcb02.control.intercept_misc1; /* enter's own */
	assert_memory_equal(&cpu.vmcb02, &want, sizeof(want));
}

/* S12: a bit may be cleared, never set, and I and TPR go with their words. */
static void check_clean(const struct psvm_vmcb *now, const struct psvm_vmcb *then)
{
	uint32_t lost = then->control.clean & ~now->control.clean;
	bool intercepts = memcmp(now, then, 24) != 0;
	bool int_ctl = now->control.int_ctl != then->control.int_ctl;

	assert_int_equal(now->control.clean & ~then->control.clean, 0);
	assert_int_equal(lost & ~(1U | 1U << 3), 0);
	assert_int_equal(lost & 1, intercepts ? then->control.clean & 1 : 0);
	assert_int_equal(lost & 8, int_ctl ? then->control.clean & 8 : 0);
}

static void run_once(const struct wrapper_row *w, const struct psvm_rules *rules)
{
	struct psvm_pages pages = pages_of(sensible_facts(), next_random() & 1);
	struct psvm_nested n;
	struct psvm_result got, want;

	fill(&cpu, sizeof(cpu));
	before = cpu;
	n = nested_of(&pages);
	if (w->words == psvm_snapshot) {
		psvm_vmcb_control_load(&before.snapshot, cpu.vmcb12);
		n.v12 = words_of(&before.snapshot);
	}
	want = w->words(rules, n);
	calls = 0;
	got = w->pages(rules, &pages);
	assert_int_equal(got.status.code, PSVM_OK);
	assert_int_equal(got.requests, want.requests);
	assert_int_equal(calls, want.requests != 0);
	if (calls) { /* after the stores */
		assert_int_equal(requested, want.requests);
		assert_memory_equal(&at_call, &cpu, sizeof(cpu));
	}
	assert_int_equal(got.gif, want.gif);
	assert_int_equal(got.nmi_change, want.nmi_change);
	assert_words("vmcb02", &cpu.vmcb02.control, &want.v02);
	assert_words("vmcb01", &cpu.vmcb01.control, &want.v01);
	if (w->in_snapshot)
		assert_words("snapshot", &cpu.snapshot, &want.v12);
	if (w->words == psvm_snapshot) { /* up to its words, vmcb12 as it was loaded */
		assert_only("snapshot", &cpu.snapshot, &before.snapshot,
			    sizeof(cpu.snapshot), BACK);
		assert_no_words(&got.v02);
		assert_no_words(&got.v01);
	}
	if (want.outcome == PSVM_VMEXIT_INVALID)
		check_failure(&want);
	else if (w->words == psvm_enter || w->words == psvm_reenter)
		check_intercepts(rules, n);
	else if (w->in12)
		assert_vmcb12(&want.v12, want.store12);
	check_clean(&cpu.vmcb02, &before.vmcb02);
	check_clean(&cpu.vmcb01, &before.vmcb01);
	assert_only("vmcb02", &cpu.vmcb02, &before.vmcb02, PAGE, w->in02);
	assert_only("vmcb01", &cpu.vmcb01, &before.vmcb01, PAGE, w->in01);
	assert_only("snapshot", &cpu.snapshot, &before.snapshot, sizeof(cpu.snapshot),
		    w->in_snapshot);
	assert_only("vmcb12", cpu.vmcb12, before.vmcb12, PAGE,
		    want.outcome == PSVM_VMEXIT_INVALID || w->words != psvm_enter ?
			    w->in12 :
			    0);
}

static void stores_what_it_returns(void **state)
{
	const struct row *row = *state;

	random_state = 0x9e3779b97f4a7c15 + row->rule_set;
	for (int i = 0; i < RUNS; i++)
		run_once(&WRAPPERS[row->wrapper], psvm_rules_builtin(row->rule_set));
}

/* --- bad input ----------------------------------------------------------- */

enum missing { NO_PAGES, NO_01, NO_02, NO_SNAPSHOT, NO_12, NO_RULES, BAD_FACTS };

/* Which wrapper needs what; the status says what was missing. */
static const struct {
	uint32_t code, where;
	unsigned wrappers;
} MISSING[] = {
	[NO_PAGES] = { PSVM_E_NULL, PSVM_AT_PAGES, ~0U },
	[NO_01] = { PSVM_E_NULL, PSVM_AT_VMCB01, ~(1U << SNAPSHOT) },
	[NO_02] = { PSVM_E_NULL, PSVM_AT_VMCB02, ~(1U << SNAPSHOT) },
	[NO_SNAPSHOT] = { PSVM_E_NULL, PSVM_AT_SNAPSHOT, ~0U },
	[NO_12] = { PSVM_E_NULL, PSVM_AT_VMCB12,
		    1U << SNAPSHOT | 1U << ENTER | 1U << REENTER | 1U << SYNC },
	[NO_RULES] = { PSVM_E_NULL, PSVM_AT_RULES, ~0U },
	[BAD_FACTS] = { PSVM_E_FACT, PSVM_AT_FACTS, ~0U },
};
enum { MISSING_COUNT = sizeof(MISSING) / sizeof(MISSING[0]) };

static void take_away(struct psvm_pages *pages, enum missing what)
{
	if (what == NO_01)
		pages->vmcb01 = NULL;
	if (what == NO_02)
		pages->vmcb02 = NULL;
	if (what == NO_SNAPSHOT)
		pages->snapshot = NULL;
	if (what == NO_12)
		pages->vmcb12 = NULL;
	if (what == BAD_FACTS)
		pages->facts |= PSVM_C(OFFER_VGIF); /* which L0 does not use */
}

/* There is nothing to return, and nothing is: not what the stack happens to hold. */
static void assert_empty(const struct psvm_result *r)
{
	assert_no_words(&r->v12);
	assert_no_words(&r->v02);
	assert_no_words(&r->v01);
	assert_int_equal(r->gif, 0);
}

static void touches_nothing(void **state)
{
	enum missing what = *(const enum missing *)*state;
	const struct psvm_rules *rules =
		what == NO_RULES ? NULL : psvm_rules_builtin(PSVM_RULE_SET_exact);

	for (size_t w = 0; w < WRAPPER_COUNT; w++) {
		struct psvm_pages pages = pages_of(0, 0);
		struct psvm_result r;

		fill(&cpu, sizeof(cpu));
		before = cpu;
		calls = 0;
		take_away(&pages, what);
		r = WRAPPERS[w].pages(rules, what == NO_PAGES ? NULL : &pages);
		if (!(MISSING[what].wrappers & 1U << w)) { /* it can do without */
			assert_int_equal(r.status.code, PSVM_OK);
			continue;
		}
		if (what < NO_RULES)
			assert_empty(&r);
		assert_int_equal(r.status.code, MISSING[what].code);
		assert_int_equal(r.status.where, MISSING[what].where);
		assert_int_equal(calls, 0);
		assert_int_equal(r.requests, 0);
		assert_memory_equal(&cpu, &before, sizeof(cpu));
	}
}

/* A cell that contradicts itself stops who reads it, and nobody else. */
static void a_bad_cell_touches_nothing(void **state)
{
	struct psvm_rules rules = *psvm_rules_builtin(PSVM_RULE_SET_exact);
	struct psvm_pages pages = pages_of(0, 0);

	(void)state;
	for (uint32_t cell = 0; cell < PSVM_CELL_COUNT; cell++) {
		const struct psvm_move move = rules.cell[cell].move[0];

		rules.cell[cell].move[0].on |= PSVM_C(L1_IF);
		rules.cell[cell].move[0].off |= PSVM_C(L1_IF);
		for (size_t w = 0; w < WRAPPER_COUNT; w++) {
			struct psvm_result r;

			fill(&cpu, sizeof(cpu));
			before = cpu;
			calls = 0;
			r = WRAPPERS[w].pages(&rules, &pages);
			if (w == SNAPSHOT)
				assert_int_equal(r.status.code != PSVM_OK,
						 cell <= PSVM_CELL_SNAPSHOT_TLB_CONTROL);
			if (r.status.code == PSVM_OK)
				continue;
			assert_int_equal(r.status.code, PSVM_E_RULES);
			assert_int_equal(r.status.where, cell);
			assert_int_equal(calls, 0);
			assert_memory_equal(&cpu, &before, sizeof(cpu));
		}
		rules.cell[cell].move[0] = move;
	}
}

static void a_null_callback_is_fine(void **state)
{
	struct psvm_pages pages = pages_of(PSVM_C(PENDING), 0);
	struct psvm_result r;

	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	pages.request = NULL;
	r = psvm_vmcb_enter(psvm_rules_builtin(PSVM_RULE_SET_exact), &pages);
	assert_int_equal(r.status.code, PSVM_OK);
	assert_int_equal(r.requests, PSVM_REQUEST_EVENT);
}

/* Enter merges six words, 00Ch among the words of the transition: each alone. What is
 * intercepted already does not count. */
static void each_intercept_word_clears_its_clean_bit(void **state)
{
	static const size_t words[] = { 0x000, 0x004, 0x008, 0x010, 0x014 };
	const struct psvm_rules *rules = psvm_rules_builtin(PSVM_RULE_SET_linux_6_12);
	struct psvm_pages pages = pages_of(0, 0);

	(void)state;
	for (size_t i = 0; i < N_ROWS(words); i++) {
		memset(&cpu, 0, sizeof(cpu));
		memset(&cpu.vmcb01, 0x01, PLACES[INTERCEPTS].width);
		memset(&cpu.vmcb02, 0x01, PLACES[INTERCEPTS].width);
		cpu.vmcb02.control.clean = UINT32_MAX;
		psvm_vmcb_enter(rules, &pages);
		assert_int_equal(cpu.vmcb02.control.clean, UINT32_MAX);
		((unsigned char *)&cpu.vmcb01)[words[i]] = 0x81;
		psvm_vmcb_enter(rules, &pages);
		assert_int_equal(cpu.vmcb02.control.clean, UINT32_MAX - 1);
		assert_int_equal(((unsigned char *)&cpu.vmcb02)[words[i]], 0x81);
	}
}

/* No rule set stores one field of vmcb12 alone; one of somebody else may. A bit that
 * stands for no field stores nothing. */
static void each_field_of_vmcb12_is_stored_alone(void **state)
{
	static const struct {
		uint32_t field;
		unsigned places;
	} fields[] = {
		{ PSVM_F_INT_CTL, P(INT_CTL) },
		{ PSVM_F_INT_STATE, P(INT_STATE) | P(INT_STATE_63_8) },
		{ PSVM_F_EVENT_INJ, P(EVENT) },
		{ PSVM_F_EXIT_INT_INFO, P(EXIT_INT) },
		{ PSVM_F_TLB_CONTROL, P(TLB) },
		{ PSVM_F_INT_VECTOR, P(VECTOR) },
		{ PSVM_F_INT_SHADOW, P(INT_STATE) },
		{ 1 << 7, 0 },
	};
	struct psvm_rules rules = *psvm_rules_builtin(PSVM_RULE_SET_exact);
	struct psvm_cell *store = &rules.cell[PSVM_CELL_HANDBACK_STORE_12];
	struct psvm_pages pages = pages_of(0, 0);
	struct psvm_result r;

	(void)state;
	memset(&rules.cell[PSVM_CELL_HANDBACK_FIELDS], 0, sizeof(*store));
	memset(&rules.cell[PSVM_CELL_HANDBACK_ZERO_12], 0, sizeof(*store));
	for (size_t i = 0; i < N_ROWS(fields); i++) {
		store->move[0] = (struct psvm_move){ fields[i].field, 0, 0 };
		fill(&cpu, sizeof(cpu));
		before = cpu;
		r = psvm_vmcb_nested_sync_int_ctl(&rules, &pages);
		assert_int_equal(r.store12, fields[i].field);
		assert_vmcb12(&r.v12, fields[i].field);
		assert_only("vmcb12", cpu.vmcb12, before.vmcb12, PAGE, fields[i].places);
	}
}

static void there_is_no_rule_set_beyond_the_last(void **state)
{
	(void)state;
	assert_non_null(psvm_rules_builtin(PSVM_RULE_SET_COUNT - 1));
	assert_null(psvm_rules_builtin(PSVM_RULE_SET_COUNT));
	assert_null(psvm_rules_builtin(UINT32_MAX));
}

static void routing_reads_the_pages(void **state)
{
	const struct psvm_rules *rules = psvm_rules_builtin(PSVM_RULE_SET_linux_6_12);
	struct psvm_pages pages = pages_of(0, 0);

	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.vmcb02.control.exit_code = 0x72; /* CPUID: 00Ch bit 18 */
	assert_int_equal(psvm_vmcb_route_exit(rules, &pages), PSVM_L0);
	cpu.snapshot.intercept_misc1 = UINT32_C(1) << 18;
	assert_int_equal(psvm_vmcb_route_exit(rules, &pages), PSVM_L1);
	cpu.vmcb02.control.exit_code = 0x4e; /* #PF: 008h bit 14, of both */
	cpu.snapshot.intercept_exceptions = UINT32_C(1) << 14;
	assert_int_equal(psvm_vmcb_route_exit(rules, &pages), PSVM_L1);
	cpu.vmcb01.control.intercept_exceptions = UINT32_C(1) << 14;
	assert_int_equal(psvm_vmcb_route_exit(rules, &pages), PSVM_L0);
	cpu.vmcb02.control.exit_code = 0x72;
	pages.vmcb02 = NULL;
	assert_int_equal(psvm_vmcb_route_exit(rules, &pages), PSVM_L0);
}

int main(void)
{
	static struct CMUnitTest tests[WRAPPER_COUNT * PSVM_RULE_SET_COUNT +
				       MISSING_COUNT + 6];
	static char names[WRAPPER_COUNT * PSVM_RULE_SET_COUNT][40];
	static struct row rows[WRAPPER_COUNT * PSVM_RULE_SET_COUNT];
	static enum missing missing[MISSING_COUNT];
	static const char *const missing_names[] = { "no pages",   "no vmcb01",
						     "no vmcb02",  "no snapshot",
						     "no vmcb12",  "no rules",
						     "bad facts" };
	static const char *const sets[] = {
#define PSVM_X(name, identifier, words) name,
		PSVM_RULE_SETS(PSVM_X)
#undef PSVM_X
	};
	size_t count = 0, row = 0;

	for (size_t i = 0; i < MISSING_COUNT; i++, count++) {
		missing[i] = (enum missing)i;
		tests[count] = (struct CMUnitTest){ missing_names[i], touches_nothing,
						    NULL, NULL, &missing[i] };
	}
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_bad_cell_touches_nothing);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_null_callback_is_fine);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(
		each_intercept_word_clears_its_clean_bit);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(
		each_field_of_vmcb12_is_stored_alone);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(
		there_is_no_rule_set_beyond_the_last);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(routing_reads_the_pages);
	for (size_t w = 0; w < WRAPPER_COUNT; w++)
		for (uint32_t set = 0; set < PSVM_RULE_SET_COUNT; set++, row++) {
			rows[row].wrapper = (enum wrapper)w;
			rows[row].rule_set = set;
			snprintf(names[row], sizeof(names[row]), "%s %s",
				 WRAPPERS[w].name, sets[set]);
			tests[count++] = (struct CMUnitTest){ names[row],
							    stores_what_it_returns, NULL,
							    NULL, &rows[row] };
		}
	return cmocka_run_group_tests_name("pages", tests, NULL, NULL) != 0;
}
