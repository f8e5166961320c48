/* SPDX-License-Identifier: MIT */
/* cli/help.h - what --help prints. The man page and the completions are made of it. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli.h"

/* The help of a command. Returns the exit status. */
int help_print(const struct cli_usage *usage);

/* A row of a list: the name of an option or a command, indented, and words about it in a
 * column of their own, if the terminal is wide enough. */
void help_print_row(const char *name, const char *words);

#endif
