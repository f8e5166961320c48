/* SPDX-License-Identifier: MIT */
/*
 * psvm/steps_impl.h - what is behind the functions of nested.h, with everything by
 * reference; included by nested_impl.h, questions_impl.h and src/core/pages.c.
 *
 * A function that holds the input and the result of a transition cannot hold copies of
 * them, too: no function of the core needs 256 bytes of stack.
 */
#ifndef PSVM_STEPS_IMPL_H
#define PSVM_STEPS_IMPL_H

/* The transitions, and the cells that they read: X(step, first, last). */
#define PSVM_STEPS_(X) \
	X(SNAPSHOT, SNAPSHOT_INT_CTL, SNAPSHOT_TLB_CONTROL) \
	X(VMRUN, ENTER_INVALID, HANDBACK_CLOSE) \
	X(REENTER, ENTER_INVALID, HANDBACK_CLOSE) \
	X(WINDOW_OPEN, MERGE_WORDS, WINDOW_EVENT) \
	X(WINDOW_CLOSE, MERGE_WORDS, CLOSE_REQUEST) \
	X(REFRESH, REFRESH_TO_12, REFRESH_FIELDS) \
	X(HANDBACK, CLOSE_IN_01, HANDBACK_CLOSE)

enum psvm_step_ {
#define PSVM_X(step, first, last) PSVM_STEP_##step##_,
	PSVM_STEPS_(PSVM_X)
#undef PSVM_X
};

PSVM_INTERNAL void psvm_run_(struct psvm_result *r, const struct psvm_rules *rules,
			     const struct psvm_nested *n, enum psvm_step_ step);

/* i12 becomes what 02 intercepts; i01 loses what is dropped. */
PSVM_INTERNAL void psvm_merge_(struct psvm_intercepts *i12, const struct psvm_rules *rules,
			       const struct psvm_nested *n, struct psvm_intercepts *i01);

PSVM_INTERNAL uint32_t psvm_route_(const struct psvm_rules *rules,
				   const struct psvm_nested *n, uint64_t exit_code,
				   const struct psvm_intercepts *i12,
				   const struct psvm_intercepts *i01);

#endif
