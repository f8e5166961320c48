/* SPDX-License-Identifier: MIT */
/* The external forms of what only asks: the bodies of psvm/questions_impl.h. */
#define PSVM_INSTANTIATE
#include "psvm/nested.h"

#include "psvm/questions_impl.h"
