/* SPDX-License-Identifier: MIT */
/*
 * check/table_make.h - a table made out of the rows of its situations.
 *
 * A row is known as far as it has been seen: at the position of an atom only half of the
 * combinations can occur. Two rows that agree where both are known are one row, and an
 * atom between two halves that are one is not asked for.
 */
#ifndef CHECK_TABLE_MAKE_H
#define CHECK_TABLE_MAKE_H

#include "table.h"

/* What a table may have. */
enum { MOST_ROWS = 1 << 15, /* 3 KiB each */ MOST_NODES = 1 << 17 };

/* A row, and where it is known. */
struct wide_row {
	struct table_row row;
	uint64_t known[MAX_OUTPUTS][COMBINATIONS];
};

/* A part of the diagram: nothing (no such situation), a row that is nobody's yet, or
 * what a node refers to. */
struct part {
	enum { PART_NONE, PART_ROW, PART_PLACED } kind;
	uint32_t at;
	struct wide_row loose;
};

struct making {
	struct table *table;
	struct wide_row *rows; /* of the table, with what is known */
	size_t rows_room, nodes_room;
	size_t rows_kept, nodes_kept;	/* when what is left over was last removed */
	uint32_t *row_hash, *node_hash; /* number + 1 */
	struct merged *merged;		/* what lately has come of two */
	struct part *live[TABLE_ATOMS + 2];
	size_t n_live;
	bool failed; /* out of memory, or of what a table may have */
};

bool making_start(struct making *m, const struct step *step);

/* A part that stays from now on, and those that are joined must do so. */
void making_live(struct making *m, struct part *part);

/* One part of two: the atom decides, unless it makes no difference. a becomes it. */
void making_join(struct making *m, uint32_t atom, struct part *a, struct part *b);

/* The table with this part as its whole; null if the making failed. It is over. */
struct table *making_end(struct making *m, struct part *whole);
void making_drop(struct making *m);

#endif
