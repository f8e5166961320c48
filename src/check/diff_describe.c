/* SPDX-License-Identifier: MIT */
/*
 * The second pass of a comparison: what the bits of each class become where its
 * condition holds, in parts, and the smallest example.
 */
#include "diff_comparison.h"

#include <stdlib.h>
#include <string.h>

/* --- second pass --------------------------------------------------------- */

static void note_entry(struct becomes *table, unsigned int entry, uint64_t where,
		       uint64_t output)
{
	table->ones[entry] |= where & output;
	table->zeros[entry] |= where & ~output;
}

static bool holds(const struct psvm_change *change, size_t term, uint32_t values)
{
	return term == change->n_terms ||
	       (values & change->terms[term].mask) == change->terms[term].value;
}

static void note_output(struct class *class, size_t rules,
			const struct psvm_change *change, uint32_t values,
			unsigned int entry, uint64_t where, uint64_t output)
{
	for (size_t term = 0; term <= change->n_terms; term++)
		if (holds(change, term, values))
			note_entry(&class->tables[rules][term], entry, where, output);
}

static void note_trial(struct class *class, const struct psvm_change *change,
		       uint32_t values, const struct trial *trial)
{
	static const struct triple entries[8] = {
#define ENTRY(k) \
	{ \
		{ \
			0 - (uint64_t)((k)&1), 0 - (uint64_t)((k) >> 1 & 1), \
				0 - (uint64_t)((k) >> 2 & 1) \
		} \
	}
		ENTRY(0), ENTRY(1), ENTRY(2), ENTRY(3),
		ENTRY(4), ENTRY(5), ENTRY(6), ENTRY(7),
#undef ENTRY
	};
	const struct triple *own = &trial->operands[class->output];

	for (unsigned int entry = 0; entry < 8; entry++) {
		uint64_t where = class->bits & comparison_equal(own, &entries[entry]);

		if (!where)
			continue;
		for (size_t i = 0; i < 2; i++)
			note_output(class, i, change, values, entry, where,
				    trial->outputs[i][class->output]);
	}
}

static unsigned int weigh_bits(uint64_t bits)
{
	unsigned int count = 0;

	for (; bits; bits &= bits - 1)
		count++;
	return count;
}

static unsigned int weigh(const struct psvm_diff_input *input)
{
	const struct psvm_nested *n = &input->nested;
	unsigned int weight = weigh_bits(n->facts) + n->nmis + weigh_bits(n->vector) +
			      weigh_bits(n->external);

	for (unsigned int vmcb = 0; vmcb < 3; vmcb++)
		for (unsigned int field = 0; field < PSVM_DIFF_FIELDS; field++)
			weight += weigh_bits(diff_word(n, vmcb, field));
	for (size_t i = 0; i < 6; i++)
		weight += weigh_bits(input->i12.word[i]) + weigh_bits(input->i01.word[i]);
	return weight;
}

/* The situation with data at one position only, if the class differs there. */
static void try_example(const struct comparison *c, struct class *class,
			const struct psvm_diff_input *base, struct triple data)
{
	const struct psvm_output *output = &c->space.step->outputs[class->output];
	struct trial trial;
	unsigned int weight;

	trial.input = *base;
	space_put(&c->space, output, data, &trial.input);
	weight = weigh(&trial.input);
	if (class->weight && weight + 1 >= class->weight)
		return;
	comparison_both(c, &trial);
	if (!(comparison_difference(c->space.step, class->output, &trial) & class->bits))
		return;
	c->diff->changes[class->change].example = trial.input;
	class->weight = weight + 1; /* 0: there is none yet */
}

static void find_example(const struct comparison *c, struct class *class,
			 uint32_t situation, const struct psvm_diff_input *base)
{
	uint64_t bit = class->bits & (0 - class->bits);

	if (!class->leads ||
	    (class->weight && weigh_bits(situation) + 1 >= class->weight))
		return;
	for (unsigned int k = 0; k < 8; k++) {
		struct triple data;

		for (unsigned int i = 0; i < 3; i++)
			data.of[i] = k >> i & 1 ? bit : 0;
		try_example(c, class, base, data);
	}
}

static void describe_situation(struct comparison *c, const struct situation *s)
{
	struct psvm_diff_input base;
	struct trial trial;

	space_input(&c->space, s->number, &base);
	for (unsigned int k = 0; k < UNIFORM; k++) {
		comparison_pattern(c, &base, space_pattern(k, s->number), &trial);
		for (size_t i = 0; i < c->n_classes; i++) {
			const struct psvm_change *change =
				&c->diff->changes[c->classes[i].change];

			if (psvm_change_happens(change, s->values))
				note_trial(&c->classes[i], change, s->values, &trial);
		}
	}
	for (size_t i = 0; i < c->n_classes; i++)
		if (c->deltas[s->delta].differs[c->classes[i].output] &
		    c->classes[i].bits)
			find_example(c, &c->classes[i], s->number, &base);
}

static void describe_situations(struct comparison *c)
{
	for (size_t i = 0; i < c->n_situations; i++) {
		const struct situation *s = &c->situations[i];
		bool any = false;

		for (size_t j = c->first_change; j < c->diff->n_changes; j++) {
			struct psvm_change *change = &c->diff->changes[j];
			bool happens = psvm_change_happens(change, s->values);

			change->combinations += happens;
			any |= happens;
		}
		if (any)
			describe_situation(c, s);
	}
}

/* --- parts --------------------------------------------------------------- */

static struct psvm_becomes becomes(const struct becomes *table, unsigned int bit)
{
	struct psvm_becomes b = { 0, 0, 0 };

	for (unsigned int k = 0; k < 8; k++) {
		b.ones |= (uint8_t)((table->ones[k] >> bit & 1) << k);
		b.zeros |= (uint8_t)((table->zeros[k] >> bit & 1) << k);
	}
	b.seen = b.ones | b.zeros;
	return b;
}

bool comparison_same_becomes(struct psvm_becomes a, struct psvm_becomes b)
{
	return a.ones == b.ones && a.zeros == b.zeros;
}

/* The words of exits have one name. */
bool comparison_same_output(const struct psvm_output *a, const struct psvm_output *b)
{
	return strcmp(a->name, b->name) == 0 && a->index == b->index;
}

static bool is_uniform(struct psvm_becomes b)
{
	return (b.ones & b.zeros) == 0;
}

/* More bits for a part that is there already. */
static bool extend_part(struct psvm_change *change, const struct psvm_change_part *part)
{
	for (size_t i = 0; i < change->n_parts; i++) {
		struct psvm_change_part *other = &change->parts[i];

		if (part->output.kind == PSVM_OUTPUT_VALUE || other->term != part->term ||
		    !comparison_same_output(&other->output, &part->output) ||
		    !comparison_same_becomes(other->a, part->a) ||
		    !comparison_same_becomes(other->b, part->b))
			continue;
		other->bits |= part->bits;
		return true;
	}
	return false;
}

static bool add_part(struct comparison *c, struct psvm_change *change,
		     const struct psvm_change_part *part)
{
	size_t size = (change->n_parts + 1) * sizeof(*change->parts);
	struct psvm_change_part *parts;

	if (extend_part(change, part))
		return true;
	parts = realloc(change->parts, size);
	if (!parts)
		return comparison_fail(c, PSVM_DIFF_MEMORY);
	change->parts = parts;
	parts[change->n_parts++] = *part;
	return true;
}

/* A bit, or a pair of values, under a term or under all. */
static bool add_bit(struct comparison *c, const struct class *class, unsigned int bit,
		    size_t term)
{
	struct psvm_change *change = &c->diff->changes[class->change];
	struct psvm_change_part part;

	memset(&part, 0, sizeof(part));
	part.output = c->space.step->outputs[class->output];
	part.number = (uint8_t) class->output;
	part.bits = UINT64_C(1) << bit;
	part.term = term == change->n_terms ? -1 : (int)term;
	part.a = becomes(&class->tables[0][term], bit);
	part.b = becomes(&class->tables[1][term], bit);
	if (part.output.kind == PSVM_OUTPUT_VALUE) {
		part.value_a = (uint8_t)(bit / MAX_VALUES);
		part.value_b = (uint8_t)(bit % MAX_VALUES);
	}
	return add_part(c, change, &part);
}

/* What a bit becomes may be one thing in all terms, or one in each. */
static bool add_bits(struct comparison *c, const struct class *class, unsigned int bit)
{
	size_t n_terms = c->diff->changes[class->change].n_terms;

	if (c->space.step->outputs[class->output].kind == PSVM_OUTPUT_VALUE ||
	    n_terms == 1 ||
	    (is_uniform(becomes(&class->tables[0][n_terms], bit)) &&
	     is_uniform(becomes(&class->tables[1][n_terms], bit))))
		return add_bit(c, class, bit, n_terms);
	for (size_t term = 0; term < n_terms; term++)
		if (!add_bit(c, class, bit, term))
			return false;
	return true;
}

static bool add_parts(struct comparison *c, const struct class *class)
{
	for (unsigned int bit = 0; bit < 64; bit++)
		if (class->bits >> bit & 1 && !add_bits(c, class, bit))
			return false;
	return true;
}

static bool add_tables(struct comparison *c, struct class *class)
{
	size_t n_tables = c->diff->changes[class->change].n_terms + 1;

	for (size_t i = 0; i < 2; i++) {
		class->tables[i] = calloc(n_tables, sizeof(*class->tables[i]));
		if (!class->tables[i])
			return comparison_fail(c, PSVM_DIFF_MEMORY);
	}
	return true;
}

void comparison_free_tables(struct comparison *c)
{
	for (size_t i = 0; i < c->n_classes; i++) {
		free(c->classes[i].tables[0]);
		free(c->classes[i].tables[1]);
	}
}

bool comparison_describe(struct comparison *c)
{
	for (size_t i = 0; i < c->n_classes; i++)
		if (!add_tables(c, &c->classes[i]))
			return false;
	describe_situations(c);
	for (size_t i = 0; i < c->n_classes; i++)
		if (!add_parts(c, &c->classes[i]))
			return false;
	return true;
}
