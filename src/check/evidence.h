/* SPDX-License-Identifier: MIT */
/*
 * What a recording shows of the differences between the machines.
 *
 * A row is a witness if what was recorded is, in every column, what the nested machine
 * does, and not what the bare one does, both on the processor that was below KVM then.
 * The first step in which the two differ is the difference that it shows: if it is of
 * the same class on the processor of the manual. Otherwise the emulator may have made
 * it, which takes a V_IRQ with V_INTR_PRIO = V_TPR, for one.
 */
#ifndef PSVM_CHECK_EVIDENCE_H
#define PSVM_CHECK_EVIDENCE_H

#include "psvm/explore.h"
#include "replay.h"

struct witness {
	const char *row; /* its name; not a copy */
	struct difference difference;
};

struct psvm_evidence {
	struct witness *witnesses;
	size_t count;
};

/* Does the row show a difference, and which one? */
bool evidence_of(struct difference *difference, const struct replay *machine,
		 const struct experiment *e, const struct outcome *recorded);

/* How many witnesses there are for a class (psvm_finding.cause), and the first one's row,
 * or null. No evidence has none. */
size_t evidence_for(const struct psvm_evidence *evidence, uint64_t cause,
		    const char **row);

#endif
