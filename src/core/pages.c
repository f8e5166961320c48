/* SPDX-License-Identifier: MIT */
#define PSVM_EXTERN
#include "psvm/pages.h"

#include "psvm/steps_impl.h"

/* --- gathering and storing words ----------------------------------------- */

static void words_of(struct psvm_words *words, const struct psvm_vmcb_control *control)
{
	words->int_ctl = control->int_ctl;
	words->int_state = control->int_state;
	words->event_inj = control->event_inj;
	words->exit_int_info = control->exit_int_info;
	words->misc1 = control->intercept_misc1;
	words->tlb_control = control->tlb_control;
}

static void store_words(struct psvm_vmcb_control *control, const struct psvm_words *words,
			uint32_t dirty)
{
	control->int_ctl = words->int_ctl;
	control->int_state = words->int_state;
	control->event_inj = words->event_inj;
	control->exit_int_info = words->exit_int_info;
	control->intercept_misc1 = words->misc1;
	control->tlb_control = words->tlb_control;
	control->clean &= ~dirty;
}

static void intercepts_of(struct psvm_intercepts *i,
			  const struct psvm_vmcb_control *control)
{
	i->word[0] = control->intercept_cr;
	i->word[1] = control->intercept_dr;
	i->word[2] = control->intercept_exceptions;
	i->word[3] = control->intercept_misc1;
	i->word[4] = control->intercept_misc2;
	i->word[5] = control->intercept_misc3;
}

static void facts_of(struct psvm_nested *n, const struct psvm_pages *pages)
{
	n->facts = pages->facts;
	n->nmis = pages->nmis;
	n->vector = pages->vector;
	n->external = pages->external;
}

static void nested_of(struct psvm_nested *n, const struct psvm_pages *pages)
{
	words_of(&n->v12, pages->snapshot);
	words_of(&n->v02, &pages->vmcb02->control);
	words_of(&n->v01, &pages->vmcb01->control);
	facts_of(n, pages);
}

/* vmcb12 is an image: little-endian, and watched by L1 while it is written. */
static void put(void *image, size_t offset, unsigned width, uint64_t value)
{
	volatile unsigned char *bytes = (unsigned char *)image + offset;

	for (unsigned i = 0; i < width; i++)
		bytes[i] = (unsigned char)(value >> 8 * i & 0xff);
}

#define OFFSET(field) offsetof(struct psvm_vmcb_control, field)
#define PUT(image, field, value) \
	put(image, OFFSET(field), \
	    (unsigned)sizeof(((struct psvm_vmcb_control *)0)->field), value)

static void store_vmcb12(void *vmcb12, const struct psvm_words *words, uint32_t fields)
{
	if (fields & PSVM_F_INT_CTL)
		put(vmcb12, OFFSET(int_ctl), 4, words->int_ctl);
	if (fields & PSVM_F_INT_VECTOR)
		put(vmcb12, OFFSET(int_ctl) + 4, 4, words->int_ctl >> 32);
	if (fields & PSVM_F_INT_STATE)
		PUT(vmcb12, int_state, words->int_state);
	if (fields & PSVM_F_INT_SHADOW)
		put(vmcb12, OFFSET(int_state), 1, words->int_state);
	if (fields & PSVM_F_EVENT_INJ)
		PUT(vmcb12, event_inj, words->event_inj);
	if (fields & PSVM_F_EXIT_INT_INFO)
		PUT(vmcb12, exit_int_info, words->exit_int_info);
	if (fields & PSVM_F_TLB_CONTROL)
		PUT(vmcb12, tlb_control, words->tlb_control);
}

/* --- checking ------------------------------------------------------------ */

/* Which pages a transition needs. */
enum { NEEDS_02_01 = 1, NEEDS_12 = 2 };

static uint32_t missing(const struct psvm_pages *pages, unsigned needs)
{
	if (pages == NULL)
		return PSVM_AT_PAGES;
	if (pages->snapshot == NULL)
		return PSVM_AT_SNAPSHOT;
	if ((needs & NEEDS_02_01) && pages->vmcb02 == NULL)
		return PSVM_AT_VMCB02;
	if ((needs & NEEDS_02_01) && pages->vmcb01 == NULL)
		return PSVM_AT_VMCB01;
	if ((needs & NEEDS_12) && pages->vmcb12 == NULL)
		return PSVM_AT_VMCB12;
	return 0;
}

static void zero_words(struct psvm_words *words)
{
	words->int_ctl = 0;
	words->int_state = 0;
	words->event_inj = 0;
	words->exit_int_info = 0;
	words->misc1 = 0;
	words->tlb_control = 0;
}

static void no_words(struct psvm_nested *n)
{
	zero_words(&n->v12);
	zero_words(&n->v02);
	zero_words(&n->v01);
	n->facts = 0;
	n->nmis = 0;
	n->vector = 0;
	n->external = 0;
}

/*
 * The pages that a transition needs are there. If not: there are no words to return;
 * a snapshot without rules gives the shape of a refusal, the status is ours.
 */
PSVM_SHARED bool there(const struct psvm_pages *pages, unsigned needs,
		       struct psvm_result *r)
{
	uint32_t where = missing(pages, needs);
	struct psvm_nested n;

	if (where == 0)
		return true;
	no_words(&n);
	psvm_run_(r, NULL, &n, PSVM_STEP_SNAPSHOT_);
	r->status.where = where;
	return false;
}

/* --- running -------------------------------------------------------------
 *
 * What holds the input of a transition is one function, what holds its result
 * another: PSVM_SHARED keeps them apart, and the frames small. */

static void request(const struct psvm_pages *pages, uint32_t requests)
{
	if (pages->request != NULL && requests != 0)
		pages->request(pages->context, requests);
}

/* Every transition stores the same way; those that leave a word alone return it
 * as it came in. */
PSVM_SHARED bool run(enum psvm_step_ step, const struct psvm_rules *rules,
		     const struct psvm_pages *pages, struct psvm_result *r)
{
	struct psvm_nested n;

	nested_of(&n, pages);
	psvm_run_(r, rules, &n, step);
	if (r->status.code != PSVM_OK)
		return false;
	store_words(&pages->vmcb02->control, &r->v02, r->dirty02);
	store_words(&pages->vmcb01->control, &r->v01, r->dirty01);
	return true;
}

/* Nothing may be written before the rules and facts are known to be good, which they are
 * the second time if they were the first. */
PSVM_SHARED void snapshot(const struct psvm_rules *rules, const struct psvm_pages *pages,
			  struct psvm_result *r)
{
	struct psvm_nested n;

	no_words(&n);
	facts_of(&n, pages);
	psvm_run_(r, rules, &n, PSVM_STEP_SNAPSHOT_);
	if (r->status.code != PSVM_OK)
		return;
	psvm_vmcb_control_load(pages->snapshot, pages->vmcb12);
	words_of(&n.v12, pages->snapshot);
	psvm_run_(r, rules, &n, PSVM_STEP_SNAPSHOT_);
	store_words(pages->snapshot, &r->v12, 0);
}

struct psvm_result psvm_vmcb_snapshot(const struct psvm_rules *rules,
				      const struct psvm_pages *pages)
{
	struct psvm_result r;

	if (there(pages, NEEDS_12, &r))
		snapshot(rules, pages, &r);
	return r;
}

/* L1 finds what every failed VMRUN leaves. */
static void store_failure(const struct psvm_pages *pages, const struct psvm_result *r)
{
	store_vmcb12(pages->vmcb12, &r->v12, r->store12);
	PUT(pages->vmcb12, exit_code, PSVM_EXIT_INVALID);
	PUT(pages->vmcb12, exit_info_1, 0);
	PUT(pages->vmcb12, exit_info_2, 0);
}

static uint32_t differ(const struct psvm_vmcb_control *control,
		       const struct psvm_intercepts *i)
{
	return (control->intercept_cr ^ i->word[0]) |
	       (control->intercept_dr ^ i->word[1]) |
	       (control->intercept_exceptions ^ i->word[2]) |
	       (control->intercept_misc2 ^ i->word[4]) |
	       (control->intercept_misc3 ^ i->word[5]);
}

/* The words other than 00Ch, which enter itself has merged: closing a window
 * may have changed it since. */
PSVM_SHARED void merge_intercepts(const struct psvm_rules *rules,
				  const struct psvm_pages *pages)
{
	struct psvm_vmcb_control *control = &pages->vmcb02->control;
	struct psvm_intercepts merged, i01;
	struct psvm_nested n;

	nested_of(&n, pages);
	intercepts_of(&merged, pages->snapshot);
	intercepts_of(&i01, &pages->vmcb01->control);
	psvm_merge_(&merged, rules, &n, &i01);
	if (differ(control, &merged))
		control->clean &= ~PSVM_CLEAN_I;
	control->intercept_cr = merged.word[0];
	control->intercept_dr = merged.word[1];
	control->intercept_exceptions = merged.word[2];
	control->intercept_misc2 = merged.word[4];
	control->intercept_misc3 = merged.word[5];
}

static struct psvm_result enter(enum psvm_step_ step, const struct psvm_rules *rules,
				const struct psvm_pages *pages)
{
	struct psvm_result r;

	if (there(pages, NEEDS_02_01 | NEEDS_12, &r) && run(step, rules, pages, &r)) {
		if (r.outcome == PSVM_VMEXIT_INVALID)
			store_failure(pages, &r);
		else
			merge_intercepts(rules, pages);
		request(pages, r.requests);
	}
	return r;
}

struct psvm_result psvm_vmcb_enter(const struct psvm_rules *rules,
				   const struct psvm_pages *pages)
{
	return enter(PSVM_STEP_VMRUN_, rules, pages);
}

struct psvm_result psvm_vmcb_reenter(const struct psvm_rules *rules,
				     const struct psvm_pages *pages)
{
	return enter(PSVM_STEP_REENTER_, rules, pages);
}

struct psvm_result psvm_vmcb_window_open(const struct psvm_rules *rules,
					 const struct psvm_pages *pages)
{
	struct psvm_result r;

	if (there(pages, NEEDS_02_01, &r))
		(void)run(PSVM_STEP_WINDOW_OPEN_, rules, pages, &r);
	return r;
}

struct psvm_result psvm_vmcb_window_close(const struct psvm_rules *rules,
					  const struct psvm_pages *pages)
{
	struct psvm_result r;

	if (there(pages, NEEDS_02_01, &r) &&
	    run(PSVM_STEP_WINDOW_CLOSE_, rules, pages, &r))
		request(pages, r.requests);
	return r;
}

struct psvm_result psvm_vmcb_refresh(const struct psvm_rules *rules,
				     const struct psvm_pages *pages)
{
	struct psvm_result r;

	if (there(pages, NEEDS_02_01, &r) && run(PSVM_STEP_REFRESH_, rules, pages, &r))
		store_words(pages->snapshot, &r.v12, 0);
	return r;
}

struct psvm_result psvm_vmcb_nested_sync_int_ctl(const struct psvm_rules *rules,
						 const struct psvm_pages *pages)
{
	struct psvm_result r;

	if (there(pages, NEEDS_02_01 | NEEDS_12, &r) &&
	    run(PSVM_STEP_HANDBACK_, rules, pages, &r)) {
		store_vmcb12(pages->vmcb12, &r.v12, r.store12);
		request(pages, r.requests);
	}
	return r;
}

uint32_t psvm_vmcb_route_exit(const struct psvm_rules *rules,
			      const struct psvm_pages *pages)
{
	struct psvm_intercepts i12, i01;
	struct psvm_nested n;

	if (missing(pages, NEEDS_02_01) != 0)
		return PSVM_L0;
	nested_of(&n, pages);
	intercepts_of(&i12, pages->snapshot);
	intercepts_of(&i01, &pages->vmcb01->control);
	return psvm_route_(rules, &n, pages->vmcb02->control.exit_code, &i12, &i01);
}
