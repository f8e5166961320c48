/* SPDX-License-Identifier: MIT */
#include "twin.h"

#include "rows.h"

/* Every word that may hold copies: so many of two nested machines at most. */
enum { INT_CTL_WORDS = 10, CONTROLS = 8 };

static unsigned nested_int_ctl_words(struct nested *m, uint64_t **words)
{
	words[0] = &m->cpu.int_ctl;
	words[1] = &m->vmcb01.words.int_ctl;
	words[2] = &m->vmcb02.words.int_ctl;
	words[3] = &m->vmcb12.words.int_ctl;
	words[4] = &m->snapshot.words.int_ctl;
	return 5;
}

static unsigned int_ctl_words(struct product *p, const struct world *w,
			      uint64_t *words[INT_CTL_WORDS])
{
	unsigned n = nested_int_ctl_words(&p->nested, words);

	if (w->change != NULL)
		return n + nested_int_ctl_words(&p->without.nested, words + n);
	words[n++] = &p->bare.cpu.int_ctl;
	words[n++] = &p->bare.vmcb12.words.int_ctl;
	return n;
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

static unsigned nested_intercept_words(struct nested *m, struct intercept_words *words)
{
	words[0] = of_cpu(&m->cpu);
	words[1] = of_vmcb(&m->vmcb02);
	words[2] = of_vmcb(&m->vmcb12);
	words[3] = of_vmcb(&m->snapshot);
	return 4;
}

static unsigned intercept_words(struct product *p, const struct world *w,
				struct intercept_words words[CONTROLS])
{
	unsigned n = nested_intercept_words(&p->nested, words);

	if (w->change != NULL)
		return n + nested_intercept_words(&p->without.nested, words + n);
	words[n++] = of_cpu(&p->bare.cpu);
	words[n++] = of_vmcb(&p->bare.vmcb12);
	return n;
}

bool twin_open(const struct twin *t, const struct world *w)
{
	struct twin *open = (struct twin *)t; /* only read */
	uint64_t *lo[INT_CTL_WORDS], *hi[INT_CTL_WORDS];
	struct intercept_words ilo[CONTROLS], ihi[CONTROLS];
	unsigned n = int_ctl_words(&open->lo, w, lo);
	unsigned controls = intercept_words(&open->lo, w, ilo);
	uint64_t u = 0;

	(void)int_ctl_words(&open->hi, w, hi);
	for (unsigned i = 0; i < n; i++)
		u |= *lo[i] ^ *hi[i];
	(void)intercept_words(&open->hi, w, ihi);
	for (unsigned i = 0; i < controls; i++)
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
	{ PSVM_C(CHECKS_FAILED), WORD_MISC2, PSVM_INTERCEPT_MASK(VMRUN) },
};

static unsigned var_of_condition(uint64_t conditions)
{
	for (size_t i = 0; i < N_ROWS(condition_bits); i++)
		if (condition_bits[i].condition & conditions)
			return scope_var_of(condition_bits[i].word,
					    condition_bits[i].bits);
	return scope_var_count;
}

unsigned twin_needs(const struct reads *lo, const struct reads *hi)
{
	for (unsigned i = 0; i < lo->noted && i < hi->noted; i++) {
		uint64_t open = lo->log[i].value ^ hi->log[i].value;

		if (open == 0)
			continue;
		if (lo->log[i].kind == READ_CONDITIONS)
			return var_of_condition(open & (0 - open));
		return scope_var_of(lo->log[i].kind, open);
	}
	return scope_var_count;
}

static void decide_int_ctl(struct twin *t, const struct world *w, uint64_t bits,
			   bool value)
{
	uint64_t *lo[INT_CTL_WORDS], *hi[INT_CTL_WORDS];
	unsigned n = int_ctl_words(&t->lo, w, lo);

	(void)int_ctl_words(&t->hi, w, hi);
	for (unsigned i = 0; i < n; i++) {
		uint64_t open = (*lo[i] ^ *hi[i]) & bits;

		if (value)
			*lo[i] ^= open;
		else
			*hi[i] ^= open;
	}
}

static void decide_intercept(struct twin *t, const struct world *w, unsigned word,
			     uint32_t bits, bool value)
{
	struct intercept_words lo[CONTROLS], hi[CONTROLS];
	unsigned n = intercept_words(&t->lo, w, lo);

	(void)intercept_words(&t->hi, w, hi);
	for (unsigned i = 0; i < n; i++) {
		uint32_t open = (*lo[i].word[word] ^ *hi[i].word[word]) & bits;

		if (value)
			*lo[i].word[word] ^= open;
		else
			*hi[i].word[word] ^= open;
	}
}

void twin_decide(struct twin *t, const struct world *w, unsigned var, bool value)
{
	const struct scope_var *v = &scope_vars[var];

	if (v->word == WORD_INT_CTL)
		decide_int_ctl(t, w, v->bits, value);
	else
		decide_intercept(t, w, v->word - 1U, (uint32_t)v->bits, value);
}

static void begin(struct product *p, const struct world *w, const struct start *s)
{
	nested_start(&p->nested, w, s);
	if (w->change != NULL)
		p->without.nested = p->nested;
	else
		bare_start(&p->bare, s);
}

void twin_begin(struct twin *t, const struct world *w, struct scope_first first,
		struct decided d)
{
	struct twin zero = { 0 };
	struct start lo = scope_start(first, d.value & d.known);
	struct start hi = scope_start(first, d.value | ~d.known);

	*t = zero;
	begin(&t->lo, w, &lo);
	begin(&t->hi, w, &hi);
}
