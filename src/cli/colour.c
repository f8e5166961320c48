/* SPDX-License-Identifier: MIT */
#include "colour.h"

#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static bool terminal_has_colours(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !is_set("NO_COLOR") && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

bool colour_wanted(const char *command, const char *when, bool *wanted)
{
	if (!when || strcmp(when, "auto") == 0)
		*wanted = terminal_has_colours();
	else if (strcmp(when, "always") == 0)
		*wanted = true;
	else if (strcmp(when, "never") == 0)
		*wanted = false;
	else
		return cli_fail(command, "--color: '%s' is not auto, always or never",
				when);
	return true;
}

void colour_put(bool wanted, enum colour colour, const char *text)
{
	if (wanted && colour)
		printf("\033[%dm%s\033[m", (int)colour, text);
	else
		printf("%s", text);
}
