/* SPDX-License-Identifier: MIT */
/* The cases of test_cli, by command. */
#ifndef PSVM_TESTS_CLI_GROUP_H
#define PSVM_TESTS_CLI_GROUP_H

#include "command.h"

/* A call that prints JSON, and one thing in it. */
struct json_row {
	const char *name;
	const char *arguments;
	int status;
	const char *path;     /* members and indexes, with dots */
	const char *expected; /* of the string, or number, or size of the array */
};

struct cli_group {
	struct row *rows;
	size_t n_rows;
	struct json_row *json_rows;
	size_t n_json_rows;
	const struct CMUnitTest *tests;
	size_t n_tests;
};

extern const struct cli_group cli_decode, cli_rules, cli_diff, cli_explain, cli_run;

/* All rule sets, in the words of an error. */
#define KNOWN \
	"linux-6.1, lkml-2022-base, lkml-2022, lkml-2022-vnmi, linux-6.12, linux-7.2, " \
	"xen, exact"

#endif
