/* SPDX-License-Identifier: MIT */
/* cli/bits.h - the fields of int_ctl (060h) for people. */
#ifndef CLI_BITS_H
#define CLI_BITS_H

#define PSVM_EXTERN
#include "psvm/int_ctl.h"
#include "psvm/vmcb_fields.h"

/* Who changes a field of a VMCB: the processor, too; software only; nobody. */
enum bits_writer { BITS_HW, BITS_SW, BITS_SBZ };

/* By writer: "HW", and what that means. */
extern const char *const bits_writers[][2];

/* A row of PSVM_INT_CTL_BITS. */
struct bits_field {
	const char *name, *kvm; /* KVM's name of the mask, "" if it has none */
	unsigned int shift, width;
	enum bits_writer writer;
	unsigned int gate; /* of bits_gates */
	const char *ignored, *section;
};

/* From the lowest bits to the highest; they cover the word. */
#define BITS_COUNT(...) +1
enum { BITS_FIELDS = 0 PSVM_INT_CTL_BITS(BITS_COUNT) };
extern const struct bits_field bits_fields[BITS_FIELDS];

uint64_t bits_mask(const struct bits_field *field);

/* The field that a bit is in. */
const struct bits_field *bits_field_of(unsigned int bit);

/* What CPUID has to report for a field to mean anything: "VGIF", "CPUID Fn...". */
extern const char *const bits_gates[][2];

#endif
