/* SPDX-License-Identifier: MIT */
/*
 * What six environments did (tests/vectors), on psvm's machines.
 *
 * Without an L0 the record is that of the processor model with the options of QEMU or
 * of Bochs; with KVM it is that of the nested machine on QEMU's processor, with the
 * rule set of its version. Nothing is taken from the record but the experiment, and
 * nothing is left out: every row agrees in every column, or has a cause with a name.
 */
#include "check.h"
#include "check/replay.h"
#include "vectors.h"
#include "vectors_experiment.h"

#include <stdio.h>
#include <string.h>

#ifndef PSVM_VECTORS_DIR
#define PSVM_VECTORS_DIR "tests/vectors"
#endif

static struct vectors data;

/* --- all rows of an environment ------------------------------------------ */

struct tally {
	unsigned run, agree, mismatch;
	unsigned excused[CAUSE_COUNT];
	uint32_t columns; /* in which rows differ */
};

static void complain(const struct vector_row *row, const struct verdict *v)
{
	const struct outcome o = vector_outcome(row);

	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		if (v->differs >> i & 1)
			fprintf(stderr, "%s %s: %s 0x%llx recorded, 0x%llx replayed\n",
				vector_env_name[row->env], row->c->name,
				outcome_names[i].column, (unsigned long long)o.value[i],
				(unsigned long long)v->replayed.value[i]);
}

static void replay_row(struct tally *t, const struct replay *machine,
		       const struct vector_row *row, bool loud)
{
	const struct experiment e = vector_experiment(row);
	const struct outcome o = vector_outcome(row);
	const struct verdict v = replay(machine, &e, &o);

	t->run++;
	t->columns |= v.differs;
	if (v.differs == 0)
		t->agree++;
	else if (v.cause != NULL)
		t->excused[v.cause - causes]++;
	else
		t->mismatch++;
	if (loud && v.differs != 0 && v.cause == NULL)
		complain(row, &v);
}

static struct tally replay_rows(const struct replay *machine, enum vector_env env)
{
	struct tally t = { .run = 0 };

	for (size_t i = 0; i < data.case_count; i++)
		if (data.rows[env][i].status == VECTOR_OK)
			replay_row(&t, machine, &data.rows[env][i], true);
	return t;
}

/* --- the right machine --------------------------------------------------- */

struct excused {
	const char *cause;
	unsigned rows;
};

/* run: 2664 without those that ended the emulator (132), or need vGIF (229). */
static const struct environment {
	enum vector_env env;
	struct replay machine;
	unsigned run, agree;
	struct excused excused[4];
} environments[] = {
	{ VECTOR_QEMU_7_2, { PROCESSOR_QEMU_7_2, NULL }, 2532, 2516,
	  { { "wide-vector", 4 }, { "failed-vmrun-7.2", 12 } } },
	{ VECTOR_QEMU_10_0, { PROCESSOR_QEMU_10_0, NULL }, 2532, 2516,
	  { { "wide-vector", 4 }, { "failed-vmrun", 12 } } },
	{ VECTOR_BOCHS_2_7, { PROCESSOR_BOCHS_2_7, NULL }, 2435, 2402,
	  { { "failed-vmrun", 12 }, { "spurious", 11 }, { "intr-stays-open", 10 } } },
	{ VECTOR_KVM_6_1, { PROCESSOR_QEMU_10_0, &psvm_rules_linux_6_1 }, 2664, 2660,
	  { { "wide-vector", 4 } } },
	{ VECTOR_KVM_6_12, { PROCESSOR_QEMU_10_0, &psvm_rules_linux_6_12 }, 2664, 2660,
	  { { "wide-vector", 4 } } },
	{ VECTOR_KVM_7_2, { PROCESSOR_QEMU_10_0, &psvm_rules_linux_7_2 }, 2664, 2664,
	  { { NULL, 0 } } },
};

static unsigned expected(const struct environment *e, const char *cause)
{
	for (size_t i = 0; e->excused[i].cause != NULL; i++)
		if (strcmp(e->excused[i].cause, cause) == 0)
			return e->excused[i].rows;
	return 0;
}

static void test_environment(void **state)
{
	const struct environment *e = *state;
	struct tally t = replay_rows(&e->machine, e->env);

	print_message("%s: %u rows, %u agree, %u mismatch\n", vector_env_name[e->env],
		      t.run, t.agree, t.mismatch);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		if (t.excused[i] != 0)
			print_message("\t%u %s\n", t.excused[i], causes[i].name);
		assert_int_equal(t.excused[i], expected(e, causes[i].name));
	}
	assert_int_equal(t.mismatch, 0);
	assert_int_equal(t.run, e->run);
	assert_int_equal(t.agree, e->agree);
}

/* --- the wrong rule set -------------------------------------------------- */

/* In every column, whether a cause would excuse it or not. */
static bool replays(const struct psvm_rules *rules, const struct vector_row *row)
{
	const struct replay machine = { PROCESSOR_QEMU_10_0, rules };
	const struct experiment e = vector_experiment(row);
	const struct outcome o = vector_outcome(row);
	const struct verdict v = replay(&machine, &e, &o);

	return v.differs == 0;
}

/* The second of a pair begins with what the first one left, which may be another. */
static bool same_experiment(const struct vector_row *a, const struct vector_row *b)
{
	return a->before == b->before && vector_experiment(a).start == vector_experiment(b).start;
}

static bool same_outcome(const struct vector_row *a, const struct vector_row *b)
{
	const struct outcome x = vector_outcome(a), y = vector_outcome(b);

	return outcome_differs(&x, &y) == 0;
}

/* The versions of KVM: each replays the rows of another one where the two did the same,
 * and nowhere else. Both records say where that is. */
static const struct version {
	const char *name;
	enum vector_env env;
	const struct psvm_rules *rules;
} versions[] = {
	{ "linux-6.1 on the other versions' rows", VECTOR_KVM_6_1, &psvm_rules_linux_6_1 },
	{ "linux-6.12 on the other versions' rows", VECTOR_KVM_6_12, &psvm_rules_linux_6_12 },
	{ "linux-7.2 on the other versions' rows", VECTOR_KVM_7_2, &psvm_rules_linux_7_2 },
};

static void test_other_version(void **state)
{
	const struct version *version = *state;

	for (size_t v = 0; v < N_ROWS(versions); v++) {
		unsigned same = 0, other = 0;

		for (size_t i = 0; i < data.case_count; i++) {
			const struct vector_row *own = &data.rows[version->env][i];
			const struct vector_row *row = &data.rows[versions[v].env][i];
			bool agrees = same_outcome(own, row);

			if (!same_experiment(own, row) ||
			    !replays(version->rules, own))
				continue;
			same += agrees;
			other += !agrees;
			if (replays(version->rules, row) != agrees)
				fail_msg("%s %s", vector_env_name[row->env], row->c->name);
		}
		print_message("%s: %u rows the same, %u not\n",
			      vector_env_name[versions[v].env], same, other);
	}
}

static bool has_run(const struct vector_row *row)
{
	return row->status == VECTOR_OK && row->c->name[0] != 'J' &&
	       row->exit_code != PSVM_EXIT_INVALID;
}

static bool masks(const struct vector_row *row)
{
	return (row->before & PSVM_V_INTR_MASKING) != 0;
}

/* In group G other handlers run. */
static bool took_vector_0(const struct vector_row *row)
{
	return row->c->name[0] != 'G' && strchr(row->in_l2, 'O') != NULL;
}

static bool requests_itself(const struct vector_row *row)
{
	return (~row->before & row->int_ctl & PSVM_V_IRQ) != 0;
}

static bool took_without_masking(const struct vector_row *row)
{
	return !masks(row) && (row->before & ~row->int_ctl & PSVM_V_IRQ) != 0;
}

static bool wrote_cr8_of_l1(const struct vector_row *row)
{
	return row->cr8_after != row->c->l1_cr8;
}

static bool has_stale_tpr(const struct vector_row *row)
{
	return !masks(row) && (row->int_ctl & PSVM_V_TPR) != row->cr8_after;
}

/* What KVM was recorded to do, and a rule set never does by its definition
 * (rule_sets.h): each such row contradicts it. */
static const struct contradiction {
	const char *name;
	bool (*in)(const struct vector_row *row);
	uint32_t sets;
} contradictions[] = {
	{ "L2 took vector 0: L0's dummy keeps its intercept", took_vector_0,
	  SET(linux_6_12) | SET(linux_7_2) | SET(exact) },
	{ "V_IRQ became 1: a window leaves no trace", requests_itself, SET(exact) },
	{ "V_IRQ became 0 without V_INTR_MASKING: it is not handed back",
	  took_without_masking, SET(lkml_2022) | SET(lkml_2022_vnmi) },
	{ "L1's CR8 changed: L2 has none of it", wrote_cr8_of_l1, SET(xen) },
	{ "V_TPR is not what L2 wrote last: it is refreshed", has_stale_tpr,
	  SET(lkml_2022_base) },
};

static void test_contradiction(void **state)
{
	const struct contradiction *c = *state;
	unsigned rows = 0;

	for (size_t v = 0; v < N_ROWS(versions); v++) {
		for (size_t i = 0; i < data.case_count; i++) {
			const struct vector_row *row = &data.rows[versions[v].env][i];

			if (!has_run(row) || !c->in(row))
				continue;
			rows++;
			for (unsigned set = 0; set < PSVM_RULE_SET_COUNT; set++)
				if (c->sets >> set & 1 &&
				    replays(check_sets[set].rules, row))
					fail_msg("%s %s: %s", vector_env_name[row->env],
						 row->c->name, check_sets[set].name);
		}
	}
	print_message("%u rows\n", rows);
	assert_true(rows > 0);
}

/* Every rule set is one of those. */
static void test_all_contradicted(void **state)
{
	uint32_t sets = SET(linux_6_1);

	(void)state;
	for (size_t i = 0; i < N_ROWS(contradictions); i++)
		sets |= contradictions[i].sets;
	assert_int_equal(sets, ALL_SETS);
}

/* --- what is right ------------------------------------------------------- */

/* On the manual's processor L1 cannot tell in any experiment that there is an L0 with
 * rule set exact: nor in those with bits 63:1 of 068h, which the processor does not
 * write. */
static void test_exact(void **state)
{
	const struct world world = { .rules = &psvm_rules_exact,
				     .facts = PSVM_C(OFFER_VGIF) | PSVM_C(HOST_VGIF),
				     .implicit_event = true };
	unsigned reserved = 0;

	(void)state;
	for (size_t i = 0; i < data.case_count; i++) {
		const struct experiment e = vector_experiment(&data.rows[VECTOR_KVM_7_2][i]);
		const struct outcome bare = experiment_run(&e, &world, false);
		const struct outcome nested = experiment_run(&e, &world, true);
		uint32_t differs = outcome_differs(&bare, &nested);

		reserved += (e.vmcb12.words.int_state & ~UINT64_C(1)) != 0;
		if (differs != 0)
			fail_msg("%s: columns 0x%x", data.cases[i].name, (unsigned)differs);
	}
	print_message("%zu experiments, %u with bits 63:1 of 068h\n", data.case_count,
		      reserved);
	assert_int_equal(reserved, 15);
}

/* --- the wrong processor ------------------------------------------------- */

static bool prio_is_tpr(const struct vector_row *row)
{
	return (row->before & PSVM_V_IRQ) != 0 && (row->before & PSVM_V_IGN_TPR) == 0 &&
	       (row->before & PSVM_V_INTR_PRIO) >> PSVM_V_INTR_PRIO_SHIFT ==
		       (row->before & PSVM_V_TPR);
}

static unsigned at_equal_priority(const struct replay *machine, enum vector_env env,
				  struct tally *t)
{
	unsigned rows = 0;

	for (size_t i = 0; i < data.case_count; i++) {
		const struct vector_row *row = &data.rows[env][i];

		if (row->status != VECTOR_OK || !prio_is_tpr(row))
			continue;
		rows++;
		replay_row(t, machine, row, false);
	}
	return rows;
}

/* By the manual a V_IRQ with V_INTR_PRIO = V_TPR waits; QEMU takes it, and so does
 * KVM's L2. With V_INTR_MASKING V_TPR stays the one of vmcb12. */
static void test_equal_priority(void **state)
{
	const struct replay manual = { PROCESSOR_MANUAL, &psvm_rules_linux_7_2 };
	const struct replay qemu = { PROCESSOR_QEMU_10_0, &psvm_rules_linux_7_2 };
	struct tally by_manual = { .run = 0 }, by_qemu = { .run = 0 };
	unsigned rows = at_equal_priority(&manual, VECTOR_KVM_7_2, &by_manual);

	(void)state;
	assert_int_equal(at_equal_priority(&qemu, VECTOR_KVM_7_2, &by_qemu), rows);
	print_message("V_INTR_PRIO = V_TPR: %u rows, %u are not the manual's\n", rows,
		      by_manual.mismatch);
	assert_int_equal(by_qemu.mismatch, 0);
	assert_true(by_manual.mismatch > 0);
	assert_true(by_manual.columns & OUTCOME_BIT(VIRT_RIP));
}

/* Each option is needed: without it more rows of its emulator differ. But for one that
 * no row shows: Bochs notices no V_IRQ at VMRUN, so none is open when V_TPR rises; its
 * source says what it would do (svm-facts.md 4.7). */
static const struct {
	const char *name;
	enum processor_id processor;
	enum vector_env env;
	uint32_t not_shown;
} emulators[] = {
	{ "qemu-7.2", PROCESSOR_QEMU_7_2, VECTOR_QEMU_7_2, 0 },
	{ "qemu-10.0", PROCESSOR_QEMU_10_0, VECTOR_QEMU_10_0, 0 },
	{ "bochs-2.7", PROCESSOR_BOCHS_2_7, VECTOR_BOCHS_2_7, PSVM_CPU(NO_REMASK) },
};

static unsigned unlike(enum processor_id processor, uint32_t options, enum vector_env env)
{
	unsigned n = 0;

	for (size_t i = 0; i < data.case_count; i++) {
		const struct vector_row *row = &data.rows[env][i];
		const struct experiment e = vector_experiment(row);
		const struct outcome o = vector_outcome(row);
		struct world world = {
			.facts = processors[processor].vgif ? PSVM_C(OFFER_VGIF) : 0,
			.options = options,
			.implicit_event = true,
		};
		struct outcome replayed;

		if (row->status != VECTOR_OK)
			continue;
		replayed = experiment_run(&e, &world, false);
		n += outcome_differs(&replayed, &o) != 0;
	}
	return n;
}

static void test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS(emulators); i++) {
		uint32_t options = processors[emulators[i].processor].options;
		unsigned with = unlike(emulators[i].processor, options, emulators[i].env);
		uint32_t idle = 0;

		for (uint32_t rest = options; rest != 0; rest &= rest - 1) {
			uint32_t option = rest & (0 - rest);
			unsigned without = unlike(emulators[i].processor, options & ~option,
						  emulators[i].env);

			print_message("%s without option 0x%05x: %u more rows differ\n",
				      emulators[i].name, (unsigned)option, without - with);
			idle |= without > with ? 0 : option;
		}
		assert_int_equal(idle, emulators[i].not_shown);
	}
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_ROWS(environments) + N_ROWS(versions) +
				N_ROWS(contradictions) + 4];
	size_t n = 0;
	int rc;

	for (; n < N_ROWS(environments); n++)
		tests[n] = check_case(vector_env_name[environments[n].env],
				      test_environment, &environments[n]);
	for (size_t i = 0; i < N_ROWS(versions); i++)
		tests[n++] = check_case(versions[i].name, test_other_version, &versions[i]);
	for (size_t i = 0; i < N_ROWS(contradictions); i++)
		tests[n++] = check_case(contradictions[i].name, test_contradiction,
					&contradictions[i]);
	tests[n++] = check_case("every rule set is contradicted", test_all_contradicted, NULL);
	tests[n++] = check_case("exact, on the manual's processor", test_exact, NULL);
	tests[n++] = check_case("V_INTR_PRIO = V_TPR", test_equal_priority, NULL);
	tests[n++] = check_case("every option is needed", test_options, NULL);
	vectors_read(&data, argc > 1 ? argv[1] : PSVM_VECTORS_DIR);
	rc = _cmocka_run_group_tests("replay", tests, n, NULL, NULL);
	vectors_free(&data);
	return rc != 0;
}
