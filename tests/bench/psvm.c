/* SPDX-License-Identifier: MIT */
/*
 * psvm's own forms, for one rule set: SIDE_name for RULES. Compiled with the inline
 * forms, and again with PSVM_EXTERN for those of the library, to which the rule set
 * and the model are data.
 */
#include "bench.h"

#include "psvm/rule_sets.h"

#define PASTE_2(a, b) a##b
#define PASTE(a, b)   PASTE_2(a, b)
#define MY_RULES      (&PASTE(psvm_rules_, RULES))
#define MY_FORM(name) FORM(PASTE(SIDE, _##name), name##_once)

#define STEP(name, function) \
	INLINE void name##_once(const struct input *in, union output *out) \
	{ \
		struct psvm_result r = function(MY_RULES, in->n); \
\
		words_of_##name(out, &r); \
		rest_of_##name(out, &r); \
	}
STEP(snapshot, psvm_snapshot)
STEP(enter, psvm_enter)
STEP(reenter, psvm_reenter)
STEP(window_open, psvm_window_open)
STEP(window_close, psvm_window_close)
STEP(refresh, psvm_refresh)
STEP(hand_back, psvm_nested_sync_int_ctl)

INLINE void merge_once(const struct input *in, union output *out)
{
	out->intercepts = psvm_merge_intercepts(MY_RULES, in->n, in->i12, in->i01);
}

INLINE void route_exit_once(const struct input *in, union output *out)
{
	out->answer.bits =
		psvm_route_exit(MY_RULES, in->n, in->exit_code, in->i12, in->i01);
}

INLINE void interrupt_arrives_once(const struct input *in, union output *out)
{
	out->answer.bits = psvm_interrupt_arrives(MY_RULES, in->n);
}

INLINE void rule_once(const struct input *in, union output *out)
{
	uint64_t bits = 0;

	out->answer.code = psvm_rule(MY_RULES, in->n, RULE_CELL, &bits).code;
	out->answer.bits = bits;
}

INLINE void conditions_once(const struct input *in, union output *out)
{
	out->answer.bits = psvm_conditions(in->n);
}

INLINE void rules_check_once(const struct input *in, union output *out)
{
	(void)in;
	out->answer.code = psvm_rules_check(MY_RULES).code;
}

STEPS(MY_FORM)
QUESTIONS(MY_FORM)
MY_FORM(merge)
MY_FORM(rules_check)

#ifdef WITH_PAGES
#define ON_PAGES(name, function) \
	INLINE void name##_once(const struct input *in, union output *out) \
	{ \
		struct psvm_result r = function(MY_RULES, in->pages); \
\
		rest_of_pages(out, &r); \
	}
ON_PAGES(vmcb_snapshot, psvm_vmcb_snapshot)
ON_PAGES(vmcb_enter, psvm_vmcb_enter)
ON_PAGES(vmcb_reenter, psvm_vmcb_reenter)
ON_PAGES(vmcb_window_open, psvm_vmcb_window_open)
ON_PAGES(vmcb_window_close, psvm_vmcb_window_close)
ON_PAGES(vmcb_refresh, psvm_vmcb_refresh)
ON_PAGES(vmcb_hand_back, psvm_vmcb_nested_sync_int_ctl)

INLINE void vmcb_route_exit_once(const struct input *in, union output *out)
{
	out->answer.bits = psvm_vmcb_route_exit(MY_RULES, in->pages);
}

PAGES(MY_FORM)
MY_FORM(vmcb_route_exit)
#endif

#ifdef WITH_CPU
INLINE void cpu_vmrun_once(const struct input *in, union output *out)
{
	out->step = psvm_cpu_vmrun(CPU_MODEL, in->host, in->vmcb);
}

INLINE void cpu_boundary_once(const struct input *in, union output *out)
{
	out->step = psvm_cpu_boundary(CPU_MODEL, in->guest);
}

INLINE void cpu_execute_once(const struct input *in, union output *out)
{
	out->step = psvm_cpu_execute(CPU_MODEL, in->guest, in->insn, in->value);
}

INLINE void cpu_cut_short_once(const struct input *in, union output *out)
{
	out->cpu = psvm_cpu_cut_short(in->guest, in->delivered);
}

INLINE void cpu_vmexit_once(const struct input *in, union output *out)
{
	out->exit = psvm_cpu_vmexit(CPU_MODEL, in->guest, in->vmcb, in->exit_int_info);
}

PROCESSOR(MY_FORM)
#endif
