/* SPDX-License-Identifier: MIT */
/* PSVM_TYPES_HEADER of Xen: what psvm/types.h wants, of Xen's own. */
#ifndef PSVM_XEN_TYPES_H
#define PSVM_XEN_TYPES_H

#include <xen/types.h>

#define UINT64_MAX  (~0UL)
#define UINT8_C(c)  c
#define UINT16_C(c) c
#define UINT32_C(c) c##U
#define UINT64_C(c) c##UL

#endif
