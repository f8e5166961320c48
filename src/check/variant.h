/* SPDX-License-Identifier: MIT */
/*
 * A rule set with one change: at the moment of the change, if its condition holds of
 * what comes in, the bits that are its parts are those of another rule set.
 */
#ifndef PSVM_CHECK_VARIANT_H
#define PSVM_CHECK_VARIANT_H

#include "machine.h"
#include "psvm/diff.h"

/* As many outputs as a moment may have. */
enum { VARIANT_OUTPUTS = 23 };

struct variant {
	struct psvm_l0 to; /* that the change leads to */
	const struct psvm_diff *diff;
	const struct psvm_change *change;
};

/* Is the change one of this moment? Of this one of its moment's outputs? */
bool variant_at(const struct variant *v, enum psvm_moment moment);
bool variant_of_output(const struct variant *v, unsigned number);

/* Does a window get its VINTR intercept in vmcb02, or not, by the change? */
bool variant_moves_window(const struct variant *v);

/* Does the machine have any of what the change is about? */
bool variant_modelled(const struct variant *v);

/* The terms of the condition that hold of an input, one bit each; notes what decides. */
uint32_t variant_terms(const struct variant *v, const struct psvm_nested *n,
		       struct reads *reads);

/* Some terms hold: make of the result of a transition the one of the changed rules.
 * other is what the rules that the change leads to say. Returns whether this makes
 * a difference that the machine has; notes what decides. */
bool variant_result(const struct variant *v, uint32_t terms, struct psvm_result *result,
		    const struct psvm_result *other, struct reads *reads);

/* The same for what a moment puts out besides transitions: intercepts, answers. */
void variant_outputs(const struct variant *v, uint32_t terms, struct psvm_l0 from,
		     const struct psvm_diff_input *input, uint64_t *outputs);

/* Do they differ, in the parts of the change that the machine has? Notes what decides. */
bool variant_differs(const struct variant *v, const uint64_t *a, const uint64_t *b,
		     struct reads *reads);

/* Can the condition hold with these features? */
bool variant_fits(const struct variant *v, uint32_t facts);

#endif
