/* SPDX-License-Identifier: MIT */
/*
 * What psvm needs of C, without a header of the compiler's or of a library: an example of
 * PSVM_TYPES_HEADER. A kernel has all this already; what it has defined stays.
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __SIZE_TYPE__ size_t;

#define UINT8_MAX   __UINT8_MAX__
#define UINT16_MAX  __UINT16_MAX__
#define UINT32_MAX  __UINT32_MAX__
#define UINT64_MAX  __UINT64_MAX__
#define UINT8_C(c)  c
#define UINT16_C(c) c
#define UINT32_C(c) c##U
#ifdef __LP64__
#define UINT64_C(c) c##UL
#else
#define UINT64_C(c) c##ULL
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef offsetof
#define offsetof(type, m) __builtin_offsetof(type, m)
#endif

#if __STDC_VERSION__ < 202000L
#define bool  _Bool
#define true  1
#define false 0
#endif

#endif
