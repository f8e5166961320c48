/* SPDX-License-Identifier: MIT */
#include "replay.h"

const struct processor processors[PROCESSOR_COUNT] = {
#define PROCESSOR(id, name, vgif, sends, options) { name, vgif, sends, options },
	PROCESSORS(PROCESSOR)
#undef PROCESSOR
};

/* --- to what a cause applies --------------------------------------------- */

static bool injects(const struct experiment *e)
{
	return (e->vmcb12.words.event_inj & PSVM_EVENT_INJ_V) != 0;
}

static bool masks(const struct experiment *e)
{
	return (e->vmcb12.words.int_ctl & PSVM_V_INTR_MASKING) != 0;
}

static bool wide_vector(const struct experiment *e)
{
	return (e->vmcb12.words.int_ctl & PSVM_V_IRQ) != 0 &&
	       psvm_int_ctl_vector(e->vmcb12.words.int_ctl) > UINT8_MAX;
}

static bool vmrun_fails(const struct experiment *e)
{
	return e->vmcb12.bad || (e->vmcb12.misc2 & PSVM_INTERCEPT_MASK(VMRUN)) == 0;
}

static bool tpr_rises(const struct experiment *e)
{
	return e->pending && !masks(e) && e->l1_cr8 >= EXPERIMENT_PHYS >> 4;
}

static bool opens_then_closes(const struct experiment *e)
{
	return masks(e) && injects(e) && e->vmcb12.rflags_if && e->l1_if && e->pending;
}

const struct cause causes[CAUSE_COUNT] = {
#define CAUSE(applies, name, words, processors, nested, columns) \
	{ name, words, processors, nested, columns, applies },
	CAUSES(CAUSE)
#undef CAUSE
};

/* --- a row --------------------------------------------------------------- */

static uint32_t facts(const struct replay *machine)
{
	uint32_t vgif = PSVM_C(OFFER_VGIF) | (machine->rules ? PSVM_C(HOST_VGIF) : 0);

	return processors[machine->processor].vgif ? vgif : 0;
}

static const struct cause *find_cause(const struct replay *machine,
				      const struct experiment *e, uint32_t columns)
{
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		const struct cause *c = &causes[i];

		if ((c->processors >> machine->processor & 1) != 0 &&
		    (c->nested || !machine->rules) && (columns & ~c->columns) == 0 &&
		    c->applies(e))
			return c;
	}
	return NULL;
}

struct world replay_world(const struct replay *machine)
{
	struct world w = { .rules = machine->rules,
			   .facts = facts(machine),
			   .options = processors[machine->processor].options,
			   .implicit_event = true };

	return w;
}

struct verdict replay(const struct replay *machine, const struct experiment *e,
		      const struct outcome *recorded)
{
	struct world world = replay_world(machine);
	struct verdict v = { .replayed = experiment_run(e, &world, machine->rules) };

	v.differs = outcome_differs(&v.replayed, recorded);
	if (v.differs != 0)
		v.cause = find_cause(machine, e, v.differs);
	return v;
}
