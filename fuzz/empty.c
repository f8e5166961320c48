/* SPDX-License-Identifier: MIT */
/*
 * The target sync without anything to check: decoding, feedback, mutator. How
 * fast libFuzzer is here at best; the rate of sync is measured against it.
 */
#include "compare.h"
#include "mutate.h"

const struct fuzz_format *const fuzz_format = &fuzz_format_record;

enum { MARK_REFRESH, MARK_HANDBACK, MARKS };
FUZZ_COUNTERS(counters, MARKS);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_run run = fuzz_decode_run(data, size);

	counters[MARK_REFRESH][run.rules][fuzz_class(FUZZ_REFRESH, run.n)] = 1;
	counters[MARK_HANDBACK][run.rules][fuzz_class(FUZZ_HANDBACK, run.n)] = 1;
	return 0;
}
