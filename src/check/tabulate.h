/* SPDX-License-Identifier: MIT */
/* check/tabulate.h - a table of what foreign code does at one step. */
#ifndef CHECK_TABULATE_H
#define CHECK_TABULATE_H

#include "caller.h"
#include "foreign.h"

/* How one step is tabulated, and what is found out on the way. */
struct tabulation {
	struct caller *caller;
	const struct psvm_foreign *foreign; /* its tables of earlier steps */
	const struct step *step;
	uint64_t random;	/* inputs to try */
	uint64_t *random_total; /* of those that the table foretold */
	struct text *discovered, *error;
};

/* The table, or null: the error says why. */
struct table *tabulate(const struct tabulation *t);

#endif
