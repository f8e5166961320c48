/* SPDX-License-Identifier: MIT */
/*
 * The functions of Linux, out of the source package: SOURCE is what tests/kernel/side.py
 * makes of it, or an empty file. They work on KVM's structures, so each call needs words
 * put into these and taken out again. frame_* does that and calls nothing: what is left
 * of linux_* without it is the function of Linux.
 */
#ifdef SOURCE
#include SOURCE
#endif

#include "bench.h"

#define PASTE_2(a, b) a##b
#define PASTE(a, b)   PASTE_2(a, b)
__attribute__((visibility("default"))) extern const struct linux_side PASTE(side_, SIDE);

#ifdef SIDE_VERSION

/* The functions as callgrind sees them: call_hand_back_linux_6_12. */
#define CALL(name) PASTE(PASTE(call_, name), PASTE(_, SIDE))

/* The compiler does not know what they do to memory, nor that the empty one does not. */
#define CALLED(name, statement) \
	__attribute__((noinline)) static void CALL(name)(void) \
	{ \
		statement; \
		__asm__ volatile("" ::: "memory"); \
	}
CALLED(nothing, )
CALLED(snapshot, nested_copy_vmcb_control_to_cache(&vcpu, &vmcb12.control))
CALLED(enter, nested_svm_vmrun(&vcpu.vcpu))
CALLED(reenter, if (checks_pass(&vcpu)) build_02(&vcpu))
CALLED(window_open, svm_enable_irq_window(&vcpu.vcpu))
CALLED(window_close, interrupt_window_interception(&vcpu.vcpu))
CALLED(refresh, nested_sync_control_from_vmcb02(&vcpu))
CALLED(hand_back, nested_svm_vmexit(&vcpu))
CALLED(merge, merge(&vcpu))

#define WITH(name, begin, end) \
	INLINE void name##_with(const struct input *in, union output *out, \
				void (*function)(void)) \
	{ \
		struct psvm_result r; \
\
		begin(&in->n); \
		function(); \
		r = end; \
		r.status.code = PSVM_OK; \
		words_of_##name(out, &r); \
		rest_of_##name(out, &r); \
	} \
	INLINE void name##_once(const struct input *in, union output *out) \
	{ \
		name##_with(in, out, CALL(name)); \
	} \
	INLINE void name##_frame_once(const struct input *in, union output *out) \
	{ \
		name##_with(in, out, CALL(nothing)); \
	}
WITH(snapshot, begin_l1, END_12())
WITH(enter, begin_l1, END_VMCB12())
WITH(reenter, begin_l2, END_12())
WITH(window_open, begin_l2, END_12())
WITH(window_close, begin_l2, END_12())
WITH(refresh, begin_l2, END_12())
WITH(hand_back, begin_l2, END_VMCB12())

INLINE void merge_with(const struct input *in, union output *out, void (*function)(void))
{
	begin_l2(&in->n);
	memcpy(vcpu.nested.ctl.intercepts, in->i12.word, sizeof(in->i12.word));
	memcpy(vmcb01.control.intercepts, in->i01.word, sizeof(in->i01.word));
	function();
	memcpy(out->intercepts.word, vmcb02.control.intercepts,
	       sizeof(out->intercepts.word));
}

INLINE void merge_once(const struct input *in, union output *out)
{
	merge_with(in, out, CALL(merge));
}

INLINE void merge_frame_once(const struct input *in, union output *out)
{
	merge_with(in, out, CALL(nothing));
}

#define NAME(kind, name) PASTE(PASTE(kind, SIDE), _##name)
#define FORMS(name) \
	FORM(NAME(, name), name##_once) \
	FORM(NAME(frame_, name), name##_frame_once)
STEPS(FORMS)
FORMS(merge)

#define ROW(name) .name = { NAME(, name), NAME(frame_, name) },
const struct linux_side PASTE(side_, SIDE) = {
	.version = SIDE_VERSION, STEPS(ROW) ROW(merge)
};

#else

const struct linux_side PASTE(side_, SIDE) = { .version = NULL };

#endif
