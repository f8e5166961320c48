/* SPDX-License-Identifier: MIT */
/*
 * Write-back: psvm_refresh() and psvm_nested_sync_int_ctl() against the
 * reference. The words are arbitrary, so a refreshed snapshot is one of many.
 */
#include "compare.h"
#include "mutate.h"

const struct fuzz_format *const fuzz_format = &fuzz_format_record;

enum { MARK_REFRESH, MARK_HANDBACK, MARKS };
FUZZ_COUNTERS(counters, MARKS);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_run run = fuzz_decode_run(data, size);

	(void)fuzz_compare(run.rules, FUZZ_REFRESH, run.n);
	(void)fuzz_compare(run.rules, FUZZ_HANDBACK, run.n);
	counters[MARK_REFRESH][run.rules][fuzz_class(FUZZ_REFRESH, run.n)] = 1;
	counters[MARK_HANDBACK][run.rules][fuzz_class(FUZZ_HANDBACK, run.n)] = 1;
	return 0;
}
