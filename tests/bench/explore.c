/* SPDX-License-Identifier: MIT */
/*
 * How the cost of exploring grows with the scope: rule set exact, the first part of the
 * default scope, and of the variables of vmcb12 that it leaves open only the first OPEN
 * (src/check/scope.c). The others have their usual value.
 *
 *	bench_explore OPEN
 *
 * Prints what that came to as one line of JSON; its time and memory are the process's.
 */
#include "explore.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* The first so many bits of a mask. */
static uint32_t first_bits(uint32_t mask, unsigned long count)
{
	uint32_t bits = 0;

	for (; count != 0 && mask != 0; count--) {
		bits |= mask & (0 - mask);
		mask &= mask - 1;
	}
	return bits;
}

static struct exploration explore_open(unsigned long open)
{
	struct unit unit = scope_unit(scope_named("default"), 0);
	struct slice slice = *unit.slice;
	struct world world = { .rules = &psvm_rules_exact,
			       .facts = unit.facts,
			       .implicit_event = true };
	struct bounds bounds = { .states = UINT32_MAX - 1 };

	slice.vars = first_bits(slice.vars, open);
	slice.split = 0;
	unit.slice = &slice;
	return explore(&world, &unit, bounds);
}

int main(int argc, char **argv)
{
	unsigned long open = argc == 2 ? strtoul(argv[1], NULL, 10) : ULONG_MAX;
	struct exploration e;

	if (open >= scope_var_count) {
		fputs("usage: bench_explore OPEN\n", stderr);
		return 2;
	}
	e = explore_open(open);
	printf("{\"open\": %lu, \"states\": %" PRIu64 ", \"transitions\": %" PRIu64
	       ", \"complete\": %s}\n",
	       open, e.states, e.transitions,
	       e.error == NULL && e.complete ? "true" : "false");
	exploration_free(&e);
	return EXIT_SUCCESS;
}
