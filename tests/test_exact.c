/* SPDX-License-Identifier: MIT */
/*
 * S0 to S12: rule set `exact` has them in every enumerated story, real rule sets
 * lack them where history says so, and the predicates see it.
 */
#include "check.h"
#include "properties.h"

#include <inttypes.h>
#include <string.h>

/* One step of a script. */
enum op {
	OP_END,
	OP_VMRUN,
	OP_VMRUN_068, /* before which L1 has written reserved bits of 068h */
	OP_VMEXIT,
	OP_REENTER,
	OP_OPEN,
	OP_CLOSE,
	OP_WINDOW_ON_01, /* L0 opens a window while L1, say its SMM handler, runs */
	OP_TPR_9, /* L1's local APIC has TPR class 9 */
	OP_NMI_FOR_L1,
	OP_GIVE_NMI,
	OP_RUN	  /* and an event: OP_RUN + STORY_CR8_7 */
};
#define OP(event) ((unsigned)OP_RUN + (unsigned)STORY_##event)

#define PRIO(p)	      ((uint64_t)(p) << PSVM_V_INTR_PRIO_SHIFT)
#define JUNK_068      (~UINT64_C(1)) /* 63:2 should be zero, 1 is for SEV-ES */

static void window_on_01(struct psvm_nested *n)
{
	n->v01.misc1 |= PSVM_INTERCEPT_VINTR;
	n->v01.int_ctl |= PSVM_V_IRQ | PRIO(15);
	n->facts |= PSVM_C(PENDING);
}

static void do_op(struct story *s, unsigned op)
{
	switch (op) {
	case OP_VMRUN:
		story_vmrun(s);
		break;
	case OP_VMRUN_068:
		s->vmcb12.int_state |= JUNK_068;
		story_vmrun(s);
		break;
	case OP_VMEXIT:
		story_vmexit(s);
		break;
	case OP_REENTER:
		story_reenter(s);
		break;
	case OP_OPEN:
		story_open(s);
		break;
	case OP_CLOSE:
		story_close(s);
		break;
	case OP_WINDOW_ON_01:
		window_on_01(&s->n);
		break;
	case OP_TPR_9:
		story_load_tpr(s, 9);
		break;
	case OP_NMI_FOR_L1:
		story_nmi_for_l1(s);
		break;
	case OP_GIVE_NMI:
		story_give_nmi(s);
		break;
	default:
		(void)story_run(s, (enum story_event)(op - OP_RUN));
		break;
	}
}

/* L0 acts on 02 only after the processor has left it. */
static bool refreshes_after(unsigned op)
{
	return op >= OP_RUN || op == OP_VMRUN || op == OP_VMRUN_068 || op == OP_TPR_9;
}

/* --- exact: enumeration -------------------------------------------------- */

/* What an enumeration has seen. */
struct tally {
	uint64_t starts, steps;
	uint64_t violations[PROPERTIES];
	struct story before[PROPERTIES], after[PROPERTIES]; /* the first ones */
};

static struct tally tally;

static void count(const struct story *before, const struct story *after)
{
	uint32_t violated = properties_violated(before, after);

	tally.steps++;
	for (unsigned i = 0; violated >> i != 0; i++) {
		if (!(violated >> i & 1) || tally.violations[i]++ != 0)
			continue;
		tally.before[i] = *before;
		tally.after[i] = *after;
	}
}

/* One step, and the refresh that follows. */
static void step(struct story *s, unsigned op)
{
	struct story before = *s;

	do_op(s, op);
	count(&before, s);
	if (!s->runs || !refreshes_after(op))
		return;
	before = *s;
	story_refresh(s);
	count(&before, s);
}

/* All continuations of a story by `depth` steps of an alphabet, and a #VMEXIT
 * after each prefix. */
static void continue_all(const struct story *s, const unsigned *alphabet, size_t n,
			 unsigned depth)
{
	struct story next = *s;

	step(&next, OP_VMEXIT);
	if (depth == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		next = *s;
		step(&next, alphabet[i]);
		continue_all(&next, alphabet, n, depth - 1);
	}
}

/* VMRUN with n; if it works, all continuations. */
static void start(struct psvm_nested n, const unsigned *alphabet, size_t letters,
		  unsigned depth)
{
	struct story s = story_begin(&psvm_rules_exact, n);

	tally.starts++;
	step(&s, OP_VMRUN);
	if (s.runs)
		continue_all(&s, alphabet, letters, depth);
}

/* Take a number less than n out of an index. */
static unsigned digit(unsigned *index, unsigned n)
{
	unsigned d = *index % n;

	*index /= n;
	return d;
}

static uint64_t bit(unsigned *index, uint64_t bits)
{
	return digit(index, 2) ? bits : 0;
}

static uint32_t bit32(unsigned *index, uint32_t bits)
{
	return digit(index, 2) ? bits : 0;
}

/* Neither used, used by L0, offered to L1. */
static uint32_t usage(unsigned *index, uint32_t used, uint32_t offered)
{
	unsigned d = digit(index, 3);

	return d == 0 ? 0 : d == 1 ? used : used | offered;
}

#define VECTOR(v)     ((uint64_t)(v) << PSVM_V_INTR_VECTOR_SHIFT)
#define EVENT(type, vector) \
	(PSVM_EVENT_INJ_V | (uint64_t)PSVM_EVENT_TYPE_##type << PSVM_EVENT_TYPE_SHIFT | \
	 (vector))
#define JUNK (PSVM_INT_CTL_SBZ | PSVM_AVIC_ENABLE | PSVM_X2AVIC_ENABLE)

/* What an L0 always has in 01. */
static struct psvm_nested sensible(void)
{
	struct psvm_nested n = { .vector = 0x31 };

	n.v01.int_ctl = PSVM_V_INTR_MASKING;
	n.v01.misc1 = PSVM_INTERCEPT_INTR | PSVM_INTERCEPT_NMI | PSVM_INTERCEPT_HLT;
	n.v02.int_ctl = UINT64_MAX; /* whatever the last run left */
	n.v02.int_state = UINT64_C(0x5555555555555554);
	return n;
}

/* Wide: every bit of 12 that means something, every use of vGIF and vNMI. */
#define WIDE (512 * 16 * 2 * 9 * 2 * 8)
static struct psvm_nested wide(unsigned i)
{
	struct psvm_nested n = sensible();

	n.v12.int_ctl = VECTOR(0x51) | PRIO(8) | bit(&i, PSVM_V_INTR_MASKING) |
			bit(&i, PSVM_V_IRQ) | bit(&i, 9) | bit(&i, PSVM_V_GIF) |
			bit(&i, PSVM_V_GIF_ENABLE) | bit(&i, PSVM_V_NMI) |
			bit(&i, PSVM_V_NMI_MASK) | bit(&i, PSVM_V_NMI_ENABLE) |
			bit(&i, JUNK);
	n.v12.misc1 = bit32(&i, PSVM_INTERCEPT_INTR) | bit32(&i, PSVM_INTERCEPT_VINTR) |
		      bit32(&i, PSVM_INTERCEPT_NMI);
	n.facts = bit32(&i, PSVM_C(CHECKS_FAILED)) | bit32(&i, PSVM_C(L1_IF)) |
		  usage(&i, PSVM_C(HOST_VGIF), PSVM_C(OFFER_VGIF)) |
		  usage(&i, PSVM_C(HOST_VNMI), PSVM_C(OFFER_VNMI));
	n.v12.event_inj = bit(&i, EVENT(INTR, 0x61));
	n.v12.int_state = (n.v12.event_inj ? 1 : 0) | JUNK_068;
	n.v01.int_ctl |= bit(&i, PSVM_V_NMI) | bit(&i, PSVM_V_NMI_MASK);
	if (digit(&i, 2))
		window_on_01(&n);
	return n;
}

static const unsigned wide_steps[] = { OP_OPEN, OP(OPENS) };

/* Injection: priorities, masks, and whether L1 intercepts VINTR. */
#define INJECTION (512 * 3)
static struct psvm_nested injection(unsigned i)
{
	struct psvm_nested n = sensible();

	n.v12.int_ctl = VECTOR(0x51) | (digit(&i, 2) ? PRIO(8) : PRIO(15)) |
			bit(&i, PSVM_V_INTR_MASKING) | bit(&i, PSVM_V_IRQ) | bit(&i, 9) |
			bit(&i, PSVM_V_IGN_TPR) | bit(&i, PSVM_V_GIF_ENABLE) |
			bit(&i, PSVM_V_GIF);
	n.v12.misc1 = bit32(&i, PSVM_INTERCEPT_VINTR);
	n.facts = bit32(&i, PSVM_C(L1_IF)) |
		  usage(&i, PSVM_C(HOST_VGIF), PSVM_C(OFFER_VGIF));
	return n;
}

static const unsigned injection_steps[] = { OP(CR8_0),	OP(CR8_15), OP(OPENS),
					    OP(SHADOW), OP(CLGI),   OP(STGI),
					    OP_OPEN,	OP_CLOSE,   OP_REENTER };

/* GIF and NMIs. */
#define GIF_NMI (64 * 9 * 4 * 2)
static struct psvm_nested gif_nmi(unsigned i)
{
	struct psvm_nested n = sensible();

	n.v12.int_ctl = VECTOR(0x51) | PRIO(8) | PSVM_V_IRQ | bit(&i, PSVM_V_GIF) |
			bit(&i, PSVM_V_GIF_ENABLE) | bit(&i, PSVM_V_NMI) |
			bit(&i, PSVM_V_NMI_MASK) | bit(&i, PSVM_V_NMI_ENABLE);
	n.v12.misc1 = bit32(&i, PSVM_INTERCEPT_NMI);
	n.facts = usage(&i, PSVM_C(HOST_VGIF), PSVM_C(OFFER_VGIF)) |
		  usage(&i, PSVM_C(HOST_VNMI), PSVM_C(OFFER_VNMI));
	n.v01.int_ctl |= bit(&i, PSVM_V_NMI) | bit(&i, PSVM_V_NMI_MASK);
	n.v12.event_inj = digit(&i, 2) ? EVENT(NMI, 2) : EVENT(INTR, 0x61);
	return n;
}

static const unsigned gif_nmi_steps[] = { OP(CLGI), OP(STGI),	   OP(NMI),
					  OP(IRET), OP(CUT),	   OP(INJECTS),
					  OP_OPEN,  OP_NMI_FOR_L1, OP_GIVE_NMI,
					  OP_REENTER };

#define DEPTH 3

static int enumerate(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WIDE; i++)
		start(wide(i), wide_steps, N_ROWS(wide_steps), 1);
	for (unsigned i = 0; i < INJECTION; i++)
		start(injection(i), injection_steps, N_ROWS(injection_steps), DEPTH);
	for (unsigned i = 0; i < GIF_NMI; i++)
		start(gif_nmi(i), gif_nmi_steps, N_ROWS(gif_nmi_steps), DEPTH);
	return 0;
}

static void test_holds(void **state)
{
	enum property property = *(const enum property *)*state;

	if (tally.violations[property] != 0)
		story_print(stderr, &tally.before[property], &tally.after[property]);
	assert_int_equal(tally.violations[property], 0);
}

static void test_counts(void **state)
{
	(void)state;
	print_message("%" PRIu64 " starts, %" PRIu64 " steps\n", tally.starts,
		      tally.steps);
	assert_int_equal(tally.starts, WIDE + INJECTION + GIF_NMI);
}

/* --- rule sets that violate a property ----------------------------------- */

/* A built-in rule set with one cell changed, or a result with one member. */
enum damage {
	UNDAMAGED,
	KEEP_V_TPR,	 /* exact without write-back of V_TPR */
	DENY_MASK,	 /* linux-6.1 with a deny-mask (K01) */
	KEEP_GIF_01,	 /* linux-6.1 that leaves V_GIF of 01 alone (K19) */
	KEEP_EVENT,	 /* exact without write-back of EXITINTINFO */
	KEEP_NMI_01,	 /* lkml-2022-vnmi without write-back to 01 (K13) */
	NMI_IN_02,	 /* exact that runs L2 with L1's own NMI state (K14) */
	ALWAYS_URGENT,	 /* exact that does not ask for GIF before a run */
	NEVER_URGENT,	 /* exact that does not give back what it then cleared */
	ALL_TO_12,	 /* exact with the whole word written back */
	STATE_TO_12,	 /* exact with all of 068h written back */
	GIF_STAYS,	 /* the result says GIF = 1 */
	CLEAN_02,	 /* the result forgets dirty02 */
	CLEAN_01
};

static void replace(struct psvm_rules *rules, unsigned cell, uint64_t bits)
{
	static const struct psvm_cell empty;

	rules->cell[cell] = empty;
	rules->cell[cell].move[0].bits = bits;
}

static struct psvm_rules damaged(const struct psvm_rules *rules, enum damage damage)
{
	struct psvm_rules r = *rules;

	switch (damage) {
	case KEEP_V_TPR:
		r.cell[PSVM_CELL_REFRESH_TO_12].move[0].bits = 0;
		r.cell[PSVM_CELL_HANDBACK_TO_12].move[0].bits = 0;
		break;
	case DENY_MASK:
		replace(&r, PSVM_CELL_ENTER_FROM_12,
			~(PSVM_V_INTR_MASKING | PSVM_V_GIF_BITS));
		break;
	case KEEP_GIF_01:
		replace(&r, PSVM_CELL_HANDBACK_CLEAR_01, 0);
		break;
	case KEEP_EVENT:
		replace(&r, PSVM_CELL_HANDBACK_FIELDS, PSVM_F_INT_SHADOW);
		break;
	case KEEP_NMI_01:
		replace(&r, PSVM_CELL_HANDBACK_TO_01, 0);
		break;
	case NMI_IN_02:
		replace(&r, PSVM_CELL_ENTER_FROM_01, PSVM_V_NMI_MASK | PSVM_V_NMI_ENABLE);
		replace(&r, PSVM_CELL_HANDBACK_TO_01, PSVM_V_NMI_MASK);
		break;
	case ALWAYS_URGENT:
		replace(&r, PSVM_CELL_RUN_CLEAR_02, 0);
		break;
	case NEVER_URGENT:
		replace(&r, PSVM_CELL_RUN_FROM_12, 0);
		break;
	case ALL_TO_12:
		replace(&r, PSVM_CELL_HANDBACK_TO_12, UINT64_MAX);
		break;
	case STATE_TO_12:
		replace(&r, PSVM_CELL_HANDBACK_FIELDS,
			PSVM_F_INT_STATE | PSVM_F_EXIT_INT_INFO);
		break;
	default:
		break;
	}
	return r;
}

static void spoil(struct story *s, enum damage damage)
{
	if (damage == GIF_STAYS)
		s->gif = 1;
	if (damage == CLEAN_02)
		s->dirty02 = 0;
	if (damage == CLEAN_01)
		s->dirty01 = 0;
}

/* The situation, and what happens in it. Only the last step may violate. */
#define SCRIPT 8
struct violation {
	const char *name;
	const struct psvm_rules *rules;
	enum property property;
	enum damage damage;
	uint32_t facts;
	uint32_t misc1; /* of 12 */
	uint64_t int_ctl; /* of 12 */
	uint64_t event_inj;
	uint64_t own; /* more bits of 01.int_ctl */
	unsigned script[SCRIPT]; /* after VMRUN, which is not written down */
};

#define RULES(identifier) &psvm_rules_##identifier
#define PENDING_51 (PSVM_V_IRQ | PRIO(15) | VECTOR(0x51))
#define MASKING	   PSVM_V_INTR_MASKING
#define USE_VGIF   PSVM_C(HOST_VGIF)
#define GIVE_VGIF  (PSVM_C(HOST_VGIF) | PSVM_C(OFFER_VGIF))
#define USE_VNMI   PSVM_C(HOST_VNMI)
#define GIVE_VNMI  (PSVM_C(HOST_VNMI) | PSVM_C(OFFER_VNMI))
#define INTR	   PSVM_INTERCEPT_INTR
#define VINTR	   PSVM_INTERCEPT_VINTR
#define NMI	   PSVM_INTERCEPT_NMI

static const struct violation violations[] = {
	/* S0 */
	{ "linux-6.1 delivers vector 0 of a window that did not stick", RULES(linux_6_1),
	  S0, 0, 0, INTR, MASKING, 0, 0, { OP_OPEN, OP(OPENS) } },
	{ "lkml-2022 delivers vector 0 of a window that did not stick", RULES(lkml_2022),
	  S0, 0, 0, INTR, MASKING, 0, 0, { OP_OPEN, OP(OPENS) } },
	{ "linux-6.1 loses the vector of L1 to a window that did not stick",
	  RULES(linux_6_1), S0, 0, 0, INTR, MASKING | PENDING_51, 0, 0,
	  { OP_OPEN, OP(OPENS) } },
	{ "xen loses the interrupt that a window has usurped", RULES(xen),
	  S0, 0, 0, INTR, PENDING_51, 0, 0, { OP_OPEN, OP(OPENS), OP_CLOSE, OP(OPENS) } },
	{ "linux-6.12 delivers while GIF is 0, without vGIF", RULES(linux_6_12),
	  S0, 0, 0, INTR, PENDING_51, 0, 0, { OP(CLGI), OP(OPENS) } },
	{ "linux-6.12 delivers while GIF is 0, with masking", RULES(linux_6_12),
	  S0, 0, 0, INTR, MASKING | PENDING_51, 0, 0, { OP(CLGI), OP(OPENS) } },
	{ "V_IRQ urgent while GIF is 0", RULES(exact), S0, ALWAYS_URGENT, 0, INTR,
	  PENDING_51, 0, 0, { OP(CLGI), OP(OPENS) } },
	{ "V_IGN_TPR kept while GIF is 0", RULES(exact), S0, ALWAYS_URGENT, 0, INTR,
	  PENDING_51 | PSVM_V_IGN_TPR, 0, 0, { OP(CLGI), OP(OPENS) } },
	{ "V_IRQ not urgent when GIF is 1 again", RULES(exact), S0, NEVER_URGENT, 0, INTR,
	  PENDING_51, 0, 0, { OP(CLGI), OP(STGI), OP(OPENS) } },
	/* S1 */
	{ "lkml-2022 forgets a CR8 write without masking", RULES(lkml_2022),
	  S1, 0, 0, INTR, 0, 0, 0, { OP(CR8_7), OP_VMEXIT } },
	{ "lkml-2022-vnmi forgets a CR8 write without masking", RULES(lkml_2022_vnmi),
	  S1, 0, 0, INTR, 0, 0, 0, { OP(CR8_7), OP_VMEXIT } },
	{ "linux-6.1 loads the TPR of L1 without masking", RULES(linux_6_1),
	  S1, 0, 0, INTR, 0, 0, 0, { OP_TPR_9, OP_VMEXIT } },
	{ "lkml-2022-base loads the TPR of L1 without masking", RULES(lkml_2022_base),
	  S1, 0, 0, INTR, 0, 0, 0, { OP_TPR_9, OP_VMEXIT } },
	{ "linux-6.12 loads the TPR of L1 without masking", RULES(linux_6_12),
	  S1, 0, 0, INTR, 0, 0, 0, { OP_TPR_9, OP_VMEXIT } },
	{ "linux-7.2 loads the TPR of L1 without masking", RULES(linux_7_2),
	  S1, 0, 0, INTR, 0, 0, 0, { OP_TPR_9, OP_VMEXIT } },
	{ "V_TPR kept", RULES(exact), S1, KEEP_V_TPR, 0, INTR, MASKING, 0, 0,
	  { OP(CR8_7), OP_VMEXIT } },
	/* S2 */
	{ "lkml-2022 delivers twice without masking", RULES(lkml_2022),
	  S2, 0, 0, 0, PENDING_51, 0, 0, { OP(OPENS), OP_VMEXIT } },
	{ "lkml-2022-vnmi delivers twice without masking", RULES(lkml_2022_vnmi),
	  S2, 0, 0, 0, PENDING_51, 0, 0, { OP(OPENS), OP_VMEXIT } },
	{ "lkml-2022-base delivers twice if a window is open", RULES(lkml_2022_base),
	  S2, 0, 0, 0, PENDING_51, 0, 0, { OP(OPENS), OP_OPEN, OP_VMEXIT } },
	{ "linux-6.1 leaks a window with masking: 0 to 1", RULES(linux_6_1),
	  S2, 0, 0, INTR, MASKING, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "lkml-2022-base leaks a window with masking: 0 to 1", RULES(lkml_2022_base),
	  S2, 0, 0, INTR, MASKING, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "lkml-2022 leaks a window with masking: 0 to 1", RULES(lkml_2022),
	  S2, 0, 0, INTR, MASKING, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "linux-6.12 leaks a window if L1 intercepts VINTR as well: 0 to 1",
	  RULES(linux_6_12), S2, 0, 0, INTR | VINTR, 0, 0, 0,
	  { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "linux-7.2 leaks a window if L1 intercepts VINTR as well: 0 to 1",
	  RULES(linux_7_2), S2, 0, 0, INTR | VINTR, 0, 0, 0,
	  { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "xen leaks a window: 0 to 1", RULES(xen), S2, 0, 0, INTR, 0, 0, 0,
	  { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	/* S3 */
	{ "xen leaks priority and vector of a window", RULES(xen),
	  S3, 0, 0, INTR, 0, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "the whole word written back", RULES(exact), S3, ALL_TO_12, 0, 0, 0, 0, 0,
	  { OP_VMEXIT } },
	{ "linux-7.2 clears reserved bits of 068h", RULES(linux_7_2), S3, 0, 0, INTR, 0, 0, 0,
	  { OP_VMEXIT, OP_VMRUN_068, OP_VMEXIT } },
	{ "all of 068h written back", RULES(exact), S3, STATE_TO_12, 0, INTR, 0, 0, 0,
	  { OP_VMEXIT, OP_VMRUN_068, OP_VMEXIT } },
	/* S4 */
	{ "xen clears V_GIF of L2 at a deferred VMEXIT", RULES(xen),
	  S4, 0, GIVE_VGIF | PSVM_C(DEFERRED), INTR, PSVM_V_GIF_BITS, 0, 0,
	  { OP_VMEXIT } },
	{ "xen writes V_GIF that it did not offer", RULES(xen),
	  S4, 0, USE_VGIF, INTR, PSVM_V_GIF_ENABLE, 0, 0, { OP(STGI), OP_VMEXIT } },
	/* S5 */
	{ "linux-6.12 unblocks the NMIs of L1", RULES(linux_6_12),
	  S5, 0, USE_VNMI, NMI, 0, 0, PSVM_V_NMI_MASK, { OP_VMEXIT } },
	{ "linux-7.2 unblocks the NMIs of L1", RULES(linux_7_2),
	  S5, 0, USE_VNMI, NMI, 0, 0, PSVM_V_NMI_MASK, { OP_VMEXIT } },
	{ "linux-6.12 blocks the NMIs of L1 because those of L2 are", RULES(linux_6_12),
	  S5, 0, GIVE_VNMI, NMI, PSVM_V_NMI_ENABLE | PSVM_V_NMI_MASK, 0, 0,
	  { OP_VMEXIT } },
	{ "linux-7.2 blocks the NMIs of L1 because those of L2 are", RULES(linux_7_2),
	  S5, 0, GIVE_VNMI, NMI, PSVM_V_NMI_ENABLE | PSVM_V_NMI_MASK, 0, 0,
	  { OP_VMEXIT } },
	{ "lkml-2022-vnmi blocks the NMIs of L1 after EVENTINJ", RULES(lkml_2022_vnmi),
	  S5, 0, USE_VNMI, NMI, 0, EVENT(NMI, 2), 0, { OP(INJECTS), OP_VMEXIT } },
	{ "linux-6.1 does not write V_NMI back if it is offered", RULES(linux_6_1),
	  S5, 0, GIVE_VNMI, NMI, PSVM_V_NMI_ENABLE | PSVM_V_NMI, 0, 0,
	  { OP(NMI), OP_VMEXIT } },
	{ "NMIs of L1 blocked after EVENTINJ, in a 02 with its NMI state", RULES(exact),
	  S5, NMI_IN_02, USE_VNMI, NMI, 0, EVENT(NMI, 2), 0,
	  { OP(INJECTS), OP_VMEXIT } },
	{ "NMI state of L1 not written back", RULES(lkml_2022_vnmi),
	  S5, KEEP_NMI_01, USE_VNMI, 0, 0, 0, PSVM_V_NMI, { OP(NMI), OP_VMEXIT } },
	/* S6 */
	{ "xen enables AVIC in 02", RULES(xen), S6, 0, 0, INTR, PSVM_AVIC_ENABLE, 0, 0,
	  { 0 } },
	{ "xen enables vNMI in 02", RULES(xen), S6, 0, 0, NMI, PSVM_V_NMI_ENABLE, 0, 0,
	  { 0 } },
	{ "xen enables vGIF in 02", RULES(xen), S6, 0, 0, INTR, PSVM_V_GIF_ENABLE, 0, 0,
	  { 0 } },
	{ "linux-6.1 copies reserved bits next to the vector", RULES(linux_6_1),
	  S6, 0, 0, INTR, PSVM_RSVD_63_40, 0, 0, { 0 } },
	{ "lkml-2022 copies reserved bits next to the vector", RULES(lkml_2022),
	  S6, 0, 0, INTR, PSVM_RSVD_63_40, 0, 0, { 0 } },
	{ "linux-6.12 copies reserved bits next to the vector", RULES(linux_6_12),
	  S6, 0, 0, INTR, PSVM_RSVD_63_40, 0, 0, { 0 } },
	{ "a deny-mask lets AVIC through", RULES(linux_6_1), S6, DENY_MASK, 0, INTR,
	  PSVM_AVIC_ENABLE, 0, 0, { 0 } },
	{ "linux-6.12 copies reserved bits of 068h", RULES(linux_6_12), S6, 0, 0, INTR, 0, 0,
	  0, { OP_VMEXIT, OP_VMRUN_068 } },
	{ "xen copies reserved bits of 068h", RULES(xen), S6, 0, 0, INTR, 0, 0, 0,
	  { OP_VMEXIT, OP_VMRUN_068 } },
	/* S7 */
	{ "linux-6.1 does not ask for the window again", RULES(linux_6_1),
	  S7, 0, 0, INTR, 0, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "lkml-2022-base does not ask for the window again", RULES(lkml_2022_base),
	  S7, 0, 0, INTR, 0, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "linux-6.12 does not ask for the window again if L1 intercepts INTR",
	  RULES(linux_6_12), S7, 0, 0, INTR, 0, 0, 0,
	  { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "linux-7.2 does not ask for the window again if L1 intercepts INTR",
	  RULES(linux_7_2), S7, 0, 0, INTR, 0, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "linux-6.12 does not look at what waits if L1 intercepts INTR",
	  RULES(linux_6_12), S7, 0, PSVM_C(PENDING), INTR, MASKING, 0, 0,
	  { OP_VMEXIT } },
	{ "linux-7.2 does not look at what waits if L1 intercepts INTR",
	  RULES(linux_7_2), S7, 0, PSVM_C(PENDING), INTR, MASKING, 0, 0,
	  { OP_VMEXIT } },
	{ "lkml-2022 does not look at what waits with masking", RULES(lkml_2022),
	  S7, 0, PSVM_C(PENDING), INTR, MASKING, 0, 0, { OP_VMEXIT } },
	{ "linux-6.1 does not look at what waits when VMRUN fails", RULES(linux_6_1),
	  S7, 0, PSVM_C(PENDING) | PSVM_C(CHECKS_FAILED), INTR, 0, 0, 0, { 0 } },
	{ "xen leaves a trace and does not ask again", RULES(xen),
	  S7, 0, 0, INTR, 0, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	{ "xen closes a window and requests nothing", RULES(xen), S7, 0, 0, INTR, 0, 0, 0,
	  { OP_OPEN, OP(OPENS), OP_CLOSE } },
	{ "lkml-2022 leaves a trace with masking", RULES(lkml_2022),
	  S7, 0, 0, INTR, MASKING, 0, 0, { OP_OPEN, OP(SHADOW), OP_VMEXIT } },
	/* S8 */
	{ "V_GIF of 01 stays 1 at a VMEXIT", RULES(linux_6_1), S8, KEEP_GIF_01,
	  GIVE_VGIF, INTR, PSVM_V_GIF_ENABLE, 0, 0, { OP_VMEXIT } },
	{ "V_GIF of 01 stays 1 when VMRUN fails", RULES(linux_6_1), S8, KEEP_GIF_01,
	  USE_VGIF | PSVM_C(L1_GIF) | PSVM_C(CHECKS_FAILED), INTR, 0, 0, 0, { 0 } },
	{ "software GIF stays 1 at a VMEXIT", RULES(exact),
	  S8, GIF_STAYS, 0, INTR, 0, 0, 0, { OP_VMEXIT } },
	{ "software GIF stays 1 when VMRUN fails", RULES(exact), S8, GIF_STAYS,
	  PSVM_C(CHECKS_FAILED), INTR, 0, 0, 0, { 0 } },
	/* S9 */
	{ "linux-6.1 leaves EVENTINJ when VMRUN fails", RULES(linux_6_1),
	  S9, 0, PSVM_C(CHECKS_FAILED), INTR, 0, EVENT(INTR, 0x61), 0, { 0 } },
	{ "lkml-2022 leaves EVENTINJ when VMRUN fails", RULES(lkml_2022),
	  S9, 0, PSVM_C(CHECKS_FAILED), INTR, 0, EVENT(INTR, 0x61), 0, { 0 } },
	{ "linux-6.1 leaves EVENTINJ if the processor left before the injection",
	  RULES(linux_6_1), S9, 0, 0, INTR, 0, EVENT(INTR, 0x61), 0, { OP_VMEXIT } },
	{ "lkml-2022 leaves EVENTINJ if the processor left before the injection",
	  RULES(lkml_2022), S9, 0, 0, INTR, 0, EVENT(INTR, 0x61), 0, { OP_VMEXIT } },
	{ "EXITINTINFO of a cut delivery lost", RULES(exact), S9, KEEP_EVENT, 0, INTR, 0,
	  EVENT(INTR, 0x61), 0, { OP(CUT), OP_VMEXIT } },
	{ "EXITINTINFO of an injection that did not happen lost", RULES(exact), S9,
	  KEEP_EVENT, 0, INTR, 0, EVENT(NMI, 2), 0, { OP_VMEXIT } },
	/* S10 */
	{ "linux-6.1 stores TLB_CONTROL", RULES(linux_6_1), S10, 0, 0, INTR, 0, 0, 0,
	  { OP_VMEXIT } },
	{ "lkml-2022-base stores TLB_CONTROL", RULES(lkml_2022_base),
	  S10, 0, 0, INTR, 0, 0, 0, { OP_VMEXIT } },
	{ "lkml-2022 stores TLB_CONTROL", RULES(lkml_2022), S10, 0, 0, INTR, 0, 0, 0,
	  { OP_VMEXIT } },
	{ "xen zeroes TLB_CONTROL", RULES(xen), S10, 0, 0, INTR, 0, 0, 0, { OP_VMEXIT } },
	{ "linux-6.12 stores all of 068h", RULES(linux_6_12), S10, 0, 0, INTR, 0, 0, 0,
	  { OP_VMEXIT } },
	{ "xen stores the vector", RULES(xen), S10, 0, 0, INTR, 0, 0, 0, { OP_VMEXIT } },
	{ "xen stores a half-built 060h when VMRUN fails", RULES(xen),
	  S10, 0, PSVM_C(CHECKS_FAILED), INTR, 0, 0, 0, { 0 } },
	/* S11: the last step is a refresh */
	{ "lkml-2022 has a stale V_TPR in the snapshot", RULES(lkml_2022),
	  S11, 0, 0, INTR, MASKING, 0, 0, { OP(CR8_7) } },
	{ "lkml-2022 has a delivered V_IRQ in the snapshot", RULES(lkml_2022),
	  S11, 0, 0, INTR, MASKING | PENDING_51, 0, 0, { OP(OPENS) } },
	{ "lkml-2022 has a delivered event in the snapshot", RULES(lkml_2022),
	  S11, 0, 0, INTR, MASKING, EVENT(INTR, 0x61), 0, { OP(INJECTS) } },
	{ "lkml-2022-base has a delivered V_IRQ in the snapshot", RULES(lkml_2022_base),
	  S11, 0, 0, INTR, PENDING_51, 0, 0, { OP(OPENS) } },
	{ "xen has a delivered V_IRQ in the snapshot", RULES(xen),
	  S11, 0, 0, INTR, PENDING_51, 0, 0, { OP(OPENS) } },
	{ "xen misses an interrupt shadow in the snapshot", RULES(xen),
	  S11, 0, 0, INTR, 0, 0, 0, { OP(SHADOW) } },
	{ "linux-7.2 has lost reserved bits of 068h in the snapshot", RULES(linux_7_2),
	  S11, 0, 0, INTR, 0, 0, 0, { OP_VMEXIT, OP_VMRUN_068 } },
	{ "linux-6.1 has a window in the snapshot", RULES(linux_6_1),
	  S11, 0, 0, INTR, MASKING, 0, 0, { OP_OPEN, OP(SHADOW) } },
	{ "linux-6.12 has a window in the snapshot if L1 intercepts VINTR as well",
	  RULES(linux_6_12), S11, 0, 0, INTR | VINTR, 0, 0, 0, { OP_OPEN, OP(SHADOW) } },
	{ "linux-6.1 misses V_NMI in the snapshot if it is offered", RULES(linux_6_1),
	  S11, 0, GIVE_VNMI, NMI, PSVM_V_NMI_ENABLE | PSVM_V_NMI, 0, 0, { OP(IRET),
	  OP(NMI) } },
	/* S12 */
	{ "02 not marked dirty at VMRUN", RULES(exact),
	  S12, CLEAN_02, 0, INTR, PENDING_51, 0, 0, { 0 } },
	{ "02 not marked dirty when a window opens", RULES(exact),
	  S12, CLEAN_02, 0, INTR, 0, 0, 0, { OP_OPEN } },
	{ "01 not marked dirty when a window opens", RULES(exact),
	  S12, CLEAN_01, 0, INTR, 0, 0, 0, { OP_OPEN } },
	{ "01 not marked dirty at a VMEXIT", RULES(exact), S12, CLEAN_01, GIVE_VGIF, INTR,
	  PSVM_V_GIF_ENABLE, 0, 0, { OP_VMEXIT } }
};

static struct psvm_nested situation(const struct violation *v)
{
	struct psvm_nested n = sensible();

	n.v02.int_ctl = 0;
	n.v12.int_ctl = v->int_ctl;
	n.v12.misc1 = v->misc1;
	n.v12.event_inj = v->event_inj;
	n.v01.int_ctl |= v->own;
	n.facts = v->facts;
	return n;
}

/* What each step violates, its refresh included, and the last ends of a story
 * between which something is violated. */
struct seen {
	unsigned steps;
	uint32_t by_step[SCRIPT + 1];
	struct story before, after;
};

static void see(struct seen *seen, const struct story *before, struct story *after,
		enum damage damage)
{
	uint32_t violated;

	spoil(after, damage);
	violated = properties_violated(before, after);
	seen->by_step[seen->steps] |= violated;
	if (violated != 0 || seen->after.rules == NULL) {
		seen->before = *before;
		seen->after = *after;
	}
}

static void play_op(struct story *s, unsigned op, struct seen *seen, enum damage damage)
{
	struct story before = *s;

	do_op(s, op);
	see(seen, &before, s, damage);
	if (s->runs && refreshes_after(op)) {
		before = *s;
		story_refresh(s);
		see(seen, &before, s, damage);
	}
	seen->steps++;
}

/* A result is spoiled in the last step only. */
static struct seen play(const struct violation *v, const struct psvm_rules *rules,
			enum damage damage)
{
	struct story s = story_begin(rules, situation(v));
	struct seen seen = { .steps = 0 };
	size_t n = 0;

	while (n < SCRIPT && v->script[n] != OP_END)
		n++;
	play_op(&s, OP_VMRUN, &seen, n == 0 ? damage : UNDAMAGED);
	for (size_t i = 0; i < n; i++)
		play_op(&s, v->script[i], &seen, i == n - 1 ? damage : UNDAMAGED);
	return seen;
}

/* The rule set violates the property in the last step, and not before. */
static void test_violates(void **state)
{
	const struct violation *v = *state;
	struct psvm_rules rules = damaged(v->rules, v->damage);
	struct seen seen = play(v, &rules, v->damage);

	for (unsigned i = 0; i < seen.steps; i++) {
		bool violated = seen.by_step[i] >> v->property & 1;

		if (violated != (i == seen.steps - 1))
			story_print(stderr, &seen.before, &seen.after);
		assert_int_equal(violated, i == seen.steps - 1);
	}
}

/* The rule set `exact` violates nothing in the same situation. */
static void test_exact_does_not(void **state)
{
	const struct violation *v = *state;
	struct seen seen = play(v, &psvm_rules_exact, UNDAMAGED);

	for (unsigned i = 0; i < seen.steps; i++) {
		if (seen.by_step[i] != 0)
			story_print(stderr, &seen.before, &seen.after);
		assert_int_equal(seen.by_step[i], 0);
	}
}

/* Every property has a row. */
static void test_every_property(void **state)
{
	uint32_t seen = 0;

	(void)state;
	for (size_t i = 0; i < N_ROWS(violations); i++)
		seen |= 1U << violations[i].property;
	assert_int_equal(seen, (1U << PROPERTIES) - 1);
}

/* Names of cases: "S1: lkml-2022 ..." and "S1: exact not: lkml-2022 ...". */
static char names[2 * N_ROWS(violations) + PROPERTIES][128];

static char *name(size_t i, enum property property, const char *verb, const char *words)
{
	snprintf(names[i], sizeof(names[i]), "S%u %s: %s", (unsigned)property, verb,
		 words);
	return names[i];
}

int main(void)
{
	static const enum property all[PROPERTIES] = { S0, S1, S2, S3, S4,  S5, S6,
						       S7, S8, S9, S10, S11, S12 };
	static const char *const holds[PROPERTIES] = {
		"interrupts of L2", "V_TPR", "V_IRQ", "all other bits", "V_GIF", "NMIs",
		"what is offered", "windows", "GIF of L1", "events", "unwritten fields",
		"the snapshot", "clean bits"
	};
	struct CMUnitTest tests[N_ROWS(names) + 2];
	size_t n = 0;

	for (unsigned i = 0; i < PROPERTIES; i++, n++)
		tests[n] = check_case(name(n, all[i], "holds", holds[i]), test_holds,
				      &all[i]);
	for (size_t i = 0; i < N_ROWS(violations); i++) {
		const struct violation *v = &violations[i];

		tests[n] = check_case(name(n, v->property, "violated", v->name),
				      test_violates, v);
		n++;
		tests[n] = check_case(name(n, v->property, "not by exact", v->name),
				      test_exact_does_not, v);
		n++;
	}
	tests[n++] = check_case("number of starts and steps", test_counts, NULL);
	tests[n++] = check_case("a row for every property", test_every_property, NULL);
	return _cmocka_run_group_tests("exact", tests, n, enumerate, NULL) != 0;
}
