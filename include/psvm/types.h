/* SPDX-License-Identifier: MIT */
/*
 * psvm/types.h - the only header of psvm that reaches outside.
 *
 * psvm needs the integers of fixed width, signed ones too, with their limits and
 * constants (UINT64_MAX, UINT64_C()), bool, size_t, offsetof() and NULL, and nothing
 * else. A project whose own headers already provide them (a kernel, EDK2) defines
 * PSVM_TYPES_HEADER as the name of its header, quotes included; such a header is
 * tests/portability/kernel_types.h.
 */
#ifndef PSVM_TYPES_H
#define PSVM_TYPES_H

#ifdef PSVM_TYPES_HEADER
#include PSVM_TYPES_HEADER
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#ifdef __cplusplus
#define PSVM_BEGIN_DECLS extern "C" {
#define PSVM_END_DECLS	 }
#define PSVM_STATIC_ASSERT(expr, text) static_assert(expr, text)
#else
#define PSVM_BEGIN_DECLS
#define PSVM_END_DECLS
#define PSVM_STATIC_ASSERT(expr, text) _Static_assert(expr, text)
#endif

/*
 * PSVM_API: how a public function of psvm/nested.h comes into a program.
 *
 * By default every transition is a static function that is always inlined: with
 * a rule set known at compile time the compiler folds the table away. A program that
 * wants the external forms of libpsvm.a instead (to save text, to call
 * through a foreign-function interface) defines PSVM_EXTERN before it includes
 * a header of psvm; it then sees prototypes only. PSVM_INSTANTIATE is for
 * src/core, which makes the external forms out of the same bodies.
 *
 * PSVM_LOCAL marks the small helpers behind them, PSVM_SHARED the larger ones.
 * Inline forms absorb both, so that a constant table folds; external forms
 * share one copy of each large one, so that they stay small. PSVM_INTERNAL: one copy
 * for all files of src/core, which a shared library does not export.
 *
 * Attributes have their reserved names: Linux and Xen define noinline and always_inline
 * as macros, before any header is read.
 */
#if defined(PSVM_EXTERN) && defined(PSVM_INSTANTIATE)
#error "PSVM_INSTANTIATE makes the external forms; PSVM_EXTERN only declares them"
#endif
#if defined(PSVM_EXTERN) || defined(PSVM_INSTANTIATE)
#define PSVM_API extern
#define PSVM_LOCAL static inline
#if defined(__GNUC__)
#define PSVM_SHARED static __attribute__((__noinline__))
#else
#define PSVM_SHARED static
#endif
#if defined(__ELF__)
#define PSVM_INTERNAL extern __attribute__((__noinline__, __visibility__("hidden")))
#else
#define PSVM_INTERNAL extern
#endif
#else
#if defined(__GNUC__)
#define PSVM_API static inline __attribute__((__always_inline__))
#else
#define PSVM_API static inline
#endif
#define PSVM_LOCAL PSVM_API
#define PSVM_SHARED PSVM_API
#define PSVM_INTERNAL PSVM_API
#endif

/* PSVM_FOLD: is the rule set to be folded away? PSVM_UNROLL stands before a loop
 * over rows of a table, which has to fold with it, or else stays a loop. */
#if defined(PSVM_INSTANTIATE) && defined(__clang__)
#define PSVM_FOLD   false
#define PSVM_UNROLL _Pragma("clang loop unroll(disable) vectorize(disable)")
#elif defined(PSVM_INSTANTIATE) && defined(__GNUC__)
#define PSVM_FOLD   false
#define PSVM_UNROLL _Pragma("GCC unroll 1")
#elif defined(PSVM_INSTANTIATE)
#define PSVM_FOLD   false
#define PSVM_UNROLL
#elif defined(__clang__)
#define PSVM_FOLD   true
#define PSVM_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define PSVM_FOLD   true
#define PSVM_UNROLL _Pragma("GCC unroll 64")
#else
#define PSVM_FOLD   true
#define PSVM_UNROLL
#endif

/** 64-bit and 32-bit masks of the bits [shift, shift + width), 1 <= width. */
#define PSVM_MASK64(shift, width) \
	((UINT64_MAX >> (64 - (width))) << (shift))
#define PSVM_MASK32(shift, width) \
	((UINT32_MAX >> (32 - (width))) << (shift))

#endif
