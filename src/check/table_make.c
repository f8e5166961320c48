/* SPDX-License-Identifier: MIT */
#include "table_make.h"

#include <stdlib.h>
#include <string.h>

/* Two that have been merged, or could not be. */
struct merged {
	uint32_t a, b, one;
	bool tried, agree;
};

enum { MERGED = 1 << 16, HASH_SIZE = 1 << 18 };

/* --- rows ---------------------------------------------------------------- */

static bool agree(const struct wide_row *a, const struct wide_row *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < COMBINATIONS; k++)
			if ((a->row.ones[i][k] ^ b->row.ones[i][k]) & a->known[i][k] &
			    b->known[i][k])
				return false;
	return true;
}

/* What either knows. Where nothing is known, ones has no bits. */
static void add_known(struct wide_row *to, const struct wide_row *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < COMBINATIONS; k++) {
			to->row.ones[i][k] |= from->row.ones[i][k];
			to->known[i][k] |= from->known[i][k];
		}
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t hash_of(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t hash = size, word;

	for (size_t i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, at + i, sizeof(word));
		hash = mix(hash, word);
	}
	return hash;
}

/* Room for one more. */
static void *room_for(void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room != 0 ? 2 * *room : 64;
	void *grown;

	if (count < *room)
		return array;
	grown = realloc(array, more * size);
	if (grown != NULL)
		*room = more;
	return grown;
}

/* The slot of a row: that of an equal one, or an empty one. */
static uint32_t *row_slot(const struct making *m, const struct wide_row *row)
{
	uint64_t slot = hash_of(row, sizeof(*row)) % HASH_SIZE;

	while (m->row_hash[slot] != 0 &&
	       memcmp(&m->rows[m->row_hash[slot] - 1], row, sizeof(*row)) != 0)
		slot = (slot + 1) % HASH_SIZE;
	return &m->row_hash[slot];
}

static uint32_t place_row(struct making *m, const struct wide_row *row)
{
	uint32_t *slot = row_slot(m, row);
	struct wide_row *rows;

	if (*slot != 0)
		return (*slot - 1) | TABLE_ROW;
	rows = m->table->n_rows == MOST_ROWS ? NULL
					     : room_for(m->rows, m->table->n_rows,
							&m->rows_room, sizeof(*rows));
	if (rows == NULL) {
		m->failed = true;
		return TABLE_ROW;
	}
	m->rows = rows;
	rows[m->table->n_rows++] = *row;
	*slot = (uint32_t)m->table->n_rows;
	return (*slot - 1) | TABLE_ROW;
}

/* --- nodes --------------------------------------------------------------- */

static uint32_t *node_slot(const struct making *m, struct table_node node)
{
	uint64_t slot = mix(mix(node.atom, node.next[0]), node.next[1]) % HASH_SIZE;

	while (m->node_hash[slot] != 0 &&
	       memcmp(&m->table->nodes[m->node_hash[slot] - 1], &node, sizeof(node)) != 0)
		slot = (slot + 1) % HASH_SIZE;
	return &m->node_hash[slot];
}

static uint32_t place_node(struct making *m, struct table_node node)
{
	struct table *t = m->table;
	struct table_node *nodes;
	uint32_t *slot = node_slot(m, node);

	if (node.next[0] == node.next[1])
		return node.next[0];
	if (*slot != 0)
		return *slot - 1;
	nodes = t->n_nodes == MOST_NODES
			? NULL
			: room_for(t->nodes, t->n_nodes, &m->nodes_room, sizeof(node));
	if (nodes == NULL) {
		m->failed = true;
		return TABLE_ROW;
	}
	t->nodes = nodes;
	nodes[t->n_nodes++] = node;
	*slot = (uint32_t)t->n_nodes;
	return *slot - 1;
}

/* The branch of a diagram for a value of an atom; itself if it begins below that. */
static uint32_t branch(const struct table *t, uint32_t at, uint32_t atom, unsigned value)
{
	return (at & TABLE_ROW) == 0 && t->nodes[at].atom == atom
		       ? t->nodes[at].next[value]
		       : at;
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than there are atoms. */
static bool both_say(struct making *m, uint32_t a, uint32_t b, uint32_t *one);

/* Two diagrams that agree, as one. Atoms with higher numbers are asked for first. */
static bool merge_nodes(struct making *m, uint32_t a, uint32_t b, uint32_t *one)
{
	const struct table *t = m->table;
	uint32_t atom_a = a & TABLE_ROW ? 0 : t->nodes[a].atom + 1;
	uint32_t atom_b = b & TABLE_ROW ? 0 : t->nodes[b].atom + 1;
	struct table_node node = { .atom = (atom_a > atom_b ? atom_a : atom_b) - 1 };

	for (unsigned i = 0; i < 2; i++)
		if (!both_say(m, branch(t, a, node.atom, i), branch(t, b, node.atom, i),
			      &node.next[i]))
			return false;
	*one = place_node(m, node);
	return true;
}

static bool merge_rows(struct making *m, uint32_t a, uint32_t b, uint32_t *one)
{
	struct wide_row merged;

	if (!agree(&m->rows[a & ~TABLE_ROW], &m->rows[b & ~TABLE_ROW],
		   m->table->step->n_outputs))
		return false;
	merged = m->rows[a & ~TABLE_ROW];
	add_known(&merged, &m->rows[b & ~TABLE_ROW], m->table->step->n_outputs);
	*one = place_row(m, &merged);
	return true;
}

static bool both_say(struct making *m, uint32_t a, uint32_t b, uint32_t *one)
{
	struct merged *known = &m->merged[mix(a, b) % MERGED];

	*one = a;
	if (a == b || m->failed)
		return true;
	if (!known->tried || known->a != a || known->b != b) {
		struct merged now = { a, b, 0, true, false };

		now.agree = a & b & TABLE_ROW ? merge_rows(m, a, b, &now.one)
					      : merge_nodes(m, a, b, &now.one);
		*known = now;
	}
	*one = known->one;
	return known->agree;
}
/* NOLINTEND(misc-no-recursion) */

/* --- what is left over ---------------------------------------------------- */

static void mark_one(uint32_t at, uint32_t *nodes, uint32_t *rows)
{
	if (at & TABLE_ROW)
		rows[at & ~TABLE_ROW] = 1;
	else
		nodes[at] = 1;
}

/* What no live part leads to has been merged into something else. A node is behind those
 * that it leads to. */
static void mark(const struct making *m, uint32_t *nodes, uint32_t *rows)
{
	for (size_t i = 0; i < m->n_live; i++)
		if (m->live[i]->kind == PART_PLACED)
			mark_one(m->live[i]->at, nodes, rows);
	for (size_t i = m->table->n_nodes; i-- > 0;)
		if (nodes[i] != 0) {
			mark_one(m->table->nodes[i].next[0], nodes, rows);
			mark_one(m->table->nodes[i].next[1], nodes, rows);
		}
}

static uint32_t moved(uint32_t at, const uint32_t *nodes, const uint32_t *rows)
{
	return at & TABLE_ROW ? rows[at & ~TABLE_ROW] | TABLE_ROW : nodes[at];
}

/* Rows that are marked move down; marks become new numbers. */
static void keep_rows(struct making *m, uint32_t *rows)
{
	size_t n = m->table->n_rows;

	m->table->n_rows = 0;
	memset(m->row_hash, 0, HASH_SIZE * sizeof(*m->row_hash));
	for (size_t i = 0; i < n; i++)
		if (rows[i] != 0) {
			struct wide_row *to = &m->rows[m->table->n_rows];

			if (to != &m->rows[i])
				*to = m->rows[i];
			rows[i] = (uint32_t)m->table->n_rows++;
			*row_slot(m, to) = rows[i] + 1;
		}
}

static void keep_nodes(struct making *m, uint32_t *nodes, const uint32_t *rows)
{
	struct table *t = m->table;
	size_t n = t->n_nodes;

	t->n_nodes = 0;
	memset(m->node_hash, 0, HASH_SIZE * sizeof(*m->node_hash));
	for (size_t i = 0; i < n; i++)
		if (nodes[i] != 0) {
			struct table_node node = t->nodes[i];

			node.next[0] = moved(node.next[0], nodes, rows);
			node.next[1] = moved(node.next[1], nodes, rows);
			nodes[i] = (uint32_t)t->n_nodes++;
			t->nodes[nodes[i]] = node;
			*node_slot(m, node) = nodes[i] + 1;
		}
}

/* Only what the live parts lead to stays. */
static void collect(struct making *m)
{
	uint32_t *nodes = calloc(m->table->n_nodes + 1, sizeof(*nodes));
	uint32_t *rows = calloc(m->table->n_rows + 1, sizeof(*rows));

	m->failed |= nodes == NULL || rows == NULL;
	if (!m->failed) {
		mark(m, nodes, rows);
		keep_rows(m, rows);
		keep_nodes(m, nodes, rows);
		for (size_t i = 0; i < m->n_live; i++)
			if (m->live[i]->kind == PART_PLACED)
				m->live[i]->at = moved(m->live[i]->at, nodes, rows);
		memset(m->merged, 0, MERGED * sizeof(*m->merged));
		m->rows_kept = m->table->n_rows;
		m->nodes_kept = m->table->n_nodes;
	}
	free(nodes);
	free(rows);
}

/* Is half of what was free taken? So it is not looked for what is left over each time
 * that there is almost nothing. */
static bool half_taken(size_t count, size_t kept, size_t most)
{
	return count - kept > (most - kept) / 2;
}

/* --- parts --------------------------------------------------------------- */

static uint32_t place(struct making *m, const struct part *part)
{
	return part->kind == PART_ROW ? place_row(m, &part->loose) : part->at;
}

void making_live(struct making *m, struct part *part)
{
	m->live[m->n_live++] = part;
}

void making_join(struct making *m, uint32_t atom, struct part *a, struct part *b)
{
	size_t n = m->table->step->n_outputs;
	struct table_node node = { .atom = atom };

	if (b->kind == PART_NONE)
		return;
	if (a->kind == PART_NONE) {
		*a = *b;
		return;
	}
	if (a->kind == PART_ROW && b->kind == PART_ROW &&
	    agree(&a->loose, &b->loose, n)) {
		add_known(&a->loose, &b->loose, n);
		return;
	}
	if (half_taken(m->table->n_rows, m->rows_kept, MOST_ROWS) ||
	    half_taken(m->table->n_nodes, m->nodes_kept, MOST_NODES))
		collect(m);
	node.next[0] = place(m, a);
	node.next[1] = place(m, b);
	a->kind = PART_PLACED;
	if (!both_say(m, node.next[0], node.next[1], &a->at))
		a->at = place_node(m, node);
}

/* --- the whole ----------------------------------------------------------- */

bool making_start(struct making *m, const struct step *step)
{
	memset(m, 0, sizeof(*m));
	m->table = calloc(1, sizeof(*m->table));
	m->row_hash = calloc(HASH_SIZE, sizeof(*m->row_hash));
	m->node_hash = calloc(HASH_SIZE, sizeof(*m->node_hash));
	m->merged = calloc(MERGED, sizeof(*m->merged));
	if (m->table != NULL)
		m->table->step = step;
	return m->table != NULL && m->row_hash != NULL && m->node_hash != NULL &&
	       m->merged != NULL;
}

void making_drop(struct making *m)
{
	free(m->rows);
	free(m->row_hash);
	free(m->node_hash);
	free(m->merged);
	table_free(m->table);
}

struct table *making_end(struct making *m, struct part *whole)
{
	struct table *table = m->table;

	if (whole->kind == PART_NONE)
		memset(&whole->loose, 0, sizeof(whole->loose));
	whole->at = whole->kind == PART_PLACED ? whole->at : place_row(m, &whole->loose);
	whole->kind = PART_PLACED;
	m->n_live = 0;
	making_live(m, whole);
	collect(m);
	table->root = whole->at;
	table->rows = m->failed ? NULL : calloc(table->n_rows + 1, sizeof(*table->rows));
	if (table->rows == NULL) {
		making_drop(m);
		return NULL;
	}
	for (size_t i = 0; i < table->n_rows; i++)
		table->rows[i] = m->rows[i].row;
	m->table = NULL;
	making_drop(m);
	return table;
}
