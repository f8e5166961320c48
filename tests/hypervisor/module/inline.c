/* SPDX-License-Identifier: MIT */
/* The inline forms: of the transitions, as a caller has them that knows its rule set, and of the
 * processor. */
#include "selftest.h"

#define FORM(set, function) \
	static struct psvm_result set##_##function(const struct psvm_rules *rules, \
						   struct psvm_nested n) \
	{ \
		return psvm_##function(&psvm_rules_##set, n); \
	}
#define FORMS(name, set, words) \
	FORM(set, snapshot) FORM(set, enter) FORM(set, reenter) FORM(set, window_open) \
	FORM(set, window_close) FORM(set, refresh) FORM(set, nested_sync_int_ctl)
PSVM_RULE_SETS(FORMS)

words_fn *const selftest_inline[PSVM_RULE_SET_COUNT][ROWS_TRANSITION_COUNT] = {
#define ROW(name, set, words) \
	{ set##_snapshot, set##_enter, set##_reenter, set##_window_open, \
	  set##_window_close, set##_refresh, set##_nested_sync_int_ctl },
	PSVM_RULE_SETS(ROW)
};

void selftest_inline_cpu(struct rows_cpu_answer *a, const struct rows_cpu_input *in)
{
#define X(name, type, arguments) a->name = psvm_cpu_##name arguments;
	ROWS_STEPS(X)
#undef X
}
