/* SPDX-License-Identifier: MIT */
/* How a guest starts, in what the probe's L2 and l0's L1 have in common. */
#ifndef MACHINE_VMCB_H
#define MACHINE_VMCB_H

#include "machine.h"

#include <psvm/vmcb.h>

/* Of a code segment; of the others. */
enum { CODE_32 = 0xc9b, CODE_64 = 0xa9b, DATA = 0xc93 };

static inline void set_segment(struct psvm_vmcb_segment *segment, uint16_t selector,
			       uint16_t attributes)
{
	segment->selector = selector;
	segment->attrib = attributes;
	segment->limit = UINT32_MAX;
}

/* Flat segments, no breakpoints, and the PAT of a reset. */
static inline void set_start(struct psvm_vmcb_save *save, uint16_t code)
{
	set_segment(&save->cs, 0x08, code);
	set_segment(&save->ss, 0x10, DATA);
	set_segment(&save->ds, 0x10, DATA);
	set_segment(&save->es, 0x10, DATA);
	save->dr6 = DR6_RESET;
	save->dr7 = DR7_RESET;
	save->g_pat = UINT64_C(0x0007040600070406);
}

#endif
