/* SPDX-License-Identifier: MIT */
/* What is right: S0 to S12, and the stories that they are about. */
#include "properties.h"

#include <inttypes.h>
#include <string.h>

#include "psvm/rule_sets.h"
#include "show.h"
#include "rows.h"

/* Bits by the numbers of the manual, table B-1. */
#define V_TPR	     UINT64_C(0xf)
#define V_IRQ	     (UINT64_C(1) << 8)
#define V_GIF	     (UINT64_C(1) << 9)
#define V_NMI	     (UINT64_C(1) << 11)
#define V_NMI_MASK   (UINT64_C(1) << 12)
#define PRIO	     (UINT64_C(0xf) << 16)
#define IGN_TPR	     (UINT64_C(1) << 20)
#define MASKING	     (UINT64_C(1) << 24)
#define V_GIF_ENABLE (UINT64_C(1) << 25)
#define V_NMI_ENABLE (UINT64_C(1) << 26)
#define VECTOR	     (UINT64_C(0xff) << 32)
/* With what a virtual interrupt is requested. */
#define REQUESTED    (V_IRQ | PRIO | IGN_TPR | VECTOR)
#define INTERCEPT_VINTR (UINT32_C(1) << 4)
#define EVENT_V	     (UINT64_C(1) << 31)
#define EVENT_SBZ    UINT64_C(0x7ffff000) /* bits 30:12 */
#define CLEAN_I	     UINT32_C(1)
#define CLEAN_TPR    UINT32_C(8)

static bool fact(const struct story *s, uint32_t which)
{
	return (s->n.facts & which) != 0;
}

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

/* Word 060h of vmcb12 after a #VMEXIT now, on the bare machine. */
static uint64_t bare_int_ctl(const struct story *s)
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
	s->bare.shadow = (s->l1.int_state & 1) != 0;
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
	s->n.v02.int_state &= ~UINT64_C(1);
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
	s->n.v02.int_state |= 1;
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

/* --- the properties ------------------------------------------------------ */

static bool failed(const struct story *s)
{
	return s->outcome == PSVM_VMEXIT_INVALID;
}

static bool is_vmexit(const struct story *s)
{
	return s->step == STORY_VMEXIT || failed(s);
}

/* At a #VMEXIT these bits of 060h are what the bare machine would store. */
static bool stored(const struct story *s, uint64_t bits)
{
	return s->step != STORY_VMEXIT ||
	       ((s->vmcb12.int_ctl ^ bare_int_ctl(s)) & bits) == 0;
}

static bool s0_takes(const struct story *before, const struct story *after)
{
	(void)before;
	return after->got == after->due;
}

static bool s1_tpr(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, V_TPR);
}

static bool s2_irq(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, V_IRQ);
}

static bool s3_rest(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, ~(V_TPR | V_IRQ | V_GIF | V_NMI | V_NMI_MASK));
}

static bool s4_gif(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, V_GIF);
}

/* L1's NMIs are in 01 or in L0's queue, and blocked in 01, after the run. */
static bool l1_nmis_survive(const struct story *s)
{
	unsigned in_01 = (s->n.v01.int_ctl & V_NMI) != 0;
	bool mask_01 = (s->n.v01.int_ctl & V_NMI_MASK) != 0;

	if (s->step != STORY_VMEXIT)
		return true;
	if (!fact(s, PSVM_C(HOST_VNMI)))
		return s->n.nmis == s->bare.l1_nmis && !in_01 && !mask_01;
	return s->n.nmis + in_01 == s->bare.l1_nmis && mask_01 == s->bare.l1_nmi_mask;
}

static bool s5_nmi(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, V_NMI | V_NMI_MASK) && l1_nmis_survive(after);
}

/* What L1 may ask for: of 02 as a word, on top of what is L0's. */
static uint64_t offered(const struct story *s)
{
	uint64_t bits = V_TPR | REQUESTED | MASKING;

	if (fact(s, PSVM_C(OFFER_VGIF)))
		bits |= V_GIF | V_GIF_ENABLE;
	if (fact(s, PSVM_C(OFFER_VNMI)))
		bits |= V_NMI | V_NMI_MASK | V_NMI_ENABLE;
	return bits;
}

/* L0's own: the state of L1 that goes on living in 02, with GIF as VMRUN sets
 * it. */
static uint64_t own(const struct story *s)
{
	uint64_t bits = s->in.v01.int_ctl &
			(V_GIF | V_GIF_ENABLE | V_NMI | V_NMI_MASK | V_NMI_ENABLE);

	return fact(s, PSVM_C(HOST_VGIF)) ? bits | V_GIF : bits;
}

static bool s6_offered(const struct story *before, const struct story *after)
{
	bool built = after->step == STORY_VMRUN || after->step == STORY_REENTER;
	uint64_t old = built ? 0 : after->in.v02.int_ctl;
	bool looks = (built && after->runs) || after->step == STORY_OPEN ||
		     after->step == STORY_CLOSE;

	(void)before;
	return !looks ||
	       (after->n.v02.int_ctl & ~old & ~offered(after) & ~own(after)) == 0;
}

/* A window on 01 works: intercept and dummy. */
static bool window_01(const struct psvm_words *v01)
{
	return (v01->misc1 & INTERCEPT_VINTR) != 0 && (v01->int_ctl & V_IRQ) != 0;
}

static bool asked_again(const struct story *s)
{
	return (s->requests & PSVM_REQUEST_EVENT) != 0 || window_01(&s->n.v01);
}

/* Does something wait for L1, with a window or, where none is of use, without? */
static bool waits(const struct story *before, const struct story *after)
{
	switch (after->step) {
	case STORY_VMEXIT:
		return before->window || fact(after, PSVM_C(PENDING));
	case STORY_CLOSE:
		return before->window;
	case STORY_VMRUN:
	case STORY_REENTER:
		return window_01(&after->in.v01) || fact(after, PSVM_C(PENDING));
	default:
		return false;
	}
}

static bool s7_window(const struct story *before, const struct story *after)
{
	if (before->usurped && !stored(after, REQUESTED))
		return false;
	return !waits(before, after) || asked_again(after);
}

static bool s8_gif_of_l1(const struct story *before, const struct story *after)
{
	(void)before;
	if (!is_vmexit(after))
		return true;
	return after->gif == 0 && (!fact(after, PSVM_C(HOST_VGIF)) ||
				   (after->n.v01.int_ctl & V_GIF) == 0);
}

static bool s9_event(const struct story *before, const struct story *after)
{
	uint64_t info = after->vmcb12.exit_int_info;

	(void)before;
	if (is_vmexit(after) && (after->vmcb12.event_inj & EVENT_V))
		return false;
	return after->step != STORY_VMEXIT ||
	       (after->bare.event ? info == after->bare.event : (info & EVENT_V) == 0);
}

static bool s10_not_written(const struct story *before, const struct story *after)
{
	(void)before;
	if (failed(after))
		return (after->store12 & ~(uint32_t)PSVM_F_EVENT_INJ) == 0;
	return (after->store12 & (PSVM_F_TLB_CONTROL | PSVM_F_INT_VECTOR)) == 0;
}

static bool s11_snapshot(const struct story *before, const struct story *after)
{
	const struct psvm_words *v12 = &after->n.v12;

	(void)before;
	if (after->step != STORY_REFRESH)
		return true;
	return v12->int_ctl == bare_int_ctl(after) &&
	       (v12->int_state & 1) == (after->bare.shadow ? 1 : 0) &&
	       ((v12->event_inj ^ after->n.v02.event_inj) & EVENT_V) == 0;
}

static bool is_dirty(const struct psvm_words *before, const struct psvm_words *after,
		     uint32_t dirty)
{
	uint32_t needed = (before->int_ctl != after->int_ctl ? CLEAN_TPR : 0) |
			  (before->misc1 != after->misc1 ? CLEAN_I : 0);

	return (needed & ~dirty) == 0;
}

static bool s12_clean(const struct story *before, const struct story *after)
{
	(void)before;
	return after->step == STORY_RUN || after->step == STORY_BEGIN ||
	       (is_dirty(&after->in.v02, &after->n.v02, after->dirty02) &&
		is_dirty(&after->in.v01, &after->n.v01, after->dirty01));
}

static const struct {
	const char *words;
	bool (*holds)(const struct story *before, const struct story *after);
} properties[PROPERTIES] = {
	[S0] = { "S0 L2 takes the interrupt that it should", s0_takes },
	[S1] = { "S1 V_TPR is L2's", s1_tpr },
	[S2] = { "S2 V_IRQ is 0 if L2 took the interrupt, else unchanged", s2_irq },
	[S3] = { "S3 all other bits of 060h are as L1 wrote them", s3_rest },
	[S4] = { "S4 V_GIF is L2's if vGIF is nested, else unchanged", s4_gif },
	[S5] = { "S5 V_NMI and V_NMI_MASK are L2's if vNMI is nested, else unchanged; "
		 "L1's own survive", s5_nmi },
	[S6] = { "S6 a bit that was not offered never reaches 02", s6_offered },
	[S7] = { "S7 a window leaves no trace and stays pending", s7_window },
	[S8] = { "S8 GIF of L1 is 0", s8_gif_of_l1 },
	[S9] = { "S9 EVENTINJ.V is 0, EXITINTINFO names the unfinished event", s9_event },
	[S10] = { "S10 what the processor does not write is not written",
		  s10_not_written },
	[S11] = { "S11 the snapshot is what vmcb12 would be", s11_snapshot },
	[S12] = { "S12 what was written is not clean", s12_clean }
};

bool property_holds(enum property property, const struct story *before,
		    const struct story *after)
{
	return properties[property].holds(before, after);
}

uint32_t properties_violated(const struct story *before, const struct story *after)
{
	uint32_t violated = 0;

	for (unsigned i = 0; i < PROPERTIES; i++)
		violated |= (uint32_t)!properties[i].holds(before, after) << i;
	return violated;
}

const char *property_words(enum property property)
{
	return properties[property].words;
}

/* --- printing ------------------------------------------------------------ */

static const char *const step_names[] = {
	[STORY_BEGIN] = "begin", [STORY_VMRUN] = "VMRUN", [STORY_REENTER] = "re-enter",
	[STORY_RUN] = "L2 ran", [STORY_REFRESH] = "refresh", [STORY_OPEN] = "window open",
	[STORY_CLOSE] = "window close", [STORY_VMEXIT] = "hand-back"
};

/* A rule set has no padding, so equal ones have equal bytes. */
static const char *rules_name(const struct psvm_rules *rules)
{
#define PSVM_X(name, identifier, words) \
	if (memcmp(rules, &psvm_rules_##identifier, sizeof(*rules)) == 0) \
		return name;
	PSVM_RULE_SETS(PSVM_X)
#undef PSVM_X
	return "a rule set of the test";
}

static const struct {
	const char *name;
	unsigned shift, width;
} parts[] = {
#define PSVM_X(name, kvm, shift, width, writer, gate, ignored, section) \
	{ #name, shift, width },
	PSVM_INT_CTL_BITS(PSVM_X)
#undef PSVM_X
};

static void print_word(FILE *stream, const char *name, uint64_t before, uint64_t after)
{
	fprintf(stream, "  %s %016" PRIx64 " -> %016" PRIx64, name, before, after);
	for (size_t i = 0; i < N_ROWS(parts); i++) {
		uint64_t mask = UINT64_MAX >> (64 - parts[i].width);
		uint64_t a = before >> parts[i].shift & mask;
		uint64_t b = after >> parts[i].shift & mask;

		if (a != b)
			fprintf(stream, " %s:%" PRIx64 "->%" PRIx64, parts[i].name, a, b);
		else if (a != 0)
			fprintf(stream, " %s=%" PRIx64, parts[i].name, a);
	}
	fputc('\n', stream);
}

void story_print(FILE *stream, const struct story *before, const struct story *after)
{
	uint32_t violated = properties_violated(before, after);

	fprintf(stream, "%s, %s:\n", rules_name(after->rules), step_names[after->step]);
	for (unsigned i = 0; i < PROPERTIES; i++)
		if (violated >> i & 1)
			fprintf(stream, "  violates %s\n", properties[i].words);
	print_word(stream, "12     ", before->n.v12.int_ctl, after->n.v12.int_ctl);
	print_word(stream, "02     ", before->n.v02.int_ctl, after->n.v02.int_ctl);
	print_word(stream, "01     ", before->n.v01.int_ctl, after->n.v01.int_ctl);
	print_word(stream, "vmcb12 ", before->vmcb12.int_ctl, after->vmcb12.int_ctl);
	print_word(stream, "bare   ", bare_int_ctl(before), bare_int_ctl(after));
	fprintf(stream, "  requests %x, store12 %x, dirty01 %x, dirty02 %x, outcome %u, "
		"gif %u, took %d, should take %d\n", after->requests, after->store12,
		after->dirty01, after->dirty02, after->outcome, after->gif, after->got,
		after->due);
	show_input(stream, "before", &before->n);
}
