/* SPDX-License-Identifier: MIT */
/*
 * What is measured: the functions of psvm, and others that do the same.
 *
 * Each form of a function gets the same inputs in an array, and stores what a caller
 * of psvm has to store, no more. The forms are checked to store the same.
 */
#ifndef PSVM_BENCH_H
#define PSVM_BENCH_H

#include "psvm/cpu.h"
#include "psvm/pages.h"

/* Transitions on words, which Linux has functions for; what only asks; transitions on
 * pages; the processor. */
#define STEPS_BUT_REENTER(X) \
	X(snapshot) X(enter) X(window_open) X(window_close) X(refresh) X(hand_back)
#define STEPS(X) STEPS_BUT_REENTER(X) X(reenter)
#define QUESTIONS(X) X(route_exit) X(interrupt_arrives) X(rule) X(conditions)
#define PAGES(X) \
	X(vmcb_snapshot) X(vmcb_enter) X(vmcb_reenter) X(vmcb_window_open) \
	X(vmcb_window_close) X(vmcb_refresh) X(vmcb_hand_back)
#define PROCESSOR(X) \
	X(cpu_vmrun) X(cpu_boundary) X(cpu_execute) X(cpu_cut_short) X(cpu_vmexit)

/* What `rule` asks for, and the processor that is measured. */
#define RULE_CELL PSVM_CELL_CR8_INTERCEPT
#define CPU_MODEL (PSVM_CPU(VGIF) | PSVM_CPU(VNMI))

struct input {
	struct psvm_nested n;
	struct psvm_intercepts i12, i01;
	uint64_t exit_code;
	const struct psvm_pages *pages;
	struct psvm_cpu guest, host;
	struct psvm_cpu_vmcb vmcb;
	struct psvm_cpu_step delivered;
	uint64_t exit_int_info;
	uint32_t insn, value;
};

union output {
	struct psvm_result result;
	struct psvm_intercepts intercepts;
	struct {
		uint64_t bits;
		uint32_t code;
	} answer;
	struct psvm_cpu cpu;
	struct psvm_cpu_step step;
	struct psvm_cpu_exit exit;
};

typedef void form_fn(const struct input *restrict in, union output *restrict out,
		     size_t count);

/* A function that is a part of its caller, whatever the compiler thinks of its size. */
#define INLINE static inline __attribute__((always_inline))

/* A form, by its name and what it does for one input: a loop that callgrind can name. */
#define FORM(form, once) \
	void form(const struct input *restrict in, union output *restrict out, \
		  size_t count); \
	__attribute__((noinline)) void form(const struct input *restrict in, \
					    union output *restrict out, size_t count) \
	{ \
		for (; count != 0; count--, in++, out++) \
			once(in, out); \
	}
#define DECLARE_FORM(form) form_fn form;

/* The functions of one version of Linux, by the names of STEPS and `merge`. */
struct linux_side {
	const char *version; /* null: its source is not here */
	struct linux_forms {
		form_fn *form, *frame;
	} snapshot, enter, reenter, window_open, window_close, refresh, hand_back, merge;
};

/* --- what a caller stores ------------------------------------------------ */

/* The words that a transition changes, and the rest that it says. */

INLINE void rest_of_snapshot(union output *out, const struct psvm_result *r)
{
	out->result.status.code = r->status.code;
}

INLINE void rest_of_refresh(union output *out, const struct psvm_result *r)
{
	out->result.status.code = r->status.code;
}

INLINE void rest_of_window_open(union output *out, const struct psvm_result *r)
{
	out->result.status.code = r->status.code;
	out->result.dirty02 = r->dirty02;
	out->result.dirty01 = r->dirty01;
	out->result.requests = r->requests;
	out->result.outcome = r->outcome;
}

INLINE void rest_of_window_close(union output *out, const struct psvm_result *r)
{
	rest_of_window_open(out, r);
}

INLINE void rest_of_hand_back(union output *out, const struct psvm_result *r)
{
	out->result.status.code = r->status.code;
	out->result.dirty01 = r->dirty01;
	out->result.requests = r->requests;
	out->result.store12 = r->store12;
	out->result.gif = r->gif;
	out->result.nmi_change = r->nmi_change;
}

INLINE void rest_of_enter(union output *out, const struct psvm_result *r)
{
	rest_of_hand_back(out, r);
	out->result.dirty02 = r->dirty02;
	out->result.outcome = r->outcome;
}

INLINE void rest_of_reenter(union output *out, const struct psvm_result *r)
{
	rest_of_enter(out, r);
}

INLINE void words_of_snapshot(union output *out, const struct psvm_result *r)
{
	out->result.v12 = r->v12;
}

INLINE void words_of_refresh(union output *out, const struct psvm_result *r)
{
	out->result.v12 = r->v12;
}

INLINE void words_of_window_open(union output *out, const struct psvm_result *r)
{
	out->result.v02.int_ctl = r->v02.int_ctl;
	out->result.v02.misc1 = r->v02.misc1;
	out->result.v01.int_ctl = r->v01.int_ctl;
	out->result.v01.misc1 = r->v01.misc1;
}

INLINE void words_of_window_close(union output *out, const struct psvm_result *r)
{
	words_of_window_open(out, r);
}

INLINE void words_of_hand_back(union output *out, const struct psvm_result *r)
{
	out->result.v12 = r->v12;
	out->result.v01 = r->v01;
}

INLINE void words_of_enter(union output *out, const struct psvm_result *r)
{
	words_of_hand_back(out, r);
	out->result.v02 = r->v02;
}

INLINE void words_of_reenter(union output *out, const struct psvm_result *r)
{
	words_of_enter(out, r);
}

/* Pages store for themselves; the rest of the result the caller looks at. */
INLINE void rest_of_pages(union output *out, const struct psvm_result *r)
{
	out->result.status.code = r->status.code;
	out->result.requests = r->requests;
	out->result.outcome = r->outcome;
	out->result.gif = r->gif;
	out->result.nmi_change = r->nmi_change;
}

#endif
