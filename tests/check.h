/* SPDX-License-Identifier: MIT */
/*
 * Small things that several test programs need: cmocka cases made from the rows
 * of a table, and the rule sets by number.
 */
#ifndef PSVM_TESTS_CHECK_H
#define PSVM_TESTS_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "psvm/rule_sets.h"
#include "rows.h"

/* In the order of PSVM_RULE_SETS. */
static const struct {
	const char *name;
	const struct psvm_rules *rules;
} check_sets[] = {
#define PSVM_X(name, identifier, words) { name, &psvm_rules_##identifier },
	PSVM_RULE_SETS(PSVM_X)
#undef PSVM_X
};

/** A set of rule sets: one bit for each, SET(xen). */
#define SET(identifier) (1U << PSVM_RULE_SET_##identifier)
#define ALL_SETS	((1U << PSVM_RULE_SET_COUNT) - 1)

/** One named case: a row of a table is its state. */
static inline struct CMUnitTest check_case(const char *name, CMUnitTestFunction function,
					   const void *row)
{
	struct CMUnitTest test = { .name = name, .test_func = function };

	/* cmocka hands the row to the case, which takes it as const again. */
	test.initial_state = (void *)(uintptr_t)row;
	return test;
}

#endif
