/* SPDX-License-Identifier: MIT */
#define PSVM_INSTANTIATE
#include "psvm/rule_sets.h"

const struct psvm_rules *psvm_rules_builtin(uint32_t id)
{
	switch (id) {
#define PSVM_X(name, identifier, words) \
	case PSVM_RULE_SET_##identifier: \
		return &psvm_rules_##identifier;
		PSVM_RULE_SETS(PSVM_X)
#undef PSVM_X
	default:
		return NULL;
	}
}
