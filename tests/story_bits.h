/* SPDX-License-Identifier: MIT */
/* What stories and the properties of stories ask about their words. */
#ifndef PSVM_TESTS_STORY_BITS_H
#define PSVM_TESTS_STORY_BITS_H

#include "properties.h"

/* Bits by the numbers of the manual, table B-1. */
#define V_TPR	     UINT64_C(0xf)
#define V_IRQ	     (UINT64_C(1) << 8)
#define V_GIF	     (UINT64_C(1) << 9)
#define V_NMI	     (UINT64_C(1) << 11)
#define V_NMI_MASK   (UINT64_C(1) << 12)
#define PRIO	     (UINT64_C(0xf) << 16)
#define IGN_TPR	     (UINT64_C(1) << 20)
#define MASKING	     (UINT64_C(1) << 24)
#define V_GIF_ENABLE (UINT64_C(1) << 25)
#define V_NMI_ENABLE (UINT64_C(1) << 26)
#define VECTOR	     (UINT64_C(0xff) << 32)
/* With what a virtual interrupt is requested. */
#define REQUESTED    (V_IRQ | PRIO | IGN_TPR | VECTOR)
#define SHADOW	     UINT64_C(1) /* of 068h */
#define INTERCEPT_VINTR (UINT32_C(1) << 4)
#define EVENT_V	     (UINT64_C(1) << 31)
#define EVENT_SBZ    UINT64_C(0x7ffff000) /* bits 30:12 */
#define CLEAN_I	     UINT32_C(1)
#define CLEAN_TPR    UINT32_C(8)

static inline bool fact(const struct story *s, uint32_t which)
{
	return (s->n.facts & which) != 0;
}

/* Word 060h of vmcb12 after a #VMEXIT now, on the bare machine. */
uint64_t bare_int_ctl(const struct story *s);

#endif
