/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdlib.h>

/* Note what of a set-up has been read: no other words can be undecided. */
static void note_word(const struct atom *atom, uint64_t bit, struct reads *reads)
{
	if (atom->field == PSVM_DIFF_INT_CTL)
		reads_note(reads, READ_INT_CTL, bit);
	else if (atom->field == PSVM_DIFF_MISC1)
		reads_note(reads, READ_MISC1, bit);
}

static bool read_atom(const struct atom *atom, const struct psvm_nested *n,
		      struct reads *reads)
{
	uint64_t bit;

	switch (atom->kind) {
	case ATOM_FACT:
		bit = n->facts & PSVM_MASK32(atom->bit, 1);
		reads_note(reads, READ_CONDITIONS, bit);
		return bit != 0;
	case ATOM_WORD:
		bit = diff_word(n, atom->vmcb, atom->field) & PSVM_MASK64(atom->bit, 1);
		note_word(atom, bit, reads);
		return bit != 0;
	case ATOM_QUEUED:
		return n->nmis != 0;
	case ATOM_QUEUED_TWO:
		return n->nmis > 1;
	default:
		return n->vector != 0;
	}
}

static const struct table_row *find_row(const struct table *table,
					const struct psvm_nested *n, struct reads *reads)
{
	uint32_t at = table->root;

	while ((at & TABLE_ROW) == 0) {
		const struct table_node *node = &table->nodes[at];

		at = node->next[read_atom(&table->atoms[node->atom], n, reads)];
	}
	return &table->rows[at & ~TABLE_ROW];
}

bool table_atom(const struct atom *atom, const struct psvm_nested *n)
{
	return read_atom(atom, n, NULL);
}

void table_outputs(const struct table *table, const struct psvm_diff_input *input,
		   uint64_t *outputs, struct reads *reads)
{
	const struct table_row *row = find_row(table, &input->nested, reads);

	for (size_t i = 0; i < table->step->n_outputs; i++) {
		struct triple operands = diff_operands(table->step, i, input);
		uint64_t at[COMBINATIONS];

		outputs[i] = row->ones[i][0];
		if (table->step->outputs[i].kind == PSVM_OUTPUT_VALUE)
			continue;
		triple_split(&operands, at);
		outputs[i] = 0;
		for (unsigned k = 0; k < COMBINATIONS; k++)
			outputs[i] |= row->ones[i][k] & at[k];
	}
}

size_t table_support(const struct table *table, struct atom *atoms)
{
	bool asked[TABLE_ATOMS] = { false };
	size_t n = 0;

	for (size_t i = 0; i < table->n_nodes; i++)
		asked[table->nodes[i].atom] = true;
	for (size_t i = 0; i < table->n_atoms; i++)
		if (asked[i])
			atoms[n++] = table->atoms[i];
	return n;
}

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	free(table->nodes);
	free(table->rows);
	free(table);
}
