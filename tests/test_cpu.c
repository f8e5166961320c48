/* SPDX-License-Identifier: MIT */
/*
 * A processor in the words of the manual: short programs, and what must come of
 * each step by hand from [APM] chapter 15 (revision 3.44) and from the history of
 * KVM, QEMU and Bochs.
 *
 * A row is a VMCB, the host at VMRUN, and a list of acts with their outcomes. It is
 * played twice, by psvm_cpu_*() and by the tables of tests/cpu_reference.c.
 */
#include "check.h"
#include "cpu_reference.h"

#include <inttypes.h>

/* 060h, table B-1. */
#define TPR(n)	   UINT64_C(n)
#define IRQ	   UINT64_C(0x00000100)
#define GIF9	   UINT64_C(0x00000200)
#define VNMI_WAITS UINT64_C(0x00000800)
#define VNMI_MASK  UINT64_C(0x00001000)
#define PRIO(n)	   (UINT64_C(n) << 16)
#define IGN	   UINT64_C(0x00100000)
#define MASKING	   UINT64_C(0x01000000)
#define VGIF_ON	   UINT64_C(0x02000000)
#define VNMI_ON	   UINT64_C(0x04000000)
#define X2AVIC	   UINT64_C(0x40000000)
#define AVIC	   UINT64_C(0x80000000)
#define VECTOR(n)  (UINT64_C(n) << 32)
/* A virtual interrupt above every V_TPR but 15. */
#define V_IRQ_31   (IRQ | PRIO(15) | VECTOR(0x31))

/* 00Ch, 010h, 000h */
#define X_INTR	    UINT32_C(0x00000001)
#define X_NMI	    UINT32_C(0x00000002)
#define X_VINTR	    UINT32_C(0x00000010)
#define X_CPUID	    UINT32_C(0x00040000)
#define X_IRET	    UINT32_C(0x00100000)
#define X_HLT	    UINT32_C(0x01000000)
#define X_VMRUN	    UINT32_C(0x00000001)
#define X_VMMCALL   UINT32_C(0x00000002)
#define X_STGI	    UINT32_C(0x00000010)
#define X_CLGI	    UINT32_C(0x00000020)
#define X_CR8_READ  UINT32_C(0x00000100)
#define X_CR8_WRITE UINT32_C(0x01000000)

/* Appendix C */
enum {
	CODE_CR8_READ = 0x08,
	CODE_CR8_WRITE = 0x18,
	CODE_INTR = 0x60,
	CODE_NMI = 0x61,
	CODE_VINTR = 0x64,
	CODE_CPUID = 0x72,
	CODE_IRET = 0x74,
	CODE_HLT = 0x78,
	CODE_VMRUN = 0x80,
	CODE_VMMCALL = 0x81,
	CODE_STGI = 0x84,
	CODE_CLGI = 0x85,
};

/* Events, 15.20 */
#define INT(vector) (UINT64_C(0x80000000) | (vector))
#define AN_NMI	    UINT64_C(0x80000202)
#define UD	    UINT64_C(0x80000306)

/* Clean bits, 15.15 */
#define CLEAN_I	  0x1U
#define CLEAN_TPR 0x8U

/* --- acts */

enum kind {
	END,
	VMRUN,
	BOUNDARY,
	EXECUTE,
	VMEXIT,	 /* value: EXITINTINFO */
	CUT,	 /* the last delivery was cut short */
	CLEAN_IS, /* software writes 0C0h: value */
	CTL_IS,	 /* software writes 060h: value */
	ARRIVES, /* an interrupt of the local APIC: value; */
	NMI_ARRIVES,
	EXPECT_STORED, /* bits mask of 060h of the VMCB are value */
	EXPECT_HELD,   /* of the processor */
	EXPECT_FLAGS,
	EXPECT_SHADOW, /* 068h */
	EXPECT_INJ,
	EXPECT_INTINFO,
	EXPECT_IF,
	EXPECT_APIC_TPR,
};

struct act {
	enum kind kind;
	uint32_t insn;	/* EXECUTE */
	uint64_t value; /* what it is given or must be */
	uint64_t mask;
	uint32_t what;	/* the outcome */
	uint64_t sign;	/* ... of DELIVERED, EXITED, and what CR8_READ read */
};

#define RUNS		   { .kind = VMRUN }
#define RUNS_IN(event)	   { .kind = VMRUN, .what = PSVM_CPU_DELIVERED, .sign = event }
#define FAILS		   { .kind = VMRUN, .what = PSVM_CPU_EXITED, .sign = UINT64_MAX }
#define QUIET		   { .kind = BOUNDARY }
#define TAKES(event)	   { .kind = BOUNDARY, .what = PSVM_CPU_DELIVERED, .sign = event }
#define EXITS(code)	   { .kind = BOUNDARY, .what = PSVM_CPU_EXITED, .sign = code }
#define DOES(name)	   { .kind = EXECUTE, .insn = PSVM_INSN_##name }
#define WRITES_CR8(n)	   { .kind = EXECUTE, .insn = PSVM_INSN_CR8_WRITE, .value = n }
#define READS_CR8(n)	   { .kind = EXECUTE, .insn = PSVM_INSN_CR8_READ, .sign = n }
#define CANNOT(name, code) \
	{ .kind = EXECUTE, .insn = PSVM_INSN_##name, .what = PSVM_CPU_EXITED, .sign = code }
#define UNDEFINED(name) \
	{ .kind = EXECUTE, .insn = PSVM_INSN_##name, .what = PSVM_CPU_DELIVERED, .sign = UD }
#define LEAVES		   { .kind = VMEXIT }
#define CUT_SHORT(event)   { .kind = CUT }, { .kind = VMEXIT, .value = event }
#define CLEAN(bits)	   { .kind = CLEAN_IS, .value = bits }
#define CTL(bits)	   { .kind = CTL_IS, .value = bits }
#define INTERRUPT(vector)  { .kind = ARRIVES, .value = vector }
#define NMI		   { .kind = NMI_ARRIVES }
#define STORED(bits, is)   { .kind = EXPECT_STORED, .mask = bits, .value = is }
#define STORED_ALL(is)	   STORED(UINT64_MAX, is)
#define HELD(bits, is)	   { .kind = EXPECT_HELD, .mask = bits, .value = is }
#define FLAG_IS(name, is) \
	{ .kind = EXPECT_FLAGS, .mask = PSVM_CPU_F(name), \
	  .value = (is) ? PSVM_CPU_F(name) : 0 }
#define SHADOW_IS(is)	   { .kind = EXPECT_SHADOW, .value = is }
#define INJ_IS(is)	   { .kind = EXPECT_INJ, .value = is }
#define INTINFO_IS(is)	   { .kind = EXPECT_INTINFO, .value = is }
#define IF_IS(is)	   { .kind = EXPECT_IF, .value = is }
#define APIC_TPR_IS(is)	   { .kind = EXPECT_APIC_TPR, .value = is }

enum { ACTS = 14 };

struct row {
	const char *name;
	uint32_t options;   /* besides VGIF and VNMI */
	uint32_t lacks;	    /* of those */
	uint64_t ctl;	    /* 060h */
	uint32_t misc1;	    /* 00Ch */
	uint32_t misc2;	    /* 010h besides VMRUN */
	uint32_t cr;	    /* 000h */
	uint8_t guest_if;
	uint16_t shadow;    /* 068h */
	uint8_t host_if;
	uint8_t apic_tpr;
	uint8_t bad;
	uint8_t unsafe;	    /* VMRUN is not intercepted */
	uint64_t inject;    /* 0A8h */
	struct act acts[ACTS];
};

static const struct row rows[] = {
	/* 15.21.4: when a virtual interrupt is taken */
	{ "15.21.4: V_INTR_PRIO above V_TPR is delivered with V_INTR_VECTOR",
	  .ctl = IRQ | PRIO(5) | TPR(4) | VECTOR(0x31), .guest_if = 1,
	  .acts = { RUNS, TAKES(INT(0x31)), LEAVES, STORED(IRQ, 0) } },
	{ "15.21.4, Q01: V_INTR_PRIO 8 under V_TPR 10 waits",
	  .ctl = IRQ | PRIO(8) | TPR(10), .guest_if = 1,
	  .acts = { RUNS, QUIET, LEAVES, STORED(IRQ, IRQ) } },
	{ "15.21.4, Q06: V_INTR_PRIO equal to V_TPR waits: greater, not same",
	  .ctl = IRQ | PRIO(5) | TPR(5), .guest_if = 1, .acts = { RUNS, QUIET } },
	{ "15.21.4: priority 0 at V_TPR 0 is never taken",
	  .ctl = IRQ, .guest_if = 1, .acts = { RUNS, QUIET, DOES(NOP), QUIET } },
	{ "Q06: QEMU takes equal priorities", .options = PSVM_CPU(PRIO_EQUAL),
	  .ctl = IRQ | PRIO(5) | TPR(5) | VECTOR(0x31), .guest_if = 1,
	  .acts = { RUNS, TAKES(INT(0x31)) } },
	{ "15.21.4, Q03: V_IGN_TPR takes priority 0 at V_TPR 15",
	  .ctl = IRQ | IGN | TPR(15) | VECTOR(0x31), .guest_if = 1,
	  .acts = { RUNS, TAKES(INT(0x31)) } },
	{ "Q02: the priority is bits 19:16, not what V_INTR_MASKING is",
	  .ctl = IRQ | PRIO(1) | MASKING | VECTOR(0x31), .guest_if = 1,
	  .acts = { RUNS, TAKES(INT(0x31)) } },
	{ "15.21.4: the vector is no priority: vector ffh, priority 0",
	  .ctl = IRQ | VECTOR(0xff), .guest_if = 1, .acts = { RUNS, QUIET } },
	{ "15.21.4: a vector below 16 is delivered as it is",
	  .ctl = IRQ | PRIO(1) | VECTOR(0x02), .guest_if = 1,
	  .acts = { RUNS, TAKES(INT(0x02)) } },
	{ "15.21.4: RFLAGS.IF = 0 holds it, STI lets it in one instruction later",
	  .ctl = V_IRQ_31 | MASKING,
	  .acts = { RUNS, QUIET, DOES(STI), QUIET, DOES(NOP), TAKES(INT(0x31)), LEAVES,
		    STORED(IRQ, 0), IF_IS(0) } },
	{ "15.21.1: with V_INTR_MASKING = 0 a V_IRQ is taken just the same",
	  .ctl = V_IRQ_31, .guest_if = 1, .acts = { RUNS, TAKES(INT(0x31)) } },
	{ "15.21.4: no V_IRQ, nothing", .ctl = PRIO(15) | IGN | VECTOR(0x31), .guest_if = 1,
	  .acts = { RUNS, QUIET } },
	{ "B01: a V_IRQ of the VMCB is taken before the first instruction",
	  .ctl = V_IRQ_31, .guest_if = 1, .acts = { RUNS, TAKES(INT(0x31)) } },
	{ "K21, table B-1: V_IRQ is ignored with AVIC", .ctl = V_IRQ_31 | AVIC, .guest_if = 1,
	  .acts = { RUNS, QUIET, LEAVES, STORED_ALL(V_IRQ_31 | AVIC) } },
	{ "15.21.4: one slot: a V_IRQ that was taken does not come again",
	  .ctl = V_IRQ_31, .guest_if = 1,
	  .acts = { RUNS, TAKES(INT(0x31)), DOES(IRET), QUIET, DOES(NOP), QUIET } },

	/* 15.21.4: the boundary, step by step */
	{ "15.21.4: the intercept comes first, V_IRQ stays 1", .ctl = V_IRQ_31,
	  .misc1 = X_VINTR, .guest_if = 1,
	  .acts = { RUNS, EXITS(CODE_VINTR), LEAVES, STORED_ALL(V_IRQ_31), IF_IS(1) } },
	{ "15.21.4: VINTR exits only when it would be taken: priority", .misc1 = X_VINTR,
	  .ctl = IRQ | PRIO(8) | TPR(10), .guest_if = 1, .acts = { RUNS, QUIET } },
	{ "15.21.4: VINTR exits only when it would be taken: RFLAGS.IF",
	  .ctl = V_IRQ_31, .misc1 = X_VINTR,
	  .acts = { RUNS, QUIET, DOES(STI), QUIET, DOES(NOP), EXITS(CODE_VINTR) } },
	{ "15.21.4: a fault in the delivery: V_IRQ is 0, the event in EXITINTINFO",
	  .ctl = V_IRQ_31, .guest_if = 1,
	  .acts = { RUNS, TAKES(INT(0x31)), CUT_SHORT(INT(0x31)), STORED(IRQ, 0),
		    INTINFO_IS(INT(0x31)), IF_IS(1) } },
	{ "15.20, 15.21.4: re-injected, it is delivered whatever V_TPR is",
	  .ctl = PRIO(1) | TPR(15), .inject = INT(0x31),
	  .acts = { RUNS_IN(INT(0x31)), LEAVES, INJ_IS(0), INTINFO_IS(0) } },
	{ "15.21.4: a physical interrupt comes first when it is delivered",
	  .ctl = V_IRQ_31, .guest_if = 1,
	  .acts = { INTERRUPT(0x61), RUNS, TAKES(INT(0x61)), DOES(IRET), TAKES(INT(0x31)) } },
	{ "15.21.4: and when it exits; V_IRQ is still 1", .ctl = V_IRQ_31, .misc1 = X_INTR,
	  .guest_if = 1,
	  .acts = { INTERRUPT(0x61), RUNS, EXITS(CODE_INTR), LEAVES, STORED_ALL(V_IRQ_31) } },
	{ "8.5: an NMI comes before an interrupt", .misc1 = X_NMI | X_INTR, .guest_if = 1,
	  .acts = { INTERRUPT(0x61), NMI, RUNS, EXITS(CODE_NMI) } },

	/* 15.21.2: V_TPR and CR8 */
	{ "15.21.2, Q04: V_INTR_PRIO 5 fires when CR8 goes from 8 to 0",
	  .ctl = IRQ | PRIO(5) | TPR(8) | MASKING | VECTOR(0x31), .guest_if = 1,
	  .acts = { RUNS, QUIET, WRITES_CR8(0), TAKES(INT(0x31)), LEAVES, STORED(0xff, 0) } },
	{ "15.21.2, B07: raising CR8 masks a V_IRQ again",
	  .ctl = IRQ | PRIO(5) | MASKING,
	  .acts = { RUNS, DOES(STI), QUIET, WRITES_CR8(8), QUIET, DOES(NOP), QUIET } },
	{ "B07: Bochs does not mask it again", .options = PSVM_CPU(NO_REMASK),
	  .ctl = IRQ | PRIO(5) | MASKING | VECTOR(0x31),
	  .acts = { RUNS, DOES(STI), QUIET, WRITES_CR8(8), TAKES(INT(0x31)) } },
	{ "15.21.2: with V_INTR_MASKING CR8 is V_TPR", .ctl = TPR(3) | MASKING,
	  .apic_tpr = 7,
	  .acts = { RUNS, READS_CR8(3), WRITES_CR8(9), READS_CR8(9), APIC_TPR_IS(7), LEAVES,
		    STORED(0xff, 9) } },
	{ "15.21.2: without, a write reaches both, a read the local APIC", .ctl = TPR(3),
	  .apic_tpr = 7,
	  .acts = { RUNS, READS_CR8(7), WRITES_CR8(9), READS_CR8(9), APIC_TPR_IS(9),
		    HELD(0xff, 9), LEAVES, STORED(0xff, 9), APIC_TPR_IS(9) } },
	{ "15.21.2: V_TPR is stored in both modes", .ctl = TPR(3),
	  .acts = { RUNS, LEAVES, STORED_ALL(3) } },
	{ "15.21.2: V_TPR does not mask physical interrupts", .ctl = TPR(15), .guest_if = 1,
	  .acts = { RUNS, INTERRUPT(0x21), TAKES(INT(0x21)) } },
	{ "15.21.2: the local APIC's TPR does", .guest_if = 1, .apic_tpr = 2,
	  .acts = { RUNS, INTERRUPT(0x2f), QUIET, WRITES_CR8(1), TAKES(INT(0x2f)) } },
	{ "15.21.2: with V_INTR_MASKING the guest cannot lower it", .ctl = MASKING,
	  .guest_if = 1, .host_if = 1, .apic_tpr = 2,
	  .acts = { RUNS, INTERRUPT(0x2f), QUIET, WRITES_CR8(0), QUIET } },
	{ "15.21.2: nor does its TPR hold virtual interrupts", .ctl = V_IRQ_31, .guest_if = 1,
	  .apic_tpr = 15, .acts = { RUNS, TAKES(INT(0x31)) } },
	{ "15.9: CR8 intercepts exit before anything is done", .ctl = TPR(3) | MASKING,
	  .cr = X_CR8_READ | X_CR8_WRITE,
	  .acts = { RUNS, CANNOT(CR8_WRITE, CODE_CR8_WRITE), HELD(0xff, 3),
		    CANNOT(CR8_READ, CODE_CR8_READ) } },
	{ "QEMU: the CR8 read intercept is ignored", .options = PSVM_CPU(NO_CR8_READ_EXIT),
	  .ctl = TPR(3) | MASKING, .cr = X_CR8_READ | X_CR8_WRITE,
	  .acts = { RUNS, READS_CR8(3), CANNOT(CR8_WRITE, CODE_CR8_WRITE) } },
	{ "table B-1: bits 7:4 are not V_TPR", .ctl = UINT64_C(0xa3) | MASKING,
	  .acts = { RUNS, HELD(0xff, 3), READS_CR8(3), WRITES_CR8(5), LEAVES,
		    STORED(0xff, 0xa5) } },
	{ "Bochs loads and stores the byte", .options = PSVM_CPU(TPR_BYTE),
	  .ctl = UINT64_C(0xa3) | MASKING, .acts = { RUNS, HELD(0xff, 0xa3), READS_CR8(3),
		    LEAVES, STORED(0xff, 0xa3) } },

	/* 15.21.1: whose IF gates a physical interrupt */
	{ "15.21.1: V_INTR_MASKING = 0: the guest's IF = 0 holds it", .host_if = 1,
	  .misc1 = X_INTR, .acts = { INTERRUPT(0x61), RUNS, QUIET } },
	{ "15.21.1: V_INTR_MASKING = 0: the guest's STI lets it exit, after the shadow",
	  .misc1 = X_INTR, .acts = { INTERRUPT(0x61), RUNS, DOES(STI), QUIET, DOES(NOP),
		    EXITS(CODE_INTR) } },
	{ "15.21.1: V_INTR_MASKING = 1: the host's IF = 1 lets it exit, whatever the guest's",
	  .ctl = MASKING, .host_if = 1, .misc1 = X_INTR,
	  .acts = { INTERRUPT(0x61), RUNS, EXITS(CODE_INTR), LEAVES, FLAG_IS(IF, 1) } },
	{ "15.21.1: V_INTR_MASKING = 1: the host's IF = 0 holds it",
	  .ctl = MASKING, .guest_if = 1, .misc1 = X_INTR,
	  .acts = { INTERRUPT(0x61), RUNS, QUIET, DOES(STI), DOES(NOP), QUIET } },
	{ "15.21.1: but not NMIs", .ctl = MASKING, .misc1 = X_NMI,
	  .acts = { NMI, RUNS, EXITS(CODE_NMI) } },
	{ "Bochs: the guest's IF opens", .options = PSVM_CPU(GUEST_IF_GATES),
	  .ctl = MASKING, .guest_if = 1, .misc1 = X_INTR,
	  .acts = { INTERRUPT(0x61), RUNS, EXITS(CODE_INTR) } },
	{ "Bochs: and the host's does not", .options = PSVM_CPU(GUEST_IF_GATES),
	  .ctl = MASKING, .host_if = 1, .misc1 = X_INTR,
	  .acts = { INTERRUPT(0x61), RUNS, QUIET } },
	{ "15.21.1: not intercepted, it goes through the guest's IDT",
	  .ctl = MASKING, .host_if = 1,
	  .acts = { INTERRUPT(0x61), RUNS, TAKES(INT(0x61)), FLAG_IS(GUEST, 1) } },
	{ "15.21.1: a virtual interrupt asks the guest's IF in both modes",
	  .ctl = V_IRQ_31 | MASKING, .host_if = 1, .acts = { RUNS, QUIET } },
	{ "15.21.1 names no shadow: none holds an INTR with V_INTR_MASKING", .ctl = MASKING,
	  .host_if = 1, .shadow = 1, .misc1 = X_INTR,
	  .acts = { INTERRUPT(0x61), RUNS, EXITS(CODE_INTR), LEAVES, SHADOW_IS(1) } },
	{ "VirtualBox: a shadow holds it", .options = PSVM_CPU(SHADOW_HOLDS_EXIT),
	  .ctl = MASKING, .host_if = 1, .shadow = 1, .misc1 = X_INTR,
	  .acts = { INTERRUPT(0x61), RUNS, QUIET, DOES(NOP), EXITS(CODE_INTR) } },
	{ "15.6: after #VMEXIT V_INTR_MASKING is off in the host", .ctl = MASKING | TPR(9),
	  .acts = { RUNS, LEAVES, HELD(UINT64_MAX, 0), WRITES_CR8(6), APIC_TPR_IS(6),
		    READS_CR8(6) } },
	{ "15.21.1: an intercepted interrupt stays, and hits the host", .misc1 = X_INTR,
	  .guest_if = 1, .host_if = 1,
	  .acts = { INTERRUPT(0x61), RUNS, EXITS(CODE_INTR), LEAVES, QUIET, DOES(STGI),
		    TAKES(INT(0x61)) } },

	/* 15.21.5: the shadow */
	{ "15.21.5: a shadow of the VMCB lasts one instruction", .ctl = V_IRQ_31,
	  .guest_if = 1, .shadow = 1,
	  .acts = { RUNS, QUIET, DOES(NOP), TAKES(INT(0x31)), LEAVES, SHADOW_IS(0) } },
	{ "QEMU 7.2: VMRUN ignores the shadow", .options = PSVM_CPU(NO_SHADOW_IN),
	  .ctl = V_IRQ_31, .guest_if = 1, .shadow = 1, .acts = { RUNS, TAKES(INT(0x31)) } },
	{ "15.21.5: an instruction that exits has not consumed the shadow",
	  .misc1 = X_CPUID, .shadow = 1, .guest_if = 1,
	  .acts = { RUNS, CANNOT(CPUID, CODE_CPUID), LEAVES, SHADOW_IS(1) } },
	{ "15.21.5: STI with IF = 1 makes no shadow", .ctl = V_IRQ_31 | TPR(15), .guest_if = 1,
	  .acts = { RUNS, DOES(STI), FLAG_IS(SHADOW, 0) } },
	{ "QEMU: it does, but one in a shadow makes none", .ctl = V_IRQ_31 | TPR(15),
	  .options = PSVM_CPU(STI_SHADOWS), .guest_if = 1,
	  .acts = { RUNS, DOES(STI), FLAG_IS(SHADOW, 1), DOES(STI), FLAG_IS(SHADOW, 0) } },
	{ "15.21.5: #VMEXIT stores the shadow; the rest of 068h, not stated, stays",
	  .shadow = 0xa5a5,
	  .acts = { RUNS, DOES(NOP), LEAVES, SHADOW_IS(0xa5a4) } },
	{ "Bochs stores it as a byte", .shadow = 0xa5a5, .options = PSVM_CPU(BYTE_068),
	  .acts = { RUNS, LEAVES, SHADOW_IS(0xa501) } },
	{ "QEMU over all of 068h", .shadow = 0xa5a5, .options = PSVM_CPU(INT_STATE_WHOLE),
	  .acts = { RUNS, LEAVES, SHADOW_IS(1) } },
	{ "15.21.5: a shadow holds a virtual NMI", .ctl = VNMI_ON | VNMI_WAITS,
	  .misc1 = X_NMI, .shadow = 1, .acts = { RUNS, QUIET, DOES(NOP), TAKES(AN_NMI) } },
	{ "15.21.5: a shadow does not hold an NMI", .misc1 = X_NMI, .shadow = 1,
	  .acts = { NMI, RUNS, EXITS(CODE_NMI), LEAVES, SHADOW_IS(1) } },

	/* 15.17: GIF */
	{ "15.17: VMRUN sets GIF, #VMEXIT clears it",
	  .acts = { RUNS, FLAG_IS(GIF, 1), LEAVES, FLAG_IS(GIF, 0), FLAG_IS(GUEST, 0) } },
	{ "15.17: what waited with GIF = 0 exits before the first instruction",
	  .misc1 = X_INTR, .ctl = MASKING, .host_if = 1,
	  .acts = { INTERRUPT(0x61), QUIET, RUNS, EXITS(CODE_INTR) } },
	{ "15.17: CLGI that nobody intercepts holds INTR, NMI and V_IRQ",
	  .ctl = V_IRQ_31, .guest_if = 1,
	  .acts = { RUNS, DOES(CLGI), INTERRUPT(0x61), NMI, QUIET, DOES(STGI),
		    TAKES(AN_NMI) } },
	{ "15.17: it holds a V_IRQ that NO_REMASK found open, too",
	  .options = PSVM_CPU(NO_REMASK), .ctl = V_IRQ_31, .guest_if = 1,
	  .acts = { RUNS, DOES(CLGI), QUIET, DOES(STGI), TAKES(INT(0x31)) } },
	{ "15.9: an intercepted CLGI exits with GIF as it was", .misc2 = X_CLGI | X_STGI,
	  .acts = { RUNS, CANNOT(CLGI, CODE_CLGI), FLAG_IS(GIF, 1),
		    CANNOT(STGI, CODE_STGI) } },

	/* 15.33: virtual GIF */
	{ "15.33.2, Q05: VGIF = 0 holds a V_IRQ until STGI",
	  .ctl = V_IRQ_31 | VGIF_ON, .guest_if = 1,
	  .acts = { RUNS, QUIET, DOES(STGI), TAKES(INT(0x31)), LEAVES,
		    STORED(GIF9, GIF9) } },
	{ "15.33.2, Q05: CLGI clears bit 9 and leaves GIF alone",
	  .ctl = GIF9 | VGIF_ON, .acts = { RUNS, DOES(CLGI), FLAG_IS(GIF, 1), LEAVES,
		    STORED_ALL(VGIF_ON) } },
	{ "15.33.2: VGIF = 0 does not hold a physical interrupt", .ctl = VGIF_ON,
	  .misc1 = X_INTR, .guest_if = 1,
	  .acts = { INTERRUPT(0x61), RUNS, EXITS(CODE_INTR) } },
	{ "15.33.2: VGIF = 0 holds a virtual NMI",
	  .ctl = VGIF_ON | VNMI_ON | VNMI_WAITS, .misc1 = X_NMI,
	  .acts = { RUNS, QUIET, DOES(STGI), TAKES(AN_NMI) } },
	{ "15.33: bit 9 without bit 25 means nothing and stays", .ctl = V_IRQ_31 | GIF9,
	  .guest_if = 1, .acts = { RUNS, DOES(CLGI), FLAG_IS(GIF, 0), DOES(STGI), LEAVES,
		    STORED_ALL(V_IRQ_31 | GIF9) } },
	{ "15.33.2: the intercept of STGI wins", .ctl = V_IRQ_31 | VGIF_ON, .misc2 = X_STGI,
	  .acts = { RUNS, CANNOT(STGI, CODE_STGI), LEAVES, STORED(GIF9, 0) } },
	{ "15.33: a processor without it ignores bit 25", .lacks = PSVM_CPU(VGIF),
	  .ctl = V_IRQ_31 | VGIF_ON, .guest_if = 1,
	  .acts = { RUNS, HELD(VGIF_ON, 0), TAKES(INT(0x31)), LEAVES,
		    STORED(VGIF_ON, VGIF_ON) } },

	/* 15.21.10: virtual NMI */
	{ "15.21.10: recognized: V_NMI 0, V_NMI_MASK 1; IRET ends it",
	  .ctl = VNMI_ON | VNMI_WAITS, .misc1 = X_NMI,
	  .acts = { RUNS, TAKES(AN_NMI), HELD(VNMI_WAITS | VNMI_MASK, VNMI_MASK), DOES(IRET),
		    LEAVES, STORED_ALL(VNMI_ON) } },
	{ "15.21.10: an exit in the handler stores V_NMI_MASK = 1",
	  .ctl = VNMI_ON | VNMI_WAITS, .misc1 = X_NMI | X_CPUID,
	  .acts = { RUNS, TAKES(AN_NMI), CANNOT(CPUID, CODE_CPUID), LEAVES,
		    STORED_ALL(VNMI_ON | VNMI_MASK), RUNS, QUIET } },
	{ "15.21.10: V_NMI_MASK = 1 holds a virtual NMI until IRET",
	  .ctl = VNMI_ON | VNMI_WAITS | VNMI_MASK, .misc1 = X_NMI, .guest_if = 1,
	  .acts = { RUNS, QUIET, DOES(IRET), TAKES(AN_NMI) } },
	{ "15.21.10: RFLAGS.IF and V_TPR do not hold it",
	  .ctl = VNMI_ON | VNMI_WAITS | TPR(15), .misc1 = X_NMI,
	  .acts = { RUNS, TAKES(AN_NMI) } },
	{ "15.21.10: an intercepted IRET ends nothing",
	  .ctl = VNMI_ON | VNMI_MASK, .misc1 = X_NMI | X_IRET,
	  .acts = { RUNS, CANNOT(IRET, CODE_IRET), LEAVES, STORED(VNMI_MASK, VNMI_MASK) } },
	{ "15.21.10: the NMI intercept is for physical ones, which come first",
	  .ctl = VNMI_ON | VNMI_WAITS, .misc1 = X_NMI,
	  .acts = { RUNS, NMI, EXITS(CODE_NMI), LEAVES, STORED(VNMI_WAITS, VNMI_WAITS) } },
	{ "15.21.10, K15: V_NMI_ENABLE without the NMI intercept fails VMRUN",
	  .ctl = VNMI_ON, .acts = { FAILS, FLAG_IS(GIF, 0), FLAG_IS(GUEST, 0) } },
	{ "15.21.10: not on a processor without it", .lacks = PSVM_CPU(VNMI),
	  .ctl = VNMI_ON | VNMI_WAITS,
	  .acts = { RUNS, QUIET, LEAVES, STORED_ALL(VNMI_ON | VNMI_WAITS) } },
	{ "15.21.10: a fault in the delivery: type 2, V_NMI_MASK saved as 0",
	  .ctl = VNMI_ON | VNMI_WAITS, .misc1 = X_NMI,
	  .acts = { RUNS, TAKES(AN_NMI), CUT_SHORT(AN_NMI), INTINFO_IS(AN_NMI),
		    STORED_ALL(VNMI_ON) } },
	{ "15.21.10: an NMI of EVENTINJ sets V_NMI_MASK", .ctl = VNMI_ON | VNMI_WAITS,
	  .misc1 = X_NMI, .inject = AN_NMI,
	  .acts = { RUNS_IN(AN_NMI), HELD(VNMI_MASK, VNMI_MASK), QUIET, DOES(IRET),
		    TAKES(AN_NMI) } },
	{ "15.21.10: that one cut short: V_NMI_MASK 0, V_NMI still 1",
	  .ctl = VNMI_ON | VNMI_WAITS, .misc1 = X_NMI, .inject = AN_NMI,
	  .acts = { RUNS_IN(AN_NMI), CUT_SHORT(AN_NMI),
		    STORED_ALL(VNMI_ON | VNMI_WAITS) } },
	{ "15.7.2: an injected event cut short takes no request with it",
	  .ctl = MASKING, .host_if = 1, .guest_if = 1, .inject = INT(0x61),
	  .acts = { INTERRUPT(0x61), RUNS_IN(INT(0x61)), CUT_SHORT(INT(0x61)),
		    INTINFO_IS(INT(0x61)), INJ_IS(0), IF_IS(1), DOES(STGI),
		    TAKES(INT(0x61)) } },
	{ "15.7.2: an interrupt of the local APIC cut short is in EXITINTINFO alone",
	  .ctl = MASKING, .host_if = 1,
	  .acts = { INTERRUPT(0x61), RUNS, TAKES(INT(0x61)), CUT_SHORT(INT(0x61)),
		    INTINFO_IS(INT(0x61)), IF_IS(0), DOES(STGI), QUIET } },
	{ "physical before virtual: an interrupt of the local APIC before V_NMI",
	  .ctl = VNMI_ON | VNMI_WAITS, .guest_if = 1, .misc1 = X_NMI | X_INTR,
	  .acts = { INTERRUPT(0x61), RUNS, EXITS(CODE_INTR), LEAVES,
		    STORED(VNMI_WAITS, VNMI_WAITS) } },
	{ "8.5: V_NMI before V_IRQ", .ctl = VNMI_ON | VNMI_WAITS | V_IRQ_31, .guest_if = 1,
	  .misc1 = X_NMI, .acts = { RUNS, TAKES(AN_NMI), DOES(IRET), TAKES(INT(0x31)) } },
	{ "15.21.10: bits 11 and 12 without bit 26 stay", .ctl = VNMI_WAITS | VNMI_MASK,
	  .acts = { RUNS, QUIET, DOES(IRET), LEAVES, STORED_ALL(VNMI_WAITS | VNMI_MASK) } },

	/* 15.20: EVENTINJ */
	{ "15.20: an event is delivered with IF = 0, in a shadow, with VGIF = 0",
	  .ctl = VGIF_ON | TPR(15), .shadow = 1, .inject = INT(0x20),
	  .acts = { RUNS_IN(INT(0x20)), LEAVES, INJ_IS(0), SHADOW_IS(0) } },
	{ "QEMU: the event does not end the shadow", .options = PSVM_CPU(INJECT_IN_SHADOW),
	  .shadow = 1, .inject = INT(0x20),
	  .acts = { RUNS_IN(INT(0x20)), FLAG_IS(SHADOW, 1), DOES(NOP), LEAVES,
		    SHADOW_IS(0) } },
	{ "15.20: before a V_IRQ, which waits for IRET", .ctl = V_IRQ_31, .guest_if = 1,
	  .inject = INT(0x20),
	  .acts = { RUNS_IN(INT(0x20)), QUIET, DOES(IRET), TAKES(INT(0x31)) } },
	{ "15.20, B03: without vNMI an injected NMI does not block NMIs", .inject = AN_NMI,
	  .misc1 = X_NMI, .acts = { RUNS_IN(AN_NMI), NMI, EXITS(CODE_NMI) } },
	{ "15.20: an injected NMI blocks NMIs, by option",
	  .options = PSVM_CPU(NMI_INJECTED_BLOCKS), .inject = AN_NMI, .misc1 = X_NMI,
	  .acts = { RUNS_IN(AN_NMI), NMI, QUIET, DOES(IRET), EXITS(CODE_NMI) } },
	{ "15.20: bit V = 0 injects nothing", .inject = INT(0x20) & 0xffff,
	  .acts = { RUNS, LEAVES, INJ_IS(0) } },
	{ "B02: Bochs clears the bit V only", .options = PSVM_CPU(EVENTINJ_KEPT),
	  .inject = INT(0x20), .acts = { RUNS_IN(INT(0x20)), LEAVES, INJ_IS(0x20) } },
	{ "15.20, K34: type 1 fails VMRUN", .inject = UINT64_C(0x80000120), .acts = { FAILS } },
	{ "15.20, K34: type 5 fails VMRUN", .inject = UINT64_C(0x80000520), .acts = { FAILS } },
	{ "15.20, K34: type 6 fails VMRUN", .inject = UINT64_C(0x80000620), .acts = { FAILS } },
	{ "15.20, K34: type 7 fails VMRUN", .inject = UINT64_C(0x80000720), .acts = { FAILS } },
	{ "15.20, K34: an exception of vector 2 fails VMRUN",
	  .inject = UINT64_C(0x80000302), .acts = { FAILS } },
	{ "15.20: an exception of vector 32 fails VMRUN", .inject = UINT64_C(0x80000320),
	  .acts = { FAILS } },
	{ "15.20: a software interrupt of vector 32 does not",
	  .inject = UINT64_C(0x80000420), .acts = { RUNS_IN(UINT64_C(0x80000420)) } },
	{ "15.20: #PF with its error code", .inject = UINT64_C(0x0000000480000b0e),
	  .acts = { RUNS_IN(UINT64_C(0x0000000480000b0e)) } },

	/* 15.5.1: other ways to fail VMRUN */
	{ "15.5.1: VMRUN not intercepted", .unsafe = 1,
	  .acts = { DOES(STGI), FAILS, FLAG_IS(GIF, 0), HELD(UINT64_MAX, 0) } },
	{ "15.5.1: ASID 0 and the like; the VMCB was not loaded", .bad = 1, .host_if = 1,
	  .ctl = V_IRQ_31, .acts = { FAILS, FLAG_IS(GIF, 0), FLAG_IS(IF, 1),
		    FLAG_IS(GUEST, 0), HELD(UINT64_MAX, 0), STORED_ALL(V_IRQ_31) } },
	{ "15.29.4.1: x2AVIC without AVIC", .ctl = X2AVIC, .acts = { FAILS } },
	{ "15.29.4.1: x2AVIC with AVIC", .ctl = X2AVIC | AVIC, .acts = { RUNS } },
	{ "15.21.5: a VMRUN that fails is over, and so is the host's shadow", .bad = 1,
	  .acts = { DOES(STI), FAILS, FLAG_IS(SHADOW, 0), FLAG_IS(IF, 1) } },

	/* 15.6: what #VMEXIT leaves */
	{ "15.6, table B-1: what the guest does not change stays as software wrote it",
	  .ctl = PRIO(7) | IGN | MASKING | AVIC | VECTOR(0x52) | UINT64_C(0xffffff0038e0e400),
	  .acts = { RUNS, LEAVES,
		    STORED_ALL(PRIO(7) | IGN | MASKING | AVIC | VECTOR(0x52) |
			       UINT64_C(0xffffff0038e0e400)) } },
	{ "table B-1: without their enables bits 9, 11, 12 are not written",
	  .acts = { RUNS, CTL(GIF9 | VNMI_WAITS | VNMI_MASK | IRQ | TPR(4)), LEAVES,
		    STORED_ALL(GIF9 | VNMI_WAITS | VNMI_MASK) } },
	{ "15.6 names no NMI mask: NMIs that a guest's handler blocks stay blocked",
	  .acts = { NMI, RUNS, TAKES(AN_NMI), LEAVES, NMI, DOES(STGI), QUIET, DOES(IRET),
		    TAKES(AN_NMI) } },
	{ "B06: V_IRQ is a bit: bit 9 stays at #VMEXIT", .ctl = IRQ | GIF9 | VGIF_ON,
	  .acts = { RUNS, LEAVES, STORED_ALL(IRQ | GIF9 | VGIF_ON) } },
	{ "B06: Bochs stores a byte", .options = PSVM_CPU(BYTE_061),
	  .lacks = PSVM_CPU(VGIF) | PSVM_CPU(VNMI),
	  .ctl = IRQ | GIF9 | VNMI_WAITS | VNMI_MASK | PRIO(3),
	  .acts = { RUNS, LEAVES, STORED_ALL(IRQ | PRIO(3)) } },
	{ "15.6: RFLAGS.IF of the host comes back", .host_if = 1,
	  .acts = { RUNS, DOES(CLI), LEAVES, FLAG_IS(IF, 1), FLAG_IS(HOST_IF, 0), IF_IS(0) } },
	{ "15.21.9: an NMI that exits waits for the host's STGI", .misc1 = X_NMI,
	  .acts = { NMI, RUNS, EXITS(CODE_NMI), LEAVES, QUIET, DOES(STGI), TAKES(AN_NMI),
		    NMI, QUIET, DOES(IRET), TAKES(AN_NMI) } },

	/* 15.7 to 15.9: instructions */
	{ "15.8: VMMCALL that nobody intercepts is #UD", .acts = { RUNS, UNDEFINED(VMMCALL) } },
	{ "15.9: VMMCALL exits", .misc2 = X_VMMCALL,
	  .acts = { RUNS, CANNOT(VMMCALL, CODE_VMMCALL) } },
	{ "15.9: VMRUN in a guest exits", .acts = { RUNS, CANNOT(VMRUN, CODE_VMRUN) } },
	{ "15.9: HLT exits before it halts", .misc1 = X_HLT,
	  .acts = { RUNS, CANNOT(HLT, CODE_HLT), FLAG_IS(HALTED, 0) } },
	{ "K53: STI; HLT wakes for a V_IRQ", .ctl = V_IRQ_31,
	  .acts = { RUNS, DOES(STI), QUIET, DOES(HLT), TAKES(INT(0x31)),
		    FLAG_IS(HALTED, 0) } },
	{ "15.21.4: a halted processor with nothing to take waits", .ctl = V_IRQ_31,
	  .acts = { RUNS, DOES(HLT), QUIET, DOES(STI), FLAG_IS(IF, 0), FLAG_IS(HALTED, 1) } },
	{ "15.9: no instruction is intercepted in the host", .misc1 = X_CPUID | X_HLT,
	  .misc2 = X_CLGI, .acts = { RUNS, LEAVES, DOES(CPUID), DOES(CLGI), DOES(HLT) } },

	/* 15.15: clean bits */
	{ "15.15, K52: what is clean is not read again", .options = PSVM_CPU(CLEAN),
	  .ctl = TPR(3) | MASKING,
	  .acts = { RUNS, LEAVES, CLEAN(CLEAN_TPR | CLEAN_I), CTL(V_IRQ_31), RUNS,
		    HELD(UINT64_MAX, TPR(3) | MASKING) } },
	{ "15.15: what is not clean is", .options = PSVM_CPU(CLEAN), .ctl = TPR(3) | MASKING,
	  .acts = { RUNS, LEAVES, CLEAN(CLEAN_I), CTL(V_IRQ_31), RUNS,
		    HELD(UINT64_MAX, V_IRQ_31) } },
	{ "15.15: the option off, every field is read", .ctl = TPR(3) | MASKING,
	  .acts = { RUNS, LEAVES, CLEAN(CLEAN_TPR | CLEAN_I), CTL(V_IRQ_31), RUNS,
		    HELD(UINT64_MAX, V_IRQ_31) } },
	{ "15.15, 15.29.4.1: what is clean is not checked again",
	  .options = PSVM_CPU(CLEAN), .ctl = TPR(3),
	  .acts = { RUNS, LEAVES, CLEAN(CLEAN_TPR), CTL(X2AVIC), RUNS, LEAVES, CLEAN(0),
		    CTL(X2AVIC), FAILS } },

	/* options of QEMU and Bochs about when V_IRQ is looked at */
	{ "LATE_V_IRQ: nothing until IF, V_TPR or GIF change",
	  .options = PSVM_CPU(LATE_V_IRQ), .ctl = V_IRQ_31, .guest_if = 1,
	  .acts = { RUNS, QUIET, DOES(STI), QUIET, DOES(STGI), QUIET, DOES(CLI),
		    DOES(STI), QUIET, DOES(NOP), TAKES(INT(0x31)) } },
	{ "LATE_V_IRQ: an STGI that opens makes it look", .options = PSVM_CPU(LATE_V_IRQ),
	  .ctl = V_IRQ_31, .guest_if = 1,
	  .acts = { RUNS, DOES(CLGI), DOES(STGI), TAKES(INT(0x31)) } },
	{ "INTR_HIDES_V_IRQ: a delivered INTR hides V_IRQ until CR8 is written",
	  .options = PSVM_CPU(INTR_HIDES_V_IRQ), .ctl = V_IRQ_31 | MASKING, .guest_if = 1,
	  .host_if = 1,
	  .acts = { INTERRUPT(0x61), RUNS, TAKES(INT(0x61)), FLAG_IS(V_IRQ_HIDDEN, 1),
		    DOES(IRET), QUIET, DOES(CLI), DOES(STI), DOES(NOP), QUIET,
		    WRITES_CR8(0), TAKES(INT(0x31)) } },
	{ "VNMI_BEFORE_INTR: a virtual NMI comes before an INTR",
	  .options = PSVM_CPU(VNMI_BEFORE_INTR), .ctl = VNMI_ON | VNMI_WAITS, .guest_if = 1,
	  .misc1 = X_NMI | X_INTR,
	  .acts = { INTERRUPT(0x61), RUNS, TAKES(AN_NMI), DOES(IRET), EXITS(CODE_INTR) } },
};

/* --- playing a row */

/* One of the two formulations. */
struct formulation {
	const char *name;
	struct psvm_cpu_step (*vmrun)(uint32_t model, struct psvm_cpu cpu,
				      struct psvm_cpu_vmcb vmcb);
	struct psvm_cpu_step (*boundary)(uint32_t model, struct psvm_cpu cpu);
	struct psvm_cpu_step (*execute)(uint32_t model, struct psvm_cpu cpu, uint32_t insn,
					uint32_t value);
	struct psvm_cpu (*cut_short)(struct psvm_cpu before, struct psvm_cpu_step step);
	struct psvm_cpu_exit (*vmexit)(uint32_t model, struct psvm_cpu cpu,
				       struct psvm_cpu_vmcb vmcb, uint64_t exit_int_info);
};

static const struct formulation formulations[] = {
	{ "psvm_cpu", psvm_cpu_vmrun, psvm_cpu_boundary, psvm_cpu_execute,
	  psvm_cpu_cut_short, psvm_cpu_vmexit },
	{ "tables", ref_cpu_vmrun, ref_cpu_boundary, ref_cpu_execute, ref_cpu_cut_short,
	  ref_cpu_vmexit },
};

/* A row as it is played. */
struct play {
	const struct row *row;
	const struct formulation *by;
	uint32_t model;
	size_t act;
	struct psvm_cpu cpu, before; /* the last step, or the delivery at its end */
	struct psvm_cpu_step step;   /* the last one */
	struct psvm_cpu_vmcb vmcb;
};

static struct play begin(const struct row *row, const struct formulation *by)
{
	struct play play = { .row = row, .by = by };

	play.model = ((PSVM_CPU(VGIF) | PSVM_CPU(VNMI)) & ~row->lacks) | row->options;
	play.cpu.tpr = row->apic_tpr;
	/* The host has executed CLGI, as hypervisors do. */
	play.cpu.flags = row->host_if ? PSVM_CPU_F(IF) : 0;
	play.vmcb.words.int_ctl = row->ctl;
	play.vmcb.words.int_state = row->shadow;
	play.vmcb.words.event_inj = row->inject;
	play.vmcb.words.misc1 = row->misc1;
	play.vmcb.misc2 = row->misc2 | (row->unsafe ? 0 : X_VMRUN);
	play.vmcb.cr = row->cr;
	play.vmcb.rflags_if = row->guest_if;
	play.vmcb.bad = row->bad;
	return play;
}

static void must_be(const struct play *play, const char *what, uint64_t is, uint64_t must)
{
	if (is != must)
		fail_msg("%s, act %zu: %s is 0x%" PRIx64 ", not 0x%" PRIx64, play->by->name,
			 play->act, what, is, must);
}

/* The guest before the handler of an injected event: RFLAGS.IF is the VMCB's. */
static struct psvm_cpu loaded(const struct play *play, struct psvm_cpu cpu)
{
	if (play->vmcb.rflags_if)
		cpu.flags |= PSVM_CPU_F(IF);
	return cpu;
}

static void take_step(struct play *play, const struct act *act)
{
	struct psvm_cpu_step step;

	if (act->kind == VMRUN)
		step = play->by->vmrun(play->model, play->cpu, play->vmcb);
	else if (act->kind == BOUNDARY)
		step = play->by->boundary(play->model, play->cpu);
	else
		step = play->by->execute(play->model, play->cpu, act->insn,
					 (uint32_t)act->value);
	must_be(play, "the outcome", step.what, act->what);
	must_be(play, "what was read", step.value, act->what == PSVM_CPU_RAN ? act->sign : 0);
	must_be(play, "the event", step.event,
		act->what == PSVM_CPU_DELIVERED ? act->sign : 0);
	must_be(play, "the exit code", step.exit_code,
		act->what == PSVM_CPU_EXITED ? act->sign : 0);
	play->before = act->kind == VMRUN ? loaded(play, step.cpu) : play->cpu;
	play->step = step;
	play->cpu = step.cpu;
}

static void leave(struct play *play, uint64_t exit_int_info)
{
	struct psvm_cpu_exit exit =
		play->by->vmexit(play->model, play->cpu, play->vmcb, exit_int_info);

	play->cpu = exit.cpu;
	play->vmcb = exit.vmcb;
}

static void do_act(struct play *play, const struct act *act)
{
	switch (act->kind) {
	case VMRUN:
	case BOUNDARY:
	case EXECUTE:
		take_step(play, act);
		break;
	case VMEXIT:
		leave(play, act->value);
		break;
	case CUT:
		play->cpu = play->by->cut_short(play->before, play->step);
		break;
	case CLEAN_IS:
		play->vmcb.clean = (uint32_t)act->value;
		break;
	case CTL_IS:
		play->vmcb.words.int_ctl = act->value;
		break;
	case ARRIVES:
		play->cpu.intr = (uint8_t)act->value;
		break;
	case NMI_ARRIVES:
		play->cpu.flags |= PSVM_CPU_F(NMI);
		break;
	case EXPECT_STORED:
		must_be(play, "060h", play->vmcb.words.int_ctl & act->mask, act->value);
		break;
	case EXPECT_HELD:
		must_be(play, "060h of the processor", play->cpu.int_ctl & act->mask,
			act->value);
		break;
	case EXPECT_FLAGS:
		must_be(play, "the flag", play->cpu.flags & act->mask, act->value);
		break;
	case EXPECT_SHADOW:
		must_be(play, "068h", play->vmcb.words.int_state, act->value);
		break;
	case EXPECT_INJ:
		must_be(play, "EVENTINJ", play->vmcb.words.event_inj, act->value);
		break;
	case EXPECT_INTINFO:
		must_be(play, "EXITINTINFO", play->vmcb.words.exit_int_info, act->value);
		break;
	case EXPECT_IF:
		must_be(play, "IF of the guest", play->vmcb.rflags_if, act->value);
		break;
	case EXPECT_APIC_TPR:
		must_be(play, "TPR of the local APIC", play->cpu.tpr, act->value);
		break;
	case END:
		break;
	}
}

static void test_row(void **state)
{
	const struct row *row = *state;

	for (size_t f = 0; f < N_ROWS(formulations); f++) {
		struct play play = begin(row, &formulations[f]);

		for (play.act = 0; play.act < ACTS; play.act++)
			do_act(&play, &row->acts[play.act]);
	}
}

int main(void)
{
	struct CMUnitTest tests[N_ROWS(rows)];

	for (size_t i = 0; i < N_ROWS(rows); i++)
		tests[i] = check_case(rows[i].name, test_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
