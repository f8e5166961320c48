/* SPDX-License-Identifier: MIT */
/* The bare machine: L1 and L2 on the processor, and nothing else. */
#include "machine.h"

/* L1's processor has what is offered to L1. */
static uint32_t model(const struct world *w)
{
	return (w->options & ~w->l0_alone) |
	       (w->facts & PSVM_C(OFFER_VGIF) ? PSVM_CPU(VGIF) : 0) |
	       (w->facts & PSVM_C(OFFER_VNMI) ? PSVM_CPU(VNMI) : 0);
}

static bool is_guest(const struct bare *m)
{
	return (m->cpu.flags & PSVM_CPU_F(GUEST)) != 0;
}

static struct seen seen(const struct bare *m, enum seen_kind kind, uint64_t code)
{
	struct seen s = { (uint8_t)kind, is_guest(m) ? 2 : 1, 0, code };

	return s;
}

static struct seen vmexit(struct bare *m, const struct world *w, uint64_t exit_code,
			  uint64_t exit_int_info, struct reads *reads)
{
	struct psvm_cpu_exit e;

	cpu_reads_vmexit(&m->cpu, reads);
	e = psvm_cpu_vmexit(model(w), m->cpu, m->vmcb12, exit_int_info);
	m->cpu = e.cpu;
	m->vmcb12 = e.vmcb;
	m->exit_code = exit_code;
	return seen(m, SEEN_EXIT, exit_code);
}

/* An event is delivered, or a fault that L1 intercepts cuts its delivery short. */
static struct seen deliver(struct bare *m, const struct world *w, struct act act,
			   struct psvm_cpu_step step, struct reads *reads)
{
	if (act.kind == ACT_FAULT_L1 && is_guest(m)) {
		m->cpu = psvm_cpu_cut_short(m->cpu, step);
		return vmexit(m, w, EXIT_OF_FAULT, step.event, reads);
	}
	m->cpu = step.cpu;
	return seen(m, SEEN_EVENT, step.event);
}

/* A failed VMRUN: L1 finds the exit code, and that nothing is injected (S9). */
static struct seen invalid(struct bare *m, struct psvm_cpu_step step)
{
	m->cpu = step.cpu;
	m->exit_code = step.exit_code;
	m->vmcb12.words.event_inj = 0;
	return seen(m, SEEN_EXIT, step.exit_code);
}

static struct seen vmrun(struct bare *m, const struct world *w, struct act act,
			 struct reads *reads)
{
	struct psvm_cpu_vmcb vmcb = m->vmcb12;
	struct psvm_cpu_step step;

	/* AVIC is never offered: its bits do nothing. */
	vmcb.words.int_ctl &= ~(PSVM_AVIC_ENABLE | PSVM_X2AVIC_ENABLE);
	cpu_reads_vmrun(model(w), &vmcb, reads);
	step = psvm_cpu_vmrun(model(w), m->cpu, vmcb);
	if (step.what == PSVM_CPU_EXITED)
		return invalid(m, step);
	if (step.what == PSVM_CPU_DELIVERED) {
		/* The guest before the event, which a fault may bring back. */
		vmcb.words.event_inj = 0;
		m->cpu = psvm_cpu_vmrun(model(w), m->cpu, vmcb).cpu;
		return deliver(m, w, act, step, reads);
	}
	m->cpu = step.cpu;
	return seen(m, SEEN_RAN, 0);
}

static struct seen execute(struct bare *m, const struct world *w, struct act act,
			   struct reads *reads)
{
	struct psvm_cpu_step step;
	struct seen s;

	if (!is_guest(m) && act.insn == PSVM_INSN_VMRUN)
		return vmrun(m, w, act, reads);
	cpu_reads_insn(&m->cpu, act.insn, reads);
	step = psvm_cpu_execute(model(w), m->cpu, act.insn, act.value);
	if (step.what == PSVM_CPU_EXITED)
		return vmexit(m, w, step.exit_code, 0, reads);
	m->cpu = step.cpu;
	s = seen(m, step.what == PSVM_CPU_DELIVERED ? SEEN_EVENT : SEEN_RAN, step.event);
	s.value = (uint8_t)step.value;
	return s;
}

struct seen bare_step(struct bare *m, const struct world *w, struct act act,
		      struct reads *reads)
{
	struct psvm_cpu_step step;

	if (act.kind == ACT_INTR)
		m->cpu.intr = act.value;
	if (act.kind == ACT_NMI)
		m->cpu.flags |= PSVM_CPU_F(NMI);
	if (!act_runs(act))
		return seen(m, SEEN_RAN, 0);
	cpu_reads_boundary(&m->cpu, reads);
	step = psvm_cpu_boundary(model(w), m->cpu);
	switch (step.what) {
	case PSVM_CPU_DELIVERED:
		return deliver(m, w, act, step, reads);
	case PSVM_CPU_EXITED:
		m->cpu = step.cpu;
		return vmexit(m, w, step.exit_code, 0, reads);
	default:
		return execute(m, w, act, reads);
	}
}

void bare_start(struct bare *m, const struct start *start)
{
	struct bare empty = { 0 };

	*m = empty;
	m->vmcb12 = start->vmcb12;
	m->cpu.tpr = start->tpr;
	m->cpu.flags = (start->l1_if ? PSVM_CPU_F(IF) : 0) |
		       (start->l1_gif ? PSVM_CPU_F(GIF) : 0);
}

struct l1_view bare_view(const struct bare *m)
{
	struct l1_view v = {
		.gif = (m->cpu.flags & PSVM_CPU_F(GIF)) != 0,
		.nmi_masked = (m->cpu.flags & PSVM_CPU_F(NMI_BLOCKED)) != 0,
		.rflags_if = (m->cpu.flags & PSVM_CPU_F(IF)) != 0,
		.tpr = m->cpu.tpr,
		.intr = m->cpu.intr,
		.nmi = (m->cpu.flags & PSVM_CPU_F(NMI)) != 0,
	};

	return v;
}
