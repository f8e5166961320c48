/* SPDX-License-Identifier: MIT */
/*
 * A rule set against the functions of the hypervisor that it describes.
 *
 *	test_kernel [--random COUNT] [--only CASES] SIDE.so
 *
 * side.py makes the shared object. Its cases: that each piece of the source is the
 * one that the rule set was written from; then, step by step, the same inputs for both,
 * complete over what steers a step (tests/enumerate.h), and COUNT inputs of random bits.
 * A difference is the rule set's fault if the source is as known, else it may be that the
 * source has changed; the message says which.
 */
#define _DEFAULT_SOURCE

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "enumerate.h"
#include "kernel/side.h"
#include "show.h"

#include "psvm/rule_sets.h"
#include "rows.h"
#include "splitmix.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is compared ---------------------------------------------------- */

/* What a step does not say is not compared; nor what a side does not say. */
enum {
	NO_REQUESTS = 1, /* they are made by the caller of the kernel's function */
	NO_OUTCOME = 2,
	OUTCOME_FIRST = 4, /* if the checks fail, the kernel's caller does the rest */
	VMCB12_SAME = 8, /* v12 is vmcb12; the words of 12 are there first */
	VMCB12_OTHER = 16, /* v12 is vmcb12; their complement is there first */
};

typedef struct psvm_result psvm_fn(const struct psvm_rules *rules, struct psvm_nested n);

#define X(step, name, function) \
	static struct psvm_result run_##function(const struct psvm_rules *rules, \
						 struct psvm_nested n) \
	{ \
		return function(rules, n); \
	}
KERNEL_STEPS(X)
#undef X

static const struct step {
	const char *name;
	psvm_fn *psvm;
} steps[] = {
#define X(step, name, function) { name, run_##function },
	KERNEL_STEPS(X)
#undef X
};

static const unsigned int ways[] = {
	[KERNEL_SNAPSHOT] = 0,
	[KERNEL_ENTER] = VMCB12_SAME,
	[KERNEL_REENTER] = NO_REQUESTS | OUTCOME_FIRST,
	[KERNEL_WINDOW_OPEN] = NO_OUTCOME,
	[KERNEL_WINDOW_CLOSE] = 0,
	[KERNEL_REFRESH] = 0,
	[KERNEL_HAND_BACK] = VMCB12_OTHER,
};

PSVM_STATIC_ASSERT(N_ROWS(steps) == KERNEL_STEP_COUNT &&
			   N_ROWS(ways) == KERNEL_STEP_COUNT,
		   "every step has a way to compare it");

/* Everything that a rule set of Linux may ask about, whoever asks. */
#define KNOBS_OF_LINUX \
	{ KNOB_V_INTR_MASKING_12, KNOB_V_GIF_ENABLE_12, KNOB_V_NMI_ENABLE_12, \
	  KNOB_V_IRQ_12, KNOB_INTR_12, KNOB_NMI_12, KNOB_VINTR_12, KNOB_V_IRQ_02, \
	  KNOB_V_GIF_ENABLE_02, KNOB_VINTR_02, KNOB_V_NMI_01, KNOB_VINTR_01, KNOB_L1_IF, \
	  KNOB_L1_GIF, KNOB_PENDING, KNOB_CHECKS_FAILED }

#define KNOBS_OF_XEN \
	{ KNOB_V_INTR_MASKING_12, KNOB_V_GIF_ENABLE_12, KNOB_V_IRQ_12, KNOB_VINTR_12, \
	  KNOB_V_IRQ_02, KNOB_V_GIF_ENABLE_02, KNOB_VINTR_02, KNOB_VINTR_01, \
	  KNOB_CHECKS_FAILED, KNOB_CLEAN_TPR_12, KNOB_MOVED_12, KNOB_VMRUN_PENDING, \
	  KNOB_DEFERRED, KNOB_VECTOR_4, KNOB_VECTOR_7, KNOB_EXTERNAL }

/* The merge comes after the steps. */
enum { MERGE = KERNEL_STEP_COUNT };

static struct plan plan_of(enum kernel_step step, bool xen)
{
	struct plan plan = { .knobs = KNOBS_OF_LINUX,
			     .nmis = step == KERNEL_ENTER || step == KERNEL_HAND_BACK,
			     .intercepts = step == (enum kernel_step)MERGE };
	struct plan plan_of_xen = { .knobs = KNOBS_OF_XEN,
				    .intercepts = plan.intercepts };

	return xen ? plan_of_xen : plan;
}

/* --- the other side ------------------------------------------------------ */

static const struct kernel_side *side;
static const struct psvm_rules *rules;
static uint64_t random_count = 1000000;

struct scene {
	enum kernel_step step;
	uint64_t inputs;
};

static bool source_is_known(void)
{
	for (size_t i = 0; i < side->n_sources; i++)
		if (strcmp(side->sources[i].hash, side->sources[i].known) != 0)
			return false;
	return true;
}

static void say_input(const char *step, const struct psvm_nested *n)
{
	fprintf(stderr, "\n%s and %s disagree about %s: %s\n", side->rules,
		side->version, step,
		source_is_known() ? "the source is as known, the rule set is wrong" :
				    "the source has changed, the rule set may be right");
	show_input(stderr, "input", n);
}

/* --- one input ----------------------------------------------------------- */

/* What the kernel has room for, and what makes sense: a queued NMI is pending, and what
 * is offered is used. */
static struct psvm_nested sensible(struct psvm_nested n)
{
	uint32_t offers = n.facts & (PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI));
	struct psvm_words *words[] = { &n.v12, &n.v02, &n.v01 };

	for (size_t i = 0; i < N_ROWS(words); i++)
		words[i]->int_state &= UINT32_MAX;
	n.facts &= PSVM_C_FACTS;
	n.facts |= offers << (PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT);
	if (n.nmis == UINT8_MAX)
		n.nmis--;
	if (n.nmis > 0)
		n.facts |= PSVM_C(PENDING);
	return n;
}

static uint64_t move_bits(uint64_t to, uint64_t from, uint64_t bits)
{
	return (to & ~bits) | (from & bits);
}

/* vmcb12 after psvm's caller has stored the fields that a result names. */
static struct psvm_words vmcb12_after(struct psvm_words before,
				      const struct psvm_result *r)
{
	struct psvm_words w = before;

	if (r->store12 & PSVM_F_INT_CTL)
		w.int_ctl = move_bits(w.int_ctl, r->v12.int_ctl, UINT32_MAX);
	if (r->store12 & PSVM_F_INT_VECTOR)
		w.int_ctl = move_bits(w.int_ctl, r->v12.int_ctl, PSVM_INT_VECTOR_DWORD);
	if (r->store12 & PSVM_F_INT_STATE)
		w.int_state = r->v12.int_state;
	if (r->store12 & PSVM_F_INT_SHADOW)
		w.int_state = move_bits(w.int_state, r->v12.int_state, 1);
	if (r->store12 & PSVM_F_EVENT_INJ)
		w.event_inj = r->v12.event_inj;
	if (r->store12 & PSVM_F_TLB_CONTROL)
		w.tlb_control = r->v12.tlb_control;
	return w;
}

static struct psvm_words complement(struct psvm_words w)
{
	return (struct psvm_words){ .int_ctl = ~w.int_ctl,
				    .int_state = ~w.int_state & UINT32_MAX,
				    .event_inj = ~w.event_inj,
				    .misc1 = ~w.misc1,
				    .tlb_control = (uint8_t)~w.tlb_control };
}

static void take_all_but_int_ctl(struct psvm_words *to, const struct psvm_words *from)
{
	uint64_t int_ctl = to->int_ctl;

	*to = *from;
	to->int_ctl = int_ctl;
}

/* Take from psvm's result what the side does not say. */
static void fill_unsaid_by_side(struct psvm_result *kernel,
				const struct psvm_result *psvm)
{
	if (side->unsaid & KERNEL_UNSAID_OTHERS) {
		take_all_but_int_ctl(&kernel->v12, &psvm->v12);
		take_all_but_int_ctl(&kernel->v01, &psvm->v01);
		kernel->v02 = psvm->v02;
	}
	if (side->unsaid & KERNEL_UNSAID_L1) {
		kernel->v01 = psvm->v01;
		kernel->gif = psvm->gif;
	}
}

/* The same, and what the step does not say. */
static void fill_unsaid(struct psvm_result *kernel, const struct psvm_result *psvm,
			unsigned int way, uint32_t facts)
{
	if ((way & OUTCOME_FIRST) && kernel->outcome == psvm->outcome &&
	    psvm->outcome != PSVM_DONE) {
		*kernel = *psvm;
		return;
	}
	fill_unsaid_by_side(kernel, psvm);
	kernel->store12 = psvm->store12;
	kernel->dirty01 = psvm->dirty01;
	kernel->dirty02 = psvm->dirty02;
	kernel->v12.exit_int_info = psvm->v12.exit_int_info;
	kernel->v02.exit_int_info = psvm->v02.exit_int_info;
	kernel->v01.exit_int_info = psvm->v01.exit_int_info;
	if (facts & PSVM_C(HOST_VGIF))
		kernel->gif = psvm->gif;
	if (way & NO_REQUESTS)
		kernel->requests = psvm->requests;
	if (way & NO_OUTCOME)
		kernel->outcome = psvm->outcome;
}

static unsigned int way_of(enum kernel_step step)
{
	return ways[step] | (side->unsaid & KERNEL_UNSAID_L1 ? OUTCOME_FIRST : 0);
}

/* Where the kernel's function begins with vmcb12, psvm begins with the snapshot. */
static struct psvm_result by_psvm(enum kernel_step step, unsigned int way,
				  struct psvm_nested n)
{
	if (way & VMCB12_SAME)
		n.v12 = psvm_snapshot(rules, n).v12;
	return steps[step].psvm(rules, n);
}

static bool look_at_step(void *context, const struct input *input)
{
	struct scene *scene = context;
	unsigned int way = way_of(scene->step);
	struct psvm_nested n = sensible(input->n);
	struct psvm_result psvm = by_psvm(scene->step, way, n);
	struct psvm_result kernel = side->step[scene->step](n);

	if (way & VMCB12_SAME)
		psvm.v12 = vmcb12_after(n.v12, &psvm);
	if (way & VMCB12_OTHER)
		psvm.v12 = vmcb12_after(complement(n.v12), &psvm);
	fill_unsaid(&kernel, &psvm, way, n.facts);
	scene->inputs++;
	if (results_equal(&psvm, &kernel))
		return true;
	say_input(steps[scene->step].name, &n);
	return !show_difference(stderr, &psvm, &kernel);
}

static bool look_at_merge(void *context, const struct input *input)
{
	struct scene *scene = context;
	struct psvm_nested n = sensible(input->n);
	struct psvm_intercepts psvm =
		psvm_merge_intercepts(rules, n, input->i12, input->i01);
	struct psvm_intercepts kernel = side->merge(n, input->i12, input->i01);

	scene->inputs++;
	if (memcmp(&psvm, &kernel, sizeof(psvm)) == 0)
		return true;
	say_input("merge", &n);
	for (size_t i = 0; i < N_ROWS(psvm.word); i++)
		fprintf(stderr, "word %zu: 12 %08" PRIx32 ", 01 %08" PRIx32
			": got %08" PRIx32 ", want %08" PRIx32 "\n", i,
			input->i12.word[i], input->i01.word[i], psvm.word[i],
			kernel.word[i]);
	return false;
}

/* --- cases --------------------------------------------------------------- */

static void test_source(void **state)
{
	const struct kernel_source *source = *state;

	if (strcmp(source->hash, source->known) != 0)
		fail_msg("%s of %s: source changed (hash %s, known is %s)",
			 source->name, side->version, source->hash,
			 *source->known ? source->known : "none");
}

static look *look_at(const struct scene *scene)
{
	return scene->step == (enum kernel_step)MERGE ? look_at_merge : look_at_step;
}

static const char *name_of(const struct scene *scene)
{
	return scene->step == (enum kernel_step)MERGE ? "merge" : steps[scene->step].name;
}

static void report(const struct scene *scene, const char *which, bool equal)
{
	printf("%s %s: %" PRIu64 " inputs, %s: %s\n", side->rules, name_of(scene),
	       scene->inputs, which, equal ? "agree" : "disagree");
	if (!equal)
		fail();
}

static void test_complete(void **state)
{
	struct scene scene = { .step = *(enum kernel_step *)*state };
	struct plan plan = plan_of(scene.step, rules == &psvm_rules_xen);
	struct counts counts = { 0, 0 };
	bool equal = enumerate(&plan, THOROUGH, look_at(&scene), &scene, &counts);

	report(&scene, "complete over what steers it", equal);
}

static void fill_random(struct input *input, uint64_t *state)
{
	uint64_t words[sizeof(*input) / sizeof(uint64_t)];

	PSVM_STATIC_ASSERT(sizeof(words) == sizeof(*input), "an input is whole words");
	for (size_t i = 0; i < N_ROWS(words); i++)
		words[i] = splitmix64(state);
	memcpy(input, words, sizeof(words));
}

static void test_random(void **state)
{
	struct scene scene = { .step = *(enum kernel_step *)*state };
	uint64_t random = 1;
	struct input input;
	bool equal = true;

	while (equal && scene.inputs < random_count) {
		fill_random(&input, &random);
		equal = look_at(&scene)(&scene, &input);
	}
	report(&scene, "random bits", equal);
}

/* --- which cases --------------------------------------------------------- */

enum { CASES_MAX = 128, NAME_MAX_LENGTH = 64 };

static struct cases {
	struct CMUnitTest test[CASES_MAX];
	char name[CASES_MAX][NAME_MAX_LENGTH];
	enum kernel_step step[KERNEL_STEP_COUNT + 1];
	size_t count;
} cases;

static void add_case(const char *first, const char *second, CMUnitTestFunction function,
		     void *state)
{
	size_t i = cases.count++;

	snprintf(cases.name[i], sizeof(cases.name[i]), "%s %s", first, second);
	cases.test[i] = (struct CMUnitTest){ .name = cases.name[i],
					     .test_func = function,
					     .initial_state = state };
}

static void add_cases(void)
{
	for (size_t i = 0; i < side->n_sources; i++)
		add_case("source as known:", side->sources[i].name, test_source,
			 (void *)(uintptr_t)&side->sources[i]);
	for (enum kernel_step step = 0; step <= (enum kernel_step)MERGE; step++) {
		struct scene scene = { .step = step };
		bool is_merge = step == (enum kernel_step)MERGE;

		cases.step[step] = step;
		if (is_merge ? side->merge == NULL : side->step[step] == NULL)
			continue;
		add_case(name_of(&scene), "complete", test_complete, &cases.step[step]);
		add_case(name_of(&scene), "random", test_random, &cases.step[step]);
	}
}

static const struct psvm_rules *rules_by_name(const char *name)
{
#define ROW(row_name, identifier, words) \
	if (strcmp(name, row_name) == 0) \
		return &psvm_rules_##identifier;
	PSVM_RULE_SETS(ROW)
#undef ROW
	return NULL;
}

static bool load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	side = library ? dlsym(library, "kernel_side") : NULL;
	if (side && side->size == sizeof(*side))
		rules = rules_by_name(side->rules);
	if (!rules)
		fprintf(stderr, "test_kernel: %s: %s\n", path,
			side ? "not a side of this test" : dlerror());
	return rules != NULL;
}

static bool parse_count(const char *text)
{
	char *end;

	errno = 0;
	random_count = strtoull(text, &end, 10);
	return end != text && *end == '\0' && errno == 0;
}

/* Options come in pairs, before the side. */
static bool parse(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--only") == 0)
			cmocka_set_test_filter(argv[i + 1]);
		else if (strcmp(argv[i], "--random") != 0 || !parse_count(argv[i + 1]))
			return false;
	}
	return argc % 2 == 0;
}

int main(int argc, char **argv)
{
	if (!parse(argc, argv)) {
		fputs("usage: test_kernel [--random COUNT] [--only CASES] SIDE.so\n",
		      stderr);
		return 2;
	}
	if (!load(argv[argc - 1]))
		return 2;
	add_cases();
	return _cmocka_run_group_tests(side->rules, cases.test, cases.count, NULL, NULL) !=
	       0;
}
