/* SPDX-License-Identifier: MIT */
/* A finding as a story: played again from its set-up, step by step, in words. */
#ifndef PSVM_CHECK_STORY_H
#define PSVM_CHECK_STORY_H

#include "explore.h"
#include "psvm/explore.h"

/* Returns false if there is no memory. */
bool story_tell(struct psvm_finding *to, const struct finding *finding,
		const struct world *w);

#endif
