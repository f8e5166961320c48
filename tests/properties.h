/* SPDX-License-Identifier: MIT */
/*
 * What is right: S0 to S12 as predicates over a story.
 *
 * A story is one run of L2 as three parties know it: L0 (the words that the
 * transitions work on), L1 (what it wrote into vmcb12, and what it will find
 * there), and the bare machine (what L1 and L2 would see without L0). The
 * story_... functions let one thing happen to all three. A predicate compares
 * the story before and after one such step.
 *
 *	struct story s = story_begin(&psvm_rules_exact, n), before = s;
 *
 *	story_vmrun(&s);
 *	if (properties_violated(&before, &s) != 0)
 *		story_print(stderr, &before, &s);
 *
 * Inputs are sensible: no offer of what L0 does not use, and in 01 the enable
 * bits of vGIF and vNMI are what L0 uses. story_begin() sees to that.
 *
 * What story_run() does to 02 is the manual's processor (15.21, 15.33) as far
 * as these properties need it: it shares no code with the product.
 */
#ifndef PSVM_TESTS_PROPERTIES_H
#define PSVM_TESTS_PROPERTIES_H

#include <stdbool.h>
#include <stdio.h>

#include "psvm/nested.h"

/** The last step of a story. */
enum story_step {
	STORY_BEGIN,
	STORY_VMRUN,	/**< snapshot and enter; outcome says whether it failed */
	STORY_REENTER,
	STORY_RUN,	/**< the processor ran L2, or L0 acted on 02 itself */
	STORY_REFRESH,	/**< the processor left L2 */
	STORY_OPEN,
	STORY_CLOSE,
	STORY_VMEXIT	/**< hand-back; L2 no longer runs */
};

/** L2 and L1 on the bare machine. */
struct story_bare {
	uint8_t v_tpr;	    /**< L2's virtual TPR, 3:0 */
	bool irq_taken;	    /**< the virtual interrupt that L1 requested */
	bool v_gif;	    /**< L2's, if vGIF is nested */
	bool v_nmi;	    /**< L2's, if vNMI is nested */
	bool v_nmi_mask;
	bool shadow;	    /**< L2 is in an interrupt shadow */
	uint64_t event;	    /**< whose delivery has not finished; 0: none */
	unsigned l1_nmis;   /**< NMIs that wait for L1 */
	bool l1_nmi_mask;   /**< L1's NMIs are blocked */
};

/** No vector was delivered. */
#define STORY_NOTHING (-1)

struct story {
	const struct psvm_rules *rules;
	enum story_step step;
	struct psvm_nested n;	   /**< L0's: snapshot, 02, 01, facts, queue */
	struct psvm_words l1;	   /**< vmcb12 when L1 executed VMRUN */
	struct psvm_words vmcb12;  /**< vmcb12 in memory */
	struct story_bare bare;
	bool runs;		   /**< between a VMRUN that worked and a #VMEXIT */
	bool window;		   /**< L0 believes that its window is open on 02 */
	bool usurped;		   /**< L0's dummy is in 02 */
	bool cut;		   /**< the last run ended while it delivered an event */
	int got, due;		   /**< STORY_RUN: vector that L2 took; should take */
	/* Of the last transition; zero after STORY_RUN, except in. */
	struct psvm_nested in;	   /**< its input */
	uint32_t requests, store12, dirty01, dirty02;
	uint8_t outcome, gif;
};

/**
 * Begin: L1 is about to execute VMRUN.
 *
 * @param n v12: what L1 wrote into vmcb12; v02: as the last run left it; v01;
 *          facts; nmis. HOST_ bits are added for every offer, and the enable
 *          bits of 01 and 01.V_GIF are made to agree with the facts.
 */
struct story story_begin(const struct psvm_rules *rules, struct psvm_nested n);

/*
 * Steps of L0. All but the first need s->runs; as in life, everything but
 * another story_run() needs a refresh after a story_run(), and the first #VMEXIT
 * needs one after VMRUN: the processor has to leave L2 before L0 can act.
 */
/** L1 executes VMRUN with what is in vmcb12, for the first time or again. */
void story_vmrun(struct story *s);
/** 02 is lost and built again: after a migration, say. L0 keeps what 02 held of
 *  L1's own (GIF and NMI state), and closes a window that was open on 02. */
void story_reenter(struct story *s);
void story_refresh(struct story *s);
void story_open(struct story *s);
void story_close(struct story *s);
void story_vmexit(struct story *s);
/** L0 loads L1's local APIC TPR into 02.V_TPR, if cell TPR_LOAD says so. */
void story_load_tpr(struct story *s, uint8_t tpr);
/** An NMI for L1 arrives and joins L0's queue. */
void story_nmi_for_l1(struct story *s);
/** L0 gives L2 a queued NMI of L1 that L1 does not intercept, if L0 uses vNMI and it
 *  is not nested: as V_NMI if L1's NMI state lives in 02, else by injecting it, and
 *  then L2 has taken it. */
void story_give_nmi(struct story *s);

/** What L2 does, or the processor for it (story_run()), after L0 has done what cells
 *  RUN_FROM_12 and RUN_CLEAR_02 say. */
enum story_event {
	STORY_CR8_0,	/**< L2 writes CR8 */
	STORY_CR8_7,
	STORY_CR8_15,
	STORY_OPENS,	/**< IF = 1 and no shadow at an instruction boundary; if
			  *  VINTR is intercepted, story_run() returns true: an
			  *  exit, which needs a refresh */
	STORY_CLGI,	/**< emulated by L0 if that does not use vGIF, but ignored then
			  *  while a window is open or if vNMI is nested */
	STORY_STGI,
	STORY_NMI,	/**< a boundary at which a pending V_NMI is recognised */
	STORY_IRET,
	STORY_INJECTS,	/**< EVENTINJ is delivered */
	STORY_CUT,	/**< an exit during the delivery of EVENTINJ */
	STORY_SHADOW,	/**< an interrupt shadow begins; STORY_OPENS ends it */
	STORY_EVENTS
};
bool story_run(struct story *s, enum story_event event);

/*
 * The properties. S0 is the sentence that the others spell out, for what L2
 * takes; S1 to S12 are those of the design. Each looks only at the steps that
 * it speaks of and holds for all others.
 */
enum property {
	S0, S1, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11, S12,
	PROPERTIES
};

bool property_holds(enum property property, const struct story *before,
		    const struct story *after);
/** One bit (1 << S1, ...) for each property that does not hold. */
uint32_t properties_violated(const struct story *before, const struct story *after);
/** "S1 V_TPR is L2's" */
const char *property_words(enum property property);

/** Named bits before and after, step, rule set, violated properties, and a C
 *  initializer of before->n. */
void story_print(FILE *stream, const struct story *before, const struct story *after);

#endif
