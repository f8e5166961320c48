/* SPDX-License-Identifier: MIT */
/*
 * psvm/adapter.h - code that is not psvm's, behind psvm's transitions.
 *
 * A hypervisor's own functions are checked as a built-in rule set is: whatever its
 * structures look like, an adapter fills them from the words that it is given, calls the
 * functions, and puts what they did into words again. `psvm new-adapter DIR` writes one to
 * begin with.
 *
 * An adapter is a shared object with one symbol,
 *
 *	const struct psvm_adapter psvm_adapter = {
 *		PSVM_ADAPTER_HEAD("my hypervisor 1.0", "exact"),
 *		.hand_back = my_hand_back,
 *	};
 *
 * and is used by its path: psvm check ./mine.so, psvm diff linux-6.12 ./mine.so. One that
 * is linked in is passed to psvm_foreign_of().
 *
 * Every function is called many times, from one thread, and has to be one: the same
 * arguments, the same result. What it keeps between calls has to be set again in each;
 * that an answer changes is seen if it does so among some thousand calls.
 * A function that is left out (a null pointer) is the one of the rule set that the
 * adapter names; so are the answers of psvm_rule().
 */
#ifndef PSVM_ADAPTER_H
#define PSVM_ADAPTER_H

#include "nested.h"

PSVM_BEGIN_DECLS

/** Of this header. It changes when a member does. */
#define PSVM_ADAPTER_VERSION 1

/** The symbol of a shared object. */
#define PSVM_ADAPTER_SYMBOL "psvm_adapter"

/**
 * A transition, of those in psvm/nested.h.
 *
 * @param n what L0 has; nothing may be written here
 * @param r receives what comes of it. As it is passed, the words are those of n, nothing
 *	    is requested, and L1's GIF is the one of n.facts: what the transition leaves
 *	    alone can be left alone. Not looked at: status, dirty01, dirty02, reserved.
 */
typedef void psvm_adapter_transition(const struct psvm_nested *n, struct psvm_result *r);

/** psvm_merge_intercepts(). @param i02 receives the six words of 02; passed as zero */
typedef void psvm_adapter_merge(const struct psvm_nested *n,
				const struct psvm_intercepts *i12,
				const struct psvm_intercepts *i01,
				struct psvm_intercepts *i02);

/** psvm_route_exit(). @return enum psvm_level */
typedef uint32_t psvm_adapter_route(const struct psvm_nested *n, uint64_t exit_code,
				    const struct psvm_intercepts *i12,
				    const struct psvm_intercepts *i01);

/** psvm_interrupt_arrives(). @return enum psvm_arrival */
typedef uint32_t psvm_adapter_arrival(const struct psvm_nested *n);

/** Foreign code, behind the transitions. */
struct psvm_adapter {
	uint32_t version; /**< PSVM_ADAPTER_VERSION */
	uint32_t size;	  /**< of this struct, in bytes */
	const char *name; /**< of what is behind it, for people */
	const char *rules; /**< the built-in rule set for whatever is left out */
	psvm_adapter_transition *snapshot;     /**< psvm_snapshot() */
	psvm_adapter_transition *enter;	       /**< psvm_enter() */
	psvm_adapter_transition *reenter;      /**< psvm_reenter() */
	psvm_adapter_transition *window_open;  /**< psvm_window_open() */
	psvm_adapter_transition *window_close; /**< psvm_window_close() */
	psvm_adapter_transition *refresh;      /**< psvm_refresh() */
	psvm_adapter_transition *hand_back;    /**< psvm_nested_sync_int_ctl() */
	psvm_adapter_merge *merge;
	psvm_adapter_route *route;
	psvm_adapter_arrival *arrival;
};

/** The first members. @param name what is behind the adapter @param rules a rule set */
#define PSVM_ADAPTER_HEAD(name, rules) \
	PSVM_ADAPTER_VERSION, (uint32_t)sizeof(struct psvm_adapter), name, rules

/** What a shared object exports. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const struct psvm_adapter psvm_adapter;

PSVM_END_DECLS

#endif
