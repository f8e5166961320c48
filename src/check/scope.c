/* SPDX-License-Identifier: MIT */
#include "scope.h"

#define N_ROWS(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Priorities and task priorities are 4, 5, 14 or 15: bit 2 is 1, bits 3 and 1 are
 * alike. So each comparison is met from both sides and at equality, and at the
 * end of the range, where a window's priority of 15 does not help.
 */
#define PRIO_FIXED UINT64_C(0x4)
#define PRIO_EVEN  UINT64_C(0xa)
#define PRIO_ODD   UINT64_C(0x1)
#define PRIO(bits) ((bits) << PSVM_V_INTR_PRIO_SHIFT)
#define VECTOR	   (UINT64_C(0x71) << PSVM_V_INTR_VECTOR_SHIFT)

#define INT_CTL(name, bits)  { name, WORD_INT_CTL, bits }
#define BIT(name)	     INT_CTL(#name, PSVM_##name)
#define INTERCEPT(name, word) { #name " intercept", word, PSVM_INTERCEPT_MASK(name) }

const struct scope_var scope_vars[] = {
	BIT(V_IRQ),
	BIT(V_GIF),
	BIT(V_NMI),
	BIT(V_NMI_MASK),
	BIT(V_IGN_TPR),
	BIT(V_INTR_MASKING),
	BIT(V_GIF_ENABLE),
	BIT(V_NMI_ENABLE),
	BIT(X2AVIC_ENABLE),
	BIT(AVIC_ENABLE),
	INT_CTL("V_TPR[0]", PRIO_ODD),
	INT_CTL("V_TPR[3] and [1]", PRIO_EVEN),
	INT_CTL("reserved bits of 060h", PSVM_INT_CTL_SBZ),
	INTERCEPT(INTR, WORD_MISC1),
	INTERCEPT(NMI, WORD_MISC1),
	INTERCEPT(VINTR, WORD_MISC1),
	INTERCEPT(VMRUN, WORD_MISC2),
};
const unsigned scope_var_count = N_ROWS(scope_vars);

/* --- what is decided from the start -------------------------------------- */

static const uint64_t events[] = {
	0,
	PSVM_EVENT_INJ_V | 0x61, /* an interrupt */
	PSVM_EVENT_INJ_V | PSVM_EVENT_TYPE_NMI << PSVM_EVENT_TYPE_SHIFT | 2,
	PSVM_EVENT_INJ_V | PSVM_EVENT_TYPE_EXCEPTION << PSVM_EVENT_TYPE_SHIFT | 2, /* bad */
};

unsigned scope_first_count(void)
{
	return N_ROWS(events) * 8;
}

struct scope_first scope_first(unsigned i)
{
	struct scope_first f = { events[i / 8], i & 1, i >> 1 & 1, i >> 2 & 1 };

	return f;
}

/* An L0 that uses vNMI uses vGIF: KVM insists, and there is no processor that has
 * the one without the other. */
#define VGIF	   PSVM_C(HOST_VGIF)
#define VNMI	   (PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI))
#define OFFER_VGIF PSVM_C(OFFER_VGIF)
#define OFFER_VNMI PSVM_C(OFFER_VNMI)

static const uint32_t configs[] = {
	0,
	VGIF,
	VGIF | OFFER_VGIF,
	VNMI,
	VNMI | OFFER_VGIF,
	VNMI | OFFER_VNMI,
	VNMI | OFFER_VGIF | OFFER_VNMI,
};

unsigned scope_config_count(void)
{
	return N_ROWS(configs);
}

uint32_t scope_config(unsigned i)
{
	return configs[i];
}

/* --- acts ---------------------------------------------------------------- */

#define INSN(name)	    { ACT_INSN, PSVM_INSN_##name, 0 }
#define CR8(value)	    { ACT_INSN, PSVM_INSN_CR8_WRITE, value }
#define FAULT(level, insn)  { ACT_FAULT_##level, PSVM_INSN_##insn, 0 }

static const struct act acts[] = {
	INSN(NOP),	INSN(VMRUN),	INSN(STI),	INSN(CLI),
	INSN(STGI),	INSN(CLGI),	INSN(CPUID),
	INSN(HLT),	INSN(IRET),	INSN(CR8_READ), CR8(4),
	CR8(5),	{ ACT_INTR, 0, 0x51 }, { ACT_NMI, 0, 0 },
	{ ACT_EXIT_L0, 0, 0 }, { ACT_RESTORE, 0, 0 }, FAULT(L0, NOP), FAULT(L1, NOP),
	FAULT(L0, VMRUN), FAULT(L1, VMRUN),
};

unsigned scope_act_count(void)
{
	return N_ROWS(acts);
}

struct act scope_act(unsigned i)
{
	return acts[i];
}

/* Instructions that L1 executes for itself, and those that L2 does. */
static bool insn_allowed(bool l2, struct act act)
{
	switch (act.insn) {
	case PSVM_INSN_VMRUN:
		return !l2;
	case PSVM_INSN_HLT:
	case PSVM_INSN_CPUID:
	case PSVM_INSN_CR8_READ:
		return l2;
	case PSVM_INSN_CR8_WRITE:
		return l2 || act.value != 15;
	default:
		return l2 || act.kind == ACT_INSN;
	}
}

bool scope_allows(const struct product *p, struct act act)
{
	bool l2 = (p->bare.cpu.flags & PSVM_CPU_F(GUEST)) != 0;

	switch (act.kind) {
	case ACT_INTR:
		return p->bare.cpu.intr == 0;
	case ACT_NMI:
		return (p->bare.cpu.flags & PSVM_CPU_F(NMI)) == 0;
	case ACT_EXIT_L0:
	case ACT_RESTORE:
		return l2;
	default:
		return insn_allowed(l2, act);
	}
}

/* --- undecided bits ------------------------------------------------------ */

/* Every word that may hold copies. */
enum { INT_CTL_WORDS = 7, CONTROLS = 6 };

static void int_ctl_words(struct product *p, uint64_t *words[INT_CTL_WORDS])
{
	words[0] = &p->bare.cpu.int_ctl;
	words[1] = &p->bare.vmcb12.words.int_ctl;
	words[2] = &p->nested.cpu.int_ctl;
	words[3] = &p->nested.vmcb01.words.int_ctl;
	words[4] = &p->nested.vmcb02.words.int_ctl;
	words[5] = &p->nested.vmcb12.words.int_ctl;
	words[6] = &p->nested.snapshot.words.int_ctl;
}

struct intercept_words {
	uint32_t *word[3]; /* cr, misc1, misc2 */
};

static struct intercept_words of_cpu(struct psvm_cpu *cpu)
{
	struct intercept_words w = { { &cpu->cr, &cpu->misc1, &cpu->misc2 } };

	return w;
}

static struct intercept_words of_vmcb(struct psvm_cpu_vmcb *vmcb)
{
	struct intercept_words w = { { &vmcb->cr, &vmcb->words.misc1, &vmcb->misc2 } };

	return w;
}

static void intercept_words(struct product *p, struct intercept_words words[CONTROLS])
{
	words[0] = of_cpu(&p->bare.cpu);
	words[1] = of_vmcb(&p->bare.vmcb12);
	words[2] = of_cpu(&p->nested.cpu);
	words[3] = of_vmcb(&p->nested.vmcb02);
	words[4] = of_vmcb(&p->nested.vmcb12);
	words[5] = of_vmcb(&p->nested.snapshot);
}

bool scope_open(const struct twin *t)
{
	struct twin *open = (struct twin *)t; /* only read */
	uint64_t *lo[INT_CTL_WORDS], *hi[INT_CTL_WORDS];
	struct intercept_words ilo[CONTROLS], ihi[CONTROLS];
	uint64_t u = 0;

	int_ctl_words(&open->lo, lo);
	int_ctl_words(&open->hi, hi);
	for (unsigned i = 0; i < INT_CTL_WORDS; i++)
		u |= *lo[i] ^ *hi[i];
	intercept_words(&open->lo, ilo);
	intercept_words(&open->hi, ihi);
	for (unsigned i = 0; i < CONTROLS; i++)
		for (unsigned k = 0; k < 3; k++)
			u |= *ilo[i].word[k] ^ *ihi[i].word[k];
	return u != 0;
}

/* The bit of the set-up behind each condition of a rule; others are known. */
static const struct {
	uint32_t condition;
	uint8_t word;
	uint64_t bits;
} condition_bits[] = {
	{ PSVM_C(NESTED_VGIF), WORD_INT_CTL, PSVM_V_GIF_ENABLE },
	{ PSVM_C(NESTED_VNMI), WORD_INT_CTL, PSVM_V_NMI_ENABLE },
	{ PSVM_C(L1_GIF), WORD_INT_CTL, PSVM_V_GIF },
	{ PSVM_C(V_INTR_MASKING_12), WORD_INT_CTL, PSVM_V_INTR_MASKING },
	{ PSVM_C(V_NMI_ENABLE_12), WORD_INT_CTL, PSVM_V_NMI_ENABLE },
	{ PSVM_C(V_IRQ_02), WORD_INT_CTL, PSVM_V_IRQ },
	{ PSVM_C(V_IRQ_12), WORD_INT_CTL, PSVM_V_IRQ },
	{ PSVM_C(V_NMI_01), WORD_INT_CTL, PSVM_V_NMI },
	{ PSVM_C(V_GIF_ENABLE_02), WORD_INT_CTL, PSVM_V_GIF_ENABLE },
	{ PSVM_C(CR8_WRITE_02), WORD_CR, PSVM_INTERCEPT_MASK(CR8_WRITE) },
	{ PSVM_C(VINTR_01), WORD_MISC1, PSVM_INTERCEPT_MASK(VINTR) },
	{ PSVM_C(VINTR_02), WORD_MISC1, PSVM_INTERCEPT_MASK(VINTR) },
	{ PSVM_C(VINTR_12), WORD_MISC1, PSVM_INTERCEPT_MASK(VINTR) },
	{ PSVM_C(INTR_12), WORD_MISC1, PSVM_INTERCEPT_MASK(INTR) },
	{ PSVM_C(NMI_12), WORD_MISC1, PSVM_INTERCEPT_MASK(NMI) },
	{ PSVM_C(HLT_12), WORD_MISC1, PSVM_INTERCEPT_MASK(HLT) },
};

static unsigned var_of(unsigned word, uint64_t bits)
{
	for (unsigned i = 0; i < scope_var_count; i++)
		if (scope_vars[i].word == word && (scope_vars[i].bits & bits) != 0)
			return i;
	return scope_var_count;
}

static unsigned var_of_condition(uint64_t conditions)
{
	for (size_t i = 0; i < N_ROWS(condition_bits); i++)
		if (condition_bits[i].condition & conditions)
			return var_of(condition_bits[i].word, condition_bits[i].bits);
	return scope_var_count;
}

unsigned scope_needs(const struct reads *lo, const struct reads *hi)
{
	for (unsigned i = 0; i < lo->count && i < hi->count; i++) {
		uint64_t open = lo->log[i].value ^ hi->log[i].value;

		if (open == 0)
			continue;
		if (lo->log[i].kind == READ_CONDITIONS)
			return var_of_condition(open & (0 - open));
		return var_of(lo->log[i].kind, open);
	}
	return scope_var_count;
}

static void decide_int_ctl(struct twin *t, uint64_t bits, bool value)
{
	uint64_t *lo[INT_CTL_WORDS], *hi[INT_CTL_WORDS];

	int_ctl_words(&t->lo, lo);
	int_ctl_words(&t->hi, hi);
	for (unsigned i = 0; i < INT_CTL_WORDS; i++) {
		uint64_t open = (*lo[i] ^ *hi[i]) & bits;

		if (value)
			*lo[i] ^= open;
		else
			*hi[i] ^= open;
	}
}

static void decide_intercept(struct twin *t, unsigned word, uint32_t bits, bool value)
{
	struct intercept_words lo[CONTROLS], hi[CONTROLS];

	intercept_words(&t->lo, lo);
	intercept_words(&t->hi, hi);
	for (unsigned i = 0; i < CONTROLS; i++) {
		uint32_t open = (*lo[i].word[word] ^ *hi[i].word[word]) & bits;

		if (value)
			*lo[i].word[word] ^= open;
		else
			*hi[i].word[word] ^= open;
	}
}

void scope_decide(struct twin *t, unsigned var, bool value)
{
	const struct scope_var *v = &scope_vars[var];

	if (v->word == WORD_INT_CTL)
		decide_int_ctl(t, v->bits, value);
	else
		decide_intercept(t, v->word - 1U, (uint32_t)v->bits, value);
}

/* --- beginnings ---------------------------------------------------------- */

static void set_var(struct psvm_cpu_vmcb *vmcb, const struct scope_var *v)
{
	switch (v->word) {
	case WORD_INT_CTL:
		vmcb->words.int_ctl |= v->bits;
		break;
	case WORD_CR:
		vmcb->cr |= (uint32_t)v->bits;
		break;
	case WORD_MISC1:
		vmcb->words.misc1 |= (uint32_t)v->bits;
		break;
	default:
		vmcb->misc2 |= (uint32_t)v->bits;
	}
}

static void begin(struct product *p, const struct world *w, struct scope_first first,
		  uint32_t set)
{
	struct start s = { .vmcb12 = { .words = { .int_ctl = PRIO_FIXED | PRIO(PRIO_FIXED | PRIO_ODD) |
							     VECTOR,
						  .int_state = first.shadow,
						  .event_inj = first.event_inj,
						  .misc1 = PSVM_INTERCEPT_MASK(CPUID) },
				       .rflags_if = first.l2_if },
			   .l1_if = first.l1_if,
			   .tpr = 4 };

	for (unsigned i = 0; i < scope_var_count; i++)
		if (set >> i & 1)
			set_var(&s.vmcb12, &scope_vars[i]);
	bare_start(&p->bare, &s);
	nested_start(&p->nested, w, &s);
}

void scope_begin(struct twin *t, const struct world *w, unsigned first, struct decided d)
{
	struct scope_first f = scope_first(first);
	struct twin zero = { 0 };

	*t = zero;
	begin(&t->lo, w, f, d.value & d.known);
	begin(&t->hi, w, f, d.value | ~d.known);
}
