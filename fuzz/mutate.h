/* SPDX-License-Identifier: MIT */
/*
 * The custom mutator: works on the named parts of an input, and only sometimes
 * on its bytes. A target says what its inputs look like.
 */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include "format.h"

/** Of this target; defined by the target. */
extern const struct fuzz_format *const fuzz_format;

/** What libFuzzer calls instead of mutating itself. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
/** Of libFuzzer: its own mutations. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/** The target itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
