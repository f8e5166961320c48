/* SPDX-License-Identifier: MIT */
/*
 * Every rule set at every moment against the reference model.
 *
 *	test_rules [--brief | --thorough | --sweep] [rule set | moment]...
 *
 * Without names: all. Each case enumerates the conditions that any rule set asks
 * about at that moment (tests/enumerate.h says how) and prints how many inputs
 * it covered. That the list of conditions is complete is a case of its own.
 *
 * --sweep: instead, each of the low halves of the three int_ctl words through
 * all 2^32 values, at refresh, hand-back and enter, on all processors.
 *
 * --brief: on a few inputs only, which is enough to see most mistakes.
 *
 * Compiled with PSVM_EXTERN this tests the external forms, without --thorough on fewer
 * inputs; else the inline forms, folded for each rule set.
 */
#define _DEFAULT_SOURCE

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "enumerate.h"
#include "reference.h"
#include "show.h"

#include "psvm/rule_sets.h"
#include "rows.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef PSVM_EXTERN
#define RULES(identifier) psvm_rules_builtin(PSVM_RULE_SET_##identifier)
static enum extent extent = SHORT;
#else
#define RULES(identifier) (&psvm_rules_##identifier)
static enum extent extent = THOROUGH;
#endif

/* The transitions: X(name in cases, function of psvm, function of the model) */
#define TRANSITIONS(X) \
	X("snapshot", psvm_snapshot, ref_snapshot) \
	X("enter", psvm_enter, ref_enter) \
	X("reenter", psvm_reenter, ref_reenter) \
	X("window-open", psvm_window_open, ref_window_open) \
	X("window-close", psvm_window_close, ref_window_close) \
	X("refresh", psvm_refresh, ref_refresh) \
	X("hand-back", psvm_nested_sync_int_ctl, ref_handback)

enum transition {
#define X(name, product, reference) T_##product,
	TRANSITIONS(X)
#undef X
	T_COUNT
};

typedef struct psvm_result product_fn(struct psvm_nested n);
typedef struct psvm_result reference_fn(enum ref_rules rules, struct psvm_nested n);

static reference_fn *const references[] = {
#define X(name, product, reference) reference,
	TRANSITIONS(X)
#undef X
};

/* The functions of psvm for one rule set, which is a constant in them. */
struct product {
	const char *name;
	enum ref_rules rules;
	product_fn *transition[T_COUNT];
	struct psvm_intercepts (*merge)(struct psvm_nested n, struct psvm_intercepts i12,
					struct psvm_intercepts i01);
	uint32_t (*route)(struct psvm_nested n, uint64_t exit_code,
			  struct psvm_intercepts i12, struct psvm_intercepts i01);
	uint32_t (*arrives)(struct psvm_nested n);
	struct psvm_status (*rule)(struct psvm_nested n, uint32_t cell, uint64_t *bits);
};

#define TRANSITION(identifier, function) \
	static struct psvm_result identifier##_##function(struct psvm_nested n) \
	{ \
		return function(RULES(identifier), n); \
	}

#define FUNCTIONS(name, identifier, words) \
	TRANSITION(identifier, psvm_snapshot) \
	TRANSITION(identifier, psvm_enter) \
	TRANSITION(identifier, psvm_reenter) \
	TRANSITION(identifier, psvm_window_open) \
	TRANSITION(identifier, psvm_window_close) \
	TRANSITION(identifier, psvm_refresh) \
	TRANSITION(identifier, psvm_nested_sync_int_ctl) \
	static struct psvm_intercepts identifier##_merge(struct psvm_nested n, \
							 struct psvm_intercepts i12, \
							 struct psvm_intercepts i01) \
	{ \
		return psvm_merge_intercepts(RULES(identifier), n, i12, i01); \
	} \
	static uint32_t identifier##_route(struct psvm_nested n, uint64_t exit_code, \
					   struct psvm_intercepts i12, \
					   struct psvm_intercepts i01) \
	{ \
		return psvm_route_exit(RULES(identifier), n, exit_code, i12, i01); \
	} \
	static uint32_t identifier##_arrives(struct psvm_nested n) \
	{ \
		return psvm_interrupt_arrives(RULES(identifier), n); \
	} \
	static struct psvm_status identifier##_rule(struct psvm_nested n, uint32_t cell, \
						    uint64_t *bits) \
	{ \
		return psvm_rule(RULES(identifier), n, cell, bits); \
	}
PSVM_RULE_SETS(FUNCTIONS)

/* In the order of enum ref_rules, which is that of PSVM_RULE_SETS. */
static const struct product products[] = {
#define ROW(name, identifier, words) \
	{ name, \
	  (enum ref_rules)PSVM_RULE_SET_##identifier, \
	  { identifier##_psvm_snapshot, identifier##_psvm_enter, \
	    identifier##_psvm_reenter, identifier##_psvm_window_open, \
	    identifier##_psvm_window_close, identifier##_psvm_refresh, \
	    identifier##_psvm_nested_sync_int_ctl }, \
	  identifier##_merge, \
	  identifier##_route, \
	  identifier##_arrives, \
	  identifier##_rule },
	PSVM_RULE_SETS(ROW)
#undef ROW
};

PSVM_STATIC_ASSERT((int)REF_LINUX_6_1 == (int)PSVM_RULE_SET_linux_6_1 &&
			   (int)REF_LKML_2022_BASE == (int)PSVM_RULE_SET_lkml_2022_base &&
			   (int)REF_LKML_2022 == (int)PSVM_RULE_SET_lkml_2022 &&
			   (int)REF_LKML_2022_VNMI == (int)PSVM_RULE_SET_lkml_2022_vnmi &&
			   (int)REF_LINUX_6_12 == (int)PSVM_RULE_SET_linux_6_12 &&
			   (int)REF_LINUX_7_2 == (int)PSVM_RULE_SET_linux_7_2 &&
			   (int)REF_XEN == (int)PSVM_RULE_SET_xen &&
			   (int)REF_EXACT == (int)PSVM_RULE_SET_exact &&
			   (int)REF_RULES == (int)PSVM_RULE_SET_COUNT,
		   "both sides number the rule sets alike");

static const struct psvm_rules *rules_of(enum ref_rules rules)
{
	switch ((int)rules) {
#define ROW(name, identifier, words) \
	case PSVM_RULE_SET_##identifier: \
		return RULES(identifier);
		PSVM_RULE_SETS(ROW)
#undef ROW
	default:
		return NULL;
	}
}

/* What a case looks at, with what. */
struct moment;
struct scene {
	const struct product *product;
	const struct moment *moment;
};

struct cells {
	enum psvm_cell_id first;
	enum psvm_cell_id last;
};

enum { RANGES_MAX = 6 };

struct moment {
	const char *name;
	look *look_at;
	enum transition transition;
	struct plan plan;
	/* The cells that psvm reads at this moment. */
	struct cells cells[RANGES_MAX];
	size_t n_cells;
};

/*
 * Looking at one input.
 */
static void say_input(const struct scene *scene, const struct input *input)
{
	fprintf(stderr, "\n%s %s disagrees with the reference model\n",
		scene->product->name, scene->moment->name);
	show_input(stderr, "input", &input->n);
}

static bool look_at_transition(void *context, const struct input *input)
{
	const struct scene *scene = context;
	enum transition t = scene->moment->transition;
	struct psvm_result got = scene->product->transition[t](input->n);
	struct psvm_result want = references[t](scene->product->rules, input->n);

	if (results_equal(&got, &want))
		return true;
	say_input(scene, input);
	return !show_difference(stderr, &got, &want);
}

static void say_intercepts(const char *name, const struct psvm_intercepts *i)
{
	fprintf(stderr, "static const struct psvm_intercepts %s = { {", name);
	for (size_t w = 0; w < N_ROWS(i->word); w++)
		fprintf(stderr, " 0x%08" PRIx32 ",", i->word[w]);
	fputs(" } };\n", stderr);
}

static bool look_at_merge(void *context, const struct input *input)
{
	const struct scene *scene = context;
	struct psvm_intercepts got =
		scene->product->merge(input->n, input->i12, input->i01);
	struct psvm_intercepts want =
		ref_merge(scene->product->rules, input->n, input->i12, input->i01);

	if (memcmp(&got, &want, sizeof(got)) == 0)
		return true;
	say_input(scene, input);
	say_intercepts("i12", &input->i12);
	say_intercepts("i01", &input->i01);
	say_intercepts("got", &got);
	say_intercepts("want", &want);
	return false;
}

static bool look_at_exit(const struct scene *scene, const struct input *input,
			 uint64_t code)
{
	uint32_t got = scene->product->route(input->n, code, input->i12, input->i01);
	uint32_t want = ref_route(scene->product->rules, input->n, code, input->i12,
				  input->i01);

	if (got == want)
		return true;
	say_input(scene, input);
	say_intercepts("i12", &input->i12);
	say_intercepts("i01", &input->i01);
	fprintf(stderr, "exit code 0x%" PRIx64 ": got level %" PRIu32 ", want %" PRIu32
		"\n", code, got, want);
	return false;
}

enum { EXIT_CODES = 0x600 };

/* Exit codes with a meaning of their own, and neighbours of such: -1 to -3,
 * 32-bit ones, codes that differ from INTR in one high bit. */
static const uint64_t special_exits[] = {
	UINT64_MAX,	       UINT64_MAX - 1,	      UINT64_MAX - 2,
	UINT64_C(0xffffffff),  UINT64_C(0xfffffffe),  UINT64_C(0x100000060),
	UINT64_C(0x100000078), UINT64_C(0x8000000000000060),
	UINT64_C(0x8000000000000400), UINT64_C(0x403), UINT64_C(0xf0000000),
	UINT64_C(0x7fffffffffffffff), UINT64_C(0x10000),
};

static bool look_at_route(void *context, const struct input *input)
{
	for (uint64_t code = 0; code < EXIT_CODES; code++)
		if (!look_at_exit(context, input, code))
			return false;
	for (size_t i = 0; i < N_ROWS(special_exits); i++)
		if (!look_at_exit(context, input, special_exits[i]))
			return false;
	return true;
}

static bool look_at_arrives(void *context, const struct input *input)
{
	const struct scene *scene = context;
	uint32_t got = scene->product->arrives(input->n);
	uint32_t want = ref_arrives(scene->product->rules, input->n);

	if (got == want)
		return true;
	say_input(scene, input);
	fprintf(stderr, "got arrival %" PRIu32 ", want %" PRIu32 "\n", got, want);
	return false;
}

typedef uint64_t answer_fn(enum ref_rules rules, struct psvm_nested n);

#define FLAG_OF(function) \
	static uint64_t flag_##function(enum ref_rules rules, struct psvm_nested n) \
	{ \
		return function(rules, n) ? PSVM_FLAG : 0; \
	}
FLAG_OF(ref_tpr_load)
FLAG_OF(ref_tpr_store)
FLAG_OF(ref_cr8_intercept)
FLAG_OF(ref_hlt_intercept)
FLAG_OF(ref_emulate_refresh)
FLAG_OF(ref_step)
FLAG_OF(ref_nmi_mask_in_01)

static uint64_t wakes_of_ref(enum ref_rules rules, struct psvm_nested n)
{
	return ref_hlt_wake(rules, n);
}

static const struct {
	const char *name;
	enum psvm_cell_id cell;
	answer_fn *answer;
} answers[] = {
	{ "TPR_LOAD", PSVM_CELL_TPR_LOAD, flag_ref_tpr_load },
	{ "TPR_STORE", PSVM_CELL_TPR_STORE, flag_ref_tpr_store },
	{ "CR8_INTERCEPT", PSVM_CELL_CR8_INTERCEPT, flag_ref_cr8_intercept },
	{ "HLT_INTERCEPT", PSVM_CELL_HLT_INTERCEPT, flag_ref_hlt_intercept },
	{ "HLT_WAKE", PSVM_CELL_HLT_WAKE, wakes_of_ref },
	{ "EMULATE_REFRESH", PSVM_CELL_EMULATE_REFRESH, flag_ref_emulate_refresh },
	{ "RUN_FROM_12", PSVM_CELL_RUN_FROM_12, ref_run_from_12 },
	{ "RUN_CLEAR_02", PSVM_CELL_RUN_CLEAR_02, ref_run_clear_02 },
	{ "STEP", PSVM_CELL_STEP, flag_ref_step },
	{ "NMI_MASK_IN_01", PSVM_CELL_NMI_MASK_IN_01, flag_ref_nmi_mask_in_01 },
};

static bool look_at_cells(void *context, const struct input *input)
{
	const struct scene *scene = context;

	for (size_t i = 0; i < N_ROWS(answers); i++) {
		uint64_t got = UINT64_MAX;
		struct psvm_status status =
			scene->product->rule(input->n, answers[i].cell, &got);
		uint64_t want = answers[i].answer(scene->product->rules, input->n);

		if (status.code == PSVM_OK && got == want)
			continue;
		say_input(scene, input);
		fprintf(stderr, "%s: status %" PRIu32 ", got 0x%" PRIx64 ", want 0x%"
			PRIx64 "\n", answers[i].name, status.code, got, want);
		return false;
	}
	return true;
}

/*
 * The moments. Conditions are listed from the documents: what any of the rule
 * sets asks about there; a case checks the lists against the cells.
 */
#define KNOBS_ENTER \
	{ KNOB_V_INTR_MASKING_12, KNOB_V_GIF_ENABLE_12, KNOB_V_NMI_ENABLE_12, \
	  KNOB_V_IRQ_12, KNOB_NMI_12, KNOB_VINTR_12, KNOB_VINTR_01, KNOB_VINTR_02, \
	  KNOB_V_NMI_01, KNOB_V_GIF_ENABLE_02, KNOB_L1_IF, KNOB_PENDING, \
	  KNOB_CHECKS_FAILED, KNOB_DEFERRED, KNOB_CLEAN_TPR_12, KNOB_MOVED_12 }
#define CELLS_ENTER \
	{ { PSVM_CELL_ENTER_INVALID, PSVM_CELL_ENTER_REQUEST }, \
	  { PSVM_CELL_MERGE_DROP_MISC1, PSVM_CELL_MERGE_DROP_MISC1 }, \
	  { PSVM_CELL_CLOSE_IN_01, PSVM_CELL_CLOSE_CLEAR_01 }, \
	  { PSVM_CELL_HANDBACK_CLEAR_02, PSVM_CELL_HANDBACK_STORE_12 }, \
	  { PSVM_CELL_HANDBACK_CLEAR_01, PSVM_CELL_HANDBACK_CLOSE } }

static const struct moment moments[] = {
	{ .name = "snapshot", .look_at = look_at_transition,
	  .transition = T_psvm_snapshot,
	  .plan.knobs = { KNOB_V_INTR_MASKING_12, KNOB_V_GIF_ENABLE_12,
			  KNOB_V_NMI_ENABLE_12, KNOB_L1_GIF },
	  .cells = { { PSVM_CELL_SNAPSHOT_INT_CTL, PSVM_CELL_SNAPSHOT_TLB_CONTROL } },
	  .n_cells = 1 },
	{ .name = "enter", .look_at = look_at_transition, .transition = T_psvm_enter,
	  .plan.knobs = KNOBS_ENTER, .plan.only_xen = 2, .cells = CELLS_ENTER,
	  .n_cells = 5 },
	{ .name = "reenter", .look_at = look_at_transition,
	  .transition = T_psvm_reenter,
	  .plan.knobs = KNOBS_ENTER, .plan.only_xen = 2, .cells = CELLS_ENTER,
	  .n_cells = 5 },
	{ .name = "window-open", .look_at = look_at_transition,
	  .transition = T_psvm_window_open,
	  .plan.knobs = { KNOB_V_INTR_MASKING_12, KNOB_V_IRQ_12, KNOB_VINTR_12,
			  KNOB_V_IRQ_02, KNOB_VINTR_02, KNOB_VINTR_01, KNOB_L1_IF,
			  KNOB_L1_GIF, KNOB_VMRUN_PENDING, KNOB_VECTOR_4,
			  KNOB_VECTOR_5, KNOB_VECTOR_6, KNOB_VECTOR_7,
			  KNOB_EXTERNAL },
	  .cells = { { PSVM_CELL_MERGE_DROP_MISC1, PSVM_CELL_MERGE_DROP_MISC1 },
		     { PSVM_CELL_WINDOW_ASK, PSVM_CELL_WINDOW_EVENT } },
	  .n_cells = 2 },
	{ .name = "window-close", .look_at = look_at_transition,
	  .transition = T_psvm_window_close,
	  .plan.knobs = { KNOB_V_INTR_MASKING_12, KNOB_V_IRQ_12, KNOB_VINTR_12,
			  KNOB_V_IRQ_02, KNOB_VINTR_02, KNOB_VINTR_01, KNOB_L1_IF,
			  KNOB_L1_GIF },
	  .cells = { { PSVM_CELL_MERGE_DROP_MISC1, PSVM_CELL_MERGE_DROP_MISC1 },
		     { PSVM_CELL_CLOSE_IN_01, PSVM_CELL_CLOSE_REQUEST } },
	  .n_cells = 2 },
	{ .name = "refresh", .look_at = look_at_transition,
	  .transition = T_psvm_refresh,
	  .plan.knobs = { KNOB_V_INTR_MASKING_12, KNOB_V_GIF_ENABLE_12,
			  KNOB_V_NMI_ENABLE_12, KNOB_V_IRQ_12, KNOB_VINTR_12,
			  KNOB_V_IRQ_02, KNOB_V_GIF_ENABLE_02, KNOB_VINTR_02,
			  KNOB_VINTR_01, KNOB_L1_GIF },
	  .cells = { { PSVM_CELL_REFRESH_TO_12, PSVM_CELL_REFRESH_FIELDS } },
	  .n_cells = 1 },
	{ .name = "hand-back", .look_at = look_at_transition,
	  .transition = T_psvm_nested_sync_int_ctl,
	  .plan = { .knobs = { KNOB_V_INTR_MASKING_12, KNOB_V_GIF_ENABLE_12,
			       KNOB_V_NMI_ENABLE_12, KNOB_V_IRQ_12, KNOB_INTR_12,
			       KNOB_VINTR_12, KNOB_V_IRQ_02, KNOB_V_NMI_02,
			       KNOB_V_GIF_ENABLE_02, KNOB_VINTR_02,
			       KNOB_V_NMI_01, KNOB_VINTR_01, KNOB_PENDING,
			       KNOB_DEFERRED },
		    .nmis = true },
	  .cells = { { PSVM_CELL_CLOSE_IN_01, PSVM_CELL_CLOSE_IN_01 },
		     { PSVM_CELL_CLOSE_CLEAR_01, PSVM_CELL_CLOSE_CLEAR_01 },
		     { PSVM_CELL_HANDBACK_REQUEST, PSVM_CELL_HANDBACK_CLOSE } },
	  .n_cells = 3 },
	{ .name = "merge", .look_at = look_at_merge,
	  .plan = { .knobs = { KNOB_V_INTR_MASKING_12, KNOB_L1_IF, KNOB_L1_GIF },
		    .intercepts = true },
	  .cells = { { PSVM_CELL_MERGE_WORDS, PSVM_CELL_MERGE_SET_CR } },
	  .n_cells = 1 },
	{ .name = "route", .look_at = look_at_route,
	  .plan = { .knobs = { KNOB_VINTR_01 }, .intercepts = true },
	  .cells = { { PSVM_CELL_ROUTE_L0, PSVM_CELL_ROUTE_L1 } },
	  .n_cells = 1 },
	{ .name = "arrives", .look_at = look_at_arrives,
	  .plan.knobs = { KNOB_V_INTR_MASKING_12, KNOB_V_GIF_ENABLE_12,
			  KNOB_V_NMI_ENABLE_12, KNOB_INTR_12, KNOB_L1_IF,
			  KNOB_L1_GIF, KNOB_L2_IF, KNOB_L2_SHADOW,
			  KNOB_VMRUN_PENDING },
	  .cells = { { PSVM_CELL_OPEN, PSVM_CELL_CLOSED_WINDOW } },
	  .n_cells = 1 },
	{ .name = "runs of L2", .look_at = look_at_cells,
	  .plan.knobs = { KNOB_V_INTR_MASKING_12, KNOB_V_GIF_ENABLE_12,
			  KNOB_V_NMI_ENABLE_12, KNOB_HLT_12, KNOB_INTR_12,
			  KNOB_VINTR_01, KNOB_L1_IF, KNOB_L1_GIF, KNOB_L2_IF,
			  KNOB_TPR_MASKS, KNOB_CR8_WRITE_02 },
	  .cells = { { PSVM_CELL_TPR_LOAD, PSVM_CELL_NMI_MASK_IN_01 } },
	  .n_cells = 1 },
};

static uint64_t all_inputs; /* of all the moments that were looked at */

static void test_moment(void **state)
{
	struct scene *scene = *state;
	struct plan plan =
		plan_for(&scene->moment->plan, scene->product->rules == REF_XEN);
	struct counts counts = { 0, 0 };
	bool equal =
		enumerate(&plan, extent, scene->moment->look_at, scene, &counts);

	printf("%s %s: %" PRIu64 " inputs with all bits filled, %" PRIu64
	       " with a single bit changed%s\n", scene->product->name,
	       scene->moment->name, counts.combined, counts.single,
	       scene->moment->look_at == look_at_route ? ", each with all exit codes" :
							 "");
	all_inputs += counts.combined + counts.single;
	if (!equal)
		fail();
}

/*
 * Are the lists of conditions complete?
 */
static uint32_t conditions_of_cell(const struct psvm_cell *cell)
{
	uint32_t conditions = 0;

	for (size_t i = 0; i < N_ROWS(cell->move); i++)
		conditions |= cell->move[i].on | cell->move[i].off;
	return conditions & PSVM_C_ALL;
}

/* The conditions that a rule set names in the cells of a moment. */
static uint32_t conditions_of_moment(const struct moment *moment,
				     const struct psvm_rules *rules)
{
	uint32_t conditions = 0;

	for (size_t r = 0; r < moment->n_cells; r++)
		for (uint32_t id = moment->cells[r].first;
		     id <= (uint32_t)moment->cells[r].last; id++)
			conditions |= conditions_of_cell(&rules->cell[id]);
	return conditions;
}

static void say_conditions(const char *text, uint32_t conditions)
{
	static const char *const names[] = {
#define X(name, bit, source, words) #name,
		PSVM_CONDITIONS(X)
#undef X
	};

	for (unsigned int bit = 0; bit < PSVM_C_COUNT; bit++)
		if (conditions >> bit & 1)
			fprintf(stderr, "%s: %s\n", text, names[bit]);
}

/* What any rule set names is enumerated for all, but what only xen names may be
 * enumerated for xen alone. */
static void test_conditions(void **state)
{
	const struct moment *moment = *state;
	struct plan plan = plan_for(&moment->plan, false);
	uint32_t missing = 0;

	for (enum ref_rules rules = 0; rules < REF_RULES; rules++)
		if (rules != REF_XEN)
			missing |= conditions_of_moment(moment, rules_of(rules));
	missing &= ~conditions_of_plan(&plan);
	missing |= conditions_of_moment(moment, rules_of(REF_XEN)) &
		   ~conditions_of_plan(&moment->plan);
	say_conditions("a cell names a condition that is not enumerated", missing);
	assert_int_equal(missing, 0);
}

static bool is_read(uint32_t id)
{
	for (size_t m = 0; m < N_ROWS(moments); m++)
		for (size_t r = 0; r < moments[m].n_cells; r++)
			if (id >= (uint32_t)moments[m].cells[r].first &&
			    id <= (uint32_t)moments[m].cells[r].last)
				return true;
	return false;
}

static void test_every_cell(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < PSVM_CELL_COUNT; id++)
		if (!is_read(id))
			fail_msg("no moment lists cell %" PRIu32, id);
}

/*
 * Sweeps.
 */
struct sweep {
	struct scene scene;
	unsigned int word; /* of 12, 02, 01: the one that runs through all values */
	unsigned int others; /* which values the other two have */
};

enum { WORDS = 3, OTHERS = 2 };

/* 12, 02, 01, upper half included. First: an L1 that uses everything and an L2
 * that has used it up. Second: L1 uses nothing, all else is set. */
static const uint64_t other_values[OTHERS][WORDS] = {
	{ UINT64_C(0x0000003107171b05), UINT64_C(0x000000ff07001203),
	  UINT64_C(0x0000000007000a00) },
	{ UINT64_C(0xffffff00f8e8e4fa), UINT64_C(0xa5a5a5a5ffffffff),
	  UINT64_C(0x5a5a5a5aff1f1f0f) },
};

/* One sensible set of conditions: all is offered, an NMI waits, and L1, which
 * intercepts interrupts and NMIs, had IF and has GIF. */
static struct psvm_nested sweep_base(const struct sweep *sweep)
{
	const uint64_t *values = other_values[sweep->others];

	return (struct psvm_nested){
		.v12 = { .int_ctl = values[0], .misc1 = 0x3 },
		.v02 = { .int_ctl = values[1], .event_inj = 0x80000202, .misc1 = 0x3 },
		.v01 = { .int_ctl = values[2], .misc1 = 0x3 },
		.facts = PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI) | PSVM_C(HOST_VGIF) |
			 PSVM_C(HOST_VNMI) | PSVM_C(L1_IF) | PSVM_C(L1_GIF),
		.nmis = 1,
	};
}

static uint64_t *sweep_word(struct psvm_nested *n, unsigned int word)
{
	struct psvm_words *words[WORDS] = { &n->v12, &n->v02, &n->v01 };

	return &words[word]->int_ctl;
}

/* The part of the values that one process looks at. */
static bool sweep_part(const struct sweep *sweep, uint64_t first, uint64_t end)
{
	struct scene scene = sweep->scene;
	struct input input = { .n = sweep_base(sweep) };
	uint64_t *word = sweep_word(&input.n, sweep->word);
	uint64_t high = *word & ~(uint64_t)UINT32_MAX;

	for (uint64_t low = first; low < end; low++) {
		*word = high | low;
		if (!look_at_transition(&scene, &input))
			return false;
	}
	return true;
}

#define SWEEP_END (UINT64_C(1) << 32)

static pid_t fork_part(const struct sweep *sweep, uint64_t part, uint64_t parts)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* do not outlive a test that is stopped */
	_exit(!sweep_part(sweep, SWEEP_END / parts * part,
			  part + 1 == parts ? SWEEP_END :
					      SWEEP_END / parts * (part + 1)));
}

static bool part_succeeded(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

enum { PARTS_MAX = 256 };

static bool sweep_in_parts(const struct sweep *sweep)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t parts = processors < 1 ? 1 : (uint64_t)processors;
	pid_t pids[PARTS_MAX];
	bool equal = true;

	if (parts > PARTS_MAX)
		parts = PARTS_MAX;
	for (uint64_t part = 0; part < parts; part++)
		pids[part] = fork_part(sweep, part, parts);
	for (uint64_t part = 0; part < parts; part++)
		equal = part_succeeded(pids[part]) && equal;
	return equal;
}

static bool sweep_word_with(const struct sweep *sweep)
{
	static const char *const names[WORDS] = { "12", "02", "01" };
	bool equal = sweep_in_parts(sweep);

	printf("%s %s: all 2^32 values of int_ctl of %s, others %u: %s\n",
	       sweep->scene.product->name, sweep->scene.moment->name,
	       names[sweep->word], sweep->others, equal ? "equal" : "different");
	return equal;
}

static void test_sweep(void **state)
{
	struct sweep sweep = { .scene = *(struct scene *)*state };
	bool equal = true;

	for (sweep.word = 0; sweep.word < WORDS; sweep.word++)
		for (sweep.others = 0; sweep.others < OTHERS; sweep.others++)
			equal = sweep_word_with(&sweep) && equal;
	if (!equal)
		fail();
}

static bool is_swept(const struct moment *moment)
{
	return moment->look_at == look_at_transition &&
	       (moment->transition == T_psvm_refresh ||
		moment->transition == T_psvm_nested_sync_int_ctl ||
		moment->transition == T_psvm_enter);
}

/*
 * Which cases to run.
 */
enum { CASES_MAX = 128, NAME_MAX_LENGTH = 64 };

struct cases {
	struct CMUnitTest test[CASES_MAX];
	struct scene scene[CASES_MAX];
	char name[CASES_MAX][NAME_MAX_LENGTH];
	size_t count;
};

static void add_case(struct cases *cases, const char *first, const char *second,
		     CMUnitTestFunction function, void *state)
{
	size_t i = cases->count++;

	snprintf(cases->name[i], sizeof(cases->name[i]), "%s %s", first, second);
	cases->test[i] = (struct CMUnitTest){ .name = cases->name[i],
					      .test_func = function,
					      .initial_state = state };
}

static void add_moment(struct cases *cases, const struct product *product,
		       const struct moment *moment, bool sweep)
{
	struct scene *scene = &cases->scene[cases->count];

	*scene = (struct scene){ product, moment };
	if (!sweep)
		add_case(cases, product->name, moment->name, test_moment, scene);
	else if (is_swept(moment))
		add_case(cases, product->name, moment->name, test_sweep, scene);
}

static bool is_product(const char *name)
{
	for (size_t p = 0; p < N_ROWS(products); p++)
		if (strcmp(products[p].name, name) == 0)
			return true;
	return false;
}

static bool is_moment(const char *name)
{
	for (size_t m = 0; m < N_ROWS(moments); m++)
		if (strcmp(moments[m].name, name) == 0)
			return true;
	return false;
}

/* Is a name wanted, among the names of its kind? None of the kind: all are. */
static bool is_wanted(const char *name, char **names, bool (*of_kind)(const char *))
{
	bool any = false;

	for (; *names; names++) {
		any = any || of_kind(*names);
		if (strcmp(*names, name) == 0)
			return true;
	}
	return !any;
}

static void add_cases(struct cases *cases, char **names, bool sweep)
{
	for (size_t p = 0; p < N_ROWS(products); p++)
		for (size_t m = 0; m < N_ROWS(moments); m++)
			if (is_wanted(products[p].name, names, is_product) &&
			    is_wanted(moments[m].name, names, is_moment))
				add_moment(cases, &products[p], &moments[m], sweep);
	if (sweep)
		return;
	for (size_t m = 0; m < N_ROWS(moments); m++)
		add_case(cases, "all conditions of", moments[m].name, test_conditions,
			 (void *)(uintptr_t)&moments[m]);
	add_case(cases, "moments", "cover every cell", test_every_cell, NULL);
}

static bool names_are_known(char **names)
{
	for (; *names; names++)
		if (!is_product(*names) && !is_moment(*names)) {
			fprintf(stderr, "test_rules: %s: no rule set or moment\n",
				*names);
			return false;
		}
	return true;
}

int main(int argc, char **argv)
{
	static struct cases cases;
	bool sweep = argc > 1 && strcmp(argv[1], "--sweep") == 0;
	bool brief = argc > 1 && strcmp(argv[1], "--brief") == 0;
	bool thorough = argc > 1 && strcmp(argv[1], "--thorough") == 0;
	char **names = argv + 1 + (sweep || brief || thorough);
	int rc;

	if (brief)
		extent = BRIEF;
	if (thorough)
		extent = THOROUGH;
	if (!names_are_known(names))
		return 2;
	add_cases(&cases, names, sweep);
	rc = _cmocka_run_group_tests("rules", cases.test, cases.count, NULL, NULL);
	if (!sweep)
		printf("together %" PRIu64 " inputs\n", all_inputs);
	return rc != 0;
}
