/* SPDX-License-Identifier: MIT */
/*
 * Walk through a recorded experiment with a rule set.
 *
 * Two parties act on the three VMCBs. What the processor does is taken from
 * the record: which program L2 ran and how far, which interrupts its handlers
 * saw, where. What L0 does is taken from the rule set, and only from it: how
 * 02 is built, whether a pending interrupt becomes an exit, an injection or a
 * window, whose a VINTR exit is, which TPR L2 runs with, what goes back into
 * vmcb12. So the record says when V_IRQ was taken, and the rule set has to say
 * what L1 finds afterwards.
 *
 * test_replay runs the same rows on the machines of src/check, which know nothing of
 * the record. This walk knows nothing of those machines, but psvm/nested.h only: an
 * error of their L0 or of the processor model cannot make a rule look right here.
 */
#ifndef TESTS_VECTORS_REPLAY_H
#define TESTS_VECTORS_REPLAY_H

#include "psvm/nested.h"
#include "psvm/rule_sets.h"
#include "vectors.h"

/* What L1 finds in vmcb12 after the walk. */
struct replay_result {
	struct psvm_words v12;
	/* What in the record cannot have happened under this rule set; "" if
	 * nothing. The words are then those of the moment when it came up. */
	const char *contradiction;
	uint64_t exit_code;
	struct psvm_nested at_exit; /* input of the hand-back */
	bool by_rules; /* the exit was not in the record only: the rule set made it */
	bool dummy;    /* L0's dummy V_IRQ was in 02 at the exit */
	uint32_t tpr;  /* of L1's local APIC, as CR8 */
	bool pending;  /* P is in L1's local APIC (walk with an L0) */
};

/*
 * nested: there is an L0 that follows the rules, and interrupts are its to
 * hand out; otherwise L1 has the processor to itself, and of the rule set only
 * what VMRUN and #VMEXIT do with 12 counts.
 *
 * first: for the second case of a pair, the row of the first one, or NULL.
 */
struct replay_result replay(const struct psvm_rules *rules, const struct vector_row *row,
			    const struct vector_row *first, bool nested);

#endif
