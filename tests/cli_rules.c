/* SPDX-License-Identifier: MIT */
/* psvm rules. */
#include "cli_group.h"

#include "rows.h"

static struct row rows[] = {
	{ "rules help", "rules --help", 0, { "Usage: psvm rules", "--json" }, { NULL } },
	{ "rules help does not fit",
	  "rules --help >/dev/full",
	  2,
	  { NULL },
	  { "psvm rules: standard output: " } },
	{ "rules list",
	  "rules",
	  0,
	  { "linux-6.12      Linux 6.12.107 to 6.12.117\n", "exact           what the" },
	  { NULL } },
	{ "rules of lkml-2022",
	  "rules lkml-2022",
	  0,
	  { "HANDBACK_TO_12: 02 to vmcb12\n"
	    "      V_TPR, V_IRQ: if V_INTR_MASKING of 12 = 1\n"
	    "      V_GIF: if vGIF is nested\n",
	    "hand-back (L0 emulates #VMEXIT",
	    "      event: if V_INTR_MASKING of 12 = 0 and V_IRQ of 02 = 1\n" },
	  { NULL } },
	{ "rules of xen",
	  "rules xen",
	  0,
	  { "all but V_INTR_MASKING: always", "MERGE_WORDS: merged",
	    "      unless the emulated VMRUN has not run" },
	  { NULL } },
	{ "rules unknown",
	  "rules linux-6.2",
	  2,
	  { NULL },
	  { "psvm rules: unknown rule set 'linux-6.2' (did you mean 'linux-6.1'?)", KNOWN } },
	{ "rules superfluous",
	  "rules xen exact",
	  2,
	  { NULL },
	  { "superfluous argument 'exact'", "usage: psvm rules" } },
	{ "rules bad option",
	  "rules --yaml",
	  2,
	  { NULL },
	  { "psvm rules: --yaml: unknown option",
	    "try \"psvm rules --help\"" } },
	{ "rules does not fit",
	  "rules exact >/dev/full",
	  2,
	  { NULL },
	  { "standard output: " } },
	{ "rules closed", "rules exact >&-", 2, { NULL }, { "standard output: " } },
};

static struct json_row json_rows[] = {
	{ "rules list", "rules --json", 0, "", "8" },
	{ "rules name", "rules --json", 0, "6.name", "xen" },
	{ "rules cell", "rules --json lkml-2022", 0, "cells.0.cell", "ENTER_INVALID" },
	{ "rules condition", "rules --json lkml-2022", 0, "cells.0.lines.0.on.0",
	  "CHECKS_FAILED" },
};

const struct cli_group cli_rules = {
	.rows = rows,
	.n_rows = N_ROWS(rows),
	.json_rows = json_rows,
	.n_json_rows = N_ROWS(json_rows),
};
