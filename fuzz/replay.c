/* SPDX-License-Identifier: MIT */
/*
 * A plain main() for every fuzz target: runs it on the files, and on the files
 * in the directories, that are given as arguments. Needs no libFuzzer.
 *
 * usage: replay_TARGET [-pairs=N] FILE|DIRECTORY...
 *
 * Exit status: 0 if at least one input ran, 1 if none did, one could not be read, all
 * together visit fewer than N pairs, or N is no number from 1. A target that finds something aborts.
 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64 /* else readdir() of 32 bits sees no entry of a large disk */

#include "mutate.h"
#include "pairs.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The longest input of any target is three images; more is read and ignored. */
#define INPUT_MAX 65536
#define PATH_BYTES 4096

struct replay {
	unsigned long inputs;
	unsigned long unreadable;
};

static void complain(struct replay *replay, const char *path)
{
	perror(path);
	replay->unreadable++;
}

/* In a block of exactly its size, so that a sanitizer sees a read beyond. */
static void run_input(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + (size == 0));

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void replay_file(struct replay *replay, const char *path)
{
	static uint8_t data[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t size;
	bool bad;

	if (file == NULL) {
		complain(replay, path);
		return;
	}
	size = fread(data, 1, sizeof(data), file);
	bad = ferror(file) != 0;
	if (bad)
		complain(replay, path);
	(void)fclose(file);
	if (bad)
		return;
	run_input(data, size);
	replay->inputs++;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Files only: a corpus directory has no directories of its own. */
static void replay_entry(struct replay *replay, const char *directory, const char *name)
{
	char path[PATH_BYTES];
	int length = snprintf(path, sizeof(path), "%s/%s", directory, name);

	if (length < 0 || (size_t)length >= sizeof(path))
		complain(replay, directory);
	else if (!is_directory(path))
		replay_file(replay, path);
}

static void replay_directory(struct replay *replay, const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (directory == NULL) {
		complain(replay, path);
		return;
	}
	while ((entry = readdir(directory)) != NULL)
		replay_entry(replay, path, entry->d_name);
	(void)closedir(directory);
}

/* What the first argument asks for, if it is the option; else NULL. */
static const char *pairs_asked(int argc, char **argv)
{
	static const char option[] = "-pairs=";
	size_t length = sizeof(option) - 1;

	if (argc < 2 || strncmp(argv[1], option, length) != 0)
		return NULL;
	return argv[1] + length;
}

/* Digits only; 0 if there are others, or none. One too large is as large as can be. */
static unsigned long parse_floor(const char *text)
{
	if (text[strspn(text, "0123456789")] != '\0')
		return 0;
	return strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	struct replay replay = { 0, 0 };
	const char *asked = pairs_asked(argc, argv);
	unsigned long floor = asked == NULL ? 0 : parse_floor(asked);

	/* Nothing is below 0: that would be a gate that cannot fail. */
	if (asked != NULL && floor == 0) {
		fprintf(stderr, "-pairs=%s: not a number of pairs, 1 or more\n", asked);
		return 1;
	}
	if (LLVMFuzzerInitialize(&argc, &argv) != 0)
		return 1;
	for (int i = asked == NULL ? 1 : 2; i < argc; i++) {
		if (is_directory(argv[i]))
			replay_directory(&replay, argv[i]);
		else
			replay_file(&replay, argv[i]);
	}
	printf("%lu inputs replayed, %lu unreadable\n", replay.inputs,
	       replay.unreadable);
	if (fuzz_pairs_visited() < floor)
		printf("FAILED: fewer than %lu pairs\n", floor);
	return replay.inputs == 0 || replay.unreadable != 0 ||
	       fuzz_pairs_visited() < floor;
}
