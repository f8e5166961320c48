/* SPDX-License-Identifier: MIT */
/*
 * Two rule sets, compared by what they do.
 *
 * Each step goes through its space twice. The first time it notes for every
 * situation which output bits differ for some data, and that every bit depends
 * on its own position only. Bits that differ in the same situations form a
 * class; a class gets its condition. The second time it notes what the bits of
 * each class become where the condition holds.
 */
#include "diff_comparison.h"
#include "diff_cover.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more element of an array. */
static void *grow(struct comparison *c, void *array, size_t count, size_t *size,
		  size_t element)
{
	size_t larger = *size ? 2 * *size : 64;
	void *grown;

	if (count < *size)
		return array;
	grown = realloc(array, larger * element);
	if (!grown) {
		comparison_fail(c, PSVM_DIFF_MEMORY);
		return NULL;
	}
	*size = larger;
	return grown;
}

#define ADD(c, array) \
	grow(c, (c)->array, (c)->n_##array, &(c)->array##_size, sizeof(*(c)->array))

/* --- first pass ---------------------------------------------------------- */

static bool agree(const struct step *step, size_t output, const struct trial *a,
		  const struct trial *b)
{
	uint64_t equal = comparison_equal(&a->operands[output], &b->operands[output]);
	uint64_t differ = (a->outputs[0][output] ^ b->outputs[0][output]) |
			  (a->outputs[1][output] ^ b->outputs[1][output]);

	return step->outputs[output].kind == PSVM_OUTPUT_VALUE ? differ == 0
							       : (differ & equal) == 0;
}

/* The mixed trial says at every position what some uniform one says there. */
static bool is_local(const struct step *step, const struct trial *trials)
{
	for (size_t output = 0; output < step->n_outputs; output++)
		for (unsigned int k = 0; k < UNIFORM; k++)
			if (!agree(step, output, &trials[MIXED], &trials[k]))
				return false;
	return true;
}

static void note_difference(const struct step *step, const struct trial *trials,
			    struct delta *delta)
{
	memset(delta, 0, sizeof(*delta));
	for (unsigned int k = 0; k < PSVM_DIFF_PATTERNS; k++)
		for (size_t output = 0; output < step->n_outputs; output++)
			delta->differs[output] |= comparison_difference(step, output,
									&trials[k]);
}

static bool find_delta(struct comparison *c, const struct delta *delta, uint32_t *number)
{
	struct delta *deltas;

	for (size_t i = c->n_deltas; i-- > 0;) {
		if (memcmp(&c->deltas[i], delta, sizeof(*delta)) == 0) {
			*number = (uint32_t)i;
			return true;
		}
	}
	deltas = ADD(c, deltas);
	if (!deltas)
		return false;
	c->deltas = deltas;
	*number = (uint32_t)c->n_deltas;
	deltas[c->n_deltas++] = *delta;
	return true;
}

static bool add_situation(struct comparison *c, struct situation situation)
{
	struct situation *situations = ADD(c, situations);

	if (!situations)
		return false;
	c->situations = situations;
	situations[c->n_situations++] = situation;
	return true;
}

static bool compare_situation(struct comparison *c, uint32_t number)
{
	struct trial trials[PSVM_DIFF_PATTERNS];
	struct situation situation = { number, 0, 0 };
	struct psvm_diff_input base;
	struct delta delta;

	space_input(&c->space, number, &base);
	for (unsigned int k = 0; k < PSVM_DIFF_PATTERNS; k++)
		comparison_pattern(c, &base, space_pattern(k, number), &trials[k]);
	if (!is_local(c->space.step, trials))
		return comparison_fail(c, PSVM_DIFF_NOT_LOCAL);
	note_difference(c->space.step, trials, &delta);
	situation.values = psvm_diff_values(c->scope, &base);
	return find_delta(c, &delta, &situation.delta) && add_situation(c, situation);
}

static bool compare_situations(struct comparison *c)
{
	for (uint32_t i = 0; i < UINT32_C(1) << c->space.n_atoms; i++)
		if (space_counts(&c->space, i) && !compare_situation(c, i))
			return false;
	c->scope->combinations = c->n_situations;
	c->scope->inputs = c->n_situations * PSVM_DIFF_PATTERNS * c->space.step->calls;
	c->diff->inputs += c->scope->inputs;
	return true;
}

/* --- classes ------------------------------------------------------------- */

static bool is_own(const struct psvm_output *output, unsigned int bit,
		   const struct psvm_diff_variable *variable)
{
	bool event = output->field == PSVM_DIFF_EXIT_INT_INFO &&
		     variable->field == PSVM_DIFF_EVENT_INJ;

	return output->vmcb < 3 && variable->vmcb < 3 && variable->bit == bit &&
	       (variable->field == output->field || event);
}

static uint32_t own_variables(const struct comparison *c, size_t output, unsigned int bit)
{
	const struct psvm_output *row = &c->space.step->outputs[output];
	uint32_t own = 0;

	for (size_t i = 0; i < c->scope->n_variables; i++)
		own |= (uint32_t)is_own(row, bit, &c->scope->variables[i]) << i;
	return own;
}

/* The bits that differ exactly where bit differs. */
static uint64_t companions(const struct comparison *c, size_t output, unsigned int bit)
{
	uint64_t bits = UINT64_MAX;

	for (size_t i = 0; i < c->n_deltas; i++) {
		uint64_t differs = c->deltas[i].differs[output];

		bits &= differs >> bit & 1 ? differs : ~differs;
	}
	return bits;
}

static uint64_t with_own(const struct comparison *c, size_t output, uint64_t bits,
			 uint32_t own)
{
	uint64_t same = 0;

	for (unsigned int i = 0; i < 64; i++)
		if (bits >> i & 1 && own_variables(c, output, i) == own)
			same |= UINT64_C(1) << i;
	return same;
}

static bool add_class(struct comparison *c, size_t output, unsigned int bit,
		      uint64_t *rest)
{
	uint32_t own = own_variables(c, output, bit);
	uint64_t bits = with_own(c, output, companions(c, output, bit), own);
	struct class *classes = ADD(c, classes);

	if (!classes)
		return false;
	c->classes = classes;
	memset(&classes[c->n_classes], 0, sizeof(*classes));
	classes[c->n_classes].output = output;
	classes[c->n_classes].bits = bits;
	classes[c->n_classes++].own = own;
	*rest &= ~bits;
	return true;
}

static bool find_classes(struct comparison *c)
{
	for (size_t output = 0; output < c->space.step->n_outputs; output++) {
		uint64_t rest = 0;

		for (size_t i = 0; i < c->n_deltas; i++)
			rest |= c->deltas[i].differs[output];
		for (unsigned int bit = 0; bit < 64; bit++)
			if (rest >> bit & 1 && !add_class(c, output, bit, &rest))
				return false;
	}
	return true;
}

/* --- conditions ---------------------------------------------------------- */

static void fill_cover(const struct comparison *c, const struct class *class,
		       unsigned char *table)
{
	for (size_t i = 0; i < c->n_situations; i++) {
		const struct situation *s = &c->situations[i];
		bool on = c->deltas[s->delta].differs[class->output] & class->bits;

		table[s->values & ~class->own] |= on ? COVER_ON : COVER_OFF;
	}
	/* The operands may decide, too: the condition is that some make it differ. */
	for (size_t i = 0; i < (size_t)1 << c->scope->n_variables; i++)
		if (table[i] & COVER_ON)
			table[i] = COVER_ON;
}

static bool find_condition(struct comparison *c, const struct class *class,
			   struct psvm_change *change)
{
	unsigned char *table = calloc((size_t)1 << c->scope->n_variables, 1);

	if (!table)
		return comparison_fail(c, PSVM_DIFF_MEMORY);
	fill_cover(c, class, table);
	change->n_terms = diff_cover(table, c->scope->n_variables, change->terms);
	free(table);
	if (change->n_terms == COVER_MEMORY)
		return comparison_fail(c, PSVM_DIFF_MEMORY);
	return change->n_terms <= PSVM_DIFF_TERMS || comparison_fail(c, PSVM_DIFF_SIZE);
}

static bool same_condition(const struct psvm_change *a, const struct psvm_change *b)
{
	return a->n_terms == b->n_terms &&
	       memcmp(a->terms, b->terms, a->n_terms * sizeof(*a->terms)) == 0;
}

static bool add_change(struct comparison *c, const struct psvm_change *change)
{
	struct psvm_diff *diff = c->diff;
	size_t size = (diff->n_changes + 1) * sizeof(*diff->changes);
	struct psvm_change *changes = realloc(diff->changes, size);

	if (!changes)
		return comparison_fail(c, PSVM_DIFF_MEMORY);
	diff->changes = changes;
	changes[diff->n_changes++] = *change;
	return true;
}

/* One condition, one change. */
static bool find_change(struct comparison *c, struct class *class)
{
	struct psvm_change change;
	size_t i = c->first_change;

	memset(&change, 0, sizeof(change));
	change.scope = (size_t)(c->scope - c->diff->scopes);
	if (!find_condition(c, class, &change))
		return false;
	while (i < c->diff->n_changes && !same_condition(&c->diff->changes[i], &change))
		i++;
	class->change = i;
	class->leads = i == c->diff->n_changes;
	return i < c->diff->n_changes || add_change(c, &change);
}

static bool find_changes(struct comparison *c)
{
	c->first_change = c->diff->n_changes;
	for (size_t i = 0; i < c->n_classes; i++)
		if (!find_change(c, &c->classes[i]))
			return false;
	return true;
}

bool psvm_change_happens(const struct psvm_change *change, uint32_t values)
{
	for (size_t i = 0; i < change->n_terms; i++)
		if ((values & change->terms[i].mask) == change->terms[i].value)
			return true;
	return false;
}

/* --- steps --------------------------------------------------------------- */

static bool run_step(struct comparison *c)
{
	space_variables(&c->space, c->scope);
	if (c->space.overflow || c->scope->n_variables == PSVM_DIFF_VARIABLES)
		return comparison_fail(c, PSVM_DIFF_SIZE);
	return compare_situations(c) && find_classes(c) && find_changes(c) &&
	       comparison_describe(c);
}

static bool compare_step(struct psvm_diff *diff, const struct step *step,
			 const struct psvm_l0 *both)
{
	struct comparison c;
	bool ok;

	memset(&c, 0, sizeof(c));
	c.diff = diff;
	c.scope = &diff->scopes[diff->n_scopes++];
	c.scope->moment = step->moment;
	c.scope->only = step->words;
	space_init(&c.space, step, both, 2);
	ok = run_step(&c);
	comparison_free_tables(&c);
	free(c.situations);
	free(c.deltas);
	free(c.classes);
	return ok;
}

bool psvm_diff_run(struct psvm_diff *diff, struct psvm_l0 a, struct psvm_l0 b)
{
	const struct psvm_l0 both[2] = { a, b };

	memset(diff, 0, sizeof(*diff));
	if (psvm_rules_check(a.rules).code != PSVM_OK ||
	    psvm_rules_check(b.rules).code != PSVM_OK) {
		diff->code = PSVM_DIFF_RULES;
		return false;
	}
	for (size_t i = 0; i < PSVM_DIFF_SCOPES; i++)
		if (!compare_step(diff, &diff_steps[i], both))
			return false;
	comparison_merge_reenter(diff);
	return true;
}

void psvm_diff_free(struct psvm_diff *diff)
{
	for (size_t i = 0; i < diff->n_changes; i++)
		free(diff->changes[i].parts);
	free(diff->changes);
	memset(diff, 0, sizeof(*diff));
}
