/* SPDX-License-Identifier: MIT */
/*
 * The other side: the functions of a real hypervisor, behind the transitions of
 * psvm. A shared object has one of these, as `kernel_side`.
 *
 * A side keeps its state for itself, one for each thread.
 */
#ifndef PSVM_TESTS_KERNEL_SIDE_H
#define PSVM_TESTS_KERNEL_SIDE_H

#include "psvm/nested.h"

/* X(step, name in cases, function of psvm) */
#define KERNEL_STEPS(X) \
	X(SNAPSHOT, "snapshot", psvm_snapshot) \
	X(ENTER, "enter", psvm_enter) \
	X(REENTER, "reenter", psvm_reenter) \
	X(WINDOW_OPEN, "window-open", psvm_window_open) \
	X(WINDOW_CLOSE, "window-close", psvm_window_close) \
	X(REFRESH, "refresh", psvm_refresh) \
	X(HAND_BACK, "hand-back", psvm_nested_sync_int_ctl)

enum kernel_step {
#define X(step, name, function) KERNEL_##step,
	KERNEL_STEPS(X)
#undef X
	KERNEL_STEP_COUNT
};

/* One piece of the source that a side is made of: its hash, and the one it had when
 * the rule set was written; none: "". */
struct kernel_source {
	const char *name;
	const char *hash;
	const char *known;
};

typedef struct psvm_result kernel_step_fn(struct psvm_nested n);

/* What a side does not say, besides clean bits, store12 and exit_int_info. */
enum {
	KERNEL_UNSAID_OTHERS = 1, /* all but int_ctl of 12 and 01, and the requests */
	KERNEL_UNSAID_L1 = 2, /* 01, GIF, and what a VMRUN that fails leaves */
};

struct kernel_side {
	uint32_t size;	   /* of this struct, in bytes */
	unsigned int unsaid;
	const char *rules; /* the rule set that is meant to be the same */
	const char *version;
	const struct kernel_source *sources;
	size_t n_sources;
	/*
	 * The transitions; a null pointer if a side has none.
	 *
	 * v12 of a result is the snapshot, but what is found in vmcb12 after enter
	 * and hand-back. Before enter vmcb12 has the words of v12, before hand-back
	 * their complement, so that every store shows.
	 */
	kernel_step_fn *step[KERNEL_STEP_COUNT];
	struct psvm_intercepts (*merge)(struct psvm_nested n, struct psvm_intercepts i12,
					struct psvm_intercepts i01);
};

#endif
