/* SPDX-License-Identifier: MIT */
/*
 * What a target visits: pairs of a state and an event that meets it. The transitions
 * have few branches, so coverage says little about them; libFuzzer looks for new pairs
 * instead, and the gate (tests/fuzz.sh) counts them. README.md says what state and event
 * are in each target.
 */
#ifndef FUZZ_PAIRS_H
#define FUZZ_PAIRS_H

#include <stdint.h>

/* The counters that libFuzzer looks at, and clears before each input. Without `used`
 * the optimiser deletes the stores. */
#define FUZZ_FEEDBACK __attribute__((section("__libfuzzer_extra_counters"), used))

/** What all inputs together have visited. */
struct fuzz_visits {
	const uint8_t *pairs; /**< 1: visited */
	uint32_t possible;    /**< length of pairs */
	uint64_t steps;	      /**< visits, the repeated ones as well */
};

/** Of this target; defined by FUZZ_PAIRS(). */
extern struct fuzz_visits fuzz_visits;

/** Defines fuzz_visit(event, state), for a target with so many of both. */
#define FUZZ_PAIRS(events, states) \
	FUZZ_FEEDBACK static uint8_t pairs_of_input[events][states]; \
	static uint8_t pairs_of_all[events][states]; \
	struct fuzz_visits fuzz_visits = { *pairs_of_all, sizeof(pairs_of_all), 0 }; \
\
	static inline void fuzz_visit(unsigned int event, unsigned int state) \
	{ \
		pairs_of_input[event][state] = 1; \
		pairs_of_all[event][state] = 1; \
		fuzz_visits.steps++; \
	}

/** Pairs visited so far. */
uint32_t fuzz_pairs_visited(void);

/** What libFuzzer calls before the first input: at the end, say what was visited. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
