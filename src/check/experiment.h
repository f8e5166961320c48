/* SPDX-License-Identifier: MIT */
/*
 * An experiment as it was recorded (tests/vectors), on one of the machines.
 *
 * L1: CLGI, its IF, its CR8, an interrupt to itself, VMRUN. L2 runs one of eighteen
 * programs, whose last instruction exits. L1 then: CR8 as before, STGI, STI, NOPs;
 * then CR8 := 0 and NOPs, which is the drain.
 */
#ifndef PSVM_CHECK_EXPERIMENT_H
#define PSVM_CHECK_EXPERIMENT_H

#include "explore.h"

enum {
	EXPERIMENT_PROGRAMS = 18,
	EXPERIMENT_PHYS = 0xb1, /* vector of the interrupt for L1: P */
	EXPERIMENT_VIRT = 0x71, /* of V_IRQ, mostly: V */
	EXPERIMENT_INJ = 0x51	/* of EVENTINJ: I; all others are O */
};

/* How program 11 sends P: with MSRs, or one store; QEMU 7.2 notices a store between
 * blocks of code only, which is at the exit. */
enum experiment_send { SEND_X2APIC, SEND_XAPIC, SEND_XAPIC_LATE };

/* What L1 prepared. */
struct experiment {
	struct psvm_cpu_vmcb vmcb12;
	uint32_t program; /* 0 to 15 as recorded; 16 and 17 execute HLT */
	uint32_t
		start; /* RIP minus start of the program: not 0 in the second of a pair */
	uint8_t l1_if, l1_cr8;
	uint8_t pending; /* P is pending at VMRUN */
	uint8_t sends;	 /* enum experiment_send */
};

/* What came out. X(name, column of a recording, format) */
#define OUTCOMES(X) \
	X(EXIT_CODE, "a_exit_code", HEX) \
	X(INT_CTL, "a_int_ctl", HEX) \
	X(INT_VECTOR, "a_int_vector", HEX) \
	X(INT_STATE, "a_int_state", HEX) \
	X(EVENT_INJ, "a_event_inj", HEX) \
	X(EXIT_INT_INFO, "a_exit_int_info", EVENT) \
	X(RIP, "a_rip_off", OFFSET) \
	X(VIRT_RIP, "virt_rip_off", OFFSET) \
	X(PHYS_RIP, "phys_rip_off", OFFSET) \
	X(CR8, "cr8_after", NUMBER) \
	X(IRR, "irr_after", NUMBER) \
	X(IN_L2, "event_log L2", LETTERS) \
	X(IN_L1, "event_log L1", LETTERS) \
	X(IN_DRAIN, "event_log drain", LETTERS)

enum outcome_column {
#define OUTCOME(name, column, format) OUTCOME_##name,
	OUTCOMES(OUTCOME)
#undef OUTCOME
		OUTCOME_COUNT
};

enum outcome_format {
	FORMAT_HEX,
	FORMAT_EVENT,  /* hexadecimal; without bit V it says nothing, and is 0 */
	FORMAT_OFFSET, /* of RIP, or one of the two below */
	FORMAT_NUMBER,
	FORMAT_LETTERS /* handlers that ran, in order: one letter in a byte, first lowest
			*/
};

/* RIP is in a handler; there is no RIP. */
#define OFFSET_HANDLER UINT64_MAX
#define OFFSET_NONE    (UINT64_MAX - 1)

struct outcome_name {
	const char *column;
	enum outcome_format format;
};

extern const struct outcome_name outcome_names[OUTCOME_COUNT];

struct outcome {
	uint64_t value[OUTCOME_COUNT];
};

/* Bits of columns: OUTCOME_BIT(INT_CTL). */
#define OUTCOME_BIT(name) (1U << OUTCOME_##name)

/* L1 does not get its exit: a value of EXIT_CODE, and nothing else has been seen. */
#define EXPERIMENT_NO_EXIT (UINT64_MAX - 0xff)

/* The columns that differ. */
uint32_t outcome_differs(const struct outcome *a, const struct outcome *b);

/* A letter behind those that are there; the ninth and further ones are lost. */
uint64_t letters_add(uint64_t letters, char letter);

/* Run it on the bare machine, or with an L0 on the nested one. */
struct outcome experiment_run(const struct experiment *e, const struct world *w,
			      bool nested);

/* Run it on both, step by step, until they differ, and then on the nested one. The
 * first difference has no fields if there is none. */
struct outcome experiment_run_both(const struct experiment *e, const struct world *w,
				   struct difference *difference);

#endif
