/* SPDX-License-Identifier: MIT */
#include "experiment.h"

#include "rows.h"

#include <string.h>

const struct outcome_name outcome_names[OUTCOME_COUNT] = {
#define OUTCOME(name, column, format) { column, FORMAT_##format },
	OUTCOMES(OUTCOME)
#undef OUTCOME
};

/* --- L2's programs ------------------------------------------------------- */

/* Instructions: what they are, and how many bytes. X(name, instruction, value, size,
 * size in xAPIC mode) */
#define OPS(X) \
	X(END, COUNT, 0, 0, 0) \
	X(NOP, NOP, 0, 1, 1) \
	X(STI, STI, 0, 1, 1) \
	X(CLI, CLI, 0, 1, 1) \
	X(CR8_IS_7, CR8_WRITE, 7, 4, 4) \
	X(CR8_IS_0, CR8_WRITE, 0, 4, 4) \
	X(READ_CR8, CR8_READ, 0, 4, 4) \
	X(STGI, STGI, 0, 3, 3) \
	X(CLGI, CLGI, 0, 3, 3) \
	X(SEND, NOP, 0, 10, 7) \
	X(CPUID, CPUID, 0, 2, 2) \
	X(HLT, HLT, 0, 1, 1) \
	X(VMMCALL, VMMCALL, 0, 3, 3)

enum op {
#define OP(name, insn, value, size, xapic) name,
	OPS(OP)
#undef OP
};

static const struct {
	uint8_t insn, value;
	uint8_t size[2];
} ops[] = {
#define OP(name, insn, value, size, xapic) { PSVM_INSN_##insn, value, { size, xapic } },
	OPS(OP)
#undef OP
};

static const uint8_t programs[EXPERIMENT_PROGRAMS][8] = {
	{ VMMCALL },
	{ STI, NOP, VMMCALL },
	{ CLI, VMMCALL },
	{ CR8_IS_7, VMMCALL },
	{ CR8_IS_0, VMMCALL },
	{ STGI, NOP, VMMCALL },
	{ CLGI, NOP, VMMCALL },
	{ CPUID },
	{ READ_CR8, VMMCALL },
	{ STI, VMMCALL },
	{ NOP, NOP, NOP, VMMCALL },
	{ SEND, NOP, NOP, NOP, VMMCALL },
	{ CR8_IS_7, STI, NOP, VMMCALL },
	{ CR8_IS_0, STI, NOP, VMMCALL },
	{ STI, NOP, CR8_IS_0, NOP, NOP, VMMCALL },
	{ CLGI, STI, NOP, STGI, NOP, NOP, VMMCALL },
	{ HLT, VMMCALL },
	{ STI, HLT, NOP, VMMCALL },
};

/* --- a run --------------------------------------------------------------- */

/* Handlers under way, at most: V, P and I. More steps than any program of L2 has: an
 * instruction that should exit and is #UD instead is tried for ever. */
enum { MAX_HANDLERS = 4, MAX_STEPS = 64, L1_NOPS = 6 };

struct run {
	const struct experiment *e;
	const struct world *w;
	bool nested;
	struct difference *difference; /* null: on one machine only */
	struct product machine;
	const uint8_t *op;
	uint32_t rip;
	uint8_t l2_if;
	bool late;		    /* P has been sent, and nobody has noticed */
	char handler[MAX_HANDLERS]; /* delivered, and not returned from */
	uint32_t handlers;
	uint8_t log; /* enum outcome_column: where handlers are noted */
	struct outcome outcome;
};

static struct seen step(struct run *r, struct act act)
{
	if (r->difference != NULL && r->difference->fields == 0) {
		(void)product_step(&r->machine, r->w, act, NULL, r->difference);
		return r->difference->nested;
	}
	return r->nested ? nested_step(&r->machine.nested, r->w, act, NULL)
			 : bare_step(&r->machine.bare, r->w, act, NULL);
}

static struct seen execute(struct run *r, uint8_t insn, uint8_t value)
{
	struct act act = { ACT_INSN, insn, value };

	return step(r, act);
}

static void send(struct run *r)
{
	struct act act = { ACT_INTR, 0, EXPERIMENT_PHYS };

	(void)step(r, act);
}

/* --- handlers ------------------------------------------------------------ */

static char letter_of(uint64_t event)
{
	switch (event & PSVM_EVENT_INJ_VECTOR) {
	case EXPERIMENT_PHYS:
		return 'P';
	case EXPERIMENT_VIRT:
		return 'V';
	case EXPERIMENT_INJ:
		return 'I';
	default:
		return 'O';
	}
}

uint64_t letters_add(uint64_t letters, char letter)
{
	for (unsigned at = 0; at < 64; at += 8)
		if ((letters >> at) == 0)
			return letters | (uint64_t)(uint8_t)letter << at;
	return letters;
}

static uint64_t rip(const struct run *r)
{
	return r->handlers != 0 ? OFFSET_HANDLER : r->rip;
}

static void note_rip(struct run *r, enum outcome_column column)
{
	if (r->log == OUTCOME_IN_L2 && r->outcome.value[column] == OFFSET_NONE)
		r->outcome.value[column] = rip(r);
}

static void delivered(struct run *r, uint64_t event)
{
	char letter = letter_of(event);

	if (letter == 'V')
		note_rip(r, OUTCOME_VIRT_RIP);
	if (letter == 'P')
		note_rip(r, OUTCOME_PHYS_RIP);
	if (r->handlers < MAX_HANDLERS)
		r->handler[r->handlers++] = letter;
}

/* A handler is over: it has been noted, as the first thing that it does. IRET of psvm
 * returns to IF = 1; to IF = 0 it changes nothing here, where no NMI is about. */
static struct seen handle(struct run *r, uint8_t returns_to_if)
{
	bool outermost = r->handlers == 1;
	struct seen s = execute(
		r, outermost && returns_to_if ? PSVM_INSN_IRET : PSVM_INSN_NOP, 0);

	if (s.kind == SEEN_RAN) {
		uint64_t *log = &r->outcome.value[r->log];

		*log = letters_add(*log, r->handler[--r->handlers]);
	}
	return s;
}

/* --- L2 ------------------------------------------------------------------ */

/* L2 executed HLT, and nothing has woken it. */
static bool sleeps(const struct run *r)
{
	const struct psvm_cpu *cpu = r->nested ? &r->machine.nested.cpu
					       : &r->machine.bare.cpu;

	return (cpu->flags & PSVM_CPU_F(HALTED)) != 0 ||
	       (r->nested && r->machine.nested.asleep);
}

static uint32_t size_of(const struct run *r, uint8_t op)
{
	return ops[op].size[r->e->sends != SEND_X2APIC];
}

static struct seen next(struct run *r)
{
	uint8_t op = *r->op;
	bool slept = sleeps(r);
	struct seen s = execute(r, ops[op].insn, ops[op].value);

	if (slept && sleeps(r))
		return s;
	if (s.kind != SEEN_RAN || op == END)
		return s;
	r->op++;
	r->rip += size_of(r, op);
	if (op == STI || op == CLI)
		r->l2_if = op == STI;
	if (op == SEND && r->e->sends == SEND_XAPIC_LATE)
		r->late = true;
	else if (op == SEND)
		send(r);
	return s;
}

/* Returns whether L1 got its exit. */
static bool run_l2(struct run *r)
{
	struct seen s = execute(r, PSVM_INSN_VMRUN, 0);

	for (unsigned i = 0; s.kind != SEEN_EXIT && i < MAX_STEPS; i++) {
		if (s.kind == SEEN_EVENT)
			delivered(r, s.code);
		s = r->handlers != 0 ? handle(r, r->l2_if) : next(r);
	}
	r->outcome.value[OUTCOME_RIP] = rip(r) == OFFSET_HANDLER ? rip(r)
								 : rip(r) - r->e->start;
	r->handlers = 0;
	if (s.kind == SEEN_EXIT && r->late)
		send(r);
	return s.kind == SEEN_EXIT;
}

/* --- L1 ------------------------------------------------------------------ */

static void in_l1(struct run *r, uint8_t insn, uint8_t value)
{
	struct seen s;

	do {
		s = r->handlers != 0 ? handle(r, 1) : execute(r, insn, value);
		if (s.kind == SEEN_EVENT)
			delivered(r, s.code);
	} while (s.kind == SEEN_EVENT || r->handlers != 0);
}

static void start(struct run *r)
{
	struct start start = { r->e->vmcb12, false, true, 0 };

	bare_start(&r->machine.bare, &start);
	if (r->nested)
		nested_start(&r->machine.nested, r->w, &start);
	in_l1(r, PSVM_INSN_CLGI, 0);
	if (r->e->l1_if)
		in_l1(r, PSVM_INSN_STI, 0);
	in_l1(r, PSVM_INSN_CR8_WRITE, r->e->l1_cr8);
	if (r->e->pending)
		send(r);
}

static void look(struct run *r, enum outcome_column log, uint8_t cr8)
{
	r->log = (uint8_t)log;
	in_l1(r, PSVM_INSN_CR8_WRITE, cr8);
	in_l1(r, PSVM_INSN_STGI, 0);
	in_l1(r, PSVM_INSN_STI, 0);
	for (unsigned i = 0; i < L1_NOPS; i++)
		in_l1(r, PSVM_INSN_NOP, 0);
	in_l1(r, PSVM_INSN_CLI, 0);
}

static void read_vmcb12(struct run *r, const struct psvm_cpu_vmcb *vmcb,
			uint64_t exit_code)
{
	uint64_t *to = r->outcome.value;

	to[OUTCOME_EXIT_CODE] = exit_code;
	to[OUTCOME_INT_CTL] = psvm_int_ctl_low(vmcb->words.int_ctl);
	to[OUTCOME_INT_VECTOR] = vmcb->words.int_ctl >> 32;
	to[OUTCOME_INT_STATE] = vmcb->words.int_state;
	to[OUTCOME_EVENT_INJ] = vmcb->words.event_inj;
	to[OUTCOME_EXIT_INT_INFO] = vmcb->words.exit_int_info & PSVM_EVENT_INJ_V
					    ? vmcb->words.exit_int_info
					    : 0;
}

static void read_all(struct run *r)
{
	struct l1_view view;

	if (r->nested) {
		view = nested_view(&r->machine.nested, r->w);
		read_vmcb12(r, &r->machine.nested.vmcb12, r->machine.nested.exit_code);
	} else {
		view = bare_view(&r->machine.bare);
		read_vmcb12(r, &r->machine.bare.vmcb12, r->machine.bare.exit_code);
	}
	r->outcome.value[OUTCOME_CR8] = view.tpr;
	r->outcome.value[OUTCOME_IRR] = view.intr != 0;
}

static const uint8_t *program(const struct experiment *e)
{
	return programs[e->program % N_ROWS(programs)];
}

static void prepare(struct run *r)
{
	r->op = program(r->e);
	while (*r->op != END && r->rip < r->e->start)
		r->rip += size_of(r, *r->op++);
	r->l2_if = r->e->vmcb12.rflags_if;
	r->outcome.value[OUTCOME_VIRT_RIP] = OFFSET_NONE;
	r->outcome.value[OUTCOME_PHYS_RIP] = OFFSET_NONE;
	r->log = OUTCOME_IN_L2;
}

static void run(struct run *r)
{
	static const struct outcome no_exit = { { [OUTCOME_EXIT_CODE] =
							  EXPERIMENT_NO_EXIT } };

	prepare(r);
	start(r);
	if (!run_l2(r)) {
		r->outcome = no_exit;
		return;
	}
	read_all(r);
	look(r, OUTCOME_IN_L1, r->e->l1_cr8);
	look(r, OUTCOME_IN_DRAIN, 0);
}

struct outcome experiment_run(const struct experiment *e, const struct world *w,
			      bool nested)
{
	struct run r = { .e = e, .w = w, .nested = nested };

	run(&r);
	return r.outcome;
}

struct outcome experiment_run_both(const struct experiment *e, const struct world *w,
				   struct difference *difference)
{
	struct run r = { .e = e, .w = w, .nested = true, .difference = difference };
	struct difference none = { .fields = 0 };

	*difference = none;
	run(&r);
	return r.outcome;
}

uint32_t outcome_differs(const struct outcome *a, const struct outcome *b)
{
	uint32_t columns = 0;

	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		columns |= a->value[i] != b->value[i] ? 1U << i : 0;
	return columns;
}
