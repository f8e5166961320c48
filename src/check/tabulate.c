/* SPDX-License-Identifier: MIT */
/*
 * All combinations of the atoms, in order: a part of the diagram is made of its two
 * halves as soon as both are known. What an answer depends on besides is found by
 * comparing two inputs that should have the same one.
 */
#include "tabulate.h"

#include "diff_comparison.h"
#include "psvm/rule_sets.h"
#include "rows.h"
#include "splitmix.h"
#include "table_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each situation with each pattern, the mixed one is the last. */
enum { SITUATIONS = CALLER_BATCH / PSVM_DIFF_PATTERNS };

/* Two inputs that have the same atoms, and at one position of an output the same bits,
 * but not the same answer. */
struct conflict {
	bool found;
	size_t output;
	unsigned bit;
	struct psvm_diff_input a, b;
};

struct work {
	const struct tabulation *t;
	struct psvm_l0 l0s[PSVM_RULE_SET_COUNT + 1]; /* whose atoms there are */
	struct space space;
	struct making making;
	struct part parts[TABLE_ATOMS + 2];
	uint32_t numbers[SITUATIONS]; /* the situations whose calls are there */
	uint32_t next, count;
	struct conflict conflict;
	bool failed;
};

/* --- calls --------------------------------------------------------------- */

static bool counts(const struct work *w, uint32_t number)
{
	struct psvm_l0 l0 = { w->t->foreign->rules, w->t->foreign };
	struct psvm_diff_input input;

	if (!space_possible(&w->space, number))
		return false;
	space_input(&w->space, number, &input);
	return step_counts(w->t->step, l0, &input);
}

/* The waiting interrupt is the third operand of a window. */
static void fill(const struct work *w, struct triple pattern,
		 struct psvm_diff_input *input)
{
	uint64_t third = pattern.of[2];

	space_fill(&w->space, pattern, input);
	if (w->t->step->moment != PSVM_MOMENT_WINDOW)
		return;
	input->nested.vector = (uint8_t)(third >> PSVM_V_INTR_PRIO_SHIFT << 4 & 0xf0);
	input->nested.external = (third & PSVM_V_IGN_TPR) != 0;
}

static void ask(struct work *w, uint32_t number, struct call *calls)
{
	struct psvm_diff_input base;

	space_input(&w->space, number, &base);
	for (unsigned k = 0; k < PSVM_DIFF_PATTERNS; k++) {
		calls[k].input = base;
		fill(w, space_pattern(k, number), &calls[k].input);
	}
}

/* The calls of the situations from here on. */
static bool ask_more(struct work *w, uint32_t number)
{
	struct call *calls = caller_calls(w->t->caller);

	w->next = w->count = 0;
	for (; number >> w->space.n_atoms == 0 && w->count < SITUATIONS; number++)
		if (counts(w, number)) {
			ask(w, number, &calls[w->count * PSVM_DIFF_PATTERNS]);
			w->numbers[w->count++] = number;
		}
	return w->count == 0 || caller_run(w->t->caller, w->t->step,
					   w->count * PSVM_DIFF_PATTERNS, w->t->error);
}

/* The calls of a situation, or null: it does not count. */
static const struct call *calls_of(struct work *w, uint32_t number)
{
	if (w->next == w->count && !ask_more(w, number)) {
		w->failed = true;
		return NULL;
	}
	if (w->next == w->count || w->numbers[w->next] != number)
		return NULL;
	return caller_calls(w->t->caller) + w->next++ * PSVM_DIFF_PATTERNS;
}

/* --- rows ---------------------------------------------------------------- */

static unsigned lowest(uint64_t bits)
{
	unsigned bit = 0;

	while ((bits >> bit & 1) == 0)
		bit++;
	return bit;
}

/* The call before this one that has said otherwise at this bit. */
static void note_conflict(struct work *w, const struct call *calls, unsigned pattern,
			  size_t output, uint64_t bits)
{
	bool value = w->t->step->outputs[output].kind == PSVM_OUTPUT_VALUE;
	struct triple own = diff_operands(w->t->step, output, &calls[pattern].input);
	unsigned bit = lowest(bits);

	for (unsigned k = 0; k < pattern && !w->conflict.found; k++) {
		struct triple other = diff_operands(w->t->step, output, &calls[k].input);
		bool same = value || (comparison_equal(&own, &other) >> bit & 1) != 0;
		uint64_t differ = calls[k].outputs[output] ^
				  calls[pattern].outputs[output];

		if (same && (differ >> bit & 1) != 0)
			w->conflict = (struct conflict){ true, output, bit,
							 calls[k].input,
							 calls[pattern].input };
	}
}

/* What one call says of one output. Returns the bits at which an earlier one said
 * otherwise. */
static uint64_t learn_output(const struct step *step, size_t i, const struct call *call,
			     struct wide_row *row)
{
	struct triple operands = diff_operands(step, i, &call->input);
	uint64_t said = call->outputs[i], conflict = 0, at[COMBINATIONS];

	if (step->outputs[i].kind == PSVM_OUTPUT_VALUE)
		memset(at, UINT8_MAX, sizeof(at));
	else
		triple_split(&operands, at);
	for (unsigned k = 0; k < COMBINATIONS; k++) {
		conflict |= (row->row.ones[i][k] ^ said) & at[k] & row->known[i][k];
		row->row.ones[i][k] |= said & at[k];
		row->known[i][k] |= at[k];
	}
	return conflict;
}

static void learn(struct work *w, const struct call *calls, struct wide_row *row)
{
	memset(row, 0, sizeof(*row));
	for (unsigned k = 0; k < PSVM_DIFF_PATTERNS; k++)
		for (size_t i = 0; i < w->t->step->n_outputs; i++) {
			uint64_t bits = learn_output(w->t->step, i, &calls[k], row);

			if (bits != 0 && !w->conflict.found)
				note_conflict(w, calls, k, i, bits);
		}
}

/* --- the diagram --------------------------------------------------------- */

/* The part that one situation is. */
static void build_one(struct work *w, uint32_t number, struct part *part)
{
	const struct call *calls = calls_of(w, number);

	part->kind = PART_NONE;
	if (calls == NULL)
		return;
	part->kind = PART_ROW;
	learn(w, calls, &part->loose);
}

/* As in counting: a second half that is done joins the first one, and both are a half of
 * the next size. parts[i] has a first half of 2^i situations. */
static void build(struct work *w)
{
	struct part *last = &w->parts[TABLE_ATOMS + 1];

	for (size_t i = 0; i < N_ROWS(w->parts); i++) {
		w->parts[i].kind = PART_NONE;
		making_live(&w->making, &w->parts[i]);
	}
	for (uint32_t number = 0; number < UINT32_C(1) << w->space.n_atoms; number++) {
		uint32_t atom = 0;

		build_one(w, number, last);
		for (; atom < w->space.n_atoms && (number >> atom & 1) != 0; atom++) {
			making_join(&w->making, atom, &w->parts[atom], last);
			*last = w->parts[atom];
			w->parts[atom].kind = PART_NONE;
		}
		w->parts[atom] = *last;
		if (w->failed || w->conflict.found || w->making.failed)
			return;
	}
}

static struct table *build_all(struct work *w)
{
	struct table *table;
	w->next = w->count = 0;
	if (!making_start(&w->making, w->t->step)) {
		text_add(w->t->error, "out of memory");
		making_drop(&w->making);
		return NULL;
	}
	memcpy(w->making.table->atoms, w->space.atoms,
	       w->space.n_atoms * sizeof(w->space.atoms[0]));
	w->making.table->n_atoms = w->space.n_atoms;
	build(w);
	if (w->failed || w->conflict.found) {
		making_drop(&w->making);
		return NULL;
	}
	table = making_end(&w->making, &w->parts[w->space.n_atoms]);
	if (table == NULL)
		text_add(w->t->error, "%s depends on too much to be put down",
			 caller_function(w->t->step->moment));
	return table;
}

/* --- single bits, and at random ------------------------------------------- */

/* Few bits, half of them, or many. */
static uint64_t random_word(uint64_t *seed)
{
	uint64_t a = splitmix64(seed), b = splitmix64(seed);

	switch (splitmix64(seed) % 3) {
	case 0:
		return a & b & splitmix64(seed);
	case 1:
		return a;
	default:
		return a | b;
	}
}

static void random_words(struct psvm_words *words, uint64_t *seed)
{
	words->int_ctl = random_word(seed);
	words->int_state = random_word(seed);
	words->event_inj = random_word(seed);
	words->exit_int_info = random_word(seed);
	words->misc1 = (uint32_t)(random_word(seed) & UINT32_MAX);
	words->tlb_control = (uint8_t)(random_word(seed) & UINT8_MAX);
}

/* No feature is offered that L0 does not use. */
static uint32_t random_facts(uint64_t *seed)
{
	uint32_t facts = (uint32_t)(random_word(seed) & PSVM_C_FACTS);
	uint32_t used = facts >> PSVM_C_HOST_VGIF_BIT & 3;

	return facts & ~((uint32_t)(~used & 3) << PSVM_C_OFFER_VGIF_BIT);
}

enum { SINGLE_BITS = 2 * 3 * PSVM_DIFF_FIELDS * 64 };

/* Every bit of every word alone: set on zeros, and cleared on ones. */
static void single_bit(struct psvm_nested *n, uint64_t number)
{
	unsigned bit = (unsigned)number / 2;
	struct atom atom = { ATOM_WORD, (uint8_t)(bit / 64 / PSVM_DIFF_FIELDS),
			     (uint8_t)(bit / 64 % PSVM_DIFF_FIELDS), (uint8_t)(bit % 64),
			     false };
	struct psvm_nested other;

	memset(n, number & 1 ? UINT8_MAX : 0, sizeof(*n));
	memset(&other, number & 1 ? 0 : UINT8_MAX, sizeof(other));
	diff_take_atom(n, &other, &atom);
}

static void random_input(struct psvm_diff_input *input, uint64_t number, uint64_t *seed)
{
	struct psvm_nested *n = &input->nested;

	if (number < SINGLE_BITS) {
		single_bit(n, number);
	} else {
		random_words(&n->v12, seed);
		random_words(&n->v02, seed);
		random_words(&n->v01, seed);
	}
	n->facts = random_facts(seed);
	n->nmis = (uint8_t)(splitmix64(seed) % UINT8_MAX);
	if (splitmix64(seed) & 1)
		n->nmis &= 3;
	n->vector = (uint8_t)(splitmix64(seed) & UINT8_MAX);
	n->external = splitmix64(seed) & 1;
	for (size_t i = 0; i < N_ROWS(input->i12.word); i++) {
		input->i12.word[i] = (uint32_t)(random_word(seed) & UINT32_MAX);
		input->i01.word[i] = (uint32_t)(random_word(seed) & UINT32_MAX);
	}
	input->i12.word[3] = n->v12.misc1;
	input->i01.word[3] = n->v01.misc1;
}

/* The input that the table has an answer to a random one from. */
static struct psvm_diff_input
model_of(struct work *w, const struct psvm_diff_input *input, size_t output, unsigned bit)
{
	struct triple own = diff_operands(w->t->step, output, input), pattern;
	struct psvm_diff_input model;
	uint32_t number = 0;

	for (size_t i = 0; i < w->space.n_atoms; i++)
		number |= (uint32_t)table_atom(&w->space.atoms[i], &input->nested) << i;
	for (unsigned i = 0; i < 3; i++)
		pattern.of[i] = 0 - (own.of[i] >> bit & 1);
	space_input(&w->space, number, &model);
	fill(w, pattern, &model);
	return model;
}

static void compare(struct work *w, const struct table *table, const struct call *call)
{
	uint64_t outputs[MAX_OUTPUTS];

	table_outputs(table, &call->input, outputs, NULL);
	for (size_t i = 0; i < w->t->step->n_outputs && !w->conflict.found; i++) {
		uint64_t bits = outputs[i] ^ call->outputs[i];
		unsigned bit = bits != 0 ? lowest(bits) : 0;

		if (bits != 0)
			w->conflict =
				(struct conflict){ true, i, bit,
						   model_of(w, &call->input, i, bit),
						   call->input };
	}
}

static bool try_random(struct work *w, const struct table *table)
{
	struct psvm_l0 l0 = { w->t->foreign->rules, w->t->foreign };
	struct call *calls = caller_calls(w->t->caller);
	uint64_t seed = 1;

	for (uint64_t done = 0; done < w->t->random && !w->conflict.found;) {
		uint32_t n = 0;

		for (; n < CALLER_BATCH && done < w->t->random; done++) {
			random_input(&calls[n].input, done, &seed);
			n += step_counts(w->t->step, l0, &calls[n].input);
		}
		if (!caller_run(w->t->caller, w->t->step, n, w->t->error))
			return false;
		for (uint32_t i = 0; i < n; i++)
			compare(w, table, &calls[i]);
		*w->t->random_total += w->conflict.found ? 0 : n;
	}
	return true;
}

/* --- what it depends on besides ------------------------------------------ */

enum { MOST_ITEMS = 3 * 6 * 64 + 32 + 3 };

/* Bits in which two inputs differ; what belongs together is one item. */
struct items {
	struct atom atoms[MOST_ITEMS];
	size_t n;
};

static void add_item(struct items *items, enum atom_kind kind, unsigned vmcb,
		     unsigned field, unsigned bit)
{
	items->atoms[items->n++] = (struct atom){ kind, (uint8_t)vmcb, (uint8_t)field,
						  (uint8_t)bit, false };
}

static void list_items(struct items *items, const struct psvm_nested *a,
		       const struct psvm_nested *b)
{
	items->n = 0;
	for (unsigned v = 0; v < 3; v++)
		for (unsigned f = 0; f < PSVM_DIFF_FIELDS; f++)
			for (unsigned bit = 0; bit < 64; bit++)
				if ((diff_word(a, v, f) ^ diff_word(b, v, f)) >> bit & 1)
					add_item(items, ATOM_WORD, v, f, bit);
	/* L0 uses a feature before it offers it: on the way from a, which does neither
	 * unless b does, nothing is impossible. */
	for (unsigned bit = PSVM_C_FACT_COUNT; bit-- > 0;)
		if ((a->facts ^ b->facts) >> bit & 1)
			add_item(items, ATOM_FACT, 0, 0, bit);
	if (a->nmis != b->nmis)
		add_item(items, ATOM_QUEUED, 0, 0, 0);
	if (a->vector != b->vector || a->external != b->external)
		add_item(items, ATOM_WAITING, 0, 0, 0);
}

/* a, with the first items as they are in b. */
static void step_over(struct psvm_diff_input *to, const struct conflict *c,
		      const struct items *items, size_t count)
{
	*to = c->a;
	for (size_t i = 0; i < count; i++)
		diff_take_atom(&to->nested, &c->b.nested, &items->atoms[i]);
	to->i12.word[3] = to->nested.v12.misc1;
	to->i01.word[3] = to->nested.v01.misc1;
}

/* Does it answer as b? */
static bool answers_as_b(struct work *w, const struct items *items, size_t count,
			 uint64_t a, bool *yes)
{
	struct call *call = caller_calls(w->t->caller);

	step_over(&call->input, &w->conflict, items, count);
	if (!caller_run(w->t->caller, w->t->step, 1, w->t->error))
		return false;
	*yes = ((call->outputs[w->conflict.output] ^ a) >> w->conflict.bit & 1) != 0;
	return true;
}

/* The item that makes the difference, by halves; items->n: none of them. */
static bool find_item(struct work *w, const struct items *items, size_t *found)
{
	struct call *call = caller_calls(w->t->caller);
	size_t low = 0, high = items->n;
	uint64_t a;
	bool yes;

	call->input = w->conflict.a;
	if (!caller_run(w->t->caller, w->t->step, 1, w->t->error))
		return false;
	a = call->outputs[w->conflict.output];
	if (!answers_as_b(w, items, high, a, &yes))
		return false;
	*found = items->n;
	if (!yes)
		return true;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (!answers_as_b(w, items, middle, a, &yes))
			return false;
		if (yes)
			high = middle;
		else
			low = middle;
	}
	*found = low;
	return true;
}

static void tell_found(const struct tabulation *t, const struct atom *atom)
{
	struct psvm_diff_variable v = { atom->kind == ATOM_WORD	  ? -1
					: atom->kind == ATOM_FACT ? atom->bit
								  : PSVM_C_NMI_QUEUED_BIT,
					atom->vmcb, atom->field, atom->bit };
	char words[PSVM_WORDS_SIZE], found[PSVM_WORDS_SIZE + 16];

	(void)psvm_words_of_variable(words, sizeof(words), &v);
	(void)snprintf(found, sizeof(found), "%s at %s", words,
		       caller_function(t->step->moment));
	if (strstr(t->discovered->buffer, found) != NULL) /* VMRUN has three steps */
		return;
	text_separate(t->discovered, ", ");
	text_add(t->discovered, "%s", found);
}

/* Why an atom cannot be one more; null: nothing that can be varied makes the difference.
 */
static void tell_refused(const struct work *w, const struct atom *atom)
{
	struct text *error = w->t->error;

	text_add(error, "%s cannot be tabulated: \"%s\" depends on ",
		 caller_function(w->t->step->moment),
		 w->t->step->outputs[w->conflict.output].name);
	if (w->space.n_atoms > TABLE_ATOMS)
		text_add(error, "more than %d conditions", TABLE_ATOMS);
	else if (atom == NULL)
		text_add(error, "intercepts of other words");
	else
		text_add(error, "%s",
			 atom->kind == ATOM_WAITING ? "the vector that waits"
						    : "how many NMIs wait");
}

/* One more atom, so that the two inputs of a conflict differ in one. */
static bool resolve(struct work *w)
{
	const struct tabulation *t = w->t;
	struct items items;
	size_t found, before = w->space.n_atoms;

	list_items(&items, &w->conflict.a.nested, &w->conflict.b.nested);
	if (!find_item(w, &items, &found))
		return false;
	if (found < items.n) {
		space_add(&w->space, &items.atoms[found]);
		if (w->space.n_atoms != before && w->space.n_atoms <= TABLE_ATOMS) {
			tell_found(t, &items.atoms[found]);
			return true;
		}
	}
	tell_refused(w, found < items.n ? &items.atoms[found] : NULL);
	return false;
}

/* --- a step -------------------------------------------------------------- */

/* What any rule set asks for, and what the foreign code has asked for before. */
static void begin_space(struct work *w)
{
	const struct psvm_l0 l0s[] = {
#define X(name, identifier, words) { &psvm_rules_##identifier, NULL },
		PSVM_RULE_SETS(X)
#undef X
			{ w->t->foreign->rules, w->t->foreign },
	};

	PSVM_STATIC_ASSERT(N_ROWS(l0s) == N_ROWS(w->l0s), "all rule sets and one more");
	memcpy(w->l0s, l0s, sizeof(l0s));
	space_init(&w->space, w->t->step, w->l0s, N_ROWS(w->l0s));
}

/* Words below facts: these are asked for first, since they are never undecided. */
static void order_atoms(struct space *space)
{
	struct atom atoms[MAX_ATOMS];
	size_t n = 0;

	for (unsigned fact = 0; fact < 2; fact++)
		for (size_t i = 0; i < space->n_atoms; i++)
			if ((space->atoms[i].kind == ATOM_FACT) == fact)
				atoms[n++] = space->atoms[i];
	memcpy(space->atoms, atoms, n * sizeof(atoms[0]));
}

/* Make tables until one foretells everything that is tried. */
static struct table *work_out(struct work *w)
{
	static const struct conflict none = { 0 };

	for (;;) {
		struct table *table;

		order_atoms(&w->space);
		w->conflict = none;
		table = build_all(w);
		if (table != NULL && !try_random(w, table))
			w->failed = true;
		if (table != NULL && !w->failed && !w->conflict.found)
			return table;
		table_free(table);
		if (w->failed || !w->conflict.found || !resolve(w))
			return NULL;
	}
}

struct table *tabulate(const struct tabulation *t)
{
	struct work *w = calloc(1, sizeof(*w));
	struct table *table = NULL;

	if (w == NULL) {
		text_add(t->error, "out of memory");
		return NULL;
	}
	w->t = t;
	begin_space(w);
	if (w->space.n_atoms <= TABLE_ATOMS)
		table = work_out(w);
	else
		text_add(t->error, "more conditions than can be gone through");
	free(w);
	return table;
}
