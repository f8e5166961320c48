/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

#include "command.h"

#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *command;
char out[SIZE], err[SIZE];

size_t read_file(const char *name, char *buffer, size_t size)
{
	FILE *file = fopen(name, "rb");
	size_t length;

	assert_non_null(file);
	length = fread(buffer, 1, size - 1, file);
	fclose(file);
	buffer[length] = '\0';
	return length;
}

void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

int run_in(unsigned int columns, const char *arguments)
{
	char line[4096];
	int status;

	snprintf(line, sizeof(line), "exec >out 2>err </dev/null; COLUMNS=%u '%s' %s",
		 columns, command, arguments);
	status = system(line);
	assert_true(WIFEXITED(status));
	read_file("out", out, sizeof(out));
	read_file("err", err, sizeof(err));
	return WEXITSTATUS(status);
}

int run(const char *arguments)
{
	return run_in(9999, arguments);
}

void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

void assert_one_line(void)
{
	const char *end = strchr(err, '\n');

	if (!end || end[1] || strncmp(err, "psvm", 4) != 0)
		fail_msg("not one line of psvm's: %s", err);
}

void assert_fits(size_t columns)
{
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
		if (strlen(line) > columns && strchr(line + strspn(line, " "), ' '))
			fail_msg("%zu columns: %s", strlen(line), line);
}

void test_row(void **state)
{
	const struct row *row = *state;
	int status = run(row->arguments);

	if (status != row->status)
		fail_msg("exit status %d; %s", status, err);
	for (size_t i = 0; i < N_ROWS(row->in_out) && row->in_out[i]; i++)
		assert_contains(out, row->in_out[i]);
	for (size_t i = 0; i < N_ROWS(row->in_err) && row->in_err[i]; i++)
		assert_contains(err, row->in_err[i]);
	if (status != 2) {
		assert_string_equal(err, "");
		return;
	}
	assert_one_line();
	assert_string_equal(out, "");
}

size_t add_rows(struct CMUnitTest *tests, struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, test_row, NULL, NULL,
						&rows[i] };
	return n;
}

/* --- main ---------------------------------------------------------------- */

static char directory[] = "/tmp/psvm-test-XXXXXX";
static void (*prepare_directory)(void);

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory) || chdir(directory) != 0)
		return -1;
	if (prepare_directory)
		prepare_directory();
	return 0;
}

static int tear_down(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -r %s", directory);
	return chdir("/") == 0 && system(line) == 0 ? 0 : -1;
}

int command_main(int argc, char **argv, const char *group, const struct CMUnitTest *tests,
		 size_t n, void (*prepare)(void))
{
	char *path = argc == 2 ? realpath(argv[1], NULL) : NULL;
	int rc;

	if (!path) {
		fprintf(stderr, "usage: %s PSVM\n", argv[0]);
		return 2;
	}
	command = path;
	prepare_directory = prepare;
	rc = _cmocka_run_group_tests(group, tests, n, set_up, tear_down);
	free(path);
	return rc != 0;
}
