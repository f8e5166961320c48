/* SPDX-License-Identifier: MIT */
/*
 * psvm/pages.h: what each function gathers, calls, stores and returns.
 *
 * The transitions on words are any functions here: they return what they like, but
 * refuse by rule set and facts alone, as any_rules.c proves that they do. So what is
 * proved holds for every rule set and every result, and nested.c says which result.
 */
#define PSVM_EXTERN
#include "proof.h"

#include "image.h"
#include "same.h"
#include "psvm/pages.h"
#include "psvm/rule_sets.h"
#include "psvm/steps_impl.h"

/*
 * The beginning of a page: an access to the state save area is one outside the object.
 * CBMC is to know the words up to the clean bits one by one, and the rest as a whole.
 */
struct area {
	struct {
		uint64_t word[0x0c8 / 8];
	} head;
	struct {
		uint64_t word[(PSVM_VMCB_CONTROL_SIZE - 0x0c8) / 8];
	} rest;
};
ANY(struct area, area);
ANY(struct psvm_result, result);
ANY(struct psvm_status, status);
ANY(struct psvm_intercepts, intercepts);
ANY(struct psvm_nested, nested);
ANY(uint64_t, u64);
ANY(uint32_t, u32);
ANY(uint8_t, u8);
ANY(bool, bool);

/* --- the pages of one virtual CPU ---------------------------------------- */

struct world {
	struct area vmcb01, vmcb02, snapshot, vmcb12;
};

static struct area vmcb01, vmcb02, snapshot, vmcb12;
static struct world before; /* the same when the function was called */

static struct psvm_pages pages;
static int some_context;

enum { SNAPSHOT = 1, VMCB02 = 2, VMCB01 = 4, VMCB12 = 8, ALL = 15 };

static void use_pages(unsigned int there)
{
	pages.vmcb01 = there & VMCB01 ? (struct psvm_vmcb *)&vmcb01 : NULL;
	pages.vmcb02 = there & VMCB02 ? (struct psvm_vmcb *)&vmcb02 : NULL;
	pages.snapshot = there & SNAPSHOT ? (struct psvm_vmcb_control *)&snapshot : NULL;
	pages.vmcb12 = there & VMCB12 ? &vmcb12 : NULL;
}

/* Any contents. */
static void some_pages(void)
{
	before.vmcb01 = vmcb01 = nondet_area();
	before.vmcb02 = vmcb02 = nondet_area();
	before.snapshot = snapshot = nondet_area();
	before.vmcb12 = vmcb12 = nondet_area();
	use_pages(ALL);
	pages.context = &some_context;
	pages.facts = nondet_u32();
	pages.nmis = nondet_u8();
	pages.vector = nondet_u8();
	pages.external = nondet_u8();
}

/* --- the transitions on words: any --------------------------------------- */

/* What the rule set and the facts of the proof lead to: the same in every call. */
static const struct psvm_rules *const the_rules = &psvm_rules_exact;
static struct psvm_status verdict;
static const struct psvm_status fine = { PSVM_OK, 0, 0 };

/* The last call: its input and its result. */
static const struct psvm_rules *given_rules;
static struct psvm_nested given;
static enum psvm_step_ given_step;
static struct psvm_result returned;
static unsigned int runs;
static bool asks; /* may request anything (any_rules.c) */

/* The functions of psvm/nested.h are the real ones, down to what those of psvm/pages.h
 * call, too. */
void psvm_run_(struct psvm_result *r, const struct psvm_rules *rules,
	       const struct psvm_nested *n, enum psvm_step_ step)
{
	struct psvm_status null = { PSVM_E_NULL, PSVM_AT_RULES, 0 };
	struct psvm_status status = rules == NULL ? null : verdict;

	given_rules = rules;
	given = *n;
	given_step = step;
	runs++;
	if (status.code != PSVM_OK) {
		returned = refusal(*n, status);
	} else {
		returned = nondet_result();
		returned.status = status;
		if (!asks)
			returned.requests = 0;
	}
	*r = returned;
}

static unsigned int merges;
static const struct psvm_rules *merge_rules;
static struct psvm_nested merge_given;
static struct psvm_intercepts given12, given01, merged;

void psvm_merge_(struct psvm_intercepts *i12, const struct psvm_rules *rules,
		 const struct psvm_nested *n, struct psvm_intercepts *i01)
{
	merges++;
	merge_rules = rules;
	merge_given = *n;
	given12 = *i12;
	given01 = *i01;
	*i01 = nondet_intercepts();
	*i12 = merged = nondet_intercepts();
}

static uint64_t given_exit;
static uint32_t routed;

uint32_t psvm_route_(const struct psvm_rules *rules, const struct psvm_nested *n,
		     uint64_t exit_code, const struct psvm_intercepts *i12,
		     const struct psvm_intercepts *i01)
{
	given_rules = rules;
	given = *n;
	given12 = *i12;
	given01 = *i01;
	given_exit = exit_code;
	routed = nondet_u32();
	return routed;
}

/* As vmcb.c proves it to be: the bytes (image.h). */
void psvm_vmcb_control_load(struct psvm_vmcb_control *control, const volatile void *bytes)
{
	*(struct area *)control = *(const volatile struct area *)bytes;
}

/* --- what is to happen --------------------------------------------------- */

/* A page begins with its control area. */
#define CONTROL(page) ((struct psvm_vmcb_control *)&(page))

static struct psvm_words words_of(const struct psvm_vmcb_control *c)
{
	return (struct psvm_words){ c->int_ctl,	      c->int_state,	  c->event_inj,
				    c->exit_int_info, c->intercept_misc1, c->tlb_control };
}

static struct psvm_intercepts intercepts_of(const struct psvm_vmcb_control *c)
{
	return (struct psvm_intercepts){ { c->intercept_cr, c->intercept_dr,
					   c->intercept_exceptions, c->intercept_misc1,
					   c->intercept_misc2, c->intercept_misc3 } };
}

static void put_words(struct psvm_vmcb_control *c, const struct psvm_words *w)
{
	c->int_ctl = w->int_ctl;
	c->int_state = w->int_state;
	c->event_inj = w->event_inj;
	c->exit_int_info = w->exit_int_info;
	c->intercept_misc1 = w->misc1;
	c->tlb_control = w->tlb_control;
}

/* Fields of vmcb12, at their offsets in APM table B-1. */
static void put_fields(struct area *vmcb, const struct psvm_words *w, uint32_t fields)
{
	if (fields & PSVM_F_INT_CTL)
		put(vmcb, 0x060, 4, w->int_ctl);
	if (fields & PSVM_F_INT_VECTOR)
		put(vmcb, 0x064, 4, w->int_ctl >> 32);
	if (fields & PSVM_F_INT_STATE)
		put(vmcb, 0x068, 8, w->int_state);
	if (fields & PSVM_F_INT_SHADOW)
		put(vmcb, 0x068, 1, w->int_state);
	if (fields & PSVM_F_EVENT_INJ)
		put(vmcb, 0x0a8, 8, w->event_inj);
	if (fields & PSVM_F_EXIT_INT_INFO)
		put(vmcb, 0x088, 8, w->exit_int_info);
	if (fields & PSVM_F_TLB_CONTROL)
		put(vmcb, 0x05c, 1, w->tlb_control);
}

static void prove_intercepts(const struct psvm_intercepts *got,
			     const struct psvm_intercepts *want)
{
	for (unsigned int i = 0; i < 6; i++)
		PROVE(got->word[i] == want->word[i]);
}

static void prove_nested(const struct psvm_nested *n, const struct world *w)
{
	struct psvm_words v12 = words_of(CONTROL(w->snapshot));
	struct psvm_words v02 = words_of(CONTROL(w->vmcb02));
	struct psvm_words v01 = words_of(CONTROL(w->vmcb01));

	PROVE_WORDS(n->v12, v12);
	PROVE_WORDS(n->v02, v02);
	PROVE_WORDS(n->v01, v01);
	PROVE(n->facts == pages.facts);
	PROVE(n->nmis == pages.nmis);
	PROVE(n->vector == pages.vector);
	PROVE(n->external == pages.external);
}

/* Every byte of every page: those behind the areas have not been accessed. */
#define PROVE_BYTES(got, want) \
	for (unsigned int i = 0; i < sizeof((got).word) / 8; i++) \
		PROVE((got).word[i] == (want).word[i]);
#define PROVE_AREA(got, want) \
	PROVE_BYTES((got).head, (want).head) \
	PROVE_BYTES((got).rest, (want).rest)

static void prove_world(const struct world *want)
{
	PROVE_AREA(vmcb01, want->vmcb01)
	PROVE_AREA(vmcb02, want->vmcb02)
	PROVE_AREA(snapshot, want->snapshot)
	PROVE_AREA(vmcb12, want->vmcb12)
}

/* --- what each transition stores besides words and clean bits of 02 and 01 - */

static void store_no_more(struct world *want)
{
	(void)want;
}

static void store_snapshot(struct world *want)
{
	put_words(CONTROL(want->snapshot), &returned.v12);
}

static void store_vmcb12(struct world *want)
{
	put_fields(&want->vmcb12, &returned.v12, returned.store12);
}

/* 15.5.1: a failed VMRUN. */
static void store_failure(struct world *want)
{
	store_vmcb12(want);
	put(&want->vmcb12, 0x070, 8, UINT64_MAX); /* EXITCODE */
	put(&want->vmcb12, 0x078, 8, 0);
	put(&want->vmcb12, 0x080, 8, 0);
	PROVE(merges == 0);
}

/* The intercepts but 00Ch, which is a word of the transition; clean bit I. */
static void store_merged(struct world *want)
{
	struct psvm_vmcb_control *c = CONTROL(want->vmcb02);
	struct psvm_intercepts i12 = intercepts_of(CONTROL(want->snapshot));
	struct psvm_intercepts i01 = intercepts_of(CONTROL(want->vmcb01));
	struct psvm_intercepts old = intercepts_of(c);

	PROVE(merges == 1 && merge_rules == the_rules);
	prove_nested(&merge_given, want);
	prove_intercepts(&given12, &i12);
	prove_intercepts(&given01, &i01);
	c->intercept_cr = merged.word[0];
	c->intercept_dr = merged.word[1];
	c->intercept_exceptions = merged.word[2];
	c->intercept_misc2 = merged.word[4];
	c->intercept_misc3 = merged.word[5];
	for (unsigned int i = 0; i < 6; i++)
		if (i != 3 && old.word[i] != merged.word[i])
			c->clean &= ~UINT32_C(1);
}

static void store_entered(struct world *want)
{
	if (returned.outcome == PSVM_VMEXIT_INVALID)
		store_failure(want);
	else
		store_merged(want);
}

/* --- the proofs ---------------------------------------------------------- */

/* What the function is to leave, as far as the transition has decided it. */
static void (*stores)(struct world *want);

static struct world wanted(void)
{
	struct world want = before;

	put_words(CONTROL(want.vmcb02), &returned.v02);
	CONTROL(want.vmcb02)->clean &= ~returned.dirty02;
	put_words(CONTROL(want.vmcb01), &returned.v01);
	CONTROL(want.vmcb01)->clean &= ~returned.dirty01;
	stores(&want);
	return want;
}

/* The callback comes after the stores. */
static unsigned int requests_made;

static void on_request(void *context, uint32_t requests)
{
	struct world want = wanted();

	PROVE(context == &some_context);
	PROVE(requests == returned.requests && requests != 0);
	prove_world(&want);
	requests_made++;
}

/* The first page that is missing, in the order of psvm_where. */
static uint32_t missing(unsigned int there, unsigned int needs)
{
	unsigned int lacks = needs & ~there;

	return lacks & SNAPSHOT ? PSVM_AT_SNAPSHOT :
	       lacks & VMCB02   ? PSVM_AT_VMCB02 :
	       lacks & VMCB01   ? PSVM_AT_VMCB01 :
	       lacks & VMCB12   ? PSVM_AT_VMCB12 :
				  0;
}

static void prove_missed(struct psvm_result got, uint32_t where)
{
	struct psvm_nested none = { .facts = 0 };
	struct psvm_status status = { PSVM_E_NULL, where, 0 };

	prove_same(got, refusal(none, status));
}

/* Which step a transition on words is: it says so itself. */
static enum psvm_step_ step_of(struct psvm_result (*of_words)(const struct psvm_rules *,
							       struct psvm_nested))
{
	(void)of_words(the_rules, given);
	PROVE(runs == 1);
	runs = 0;
	return given_step;
}

/* Three proofs: a page is missing; the transition refuses; it does not. */
#define WITHOUT_A_PAGE(function, needs) \
	void proof_##function##_without_a_page(void) \
	{ \
		pages.request = on_request; \
		some_pages(); \
		for (unsigned int there = 0; there < ALL; there++) { \
			if (missing(there, needs) == 0) \
				continue; \
			use_pages(there); \
			prove_missed(function(the_rules, &pages), missing(there, needs)); \
		} \
		prove_missed(function(the_rules, NULL), PSVM_AT_PAGES); \
		PROVE(requests_made == 0); \
		prove_world(&before); \
		REACHED(#function " without a page"); \
	}

#define REFUSED(function) \
	void proof_##function##_refused(void) \
	{ \
		pages.request = on_request; \
		verdict = nondet_status(); \
		GIVEN(verdict.code != PSVM_OK); \
		some_pages(); \
		prove_same(function(the_rules, &pages), returned); \
		PROVE(given_rules == the_rules); \
		PROVE(requests_made == 0); \
		prove_world(&before); \
		REACHED(#function " refused"); \
	}

#define DONE(function, of_words, may_ask, store) \
	void proof_##function(void) \
	{ \
		enum psvm_step_ step = step_of(of_words); \
		struct world want; \
		\
		pages.request = nondet_bool() ? on_request : NULL; \
		asks = may_ask; \
		stores = store; \
		verdict = fine; \
		some_pages(); \
		prove_same(function(the_rules, &pages), returned); \
		PROVE(runs == 1 && given_step == step && given_rules == the_rules); \
		prove_nested(&given, &before); \
		PROVE(requests_made == (pages.request != NULL && returned.requests != 0)); \
		want = wanted(); \
		prove_world(&want); \
		REACHED(#function); \
	}

#define TRANSITION(function, of_words, may_ask, needs, store) \
	WITHOUT_A_PAGE(function, needs) REFUSED(function) \
	DONE(function, of_words, may_ask, store)

#define ON_02_01 (SNAPSHOT | VMCB02 | VMCB01)
TRANSITION(psvm_vmcb_enter, psvm_enter, true, ALL, store_entered)
TRANSITION(psvm_vmcb_reenter, psvm_reenter, true, ALL, store_entered)
TRANSITION(psvm_vmcb_window_open, psvm_window_open, false, ON_02_01, store_no_more)
TRANSITION(psvm_vmcb_window_close, psvm_window_close, true, ON_02_01, store_no_more)
TRANSITION(psvm_vmcb_refresh, psvm_refresh, false, ON_02_01, store_snapshot)
TRANSITION(psvm_vmcb_nested_sync_int_ctl, psvm_nested_sync_int_ctl, true, ALL, store_vmcb12)
WITHOUT_A_PAGE(psvm_vmcb_snapshot, SNAPSHOT | VMCB12)
REFUSED(psvm_vmcb_snapshot)

/* The control area of vmcb12 as it is, but for the words: those of psvm_snapshot(). */
void proof_psvm_vmcb_snapshot(void)
{
	struct psvm_words none = { .int_ctl = 0 }, v12;
	enum psvm_step_ step = step_of(psvm_snapshot);
	struct world want;

	pages.request = on_request;
	verdict = fine;
	some_pages();
	prove_same(psvm_vmcb_snapshot(the_rules, &pages), returned);
	PROVE(given_step == step && given_rules == the_rules && given.facts == pages.facts);
	want = before;
	want.snapshot = before.vmcb12;
	v12 = words_of(CONTROL(want.snapshot));
	PROVE_WORDS(given.v12, v12);
	PROVE_WORDS(given.v02, none);
	PROVE_WORDS(given.v01, none);
	put_words(CONTROL(want.snapshot), &returned.v12);
	PROVE(requests_made == 0);
	prove_world(&want);
	REACHED("psvm_vmcb_snapshot");
}

void proof_psvm_vmcb_route_exit(void)
{
	struct psvm_intercepts i12, i01;

	some_pages();
	for (unsigned int there = 0; there < ALL; there++) {
		if (missing(there, ON_02_01) == 0)
			continue;
		use_pages(there);
		PROVE(psvm_vmcb_route_exit(the_rules, &pages) == PSVM_L0);
	}
	PROVE(psvm_vmcb_route_exit(the_rules, NULL) == PSVM_L0);
	use_pages(ALL);
	PROVE(psvm_vmcb_route_exit(the_rules, &pages) == routed);
	PROVE(given_rules == the_rules);
	prove_nested(&given, &before);
	PROVE(given_exit == CONTROL(before.vmcb02)->exit_code);
	i12 = intercepts_of(CONTROL(before.snapshot));
	i01 = intercepts_of(CONTROL(before.vmcb01));
	prove_intercepts(&given12, &i12);
	prove_intercepts(&given01, &i01);
	prove_world(&before);
	REACHED("psvm_vmcb_route_exit");
}

/* What is proved of the questions on words holds of those on pages. */
void proof_questions_are_shared(void)
{
	struct psvm_nested n = nondet_nested();
	struct psvm_intercepts i12 = nondet_intercepts(), i01 = nondet_intercepts();
	struct psvm_intercepts got = psvm_merge_intercepts(the_rules, n, i12, i01);
	uint64_t exit_code = nondet_u64();

	PROVE(merges == 1 && merge_rules == the_rules);
	prove_intercepts(&got, &merged);
	prove_intercepts(&given12, &i12);
	prove_intercepts(&given01, &i01);
	PROVE(merge_given.v12.int_ctl == n.v12.int_ctl && merge_given.facts == n.facts);
	PROVE(merge_given.v12.misc1 == i12.word[3] && merge_given.v01.misc1 == i01.word[3]);
	PROVE(psvm_route_exit(the_rules, n, exit_code, i12, i01) == routed);
	PROVE(given_rules == the_rules && given_exit == exit_code);
	PROVE(given.v12.int_ctl == n.v12.int_ctl && given.facts == n.facts);
	prove_intercepts(&given12, &i12);
	prove_intercepts(&given01, &i01);
	REACHED("the questions");
}
