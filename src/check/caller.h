/* SPDX-License-Identifier: MIT */
/*
 * check/caller.h - a process that calls the functions of an adapter.
 *
 * What foreign code does to its own process is nobody else's business: it may crash,
 * loop or write anywhere. The caller says which call it was, and what came of it.
 */
#ifndef CHECK_CALLER_H
#define CHECK_CALLER_H

#include "diff_space.h"
#include "psvm/foreign.h"
#include "text.h"

enum { CALLER_BATCH = 1152 };

struct call {
	struct psvm_diff_input input;
	uint64_t outputs[MAX_OUTPUTS];
};

struct caller;

/* Start one for a shared object, or if path is null for an adapter that is here. What
 * is wrong goes to error; null then. */
struct caller *caller_start(const char *path, const struct psvm_adapter *adapter,
			    uint32_t seconds, struct text *error);
void caller_end(struct caller *caller);

/* What the adapter says of itself. */
const char *caller_name(const struct caller *caller);
const char *caller_rules(const struct caller *caller);

/* Has it the function of a moment? And the name of that, whether it has it or not; null:
 * no adapter has one. */
bool caller_has(const struct caller *caller, enum psvm_moment moment);
const char *caller_function(enum psvm_moment moment);

/* Where calls are put before they are run, and their outputs are found. */
struct call *caller_calls(struct caller *caller);

/* Run the first count calls, twice. False, and what is wrong with which input: one did
 * not come back, wrote where it must not, said what means nothing, or had two answers. */
bool caller_run(struct caller *caller, const struct step *step, uint32_t count,
		struct text *error);

/* Of all functions so far. */
uint64_t caller_count(const struct caller *caller);

#endif
