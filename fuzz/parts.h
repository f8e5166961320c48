/* SPDX-License-Identifier: MIT */
/*
 * The named bits of the words that the transitions read, as rows of struct
 * fuzz_part. The includer defines FUZZ_AT(field), the offset of a field in its
 * VMCB, and uses the rows in initializers.
 */
#ifndef FUZZ_PARTS_H
#define FUZZ_PARTS_H

#include "psvm/int_ctl.h"
#include "psvm/vmcb_bits.h"

#define FUZZ_BITS(field, size, name, shift, width) \
	{ #field "." #name, FUZZ_AT(field), 1, size, shift, width },

#define FUZZ_X_INT_CTL(name, kvm, shift, width, writer, gate, ignored, section) \
	FUZZ_BITS(int_ctl, 8, name, shift, width)
#define FUZZ_X_INT_STATE(name, shift, width, gate, section) \
	FUZZ_BITS(int_state, 8, name, shift, width)
#define FUZZ_X_EVENT_INJ(name, shift, width, gate, section) \
	FUZZ_BITS(event_inj, 8, name, shift, width)
#define FUZZ_X_EXIT_INT_INFO(name, shift, width, gate, section) \
	FUZZ_BITS(exit_int_info, 8, name, shift, width)
#define FUZZ_X_MISC1(name, shift, width, gate, section) \
	FUZZ_BITS(intercept_misc1, 4, name, shift, width)

#define FUZZ_WORD_BITS \
	PSVM_INT_CTL_BITS(FUZZ_X_INT_CTL) \
	PSVM_INT_STATE_BITS(FUZZ_X_INT_STATE) \
	PSVM_EVENT_BITS(FUZZ_X_EVENT_INJ) \
	PSVM_EVENT_BITS(FUZZ_X_EXIT_INT_INFO) \
	PSVM_INTERCEPT_MISC1_BITS(FUZZ_X_MISC1)

#endif
