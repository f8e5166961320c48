/* SPDX-License-Identifier: MIT */
/* cli/l0.h - what the user names: a rule set, or foreign code in a shared object. */
#ifndef CLI_L0_H
#define CLI_L0_H

#include "psvm/foreign.h"

#include <jansson.h>

struct cli_l0 {
	struct psvm_l0 l0;
	struct psvm_foreign *foreign; /* to be freed; null: a rule set */
};

/* Room for a name: longer paths (PATH_MAX) cannot be opened. */
enum { CLI_L0_NAME = 4096 };

/* Is it the name of a file? With a slash, or ".so" at its end. */
bool cli_is_file(const char *name);

/* By its name. False after a line on stderr. */
bool cli_l0_open(const char *command, const char *name, struct cli_l0 *l0);
void cli_l0_close(struct cli_l0 *l0);

/* What "complete" means for foreign code; nothing for a rule set. Returns the number of
 * sentences. */
enum { CLI_L0_NOTES = 2, CLI_L0_WORDS = 8192 };
size_t cli_l0_notes(char notes[CLI_L0_NOTES][CLI_L0_WORDS], const char *name,
		    const struct psvm_foreign *foreign);
void cli_l0_print(const char *name, const struct psvm_foreign *foreign);
json_t *cli_l0_json(const struct psvm_foreign *foreign); /* null for a rule set */

#endif
