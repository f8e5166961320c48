/* SPDX-License-Identifier: MIT */
/*
 * psvm/nested.h - the transitions of a nested run: words in, words out.
 *
 * References
 *   [APM] AMD64 Architecture Programmer's Manual volume 2, order 24593,
 *         revision 3.44.
 *
 * Most callers need three functions:
 *
 *	psvm_enter()			L1 executed VMRUN
 *	psvm_refresh()			the processor left L2
 *	psvm_nested_sync_int_ctl()	L0 emulates a #VMEXIT to L1
 *
 * and, if they open interrupt windows, psvm_window_open() and _close().
 *
 * Conventions
 *   - A transition takes a rule set and the state of a nested run by value,
 *     and returns the new words, what L0 has to do, and a status. It keeps no
 *     state, allocates nothing, calls nothing, and may run on any number of
 *     threads at once.
 *   - The caller stores the words of the result that its comment names; all
 *     other words are returned as they came in.
 *   - A nonsensical input is answered with a status that names field and bits.
 *     The words of the result are then those of the input, and there is
 *     nothing to do. No input makes a transition crash, read outside its
 *     arguments, or return half a result.
 *   - With a constant rule set the transitions are straight-line code (psvm_enter()
 *     has a branch with some compilers).
 *   - Not modelled: AVIC (a nested run with AVIC enabled in 02), SEV-ES, SMM,
 *     and every field of a VMCB without influence on virtual interrupts.
 *
 * Pages instead of words: psvm/pages.h.
 */
#ifndef PSVM_NESTED_H
#define PSVM_NESTED_H

#include "rules.h"

PSVM_BEGIN_DECLS

/** The words of one VMCB that the transitions read or write. */
struct psvm_words {
	uint64_t int_ctl;	/**< 060h, all 64 bits: the vector is 39:32 */
	uint64_t int_state;	/**< 068h: bit 0 is the interrupt shadow */
	uint64_t event_inj;	/**< 0A8h: EVENTINJ, error code in 63:32 */
	uint64_t exit_int_info; /**< 088h: EXITINTINFO, the same layout */
	uint32_t misc1;		/**< 00Ch: intercepts of INTR, NMI, VINTR, ... */
	uint8_t tlb_control;	/**< 05Ch */
};

/** A nested run as L0 sees it: the input of every transition. */
struct psvm_nested {
	struct psvm_words v12; /**< 12: L0's snapshot of vmcb12, never vmcb12 itself */
	struct psvm_words v02; /**< what L0 runs L2 with */
	struct psvm_words v01; /**< what L0 runs L1 with */
	uint32_t facts;	       /**< PSVM_C(...) of source FACT that hold */
	uint8_t nmis;	       /**< NMIs for L1 that L0 has queued, 0 to 254: enter
				    may add one */
	uint8_t vector;	       /**< window_open: vector of the waiting interrupt */
	uint8_t external;      /**< window_open: 1 if it is not from L1's local APIC */
};

/** Why a transition refused its input; code PSVM_OK is zero. */
enum psvm_code {
	PSVM_OK = 0,
	PSVM_E_RULES, /**< caller: the rule set; where and bits say which cell */
	PSVM_E_FACT,  /**< caller: facts; bits are the PSVM_C(...) that make no sense:
			 not a fact, or a feature offered that L0 does not use */
	PSVM_E_NULL   /**< caller: a null pointer; where says which */
};

/** What psvm_status.where names when it is not a cell. */
enum psvm_where {
	PSVM_AT_SIZE = PSVM_CELL_COUNT, /**< psvm_rules.size; bits: its value */
	PSVM_AT_RESERVED,		/**< psvm_rules.reserved; bits: its value */
	PSVM_AT_FACTS,			/**< psvm_nested.facts */
	PSVM_AT_RULES,			/**< the pointer to the rule set */
	PSVM_AT_CELL,			/**< the number of a cell; bits: its value */
	PSVM_AT_BITS,			/**< the pointer that receives bits */
	PSVM_AT_PAGES,			/**< the pointer to struct psvm_pages */
	PSVM_AT_VMCB01,			/**< psvm_pages.vmcb01 */
	PSVM_AT_VMCB02,			/**< psvm_pages.vmcb02 */
	PSVM_AT_VMCB12,			/**< psvm_pages.vmcb12, or an image of it */
	PSVM_AT_SNAPSHOT,		/**< psvm_pages.snapshot */
	PSVM_AT_END
};

/** The status of a transition. */
struct psvm_status {
	uint32_t code;	/**< enum psvm_code */
	uint32_t where; /**< enum psvm_cell_id or enum psvm_where */
	uint64_t bits;	/**< the offending bits, or the offending value */
};

/** What a transition led to. */
enum psvm_outcome {
	PSVM_DONE = 0,
	PSVM_VMEXIT_INVALID, /**< enter: VMRUN failed, L1 gets exit code -1 */
	PSVM_NO_WINDOW	     /**< window_open: none was opened */
};

/** The result of every transition. */
struct psvm_result {
	struct psvm_status status;
	struct psvm_words v12; /**< the snapshot, or what vmcb12 becomes */
	struct psvm_words v02;
	struct psvm_words v01;
	uint32_t requests;  /**< PSVM_REQUEST_... */
	uint32_t store12;   /**< PSVM_F_...: fields of v12 to store in vmcb12. What of
				 v12 no cell has moved is as in the snapshot: INT_SHADOW,
				 one bit, may be stored as a byte, or the word with it */
	uint32_t dirty01;   /**< clean bits to clear in vmcb01 (PSVM_CLEAN_...) */
	uint32_t dirty02;   /**< clean bits to clear in vmcb02 */
	uint8_t outcome;    /**< enum psvm_outcome */
	uint8_t gif;	    /**< L1's GIF from now on, if L0 keeps it in software */
	int8_t nmi_change;  /**< add to L0's count of queued NMIs: -1, 0, 1 */
	uint8_t reserved;   /**< zero */
};

/** The six intercept words 000h to 014h, in the order of PSVM_WORD_... */
struct psvm_intercepts {
	uint32_t word[6];
};

/**
 * L0 copied the words of vmcb12 into v12: drop what the rule set drops.
 *
 * The caller has read each byte of vmcb12 once (psvm_vmcb_snapshot() does), and
 * keeps v12 of the result as the snapshot.
 *
 * @return status PSVM_OK, PSVM_E_RULES, PSVM_E_FACT, PSVM_E_NULL
 * @spec Linux 7.2 __nested_copy_vmcb_control_to_cache(); by the manual nothing
 *       is dropped
 */
PSVM_API struct psvm_result psvm_snapshot(const struct psvm_rules *rules,
					  struct psvm_nested n);

/**
 * L1 executed VMRUN: build 02 out of the snapshot and 01.
 *
 * Reads v12 (the snapshot), v01, and v02 as the last run left it. Of that int_state is
 * not kept, whoever wrote it: it becomes 0 but for what ENTER_FIELDS takes from 12. Facts
 * (here and below besides OFFER_ and HOST_): L1_IF, PENDING, CHECKS_FAILED, and for rule
 * set xen CLEAN_TPR_12, MOVED_12. PENDING counts if VMRUN fails, too (exact).
 *
 * The caller stores v02 and v01, clears dirty01 and dirty02, adds nmi_change,
 * sets its copy of GIF, serves the requests, and keeps v12 as the snapshot.
 * With outcome PSVM_VMEXIT_INVALID L2 does not run: the caller stores the
 * fields store12 of v12 in vmcb12 with exit code -1, and v01.
 *
 * Intercepts other than word 00Ch: psvm_merge_intercepts().
 *
 * @return status as psvm_snapshot()
 * @spec [APM] 15.5.1, 15.17, 15.21; the conditions of VMEXIT_INVALID 15.21.10
 */
PSVM_API struct psvm_result psvm_enter(const struct psvm_rules *rules,
				       struct psvm_nested n);

/**
 * Build 02 again from a snapshot, after a migration or RSM.
 *
 * As psvm_enter(), without VMRUN's own side effects: GIF stays as it is, and an
 * event that was being delivered (v02.exit_int_info) is kept. The consistency
 * checks are repeated. Facts as psvm_enter(), PENDING included, and L1_GIF.
 */
PSVM_API struct psvm_result psvm_reenter(const struct psvm_rules *rules,
					 struct psvm_nested n);

/**
 * L0 wants an exit as soon as L1 can take an interrupt, while L2 runs.
 *
 * Reads v12, v02, v01. Facts: L1_IF, L1_GIF, and for rule set xen
 * VMRUN_PENDING and the members `vector` and `external`.
 *
 * The caller stores v02 and v01 (int_ctl and misc1) and clears dirty01 and
 * dirty02. With outcome PSVM_NO_WINDOW L0 will not get an exit from this.
 *
 * @return status as psvm_snapshot()
 * @spec [APM] 15.21.4: V_IRQ and the VINTR intercept
 */
PSVM_API struct psvm_result psvm_window_open(const struct psvm_rules *rules,
					     struct psvm_nested n);

/**
 * Close L0's window while L2 runs: after its VINTR exit, or when GIF changes.
 *
 * Reads v12, v02, v01. The caller stores v02 and v01, clears dirty01 and
 * dirty02, and serves the requests.
 *
 * @return status as psvm_snapshot()
 * @spec [APM] 15.21.4
 */
PSVM_API struct psvm_result psvm_window_close(const struct psvm_rules *rules,
					      struct psvm_nested n);

/**
 * The processor left L2: bring the snapshot up to date, before the exit is
 * handled, whoever will handle it.
 *
 * Reads v12, v02, v01. The caller keeps v12 as the snapshot.
 *
 * @return status as psvm_snapshot()
 * @spec [APM] 15.6, 15.21: the fields that #VMEXIT writes
 */
PSVM_API struct psvm_result psvm_refresh(const struct psvm_rules *rules,
					 struct psvm_nested n);

/**
 * L0 emulates a #VMEXIT from L2 to L1: every bit goes back to its owner.
 *
 * Reads v12 (the refreshed snapshot), v02, v01. Facts: PENDING (rule set exact: what
 * had to wait while L2 ran is looked at again), DEFERRED (rule set xen).
 *
 * The caller stores the fields store12 of v12 in vmcb12, stores v01, clears
 * dirty01, adds nmi_change, sets its copy of GIF (always 0 now), and serves the
 * requests. v02 is dead until the next enter, but a rule set that reuses it
 * (xen) needs it stored as well.
 *
 * @return status as psvm_snapshot()
 * @spec [APM] 15.6, 15.17, 15.21, 15.33; the seed: nested_sync_int_ctl_from_vmcb02
 */
PSVM_API struct psvm_result psvm_nested_sync_int_ctl(const struct psvm_rules *rules,
						     struct psvm_nested n);

/**
 * Merge the intercepts of 01 and 12 into those of 02.
 *
 * @param rules rule set; a bad one (or bad facts) gives the plain union, which
 *              intercepts more than any rule set and is therefore safe
 * @param n     conditions: v12.int_ctl and facts; v12.misc1 and v01.misc1 are
 *              not read
 * @param i12   the six words of 12
 * @param i01   the six words of 01
 * @return the six words of 02
 * @spec [APM] 15.9; Linux recalc_intercepts(), Xen nestedsvm.c
 */
PSVM_API struct psvm_intercepts psvm_merge_intercepts(const struct psvm_rules *rules,
						      struct psvm_nested n,
						      struct psvm_intercepts i12,
						      struct psvm_intercepts i01);

/** Whose exit it is. */
enum psvm_level {
	PSVM_L0 = 0,
	PSVM_L1 = 1,
	PSVM_L1_BITMAP = 2 /**< L1's, if its MSR or I/O permission bitmap says so */
};

/**
 * Exit routing: L2 left with an exit code; is it L0's or L1's to handle?
 *
 * @param exit_code EXITCODE, all 64 bits
 * @param i12       the six intercept words of 12
 * @param i01       the six intercept words of 01
 * @return enum psvm_level; PSVM_L0 for an exit code that means nothing and for
 *         bad rules or facts. PSVM_L1_BITMAP only for MSR and I/O exits that L1
 *         intercepts: the caller then asks L1's bitmap.
 * @spec [APM] 15.6, appendix C; Linux nested_svm_intercept() and
 *       nested_svm_exit_special(), Xen nestedsvm_check_intercepts()
 */
PSVM_API uint32_t psvm_route_exit(const struct psvm_rules *rules,
				  struct psvm_nested n, uint64_t exit_code,
				  struct psvm_intercepts i12,
				  struct psvm_intercepts i01);

/** What L0 does about an interrupt for L1 that arrives while L2 runs. */
enum psvm_arrival {
	PSVM_WAIT = 0,	 /**< nothing now */
	PSVM_EXIT,	 /**< #VMEXIT(INTR) to L1 */
	PSVM_INJECT,	 /**< inject it into L2: L1 does not intercept INTR */
	PSVM_OPEN_WINDOW /**< psvm_window_open() */
};

/**
 * An interrupt for L1 is pending and L2 runs: exit, inject, window or wait?
 *
 * Facts: L1_IF, L1_GIF, L2_IF, L2_SHADOW, VMRUN_PENDING.
 *
 * @return enum psvm_arrival; PSVM_WAIT for bad rules or facts
 * @spec [APM] 15.17, 15.21.1; Linux svm_interrupt_blocked(), Xen
 *       nestedsvm_vcpu_interrupt()
 */
PSVM_API uint32_t psvm_interrupt_arrives(const struct psvm_rules *rules,
					 struct psvm_nested n);

/**
 * What a rule set says about one cell in one situation.
 *
 * For the cells of PSVM_CELLS_OTHER, which have no transition of their own; of another
 * cell it repeats what the table says, with facts of the moment that reads it. Facts:
 * L1_IF, L1_GIF, TPR_MASKS, CR8_WRITE_02. A caller asks
 *
 *   before every run of L2, in this order
 *	TPR_LOAD	yes: 02.V_TPR becomes the TPR of L1's local APIC
 *	RUN_FROM_12	these bits of 02.int_ctl become those of the snapshot
 *	RUN_CLEAR_02	then these become 0; if 02.int_ctl has changed, clear
 *			PSVM_CLEAN_TPR in vmcb02
 *	CR8_INTERCEPT	yes: intercept CR8 writes in 01, and merge
 *	HLT_INTERCEPT	yes: intercept HLT in 01, and merge
 *	STEP		yes, and psvm_interrupt_arrives() has said PSVM_WAIT: run one
 *			instruction of L2 only, then ask that again
 *   after it
 *	TPR_STORE	yes: the TPR of L1's local APIC becomes 02.V_TPR
 *	EMULATE_REFRESH	yes: psvm_refresh() after L0 has emulated an instruction of
 *			L2, too
 *   while L2 sleeps, because L0 has intercepted its HLT
 *	HLT_WAKE	whether what has come up wakes it. L1's interrupt: as
 *			psvm_interrupt_arrives() says, PSVM_EXIT is one; PSVM_INJECT is
 *			done if PSVM_WAKE_LOOK is set, else L2 only runs on; with a
 *			window or PSVM_WAIT it sleeps on
 *   about L1's NMIs while L2 runs, if vNMI is not nested
 *	NMI_MASK_IN_01	yes: 01.V_NMI_MASK masks them. L0 sets it when it injects one
 *			into L2, and clears it at the IRET, which it intercepts as
 *			long as the bit is set
 *
 * @param cell enum psvm_cell_id
 * @param bits receives the cell's bits, in the cell's unit
 * @return status as psvm_snapshot(), or PSVM_E_RULES at PSVM_AT_CELL; *bits is
 *         written only if the code is PSVM_OK
 */
PSVM_API struct psvm_status psvm_rule(const struct psvm_rules *rules,
				      struct psvm_nested n, uint32_t cell,
				      uint64_t *bits);

/**
 * The conditions that hold in a state: facts and what the words say.
 *
 * @return PSVM_C(...) bits. Defined for every input.
 */
PSVM_API uint32_t psvm_conditions(struct psvm_nested n);

/**
 * Check a rule set as a whole, once, when it comes from outside.
 *
 * Every transition checks the cells that it reads. This checks all of them,
 * and that no bit of 02 has two owners at VMRUN: ENTER_FROM_12 and
 * ENTER_FROM_01 must not claim a bit under the same conditions.
 *
 * @return PSVM_OK, PSVM_E_RULES or PSVM_E_NULL. where: the cell; bits: for a
 *         condition that cannot hold or does not exist, its PSVM_C_ bits; for a
 *         second owner, the bits of int_ctl.
 */
PSVM_API struct psvm_status psvm_rules_check(const struct psvm_rules *rules);

/* src/core includes the bodies itself, each file those that it instantiates. */
#if !defined(PSVM_EXTERN) && !defined(PSVM_INSTANTIATE)
#include "nested_impl.h"
#include "questions_impl.h"
#endif

PSVM_END_DECLS

#endif
