/* SPDX-License-Identifier: MIT */
/* A recorded row of tests/vectors as the machines of src/check take it. */
#ifndef TESTS_VECTORS_EXPERIMENT_H
#define TESTS_VECTORS_EXPERIMENT_H

#include "check/experiment.h"
#include "vectors.h"

/* What L1 prepared. The second of a pair goes on where the first one stopped, so the
 * row before it has to be there. */
struct experiment vector_experiment(const struct vector_row *row);

/* What came out. */
struct outcome vector_outcome(const struct vector_row *row);

#endif
