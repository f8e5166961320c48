/* SPDX-License-Identifier: MIT */
/*
 * check/table.h - what foreign code does at one step, as a table.
 *
 * The atoms of an input that it depends on choose a row, one after the other, and no
 * more of them than decide: nodes form a binary decision diagram. A row says of every
 * output bit what it becomes for each combination of the bits of 12, 02 and 01.
 */
#ifndef CHECK_TABLE_H
#define CHECK_TABLE_H

#include "diff_space.h"
#include "machine.h"

/* More atoms are too much to go through. */
enum { TABLE_ATOMS = 22 };

enum { COMBINATIONS = 8 };

struct table_row {
	uint64_t ones[MAX_OUTPUTS][COMBINATIONS]; /* a value is in all of them */
};

/* Where to go if the atom is 0, and if it is 1: another node, or with TABLE_ROW a row. */
#define TABLE_ROW UINT32_C(0x80000000)
struct table_node {
	uint32_t next[2];
	uint32_t atom;
};

struct table {
	const struct step *step;
	struct atom atoms[TABLE_ATOMS];
	size_t n_atoms;
	uint32_t root; /* as in a node */
	struct table_node *nodes;
	size_t n_nodes;
	struct table_row *rows;
	size_t n_rows;
};

/* The outputs for an input. Notes what has been asked for on the way. */
void table_outputs(const struct table *table, const struct psvm_diff_input *input,
		   uint64_t *outputs, struct reads *reads);

/* Is an atom of an input 1? */
bool table_atom(const struct atom *atom, const struct psvm_nested *n);

/* The positions at which 12, 02 and 01 have each combination of bits. */
static inline void triple_split(const struct triple *operands, uint64_t at[COMBINATIONS])
{
	uint64_t a = operands->of[0], b = operands->of[1], c = operands->of[2];
	const uint64_t ab[] = { ~a & ~b, a & ~b, ~a & b, a & b };

	for (unsigned k = 0; k < COMBINATIONS / 2; k++) {
		at[k] = ab[k] & ~c;
		at[k + COMBINATIONS / 2] = ab[k] & c;
	}
}

/* The atoms that some path asks for. */
size_t table_support(const struct table *table, struct atom *atoms);

void table_free(struct table *table);

#endif
