/* SPDX-License-Identifier: MIT */
/*
 * The explorer: both machines side by side, breadth first, until no new state
 * appears or the two are seen to differ.
 */
#ifndef PSVM_CHECK_EXPLORE_H
#define PSVM_CHECK_EXPLORE_H

#include "twin.h"

/* What was recognized in a step, whether it was delivered, intercepted, or its
 * delivery interrupted. X(name, words) */
#define RECOGNIZED(X) \
	X(NOTHING, "nothing, the program goes on") \
	X(INTR, "the interrupt for L1 is taken") \
	X(NMI, "an NMI is taken") \
	X(V_IRQ, "the virtual interrupt that L1 requested is taken") \
	X(DUMMY, "interrupt 0, L0's dummy, is delivered to L2") \
	X(INJECTED, "the event that L1 injected is delivered") \
	X(INVALID, "VMRUN fails") \
	X(STUCK, "nothing any more, L0 does not come to an end") \
	X(OTHER, "something else")

enum recognized {
#define EXPLORE_X(name, words) RECOGNIZED_##name,
	RECOGNIZED(EXPLORE_X)
#undef EXPLORE_X
};

/* How the machines differ after a step, in L1's or L2's eyes. */
struct difference {
	struct act act;
	struct seen bare, nested;
	uint8_t bare_recognized, nested_recognized; /* enum recognized; if they differ */
	bool change;		 /* bare is nested, too, without a change of the rules */
	uint64_t int_ctl;	 /* bits of vmcb12 that differ, after an exit to L1 */
	uint64_t int_ctl_nested; /* the word of the nested machine */
	uint32_t fields;	 /* DIFFER_... */
	uint32_t situation;	 /* SITUATION_..., of L0, before the step */
};

/* X(name, bit, words) */
#define DIFFERS(X) \
	X(SEEN, 0, "what happened") \
	X(VALUE, 1, "what CR8 reads") \
	X(INT_CTL, 2, "int_ctl of vmcb12") \
	X(INT_STATE, 3, "int_state of vmcb12") \
	X(EVENT_INJ, 4, "EVENTINJ of vmcb12") \
	X(EXIT_INT_INFO, 5, "EXITINTINFO of vmcb12") \
	X(OTHER, 6, "another field of vmcb12") \
	X(GIF, 7, "L1's GIF") \
	X(NMI_MASKED, 8, "L1's NMI mask") \
	X(NMI, 9, "L1's pending NMI") \
	X(TPR, 10, "L1's TPR") \
	X(IF, 11, "L1's RFLAGS.IF") \
	X(STALE, 12, "the snapshot against what vmcb12 would be (S11)")
#define SITUATIONS(X) \
	X(WINDOW, 0, "a window of L0 is open") \
	X(DUMMY, 1, "L0's dummy V_IRQ is in vmcb02 and no VINTR intercept is") \
	X(ASLEEP, 2, "L0 has put L2 to sleep") \
	X(INTR, 3, "an interrupt waits for L1") \
	X(NMI, 4, "an NMI waits for L1") \
	X(UNASKED, 5, "L0 has no request and no window")

enum {
#define EXPLORE_X(name, bit, words) DIFFER_##name = 1 << bit,
	DIFFERS(EXPLORE_X)
#undef EXPLORE_X
#define EXPLORE_X(name, bit, words) SITUATION_##name = 1 << bit,
		SITUATIONS(EXPLORE_X)
#undef EXPLORE_X
};

/* A class of differences, with a shortest path to one. */
struct finding {
	struct difference difference;
	uint64_t count; /* steps that end in one */
	struct scope_first first;
	struct decided decided;
	uint32_t open_vars; /* those that the slice leaves open */
	unsigned length;
	uint8_t *path; /* acts, by number; the last one is difference.act */
};

struct exploration {
	uint64_t states, transitions;
	uint64_t changed; /* steps in which a change of the rules came about */
	bool complete;
	const char *error; /* why it was given up, or null */
	struct finding *findings;
	unsigned finding_count;
};

/* How far an exploration goes. The steps of a path bound it for who has a story
 * already, and wants a shorter one only. */
struct bounds {
	uint64_t states;
	unsigned steps; /* 0: any number */
};

/* With a change of the rules, until the first difference. */
struct exploration explore(const struct world *w, const struct unit *unit,
			   struct bounds bounds);
void exploration_free(struct exploration *e);

/* One step of both, compared; reads may be null. */
bool product_step(struct product *p, const struct world *w, struct act act,
		  struct reads *reads, struct difference *d);

#endif
