/* SPDX-License-Identifier: MIT */
/*
 * Everything before the write-back, against the reference: snapshot, enter,
 * reenter, both windows, the merge of intercepts, exit routing, arrival of an
 * interrupt, and the decisions around a run of L2.
 */
#include "compare.h"
#include "mutate.h"
#include "pairs.h"
#include "reference.h"

#include <stdio.h>

const struct fuzz_format *const fuzz_format = &fuzz_format_questions;

/* The first moments of enum fuzz_moment, up to the windows. */
#define EVENTS (FUZZ_CLOSE + 1)
FUZZ_PAIRS(EVENTS, FUZZ_STATES)

static void check_merge(const struct fuzz_run *run, struct psvm_intercepts i12,
			struct psvm_intercepts i01)
{
	struct psvm_intercepts got =
		psvm_merge_intercepts(fuzz_rules[run->rules], run->n, i12, i01);
	struct psvm_intercepts want =
		ref_merge((enum ref_rules)run->rules, run->n, i12, i01);

	for (unsigned int i = 0; i < 6; i++) {
		if (got.word[i] == want.word[i])
			continue;
		fprintf(stderr, "word %03xh: 12 %08x, 01 %08x, got %08x, want %08x\n",
			4 * i, i12.word[i], i01.word[i], got.word[i], want.word[i]);
		fuzz_fail(run->rules, "merge", "02's intercepts differ", &run->n);
	}
}

static void check_route(const struct fuzz_run *run, uint64_t exit_code,
			struct psvm_intercepts i12, struct psvm_intercepts i01)
{
	uint32_t got =
		psvm_route_exit(fuzz_rules[run->rules], run->n, exit_code, i12, i01);
	uint32_t want =
		ref_route((enum ref_rules)run->rules, run->n, exit_code, i12, i01);

	if (got == want)
		return;
	fprintf(stderr, "exit code %llxh: got level %u, want %u\n",
		(unsigned long long)exit_code, got, want);
	for (unsigned int i = 0; i < 6; i++)
		fprintf(stderr, "word %03xh: 12 %08x, 01 %08x\n", 4 * i, i12.word[i],
			i01.word[i]);
	fuzz_fail(run->rules, "exit routing", "levels differ", &run->n);
}

static void check_arrival(const struct fuzz_run *run)
{
	uint32_t got = psvm_interrupt_arrives(fuzz_rules[run->rules], run->n);
	uint32_t want = ref_arrives((enum ref_rules)run->rules, run->n);

	if (got == want)
		return;
	fprintf(stderr, "got enum psvm_arrival %u, want %u\n", got, want);
	fuzz_fail(run->rules, "an interrupt arrives", "answers differ", &run->n);
}

static void check_decision(const struct fuzz_run *run, struct psvm_status status,
			   uint64_t got, uint64_t want, const char *words)
{
	if (status.code == PSVM_OK && got == want)
		return;
	fprintf(stderr, "status %u, got %llxh, want %llxh\n", status.code,
		(unsigned long long)got, (unsigned long long)want);
	fuzz_fail(run->rules, words, "answers differ", &run->n);
}

/* X(cell, function of the model) */
#define DECISIONS(X) \
	X(TPR_LOAD, ref_tpr_load) X(TPR_STORE, ref_tpr_store) \
	X(CR8_INTERCEPT, ref_cr8_intercept) X(HLT_INTERCEPT, ref_hlt_intercept) \
	X(HLT_WAKE, ref_hlt_wake) X(EMULATE_REFRESH, ref_emulate_refresh) \
	X(RUN_FROM_12, ref_run_from_12) X(RUN_CLEAR_02, ref_run_clear_02) \
	X(STEP, ref_step) X(NMI_MASK_IN_01, ref_nmi_mask_in_01)

/* A function for each cell, which is a constant in it. */
#define X(cell, function) \
	static void check_##cell(const struct fuzz_run *run) \
	{ \
		uint64_t got = 0; \
		struct psvm_status status = psvm_rule(fuzz_rules[run->rules], run->n, \
						      PSVM_CELL_##cell, &got); \
\
		check_decision(run, status, got, \
			       function((enum ref_rules)run->rules, run->n), #cell); \
	}
DECISIONS(X)
#undef X

static void check_decisions(const struct fuzz_run *run)
{
#define X(cell, function) check_##cell(run);
	DECISIONS(X)
#undef X
}

static struct psvm_intercepts intercepts(const uint32_t words[6])
{
	struct psvm_intercepts to;

	for (unsigned int i = 0; i < 6; i++)
		to.word[i] = words[i];
	return to;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_run run = fuzz_decode_run(data, size);
	struct fuzz_questions q = fuzz_decode_questions(data, size);

	for (unsigned int i = 0; i < EVENTS; i++) {
		enum fuzz_moment moment = (enum fuzz_moment)i;

		(void)fuzz_compare(run.rules, moment, run.n);
		fuzz_visit(moment, fuzz_state(run.rules, moment, run.n));
	}
	check_merge(&run, intercepts(q.i12), intercepts(q.i01));
	check_route(&run, q.exit_code, intercepts(q.i12), intercepts(q.i01));
	check_arrival(&run);
	check_decisions(&run);
	return 0;
}
