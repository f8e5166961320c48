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
#include "diff_cover.h"
#include "diff_space.h"

#include <stdlib.h>
#include <string.h>

enum { UNIFORM = MIXED, MAX_VALUES = 4 };

/* The outputs that differ in a situation. */
struct delta {
	uint64_t differs[MAX_OUTPUTS];
};

struct situation {
	uint32_t number; /* in its space */
	uint32_t values; /* of the scope's variables */
	uint32_t delta;
};

/* What the bits of a class become, position by position. */
struct table {
	uint64_t zeros[8];
	uint64_t ones[8];
};

/* Bits of one output that differ under one condition. */
struct class
{
	size_t output;
	uint64_t bits;
	uint32_t own; /* variables that are among their operands */
	size_t change;
	bool leads;		 /* it is the first one of its change */
	unsigned int weight;	 /* of the example, if the class leads and has one */
	struct table *tables[2]; /* one for each term, and one for all */
};

struct comparison {
	struct psvm_diff *diff;
	struct psvm_diff_scope *scope;
	struct space space;
	size_t n_situations, situations_size;
	struct situation *situations;
	size_t n_deltas, deltas_size;
	struct delta *deltas;
	size_t n_classes, classes_size;
	struct class *classes;
	size_t first_change; /* of this step */
};

/* One input, run with both rule sets. */
struct trial {
	struct psvm_diff_input input;
	uint64_t outputs[2][MAX_OUTPUTS];
	struct triple operands[MAX_OUTPUTS];
};

static bool fail(struct comparison *c, enum psvm_diff_code code)
{
	c->diff->code = code;
	return false;
}

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
		fail(c, PSVM_DIFF_MEMORY);
		return NULL;
	}
	*size = larger;
	return grown;
}

#define ADD(c, array) \
	grow(c, (c)->array, (c)->n_##array, &(c)->array##_size, sizeof(*(c)->array))

/* --- running ------------------------------------------------------------- */

static void run_both(const struct comparison *c, struct trial *trial)
{
	for (size_t i = 0; i < 2; i++)
		c->space.step->run(c->space.rules[i], &trial->input, trial->outputs[i]);
}

/* base is the situation without data. */
static void run_pattern(const struct comparison *c, const struct psvm_diff_input *base,
			struct triple pattern, struct trial *trial)
{
	const struct step *step = c->space.step;

	trial->input = *base;
	space_fill(&c->space, pattern, &trial->input);
	run_both(c, trial);
	for (size_t i = 0; i < step->n_outputs; i++)
		trial->operands[i] = diff_operands(step, i, &trial->input);
}

/* Positions at which two trials have equal operands. */
static uint64_t equal_operands(const struct triple *a, const struct triple *b)
{
	return ~((a->of[0] ^ b->of[0]) | (a->of[1] ^ b->of[1]) | (a->of[2] ^ b->of[2]));
}

static bool agree(const struct step *step, size_t output, const struct trial *a,
		  const struct trial *b)
{
	uint64_t equal = equal_operands(&a->operands[output], &b->operands[output]);
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

/* A pair of different values is a bit: 4 times the first one and the second. */
static uint64_t difference(const struct step *step, size_t output,
			   const struct trial *trial)
{
	uint64_t a = trial->outputs[0][output], b = trial->outputs[1][output];

	if (step->outputs[output].kind != PSVM_OUTPUT_VALUE)
		return a ^ b;
	return a == b ? 0 : UINT64_C(1) << (a * MAX_VALUES + b);
}

static void note_difference(const struct step *step, const struct trial *trials,
			    struct delta *delta)
{
	memset(delta, 0, sizeof(*delta));
	for (unsigned int k = 0; k < PSVM_DIFF_PATTERNS; k++)
		for (size_t output = 0; output < step->n_outputs; output++)
			delta->differs[output] |= difference(step, output, &trials[k]);
}

/* --- first pass ---------------------------------------------------------- */

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
		run_pattern(c, &base, space_pattern(k, number), &trials[k]);
	if (!is_local(c->space.step, trials))
		return fail(c, PSVM_DIFF_NOT_LOCAL);
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
		return fail(c, PSVM_DIFF_MEMORY);
	fill_cover(c, class, table);
	change->n_terms = diff_cover(table, c->scope->n_variables, change->terms);
	free(table);
	return change->n_terms <= PSVM_DIFF_TERMS || fail(c, PSVM_DIFF_SIZE);
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
		return fail(c, PSVM_DIFF_MEMORY);
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

/* --- second pass --------------------------------------------------------- */

static void note_entry(struct table *table, unsigned int entry, uint64_t where,
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
		uint64_t where = class->bits & equal_operands(own, &entries[entry]);

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
	run_both(c, &trial);
	if (!(difference(c->space.step, class->output, &trial) & class->bits))
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
		run_pattern(c, &base, space_pattern(k, s->number), &trial);
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

static struct psvm_becomes becomes(const struct table *table, unsigned int bit)
{
	struct psvm_becomes b = { 0, 0, 0 };

	for (unsigned int k = 0; k < 8; k++) {
		b.ones |= (uint8_t)((table->ones[k] >> bit & 1) << k);
		b.zeros |= (uint8_t)((table->zeros[k] >> bit & 1) << k);
	}
	b.seen = b.ones | b.zeros;
	return b;
}

static bool same_becomes(struct psvm_becomes a, struct psvm_becomes b)
{
	return a.ones == b.ones && a.zeros == b.zeros;
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
		    memcmp(&other->output, &part->output, sizeof(part->output)) != 0 ||
		    !same_becomes(other->a, part->a) || !same_becomes(other->b, part->b))
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
		return fail(c, PSVM_DIFF_MEMORY);
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
			return fail(c, PSVM_DIFF_MEMORY);
	}
	return true;
}

static void free_tables(struct comparison *c)
{
	for (size_t i = 0; i < c->n_classes; i++) {
		free(c->classes[i].tables[0]);
		free(c->classes[i].tables[1]);
	}
}

static bool describe_changes(struct comparison *c)
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

/* --- steps --------------------------------------------------------------- */

static bool run_step(struct comparison *c)
{
	space_variables(&c->space, c->scope);
	if (c->space.overflow || c->scope->n_variables == PSVM_DIFF_VARIABLES)
		return fail(c, PSVM_DIFF_SIZE);
	return compare_situations(c) && find_classes(c) && find_changes(c) &&
	       describe_changes(c);
}

static bool compare_step(struct psvm_diff *diff, const struct step *step,
			 const struct psvm_rules *a, const struct psvm_rules *b)
{
	struct comparison c;
	bool ok;

	memset(&c, 0, sizeof(c));
	c.diff = diff;
	c.scope = &diff->scopes[diff->n_scopes++];
	c.scope->moment = step->moment;
	c.scope->only = step->words;
	space_init(&c.space, step, a, b);
	ok = run_step(&c);
	free_tables(&c);
	free(c.situations);
	free(c.deltas);
	free(c.classes);
	return ok;
}

/* --- what VMRUN and re-enter have in common ------------------------------ */

enum { TEXT = 4 * PSVM_WORDS_SIZE };

static bool same_terms(const struct psvm_diff *diff, const struct psvm_change *a,
		       const struct psvm_change *b)
{
	char s[TEXT], t[TEXT];

	if (a->n_terms != b->n_terms)
		return false;
	for (size_t i = 0; i < a->n_terms; i++) {
		(void)psvm_words_of_term(s, sizeof(s), &diff->scopes[a->scope],
					 a->terms[i]);
		(void)psvm_words_of_term(t, sizeof(t), &diff->scopes[b->scope],
					 b->terms[i]);
		if (strcmp(s, t) != 0)
			return false;
	}
	return true;
}

static bool same_part(const struct psvm_change_part *a, const struct psvm_change_part *b)
{
	return strcmp(a->output.name, b->output.name) == 0 && a->bits == b->bits &&
	       a->term == b->term && a->value_a == b->value_a &&
	       a->value_b == b->value_b && same_becomes(a->a, b->a) &&
	       same_becomes(a->b, b->b);
}

static bool same_change(const struct psvm_diff *diff, const struct psvm_change *a,
			const struct psvm_change *b)
{
	if (a->n_parts != b->n_parts || !same_terms(diff, a, b))
		return false;
	for (size_t i = 0; i < a->n_parts; i++)
		if (!same_part(&a->parts[i], &b->parts[i]))
			return false;
	return true;
}

/* The change at VMRUN that a change at re-enter repeats. */
static struct psvm_change *repeats(struct psvm_diff *diff,
				   const struct psvm_change *change)
{
	for (size_t i = 0; i < diff->n_changes; i++) {
		struct psvm_change *first = &diff->changes[i];

		if (diff->scopes[first->scope].moment == PSVM_MOMENT_ENTER &&
		    same_change(diff, first, change))
			return first;
	}
	return NULL;
}

static void merge_reenter(struct psvm_diff *diff)
{
	size_t kept = 0;

	for (size_t i = 0; i < diff->n_changes; i++) {
		struct psvm_change *change = &diff->changes[i], *first = NULL;

		if (diff->scopes[change->scope].moment == PSVM_MOMENT_REENTER)
			first = repeats(diff, change);
		if (first) {
			first->also_reenter = true;
			free(change->parts);
			change->parts = NULL;
		} else {
			diff->changes[kept++] = *change;
		}
	}
	diff->n_changes = kept;
}

bool psvm_diff_run(struct psvm_diff *diff, const struct psvm_rules *a,
		   const struct psvm_rules *b)
{
	memset(diff, 0, sizeof(*diff));
	if (psvm_rules_check(a).code != PSVM_OK || psvm_rules_check(b).code != PSVM_OK) {
		diff->code = PSVM_DIFF_RULES;
		return false;
	}
	for (size_t i = 0; i < PSVM_DIFF_SCOPES; i++)
		if (!compare_step(diff, &diff_steps[i], a, b))
			return false;
	merge_reenter(diff);
	return true;
}

void psvm_diff_free(struct psvm_diff *diff)
{
	for (size_t i = 0; i < diff->n_changes; i++)
		free(diff->changes[i].parts);
	free(diff->changes);
	memset(diff, 0, sizeof(*diff));
}
