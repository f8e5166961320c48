/* SPDX-License-Identifier: MIT */
#include "diff_comparison.h"

bool comparison_fail(struct comparison *c, enum psvm_diff_code code)
{
	c->diff->code = code;
	return false;
}

void comparison_both(const struct comparison *c, struct trial *trial)
{
	for (size_t i = 0; i < 2; i++)
		step_run(c->space.step, c->space.l0[i], &trial->input, trial->outputs[i]);
}

void comparison_pattern(const struct comparison *c, const struct psvm_diff_input *base,
			struct triple pattern, struct trial *trial)
{
	const struct step *step = c->space.step;

	trial->input = *base;
	space_fill(&c->space, pattern, &trial->input);
	comparison_both(c, trial);
	for (size_t i = 0; i < step->n_outputs; i++)
		trial->operands[i] = diff_operands(step, i, &trial->input);
}

uint64_t comparison_equal(const struct triple *a, const struct triple *b)
{
	return ~((a->of[0] ^ b->of[0]) | (a->of[1] ^ b->of[1]) | (a->of[2] ^ b->of[2]));
}

uint64_t comparison_difference(const struct step *step, size_t output,
			       const struct trial *trial)
{
	uint64_t a = trial->outputs[0][output], b = trial->outputs[1][output];

	if (step->outputs[output].kind != PSVM_OUTPUT_VALUE)
		return a ^ b;
	return a == b ? 0 : UINT64_C(1) << (a * MAX_VALUES + b);
}
