/* SPDX-License-Identifier: MIT */
/*
 * Raw images: nothing about the input is sensible, and nothing may crash.
 *
 * - An image that is loaded and stored again is the same image.
 * - The decoder shows every byte that is not zero, once, and the parts of a
 *   field add up to its value.
 * - Every transition, for every built-in rule set and for one made of the bytes
 *   of images, succeeds or changes nothing.
 * - The page functions store what the transitions return, and nothing else.
 *
 * Uses the external forms of libpsvm.
 */
#define PSVM_EXTERN

#include "compare.h"
#include "image.h"
#include "mutate.h"
#include "pairs.h"
#include "psvm/decode.h"
#include "psvm/pages.h"
#include "reference.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct fuzz_format *const fuzz_format = &fuzz_format_images;

FUZZ_PAIRS(FUZZ_MOMENTS, FUZZ_STATES)

/* What an input holds. */
struct content {
	uint8_t image[FUZZ_VMCBS][PSVM_VMCB_SIZE];
	struct psvm_vmcb vmcb[FUZZ_VMCBS];
	struct psvm_nested n;
	uint64_t exit_code;
	uint32_t rules;
};

/* The transitions on words and on pages, and what the latter store besides 01
 * and 02. */
static const struct {
	const char *words;
	struct psvm_result (*step)(const struct psvm_rules *, struct psvm_nested);
	struct psvm_result (*page)(const struct psvm_rules *, const struct psvm_pages *);
	enum { NOTHING, LOADS_12, UPDATES_12, RUNS, EXITS } kind;
} steps[] = {
	{ "snapshot", psvm_snapshot, psvm_vmcb_snapshot, LOADS_12 },
	{ "enter", psvm_enter, psvm_vmcb_enter, RUNS },
	{ "reenter", psvm_reenter, psvm_vmcb_reenter, RUNS },
	{ "window open", psvm_window_open, psvm_vmcb_window_open, NOTHING },
	{ "window close", psvm_window_close, psvm_vmcb_window_close, NOTHING },
	{ "refresh", psvm_refresh, psvm_vmcb_refresh, UPDATES_12 },
	{ "hand-back", psvm_nested_sync_int_ctl, psvm_vmcb_nested_sync_int_ctl, EXITS },
};

/* --- images -------------------------------------------------------------- */

_Noreturn static void fail_image(const char *what, unsigned int offset)
{
	fprintf(stderr, "image, offset %03xh: %s\n", offset, what);
	abort();
}

/* Fails at the first byte that differs. */
static void same_bytes(const void *got, const void *want, size_t size, const char *what)
{
	const uint8_t *a = got, *b = want;
	unsigned int at = 0;

	if (memcmp(got, want, size) == 0)
		return;
	while (a[at] == b[at])
		at++;
	fprintf(stderr, "got %02xh, want %02xh\n", a[at], b[at]);
	fail_image(what, at);
}

static void check_round_trip(const uint8_t *image, const struct psvm_vmcb *vmcb)
{
	static struct psvm_vmcb_control control;
	static uint8_t stored[PSVM_VMCB_SIZE];

	psvm_vmcb_store(stored, vmcb);
	same_bytes(stored, image, sizeof(stored), "load and store is not the identity");
	psvm_vmcb_control_load(&control, image);
	same_bytes(&control, &vmcb->control, sizeof(control),
		   "the control area alone loads differently");
}

/* --- the decoder --------------------------------------------------------- */

struct decoded {
	const uint8_t *page;
	unsigned int end; /* of the last field */
};

struct parts {
	unsigned int bits; /* of the field */
	uint64_t seen, value;
	unsigned int offset;
	bool any;
};

static void see_part(void *context, const struct psvm_decode_part *part)
{
	struct parts *p = context;
	uint64_t mask;

	if (part->width == 0 || part->shift + part->width > p->bits)
		fail_image("a part is outside its field", p->offset);
	mask = UINT64_MAX >> (64 - part->width);
	if ((part->value & ~mask) != 0)
		fail_image("the value of a part is wider than the part", p->offset);
	if ((p->seen & mask << part->shift) != 0)
		fail_image("two parts overlap", p->offset);
	p->seen |= mask << part->shift;
	p->value |= part->value << part->shift;
	p->any = true;
}

static void check_parts(const struct psvm_decode_field *field)
{
	struct parts parts = { .bits = 8 * field->width, .offset = field->offset };

	psvm_decode_parts(field, see_part, &parts);
	if (parts.any && parts.value != psvm_decode_value(field, 0))
		fail_image("the parts do not add up to the field", field->offset);
}

static void check_zero(const struct decoded *d, unsigned int end)
{
	for (unsigned int i = d->end; i < end; i++)
		if (d->page[i] != 0)
			fail_image("a byte is not shown by the decoder", i);
}

static void see_field(void *context, const struct psvm_decode_field *field)
{
	struct decoded *d = context;
	unsigned int size = field->width * field->count;

	if (field->offset < d->end || field->offset + size > PSVM_VMCB_SIZE)
		fail_image("fields overlap or leave the page", field->offset);
	check_zero(d, field->offset);
	same_bytes(field->bytes, d->page + field->offset, size, field->name);
	check_parts(field);
	d->end = field->offset + size;
}

static void check_decode(const struct psvm_vmcb *vmcb, const uint8_t *image)
{
	struct decoded d = { image, 0 };

	psvm_decode(vmcb, see_field, &d);
	check_zero(&d, PSVM_VMCB_SIZE);
}

/* --- transitions on words ------------------------------------------------ */

/* What a refused input must give, but for the status. */
static struct psvm_result untouched(const struct psvm_nested *n, struct psvm_status why)
{
	return (struct psvm_result){
		.status = why, .v12 = n->v12, .v02 = n->v02, .v01 = n->v01,
		.gif = (n->facts & PSVM_C(L1_GIF)) != 0,
	};
}

static void check_refusal(uint32_t id, const char *moment, const struct psvm_nested *n,
			  const struct psvm_result *r)
{
	struct psvm_result want = untouched(n, r->status);

	if (r->status.code != PSVM_OK && fuzz_results_differ(r, &want))
		fuzz_fail(id, moment, "refused, but something has changed", n);
}

/* A built-in rule set is refused only because of the facts. */
static void check_steps(const struct content *c, uint32_t id)
{
	bool sensible = fuzz_sensible_facts(c->n.facts) == c->n.facts;

	for (size_t i = 0; i < N_ROWS(steps); i++) {
		struct psvm_result r = steps[i].step(fuzz_rules[id], c->n);

		check_refusal(id, steps[i].words, &c->n, &r);
		if (r.status.code != (sensible ? PSVM_OK : PSVM_E_FACT))
			fuzz_fail(id, steps[i].words, "wrong status code", &c->n);
	}
}

static struct psvm_intercepts intercepts_of(const struct psvm_vmcb *vmcb)
{
	const struct psvm_vmcb_control *from = &vmcb->control;

	return (struct psvm_intercepts){ {
		from->intercept_cr, from->intercept_dr, from->intercept_exceptions,
		from->intercept_misc1, from->intercept_misc2, from->intercept_misc3,
	} };
}

/* Questions that have an answer for every input. */
static void check_answers(const struct content *c, const struct psvm_rules *rules,
			  uint32_t id)
{
	struct psvm_intercepts i12 = intercepts_of(&c->vmcb[FUZZ_12]);
	struct psvm_intercepts i01 = intercepts_of(&c->vmcb[FUZZ_01]);
	struct psvm_intercepts merged = psvm_merge_intercepts(rules, c->n, i12, i01);

	for (unsigned int i = 0; i < 6; i++)
		if ((i12.word[i] & ~merged.word[i]) != 0)
			fuzz_fail(id, "merge", "an intercept of 12 is missing in 02",
				  &c->n);
	if (psvm_route_exit(rules, c->n, c->exit_code, i12, i01) > PSVM_L1_BITMAP)
		fuzz_fail(id, "exit routing", "not a level", &c->n);
	if (psvm_interrupt_arrives(rules, c->n) > PSVM_OPEN_WINDOW)
		fuzz_fail(id, "an interrupt arrives", "not an answer", &c->n);
}

static void check_cells(const struct content *c, const struct psvm_rules *rules,
			uint32_t id)
{
	for (uint32_t cell = 0; cell <= PSVM_CELL_COUNT; cell++) {
		uint64_t bits = c->exit_code;
		struct psvm_status status = psvm_rule(rules, c->n, cell, &bits);

		if (status.code != PSVM_OK && bits != c->exit_code)
			fuzz_fail(id, "one cell", "refused, but bits are written", &c->n);
	}
}

PSVM_STATIC_ASSERT((int)FUZZ_12 < (int)FUZZ_02 && (int)FUZZ_02 < (int)FUZZ_01 &&
			   sizeof(struct psvm_rules) <= 2 * PSVM_VMCB_SIZE,
		   "two images are too small for a rule set");

/* The bytes of 02 and then 01 as a rule set: what a caller might load from anywhere. */
static void check_foreign_rules(const struct content *c)
{
	static struct psvm_rules rules;

	memcpy(&rules, c->image + FUZZ_02, sizeof(rules));
	if (rules.size % 4 != 0) /* else not much would ever be read */
		rules.size = sizeof(rules);
	if (rules.reserved % 4 != 0)
		rules.reserved = 0;
	(void)psvm_rules_check(&rules);
	for (size_t i = 0; i < N_ROWS(steps); i++) {
		struct psvm_result r = steps[i].step(&rules, c->n);

		check_refusal(PSVM_RULE_SET_COUNT, steps[i].words, &c->n, &r);
	}
	check_answers(c, &rules, PSVM_RULE_SET_COUNT);
	check_cells(c, &rules, PSVM_RULE_SET_COUNT);
}

/* --- transitions on pages ------------------------------------------------ */

/* The four pages that a transition works on; the snapshot, which is shorter, is
 * the last. */
struct memory {
	struct psvm_vmcb vmcb01, vmcb02;
	uint8_t vmcb12[PSVM_VMCB_SIZE];
	struct psvm_vmcb_control snapshot;
};

static void count_request(void *context, uint32_t requests)
{
	uint32_t *counted = context;

	/* Called twice it adds up to what no transition asks for. */
	*counted += requests + PSVM_REQUEST_EVENT * 256;
}

static void set_words(struct psvm_vmcb_control *to, const struct psvm_words *from,
		      uint32_t dirty)
{
	to->int_ctl = from->int_ctl;
	to->int_state = from->int_state;
	to->event_inj = from->event_inj;
	to->exit_int_info = from->exit_int_info;
	to->intercept_misc1 = from->misc1;
	to->tlb_control = from->tlb_control;
	to->clean &= ~dirty;
}

/* The intercepts of 02, by the reference; 00Ch has been set by enter. */
static void set_intercepts(struct psvm_vmcb_control *to, const struct content *c)
{
	struct psvm_intercepts i = ref_merge((enum ref_rules)c->rules, c->n,
					     intercepts_of(&c->vmcb[FUZZ_12]),
					     intercepts_of(&c->vmcb[FUZZ_01]));
	struct psvm_vmcb_control was = *to;

	to->intercept_cr = i.word[0];
	to->intercept_dr = i.word[1];
	to->intercept_exceptions = i.word[2];
	to->intercept_misc2 = i.word[4];
	to->intercept_misc3 = i.word[5];
	if (memcmp(&was, to, offsetof(struct psvm_vmcb_control, reserved_0x018)) != 0)
		to->clean &= ~PSVM_CLEAN_I;
}

/* The fields of vmcb12 that are to be stored, at their offsets of table B-1. */
static void set_vmcb12(uint8_t *image, const struct psvm_words *from, uint32_t fields)
{
	if (fields & PSVM_F_TLB_CONTROL)
		fuzz_put(image + 0x05c, 1, from->tlb_control);
	if (fields & PSVM_F_INT_CTL)
		fuzz_put(image + 0x060, 4, from->int_ctl & UINT32_MAX);
	if (fields & PSVM_F_INT_VECTOR)
		fuzz_put(image + 0x064, 4, from->int_ctl >> 32);
	if (fields & PSVM_F_INT_STATE)
		fuzz_put(image + 0x068, 8, from->int_state);
	if (fields & PSVM_F_INT_SHADOW)
		fuzz_put(image + 0x068, 1, from->int_state);
	if (fields & PSVM_F_EXIT_INT_INFO)
		fuzz_put(image + 0x088, 8, from->exit_int_info);
	if (fields & PSVM_F_EVENT_INJ)
		fuzz_put(image + 0x0a8, 8, from->event_inj);
}

/* Exit code -1, and no exit information. */
static void set_failure(uint8_t *image)
{
	fuzz_put(image + 0x070, 8, UINT64_MAX);
	fuzz_put(image + 0x078, 8, 0);
	fuzz_put(image + 0x080, 8, 0);
}

/* The pages after a transition that succeeded with r. */
static void set_memory(struct memory *m, const struct content *c, size_t step,
		       const struct psvm_result *r)
{
	if (steps[step].kind == LOADS_12 || steps[step].kind == UPDATES_12)
		set_words(&m->snapshot, &r->v12, 0);
	if (steps[step].kind == LOADS_12)
		return;
	set_words(&m->vmcb01.control, &r->v01, r->dirty01);
	set_words(&m->vmcb02.control, &r->v02, r->dirty02);
	if (steps[step].kind == RUNS && r->outcome == PSVM_DONE)
		set_intercepts(&m->vmcb02.control, c);
	set_vmcb12(m->vmcb12, &r->v12, r->store12);
	if (steps[step].kind == RUNS && r->outcome != PSVM_DONE)
		set_failure(m->vmcb12);
}

static void fill_memory(struct memory *m, const struct content *c)
{
	m->vmcb01 = c->vmcb[FUZZ_01];
	m->vmcb02 = c->vmcb[FUZZ_02];
	m->snapshot = c->vmcb[FUZZ_12].control;
	memcpy(m->vmcb12, c->image[FUZZ_12], sizeof(m->vmcb12));
}

static struct psvm_pages pages_of(struct memory *m, const struct content *c,
				  uint32_t *counted)
{
	return (struct psvm_pages){
		.vmcb01 = &m->vmcb01, .vmcb02 = &m->vmcb02, .snapshot = &m->snapshot,
		.vmcb12 = m->vmcb12, .request = count_request, .context = counted,
		.facts = c->n.facts, .nmis = c->n.nmis, .vector = c->n.vector,
		.external = c->n.external,
	};
}

/* The page that is not as it should be, or NULL. */
static const char *wrong_page(const struct memory *got, const struct memory *want)
{
	if (memcmp(&got->vmcb01, &want->vmcb01, sizeof(got->vmcb01)) != 0)
		return "vmcb01 is not as it should be";
	if (memcmp(&got->vmcb02, &want->vmcb02, sizeof(got->vmcb02)) != 0)
		return "vmcb02 is not as it should be";
	if (memcmp(&got->snapshot, &want->snapshot, sizeof(got->snapshot)) != 0)
		return "the snapshot is not as it should be";
	if (memcmp(got->vmcb12, want->vmcb12, sizeof(got->vmcb12)) != 0)
		return "vmcb12 is not as it should be";
	return NULL;
}

static void check_memory(const struct content *c, size_t step, const struct memory *got,
			 const struct memory *want)
{
	const char *wrong = wrong_page(got, want);
	const uint8_t *a = (const uint8_t *)got, *b = (const uint8_t *)want;
	size_t at = 0;

	if (wrong == NULL)
		return;
	while (a[at] == b[at])
		at++;
	fprintf(stderr, "offset %03zxh: got %02xh, want %02xh\n", at % PSVM_VMCB_SIZE,
		a[at], b[at]);
	fuzz_fail(c->rules, steps[step].words, wrong, &c->n);
}

/* psvm_vmcb_snapshot() knows no 02 and 01, a refused one no words at all. */
static struct psvm_result on_words(const struct content *c, size_t step)
{
	struct psvm_nested n = c->n;
	bool refused = fuzz_sensible_facts(n.facts) != n.facts;

	if (steps[step].kind == LOADS_12) {
		memset(&n.v02, 0, sizeof(n.v02));
		memset(&n.v01, 0, sizeof(n.v01));
		if (refused)
			memset(&n.v12, 0, sizeof(n.v12));
	}
	return steps[step].step(fuzz_rules[c->rules], n);
}

static void check_page(const struct content *c, size_t step)
{
	static struct memory got, want;
	struct psvm_result r = on_words(c, step);
	uint32_t counted = 0;
	struct psvm_pages pages;

	/* The rows of steps are the moments. */
	fuzz_visit((unsigned int)step,
		   fuzz_state(c->rules, (enum fuzz_moment)step, c->n));
	fill_memory(&got, c);
	fill_memory(&want, c);
	pages = pages_of(&got, c, &counted);

	struct psvm_result from_page = steps[step].page(fuzz_rules[c->rules], &pages);

	if (fuzz_results_differ(&r, &from_page))
		fuzz_fail(c->rules, steps[step].words, "words and pages differ", &c->n);
	if (counted != (r.requests ? r.requests + PSVM_REQUEST_EVENT * 256 : 0))
		fuzz_fail(c->rules, steps[step].words, "wrong requests", &c->n);
	if (r.status.code == PSVM_OK)
		set_memory(&want, c, step, &r);
	check_memory(c, step, &got, &want);
}

/* --- the input ----------------------------------------------------------- */

static struct psvm_words words_of(const struct psvm_vmcb *vmcb)
{
	return (struct psvm_words){
		.int_ctl = vmcb->control.int_ctl,
		.int_state = vmcb->control.int_state,
		.event_inj = vmcb->control.event_inj,
		.exit_int_info = vmcb->control.exit_int_info,
		.misc1 = vmcb->control.intercept_misc1,
		.tlb_control = vmcb->control.tlb_control,
	};
}

static void read_notes(struct content *c)
{
	struct fuzz_notes notes;

	memcpy(&notes, c->image[FUZZ_01] + FUZZ_NOTES_AT, sizeof(notes));
	c->n.facts = fuzz_order32(notes.facts);
	c->n.nmis = notes.nmis;
	c->n.vector = notes.vector;
	c->n.external = notes.external;
	c->exit_code = fuzz_order64(notes.exit_code);
	c->rules = notes.rules % PSVM_RULE_SET_COUNT;
}

static void read_content(struct content *c, const uint8_t *data, size_t size)
{
	for (unsigned int i = 0; i < FUZZ_VMCBS; i++) {
		fuzz_image(data, size, i, c->image[i]);
		psvm_vmcb_load(&c->vmcb[i], c->image[i]);
	}
	c->n.v12 = words_of(&c->vmcb[FUZZ_12]);
	c->n.v02 = words_of(&c->vmcb[FUZZ_02]);
	c->n.v01 = words_of(&c->vmcb[FUZZ_01]);
	read_notes(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct content c;

	read_content(&c, data, size);
	for (unsigned int i = 0; i < FUZZ_VMCBS; i++)
		check_round_trip(c.image[i], &c.vmcb[i]);
	check_decode(&c.vmcb[FUZZ_12], c.image[FUZZ_12]);
	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++) {
		check_steps(&c, id);
		check_answers(&c, fuzz_rules[id], id);
	}
	check_foreign_rules(&c);
	for (size_t i = 0; i < N_ROWS(steps); i++)
		check_page(&c, i);
	return 0;
}
