/* SPDX-License-Identifier: MIT */
/*
 * Replaying what was recorded: which processor, and why a row may differ.
 *
 * A row that differs is a mismatch unless each column that differs is excused by a
 * cause: a deviation of an emulator that is known, that the options of the processor
 * do not have, and that applies to what L1 prepared in this row.
 */
#ifndef PSVM_CHECK_REPLAY_H
#define PSVM_CHECK_REPLAY_H

#include "experiment.h"

/* What both versions of QEMU do. */
#define PROCESSOR_QEMU \
	(PSVM_CPU(PRIO_EQUAL) | PSVM_CPU(INTR_HIDES_V_IRQ) | PSVM_CPU(STI_SHADOWS) | \
	 PSVM_CPU(INT_STATE_WHOLE))

/* X(identifier, name, vGIF, how P is sent, options): what plays the processor. With -kvm
 * the local APIC is that of the KVM which L1 runs below. */
#define PROCESSORS(X) \
	X(MANUAL, "manual", 1, SEND_X2APIC, 0) \
	X(QEMU_7_2, "qemu-7.2", 1, SEND_XAPIC_LATE, \
	  PROCESSOR_QEMU | PSVM_CPU(NO_SHADOW_IN)) \
	X(QEMU_7_2_KVM, "qemu-7.2-kvm", 1, SEND_XAPIC, \
	  PROCESSOR_QEMU | PSVM_CPU(NO_SHADOW_IN)) \
	X(QEMU_10_0, "qemu-10.0", 1, SEND_X2APIC, \
	  PROCESSOR_QEMU | PSVM_CPU(NO_CR8_READ_EXIT) | PSVM_CPU(INJECT_IN_SHADOW)) \
	X(BOCHS_2_7, "bochs-2.7", 0, SEND_XAPIC, \
	  PSVM_CPU(TPR_BYTE) | PSVM_CPU(BYTE_061) | PSVM_CPU(NO_REMASK) | \
		  PSVM_CPU(LATE_V_IRQ) | PSVM_CPU(GUEST_IF_GATES) | \
		  PSVM_CPU(EVENTINJ_KEPT) | PSVM_CPU(SHADOW_HOLDS_EXIT) | \
		  PSVM_CPU(BYTE_068))

enum processor_id {
#define PROCESSOR(id, name, vgif, sends, options) PROCESSOR_##id,
	PROCESSORS(PROCESSOR)
#undef PROCESSOR
		PROCESSOR_COUNT
};

struct processor {
	const char *name;
	uint8_t vgif, sends; /* enum experiment_send */
	uint32_t options;    /* PSVM_CPU(...) */
};

extern const struct processor processors[PROCESSOR_COUNT];

/* The processors of a cause: PROCESSOR_BIT(BOCHS_2_7). */
#define PROCESSOR_BIT(id) (1U << PROCESSOR_##id)

/* A known deviation. */
struct cause {
	const char *name;
	const char *words;
	uint32_t processors; /* PROCESSOR_BIT(...) */
	bool nested;	     /* with an L0, too */
	uint32_t columns;    /* OUTCOME_BIT(...) that it excuses */
	bool (*applies)(const struct experiment *e);
};

/* X(name of the predicate, name, words, processors, with an L0, too, columns) */
#define CAUSES(X) \
	X(wide_vector, "wide-vector", \
	  "QEMU takes all 32 bits of 064h as vector of V_IRQ, and #GP is the end of it", \
	  PROCESSOR_BIT(QEMU_7_2) | PROCESSOR_BIT(QEMU_7_2_KVM) | \
		  PROCESSOR_BIT(QEMU_10_0), \
	  true, \
	  OUTCOME_BIT(EXIT_CODE) | OUTCOME_BIT(INT_CTL) | OUTCOME_BIT(EXIT_INT_INFO) | \
		  OUTCOME_BIT(RIP) | OUTCOME_BIT(VIRT_RIP) | OUTCOME_BIT(IN_L2)) \
	X(vmrun_fails, "failed-vmrun", \
	  "a failed VMRUN stores RIP, 060h and 068h: not the guest's, which never ran", \
	  PROCESSOR_BIT(QEMU_10_0) | PROCESSOR_BIT(BOCHS_2_7), false, \
	  OUTCOME_BIT(INT_CTL) | OUTCOME_BIT(INT_STATE) | OUTCOME_BIT(RIP)) \
	X(vmrun_fails, "failed-vmrun-7.2", \
	  "as failed-vmrun, and QEMU 7.2 gives the exit code 32 bits", \
	  PROCESSOR_BIT(QEMU_7_2), false, \
	  OUTCOME_BIT(INT_CTL) | OUTCOME_BIT(INT_STATE) | OUTCOME_BIT(RIP) | \
		  OUTCOME_BIT(EXIT_CODE)) \
	X(tpr_rises, "spurious", \
	  "Bochs: L1 raises its CR8 above the interrupt that is pending, and gets a " \
	  "spurious one", \
	  PROCESSOR_BIT(BOCHS_2_7), false, OUTCOME_BIT(IN_L1)) \
	X(opens_then_closes, "intr-stays-open", \
	  "Bochs: what the guest's IF = 1 has opened at VMRUN, the IF = 0 of a handler " \
	  "closes if the host's IF is 0 only", \
	  PROCESSOR_BIT(BOCHS_2_7), false, \
	  OUTCOME_BIT(RIP) | OUTCOME_BIT(PHYS_RIP) | OUTCOME_BIT(IN_L2))

enum {
#define CAUSE(applies, name, words, processors, nested, columns) +1
	CAUSE_COUNT = 0 CAUSES(CAUSE)
#undef CAUSE
};

extern const struct cause causes[CAUSE_COUNT];

/* A machine to replay on. */
struct replay {
	enum processor_id processor;
	const struct psvm_rules *rules; /* null: no L0 */
};

/* Both machines, with the options of that processor. */
struct world replay_world(const struct replay *machine);

struct verdict {
	struct outcome replayed;
	uint32_t differs;	   /* columns */
	const struct cause *cause; /* that excuses all of them; null */
};

struct verdict replay(const struct replay *machine, const struct experiment *e,
		      const struct outcome *recorded);

#endif
