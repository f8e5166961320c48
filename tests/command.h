/* SPDX-License-Identifier: MIT */
/* The command, as a user runs it, and rows of calls of it. */
#ifndef PSVM_TESTS_COMMAND_H
#define PSVM_TESTS_COMMAND_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

enum { SIZE = 1 << 20 };

extern const char *command; /* the absolute path of psvm */
extern char out[SIZE], err[SIZE]; /* of the last run */

/* A call: what it prints, what it says on stderr, its exit status. */
struct row {
	const char *name;
	const char *arguments;
	int status;
	const char *in_out[4];
	const char *in_err[3];
};

size_t read_file(const char *name, char *buffer, size_t size);
void write_file(const char *name, const char *text);

/* Run the command. Arguments are shell words, so that redirections can be written
 * there. run() has so many columns that nothing is wrapped. */
int run_in(unsigned int columns, const char *arguments);
int run(const char *arguments);

void assert_contains(const char *text, const char *part);
void assert_one_line(void);

/* No line of the last run is wider, but for one that is a single long word. */
void assert_fits(size_t columns);

/* A case, with its struct row. After an error there is exactly one line on stderr and
 * nothing on stdout, otherwise nothing on stderr. */
void test_row(void **state);

/* A case for each row; returns n. */
size_t add_rows(struct CMUnitTest *tests, struct row *rows, size_t n);

/* The main() of a program of cases, whose only argument is the path of psvm. They run
 * in a directory of their own, which `prepare` fills; null: it is empty. */
int command_main(int argc, char **argv, const char *group, const struct CMUnitTest *tests,
		 size_t n, void (*prepare)(void));

#endif
