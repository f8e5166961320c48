/* SPDX-License-Identifier: MIT */
/*
 * The nested machine: an L0 that does what a rule set says.
 *
 * Everything that concerns int_ctl while L2 runs, and at VMRUN and #VMEXIT of L1, is
 * asked of the rule set: the transitions, the routing of exits, the conditions of
 * psvm_rule(). The rest is what every L0 has to do, and is done right here: L1
 * alone on vmcb01, with a window of its own, and the emulation of an instruction
 * that L0 intercepts.
 *
 * L0 looks at pending events only when there is a request, as real ones do: what is
 * not requested is lost until something else makes L0 look.
 */
#include "machine.h"

/* --- reading ------------------------------------------------------------- */

/* An L0 remembers no more NMIs than that: one in service and one behind it. */
enum { MOST_NMIS = 2 };

/* A step under way. */
struct l0 {
	struct nested *m;
	const struct world *w;
	struct reads *reads;
	struct act act;
	bool seen_any; /* s says what L1 or L2 has seen */
	bool entering; /* L1 executed VMRUN: the step ends when L2 runs */
	bool faulted;  /* L2 has left in the delivery of an event */
	struct seen s;
};

static bool running(const struct nested *m)
{
	return (m->cpu.flags & PSVM_CPU_F(GUEST)) != 0;
}

static void did(const struct l0 *l, unsigned deed)
{
	l->m->deeds |= (uint16_t)deed;
}

static bool fact(const struct l0 *l, uint32_t bit)
{
	return (l->w->facts & bit) != 0;
}

static bool uses_vgif(const struct l0 *l)
{
	return fact(l, PSVM_C(HOST_VGIF));
}

static bool uses_vnmi(const struct l0 *l)
{
	return fact(l, PSVM_C(HOST_VNMI));
}

static uint32_t model(const struct l0 *l)
{
	return l->w->options | (uses_vgif(l) ? PSVM_CPU(VGIF) : 0) |
	       (uses_vnmi(l) ? PSVM_CPU(VNMI) : 0);
}

static struct psvm_cpu_vmcb *current(const struct l0 *l)
{
	return l->m->in_l2 ? &l->m->vmcb02 : &l->m->vmcb01;
}

static bool holds(const struct l0 *l, const struct psvm_cpu_vmcb *vmcb, uint64_t bit)
{
	reads_note(l->reads, READ_INT_CTL, vmcb->words.int_ctl & bit);
	return (vmcb->words.int_ctl & bit) != 0;
}

static void hold(struct psvm_cpu_vmcb *vmcb, uint64_t bit, bool value)
{
	vmcb->words.int_ctl = (vmcb->words.int_ctl & ~bit) | (value ? bit : 0);
}

/* A feature that L1 has and enabled. */
static bool nests(const struct l0 *l, uint32_t offer, uint64_t enable)
{
	return fact(l, offer) && holds(l, &l->m->snapshot, enable);
}

static bool nests_vgif(const struct l0 *l)
{
	return nests(l, PSVM_C(OFFER_VGIF), PSVM_V_GIF_ENABLE);
}

static bool nests_vnmi(const struct l0 *l)
{
	return nests(l, PSVM_C(OFFER_VNMI), PSVM_V_NMI_ENABLE);
}

/* --- where L1's GIF lives ------------------------------------------------ */

/* The VMCB that holds L1's V_GIF, if L0 uses vGIF. */
static struct psvm_cpu_vmcb *gif_vmcb(const struct l0 *l)
{
	return l->m->in_l2 && !nests_vgif(l) ? &l->m->vmcb02 : &l->m->vmcb01;
}

static bool l1_gif(const struct l0 *l)
{
	return uses_vgif(l) ? holds(l, gif_vmcb(l), PSVM_V_GIF) : l->m->gif != 0;
}

static void set_l1_gif(struct l0 *l, bool gif)
{
	if (uses_vgif(l))
		hold(gif_vmcb(l), PSVM_V_GIF, gif);
	else
		l->m->gif = gif;
}

/* --- rules --------------------------------------------------------------- */

/* The cells that a transition reads. */
struct range {
	unsigned first, last;
};

static const struct range snapshot_cells = { PSVM_CELL_SNAPSHOT_INT_CTL,
					     PSVM_CELL_SNAPSHOT_TLB_CONTROL };
static const struct range enter_cells = { PSVM_CELL_ENTER_INVALID,
					  PSVM_CELL_MERGE_DROP_MISC1 };
static const struct range close_only_cells = { PSVM_CELL_CLOSE_IN_01,
					       PSVM_CELL_CLOSE_REQUEST };
static const struct range merge_cells = { PSVM_CELL_MERGE_WORDS, PSVM_CELL_MERGE_SET_CR };
static const struct range open_cells = { PSVM_CELL_MERGE_WORDS, PSVM_CELL_WINDOW_EVENT };
static const struct range close_cells = { PSVM_CELL_MERGE_WORDS,
					  PSVM_CELL_CLOSE_REQUEST };
static const struct range handback_cells = { PSVM_CELL_CLOSE_IN_01,
					     PSVM_CELL_HANDBACK_CLOSE };
static const struct range refresh_cells = { PSVM_CELL_REFRESH_TO_12,
					    PSVM_CELL_REFRESH_FIELDS };
static const struct range route_cells = { PSVM_CELL_ROUTE_L0, PSVM_CELL_ROUTE_L1 };
static const struct range arrive_cells = { PSVM_CELL_OPEN, PSVM_CELL_CLOSED_WINDOW };

/* Note what a line of a cell asks for, up to the first condition that fails. */
static void note_line(const struct l0 *l, struct psvm_move line, uint32_t c)
{
	uint32_t on = line.on & ~PSVM_UNLESS;
	uint32_t failed = (on & ~c) | (line.off & c);
	uint32_t first = failed & (0 - failed);

	reads_note(l->reads, READ_CONDITIONS,
		   c & (on | line.off) & (first | (first - 1)));
}

static void note_cells(const struct l0 *l, struct range cells, uint32_t c)
{
	for (unsigned id = cells.first; id <= cells.last; id++) {
		const struct psvm_move *line = l->w->rules->cell[id].move;

		for (unsigned i = 0; i < PSVM_MOVES && line[i].bits != 0; i++)
			if ((line[i].on & ~PSVM_UNLESS) | line[i].off)
				note_line(l, line[i], c);
	}
}

static bool asks_gif(const struct l0 *l, struct range cells)
{
	for (unsigned id = cells.first; id <= cells.last; id++)
		for (unsigned i = 0; i < PSVM_MOVES; i++)
			if ((l->w->rules->cell[id].move[i].on |
			     l->w->rules->cell[id].move[i].off) &
			    PSVM_C(L1_GIF))
				return true;
	return false;
}

static bool tpr_masks(const struct nested *m)
{
	return m->intr != 0 && m->intr >> 4 <= m->tpr;
}

static bool deliverable(const struct nested *m)
{
	return m->intr != 0 && m->intr >> 4 > m->tpr;
}

static uint32_t if_set(bool holds, uint32_t bit)
{
	return holds ? bit : 0;
}

/* The input of a transition that reads these cells. */
static struct psvm_nested words(const struct l0 *l, struct range cells)
{
	bool gif = !uses_vgif(l) || asks_gif(l, cells);
	const struct nested *m = l->m;
	struct psvm_nested n = { 0 };

	n.v12 = m->snapshot.words;
	n.v02 = m->vmcb02.words;
	n.v01 = m->vmcb01.words;
	n.nmis = m->nmis;
	n.vector = m->intr;
	n.facts = l->w->facts | if_set(m->l1_if, PSVM_C(L1_IF)) |
		  if_set(gif && l1_gif(l), PSVM_C(L1_GIF)) |
		  if_set(deliverable(m) || m->nmis != 0, PSVM_C(PENDING)) |
		  if_set(m->snapshot.clean & PSVM_CLEAN_TPR, PSVM_C(CLEAN_TPR_12)) |
		  if_set(m->moved, PSVM_C(MOVED_12)) |
		  if_set(m->vmrun_pending, PSVM_C(VMRUN_PENDING)) |
		  if_set(m->vmcb02.rflags_if, PSVM_C(L2_IF)) |
		  if_set(m->vmcb02.words.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW,
			 PSVM_C(L2_SHADOW)) |
		  if_set(tpr_masks(m), PSVM_C(TPR_MASKS)) |
		  if_set(m->vmcb02.cr & PSVM_INTERCEPT_MASK(CR8_WRITE),
			 PSVM_C(CR8_WRITE_02));
	note_cells(l, cells, psvm_conditions(n));
	return n;
}

static uint64_t rule(const struct l0 *l, unsigned cell)
{
	struct range one = { cell, cell };
	uint64_t bits = 0;

	(void)psvm_rule(l->w->rules, words(l, one), cell, &bits);
	return bits;
}

/* --- where L1's NMI mask lives ------------------------------------------- */

/* The VMCB that holds L1's V_NMI_MASK; null: L0 keeps it in software. */
static struct psvm_cpu_vmcb *nmi_vmcb(const struct l0 *l)
{
	if (!uses_vnmi(l))
		return NULL;
	if (!l->m->in_l2 || nests_vnmi(l) || rule(l, PSVM_CELL_NMI_MASK_IN_01))
		return &l->m->vmcb01;
	return holds(l, &l->m->vmcb02, PSVM_V_NMI_ENABLE) ? &l->m->vmcb02 : NULL;
}

static bool l1_nmi_masked(const struct l0 *l)
{
	const struct psvm_cpu_vmcb *vmcb = nmi_vmcb(l);

	return vmcb != NULL ? holds(l, vmcb, PSVM_V_NMI_MASK) : l->m->nmi_masked != 0;
}

static void mask_l1_nmi(struct l0 *l, bool masked)
{
	struct psvm_cpu_vmcb *vmcb = nmi_vmcb(l);

	if (vmcb != NULL)
		hold(vmcb, PSVM_V_NMI_MASK, masked);
	else
		l->m->nmi_masked = masked;
}

/* Does only L0 know when L1's NMIs are open again? */
static bool watches_iret(const struct l0 *l)
{
	if (l->m->in_l2 && nests_vnmi(l))
		return false; /* L2's IRET is about L2's NMIs */
	return nmi_vmcb(l) != current(l) && l1_nmi_masked(l);
}

static void request(struct l0 *l, uint32_t requests)
{
	if (!l->w->implicit_event)
		requests &= ~(uint32_t)PSVM_REQUEST_IMPLICIT;
	l->m->requests |= (uint8_t)requests;
}

/* What a transition leaves for L0 to store. Some conditions it asks for again, when
 * it has changed the words. */
static void adopt(struct l0 *l, const struct psvm_result *r, struct range cells)
{
	l->m->vmcb02.words = r->v02;
	l->m->vmcb01.words = r->v01;
	l->m->nmis = (uint8_t)(l->m->nmis + r->nmi_change);
	if (l->m->nmis > MOST_NMIS)
		l->m->nmis = MOST_NMIS;
	if (!uses_vgif(l))
		l->m->gif = r->gif;
	request(l, r->requests);
	(void)words(l, cells);
}

static void see(struct l0 *l, enum seen_kind kind, uint64_t code)
{
	struct seen s = { (uint8_t)kind, l->m->in_l2 ? 2 : 1, 0, code };

	l->s = s;
	l->seen_any = true;
}

/* --- intercepts of L0 ---------------------------------------------------- */

static void set_bit(uint32_t *word, uint32_t bit, bool value)
{
	*word = (*word & ~bit) | (value ? bit : 0);
}

/* L0's own wishes for vmcb01; a window keeps its VINTR. */
static void set_intercepts_01(struct l0 *l)
{
	struct psvm_cpu_vmcb *vmcb = &l->m->vmcb01;
	bool cr8 = l->m->in_l2 ? rule(l, PSVM_CELL_CR8_INTERCEPT) != 0 : tpr_masks(l->m);
	bool hlt = l->m->in_l2 ? rule(l, PSVM_CELL_HLT_INTERCEPT) != 0 : true;

	vmcb->words.misc1 |= PSVM_INTERCEPT_MASK(INTR) | PSVM_INTERCEPT_MASK(NMI) |
			     PSVM_INTERCEPT_MASK(CPUID);
	vmcb->misc2 |= PSVM_INTERCEPT_MASK(VMRUN) | PSVM_INTERCEPT_MASK(VMMCALL);
	set_bit(&vmcb->misc2, PSVM_INTERCEPT_MASK(STGI) | PSVM_INTERCEPT_MASK(CLGI),
		!uses_vgif(l));
	set_bit(&vmcb->words.misc1, PSVM_INTERCEPT_MASK(HLT), hlt);
	set_bit(&vmcb->words.misc1, PSVM_INTERCEPT_MASK(IRET), watches_iret(l));
	set_bit(&vmcb->cr, PSVM_INTERCEPT_MASK(CR8_WRITE), cr8);
}

static struct psvm_intercepts intercepts(const struct psvm_cpu_vmcb *vmcb)
{
	struct psvm_intercepts i = { { vmcb->cr, 0, 0, vmcb->words.misc1, vmcb->misc2,
				       0 } };

	return i;
}

/* Does L1 intercept it? */
static bool intercepted_12(const struct l0 *l, uint64_t exit_code)
{
	struct psvm_intercepts i = intercepts(&l->m->snapshot);

	return reads_intercept(&i, exit_code, l->reads);
}

/* vmcb02's intercepts: those of vmcb01 and of L1, by the rules, and that of a window
 * which is in vmcb02 alone. */
static void merge(struct l0 *l)
{
	bool window = rule(l, PSVM_CELL_WINDOW_IN_02) != 0;
	uint32_t own = window ? l->m->vmcb02.words.misc1 & PSVM_INTERCEPT_MASK(VINTR) : 0;
	struct psvm_intercepts i;

	set_intercepts_01(l);
	i = psvm_merge_intercepts(l->w->rules, words(l, merge_cells),
				  intercepts(&l->m->snapshot), intercepts(&l->m->vmcb01));
	l->m->vmcb02.cr = i.word[0];
	l->m->vmcb02.words.misc1 = i.word[3] | own;
	l->m->vmcb02.misc2 = i.word[4];
}

/* --- nested #VMEXIT ------------------------------------------------------ */

static void store_12(struct l0 *l, const struct psvm_result *r)
{
	struct psvm_words *to = &l->m->vmcb12.words;

	if (r->store12 & PSVM_F_INT_CTL)
		to->int_ctl = (to->int_ctl & PSVM_INT_VECTOR_DWORD) |
			      (r->v12.int_ctl & ~PSVM_INT_VECTOR_DWORD);
	if (r->store12 & PSVM_F_INT_VECTOR)
		to->int_ctl = (to->int_ctl & ~PSVM_INT_VECTOR_DWORD) |
			      (r->v12.int_ctl & PSVM_INT_VECTOR_DWORD);
	if (r->store12 & PSVM_F_INT_STATE)
		to->int_state = r->v12.int_state;
	if (r->store12 & PSVM_F_EVENT_INJ)
		to->event_inj = r->v12.event_inj;
	if (r->store12 & PSVM_F_EXIT_INT_INFO)
		to->exit_int_info = r->v12.exit_int_info;
	if (r->store12 & PSVM_F_TLB_CONTROL)
		to->tlb_control = r->v12.tlb_control;
}

static struct psvm_result sync(const struct l0 *l, bool deferred)
{
	struct psvm_nested n = words(l, handback_cells);

	n.facts |= if_set(deferred, PSVM_C(DEFERRED));
	return psvm_nested_sync_int_ctl(l->w->rules, n);
}

/* L1 runs next, with the exit in its vmcb12. */
static void hand_back(struct l0 *l, uint64_t exit_code, bool deferred)
{
	struct psvm_result r;

	did(l, DEED_HAND_BACK);
	if (l->m->injects_nmi) /* its delivery was cut short */
		mask_l1_nmi(l, false);
	l->m->injects_nmi = 0;
	r = sync(l, deferred);
	store_12(l, &r);
	l->m->vmcb12.rflags_if = l->m->vmcb02.rflags_if;
	l->m->exit_code = exit_code;
	adopt(l, &r, handback_cells);
	l->m->in_l2 = 0;
	l->m->asleep = 0;
	l->m->vmcb01.rflags_if = l->m->l1_if;
	l->m->vmcb01.words.int_state = 0;
	see(l, SEEN_EXIT, exit_code);
}

/* --- nested VMRUN -------------------------------------------------------- */

/* VMRUN's checks besides those that the rules know: what the processor would
 * say of L1's VMCB if it had neither vNMI nor x2AVIC. */
static bool checks_failed(const struct l0 *l)
{
	struct psvm_cpu_vmcb vmcb = l->m->snapshot;
	struct psvm_cpu cpu = { 0 };

	vmcb.words.int_ctl = 0;
	reads_note(l->reads, READ_MISC2, vmcb.misc2 & PSVM_INTERCEPT_MASK(VMRUN));
	return psvm_cpu_vmrun(0, cpu, vmcb).what == PSVM_CPU_EXITED;
}

static void vmrun(struct l0 *l)
{
	struct nested *m = l->m;
	struct psvm_nested n;
	struct psvm_result r;

	did(l, DEED_VMRUN);
	m->l1_if = m->vmcb01.rflags_if;
	m->vmcb01.words.int_state = 0;
	m->snapshot = m->vmcb12;
	m->snapshot.words = psvm_snapshot(l->w->rules, words(l, snapshot_cells)).v12;
	set_intercepts_01(l);
	n = words(l, enter_cells);
	n.facts |= if_set(checks_failed(l), PSVM_C(CHECKS_FAILED));
	r = psvm_enter(l->w->rules, n);
	adopt(l, &r, enter_cells);
	(void)words(l, close_only_cells);
	if (r.outcome == PSVM_VMEXIT_INVALID) {
		(void)words(l, handback_cells);
		store_12(l, &r);
		m->exit_code = PSVM_EXIT_INVALID;
		see(l, SEEN_EXIT, PSVM_EXIT_INVALID);
		return;
	}
	m->snapshot.words = r.v12;
	m->vmcb02.rflags_if = m->snapshot.rflags_if;
	m->vmcb02.bad = m->snapshot.bad;
	m->in_l2 = 1;
	m->moved = 0;
	m->vmrun_pending = 1;
	merge(l);
}

/* vmcb02 is built again out of the snapshot: after a migration, or RSM. The snapshot
 * should be what vmcb12 would be after a #VMEXIT now (S11). L1's GIF and NMI mask are
 * saved beside it. */
static void restore(struct l0 *l)
{
	bool gif = l1_gif(l), masked = l1_nmi_masked(l);
	struct psvm_result r = sync(l, false);

	did(l, DEED_RESTORE);
	l->m->stale = r.v12.int_ctl != l->m->snapshot.words.int_ctl ||
		      r.v12.int_state != l->m->snapshot.words.int_state;
	r = psvm_reenter(l->w->rules, words(l, enter_cells));
	adopt(l, &r, enter_cells);
	set_l1_gif(l, gif);
	mask_l1_nmi(l, masked);
	(void)words(l, close_only_cells);
	merge(l);
	request(l, PSVM_REQUEST_EVENT);
}

/* --- windows, injection -------------------------------------------------- */

static void window_close(struct l0 *l)
{
	struct psvm_result r = psvm_window_close(l->w->rules, words(l, close_cells));

	did(l, DEED_WINDOW_CLOSE);
	adopt(l, &r, close_cells);
}

static void window_open(struct l0 *l)
{
	struct psvm_result r = psvm_window_open(l->w->rules, words(l, open_cells));

	did(l, DEED_WINDOW_OPEN);
	adopt(l, &r, open_cells);
}

/* A window while L1 runs: no rule, and no V_IRQ of anybody in the way. */
static void window_01(struct l0 *l, bool open)
{
	struct psvm_cpu_vmcb *vmcb = &l->m->vmcb01;

	did(l, open ? DEED_WINDOW_01 : DEED_WINDOW_01_CLOSE);
	set_bit(&vmcb->words.misc1, PSVM_INTERCEPT_MASK(VINTR), open);
	hold(vmcb, PSVM_V_INJECTION, open);
}

static void inject(struct l0 *l, uint64_t type, uint64_t vector)
{
	did(l, DEED_INJECT);
	current(l)->words.event_inj = PSVM_EVENT_INJ_V | type << PSVM_EVENT_TYPE_SHIFT |
				      vector;
}

static bool injecting(const struct l0 *l)
{
	return (current(l)->words.event_inj & PSVM_EVENT_INJ_V) != 0;
}

/* An NMI of L1 goes to whoever runs: through V_NMI if it has to wait and the
 * processor can do that. One that need not wait is injected: unlike an NMI, V_NMI
 * waits for the end of a shadow. VMRUN masks it where V_NMI_ENABLE is set. */
static void inject_nmi(struct l0 *l, bool open)
{
	struct psvm_cpu_vmcb *vmcb = nmi_vmcb(l);

	l->m->nmis--;
	if (!open) {
		hold(vmcb, PSVM_V_NMI, true);
		return;
	}
	inject(l, PSVM_EVENT_TYPE_NMI, 2);
	if (vmcb == current(l))
		return;
	mask_l1_nmi(l, true);
	l->m->injects_nmi = 1;
}

/* The processor has one NMI for the level that runs already. */
static bool nmi_slot_full(const struct l0 *l)
{
	const struct psvm_cpu_vmcb *vmcb = nmi_vmcb(l);

	return vmcb != NULL && vmcb == current(l) && holds(l, vmcb, PSVM_V_NMI);
}

/* May L1 be given an NMI now? */
static bool nmi_open(const struct l0 *l)
{
	return l1_gif(l) && !l1_nmi_masked(l) && !injecting(l);
}

static void serve_interrupt_l1(struct l0 *l)
{
	struct psvm_cpu_vmcb *vmcb = &l->m->vmcb01;
	bool shadow = (vmcb->words.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW) != 0;

	if (!deliverable(l->m))
		return;
	if (nmi_slot_full(l) && nmi_open(l)) /* comes first, without L0 */
		l->m->requests |= PSVM_REQUEST_EVENT;
	else if (l1_gif(l) && vmcb->rflags_if && !shadow && !injecting(l)) {
		inject(l, PSVM_EVENT_TYPE_INTR, l->m->intr);
		l->m->intr = 0;
	} else if (uses_vgif(l) || l->m->gif) {
		window_01(l, true);
	}
}

static void serve_interrupt_l2(struct l0 *l)
{
	if (!deliverable(l->m))
		return;
	switch (psvm_interrupt_arrives(l->w->rules, words(l, arrive_cells))) {
	case PSVM_EXIT:
		hand_back(l, PSVM_EXIT_INTR, true);
		break;
	case PSVM_INJECT:
		inject(l, PSVM_EVENT_TYPE_INTR, l->m->intr);
		l->m->intr = 0;
		break;
	case PSVM_OPEN_WINDOW:
		window_open(l);
		break;
	default:
		l->m->stepping |= rule(l, PSVM_CELL_STEP) != 0;
	}
}

static void serve_nmi(struct l0 *l)
{
	if (l->m->nmis == 0)
		return;
	if (nmi_open(l) && l->m->in_l2 && intercepted_12(l, PSVM_EXIT_NMI))
		hand_back(l, PSVM_EXIT_NMI, true);
	else if (nmi_open(l))
		inject_nmi(l, true);
	else if (nmi_vmcb(l) == current(l) && !nmi_slot_full(l) &&
		 !(l->m->in_l2 && intercepted_12(l, PSVM_EXIT_NMI)))
		inject_nmi(l, false);
	else
		l->m->stepping = 1;
}

/* The requests, before a run. An event that is injected anyway, and a VMRUN that
 * has not run yet, hold new ones up: the requests stay. */
static void serve(struct l0 *l)
{
	uint8_t was_in_l2 = l->m->in_l2;

	if (l->m->requests == 0 || l->m->vmrun_pending || injecting(l))
		return;
	l->m->requests = 0;
	l->m->stepping = 0;
	serve_nmi(l);
	if (injecting(l))
		l->m->requests |= PSVM_REQUEST_EVENT;
	if (injecting(l))
		return;
	if (!l->m->in_l2 && !was_in_l2)
		serve_interrupt_l1(l);
	if (l->m->in_l2)
		serve_interrupt_l2(l);
	if (was_in_l2 && !l->m->in_l2) /* what waits, waits for L1 now */
		l->m->requests |= PSVM_REQUEST_EVENT;
}

/* --- running ------------------------------------------------------------- */

static void refresh(struct l0 *l)
{
	did(l, DEED_REFRESH);
	l->m->snapshot.words = psvm_refresh(l->w->rules, words(l, refresh_cells)).v12;
}

/* The processor leaves the guest: what the VMCB and L0's copies become. */
static void leave(struct l0 *l, uint64_t exit_int_info)
{
	struct psvm_cpu_exit e;

	cpu_reads_vmexit(&l->m->cpu, l->reads);
	e = psvm_cpu_vmexit(model(l), l->m->cpu, *current(l), exit_int_info);
	l->m->cpu = e.cpu;
	*current(l) = e.vmcb;
	if (!l->m->in_l2) {
		l->m->tpr = (uint8_t)(e.vmcb.words.int_ctl & PSVM_V_TPR);
		return;
	}
	refresh(l);
	if (rule(l, PSVM_CELL_TPR_STORE)) {
		did(l, DEED_TPR_STORE);
		l->m->tpr = (uint8_t)(l->m->vmcb02.words.int_ctl & PSVM_V_TPR);
		reads_note(l->reads, READ_INT_CTL, l->m->tpr);
	}
}

/* vmcb12 got a fault in the delivery of an event that L1 does not see: L0 has the
 * event delivered again. */
static void reinject(struct l0 *l)
{
	uint64_t event = current(l)->words.exit_int_info;

	if (event & PSVM_EVENT_INJ_V) {
		did(l, DEED_REINJECT);
		current(l)->words.event_inj = event;
	}
	current(l)->words.exit_int_info = 0;
}

/* vmcb02 before every run. */
static void prepare_02(struct l0 *l)
{
	uint64_t *to = &l->m->vmcb02.words.int_ctl;
	uint64_t from_12 = rule(l, PSVM_CELL_RUN_FROM_12);

	*to = (*to & ~from_12) | (l->m->snapshot.words.int_ctl & from_12);
	*to &= ~rule(l, PSVM_CELL_RUN_CLEAR_02);
	merge(l);
}

static void load_tpr(struct l0 *l)
{
	struct psvm_cpu_vmcb *vmcb = current(l);

	if (l->m->in_l2 && rule(l, PSVM_CELL_TPR_LOAD))
		did(l, DEED_TPR_LOAD);
	if (!l->m->in_l2 || rule(l, PSVM_CELL_TPR_LOAD))
		vmcb->words.int_ctl = (vmcb->words.int_ctl & ~PSVM_V_TPR) | l->m->tpr;
}

/* An event is delivered, or a fault comes first. */
static void deliver(struct l0 *l, struct psvm_cpu before, struct psvm_cpu_step step)
{
	if (!l->m->in_l2 || l->act.kind == ACT_INSN) {
		l->m->cpu = step.cpu;
		l->m->injects_nmi = 0;
		see(l, SEEN_EVENT, step.event);
		return;
	}
	l->m->cpu = psvm_cpu_cut_short(before, step);
	leave(l, step.event);
	l->faulted = true;
}

/* VMRUN of the level that is to run. L1 or L2 see no more than an injected event. */
static void enter(struct l0 *l)
{
	struct psvm_cpu_vmcb plain = *current(l);
	struct psvm_cpu_step step;

	cpu_reads_vmrun(model(l), &plain, l->reads);
	step = psvm_cpu_vmrun(model(l), l->m->cpu, plain);
	l->m->vmrun_pending = 0;
	if (step.what == PSVM_CPU_EXITED) { /* refused: only L1's VMCB can be at fault */
		hand_back(l, step.exit_code, false);
		return;
	}
	plain.words.event_inj = 0;
	*current(l) = plain;
	l->m->cpu = psvm_cpu_vmrun(model(l), l->m->cpu, plain).cpu;
	if (step.what == PSVM_CPU_DELIVERED)
		deliver(l, l->m->cpu, step);
}

/* L0 is about to run L1 or L2, if there is not something else to be done first. */
static void run(struct l0 *l)
{
	serve(l);
	if (l->seen_any || (l->m->asleep && !injecting(l)))
		return;
	l->m->asleep = 0;
	load_tpr(l);
	if (l->m->in_l2)
		prepare_02(l);
	else
		set_intercepts_01(l);
	enter(l);
}

/* --- exits --------------------------------------------------------------- */

static void write_gif(struct l0 *l, bool value)
{
	bool window = (l->m->vmcb01.words.misc1 & PSVM_INTERCEPT_MASK(VINTR)) != 0;

	l->m->gif = value;
	if (window && l->m->in_l2)
		window_close(l);
	else if (window)
		window_01(l, false);
	request(l, PSVM_REQUEST_EVENT);
}

/* CR8 of L2 that L0 intercepts (15.21.2): L1's local APIC, or V_TPR alone. */
static void write_cr8(struct l0 *l, uint8_t value)
{
	struct psvm_cpu_vmcb *vmcb = current(l);

	vmcb->words.int_ctl = (vmcb->words.int_ctl & ~PSVM_V_TPR) | value;
	if (!l->m->in_l2 || !holds(l, &l->m->snapshot, PSVM_V_INTR_MASKING))
		l->m->tpr = value;
	request(l, PSVM_REQUEST_EVENT);
}

static uint8_t read_cr8(const struct l0 *l)
{
	if (l->m->in_l2 && holds(l, &l->m->snapshot, PSVM_V_INTR_MASKING))
		return (uint8_t)(l->m->vmcb02.words.int_ctl & PSVM_V_TPR);
	return l->m->tpr;
}

/* An instruction that L0 intercepts: do what it does. */
static void emulate(struct l0 *l, uint32_t insn, uint8_t value)
{
	struct psvm_cpu_vmcb *vmcb = current(l);

	did(l, DEED_EMULATE);
	vmcb->words.int_state &= ~PSVM_INT_STATE_INTERRUPT_SHADOW;
	see(l, SEEN_RAN, 0);
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
		mask_l1_nmi(l, false);
		request(l, PSVM_REQUEST_EVENT);
		break;
	case PSVM_INSN_HLT:
		did(l, DEED_SLEEP);
		l->m->asleep = 1;
		break;
	case PSVM_INSN_VMMCALL: /* #UD, as on the processor */
		vmcb->rflags_if = 0;
		see(l, SEEN_EVENT,
		    PSVM_EVENT_INJ_V |
			    (uint64_t)PSVM_EVENT_TYPE_EXCEPTION << PSVM_EVENT_TYPE_SHIFT |
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
		window_01(l, false);
		request(l, PSVM_REQUEST_EVENT);
	} else if (exit_code == PSVM_EXIT_VMRUN) {
		vmrun(l);
		l->entering = l->m->in_l2 != 0;
	} else if (insn < PSVM_INSN_COUNT) {
		emulate(l, insn, l->act.value);
	}
}

/* An exit of L2 that is L0's. */
static void handle_l2(struct l0 *l, uint64_t exit_code, uint32_t insn)
{
	if (exit_code == PSVM_EXIT_VINTR)
		window_close(l);
	else if (insn < PSVM_INSN_COUNT)
		emulate(l, insn, l->act.value);
	if (insn < PSVM_INSN_COUNT && rule(l, PSVM_CELL_EMULATE_REFRESH))
		refresh(l);
}

/* Whose exit it is. The fault is one that L1 intercepts or not, as the act says. */
static bool is_for_l1(struct l0 *l, uint64_t exit_code)
{
	if (exit_code == EXIT_OF_FAULT)
		return l->act.kind == ACT_FAULT_L1;
	(void)intercepted_12(l, exit_code);
	return psvm_route_exit(l->w->rules, words(l, route_cells), exit_code,
			       intercepts(&l->m->snapshot),
			       intercepts(&l->m->vmcb01)) != PSVM_L0;
}

/* The guest has left. insn: the instruction, or PSVM_INSN_COUNT. */
static void handle(struct l0 *l, uint64_t exit_code, uint32_t insn)
{
	if (!l->m->in_l2)
		handle_l1(l, exit_code, insn);
	else if (is_for_l1(l, exit_code))
		hand_back(l, exit_code, false);
	else
		handle_l2(l, exit_code, insn);
	reinject(l);
	if (l->act.kind == ACT_FAULT_L0)
		l->act.kind = ACT_INSN; /* one fault in a step */
}

/* --- a step -------------------------------------------------------------- */

/* L2 executed HLT, and L0 has put it to sleep. What the processor would have for it, by
 * vmcb02, wakes it if the rules say so; if that is L0's own window, L0 gets what it
 * wanted and is to look again. What L0 has for L2 is injected, and wakes it as well.
 * Returns whether it was the window. */
static bool sleep_on(struct l0 *l)
{
	uint64_t by = rule(l, PSVM_CELL_HLT_WAKE), type;
	struct psvm_cpu_step step;
	struct psvm_cpu cpu;

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
		window_close(l);
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
	see(l, step.what == PSVM_CPU_DELIVERED ? SEEN_EVENT : SEEN_RAN, step.event);
	l->s.value = (uint8_t)step.value;
}

/* L0 has the processor. */
static void step_l0(struct l0 *l)
{
	bool again = l->m->asleep && sleep_on(l);

	run(l);
	if (l->m->asleep && !l->seen_any && !again)
		see(l, SEEN_RAN, 0);
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
		see(l, SEEN_RAN, 0);
	else
		step_running(l);
}

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
			restore(&l);
		return l.s;
	default:
		break;
	}
	if (m->stepping)
		m->requests |= PSVM_REQUEST_EVENT;
	if (m->requests != 0)
		kick(&l);
	while (!l.seen_any && !reads_endless(reads))
		proceed(&l);
	if (reads_endless(reads))
		see(&l, SEEN_STUCK, 0);
	return l.s;
}

void nested_start(struct nested *m, const struct world *w, const struct start *start)
{
	struct nested empty = { 0 };
	struct reads reads;
	struct act act = { ACT_INSN, 0, 0 };
	struct l0 l = { .m = m, .w = w, .reads = &reads, .act = act };

	reads.count = 0;
	*m = empty;
	m->cpu.flags = PSVM_CPU_F(IF);
	m->vmcb12 = start->vmcb12;
	m->tpr = start->tpr;
	m->moved = 1;
	m->gif = start->l1_gif;
	m->vmcb01.rflags_if = start->l1_if;
	m->vmcb01.words.int_ctl = PSVM_V_INTR_MASKING |
				  (uses_vgif(&l) ? PSVM_V_GIF_ENABLE : 0) |
				  (uses_vgif(&l) && start->l1_gif ? PSVM_V_GIF : 0) |
				  (uses_vnmi(&l) ? PSVM_V_NMI_ENABLE : 0);
}

struct l1_view nested_view(const struct nested *m, const struct world *w)
{
	struct nested copy = *m;
	struct reads reads;
	struct act act = { 0 };
	struct l0 l = { .m = &copy, .w = w, .reads = &reads, .act = act };
	struct l1_view v;

	reads.count = 0;
	if (running(&copy))
		leave(&l, 0);
	v.gif = l1_gif(&l);
	v.nmi_masked = l1_nmi_masked(&l);
	v.rflags_if = copy.vmcb01.rflags_if;
	v.tpr = copy.tpr;
	v.intr = copy.intr;
	v.nmi = copy.nmis != 0 || (uses_vnmi(&l) && holds(&l, &copy.vmcb01, PSVM_V_NMI));
	return v;
}
