/* SPDX-License-Identifier: MIT */
/* One step of both machines, and what of it L1 or L2 could tell apart. */
#include "explore.h"

static uint32_t differs(bool yes, uint32_t bit)
{
	return yes ? bit : 0;
}

/* vmcb12, as L1 finds it after a #VMEXIT. */
static void compare_vmcb12(const struct product *p, const struct world *w,
			   struct difference *d)
{
	const struct psvm_cpu_vmcb *b = left_vmcb12(p, w), *n = &p->nested.vmcb12;

	d->int_ctl = b->words.int_ctl ^ n->words.int_ctl;
	d->int_ctl_nested = n->words.int_ctl;
	d->fields |= differs(d->int_ctl != 0, DIFFER_INT_CTL) |
		     differs(b->words.int_state != n->words.int_state, DIFFER_INT_STATE) |
		     differs(b->words.event_inj != n->words.event_inj, DIFFER_EVENT_INJ) |
		     differs(b->words.exit_int_info != n->words.exit_int_info,
			     DIFFER_EXIT_INT_INFO) |
		     differs(b->words.misc1 != n->words.misc1 || b->cr != n->cr ||
				     b->misc2 != n->misc2 || b->clean != n->clean ||
				     b->rflags_if != n->rflags_if ||
				     b->words.tlb_control != n->words.tlb_control,
			     DIFFER_OTHER);
}

static void compare_l1(const struct product *p, const struct world *w,
		       struct difference *d)
{
	struct l1_view b = left_view(p, w), n = nested_view(&p->nested, w);

	d->fields |= differs(b.gif != n.gif, DIFFER_GIF) |
		     differs(b.nmi_masked != n.nmi_masked, DIFFER_NMI_MASKED) |
		     differs(b.nmi != n.nmi, DIFFER_NMI) |
		     differs(b.tpr != n.tpr, DIFFER_TPR) |
		     differs(b.rflags_if != n.rflags_if, DIFFER_IF);
}

/* L0's dummy: nobody else uses vector 0. */
static bool dummy_in_02(const struct nested *m)
{
	uint64_t int_ctl = m->cpu.flags & PSVM_CPU_F(GUEST) ? m->cpu.int_ctl
							    : m->vmcb02.words.int_ctl;

	return m->in_l2 && (int_ctl & PSVM_V_IRQ) != 0 &&
	       (int_ctl & PSVM_V_INTR_VECTOR) == 0;
}

static uint32_t situation(const struct nested *m)
{
	const struct psvm_cpu_vmcb *runs = m->in_l2 ? &m->vmcb02 : &m->vmcb01;
	bool vintr = (runs->words.misc1 & PSVM_INTERCEPT_MASK(VINTR)) != 0;
	bool window = m->in_l2 ? dummy_in_02(m) && vintr : vintr;

	return differs(window, SITUATION_WINDOW) |
	       differs(dummy_in_02(m) && !vintr, SITUATION_DUMMY) |
	       differs(m->asleep, SITUATION_ASLEEP) |
	       differs(m->intr != 0, SITUATION_INTR) |
	       differs(m->nmis != 0, SITUATION_NMI) |
	       differs(!window && m->requests == 0 && !m->stepping, SITUATION_UNASKED);
}

static uint8_t recognized_event(uint64_t event, const struct world *w)
{
	static const struct vector_roles of_scope = { VECTOR_OF_L1, VECTOR_OF_V_IRQ };
	const struct vector_roles *of = w->roles != NULL ? w->roles : &of_scope;
	uint64_t vector = event & PSVM_EVENT_INJ_VECTOR;
	uint64_t type = (event & PSVM_EVENT_INJ_TYPE) >> PSVM_EVENT_TYPE_SHIFT;

	if (type == PSVM_EVENT_TYPE_NMI)
		return RECOGNIZED_NMI;
	if (type == PSVM_EVENT_TYPE_EXCEPTION)
		return RECOGNIZED_NOTHING;
	if (type != PSVM_EVENT_TYPE_INTR)
		return RECOGNIZED_OTHER;
	if (vector == 0)
		return RECOGNIZED_DUMMY;
	if (vector == of->l1)
		return RECOGNIZED_INTR;
	return vector == of->v_irq ? RECOGNIZED_V_IRQ : RECOGNIZED_INJECTED;
}

/* An exit or an exception because of an instruction is the program going on. */
static uint8_t recognized(struct seen s, const struct psvm_cpu_vmcb *vmcb12,
			  const struct world *w)
{
	if (s.kind == SEEN_RAN)
		return RECOGNIZED_NOTHING;
	if (s.kind == SEEN_STUCK)
		return RECOGNIZED_STUCK;
	if (s.kind == SEEN_EVENT)
		return recognized_event(s.code, w);
	switch (s.code) {
	case PSVM_EXIT_INTR:
		return RECOGNIZED_INTR;
	case PSVM_EXIT_NMI:
		return RECOGNIZED_NMI;
	case PSVM_EXIT_VINTR:
		return RECOGNIZED_V_IRQ;
	case PSVM_EXIT_INVALID:
		return RECOGNIZED_INVALID;
	case EXIT_OF_FAULT:
		return recognized_event(vmcb12->words.exit_int_info, w);
	default:
		return RECOGNIZED_NOTHING;
	}
}

/* Two nested machines, with a change of the rules and without it. As long as they have
 * not parted, one step is a step of both. */
static void step_two(struct product *p, const struct world *w, struct act act,
		     struct reads *reads, struct difference *d)
{
	struct world without = *w;

	without.change = NULL;
	if (!p->without.parted)
		p->without.nested = p->nested;
	d->nested = nested_step(&p->nested, w, act, reads);
	if (!p->without.parted && (p->nested.deeds & DEED_CHANGE) == 0) {
		d->bare = d->nested;
		p->without.nested = p->nested;
		return;
	}
	p->without.parted = true;
	d->bare = nested_step(&p->without.nested, &without, act, reads);
}

bool product_step(struct product *p, const struct world *w, struct act act,
		  struct reads *reads, struct difference *d)
{
	d->act = act;
	d->change = w->change != NULL;
	d->situation = situation(&p->nested);
	d->int_ctl = d->int_ctl_nested = 0;
	if (w->change != NULL) {
		step_two(p, w, act, reads, d);
	} else {
		d->bare = bare_step(&p->bare, w, act, reads);
		d->nested = nested_step(&p->nested, w, act, reads);
	}
	/* What L0 would save is of interest where it should be what the bare machine has.
	 */
	d->fields = differs(p->nested.stale && w->change == NULL, DIFFER_STALE);
	if (!seen_same(d->bare, d->nested))
		d->fields |= DIFFER_SEEN;
	else if (d->bare.value != d->nested.value)
		d->fields |= DIFFER_VALUE;
	if (d->fields == 0 && d->bare.kind == SEEN_EXIT) {
		compare_vmcb12(p, w, d);
		compare_l1(p, w, d);
	}
	if (d->fields == 0)
		return true;
	d->bare_recognized = recognized(d->bare, left_vmcb12(p, w), w);
	d->nested_recognized = recognized(d->nested, &p->nested.vmcb12, w);
	return false;
}
