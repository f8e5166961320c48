/* SPDX-License-Identifier: MIT */
/* cli/cli.h - what the commands have in common. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#define PSVM_EXTERN
#include "psvm/rules.h"

#include <jansson.h>
#include <popt.h>

enum { CLI_OK = 0, CLI_DIFFERENT = 1, CLI_BAD = 2 };

/* The commands; argv[0] is the name of the command. Return the exit status. */
int cmd_decode(int argc, const char **argv);
int cmd_enter(int argc, const char **argv);
int cmd_sync(int argc, const char **argv);
int cmd_diff(int argc, const char **argv);
int cmd_explain(int argc, const char **argv);
int cmd_check(int argc, const char **argv);
int cmd_new_adapter(int argc, const char **argv);
int cmd_replay(int argc, const char **argv);
int cmd_rules(int argc, const char **argv);

/* One line on stderr: "psvm COMMAND: ..."; returns false. */
__attribute__((format(printf, 2, 3))) bool cli_fail(const char *command,
						    const char *format, ...);

/* A command's options and arguments. */
struct cli_usage {
	const char *command;  /* "diff" */
	const char *synopsis; /* "[--json] RULES RULES" */
	const char *help; /* paragraphs: what it does, then what follows the options */
	const struct poptOption *options;
	size_t min_arguments;
	size_t max_arguments;
};

/* The rows that tables of options have in common; `set` is an int, of
 * HTML a string. */
#define CLI_HTML_OPTION(set) \
	{ \
		"html", '\0', POPT_ARG_STRING, set, 0, \
			"write a page as well, to be looked at in a browser", "FILE" \
	}
#define CLI_JSON_OPTION(set) \
	{ \
		"json", 'j', POPT_ARG_NONE, set, 0, "print JSON", NULL \
	}
#define CLI_HELP_OPTION \
	{ \
		"help", 'h', POPT_ARG_NONE, NULL, 0, "show this help and exit", NULL \
	}

/* What a command does with its options and its arguments, which end with a null
 * pointer. Returns the exit status. */
typedef int cli_run(const void *options, const char **arguments);

/* Parse; run, or print the help if it is asked for. Strings that are stored in
 * the options are the caller's to free, and so are arrays of them (POPT_ARG_ARGV: an
 * option that may be given several times; null, or ends with a null pointer). */
int cli_command(const struct cli_usage *usage, int argc, const char **argv, cli_run *run,
		const void *options);

/* The value of an option, a decimal number from min to max; *number stays as it is if
 * the option was not given. False after a line on stderr. */
bool cli_number(const char *command, const char *option, const char *text,
		unsigned long min, unsigned long max, unsigned long *number);

/* Is the value of an option the name of a file to write? Null is: it was not given. False
 * after a line on stderr. */
bool cli_new_file(const char *command, const char *option, const char *path);

/* A rule set by its name, or null after a line on stderr with the known ones. */
const struct psvm_rules *cli_rules(const char *command, const char *name);

/*
 * Text, wrapped between words at the width of the terminal. The first line
 * begins at column `indent`, the following ones at `indent` + 4.
 */
__attribute__((format(printf, 2, 3))) void cli_print(unsigned int indent,
						     const char *format, ...);

/* The same; the following lines begin at column `hang`. */
__attribute__((format(printf, 3, 4))) void
cli_print_hanging(unsigned int indent, unsigned int hang, const char *format, ...);

/* Columns of the terminal, or 80. */
size_t cli_width(void);

/* Whether everything that was printed has been written; else one line. */
bool cli_flush(const char *command);

/* Print JSON and release it; null is a failed allocation. */
bool cli_print_json(const char *command, json_t *json);

json_t *cli_json_hex(uint64_t value);

/* A list of names in words: add the next one. */
void cli_list(char *list, size_t size, const char *name);

#endif
