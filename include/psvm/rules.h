/* SPDX-License-Identifier: MIT */
/*
 * psvm/rules.h - a hypervisor's handling of int_ctl, as data.
 *
 * A rule set is an array of cells. A cell says, for one moment and one
 * purpose, which bits are meant and under which condition:
 *
 *	cell REFRESH_TO_12 of linux-6.12
 *		V_TPR		always
 *		V_IRQ		unless VINTR is intercepted in 02 and not in 12
 *		V_GIF		when vGIF is nested
 *		V_NMI, V_NMI_MASK when vNMI is nested
 *
 * The first kind of cell names owners of bits ("at this moment these bits of
 * vmcb02 go to vmcb12"), the second kind names conditions at moments ("L0 asks
 * for a window when ..."). Both have one form, so one function evaluates them,
 * one function prints them and one function compares them.
 *
 * Shorthand, as on the kvm list: 01, 02, 12 are vmcb01, vmcb02 and L0's
 * snapshot of vmcb12.
 */
#ifndef PSVM_RULES_H
#define PSVM_RULES_H

#include "int_ctl.h"
#include "vmcb.h"

/*
 * Conditions: the bits that rules may ask about.
 *
 * X(name, bit, source, words)
 *
 *   source FACT: the caller knows it and sets the bit in psvm_nested.facts;
 *          WORD: psvm reads it from the words of the three VMCBs, the facts
 *          and the count of queued NMIs. Facts must leave these bits zero.
 */
#define PSVM_CONDITIONS(X) \
	X(L1_IF, 0, FACT, "L1's RFLAGS.IF at VMRUN") \
	X(L1_GIF, 1, FACT, "L1's GIF, wherever L0 keeps it") \
	X(PENDING, 2, FACT, "an interrupt, NMI, SMI or INIT is pending for L1") \
	X(CHECKS_FAILED, 3, FACT, "VMRUN's other consistency checks refuse 12") \
	X(CLEAN_TPR_12, 4, FACT, "clean bit TPR of 12") \
	X(MOVED_12, 5, FACT, "vmcb12 is at another address than at the last VMRUN") \
	X(VMRUN_PENDING, 6, FACT, "the emulated VMRUN has not run on the processor yet") \
	X(DEFERRED, 7, FACT, "L0 deferred this #VMEXIT (INTR, NMI, NPF or exception)") \
	X(L2_IF, 8, FACT, "L2's RFLAGS.IF") \
	X(L2_SHADOW, 9, FACT, "L2 is in an interrupt shadow") \
	X(TPR_MASKS, 10, FACT, "L1's TPR masks its highest pending interrupt") \
	X(CR8_WRITE_02, 11, FACT, "CR8 writes intercepted in 02") \
	X(OFFER_VGIF, 12, FACT, "vGIF is offered to L1") \
	X(OFFER_VNMI, 13, FACT, "vNMI is offered to L1") \
	X(HOST_VGIF, 14, FACT, "L0 uses vGIF for L1") \
	X(HOST_VNMI, 15, FACT, "L0 uses vNMI for L1") \
	X(NESTED_VGIF, 16, WORD, "vGIF is offered to L1 and enabled in 12") \
	X(NESTED_VNMI, 17, WORD, "vNMI is offered to L1 and enabled in 12") \
	X(V_INTR_MASKING_12, 18, WORD, "V_INTR_MASKING of 12") \
	X(V_NMI_ENABLE_12, 19, WORD, "V_NMI_ENABLE of 12") \
	X(VINTR_01, 20, WORD, "VINTR intercepted in 01") \
	X(VINTR_02, 21, WORD, "VINTR intercepted in 02") \
	X(VINTR_12, 22, WORD, "VINTR intercepted in 12") \
	X(INTR_12, 23, WORD, "INTR intercepted in 12") \
	X(NMI_12, 24, WORD, "NMI intercepted in 12") \
	X(HLT_12, 25, WORD, "HLT intercepted in 12") \
	X(V_IRQ_02, 26, WORD, "V_IRQ of 02") \
	X(V_IRQ_12, 27, WORD, "V_IRQ of 12") \
	X(V_NMI_01, 28, WORD, "V_NMI of 01") \
	X(V_GIF_ENABLE_02, 29, WORD, "V_GIF_ENABLE of 02") \
	X(NMI_QUEUED, 30, WORD, "L0 has an NMI for L1 queued")

/* PSVM_C_L1_IF_BIT and so on. */
enum {
#define PSVM_X(name, bit, source, words) PSVM_C_##name##_BIT = bit,
	PSVM_CONDITIONS(PSVM_X)
#undef PSVM_X
	PSVM_C_FACT_COUNT = 16,
	PSVM_C_COUNT = 31
};
#define PSVM_X_FACT_FACT 1
#define PSVM_X_FACT_WORD 0
#define PSVM_X_COUNT_FACTS(name, bit, source, words) +PSVM_X_FACT_##source
#define PSVM_X_COUNT_ALL(name, bit, source, words) +1
PSVM_STATIC_ASSERT((0 PSVM_CONDITIONS(PSVM_X_COUNT_FACTS)) == PSVM_C_FACT_COUNT,
		   "facts come first, without a gap");
PSVM_STATIC_ASSERT((0 PSVM_CONDITIONS(PSVM_X_COUNT_ALL)) == PSVM_C_COUNT,
		   "every condition has a bit of its own");
#undef PSVM_X_COUNT_FACTS
#undef PSVM_X_COUNT_ALL
#undef PSVM_X_FACT_FACT
#undef PSVM_X_FACT_WORD
/** The bit of a condition: PSVM_C(L1_IF). PSVM_C_FACTS: those of source FACT. */
#define PSVM_C(name) PSVM_MASK32(PSVM_C_##name##_BIT, 1)
#define PSVM_C_FACTS PSVM_MASK32(0, PSVM_C_FACT_COUNT)
#define PSVM_C_ALL   PSVM_MASK32(0, PSVM_C_COUNT)

/** Flag in psvm_move.on: the move applies unless the condition holds. */
#define PSVM_UNLESS PSVM_MASK32(31, 1)

/**
 * One line of a cell: bits, and the condition under which they are meant.
 *
 * The condition holds if every bit of `on` is 1 and every bit of `off` is 0
 * (PSVM_C_...); with PSVM_UNLESS in `on` the line applies when it does not
 * hold. on = off = 0 is always. A line with bits = 0 is empty.
 */
struct psvm_move {
	uint64_t bits;
	uint32_t on;
	uint32_t off;
};

/** A cell is the union of its lines that apply. */
#define PSVM_MOVES 4
struct psvm_cell {
	struct psvm_move move[PSVM_MOVES];
};

/* What the bits of a cell are: PSVM_F_*, PSVM_REQUEST_*, ... */

/** Fields of a VMCB, for cells that move or write whole fields. The word at 060h counts
 *  as two: the processor never writes the dword with the vector. Bit 0 of that at 068h,
 *  the shadow, is a field, too, INT_SHADOW, for those who move no more of it: what
 *  #VMEXIT makes of the rest the manual does not state. `exact` keeps L1's, unconfirmed
 *  on hardware. */
#define PSVM_FIELDS(X) \
	X(INT_CTL, 0, "int_ctl 31:0") X(INT_STATE, 1, "int_state") \
	X(EVENT_INJ, 2, "event_inj") X(EXIT_INT_INFO, 3, "exit_int_info") \
	X(TLB_CONTROL, 4, "tlb_control") X(INT_VECTOR, 5, "int_ctl 63:32") \
	X(INT_SHADOW, 6, "int_state 0")
/** What L0 has to look at again after a transition. EVENT: pending events of
 *  L1 (KVM_REQ_EVENT). IMPLICIT: the same, raised only because a helper for
 *  RFLAGS happens to (history: it hid the lack of an explicit request). */
#define PSVM_REQUESTS(X) \
	X(EVENT, 0, "event") X(IMPLICIT, 1, "implicit event")
/** Classes of exits for routing; EXCEPTION_01 is one that 01 intercepts. */
#define PSVM_CLASSES(X) \
	X(INTR, 0, "INTR") X(NMI, 1, "NMI") X(NPF, 2, "NPF") \
	X(EXCEPTION_01, 3, "an exception that 01 intercepts") \
	X(VMMCALL, 4, "VMMCALL") X(INVALID, 5, "INVALID") X(VINTR, 6, "VINTR")
/** What wakes L2 when L0 has put it to sleep. INTR: L1's interrupt does if it is an exit or
 *  L2's, not while it has to wait. LOOK: if it is L2's, L0 injects it at once; without it
 *  L2 goes on, and the interrupt waits for a window that L0 has opened before, if it has.
 *  `psvm check` has neither SMI nor INIT. */
#define PSVM_WAKES(X) \
	X(INTR, 0, "L1's interrupt, if open") X(NMI, 1, "NMI") X(SMI, 2, "SMI") \
	X(INIT, 3, "INIT") X(V_IRQ, 4, "deliverable V_IRQ of 02") \
	X(V_NMI, 5, "deliverable V_NMI of 02") \
	X(LOOK, 6, "L0 looks at L1's interrupt again")
/** Intercept words by number: offset 4 * n of the control area. */
#define PSVM_INTERCEPT_WORDS(X) \
	X(CR, 0, "000h") X(DR, 1, "004h") X(EXCEPTIONS, 2, "008h") \
	X(MISC1, 3, "00Ch") X(MISC2, 4, "010h") X(MISC3, 5, "014h")

enum {
#define PSVM_X(name, bit, words) PSVM_F_##name = 1 << bit,
	PSVM_FIELDS(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, bit, words) PSVM_REQUEST_##name = 1 << bit,
	PSVM_REQUESTS(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, bit, words) PSVM_CLASS_##name = 1 << bit,
	PSVM_CLASSES(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, bit, words) PSVM_WAKE_##name = 1 << bit,
	PSVM_WAKES(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, bit, words) PSVM_WORD_##name = 1 << bit,
	PSVM_INTERCEPT_WORDS(PSVM_X)
#undef PSVM_X
	PSVM_WORDS_ALL = 0x3f,
	/** A cell of unit FLAG has this bit or none. */
	PSVM_FLAG = 1
};

/*
 * The cells, by moment; within a moment in the order in which they apply. The
 * moments are ordered so that what a transition reads is one range: enter
 * ENTER to HANDBACK, the windows MERGE to WINDOW or CLOSE, hand-back CLOSE to
 * HANDBACK.
 *
 * X(name, unit, to, from, words)
 *
 * Most cells move their bits: in the word of their unit, `to` receives them from
 * `from`. These are 12, 02 and 01, ZERO and ONES, or a word of its own: REQUESTS
 * of the result, QUEUED and JOINING for L0's queue of NMIs, DUMMY for the V_IRQ of
 * a window. A FLAG with `to` moves the intercept of VINTR. With NONE a cell
 * moves nothing, or the transition itself says what it does. The cells of
 * PSVM_CELLS_OTHER no transition reads: the caller does what they say, psvm_rule().
 * The word at 068h of 02 is 0 before ENTER_FIELDS, whatever the last run left.
 *
 * Units: INT_CTL bits of 060h, INT_STATE of 068h, EVENT_INJ of 0A8h,
 * TLB_CONTROL of 05Ch, CR, MISC1, MISC2 bits of the intercept words, FIELDS
 * PSVM_F_*, REQUESTS PSVM_REQUEST_*, CLASSES PSVM_CLASS_*, WAKES PSVM_WAKE_*,
 * WORDS PSVM_WORD_*, FLAG PSVM_FLAG.
 */
#define PSVM_CELLS_SNAPSHOT(X) \
	X(SNAPSHOT_INT_CTL, INT_CTL, 12, ZERO, "dropped when vmcb12 is copied to 12") \
	X(SNAPSHOT_INT_STATE, INT_STATE, 12, ZERO, "dropped when vmcb12 is copied to 12") \
	X(SNAPSHOT_EVENT_INJ, EVENT_INJ, 12, ZERO, "dropped when vmcb12 is copied to 12") \
	X(SNAPSHOT_TLB_CONTROL, TLB_CONTROL, 12, ZERO, "dropped when vmcb12 is copied to 12")
#define PSVM_CELLS_ENTER(X) \
	X(ENTER_INVALID, FLAG, NONE, NONE, "VMRUN fails with VMEXIT_INVALID") \
	X(INVALID_ZERO_12, FIELDS, 12, ZERO, "of vmcb12, zeroed by a failed VMRUN") \
	X(INVALID_HANDS_BACK, FLAG, NONE, NONE, "a failed VMRUN hands 02 back as it is") \
	X(INVALID_REQUEST, REQUESTS, REQUESTS, ONES, "requested by a failed VMRUN") \
	X(ENTER_CLEAR_02, INT_CTL, 02, ZERO, "of the last 02, cleared first") \
	X(ENTER_FROM_12, INT_CTL, 02, 12, "12 to 02") \
	X(ENTER_FROM_01, INT_CTL, 02, 01, "01 to 02") \
	X(ENTER_SET_02, INT_CTL, 02, ONES, "forced to 1 in 02") \
	X(ENTER_FIELDS, FIELDS, 02, 12, "12 to 02") \
	X(ENTER_DROP_TLB, TLB_CONTROL, 02, ZERO, "dropped in 02") \
	X(ENTER_QUEUE, INT_CTL, JOINING, 01, "if set in 01, one NMI joins L0's queue") \
	X(ENTER_CLEAR_01, INT_CTL, 01, ZERO, "cleared in 01") \
	X(VMRUN_SET_02, INT_CTL, 02, ONES, "VMRUN sets GIF: set in 02") \
	X(VMRUN_SET_01, INT_CTL, 01, ONES, "VMRUN sets GIF: set in 01") \
	X(VMRUN_CLOSE, FLAG, NONE, NONE, "VMRUN closes a window") \
	X(REENTER_CLOSE, FLAG, NONE, NONE, "re-enter closes a window") \
	X(ENTER_REQUEST, REQUESTS, REQUESTS, ONES, "requested")
#define PSVM_CELLS_MERGE(X) \
	X(MERGE_WORDS, WORDS, NONE, NONE, "merged: 02 = 01 or 12") \
	X(MERGE_DROP_CR, CR, NONE, NONE, "dropped from 01 before the merge") \
	X(MERGE_DROP_MISC1, MISC1, NONE, NONE, "dropped from 01 before the merge") \
	X(MERGE_DROP_MISC2, MISC2, NONE, NONE, "dropped from 01 before the merge") \
	X(MERGE_SET_CR, CR, NONE, NONE, "set in 02 after the merge")
#define PSVM_CELLS_WINDOW(X) \
	X(WINDOW_ASK, FLAG, NONE, NONE, "a window is asked for") \
	X(WINDOW_IN_01, FLAG, 01, ONES, "VINTR of a window is set in 01 and merged") \
	X(WINDOW_IN_02, FLAG, 02, ONES, "VINTR of a window is set in 02 itself") \
	X(WINDOW_USURP, INT_CTL, 02, DUMMY, "of 02, overwritten by the dummy") \
	X(WINDOW_DUMMY, INT_CTL, NONE, NONE, "set in the dummy") \
	X(WINDOW_EVENT, INT_CTL, NONE, NONE, "of the dummy, taken from the waiting interrupt")
#define PSVM_CELLS_CLOSE(X) \
	X(CLOSE_IN_01, FLAG, 01, ZERO, "VINTR of a window is dropped in 01 and merged") \
	X(CLOSE_IN_02, FLAG, 02, ZERO, "VINTR of a window is dropped in 02 itself") \
	X(CLOSE_CLEAR_02, INT_CTL, 02, ZERO, "of 02, cleared when a window closes") \
	X(CLOSE_RESTORE_02, INT_CTL, 02, 12, "then restored: 12 to 02") \
	X(CLOSE_CLEAR_01, INT_CTL, 01, ZERO, "of 01, cleared when a window closes") \
	X(CLOSE_REQUEST, REQUESTS, REQUESTS, ONES, "requested when a window closes")
#define PSVM_CELLS_HANDBACK(X) \
	X(HANDBACK_REQUEST, REQUESTS, REQUESTS, ONES, "requested") \
	X(HANDBACK_CLEAR_02, INT_CTL, 02, ZERO, "cleared in 02 first") \
	X(HANDBACK_TO_12, INT_CTL, 12, 02, "02 to vmcb12") \
	X(HANDBACK_FIELDS, FIELDS, 12, 02, "02 to vmcb12") \
	X(HANDBACK_ZERO_12, FIELDS, 12, ZERO, "of vmcb12, written as zero") \
	X(HANDBACK_STORE_12, FIELDS, NONE, NONE, "of vmcb12, written") \
	X(HANDBACK_TO_01, INT_CTL, 01, 02, "02 to 01") \
	X(HANDBACK_QUEUE, INT_CTL, 01, QUEUED, "of 01, set from L0's queue of NMIs") \
	X(HANDBACK_CLEAR_01, INT_CTL, 01, ZERO, "#VMEXIT clears GIF: cleared in 01") \
	X(HANDBACK_CLOSE, FLAG, NONE, NONE, "#VMEXIT closes a window on 01")
#define PSVM_CELLS_REFRESH(X) \
	X(REFRESH_TO_12, INT_CTL, 12, 02, "02 to 12") \
	X(REFRESH_FIELDS, FIELDS, 12, 02, "02 to 12")
#define PSVM_CELLS_ROUTE(X) \
	X(ROUTE_L0, CLASSES, NONE, NONE, "exits that are L0's") \
	X(ROUTE_L1, CLASSES, NONE, NONE, "exits that are L1's; all others by 12's intercepts")
#define PSVM_CELLS_ARRIVE(X) \
	X(OPEN, FLAG, NONE, NONE, "L1's interrupts are open while L2 runs") \
	X(OPEN_EXIT, FLAG, NONE, NONE, "if open, an interrupt for L1 makes L2 exit to L1") \
	X(OPEN_INJECT, FLAG, NONE, NONE, "else it is injected into L2") \
	X(OPEN_WINDOW, FLAG, NONE, NONE, "else a window is asked for") \
	X(CLOSED_WINDOW, FLAG, NONE, NONE, "if not open, a window is asked for")
#define PSVM_CELLS_OTHER(X) \
	X(TPR_LOAD, FLAG, NONE, NONE, "02.V_TPR is loaded from L1's local APIC before a run") \
	X(TPR_STORE, FLAG, NONE, NONE, "02.V_TPR is stored in L1's local APIC after a run") \
	X(CR8_INTERCEPT, FLAG, NONE, NONE, "L0 intercepts CR8 writes in 01") \
	X(HLT_INTERCEPT, FLAG, NONE, NONE, "L0 intercepts HLT of L2") \
	X(HLT_WAKE, WAKES, NONE, NONE, "wakes a sleeping L2") \
	X(EMULATE_REFRESH, FLAG, NONE, NONE, "emulating an instruction of L2 refreshes 12") \
	X(RUN_FROM_12, INT_CTL, 02, 12, "12 to 02 before every run of L2") \
	X(RUN_CLEAR_02, INT_CTL, 02, ZERO, "then cleared in 02, before every run of L2") \
	X(STEP, FLAG, NONE, NONE, "L0 looks after every instruction, if L1 has to wait") \
	X(NMI_MASK_IN_01, FLAG, NONE, NONE, "01.V_NMI_MASK masks L1's NMIs while L2 runs, too")

#define PSVM_CELLS(X) \
	PSVM_CELLS_SNAPSHOT(X) PSVM_CELLS_ENTER(X) PSVM_CELLS_MERGE(X) \
	PSVM_CELLS_WINDOW(X) PSVM_CELLS_CLOSE(X) PSVM_CELLS_HANDBACK(X) \
	PSVM_CELLS_REFRESH(X) PSVM_CELLS_ROUTE(X) PSVM_CELLS_ARRIVE(X) \
	PSVM_CELLS_OTHER(X)

enum psvm_cell_id {
#define PSVM_X(name, unit, to, from, words) PSVM_CELL_##name,
	PSVM_CELLS(PSVM_X)
#undef PSVM_X
	PSVM_CELL_COUNT
};

/**
 * A rule set: what one hypervisor does with int_ctl.
 *
 * size is sizeof(struct psvm_rules) of the header that the rule set was
 * compiled with, in bytes. A later version of psvm may append cells; a
 * transition refuses a size that it does not know (PSVM_E_RULES).
 */
struct psvm_rules {
	uint32_t size;
	uint32_t reserved; /* zero */
	struct psvm_cell cell[PSVM_CELL_COUNT];
};

#endif
