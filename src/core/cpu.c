/* SPDX-License-Identifier: MIT */
/* The external forms of the processor: the bodies of psvm/cpu_impl.h. */
#define PSVM_INSTANTIATE
#include "psvm/cpu.h"

#include "psvm/cpu_impl.h"
