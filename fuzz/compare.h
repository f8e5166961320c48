/* SPDX-License-Identifier: MIT */
/*
 * Product and reference side by side, one moment at a time.
 */
#ifndef FUZZ_COMPARE_H
#define FUZZ_COMPARE_H

#include "input.h"

/* X(name, product, reference, words): the transitions. */
#define FUZZ_MOMENTS_TABLE(X) \
	X(SNAPSHOT, psvm_snapshot, ref_snapshot, "snapshot") \
	X(ENTER, psvm_enter, ref_enter, "enter") \
	X(REENTER, psvm_reenter, ref_reenter, "reenter") \
	X(OPEN, psvm_window_open, ref_window_open, "window open") \
	X(CLOSE, psvm_window_close, ref_window_close, "window close") \
	X(REFRESH, psvm_refresh, ref_refresh, "refresh") \
	X(HANDBACK, psvm_nested_sync_int_ctl, ref_handback, "hand-back")

enum fuzz_moment {
#define X(name, product, reference, words) FUZZ_##name,
	FUZZ_MOMENTS_TABLE(X)
#undef X
	FUZZ_MOMENTS
};

/** The rule sets of the headers, by number. */
extern const struct psvm_rules *const fuzz_rules[PSVM_RULE_SET_COUNT];

/**
 * One transition of product and reference; abort with a report if they differ.
 *
 * The product's form is the inline one, with the rule set known to the compiler.
 *
 * @return the result of both
 */
struct psvm_result fuzz_compare(uint32_t rules, enum fuzz_moment moment,
				struct psvm_nested n);

/** Whether two results differ in any member. */
bool fuzz_results_differ(const struct psvm_result *a, const struct psvm_result *b);

/** Print rule set (PSVM_RULE_SET_COUNT: one from the input), moment, what was
 *  expected in words, and the input; abort. */
_Noreturn void fuzz_fail(uint32_t rules, const char *moment, const char *expected,
			 const struct psvm_nested *n);

/* The state of a pair with a moment: which rule set, and which of the conditions hold
 * that matter most to the moment. */
#define FUZZ_CLASS_BITS 6
#define FUZZ_STATES	(PSVM_RULE_SET_COUNT << FUZZ_CLASS_BITS)

unsigned int fuzz_state(uint32_t rules, enum fuzz_moment moment, struct psvm_nested n);

#endif
