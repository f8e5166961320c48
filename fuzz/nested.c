/* SPDX-License-Identifier: MIT */
/*
 * The bare machine against the nested one with `exact`: L1 sets up vmcb12 as the
 * input says, and a long sequence of acts happens to both. Whatever L1 or L2 can see
 * has to be the same.
 *
 * The acts are those of psvm check, with any value of CR8 and any vector; one that
 * makes no sense at its moment is skipped. The set-ups are more than an exploration
 * can cover: any priority, any vector, any event.
 */
#include "explore.h"
#include "mutate.h"
#include "pairs.h"
#include "psvm/names.h"

#include "input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const struct fuzz_format *const fuzz_format = &fuzz_format_acts;

/* The state before an act: six flags of the bare machine's processor, and how L0 stands.
 * X(bit, where, which) */
#define STATES(X) \
	X(0, flags, PSVM_CPU_F(GUEST)) \
	X(1, flags, PSVM_CPU_F(GIF)) \
	X(2, flags, PSVM_CPU_F(IF)) \
	X(3, flags, PSVM_CPU_F(SHADOW)) \
	X(4, flags, PSVM_CPU_F(NMI)) \
	X(5, flags, PSVM_CPU_F(NMI_BLOCKED)) \
	X(6, situation, SITUATION_WINDOW) \
	X(7, situation, SITUATION_INTR)

/* How many acts psvm check has is no constant here: require_acts() compares. */
#define X(bit, where, which) +1
enum { STATE_BITS = STATES(X), SCOPE_ACTS = 22 };
#undef X
FUZZ_PAIRS(SCOPE_ACTS, 1 << STATE_BITS)

struct play {
	struct world w;
	struct start start;
	struct product p;
	unsigned played;
	struct act acts[FUZZ_ACTS_MAX];
};

/* --- the set-up ----------------------------------------------------------- */

/* KVM insists on vGIF for vNMI, and no processor is known without. */
static uint32_t sensible(uint32_t facts)
{
	uint32_t features = PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI) | PSVM_C(HOST_VGIF) |
			    PSVM_C(HOST_VNMI);

	if (facts & PSVM_C(HOST_VNMI))
		facts |= PSVM_C(HOST_VGIF);
	return fuzz_sensible_facts(facts & features);
}

/* Without reserved bits of EVENTINJ: exact drops them, a processor need not. */
static struct start decode_start(const struct fuzz_setup *s)
{
	return (struct start){
		.vmcb12 = {
			.words = {
				.int_ctl = s->vmcb12.int_ctl,
				.int_state = s->vmcb12.int_state,
				.event_inj = s->vmcb12.event_inj & PSVM_EVENT_INJ_DEFINED,
				.misc1 = s->vmcb12.intercept_misc1,
				.tlb_control = s->vmcb12.tlb_control,
			},
			.cr = s->cr,
			.misc2 = s->misc2,
			.clean = s->flags & FUZZ_CLEAN_TPR ? PSVM_CLEAN_TPR : 0,
			.rflags_if = (s->flags & FUZZ_L2_IF) != 0,
		},
		.l1_if = (s->flags & FUZZ_L1_IF) != 0,
		.l1_gif = (s->flags & FUZZ_L1_GIF) != 0,
		.tpr = s->tpr & 15,
	};
}

/* --- reports -------------------------------------------------------------- */

static void tell_act(struct act act)
{
	static const char *const insns[] = {
#define X(name, exit, words) words,
		PSVM_CPU_INSNS(X)
#undef X
	};
	static const char *const kinds[] = {
#define X(name, words) words,
		ACTS(X)
#undef X
	};

	fprintf(stderr, "  %s%s%s", kinds[act.kind],
		act_runs(act) && act.kind != ACT_INSN ? ": " : "",
		act_runs(act) ? insns[act.insn] : "");
	if (act.value != 0)
		fprintf(stderr, ", %xh", act.value);
	fprintf(stderr, "\n");
}

static void tell_seen(const char *who, struct seen s)
{
	static const char *const kinds[] = { "ran", "event", "#VMEXIT" };

	fprintf(stderr, "%s: %s %" PRIx64 "h, value %xh; L%u runs\n", who, kinds[s.kind],
		s.code, s.value, s.level);
}

static void tell_difference(const struct difference *d)
{
	static const char *const fields[] = {
#define X(name, bit, words) [bit] = words,
		DIFFERS(X)
#undef X
	};
	char bits[PSVM_WORDS_SIZE];

	tell_seen("bare", d->bare);
	tell_seen("nested", d->nested);
	for (size_t i = 0; i < N_ROWS(fields); i++)
		if (d->fields >> i & 1)
			fprintf(stderr, "differs: %s\n", fields[i]);
	(void)psvm_words_of_bits(bits, sizeof(bits), PSVM_UNIT_INT_CTL, d->int_ctl);
	fprintf(stderr, "bits of int_ctl: %s\n", bits);
}

/* The set-up in words, and all of it as C. */
static void tell_start(const struct play *p)
{
	const struct psvm_cpu_vmcb *v = &p->start.vmcb12;
	char bits[PSVM_WORDS_SIZE];

	(void)psvm_words_of_value(bits, sizeof(bits), PSVM_UNIT_INT_CTL,
				  v->words.int_ctl);
	fprintf(stderr, "vmcb12: %s\n", bits);
	fprintf(stderr,
		"static const uint32_t facts = 0x%x;\n"
		"static const struct start start = {\n"
		"\t.vmcb12 = { .words = { .int_ctl = 0x%" PRIx64 ", .int_state = 0x%" PRIx64
		", .event_inj = 0x%" PRIx64 ", .misc1 = 0x%x, .tlb_control = %u },\n"
		"\t\t    .cr = 0x%x, .misc2 = 0x%x, .clean = 0x%x, .rflags_if = %u },\n"
		"\t.l1_if = %d, .l1_gif = %d, .tpr = %u\n};\n",
		p->w.facts, v->words.int_ctl, v->words.int_state, v->words.event_inj,
		v->words.misc1, v->words.tlb_control, v->cr, v->misc2, v->clean,
		v->rflags_if, p->start.l1_if, p->start.l1_gif, p->start.tpr);
}

static void tell_acts(const struct play *p)
{
	for (unsigned i = 0; i < p->played; i++)
		tell_act(p->acts[i]);
	fprintf(stderr, "static const struct act acts[] = {");
	for (unsigned i = 0; i < p->played; i++)
		fprintf(stderr, "%s{ %u, %u, %u },", i % 6 == 0 ? "\n\t" : " ",
			p->acts[i].kind, p->acts[i].insn, p->acts[i].value);
	fprintf(stderr, "\n};\n");
}

_Noreturn static void fail(const struct play *p, const struct difference *d)
{
	tell_start(p);
	tell_acts(p);
	tell_difference(d);
	abort();
}

/* --- the play ------------------------------------------------------------- */

/* Else an act would be beyond the counters of pairs, or some of those for nothing. */
static void require_acts(void)
{
	if (scope_act_count == SCOPE_ACTS)
		return;
	fprintf(stderr, "psvm check has %u acts, the pairs of nested are for %u\n",
		scope_act_count, SCOPE_ACTS);
	abort();
}

/* The act of a scope, with the value of the input where it has one. */
static struct act act_of(const struct fuzz_act *from, unsigned number)
{
	struct act act = scope_act(number);

	if (act.kind == ACT_INTR)
		act.value = from->value | 0x20; /* below are exceptions */
	if (act.kind == ACT_INSN && act.insn == PSVM_INSN_CR8_WRITE)
		act.value = from->value & 15;
	return act;
}

static unsigned state_of(uint32_t flags, uint32_t situation)
{
	unsigned state = 0;

#define X(bit, where, which) state |= (unsigned)((where & (which)) != 0) << bit;
	STATES(X)
#undef X
	return state;
}

static void step(struct play *p, struct act act, unsigned number)
{
	uint32_t flags = p->p.bare.cpu.flags; /* before the step */
	struct difference d;
	bool same;

	p->acts[p->played++] = act;
	same = product_step(&p->p, &p->w, act, NULL, &d);
	fuzz_visit(number, state_of(flags, d.situation));
	if (!same)
		fail(p, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_setup setup = fuzz_decode_setup(data, size);
	static struct play p; /* too much for the stack of a sanitizer */
	struct fuzz_act from;

	require_acts();
	p.w = (struct world){ .rules = &psvm_rules_exact,
			      .answers = l0_answers(&psvm_rules_exact),
			      .facts = sensible(setup.facts),
			      .implicit_event = true };
	p.start = decode_start(&setup);
	p.played = 0;
	bare_start(&p.p.bare, &p.start);
	nested_start(&p.p.nested, &p.w, &p.start);
	for (size_t i = 0; fuzz_decode_act(data, size, i, &from); i++) {
		unsigned number = from.act % scope_act_count;

		if (!scope_allows(&scope_everything, &p.p, &p.w, number))
			continue;
		step(&p, act_of(&from, number), number);
	}
	return 0;
}
