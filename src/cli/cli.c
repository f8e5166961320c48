/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "help.h"
#include "nearest.h"

#include "psvm/check.h"
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
static void print_wrapped(unsigned int indent, unsigned int hang, const char *text)
{
	size_t width = cli_width(), column = indent;
	const char *gap = "";

	printf("%*s", (int)indent, "");
	while (*text) {
		size_t length = strcspn(text, " ");

		if (column + strlen(gap) + length > width && *gap) {
			printf("\n%*s", (int)hang, "");
			column = hang;
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

__attribute__((format(printf, 3, 0))) static void
print_formatted(unsigned int indent, unsigned int hang, const char *format, va_list args)
{
	char text[LINE];

	vsnprintf(text, sizeof(text), format, args);
	print_wrapped(indent, hang, text);
}

void cli_print(unsigned int indent, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_formatted(indent, indent + HANGING, format, args);
	va_end(args);
}

void cli_print_hanging(unsigned int indent, unsigned int hang, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_formatted(indent, hang, format, args);
	va_end(args);
}

void cli_list(char *list, size_t size, const char *name)
{
	size_t length = strlen(list);

	snprintf(list + length, size - length, "%s%s", length ? ", " : "", name);
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

static size_t count(const char **arguments)
{
	size_t n = 0;

	while (arguments[n])
		n++;
	return n;
}

static bool check_arguments(const struct cli_usage *usage, const char **arguments)
{
	size_t n = count(arguments);

	if (n < usage->min_arguments)
		return cli_fail(usage->command,
				"%zu argument%s missing; usage: psvm %s %s",
				usage->min_arguments - n,
				usage->min_arguments - n == 1 ? "" : "s", usage->command,
				usage->synopsis);
	if (n > usage->max_arguments)
		return cli_fail(
			usage->command, "superfluous argument '%s'; usage: psvm %s %s",
			arguments[usage->max_arguments], usage->command, usage->synopsis);
	return true;
}

/*
 * popt stores an option that is given twice twice, and loses the first string.
 * So it gets a table that stores nothing, whose values are numbers of rows.
 */
enum { MAX_OPTIONS = 16 };

struct parser {
	const struct cli_usage *usage;
	struct poptOption rows[MAX_OPTIONS]; /* the context keeps it, and the name */
	char name[32];
	bool given[MAX_OPTIONS];
	poptContext context;
};

static void number_rows(struct parser *parser)
{
	size_t i = 0;

	for (; parser->usage->options[i].longName; i++) {
		parser->rows[i] = parser->usage->options[i];
		parser->rows[i].arg = NULL;
		parser->rows[i].val = (int)i + 1;
	}
	parser->rows[i] = (struct poptOption)POPT_TABLEEND;
}

/* An option that may be given several times. */
static bool append(const struct poptOption *option, char *value)
{
	(void)poptSaveString(option->arg, 0, value);
	free(value);
	return true;
}

static bool store(struct parser *parser, const struct poptOption *option)
{
	bool *given = &parser->given[option - parser->usage->options];
	char *value = poptGetOptArg(parser->context);

	if (option->argInfo == POPT_ARG_ARGV)
		return append(option, value);
	if (*given) {
		free(value);
		return cli_fail(parser->usage->command,
				"--%s is given twice; give it once", option->longName);
	}
	*given = true;
	if (option->argInfo == POPT_ARG_STRING)
		*(char **)option->arg = value;
	else
		*(int *)option->arg = 1;
	return true;
}

static int run_parsed(struct parser *parser, cli_run *run, const void *options)
{
	static const char *none = NULL;
	const char **arguments = poptGetArgs(parser->context);

	if (!arguments)
		arguments = &none;
	return check_arguments(parser->usage, arguments) ? run(options, arguments)
							 : CLI_BAD;
}

/* Whoever writes --scop=full means --scope. */
static int refuse_option(const struct parser *parser, int error)
{
	const char *option = poptBadOption(parser->context, POPT_BADOPTION_NOALIAS);
	char word[32];
	struct cli_nearest nearest = { .word = word };

	(void)snprintf(word, sizeof(word), "%.*s",
		       (int)strcspn(option + strspn(option, "-"), "="),
		       option + strspn(option, "-"));
	for (size_t i = 0;
	     error == POPT_ERROR_BADOPT && word[1] && parser->usage->options[i].longName;
	     i++)
		cli_nearest_offer(&nearest, parser->usage->options[i].longName);
	cli_fail(parser->usage->command, "%s: %s%s; try \"psvm %s --help\"", option,
		 poptStrerror(error), cli_nearest_question(&nearest),
		 parser->usage->command);
	return CLI_BAD;
}

static int parse(struct parser *parser, cli_run *run, const void *options)
{
	const struct cli_usage *usage = parser->usage;
	int row;

	while ((row = poptGetNextOpt(parser->context)) > 0) {
		const struct poptOption *option = &usage->options[row - 1];

		if (!option->arg)
			return help_print(usage);
		if (!store(parser, option))
			return CLI_BAD;
	}
	if (row == -1)
		return run_parsed(parser, run, options);
	return refuse_option(parser, row);
}

int cli_command(const struct cli_usage *usage, int argc, const char **argv, cli_run *run,
		const void *options)
{
	struct parser parser = { .usage = usage };
	int status;

	snprintf(parser.name, sizeof(parser.name), "psvm %s", usage->command);
	argv[0] = parser.name;
	number_rows(&parser);
	parser.context = poptGetContext(NULL, argc, argv, parser.rows, 0);
	status = parse(&parser, run, options);
	poptFreeContext(parser.context);
	return status;
}

bool cli_number(const char *command, const char *option, const char *text,
		unsigned long min, unsigned long max, unsigned long *number)
{
	unsigned long value;

	if (text == NULL)
		return true;
	value = strtoul(text, NULL, 10); /* ULONG_MAX if it is larger */
	if (!*text || text[strspn(text, "0123456789")] || value < min || value > max)
		return cli_fail(command, "--%s: '%s' is not a number from %lu to %lu",
				option, text, min, max);
	*number = value;
	return true;
}

bool cli_new_file(const char *command, const char *option, const char *path)
{
	if (path == NULL)
		return true;
	if (*path == '\0')
		return cli_fail(command, "%s: the name of the file is empty", option);
	return strcmp(path, "-") != 0 ||
	       cli_fail(command,
			"%s -: the report goes to the standard output; give %s a FILE",
			option, option);
}

/* --- rule sets ----------------------------------------------------------- */

const struct psvm_rules *cli_rules(const char *command, const char *name)
{
	const struct psvm_rules *rules = psvm_rules_by_name(name);
	struct cli_nearest nearest = { .word = name };
	char known[512] = "";

	if (rules)
		return rules;
	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++) {
		cli_list(known, sizeof(known), psvm_name_of_rule_set(id));
		cli_nearest_offer(&nearest, psvm_name_of_rule_set(id));
	}
	cli_fail(command, "unknown rule set '%s'%s; known are %s", name,
		 cli_nearest_question(&nearest), known);
	return NULL;
}
