/* SPDX-License-Identifier: MIT */
/*
 * A module that runs libpsvm in a Linux kernel, on the rows of selftest.h: every function of
 * psvm/nested.h and of psvm/pages.h, with every rule set, and the processor of psvm/cpu.h. It
 * cannot be loaded if one of them is wrong; the kernel's log says how many there were, and
 * which were wrong.
 */
#define pr_fmt(fmt) "psvm self-test: " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define PSVM_EXTERN
#include "selftest.h"

/* --- counting and complaining -------------------------------------------- */

static unsigned int right, wrong;

/* The row being looked at, and whether one of the same name has been complained about. */
static struct {
	const char *set, *function;
	size_t number;
	bool said;
} row;

static void begin(const char *function)
{
	row.function = function;
	row.number = 0;
	row.said = false;
}

static bool same(const char *what, u64 got, u64 want)
{
	if (got != want && !row.said)
		pr_err("WRONG %s %s %zu: %s is 0x%llx, not 0x%llx\n", row.set, row.function,
		       row.number, what, got, want);
	return got == want;
}

/* The row is over. */
static void count(bool good)
{
	if (good)
		right++;
	else
		wrong++;
	row.said |= !good;
	row.number++;
}

/* --- on words ------------------------------------------------------------ */

#define WORDS(X, vmcb) \
	X(vmcb.int_ctl) X(vmcb.int_state) X(vmcb.event_inj) X(vmcb.exit_int_info) \
	X(vmcb.misc1) X(vmcb.tlb_control)
#define RESULT(X) \
	X(status.code) X(status.where) X(status.bits) \
	WORDS(X, v12) WORDS(X, v02) WORDS(X, v01) \
	X(requests) X(store12) X(dirty01) X(dirty02) X(outcome) X(gif) X(nmi_change) \
	X(reserved)

static void compare_results(struct psvm_result got, const struct psvm_result *want)
{
	bool good = true;

#define X(member) good &= same(#member, got.member, want->member);
	RESULT(X)
#undef X
	count(good);
}

static void compare_intercepts(struct psvm_intercepts got, const struct psvm_intercepts *want)
{
	static const char *const names[] = { "000h", "004h", "008h", "00Ch", "010h", "014h" };
	bool good = true;
	size_t w;

	for (w = 0; w < ARRAY_SIZE(names); w++)
		good &= same(names[w], got.word[w], want->word[w]);
	count(good);
}

static const struct {
	const char *name, *inline_name, *pages_name;
	words_fn *on_words;
	pages_fn *on_pages;
} transitions[] = {
#define X(name, product, model) \
	{ name, name " inline", name " on pages", psvm_##product, psvm_vmcb_##product },
	ROWS_TRANSITIONS(X)
#undef X
};

static const char *const cell_names[] = {
#define X(name, unit, to, from, words) #name,
	PSVM_CELLS_OTHER(X)
#undef X
};

/* psvm_rule() for one cell. */
static void compare_cell(const struct psvm_rules *rules, const struct rows_input *in, size_t c,
			 uint64_t want)
{
	uint64_t got = ~want;
	struct psvm_status status = psvm_rule(rules, in->n, ROWS_CELL_FIRST + c, &got);

	count(same("status.code", status.code, PSVM_OK) & same("the answer", got, want));
}

#define FOR_ROWS(i, count, function) \
	for (begin(function), i = 0; i < (count); i++)

static void compare_words(u32 set, const struct psvm_rules *rules)
{
	const struct rows_input *in = selftest_rows.input;
	const struct rows_answer *want = selftest_rows.answer[set];
	size_t i, t, c;

	for (t = 0; t < ROWS_TRANSITION_COUNT; t++) {
		FOR_ROWS(i, ROWS_INPUTS, transitions[t].name)
			compare_results(transitions[t].on_words(rules, in[i].n),
					&want[i].result[t]);
		FOR_ROWS(i, ROWS_INPUTS, transitions[t].inline_name)
			compare_results(selftest_inline[set][t](NULL, in[i].n),
					&want[i].result[t]);
	}
	FOR_ROWS(i, ROWS_INPUTS, "merge")
		compare_intercepts(psvm_merge_intercepts(rules, in[i].n, in[i].i12, in[i].i01),
				   &want[i].merged);
	FOR_ROWS(i, ROWS_INPUTS, "route")
		count(same("the level", psvm_route_exit(rules, in[i].n, in[i].exit_code,
							in[i].i12, in[i].i01),
			   want[i].level));
	FOR_ROWS(i, ROWS_INPUTS, "arrives")
		count(same("the answer", psvm_interrupt_arrives(rules, in[i].n),
			   want[i].arrival));
	for (c = 0; c < ROWS_CELLS; c++)
		FOR_ROWS(i, ROWS_INPUTS, cell_names[c])
			compare_cell(rules, &in[i], c, want[i].cell[c]);
}

/* --- on pages ------------------------------------------------------------ */

enum { REST = 0x5a }; /* what is in the state save areas */

/* What a function on pages may use, and what should be there afterwards. */
static struct memory {
	u8 page[ROWS_PAGE_COUNT][PSVM_VMCB_SIZE];
} *memory, *expected;
static u32 requested;

static void on_request(void *context, uint32_t requests)
{
	*(u32 *)context |= requests;
}

static void set_up(struct memory *m, const struct rows_page_input *in)
{
	size_t p;

	memset(m, REST, sizeof(*m));
	for (p = 0; p < ROWS_PAGE_COUNT; p++)
		memcpy(m->page[p], in->page[p], sizeof(in->page[p]));
}

static void put_fields(u8 *page, const struct rows_fields *f)
{
#define X(member, type, offset) memcpy(page + (offset), &f->member, sizeof(f->member));
	ROWS_PLACES(X)
#undef X
}

/* Up to its fields a snapshot is what vmcb12 is, and all else is as it was. */
static void expect(size_t t, const struct rows_page_input *in,
		   const struct rows_page_answer *want)
{
	size_t p;

	set_up(expected, in);
	if (t == ROWS_snapshot)
		memcpy(expected->page[ROWS_SNAPSHOT], in->page[ROWS_12],
		       PSVM_VMCB_CONTROL_SIZE);
	for (p = 0; p < ROWS_PAGE_COUNT; p++)
		put_fields(expected->page[p], &want->fields[p]);
}

/* The first byte that differs. */
static bool same_page(size_t p)
{
	static const char *const names[] = { "vmcb01", "vmcb02", "snapshot", "vmcb12" };
	const u8 *got = memory->page[p], *want = expected->page[p];
	char what[32];
	size_t i;

	for (i = 0; i < PSVM_VMCB_SIZE && got[i] == want[i]; i++)
		;
	if (i == PSVM_VMCB_SIZE)
		return true;
	snprintf(what, sizeof(what), "byte %03zXh of %s", i, names[p]);
	return same(what, got[i], want[i]);
}

static struct psvm_pages pages_of(const struct rows_page_input *in)
{
	return (struct psvm_pages){
		.vmcb01 = (struct psvm_vmcb *)memory->page[ROWS_01],
		.vmcb02 = (struct psvm_vmcb *)memory->page[ROWS_02],
		.snapshot = (struct psvm_vmcb_control *)memory->page[ROWS_SNAPSHOT],
		.vmcb12 = memory->page[ROWS_12],
		.request = on_request,
		.context = &requested,
		.facts = in->facts,
		.nmis = in->nmis,
		.vector = in->vector,
		.external = in->external,
	};
}

static void compare_pages(size_t t, const struct psvm_rules *rules,
			  const struct rows_page_input *in,
			  const struct rows_page_answer *want)
{
	struct psvm_pages pages = pages_of(in);
	struct psvm_result got;
	bool good;
	size_t p;

	set_up(memory, in);
	expect(t, in, want);
	requested = 0;
	got = transitions[t].on_pages(rules, &pages);
	good = same("status.code", got.status.code, PSVM_OK);
	for (p = 0; p < ROWS_PAGE_COUNT; p++)
		good &= same_page(p);
	good &= same("what the callback got", requested, want->requests);
	good &= same("outcome", got.outcome, want->outcome);
	good &= same("gif", got.gif, want->gif);
	good &= same("nmi_change", got.nmi_change, want->nmi_change);
	count(good);
}

static void compare_level(const struct psvm_rules *rules, const struct rows_page_input *in,
			  u32 want)
{
	struct psvm_pages pages = pages_of(in);

	set_up(memory, in);
	count(same("the level", psvm_vmcb_route_exit(rules, &pages), want));
}

static void compare_all_pages(u32 set, const struct psvm_rules *rules)
{
	const struct rows_page_input *in = selftest_rows.page_input;
	size_t i, t;

	for (t = 0; t < ROWS_TRANSITION_COUNT; t++)
		FOR_ROWS(i, ROWS_PAGES, transitions[t].pages_name)
			compare_pages(t, rules, &in[i], &selftest_rows.page_answer[set][t][i]);
	FOR_ROWS(i, ROWS_PAGES, "route on pages")
		compare_level(rules, &in[i], selftest_rows.page_level[set][i]);
}

/* --- the processor ------------------------------------------------------- */

#define CPU_MEMBERS(X) X(int_ctl) X(cr) X(misc1) X(misc2) X(flags) X(tpr) X(intr)
#define STEP_MEMBERS(X) X(what) X(value) X(event) X(exit_code)
#define VMCB_MEMBERS(X) \
	WORDS(X, vmcb.words) X(vmcb.cr) X(vmcb.misc2) X(vmcb.clean) X(vmcb.rflags_if) X(vmcb.bad)
#define X(member) good &= same(#member, got->member, want->member);

static bool same_psvm_cpu(const struct psvm_cpu *got, const struct psvm_cpu *want)
{
	bool good = true;

	CPU_MEMBERS(X)
	return good;
}

static bool same_psvm_cpu_step(const struct psvm_cpu_step *got,
			       const struct psvm_cpu_step *want)
{
	bool good = same_psvm_cpu(&got->cpu, &want->cpu);

	STEP_MEMBERS(X)
	return good;
}

static bool same_psvm_cpu_exit(const struct psvm_cpu_exit *got,
			       const struct psvm_cpu_exit *want)
{
	bool good = same_psvm_cpu(&got->cpu, &want->cpu);

	VMCB_MEMBERS(X)
	return good;
}
#undef X

static void external_cpu(struct rows_cpu_answer *a, const struct rows_cpu_input *in)
{
#define X(name, type, arguments) a->name = psvm_cpu_##name arguments;
	ROWS_STEPS(X)
#undef X
}

static void compare_cpu(const char *form, cpu_fn *run)
{
	const struct rows_cpu_input *in = selftest_rows.cpu_input;
	const struct rows_cpu_answer *want = selftest_rows.cpu_answer;
	struct rows_cpu_answer got;
	size_t i;

	row.set = form;
#define X(name, type, arguments) \
	FOR_ROWS(i, ROWS_CPUS, #name) { \
		run(&got, &in[i]); \
		count(same_##type(&got.name, &want[i].name)); \
	}
	ROWS_STEPS(X)
#undef X
}

/* --- all of it ----------------------------------------------------------- */

static void compare_set(u32 set, const char *name, const struct psvm_rules *rules)
{
	row.set = name;
	compare_words(set, rules);
	compare_all_pages(set, rules);
	begin("check");
	count(same("status.code", psvm_rules_check(rules).code, PSVM_OK));
}

/* What no rule set has a part in. */
static void compare_conditions(void)
{
	size_t i;

	row.set = "any";
	FOR_ROWS(i, ROWS_INPUTS, "conditions")
		count(same("the answer", psvm_conditions(selftest_rows.input[i].n),
			   selftest_rows.conditions[i]));
}

static bool spoiled;
module_param(spoiled, bool, 0);
MODULE_PARM_DESC(spoiled, "One row of each name is wrong: loading must fail");

/* Returns the number of names. */
static unsigned int spoil(struct rows *rows)
{
	enum { ROW = 5 };
	unsigned int names = 1;
	size_t set, t, c;

	rows->conditions[ROW] ^= 1;
#define X(name, type, arguments) \
	*(u8 *)&rows->cpu_answer[ROW].name ^= 1; \
	names += 2; /* external and inline */
	ROWS_STEPS(X)
#undef X
	for (set = 0; set < PSVM_RULE_SET_COUNT; set++) {
		struct rows_answer *a = &rows->answer[set][ROW];

		for (t = 0; t < ROWS_TRANSITION_COUNT; t++) {
			a->result[t].v02.misc1 ^= 1;
			rows->page_answer[set][t][ROW].fields[t % ROWS_PAGE_COUNT].event_inj ^= 1;
			names += 3; /* a result: of the external and of the inline form */
		}
		for (c = 0; c < ROWS_CELLS; c++, names++)
			a->cell[c] ^= 1;
		a->merged.word[0] ^= 1;
		a->level ^= 1;
		a->arrival ^= 1;
		rows->page_level[set][ROW] ^= 1;
		names += 4;
	}
	return names;
}

static int __init selftest_init(void)
{
	static const char *const names[] = {
#define X(name, identifier, words) name,
		PSVM_RULE_SETS(X)
#undef X
	};
	u32 set;

	if (spoiled)
		pr_info("spoiled %u rows\n", spoil(&selftest_rows));
	memory = vmalloc(sizeof(*memory));
	expected = vmalloc(sizeof(*expected));
	if (memory && expected) {
		for (set = 0; set < PSVM_RULE_SET_COUNT; set++) {
			compare_set(set, names[set], psvm_rules_builtin(set));
			cond_resched();
		}
		compare_conditions();
		compare_cpu("processor", external_cpu);
		compare_cpu("processor inline", selftest_inline_cpu);
	}
	vfree(memory);
	vfree(expected);
	pr_info("psvm " PSVM_VERSION ": %u rows right, %u wrong\n", right, wrong);
	return right && !wrong ? 0 : -EINVAL;
}
module_init(selftest_init);

static void __exit selftest_exit(void)
{
}
module_exit(selftest_exit);

MODULE_DESCRIPTION("Self-test of psvm, the semantics of AMD SVM's virtual interrupts");
MODULE_LICENSE("Dual MIT/GPL");
