/* SPDX-License-Identifier: MIT */
/* The external forms of the transitions: the bodies of psvm/nested_impl.h. */
#define PSVM_INSTANTIATE
#include "psvm/nested.h"

#include "psvm/nested_impl.h"
