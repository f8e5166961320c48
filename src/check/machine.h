/* SPDX-License-Identifier: MIT */
/*
 * The two machines that psvm check compares, and what of them can be seen.
 *
 * The bare machine is L1 and L2 on the processor of psvm/cpu.h. In the nested
 * machine the same processor runs an L0 that does what a rule set says, L0 runs
 * L1 with vmcb01, and L2 with vmcb02. Both are given the same acts: which
 * instruction the level that runs executes next, and what arrives.
 *
 * A step is one thing that L1 or L2 can see: an event was delivered, L1 got a
 * #VMEXIT, or the instruction was executed. Exits to L0 take no step.
 */
#ifndef PSVM_CHECK_MACHINE_H
#define PSVM_CHECK_MACHINE_H

#include "psvm/cpu.h"
#include "psvm/rule_sets.h"

/* What happens next. X(name, words): acts of L0 alone happen in the nested machine
 * only, and nobody may see them. */
#define ACTS(X) \
	X(INSN, "") \
	X(INTR, "an interrupt for L1 arrives") \
	X(NMI, "an NMI for L1 arrives") \
	X(EXIT_L0, "L0 makes L2 exit for its own reasons, and runs it again") \
	X(RESTORE, "L0 saves L2's state and builds vmcb02 again from it") \
	X(FAULT_L0, "a fault that only L0 sees interrupts the delivery") \
	X(FAULT_L1, "a fault that L1 intercepts interrupts the delivery")

enum act_kind {
#define ACT(name, words) ACT_##name,
	ACTS(ACT)
#undef ACT
		ACT_COUNT
};

/* An act. FAULT_L0 and FAULT_L1 are INSN, but for an event that is delivered in this
 * step to L2. */
struct act {
	uint8_t kind;  /* enum act_kind */
	uint8_t insn;  /* INSN, FAULT_...: enum psvm_cpu_insn */
	uint8_t value; /* CR8_WRITE: the value; INTR: the vector */
};

/* Does an instruction follow, if no event comes first? */
static inline bool act_runs(struct act act)
{
	return act.kind == ACT_INSN || act.kind == ACT_FAULT_L0 ||
	       act.kind == ACT_FAULT_L1;
}

/* What L1 or L2 saw in a step. */
enum seen_kind {
	SEEN_RAN,   /* the instruction was executed */
	SEEN_EVENT, /* an event was delivered */
	SEEN_EXIT,  /* L1 got a #VMEXIT */
	SEEN_STUCK  /* nothing, and nothing will be: L0 does not come to an end */
};

struct seen {
	uint8_t kind;  /* enum seen_kind */
	uint8_t level; /* who runs now: 1 or 2 */
	uint8_t value; /* RAN: what MOV from CR8 read, otherwise 0 */
	uint64_t code; /* EVENT: as in EVENTINJ; EXIT: the exit code */
};

/* Without the value: what CR8 reads may still be undecided. */
static inline bool seen_same(struct seen a, struct seen b)
{
	return a.kind == b.kind && a.level == b.level && a.code == b.code;
}

/* The exit code of the fault of FAULT_L1 (#PF), and an exit of L0 alone. */
#define EXIT_OF_FAULT PSVM_EXIT_EXCP_PF

/* Whose a vector is. */
struct vector_roles {
	uint8_t l1;    /* the interrupt for L1 */
	uint8_t v_irq; /* the virtual interrupt that L1 requests */
};

struct variant;
struct answers;
struct psvm_foreign;

/* One pair of machines: what does not change. */
struct world {
	const struct psvm_rules *rules;
	const struct psvm_foreign *foreign; /* code instead of some of them, or null */
	const struct variant *change;	    /* of the rules, or null */
	uint32_t facts;			    /* PSVM_C(OFFER_...), PSVM_C(HOST_...) */
	uint32_t options;	       /* PSVM_CPU(...): how the processors deviate */
	bool implicit_event;	       /* the implicit request counts as a request */
	uint32_t l0_alone;	       /* those of options that only L0's processor has */
	const struct answers *answers; /* null, or what says the same faster */
	const struct vector_roles *roles; /* null: those of a scope */
};

/* The answers of world.foreign. */
extern const struct answers *const l0_foreign;

/* Answers of a rule set that psvm knows by name, or null. */
const struct answers *l0_answers(const struct psvm_rules *rules);

/*
 * What a step has read of the bits that a set-up decides, in order. Two steps from
 * states that differ in such bits only are the same step if they have read the same.
 */
enum read_kind { READ_INT_CTL, READ_CR, READ_MISC1, READ_MISC2, READ_CONDITIONS };

enum { READS_MAX = 4096 };

struct plan;
struct reads {
	const struct plan *plan;	/* of the rules */
	const struct plan *change_plan; /* of those that a change leads to */
	unsigned noted;
	struct read {
		uint64_t value;
		uint8_t kind; /* enum read_kind */
	} log[READS_MAX];
};

/* Null: nobody wants to know. */
static inline void reads_note(struct reads *reads, enum read_kind kind, uint64_t value)
{
	if (reads == NULL || reads->noted == READS_MAX)
		return;
	reads->log[reads->noted].kind = (uint8_t)kind;
	reads->log[reads->noted++].value = value;
}

/* What L0 did in a step, for the story. X(name, bit, words) */
#define DEEDS(X) \
	X(VMRUN, 0, "emulates VMRUN") \
	X(HAND_BACK, 1, "emulates #VMEXIT") \
	X(REFRESH, 2, "refreshes the snapshot") \
	X(WINDOW_OPEN, 3, "opens a window on vmcb02") \
	X(WINDOW_CLOSE, 4, "closes the window on vmcb02") \
	X(WINDOW_01, 5, "opens a window on vmcb01") \
	X(WINDOW_01_CLOSE, 6, "closes the window on vmcb01") \
	X(INJECT, 7, "injects an event") \
	X(EMULATE, 8, "emulates the instruction") \
	X(SLEEP, 9, "puts L2 to sleep") \
	X(RESTORE, 10, "builds vmcb02 again from the snapshot") \
	X(TPR_STORE, 11, "stores V_TPR in L1's local APIC") \
	X(TPR_LOAD, 12, "loads V_TPR from L1's local APIC") \
	X(REINJECT, 13, "injects again what a fault interrupted") \
	X(CHANGE, 14, "does what has changed")

enum {
#define DEED(name, bit, words) DEED_##name = 1 << bit,
	DEEDS(DEED)
#undef DEED
};

struct bare {
	struct psvm_cpu cpu;
	struct psvm_cpu_vmcb vmcb12;
	uint64_t exit_code; /* of vmcb12 */
};

struct nested {
	struct psvm_cpu cpu; /* in L0's hands unless flag GUEST is set */
	struct psvm_cpu_vmcb vmcb01, vmcb02, vmcb12;
	struct psvm_cpu_vmcb snapshot;
	uint64_t exit_code; /* of vmcb12 */
	uint8_t in_l2;
	uint8_t asleep;	       /* L2 executed HLT, which L0 intercepts */
	uint8_t vmrun_pending; /* the emulated VMRUN has not run yet */
	uint8_t moved;	       /* vmcb12 has not been run from here yet */
	uint8_t l1_if;	       /* L1's RFLAGS.IF at VMRUN */
	uint8_t tpr;	       /* L1's local APIC: TPR 7:4 */
	uint8_t intr;	       /* L1's local APIC: the interrupt that waits, or 0 */
	uint8_t nmis;	       /* NMIs for L1 */
	uint8_t gif;	       /* L1's, if L0 keeps it in software */
	uint8_t nmi_masked;    /* L1's, if L0 keeps it in software */
	uint8_t requests;      /* PSVM_REQUEST_..., not served yet */
	uint8_t stepping;      /* L0 looks again after each instruction: an NMI waits */
	uint8_t waits_for_gif; /* the window on vmcb01 that this L0 would not have */
	uint8_t injects_nmi;   /* L0 injects an NMI of L1, which is not delivered yet */
	uint8_t stale;	       /* S11 did not hold at the last RESTORE */
	uint16_t deeds;	       /* DEED_... of the last step */
};

/* L1 about to execute VMRUN with the VMCB in its hands. */
struct start {
	struct psvm_cpu_vmcb vmcb12;
	bool l1_if, l1_gif;
	uint8_t tpr; /* L1's */
};

void bare_start(struct bare *m, const struct start *start);
void nested_start(struct nested *m, const struct world *w, const struct start *start);

/* One step. reads is added to; it may be null. */
struct seen bare_step(struct bare *m, const struct world *w, struct act act,
		      struct reads *reads);
struct seen nested_step(struct nested *m, const struct world *w, struct act act,
			struct reads *reads);

/* What L1 has for itself while it runs: compared where it could look. */
struct l1_view {
	uint8_t gif, nmi_masked, rflags_if, tpr, intr, nmi;
};

struct l1_view bare_view(const struct bare *m);
struct l1_view nested_view(const struct nested *m, const struct world *w);

/* Note what a step of the processor reads: at a boundary in the order in which it
 * asks, and no more than decides. */
void cpu_reads_boundary(const struct psvm_cpu *cpu, struct reads *reads);
void cpu_reads_insn(const struct psvm_cpu *cpu, uint32_t insn, struct reads *reads);
void cpu_reads_vmrun(uint32_t model, const struct psvm_cpu_vmcb *vmcb,
		     struct reads *reads);
void cpu_reads_vmexit(const struct psvm_cpu *cpu, struct reads *reads);

/* The intercept of an exit code, noted. */
bool reads_intercept(const struct psvm_intercepts *intercepts, uint64_t exit_code,
		     struct reads *reads);

#endif
