/* SPDX-License-Identifier: MIT */
/* The exploration of a scope, with a change of the rules or without. */
#ifndef PSVM_CHECK_CHECK_H
#define PSVM_CHECK_CHECK_H

#include "psvm/explore.h"
#include "variant.h"

/*
 * As psvm_check(). With a change, the machine on the left is nested, too, with the
 * request's rules; the one on the right has the change of them; the first finding is
 * a shortest story of those parts of the scope that met no bound. changed gets the
 * steps in which it came about.
 */
const char *check_run(const struct psvm_check_request *request,
		      const struct variant *change, struct psvm_check_result *result,
		      uint64_t *changed);

/* The parts of the scope that this shard goes through, of a request that is good. */
uint32_t check_units(const struct psvm_check_request *request,
		     const struct variant *change);

#endif
