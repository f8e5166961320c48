/* SPDX-License-Identifier: MIT */
/* What waits for L1: windows, injection, and what L0 does about it before a run. */
#include "l0.h"

void l0_window_close(struct l0 *l)
{
	struct psvm_result r = l0_transition(l, L0_WINDOW_CLOSE, 0);

	l0_did(l, DEED_WINDOW_CLOSE);
	l0_adopt(l, &r, L0_WINDOW_CLOSE);
}

static void window_open(struct l0 *l)
{
	struct psvm_result r = l0_transition(l, L0_WINDOW_OPEN, 0);

	l0_did(l, DEED_WINDOW_OPEN);
	l0_adopt(l, &r, L0_WINDOW_OPEN);
}

/* A rule set that asks for no window while L1's interrupts are closed has none that waits
 * for L1's GIF: xen looks at each exit instead. */
static bool waits_for_gif(const struct l0 *l)
{
	return l->w->rules->cell[PSVM_CELL_CLOSED_WINDOW].move[0].bits == 0 && !l0_gif(l);
}

static void set_window_01(struct l0 *l, bool open)
{
	struct psvm_cpu_vmcb *vmcb = &l->m->vmcb01;

	l0_set_bit(&vmcb->words.misc1, PSVM_INTERCEPT_MASK(VINTR), open);
	l0_hold(vmcb, PSVM_V_INJECTION, open);
}

void l0_window_01(struct l0 *l, bool open)
{
	l0_did(l, open ? DEED_WINDOW_01 : DEED_WINDOW_01_CLOSE);
	set_window_01(l, open);
	l->m->waits_for_gif = open && waits_for_gif(l);
}

void l0_window_aside(struct l0 *l, bool aside)
{
	bool open = !aside && l->m->intr != 0;

	if (!l->m->waits_for_gif)
		return;
	set_window_01(l, open);
	l->m->waits_for_gif = aside || open;
}

static void inject(struct l0 *l, uint64_t type, uint64_t vector)
{
	l0_did(l, DEED_INJECT);
	l0_current(l)->words.event_inj = PSVM_EVENT_INJ_V |
					 type << PSVM_EVENT_TYPE_SHIFT | vector;
}

bool l0_injecting(const struct l0 *l)
{
	return (l0_current(l)->words.event_inj & PSVM_EVENT_INJ_V) != 0;
}

/* An NMI of L1 goes to whoever runs: through V_NMI if it has to wait and the
 * processor can do that. One that need not wait is injected: unlike an NMI, V_NMI
 * waits for the end of a shadow. VMRUN masks it where V_NMI_ENABLE is set. */
static void inject_nmi(struct l0 *l, bool open)
{
	struct psvm_cpu_vmcb *vmcb = l0_nmi_vmcb(l);

	l->m->nmis--;
	if (!open) {
		l0_hold(vmcb, PSVM_V_NMI, true);
		return;
	}
	inject(l, PSVM_EVENT_TYPE_NMI, 2);
	if (vmcb == l0_current(l))
		return;
	l0_mask_nmi(l, true);
	l->m->injects_nmi = 1;
}

/* The processor has one NMI for the level that runs already. */
static bool nmi_slot_full(const struct l0 *l)
{
	const struct psvm_cpu_vmcb *vmcb = l0_nmi_vmcb(l);

	return vmcb != NULL && vmcb == l0_current(l) && l0_holds(l, vmcb, PSVM_V_NMI);
}

/* May L1 be given an NMI now? */
static bool nmi_open(const struct l0 *l)
{
	return l0_gif(l) && !l0_nmi_masked(l) && !l0_injecting(l);
}

static void serve_interrupt_l1(struct l0 *l)
{
	struct psvm_cpu_vmcb *vmcb = &l->m->vmcb01;
	bool shadow = (vmcb->words.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW) != 0;

	if (!l0_deliverable(l->m))
		return;
	if (nmi_slot_full(l) && nmi_open(l)) /* comes first, without L0 */
		l->m->requests |= PSVM_REQUEST_EVENT;
	else if (l0_gif(l) && vmcb->rflags_if && !shadow && !l0_injecting(l)) {
		inject(l, PSVM_EVENT_TYPE_INTR, l->m->intr);
		l->m->intr = 0;
	} else if (l0_uses_vgif(l) || l->m->gif) {
		l0_window_01(l, true);
	}
}

/* L2 is asleep, and this is nothing that wakes it. */
static bool sleeps_through(struct l0 *l, uint64_t what)
{
	return l->m->asleep && (l0_rule(l, L0_HLT_WAKE) & what) == 0;
}

static void serve_interrupt_l2(struct l0 *l)
{
	if (!l0_deliverable(l->m) || sleeps_through(l, PSVM_WAKE_INTR))
		return;
	switch (l0_ask_arrival(l)) {
	case PSVM_EXIT:
		l0_hand_back(l, PSVM_EXIT_INTR, true);
		break;
	case PSVM_INJECT:
		inject(l, PSVM_EVENT_TYPE_INTR, l->m->intr);
		l->m->intr = 0;
		break;
	case PSVM_OPEN_WINDOW:
		window_open(l);
		break;
	default:
		l->m->stepping |= l0_rule(l, L0_STEP) != 0;
	}
}

static void serve_nmi(struct l0 *l)
{
	if (l->m->nmis == 0 || sleeps_through(l, PSVM_WAKE_NMI))
		return;
	if (nmi_open(l) && l->m->in_l2 && l0_intercepted_12(l, PSVM_EXIT_NMI))
		l0_hand_back(l, PSVM_EXIT_NMI, true);
	else if (nmi_open(l))
		inject_nmi(l, true);
	else if (l0_nmi_vmcb(l) == l0_current(l) && !nmi_slot_full(l) &&
		 !(l->m->in_l2 && l0_intercepted_12(l, PSVM_EXIT_NMI)))
		inject_nmi(l, false);
	else
		l->m->stepping = 1;
}

void l0_serve(struct l0 *l)
{
	uint8_t was_in_l2 = l->m->in_l2;

	if (l->m->requests == 0 || l->m->vmrun_pending || l0_injecting(l))
		return;
	l->m->requests = 0;
	l->m->stepping = 0;
	serve_nmi(l);
	if (l0_injecting(l))
		l->m->requests |= PSVM_REQUEST_EVENT;
	if (l0_injecting(l))
		return;
	if (!l->m->in_l2 && !was_in_l2)
		serve_interrupt_l1(l);
	if (l->m->in_l2)
		serve_interrupt_l2(l);
	if (was_in_l2 && !l->m->in_l2) /* what waits, waits for L1 now */
		l->m->requests |= PSVM_REQUEST_EVENT;
}
