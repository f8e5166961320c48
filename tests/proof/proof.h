/* SPDX-License-Identifier: MIT */
/*
 * What every proof is made of.
 *
 * A proof is a function proof_...(void), which run.sh hands to CBMC. What it gets from
 * a nondet_...() function has no body, so it may be anything: a proof covers all inputs at
 * once. What it says with PROVE must hold for all of them, and so must what CBMC asks
 * of every line that is executed: no undefined behaviour, no access outside an object.
 *
 * A proof of something that never happens is worth nothing. Therefore each one ends in
 * REACHED("..."), which must NOT hold: run.sh is content only if CBMC finds an input
 * that gets there.
 */
#ifndef PSVM_TESTS_PROOF_H
#define PSVM_TESTS_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#define PROVE(condition)	__CPROVER_assert(condition, #condition)
#define GIVEN(condition)	__CPROVER_assume(condition)
/* Parts of `what`: names of public functions, and what else tells the places apart. */
#define REACHED(what)		__CPROVER_assert(false, "reached: " what)

#define ANY(type, name) type nondet_##name(void)

#endif
