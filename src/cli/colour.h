/* SPDX-License-Identifier: MIT */
/* cli/colour.h - colours on a terminal. Whatever they say, the text says, too. */
#ifndef CLI_COLOUR_H
#define CLI_COLOUR_H

#include <stdbool.h>

enum colour {
	COLOUR_NONE,
	COLOUR_RED = 31,
	COLOUR_GREEN = 32,
	COLOUR_YELLOW = 33,
	COLOUR_MAGENTA = 35,
	COLOUR_CYAN = 36
};

/* The values of --color, as in Git. */
#define COLOUR_WHENS "auto|always|never"

/* Whether standard output is to have colours: --color, null is auto. Auto is yes on a
 * terminal that is not dumb, unless NO_COLOR is set. False after a line on stderr. */
bool colour_wanted(const char *command, const char *when, bool *wanted);

/* Print a text in a colour, if `wanted`. */
void colour_put(bool wanted, enum colour colour, const char *text);

#endif
