/* SPDX-License-Identifier: MIT */
/* The image of a VMCB, byte by byte, as the manual's tables have it. */
#ifndef PSVM_TESTS_PROOF_IMAGE_H
#define PSVM_TESTS_PROOF_IMAGE_H

#include "../vmcb_manual.h"
#include "psvm/vmcb.h"

/* A page in words, which CBMC knows one by one. It holds a structure or an image: on a
 * little-endian machine, as CBMC's is here, vmcb.c proves these to be the same bytes. */
struct page {
	uint64_t word[PSVM_VMCB_SIZE / 8];
};

/* Store an element. */
static inline void put(void *page, unsigned int offset, unsigned int size, uint64_t value)
{
	for (unsigned int i = 0; i < size; i++)
		((unsigned char *)page)[offset + i] = (unsigned char)(value >> 8 * i);
}

/* An element: the processor is little-endian. */
static inline uint64_t element(const unsigned char *bytes, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

/*
 * IS(area, member, size, offset in the page) for every member that is no array,
 * IN(area, member, size of an element, number, offset) for every array and reserved
 * range. A macro IS or IN that needs one area only looks at the name of the area.
 */
#define IMAGE_SCALAR(area, name, size, offset, clean) IS(area, name, size, offset)
#define IMAGE_SEGMENT(name, offset, clean) \
	IS(save, name.selector, 2, offset) \
	IS(save, name.attrib, 2, (offset) + 2) \
	IS(save, name.limit, 4, (offset) + 4) \
	IS(save, name.base, 8, (offset) + 8)
#define IMAGE_ARRAY(area, name, size, count, offset) IN(area, name, size, count, offset)
#define IMAGE_RANGE(area, name, first, last) IN(area, name, 1, (last) + 1 - (first), first)
#define IMAGE_MEMBERS \
	SCALARS(IMAGE_SCALAR) SEGMENTS(IMAGE_SEGMENT) ARRAYS(IMAGE_ARRAY) RANGES(IMAGE_RANGE)

#define IF_control(...) __VA_ARGS__
#define IF_save(...)

#endif
