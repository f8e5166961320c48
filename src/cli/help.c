/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 24, GAP = 2, NARROW = 60, INDENT = 8 };

/* A name that is too long has a line of its own, unless all fits into one. */
void help_print_row(const char *name, const char *words)
{
	unsigned int hang = cli_width() < NARROW ? INDENT : NAME + GAP;
	size_t length = strlen(name);

	if ((hang > NAME && length <= NAME) ||
	    length + GAP + strlen(words) <= cli_width()) {
		cli_print_hanging(0, hang, "%-*s  %s", NAME, name, words);
		return;
	}
	puts(name);
	cli_print_hanging(hang, hang, "%s", words);
}

static void print_option(const struct poptOption *option)
{
	char name[128], letter[] = { '-', option->shortName, ',', '\0' };

	(void)snprintf(name, sizeof(name), "  %3s --%s%s%s",
		       option->shortName ? letter : "", option->longName,
		       option->argDescrip ? "=" : "",
		       option->argDescrip ? option->argDescrip : "");
	help_print_row(name, option->descrip);
}

static void print_paragraphs(const char *help)
{
	while (*help) {
		size_t length = strcspn(help, "\n");

		cli_print(0, "%.*s", (int)length, help);
		help += length + (help[length] == '\n');
	}
}

/* The first paragraph says what the command does. */
int help_print(const struct cli_usage *usage)
{
	size_t first = strcspn(usage->help, "\n");

	cli_print(0, "Usage: psvm %s %s", usage->command, usage->synopsis);
	putchar('\n');
	cli_print(0, "%.*s", (int)first, usage->help);
	puts("\nOptions:");
	for (const struct poptOption *o = usage->options; o->longName; o++)
		print_option(o);
	putchar('\n');
	print_paragraphs(usage->help + first + 1);
	return cli_flush(usage->command) ? CLI_OK : CLI_BAD;
}
