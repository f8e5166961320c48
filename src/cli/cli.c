/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE

#include "cli.h"

#include "psvm/names.h"
#include "psvm/rule_sets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HANGING = 4, LINE = 16384, NARROWEST = 20 };

bool cli_fail(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "psvm%s%s: ", *command ? " " : "", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

/* --- text ---------------------------------------------------------------- */

size_t cli_width(void)
{
	const char *columns = getenv("COLUMNS");
	long width = columns ? strtol(columns, NULL, 10) : 0;
	struct winsize size;

	if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (width <= 0)
		width = 80;
	return width < NARROWEST ? NARROWEST : (size_t)width;
}

/* Word by word; spaces at the begin of the text stay. */
static void print_wrapped(unsigned int indent, const char *text)
{
	size_t width = cli_width(), column = indent;
	const char *gap = "";

	printf("%*s", (int)indent, "");
	while (*text) {
		size_t length = strcspn(text, " ");

		if (column + strlen(gap) + length > width && *gap) {
			printf("\n%*s", (int)indent + HANGING, "");
			column = indent + HANGING;
			gap = "";
		}
		printf("%s%.*s", gap, (int)length, text);
		column += strlen(gap) + length;
		text += length;
		text += *text == ' ';
		gap = " ";
	}
	putchar('\n');
}

void cli_print(unsigned int indent, const char *format, ...)
{
	char text[LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_wrapped(indent, text);
}

bool cli_flush(const char *command)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	return cli_fail(command, "standard output: %s", strerror(errno));
}

/* --- JSON ---------------------------------------------------------------- */

json_t *cli_json_hex(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

bool cli_print_json(const char *command, json_t *json)
{
	if (!json)
		return cli_fail(command, "no JSON: out of memory");
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
	return cli_flush(command);
}

/* --- usage --------------------------------------------------------------- */

static void print_paragraphs(const char *help)
{
	while (*help) {
		size_t length = strcspn(help, "\n");

		cli_print(0, "%.*s", (int)length, help);
		help += length + (help[length] == '\n');
	}
}

static enum cli_parsed print_help(const struct cli_usage *usage, poptContext context)
{
	poptPrintHelp(context, stdout, 0);
	putchar('\n');
	print_paragraphs(usage->help);
	return cli_flush(usage->command) ? CLI_HELPED : CLI_REFUSED;
}

static size_t count(const char **arguments)
{
	size_t n = 0;

	while (arguments && arguments[n])
		n++;
	return n;
}

static enum cli_parsed check_arguments(const struct cli_usage *usage,
				       const char **arguments)
{
	size_t n = count(arguments);

	if (n < usage->min_arguments)
		cli_fail(usage->command, "%zu argument%s missing; usage: psvm %s %s",
			 usage->min_arguments - n,
			 usage->min_arguments - n == 1 ? "" : "s", usage->command,
			 usage->synopsis);
	else if (n > usage->max_arguments)
		cli_fail(usage->command, "superfluous argument '%s'; usage: psvm %s %s",
			 arguments[usage->max_arguments], usage->command,
			 usage->synopsis);
	else
		return CLI_GO;
	return CLI_REFUSED;
}

enum cli_parsed cli_parse(const struct cli_usage *usage, int argc, const char **argv,
			  poptContext *context, const char ***arguments)
{
	static const char *none = NULL;
	static char name[32]; /* the context and its help keep it */
	int option;

	snprintf(name, sizeof(name), "psvm %s", usage->command);
	argv[0] = name;
	*context = poptGetContext(NULL, argc, argv, usage->options, 0);
	poptSetOtherOptionHelp(*context, usage->synopsis);
	option = poptGetNextOpt(*context);
	if (option == 'h')
		return print_help(usage, *context);
	if (option < -1) {
		cli_fail(usage->command, "%s: %s; usage: psvm %s %s",
			 poptBadOption(*context, POPT_BADOPTION_NOALIAS),
			 poptStrerror(option), usage->command, usage->synopsis);
		return CLI_REFUSED;
	}
	*arguments = poptGetArgs(*context);
	if (!*arguments)
		*arguments = &none;
	return check_arguments(usage, *arguments);
}

/* --- rule sets ----------------------------------------------------------- */

const struct psvm_rules *cli_rules(const char *command, const char *name)
{
	const struct psvm_rules *rules = psvm_rules_by_name(name);
	char known[512] = "";

	if (rules)
		return rules;
	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++) {
		if (id)
			strcat(known, ", ");
		strcat(known, psvm_name_of_rule_set(id));
	}
	cli_fail(command, "unknown rule set '%s'; known are %s", name, known);
	return NULL;
}
