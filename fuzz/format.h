/* SPDX-License-Identifier: MIT */
/*
 * What the bytes of a fuzz input mean, as data: named parts. The mutator, the
 * dictionary and the seed corpora are all made from these tables.
 *
 * Every input begins with VMCBs in one layout, `stride` bytes apart: three, 12, 02
 * and 01, or 12 alone. Parts of the rest exist once. Some targets append
 * steps. Values are little-endian.
 */
#ifndef FUZZ_FORMAT_H
#define FUZZ_FORMAT_H

#include "rows.h"

#include <stddef.h>
#include <stdint.h>

/* The VMCBs of an input, in this order. */
enum {
	FUZZ_12,
	FUZZ_02,
	FUZZ_01,
	FUZZ_VMCBS
};

/** Some bits of a field, or of each element of an array. */
struct fuzz_part {
	const char *name;
	uint16_t offset; /**< of the field, from the begin of its VMCB or of the input */
	uint16_t count;	 /**< of elements */
	uint8_t size;	 /**< of an element, in bytes */
	uint8_t shift;
	uint8_t width; /**< in bits */
};

/** Whole elements: all bits of `size` bytes. */
#define FUZZ_WHOLE(name, offset, count, size) { name, offset, count, size, 0, 8 * (size) }

struct fuzz_parts {
	const struct fuzz_part *part;
	size_t count;
};

#define FUZZ_PARTS(array) { array, N_ROWS(array) }

/** The layout of the inputs of a target. */
struct fuzz_format {
	struct fuzz_parts bits;	  /**< named bits of each VMCB */
	struct fuzz_parts fields; /**< whole fields of each VMCB */
	struct fuzz_parts once;	  /**< what exists once: facts, rule set, ... */
	uint16_t stride;	  /**< from one VMCB to the next */
	uint16_t fixed;		  /**< bytes before the steps */
	uint16_t step;		  /**< bytes of a step, 0: no steps */
	uint16_t steps;		  /**< at most */
	uint8_t vmcbs;		  /**< FUZZ_VMCBS, or 1 */
};

/** Little-endian values in an input; size 1 to 8 bytes. */
static inline uint64_t fuzz_get(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | bytes[size];
	return value;
}

static inline void fuzz_put(uint8_t *bytes, unsigned int size, uint64_t value)
{
	for (unsigned int i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i & 0xff);
}

/** A value as it lies in an input, and back: to change the order twice is to leave it. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static inline uint64_t fuzz_order64(uint64_t value)
{
	return __builtin_bswap64(value);
}

static inline uint32_t fuzz_order32(uint32_t value)
{
	return __builtin_bswap32(value);
}
#else
static inline uint64_t fuzz_order64(uint64_t value)
{
	return value;
}

static inline uint32_t fuzz_order32(uint32_t value)
{
	return value;
}
#endif

/** The bits of a part, in its element. */
static inline uint64_t fuzz_mask(const struct fuzz_part *part)
{
	return UINT64_MAX >> (64 - part->width) << part->shift;
}

#endif
