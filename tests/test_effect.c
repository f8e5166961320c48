/* SPDX-License-Identifier: MIT */
/*
 * Every input bit of the eleven functions of psvm/nested.h that make something of
 * an input and a rule set either has an effect or is listed as ignored, with the
 * reason; and no listed bit has an effect. The processor of psvm/cpu.h is not
 * among them: test_cpu_equal.c compares that.
 *
 * An effect: with the bit flipped, and the input still a good one, something
 * else in the result changes, or the bit is not just returned in its own word.
 * Effects are found, and their absence is tried, on pseudo-random states: by
 * bit over all rule sets together, and for facts by rule set.
 */
#include "check.h"

#include "psvm/nested.h"
#include "show.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* --- inputs and results as vectors of words ------------------------------ */

/* X(name, width) */
#define VMCB_WORDS(X, vmcb) \
	X(vmcb##_INT_CTL, 64) X(vmcb##_INT_STATE, 64) X(vmcb##_EVENT_INJ, 64) \
	X(vmcb##_EXIT_INT_INFO, 64) X(vmcb##_MISC1, 32) X(vmcb##_TLB_CONTROL, 8)
#define WORDS_OF_ALL(X) \
	VMCB_WORDS(X, V12) VMCB_WORDS(X, V02) VMCB_WORDS(X, V01) \
	X(FACTS, 16) X(NMIS, 8) X(WAITING_VECTOR, 8) X(EXTERNAL, 8)
#define WORDS_OF_INTERCEPTS(X) \
	X(I12_CR, 32) X(I12_DR, 32) X(I12_EXCEPTIONS, 32) X(I12_MISC1, 32) \
	X(I12_MISC2, 32) X(I12_MISC3, 32) X(I01_CR, 32) X(I01_DR, 32) \
	X(I01_EXCEPTIONS, 32) X(I01_MISC1, 32) X(I01_MISC2, 32) X(I01_MISC3, 32)
#define WORDS(X) WORDS_OF_ALL(X) WORDS_OF_INTERCEPTS(X) X(EXIT_CODE, 64)

enum word {
#define X(name, width) name,
	WORDS(X)
#undef X
	N_WORDS
};

static const struct {
	const char *name;
	unsigned width;
} words[N_WORDS] = {
#define X(name, width) { #name, width },
	WORDS(X)
#undef X
};

/* The words of the three VMCBs have the same place in the result; GIF follows,
 * which returns a fact. */
enum { OUT_GIF = V01_TLB_CONTROL + 1, OUT_OTHERS, N_OUT = OUT_OTHERS + 16 };

struct input {
	uint64_t word[N_WORDS];
};
struct output {
	bool good;
	uint64_t word[N_OUT];
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

static struct psvm_nested nested(const struct input *in)
{
	struct psvm_nested n;

	unpack_words(&n.v12, &in->word[V12_INT_CTL]);
	unpack_words(&n.v02, &in->word[V02_INT_CTL]);
	unpack_words(&n.v01, &in->word[V01_INT_CTL]);
	n.facts = (uint32_t)in->word[FACTS];
	n.nmis = (uint8_t)in->word[NMIS];
	n.vector = (uint8_t)in->word[WAITING_VECTOR];
	n.external = (uint8_t)in->word[EXTERNAL];
	return n;
}

static struct psvm_intercepts intercepts(const uint64_t *from)
{
	struct psvm_intercepts i;

	for (unsigned k = 0; k < 6; k++)
		i.word[k] = (uint32_t)from[k];
	return i;
}

static void pack_result(struct output *out, const struct psvm_result *r)
{
	uint64_t *others = &out->word[OUT_OTHERS];

	out->good = r->status.code == PSVM_OK;
	pack_words(&out->word[V12_INT_CTL], &r->v12);
	pack_words(&out->word[V02_INT_CTL], &r->v02);
	pack_words(&out->word[V01_INT_CTL], &r->v01);
	out->word[OUT_GIF] = r->gif;
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
	MERGE, ROUTE, ARRIVES, RULE,				  /* questions */
	N_FUNCTIONS
};

static const struct {
	const char *name;
	transition *run;
	enum word last; /* the words from 0 to this one are its input */
} functions[N_FUNCTIONS] = {
	[SNAPSHOT] = { "snapshot", psvm_snapshot, EXTERNAL },
	[ENTER] = { "enter", psvm_enter, EXTERNAL },
	[REENTER] = { "reenter", psvm_reenter, EXTERNAL },
	[OPEN] = { "window_open", psvm_window_open, EXTERNAL },
	[CLOSE] = { "window_close", psvm_window_close, EXTERNAL },
	[REFRESH] = { "refresh", psvm_refresh, EXTERNAL },
	[HANDBACK] = { "nested_sync_int_ctl", psvm_nested_sync_int_ctl, EXTERNAL },
	[MERGE] = { "merge_intercepts", NULL, I01_MISC3 },
	[ROUTE] = { "route_exit", NULL, EXIT_CODE },
	[ARRIVES] = { "interrupt_arrives", NULL, EXTERNAL },
	[RULE] = { "rule", NULL, EXTERNAL }
};

/* The cells that are a function of their own. */
static bool ask_cells(const struct psvm_rules *rules, struct psvm_nested n,
		      uint64_t *answers)
{
	bool good = true;

	for (uint32_t cell = PSVM_CELL_TPR_LOAD; cell <= PSVM_CELL_NMI_MASK_IN_01; cell++)
		good = psvm_rule(rules, n, cell, answers++).code == PSVM_OK && good;
	return good;
}

static void ask(enum function f, const struct psvm_rules *rules, const struct input *in,
		struct output *out)
{
	struct psvm_intercepts i12 = intercepts(&in->word[I12_CR]);
	struct psvm_intercepts i01 = intercepts(&in->word[I01_CR]);
	uint64_t *answers = &out->word[OUT_OTHERS];
	struct psvm_nested n = nested(in);
	uint64_t bits;

	out->good = psvm_rule(rules, n, 0, &bits).code == PSVM_OK;
	if (f == ROUTE)
		answers[0] = psvm_route_exit(rules, n, in->word[EXIT_CODE], i12, i01);
	if (f == ARRIVES)
		answers[0] = psvm_interrupt_arrives(rules, n);
	if (f == RULE)
		out->good = ask_cells(rules, n, answers) && out->good;
	if (f == MERGE) {
		i12 = psvm_merge_intercepts(rules, n, i12, i01);
		for (unsigned k = 0; k < 6; k++)
			answers[k] = i12.word[k];
	}
}

static struct output run(enum function f, const struct psvm_rules *rules,
			 const struct input *in)
{
	struct output out = { false, { 0 } };
	struct psvm_result r;

	if (functions[f].run == NULL) {
		ask(f, rules, in, &out);
		return out;
	}
	r = functions[f].run(rules, nested(in));
	pack_result(&out, &r);
	return out;
}

/* What a transition returns if it only returns the flipped bits: a question
 * returns nothing of its input. */
static void carry(enum function f, enum word w, uint64_t flipped, struct output *out)
{
	if (functions[f].run == NULL)
		return;
	if (w <= V01_TLB_CONTROL)
		out->word[w] ^= flipped;
	if (w == FACTS && (flipped & PSVM_C(L1_GIF)))
		out->word[OUT_GIF] ^= 1;
}

static bool has_effect(enum function f, const struct psvm_rules *rules,
		       const struct input *in, enum word w, uint64_t flipped)
{
	struct input other = *in;
	struct output a = run(f, rules, in), b;

	other.word[w] ^= flipped;
	b = run(f, rules, &other);
	carry(f, w, flipped, &a);
	return a.good && b.good && memcmp(a.word, b.word, sizeof(a.word)) != 0;
}

/* --- pseudo-random states ------------------------------------------------ */

static uint64_t random_state = 1;

/* xorshift64*: the same numbers on every machine. */
static uint64_t random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t random_bits(unsigned width)
{
	return random64() >> (64 - width);
}

/* Counts and flags: zero as often as not. */
static uint64_t random_count(void)
{
	return random_bits(1) ? 0 : random_bits(1) ? 1 : random_bits(8);
}

static uint64_t random_exit_code(void)
{
	static const uint64_t codes[] = { PSVM_EXIT_NPF, PSVM_EXIT_INVALID,
					  PSVM_EXIT_VMMCALL, PSVM_EXIT_VINTR };

	return random_bits(2) ? random_bits(32) % 0xc0 : codes[random_bits(2)];
}

/* Whatever L0 offers, it uses. */
static uint64_t random_facts(void)
{
	uint64_t facts = random_bits(16);

	facts |= facts & PSVM_C(OFFER_VGIF) ? PSVM_C(HOST_VGIF) : 0;
	facts |= facts & PSVM_C(OFFER_VNMI) ? PSVM_C(HOST_VNMI) : 0;
	return facts;
}

static struct input random_input(void)
{
	struct input in;

	for (unsigned w = 0; w < N_WORDS; w++)
		in.word[w] = random_bits(words[w].width);
	in.word[FACTS] = random_facts();
	in.word[NMIS] = random_count();
	in.word[EXTERNAL] = random_count();
	in.word[EXIT_CODE] = random_exit_code();
	return in;
}

/* --- ignored bits -------------------------------------------------------- */

#define ALL64 UINT64_MAX
#define ALL32 UINT64_C(0xffffffff)
#define ALL8  UINT64_C(0xff)
#define VINTR ((uint64_t)PSVM_INTERCEPT_VINTR)
#define INTR  ((uint64_t)PSVM_INTERCEPT_INTR)
#define NMI   ((uint64_t)PSVM_INTERCEPT_NMI)

/* Bits that a moment moves, sets, clears or asks about, by kind. */
#define INJECTION (PSVM_V_INJECTION | PSVM_INT_VECTOR_DWORD)
#define WRITTEN	  PSVM_INT_CTL_WRITTEN
#define ENABLES	  (PSVM_V_GIF_ENABLE | PSVM_V_NMI_ENABLE)
#define NMI_STATE (PSVM_V_NMI | PSVM_V_NMI_MASK)

/* Facts about what L2 does, which matter when an interrupt arrives. */
#define FACTS_L2  (PSVM_C(L2_IF) | PSVM_C(L2_SHADOW))
#define FACTS_TPR (PSVM_C(TPR_MASKS) | PSVM_C(CR8_WRITE_02))
#define FACTS_VMRUN \
	(PSVM_C(PENDING) | PSVM_C(CHECKS_FAILED) | PSVM_C(CLEAN_TPR_12) | \
	 PSVM_C(MOVED_12))
#define FACTS_VGIF (PSVM_C(OFFER_VGIF) | PSVM_C(HOST_VGIF))
#define FACTS_VNMI (PSVM_C(OFFER_VNMI) | PSVM_C(HOST_VNMI))
#define FACTS_HOST (PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI))

struct ignored {
	enum function function;
	enum word word;
	uint64_t bits;
	const char *because;
};

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

static const struct ignored ignored[] = {
	/* snapshot: linux-7.2 drops reserved bits; nobody else does anything */
	{ SNAPSHOT, V12_INT_CTL, ~PSVM_RSVD_63_40, "defined bits are kept" },
	{ SNAPSHOT, V12_INT_STATE, PSVM_INT_STATE_INTERRUPT_SHADOW,
	  "defined bits are kept" },
	{ SNAPSHOT, V12_EVENT_INJ, ~UINT64_C(0x7ffff000), "defined bits are kept" },
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
	WAITING(RULE)
};

static uint64_t ignored_bits(enum function f, enum word w)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < N_ROWS(ignored); i++)
		if (ignored[i].function == f && ignored[i].word == w)
			bits |= ignored[i].bits;
	return bits;
}

/* --- one word of one function -------------------------------------------- */

#define SAMPLES 4096 /* states for each word of each function */

/* A function and a word, or a function and a rule set. */
struct subject {
	enum function function;
	unsigned of;
	char name[80];
};

static uint64_t all_bits(enum word w)
{
	return ALL64 >> (64 - words[w].width);
}

static void complain(enum function f, const char *rules, enum word w, uint64_t bits,
		     const char *what, const struct input *in)
{
	struct psvm_nested n = nested(in);

	print_error("%s, %s: %s, bits %#" PRIx64 ": %s\n", functions[f].name, rules,
		    words[w].name, bits, what);
	show_input(stderr, "state", &n);
}

/* Random subsets of the ignored bits, in every rule set. */
static void expect_ignored(enum function f, enum word w, uint64_t bits)
{
	for (unsigned i = 0; i < SAMPLES && bits != 0; i++) {
		size_t set = i % PSVM_RULE_SET_COUNT;
		struct input in = random_input();
		uint64_t flipped = bits & (i < SAMPLES / 2 ? random64() : ALL64);
		bool effect = has_effect(f, check_sets[set].rules, &in, w, flipped);

		if (effect)
			complain(f, check_sets[set].name, w, flipped,
				 "listed, and one has an effect", &in);
		assert_false(effect);
	}
}

/* Those of the bits that have an effect in this state. */
static uint64_t effects(enum function f, const struct psvm_rules *rules,
			const struct input *in, enum word w, uint64_t bits)
{
	uint64_t found = 0;

	for (uint64_t bit = 1; bit != 0 && bit <= bits; bit <<= 1)
		if ((bits & bit) && has_effect(f, rules, in, w, bit))
			found |= bit;
	return found;
}

static void expect_effect(enum function f, enum word w, uint64_t bits)
{
	struct input in = random_input();

	for (unsigned i = 0; i < SAMPLES && bits != 0; i++) {
		in = random_input();
		bits &= ~effects(f, check_sets[i % PSVM_RULE_SET_COUNT].rules, &in, w,
				 bits);
	}
	if (bits != 0)
		complain(f, "all rule sets", w, bits, "no effect found, and not listed",
			 &in);
	assert_int_equal(bits, 0);
}

static unsigned n_shown; /* bits whose effect is shown, or that they have none */

static void test_word(void **state)
{
	const struct subject *s = *state;
	enum word w = (enum word)s->of;
	uint64_t bits = ignored_bits(s->function, w);

	random_state = 1;
	assert_int_equal(bits & ~all_bits(w), 0);
	expect_ignored(s->function, w, bits);
	expect_effect(s->function, w, all_bits(w) & ~bits);
	n_shown += words[w].width;
}

/* --- facts by rule set --------------------------------------------------- */

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

/* The facts that have an effect. The rule sets in the order of their numbers:
 * linux-6.1, lkml-2022-base, lkml-2022, lkml-2022-vnmi, linux-6.12, linux-7.2,
 * xen, exact. */
static const uint32_t facts_of[N_FUNCTIONS][PSVM_RULE_SET_COUNT] = {
	[SNAPSHOT] = { 0 },
	/* exact closes a window on 01 before its merge could matter */
	[ENTER] = { F_6_1, F_6_1, F_6_1, F_6_1 | FACTS_VNMI, F_6_12, F_6_12, F_XEN,
		    F_6_1 | FACTS_VNMI },
	[REENTER] = { F_6_1, F_6_1, F_6_1, F_6_1 | FACTS_VNMI, F_6_12, F_6_12, F_XEN,
		      F_6_1 | FACTS_VNMI },
	[OPEN] = { F_OPEN, F_OPEN, F_OPEN, F_OPEN, F_OPEN | PSVM_C(L1_IF),
		   F_OPEN | PSVM_C(L1_IF), PSVM_C(VMRUN_PENDING),
		   F_OPEN | PSVM_C(L1_IF) },
	[CLOSE] = { 0 },
	[REFRESH] = { PSVM_C(OFFER_VGIF), 0, 0, 0, F_OFFERS, F_OFFERS, 0, F_OFFERS },
	[HANDBACK] = { F_EXIT, F_EXIT | PSVM_C(OFFER_VGIF), F_EXIT | PSVM_C(OFFER_VGIF),
		       F_EXIT | PSVM_C(OFFER_VGIF) | FACTS_VNMI,
		       F_EXIT | PSVM_C(HOST_VNMI), F_EXIT | PSVM_C(HOST_VNMI),
		       F_EXIT | PSVM_C(DEFERRED),
		       F_EXIT | PSVM_C(OFFER_VGIF) | FACTS_VNMI | PSVM_C(PENDING) },
	[MERGE] = { 0, 0, 0, 0, PSVM_C(L1_IF), PSVM_C(L1_IF), 0, PSVM_C(L1_IF) },
	[ROUTE] = { 0 },
	[ARRIVES] = { F_ARRIVE_L, F_ARRIVE_L, F_ARRIVE_L, F_ARRIVE_L, F_ARRIVE_L,
		      F_ARRIVE_L, F_ARRIVE, F_ARRIVE_L | F_OFFERS },
	[RULE] = { FACTS_TPR, FACTS_TPR, FACTS_TPR, FACTS_TPR, FACTS_TPR, FACTS_TPR, 0,
		   PSVM_C(L1_IF) | PSVM_C(L1_GIF) | FACTS_VGIF | FACTS_VNMI }
};

static void test_facts(void **state)
{
	const struct subject *s = *state;
	const struct psvm_rules *rules = check_sets[s->of].rules;
	uint64_t found = 0, want = facts_of[s->function][s->of];
	struct input in = { { 0 } };

	random_state = 1;
	for (unsigned i = 0; i < SAMPLES / 2; i++) {
		in = random_input();
		found |= effects(s->function, rules, &in, FACTS, 0xffff & ~found);
	}
	if (found != want)
		complain(s->function, check_sets[s->of].name, FACTS, found ^ want,
			 "listed wrongly", &in);
	assert_int_equal(found, want);
}

/* --- the cases by name --------------------------------------------------- */

static struct subject subjects[N_FUNCTIONS * ((unsigned)N_WORDS + PSVM_RULE_SET_COUNT)];
static struct CMUnitTest tests[N_ROWS(subjects) + 2];
static size_t n_tests;
static unsigned n_bits, n_ignored;

static void add(CMUnitTestFunction function, enum function f, unsigned of,
		const char *name)
{
	struct subject *s = &subjects[n_tests];

	s->function = f;
	s->of = of;
	snprintf(s->name, sizeof(s->name), "%s %s", functions[f].name, name);
	tests[n_tests++] = check_case(s->name, function, s);
}

static unsigned count(uint64_t bits)
{
	unsigned n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

/* 928 bits for each of 11 functions, 384 intercepts each for merge_intercepts
 * and route_exit, and 64 of an exit code. */
static void test_number(void **state)
{
	(void)state;
	print_message("bit-effect matrix: %.1f %% (%u of %u pairs of bit and function, "
		      "%u without effect), %u states each\n",
		      100.0 * n_shown / n_bits, n_shown, n_bits, n_ignored, SAMPLES);
	assert_int_equal(n_shown, n_bits);
	assert_int_equal(n_bits, 928 * N_FUNCTIONS + 384 + 384 + 64);
}

/* No bit is listed twice. */
static void test_rows(void **state)
{
	unsigned listed = 0;

	(void)state;
	for (size_t i = 0; i < N_ROWS(ignored); i++)
		listed += count(ignored[i].bits);
	assert_int_equal(listed, n_ignored);
}

int main(void)
{
	for (unsigned f = 0; f < N_FUNCTIONS; f++)
		for (unsigned w = 0; w <= functions[f].last; w++) {
			add(test_word, (enum function)f, w, words[w].name);
			n_bits += words[w].width;
			n_ignored += count(ignored_bits((enum function)f, (enum word)w));
		}
	for (unsigned f = 0; f < N_FUNCTIONS; f++)
		for (unsigned set = 0; set < PSVM_RULE_SET_COUNT; set++)
			add(test_facts, (enum function)f, set, check_sets[set].name);
	tests[n_tests++] = check_case("number of pairs", test_number, NULL);
	tests[n_tests++] = check_case("no bit is listed twice", test_rows, NULL);
	return _cmocka_run_group_tests("effect", tests, n_tests, NULL, NULL) != 0;
}
