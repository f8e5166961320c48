/* SPDX-License-Identifier: MIT */
/*
 * check/diff_comparison.h - the comparison of two rule sets at one step, under
 * way.
 */
#ifndef CHECK_DIFF_COMPARISON_H
#define CHECK_DIFF_COMPARISON_H

#include "diff_space.h"

enum { UNIFORM = MIXED, MAX_VALUES = 4 };

/* The outputs that differ in a situation. */
struct delta {
	uint64_t differs[MAX_OUTPUTS];
};

struct situation {
	uint32_t number; /* in its space */
	uint32_t values; /* of the scope's variables */
	uint32_t delta;
};

/* What the bits of a class become, position by position. */
struct becomes {
	uint64_t zeros[8];
	uint64_t ones[8];
};

/* Bits of one output that differ under one condition. */
struct class
{
	size_t output;
	uint64_t bits;
	uint32_t own; /* variables that are among their operands */
	size_t change;
	bool leads;		   /* it is the first one of its change */
	unsigned int weight;	   /* of the example, if the class leads and has one */
	struct becomes *tables[2]; /* one for each term, and one for all */
};

struct comparison {
	struct psvm_diff *diff;
	struct psvm_diff_scope *scope;
	struct space space;
	size_t n_situations, situations_size;
	struct situation *situations;
	size_t n_deltas, deltas_size;
	struct delta *deltas;
	size_t n_classes, classes_size;
	struct class *classes;
	size_t first_change; /* of this step */
};

/* One input, run with both rule sets. */
struct trial {
	struct psvm_diff_input input;
	uint64_t outputs[2][MAX_OUTPUTS];
	struct triple operands[MAX_OUTPUTS];
};

/* Give up; returns false. */
bool comparison_fail(struct comparison *c, enum psvm_diff_code code);

/* Run the input of a trial with both rule sets. */
void comparison_both(const struct comparison *c, struct trial *trial);

/* The same with a pattern as data; base is the situation without data. */
void comparison_pattern(const struct comparison *c, const struct psvm_diff_input *base,
			struct triple pattern, struct trial *trial);

/* Positions at which two trials have equal operands. */
uint64_t comparison_equal(const struct triple *a, const struct triple *b);

/* Where the two rule sets differ: bits, or for a pair of different values one
 * bit, MAX_VALUES times the first one and the second. */
uint64_t comparison_difference(const struct step *step, size_t output,
			       const struct trial *trial);

/* The second pass: what the bits of each class become, and an example. */
bool comparison_describe(struct comparison *c);
void comparison_free_tables(struct comparison *c);

/* A part, of which a bit becomes the same. */
bool comparison_same_output(const struct psvm_output *a, const struct psvm_output *b);
bool comparison_same_becomes(struct psvm_becomes a, struct psvm_becomes b);

/* A change at re-enter that repeats one at VMRUN becomes a remark there. */
void comparison_merge_reenter(struct psvm_diff *diff);

#endif
