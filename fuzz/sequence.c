/* SPDX-License-Identifier: MIT */
/*
 * Stories: L1 runs L2 again and again, the processor changes 02, windows open
 * and close, in an order that the input chooses. Before each step of L0 the
 * transition is compared with the reference, for every rule set; after each step
 * S0 to S12 are checked for `exact`.
 *
 * A step that makes no sense at its moment is skipped, so every order is one
 * that can happen.
 */
#include "compare.h"
#include "mutate.h"
#include "pairs.h"
#include "properties.h"

#include <stdio.h>
#include <stdlib.h>

const struct fuzz_format *const fuzz_format = &fuzz_format_steps;

enum { ALWAYS, L1_RUNS, L2_RUNS };
enum { NMIS_AT_FIRST = 3 };

struct play {
	struct story s;
	uint32_t rules;
	bool left; /* the processor has left L2, and L0 has refreshed 12 */
	const uint8_t *data; /* the input, to be told again */
	size_t size;
	size_t step;
};

/* The state before an op, besides the rule set. X(name, bit, what) */
#define STATES(X) \
	X(WINDOW, 0, s->window) \
	X(IRQ_TAKEN, 1, s->bare.irq_taken) \
	X(GIF, 2, (s->n.facts & PSVM_C(L1_GIF)) != 0) \
	X(NMI, 3, s->bare.l1_nmis != 0) \
	X(NMI_MASKED, 4, s->bare.l1_nmi_mask)

#define X(name, bit, what) +1
enum { STATE_BITS = STATES(X) };
#undef X

/* The events of RUN count one by one. */
enum { EVENTS = (int)FUZZ_OP_COUNT + (int)STORY_EVENTS };
FUZZ_PAIRS(EVENTS, PSVM_RULE_SET_COUNT << STATE_BITS)

/* Feedback besides: in which state a transition comes. */
FUZZ_FEEDBACK static uint8_t transitions[FUZZ_MOMENTS][FUZZ_STATES];

/* --- reports ------------------------------------------------------------- */

static const char *const op_names[] = {
#define X(name, when) #name,
	FUZZ_OPS(X)
#undef X
};

static void tell_story(const struct play *p)
{
	struct fuzz_step step;

	fprintf(stderr, "steps so far:");
	for (size_t i = 0; i <= p->step && fuzz_decode_step(p->data, p->size, i, &step);
	     i++)
		fprintf(stderr, " %s(%u, %xh)", op_names[step.op % FUZZ_OP_COUNT],
			step.selector, step.value);
	fprintf(stderr, "\n");
}

static void check(const struct play *p, const struct story *before)
{
	uint32_t violated = properties_violated(before, &p->s);
	struct psvm_nested begin;

	if (p->rules != PSVM_RULE_SET_exact || violated == 0)
		return;
	begin = fuzz_decode_run(p->data, p->size).n;
	tell_story(p);
	story_print(stderr, before, &p->s);
	fuzz_fail(p->rules, "story", "violated; it began with", &begin);
}

/* --- steps of L0 --------------------------------------------------------- */

typedef void story_fn(struct story *s);

/* A transition: reference first, then the story, then what must hold. */
static void transition(struct play *p, enum fuzz_moment moment, story_fn *tell)
{
	struct story before = p->s;

	transitions[moment][fuzz_state(p->rules, moment, p->s.n)] = 1;
	(void)fuzz_compare(p->rules, moment, p->s.n);
	tell(&p->s);
	check(p, &before);
}

/* Before L0 can act the processor must leave L2. */
static void leave(struct play *p)
{
	if (p->s.runs && !p->left)
		transition(p, FUZZ_REFRESH, story_refresh);
	p->left = true;
}

static void vmrun(struct play *p)
{
	struct psvm_nested n = p->s.n;

	n.v12 = p->s.vmcb12;
	(void)fuzz_compare(p->rules, FUZZ_SNAPSHOT, n);
	p->s.n.v12 = p->s.vmcb12;
	transition(p, FUZZ_ENTER, story_vmrun);
	p->left = false;
}

static void reenter(struct play *p)
{
	transition(p, FUZZ_REENTER, story_reenter);
	p->left = false;
}

static void open_window(struct play *p)
{
	if (!p->s.window)
		transition(p, FUZZ_OPEN, story_open);
}

static void close_window(struct play *p)
{
	if (p->s.window)
		transition(p, FUZZ_CLOSE, story_close);
}

static void run_l2(struct play *p, unsigned int event)
{
	struct story before = p->s;

	p->left = false;
	if (story_run(&p->s, (enum story_event)(event % STORY_EVENTS))) {
		check(p, &before);
		leave(p);
		return;
	}
	check(p, &before);
}

/* A step of the story that is no transition. */
static void quietly(struct play *p, story_fn *tell)
{
	struct story before = p->s;

	tell(&p->s);
	check(p, &before);
}

static void load_tpr(struct play *p, uint8_t tpr)
{
	struct story before = p->s;

	story_load_tpr(&p->s, tpr);
	check(p, &before);
}

/* --- what L1 does between two runs --------------------------------------- */

static void l1_writes(struct psvm_words *vmcb12, unsigned int selector, uint32_t value)
{
	switch (selector % 6) {
	case 0:
		vmcb12->int_ctl ^= value;
		break;
	case 1:
		vmcb12->int_ctl ^= (uint64_t)value << 32;
		break;
	case 2:
		vmcb12->misc1 ^= value;
		break;
	case 3:
		vmcb12->event_inj ^= value;
		break;
	case 4:
		vmcb12->int_state ^= value;
		break;
	default:
		vmcb12->tlb_control ^= (uint8_t)(value & 0xff);
		break;
	}
}

/* L1 changes what it does; not what it is offered, nor what L0 uses. Its GIF is
 * the story's: where L0 keeps it depends on what L0 uses. */
static void l1_facts(struct story *s, uint32_t value)
{
	uint32_t fixed = PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI) | PSVM_C(HOST_VGIF) |
			 PSVM_C(HOST_VNMI) | PSVM_C(L1_GIF);

	s->n.facts ^= value & PSVM_C_FACTS & ~fixed;
}

/* --- the play ------------------------------------------------------------ */

static bool makes_sense(const struct play *p, unsigned int op)
{
	static const uint8_t needs[] = {
#define X(name, when) when,
		FUZZ_OPS(X)
#undef X
	};

	return needs[op] == ALWAYS || (needs[op] == L2_RUNS) == p->s.runs;
}

static void act(struct play *p, enum fuzz_op op, const struct fuzz_step *step)
{
	if (op != FUZZ_OP_RUN)
		leave(p);
	switch (op) {
	case FUZZ_OP_RUN:
		run_l2(p, step->selector);
		break;
	case FUZZ_OP_REFRESH:
		break; /* leave() */
	case FUZZ_OP_OPEN:
		open_window(p);
		break;
	case FUZZ_OP_CLOSE:
		close_window(p);
		break;
	case FUZZ_OP_VMEXIT:
		transition(p, FUZZ_HANDBACK, story_vmexit);
		break;
	case FUZZ_OP_REENTER:
		reenter(p);
		break;
	case FUZZ_OP_LOAD_TPR:
		load_tpr(p, step->selector & 15);
		break;
	case FUZZ_OP_GIVE_NMI:
		quietly(p, story_give_nmi);
		break;
	case FUZZ_OP_NMI_FOR_L1:
		quietly(p, story_nmi_for_l1);
		break;
	case FUZZ_OP_VMRUN:
		vmrun(p);
		break;
	case FUZZ_OP_L1_WRITES:
		l1_writes(&p->s.vmcb12, step->selector, step->value);
		break;
	case FUZZ_OP_L1_FACTS:
		l1_facts(&p->s, step->value);
		break;
	case FUZZ_OP_COUNT:
		break;
	}
}

static unsigned int event_of(enum fuzz_op op, const struct fuzz_step *step)
{
	if (op != FUZZ_OP_RUN)
		return (unsigned int)op;
	return (unsigned int)FUZZ_OP_COUNT + step->selector % (unsigned int)STORY_EVENTS;
}

static unsigned int state_of(uint32_t rules, const struct story *s)
{
	unsigned int state = rules << STATE_BITS;

#define X(name, bit, what) state |= (unsigned int)(what) << bit;
	STATES(X)
#undef X
	return state;
}

static void play_steps(struct play *p)
{
	struct fuzz_step step;

	for (; fuzz_decode_step(p->data, p->size, p->step, &step); p->step++) {
		enum fuzz_op op = (enum fuzz_op)(step.op % FUZZ_OP_COUNT);

		if (!makes_sense(p, op))
			continue;
		fuzz_visit(event_of(op, &step), state_of(p->rules, &p->s));
		act(p, op, &step);
	}
}

/* Every story begins with a VMRUN and ends with a #VMEXIT. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_run run = fuzz_decode_run(data, size);
	struct play p = { .rules = run.rules, .data = data, .size = size };

	run.n.nmis &= NMIS_AT_FIRST; /* room to count those of the story */
	p.s = story_begin(fuzz_rules[run.rules], run.n);
	vmrun(&p);
	play_steps(&p);
	if (p.s.runs) {
		leave(&p);
		transition(&p, FUZZ_HANDBACK, story_vmexit);
	}
	return 0;
}
