/* SPDX-License-Identifier: MIT */
/* check/foreign.h - foreign code as tables, one for each step that it has. */
#ifndef CHECK_FOREIGN_H
#define CHECK_FOREIGN_H

#include "table.h"

struct psvm_foreign {
	const struct psvm_rules *rules;
	struct psvm_tabulated report;
	struct table *tables[PSVM_DIFF_SCOPES]; /* null: by the rules */
};

/* The table of a step; null: there is none, the rules say. */
const struct table *foreign_table(const struct psvm_foreign *foreign,
				  const struct step *step);

#endif
