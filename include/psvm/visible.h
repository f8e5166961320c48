/* SPDX-License-Identifier: MIT */
/*
 * psvm/visible.h - which differences between two rule sets can L1 see?
 *
 * Part of libpsvm_check. psvm_diff_run() finds every functional difference between
 * two rule sets a and b. Here two nested machines run side by side for each of them: L0
 * with rule set a, and L0 with a and this one change. At the moment of the change, if
 * its condition holds of what comes in, the bits that are its parts become what b
 * makes of the same input. They are explored as in psvm/explore.h; whatever L1 or L2
 * then see differ is a story, and ends the exploration.
 *
 * A change is looked at alone. What several of them do together, one that undoes
 * another, is no question that this answers.
 */
#ifndef PSVM_VISIBLE_H
#define PSVM_VISIBLE_H

#include "diff.h"
#include "explore.h"

PSVM_BEGIN_DECLS

enum psvm_visibility {
	PSVM_NOT_SEEN,	/**< not as far as this went: a unit met max_states */
	PSVM_VISIBLE,	/**< L1 or L2 can see it: there is a story */
	PSVM_INVISIBLE, /**< it comes about, and they cannot, in all of the scope */
	PSVM_LATENT	/**< it does not come about in all of the scope */
};

/** Of one change. */
struct psvm_visible {
	enum psvm_visibility verdict;
	bool complete;	      /**< no unit met max_states: the story is a shortest one */
	uint64_t changed;     /**< steps in which it came about */
	uint64_t states;      /**< pairs of machine states, not those with a story */
	uint64_t transitions; /**< steps of the pairs */
	uint64_t setups;      /**< decided set-ups that they stand for */
	/** PSVM_VISIBLE. In its steps `bare` is what L1 or L2 see with a, and `nested`
	 * with a and the change. */
	struct psvm_finding story;
};

/**
 * Look at every change.
 *
 * @param request what to explore; request->rules is a
 * @param diff	  what psvm_diff_run() has found of a and b
 * @param visible gets one entry for each change; psvm_visible_free() frees them
 * @return null, or what is wrong with the request or went wrong, in words
 */
const char *psvm_diff_visible(const struct psvm_check_request *request,
			      const struct psvm_diff *diff, const struct psvm_rules *b,
			      struct psvm_visible **visible);

void psvm_visible_free(struct psvm_visible *visible, size_t count);

PSVM_END_DECLS

#endif
