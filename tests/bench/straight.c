/* SPDX-License-Identifier: MIT */
/*
 * The same by hand, as one would write it for one hypervisor and one processor: rule set
 * linux-6.12, on words and on pages, and the processor CPU_MODEL. No tables, no code of
 * psvm, but the contract of psvm: bad facts change nothing, and give PSVM_E_FACT.
 */
#define PSVM_EXTERN
#include "bench.h"

#include <string.h>

#define V_TPR	    UINT64_C(0xf)
#define V_IRQ	    (UINT64_C(1) << 8)
#define V_GIF	    (UINT64_C(1) << 9)
#define V_NMI	    (UINT64_C(1) << 11)
#define V_NMI_MASK  (UINT64_C(1) << 12)
#define V_PRIO	    UINT64_C(0xf0000)
#define V_INJECTION UINT64_C(0x1f0100)
#define V_MASKING   (UINT64_C(1) << 24)
#define V_GIF_BITS  (V_GIF | UINT64_C(1) << 25)
#define V_NMI_BITS  (V_NMI | V_NMI_MASK | UINT64_C(1) << 26)
#define V_VECTOR    UINT64_C(0xffffffff00000000)
#define ICPT_VINTR  UINT64_C(0x10)

#define STRAIGHT(name) FORM(straight_##name, name##_once)

/* All ones if bit n is set. */
INLINE uint64_t ones(uint64_t word, unsigned n)
{
	return 0 - (word >> n & 1);
}

INLINE uint64_t fact(uint32_t facts, unsigned n)
{
	return ones(facts, n);
}

/* All ones if x, of 32 bits or of 64, is not zero: not a branch with any compiler. */
INLINE uint64_t any(uint64_t x)
{
	return 0 - ((((x | x >> 32) & UINT32_MAX) + UINT32_MAX) >> 32);
}

INLINE uint64_t select(uint64_t no, uint64_t yes, uint64_t mask)
{
	return no ^ ((no ^ yes) & mask);
}

INLINE uint32_t select32(uint32_t no, uint32_t yes, uint64_t mask)
{
	return no ^ ((no ^ yes) & (uint32_t)mask);
}

/* All ones for facts that there are, and features offered that L0 uses. */
INLINE uint64_t sensible(uint32_t facts)
{
	uint32_t offered = facts >> PSVM_C_OFFER_VGIF_BIT & 3;
	uint32_t used = facts >> PSVM_C_HOST_VGIF_BIT & 3;

	return ~any((facts & ~PSVM_C_FACTS) | (offered & ~used));
}

INLINE void begin(struct psvm_result *r, uint32_t facts, uint64_t good)
{
	r->status.code = (uint32_t)(PSVM_E_FACT & ~good);
	r->gif = (uint8_t)(facts >> PSVM_C_L1_GIF_BIT & 1);
	r->outcome = PSVM_DONE;
	r->requests = 0;
	r->nmi_change = 0;
}

/* --- words --------------------------------------------------------------- */

#define AREA	 struct psvm_words
#define MISC1	 misc1
#define ON(name) words_##name
#include "straight.h"
#undef AREA
#undef MISC1
#undef ON

/* The words are changed where they are stored. */
INLINE void snapshot_once(const struct input *in, union output *out)
{
	struct psvm_result r;

	begin(&r, in->n.facts, sensible(in->n.facts));
	out->result.v12 = in->n.v12;
	rest_of_snapshot(out, &r);
}

INLINE void enter_words(const struct input *in, union output *out, bool vmrun)
{
	struct psvm_result r;

	out->result.v12 = in->n.v12;
	out->result.v02 = in->n.v02;
	out->result.v01 = in->n.v01;
	words_enter(&in->n.v12, &out->result.v02, &out->result.v01, in->n.facts, &r,
		    vmrun);
	out->result.v12.event_inj &= ~(0 - (uint64_t)(r.outcome & PSVM_VMEXIT_INVALID));
	rest_of_enter(out, &r);
}

INLINE void enter_once(const struct input *in, union output *out)
{
	enter_words(in, out, true);
}

INLINE void reenter_once(const struct input *in, union output *out)
{
	enter_words(in, out, false);
}

INLINE void window_open_once(const struct input *in, union output *out)
{
	struct psvm_words v02 = in->n.v02, v01 = in->n.v01;
	struct psvm_result r;

	words_window_open(&in->n.v12, &v02, &v01, in->n.facts, &r);
	r.v02 = v02;
	r.v01 = v01;
	words_of_window_open(out, &r);
	rest_of_window_open(out, &r);
}

INLINE void window_close_once(const struct input *in, union output *out)
{
	struct psvm_words v02 = in->n.v02, v01 = in->n.v01;
	struct psvm_result r;

	words_window_close(&in->n.v12, &v02, &v01, in->n.facts, &r);
	r.v02 = v02;
	r.v01 = v01;
	words_of_window_close(out, &r);
	rest_of_window_close(out, &r);
}

INLINE void refresh_once(const struct input *in, union output *out)
{
	struct psvm_result r;

	out->result.v12 = in->n.v12;
	words_refresh(&out->result.v12, &in->n.v02, in->n.facts, &r);
	rest_of_refresh(out, &r);
}

#define STORED_12 \
	(PSVM_F_INT_CTL | PSVM_F_INT_STATE | PSVM_F_EVENT_INJ | PSVM_F_EXIT_INT_INFO)

INLINE void hand_back_once(const struct input *in, union output *out)
{
	const struct psvm_nested *n = &in->n;
	struct psvm_words *v12 = &out->result.v12;
	uint64_t go = sensible(n->facts);
	struct psvm_result r;

	*v12 = n->v12;
	out->result.v01 = n->v01;
	words_leave(&n->v12, &n->v02, &out->result.v01, n->facts, n->nmis, &r, go);
	v12->int_state = select(n->v12.int_state, n->v02.int_state, go);
	v12->exit_int_info = select(n->v12.exit_int_info, words_unfinished(&n->v02), go);
	v12->event_inj = n->v12.event_inj & ~go;
	r.store12 = (uint32_t)(STORED_12 & go);
	rest_of_hand_back(out, &r);
}

STEPS(STRAIGHT)

/* --- questions ----------------------------------------------------------- */

INLINE struct psvm_intercepts merged(uint64_t int_ctl_12, uint32_t facts,
				     struct psvm_intercepts i12,
				     struct psvm_intercepts i01)
{
	uint64_t masking = ones(int_ctl_12, 24) & sensible(facts);
	uint64_t closed = masking & ~fact(facts, PSVM_C_L1_IF_BIT);

	i01.word[0] &= ~(uint32_t)(PSVM_INTERCEPT_CR8_WRITE & masking);
	i01.word[3] &= ~(uint32_t)(ICPT_VINTR & closed);
	for (int i = 0; i < 6; i++)
		i12.word[i] |= i01.word[i];
	return i12;
}

INLINE void merge_once(const struct input *in, union output *out)
{
	out->intercepts = merged(in->n.v12.int_ctl, in->n.facts, in->i12, in->i01);
}

INLINE bool intercepted(const uint32_t *words, uint64_t exit_code)
{
	return exit_code < 0xc0 && (words[exit_code / 32] >> exit_code % 32 & 1);
}

/* A walk through cases is what exit codes are for. */
INLINE uint32_t routed(uint32_t facts, uint64_t exit_code, const uint32_t *i12,
		       const uint32_t *i01)
{
	if (!sensible(facts))
		return PSVM_L0;
	switch (exit_code) {
	case PSVM_EXIT_INTR:
	case PSVM_EXIT_NMI:
	case PSVM_EXIT_NPF:
		return PSVM_L0;
	case PSVM_EXIT_INVALID:
		return PSVM_L1;
	case PSVM_EXIT_MSR_PROT:
	case PSVM_EXIT_IOIO_PROT:
		return intercepted(i12, exit_code) ? PSVM_L1_BITMAP : PSVM_L0;
	default:
		if (exit_code / 32 == 2 && intercepted(i01, exit_code))
			return PSVM_L0;
		return intercepted(i12, exit_code) ? PSVM_L1 : PSVM_L0;
	}
}

INLINE void route_exit_once(const struct input *in, union output *out)
{
	out->answer.bits = routed(in->n.facts, in->exit_code, in->i12.word, in->i01.word);
}

INLINE void interrupt_arrives_once(const struct input *in, union output *out)
{
	uint32_t facts = in->n.facts;
	uint64_t enabled = select(fact(facts, PSVM_C_L2_IF_BIT),
				  fact(facts, PSVM_C_L1_IF_BIT),
				  ones(in->n.v12.int_ctl, 24));
	uint64_t open = enabled & fact(facts, PSVM_C_L1_GIF_BIT);
	uint64_t exits = open & ones(in->n.v12.misc1, 0);
	uint64_t injects = open & ~exits & ~fact(facts, PSVM_C_L2_SHADOW_BIT);
	uint64_t waits = fact(facts, PSVM_C_VMRUN_PENDING_BIT) | ~sensible(facts);

	out->answer.bits = ((PSVM_EXIT & exits) | (PSVM_INJECT & injects) |
			    (PSVM_OPEN_WINDOW & ~exits & ~injects)) &
			   ~waits;
}

INLINE void rule_once(const struct input *in, union output *out)
{
	uint64_t good = sensible(in->n.facts);

	out->answer.code = (uint32_t)(PSVM_E_FACT & ~good);
	out->answer.bits = PSVM_FLAG & good & ~ones(in->n.v12.int_ctl, 24) &
			   fact(in->n.facts, PSVM_C_TPR_MASKS_BIT);
}

#define IF_BIT(word, n, name) (((word) >> (n)&1) << PSVM_C_##name##_BIT)

INLINE void conditions_once(const struct input *in, union output *out)
{
	const struct psvm_nested *n = &in->n;
	uint64_t c12 = n->v12.int_ctl;
	uint32_t c = n->facts & PSVM_C_FACTS;

	c |= IF_BIT((uint32_t)(c12 >> 25) & n->facts >> PSVM_C_OFFER_VGIF_BIT, 0,
		    NESTED_VGIF);
	c |= IF_BIT((uint32_t)(c12 >> 26) & n->facts >> PSVM_C_OFFER_VNMI_BIT, 0,
		    NESTED_VNMI);
	c |= (uint32_t)IF_BIT(c12, 24, V_INTR_MASKING_12);
	c |= (uint32_t)IF_BIT(c12, 26, V_NMI_ENABLE_12);
	c |= (uint32_t)IF_BIT(c12, 8, V_IRQ_12);
	c |= IF_BIT(n->v01.misc1, 4, VINTR_01);
	c |= IF_BIT(n->v02.misc1, 4, VINTR_02);
	c |= IF_BIT(n->v12.misc1, 4, VINTR_12);
	c |= IF_BIT(n->v12.misc1, 0, INTR_12);
	c |= IF_BIT(n->v12.misc1, 1, NMI_12);
	c |= IF_BIT(n->v12.misc1, 24, HLT_12);
	c |= (uint32_t)IF_BIT(n->v02.int_ctl, 8, V_IRQ_02);
	c |= (uint32_t)IF_BIT(n->v02.int_ctl, 25, V_GIF_ENABLE_02);
	c |= (uint32_t)IF_BIT(n->v01.int_ctl, 11, V_NMI_01);
	c |= (uint32_t)(any(n->nmis) & PSVM_C(NMI_QUEUED));
	out->answer.bits = c;
}

STRAIGHT(merge)
QUESTIONS(STRAIGHT)

/* --- pages --------------------------------------------------------------- */

#define AREA	 struct psvm_vmcb_control
#define MISC1	 intercept_misc1
#define ON(name) page_##name
#include "straight.h"
#undef AREA
#undef MISC1
#undef ON

INLINE void mark(const struct psvm_pages *p, const struct psvm_result *r)
{
	p->vmcb02->control.clean &= ~r->dirty02;
	p->vmcb01->control.clean &= ~r->dirty01;
}

INLINE void vmcb_snapshot_once(const struct input *in, union output *out)
{
	const struct psvm_pages *p = in->pages;
	uint64_t good = sensible(p->facts);
	struct psvm_result r;

	begin(&r, p->facts, good);
	if (good)
		memcpy(p->snapshot, p->vmcb12, sizeof(*p->snapshot));
	rest_of_pages(out, &r);
}

INLINE void merge_pages(const struct psvm_pages *p)
{
	struct psvm_vmcb_control *c02 = &p->vmcb02->control;
	const uint32_t *i12 = &p->snapshot->intercept_cr;
	const uint32_t *i01 = &p->vmcb01->control.intercept_cr;
	uint32_t *i02 = &c02->intercept_cr;
	uint32_t drop = (uint32_t)(PSVM_INTERCEPT_CR8_WRITE &
				   ones(p->snapshot->int_ctl, 24));
	uint32_t changed = 0;

	for (int i = 0; i < 6; i++) {
		uint32_t word = i12[i] | (i01[i] & (i == 0 ? ~drop : UINT32_MAX));

		word = i == 3 ? i02[i] : word; /* merged with the window */
		changed |= i02[i] ^ word;
		i02[i] = word;
	}
	c02->clean &= ~(uint32_t)(PSVM_CLEAN_I & any(changed));
}

/* L1 finds what every failed VMRUN leaves. The snapshot stays as it is. */
INLINE void fail_on_page(const struct psvm_pages *p)
{
	struct psvm_vmcb_control *vmcb12 = p->vmcb12;

	vmcb12->event_inj = 0;
	vmcb12->exit_code = PSVM_EXIT_INVALID;
	vmcb12->exit_info_1 = 0;
	vmcb12->exit_info_2 = 0;
}

INLINE void enter_pages(const struct psvm_pages *p, union output *out, bool vmrun)
{
	struct psvm_result r;

	page_enter(p->snapshot, &p->vmcb02->control, &p->vmcb01->control, p->facts, &r,
		   vmrun);
	mark(p, &r);
	if (r.outcome == PSVM_VMEXIT_INVALID)
		fail_on_page(p);
	else if (r.status.code == PSVM_OK)
		merge_pages(p);
	rest_of_pages(out, &r);
}

INLINE void vmcb_enter_once(const struct input *in, union output *out)
{
	enter_pages(in->pages, out, true);
}

INLINE void vmcb_reenter_once(const struct input *in, union output *out)
{
	enter_pages(in->pages, out, false);
}

INLINE void vmcb_window_open_once(const struct input *in, union output *out)
{
	const struct psvm_pages *p = in->pages;
	struct psvm_result r;

	page_window_open(p->snapshot, &p->vmcb02->control, &p->vmcb01->control, p->facts,
			 &r);
	mark(p, &r);
	rest_of_pages(out, &r);
}

INLINE void vmcb_window_close_once(const struct input *in, union output *out)
{
	const struct psvm_pages *p = in->pages;
	struct psvm_result r;

	page_window_close(p->snapshot, &p->vmcb02->control, &p->vmcb01->control, p->facts,
			  &r);
	mark(p, &r);
	rest_of_pages(out, &r);
}

INLINE void vmcb_refresh_once(const struct input *in, union output *out)
{
	const struct psvm_pages *p = in->pages;
	struct psvm_result r;

	page_refresh(p->snapshot, &p->vmcb02->control, p->facts, &r);
	rest_of_pages(out, &r);
}

/* The vector of vmcb12 is never written. */
INLINE void vmcb_hand_back_once(const struct input *in, union output *out)
{
	const struct psvm_pages *p = in->pages;
	struct psvm_vmcb_control *vmcb12 = p->vmcb12;
	const struct psvm_vmcb_control *c02 = &p->vmcb02->control;
	uint64_t go = sensible(p->facts);
	struct psvm_result r;

	page_leave(p->snapshot, c02, &p->vmcb01->control, p->facts, p->nmis, &r, go);
	p->vmcb01->control.clean &= ~r.dirty01;
	vmcb12->int_ctl = select(vmcb12->int_ctl, p->snapshot->int_ctl, ~V_VECTOR & go);
	vmcb12->int_state = select(vmcb12->int_state, c02->int_state, go);
	vmcb12->exit_int_info = select(vmcb12->exit_int_info, page_unfinished(c02), go);
	vmcb12->event_inj &= ~go;
	rest_of_pages(out, &r);
}

INLINE void vmcb_route_exit_once(const struct input *in, union output *out)
{
	const struct psvm_pages *p = in->pages;

	out->answer.bits = routed(p->facts, p->vmcb02->control.exit_code,
				  &p->snapshot->intercept_cr,
				  &p->vmcb01->control.intercept_cr);
}

PAGES(STRAIGHT)
STRAIGHT(vmcb_route_exit)

/* --- the processor ------------------------------------------------------- */

#define F(name) PSVM_CPU_F(name)

INLINE uint32_t flag_if(bool set, uint32_t flag)
{
	return set ? flag : 0;
}

INLINE struct psvm_cpu_step ended(const struct psvm_cpu *cpu, uint32_t what,
				  uint64_t event, uint64_t exit_code)
{
	struct psvm_cpu_step step = {
		.cpu = *cpu, .what = what, .event = event, .exit_code = exit_code
	};

	return step;
}

/* To the handler: behind an interrupt gate, out of HLT and the shadow. */
INLINE struct psvm_cpu_step delivered(struct psvm_cpu *cpu, uint64_t event)
{
	cpu->flags &= ~(F(IF) | F(SHADOW) | F(HALTED));
	return ended(cpu, PSVM_CPU_DELIVERED, event, 0);
}

INLINE bool event_bad(uint64_t event)
{
	uint64_t type = event >> 8 & 7, vector = event & 0xff;

	if (!(event >> 31 & 1) || type == 0 || type == 2 || type == 4)
		return false;
	return type != 3 || vector == 2 || vector > 31;
}

INLINE void cpu_vmrun_once(const struct input *in, union output *out)
{
	const struct psvm_cpu_vmcb *vmcb = &in->vmcb;
	struct psvm_cpu cpu = in->host;
	uint64_t int_ctl = vmcb->words.int_ctl & ~UINT64_C(0xf0),
		 event = vmcb->words.event_inj;

	if (vmcb->bad || !(vmcb->misc2 & PSVM_INTERCEPT_VMRUN) || event_bad(event) ||
	    ((int_ctl >> 26 & 1) && !(vmcb->words.misc1 & PSVM_INTERCEPT_NMI)) ||
	    (int_ctl >> 30 & 3) == 1) {
		cpu.flags &= ~(F(GIF) | F(SHADOW));
		out->step = ended(&cpu, PSVM_CPU_EXITED, 0, PSVM_EXIT_INVALID);
		return;
	}
	cpu.int_ctl = int_ctl;
	cpu.cr = vmcb->cr;
	cpu.misc1 = vmcb->words.misc1;
	cpu.misc2 = vmcb->misc2;
	cpu.flags = (cpu.flags & ~(F(SHADOW) | F(HOST_IF) | F(IF) | F(V_IRQ_OPEN) |
				   F(V_IRQ_HIDDEN))) |
		    F(GUEST) | F(GIF) | flag_if(vmcb->words.int_state & 1, F(SHADOW)) |
		    flag_if(in->host.flags & F(IF), F(HOST_IF)) |
		    flag_if(vmcb->rflags_if, F(IF));
	if (!(event >> 31 & 1)) {
		out->step = ended(&cpu, PSVM_CPU_RAN, 0, 0);
		return;
	}
	if ((event >> 8 & 7) == 2 && (int_ctl >> 26 & 1))
		cpu.int_ctl |= V_NMI_MASK;
	out->step = delivered(&cpu, event);
}

#define EVENT(type, vector) (UINT64_C(1) << 31 | (uint64_t)(type) << 8 | (vector))

INLINE struct psvm_cpu_step exited(struct psvm_cpu *cpu, uint64_t exit_code)
{
	cpu->flags &= ~F(HALTED);
	return ended(cpu, PSVM_CPU_EXITED, 0, exit_code);
}

INLINE struct psvm_cpu_step boundary(struct psvm_cpu cpu)
{
	bool guest = cpu.flags & F(GUEST), shadow = cpu.flags & F(SHADOW);
	uint64_t masked = guest ? cpu.int_ctl & V_MASKING : 0;
	bool gif = cpu.flags & F(GIF);
	bool v_gif = gif && (cpu.int_ctl & V_GIF_BITS) != (V_GIF_BITS & ~V_GIF);

	if (gif && (cpu.flags & (F(NMI) | F(NMI_BLOCKED))) == F(NMI)) {
		if (guest && (cpu.misc1 & PSVM_INTERCEPT_NMI))
			return exited(&cpu, PSVM_EXIT_NMI);
		cpu.flags = (cpu.flags & ~F(NMI)) | F(NMI_BLOCKED);
		return delivered(&cpu, EVENT(2, 2));
	}
	if (gif && cpu.intr >> 4 > cpu.tpr &&
	    (cpu.flags & (masked ? F(HOST_IF) : F(IF))) && (masked || !shadow)) {
		uint64_t event = EVENT(0, cpu.intr);

		if (guest && (cpu.misc1 & PSVM_INTERCEPT_INTR))
			return exited(&cpu, PSVM_EXIT_INTR);
		cpu.intr = 0;
		return delivered(&cpu, event);
	}
	if (!guest || !v_gif || shadow)
		return ended(&cpu, PSVM_CPU_RAN, 0, 0);
	if ((cpu.int_ctl & V_NMI_BITS) == (V_NMI_BITS & ~V_NMI_MASK)) {
		cpu.int_ctl ^= V_NMI | V_NMI_MASK;
		return delivered(&cpu, EVENT(2, 2));
	}
	if ((cpu.int_ctl & V_IRQ) && !(cpu.int_ctl >> 31 & 1) && (cpu.flags & F(IF)) &&
	    !(cpu.flags & F(V_IRQ_HIDDEN)) &&
	    ((cpu.int_ctl >> 20 & 1) ||
	     (cpu.int_ctl >> 16 & 0xf) > (cpu.int_ctl & 0xf))) {
		if (cpu.misc1 & PSVM_INTERCEPT_VINTR)
			return exited(&cpu, PSVM_EXIT_VINTR);
		cpu.int_ctl &= ~V_IRQ;
		cpu.flags &= ~F(V_IRQ_OPEN);
		return delivered(&cpu, EVENT(0, cpu.int_ctl >> 32 & 0xff));
	}
	return ended(&cpu, PSVM_CPU_RAN, 0, 0);
}

INLINE void cpu_boundary_once(const struct input *in, union output *out)
{
	out->step = boundary(in->guest);
}

/* The word and the bit of an instruction's intercept, by its number: 0 none. */
static const struct intercept {
	uint32_t cr, misc1, misc2;
	uint16_t exit_code;
} intercepts[PSVM_INSN_COUNT] = {
	[PSVM_INSN_IRET] = { 0, PSVM_INTERCEPT_IRET, 0, PSVM_EXIT_IRET },
	[PSVM_INSN_HLT] = { 0, PSVM_INTERCEPT_HLT, 0, PSVM_EXIT_HLT },
	[PSVM_INSN_CPUID] = { 0, PSVM_INTERCEPT_CPUID, 0, PSVM_EXIT_CPUID },
	[PSVM_INSN_VMRUN] = { 0, 0, PSVM_INTERCEPT_VMRUN, PSVM_EXIT_VMRUN },
	[PSVM_INSN_VMMCALL] = { 0, 0, PSVM_INTERCEPT_VMMCALL, PSVM_EXIT_VMMCALL },
	[PSVM_INSN_STGI] = { 0, 0, PSVM_INTERCEPT_STGI, PSVM_EXIT_STGI },
	[PSVM_INSN_CLGI] = { 0, 0, PSVM_INTERCEPT_CLGI, PSVM_EXIT_CLGI },
	[PSVM_INSN_CR8_READ] = { PSVM_INTERCEPT_CR8_READ, 0, 0, PSVM_EXIT_CR8_READ },
	[PSVM_INSN_CR8_WRITE] = { PSVM_INTERCEPT_CR8_WRITE, 0, 0, PSVM_EXIT_CR8_WRITE },
};

INLINE void write_gif(struct psvm_cpu *cpu, bool virtual, bool value)
{
	if (virtual && (cpu->int_ctl >> 25 & 1))
		cpu->int_ctl = (cpu->int_ctl & ~V_GIF) | (value ? V_GIF : 0);
	else
		cpu->flags = (cpu->flags & ~F(GIF)) | flag_if(value, F(GIF));
}

/* Whatever it is, V_IRQ is looked at again if IF, GIF or V_TPR may have changed. */
INLINE struct psvm_cpu_step execute(struct psvm_cpu cpu, uint32_t insn, uint32_t value)
{
	const struct intercept *i = &intercepts[insn];
	bool guest = cpu.flags & F(GUEST);
	uint64_t masked = guest ? cpu.int_ctl & V_MASKING : 0;
	uint32_t flags = cpu.flags, read = 0;
	uint64_t int_ctl = cpu.int_ctl;

	if (flags & F(HALTED))
		return ended(&cpu, PSVM_CPU_RAN, 0, 0);
	if (guest && ((cpu.cr & i->cr) | (cpu.misc1 & i->misc1) | (cpu.misc2 & i->misc2)))
		return ended(&cpu, PSVM_CPU_EXITED, 0, i->exit_code);
	cpu.flags &= ~F(SHADOW);
	switch (insn) {
	case PSVM_INSN_VMRUN:
	case PSVM_INSN_VMMCALL:
		return delivered(&cpu, EVENT(3, 6));
	case PSVM_INSN_CLI:
		cpu.flags &= ~F(IF);
		break;
	case PSVM_INSN_STI:
		cpu.flags |= F(IF) | flag_if(!(flags & F(IF)), F(SHADOW));
		break;
	case PSVM_INSN_IRET:
		if (guest && (int_ctl >> 26 & 1))
			cpu.int_ctl &= ~V_NMI_MASK;
		else
			cpu.flags &= ~F(NMI_BLOCKED);
		cpu.flags |= F(IF);
		break;
	case PSVM_INSN_HLT:
		cpu.flags |= F(HALTED);
		break;
	case PSVM_INSN_STGI:
		write_gif(&cpu, guest, true);
		break;
	case PSVM_INSN_CLGI:
		write_gif(&cpu, guest, false);
		break;
	case PSVM_INSN_CR8_READ:
		read = masked ? (uint32_t)(int_ctl & V_TPR) : cpu.tpr;
		break;
	case PSVM_INSN_CR8_WRITE:
		if (guest)
			cpu.int_ctl = (int_ctl & ~UINT64_C(0xff)) | (value & V_TPR);
		if (!masked)
			cpu.tpr = value & V_TPR;
		cpu.flags &= ~F(V_IRQ_HIDDEN);
		break;
	default:
		break;
	}
	if (((cpu.flags ^ flags) & (F(IF) | F(GIF))) || ((cpu.int_ctl ^ int_ctl) & V_GIF))
		cpu.flags &= ~F(V_IRQ_HIDDEN);

	struct psvm_cpu_step step = ended(&cpu, PSVM_CPU_RAN, 0, 0);

	step.value = read;
	return step;
}

INLINE void cpu_execute_once(const struct input *in, union output *out)
{
	out->step = execute(in->guest, in->insn, in->value);
}

INLINE void cpu_cut_short_once(const struct input *in, union output *out)
{
	const struct psvm_cpu_step *step = &in->delivered;
	struct psvm_cpu cpu = in->guest;
	uint64_t vnmi = fact(cpu.flags, PSVM_CPU_F_GUEST_BIT) &
			ones(step->cpu.int_ctl, 26) & ~any((step->event >> 8 & 7) ^ 2);

	cpu.int_ctl = step->cpu.int_ctl & ~(V_NMI_MASK & vnmi);
	cpu.intr = step->cpu.intr;
	cpu.flags = (cpu.flags & ~(F(NMI) | F(HALTED))) | (step->cpu.flags & F(NMI));
	out->cpu = cpu;
}

INLINE void cpu_vmexit_once(const struct input *in, union output *out)
{
	const struct psvm_cpu *cpu = &in->guest;
	uint64_t stored = V_TPR | V_IRQ | (V_GIF & ones(cpu->int_ctl, 25)) |
			  ((V_NMI | V_NMI_MASK) & ones(cpu->int_ctl, 26));
	struct psvm_cpu_exit exit = { .cpu = *cpu, .vmcb = in->vmcb };

	exit.vmcb.words.int_ctl = select(in->vmcb.words.int_ctl, cpu->int_ctl, stored);
	exit.vmcb.words.int_state = (in->vmcb.words.int_state & ~UINT64_C(1)) |
				    (cpu->flags >> PSVM_CPU_F_SHADOW_BIT & 1);
	exit.vmcb.words.event_inj = 0;
	exit.vmcb.words.exit_int_info = in->exit_int_info;
	exit.vmcb.rflags_if = cpu->flags >> PSVM_CPU_F_IF_BIT & 1;
	exit.cpu.int_ctl = 0;
	exit.cpu.cr = exit.cpu.misc1 = exit.cpu.misc2 = 0;
	exit.cpu.flags = (cpu->flags & (F(NMI) | F(NMI_BLOCKED))) |
			 (cpu->flags >> (PSVM_CPU_F_HOST_IF_BIT - PSVM_CPU_F_IF_BIT) &
			  F(IF));
	out->exit = exit;
}

PROCESSOR(STRAIGHT)
