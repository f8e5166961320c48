/* SPDX-License-Identifier: MIT */
/*
 * The rows of selftest.h, on standard output: inputs that look random, and what the reference
 * model says of them. Nothing of psvm is linked, only its structures and numbers are used.
 */
#define PSVM_EXTERN
#include "selftest.h"

#include "cpu_any.h"
#include "cpu_reference.h"
#include "reference_bits.h"
#include "rows.h"
#include "splitmix.h"

#include <stdio.h>
#include <string.h>

static uint64_t state;

static uint64_t next(void)
{
	return splitmix64(&state);
}

static void fill(void *memory, size_t size)
{
	uint8_t *bytes = memory;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(next() >> 56);
}

/* Facts that make sense: what is offered to L1 is used by L0. One VMRUN in eight fails
 * for another reason than those that are modelled. */
static uint32_t next_facts(void)
{
	uint32_t facts = (uint32_t)next() & PSVM_C_FACTS;

	if (facts & PSVM_C(OFFER_VGIF))
		facts |= PSVM_C(HOST_VGIF);
	if (facts & PSVM_C(OFFER_VNMI))
		facts |= PSVM_C(HOST_VNMI);
	if (next() % 8 != 0)
		facts &= ~PSVM_C(CHECKS_FAILED);
	return facts;
}

/* Appendix C: most codes are below B0h, a few are 400h and more, or -1 and less. */
static uint64_t next_exit_code(void)
{
	uint64_t code = next() % 0xc0;

	if (code < 0xb0)
		return code;
	return code < 0xb8 ? 0x400 + code - 0xb0 : ~(code - 0xb8);
}

static uint8_t next_nmis(void)
{
	return (uint8_t)(next() % 3);
}

static void next_input(struct rows_input *in)
{
	fill(in, sizeof(*in));
	in->n.facts = next_facts();
	in->n.nmis = next_nmis();
	in->n.external = next() & 1;
	in->exit_code = next_exit_code();
}

static uint32_t conditions_of(const struct psvm_nested *n)
{
	struct situation s = ref_situation(REF_EXACT, n);
	const struct {
		uint32_t condition;
		bool holds;
	} words[] = {
		{ PSVM_C(NESTED_VGIF), s.nested_vgif },
		{ PSVM_C(NESTED_VNMI), s.nested_vnmi },
		{ PSVM_C(V_INTR_MASKING_12), s.masking },
		{ PSVM_C(V_NMI_ENABLE_12), s.vnmi_enable_12 },
		{ PSVM_C(VINTR_01), s.vintr_01 },
		{ PSVM_C(VINTR_02), s.vintr_02 },
		{ PSVM_C(VINTR_12), s.vintr_12 },
		{ PSVM_C(INTR_12), s.intr_12 },
		{ PSVM_C(NMI_12), s.nmi_12 },
		{ PSVM_C(HLT_12), bit(n->v12.misc1, 24) },
		{ PSVM_C(V_IRQ_02), s.irq_02 },
		{ PSVM_C(V_IRQ_12), s.irq_12 },
		{ PSVM_C(V_NMI_01), s.vnmi_01 },
		{ PSVM_C(V_GIF_ENABLE_02), s.vgif_enable_02 },
		{ PSVM_C(NMI_QUEUED), s.nmi_queued },
	};
	uint32_t conditions = n->facts;

	for (size_t i = 0; i < N_ROWS(words); i++)
		if (words[i].holds)
			conditions |= words[i].condition;
	return conditions;
}

/* --- on words ------------------------------------------------------------ */

typedef struct psvm_result model_fn(enum ref_rules rules, struct psvm_nested n);

static model_fn *const models[] = {
#define X(name, product, model) ref_##model,
	ROWS_TRANSITIONS(X)
#undef X
};

static uint64_t flag(bool value)
{
	return value ? PSVM_FLAG : 0;
}

static void ask_cells(uint64_t *cell, enum ref_rules rules, struct psvm_nested n)
{
	const struct {
		enum psvm_cell_id id;
		uint64_t bits;
	} cells[] = {
		{ PSVM_CELL_TPR_LOAD, flag(ref_tpr_load(rules, n)) },
		{ PSVM_CELL_TPR_STORE, flag(ref_tpr_store(rules, n)) },
		{ PSVM_CELL_CR8_INTERCEPT, flag(ref_cr8_intercept(rules, n)) },
		{ PSVM_CELL_HLT_INTERCEPT, flag(ref_hlt_intercept(rules, n)) },
		{ PSVM_CELL_HLT_WAKE, ref_hlt_wake(rules, n) },
		{ PSVM_CELL_EMULATE_REFRESH, flag(ref_emulate_refresh(rules, n)) },
		{ PSVM_CELL_RUN_FROM_12, ref_run_from_12(rules, n) },
		{ PSVM_CELL_RUN_CLEAR_02, ref_run_clear_02(rules, n) },
		{ PSVM_CELL_STEP, flag(ref_step(rules, n)) },
		{ PSVM_CELL_NMI_MASK_IN_01, flag(ref_nmi_mask_in_01(rules, n)) },
	};

	PSVM_STATIC_ASSERT(N_ROWS(cells) == ROWS_CELLS, "each cell");
	for (size_t i = 0; i < ROWS_CELLS; i++)
		cell[cells[i].id - ROWS_CELL_FIRST] = cells[i].bits;
}

static void answer(struct rows_answer *a, enum ref_rules rules, const struct rows_input *in)
{
	for (size_t t = 0; t < ROWS_TRANSITION_COUNT; t++)
		a->result[t] = models[t](rules, in->n);
	a->merged = ref_merge(rules, in->n, in->i12, in->i01);
	a->level = ref_route(rules, in->n, in->exit_code, in->i12, in->i01);
	a->arrival = ref_arrives(rules, in->n);
	ask_cells(a->cell, rules, in->n);
}

/* --- on pages ------------------------------------------------------------ */

static void next_page_input(struct rows_page_input *in)
{
	uint64_t exit_code = next_exit_code();

	fill(in, sizeof(*in));
	in->facts = next_facts();
	in->nmis = next_nmis();
	in->external = next() & 1;
	memcpy(&in->page[ROWS_02][0x070], &exit_code, sizeof(exit_code));
}

static struct rows_fields fields_of(const uint8_t *page)
{
	struct rows_fields f;

#define X(member, type, offset) memcpy(&f.member, page + (offset), sizeof(f.member));
	ROWS_PLACES(X)
#undef X
	return f;
}

static struct psvm_words words_of(const struct rows_fields *f)
{
	return (struct psvm_words){ .int_ctl = f->int_ctl,
				    .int_state = f->int_state,
				    .event_inj = f->event_inj,
				    .exit_int_info = f->exit_int_info,
				    .misc1 = f->intercepts.word[3],
				    .tlb_control = f->tlb_control };
}

static void put_words(struct rows_fields *f, const struct psvm_words *w)
{
	f->int_ctl = w->int_ctl;
	f->int_state = w->int_state;
	f->event_inj = w->event_inj;
	f->exit_int_info = w->exit_int_info;
	f->intercepts.word[3] = w->misc1;
	f->tlb_control = w->tlb_control;
}

static uint64_t replaced(uint64_t old, uint64_t mask, uint64_t by)
{
	return (old & ~mask) | (by & mask);
}

/* In vmcb12: the fields that are to be stored. The shadow is stored as a byte. */
static void put_12(struct rows_fields *f, const struct psvm_result *r)
{
	static const struct {
		uint32_t field;
		uint64_t int_ctl, int_state;
	} parts[] = {
		{ PSVM_F_INT_CTL, UINT32_MAX, 0 },
		{ PSVM_F_INT_VECTOR, ~(uint64_t)UINT32_MAX, 0 },
		{ PSVM_F_INT_STATE, 0, UINT64_MAX },
		{ PSVM_F_INT_SHADOW, 0, UINT8_MAX },
	};

	for (size_t i = 0; i < N_ROWS(parts); i++)
		if (r->store12 & parts[i].field) {
			f->int_ctl = replaced(f->int_ctl, parts[i].int_ctl, r->v12.int_ctl);
			f->int_state = replaced(f->int_state, parts[i].int_state,
						r->v12.int_state);
		}
	if (r->store12 & PSVM_F_EVENT_INJ)
		f->event_inj = r->v12.event_inj;
	if (r->store12 & PSVM_F_EXIT_INT_INFO)
		f->exit_int_info = r->v12.exit_int_info;
	if (r->store12 & PSVM_F_TLB_CONTROL)
		f->tlb_control = r->v12.tlb_control;
}

/* The intercepts but 00Ch, which is among the words: clean bit 0 goes with them. */
static void put_intercepts(struct rows_fields *f, struct psvm_intercepts merged)
{
	merged.word[3] = f->intercepts.word[3];
	if (memcmp(&f->intercepts, &merged, sizeof(merged)) != 0)
		f->clean &= ~UINT32_C(1);
	f->intercepts = merged;
}

static struct psvm_nested nested_of(const struct rows_page_input *in)
{
	struct rows_fields f12 = fields_of(in->page[ROWS_SNAPSHOT]);
	struct rows_fields f02 = fields_of(in->page[ROWS_02]);
	struct rows_fields f01 = fields_of(in->page[ROWS_01]);

	return (struct psvm_nested){ .v12 = words_of(&f12),
				     .v02 = words_of(&f02),
				     .v01 = words_of(&f01),
				     .facts = in->facts,
				     .nmis = in->nmis,
				     .vector = in->vector,
				     .external = in->external };
}

/* psvm/pages.h: what each function stores where. */
static void store(struct rows_fields *f, enum rows_transition t, enum ref_rules rules,
		  const struct psvm_nested *n, const struct psvm_result *r)
{
	struct psvm_intercepts merged = ref_merge(rules, *n, f[ROWS_SNAPSHOT].intercepts,
						  f[ROWS_01].intercepts);
	bool enters = t == ROWS_enter || t == ROWS_reenter;

	put_words(&f[ROWS_02], &r->v02);
	put_words(&f[ROWS_01], &r->v01);
	f[ROWS_02].clean &= ~r->dirty02;
	f[ROWS_01].clean &= ~r->dirty01;
	if (t == ROWS_snapshot || t == ROWS_refresh)
		put_words(&f[ROWS_SNAPSHOT], &r->v12);
	if (t == ROWS_nested_sync_int_ctl || r->outcome == PSVM_VMEXIT_INVALID)
		put_12(&f[ROWS_12], r);
	if (r->outcome == PSVM_VMEXIT_INVALID) {
		f[ROWS_12].exit_code = UINT64_MAX;
		f[ROWS_12].exit_info_1 = 0;
		f[ROWS_12].exit_info_2 = 0;
	} else if (enters) {
		put_intercepts(&f[ROWS_02], merged);
	}
}

static void answer_pages(struct rows_page_answer *a, enum rows_transition t,
			 enum ref_rules rules, const struct rows_page_input *in)
{
	struct psvm_nested n = nested_of(in);
	struct psvm_result r;

	for (size_t p = 0; p < ROWS_PAGE_COUNT; p++)
		a->fields[p] = fields_of(in->page[p]);
	if (t == ROWS_snapshot) {
		a->fields[ROWS_SNAPSHOT] = a->fields[ROWS_12];
		n.v12 = words_of(&a->fields[ROWS_12]);
	}
	r = models[t](rules, n);
	store(a->fields, t, rules, &n, &r);
	a->requests = r.requests;
	a->outcome = r.outcome;
	a->nmi_change = r.nmi_change;
	a->gif = r.gif;
}

static uint32_t level_of(enum ref_rules rules, const struct rows_page_input *in)
{
	struct rows_fields f12 = fields_of(in->page[ROWS_SNAPSHOT]);
	struct rows_fields f02 = fields_of(in->page[ROWS_02]);
	struct rows_fields f01 = fields_of(in->page[ROWS_01]);

	return ref_route(rules, nested_of(in), f02.exit_code, f12.intercepts,
			 f01.intercepts);
}

/* --- the processor ------------------------------------------------------- */

static void next_cpu_input(struct rows_cpu_input *in)
{
	memset(in, 0, sizeof(*in));
	in->model = any_model();
	in->host = any_cpu(in->model, 0);
	in->runs = any_cpu(in->model, any_guest() | any_halt());
	in->guest = any_cpu(in->model, FLAG(GUEST) | any_halt());
	do {
		in->before = any_cpu(in->model, FLAG(GUEST) | any_halt());
		in->delivery = ref_cpu_boundary(in->model, in->before);
	} while (in->delivery.what != PSVM_CPU_DELIVERED);
	in->vmcb = any_vmcb();
	in->event = any();
	in->insn = (uint32_t)(any() % (PSVM_INSN_COUNT + 1));
	in->value = (uint32_t)any();
}

static void answer_cpu(struct rows_cpu_answer *a, const struct rows_cpu_input *in)
{
#define X(name, type, arguments) a->name = ref_cpu_##name arguments;
	ROWS_STEPS(X)
#undef X
}

int main(void)
{
	static struct rows rows;

	for (size_t i = 0; i < ROWS_INPUTS; i++) {
		next_input(&rows.input[i]);
		rows.conditions[i] = conditions_of(&rows.input[i].n);
	}
	for (size_t i = 0; i < ROWS_PAGES; i++)
		next_page_input(&rows.page_input[i]);
	for (uint32_t set = 0; set < PSVM_RULE_SET_COUNT; set++) {
		for (size_t i = 0; i < ROWS_INPUTS; i++)
			answer(&rows.answer[set][i], set, &rows.input[i]);
		for (size_t i = 0; i < ROWS_PAGES; i++) {
			for (size_t t = 0; t < ROWS_TRANSITION_COUNT; t++)
				answer_pages(&rows.page_answer[set][t][i], t, set,
					     &rows.page_input[i]);
			rows.page_level[set][i] = level_of(set, &rows.page_input[i]);
		}
	}
	for (size_t i = 0; i < ROWS_CPUS; i++) {
		next_cpu_input(&rows.cpu_input[i]);
		answer_cpu(&rows.cpu_answer[i], &rows.cpu_input[i]);
	}
	return fwrite(&rows, sizeof(rows), 1, stdout) != 1;
}
