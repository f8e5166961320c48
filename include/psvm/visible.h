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
 *
 * What cannot be seen must still be in the model. It has the words of struct psvm_words,
 * of int_state the shadow alone, and three words of intercepts, and of these the exits of
 * what happens in it: INTR, NMI, VINTR, and instructions that L1 and L2 execute
 * (psvm_check_scope_line() lists the acts). A change of nothing but other exits (VMMCALL,
 * PAUSE, exceptions, debug registers), of bits 63:1 of int_state and whether they are
 * stored, or of whether psvm_window_open() says that it opened a window is
 * PSVM_NOT_MODELLED, not latent: that it does not come about here says nothing of it. Of
 * a change with such parts and others the verdict is of the others.
 *
 * Everything here is by the model, as in psvm/explore.h, and does not depend on the
 * number of threads. Of a request with several shards a verdict is of this shard:
 * visible in one is visible, but only what no shard shows is invisible, and it is
 * latent if it is so in all.
 */
#ifndef PSVM_VISIBLE_H
#define PSVM_VISIBLE_H

#include "diff.h"
#include "explore.h"

PSVM_BEGIN_DECLS

enum psvm_visibility {
	PSVM_NOT_SEEN,	/**< not as far as this went: a unit met max_states */
	PSVM_VISIBLE,	/**< L1 or L2 can see it: there is a story */
	PSVM_INVISIBLE, /**< it comes about, and they cannot, in all of the shard */
	PSVM_LATENT,	/**< it makes no difference to L0 in all of the shard */
	PSVM_NOT_MODELLED /**< the model has nothing that could show it: not explored */
};

/**
 * Of one change. The numbers are of what was gone through, of this shard; they are 0 if
 * the verdict is PSVM_VISIBLE, where the story ended it, or PSVM_NOT_MODELLED.
 */
struct psvm_visible {
	enum psvm_visibility verdict;
	bool complete;	      /**< no unit met max_states */
	uint64_t changed;     /**< steps in which it came about */
	uint64_t states;      /**< pairs of machine states */
	uint64_t transitions; /**< steps of the pairs */
	uint64_t setups;      /**< decided set-ups that they stand for */
	/** PSVM_VISIBLE: the shortest that was found, and a shortest one of its part of
	 * the scope; of a part that met max_states before, nothing is known. Its count is
	 * 0. In its steps `bare` is what L1 or L2 see with a, and `nested` with a and the
	 * change. */
	struct psvm_finding story;
};

/**
 * Look at every change.
 *
 * @param request what to explore; request->l0 is a. A state has two nested
 *		  machines: max_states bounds memory, for each thread about 60 bytes a
 *		  state and 1140 a state of the widest level
 * @param diff	  what psvm_diff_run() has found of a and b
 * @param visible gets one entry for each change; psvm_visible_free() frees them
 * @return null, or what is wrong with the request or went wrong, in words
 */
const char *psvm_diff_visible(const struct psvm_check_request *request,
			      const struct psvm_diff *diff, struct psvm_l0 b,
			      struct psvm_visible **visible);

void psvm_visible_free(struct psvm_visible *visible, size_t count);

PSVM_END_DECLS

#endif
