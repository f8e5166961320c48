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

static struct tally replay_rows(const struct replay *machine, enum vector_env env, bool loud)
{
	struct tally t = { .run = 0 };

	for (size_t i = 0; i < data.case_count; i++)
		if (data.rows[env][i].status == VECTOR_OK)
			replay_row(&t, machine, &data.rows[env][i], loud);
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
	{ VECTOR_QEMU_7_2, { PROCESSOR_QEMU_7_2, NULL }, 2532, 2481,
	  { { "wide-vector", 4 }, { "failed-vmrun-7.2", 12 }, { "xapic-late", 35 } } },
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
	struct tally t = replay_rows(&e->machine, e->env, true);

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

/* Mismatches of KVM's rows, in the order of PSVM_RULE_SETS. 6.12 and 7.2 differ in
 * reserved bits only, which L1 cannot see. lkml-2022-base hands back V_TPR as an
 * emulated write of CR8 left it, 6.1 as the last run did: 11 rows. */
static const struct {
	enum vector_env env;
	unsigned mismatch[PSVM_RULE_SET_COUNT];
} wrong_sets[] = {
	{ VECTOR_KVM_6_1, { 0, 11, 1299, 1299, 122, 122, 1804, 1248 } },
	{ VECTOR_KVM_6_12, { 122, 133, 1378, 1378, 0, 0, 1766, 1184 } },
	{ VECTOR_KVM_7_2, { 122, 133, 1378, 1378, 0, 0, 1766, 1184 } },
};

static void test_tell_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS(wrong_sets); i++) {
		for (unsigned set = 0; set < PSVM_RULE_SET_COUNT; set++) {
			struct replay machine = { PROCESSOR_QEMU_10_0,
						  check_sets[set].rules };
			struct tally t = replay_rows(&machine, wrong_sets[i].env, false);

			print_message("%s with %s: %u mismatch\n",
				      vector_env_name[wrong_sets[i].env],
				      check_sets[set].name, t.mismatch);
			assert_int_equal(t.mismatch, wrong_sets[i].mismatch[set]);
		}
	}
}

/* --- what is right ------------------------------------------------------- */

/* On the manual's processor L1 cannot tell in any experiment that there is an L0 with
 * rule set exact: but for bits 63:1 of 068h, which exact does not let through to L2, and
 * the processor does not write. */
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
		bool is_reserved =
			(e.vmcb12.words.int_state & ~PSVM_INT_STATE_INTERRUPT_SHADOW) != 0;

		reserved += is_reserved && differs != 0;
		if (differs & ~(is_reserved ? OUTCOME_BIT(INT_STATE) : 0))
			fail_msg("%s: columns 0x%x", data.cases[i].name, (unsigned)differs);
	}
	print_message("%zu experiments, %u differ in 068h\n", data.case_count, reserved);
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
	struct CMUnitTest tests[N_ROWS(environments) + 4];
	size_t n = 0;
	int rc;

	for (; n < N_ROWS(environments); n++)
		tests[n] = check_case(vector_env_name[environments[n].env],
				      test_environment, &environments[n]);
	tests[n++] = check_case("rule sets are told apart", test_tell_apart, NULL);
	tests[n++] = check_case("exact, on the manual's processor", test_exact, NULL);
	tests[n++] = check_case("V_INTR_PRIO = V_TPR", test_equal_priority, NULL);
	tests[n++] = check_case("every option is needed", test_options, NULL);
	vectors_read(&data, argc > 1 ? argv[1] : PSVM_VECTORS_DIR);
	rc = _cmocka_run_group_tests("replay", tests, n, NULL, NULL);
	vectors_free(&data);
	return rc != 0;
}
