/* SPDX-License-Identifier: MIT */
/* The probe's experiment, for its two users: the cases, and the checks. */
#ifndef PROBE_H
#define PROBE_H

#include "../machine/vmcb.h"

/* --- probe.c ------------------------------------------------------------- */

enum flag { NONE, ASID0, NO_VMRUN_ICPT, ICPT_NMI, ICPT_CR8W, ICPT_CR8R, NEED_VGIF, CONT };
enum { NAME_LENGTH = 5 };

struct test_case {
	char name[NAME_LENGTH + 1];
	uint8_t program, l2_if, l1_if, pending, l1_cr8, flag;
	uint32_t int_ctl, int_vector;
	uint64_t int_state, event_inj;
	uint32_t misc1;
};

/* vmcb12, and L1's nested page tables, 2 MiB to a page. */
enum { NESTED_ENTRIES = 4 * 512 };
extern struct psvm_vmcb vmcb;
extern uint64_t nested_directories[NESTED_ENTRIES];

void prepare(const struct test_case *c, const unsigned char *program);
void run(const struct test_case *c);

/* --- programs.S ---------------------------------------------------------- */

extern unsigned char program_touch[];

/* --- checks.c ------------------------------------------------------------ */

_Noreturn void check_all(const struct multiboot *information);

/* An exception that a check waits for: its instruction is left. */
bool check_exception(uint32_t vector, struct frame *frame);

#endif
