/* SPDX-License-Identifier: MIT */
#include "diff_cover.h"

#include <stdlib.h>
#include <string.h>

enum {
	MAX_LIVE = 12, /* variables that matter */
	MAX_PRIMES = 512,
	GAVE_UP = PSVM_DIFF_TERMS + 1,
};

struct cover {
	unsigned char *table;
	uint32_t live; /* the variables that matter */
	size_t n_primes;
	struct psvm_diff_term primes[MAX_PRIMES];
	size_t n_chosen;
	size_t chosen[PSVM_DIFF_TERMS];
	size_t n_best;
	size_t best[PSVM_DIFF_TERMS];
	unsigned int literals; /* of the best */
};

/* The next subset of a mask; 0 after the last one. */
static uint32_t next_subset(uint32_t subset, uint32_t mask)
{
	return (subset - mask) & mask;
}

static unsigned int count_bits(uint32_t bits)
{
	unsigned int count = 0;

	for (; bits; bits &= bits - 1)
		count++;
	return count;
}

/* --- variables that matter ----------------------------------------------- */

static bool matters(const struct cover *cover, uint32_t variable)
{
	uint32_t others = cover->live & ~variable;
	uint32_t v = 0;

	do {
		unsigned int both = cover->table[v] | cover->table[v | variable];

		if (both == (COVER_OFF | COVER_ON))
			return true;
		v = next_subset(v, others);
	} while (v);
	return false;
}

static void drop(struct cover *cover, uint32_t variable)
{
	uint32_t v = 0;

	cover->live &= ~variable;
	do {
		cover->table[v] |= cover->table[v | variable];
		v = next_subset(v, cover->live);
	} while (v);
}

static void find_live(struct cover *cover, size_t n_variables)
{
	cover->live = (UINT32_C(1) << n_variables) - 1;
	for (uint32_t variable = cover->live + 1; variable >>= 1;)
		if (!matters(cover, variable))
			drop(cover, variable);
}

/* --- prime implicants ---------------------------------------------------- */

/* Is it true of some combination that is on, and of none that is off? */
static bool implies(const struct cover *cover, struct psvm_diff_term term)
{
	uint32_t free = cover->live & ~term.mask;
	unsigned int seen = 0;
	uint32_t v = 0;

	do {
		seen |= cover->table[term.value | v];
		v = next_subset(v, free);
	} while (v);
	return seen == COVER_ON;
}

static bool contains(struct psvm_diff_term outer, uint32_t mask, uint32_t value)
{
	return (outer.mask & ~mask) == 0 && (value & outer.mask) == outer.value;
}

/* Shorter implicants have been found before. */
static bool is_prime(const struct cover *cover, struct psvm_diff_term term)
{
	for (size_t i = 0; i < cover->n_primes; i++)
		if (contains(cover->primes[i], term.mask, term.value))
			return false;
	return implies(cover, term);
}

static bool find_primes_of(struct cover *cover, uint32_t mask)
{
	struct psvm_diff_term term = { mask, 0 };

	do {
		if (is_prime(cover, term)) {
			if (cover->n_primes == MAX_PRIMES)
				return false;
			cover->primes[cover->n_primes++] = term;
		}
		term.value = next_subset(term.value, mask);
	} while (term.value);
	return true;
}

/* Masks in order of their size. */
static bool find_primes(struct cover *cover)
{
	for (unsigned int size = 0; size <= count_bits(cover->live); size++) {
		uint32_t mask = 0;

		do {
			if (count_bits(mask) == size && !find_primes_of(cover, mask))
				return false;
			mask = next_subset(mask, cover->live);
		} while (mask);
	}
	return true;
}

/* --- the shortest cover -------------------------------------------------- */

static bool is_covered(const struct cover *cover, uint32_t v)
{
	for (size_t i = 0; i < cover->n_chosen; i++)
		if (contains(cover->primes[cover->chosen[i]], cover->live, v))
			return true;
	return false;
}

static size_t count_primes(const struct cover *cover, uint32_t v)
{
	size_t count = 0;

	for (size_t i = 0; i < cover->n_primes; i++)
		count += contains(cover->primes[i], cover->live, v);
	return count;
}

/* The combination that leaves the least choice. False: all are covered. */
static bool hardest(const struct cover *cover, uint32_t *hard)
{
	size_t least = SIZE_MAX;
	uint32_t v = 0;

	do {
		if (cover->table[v] == COVER_ON && !is_covered(cover, v)) {
			size_t count = count_primes(cover, v);

			if (count < least) {
				least = count;
				*hard = v;
			}
		}
		v = next_subset(v, cover->live);
	} while (v);
	return least != SIZE_MAX;
}

static unsigned int literals_of(const struct cover *cover)
{
	unsigned int count = 0;

	for (size_t i = 0; i < cover->n_chosen; i++)
		count += count_bits(cover->primes[cover->chosen[i]].mask);
	return count;
}

static void keep(struct cover *cover)
{
	unsigned int literals = literals_of(cover);

	if (cover->n_chosen == cover->n_best && literals >= cover->literals)
		return;
	cover->n_best = cover->n_chosen;
	cover->literals = literals;
	memcpy(cover->best, cover->chosen, sizeof(cover->best));
}

/* As deep as there are terms. */
static void choose(struct cover *cover) /* NOLINT(misc-no-recursion) */
{
	uint32_t hard;

	if (!hardest(cover, &hard)) {
		keep(cover);
		return;
	}
	if (cover->n_chosen >= cover->n_best || cover->n_chosen == PSVM_DIFF_TERMS)
		return;
	for (size_t i = 0; i < cover->n_primes; i++) {
		if (!contains(cover->primes[i], cover->live, hard))
			continue;
		cover->chosen[cover->n_chosen++] = i;
		choose(cover);
		cover->n_chosen--;
	}
}

static int compare_terms(const void *a, const void *b)
{
	const struct psvm_diff_term *s = a, *t = b;

	if (s->mask != t->mask)
		return s->mask < t->mask ? -1 : 1;
	return s->value < t->value ? -1 : s->value > t->value;
}

static size_t run(struct cover *cover, size_t n_variables, struct psvm_diff_term *terms)
{
	find_live(cover, n_variables);
	if (count_bits(cover->live) > MAX_LIVE || !find_primes(cover))
		return GAVE_UP;
	cover->n_best = GAVE_UP;
	choose(cover);
	if (cover->n_best == GAVE_UP)
		return GAVE_UP;
	for (size_t i = 0; i < cover->n_best; i++)
		terms[i] = cover->primes[cover->best[i]];
	qsort(terms, cover->n_best, sizeof(*terms), compare_terms);
	return cover->n_best;
}

size_t diff_cover(unsigned char *table, size_t n_variables,
		  struct psvm_diff_term terms[PSVM_DIFF_TERMS])
{
	struct cover *cover = calloc(1, sizeof(*cover));
	size_t n_terms = COVER_MEMORY;

	if (cover) {
		cover->table = table;
		n_terms = run(cover, n_variables, terms);
	}
	free(cover);
	return n_terms;
}
