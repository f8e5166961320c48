/* SPDX-License-Identifier: MIT */
/*
 * psvm/cpu.h - what a processor with SVM does with interrupts.
 *
 * References
 *   [APM] AMD64 Architecture Programmer's Manual volume 2, order 24593,
 *         revision 3.44.
 *
 * The state of one logical processor as far as interrupts go, and its steps:
 *
 *	psvm_cpu_vmrun()	VMRUN loads a VMCB
 *	psvm_cpu_boundary()	between two instructions: is an event taken?
 *	psvm_cpu_execute()	one instruction
 *	psvm_cpu_cut_short()	the delivery of an event faults
 *	psvm_cpu_vmexit()	#VMEXIT stores what the processor changed
 *
 * An interrupt or an NMI arrives by a write to psvm_cpu.intr or the flag NMI.
 * Every function is pure: state in, state out, no input that it rejects. Where
 * the manual is silent or implementations disagree, an option of
 * PSVM_CPU_MODELS says which way; no option is the reading of the manual.
 *
 * Not modelled: AVIC's own delivery (with AVIC_ENABLE no V_IRQ is taken, that
 * is all), SMI and INIT, exceptions other than the #UD of an instruction, and the
 * local APIC beyond its task priority and one waiting interrupt, which is
 * acknowledged and out of service as soon as it is delivered.
 */
#ifndef PSVM_CPU_H
#define PSVM_CPU_H

#include "nested.h"

PSVM_BEGIN_DECLS

/*
 * What the processor has, and options. X(name, bit, words)
 *
 * By the manual, and not asked of any silicon; "QEMU", "Bochs": their
 * software (tests/vectors).
 */
#define PSVM_CPU_MODELS(X) \
	X(VGIF, 0, "has virtual GIF (15.33)") \
	X(VNMI, 1, "has virtual NMI (15.21.10)") \
	X(PRIO_EQUAL, 2, "V_INTR_PRIO = V_TPR is enough for V_IRQ (QEMU)") \
	X(TPR_BYTE, 3, "V_TPR is loaded and stored with bits 7:4 (Bochs)") \
	X(BYTE_061, 4, "#VMEXIT stores V_IRQ as a byte, over bits 15:9 (Bochs)") \
	X(NO_REMASK, 5, "raising V_TPR does not mask a V_IRQ that was open (Bochs)") \
	X(LATE_V_IRQ, 6, "V_IRQ is looked at when IF, V_TPR or GIF change only (Bochs)") \
	X(GUEST_IF_GATES, 7, "V_INTR_MASKING leaves INTR to the guest's IF (Bochs)") \
	X(NO_SHADOW_IN, 8, "VMRUN ignores INTERRUPT_SHADOW (QEMU 7.2)") \
	X(SHADOW_HOLDS_EXIT, 9, \
	  "with V_INTR_MASKING a shadow delays INTR, too (15.21.1 is silent)") \
	X(NO_CR8_READ_EXIT, 10, "the CR8 read intercept is ignored (QEMU 10.0)") \
	X(EVENTINJ_KEPT, 11, "#VMEXIT clears the bit V of EVENTINJ only (Bochs)") \
	X(NMI_INJECTED_BLOCKS, 12, "an NMI of EVENTINJ blocks NMIs without vNMI") \
	X(VNMI_BEFORE_INTR, 13, "a virtual NMI comes before a physical INTR") \
	X(CLEAN, 14, "clean bits TPR and I are honoured (15.15)") \
	X(INTR_HIDES_V_IRQ, 15, \
	  "a delivered INTR hides V_IRQ until VMRUN or a write of CR8 (QEMU)") \
	X(STI_SHADOWS, 16, "STI with IF = 1 makes a shadow; one in a shadow ends it (QEMU)") \
	X(INT_STATE_WHOLE, 17, "#VMEXIT stores the shadow over all of 068h (QEMU)") \
	X(INJECT_IN_SHADOW, 18, "an event of EVENTINJ does not end a shadow (QEMU)") \
	X(BYTE_068, 19, "#VMEXIT stores the shadow as a byte, over bits 7:1 (Bochs)")

/* The processor's state besides words. X(name, bit, words) */
#define PSVM_CPU_FLAGS(X) \
	X(GUEST, 0, "a guest runs") \
	X(GIF, 1, "the global interrupt flag") \
	X(IF, 2, "RFLAGS.IF of what runs") \
	X(HOST_IF, 3, "RFLAGS.IF of the host, latched by VMRUN") \
	X(SHADOW, 4, "in an interrupt shadow: until the next instruction is over") \
	X(NMI, 5, "an NMI waits") \
	X(NMI_BLOCKED, 6, "NMIs wait for an IRET") \
	X(HALTED, 7, "HLT has been executed") \
	X(V_IRQ_OPEN, 8, "a V_IRQ was found deliverable (NO_REMASK, LATE_V_IRQ)") \
	X(V_IRQ_HIDDEN, 9, "V_IRQ is not looked at (LATE_V_IRQ, INTR_HIDES_V_IRQ)")

/* Instructions. X(name, exit code of its intercept or PSVM_CPU_NO_EXIT, words) */
#define PSVM_CPU_NO_EXIT UINT64_MAX
#define PSVM_CPU_INSNS(X) \
	X(NOP, PSVM_CPU_NO_EXIT, "NOP") \
	X(CLI, PSVM_CPU_NO_EXIT, "CLI") \
	X(STI, PSVM_CPU_NO_EXIT, "STI") \
	X(IRET, PSVM_EXIT_IRET, "IRET") \
	X(HLT, PSVM_EXIT_HLT, "HLT") \
	X(CPUID, PSVM_EXIT_CPUID, "CPUID") \
	X(VMRUN, PSVM_EXIT_VMRUN, "VMRUN") \
	X(VMMCALL, PSVM_EXIT_VMMCALL, "VMMCALL") \
	X(STGI, PSVM_EXIT_STGI, "STGI") \
	X(CLGI, PSVM_EXIT_CLGI, "CLGI") \
	X(CR8_READ, PSVM_EXIT_CR8_READ, "MOV reg, CR8") \
	X(CR8_WRITE, PSVM_EXIT_CR8_WRITE, "MOV CR8, reg")

/* PSVM_CPU_VGIF_BIT, PSVM_CPU_F_GIF_BIT and so on. */
enum {
#define PSVM_X(name, bit, words) PSVM_CPU_##name##_BIT = bit,
	PSVM_CPU_MODELS(PSVM_X)
#undef PSVM_X
#define PSVM_X(name, bit, words) PSVM_CPU_F_##name##_BIT = bit,
	PSVM_CPU_FLAGS(PSVM_X)
#undef PSVM_X
};
/** The bit of a model, of a flag: PSVM_CPU(VGIF), PSVM_CPU_F(GIF). */
#define PSVM_CPU(name)	 PSVM_MASK32(PSVM_CPU_##name##_BIT, 1)
#define PSVM_CPU_F(name) PSVM_MASK32(PSVM_CPU_F_##name##_BIT, 1)

enum psvm_cpu_insn {
#define PSVM_X(name, exit, words) PSVM_INSN_##name,
	PSVM_CPU_INSNS(PSVM_X)
#undef PSVM_X
	PSVM_INSN_COUNT
};

/**
 * A logical processor.
 *
 * While a guest runs int_ctl and the intercepts are those that VMRUN loaded, in
 * the layout of the VMCB; int_ctl changes as the guest runs. In the host they are
 * zero (with option CLEAN what the last guest left: its clean fields).
 */
struct psvm_cpu {
	uint64_t int_ctl; /**< 060h as the processor holds it */
	uint32_t cr;	  /**< intercepts of 000h */
	uint32_t misc1;	  /**< of 00Ch */
	uint32_t misc2;	  /**< of 010h */
	uint32_t flags;	  /**< PSVM_CPU_F(...) */
	uint8_t tpr;	  /**< TPR 7:4 of the local APIC, as CR8: 0 to 15 */
	uint8_t intr;	  /**< vector of the waiting interrupt of the local APIC; 0: none */
};

/** What of a VMCB the processor reads and writes here. */
struct psvm_cpu_vmcb {
	struct psvm_words words;
	uint32_t cr;	    /**< 000h */
	uint32_t misc2;	    /**< 010h */
	uint32_t clean;	    /**< 0C0h */
	uint8_t rflags_if;  /**< bit IF of 570h: 0 or 1 */
	uint8_t bad;	    /**< 1: other checks of 15.5.1 refuse it (ASID 0, ...) */
};

/** What a step came to. */
enum psvm_cpu_what {
	PSVM_CPU_RAN,	    /**< the instruction is over, or no event was taken */
	PSVM_CPU_DELIVERED, /**< an event: its handler runs next */
	PSVM_CPU_EXITED	    /**< #VMEXIT: psvm_cpu_vmexit() is next */
};

/** Result of a step. */
struct psvm_cpu_step {
	struct psvm_cpu cpu;
	uint32_t what;	    /**< enum psvm_cpu_what */
	uint32_t value;	    /**< CR8_READ that ran: what it read */
	uint64_t event;	    /**< DELIVERED: the event in the layout of EVENTINJ */
	uint64_t exit_code; /**< EXITED */
};

/** Result of #VMEXIT. */
struct psvm_cpu_exit {
	struct psvm_cpu cpu;
	struct psvm_cpu_vmcb vmcb;
};

/**
 * VMRUN: check and load a VMCB, set GIF, inject an event.
 *
 * @param model PSVM_CPU(...) of PSVM_CPU_MODELS
 * @param cpu   the host (flag GUEST is clear), about to execute VMRUN
 * @return RAN: the guest runs. DELIVERED: the guest runs, in the handler of the
 *         event of EVENTINJ. EXITED with PSVM_EXIT_INVALID: the host runs with
 *         GIF 0, nothing of the VMCB was loaded, psvm_cpu_vmexit() does not follow.
 * @spec [APM] 15.5.1, 15.17, 15.20, 15.21.1, 15.21.10, 15.29.4.1, 15.33.1. A
 *       feature bit without the feature is ignored (the manual is silent).
 */
PSVM_API struct psvm_cpu_step psvm_cpu_vmrun(uint32_t model, struct psvm_cpu cpu,
					     struct psvm_cpu_vmcb vmcb);

/**
 * Between two instructions: the event of highest priority that may be taken.
 *
 * An NMI, then an interrupt of the local APIC, then a virtual NMI, then V_IRQ: what
 * is physical comes first (of INTR and virtual NMI the manual does not say it). An
 * intercepted one stays where it is and exits; another one is delivered.
 *
 * @return RAN: none. DELIVERED, or EXITED with PSVM_EXIT_NMI, _INTR or _VINTR
 * @spec [APM] 8.5 (priorities), 15.13.1, 15.17, 15.21.1, 15.21.4, 15.21.10, 15.33.2
 */
PSVM_API struct psvm_cpu_step psvm_cpu_boundary(uint32_t model, struct psvm_cpu cpu);

/**
 * One instruction, by the guest or by the host. A halted processor waits instead.
 *
 * IRET returns to a frame with RFLAGS.IF = 1. VMRUN in the host is
 * psvm_cpu_vmrun(); here it is #UD.
 *
 * @param insn  enum psvm_cpu_insn; another value is a NOP
 * @param value CR8_WRITE: bits 3:0 are written
 * @return RAN, EXITED before the instruction has done anything, or DELIVERED #UD
 * @spec [APM] 15.7 to 15.9, 15.17, 15.21.2, 15.21.5, 15.21.10, 15.33.2
 */
PSVM_API struct psvm_cpu_step psvm_cpu_execute(uint32_t model, struct psvm_cpu cpu,
					       uint32_t insn, uint32_t value);

/**
 * The delivery of an event ended in an intercepted fault: what psvm_cpu_vmexit() is
 * to store, with the event as exit_int_info.
 *
 * @param before the guest before the delivery
 * @param step   the delivery: DELIVERED by psvm_cpu_boundary() or psvm_cpu_vmrun()
 * @return before, without the request that the event came from: V_IRQ, V_NMI, the
 *         local APIC's or the NMI, and not halted. V_NMI_MASK is 0 if the event
 *         was an NMI and vNMI is enabled.
 * @spec [APM] 15.7.2, 15.21.4, 15.21.10
 */
PSVM_API struct psvm_cpu psvm_cpu_cut_short(struct psvm_cpu before,
					    struct psvm_cpu_step step);

/**
 * #VMEXIT: store what the processor changed, and continue in the host.
 *
 * Stores V_TPR, V_IRQ, V_GIF (if enabled), V_NMI and V_NMI_MASK (if enabled),
 * INTERRUPT_SHADOW, EXITINTINFO, RFLAGS.IF, and EVENTINJ as 0. GIF is 0 then, and
 * RFLAGS.IF the host's.
 *
 * @param cpu           the guest, at the exit
 * @param vmcb          the VMCB that it runs with
 * @param exit_int_info the event that was cut short, or 0
 * @spec [APM] 15.6, 15.7.2, 15.17, 15.20, 15.21.4, 15.33
 */
PSVM_API struct psvm_cpu_exit psvm_cpu_vmexit(uint32_t model, struct psvm_cpu cpu,
					      struct psvm_cpu_vmcb vmcb,
					      uint64_t exit_int_info);

#if !defined(PSVM_EXTERN) && !defined(PSVM_INSTANTIATE)
#include "cpu_impl.h"
#endif

PSVM_END_DECLS

#endif
