/* SPDX-License-Identifier: MIT */
/* cli/nearest.h - which name was meant. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

/* Start with the word that was written; offer it every name. */
struct cli_nearest {
	const char *word;
	const char *name; /* that is most like it; null: none is */
	unsigned int distance;
};

void cli_nearest_offer(struct cli_nearest *nearest, const char *name);

/* " (did you mean 'NAME'?)", or nothing. It lives until the next call. */
const char *cli_nearest_question(const struct cli_nearest *nearest);

#endif
