/* SPDX-License-Identifier: MIT */
/*
 * Which differences between two rule sets L1 can see: what is known of them from the
 * manual and the history of the field; and that a rule set with every one of its
 * differences to another is that other one.
 */
#include "check.h"

#include "check/variant.h"
#include "psvm/adapter.h"
#include "psvm/visible.h"

#include <stdio.h>
#include <string.h>

/* --- what is known ------------------------------------------------------- */

/* Another rule set: a cell of one, with bits more or fewer in its first line. */
struct mutant {
	const struct psvm_rules *of;
	uint32_t cell;
	uint64_t flip;
};

struct known {
	const char *name;
	const struct psvm_rules *a, *b; /* b null: the mutant */
	struct mutant mutant;
	const char *output; /* of the change: its name, and bits of it */
	uint64_t bits;
	uint32_t unit; /* of 20 of the default scope */
	bool implicit_event;
	enum psvm_visibility expected;
	const char *title; /* a part of the story's; null: any */
};

#define PAIR(from, to) &psvm_rules_##from, &psvm_rules_##to, { NULL, 0, 0 }
#define EXACT(cell, flip) \
	&psvm_rules_exact, NULL, { &psvm_rules_exact, PSVM_CELL_##cell, flip }

#define REST_OF_068 (~UINT64_C(1))

static const struct known known[] = {
	/* 15.21.2: a write to CR8 reaches V_TPR whatever V_INTR_MASKING is, and #VMEXIT
	 * stores V_TPR. The patch leaves what it was at VMRUN: K09, second part. */
	{ "the patch, V_TPR", PAIR(lkml_2022_base, lkml_2022), "int_ctl of vmcb12",
	  PSVM_V_TPR, 0, true, PSVM_VISIBLE, "V_TPR in vmcb12 after #VMEXIT: " },
	/* 15.21.4: V_IRQ is 0 once the virtual interrupt was taken. The patch leaves it 1,
	 * and L1 delivers the interrupt again: K09, first part. */
	{ "the patch, V_IRQ", PAIR(lkml_2022_base, lkml_2022), "int_ctl of vmcb12",
	  PSVM_V_IRQ, 4, true, PSVM_VISIBLE,
	  "V_IRQ in vmcb12 after #VMEXIT: 0 without the change, V_IRQ with it" },
	{ "the patch undone, V_IRQ", PAIR(lkml_2022, lkml_2022_base),
	  "int_ctl of vmcb12", PSVM_V_IRQ, 4, true, PSVM_VISIBLE,
	  "V_IRQ in vmcb12 after #VMEXIT: V_IRQ without the change, 0 with it" },
	/* K12: every #VMEXIT restores RFLAGS with a helper that raises the same request, so
	 * that one more says nothing; without that helper the interrupt for L1 whose window
	 * was on vmcb02 waits for L0 to look by chance. */
	{ "the patch, request beside the implicit one",
	  PAIR(lkml_2022_base, lkml_2022), "requests", PSVM_REQUEST_EVENT, 4, true,
	  PSVM_INVISIBLE, NULL },
	{ "the patch, request alone", PAIR(lkml_2022_base, lkml_2022), "requests",
	  PSVM_REQUEST_EVENT, 4, false, PSVM_VISIBLE, NULL },
	/* vNMI is neither used nor offered in this unit, and the change is about it. */
	{ "V_NMI without vNMI", PAIR(lkml_2022, lkml_2022_vnmi), "int_ctl of vmcb12",
	  PSVM_V_NMI, 4, true, PSVM_LATENT, NULL },
	/* 7.2 drops reserved bits from the snapshot. Of those that the scope varies, 63:40
	 * of 060h, the processor reads none, and hand-back stores the low dword and the
	 * vector of the snapshot, which are not among them: vmcb12 keeps what L1 wrote. */
	{ "7.2, the snapshot without reserved bits", PAIR(linux_6_12, linux_7_2),
	  "int_ctl of 12", PSVM_RSVD_63_40, 4, true, PSVM_INVISIBLE, NULL },
	/* Bit 10 is reserved, the processor does not read it, and what is handed back
	 * does not have it: nobody can see it in vmcb02. */
	{ "bit 10 gets into vmcb02", EXACT(ENTER_FROM_12, PSVM_MASK64(10, 1)),
	  "int_ctl of 02", PSVM_MASK64(10, 1), 4, true, PSVM_INVISIBLE, NULL },
	/* Of V_IRQ all depends. */
	{ "V_IRQ does not get into vmcb02", EXACT(ENTER_FROM_12, PSVM_V_IRQ),
	  "int_ctl of 02", PSVM_V_IRQ, 4, true, PSVM_VISIBLE, NULL },
	/* S10 and S3: bit 10 of vmcb12 is L1's, and L1 reads it after #VMEXIT. */
	{ "bit 10 of vmcb02 gets into vmcb12", EXACT(REFRESH_TO_12, PSVM_MASK64(10, 1)),
	  "int_ctl of 12", PSVM_MASK64(10, 1), 4, true, PSVM_VISIBLE,
	  "in vmcb12 after #VMEXIT: " },
	/* 15.21.5: #VMEXIT stores the shadow, and L1 reads it. */
	{ "the shadow is not stored", EXACT(HANDBACK_FIELDS, PSVM_F_INT_SHADOW),
	  "fields stored in vmcb12", PSVM_F_INT_SHADOW, 0, true, PSVM_VISIBLE, NULL },
	/* Bits 63:1 of 068h are 0 in every set-up, so that no story could have them. */
	{ "all of 068h is written back",
	  EXACT(HANDBACK_FIELDS, PSVM_F_INT_SHADOW | PSVM_F_INT_STATE),
	  "int_state of vmcb12", REST_OF_068, 0, true, PSVM_NOT_MODELLED, NULL },
	{ "all of 068h gets into vmcb02", EXACT(ENTER_FIELDS, PSVM_F_INT_STATE),
	  "int_state of 02", REST_OF_068, 0, true, PSVM_NOT_MODELLED, NULL },
	/* Nobody executes VMMCALL (exit 81h: bit 1 of its word) or PAUSE (77h: bit 23 of
	 * 00Ch) in the model, and no bare processor does without: it cannot say that L1
	 * does not see who gets the exit, nor that no L1 has PAUSE intercepted. */
	{ "xen, VMMCALL goes to L1", PAIR(linux_6_12, xen), "exits that go to L1",
	  PSVM_MASK64(1, 1), 4, true, PSVM_NOT_MODELLED, NULL },
	{ "7.2, PAUSE is not intercepted", PAIR(linux_6_12, linux_7_2),
	  "intercepts 00Ch of 02", PSVM_MASK64(23, 1), 4, true, PSVM_NOT_MODELLED,
	  NULL },
};

static const struct psvm_change *find_change(const struct psvm_diff *diff,
					     const struct known *row)
{
	for (size_t i = 0; i < diff->n_changes; i++)
		for (size_t k = 0; k < diff->changes[i].n_parts; k++) {
			const struct psvm_change_part *part = &diff->changes[i].parts[k];

			if (strcmp(part->output.name, row->output) == 0 &&
			    (part->bits & row->bits) == row->bits)
				return &diff->changes[i];
		}
	fail_msg("no change of %s", row->output);
	return NULL;
}

static void look(const struct known *row, const struct psvm_diff *diff,
		 const struct psvm_rules *b, struct psvm_visible **visible)
{
	struct psvm_check_request request = { .l0 = psvm_l0_of(row->a),
					      .scope = "default",
					      .shard = row->unit,
					      .shards = 20,
					      .threads = 2,
					      .max_states = UINT64_C(1) << 22,
					      .implicit_event = row->implicit_event };

	assert_null(psvm_diff_visible(&request, diff, psvm_l0_of(b), visible));
}

static void check_known(void **state)
{
	const struct known *row = *state;
	struct psvm_rules mutant = psvm_rules_exact;
	const struct psvm_rules *b = row->b ? row->b : &mutant;
	struct psvm_visible *visible;
	struct psvm_diff diff, one;
	struct psvm_change change;

	mutant.cell[row->mutant.cell].move[0].bits ^= row->mutant.flip;
	assert_true(psvm_diff_run(&diff, psvm_l0_of(row->a), psvm_l0_of(b)));
	change = *find_change(&diff, row);
	one = diff;
	one.changes = &change;
	one.n_changes = 1;
	look(row, &one, b, &visible);
	if (visible->verdict == PSVM_VISIBLE)
		printf("  %s\n", visible->story.title);
	assert_int_equal(visible->verdict, row->expected);
	assert_int_equal(visible->changed != 0, row->expected == PSVM_INVISIBLE);
	if (row->expected == PSVM_VISIBLE || row->expected == PSVM_NOT_MODELLED)
		assert_int_equal(visible->states, 0);
	assert_int_equal(visible->story.step_count != 0, row->expected == PSVM_VISIBLE);
	if (row->title)
		assert_non_null(strstr(visible->story.title, row->title));
	psvm_visible_free(visible, 1);
	psvm_diff_free(&diff);
}

/* --- foreign code -------------------------------------------------------- */

/* V_TPR is another one after #VMEXIT if a bit is set that no rule set asks for then. */
static void refresh_at(const struct psvm_nested *n, struct psvm_result *r, uint64_t bit)
{
	*r = psvm_refresh(&psvm_rules_exact, *n);
	if (bit != 0)
		r->v12.int_ctl ^= 1;
}

static void at_v_ign_tpr(const struct psvm_nested *n, struct psvm_result *r)
{
	refresh_at(n, r, n->v02.int_ctl & PSVM_V_IGN_TPR);
}

static void at_vintr(const struct psvm_nested *n, struct psvm_result *r)
{
	refresh_at(n, r, n->v12.misc1 & PSVM_INTERCEPT_MASK(VINTR));
}

static void at_shadow(const struct psvm_nested *n, struct psvm_result *r)
{
	refresh_at(n, r, n->v02.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW);
}

/* 15.13.1: a physical interrupt that L1 intercepts is an exit, whenever it arrives. */
static uint32_t never_arrives(const struct psvm_nested *n)
{
	(void)n;
	return PSVM_WAIT;
}

/* The shadow is L2's, and what L1 had in the rest of 068h is lost. */
static void drops_068(const struct psvm_nested *n, struct psvm_result *r)
{
	*r = psvm_nested_sync_int_ctl(&psvm_rules_exact, *n);
	r->v12.int_state = n->v02.int_state & 1;
	r->store12 |= PSVM_F_INT_STATE;
}

#define ADAPTER(member, function) \
	{ \
		PSVM_ADAPTER_HEAD("linked", "exact"), .member = (function) \
	}
static const struct psvm_adapter v_ign_tpr = ADAPTER(refresh, at_v_ign_tpr);
static const struct psvm_adapter vintr = ADAPTER(refresh, at_vintr);
static const struct psvm_adapter shadow = ADAPTER(refresh, at_shadow);
static const struct psvm_adapter drops = ADAPTER(hand_back, drops_068);
static const struct psvm_adapter arrival = ADAPTER(arrival, never_arrives);

struct foreign_row {
	const char *name;
	const struct psvm_adapter *adapter;
	uint32_t unit; /* of 20 */
	const char *title;
};

/* Unit 0: interrupts and TPR. */
static const struct foreign_row foreign_rows[] = {
	{ "foreign, if V_IGN_TPR", &v_ign_tpr, 0, "V_TPR in vmcb12 after #VMEXIT: " },
	{ "foreign, if VINTR is intercepted", &vintr, 0, "V_TPR in vmcb12 after #VMEXIT: " },
	{ "foreign, if in a shadow", &shadow, 0, "V_TPR in vmcb12 after #VMEXIT: " },
	{ "foreign, no arrival", &arrival, 0, "the interrupt for L1 is taken" },
};

static void assert_visible(struct psvm_l0 a, struct psvm_l0 b,
			       const struct foreign_row *row)
{
	struct psvm_check_request request = { .l0 = a,
					      .scope = "default",
					      .shard = row->unit,
					      .shards = 20,
					      .threads = 2,
					      .max_states = 1 << 16,
					      .implicit_event = true };
	struct psvm_visible *visible;
	struct psvm_diff diff;
	size_t seen = 0;

	assert_true(psvm_diff_run(&diff, a, b));
	assert_null(psvm_diff_visible(&request, &diff, b, &visible));
	for (size_t i = 0; i < diff.n_changes; i++)
		seen += visible[i].verdict == PSVM_VISIBLE &&
			strstr(visible[i].story.title, row->title) != NULL;
	assert_int_not_equal(seen, 0);
	psvm_visible_free(visible, diff.n_changes);
	psvm_diff_free(&diff);
}

static struct psvm_foreign *foreign_of(const struct psvm_adapter *adapter)
{
	static const struct psvm_foreign_limits limits = { .seconds = 30,
							   .random = 1 << 14 };
	char error[512];
	struct psvm_foreign *f = psvm_foreign_of(adapter, &limits, error, sizeof(error));

	if (f == NULL)
		fail_msg("%s", error);
	return f;
}

/* From exact to it, and back. */
static void check_foreign(void **state)
{
	const struct foreign_row *row = *state;
	struct psvm_foreign *f = foreign_of(row->adapter);

	assert_visible(psvm_l0_of(&psvm_rules_exact), psvm_foreign_l0(f), row);
	assert_visible(psvm_foreign_l0(f), psvm_l0_of(&psvm_rules_exact), row);
	psvm_foreign_close(f);
}

/* The one change of code that loses bits 63:1 of 068h: the model has none of them. */
static void check_068(void **state)
{
	struct psvm_check_request request = { .l0 = psvm_l0_of(&psvm_rules_exact),
					      .scope = "default",
					      .shard = 0,
					      .shards = 20,
					      .threads = 2,
					      .max_states = 1 << 16,
					      .implicit_event = true };
	struct psvm_foreign *f = foreign_of(&drops);
	struct psvm_visible *visible;
	struct psvm_diff diff;

	(void)state;
	assert_true(psvm_diff_run(&diff, request.l0, psvm_foreign_l0(f)));
	assert_int_equal(diff.n_changes, 1);
	assert_null(psvm_diff_visible(&request, &diff, psvm_foreign_l0(f), &visible));
	assert_int_equal(visible->verdict, PSVM_NOT_MODELLED);
	psvm_visible_free(visible, diff.n_changes);
	psvm_diff_free(&diff);
	psvm_foreign_close(f);
}

/* A change of no bit never comes about, however often its condition holds. */
static void check_nothing(void **state)
{
	const struct known *row = &known[1];
	struct psvm_visible *visible;
	struct psvm_diff diff, one;
	struct psvm_change change;

	(void)state;
	assert_true(psvm_diff_run(&diff, psvm_l0_of(row->a), psvm_l0_of(row->b)));
	change = *find_change(&diff, row);
	change.n_parts = 0;
	one = diff;
	one.changes = &change;
	one.n_changes = 1;
	look(row, &one, row->b, &visible);
	assert_int_equal(visible->verdict, PSVM_LATENT);
	assert_int_equal(visible->changed, 0);
	psvm_visible_free(visible, 1);
	psvm_diff_free(&diff);
}

/* A bound that is met is no proof. */
static void check_bound(void **state)
{
	struct psvm_check_request request = { .l0 = psvm_l0_of(&psvm_rules_linux_6_12),
					      .scope = "default",
					      .shard = 4,
					      .shards = 20,
					      .threads = 1,
					      .max_states = 1000,
					      .implicit_event = true };
	struct psvm_visible *visible;
	struct psvm_diff diff;

	(void)state;
	assert_true(psvm_diff_run(&diff, psvm_l0_of(&psvm_rules_linux_6_12), psvm_l0_of(&psvm_rules_linux_7_2)));
	assert_true(diff.n_changes > 0);
	assert_null(psvm_diff_visible(&request, &diff, psvm_l0_of(&psvm_rules_linux_7_2), &visible));
	for (size_t i = 0; i < diff.n_changes; i++) {
		if (visible[i].verdict == PSVM_NOT_MODELLED)
			continue;
		assert_int_equal(visible[i].verdict, PSVM_NOT_SEEN);
		assert_int_equal(visible[i].states, 1000);
	}
	psvm_visible_free(visible, diff.n_changes);
	request.scope = "half";
	assert_non_null(
		psvm_diff_visible(&request, &diff, psvm_l0_of(&psvm_rules_linux_7_2), &visible));
	assert_null(visible);
	psvm_diff_free(&diff);
}

/* How far it has come, call by call. */
struct heard {
	struct psvm_check_progress last;
	unsigned calls;
};

static void hear(void *context, const struct psvm_check_progress *progress)
{
	struct heard *heard = context;

	assert_int_equal(progress->units_done, heard->last.units_done + 1);
	assert_true(progress->transitions > heard->last.transitions);
	heard->last = *progress;
	heard->calls++;
}

/* A change that the model has, and that can come about in the one part of this shard, is
 * one. Of a request that is a bad one nothing is heard. */
static void check_progress(void **state)
{
	struct heard heard = { 0 };
	struct psvm_check_request request = { .l0 = psvm_l0_of(&psvm_rules_linux_6_12),
					      .scope = "default",
					      .shard = 4,
					      .shards = 20,
					      .threads = 1,
					      .max_states = 1000,
					      .implicit_event = true,
					      .progress = hear,
					      .context = &heard };
	struct psvm_l0 b = psvm_l0_of(&psvm_rules_xen);
	struct psvm_visible *visible;
	struct psvm_check_request bad[3];
	struct psvm_diff diff;
	unsigned modelled = 0;
	uint64_t transitions = 0;

	(void)state;
	assert_true(psvm_diff_run(&diff, request.l0, b));
	assert_null(psvm_diff_visible(&request, &diff, b, &visible));
	for (size_t i = 0; i < diff.n_changes; i++) {
		modelled += visible[i].verdict != PSVM_NOT_MODELLED;
		transitions += visible[i].transitions;
	}
	psvm_visible_free(visible, diff.n_changes);
	assert_true(modelled > 1 && modelled < diff.n_changes);
	assert_true(heard.calls > 1 && heard.calls <= modelled);
	assert_int_equal(heard.last.units_done, heard.last.units);
	assert_true(heard.last.transitions > transitions); /* some are of stories */

	bad[0] = bad[1] = bad[2] = request;
	bad[0].scope = NULL;
	bad[1].scope = "half";
	bad[2].shards = 0;
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		assert_non_null(psvm_diff_visible(&bad[i], &diff, b, &visible));
		assert_null(visible);
	}
	assert_int_equal(heard.calls, heard.last.units);
	psvm_diff_free(&diff);
}

/* --- all changes of one rule set make another ---------------------------- */

enum { INPUTS = 4000 };

static uint64_t random64(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct psvm_words random_words(uint64_t *seed)
{
	struct psvm_words w = { .int_ctl = random64(seed),
				.int_state = random64(seed),
				.event_inj = random64(seed),
				.exit_int_info = random64(seed),
				.misc1 = (uint32_t)(random64(seed) >> 32),
				.tlb_control = (uint8_t)(random64(seed) >> 56) };

	return w;
}

/* What is offered is used. */
static uint32_t possible(uint32_t facts)
{
	facts |= facts & PSVM_C(OFFER_VGIF) ? PSVM_C(HOST_VGIF) : 0;
	facts |= facts & PSVM_C(OFFER_VNMI) ? PSVM_C(HOST_VNMI) : 0;
	return facts;
}

static struct psvm_nested random_input(uint64_t *seed)
{
	struct psvm_nested n = { 0 };

	n.v12 = random_words(seed);
	n.v02 = random_words(seed);
	n.v01 = random_words(seed);
	n.facts = possible((uint32_t)(random64(seed) >> 32) &
			   ((UINT32_C(1) << PSVM_C_FACT_COUNT) - 1));
	n.nmis = (uint8_t)(random64(seed) >> 32) % 3;
	n.vector = (uint8_t)(random64(seed) >> 40);
	n.external = (uint8_t)(random64(seed) >> 63);
	return n;
}

typedef struct psvm_result transition(const struct psvm_rules *rules,
				      struct psvm_nested n);

static const struct moment {
	enum psvm_moment moment;
	transition *run;
} moments[] = {
	{ PSVM_MOMENT_SNAPSHOT, psvm_snapshot },
	{ PSVM_MOMENT_ENTER, psvm_enter },
	{ PSVM_MOMENT_REENTER, psvm_reenter },
	{ PSVM_MOMENT_WINDOW, psvm_window_open },
	{ PSVM_MOMENT_CLOSE, psvm_window_close },
	{ PSVM_MOMENT_REFRESH, psvm_refresh },
	{ PSVM_MOMENT_HANDBACK, psvm_nested_sync_int_ctl },
};

static void assert_words(const struct psvm_words *a, const struct psvm_words *b)
{
	assert_int_equal(a->int_ctl, b->int_ctl);
	assert_int_equal(a->int_state, b->int_state);
	assert_int_equal(a->event_inj, b->event_inj);
	assert_int_equal(a->exit_int_info, b->exit_int_info);
	assert_int_equal(a->misc1, b->misc1);
	assert_int_equal(a->tlb_control, b->tlb_control);
}

static void assert_results(const struct psvm_result *a, const struct psvm_result *b)
{
	assert_words(&a->v12, &b->v12);
	assert_words(&a->v02, &b->v02);
	assert_words(&a->v01, &b->v01);
	assert_int_equal(a->requests, b->requests);
	assert_int_equal(a->store12, b->store12);
	assert_int_equal(a->gif, b->gif);
	assert_int_equal(a->nmi_change, b->nmi_change);
	assert_int_equal(a->outcome, b->outcome);
}

/* Each change looks at what a made of the input, not at what other changes did. */
static void check_input(const struct psvm_diff *diff, const struct psvm_rules *a,
			const struct psvm_rules *b, const struct moment *moment,
			struct psvm_nested n)
{
	struct psvm_result r = moment->run(a, n), want = moment->run(b, n);
	static struct reads reads;

	for (size_t i = 0; i < diff->n_changes; i++) {
		struct variant v = { psvm_l0_of(b), diff, &diff->changes[i] };
		uint32_t terms;

		reads.noted = 0;
		if (!variant_at(&v, moment->moment))
			continue;
		terms = variant_terms(&v, &n, &reads);
		if (terms != 0)
			(void)variant_result(&v, terms, &r, &want, &reads);
	}
	assert_results(&r, &want);
}

/* At the example of a change: of b in its parts, of a in all other bits. */
static void check_words(const struct psvm_change *change, const uint64_t *got,
			const uint32_t *a, const uint32_t *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t bits = 0;

		for (size_t k = 0; k < change->n_parts; k++)
			if (change->parts[k].number == i)
				bits |= change->parts[k].output.kind == PSVM_OUTPUT_VALUE
						? UINT32_MAX
						: change->parts[k].bits;
		assert_int_equal(got[i], (a[i] & ~bits) | (b[i] & bits));
	}
}

static void check_example(const struct variant *v, const struct psvm_rules *a)
{
	const struct psvm_diff_input *in = &v->change->example;
	uint32_t terms = variant_terms(v, &in->nested, NULL);
	uint64_t got[VARIANT_OUTPUTS];

	assert_int_not_equal(terms, 0);
	if (variant_at(v, PSVM_MOMENT_MERGE)) {
		struct psvm_intercepts ia =
			psvm_merge_intercepts(a, in->nested, in->i12, in->i01);
		struct psvm_intercepts ib =
			psvm_merge_intercepts(v->to.rules, in->nested, in->i12, in->i01);

		variant_outputs(v, terms, psvm_l0_of(a), in, got);
		check_words(v->change, got, ia.word, ib.word, N_ROWS(ia.word));
		assert_memory_not_equal(ia.word, ib.word, sizeof(ia.word));
	} else if (variant_at(v, PSVM_MOMENT_ARRIVE)) {
		uint32_t ra = psvm_interrupt_arrives(a, in->nested);
		uint32_t rb = psvm_interrupt_arrives(v->to.rules, in->nested);

		variant_outputs(v, terms, psvm_l0_of(a), in, got);
		check_words(v->change, got, &ra, &rb, 1);
		assert_int_not_equal(ra, rb);
	}
}

/* A rule set and the one that follows it in the table. */
static void check_whole(void **state)
{
	size_t i = (size_t)((const char *)*state - (const char *)check_sets) /
		   sizeof(check_sets[0]);
	const struct psvm_rules *a = check_sets[i].rules;
	const struct psvm_rules *b = check_sets[(i + 1) % N_ROWS(check_sets)].rules;
	uint64_t seed = 88172645463325252U;
	struct psvm_diff diff;

	assert_true(psvm_diff_run(&diff, psvm_l0_of(a), psvm_l0_of(b)));
	for (size_t k = 0; k < N_ROWS(moments); k++)
		for (unsigned n = 0; n < INPUTS; n++)
			check_input(&diff, a, b, &moments[k], random_input(&seed));
	for (size_t k = 0; k < diff.n_changes; k++) {
		struct variant v = { psvm_l0_of(b), &diff, &diff.changes[k] };

		check_example(&v, a);
	}
	psvm_diff_free(&diff);
}

int main(int argc, char **argv)
{
	struct CMUnitTest
		tests[N_ROWS(known) + N_ROWS(foreign_rows) + N_ROWS(check_sets) + 4];
	size_t n = 0;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < N_ROWS(known); i++)
		tests[n++] = check_case(known[i].name, check_known, &known[i]);
	for (size_t i = 0; i < N_ROWS(foreign_rows); i++)
		tests[n++] = check_case(foreign_rows[i].name, check_foreign,
					&foreign_rows[i]);
	for (size_t i = 0; i < N_ROWS(check_sets); i++)
		tests[n++] = check_case(check_sets[i].name, check_whole, &check_sets[i]);
	tests[n++] = check_case("foreign, 068h", check_068, NULL);
	tests[n++] = check_case("a change of nothing", check_nothing, NULL);
	tests[n++] = check_case("a bound that is met", check_bound, NULL);
	tests[n++] = check_case("progress", check_progress, NULL);
	return _cmocka_run_group_tests("visible", tests, n, NULL, NULL);
}
