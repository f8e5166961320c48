/* SPDX-License-Identifier: MIT */
/* cli/pair.h - what psvm diff has found, in the words that text and pages have in common.
 */
#ifndef CLI_PAIR_H
#define CLI_PAIR_H

#include "cli.h"
#include "l0.h"
#include "story.h"

/* How much is explored to see which changes L1 can see. */
struct extent {
	const char *name;
	const char *scope; /* of psvm_check(), or null: nothing */
	uint64_t max_states;
};

/* Two rule sets, compared. */
struct pair {
	const char *name[2];
	const struct cli_l0 *l0[2];
	const struct psvm_diff *diff;
	const struct extent *extent;
	struct psvm_visible *visible; /* of each change; or null */
};

extern const struct cli_sides pair_sides;
extern const char pair_by_the_model[], pair_why_complete[], pair_nested_feature[];

const struct psvm_diff_scope *pair_scope(const struct pair *pair,
					 const struct psvm_change *change);
/* What people have said about the step from one rule set to the other; or null. */
const char *pair_claim(const struct pair *pair);

/* Changes that L1 can see; without a look at that, all. */
size_t pair_visible_changes(const struct pair *pair);

/* Sentences: of the pair, of a change, and of how complete the comparison is. */
enum { PAIR_WORDS = 2 * CLI_L0_NAME + PSVM_WORDS_SIZE };
void pair_title(char text[PAIR_WORDS], const struct pair *pair);
void pair_refuted(char text[PAIR_WORDS], const struct pair *pair);
void pair_count(char text[PAIR_WORDS], const struct pair *pair);
void pair_moment(char text[PAIR_WORDS], const struct pair *pair,
		 const struct psvm_change *change);
void pair_term(char text[PAIR_WORDS], const struct pair *pair,
	       const struct psvm_change *change, size_t term);
void pair_part(char text[PAIR_WORDS], const struct psvm_change_part *part);
const char *pair_verdict(const struct psvm_visible *v);
void pair_seen(char text[PAIR_WORDS], const struct pair *pair,
	       const struct psvm_visible *v);
void pair_inputs(char text[PAIR_WORDS], const struct psvm_diff *diff);
void pair_conditions(char text[PAIR_WORDS], const struct psvm_diff_scope *scope);

/* The example of a change, in C; returns the number of lines. */
enum { PAIR_LINES = 3 };
size_t pair_example(char lines[PAIR_LINES][PAIR_WORDS], const struct pair *pair,
		    const struct psvm_change *change);

#endif
