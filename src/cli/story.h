/* SPDX-License-Identifier: MIT */
/* cli/story.h - how commands tell stories. */
#ifndef CLI_STORY_H
#define CLI_STORY_H

#include "psvm/check.h"

#include <jansson.h>

/* What the two machines of a story are called: in a line and as a key of JSON, and
 * the right one in a sentence. */
struct cli_sides {
	const char *left, *right;
	const char *words;
};

/* The time line; its title is the command's. */
void cli_print_story(const struct psvm_finding *f, const struct cli_sides *sides);

json_t *cli_json_finding(const struct psvm_finding *f, const struct cli_sides *sides);

#endif
