/* SPDX-License-Identifier: MIT */
/* A rule set of psvm's own, behind an adapter: it must be found the same. */
#include "psvm/adapter.h"
#include "psvm/rule_sets.h"

#define TRANSITION(name, function) \
	static void name(const struct psvm_nested *n, struct psvm_result *r) \
	{ \
		*r = function(&RULES, *n); \
	}
TRANSITION(snapshot, psvm_snapshot)
TRANSITION(enter, psvm_enter)
TRANSITION(reenter, psvm_reenter)
TRANSITION(window_open, psvm_window_open)
TRANSITION(window_close, psvm_window_close)
TRANSITION(refresh, psvm_refresh)
TRANSITION(hand_back, psvm_nested_sync_int_ctl)

static void merge(const struct psvm_nested *n, const struct psvm_intercepts *i12,
		  const struct psvm_intercepts *i01, struct psvm_intercepts *i02)
{
	*i02 = psvm_merge_intercepts(&RULES, *n, *i12, *i01);
}

static uint32_t route(const struct psvm_nested *n, uint64_t exit_code,
		      const struct psvm_intercepts *i12, const struct psvm_intercepts *i01)
{
	return psvm_route_exit(&RULES, *n, exit_code, *i12, *i01);
}

static uint32_t arrival(const struct psvm_nested *n)
{
	return psvm_interrupt_arrives(&RULES, *n);
}

const struct psvm_adapter psvm_adapter = {
	PSVM_ADAPTER_HEAD("psvm's own", NAME),
	.snapshot = snapshot,
	.enter = enter,
	.reenter = reenter,
	.window_open = window_open,
	.window_close = window_close,
	.refresh = refresh,
	.hand_back = hand_back,
	.merge = merge,
	.route = route,
	.arrival = arrival,
};
