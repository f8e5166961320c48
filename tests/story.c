/* SPDX-License-Identifier: MIT */
/* Stories: what L0, L1, L2 and the processor do, with what each of them knows. */
#include "story_bits.h"

#include "psvm/rule_sets.h"

static void set_fact(struct story *s, uint32_t which, bool value)
{
	s->n.facts = value ? s->n.facts | which : s->n.facts & ~which;
}

static uint64_t with(uint64_t word, uint64_t bits, bool value)
{
	return value ? word | bits : word & ~bits;
}

/* L2 has a virtual GIF, or NMI state, of its own. */
static bool nested_vgif(const struct story *s)
{
	return fact(s, PSVM_C(OFFER_VGIF)) && (s->l1.int_ctl & V_GIF_ENABLE) != 0;
}

static bool nested_vnmi(const struct story *s)
{
	return fact(s, PSVM_C(OFFER_VNMI)) && (s->l1.int_ctl & V_NMI_ENABLE) != 0;
}

/* What a cell of psvm_rule() says now. */
static uint64_t rule(const struct story *s, uint32_t cell)
{
	uint64_t bits = 0;

	(void)psvm_rule(s->rules, s->n, cell, &bits);
	return bits;
}

/* L1's own NMI mask is in 01 while L2 runs, and L0's to keep. */
static bool l0_masks_nmis(const struct story *s)
{
	return !nested_vnmi(s) && rule(s, PSVM_CELL_NMI_MASK_IN_01) != 0;
}

uint64_t bare_int_ctl(const struct story *s)
{
	uint64_t word = (s->l1.int_ctl & ~V_TPR) | s->bare.v_tpr;

	if (s->bare.irq_taken)
		word &= ~V_IRQ;
	if (nested_vgif(s))
		word = with(word, V_GIF, s->bare.v_gif);
	if (nested_vnmi(s)) {
		word = with(word, V_NMI, s->bare.v_nmi);
		word = with(word, V_NMI_MASK, s->bare.v_nmi_mask);
	}
	return word;
}

/* --- L0's steps ---------------------------------------------------------- */

/* 01 as L0 keeps it: its enable bits say what L0 uses. */
static uint64_t sensible_01(uint64_t word, uint32_t facts)
{
	bool host_vgif = (facts & PSVM_C(HOST_VGIF)) != 0;
	bool host_vnmi = (facts & PSVM_C(HOST_VNMI)) != 0;

	word = with(word | MASKING, V_GIF_ENABLE, host_vgif);
	word = with(word, V_GIF, host_vgif && (facts & PSVM_C(L1_GIF)) != 0);
	word = with(word, V_NMI_ENABLE, host_vnmi);
	return host_vnmi ? word : word & ~(V_NMI | V_NMI_MASK);
}

struct story story_begin(const struct psvm_rules *rules, struct psvm_nested n)
{
	struct story s = { .rules = rules, .got = STORY_NOTHING, .due = STORY_NOTHING };

	if (n.facts & PSVM_C(OFFER_VGIF))
		n.facts |= PSVM_C(HOST_VGIF);
	if (n.facts & PSVM_C(OFFER_VNMI))
		n.facts |= PSVM_C(HOST_VNMI);
	n.v01.int_ctl = sensible_01(n.v01.int_ctl, n.facts);
	s.n = n;
	s.l1 = n.v12;
	s.vmcb12 = n.v12;
	s.bare.l1_nmis = n.nmis + (unsigned)((n.v01.int_ctl & V_NMI) != 0);
	s.bare.l1_nmi_mask = (n.v01.int_ctl & V_NMI_MASK) != 0;
	return s;
}

/* The fields of the snapshot that L0 writes to memory. */
static void store(struct psvm_words *to, const struct psvm_words *from, uint32_t fields)
{
	if (fields & PSVM_F_INT_CTL)
		to->int_ctl = (to->int_ctl & ~(uint64_t)UINT32_MAX) |
			      (from->int_ctl & UINT32_MAX);
	if (fields & PSVM_F_INT_VECTOR)
		to->int_ctl = (to->int_ctl & UINT32_MAX) |
			      (from->int_ctl & ~(uint64_t)UINT32_MAX);
	if (fields & PSVM_F_INT_STATE)
		to->int_state = from->int_state;
	if (fields & PSVM_F_INT_SHADOW)
		to->int_state = (to->int_state & ~SHADOW) | (from->int_state & SHADOW);
	if (fields & PSVM_F_EVENT_INJ)
		to->event_inj = from->event_inj;
	if (fields & PSVM_F_EXIT_INT_INFO)
		to->exit_int_info = from->exit_int_info;
	if (fields & PSVM_F_TLB_CONTROL)
		to->tlb_control = from->tlb_control;
}

/* L1's GIF, wherever L0 keeps it. */
static bool gif_of_l1(const struct story *s)
{
	bool in_02 = s->runs && !nested_vgif(s);

	if (!fact(s, PSVM_C(HOST_VGIF)))
		return s->gif != 0;
	return ((in_02 ? s->n.v02.int_ctl : s->n.v01.int_ctl) & V_GIF) != 0;
}

/* L0 does with a result what the comments of psvm/nested.h ask for. */
static void take(struct story *s, enum story_step step, const struct psvm_result *r)
{
	s->step = step;
	s->in = s->n;
	s->n.v12 = r->v12;
	s->n.v02 = r->v02;
	s->n.v01 = r->v01;
	s->n.nmis = (uint8_t)(s->n.nmis + r->nmi_change);
	s->requests = r->requests;
	s->store12 = r->store12;
	s->dirty01 = r->dirty01;
	s->dirty02 = r->dirty02;
	s->outcome = r->outcome;
	s->gif = r->gif;
	s->got = s->due = STORY_NOTHING;
	store(&s->vmcb12, &r->v12, r->store12);
}

static void begin_l2(struct story *s)
{
	uint64_t word = s->l1.int_ctl;

	s->bare.v_tpr = (uint8_t)(word & V_TPR);
	s->bare.irq_taken = false;
	s->bare.v_gif = (word & V_GIF) != 0;
	s->bare.v_nmi = (word & V_NMI) != 0;
	s->bare.v_nmi_mask = (word & V_NMI_MASK) != 0;
	s->bare.shadow = (s->l1.int_state & SHADOW) != 0;
	/* An event has no reserved bits (15.20). */
	s->bare.event = s->l1.event_inj & EVENT_V ? s->l1.event_inj & ~EVENT_SBZ : 0;
}

static void entered(struct story *s, enum story_step step, const struct psvm_result *r)
{
	take(s, step, r);
	s->runs = r->outcome != PSVM_VMEXIT_INVALID;
	s->window = s->usurped = s->cut = false;
	set_fact(s, PSVM_C(L1_GIF), gif_of_l1(s));
}

void story_vmrun(struct story *s)
{
	struct psvm_result r;

	s->l1 = s->n.v12 = s->vmcb12;
	r = psvm_snapshot(s->rules, s->n);
	s->n.v12 = r.v12;
	r = psvm_enter(s->rules, s->n);
	begin_l2(s);
	entered(s, STORY_VMRUN, &r);
}

/* What 02 held of L1's own goes back to where the next 02 takes it from. */
static void save_l1(struct story *s)
{
	uint64_t v02 = s->n.v02.int_ctl, *v01 = &s->n.v01.int_ctl;

	if (fact(s, PSVM_C(HOST_VGIF)) && !nested_vgif(s))
		*v01 = with(*v01, V_GIF, (v02 & V_GIF) != 0);
	if ((v02 & V_NMI_ENABLE) && !nested_vnmi(s)) {
		*v01 = with(*v01, V_NMI_MASK, (v02 & V_NMI_MASK) != 0);
		s->n.nmis = (uint8_t)(s->n.nmis + ((v02 & V_NMI) != 0));
	}
	if (s->window)
		s->n.v01.misc1 &= ~INTERCEPT_VINTR;
}

void story_reenter(struct story *s)
{
	struct psvm_words lost = { .exit_int_info = s->n.v02.exit_int_info };
	bool cut = s->cut;
	struct psvm_result r;

	save_l1(s);
	s->n.v02 = lost;
	r = psvm_reenter(s->rules, s->n);
	entered(s, STORY_REENTER, &r);
	s->cut = cut;
}

void story_refresh(struct story *s)
{
	struct psvm_result r;

	/* Every #VMEXIT of the processor writes EXITINTINFO. */
	if (!s->cut)
		s->n.v02.exit_int_info = 0;
	r = psvm_refresh(s->rules, s->n);
	take(s, STORY_REFRESH, &r);
}

void story_open(struct story *s)
{
	struct psvm_result r = psvm_window_open(s->rules, s->n);
	uint64_t changed = r.v02.int_ctl ^ s->n.v02.int_ctl;

	take(s, STORY_OPEN, &r);
	s->usurped = s->usurped || (changed & REQUESTED) != 0;
	s->window = r.outcome == PSVM_DONE;
}

void story_close(struct story *s)
{
	struct psvm_result r = psvm_window_close(s->rules, s->n);

	take(s, STORY_CLOSE, &r);
	s->window = s->usurped = false;
}

void story_vmexit(struct story *s)
{
	struct psvm_result r = psvm_nested_sync_int_ctl(s->rules, s->n);

	take(s, STORY_VMEXIT, &r);
	s->runs = s->window = s->usurped = false;
	set_fact(s, PSVM_C(L1_GIF), gif_of_l1(s));
}

/* A step that is no transition. */
static void quiet(struct story *s)
{
	s->step = STORY_RUN;
	s->requests = s->store12 = s->dirty01 = s->dirty02 = 0;
	s->outcome = PSVM_DONE;
	s->got = s->due = STORY_NOTHING;
}

void story_load_tpr(struct story *s, uint8_t tpr)
{
	quiet(s);
	if (rule(s, PSVM_CELL_TPR_LOAD) != 0)
		s->n.v02.int_ctl = (s->n.v02.int_ctl & ~V_TPR) | (tpr & V_TPR);
}

void story_nmi_for_l1(struct story *s)
{
	quiet(s);
	s->n.nmis++;
	s->bare.l1_nmis++;
}

/* L0 injects it and masks the next ones, if L1 can take it and no other event is
 * on its way; L2 is in the handler at once. */
static void inject_nmi(struct story *s)
{
	if (s->bare.l1_nmi_mask || s->bare.event != 0 || !gif_of_l1(s))
		return;
	s->n.nmis--;
	s->n.v01.int_ctl |= V_NMI_MASK;
	s->bare.l1_nmis--;
	s->bare.l1_nmi_mask = true;
}

void story_give_nmi(struct story *s)
{
	uint64_t slot = s->n.v02.int_ctl & (V_NMI_ENABLE | V_NMI);

	quiet(s);
	if (s->n.nmis == 0 || nested_vnmi(s))
		return;
	if (l0_masks_nmis(s)) {
		inject_nmi(s);
	} else if (slot == V_NMI_ENABLE) {
		s->n.nmis--;
		s->n.v02.int_ctl |= V_NMI;
	}
}

/* --- the processor ------------------------------------------------------- */

/* 15.21.4, without RFLAGS.IF and the shadow: the event says those. */
static bool deliverable(uint64_t word, bool gif)
{
	return (word & V_IRQ) && gif &&
	       ((word & IGN_TPR) || (word & PRIO) >> 16 > (word & V_TPR));
}

static bool gif_of_02(const struct story *s)
{
	return !(s->n.v02.int_ctl & V_GIF_ENABLE) || (s->n.v02.int_ctl & V_GIF);
}

static bool gif_of_bare(const struct story *s)
{
	return nested_vgif(s) ? s->bare.v_gif : fact(s, PSVM_C(L1_GIF));
}

static int vector_of(uint64_t word)
{
	return (int)((word & VECTOR) >> 32);
}

/* Interrupts of L2 open, on 02. True: #VMEXIT(VINTR) instead. */
static bool open_02(struct story *s)
{
	s->n.v02.int_state &= ~SHADOW;
	if (!deliverable(s->n.v02.int_ctl, gif_of_02(s)))
		return false;
	if (s->n.v02.misc1 & INTERCEPT_VINTR)
		return true;
	s->n.v02.int_ctl &= ~V_IRQ;
	s->got = vector_of(s->n.v02.int_ctl);
	return false;
}

/* The same on the bare machine, where what a window waits for comes first. */
static void open_bare(struct story *s)
{
	uint64_t word = bare_int_ctl(s);

	s->bare.shadow = false;
	if (s->window || (s->l1.misc1 & INTERCEPT_VINTR) ||
	    !deliverable(word, gif_of_bare(s)))
		return;
	s->bare.irq_taken = true;
	s->due = vector_of(word);
}

static void write_cr8(struct story *s, uint8_t tpr)
{
	s->n.v02.int_ctl = (s->n.v02.int_ctl & ~V_TPR) | tpr;
	s->bare.v_tpr = tpr;
}

/* Without vGIF L0 intercepts the instruction. Not here while its window is open, which
 * it would have to close, nor with a nested vNMI, which no rule set holds back. */
static void emulate_gif(struct story *s, bool value)
{
	if (s->window || nested_vnmi(s))
		return;
	s->gif = value;
	set_fact(s, PSVM_C(L1_GIF), value);
}

static void set_gif(struct story *s, bool value)
{
	if (!fact(s, PSVM_C(HOST_VGIF))) {
		emulate_gif(s, value);
		return;
	}
	if (s->n.v02.int_ctl & V_GIF_ENABLE)
		s->n.v02.int_ctl = with(s->n.v02.int_ctl, V_GIF, value);
	if (nested_vgif(s))
		s->bare.v_gif = value;
	else
		set_fact(s, PSVM_C(L1_GIF), value);
}

/* 15.21.10: on 02, and on the bare machine for whom the NMI is. */
static void take_nmi(struct story *s)
{
	uint64_t word = s->n.v02.int_ctl & (V_NMI_ENABLE | V_NMI | V_NMI_MASK);
	bool taken = word == (V_NMI_ENABLE | V_NMI) && gif_of_02(s);

	if (taken)
		s->n.v02.int_ctl = (s->n.v02.int_ctl & ~V_NMI) | V_NMI_MASK;
	if (nested_vnmi(s)) {
		if (s->bare.v_nmi && !s->bare.v_nmi_mask && gif_of_bare(s)) {
			s->bare.v_nmi = false;
			s->bare.v_nmi_mask = true;
		}
	} else if (taken) {
		s->bare.l1_nmis--;
		s->bare.l1_nmi_mask = true;
	}
}

static void iret(struct story *s)
{
	if (s->n.v02.int_ctl & V_NMI_ENABLE)
		s->n.v02.int_ctl &= ~V_NMI_MASK;
	if (l0_masks_nmis(s)) /* and intercepts IRET as long as it does */
		s->n.v01.int_ctl &= ~V_NMI_MASK;
	if (nested_vnmi(s))
		s->bare.v_nmi_mask = false;
	else
		s->bare.l1_nmi_mask = false;
}

static bool is_nmi(uint64_t event)
{
	return (event & EVENT_V) && (event >> 8 & 7) == 2;
}

/* An injected NMI blocks others where vNMI is enabled (15.21.10), and nowhere
 * else (15.20). */
static void inject(struct story *s)
{
	struct psvm_words *v02 = &s->n.v02;
	bool nmi = is_nmi(v02->event_inj) || (s->cut && is_nmi(v02->exit_int_info));

	if (nmi && (v02->int_ctl & V_NMI_ENABLE))
		v02->int_ctl |= V_NMI_MASK;
	if (is_nmi(s->bare.event) && nested_vnmi(s))
		s->bare.v_nmi_mask = true;
	v02->event_inj &= ~EVENT_V;
	s->bare.event = 0;
	s->cut = false;
}

static void cut(struct story *s)
{
	if (!(s->n.v02.event_inj & EVENT_V))
		return;
	s->n.v02.exit_int_info = s->n.v02.event_inj;
	s->n.v02.event_inj &= ~EVENT_V;
	s->cut = true;
}

static void begin_shadow(struct story *s)
{
	s->n.v02.int_state |= SHADOW;
	s->bare.shadow = true;
}

/* What L0 does to 02 before every run. */
static void prepare(struct story *s)
{
	uint64_t from_12 = rule(s, PSVM_CELL_RUN_FROM_12);
	uint64_t *to = &s->n.v02.int_ctl;

	*to = (*to & ~from_12) | (s->n.v12.int_ctl & from_12);
	*to &= ~rule(s, PSVM_CELL_RUN_CLEAR_02);
}

bool story_run(struct story *s, enum story_event event)
{
	bool exits = false;

	quiet(s);
	prepare(s);
	/* EVENTINJ, or an event that L0 injects again, precedes everything. */
	if (event == STORY_CUT)
		cut(s);
	else
		inject(s);
	switch (event) {
	case STORY_CR8_0:
		write_cr8(s, 0);
		break;
	case STORY_CR8_7:
		write_cr8(s, 7);
		break;
	case STORY_CR8_15:
		write_cr8(s, 15);
		break;
	case STORY_OPENS:
		exits = open_02(s);
		open_bare(s);
		break;
	case STORY_CLGI:
		set_gif(s, false);
		break;
	case STORY_STGI:
		set_gif(s, true);
		break;
	case STORY_NMI:
		take_nmi(s);
		break;
	case STORY_IRET:
		iret(s);
		break;
	case STORY_SHADOW:
		begin_shadow(s);
		break;
	case STORY_INJECTS:
	case STORY_CUT:
	case STORY_EVENTS:
		break;
	}
	return exits;
}
