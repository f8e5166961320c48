/* SPDX-License-Identifier: MIT */
/* Foreign code, asked: its tables answer, and what it has no function for, its rules. */
#include "l0_ask.h"

#include "foreign.h"
#include "rows.h"

/* The number of the step that a moment begins with. */
static unsigned first_step(enum psvm_moment moment)
{
	unsigned step = 0;

	while (diff_steps[step].moment != moment)
		step++;
	return step;
}

bool l0_foreign_outputs(const struct psvm_foreign *foreign, enum l0_moment moment,
			const struct psvm_diff_input *in, struct reads *reads,
			uint64_t *outputs)
{
	unsigned step = first_step(plan_moment(moment));
	const struct table *table = foreign_table(foreign, &diff_steps[step]);

	if (table == NULL)
		return false;
	table_outputs(table, in, outputs, reads);
	if (diff_steps[step + 1].moment ==
	    diff_steps[step].moment) { /* VMRUN fails or not */
		step += outputs[0] == PSVM_VMEXIT_INVALID ? 2 : 1;
		table = foreign_table(foreign, &diff_steps[step]);
		table_outputs(table, in, outputs, reads);
	}
	return true;
}

struct psvm_result l0_foreign_transition(const struct l0 *l, enum l0_moment moment,
					 uint32_t facts)
{
	struct psvm_diff_input in = { .nested = l0_words(l, moment) };
	uint64_t outputs[MAX_OUTPUTS];
	struct psvm_result r = { 0 };

	in.nested.facts |= facts;
	if (!l0_foreign_outputs(l->w->foreign, moment, &in, l->reads, outputs))
		return l0_by_rules->transition(l, moment, facts);
	diff_take_result(outputs, &r);
	return r;
}

struct psvm_intercepts l0_foreign_merge(const struct l0 *l, struct psvm_intercepts i12,
					struct psvm_intercepts i01)
{
	struct psvm_diff_input in = { l0_words(l, L0_MERGE), i12, i01 };
	uint64_t outputs[MAX_OUTPUTS];

	if (!l0_foreign_outputs(l->w->foreign, L0_MERGE, &in, l->reads, outputs))
		return l0_by_rules->merge(l, i12, i01);
	for (size_t i = 0; i < N_ROWS(i12.word); i++)
		i12.word[i] = (uint32_t)(outputs[i] & UINT32_MAX);
	return i12;
}

uint32_t l0_foreign_route(const struct l0 *l, uint64_t exit_code,
			  struct psvm_intercepts i12, struct psvm_intercepts i01)
{
	struct psvm_diff_input in = { l0_words(l, L0_ROUTE), i12, i01 };
	uint64_t outputs[MAX_OUTPUTS];

	if (exit_code / 32 >= N_ROWS(i12.word) ||
	    !l0_foreign_outputs(l->w->foreign, L0_ROUTE, &in, l->reads, outputs))
		return l0_by_rules->route(l, exit_code, i12, i01);
	return outputs[exit_code / 32] >> exit_code % 32 & 1 ? PSVM_L1 : PSVM_L0;
}

uint32_t l0_foreign_arrival(const struct l0 *l)
{
	struct psvm_diff_input in = { .nested = l0_words(l, L0_ARRIVE) };
	uint64_t outputs[MAX_OUTPUTS];

	if (!l0_foreign_outputs(l->w->foreign, L0_ARRIVE, &in, l->reads, outputs))
		return l0_by_rules->arrival(l);
	return (uint32_t)(outputs[0] & UINT32_MAX);
}
