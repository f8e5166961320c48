/* SPDX-License-Identifier: MIT */
/* From L1 to L2 and back: the intercepts of both, #VMEXIT, VMRUN. */
#include "l0.h"

/* --- intercepts ---------------------------------------------------------- */

void l0_set_intercepts_01(struct l0 *l)
{
	struct psvm_cpu_vmcb *vmcb = &l->m->vmcb01;
	bool cr8 = l->m->in_l2 ? l0_rule(l, L0_CR8_INTERCEPT) != 0 : l0_tpr_masks(l->m);
	bool hlt = l->m->in_l2 ? l0_rule(l, L0_HLT_INTERCEPT) != 0 : true;

	vmcb->words.misc1 |= PSVM_INTERCEPT_MASK(INTR) | PSVM_INTERCEPT_MASK(NMI) |
			     PSVM_INTERCEPT_MASK(CPUID);
	vmcb->misc2 |= PSVM_INTERCEPT_MASK(VMRUN) | PSVM_INTERCEPT_MASK(VMMCALL);
	l0_set_bit(&vmcb->misc2, PSVM_INTERCEPT_MASK(STGI) | PSVM_INTERCEPT_MASK(CLGI),
		   !l0_uses_vgif(l));
	l0_set_bit(&vmcb->words.misc1, PSVM_INTERCEPT_MASK(HLT), hlt);
	l0_set_bit(&vmcb->words.misc1, PSVM_INTERCEPT_MASK(IRET), l0_watches_iret(l));
	l0_set_bit(&vmcb->cr, PSVM_INTERCEPT_MASK(CR8_WRITE), cr8);
}

struct psvm_intercepts l0_intercepts(const struct psvm_cpu_vmcb *vmcb)
{
	struct psvm_intercepts i = { { vmcb->cr, 0, 0, vmcb->words.misc1, vmcb->misc2,
				       0 } };

	return i;
}

bool l0_intercepted_12(const struct l0 *l, uint64_t exit_code)
{
	struct psvm_intercepts i = l0_intercepts(&l->m->snapshot);

	return reads_intercept(&i, exit_code, l->reads);
}

void l0_merge(struct l0 *l)
{
	bool window = l0_rule(l, L0_WINDOW_IN_02) != 0;
	uint32_t own = window ? l->m->vmcb02.words.misc1 & PSVM_INTERCEPT_MASK(VINTR) : 0;
	struct psvm_intercepts i;

	l0_set_intercepts_01(l);
	i = l0_ask_merge(l, l0_intercepts(&l->m->snapshot), l0_intercepts(&l->m->vmcb01));
	l->m->vmcb02.cr = i.word[0];
	l->m->vmcb02.words.misc1 = i.word[3] | own;
	l->m->vmcb02.misc2 = i.word[4];
}

/* --- nested #VMEXIT ------------------------------------------------------ */

static void store_bits(uint64_t *to, uint64_t from, uint64_t bits)
{
	*to = (*to & ~bits) | (from & bits);
}

static void store_12(struct l0 *l, const struct psvm_result *r)
{
	struct psvm_words *to = &l->m->vmcb12.words;

	if (r->store12 & PSVM_F_INT_CTL)
		store_bits(&to->int_ctl, r->v12.int_ctl, ~PSVM_INT_VECTOR_DWORD);
	if (r->store12 & PSVM_F_INT_VECTOR)
		store_bits(&to->int_ctl, r->v12.int_ctl, PSVM_INT_VECTOR_DWORD);
	if (r->store12 & PSVM_F_INT_STATE)
		to->int_state = r->v12.int_state;
	if (r->store12 & PSVM_F_INT_SHADOW)
		store_bits(&to->int_state, r->v12.int_state,
			   PSVM_INT_STATE_INTERRUPT_SHADOW);
	if (r->store12 & PSVM_F_EVENT_INJ)
		to->event_inj = r->v12.event_inj;
	if (r->store12 & PSVM_F_EXIT_INT_INFO)
		to->exit_int_info = r->v12.exit_int_info;
	if (r->store12 & PSVM_F_TLB_CONTROL)
		to->tlb_control = r->v12.tlb_control;
}

void l0_hand_back(struct l0 *l, uint64_t exit_code, bool deferred)
{
	struct psvm_result r;

	l0_did(l, DEED_HAND_BACK);
	if (l->m->injects_nmi) /* its delivery was cut short */
		l0_mask_nmi(l, false);
	l->m->injects_nmi = 0;
	r = l0_transition(l, L0_HANDBACK, deferred ? PSVM_C(DEFERRED) : 0);
	store_12(l, &r);
	l->m->vmcb12.rflags_if = l->m->vmcb02.rflags_if;
	l->m->exit_code = exit_code;
	l0_adopt(l, &r, L0_HANDBACK);
	l->m->in_l2 = 0;
	l->m->asleep = 0;
	l->m->vmcb01.rflags_if = l->m->l1_if;
	l->m->vmcb01.words.int_state = 0;
	l0_window_aside(l, false);
	l0_see(l, SEEN_EXIT, exit_code);
}

/* --- nested VMRUN -------------------------------------------------------- */

/* VMRUN's checks besides those that the rules know: what the processor would
 * say of L1's VMCB if it had neither vNMI nor x2AVIC. */
static bool checks_failed(const struct nested *m)
{
	struct psvm_cpu_vmcb vmcb = m->snapshot;
	struct psvm_cpu cpu = { 0 };

	vmcb.words.int_ctl = 0;
	return psvm_cpu_vmrun(0, cpu, vmcb).what == PSVM_CPU_EXITED;
}

void l0_vmrun(struct l0 *l)
{
	struct nested *m = l->m;
	struct psvm_result r;

	l0_did(l, DEED_VMRUN);
	l0_window_aside(l, true);
	m->l1_if = m->vmcb01.rflags_if;
	m->vmcb01.words.int_state = 0;
	m->snapshot = m->vmcb12;
	m->snapshot.words = l0_transition(l, L0_SNAPSHOT, 0).v12;
	l0_set_intercepts_01(l);
	r = l0_transition(l, L0_VMRUN, checks_failed(m) ? PSVM_C(CHECKS_FAILED) : 0);
	/* Of what checks_failed() has read, this is open in a set-up. */
	reads_note(l->reads, READ_MISC2, m->snapshot.misc2 & PSVM_INTERCEPT_MASK(VMRUN));
	m->in_l2 = r.outcome != PSVM_VMEXIT_INVALID;
	l0_adopt(l, &r, L0_VMRUN);
	l0_ask_again(l, L0_ENTER_CLOSE);
	if (r.outcome == PSVM_VMEXIT_INVALID) {
		l0_ask_again(l, L0_HANDBACK);
		store_12(l, &r);
		m->exit_code = PSVM_EXIT_INVALID;
		l0_window_aside(l, false);
		l0_see(l, SEEN_EXIT, PSVM_EXIT_INVALID);
		return;
	}
	m->snapshot.words = r.v12;
	m->vmcb02.rflags_if = m->snapshot.rflags_if;
	m->vmcb02.bad = m->snapshot.bad;
	m->moved = 0;
	m->vmrun_pending = 1;
	l0_merge(l);
}

void l0_restore(struct l0 *l)
{
	bool gif = l0_gif(l), masked = l0_nmi_masked(l);
	uint16_t deeds = l->m->deeds;
	struct psvm_result r = l0_transition(l, L0_HANDBACK, 0);

	l->m->deeds = deeds; /* a trial: nothing has come about */
	l0_did(l, DEED_RESTORE);
	l->m->stale = r.v12.int_ctl != l->m->snapshot.words.int_ctl ||
		      r.v12.int_state != l->m->snapshot.words.int_state;
	r = l0_transition(l, L0_REENTER, 0);
	l0_adopt(l, &r, L0_REENTER);
	l0_set_gif(l, gif);
	l0_mask_nmi(l, masked);
	l0_ask_again(l, L0_ENTER_CLOSE);
	l0_merge(l);
	l0_request(l, PSVM_REQUEST_EVENT);
}
