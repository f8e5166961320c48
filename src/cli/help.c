/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <stdio.h>
#include <string.h>

enum { WORDS = 26, NARROW = 60 };

void help_print_row(const char *name, const char *words)
{
	unsigned int hang = cli_width() < NARROW ? 8 : WORDS;
	int width = WORDS - 2;

	if (strlen(name) <= (size_t)width && hang == WORDS) {
		cli_print_hanging(0, hang, "%-*s%s", width + 2, name, words);
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
