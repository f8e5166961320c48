/* SPDX-License-Identifier: MIT */
/*
 * How long does each form of each function take? report.py makes a table of it.
 *
 *	bench_steps check	the forms of each function store the same, for many inputs
 *	bench_steps count	each form once for each input, for callgrind to count
 *	bench_steps time ROUNDS	after a check: nanoseconds for a call, round by round
 *
 * Inputs are random states, as in life with facts that make sense; a check has others,
 * too. In each round all forms of a function follow each other, so that a ratio is one
 * of neighbours. Printed is one line of JSON for each function.
 */
#include "bench.h"

#include "rows.h"
#include "show.h"
#include "splitmix.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As many as fit in a cache: of pages those of one virtual CPU. */
enum { INPUTS = 1024, PAGE_SETS = 64, HOT_PAGE_SETS = 2 };
enum { CHECKS = 64 }; /* times INPUTS */

/* The forms, in the order in which they are called. */
#define KINDS(X) X(inline) X(extern) X(straight) X(linux) X(frame)
enum kind {
#define KIND(name) KIND_##name,
	KINDS(KIND)
#undef KIND
	KIND_COUNT
};

static const char *const kind_names[] = {
#define KIND(name) #name,
	KINDS(KIND)
#undef KIND
};

typedef bool same_fn(const union output *a, const union output *b);

struct subject {
	const char *rules; /* or the model */
	const char *name;
	form_fn *form[KIND_straight + 1]; /* a null pointer if there is none */
	same_fn *same;
	const struct linux_forms *linux_forms; /* null: Linux has no such function */
	same_fn *same_linux;
	size_t hot; /* so many inputs, again and again, are measured */
};

/* --- inputs -------------------------------------------------------------- */

struct page_set {
	struct psvm_vmcb vmcb01, vmcb02, vmcb12;
	struct psvm_vmcb_control snapshot;
};

static struct input inputs[INPUTS];
static union output outputs[KIND_COUNT][INPUTS];
static struct page_set page_sets[PAGE_SETS], fresh_sets[PAGE_SETS], first_sets[PAGE_SETS];
static struct psvm_pages pages[PAGE_SETS];
static uint64_t seed;

static uint64_t draw(void)
{
	return splitmix64(&seed);
}

static void fill(void *bytes, size_t size)
{
	uint64_t word;

	for (size_t i = 0; i < size; i += sizeof(word)) {
		word = draw();
		memcpy((unsigned char *)bytes + i, &word, sizeof(word));
	}
}

static bool one_in(unsigned n)
{
	return draw() % n == 0;
}

/* Facts that make sense: what is offered is used, a queued NMI is pending; seldom does
 * another check refuse 12. */
static void draw_nested(struct psvm_nested *n)
{
	uint32_t offers = (uint32_t)draw() & (PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI));
	struct psvm_words *words[] = { &n->v12, &n->v02, &n->v01 };

	for (size_t i = 0; i < N_ROWS(words); i++)
		words[i]->int_state &= UINT32_MAX; /* KVM's has 32 bits */
	n->facts &= PSVM_C_FACTS & ~(PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI));
	n->facts |= offers |
		    offers << (PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT);
	if (!one_in(16))
		n->facts &= ~PSVM_C(CHECKS_FAILED);
	n->nmis &= 1;
	if (n->nmis != 0)
		n->facts |= PSVM_C(PENDING);
}

static uint64_t draw_exit_code(void)
{
	static const uint64_t special[] = { PSVM_EXIT_INTR, PSVM_EXIT_NMI,
					    PSVM_EXIT_VINTR, PSVM_EXIT_MSR_PROT,
					    PSVM_EXIT_IOIO_PROT, PSVM_EXIT_NPF,
					    PSVM_EXIT_INVALID, UINT64_C(0x1000) };

	return one_in(2) ? draw() % 0xc0 : special[draw() % N_ROWS(special)];
}

static void draw_cpu(struct psvm_cpu *cpu)
{
	cpu->tpr &= 15;
	cpu->flags &= (1U << (PSVM_CPU_F_V_IRQ_HIDDEN_BIT + 1)) - 1;
	if (!one_in(8))
		cpu->flags &= ~PSVM_CPU_F(HALTED);
}

static void draw_processor(struct input *in)
{
	draw_cpu(&in->guest);
	draw_cpu(&in->host);
	in->guest.flags |= PSVM_CPU_F(GUEST);
	in->host.flags &= ~PSVM_CPU_F(GUEST);
	in->vmcb.bad = one_in(16);
	in->vmcb.rflags_if &= 1;
	if (!one_in(16)) {
		in->vmcb.misc2 |= PSVM_INTERCEPT_VMRUN;
		in->vmcb.words.misc1 |= PSVM_INTERCEPT_NMI;
	}
	if (!one_in(4))
		in->vmcb.words.event_inj &= ~PSVM_EVENT_INJ_V;
	draw_cpu(&in->delivered.cpu);
	in->insn = (uint32_t)(draw() % PSVM_INSN_COUNT);
	in->value &= 15;
}

/* Pages that the words of an input are on. */
static void draw_pages(struct psvm_pages *p, struct page_set *set, const struct input *in)
{
	struct psvm_pages with = { .vmcb01 = &set->vmcb01,
				   .vmcb02 = &set->vmcb02,
				   .snapshot = &set->snapshot,
				   .vmcb12 = &set->vmcb12,
				   .facts = in->n.facts,
				   .nmis = in->n.nmis };

	fill(set, sizeof(*set));
	set->vmcb02.control.exit_code = in->exit_code;
	*p = with;
}

/* odd: with facts that make no sense as well. */
static void draw_inputs(uint64_t from, bool odd)
{
	seed = from;
	fill(inputs, sizeof(inputs));
	for (size_t i = 0; i < INPUTS; i++) {
		draw_nested(&inputs[i].n);
		if (odd && one_in(4))
			inputs[i].n.facts = (uint32_t)draw();
		inputs[i].exit_code = draw_exit_code();
		draw_processor(&inputs[i]);
		inputs[i].pages = &pages[i % PAGE_SETS];
	}
	for (size_t i = 0; i < PAGE_SETS; i++)
		draw_pages(&pages[i], &page_sets[i], &inputs[i]);
	memcpy(fresh_sets, page_sets, sizeof(fresh_sets));
}

/* --- the same? ----------------------------------------------------------- */

static bool same_result(const union output *a, const union output *b)
{
	return !show_difference(stderr, &a->result, &b->result);
}

/* As far as a side of tests/kernel says it. A reenter that fails says nothing, and who
 * makes the requests of one is not the function of Linux. */
static bool words_same_linux(const struct psvm_result *a, const struct psvm_result *b)
{
	return a->v02.int_ctl == b->v02.int_ctl && a->v01.int_ctl == b->v01.int_ctl &&
	       a->v02.misc1 == b->v02.misc1 && a->v01.misc1 == b->v01.misc1 &&
	       (uint32_t)a->v12.int_ctl == (uint32_t)b->v12.int_ctl &&
	       a->nmi_change == b->nmi_change;
}

static bool same_as_linux(const union output *a, const union output *b)
{
	return words_same_linux(&a->result, &b->result) &&
	       a->result.requests == b->result.requests;
}

static bool same_reenter_as_linux(const union output *a, const union output *b)
{
	return a->result.outcome == PSVM_VMEXIT_INVALID ||
	       words_same_linux(&a->result, &b->result);
}

static bool same_intercepts(const union output *a, const union output *b)
{
	return memcmp(&a->intercepts, &b->intercepts, sizeof(a->intercepts)) == 0;
}

static bool same_answer(const union output *a, const union output *b)
{
	return a->answer.bits == b->answer.bits && a->answer.code == b->answer.code;
}

static bool cpus_same(const struct psvm_cpu *a, const struct psvm_cpu *b)
{
	return a->int_ctl == b->int_ctl && a->cr == b->cr && a->misc1 == b->misc1 &&
	       a->misc2 == b->misc2 && a->flags == b->flags && a->tpr == b->tpr &&
	       a->intr == b->intr;
}

static bool same_cpu(const union output *a, const union output *b)
{
	return cpus_same(&a->cpu, &b->cpu);
}

static bool same_step(const union output *a, const union output *b)
{
	return cpus_same(&a->step.cpu, &b->step.cpu) && a->step.what == b->step.what &&
	       a->step.value == b->step.value && a->step.event == b->step.event &&
	       a->step.exit_code == b->step.exit_code;
}

static bool same_exit(const union output *a, const union output *b)
{
	const struct psvm_cpu_vmcb *x = &a->exit.vmcb, *y = &b->exit.vmcb;

	return cpus_same(&a->exit.cpu, &b->exit.cpu) &&
	       x->words.int_ctl == y->words.int_ctl &&
	       x->words.int_state == y->words.int_state &&
	       x->words.event_inj == y->words.event_inj &&
	       x->words.exit_int_info == y->words.exit_int_info &&
	       x->words.misc1 == y->words.misc1 &&
	       x->words.tlb_control == y->words.tlb_control && x->cr == y->cr &&
	       x->misc2 == y->misc2 && x->clean == y->clean &&
	       x->rflags_if == y->rflags_if && x->bad == y->bad;
}

/* --- what there is ------------------------------------------------------- */

#define DECLARE_PSVM(name) \
	DECLARE_FORM(inline_linux_6_12_##name) DECLARE_FORM(extern_linux_6_12_##name) \
	DECLARE_FORM(inline_linux_6_1_##name) DECLARE_FORM(extern_linux_6_1_##name)
#define DECLARE_STRAIGHT(name) DECLARE_FORM(straight_##name)
#define DECLARE_EXTERN(name) \
	DECLARE_FORM(extern_linux_6_12_##name) DECLARE_FORM(straight_##name)
#define DECLARE_CPU(name) DECLARE_FORM(inline_linux_6_12_##name) DECLARE_EXTERN(name)
STEPS(DECLARE_PSVM) QUESTIONS(DECLARE_PSVM) DECLARE_PSVM(merge) DECLARE_PSVM(rules_check)
STEPS(DECLARE_STRAIGHT) QUESTIONS(DECLARE_STRAIGHT) DECLARE_STRAIGHT(merge)
PAGES(DECLARE_EXTERN) DECLARE_EXTERN(vmcb_route_exit) PROCESSOR(DECLARE_CPU)
extern const struct linux_side side_linux_6_12, side_linux_6_1;

static const struct subject subjects[] = {
#define ROW(group, name, same, linux_forms, same_linux) \
	{ group, #name, \
	  { inline_linux_6_12_##name, extern_linux_6_12_##name, straight_##name }, same, \
	  linux_forms, same_linux, INPUTS },
#define ROW_6_12(name, same, same_linux) \
	ROW("linux-6.12", name, same, &side_linux_6_12.name, same_linux)
#define ROW_6_1(name, same, same_linux) \
	{ "linux-6.1", #name, { inline_linux_6_1_##name, extern_linux_6_1_##name }, \
	  same, &side_linux_6_1.name, same_linux, INPUTS },
#define ON_PAGES(name, same) \
	{ "linux-6.12 on pages", #name, \
	  { NULL, extern_linux_6_12_##name, straight_##name }, same, NULL, NULL, \
	  HOT_PAGE_SETS },
#define STEP_6_12(name) ROW_6_12(name, same_result, same_as_linux)
#define STEP_6_1(name)	ROW_6_1(name, same_result, same_as_linux)
#define QUESTION(name)	ROW("linux-6.12", name, same_answer, NULL, NULL)
#define PAGE(name)	ON_PAGES(name, same_result)
#define CPU(name, same) ROW("processor", name, same, NULL, NULL)
	STEPS_BUT_REENTER(STEP_6_12)
	ROW_6_12(reenter, same_result, same_reenter_as_linux)
	ROW_6_12(merge, same_intercepts, same_intercepts)
	QUESTIONS(QUESTION)
	{ "linux-6.12", "rules_check",
	  { inline_linux_6_12_rules_check, extern_linux_6_12_rules_check }, same_answer,
	  NULL, NULL, INPUTS },
	STEPS_BUT_REENTER(STEP_6_1)
	ROW_6_1(reenter, same_result, same_reenter_as_linux)
	ROW_6_1(merge, same_intercepts, same_intercepts)
	PAGES(PAGE)
	ON_PAGES(vmcb_route_exit, same_answer)
	CPU(cpu_vmrun, same_step)
	CPU(cpu_boundary, same_step)
	CPU(cpu_execute, same_step)
	CPU(cpu_cut_short, same_cpu)
	CPU(cpu_vmexit, same_exit)
};

static form_fn *form_of(const struct subject *s, enum kind kind)
{
	if (kind <= KIND_straight)
		return s->form[kind];
	if (s->linux_forms == NULL)
		return NULL;
	return kind == KIND_linux ? s->linux_forms->form : s->linux_forms->frame;
}

/* --- check --------------------------------------------------------------- */

static bool outputs_same(const struct subject *s, enum kind first, enum kind kind)
{
	same_fn *same = kind == KIND_linux ? s->same_linux : s->same;

	for (size_t i = 0; i < INPUTS; i++)
		if (!same(&outputs[first][i], &outputs[kind][i])) {
			fprintf(stderr, "%s, %s: %s and %s differ\n", s->rules, s->name,
				kind_names[kind], kind_names[first]);
			show_input(stderr, "input", &inputs[i].n);
			return false;
		}
	if (memcmp(page_sets, first_sets, sizeof(page_sets)) == 0)
		return true;
	fprintf(stderr, "%s, %s: %s and %s leave different pages\n", s->rules, s->name,
		kind_names[kind], kind_names[first]);
	return false;
}

/* All forms, but the frame of one: the first is what the others are compared with. Facts
 * that make no sense are no input for Linux. */
static bool check_subject(const struct subject *s, bool odd)
{
	enum kind first = KIND_COUNT, last = odd ? KIND_straight : KIND_linux;

	for (enum kind kind = 0; kind <= last; kind++) {
		form_fn *form = form_of(s, kind);

		if (form == NULL)
			continue;
		memcpy(page_sets, fresh_sets, sizeof(page_sets));
		memset(outputs[kind], 0, sizeof(outputs[kind]));
		form(inputs, outputs[kind], INPUTS);
		if (first == KIND_COUNT) {
			first = kind;
			memcpy(first_sets, page_sets, sizeof(first_sets));
		} else if (!outputs_same(s, first, kind)) {
			return false;
		}
	}
	return true;
}

static bool check(void)
{
	bool same = true;

	for (uint64_t round = 0; round < CHECKS && same; round++) {
		draw_inputs(round, round & 1);
		for (size_t i = 0; i < N_ROWS(subjects); i++)
			same = check_subject(&subjects[i], round & 1) && same;
	}
	return same;
}

/* --- count and time ------------------------------------------------------ */

static void run(const struct subject *s, enum kind kind)
{
	for (size_t i = 0; i < INPUTS; i += s->hot)
		form_of(s, kind)(inputs, outputs[kind], s->hot);
}

static void count(void)
{
	draw_inputs(0, false);
	for (size_t i = 0; i < N_ROWS(subjects); i++)
		for (enum kind kind = 0; kind < KIND_COUNT; kind++)
			if (form_of(&subjects[i], kind) != NULL)
				run(&subjects[i], kind);
	printf("{\"calls\": %d}\n", INPUTS);
}

static double nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

enum { MOST_ROUNDS = 1000 };
static double took[KIND_COUNT][MOST_ROUNDS];

static void time_rounds(const struct subject *s, unsigned rounds)
{
	for (unsigned round = 0; round < rounds; round++)
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			double start = nanoseconds();

			if (form_of(s, kind) == NULL)
				continue;
			run(s, kind);
			took[kind][round] = (nanoseconds() - start) / (double)INPUTS;
		}
}

static void print_rounds(const struct subject *s, unsigned rounds)
{
	printf("{\"rules\": \"%s\", \"name\": \"%s\", \"ns\": {", s->rules, s->name);
	for (enum kind kind = 0, first = 1; kind < KIND_COUNT; kind++) {
		if (form_of(s, kind) == NULL)
			continue;
		printf("%s\"%s\": [", first ? "" : ", ", kind_names[kind]);
		for (unsigned i = 0; i < rounds; i++)
			printf("%s%.3f", i == 0 ? "" : ", ", took[kind][i]);
		printf("]");
		first = 0;
	}
	printf("}}\n");
}

static void time_all(unsigned rounds)
{
	draw_inputs(0, false);
	printf("{\"checked\": %d, \"linux-6.12\": \"%s\", \"linux-6.1\": \"%s\"}\n",
	       CHECKS * INPUTS, side_linux_6_12.version ? side_linux_6_12.version : "",
	       side_linux_6_1.version ? side_linux_6_1.version : "");
	for (size_t i = 0; i < N_ROWS(subjects); i++) {
		time_rounds(&subjects[i], rounds);
		print_rounds(&subjects[i], rounds);
	}
}

static unsigned rounds_of(const char *text)
{
	unsigned long rounds = strtoul(text, NULL, 10);

	return rounds > MOST_ROUNDS ? MOST_ROUNDS : (unsigned)rounds;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "check") == 0)
		return check() ? EXIT_SUCCESS : EXIT_FAILURE;
	if (argc == 2 && strcmp(argv[1], "count") == 0) {
		count();
		return EXIT_SUCCESS;
	}
	if (argc == 3 && strcmp(argv[1], "time") == 0 && rounds_of(argv[2]) != 0) {
		if (!check())
			return EXIT_FAILURE;
		time_all(rounds_of(argv[2]));
		return EXIT_SUCCESS;
	}
	fputs("usage: bench_steps check|count|time ROUNDS\n", stderr);
	return 2;
}
