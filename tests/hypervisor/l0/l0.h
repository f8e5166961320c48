/* SPDX-License-Identifier: MIT */
/*
 * l0 - a hypervisor that nests, by libpsvm. One processor, one L1, one L2 at a time.
 *
 *	main.c		boots, loads L1, and runs what is to run
 *	vmcb01.c	L1 runs: everything is L1's but what nesting needs
 *	nested.c	VMRUN and #VMEXIT of L1, and its exits while L2 runs
 *	events.c	what waits for L1 while L2 runs; L2 asleep
 *	emulate.c	an instruction that l0 has intercepted
 *	guest.c		L2's instruction bytes, through its page tables and L1's
 *
 * L1's physical memory is the machine's, so vmcb12 and L1's nested page tables are used
 * where they are. l0 does not protect itself from L1: it is a test of nesting.
 *
 * Where interrupts are. A physical interrupt stays in the local APIC, which is L1's,
 * until L1 or L2 takes it. While L1 runs with GIF = 1 the processor delivers it without
 * l0; with GIF = 0, V_INTR_MASKING and an IF of 0 of l0's own hold it back. While L2 runs
 * l0 intercepts INTR, and asks the rule set what becomes of the interrupt: events.c.
 *
 * l0 itself runs with GIF = 0. It has no state in FS, GS, TR or the registers of the FPU,
 * so those are always L1's or L2's.
 *
 * What libpsvm decides. Each transition of psvm/pages.h at its moment: VMRUN, a window,
 * an exit, #VMEXIT. Whose an exit of L2 is: is_for_l1(), in nested.c, asks
 * psvm_vmcb_route_exit(), and L1's MSR bitmap if that is the answer; all exits of L1 are
 * l0's. l0 itself writes of int_ctl
 *   - in vmcb01 how it runs L1, which the rules take as given (ENTER_FROM_01):
 *     V_INTR_MASKING, and V_GIF_ENABLE and V_GIF if l0 uses vGIF;
 *   - in vmcb02 what the processor would have written if l0 had not intercepted the
 *     instruction: V_TPR by CR8, V_GIF by STGI.
 *
 * What l0 needs of L1. If it meets anything else it says so, and stops:
 *   - long mode, four levels of nested page tables and of L2's own;
 *   - interrupts of the local APIC, in x2APIC mode or at FEE00000h. While L2 runs, not
 *     one of an 8259 (ExtINT), which waits where l0 cannot see it; no NMI, SMI, INIT;
 *   - VMCBs, bitmaps, page tables and what L2 touches in the first 4 GiB.
 * It would not notice
 *   - a PAT of L1 whose entry 0 is of another type: nested page tables are read with
 *     l0's PAT, which is that of a reset;
 *   - an address size of 32 bits (67h) at VMRUN, VMLOAD, VMSAVE: it takes all of RAX;
 *   - a trap flag of L1 at VMRUN, which is for after #VMEXIT;
 *   - while it steps, a #DB of L2 that sets no bit of DR6 which was not set before.
 */
#ifndef L0_H
#define L0_H

/* The transitions are called, not compiled in: what is tested is the library. */
#define PSVM_EXTERN
#include <psvm/psvm.h>

#include <psvm/cpu.h>

#include "../machine/machine.h"

/* General registers besides RAX and RSP, which are in the VMCB; in the order of their
 * numbers, those two unused. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, REGISTERS = 16 };

struct l0 {
	const struct psvm_rules *rules;
	bool vgif;		 /* the processor has vGIF, and l0 uses and offers it */
	struct psvm_pages pages; /* vmcb01, vmcb02, the snapshot of vmcb12 */
	uint64_t registers[REGISTERS];

	bool in_l2;
	bool l1_if;	/* L1's RFLAGS.IF at VMRUN */
	bool l1_gif;	/* L1's GIF, where no VMCB has it: vmcb01.c */
	bool svme[2];	/* EFER.SVME as L1 sees it, and L2 */
	uint64_t vm_cr; /* L1's VM_CR and VM_HSAVE_PA */
	uint64_t hsave;
	uint64_t last_12;   /* vmcb12 of the last VMRUN that succeeded */
	bool moved;	    /* this vmcb12 is another one */
	bool vmrun_pending; /* the emulated VMRUN has not run on the processor yet */
	uint32_t requests;  /* PSVM_REQUEST_..., not served yet */
	bool waiting;	    /* an interrupt for L1 waits, and l0 knows it */
	bool stepping;	    /* and looks again after each instruction of L2 */
	uint64_t step_tf;   /* L2's RFLAGS.TF and DR6 before it */
	uint64_t step_dr6;
	bool asleep; /* L2 executed HLT, which l0 intercepts */
};

extern struct l0 l0;
extern struct psvm_vmcb vmcb01, vmcb02;
extern struct psvm_vmcb_control snapshot;

static inline struct psvm_vmcb *current_vmcb(void)
{
	return l0.in_l2 ? &vmcb02 : &vmcb01;
}

/* --- run.S --------------------------------------------------------------- */

/* VMRUN with these registers, and host_if as l0's RFLAGS.IF, which is what gates
 * physical interrupts if the VMCB has V_INTR_MASKING. */
void run_guest(struct psvm_vmcb *vmcb, uint64_t *registers, uint64_t host_if);

/* --- vmcb01.c ------------------------------------------------------------ */

void l1_prepare(uint64_t entry, const struct multiboot *information);
void l1_run(void);

/* The intercepts of vmcb01: what l0 wants of L1, or of L2. A window keeps its VINTR. */
void set_intercepts_01(void);

/* L1's interrupts do not reach it: l0 hands them out. */
void hold_back_interrupts(bool on);

/* L1's GIF, wherever it is now. */
bool gif_of_l1(void);
void set_gif_of_l1(bool gif);

/* The MSRs that l0 has for itself. */
extern unsigned char msr_bitmap[2 * PAGE_SIZE];
bool intercepts_msr(const unsigned char *bitmap, uint32_t msr, bool write);

/* --- nested.c ------------------------------------------------------------ */

/* What l0 knows, for the rules: PSVM_C(...) of source FACT. */
uint32_t facts_now(void);

/* The words that the three VMCBs have now. */
struct psvm_nested nested_now(void);

/* What a cell of PSVM_CELLS_OTHER says now. */
uint64_t rule(uint32_t cell);

/* A transition of psvm/pages.h, with the facts of the moment and more of them. */
typedef struct psvm_result transition(const struct psvm_rules *rules,
				      const struct psvm_pages *pages);
struct psvm_result do_transition(transition *t, uint32_t more);

void nested_vmrun(void);

/* deferred: the processor has not made it now, l0 has. */
void nested_vmexit(uint64_t exit_code, bool deferred);

bool is_for_l1(uint64_t exit_code); /* an exit of L2 */

/* An exception that the guest's instruction has, by its exit code: an exit if L1
 * intercepts it, which EVENTINJ does not ask. */
void raise(uint64_t exit_code);

void l2_run(void);

/* --- events.c ------------------------------------------------------------ */

bool interrupt_pending(void); /* in the local APIC, and L1's TPR lets it through */
bool interrupt_masked(void);  /* one that L1's TPR holds back */
bool injecting(void);
void serve_requests(void);
void sleep_l2(void);

/* --- emulate.c ----------------------------------------------------------- */

bool emulate(uint64_t exit_code); /* false: it is no instruction of these */
void skip(void);		  /* the instruction, without a single step */
uint64_t efer_of_guest(void);	  /* as it sees it */

/* May VMRUN, VMLOAD, VMSAVE or VM_HSAVE_PA have this address? */
bool is_page(uint64_t address);
uint64_t memory_end(void); /* no physical address is as high */

/* --- guest.c ------------------------------------------------------------- */

/* A byte of L1's or L2's memory, from RIP on. */
uint8_t fetch(uint64_t offset);

#endif
