/* SPDX-License-Identifier: MIT */
#include "bits.h"

/* clang-format off: a table. */
const char *const bits_writers[][2] = {
	[BITS_HW] = { "HW", "software writes it, and the processor at #VMEXIT, too" },
	[BITS_SW] = { "SW", "only software writes it" },
	[BITS_SBZ] = { "SBZ", "should be zero" },
};
/* clang-format on */

enum gate {
#define X(gate, words) GATE_##gate,
	PSVM_GATES(X)
#undef X
};

const char *const bits_gates[][2] = {
#define X(gate, words) { #gate, words },
	PSVM_GATES(X)
#undef X
};

const struct bits_field bits_fields[BITS_FIELDS] = {
#define X(name, kvm, shift, width, writer, gate, ignored, section) \
	{ #name, kvm, shift, width, BITS_##writer, GATE_##gate, ignored, section },
	PSVM_INT_CTL_BITS(X)
#undef X
};

uint64_t bits_mask(const struct bits_field *field)
{
	return PSVM_MASK64(field->shift, field->width);
}

const struct bits_field *bits_field_of(unsigned int bit)
{
	const struct bits_field *field = bits_fields;

	while (!(bits_mask(field) >> bit & 1))
		field++;
	return field;
}
