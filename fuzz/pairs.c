/* SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint32_t fuzz_pairs_visited(void)
{
	uint32_t visited = 0;

	for (uint32_t i = 0; i < fuzz_visits.possible; i++)
		visited += fuzz_visits.pairs[i];
	return visited;
}

/* The rate is one of the processor's time, so that it means something on a machine
 * that does other things as well. */
static void tell(void)
{
	double seconds = (double)clock() / CLOCKS_PER_SEC;

	fprintf(stderr, "steps: %" PRIu64 ", %.0f/s\n", fuzz_visits.steps,
		(double)fuzz_visits.steps / seconds);
	fprintf(stderr, "pairs: %" PRIu32 " of %" PRIu32 "\n", fuzz_pairs_visited(),
		fuzz_visits.possible);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return atexit(tell);
}
