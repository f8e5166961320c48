/* SPDX-License-Identifier: MIT */
/* cli/output.h - to a file, whole or not at all. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * A file on its way. Everything that can go wrong does so at the beginning,
 * so that a command can print its report in between: a regular file is replaced
 * in one step by a new one that is complete, and nobody ever reads half of
 * it; a device or a pipe cannot be replaced, and is written at the end.
 */
struct cli_output {
	const char *path;
	const void *data;
	size_t size;
	char *target;	 /* that is replaced: behind symbolic links */
	char *temporary; /* the new file; or null: a device or a pipe */
	FILE *stream;	 /* the device or the pipe */
};

/* Each returns false after one line on stderr; after a beginning that has
 * failed there is nothing to end. The data stay the caller's until the end. */
bool cli_output_begin(struct cli_output *output, const char *path, const void *data,
		      size_t size);
bool cli_output_commit(struct cli_output *output);

/* Will this path do, as far as can be said beforehand? Of a device or a pipe nothing can:
 * to open it is to begin. False after one line on stderr. */
bool cli_output_probe(const char *path);

/* Instead of a commit: leave everything as it was. */
void cli_output_abandon(struct cli_output *output);

#endif
