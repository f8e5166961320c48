/* SPDX-License-Identifier: MIT */
/*
 * psvm/vmcb_bits.h - the named bits and values of the words of a VMCB.
 *
 * References
 *   [APM] AMD64 Architecture Programmer's Manual volume 2, order 24593,
 *         revision 3.44: chapter 15, table B-1, appendix C (exit codes).
 *
 * The bits of the word at 060h are in psvm/int_ctl.h.
 *
 * Every table of bits has the rows
 *
 *   X(name, shift, width, gate, section)
 *
 * with the lowest bit and the number of bits in the word, a gate of PSVM_GATES
 * (psvm/vmcb_fields.h), and a section of [APM]. Bits that no row covers should
 * be zero. A table of values has the rows X(name, value, gate, section).
 */
#ifndef PSVM_VMCB_BITS_H
#define PSVM_VMCB_BITS_H

#include "types.h"

/*
 * The intercept words at 000h-017h, and the exit codes of the intercepts.
 */

/* Sixteen rows for registers 0 to 15; base is the bit of register 0. */
#define PSVM_REGISTERS(X, reg, access, base, gate, section) \
	X(reg##0_##access, (base) + 0, 1, gate, section) \
	X(reg##1_##access, (base) + 1, 1, gate, section) \
	X(reg##2_##access, (base) + 2, 1, gate, section) \
	X(reg##3_##access, (base) + 3, 1, gate, section) \
	X(reg##4_##access, (base) + 4, 1, gate, section) \
	X(reg##5_##access, (base) + 5, 1, gate, section) \
	X(reg##6_##access, (base) + 6, 1, gate, section) \
	X(reg##7_##access, (base) + 7, 1, gate, section) \
	X(reg##8_##access, (base) + 8, 1, gate, section) \
	X(reg##9_##access, (base) + 9, 1, gate, section) \
	X(reg##10_##access, (base) + 10, 1, gate, section) \
	X(reg##11_##access, (base) + 11, 1, gate, section) \
	X(reg##12_##access, (base) + 12, 1, gate, section) \
	X(reg##13_##access, (base) + 13, 1, gate, section) \
	X(reg##14_##access, (base) + 14, 1, gate, section) \
	X(reg##15_##access, (base) + 15, 1, gate, section)

#define PSVM_INTERCEPT_CR_BITS(X) \
	PSVM_REGISTERS(X, CR, READ, 0, BASE, "15.9, B-1") \
	PSVM_REGISTERS(X, CR, WRITE, 16, BASE, "15.9, B-1")

#define PSVM_INTERCEPT_DR_BITS(X) \
	PSVM_REGISTERS(X, DR, READ, 0, BASE, "15.9, B-1") \
	PSVM_REGISTERS(X, DR, WRITE, 16, BASE, "15.9, B-1")

/* Vectors without an exception of their own have the number as name. */
#define PSVM_INTERCEPT_EXCEPTION_BITS(X) \
	X(EXCP_DE, 0, 1, BASE, "15.12, B-1") \
	X(EXCP_DB, 1, 1, BASE, "15.12, B-1") \
	X(EXCP_2, 2, 1, BASE, "15.12, B-1") \
	X(EXCP_BP, 3, 1, BASE, "15.12, B-1") \
	X(EXCP_OF, 4, 1, BASE, "15.12, B-1") \
	X(EXCP_BR, 5, 1, BASE, "15.12, B-1") \
	X(EXCP_UD, 6, 1, BASE, "15.12, B-1") \
	X(EXCP_NM, 7, 1, BASE, "15.12, B-1") \
	X(EXCP_DF, 8, 1, BASE, "15.12, B-1") \
	X(EXCP_9, 9, 1, BASE, "15.12, B-1") \
	X(EXCP_TS, 10, 1, BASE, "15.12, B-1") \
	X(EXCP_NP, 11, 1, BASE, "15.12, B-1") \
	X(EXCP_SS, 12, 1, BASE, "15.12, B-1") \
	X(EXCP_GP, 13, 1, BASE, "15.12, B-1") \
	X(EXCP_PF, 14, 1, BASE, "15.12, B-1") \
	X(EXCP_15, 15, 1, BASE, "15.12, B-1") \
	X(EXCP_MF, 16, 1, BASE, "15.12, B-1") \
	X(EXCP_AC, 17, 1, BASE, "15.12, B-1") \
	X(EXCP_MC, 18, 1, BASE, "15.12, B-1") \
	X(EXCP_XF, 19, 1, BASE, "15.12, B-1") \
	X(EXCP_20, 20, 1, BASE, "15.12, B-1") \
	X(EXCP_CP, 21, 1, BASE, "15.12, B-1") \
	X(EXCP_22, 22, 1, BASE, "15.12, B-1") \
	X(EXCP_23, 23, 1, BASE, "15.12, B-1") \
	X(EXCP_24, 24, 1, BASE, "15.12, B-1") \
	X(EXCP_25, 25, 1, BASE, "15.12, B-1") \
	X(EXCP_26, 26, 1, BASE, "15.12, B-1") \
	X(EXCP_27, 27, 1, BASE, "15.12, B-1") \
	X(EXCP_HV, 28, 1, BASE, "15.12, B-1") \
	X(EXCP_VC, 29, 1, BASE, "15.12, B-1") \
	X(EXCP_SX, 30, 1, BASE, "15.12, B-1") \
	X(EXCP_31, 31, 1, BASE, "15.12, B-1")

/* Word 00Ch. */
#define PSVM_INTERCEPT_MISC1_BITS(X) \
	X(INTR, 0, 1, BASE, "15.13, B-1") \
	X(NMI, 1, 1, BASE, "15.13, B-1") \
	X(SMI, 2, 1, BASE, "15.13, B-1") \
	X(INIT, 3, 1, BASE, "15.13, B-1") \
	X(VINTR, 4, 1, BASE, "15.13, 15.21, B-1") \
	X(CR0_SEL_WRITE, 5, 1, BASE, "15.9, B-1") \
	X(IDTR_READ, 6, 1, BASE, "15.9, B-1") \
	X(GDTR_READ, 7, 1, BASE, "15.9, B-1") \
	X(LDTR_READ, 8, 1, BASE, "15.9, B-1") \
	X(TR_READ, 9, 1, BASE, "15.9, B-1") \
	X(IDTR_WRITE, 10, 1, BASE, "15.9, B-1") \
	X(GDTR_WRITE, 11, 1, BASE, "15.9, B-1") \
	X(LDTR_WRITE, 12, 1, BASE, "15.9, B-1") \
	X(TR_WRITE, 13, 1, BASE, "15.9, B-1") \
	X(RDTSC, 14, 1, BASE, "15.9, B-1") \
	X(RDPMC, 15, 1, BASE, "15.9, B-1") \
	X(PUSHF, 16, 1, BASE, "15.9, B-1") \
	X(POPF, 17, 1, BASE, "15.9, B-1") \
	X(CPUID, 18, 1, BASE, "15.9, B-1") \
	X(RSM, 19, 1, BASE, "15.9, B-1") \
	X(IRET, 20, 1, BASE, "15.9, B-1") \
	X(SWINT, 21, 1, BASE, "15.9, B-1") \
	X(INVD, 22, 1, BASE, "15.9, B-1") \
	X(PAUSE, 23, 1, BASE, "15.9, B-1") \
	X(HLT, 24, 1, BASE, "15.9, B-1") \
	X(INVLPG, 25, 1, BASE, "15.9, B-1") \
	X(INVLPGA, 26, 1, BASE, "15.9, B-1") \
	X(IOIO_PROT, 27, 1, BASE, "15.10, B-1") \
	X(MSR_PROT, 28, 1, BASE, "15.11, B-1") \
	X(TASK_SWITCH, 29, 1, BASE, "15.14, B-1") \
	X(FERR_FREEZE, 30, 1, BASE, "15.14, B-1") \
	X(SHUTDOWN, 31, 1, BASE, "15.14, B-1")

/* Word 010h. */
#define PSVM_INTERCEPT_MISC2_BITS(X) \
	X(VMRUN, 0, 1, BASE, "15.9, B-1") \
	X(VMMCALL, 1, 1, BASE, "15.9, B-1") \
	X(VMLOAD, 2, 1, BASE, "15.9, B-1") \
	X(VMSAVE, 3, 1, BASE, "15.9, B-1") \
	X(STGI, 4, 1, BASE, "15.9, B-1") \
	X(CLGI, 5, 1, BASE, "15.9, B-1") \
	X(SKINIT, 6, 1, INSTRUCTION, "15.9, B-1") \
	X(RDTSCP, 7, 1, INSTRUCTION, "15.9, B-1") \
	X(ICEBP, 8, 1, BASE, "15.9, B-1") \
	X(WBINVD, 9, 1, BASE, "15.9, B-1") \
	X(MONITOR, 10, 1, INSTRUCTION, "15.9, B-1") \
	X(MWAIT, 11, 1, INSTRUCTION, "15.9, B-1") \
	X(MWAIT_ARMED, 12, 1, INSTRUCTION, "15.9, B-1") \
	X(XSETBV, 13, 1, INSTRUCTION, "15.9, B-1") \
	X(RDPRU, 14, 1, INSTRUCTION, "15.9, B-1") \
	X(EFER_WRITE_TRAP, 15, 1, SEV_ES, "15.35.10, B-1") \
	PSVM_REGISTERS(X, CR, WRITE_TRAP, 16, SEV_ES, "15.35.10, B-1")

/* Word 014h. */
#define PSVM_INTERCEPT_MISC3_BITS(X) \
	X(INVLPGB, 0, 1, TLBI_CTL, "15.9, B-1") \
	X(INVLPGB_ILLEGAL, 1, 1, TLBI_CTL, "15.9, B-1") \
	X(INVPCID, 2, 1, INSTRUCTION, "15.9, B-1") \
	X(MCOMMIT, 3, 1, INSTRUCTION, "15.9, B-1") \
	X(TLBSYNC, 4, 1, TLBI_CTL, "15.9, B-1") \
	X(BUS_LOCK, 5, 1, BUS_LOCK_THRESHOLD, "15.14, B-1") \
	X(IDLE_HLT, 6, 1, IDLE_HLT, "15.9, B-1")

/* Exit codes that no intercept bit has. */
#define PSVM_EXIT_CODES(X) \
	X(NPF, UINT64_C(0x400), NP, "15.25, C") \
	X(AVIC_INCOMPLETE_IPI, UINT64_C(0x401), AVIC, "15.29, C") \
	X(AVIC_NOACCEL, UINT64_C(0x402), AVIC, "15.29, C") \
	X(VMGEXIT, UINT64_C(0x403), SEV_ES, "15.35, C") \
	X(INVALID, UINT64_MAX, BASE, "15.5.1, C") \
	X(BUSY, UINT64_MAX - 1, SEV_ES, "15.36, C") \
	X(IDLE_REQUIRED, UINT64_MAX - 2, SEV_ES, "15.36, C") \
	X(INVALID_PMC, UINT64_MAX - 3, SEV_ES, "C")

/*
 * PSVM_EXIT_VINTR, ...: the exit code of an intercept is the number of its bit,
 * counted from the first bit of the word at 000h.
 */
enum {
#define PSVM_X(name, shift, width, gate, section) PSVM_EXIT_##name = 0x000 + (shift),
	PSVM_INTERCEPT_CR_BITS(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, shift, width, gate, section) PSVM_EXIT_##name = 0x020 + (shift),
	PSVM_INTERCEPT_DR_BITS(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, shift, width, gate, section) PSVM_EXIT_##name = 0x040 + (shift),
	PSVM_INTERCEPT_EXCEPTION_BITS(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, shift, width, gate, section) PSVM_EXIT_##name = 0x060 + (shift),
	PSVM_INTERCEPT_MISC1_BITS(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, shift, width, gate, section) PSVM_EXIT_##name = 0x080 + (shift),
	PSVM_INTERCEPT_MISC2_BITS(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, shift, width, gate, section) PSVM_EXIT_##name = 0x0a0 + (shift),
	PSVM_INTERCEPT_MISC3_BITS(PSVM_X)
#undef PSVM_X
};

#define PSVM_EXIT_NPF		      UINT64_C(0x400)
#define PSVM_EXIT_AVIC_INCOMPLETE_IPI UINT64_C(0x401)
#define PSVM_EXIT_AVIC_NOACCEL	      UINT64_C(0x402)
#define PSVM_EXIT_VMGEXIT	      UINT64_C(0x403)
#define PSVM_EXIT_INVALID	      UINT64_MAX
#define PSVM_EXIT_BUSY		      (UINT64_MAX - 1)
#define PSVM_EXIT_IDLE_REQUIRED	      (UINT64_MAX - 2)
#define PSVM_EXIT_INVALID_PMC	      (UINT64_MAX - 3)

/** The mask of an intercept in its 32-bit word: PSVM_INTERCEPT_MASK(CR3_WRITE). */
#define PSVM_INTERCEPT_MASK(name) PSVM_MASK32(PSVM_EXIT_##name % 32, 1)

/* Word 000h. */
#define PSVM_INTERCEPT_CR0_READ	 PSVM_INTERCEPT_MASK(CR0_READ)
#define PSVM_INTERCEPT_CR3_READ	 PSVM_INTERCEPT_MASK(CR3_READ)
#define PSVM_INTERCEPT_CR4_READ	 PSVM_INTERCEPT_MASK(CR4_READ)
#define PSVM_INTERCEPT_CR8_READ	 PSVM_INTERCEPT_MASK(CR8_READ)
#define PSVM_INTERCEPT_CR0_WRITE PSVM_INTERCEPT_MASK(CR0_WRITE)
#define PSVM_INTERCEPT_CR3_WRITE PSVM_INTERCEPT_MASK(CR3_WRITE)
#define PSVM_INTERCEPT_CR4_WRITE PSVM_INTERCEPT_MASK(CR4_WRITE)
#define PSVM_INTERCEPT_CR8_WRITE PSVM_INTERCEPT_MASK(CR8_WRITE)

/* Word 00Ch. */
#define PSVM_INTERCEPT_INTR	     PSVM_INTERCEPT_MASK(INTR)
#define PSVM_INTERCEPT_NMI	     PSVM_INTERCEPT_MASK(NMI)
#define PSVM_INTERCEPT_SMI	     PSVM_INTERCEPT_MASK(SMI)
#define PSVM_INTERCEPT_INIT	     PSVM_INTERCEPT_MASK(INIT)
#define PSVM_INTERCEPT_VINTR	     PSVM_INTERCEPT_MASK(VINTR)
#define PSVM_INTERCEPT_CR0_SEL_WRITE PSVM_INTERCEPT_MASK(CR0_SEL_WRITE)
#define PSVM_INTERCEPT_IDTR_READ     PSVM_INTERCEPT_MASK(IDTR_READ)
#define PSVM_INTERCEPT_GDTR_READ     PSVM_INTERCEPT_MASK(GDTR_READ)
#define PSVM_INTERCEPT_LDTR_READ     PSVM_INTERCEPT_MASK(LDTR_READ)
#define PSVM_INTERCEPT_TR_READ	     PSVM_INTERCEPT_MASK(TR_READ)
#define PSVM_INTERCEPT_IDTR_WRITE    PSVM_INTERCEPT_MASK(IDTR_WRITE)
#define PSVM_INTERCEPT_GDTR_WRITE    PSVM_INTERCEPT_MASK(GDTR_WRITE)
#define PSVM_INTERCEPT_LDTR_WRITE    PSVM_INTERCEPT_MASK(LDTR_WRITE)
#define PSVM_INTERCEPT_TR_WRITE	     PSVM_INTERCEPT_MASK(TR_WRITE)
#define PSVM_INTERCEPT_RDTSC	     PSVM_INTERCEPT_MASK(RDTSC)
#define PSVM_INTERCEPT_RDPMC	     PSVM_INTERCEPT_MASK(RDPMC)
#define PSVM_INTERCEPT_PUSHF	     PSVM_INTERCEPT_MASK(PUSHF)
#define PSVM_INTERCEPT_POPF	     PSVM_INTERCEPT_MASK(POPF)
#define PSVM_INTERCEPT_CPUID	     PSVM_INTERCEPT_MASK(CPUID)
#define PSVM_INTERCEPT_RSM	     PSVM_INTERCEPT_MASK(RSM)
#define PSVM_INTERCEPT_IRET	     PSVM_INTERCEPT_MASK(IRET)
#define PSVM_INTERCEPT_SWINT	     PSVM_INTERCEPT_MASK(SWINT)
#define PSVM_INTERCEPT_INVD	     PSVM_INTERCEPT_MASK(INVD)
#define PSVM_INTERCEPT_PAUSE	     PSVM_INTERCEPT_MASK(PAUSE)
#define PSVM_INTERCEPT_HLT	     PSVM_INTERCEPT_MASK(HLT)
#define PSVM_INTERCEPT_INVLPG	     PSVM_INTERCEPT_MASK(INVLPG)
#define PSVM_INTERCEPT_INVLPGA	     PSVM_INTERCEPT_MASK(INVLPGA)
#define PSVM_INTERCEPT_IOIO_PROT     PSVM_INTERCEPT_MASK(IOIO_PROT)
#define PSVM_INTERCEPT_MSR_PROT	     PSVM_INTERCEPT_MASK(MSR_PROT)
#define PSVM_INTERCEPT_TASK_SWITCH   PSVM_INTERCEPT_MASK(TASK_SWITCH)
#define PSVM_INTERCEPT_FERR_FREEZE   PSVM_INTERCEPT_MASK(FERR_FREEZE)
#define PSVM_INTERCEPT_SHUTDOWN	     PSVM_INTERCEPT_MASK(SHUTDOWN)

/* Word 010h. */
#define PSVM_INTERCEPT_VMRUN	       PSVM_INTERCEPT_MASK(VMRUN)
#define PSVM_INTERCEPT_VMMCALL	       PSVM_INTERCEPT_MASK(VMMCALL)
#define PSVM_INTERCEPT_VMLOAD	       PSVM_INTERCEPT_MASK(VMLOAD)
#define PSVM_INTERCEPT_VMSAVE	       PSVM_INTERCEPT_MASK(VMSAVE)
#define PSVM_INTERCEPT_STGI	       PSVM_INTERCEPT_MASK(STGI)
#define PSVM_INTERCEPT_CLGI	       PSVM_INTERCEPT_MASK(CLGI)
#define PSVM_INTERCEPT_SKINIT	       PSVM_INTERCEPT_MASK(SKINIT)
#define PSVM_INTERCEPT_RDTSCP	       PSVM_INTERCEPT_MASK(RDTSCP)
#define PSVM_INTERCEPT_ICEBP	       PSVM_INTERCEPT_MASK(ICEBP)
#define PSVM_INTERCEPT_WBINVD	       PSVM_INTERCEPT_MASK(WBINVD)
#define PSVM_INTERCEPT_MONITOR	       PSVM_INTERCEPT_MASK(MONITOR)
#define PSVM_INTERCEPT_MWAIT	       PSVM_INTERCEPT_MASK(MWAIT)
#define PSVM_INTERCEPT_MWAIT_ARMED     PSVM_INTERCEPT_MASK(MWAIT_ARMED)
#define PSVM_INTERCEPT_XSETBV	       PSVM_INTERCEPT_MASK(XSETBV)
#define PSVM_INTERCEPT_RDPRU	       PSVM_INTERCEPT_MASK(RDPRU)
#define PSVM_INTERCEPT_EFER_WRITE_TRAP PSVM_INTERCEPT_MASK(EFER_WRITE_TRAP)

/* Word 014h. */
#define PSVM_INTERCEPT_INVLPGB	       PSVM_INTERCEPT_MASK(INVLPGB)
#define PSVM_INTERCEPT_INVLPGB_ILLEGAL PSVM_INTERCEPT_MASK(INVLPGB_ILLEGAL)
#define PSVM_INTERCEPT_INVPCID	       PSVM_INTERCEPT_MASK(INVPCID)
#define PSVM_INTERCEPT_MCOMMIT	       PSVM_INTERCEPT_MASK(MCOMMIT)
#define PSVM_INTERCEPT_TLBSYNC	       PSVM_INTERCEPT_MASK(TLBSYNC)
#define PSVM_INTERCEPT_BUS_LOCK	       PSVM_INTERCEPT_MASK(BUS_LOCK)
#define PSVM_INTERCEPT_IDLE_HLT	       PSVM_INTERCEPT_MASK(IDLE_HLT)

/*
 * 05Ch: what VMRUN does to the TLB. The encodings are values, not bits.
 */
#define PSVM_TLB_CONTROL_VALUES(X) \
	X(NOTHING, 0x00, BASE, "15.16, B-1") \
	X(FLUSH_ALL, 0x01, BASE, "15.16, B-1") \
	X(FLUSH_ASID, 0x03, FLUSH_BY_ASID, "15.16, B-1") \
	X(FLUSH_ASID_NON_GLOBAL, 0x07, FLUSH_BY_ASID, "15.16, B-1")

enum {
#define PSVM_X(name, value, gate, section) PSVM_TLB_CONTROL_##name = value,
	PSVM_TLB_CONTROL_VALUES(PSVM_X)
#undef PSVM_X
};

/* 05Dh: bits 40 and 41 of the quadword at 058h. */
#define PSVM_ERAP_BITS(X) \
	X(ALLOW_LARGER_RAP, 0, 1, ERAPS, "B-1") \
	X(CLEAR_RAP, 1, 1, ERAPS, "B-1")

#define PSVM_ERAP_ALLOW_LARGER_RAP UINT8_C(0x01)
#define PSVM_ERAP_CLEAR_RAP	   UINT8_C(0x02)

/* 068h. */
#define PSVM_INT_STATE_BITS(X) \
	X(INTERRUPT_SHADOW, 0, 1, BASE, "15.21.5, B-1") \
	X(GUEST_INTERRUPT_MASK, 1, 1, SEV_ES, "15.35, B-1")

#define PSVM_INT_STATE_INTERRUPT_SHADOW	    PSVM_MASK64(0, 1)
#define PSVM_INT_STATE_GUEST_INTERRUPT_MASK PSVM_MASK64(1, 1)

/* 088h (EXITINTINFO) and 0A8h (EVENTINJ): the same layout. */
#define PSVM_EVENT_BITS(X) \
	X(VECTOR, 0, 8, BASE, "15.20, B-1") \
	X(TYPE, 8, 3, BASE, "15.20, B-1") \
	X(EV, 11, 1, BASE, "15.20, B-1") \
	X(V, 31, 1, BASE, "15.20, B-1") \
	X(ERROR_CODE, 32, 32, BASE, "15.20, B-1")

/** The fields of event_inj and of exit_int_info. */
#define PSVM_EVENT_INJ_VECTOR	  PSVM_MASK64(0, 8)
#define PSVM_EVENT_INJ_TYPE	  PSVM_MASK64(8, 3)
#define PSVM_EVENT_INJ_EV	  PSVM_MASK64(11, 1)
#define PSVM_EVENT_INJ_V	  PSVM_MASK64(31, 1)
#define PSVM_EVENT_INJ_ERROR_CODE PSVM_MASK64(32, 32)

/* The field TYPE of an event. Types 1, 5, 6 and 7 fail VMRUN. */
#define PSVM_EVENT_TYPE_VALUES(X) \
	X(INTR, 0, BASE, "15.20") \
	X(NMI, 2, BASE, "15.20") \
	X(EXCEPTION, 3, BASE, "15.20") \
	X(SWINT, 4, BASE, "15.20")

/** PSVM_EVENT_TYPE_INTR, ...: values of the field TYPE, not shifted. */
enum {
	PSVM_EVENT_TYPE_SHIFT = 8,
#define PSVM_X(name, value, gate, section) PSVM_EVENT_TYPE_##name = value,
	PSVM_EVENT_TYPE_VALUES(PSVM_X)
#undef PSVM_X
};

/* 090h. */
#define PSVM_NESTED_CTL_BITS(X) \
	X(NP_ENABLE, 0, 1, NP, "15.25.3, B-1") \
	X(SEV_ENABLE, 1, 1, SEV, "15.34, B-1") \
	X(SEV_ES_ENABLE, 2, 1, SEV_ES, "15.35, B-1") \
	X(GMET_ENABLE, 3, 1, GMET, "15.25, B-1") \
	X(SSS_CHECK_ENABLE, 4, 1, SSS_CHECK, "15.25, B-1") \
	X(VTE_ENABLE, 5, 1, VTE, "15.36, B-1") \
	X(RO_GPT_ENABLE, 6, 1, ROGPT, "15.25, B-1") \
	X(INVLPGB_ENABLE, 7, 1, TLBI_CTL, "B-1")

#define PSVM_NESTED_CTL_NP_ENABLE	 PSVM_MASK64(0, 1)
#define PSVM_NESTED_CTL_SEV_ENABLE	 PSVM_MASK64(1, 1)
#define PSVM_NESTED_CTL_SEV_ES_ENABLE	 PSVM_MASK64(2, 1)
#define PSVM_NESTED_CTL_GMET_ENABLE	 PSVM_MASK64(3, 1)
#define PSVM_NESTED_CTL_SSS_CHECK_ENABLE PSVM_MASK64(4, 1)
#define PSVM_NESTED_CTL_VTE_ENABLE	 PSVM_MASK64(5, 1)
#define PSVM_NESTED_CTL_RO_GPT_ENABLE	 PSVM_MASK64(6, 1)
#define PSVM_NESTED_CTL_INVLPGB_ENABLE	 PSVM_MASK64(7, 1)

/* 0B8h. */
#define PSVM_VIRT_EXT_BITS(X) \
	X(LBR_VIRT_ENABLE, 0, 1, LBR_VIRT, "15.23, B-1") \
	X(VMSAVE_VIRT_ENABLE, 1, 1, VMSAVE_VIRT, "15.33.1, B-1") \
	X(IBS_VIRT_ENABLE, 2, 1, IBS_VIRT, "B-1") \
	X(PMC_VIRT_ENABLE, 3, 1, PMC_VIRT, "B-1")

#define PSVM_VIRT_EXT_LBR_VIRT_ENABLE	 PSVM_MASK64(0, 1)
#define PSVM_VIRT_EXT_VMSAVE_VIRT_ENABLE PSVM_MASK64(1, 1)
#define PSVM_VIRT_EXT_IBS_VIRT_ENABLE	 PSVM_MASK64(2, 1)
#define PSVM_VIRT_EXT_PMC_VIRT_ENABLE	 PSVM_MASK64(3, 1)

/*
 * 0C0h. A set bit says: the fields of this group are as they were when this
 * processor ran this VMCB the last time.
 */
#define PSVM_CLEAN_BITS(X) \
	X(I, 0, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(IOPM, 1, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(ASID, 2, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(TPR, 3, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(NP, 4, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(CRX, 5, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(DRX, 6, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(DT, 7, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(SEG, 8, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(CR2, 9, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(LBR, 10, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(AVIC, 11, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(CET, 12, 1, VMCB_CLEAN, "15.15.3, B-1") \
	X(SOFTWARE, 31, 1, BASE, "15.15.3, B-1")

#define PSVM_CLEAN_I	    PSVM_MASK32(0, 1)
#define PSVM_CLEAN_IOPM	    PSVM_MASK32(1, 1)
#define PSVM_CLEAN_ASID	    PSVM_MASK32(2, 1)
#define PSVM_CLEAN_TPR	    PSVM_MASK32(3, 1)
#define PSVM_CLEAN_NP	    PSVM_MASK32(4, 1)
#define PSVM_CLEAN_CRX	    PSVM_MASK32(5, 1)
#define PSVM_CLEAN_DRX	    PSVM_MASK32(6, 1)
#define PSVM_CLEAN_DT	    PSVM_MASK32(7, 1)
#define PSVM_CLEAN_SEG	    PSVM_MASK32(8, 1)
#define PSVM_CLEAN_CR2	    PSVM_MASK32(9, 1)
#define PSVM_CLEAN_LBR	    PSVM_MASK32(10, 1)
#define PSVM_CLEAN_AVIC	    PSVM_MASK32(11, 1)
#define PSVM_CLEAN_CET	    PSVM_MASK32(12, 1)
#define PSVM_CLEAN_SOFTWARE PSVM_MASK32(31, 1)
/** The group of the fields that are in no group. */
#define PSVM_CLEAN_NONE	    UINT32_C(0)

/* 098h, 0E0h, 0F0h, 0F8h: physical addresses of AVIC. */
#define PSVM_AVIC_VAPIC_BAR_BITS(X) \
	X(APIC_BAR, 0, 52, AVIC, "15.29, B-1")
#define PSVM_AVIC_BACKING_PAGE_BITS(X) \
	X(BACKING_PAGE, 0, 52, AVIC, "15.29, B-1")
#define PSVM_AVIC_LOGICAL_ID_BITS(X) \
	X(LOGICAL_TABLE, 12, 40, AVIC, "15.29, B-1")
#define PSVM_AVIC_PHYSICAL_ID_BITS(X) \
	X(MAX_INDEX, 0, 12, AVIC, "15.29, B-1") \
	X(PHYSICAL_TABLE, 12, 40, AVIC, "15.29, B-1")

/* 108h, 134h, 138h, 140h: SEV-ES and Secure AVIC. */
#define PSVM_VMSA_PA_BITS(X) \
	X(VMSA, 12, 40, SEV_ES, "15.35, B-1")
#define PSVM_UPDATE_IRR_BITS(X) \
	X(UPDATE_IRR, 0, 1, SECURE_AVIC, "15.36, B-1")
#define PSVM_ALLOWED_SEV_FEATURES_BITS(X) \
	X(FEATURES, 0, 62, ALLOWED_SEV_FEATURES, "15.36, B-1") \
	X(ENABLE, 63, 1, ALLOWED_SEV_FEATURES, "15.36, B-1")
#define PSVM_GUEST_SEV_FEATURES_BITS(X) \
	X(FEATURES, 0, 62, ALLOWED_SEV_FEATURES, "15.36, B-1")

/*
 * Proof that each constant above is its row, and that none is missing.
 */
#define PSVM_ROW_IS(constant, mask) \
	PSVM_STATIC_ASSERT((constant) == (mask), #constant " is not its row");
#define PSVM_X_INTERCEPT(name, shift, width, gate, section) \
	PSVM_ROW_IS(PSVM_INTERCEPT_##name, PSVM_MASK32(shift, width))
#define PSVM_X_EXIT(name, value, gate, section) \
	PSVM_ROW_IS(PSVM_EXIT_##name, value)
#define PSVM_X_ERAP(name, shift, width, gate, section) \
	PSVM_ROW_IS(PSVM_ERAP_##name, PSVM_MASK32(shift, width))
#define PSVM_X_INT_STATE(name, shift, width, gate, section) \
	PSVM_ROW_IS(PSVM_INT_STATE_##name, PSVM_MASK64(shift, width))
#define PSVM_X_EVENT(name, shift, width, gate, section) \
	PSVM_ROW_IS(PSVM_EVENT_INJ_##name, PSVM_MASK64(shift, width))
#define PSVM_X_NESTED_CTL(name, shift, width, gate, section) \
	PSVM_ROW_IS(PSVM_NESTED_CTL_##name, PSVM_MASK64(shift, width))
#define PSVM_X_VIRT_EXT(name, shift, width, gate, section) \
	PSVM_ROW_IS(PSVM_VIRT_EXT_##name, PSVM_MASK64(shift, width))
#define PSVM_X_CLEAN(name, shift, width, gate, section) \
	PSVM_ROW_IS(PSVM_CLEAN_##name, PSVM_MASK32(shift, width))
PSVM_INTERCEPT_MISC1_BITS(PSVM_X_INTERCEPT)
PSVM_INTERCEPT_MISC3_BITS(PSVM_X_INTERCEPT)
PSVM_EXIT_CODES(PSVM_X_EXIT)
PSVM_ERAP_BITS(PSVM_X_ERAP)
PSVM_INT_STATE_BITS(PSVM_X_INT_STATE)
PSVM_EVENT_BITS(PSVM_X_EVENT)
PSVM_NESTED_CTL_BITS(PSVM_X_NESTED_CTL)
PSVM_VIRT_EXT_BITS(PSVM_X_VIRT_EXT)
PSVM_CLEAN_BITS(PSVM_X_CLEAN)
#undef PSVM_X_INTERCEPT
#undef PSVM_X_EXIT
#undef PSVM_X_ERAP
#undef PSVM_X_INT_STATE
#undef PSVM_X_EVENT
#undef PSVM_X_NESTED_CTL
#undef PSVM_X_VIRT_EXT
#undef PSVM_X_CLEAN
#undef PSVM_ROW_IS

#endif
