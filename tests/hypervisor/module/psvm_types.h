/* SPDX-License-Identifier: MIT */
/* PSVM_TYPES_HEADER of Linux: what include/psvm/types.h wants, of the kernel's own. */
#ifndef PSVM_LINUX_TYPES_H
#define PSVM_LINUX_TYPES_H

#include <linux/limits.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define UINT8_MAX   U8_MAX
#define UINT16_MAX  U16_MAX
#define UINT32_MAX  U32_MAX
#define UINT64_MAX  U64_MAX
#define UINT8_C(c)  c
#define UINT16_C(c) c
#define UINT32_C(c) c##U
#define UINT64_C(c) c##ULL

#endif
