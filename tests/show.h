/* SPDX-License-Identifier: MIT */
/*
 * How tests and fuzz targets speak to people: a failing input as a C
 * initializer to paste into a test, a difference as named bits.
 */
#ifndef PSVM_TESTS_SHOW_H
#define PSVM_TESTS_SHOW_H

#include "psvm/nested.h"

#include <stdbool.h>
#include <stdio.h>

/** Print a nested run as `static const struct psvm_nested name = { ... };`. */
void show_input(FILE *out, const char *name, const struct psvm_nested *n);

/**
 * Print where two results differ: VMCB, field, the named bits, got and want.
 *
 * @return true if they differ; otherwise nothing is printed
 */
bool show_difference(FILE *out, const struct psvm_result *got,
		     const struct psvm_result *want);

/** The same question, without a word and much faster. */
bool results_equal(const struct psvm_result *a, const struct psvm_result *b);

#endif
