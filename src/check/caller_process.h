/* SPDX-License-Identifier: MIT */
/* check/caller_process.h - the process that calls foreign code, and what it shares. */
#ifndef CHECK_CALLER_PROCESS_H
#define CHECK_CALLER_PROCESS_H

#include "caller.h"

/* X(moment, member of struct psvm_adapter) */
#define CALLER_TRANSITIONS(X) \
	X(SNAPSHOT, snapshot) \
	X(ENTER, enter) \
	X(REENTER, reenter) \
	X(WINDOW, window_open) \
	X(CLOSE, window_close) \
	X(REFRESH, refresh) \
	X(HANDBACK, hand_back)
#define CALLER_FUNCTIONS(X) \
	CALLER_TRANSITIONS(X) \
	X(MERGE, merge) \
	X(ROUTE, route) \
	X(ARRIVE, arrival)

enum caller_fault {
	CALLER_GOOD,
	CALLER_WROTE_INPUT,
	CALLER_WROTE_BEYOND,
	CALLER_WROTE_BEFORE,
	CALLER_WROTE_WORDS,
	CALLER_NONSENSE,
	CALLER_TWO_ANSWERS
};

struct caller_shared {
	char error[256]; /* of opening; empty: none */
	char name[64];
	char rules[32];
	uint32_t has;		 /* a bit for each moment */
	uint32_t step, count;	 /* what to do */
	volatile uint32_t at;	 /* the call under way, or the one that is wrong */
	volatile uint64_t done;	 /* calls so far */
	volatile uint32_t fault; /* enum caller_fault */
	struct call calls[CALLER_BATCH];
};

/* Open the adapter, and then run what is ordered, until the other side is gone. */
_Noreturn void caller_process(struct caller_shared *shared, const char *path,
			      const struct psvm_adapter *adapter, int line);

#endif
