/* SPDX-License-Identifier: MIT */
/* cli/diagram.h - int_ctl (060h) as a drawing, as wide as the terminal lets it. */
#ifndef CLI_DIAGRAM_H
#define CLI_DIAGRAM_H

#define PSVM_EXTERN
#include "psvm/rules.h"

struct diagram {
	uint64_t word;
	uint64_t shown;			/* rows without such bits are left out */
	const struct psvm_rules *rules; /* whose moves are drawn; null: none */
	bool colour;
};

void diagram_print(const struct diagram *diagram);

/* What the marks in it mean, a line for each. */
void diagram_print_legend(const struct diagram *diagram);

#endif
