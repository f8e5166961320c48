/* SPDX-License-Identifier: MIT */
/*
 * The bit-effect matrix (effect.h) of the functions of psvm/nested.h: those that make
 * something of an input and a rule set, and psvm_conditions(). That of the processor is
 * test_effect_cpu.c.
 *
 * Bits are looked at over all rule sets together: what one of them makes something of has an
 * effect. Facts and the words at 068h are looked at by rule set, too. Rule sets are no words
 * here: what each bit of a cell moves is in test_moves.c, what
 * psvm_rules_check() says of it in test_input.c. The functions of psvm/pages.h gather
 * words from pages, and store them: test_pages.c compares them with those here.
 */
#include "check.h"
#include "effect.h"

#include "psvm/nested.h"
#include "show.h"

#include <stdio.h>

/* --- inputs and results as vectors of words ------------------------------ */

/* X(name, width) */
#define VMCB_WORDS(X, vmcb) \
	X(vmcb##_INT_CTL, 64) X(vmcb##_INT_STATE, 64) X(vmcb##_EVENT_INJ, 64) \
	X(vmcb##_EXIT_INT_INFO, 64) X(vmcb##_MISC1, 32) X(vmcb##_TLB_CONTROL, 8)
#define WORDS_OF_ALL(X) \
	VMCB_WORDS(X, V12) VMCB_WORDS(X, V02) VMCB_WORDS(X, V01) \
	X(FACTS, 32) X(NMIS, 8) X(WAITING_VECTOR, 8) X(EXTERNAL, 8)
#define WORDS_OF_INTERCEPTS(X) \
	X(I12_CR, 32) X(I12_DR, 32) X(I12_EXCEPTIONS, 32) X(I12_MISC1, 32) \
	X(I12_MISC2, 32) X(I12_MISC3, 32) X(I01_CR, 32) X(I01_DR, 32) \
	X(I01_EXCEPTIONS, 32) X(I01_MISC1, 32) X(I01_MISC2, 32) X(I01_MISC3, 32)
/* RULES: which rule set; no function takes it. */
#define WORDS(X) \
	WORDS_OF_ALL(X) WORDS_OF_INTERCEPTS(X) X(EXIT_CODE, 64) X(CELL, 32) X(RULES, 32)

enum word {
#define X(name, width) name,
	WORDS(X)
#undef X
	N_WORDS,
	ANSWERS = N_WORDS, /* what a result has besides words of VMCBs */
	N_ANSWERS = 11
};
_Static_assert((int)ANSWERS + (int)N_ANSWERS <= (int)EFFECT_WORDS, "words of a result");

static const struct effect_word words[N_WORDS] = {
#define X(name, width) { #name, UINT64_MAX >> (64 - (width)) },
	WORDS(X)
#undef X
};

static void unpack_words(struct psvm_words *to, const uint64_t *from)
{
	to->int_ctl = from[V12_INT_CTL];
	to->int_state = from[V12_INT_STATE];
	to->event_inj = from[V12_EVENT_INJ];
	to->exit_int_info = from[V12_EXIT_INT_INFO];
	to->misc1 = (uint32_t)from[V12_MISC1];
	to->tlb_control = (uint8_t)from[V12_TLB_CONTROL];
}

static void pack_words(uint64_t *to, const struct psvm_words *from)
{
	to[V12_INT_CTL] = from->int_ctl;
	to[V12_INT_STATE] = from->int_state;
	to[V12_EVENT_INJ] = from->event_inj;
	to[V12_EXIT_INT_INFO] = from->exit_int_info;
	to[V12_MISC1] = from->misc1;
	to[V12_TLB_CONTROL] = from->tlb_control;
}

static struct psvm_nested nested(const uint64_t *in)
{
	struct psvm_nested n;

	unpack_words(&n.v12, &in[V12_INT_CTL]);
	unpack_words(&n.v02, &in[V02_INT_CTL]);
	unpack_words(&n.v01, &in[V01_INT_CTL]);
	n.facts = (uint32_t)in[FACTS];
	n.nmis = (uint8_t)in[NMIS];
	n.vector = (uint8_t)in[WAITING_VECTOR];
	n.external = (uint8_t)in[EXTERNAL];
	return n;
}

static struct psvm_intercepts intercepts(const uint64_t *from)
{
	struct psvm_intercepts i;

	for (unsigned k = 0; k < 6; k++)
		i.word[k] = (uint32_t)from[k];
	return i;
}

/* Of the facts a result has L1's GIF: the others stay what they are. */
static void pack_result(uint64_t *out, const struct psvm_result *r, uint64_t facts)
{
	uint64_t *others = &out[ANSWERS];

	pack_words(&out[V12_INT_CTL], &r->v12);
	pack_words(&out[V02_INT_CTL], &r->v02);
	pack_words(&out[V01_INT_CTL], &r->v01);
	out[FACTS] = (facts & ~(uint64_t)PSVM_C(L1_GIF)) | (r->gif ? PSVM_C(L1_GIF) : 0);
	others[0] = r->requests;
	others[1] = r->store12;
	others[2] = r->dirty01;
	others[3] = r->dirty02;
	others[4] = r->outcome;
	others[5] = (uint64_t)(r->nmi_change + 128);
}

/* --- the functions ------------------------------------------------------- */

typedef struct psvm_result transition(const struct psvm_rules *rules,
				      struct psvm_nested n);

enum function {
	SNAPSHOT, ENTER, REENTER, OPEN, CLOSE, REFRESH, HANDBACK, /* transitions */
	MERGE, ROUTE, ARRIVES, RULE, CONDITIONS,		  /* questions */
	N_FUNCTIONS
};

#define NESTED	   EFFECT_UP_TO(EXTERNAL)
#define INTERCEPTS EFFECT_FROM(I12_CR, I01_MISC3)
#define TRANSITION NESTED, EFFECT_UP_TO(V01_TLB_CONTROL) | EFFECT_WORD(FACTS)
static const struct effect_function functions[N_FUNCTIONS] = {
	[SNAPSHOT] = { "snapshot", TRANSITION },
	[ENTER] = { "enter", TRANSITION },
	[REENTER] = { "reenter", TRANSITION },
	[OPEN] = { "window_open", TRANSITION },
	[CLOSE] = { "window_close", TRANSITION },
	[REFRESH] = { "refresh", TRANSITION },
	[HANDBACK] = { "nested_sync_int_ctl", TRANSITION },
	[MERGE] = { "merge_intercepts", NESTED | INTERCEPTS, 0 },
	[ROUTE] = { "route_exit", NESTED | INTERCEPTS | EFFECT_WORD(EXIT_CODE), 0 },
	[ARRIVES] = { "interrupt_arrives", NESTED, 0 },
	[RULE] = { "rule", NESTED | EFFECT_WORD(CELL), 0 },
	[CONDITIONS] = { "conditions", NESTED, 0 }
};

static transition *const transitions[] = {
	[SNAPSHOT] = psvm_snapshot,	[ENTER] = psvm_enter,
	[REENTER] = psvm_reenter,	[OPEN] = psvm_window_open,
	[CLOSE] = psvm_window_close,	[REFRESH] = psvm_refresh,
	[HANDBACK] = psvm_nested_sync_int_ctl
};

/* The cells that are a function of their own, and any one. */
enum { FIRST_CELL = PSVM_CELL_TPR_LOAD, LAST_CELL = PSVM_CELL_NMI_MASK_IN_01 };
_Static_assert(LAST_CELL - FIRST_CELL + 2 == N_ANSWERS, "answers");
static bool ask_cells(const struct psvm_rules *rules, struct psvm_nested n,
		      const uint64_t *in, uint64_t *answers)
{
	for (uint32_t cell = FIRST_CELL; cell <= LAST_CELL; cell++)
		(void)psvm_rule(rules, n, cell, answers++);
	return psvm_rule(rules, n, (uint32_t)in[CELL], answers).code == PSVM_OK;
}

static bool ask(enum function f, const struct psvm_rules *rules, const uint64_t *in,
		uint64_t *answers)
{
	struct psvm_intercepts i12 = intercepts(&in[I12_CR]);
	struct psvm_intercepts i01 = intercepts(&in[I01_CR]);
	struct psvm_nested n = nested(in);

	if (f == ROUTE)
		answers[0] = psvm_route_exit(rules, n, in[EXIT_CODE], i12, i01);
	if (f == ARRIVES)
		answers[0] = psvm_interrupt_arrives(rules, n);
	if (f == CONDITIONS)
		answers[0] = psvm_conditions(n);
	if (f == MERGE) {
		i12 = psvm_merge_intercepts(rules, n, i12, i01);
		for (unsigned k = 0; k < 6; k++)
			answers[k] = i12.word[k];
	}
	return f != RULE || ask_cells(rules, n, in, answers);
}

/* Only facts can be bad, and the number of a cell; psvm_conditions() takes any. */
static bool run(unsigned int f, const uint64_t *in, uint64_t *out)
{
	const struct psvm_rules *rules = check_sets[in[RULES]].rules;
	struct psvm_result r;
	uint64_t bits;

	if (f < N_ROWS(transitions)) {
		r = transitions[f](rules, nested(in));
		pack_result(out, &r, in[FACTS]);
		return r.status.code == PSVM_OK;
	}
	return (f == CONDITIONS ||
		psvm_rule(rules, nested(in), 0, &bits).code == PSVM_OK) &&
	       ask((enum function)f, rules, in, &out[ANSWERS]);
}

/* --- pseudo-random states ------------------------------------------------ */

/* Counts and flags: zero as often as not. */
static uint64_t random_count(void)
{
	return effect_random(1) ? 0 : effect_random(1) ? 1 : effect_random(8);
}

static uint64_t random_exit_code(void)
{
	static const uint64_t codes[] = { PSVM_EXIT_NPF, PSVM_EXIT_INVALID,
					  PSVM_EXIT_VMMCALL, PSVM_EXIT_VINTR };

	return effect_random(2) ? effect_random(32) % 0xc0 : codes[effect_random(2)];
}

/* Whatever L0 offers, it uses. */
static uint64_t random_facts(void)
{
	uint64_t facts = effect_random(16);

	facts |= facts & PSVM_C(OFFER_VGIF) ? PSVM_C(HOST_VGIF) : 0;
	facts |= facts & PSVM_C(OFFER_VNMI) ? PSVM_C(HOST_VNMI) : 0;
	return facts;
}

static void any(unsigned int f, uint64_t *in)
{
	(void)f;
	for (unsigned w = 0; w < N_WORDS; w++)
		in[w] = effect_random(64) & words[w].bits;
	in[FACTS] = random_facts();
	in[NMIS] = random_count();
	in[EXTERNAL] = random_count();
	in[EXIT_CODE] = random_exit_code();
	in[CELL] = FIRST_CELL + in[CELL] % (LAST_CELL - FIRST_CELL + 1);
	in[RULES] %= PSVM_RULE_SET_COUNT;
}

static void show(const uint64_t *in)
{
	struct psvm_nested n = nested(in);

	fprintf(stderr, "%s\n", check_sets[in[RULES]].name);
	show_input(stderr, "state", &n);
}

/* --- ignored bits -------------------------------------------------------- */

#define ALL64 UINT64_MAX
#define ALL32 UINT64_C(0xffffffff)
#define ALL8  UINT64_C(0xff)
#define VINTR ((uint64_t)PSVM_INTERCEPT_VINTR)
#define INTR  ((uint64_t)PSVM_INTERCEPT_INTR)
#define NMI   ((uint64_t)PSVM_INTERCEPT_NMI)
#define HLT   ((uint64_t)PSVM_INTERCEPT_HLT)

/* Bits that a moment moves, sets, clears or asks about, by kind. */
#define INJECTION (PSVM_V_INJECTION | PSVM_INT_VECTOR_DWORD)
#define WRITTEN	  PSVM_INT_CTL_WRITTEN
#define ENABLES	  (PSVM_V_GIF_ENABLE | PSVM_V_NMI_ENABLE)
#define NMI_STATE (PSVM_V_NMI | PSVM_V_NMI_MASK)
#define NO_FACT	  (ALL32 & ~UINT64_C(0xffff))
/* Of an event, should be zero. */
#define EVENT_SBZ UINT64_C(0x7ffff000)

/* Facts about what L2 does, which matter when an interrupt arrives. */
#define FACTS_L2  (PSVM_C(L2_IF) | PSVM_C(L2_SHADOW))
#define FACTS_TPR (PSVM_C(TPR_MASKS) | PSVM_C(CR8_WRITE_02))
#define FACTS_VMRUN \
	(PSVM_C(PENDING) | PSVM_C(CHECKS_FAILED) | PSVM_C(CLEAN_TPR_12) | \
	 PSVM_C(MOVED_12))
#define FACTS_VGIF (PSVM_C(OFFER_VGIF) | PSVM_C(HOST_VGIF))
#define FACTS_VNMI (PSVM_C(OFFER_VNMI) | PSVM_C(HOST_VNMI))
#define FACTS_HOST (PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI))

#define NOT_ITS_MOMENT "this moment does not touch it"
#define NO_WAITING     "only a window that opens looks at the interrupt that waits"
#define NO_QUEUE       "only a hand-back takes an NMI from the queue"
#define STORED_ELSEWHERE "only #VMEXIT writes it, from 02"
#define L0_KEEPS       "of L1's run, which 02 has no part in"

/* A VMCB whose words, but for int_ctl and misc1, a function ignores. */
#define EVENTS(function, vmcb, because) \
	{ function, vmcb##_INT_STATE, ALL64, because }, \
	{ function, vmcb##_EVENT_INJ, ALL64, because }, \
	{ function, vmcb##_EXIT_INT_INFO, ALL64, because }, \
	{ function, vmcb##_TLB_CONTROL, ALL8, because }
#define VMCB(function, vmcb, because) \
	{ function, vmcb##_INT_CTL, ALL64, because }, \
	{ function, vmcb##_MISC1, ALL32, because }, \
	EVENTS(function, vmcb, because)
#define WAITING(function) \
	{ function, WAITING_VECTOR, ALL8, NO_WAITING }, \
	{ function, EXTERNAL, ALL8, NO_WAITING }

static const struct effect_row ignored[] = {
	/* snapshot: linux-7.2 drops reserved bits; nobody else does anything */
	{ SNAPSHOT, V12_INT_CTL, ~PSVM_RSVD_63_40, "defined bits are kept" },
	{ SNAPSHOT, V12_INT_STATE, PSVM_INT_STATE_INTERRUPT_SHADOW,
	  "defined bits are kept" },
	{ SNAPSHOT, V12_EVENT_INJ, ~EVENT_SBZ, "defined bits are kept" },
	{ SNAPSHOT, V12_TLB_CONTROL, 7, "defined bits are kept" },
	{ SNAPSHOT, V12_EXIT_INT_INFO, ALL64, "an output of vmcb12" },
	{ SNAPSHOT, V12_MISC1, ALL32, "intercepts are kept" },
	VMCB(SNAPSHOT, V02, NOT_ITS_MOMENT),
	VMCB(SNAPSHOT, V01, NOT_ITS_MOMENT),
	{ SNAPSHOT, FACTS, 0xffff, "no rule set makes the snapshot depend on them" },
	{ SNAPSHOT, NMIS, ALL8, NO_QUEUE },
	WAITING(SNAPSHOT),

	/* enter */
	{ ENTER, V01_INT_CTL,
	  ~(PSVM_V_INJECTION | PSVM_V_GIF_BITS | PSVM_V_NMI_BITS | PSVM_V_INTR_MASKING),
	  L0_KEEPS },
	EVENTS(ENTER, V01, L0_KEEPS),
	{ ENTER, FACTS, FACTS_L2 | FACTS_TPR | PSVM_C(VMRUN_PENDING),
	  "L2 does not run yet" },
	{ ENTER, NMIS, ALL8, NO_QUEUE },
	WAITING(ENTER),

	/* reenter */
	{ REENTER, V01_INT_CTL,
	  ~(PSVM_V_INJECTION | PSVM_V_GIF_BITS | PSVM_V_NMI_BITS | PSVM_V_INTR_MASKING),
	  L0_KEEPS },
	EVENTS(REENTER, V01, L0_KEEPS),
	{ REENTER, FACTS, FACTS_L2 | FACTS_TPR | PSVM_C(VMRUN_PENDING),
	  "L2 does not run yet" },
	{ REENTER, NMIS, ALL8, NO_QUEUE },
	WAITING(REENTER),

	/* window_open: 12 only decides, with masking and (xen) V_IRQ */
	{ OPEN, V12_INT_CTL, ~(PSVM_V_INTR_MASKING | PSVM_V_IRQ), "a window is L0's" },
	EVENTS(OPEN, V12, NOT_ITS_MOMENT),
	{ OPEN, V02_INT_CTL, ~INJECTION, "a window needs only the injection fields" },
	EVENTS(OPEN, V02, NOT_ITS_MOMENT),
	{ OPEN, V01_INT_CTL, ALL64, "the dummy goes to the VMCB that runs" },
	EVENTS(OPEN, V01, NOT_ITS_MOMENT),
	{ OPEN, FACTS,
	  FACTS_VMRUN | FACTS_L2 | FACTS_TPR | FACTS_VNMI | PSVM_C(DEFERRED) |
		  PSVM_C(OFFER_VGIF),
	  "whose window it is does not depend on them" },
	{ OPEN, NMIS, ALL8, NO_QUEUE },
	{ OPEN, WAITING_VECTOR, 0xf, "the priority of an interrupt is its vector / 16" },

	/* window_close */
	{ CLOSE, V12_INT_CTL, ~INJECTION, "only what was usurped is restored" },
	EVENTS(CLOSE, V12, NOT_ITS_MOMENT),
	{ CLOSE, V02_INT_CTL, ~INJECTION, "only what was usurped is restored" },
	EVENTS(CLOSE, V02, NOT_ITS_MOMENT),
	{ CLOSE, V01_INT_CTL, ~PSVM_V_INJECTION, "only a dummy is cleared" },
	EVENTS(CLOSE, V01, NOT_ITS_MOMENT),
	{ CLOSE, FACTS, 0xffff,
	  "a window always closes; 01 has no VINTR left that the merge could drop" },
	{ CLOSE, NMIS, ALL8, NO_QUEUE },
	WAITING(CLOSE),

	/* refresh */
	{ REFRESH, V12_INT_CTL, ~(WRITTEN | ENABLES | PSVM_V_INTR_MASKING),
	  "the processor does not write it" },
	{ REFRESH, V12_EXIT_INT_INFO, ALL64, STORED_ELSEWHERE },
	{ REFRESH, V12_MISC1, ALL32 & ~VINTR, "only VINTR tells a window" },
	{ REFRESH, V12_TLB_CONTROL, ALL8, "the processor does not write it" },
	{ REFRESH, V02_INT_CTL, ~WRITTEN, "the processor does not write it" },
	{ REFRESH, V02_EXIT_INT_INFO, ALL64, "L0 keeps it until the hand-back" },
	{ REFRESH, V02_MISC1, ALL32 & ~VINTR, "only VINTR tells a window" },
	{ REFRESH, V02_TLB_CONTROL, ALL8, "the processor does not write it" },
	{ REFRESH, V01_INT_CTL, ALL64, L0_KEEPS },
	{ REFRESH, V01_MISC1, ALL32 & ~VINTR, "only VINTR tells a window" },
	EVENTS(REFRESH, V01, L0_KEEPS),
	{ REFRESH, FACTS, 0xffff & ~(PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI)),
	  "only nesting counts; where something is offered L0 uses it" },
	{ REFRESH, NMIS, ALL8, NO_QUEUE },
	WAITING(REFRESH),

	/* nested_sync_int_ctl */
	{ HANDBACK, V12_MISC1, ALL32 & ~INTR, "only INTR makes Linux request an event" },
	{ HANDBACK, V02_MISC1, ALL32 & ~VINTR, "only VINTR tells a window" },
	{ HANDBACK, V02_TLB_CONTROL, ALL8, "the processor does not write it" },
	{ HANDBACK, V01_INT_CTL, ~(PSVM_V_INJECTION | PSVM_V_GIF | NMI_STATE), L0_KEEPS },
	{ HANDBACK, V01_MISC1, ALL32 & ~VINTR, "only VINTR tells a window" },
	EVENTS(HANDBACK, V01, L0_KEEPS),
	{ HANDBACK, FACTS,
	  PSVM_C(L1_IF) | (FACTS_VMRUN & ~PSVM_C(PENDING)) | FACTS_L2 | FACTS_TPR |
		  PSVM_C(VMRUN_PENDING),
	  "the run of L2 is over" },
	WAITING(HANDBACK),

	/* merge_intercepts */
	{ MERGE, V12_INT_CTL, ~PSVM_V_INTR_MASKING, "only masking decides" },
	{ MERGE, V12_MISC1, ALL32, "the words of the arguments count" },
	EVENTS(MERGE, V12, NOT_ITS_MOMENT),
	VMCB(MERGE, V02, "an output"),
	{ MERGE, V01_INT_CTL, ALL64, L0_KEEPS },
	{ MERGE, V01_MISC1, ALL32, "the words of the arguments count" },
	EVENTS(MERGE, V01, L0_KEEPS),
	{ MERGE, FACTS, 0xffff & ~PSVM_C(L1_IF), "only masking and L1's IF decide" },
	{ MERGE, NMIS, ALL8, NO_QUEUE },
	WAITING(MERGE),

	/* route_exit */
	VMCB(ROUTE, V12, "the words of the arguments count"),
	VMCB(ROUTE, V02, "whose exit it is does not depend on what ran"),
	{ ROUTE, V01_INT_CTL, ALL64, L0_KEEPS },
	{ ROUTE, V01_MISC1, ALL32 & ~VINTR, "only VINTR tells a window" },
	EVENTS(ROUTE, V01, L0_KEEPS),
	{ ROUTE, FACTS, 0xffff, "no rule set asks for them" },
	{ ROUTE, NMIS, ALL8, NO_QUEUE },
	WAITING(ROUTE),
	{ ROUTE, I12_MISC1, INTR | NMI, "L0 makes these exits out of pending events" },
	{ ROUTE, I01_CR, ALL32, "L0 intercepts for itself what 12 does not" },
	{ ROUTE, I01_DR, ALL32, "L0 intercepts for itself what 12 does not" },
	{ ROUTE, I01_MISC1, ALL32, "L0 intercepts for itself what 12 does not" },
	{ ROUTE, I01_MISC2, ALL32, "L0 intercepts for itself what 12 does not" },
	{ ROUTE, I01_MISC3, ALL32, "L0 intercepts for itself what 12 does not" },

	/* interrupt_arrives */
	{ ARRIVES, V12_INT_CTL, ~(PSVM_V_INTR_MASKING | ENABLES),
	  "only masking and nesting decide" },
	{ ARRIVES, V12_MISC1, ALL32 & ~INTR, "only INTR decides" },
	EVENTS(ARRIVES, V12, NOT_ITS_MOMENT),
	VMCB(ARRIVES, V02, "L2's IF and shadow are facts"),
	VMCB(ARRIVES, V01, "L1's IF and GIF are facts"),
	{ ARRIVES, FACTS,
	  FACTS_VMRUN | FACTS_TPR | PSVM_C(DEFERRED) | FACTS_HOST,
	  "whether L1 can take it does not depend on them" },
	{ ARRIVES, NMIS, ALL8, NO_QUEUE },
	WAITING(ARRIVES),

	/* rule: the cells around a run of L2 */
	{ RULE, V12_INT_CTL, ~(PSVM_V_INTR_MASKING | ENABLES),
	  "only masking and nesting decide" },
	{ RULE, V12_MISC1, ALL32, "whether 12 intercepts is the caller's question" },
	EVENTS(RULE, V12, NOT_ITS_MOMENT),
	VMCB(RULE, V02, "the rules say what may wake L2, not what does"),
	{ RULE, V01_INT_CTL, ALL64, NOT_ITS_MOMENT },
	{ RULE, V01_MISC1, ALL32 & ~VINTR, "only VINTR tells a window" },
	EVENTS(RULE, V01, NOT_ITS_MOMENT),
	{ RULE, FACTS, FACTS_L2 | FACTS_VMRUN | PSVM_C(VMRUN_PENDING) | PSVM_C(DEFERRED),
	  "L0 asks before L2 has run on, not about an event" },
	{ RULE, NMIS, ALL8, NO_QUEUE },
	WAITING(RULE),

	/* conditions: one bit of a word each */
	{ CONDITIONS, V12_INT_CTL, ~(PSVM_V_INTR_MASKING | PSVM_V_IRQ | ENABLES),
	  "no condition" },
	{ CONDITIONS, V12_MISC1, ALL32 & ~(VINTR | INTR | NMI | HLT), "no condition" },
	EVENTS(CONDITIONS, V12, "no condition"),
	{ CONDITIONS, V02_INT_CTL, ~(PSVM_V_IRQ | PSVM_V_GIF_ENABLE), "no condition" },
	{ CONDITIONS, V02_MISC1, ALL32 & ~VINTR, "no condition" },
	EVENTS(CONDITIONS, V02, "no condition"),
	{ CONDITIONS, V01_INT_CTL, ~PSVM_V_NMI, "no condition" },
	{ CONDITIONS, V01_MISC1, ALL32 & ~VINTR, "no condition" },
	EVENTS(CONDITIONS, V01, "no condition"),
	{ CONDITIONS, FACTS, NO_FACT, "no condition" },
	WAITING(CONDITIONS)
};

/* Of words that a transition returns: what comes back is another bit. */
#define DROPPED	   "linux-7.2 drops reserved bits"
#define FAILS	   "a VMRUN that fails writes it"
#define BUILT_ANEW "02 is built anew"
#define MERGED	   "the intercepts of 02 are merged anew"
static const struct effect_row replaced[] = {
	{ SNAPSHOT, V12_INT_CTL, PSVM_RSVD_63_40, DROPPED },
	{ SNAPSHOT, V12_INT_STATE, ~PSVM_INT_STATE_INTERRUPT_SHADOW, DROPPED },
	{ SNAPSHOT, V12_EVENT_INJ, EVENT_SBZ, DROPPED },
	{ SNAPSHOT, V12_TLB_CONTROL, 0xf8, DROPPED },

	{ ENTER, V12_EXIT_INT_INFO, ALL64, FAILS },
	{ ENTER, V02_MISC1, ALL32, BUILT_ANEW },
	{ ENTER, V02_TLB_CONTROL, ALL8, BUILT_ANEW },
	{ ENTER, FACTS, PSVM_C(L1_GIF), "VMRUN sets GIF, and clears it if it fails" },
	{ REENTER, V12_EXIT_INT_INFO, ALL64, FAILS },
	{ REENTER, V02_MISC1, ALL32, BUILT_ANEW },
	{ REENTER, V02_TLB_CONTROL, ALL8, BUILT_ANEW },
	{ REENTER, FACTS, PSVM_C(L1_GIF), "a VMRUN that fails clears GIF" },

	{ OPEN, V02_INT_CTL, INJECTION, "the dummy takes their place" },
	{ OPEN, V02_MISC1, ALL32 & ~VINTR, MERGED },
	{ CLOSE, V02_INT_CTL, INJECTION & ~PSVM_V_IRQ, "those of 12 are restored" },
	{ CLOSE, V02_MISC1, ALL32 & ~VINTR, MERGED },

	{ REFRESH, V12_INT_CTL, WRITTEN, "those of 02 take their place" },
	{ REFRESH, V12_INT_STATE, ALL64, "that of 02 takes its place" },
	{ REFRESH, V12_EVENT_INJ, ALL64, "that of 02 takes its place" },
	{ HANDBACK, V12_INT_CTL, ~(PSVM_V_INTR_MASKING | ENABLES),
	  "those of 02 take their place" },
	{ HANDBACK, V12_INT_STATE, ALL64, "that of 02 takes its place" },
	{ HANDBACK, V12_EVENT_INJ, ALL64, "zero or that of 02 takes its place" },
	{ HANDBACK, V12_EXIT_INT_INFO, ALL64, "that of 02 takes its place" },
	{ HANDBACK, V12_TLB_CONTROL, ALL8, "zero takes its place" },
	{ HANDBACK, FACTS, PSVM_C(L1_GIF), "#VMEXIT clears GIF" }
};

#define REFUSED(function) { function, FACTS, NO_FACT, "refused: there is no such fact" }
static const struct effect_row fixed[] = {
	REFUSED(SNAPSHOT), REFUSED(ENTER), REFUSED(REENTER), REFUSED(OPEN), REFUSED(CLOSE),
	REFUSED(REFRESH), REFUSED(HANDBACK), REFUSED(MERGE), REFUSED(ROUTE),
	REFUSED(ARRIVES), REFUSED(RULE),
	{ RULE, CELL, ALL32 & ~UINT64_C(0x7f), "there is no such cell" }
};

/* --- by rule set --------------------------------------------------------- */

/* GIF: that a successful VMRUN sets it and a #VMEXIT clears it. */
#define F_6_1	   (PSVM_C(L1_GIF) | PSVM_C(PENDING) | PSVM_C(CHECKS_FAILED) | FACTS_VGIF)
#define F_6_12	   (F_6_1 | FACTS_VNMI | PSVM_C(L1_IF))
#define F_XEN	   (PSVM_C(L1_GIF) | PSVM_C(CHECKS_FAILED) | PSVM_C(CLEAN_TPR_12) | \
		    PSVM_C(MOVED_12) | PSVM_C(DEFERRED) | PSVM_C(HOST_VGIF))
#define F_OPEN	   (PSVM_C(L1_GIF) | PSVM_C(HOST_VGIF))
#define F_OFFERS   (PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI))
#define F_EXIT	   (PSVM_C(L1_GIF) | PSVM_C(HOST_VGIF))
#define F_ARRIVE   (PSVM_C(L1_IF) | PSVM_C(L1_GIF) | FACTS_L2)
#define F_ARRIVE_L (F_ARRIVE | PSVM_C(VMRUN_PENDING))

#define SHADOW ((uint64_t)PSVM_INT_STATE_INTERRUPT_SHADOW)
#define REST   (~SHADOW)
#define WORDS_BUT_EXACT ALL64, ALL64, ALL64, ALL64, ALL64, ALL64, ALL64, SHADOW
#define WHOLE_WORDS     ALL64, ALL64, ALL64, ALL64, ALL64, ALL64, ALL64, ALL64

/* The bits of facts, and of 068h, that have an effect or are replaced. The rule sets in the
 * order of their numbers: linux-6.1, lkml-2022-base, lkml-2022, lkml-2022-vnmi, linux-6.12,
 * linux-7.2, xen, exact. */
static const struct by_set {
	enum function function;
	enum word word;
	uint64_t bits[PSVM_RULE_SET_COUNT];
} by_set[] = {
	{ SNAPSHOT, FACTS, { 0 } },
	/* exact closes a window on 01 before its merge could matter */
	{ ENTER, FACTS, { F_6_1, F_6_1, F_6_1, F_6_1 | FACTS_VNMI, F_6_12, F_6_12, F_XEN,
			  F_6_1 | FACTS_VNMI } },
	{ REENTER, FACTS, { F_6_1, F_6_1, F_6_1, F_6_1 | FACTS_VNMI, F_6_12, F_6_12, F_XEN,
			    F_6_1 | FACTS_VNMI } },
	{ OPEN, FACTS, { F_OPEN, F_OPEN, F_OPEN, F_OPEN, F_OPEN | PSVM_C(L1_IF),
			 F_OPEN | PSVM_C(L1_IF), PSVM_C(VMRUN_PENDING),
			 F_OPEN | PSVM_C(L1_IF) } },
	{ CLOSE, FACTS, { 0 } },
	{ REFRESH, FACTS, { PSVM_C(OFFER_VGIF), 0, 0, 0, F_OFFERS, F_OFFERS, 0, F_OFFERS } },
	{ HANDBACK, FACTS,
	  { F_EXIT, F_EXIT | PSVM_C(OFFER_VGIF), F_EXIT | PSVM_C(OFFER_VGIF),
	    F_EXIT | PSVM_C(OFFER_VGIF) | FACTS_VNMI, F_EXIT | PSVM_C(HOST_VNMI),
	    F_EXIT | PSVM_C(HOST_VNMI), F_EXIT | PSVM_C(DEFERRED),
	    F_EXIT | PSVM_C(OFFER_VGIF) | FACTS_VNMI | PSVM_C(PENDING) } },
	{ MERGE, FACTS, { 0, 0, 0, 0, PSVM_C(L1_IF), PSVM_C(L1_IF), 0, PSVM_C(L1_IF) } },
	{ ROUTE, FACTS, { 0 } },
	{ ARRIVES, FACTS, { F_ARRIVE_L, F_ARRIVE_L, F_ARRIVE_L, F_ARRIVE_L, F_ARRIVE_L,
			    F_ARRIVE_L, F_ARRIVE, F_ARRIVE_L | F_OFFERS } },
	{ RULE, FACTS, { FACTS_TPR, FACTS_TPR, FACTS_TPR, FACTS_TPR, FACTS_TPR, FACTS_TPR, 0,
			 PSVM_C(L1_IF) | PSVM_C(L1_GIF) | FACTS_VGIF | FACTS_VNMI } },

	/* exact moves the shadow, all that VMRUN and #VMEXIT do: 15.21.5; the others the word.
	 * That of 02 is built anew. */
	{ SNAPSHOT, V12_INT_STATE, { 0, 0, 0, 0, 0, REST, 0, 0 } },
	{ SNAPSHOT, V02_INT_STATE, { 0 } },
	{ ENTER, V12_INT_STATE, { WORDS_BUT_EXACT } },
	{ ENTER, V02_INT_STATE, { WHOLE_WORDS } },
	{ REENTER, V12_INT_STATE, { WORDS_BUT_EXACT } },
	{ REENTER, V02_INT_STATE, { WHOLE_WORDS } },
	/* where it is refreshed; elsewhere it waits for the hand-back */
	{ REFRESH, V12_INT_STATE, { ALL64, 0, 0, 0, ALL64, ALL64, 0, SHADOW } },
	{ REFRESH, V02_INT_STATE, { ALL64, 0, 0, 0, ALL64, ALL64, 0, SHADOW } },
	{ HANDBACK, V12_INT_STATE, { WORDS_BUT_EXACT } },
	{ HANDBACK, V02_INT_STATE, { WORDS_BUT_EXACT } }
};

enum { SAMPLES = 4096, FLIPS = 8 * SAMPLES };

static void test_by_set(void **state)
{
	const struct effect_subject *s = *state;
	const struct by_set *row = &by_set[s->of / PSVM_RULE_SET_COUNT];
	unsigned set = s->of % PSVM_RULE_SET_COUNT;
	uint64_t found = 0, all = words[row->word].bits, in[EFFECT_WORDS] = { 0 };

	effect_random_again();
	for (unsigned flips = 0; flips < FLIPS && found != all;) {
		any(s->function, in);
		in[RULES] = set;
		for (uint64_t left = all & ~found; left != 0; left &= left - 1, flips++)
			if (effect_of(s->matrix, s->function, in, row->word,
				      left & (~left + 1)) > EFFECT_NONE)
				found |= left & (~left + 1);
	}
	if (found != row->bits[set])
		effect_complain(s, row->word, found ^ row->bits[set], "listed wrongly", in);
	assert_int_equal(found, row->bits[set]);
}

static const struct effect_matrix matrix = {
	.name = "psvm/nested.h",
	.words = words,
	.n_words = N_WORDS,
	.functions = functions,
	.n_functions = N_FUNCTIONS,
	/* 944 bits for each, the intercepts of two VMCBs, an exit code, a cell */
	.pairs = 944 * 12 + 2 * 2 * 6 * 32 + 64 + 32,
	.samples = SAMPLES,
	.listed = { [EFFECT_FIXED] = EFFECT_ROWS(fixed),
		    [EFFECT_NONE] = EFFECT_ROWS(ignored),
		    [EFFECT_REPLACED] = EFFECT_ROWS(replaced) },
	.any = any,
	.run = run,
	.show = show,
};

int main(int argc, char **argv)
{
	char name[80];

	for (unsigned i = 0; i < N_ROWS(by_set) * PSVM_RULE_SET_COUNT; i++) {
		const struct by_set *row = &by_set[i / PSVM_RULE_SET_COUNT];

		(void)snprintf(name, sizeof(name), "%s %s", words[row->word].name,
			       check_sets[i % PSVM_RULE_SET_COUNT].name);
		effect_case(&matrix, row->function, name, test_by_set, i);
	}
	return effect_main(&matrix, argc, argv);
}
