/* SPDX-License-Identifier: MIT */
/*
 * Write-back: psvm_refresh() and psvm_nested_sync_int_ctl() against the
 * reference. The words are arbitrary, so a refreshed snapshot is one of many.
 */
#include "compare.h"
#include "mutate.h"
#include "pairs.h"

const struct fuzz_format *const fuzz_format = &fuzz_format_record;

enum { EVENT_REFRESH, EVENT_HANDBACK, EVENTS };
FUZZ_PAIRS(EVENTS, FUZZ_STATES)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_run run = fuzz_decode_run(data, size);

	(void)fuzz_compare(run.rules, FUZZ_REFRESH, run.n);
	(void)fuzz_compare(run.rules, FUZZ_HANDBACK, run.n);
	fuzz_visit(EVENT_REFRESH, fuzz_state(run.rules, FUZZ_REFRESH, run.n));
	fuzz_visit(EVENT_HANDBACK, fuzz_state(run.rules, FUZZ_HANDBACK, run.n));
	return 0;
}
