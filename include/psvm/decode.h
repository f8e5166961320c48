/* SPDX-License-Identifier: MIT */
/*
 * psvm/decode.h - a VMCB in names: fields, bits, values, manual sections.
 *
 * Part of libpsvm_check. Two walks: psvm_decode() over the fields of a VMCB,
 * psvm_decode_parts() over the named bits of one field. The names come from
 * the tables of psvm/vmcb_fields.h, psvm/vmcb_bits.h and psvm/int_ctl.h;
 * formatting is left to the visitors.
 */
#ifndef PSVM_DECODE_H
#define PSVM_DECODE_H

#include "types.h"
#include "vmcb.h"

PSVM_BEGIN_DECLS

/** What CPUID must report for a field or a bit to mean anything. */
struct psvm_decode_gate {
	const char *name; /**< row of PSVM_GATES, "VGIF" */
	const char *text; /**< in words, "CPUID Fn8000_000A EDX[16]" */
};

/** One field, one register of a segment, or one reserved range. */
struct psvm_decode_field {
	const char *area; /**< "control" or "save" */
	const char *name; /**< "int_ctl", "cs.base", "reserved_0x018" (the member
			    *  of the area's structure) */
	unsigned int offset; /**< in the page, 0 to FFFh */
	unsigned int width; /**< of an element in bytes: 1, 2, 4 or 8 */
	unsigned int count; /**< of elements */
	bool reserved; /**< should be zero as a whole */
	const char *clean; /**< row of PSVM_CLEAN_BITS, or "NONE" */
	struct psvm_decode_gate gate;
	const char *section; /**< of the manual: chapter 15, table B-1 or B-2 */
	const unsigned char *bytes; /**< count * width bytes, little-endian */
};

/** Some bits of a field. */
struct psvm_decode_part {
	const char *name; /**< "V_IRQ"; NULL for bits without a name */
	unsigned int shift; /**< lowest bit */
	unsigned int width; /**< in bits */
	uint64_t value; /**< shifted down to bit 0 */
	const char *meaning; /**< of the value, "FLUSH_ALL"; NULL if it has no name */
	bool reserved; /**< the bits, or the value, should not be used */
	struct psvm_decode_gate gate;
	const char *section; /**< of the manual */
};

typedef void psvm_decode_visitor(void *context, const struct psvm_decode_field *field);
typedef void psvm_decode_part_visitor(void *context,
				      const struct psvm_decode_part *part);

/**
 * Visit every field of a VMCB and every reserved range that is not all zero,
 * in order of offset. The four registers of a segment are four fields.
 *
 * @param vmcb    in the byte order of this machine
 * @param visit   called for each field; the field lives during the call
 * @param context handed to visit
 * @spec [APM] tables B-1 and B-2
 */
void psvm_decode(const struct psvm_vmcb *vmcb, psvm_decode_visitor *visit,
		 void *context);

/**
 * Visit the parts of a field: first each row of its bit table, set or not, in
 * the table's order; then each run of set bits that should be zero, reserved
 * and without a name. A field without a bit table, and an array, has no parts.
 *
 * @param field   from psvm_decode()
 * @param visit   called for each part; the part lives during the call
 * @param context handed to visit
 */
void psvm_decode_parts(const struct psvm_decode_field *field,
		       psvm_decode_part_visitor *visit, void *context);

/**
 * The value of an element of a field.
 *
 * @param index less than field->count; 0 for a field that is not an array
 */
uint64_t psvm_decode_value(const struct psvm_decode_field *field, unsigned int index);

/** Whether all elements of a field are zero. */
bool psvm_decode_is_zero(const struct psvm_decode_field *field);

PSVM_END_DECLS

#endif
