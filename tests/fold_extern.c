/* SPDX-License-Identifier: MIT */
/* What src/core is compiled as; test_numbers looks at it. */
#define PSVM_INSTANTIATE
#include "psvm/types.h"

extern const bool external_forms_fold;
const bool external_forms_fold = PSVM_FOLD;
