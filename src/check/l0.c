/* SPDX-License-Identifier: MIT */
/*
 * The nested machine: an L0 that does what a rule set says.
 *
 * Everything that concerns int_ctl while L2 runs, and at VMRUN and #VMEXIT of L1, is
 * asked of the rule set (l0_ask.c): the transitions, the routing of exits, the conditions
 * of psvm_rule(). The rest is what every L0 has to do, and is done right here: L1 alone
 * on vmcb01, with a window of its own, and the emulation of an instruction that L0
 * intercepts.
 *
 * L0 looks at pending events only when there is a request, as real ones do: what is
 * not requested is lost until something else makes L0 look.
 */
#include "l0.h"

static bool running(const struct nested *m)
{
	return (m->cpu.flags & PSVM_CPU_F(GUEST)) != 0;
}

static uint32_t model(const struct l0 *l)
{
	return l->w->options | (l0_uses_vgif(l) ? PSVM_CPU(VGIF) : 0) |
	       (l0_uses_vnmi(l) ? PSVM_CPU(VNMI) : 0);
}

/* --- running ------------------------------------------------------------- */

static void refresh(struct l0 *l)
{
	l0_did(l, DEED_REFRESH);
	l->m->snapshot.words = l0_transition(l, L0_REFRESH, 0).v12;
}

/* The processor leaves the guest: what the VMCB and L0's copies become. */
static void leave(struct l0 *l, uint64_t exit_int_info)
{
	struct psvm_cpu_exit e;

	cpu_reads_vmexit(&l->m->cpu, l->reads);
	e = psvm_cpu_vmexit(model(l), l->m->cpu, *l0_current(l), exit_int_info);
	l->m->cpu = e.cpu;
	*l0_current(l) = e.vmcb;
	if (!l->m->in_l2) {
		l->m->tpr = (uint8_t)(e.vmcb.words.int_ctl & PSVM_V_TPR);
		return;
	}
	refresh(l);
	if (l0_rule(l, L0_TPR_STORE)) {
		l0_did(l, DEED_TPR_STORE);
		l->m->tpr = (uint8_t)(l->m->vmcb02.words.int_ctl & PSVM_V_TPR);
		reads_note(l->reads, READ_INT_CTL, l->m->tpr);
	}
}

/* The guest got a fault in the delivery of an event, which L1 does not see: L0 has the
 * event delivered again. */
static void reinject(struct l0 *l)
{
	uint64_t event = l0_current(l)->words.exit_int_info;

	if (event & PSVM_EVENT_INJ_V) {
		l0_did(l, DEED_REINJECT);
		l0_current(l)->words.event_inj = event;
	}
	l0_current(l)->words.exit_int_info = 0;
}

/* vmcb02 before every run. */
static void prepare_02(struct l0 *l)
{
	uint64_t *to = &l->m->vmcb02.words.int_ctl;
	uint64_t from_12 = l0_rule(l, L0_RUN_FROM_12);

	*to = (*to & ~from_12) | (l->m->snapshot.words.int_ctl & from_12);
	*to &= ~l0_rule(l, L0_RUN_CLEAR_02);
	l0_merge(l);
}

static void load_tpr(struct l0 *l)
{
	struct psvm_cpu_vmcb *vmcb = l0_current(l);

	if (l->m->in_l2 && l0_rule(l, L0_TPR_LOAD))
		l0_did(l, DEED_TPR_LOAD);
	if (!l->m->in_l2 || l0_rule(l, L0_TPR_LOAD))
		vmcb->words.int_ctl = (vmcb->words.int_ctl & ~PSVM_V_TPR) | l->m->tpr;
}

/* An event is delivered, or a fault comes first. */
static void deliver(struct l0 *l, struct psvm_cpu before, struct psvm_cpu_step step)
{
	if (!l->m->in_l2 || l->act.kind == ACT_INSN) {
		l->m->cpu = step.cpu;
		l->m->injects_nmi = 0;
		l0_see(l, SEEN_EVENT, step.event);
		return;
	}
	l->m->cpu = psvm_cpu_cut_short(before, step);
	leave(l, step.event);
	l->faulted = true;
}

/* VMRUN of the level that is to run. L1 or L2 see no more than an injected event. */
static void enter(struct l0 *l)
{
	struct psvm_cpu_vmcb plain = *l0_current(l);
	struct psvm_cpu_step step;

	cpu_reads_vmrun(model(l), &plain, l->reads);
	step = psvm_cpu_vmrun(model(l), l->m->cpu, plain);
	l->m->vmrun_pending = 0;
	if (step.what == PSVM_CPU_EXITED) { /* refused: only L1's VMCB can be at fault */
		l0_hand_back(l, step.exit_code, false);
		return;
	}
	plain.words.event_inj = 0;
	*l0_current(l) = plain;
	if (step.what == PSVM_CPU_DELIVERED)
		deliver(l, psvm_cpu_vmrun(model(l), l->m->cpu, plain).cpu, step);
	else
		l->m->cpu = step.cpu;
}

/* L0 is about to run L1 or L2, if there is not something else to be done first. */
static void run(struct l0 *l)
{
	l0_serve(l);
	if (l->seen_any || (l->m->asleep && !l0_injecting(l)))
		return;
	l->m->asleep = 0;
	load_tpr(l);
	if (l->m->in_l2)
		prepare_02(l);
	else
		l0_set_intercepts_01(l);
	enter(l);
}

/* --- exits --------------------------------------------------------------- */

static void write_gif(struct l0 *l, bool value)
{
	bool window = (l->m->vmcb01.words.misc1 & PSVM_INTERCEPT_MASK(VINTR)) != 0;

	l->m->gif = value;
	if (window && l->m->in_l2)
		l0_window_close(l);
	else if (window)
		l0_window_01(l, false);
	l0_request(l, PSVM_REQUEST_EVENT);
}

/* CR8 of L2 that L0 intercepts (15.21.2): L1's local APIC, or V_TPR alone. */
static void write_cr8(struct l0 *l, uint8_t value)
{
	struct psvm_cpu_vmcb *vmcb = l0_current(l);

	vmcb->words.int_ctl = (vmcb->words.int_ctl & ~PSVM_V_TPR) | value;
	if (!l->m->in_l2 || !l0_holds(l, &l->m->snapshot, PSVM_V_INTR_MASKING))
		l->m->tpr = value;
	l0_request(l, PSVM_REQUEST_EVENT);
}

static uint8_t read_cr8(const struct l0 *l)
{
	if (l->m->in_l2 && l0_holds(l, &l->m->snapshot, PSVM_V_INTR_MASKING))
		return (uint8_t)(l->m->vmcb02.words.int_ctl & PSVM_V_TPR);
	return l->m->tpr;
}

/* An instruction that L0 intercepts: do what it does. */
static void emulate(struct l0 *l, uint32_t insn, uint8_t value)
{
	struct psvm_cpu_vmcb *vmcb = l0_current(l);

	l0_did(l, DEED_EMULATE);
	vmcb->words.int_state &= ~PSVM_INT_STATE_INTERRUPT_SHADOW;
	l0_see(l, SEEN_RAN, 0);
	switch (insn) {
	case PSVM_INSN_STGI:
	case PSVM_INSN_CLGI:
		write_gif(l, insn == PSVM_INSN_STGI);
		break;
	case PSVM_INSN_CR8_WRITE:
		write_cr8(l, value);
		break;
	case PSVM_INSN_CR8_READ:
		l->s.value = read_cr8(l);
		break;
	case PSVM_INSN_IRET:
		vmcb->rflags_if = 1;
		l0_mask_nmi(l, false);
		l0_request(l, PSVM_REQUEST_EVENT);
		break;
	case PSVM_INSN_HLT:
		l0_did(l, DEED_SLEEP);
		l->m->asleep = 1;
		break;
	case PSVM_INSN_VMMCALL: /* #UD, as on the processor */
		vmcb->rflags_if = 0;
		l0_see(l, SEEN_EVENT,
		       PSVM_EVENT_INJ_V |
			       (uint64_t)PSVM_EVENT_TYPE_EXCEPTION
				       << PSVM_EVENT_TYPE_SHIFT |
			       6);
		break;
	default:
		break;
	}
}

/* An exit of L1. */
static void handle_l1(struct l0 *l, uint64_t exit_code, uint32_t insn)
{
	if (exit_code == PSVM_EXIT_VINTR) {
		l0_window_01(l, false);
		l0_request(l, PSVM_REQUEST_EVENT);
	} else if (exit_code == PSVM_EXIT_VMRUN) {
		l0_vmrun(l);
		l->entering = l->m->in_l2 != 0;
	} else if (insn < PSVM_INSN_COUNT) {
		emulate(l, insn, l->act.value);
	}
}

/* An exit of L2 that is L0's. */
static void handle_l2(struct l0 *l, uint64_t exit_code, uint32_t insn)
{
	if (exit_code == PSVM_EXIT_VINTR)
		l0_window_close(l);
	else if (insn < PSVM_INSN_COUNT)
		emulate(l, insn, l->act.value);
	if (insn < PSVM_INSN_COUNT && l0_rule(l, L0_EMULATE_REFRESH))
		refresh(l);
}

/* Whose exit it is. The fault is one that L1 intercepts or not, as the act says. */
static bool is_for_l1(struct l0 *l, uint64_t exit_code)
{
	if (exit_code == EXIT_OF_FAULT)
		return l->act.kind == ACT_FAULT_L1;
	(void)l0_intercepted_12(l, exit_code);
	return l0_ask_route(l, exit_code, l0_intercepts(&l->m->snapshot),
			    l0_intercepts(&l->m->vmcb01)) != PSVM_L0;
}

/* The guest has left. insn: the instruction, or PSVM_INSN_COUNT. */
static void handle(struct l0 *l, uint64_t exit_code, uint32_t insn)
{
	if (!l->m->in_l2)
		handle_l1(l, exit_code, insn);
	else if (is_for_l1(l, exit_code))
		l0_hand_back(l, exit_code, false);
	else
		handle_l2(l, exit_code, insn);
	reinject(l);
	if (l->act.kind == ACT_FAULT_L0)
		l->act.kind = ACT_INSN; /* one fault in a step */
}

/* --- a step -------------------------------------------------------------- */

/* L1's interrupt, which has become open since L0 was asked about it: an exit, or L2's. If
 * L0 does not look at it again, L2 goes on with the window that it has. */
static bool interrupt_wakes(struct l0 *l, uint64_t by)
{
	uint32_t arrival;

	if ((by & PSVM_WAKE_INTR) == 0 || !l0_deliverable(l->m))
		return false;
	arrival = l0_ask_arrival(l);
	if (arrival == PSVM_EXIT ||
	    (arrival == PSVM_INJECT && (by & PSVM_WAKE_LOOK) != 0))
		l0_request(l, PSVM_REQUEST_EVENT);
	else if (arrival == PSVM_INJECT)
		l->m->asleep = 0;
	else
		return false;
	return true;
}

/* L2 executed HLT, and L0 has put it to sleep. What the processor would have for it, by
 * vmcb02, wakes it if the rules say so; if that is L0's own window, L0 gets what it
 * wanted and is to look again. What L0 has for L2 is injected, and wakes it as well.
 * Returns whether it was the window. */
static bool sleep_on(struct l0 *l)
{
	uint64_t by = l0_rule(l, L0_HLT_WAKE), type;
	struct psvm_cpu_step step;
	struct psvm_cpu cpu;

	if (interrupt_wakes(l, by))
		return false;
	prepare_02(l);
	cpu = psvm_cpu_vmrun(model(l), l->m->cpu, l->m->vmcb02).cpu;
	cpu_reads_boundary(&cpu, l->reads);
	step = psvm_cpu_boundary(model(l), cpu);
	type = (step.event & PSVM_EVENT_INJ_TYPE) >> PSVM_EVENT_TYPE_SHIFT;
	if (step.what == PSVM_CPU_RAN)
		return false;
	if (type == PSVM_EVENT_TYPE_NMI) {
		l->m->asleep = (by & PSVM_WAKE_V_NMI) == 0;
		return false;
	}
	if ((by & PSVM_WAKE_V_IRQ) == 0)
		return false;
	if (step.what == PSVM_CPU_EXITED && !is_for_l1(l, step.exit_code)) {
		l0_window_close(l);
		return true;
	}
	l->m->asleep = 0;
	return false;
}

/* The guest runs: one event, or one instruction. */
static void step_running(struct l0 *l)
{
	struct psvm_cpu before = l->m->cpu;
	struct psvm_cpu_step step;
	uint32_t insn = PSVM_INSN_COUNT;

	cpu_reads_boundary(&before, l->reads);
	step = psvm_cpu_boundary(model(l), before);
	if (step.what == PSVM_CPU_DELIVERED) {
		deliver(l, before, step);
		return;
	}
	if (step.what == PSVM_CPU_RAN) {
		insn = l->act.insn;
		cpu_reads_insn(&before, insn, l->reads);
		step = psvm_cpu_execute(model(l), before, insn, l->act.value);
	}
	l->m->cpu = step.cpu;
	if (step.what == PSVM_CPU_EXITED) {
		leave(l, 0);
		handle(l, step.exit_code, insn);
		return;
	}
	l0_see(l, step.what == PSVM_CPU_DELIVERED ? SEEN_EVENT : SEEN_RAN, step.event);
	l->s.value = (uint8_t)step.value;
}

/* L0 has the processor. */
static void step_l0(struct l0 *l)
{
	bool again = l->m->asleep && sleep_on(l);

	run(l);
	if (l->m->asleep && !l->seen_any && !again)
		l0_see(l, SEEN_RAN, 0);
}

static void kick(struct l0 *l)
{
	if (running(l->m))
		leave(l, 0);
}

static void proceed(struct l0 *l)
{
	bool faulted = l->faulted;

	l->faulted = false;
	if (faulted)
		handle(l, EXIT_OF_FAULT, PSVM_INSN_COUNT);
	else if (!running(l->m))
		step_l0(l);
	else if (l->entering)
		l0_see(l, SEEN_RAN, 0);
	else
		step_running(l);
}

/* No step has so many exits, unless L0 never comes to an end. */
enum { MOST_ROUNDS = 32 };

struct seen nested_step(struct nested *m, const struct world *w, struct act act,
			struct reads *reads)
{
	struct l0 l = { .m = m,
			.w = w,
			.reads = reads,
			.act = act,
			.s = { SEEN_RAN, m->in_l2 ? 2 : 1, 0, 0 } };

	m->deeds = 0;
	switch (act.kind) {
	case ACT_INTR:
		m->intr = act.value;
		m->requests |= PSVM_REQUEST_EVENT;
		return l.s;
	case ACT_NMI:
		if (m->nmis < MOST_NMIS)
			m->nmis++;
		m->requests |= PSVM_REQUEST_EVENT;
		return l.s;
	case ACT_EXIT_L0:
	case ACT_RESTORE:
		kick(&l);
		if (act.kind == ACT_RESTORE && m->in_l2)
			l0_restore(&l);
		return l.s;
	default:
		break;
	}
	if (m->stepping)
		m->requests |= PSVM_REQUEST_EVENT;
	if (m->requests != 0)
		kick(&l);
	for (unsigned round = 0; !l.seen_any && round < MOST_ROUNDS; round++)
		proceed(&l);
	if (!l.seen_any)
		l0_see(&l, SEEN_STUCK, 0);
	return l.s;
}

void nested_start(struct nested *m, const struct world *w, const struct start *start)
{
	struct nested empty = { 0 };
	struct l0 l = { .m = m, .w = w };

	*m = empty;
	m->cpu.flags = PSVM_CPU_F(IF);
	m->vmcb12 = start->vmcb12;
	m->tpr = start->tpr;
	m->moved = 1;
	m->gif = start->l1_gif;
	m->vmcb01.rflags_if = start->l1_if;
	m->vmcb01.words.int_ctl = PSVM_V_INTR_MASKING |
				  (l0_uses_vgif(&l) ? PSVM_V_GIF_ENABLE : 0) |
				  (l0_uses_vgif(&l) && start->l1_gif ? PSVM_V_GIF : 0) |
				  (l0_uses_vnmi(&l) ? PSVM_V_NMI_ENABLE : 0);
}

struct l1_view nested_view(const struct nested *m, const struct world *w)
{
	struct nested copy = *m;
	struct l0 l = { .m = &copy, .w = w };
	struct l1_view v;

	if (running(&copy))
		leave(&l, 0);
	v.gif = l0_gif(&l);
	v.nmi_masked = l0_nmi_masked(&l);
	v.rflags_if = copy.vmcb01.rflags_if;
	v.tpr = copy.tpr;
	v.intr = copy.intr;
	v.nmi = copy.nmis != 0 ||
		(l0_uses_vnmi(&l) && l0_holds(&l, &copy.vmcb01, PSVM_V_NMI));
	return v;
}
