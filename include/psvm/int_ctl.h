/* SPDX-License-Identifier: MIT */
/*
 * psvm/int_ctl.h - the interrupt control word of a VMCB, offset 060h.
 *
 * References
 *   [APM] AMD64 Architecture Programmer's Manual volume 2, order 24593,
 *         revision 3.44: chapter 15 and appendix B.
 *   [KVM] Linux, arch/x86/include/asm/svm.h: the names of the masks.
 *
 * The word has 64 bits. KVM splits it into the 32-bit fields int_ctl (060h)
 * and int_vector (064h); psvm_int_ctl_join() and the two split functions
 * translate.
 */
#ifndef PSVM_INT_CTL_H
#define PSVM_INT_CTL_H

#include "types.h"

/*
 * The one table of the bits of 060h.
 *
 * X(name, kvm, shift, width, writer, gate, ignored, section)
 *
 *   name    the manual's name; RSVD_hi_lo for bits that should be zero (SBZ)
 *   kvm     KVM's name of the mask, "" if it has none
 *   writer  SW: only software changes the copy in the VMCB;
 *           HW: the processor writes it back at #VMEXIT, too;
 *           SBZ: nobody, software should leave it zero
 *   gate    what CPUID must report for the bit to mean anything:
 *           BASE, VGIF (Fn8000_000A EDX[16]), VNMI (EDX[25]),
 *           AVIC (EDX[13]), X2AVIC (EDX[18])
 *   ignored when the processor ignores the bit, in words
 *   section of [APM]
 */
#define PSVM_INT_CTL_BITS(X) \
	X(V_TPR, "V_TPR_MASK", 0, 4, HW, BASE, \
	  "never; with AVIC it mirrors the backing page", "15.21.2, B-1") \
	X(V_TPR_7_4, "", 4, 4, SBZ, BASE, \
	  "the upper half of the 8-bit V_TPR field; should be zero", "15.21.2, B-1") \
	X(V_IRQ, "V_IRQ_MASK", 8, 1, HW, BASE, "AVIC_ENABLE = 1", "15.21.4, B-1") \
	X(V_GIF, "V_GIF_MASK", 9, 1, HW, VGIF, "V_GIF_ENABLE = 0", "15.33, B-1") \
	X(RSVD_10, "", 10, 1, SBZ, BASE, \
	  "no row in table B-1, neither named nor reserved", "B-1") \
	X(V_NMI, "V_NMI_PENDING_MASK", 11, 1, HW, VNMI, "V_NMI_ENABLE = 0", \
	  "15.21.10, B-1") \
	X(V_NMI_MASK, "V_NMI_BLOCKING_MASK", 12, 1, HW, VNMI, "V_NMI_ENABLE = 0", \
	  "15.21.10, B-1") \
	X(RSVD_15_13, "", 13, 3, SBZ, BASE, "should be zero", "B-1") \
	X(V_INTR_PRIO, "V_INTR_PRIO_MASK", 16, 4, SW, BASE, \
	  "AVIC_ENABLE = 1 or V_IGN_TPR = 1", "15.21.4, B-1") \
	X(V_IGN_TPR, "V_IGN_TPR_MASK", 20, 1, SW, BASE, "AVIC_ENABLE = 1", \
	  "15.21.4, B-1") \
	X(RSVD_23_21, "", 21, 3, SBZ, BASE, "should be zero", "B-1") \
	X(V_INTR_MASKING, "V_INTR_MASKING_MASK", 24, 1, SW, BASE, \
	  "for CR8 handling, AVIC_ENABLE = 1", "15.21.1, B-1") \
	X(V_GIF_ENABLE, "V_GIF_ENABLE_MASK", 25, 1, SW, VGIF, "never", "15.33, B-1") \
	X(V_NMI_ENABLE, "V_NMI_ENABLE_MASK", 26, 1, SW, VNMI, \
	  "never; without the NMI intercept VMRUN fails", "15.21.10, B-1") \
	X(RSVD_29_27, "", 27, 3, SBZ, BASE, "should be zero", "B-1") \
	X(X2AVIC_ENABLE, "X2APIC_MODE_MASK", 30, 1, SW, X2AVIC, \
	  "never; without AVIC_ENABLE VMRUN fails", "15.29.4.1, B-1") \
	X(AVIC_ENABLE, "AVIC_ENABLE_MASK", 31, 1, SW, AVIC, "never", "15.29, B-1") \
	X(V_INTR_VECTOR, "int_vector", 32, 8, SW, BASE, "AVIC_ENABLE = 1", \
	  "15.21.4, B-1") \
	X(RSVD_63_40, "", 40, 24, SBZ, BASE, "should be zero", "B-1")

/* PSVM_V_IRQ_SHIFT, PSVM_V_IRQ, ... for every row. */
enum {
#define PSVM_X(name, kvm, shift, width, writer, gate, ignored, section) \
	PSVM_##name##_SHIFT = shift, PSVM_##name##_WIDTH = width,
	PSVM_INT_CTL_BITS(PSVM_X)
#undef PSVM_X
};

#define PSVM_V_TPR	    PSVM_MASK64(PSVM_V_TPR_SHIFT, PSVM_V_TPR_WIDTH)
#define PSVM_V_TPR_7_4	    PSVM_MASK64(PSVM_V_TPR_7_4_SHIFT, PSVM_V_TPR_7_4_WIDTH)
#define PSVM_V_IRQ	    PSVM_MASK64(PSVM_V_IRQ_SHIFT, 1)
#define PSVM_V_GIF	    PSVM_MASK64(PSVM_V_GIF_SHIFT, 1)
#define PSVM_V_NMI	    PSVM_MASK64(PSVM_V_NMI_SHIFT, 1)
#define PSVM_V_NMI_MASK	    PSVM_MASK64(PSVM_V_NMI_MASK_SHIFT, 1)
#define PSVM_V_INTR_PRIO    PSVM_MASK64(PSVM_V_INTR_PRIO_SHIFT, PSVM_V_INTR_PRIO_WIDTH)
#define PSVM_V_IGN_TPR	    PSVM_MASK64(PSVM_V_IGN_TPR_SHIFT, 1)
#define PSVM_V_INTR_MASKING PSVM_MASK64(PSVM_V_INTR_MASKING_SHIFT, 1)
#define PSVM_V_GIF_ENABLE   PSVM_MASK64(PSVM_V_GIF_ENABLE_SHIFT, 1)
#define PSVM_V_NMI_ENABLE   PSVM_MASK64(PSVM_V_NMI_ENABLE_SHIFT, 1)
#define PSVM_X2AVIC_ENABLE  PSVM_MASK64(PSVM_X2AVIC_ENABLE_SHIFT, 1)
#define PSVM_AVIC_ENABLE    PSVM_MASK64(PSVM_AVIC_ENABLE_SHIFT, 1)
#define PSVM_V_INTR_VECTOR  PSVM_MASK64(PSVM_V_INTR_VECTOR_SHIFT, PSVM_V_INTR_VECTOR_WIDTH)
#define PSVM_RSVD_63_40	    PSVM_MASK64(PSVM_RSVD_63_40_SHIFT, PSVM_RSVD_63_40_WIDTH)

/** The fields with which a virtual interrupt is requested, without its vector
 *  (KVM: V_IRQ_INJECTION_BITS_MASK). */
#define PSVM_V_INJECTION (PSVM_V_IRQ | PSVM_V_INTR_PRIO | PSVM_V_IGN_TPR)
/** Both halves of virtual GIF, all three of virtual NMI. */
#define PSVM_V_GIF_BITS (PSVM_V_GIF | PSVM_V_GIF_ENABLE)
#define PSVM_V_NMI_BITS (PSVM_V_NMI | PSVM_V_NMI_MASK | PSVM_V_NMI_ENABLE)
/** The dword at 064h, KVM's int_vector: the vector and the bits above it. */
#define PSVM_INT_VECTOR_DWORD PSVM_MASK64(32, 32)

/* Union of the rows with one writer: what each row adds is zero or its mask. */
#define PSVM_IF_HW_HW(mask)   (mask)
#define PSVM_IF_HW_SW(mask)   UINT64_C(0)
#define PSVM_IF_HW_SBZ(mask)  UINT64_C(0)
#define PSVM_IF_SBZ_HW(mask)  UINT64_C(0)
#define PSVM_IF_SBZ_SW(mask)  UINT64_C(0)
#define PSVM_IF_SBZ_SBZ(mask) (mask)
#define PSVM_X_HW(name, kvm, shift, width, writer, gate, ignored, section) \
	| PSVM_IF_HW_##writer(PSVM_MASK64(shift, width))
#define PSVM_X_SBZ(name, kvm, shift, width, writer, gate, ignored, section) \
	| PSVM_IF_SBZ_##writer(PSVM_MASK64(shift, width))

/** The bits that the processor may write back at #VMEXIT (APM 15.21). */
#define PSVM_INT_CTL_WRITTEN (UINT64_C(0) PSVM_INT_CTL_BITS(PSVM_X_HW))
/** The bits that should be zero. */
#define PSVM_INT_CTL_SBZ (UINT64_C(0) PSVM_INT_CTL_BITS(PSVM_X_SBZ))

/*
 * Proof that the rows are disjoint and cover the word: without an overlap the
 * sum of the masks equals their union, and the union is all 64 bits.
 */
#define PSVM_X_SUM(name, kvm, shift, width, writer, gate, ignored, section) \
	+ PSVM_MASK64(shift, width)
#define PSVM_X_OR(name, kvm, shift, width, writer, gate, ignored, section) \
	| PSVM_MASK64(shift, width)
#define PSVM_X_COUNT(name, kvm, shift, width, writer, gate, ignored, section) \
	+ (width)
PSVM_STATIC_ASSERT((UINT64_C(0) PSVM_INT_CTL_BITS(PSVM_X_SUM)) == UINT64_MAX,
		   "rows of 060h overlap or leave a gap");
PSVM_STATIC_ASSERT((UINT64_C(0) PSVM_INT_CTL_BITS(PSVM_X_OR)) == UINT64_MAX,
		   "rows of 060h leave a gap");
PSVM_STATIC_ASSERT((0 PSVM_INT_CTL_BITS(PSVM_X_COUNT)) == 64,
		   "rows of 060h do not add up to 64 bits");
#undef PSVM_X_SUM
#undef PSVM_X_OR
#undef PSVM_X_COUNT

/**
 * Join KVM's two 32-bit fields into the 64-bit word at 060h.
 *
 * @param int_ctl    dword at 060h
 * @param int_vector dword at 064h; bits 31:8 should be zero and are kept
 * @return the word, int_ctl in bits 31:0, int_vector in bits 63:32
 * @spec [APM] table B-1, offset 060h; [KVM] struct vmcb_control_area
 */
static inline uint64_t psvm_int_ctl_join(uint32_t int_ctl, uint32_t int_vector)
{
	return (uint64_t)int_vector << 32 | int_ctl;
}

/** KVM's int_ctl: bits 31:0 of the word at 060h. */
static inline uint32_t psvm_int_ctl_low(uint64_t word)
{
	return (uint32_t)(word & UINT32_MAX);
}

/** KVM's int_vector: bits 63:32 of the word at 060h. */
static inline uint32_t psvm_int_ctl_vector(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

/*
 * VINTR_CTRL of an SEV-ES VMSA, offset 3B8h of the save area: the layout of
 * 060h and two more bits. [APM] table B-4, 15.36.
 */
#define PSVM_VMSA_VINTR_CTRL		UINT32_C(0x3b8)
#define PSVM_VINTR_CTRL_INT_SHADOW	PSVM_MASK64(10, 1)
#define PSVM_VINTR_CTRL_BUSY		PSVM_MASK64(63, 1)

#endif
