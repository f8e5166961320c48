/* SPDX-License-Identifier: MIT */
/*
 * psvm_cpu_*() against the tables of tests/cpu_reference.c.
 *
 *	test_cpu_equal [PATTERN]	cases whose names match, as "boundary *"
 *
 * Each case enumerates every combination of the bits that any rule of that step
 * reads, with one model, and prints how many inputs that were. The bits that no
 * rule reads have one value there; the cases "random" give them any, with PSVM_BRIEF
 * fewer of them.
 */
#include "check.h"
#include "cpu_any.h"
#include "cpu_reference.h"

#include <inttypes.h>
#include <stdio.h>

/* The bits, by number as in APM table B-1. */
#define CTL_V_IRQ      UINT64_C(0x00000100)
#define CTL_V_GIF      UINT64_C(0x00000200)
#define CTL_V_NMI      UINT64_C(0x00000800)
#define CTL_V_NMI_MASK UINT64_C(0x00001000)
#define CTL_IGN_TPR    UINT64_C(0x00100000)
#define CTL_MASKING    UINT64_C(0x01000000)
#define CTL_X2AVIC     UINT64_C(0x40000000)
#define CTL_AVIC       UINT64_C(0x80000000)
#define CTL_VECTOR     UINT64_C(0x0000003100000000)
#define MISC1_INTR     0x00000001U
#define MISC1_VINTR    0x00000010U

/* V_INTR_PRIO below V_TPR, equal, and above; the local APIC's the same way. */
static const uint64_t priorities[] = { 0x040005, 0x050005, 0x060005 };
enum { TPR = 5 };
static const uint8_t interrupts[] = { 0, 0x4f, 0x50, 0x61 };

/* Each subset of the bits of mask, the empty one first. */
#define FOR_SUBSETS(type, subset, mask) \
	for (type subset = 0, subset##_more = 1; subset##_more; \
	     subset = (subset - (mask)) & (mask), subset##_more = subset != 0)

/* --- models */

#define QEMU \
	(PSVM_CPU(VGIF) | PSVM_CPU(PRIO_EQUAL) | PSVM_CPU(NO_SHADOW_IN) | PSVM_CPU(NO_CR8_READ_EXIT) | \
	 PSVM_CPU(INTR_HIDES_V_IRQ) | PSVM_CPU(STI_SHADOWS) | PSVM_CPU(INT_STATE_WHOLE) | \
	 PSVM_CPU(INJECT_IN_SHADOW))
#define BOCHS \
	(PSVM_CPU(TPR_BYTE) | PSVM_CPU(BYTE_061) | PSVM_CPU(NO_REMASK) | \
	 PSVM_CPU(LATE_V_IRQ) | PSVM_CPU(GUEST_IF_GATES) | PSVM_CPU(EVENTINJ_KEPT) | \
	 PSVM_CPU(SHADOW_HOLDS_EXIT) | PSVM_CPU(BYTE_068))

#define EVERY_OPTION 0xfffffU

/* X(name, model) */
#define MODELS(X) \
	X("vgif-vnmi", VGIF_VNMI) \
	X("bare", 0) \
	X("vgif", PSVM_CPU(VGIF)) \
	X("vnmi", PSVM_CPU(VNMI)) \
	X("prio-equal", VGIF_VNMI | PSVM_CPU(PRIO_EQUAL)) \
	X("tpr-byte", VGIF_VNMI | PSVM_CPU(TPR_BYTE)) \
	X("byte-061", VGIF_VNMI | PSVM_CPU(BYTE_061)) \
	X("no-remask", VGIF_VNMI | PSVM_CPU(NO_REMASK)) \
	X("late-v-irq", VGIF_VNMI | PSVM_CPU(LATE_V_IRQ)) \
	X("guest-if-gates", VGIF_VNMI | PSVM_CPU(GUEST_IF_GATES)) \
	X("no-shadow-in", VGIF_VNMI | PSVM_CPU(NO_SHADOW_IN)) \
	X("shadow-holds-exit", VGIF_VNMI | PSVM_CPU(SHADOW_HOLDS_EXIT)) \
	X("no-cr8-read-exit", VGIF_VNMI | PSVM_CPU(NO_CR8_READ_EXIT)) \
	X("eventinj-kept", VGIF_VNMI | PSVM_CPU(EVENTINJ_KEPT)) \
	X("nmi-injected-blocks", VGIF_VNMI | PSVM_CPU(NMI_INJECTED_BLOCKS)) \
	X("vnmi-before-intr", VGIF_VNMI | PSVM_CPU(VNMI_BEFORE_INTR)) \
	X("clean", VGIF_VNMI | PSVM_CPU(CLEAN)) \
	X("intr-hides-v-irq", VGIF_VNMI | PSVM_CPU(INTR_HIDES_V_IRQ)) \
	X("sti-shadows", VGIF_VNMI | PSVM_CPU(STI_SHADOWS)) \
	X("int-state-whole", VGIF_VNMI | PSVM_CPU(INT_STATE_WHOLE)) \
	X("byte-068", VGIF_VNMI | PSVM_CPU(BYTE_068)) \
	X("inject-in-shadow", VGIF_VNMI | PSVM_CPU(INJECT_IN_SHADOW)) \
	X("qemu", QEMU) \
	X("bochs", BOCHS) \
	X("bochs-vgif-vnmi", BOCHS | VGIF_VNMI) \
	X("every-option", EVERY_OPTION)

/* Which flags vary: all with the manual's model and with every option; else not those
 * that no rule of the model asks about. */
static uint32_t flags_read(uint32_t model, uint32_t flags, uint32_t not_asked)
{
	if (model == VGIF_VNMI || model == EVERY_OPTION)
		return flags;
	if ((model & PSVM_CPU(NO_REMASK)) == 0)
		not_asked |= FLAG(V_IRQ_OPEN);
	return flags & ~not_asked;
}

/* --- comparing */

/* One input, for a message; and the count. */
struct input {
	const char *step;
	uint32_t model;
	struct psvm_cpu cpu;
	struct psvm_cpu_vmcb vmcb;
	uint32_t insn, value;
	uint64_t event;
	uint64_t count;
};

static void show_cpu(const char *name, const struct psvm_cpu *cpu)
{
	fprintf(stderr,
		"%s = { .int_ctl = 0x%" PRIx64 ", .cr = 0x%" PRIx32 ", .misc1 = 0x%" PRIx32
		", .misc2 = 0x%" PRIx32 ", .flags = 0x%" PRIx32 ", .tpr = %u, .intr = 0x%x }\n",
		name, cpu->int_ctl, cpu->cr, cpu->misc1, cpu->misc2, cpu->flags, cpu->tpr,
		cpu->intr);
}

static void show_vmcb(const char *name, const struct psvm_cpu_vmcb *vmcb)
{
	fprintf(stderr,
		"%s = { 060h 0x%" PRIx64 ", 068h 0x%" PRIx64 ", 0A8h 0x%" PRIx64
		", 088h 0x%" PRIx64 ", 00Ch 0x%" PRIx32 ", 000h 0x%" PRIx32 ", 010h 0x%" PRIx32
		", 0C0h 0x%" PRIx32 ", IF %u, bad %u }\n",
		name, vmcb->words.int_ctl, vmcb->words.int_state, vmcb->words.event_inj,
		vmcb->words.exit_int_info, vmcb->words.misc1, vmcb->cr, vmcb->misc2,
		vmcb->clean, vmcb->rflags_if, vmcb->bad);
}

static void show_step(const char *name, const struct psvm_cpu_step *step)
{
	fprintf(stderr,
		"%s: what %" PRIu32 " value 0x%" PRIx32 " event 0x%" PRIx64 " exit 0x%" PRIx64
		"\n",
		name, step->what, step->value, step->event, step->exit_code);
	show_cpu(name, &step->cpu);
}

static void show_input(const struct input *in)
{
	fprintf(stderr,
		"%s, model 0x%" PRIx32 ", insn %" PRIu32 ", value 0x%" PRIx32
		", event 0x%" PRIx64 "\n",
		in->step, in->model, in->insn, in->value, in->event);
	show_cpu("cpu", &in->cpu);
	show_vmcb("vmcb", &in->vmcb);
}

static bool same_cpu(const struct psvm_cpu *a, const struct psvm_cpu *b)
{
	return a->int_ctl == b->int_ctl && a->cr == b->cr && a->misc1 == b->misc1 &&
	       a->misc2 == b->misc2 && a->flags == b->flags && a->tpr == b->tpr &&
	       a->intr == b->intr;
}

static bool same_vmcb(const struct psvm_cpu_vmcb *a, const struct psvm_cpu_vmcb *b)
{
	return a->words.int_ctl == b->words.int_ctl &&
	       a->words.int_state == b->words.int_state &&
	       a->words.event_inj == b->words.event_inj &&
	       a->words.exit_int_info == b->words.exit_int_info &&
	       a->words.misc1 == b->words.misc1 &&
	       a->words.tlb_control == b->words.tlb_control && a->cr == b->cr &&
	       a->misc2 == b->misc2 && a->clean == b->clean &&
	       a->rflags_if == b->rflags_if && a->bad == b->bad;
}

static void compare_steps(const struct input *in, struct psvm_cpu_step got,
			  struct psvm_cpu_step want)
{
	if (same_cpu(&got.cpu, &want.cpu) && got.what == want.what &&
	    got.value == want.value && got.event == want.event &&
	    got.exit_code == want.exit_code)
		return;
	show_input(in);
	show_step("got ", &got);
	show_step("want", &want);
	fail_msg("%s differs from the tables", in->step);
}

static void look_at_vmrun(struct input *in)
{
	in->count++;
	compare_steps(in, psvm_cpu_vmrun(in->model, in->cpu, in->vmcb),
		      ref_cpu_vmrun(in->model, in->cpu, in->vmcb));
}

static void look_at_boundary(struct input *in)
{
	in->count++;
	compare_steps(in, psvm_cpu_boundary(in->model, in->cpu),
		      ref_cpu_boundary(in->model, in->cpu));
}

static void look_at_execute(struct input *in)
{
	in->count++;
	compare_steps(in, psvm_cpu_execute(in->model, in->cpu, in->insn, in->value),
		      ref_cpu_execute(in->model, in->cpu, in->insn, in->value));
}

static void look_at_cut_short(struct input *in, struct psvm_cpu_step step)
{
	struct psvm_cpu got, want;

	if (step.what != PSVM_CPU_DELIVERED)
		return;
	got = psvm_cpu_cut_short(in->cpu, step);
	want = ref_cpu_cut_short(in->cpu, step);
	in->event = step.event;
	in->count++;
	if (same_cpu(&got, &want))
		return;
	show_input(in);
	show_cpu("got ", &got);
	show_cpu("want", &want);
	fail_msg("%s differs from the tables", in->step);
}

static void look_at_vmexit(struct input *in)
{
	struct psvm_cpu_exit got = psvm_cpu_vmexit(in->model, in->cpu, in->vmcb, in->event);
	struct psvm_cpu_exit want = ref_cpu_vmexit(in->model, in->cpu, in->vmcb, in->event);

	in->count++;
	if (same_cpu(&got.cpu, &want.cpu) && same_vmcb(&got.vmcb, &want.vmcb))
		return;
	show_input(in);
	show_cpu("got ", &got.cpu);
	show_vmcb("got ", &got.vmcb);
	show_cpu("want", &want.cpu);
	show_vmcb("want", &want.vmcb);
	fail_msg("%s differs from the tables", in->step);
}

/* --- every combination */

/* The intercepts of the events, each alone and together. */
#define EVENT_INTERCEPTS (MISC1_INTR | MISC1_NMI | MISC1_VINTR)

static void each_interrupt(struct input *in)
{
	for (size_t i = 0; i < N_ROWS(interrupts); i++) {
		in->cpu.intr = interrupts[i];
		look_at_boundary(in);
	}
}

static void each_boundary(struct input *in)
{
	uint64_t ctl_read = CTL_V_IRQ | CTL_V_GIF | CTL_V_NMI | CTL_V_NMI_MASK |
			    CTL_IGN_TPR | CTL_MASKING | CTL_AVIC | enables(in->model);
	uint32_t flags_mask = flags_read(in->model, ALL_FLAGS, FLAG(HALTED));

	FOR_SUBSETS(uint64_t, ctl, ctl_read)
		for (size_t p = 0; p < N_ROWS(priorities); p++) {
			in->cpu.int_ctl = CTL_VECTOR | ctl | priorities[p];
			FOR_SUBSETS(uint32_t, flags, flags_mask) {
				in->cpu.flags = flags;
				FOR_SUBSETS(uint32_t, misc1, EVENT_INTERCEPTS) {
					in->cpu.misc1 = misc1;
					each_interrupt(in);
				}
			}
		}
}

/* The instructions' words of intercepts: none, all. */
static const uint32_t all_or_none[] = { 0, UINT32_MAX };

static void each_value(struct input *in)
{
	uint32_t last = in->insn == PSVM_INSN_CR8_WRITE ? 15 : 0;

	for (in->value = 0; in->value <= last; in->value++)
		look_at_execute(in);
}

static void each_insn(struct input *in)
{
	for (in->insn = 0; in->insn <= PSVM_INSN_COUNT; in->insn++)
		for (size_t i = 0; i < N_ROWS(all_or_none); i++) {
			in->cpu.cr = in->cpu.misc1 = in->cpu.misc2 = all_or_none[i];
			each_value(in);
		}
}

static void each_execute(struct input *in)
{
	uint64_t ctl_read = CTL_V_IRQ | CTL_V_GIF | CTL_V_NMI_MASK | CTL_IGN_TPR |
			    CTL_MASKING | CTL_AVIC | enables(in->model);
	uint32_t flags_mask = flags_read(in->model, ALL_FLAGS, FLAG(NMI));

	FOR_SUBSETS(uint64_t, ctl, ctl_read)
		for (size_t p = 0; p < N_ROWS(priorities); p++) {
			in->cpu.int_ctl = CTL_VECTOR | ctl | priorities[p];
			FOR_SUBSETS(uint32_t, flags, flags_mask) {
				in->cpu.flags = flags;
				each_insn(in);
			}
		}
}

static const unsigned int event_vectors[] = { 0, 2, 6, 31, 32, 255 };

static void each_event(struct input *in)
{
	in->vmcb.words.event_inj = 0;
	look_at_vmrun(in);
	for (unsigned int type = 0; type < 8; type++)
		for (size_t i = 0; i < N_ROWS(event_vectors); i++) {
			in->vmcb.words.event_inj = UINT64_C(0x1234567800000800) | EVENT_V |
						   type << 8 | event_vectors[i];
			look_at_vmrun(in);
		}
}

/* The rest of the VMCB, for one value of 060h. */
static void each_vmcb(struct input *in)
{
	/* Bit 0: the shadow. 1: IF. 2: the NMI intercept. 3: VMRUN's. 4: bad. */
	for (unsigned int i = 0; i < 32; i++) {
		in->vmcb.words.int_state = UINT64_C(0xfe) | (i & 1);
		in->vmcb.rflags_if = i >> 1 & 1;
		in->vmcb.words.misc1 = i >> 2 & 1 ? MISC1_NMI : ~MISC1_NMI;
		in->vmcb.misc2 = i >> 3 & 1 ? MISC2_VMRUN : ~MISC2_VMRUN;
		in->vmcb.bad = i >> 4 & 1;
		each_event(in);
	}
}

/* Option CLEAN: what is clean, and what the processor holds then. */
static void each_clean(struct input *in)
{
	uint32_t clean_read = in->model & PSVM_CPU(CLEAN) ? 0x9 : 0;

	FOR_SUBSETS(uint32_t, clean, clean_read) {
		in->vmcb.clean = clean;
		in->cpu.int_ctl = 0;
		in->cpu.cr = in->cpu.misc1 = in->cpu.misc2 = 0;
		each_vmcb(in);
		if (clean == 0)
			continue;
		in->cpu.int_ctl = enables(in->model) | UINT64_C(0x3300150013);
		in->cpu.cr = in->cpu.misc1 = in->cpu.misc2 = UINT32_MAX;
		each_vmcb(in);
	}
}

static void each_vmrun(struct input *in)
{
	const uint64_t ctl_read = CTL_V_IRQ | CTL_V_GIF | CTL_V_NMI_MASK | CTL_IGN_TPR |
				  CTL_VGIF | CTL_VNMI | CTL_X2AVIC | CTL_AVIC;
	/* The host does not run in a guest, and has not executed HLT. */
	const uint32_t host_flags = ALL_FLAGS & ~(FLAG(GUEST) | FLAG(HALTED));

	in->vmcb.cr = 0x01000100;
	FOR_SUBSETS(uint64_t, ctl, ctl_read)
		for (size_t p = 0; p < N_ROWS(priorities); p++) {
			in->vmcb.words.int_ctl = CTL_VECTOR | 0xa0 | ctl | priorities[p];
			in->cpu.flags = ctl & CTL_V_GIF ? host_flags : 0;
			each_clean(in);
		}
	/* The flags of the host: no rule combines them with a bit of the VMCB. */
	in->vmcb.words.misc1 = MISC1_NMI;
	in->vmcb.misc2 = MISC2_VMRUN;
	in->vmcb.bad = 0;
	FOR_SUBSETS(uint32_t, flags, host_flags) {
		in->cpu.flags = flags;
		FOR_SUBSETS(uint64_t, ctl, (CTL_V_IRQ | CTL_IGN_TPR | CTL_V_GIF | CTL_VGIF)) {
			in->vmcb.words.int_ctl = ctl;
			each_event(in);
		}
	}
}

static const uint64_t stored_over[] = { 0, UINT64_MAX, UINT64_C(0x5a5aa5a55a5aa5a5) };

static void each_vmexit(struct input *in)
{
	uint64_t ctl_read = UINT64_C(0x99) | CTL_V_IRQ | CTL_V_GIF | CTL_V_NMI |
			    CTL_V_NMI_MASK | enables(in->model);

	in->cpu.cr = in->cpu.misc1 = in->cpu.misc2 = 0x5a5a5a5a;
	FOR_SUBSETS(uint64_t, ctl, ctl_read)
		FOR_SUBSETS(uint32_t, flags, (ALL_FLAGS & ~FLAG(GUEST)))
			for (size_t i = 0; i < N_ROWS(stored_over); i++) {
				in->cpu.int_ctl = ctl;
				in->cpu.flags = flags | FLAG(GUEST);
				in->vmcb.words.int_ctl = stored_over[i];
				in->vmcb.words.int_state = stored_over[i];
				in->vmcb.words.event_inj = stored_over[i];
				in->event = stored_over[i] << 1;
				look_at_vmexit(in);
			}
}

/* Those inputs in which an event is delivered. */
static void each_cut(struct input *in)
{
	for (size_t i = 0; i < N_ROWS(interrupts); i += N_ROWS(interrupts) - 1) {
		in->cpu.intr = interrupts[i];
		look_at_cut_short(in, ref_cpu_boundary(in->model, in->cpu));
	}
}

static void each_cut_short(struct input *in)
{
	uint64_t ctl_read = CTL_V_IRQ | CTL_V_GIF | CTL_V_NMI | CTL_V_NMI_MASK |
			    CTL_IGN_TPR | CTL_MASKING | CTL_AVIC | enables(in->model);
	uint32_t flags_mask = flags_read(in->model, ALL_FLAGS & ~FLAG(GUEST), FLAG(HALTED));

	FOR_SUBSETS(uint64_t, ctl, ctl_read)
		FOR_SUBSETS(uint32_t, flags, flags_mask)
			FOR_SUBSETS(uint32_t, misc1, EVENT_INTERCEPTS) {
				/* IGN_TPR is the other priority that is enough. */
				in->cpu.int_ctl = CTL_VECTOR | ctl | priorities[0];
				in->cpu.flags = flags | FLAG(GUEST);
				in->cpu.misc1 = misc1;
				each_cut(in);
			}
}

/* --- any input that is sensible */

static void random_boundary(struct input *in)
{
	in->cpu = any_cpu(in->model, any_guest() | any_halt());
	look_at_boundary(in);
}

static void random_execute(struct input *in)
{
	in->cpu = any_cpu(in->model, any_guest() | any_halt());
	in->insn = once_in(64) ? (uint32_t)any() : (uint32_t)(any() % PSVM_INSN_COUNT);
	in->value = (uint32_t)any();
	look_at_execute(in);
}

static void random_vmrun(struct input *in)
{
	in->cpu = any_cpu(in->model, 0);
	in->vmcb = any_vmcb();
	look_at_vmrun(in);
}

static void random_vmexit(struct input *in)
{
	in->cpu = any_cpu(in->model, FLAG(GUEST) | any_halt());
	in->vmcb = any_vmcb();
	in->event = any();
	look_at_vmexit(in);
}

/* An event of the boundary; an injected one. */
static void random_cut_short(struct input *in)
{
	struct psvm_cpu_step step;

	in->cpu = any_cpu(in->model, FLAG(GUEST) | any_halt());
	look_at_cut_short(in, ref_cpu_boundary(in->model, in->cpu));
	in->vmcb = any_vmcb();
	step = ref_cpu_vmrun(in->model, any_cpu(in->model, 0), in->vmcb);
	/* The guest before the handler: IF and SHADOW may have been set. */
	in->cpu = step.cpu;
	in->cpu.flags |= (uint32_t)any() & (FLAG(IF) | FLAG(SHADOW));
	look_at_cut_short(in, step);
}

#ifdef PSVM_BRIEF
enum { RANDOM_INPUTS = 30000 };
#else
enum { RANDOM_INPUTS = 1000000 };
#endif

/* --- cases */

/* X(name, every combination, one random input) */
#define STEPS(X) \
	X("boundary", each_boundary, random_boundary) \
	X("execute", each_execute, random_execute) \
	X("vmrun", each_vmrun, random_vmrun) \
	X("vmexit", each_vmexit, random_vmexit) \
	X("cut-short", each_cut_short, random_cut_short)

static const struct step {
	const char *name;
	void (*each)(struct input *in), (*random)(struct input *in);
} steps[] = {
#define PSVM_X(name, each, random) { name, each, random },
	STEPS(PSVM_X)
#undef PSVM_X
};

static const struct model {
	const char *name;
	uint32_t bits;
} models[] = {
#define PSVM_X(name, bits) { name, bits },
	MODELS(PSVM_X)
#undef PSVM_X
};

struct row {
	char name[64];
	const struct step *step;
	const struct model *model;
};

static uint64_t all_inputs; /* of all the cases that ran */

static void print_count(const struct input *in)
{
	print_message("%s: %" PRIu64 " inputs\n", in->step, in->count);
	all_inputs += in->count;
}

static void test_each(void **state)
{
	const struct row *row = *state;
	struct input in = { .step = row->name, .model = row->model->bits, .cpu = { .tpr = TPR } };

	row->step->each(&in);
	print_count(&in);
}

static void test_random(void **state)
{
	const struct row *row = *state;
	struct input in = { .step = row->name };

	while (in.count < RANDOM_INPUTS) {
		in.model = any_model();
		row->step->random(&in);
	}
	print_count(&in);
}

/* The external forms are the same bodies, and slower: one model is enough. */
#ifdef PSVM_EXTERN
enum { MODELS_TESTED = 1 };
#else
enum { MODELS_TESTED = N_ROWS(models) };
#endif

int main(int argc, char **argv)
{
	static struct row rows[N_ROWS(steps) * (N_ROWS(models) + 1)];
	struct CMUnitTest tests[N_ROWS(steps) * (MODELS_TESTED + 1)];
	size_t n = 0;
	int rc;

	for (size_t s = 0; s < N_ROWS(steps); s++) {
		for (size_t m = 0; m < MODELS_TESTED; m++, n++) {
			rows[n] = (struct row){ .step = &steps[s], .model = &models[m] };
			snprintf(rows[n].name, sizeof(rows[n].name), "%s %s", steps[s].name,
				 models[m].name);
			tests[n] = check_case(rows[n].name, test_each, &rows[n]);
		}
		rows[n].step = &steps[s];
		snprintf(rows[n].name, sizeof(rows[n].name), "%s random", steps[s].name);
		tests[n] = check_case(rows[n].name, test_random, &rows[n]);
		n++;
	}
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	print_message("together %" PRIu64 " inputs\n", all_inputs);
	return rc;
}
