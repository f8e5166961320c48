/* SPDX-License-Identifier: MIT */
/*
 * Names without an underscore that are macros in every file of Linux (compiler_types.h) and
 * Xen (compiler.h), whatever it includes.
 */
#define always_inline	       __inline__ __attribute__((__always_inline__))
#define fallthrough	       __attribute__((__fallthrough__))
#define inline		       __inline__ __attribute__((__gnu_inline__, __unused__))
#define likely(x)	       __builtin_expect(!!(x), 1)
#define noinline	       __attribute__((__noinline__))
#define noreturn	       __attribute__((__noreturn__))
#define offsetof(type, member) __builtin_offsetof(type, member)
#define unlikely(x)	       __builtin_expect(!!(x), 0)
#define unreachable()	       __builtin_unreachable()
