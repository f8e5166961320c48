/* SPDX-License-Identifier: MIT */
#include "vectors_replay.h"

#include <string.h>

/* --- L2's programs ------------------------------------------------------- */

enum op_kind { END, NOP, STI, CLI, CR8_IS_7, CR8_IS_0, READ_CR8, STGI, CLGI, IPI, EXIT };

/* Programs 0 to 15, by number. EXIT is an instruction that exits to L1. */
static const uint8_t programs[][8] = {
	{ EXIT },
	{ STI, NOP, EXIT },
	{ CLI, EXIT },
	{ CR8_IS_7, EXIT },
	{ CR8_IS_0, EXIT },
	{ STGI, NOP, EXIT },
	{ CLGI, NOP, EXIT },
	{ EXIT }, /* 7: CPUID, the others VMMCALL */
	{ READ_CR8, EXIT },
	{ STI, EXIT },
	{ NOP, NOP, NOP, EXIT },
	{ IPI, NOP, NOP, NOP, EXIT },
	{ CR8_IS_7, STI, NOP, EXIT },
	{ CR8_IS_0, STI, NOP, EXIT },
	{ STI, NOP, CR8_IS_0, NOP, NOP, EXIT },
	{ CLGI, STI, NOP, STGI, NOP, NOP, EXIT },
};

/* Bytes of an instruction. Sending the interrupt takes one store in xAPIC
 * mode, and three instructions around a WRMSR in x2APIC mode. */
static int64_t op_size(enum vector_env env, uint8_t op)
{
	static const uint8_t size[] = {
		[NOP] = 1,  [STI] = 1,	[CLI] = 1,	[CR8_IS_7] = 4,
		[STGI] = 3, [CLGI] = 3, [READ_CR8] = 4, [CR8_IS_0] = 4,
	};
	bool xapic = env == VECTOR_QEMU_7_2 || env == VECTOR_BOCHS_2_7;

	return op == IPI ? (xapic ? 7 : 10) : size[op];
}

/* --- the state of a walk ------------------------------------------------- */

/* Vector of the interrupt for L1, P. */
enum { PHYS_VECTOR = 0xb1 };

struct walk {
	const struct psvm_rules *rules;
	const struct vector_row *row;
	bool nested;
	struct psvm_nested n;
	uint64_t gif_facts; /* OFFER_VGIF and HOST_VGIF, or nothing */
	int64_t start, rip; /* minus address of the program */
	const uint8_t *op;
	bool l2_if, shadow;
	bool in_handler; /* the handler of an injected event has not run yet */
	uint32_t tpr;	 /* of L1's local APIC, as CR8 */
	bool pending;	 /* P is in L1's local APIC */
	bool exited;	 /* to L1 */
	uint64_t exit_code;
	bool by_rules;	   /* the rule set said so, not the record */
	char events[8];	   /* of the record in L2, those that concern 02 or L0 */
	const char *event; /* the next one */
	const char *contradiction;
	struct psvm_words result;
	struct psvm_nested at_exit;
};

static void contradict(struct walk *w, const char *why)
{
	if (*w->contradiction == 0)
		w->contradiction = why;
	w->exited = true;
}

static bool tpr_masks(const struct walk *w)
{
	return w->pending && w->tpr >= PHYS_VECTOR >> 4;
}

static bool deliverable(const struct walk *w)
{
	return w->pending && !tpr_masks(w);
}

static uint32_t fact(bool holds, uint32_t bit)
{
	return holds ? bit : 0;
}

/* L1's GIF is in 02 while L2 runs, unless L2 has one of its own there. */
static bool l1_gif(const struct walk *w)
{
	if (psvm_conditions(w->n) & PSVM_C(NESTED_VGIF))
		return true;
	return (w->n.v02.int_ctl & PSVM_V_GIF) != 0;
}

static uint32_t facts(const struct walk *w)
{
	const struct vector_case *c = w->row->c;
	bool failed = (c->flags & (VECTOR_ASID0 | VECTOR_NO_VMRUN_ICPT)) != 0;

	return (uint32_t)w->gif_facts | fact(c->l1_if, PSVM_C(L1_IF)) |
	       fact(deliverable(w), PSVM_C(PENDING)) |
	       fact(failed, PSVM_C(CHECKS_FAILED)) |
	       fact(w->l2_if && !w->in_handler, PSVM_C(L2_IF)) |
	       fact(w->shadow, PSVM_C(L2_SHADOW)) |
	       fact(tpr_masks(w), PSVM_C(TPR_MASKS)) | fact(l1_gif(w), PSVM_C(L1_GIF));
}

static void adopt(struct walk *w, struct psvm_result r)
{
	if (r.status.code != PSVM_OK)
		contradict(w, "a transition refuses the input");
	w->n.v12 = r.v12;
	w->n.v02 = r.v02;
	w->n.v01 = r.v01;
}

static bool rule(struct walk *w, uint32_t cell)
{
	uint64_t bits = 0;

	w->n.facts = facts(w);
	if (psvm_rule(w->rules, w->n, cell, &bits).code != PSVM_OK)
		contradict(w, "a cell cannot be read");
	return bits != 0;
}

static void set_v_tpr(struct walk *w, uint32_t cr8)
{
	w->n.v02.int_ctl = (w->n.v02.int_ctl & ~PSVM_V_TPR) | (cr8 & PSVM_V_TPR);
}

/* --- exits --------------------------------------------------------------- */

/* The processor left L2: L0 takes note. */
static void leave(struct walk *w)
{
	w->n.v02.int_state = w->shadow;
	w->n.facts = facts(w);
	adopt(w, psvm_refresh(w->rules, w->n));
}

/* L0 enters L2 again. */
static void resume(struct walk *w)
{
	if (w->nested && rule(w, PSVM_CELL_TPR_LOAD))
		set_v_tpr(w, w->tpr);
}

static bool holds_dummy(const struct psvm_words *v02)
{
	return (v02->int_ctl & PSVM_V_IRQ) != 0 && psvm_int_ctl_vector(v02->int_ctl) == 0;
}

/* What L1 finds: its own vector where L0 does not write the dword at 064h. */
static void leave_to_l1(struct walk *w, const struct psvm_result *r)
{
	w->result = r->v12;
	if (!(r->store12 & PSVM_F_INT_VECTOR))
		w->result.int_ctl = psvm_int_ctl_join(
			psvm_int_ctl_low(r->v12.int_ctl), w->row->c->int_vector);
}

/* L1 gets an exit, of which L0 took note before. */
static void exit_to_l1(struct walk *w, uint64_t exit_code)
{
	struct psvm_result r;

	w->n.facts = facts(w);
	w->at_exit = w->n;
	r = psvm_nested_sync_int_ctl(w->rules, w->n);
	leave_to_l1(w, &r);
	w->exited = true;
	w->exit_code = exit_code;
	if (r.status.code != PSVM_OK)
		contradict(w, "hand-back refuses the input");
}

/* L0 looks at the interrupt that is pending for L1. */
static void look(struct walk *w)
{
	if (!deliverable(w))
		return;
	w->n.facts = facts(w);
	switch (psvm_interrupt_arrives(w->rules, w->n)) {
	case PSVM_EXIT:
		w->by_rules = true;
		exit_to_l1(w, PSVM_EXIT_INTR);
		break;
	case PSVM_INJECT:
		if (*w->event++ != 'P')
			contradict(w, "P is injected into L2, and was not");
		w->pending = false;
		break;
	case PSVM_OPEN_WINDOW:
		adopt(w, psvm_window_open(w->rules, w->n));
		break;
	default:
		break;
	}
}

/* --- what the processor does --------------------------------------------- */

/* QEMU compares with >=, and is the processor under KVM, too; Bochs by the
 * manual with >. */
static bool passes_tpr(const struct walk *w)
{
	uint64_t word = w->n.v02.int_ctl;
	uint64_t prio = (word & PSVM_V_INTR_PRIO) >> PSVM_V_INTR_PRIO_SHIFT;
	uint64_t equal = w->row->env != VECTOR_BOCHS_2_7;

	return (word & PSVM_V_IGN_TPR) || prio + equal > (word & PSVM_V_TPR);
}

/* Would L2 take the V_IRQ of 02 now? */
static bool l2_accepts(const struct walk *w)
{
	bool gif = (w->n.v02.int_ctl & PSVM_V_GIF_ENABLE) == 0 ||
		   (w->n.v02.int_ctl & PSVM_V_GIF) != 0;

	return (w->n.v02.int_ctl & PSVM_V_IRQ) && w->l2_if && !w->shadow && gif &&
	       passes_tpr(w);
}

/* L0's window: VINTR intercepted for L0, and its dummy in 02. */
static bool window_fires(const struct walk *w)
{
	return w->nested && l2_accepts(w) &&
	       (w->n.v01.misc1 & w->n.v02.misc1 & PSVM_INTERCEPT_VINTR);
}

static void vintr_exit(struct walk *w)
{
	struct psvm_intercepts i12 = { { 0, 0, 0, w->n.v12.misc1, 0, 0 } };
	struct psvm_intercepts i01 = { { 0, 0, 0, w->n.v01.misc1, 0, 0 } };

	leave(w);
	w->n.facts = facts(w);
	if (psvm_route_exit(w->rules, w->n, PSVM_EXIT_VINTR, i12, i01) == PSVM_L1) {
		w->by_rules = true;
		exit_to_l1(w, PSVM_EXIT_VINTR);
		return;
	}
	adopt(w, psvm_window_close(w->rules, w->n));
	look(w);
	if (!w->exited)
		resume(w);
	if (!w->exited && window_fires(w))
		contradict(w, "L0's window fires again at once, and for ever");
}

/* In group G the vector of V is that of another handler, which logs it. */
static bool group_g(const struct vector_row *row)
{
	return row->c->name[0] == 'G';
}

/* The record says that the interrupt in 02 was taken: V, or a dummy ('O'). */
static void take_virq(struct walk *w)
{
	uint32_t vector = psvm_int_ctl_vector(w->n.v02.int_ctl);
	bool dummy = *w->event == 'O' && !group_g(w->row);

	if (!l2_accepts(w))
		contradict(
			w,
			"a virtual interrupt was taken that 02 does not hold or allow");
	if ((vector & 0xff) != (dummy ? 0 : w->row->c->int_vector & 0xff))
		contradict(w, "a virtual interrupt was taken with another vector");
	w->n.v02.int_ctl &= ~PSVM_V_IRQ;
	w->event++;
}

/* Is the next event of the record a virtual interrupt that is taken here? The
 * record says where V was taken first, not where a dummy was. */
static bool takes_here(const struct walk *w)
{
	if (*w->event == 0 || (*w->event == 'P' && !group_g(w->row)))
		return false;
	if (*w->event == 'V')
		return w->row->virt_rip_off == w->rip;
	return l2_accepts(w) && (group_g(w->row) || holds_dummy(&w->n.v02));
}

/* Everything that happens between two instructions. */
static void boundary(struct walk *w)
{
	while (!w->exited) {
		if (window_fires(w))
			vintr_exit(w);
		else if (takes_here(w))
			take_virq(w);
		else
			return;
	}
}

static void write_cr8(struct walk *w, uint32_t value)
{
	bool masking = (w->n.v12.int_ctl & PSVM_V_INTR_MASKING) != 0;
	bool intercepted = w->nested && rule(w, PSVM_CELL_CR8_INTERCEPT);

	if (!intercepted)
		set_v_tpr(w, value);
	if (!masking)
		w->tpr = value;
	if (!intercepted)
		return;
	leave(w);
	look(w);
	if (!w->exited)
		resume(w);
}

static void send_interrupt(struct walk *w)
{
	w->pending = true;
	if (!w->nested)
		return;
	leave(w);
	look(w);
	if (!w->exited)
		resume(w);
}

static void step(struct walk *w)
{
	uint8_t op = *w->op++;

	w->rip += op_size(w->row->env, op);
	w->shadow = op == STI && !w->shadow; /* as QEMU does: whatever IF was */
	switch (op) {
	case STI:
	case CLI:
		w->l2_if = op == STI;
		break;
	case CR8_IS_7:
	case CR8_IS_0:
		write_cr8(w, op == CR8_IS_7 ? 7 : 0);
		break;
	case STGI:
		w->n.v02.int_ctl |= PSVM_V_GIF;
		break;
	case CLGI:
		w->n.v02.int_ctl &= ~PSVM_V_GIF;
		break;
	case IPI:
		send_interrupt(w);
		break;
	default:
		break;
	}
}

/* --- the walk ------------------------------------------------------------ */

static void prepare(struct walk *w, const struct vector_row *first)
{
	const struct vector_case *c = w->row->c;
	bool has_vgif = w->row->env != VECTOR_BOCHS_2_7;

	w->op = programs[c->prog];
	while (first != NULL && w->start < first->rip_off)
		w->start += op_size(w->row->env, *w->op++);
	w->rip = w->start;
	w->gif_facts = fact(has_vgif, PSVM_C(OFFER_VGIF) | PSVM_C(HOST_VGIF));
	w->l2_if = c->l2_if;
	w->tpr = c->l1_cr8;
	w->pending = c->phys_pending;
	w->contradiction = "";
}

/* P and I come from L0 or with VMRUN: on the bare processor neither has to do
 * with V_IRQ. */
static void prepare_events(struct walk *w)
{
	size_t n = 0;

	for (const char *event = w->row->in_l2; *event != 0; event++) {
		bool foreign = *event == 'I' || (*event == 'P' && !w->nested);

		if (group_g(w->row) || !foreign)
			w->events[n++] = *event;
	}
	w->event = w->events;
}

/* L1 executes VMRUN with GIF = 0: a P that is pending has made L0 open a window
 * for L1, which is in 01. */
static void prepare_words(struct walk *w)
{
	const struct vector_case *c = w->row->c;
	struct psvm_words *v01 = &w->n.v01;

	w->n.v12.int_ctl = psvm_int_ctl_join(w->row->before, c->int_vector);
	w->n.v12.int_state = c->int_state;
	w->n.v12.event_inj = c->event_inj;
	w->n.v12.misc1 = c->misc1;
	w->n.v12.tlb_control = 1;
	v01->int_ctl = PSVM_V_INTR_MASKING;
	v01->misc1 = PSVM_INTERCEPT_INTR | PSVM_INTERCEPT_NMI;
	if (w->gif_facts != 0)
		v01->int_ctl |= PSVM_V_GIF_ENABLE;
	if (w->nested && deliverable(w)) {
		v01->misc1 |= PSVM_INTERCEPT_VINTR;
		v01->int_ctl |= PSVM_V_IRQ | PSVM_V_INTR_PRIO;
	}
}

static void vmrun(struct walk *w)
{
	struct psvm_result r;

	w->n.facts = facts(w);
	adopt(w, psvm_snapshot(w->rules, w->n));
	r = psvm_enter(w->rules, w->n);
	adopt(w, r);
	w->at_exit = w->n;
	if (r.outcome != PSVM_VMEXIT_INVALID)
		return;
	w->exited = true;
	w->exit_code = PSVM_EXIT_INVALID;
	leave_to_l1(w, &r);
}

/* QEMU 7.2 does not load the interrupt shadow at VMRUN. */
static void load_shadow(struct walk *w)
{
	w->shadow = (w->n.v02.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW) &&
		    w->row->env != VECTOR_QEMU_7_2;
}

/* The first run: an event is injected; then, if P waits, L0 has forced an exit
 * before L2's first instruction and looks at it. */
static void first_run(struct walk *w)
{
	load_shadow(w);
	resume(w);
	if (w->n.v02.event_inj & PSVM_EVENT_INJ_V) {
		w->n.v02.event_inj = 0;
		w->in_handler = true;
	}
	if (w->nested && deliverable(w)) {
		leave(w);
		look(w);
		if (!w->exited)
			resume(w);
	}
}

/* Can the processor leave L2 here with the exit code of the record? With an L0
 * an INTR exit is L0's to make, and has been made by now. */
static bool exit_is_possible(const struct walk *w)
{
	const struct vector_case *c = w->row->c;

	switch (w->row->exit_code) {
	case PSVM_EXIT_VMMCALL:
		return *w->op == EXIT && c->prog != 7;
	case PSVM_EXIT_CPUID:
		return *w->op == EXIT && c->prog == 7;
	case PSVM_EXIT_CR8_READ:
		return *w->op == READ_CR8 && c->flags == VECTOR_ICPT_CR8R;
	case PSVM_EXIT_CR8_WRITE:
		return (*w->op == CR8_IS_7 || *w->op == CR8_IS_0) &&
		       c->flags == VECTOR_ICPT_CR8W;
	case PSVM_EXIT_INTR:
		return !w->nested && w->pending && (c->misc1 & PSVM_INTERCEPT_INTR);
	case PSVM_EXIT_VINTR:
		return l2_accepts(w) && (c->misc1 & PSVM_INTERCEPT_VINTR);
	case PSVM_EXIT_EXCP_GP: /* a vector beyond the IDT */
		return l2_accepts(w) && c->int_vector > 0xff;
	default:
		return false;
	}
}

/* The exit that the record has, at this instruction. */
static void recorded_exit(struct walk *w)
{
	if (!exit_is_possible(w))
		contradict(w, "an exit that is not possible here");
	leave(w);
	exit_to_l1(w, w->row->exit_code);
}

/* The handler of the injected event runs, unless the exit came first: then RIP
 * is the handler's, below the program. */
static void run_handler(struct walk *w)
{
	if (!w->in_handler)
		return;
	if (w->row->rip_off < 0) {
		recorded_exit(w);
		return;
	}
	w->in_handler = false;
	w->shadow = false;
}

static void run(struct walk *w)
{
	if (w->exited)
		return;
	first_run(w);
	if (!w->exited)
		run_handler(w);
	while (!w->exited) {
		boundary(w);
		if (w->exited)
			break;
		if (w->rip - w->start == w->row->rip_off) {
			recorded_exit(w);
		} else if (*w->op == EXIT || *w->op == END) {
			contradict(w, "L2 ran past its last instruction");
		} else {
			step(w);
		}
	}
}

struct replay_result replay(const struct psvm_rules *rules, const struct vector_row *row,
			    const struct vector_row *first, bool nested)
{
	struct replay_result result;
	struct walk w;

	memset(&w, 0, sizeof(w));
	w.rules = rules;
	w.row = row;
	w.nested = nested;
	prepare(&w, first);
	prepare_words(&w);
	prepare_events(&w);
	vmrun(&w);
	run(&w);
	if (*w.contradiction == 0 && *w.event != 0)
		contradict(&w, "an event of the record did not happen");
	result.v12 = w.result;
	result.exit_code = w.exit_code;
	result.contradiction = w.contradiction;
	result.at_exit = w.at_exit;
	result.dummy = holds_dummy(&w.at_exit.v02);
	result.tpr = w.tpr;
	result.pending = w.pending;
	result.by_rules = w.by_rules;
	return result;
}
