/* SPDX-License-Identifier: MIT */
#include "evidence.h"

#include "cause.h"
#include "rows.h"

/* The columns in which a recording shows what a class is about, its first field; some
 * fields are in none. */
static uint32_t columns_of(const struct difference *d)
{
	static const struct {
		uint32_t field, columns;
	} rows[] = {
		{ DIFFER_SEEN, OUTCOME_BIT(EXIT_CODE) | OUTCOME_BIT(RIP) |
				       OUTCOME_BIT(VIRT_RIP) | OUTCOME_BIT(PHYS_RIP) |
				       OUTCOME_BIT(IN_L2) | OUTCOME_BIT(IN_L1) |
				       OUTCOME_BIT(IN_DRAIN) },
		{ DIFFER_INT_CTL, OUTCOME_BIT(INT_CTL) | OUTCOME_BIT(INT_VECTOR) },
		{ DIFFER_INT_STATE, OUTCOME_BIT(INT_STATE) },
		{ DIFFER_EVENT_INJ, OUTCOME_BIT(EVENT_INJ) },
		{ DIFFER_EXIT_INT_INFO, OUTCOME_BIT(EXIT_INT_INFO) },
		{ DIFFER_TPR, OUTCOME_BIT(CR8) },
	};

	uint32_t first = d->fields & (0 - d->fields);

	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (first == rows[i].field)
			return rows[i].columns;
	return 0;
}

/* In some experiments V_IRQ has the vector of another event: the record does not say
 * then which of the two came. */
static bool tells_events_apart(const struct experiment *e)
{
	return (uint8_t)psvm_int_ctl_vector(e->vmcb12.words.int_ctl) == EXPERIMENT_VIRT;
}

static struct world world_of(const struct replay *machine)
{
	static const struct vector_roles roles = { EXPERIMENT_PHYS, EXPERIMENT_VIRT };
	struct world world = replay_world(machine);

	world.roles = &roles;
	return world;
}

bool evidence_of(struct difference *difference, const struct replay *machine,
		 const struct experiment *e, const struct outcome *recorded)
{
	struct replay by_manual = { PROCESSOR_MANUAL, machine->rules };
	struct world world = world_of(machine), manual = world_of(&by_manual);
	struct outcome bare = experiment_run(e, &world, false);
	struct outcome nested = experiment_run_both(e, &world, difference);
	struct difference of_manual;

	(void)experiment_run_both(e, &manual, &of_manual);
	return outcome_differs(&nested, recorded) == 0 &&
	       cause_same(difference, &of_manual) &&
	       (outcome_differs(&bare, recorded) & columns_of(difference)) != 0 &&
	       tells_events_apart(e);
}

size_t evidence_for(const struct psvm_evidence *evidence, uint64_t cause,
		    const char **row)
{
	size_t found = 0;

	*row = NULL;
	for (size_t i = 0; evidence != NULL && i < evidence->count; i++)
		if (cause_key(&evidence->witnesses[i].difference) == cause &&
		    found++ == 0)
			*row = evidence->witnesses[i].row;
	return found;
}
