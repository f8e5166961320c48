/* SPDX-License-Identifier: MIT */
/*
 * The rule sets against what was recorded in six environments: tests/vectors.
 *
 * In the environments with KVM the rule set of its version has to predict, for
 * every recorded case, what L1 found in its VMCB; in those without, where L1
 * has the processor to itself, rule set `exact` has to. What is taken from the
 * record and what from the rule set is said in vectors_replay.h. Nothing is
 * left out: a row that is not predicted stands in the table of exceptions
 * below with its cause, or fails.
 */
#include "check.h"
#include "psvm/decode.h"
#include "show.h"
#include "vectors.h"
#include "vectors_replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PSVM_VECTORS_DIR
#define PSVM_VECTORS_DIR "tests/vectors"
#endif

static struct vectors data;

/* Who plays L0: KVM, or nobody. */
static const struct environment {
	enum psvm_rule_set_id set;
	bool nested;
} environments[VECTOR_ENV_COUNT] = {
	[VECTOR_QEMU_7_2] = { PSVM_RULE_SET_exact, false },
	[VECTOR_QEMU_10_0] = { PSVM_RULE_SET_exact, false },
	[VECTOR_BOCHS_2_7] = { PSVM_RULE_SET_exact, false },
	[VECTOR_KVM_6_1] = { PSVM_RULE_SET_linux_6_1, true },
	[VECTOR_KVM_6_12] = { PSVM_RULE_SET_linux_6_12, true },
	[VECTOR_KVM_7_2] = { PSVM_RULE_SET_linux_7_2, true },
};

/* --- rows that are not predicted, and why -------------------------------- */

/* A row that is listed must differ from the prediction, and only in these bits. */
static const struct exception {
	enum vector_env env;
	uint64_t int_ctl;
	uint64_t exit_code;
	const char *cause;
	const char *names; /* separated by blanks */
} exceptions[] = {
	{ VECTOR_QEMU_7_2, UINT32_MAX, ~(uint64_t)UINT32_MAX,
	  "a failed VMRUN stores host state: int_ctl 2, exit code of 32 bits",
	  "J0000 J0002 J0003 J0005 J0006 J0007 J0008 J0010 J0011 J0012 J0013 J0015" },
	{ VECTOR_QEMU_10_0, UINT32_MAX, 0,
	  "a failed VMRUN stores host state: int_ctl 2",
	  "J0000 J0002 J0003 J0005 J0006 J0007 J0008 J0010 J0011 J0012 J0013 J0015" },
	{ VECTOR_BOCHS_2_7, 0xffff, 0,
	  "a failed VMRUN stores state of the guest before",
	  "J0000 J0002 J0003 J0005 J0006 J0007 J0008 J0010 J0011 J0012 J0013 J0015" },
	{ VECTOR_BOCHS_2_7, 0xfef0, 0,
	  "bytes 060h and 061h are written whole: V_TPR 7:4 by a write of CR8, "
	  "bits 15:9 as 0",
	  "E0000 E0001 E0002 E0003 E0004 E0005 E0007 E0011 E0013 E0014 E0016 E0020 "
	  "E0021 E0022 E0026 E0028 E0030 E0031 E0034 E0035 E0038 E0039 E0040 E0041 "
	  "E0043 E0044 E0046 E0049 E0052 E0055 E0131 E0137 E0139 E0141 E0143 E0145 "
	  "E0149 E0151 E0155 E0157 E0161 E0163 E0168 E0169 E0171 E0172 E0176 E0177 "
	  "E0178 E0180 E0181 E0182 E0183 E0184 E0185 E0186 E0187 E0188 E0189 E0191 "
	  "E0192 E0195 E0196 E0197 E0198 E0199 E0208 E0209 E0210 E0212 E0213 E0215" },
};

static bool is_listed(const char *names, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = names; (at = strstr(at, name)) != NULL; at += length) {
		bool begins = at == names || at[-1] == ' ';

		if (begins && (at[length] == ' ' || at[length] == 0))
			return true;
	}
	return false;
}

static const struct exception *find_exception(const struct vector_row *row)
{
	for (size_t i = 0; i < N_ROWS(exceptions); i++) {
		if (exceptions[i].env == row->env &&
		    is_listed(exceptions[i].names, row->c->name))
			return &exceptions[i];
	}
	return NULL;
}

/* --- one row ------------------------------------------------------------- */

static struct replay_result replay_with(enum psvm_rule_set_id set,
					const struct vector_row *row)
{
	bool second = (row->c->flags & VECTOR_CONT) != 0;

	return replay(check_sets[set].rules, row, second ? row - 1 : NULL,
		      environments[row->env].nested);
}

static uint64_t recorded_int_ctl(const struct vector_row *row)
{
	return psvm_int_ctl_join(row->int_ctl, row->int_vector);
}

/*
 * What L1 found, in the fields that the rule set decides. Without an L0,
 * int_state and the rest of EVENTINJ are the emulator's, and only EVENTINJ.V
 * has to be 0.
 */
static struct psvm_words recorded(const struct vector_row *row,
				  const struct psvm_words *predicted)
{
	struct psvm_words words = *predicted;

	words.int_ctl = recorded_int_ctl(row);
	words.event_inj = row->event_inj;
	if (environments[row->env].nested)
		words.int_state = row->int_state;
	else
		words.event_inj &= PSVM_EVENT_INJ_V;
	return words;
}

static bool same_words(const struct psvm_words *a, const struct psvm_words *b)
{
	return a->int_ctl == b->int_ctl && a->int_state == b->int_state &&
	       a->event_inj == b->event_inj;
}

/* Whether L1 found its TPR and its pending interrupt as predicted. Whether P was
 * taken without an L0 is the emulator's. */
static bool same_apic(const struct vector_row *row, const struct replay_result *r)
{
	return r->tpr == row->cr8_after &&
	       (!environments[row->env].nested || r->pending == row->irr_after);
}

static bool is_predicted(const struct vector_row *row, const struct replay_result *r)
{
	struct psvm_words want = recorded(row, &r->v12);

	return *r->contradiction == 0 && r->exit_code == row->exit_code &&
	       same_words(&r->v12, &want) && same_apic(row, r);
}

/* Does the row differ as its exception says? */
static bool is_excused(const struct vector_row *row, const struct replay_result *r,
		       const struct exception *e)
{
	struct psvm_words want = recorded(row, &r->v12);

	want.int_ctl ^= (want.int_ctl ^ r->v12.int_ctl) & e->int_ctl;
	return *r->contradiction == 0 &&
	       ((r->exit_code ^ row->exit_code) & ~e->exit_code) == 0 &&
	       same_words(&r->v12, &want) && same_apic(row, r);
}

static void explain(const struct vector_row *row)
{
	struct replay_result r = replay_with(environments[row->env].set, row);
	struct psvm_result got, want;

	memset(&got, 0, sizeof(got));
	got.v12 = r.v12;
	want = got;
	want.v12 = recorded(row, &r.v12);
	fprintf(stderr, "%s %s: rule set %s, hand-back: %s\n", vector_env_name[row->env],
		row->c->name, check_sets[environments[row->env].set].name,
		*r.contradiction == 0 ? "not what was recorded" : r.contradiction);
	fprintf(stderr, "int_ctl 0x%08" PRIx32 " before, 0x%08" PRIx32 " after\n",
		row->before, row->int_ctl);
	fprintf(stderr, "exit code 0x%" PRIx64 ", predicted 0x%" PRIx64 "\n",
		row->exit_code, r.exit_code);
	fprintf(stderr, "CR8 of L1: %" PRIu32 ", predicted %" PRIu32 "\n", row->cr8_after,
		r.tpr);
	(void)show_difference(stderr, &got, &want);
	show_input(stderr, row->c->name, &r.at_exit);
}

/* --- rows by group ------------------------------------------------------- */

/* The rows of a cmocka case: those of one environment, or of one of its groups,
 * whose letter ends the name. */
struct group {
	const char *name;
	enum vector_env env;
	CMUnitTestFunction function;
};

static bool is_in(const struct vector_row *row, const struct group *group)
{
	return row->c->name[0] == group->name[strlen(group->name) - 1];
}

enum verdict { NOT_RUN, PREDICTED, EXCEPTED, WRONG };

static unsigned char *verdicts[VECTOR_ENV_COUNT]; /* in order of the rows */

static struct tally {
	unsigned rows, aborted, skipped, predicted, excepted;
	unsigned by_rules, dummy, virq;
} tallies[VECTOR_ENV_COUNT];

static void count(const struct vector_row *row, const struct replay_result *r)
{
	struct tally *t = &tallies[row->env];

	t->predicted++;
	t->by_rules += r->by_rules;
	t->dummy += r->dummy;
	t->virq += (row->before ^ row->int_ctl) & PSVM_V_IRQ ? 1 : 0;
}

/* A row that is listed and predicted nevertheless is wrong, too. */
static enum verdict judge(const struct vector_row *row)
{
	const struct exception *e = find_exception(row);
	struct replay_result r;

	if (row->status != VECTOR_OK)
		return NOT_RUN;
	r = replay_with(environments[row->env].set, row);
	if (is_predicted(row, &r)) {
		count(row, &r);
		return e == NULL ? PREDICTED : WRONG;
	}
	tallies[row->env].excepted++;
	return e != NULL && is_excused(row, &r, e) ? EXCEPTED : WRONG;
}

static void judge_environment(enum vector_env env)
{
	struct tally *t = &tallies[env];

	verdicts[env] = malloc(data.case_count);
	if (verdicts[env] == NULL)
		abort();
	for (size_t i = 0; i < data.case_count; i++) {
		const struct vector_row *row = &data.rows[env][i];

		t->rows++;
		t->aborted += row->status == VECTOR_ABORT;
		t->skipped += row->status == VECTOR_SKIPPED;
		verdicts[env][i] = (unsigned char)judge(row);
	}
}

static int judge_all(void **state)
{
	(void)state;
	for (unsigned env = 0; env < VECTOR_ENV_COUNT; env++)
		judge_environment((enum vector_env)env);
	return 0;
}

static int forget_all(void **state)
{
	(void)state;
	for (unsigned env = 0; env < VECTOR_ENV_COUNT; env++)
		free(verdicts[env]);
	return 0;
}

/* All names, and the first few with everything that is known. */
static void complain(const struct vector_row *row, unsigned earlier)
{
	if (find_exception(row) != NULL)
		fprintf(stderr, "%s %s: listed as an exception, and not what it says\n",
			vector_env_name[row->env], row->c->name);
	else if (earlier < 3)
		explain(row);
	else
		fprintf(stderr, "%s %s: not predicted\n", vector_env_name[row->env],
			row->c->name);
}

static void test_group(void **state)
{
	const struct group *group = *state;
	unsigned failures = 0, rows = 0;

	for (size_t i = 0; i < data.case_count; i++) {
		const struct vector_row *row = &data.rows[group->env][i];

		if (!is_in(row, group))
			continue;
		rows++;
		if (verdicts[group->env][i] == WRONG)
			complain(row, failures++);
	}
	assert_true(rows > 0);
	assert_int_equal(failures, 0);
}

/* --- the numbers --------------------------------------------------------- */

/* wc -l cases.csv, and awk over column 3 of results.csv. */
static const struct {
	unsigned aborted, skipped;
} not_run[VECTOR_ENV_COUNT] = {
	[VECTOR_QEMU_7_2] = { 132, 0 },
	[VECTOR_QEMU_10_0] = { 132, 0 },
	[VECTOR_BOCHS_2_7] = { 0, 229 },
};

static void test_counts(void **state)
{
	(void)state;
	for (unsigned env = 0; env < VECTOR_ENV_COUNT; env++) {
		const struct tally *t = &tallies[env];
		unsigned run = t->rows - t->aborted - t->skipped;

		print_message("%s: %u rows: %u predicted by %s, %u listed exceptions, "
			      "%u undetermined; not run: %u emulator aborts, %u skipped "
			      "(no vGIF)\n",
			      vector_env_name[env], t->rows, t->predicted,
			      check_sets[environments[env].set].name, t->excepted,
			      run - t->predicted - t->excepted, t->aborted, t->skipped);
		print_message("\tof those predicted: exit made by the rule set %u, L0's "
			      "dummy in 02 at the exit %u, V_IRQ changed %u\n",
			      t->by_rules, t->dummy, t->virq);
		assert_int_equal(t->rows, 2664);
		assert_int_equal(t->aborted, not_run[env].aborted);
		assert_int_equal(t->skipped, not_run[env].skipped);
		assert_int_equal(t->predicted + t->excepted, run);
	}
}

/* Every name in the table of exceptions is that of a case. */
static void test_exception_names(void **state)
{
	unsigned listed = 0, excepted = 0;

	(void)state;
	for (size_t i = 0; i < N_ROWS(exceptions); i++) {
		listed += (unsigned)(strlen(exceptions[i].names) + 1) / 6;
		assert_int_equal((strlen(exceptions[i].names) + 1) % 6, 0);
	}
	for (unsigned env = 0; env < VECTOR_ENV_COUNT; env++)
		excepted += tallies[env].excepted;
	assert_int_equal(listed, excepted);
}

/* --- the records tell rule sets apart ------------------------------------ */

static unsigned mispredicted(enum psvm_rule_set_id set, enum vector_env env)
{
	unsigned n = 0;

	for (size_t i = 0; i < data.case_count; i++) {
		const struct vector_row *row = &data.rows[env][i];
		struct replay_result r;

		if (row->status != VECTOR_OK || find_exception(row) != NULL)
			continue;
		r = replay_with(set, row);
		n += !is_predicted(row, &r);
	}
	return n;
}

/* Rule sets that predict all rows of an environment but the exceptions; every
 * other one must fail. lkml-2022-base differs from linux-6.1 in what a migration
 * would see, not in what L1 sees; linux-7.2 drops reserved bits on the way to L2,
 * which L1 does not find either. Without an L0 there are no windows, and what
 * is left of linux-6.1 is right. */
static const unsigned predicting[VECTOR_ENV_COUNT] = {
	[VECTOR_QEMU_7_2] = SET(linux_6_1) | SET(lkml_2022_base) | SET(exact),
	[VECTOR_QEMU_10_0] = SET(linux_6_1) | SET(lkml_2022_base) | SET(exact),
	[VECTOR_BOCHS_2_7] = SET(linux_6_1) | SET(lkml_2022_base) | SET(exact),
	[VECTOR_KVM_6_1] = SET(linux_6_1) | SET(lkml_2022_base),
	[VECTOR_KVM_6_12] = SET(linux_6_12) | SET(linux_7_2),
	[VECTOR_KVM_7_2] = SET(linux_6_12) | SET(linux_7_2),
};

static void test_tell_apart(void **state)
{
	const struct group *group = *state;

	for (unsigned set = 0; set < PSVM_RULE_SET_COUNT; set++) {
		unsigned n = mispredicted((enum psvm_rule_set_id)set, group->env);

		print_message("%s: %u rows not predicted by %s\n",
			      vector_env_name[group->env], n, check_sets[set].name);
		assert_int_equal(n == 0, predicting[group->env] >> set & 1);
	}
}

/* --- hand-back by another rule set --------------------------------------- */

/* The word at 060h that L1 would have found if, with 02 and 01 as they were at
 * the exit, another rule set had handed it back. */
static uint64_t handed_back(enum psvm_rule_set_id set, const struct vector_row *row)
{
	struct psvm_nested n = replay_with(environments[row->env].set, row).at_exit;
	struct psvm_result r;

	n.v12.int_ctl = psvm_int_ctl_join(row->before, row->c->int_vector);
	r = psvm_snapshot(check_sets[set].rules, n);
	n.v12 = r.v12;
	r = psvm_refresh(check_sets[set].rules, n);
	n.v12 = r.v12;
	r = psvm_nested_sync_int_ctl(check_sets[set].rules, n);
	assert_int_equal(r.status.code, PSVM_OK);
	if (!(r.store12 & PSVM_F_INT_VECTOR))
		return psvm_int_ctl_join(psvm_int_ctl_low(r.v12.int_ctl),
					 row->c->int_vector);
	return r.v12.int_ctl;
}

/* Cases in which L2 ran and left in an orderly way. */
static bool has_run(const struct vector_row *row)
{
	return row->status == VECTOR_OK && row->c->name[0] != 'J' &&
	       row->exit_code != PSVM_EXIT_INVALID;
}

/*
 * lkml-2022 holds that without V_INTR_MASKING V_IRQ and V_TPR of vmcb12 are not
 * written by the processor. Without an L0 they are. Redo it with LETTER set to
 * q, r, b, K, L or M:
 *
 * awk -F, -v l=LETTER 'function odd(d) { return index("13579bdf", d) > 0 }
 *	index($2, l) && $3 == "ok" && $8 !~ /^ffffffff/ && !odd(substr($4, 2, 1)) {
 *		i = odd(substr($4, 6, 1)) && !odd(substr($5, 6, 1))
 *		t = substr($4, 8) != substr($5, 8)
 *		irq += i; tpr += t; either += i || t
 *	} END { print irq, tpr, either }' results.csv
 *
 * virq: L2 took the interrupt, and lkml-2022 leaves V_IRQ set. vtpr: lkml-2022
 * leaves another V_TPR. In the rows of KVM, L2 without V_INTR_MASKING runs with
 * L1's TPR, which KVM hands back: there vtpr counts what KVM does otherwise, not
 * what is right. base_right: of either, the rows in which lkml-2022-base has
 * both V_IRQ and V_TPR as recorded; on 6.12 and 7.2 it lacks 43, in which these
 * leak a window's V_IRQ (below) and lkml-2022-base does not.
 */
static const struct refutation {
	unsigned virq, vtpr, either, base_right;
} refutations[VECTOR_ENV_COUNT] = {
	[VECTOR_QEMU_7_2] = { 228, 163, 311, 311 },
	[VECTOR_QEMU_10_0] = { 227, 163, 310, 310 },
	[VECTOR_BOCHS_2_7] = { 189, 244, 331, 331 },
	[VECTOR_KVM_6_1] = { 306, 1280, 1301, 1301 },
	[VECTOR_KVM_6_12] = { 306, 1280, 1301, 1258 },
	[VECTOR_KVM_7_2] = { 308, 1280, 1301, 1258 },
};

static uint64_t differs(enum psvm_rule_set_id set, const struct vector_row *row)
{
	return (handed_back(set, row) ^ row->int_ctl) & (PSVM_V_IRQ | PSVM_V_TPR);
}

static void refute(struct refutation *sum, const struct vector_row *row)
{
	uint64_t wrong = differs(PSVM_RULE_SET_lkml_2022, row);
	bool virq = (wrong & PSVM_V_IRQ) != 0 && (row->int_ctl & PSVM_V_IRQ) == 0;
	bool vtpr = (wrong & PSVM_V_TPR) != 0;

	sum->virq += virq;
	sum->vtpr += vtpr;
	sum->either += virq || vtpr;
	sum->base_right += (virq || vtpr) &&
			   differs(PSVM_RULE_SET_lkml_2022_base, row) == 0;
}

static void test_refutes(void **state)
{
	const struct group *group = *state;
	const struct refutation *want = &refutations[group->env];
	struct refutation sum = { 0, 0, 0, 0 };

	for (size_t i = 0; i < data.case_count; i++) {
		const struct vector_row *row = &data.rows[group->env][i];

		if (has_run(row) && !(row->before & PSVM_V_INTR_MASKING))
			refute(&sum, row);
	}
	print_message("%s: %u rows refute lkml-2022: V_IRQ %u, V_TPR %u; "
		      "lkml-2022-base is right in %u\n",
		      vector_env_name[group->env], sum.either, sum.virq, sum.vtpr,
		      sum.base_right);
	assert_int_equal(sum.virq, want->virq);
	assert_int_equal(sum.vtpr, want->vtpr);
	assert_int_equal(sum.either, want->either);
	assert_int_equal(sum.base_right, want->base_right);
}

/* With V_INTR_MASKING the two rule sets do the same, in every row. */
static void test_masking_agrees(void **state)
{
	unsigned rows = 0;

	(void)state;
	for (unsigned env = 0; env < VECTOR_ENV_COUNT; env++) {
		for (size_t i = 0; i < data.case_count; i++) {
			const struct vector_row *row = &data.rows[env][i];

			if (!has_run(row) || !(row->before & PSVM_V_INTR_MASKING))
				continue;
			rows++;
			assert_int_equal(handed_back(PSVM_RULE_SET_lkml_2022, row),
					 handed_back(PSVM_RULE_SET_lkml_2022_base, row));
		}
	}
	print_message("%u rows with V_INTR_MASKING\n", rows);
	assert_true(rows > 0);
}

/* --- known bugs ---------------------------------------------------------- */

/*
 * leaked: V_IRQ was 0 before and is 1 after: L0's window, in L1's VMCB.
 *
 * awk -F, -v l=LETTER 'function odd(d) { return index("13579bdf", d) > 0 }
 *	index($2, l) && $3 == "ok" && !odd(substr($4, 6, 1)) &&
 *	odd(substr($5, 6, 1)) { n++ } END { print n + 0 }' results.csv
 *
 * dummies: L2 took vector 0, which nobody sent: L0's dummy without its
 * intercept. lost: and with it L1's V_IRQ, which L2 did not get. $1 !~ /^G/
 * because in group G other handlers run.
 *
 * awk -F, -v l=LETTER 'function odd(d) { return index("13579bdf", d) > 0 }
 *	index($2, l) && $1 !~ /^G/ && $16 ~ /^[^\/]*O/ {
 *		n++; lost += odd(substr($4, 6, 1)) && $16 !~ /^[^\/]*V/
 *	} END { print n + 0, lost + 0 }' results.csv
 */
static const struct bugs {
	unsigned leaked, dummies, lost;
} bugs[VECTOR_ENV_COUNT] = {
	[VECTOR_KVM_6_1] = { 50, 64, 43 },
	[VECTOR_KVM_6_12] = { 79, 0, 0 },
	[VECTOR_KVM_7_2] = { 79, 0, 0 },
};

/* The rule set of the version predicts the leak (its row has been checked);
 * `exact` hands back no V_IRQ that was not there. */
static bool leaks(const struct vector_row *row)
{
	if ((row->before & PSVM_V_IRQ) || !(row->int_ctl & PSVM_V_IRQ))
		return false;
	assert_true(handed_back(environments[row->env].set, row) & PSVM_V_IRQ);
	assert_false(handed_back(PSVM_RULE_SET_exact, row) & PSVM_V_IRQ);
	return true;
}

static void count_bugs(struct bugs *sum, const struct vector_row *row)
{
	bool dummy = row->c->name[0] != 'G' && strchr(row->in_l2, 'O') != NULL;

	sum->leaked += leaks(row);
	sum->dummies += dummy;
	sum->lost += dummy && (row->before & PSVM_V_IRQ) &&
		     strchr(row->in_l2, 'V') == NULL;
}

static void test_bugs(void **state)
{
	const struct group *group = *state;
	const struct bugs *want = &bugs[group->env];
	struct bugs sum = { 0, 0, 0 };

	for (size_t i = 0; i < data.case_count; i++) {
		const struct vector_row *row = &data.rows[group->env][i];

		if (has_run(row))
			count_bugs(&sum, row);
	}
	print_message("%s: a window's V_IRQ in vmcb12 %u, in L2 %u, L1's V_IRQ lost %u\n",
		      vector_env_name[group->env], sum.leaked, sum.dummies, sum.lost);
	assert_int_equal(sum.leaked, want->leaked);
	assert_int_equal(sum.dummies, want->dummies);
	assert_int_equal(sum.lost, want->lost);
}

/* --- images -------------------------------------------------------------- */

/* What the decoder showed of an image. */
struct shown {
	unsigned char bytes[PSVM_VMCB_SIZE];
	uint64_t int_ctl;
	unsigned fields;
};

static void show_field(void *context, const struct psvm_decode_field *field)
{
	struct shown *shown = context;
	size_t size = (size_t)field->width * field->count;

	assert_true(field->offset + size <= sizeof(shown->bytes));
	memcpy(shown->bytes + field->offset, field->bytes, size);
	shown->fields++;
	if (strcmp(field->name, "int_ctl") == 0)
		shown->int_ctl = psvm_decode_value(field, 0);
}

/* Load, walk, store: every byte is shown, and every byte comes back. */
static void check_image(const struct vector_image *image)
{
	unsigned char back[PSVM_VMCB_SIZE];
	static struct shown shown;
	struct psvm_vmcb vmcb;

	memset(&shown, 0, sizeof(shown));
	psvm_vmcb_load(&vmcb, image->bytes);
	psvm_decode(&vmcb, show_field, &shown);
	assert_memory_equal(shown.bytes, image->bytes, sizeof(shown.bytes));
	assert_int_equal(shown.int_ctl, vmcb.control.int_ctl);
	assert_true(shown.fields > 0);
	psvm_vmcb_store(back, &vmcb);
	assert_memory_equal(back, image->bytes, sizeof(back));
}

static void check_before(const struct psvm_vmcb_control *control,
			 const struct vector_row *row)
{
	const struct vector_case *c = row->c;

	assert_int_equal(control->int_ctl, psvm_int_ctl_join(row->before, c->int_vector));
	assert_int_equal(control->int_state, c->int_state);
	assert_int_equal(control->event_inj, c->event_inj);
	assert_int_equal(control->intercept_misc1, c->misc1);
}

static void check_after(const struct psvm_vmcb_control *control,
			const struct vector_row *row)
{
	assert_int_equal(control->int_ctl, recorded_int_ctl(row));
	assert_int_equal(control->int_state, row->int_state);
	assert_int_equal(control->event_inj, row->event_inj);
	assert_int_equal(control->exit_code, row->exit_code);
	assert_int_equal(control->exit_int_info, row->exit_int_info);
}

/* The columns of the row were taken from the same VMCB. */
static void check_name(const struct vector_image *image,
		       const struct vector_image_name *name)
{
	const struct vector_row *row = vectors_row(&data, name->env, name->name);
	struct psvm_vmcb vmcb;

	assert_non_null(row);
	psvm_vmcb_load(&vmcb, image->bytes);
	if (name->after)
		check_after(&vmcb.control, row);
	else
		check_before(&vmcb.control, row);
}

static void test_images(void **state)
{
	(void)state;
	for (size_t i = 0; i < data.image_count; i++)
		check_image(&data.images[i]);
	print_message("%zu images loaded, decoded and stored\n", data.image_count);
	assert_int_equal(data.image_count, 104);
}

/* grep -c '^image LETTER ' images.txt */
static const unsigned images_of[VECTOR_ENV_COUNT] = { 0, 36, 30, 36, 0, 36 };

static void test_image_columns(void **state)
{
	const struct group *group = *state;
	unsigned names = 0;

	for (size_t i = 0; i < data.image_count; i++) {
		for (size_t j = 0; j < data.images[i].name_count; j++) {
			if (data.images[i].names[j].env != group->env)
				continue;
			check_name(&data.images[i], &data.images[i].names[j]);
			names++;
		}
	}
	assert_int_equal(names, images_of[group->env]);
}

/* --- all cases ----------------------------------------------------------- */

/* clang-format off */
#define GROUP(env, words, letter) { words "/" #letter, VECTOR_##env, test_group },
#define GROUPS(env, words, letter) \
	GROUP(env, words, A) GROUP(env, words, B) GROUP(env, words, C) \
	GROUP(env, words, D) GROUP(env, words, E) GROUP(env, words, F) \
	GROUP(env, words, G) GROUP(env, words, H) GROUP(env, words, I) \
	GROUP(env, words, J) GROUP(env, words, K) \
	{ words "/other rule sets", VECTOR_##env, test_tell_apart }, \
	{ words "/lkml-2022", VECTOR_##env, test_refutes }, \
	{ words "/known bugs", VECTOR_##env, test_bugs }, \
	{ words "/columns of images", VECTOR_##env, test_image_columns },
/* clang-format on */

static const struct group groups[] = { VECTOR_ENVS(GROUPS) };

/* The directory with the vectors may be given as argument. */
int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_ROWS(groups) + 4];
	size_t n = 0;
	int rc;

	for (; n < N_ROWS(groups); n++)
		tests[n] = check_case(groups[n].name, groups[n].function, &groups[n]);
	tests[n++] = check_case("lkml-2022 with V_INTR_MASKING", test_masking_agrees,
				NULL);
	tests[n++] = check_case("names of exceptions", test_exception_names, NULL);
	tests[n++] = check_case("images", test_images, NULL);
	tests[n++] = check_case("counts", test_counts, NULL);
	vectors_read(&data, argc > 1 ? argv[1] : PSVM_VECTORS_DIR);
	rc = _cmocka_run_group_tests("vectors", tests, n, judge_all, forget_all);
	vectors_free(&data);
	return rc != 0;
}
