/* SPDX-License-Identifier: MIT */
#include "image.h"
#include "parts.h"
#include "psvm/rules.h"

#include <string.h>

#define FUZZ_AT(field) offsetof(struct psvm_vmcb_control, field)

/* A segment is four fields in eight-byte halves. */
#define FIELDS_1(name, offset, count)  FUZZ_WHOLE(name, offset, count, 1),
#define FIELDS_2(name, offset, count)  FUZZ_WHOLE(name, offset, count, 2),
#define FIELDS_4(name, offset, count)  FUZZ_WHOLE(name, offset, count, 4),
#define FIELDS_8(name, offset, count)  FUZZ_WHOLE(name, offset, count, 8),
#define FIELDS_16(name, offset, count) FUZZ_WHOLE(name, offset, 2, 8),

#define X_CONTROL(name, type, offset, width, count, clean, gate, section) \
	FIELDS_##width("control." #name, offset, count)
#define X_CONTROL_RESERVED(begin, end) \
	FUZZ_WHOLE("control.reserved_" #begin, begin, (end) - (begin), 1),
#define X_SAVE(name, type, offset, width, count, clean, gate, section) \
	FIELDS_##width("save." #name, PSVM_VMCB_CONTROL_SIZE + (offset), count)
#define X_SAVE_RESERVED(begin, end) \
	FUZZ_WHOLE("save.reserved_" #begin, PSVM_VMCB_CONTROL_SIZE + (begin), \
		   (end) - (begin), 1),

static const struct fuzz_part image_bits[] = {
	FUZZ_WORD_BITS
};

static const struct fuzz_part image_fields[] = {
	PSVM_VMCB_CONTROL_LAYOUT(X_CONTROL, X_CONTROL, X_CONTROL_RESERVED)
	PSVM_VMCB_SAVE_LAYOUT(X_SAVE, X_SAVE, X_SAVE_RESERVED)
};

#define IN_NOTES(member) \
	(FUZZ_01 * PSVM_VMCB_SIZE + FUZZ_NOTES_AT + offsetof(struct fuzz_notes, member))

#define FACT_FACT(name, bit) { #name, IN_NOTES(facts), 1, 4, bit, 1 },
#define FACT_WORD(name, bit)
#define X_FACT(name, bit, source, words) FACT_##source(name, bit)

static const struct fuzz_part image_notes[] = {
	PSVM_CONDITIONS(X_FACT)
	{ "rules", IN_NOTES(rules), 1, 1, 0, 3 },
	{ "nmis", IN_NOTES(nmis), 1, 1, 0, 2 },
	FUZZ_WHOLE("vector", IN_NOTES(vector), 1, 1),
	{ "external", IN_NOTES(external), 1, 1, 0, 1 },
	{ "exit_code.low", IN_NOTES(exit_code), 1, 8, 0, 8 },
	FUZZ_WHOLE("exit_code", IN_NOTES(exit_code), 1, 8),
};

const struct fuzz_format fuzz_format_images = {
	FUZZ_PARTS(image_bits), FUZZ_PARTS(image_fields), FUZZ_PARTS(image_notes),
	PSVM_VMCB_SIZE, FUZZ_VMCBS * PSVM_VMCB_SIZE, 0, 0, FUZZ_VMCBS
};

void fuzz_image(const uint8_t *data, size_t size, unsigned int number,
		uint8_t image[PSVM_VMCB_SIZE])
{
	size_t whole = size / PSVM_VMCB_SIZE;
	size_t begin = number * (size_t)PSVM_VMCB_SIZE;
	size_t have;

	if (begin >= size && whole > 0)
		begin = (whole - 1) * PSVM_VMCB_SIZE;
	have = begin >= size ? 0 : size - begin;
	have = have > PSVM_VMCB_SIZE ? PSVM_VMCB_SIZE : have;
	memset(image, 0, PSVM_VMCB_SIZE);
	if (have > 0)
		memcpy(image, data + begin, have);
}
