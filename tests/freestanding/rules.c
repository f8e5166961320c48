/* SPDX-License-Identifier: MIT */
/* Every transition with every constant rule set, to be looked at as machine
 * code by check.sh. */
#include "psvm/nested.h"
#include "psvm/rule_sets.h"

#define TRANSITION(function, name) \
	struct psvm_result function##_##name(struct psvm_nested n); \
	struct psvm_result function##_##name(struct psvm_nested n) \
	{ \
		return psvm_##function(&psvm_rules_##name, n); \
	}

#define PSVM_X(set, name, words) \
	TRANSITION(nested_sync_int_ctl, name) \
	TRANSITION(refresh, name) \
	TRANSITION(snapshot, name) \
	TRANSITION(window_open, name) \
	TRANSITION(window_close, name)
PSVM_RULE_SETS(PSVM_X)
#undef PSVM_X
