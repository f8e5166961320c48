/* SPDX-License-Identifier: MIT */
/*
 * The inputs of the target vmcb: up to three images of 4 KiB, 12, 02 and 01.
 *
 * Missing images repeat the last whole one; an incomplete one, and an empty
 * input, is filled with zeros. The bytes reserved for host software in the image
 * of 01 carry what no VMCB holds.
 */
#ifndef FUZZ_IMAGE_H
#define FUZZ_IMAGE_H

#include "format.h"
#include "psvm/vmcb.h"

/* L0's own notes, in the bytes for host software of 01. */
struct fuzz_notes {
	uint32_t facts;
	uint8_t nmis;
	uint8_t vector;
	uint8_t external;
	uint8_t rules; /* whose page functions run, modulo their number */
	uint64_t exit_code;
};

#define FUZZ_NOTES_AT offsetof(struct psvm_vmcb_control, host_software)

extern const struct fuzz_format fuzz_format_images;

/** One of the three images of an input, as above. */
void fuzz_image(const uint8_t *data, size_t size, unsigned int number,
		uint8_t image[PSVM_VMCB_SIZE]);

#endif
