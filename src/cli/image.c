/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any hex dump of 4096 bytes, one byte to a line, needs. */
#define MAX_FILE_SIZE 1048576

static bool fail(const char *name, const char *what)
{
	fprintf(stderr, "psvm: %s: %s\n", name, what);
	return false;
}

static bool is_text(const char *data, size_t size)
{
	size_t i = 0;

	while (i < size &&
	       (isprint((unsigned char)data[i]) || isspace((unsigned char)data[i])))
		i++;
	return size > 0 && i == size;
}

static bool fail_size(const char *name, size_t size)
{
	fprintf(stderr, "psvm: %s: %s%zu bytes, a VMCB image has %d\n", name,
		size > MAX_FILE_SIZE ? "at least " : "", size, CLI_IMAGE_SIZE);
	return false;
}

/* data has room for a terminating zero. */
static bool parse_data(const char *name, char *data, size_t size, unsigned char *image)
{
	if (size == CLI_IMAGE_SIZE && !is_text(data, size)) {
		memcpy(image, data, size);
		return true;
	}
	if (size > MAX_FILE_SIZE || !is_text(data, size))
		return fail_size(name, size);
	data[size] = '\0';
	return cli_dump_parse(name, data, image);
}

static bool read_stream(const char *name, FILE *stream, unsigned char *image)
{
	char *data = malloc(MAX_FILE_SIZE + 2);
	bool ok = false;

	if (data) {
		size_t size = fread(data, 1, MAX_FILE_SIZE + 1, stream);

		ok = ferror(stream) ? fail(name, strerror(errno))
				    : parse_data(name, data, size, image);
	} else {
		fail(name, strerror(errno));
	}
	free(data);
	return ok;
}

static bool read_standard_input(const char *name, unsigned char *image)
{
	if (feof(stdin))
		return fail(name, "\"-\" is given twice, and can be read once");
	return read_stream(name, stdin, image);
}

bool cli_image_read(const char *path, unsigned char image[CLI_IMAGE_SIZE])
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	FILE *stream;
	bool ok;

	if (name != path)
		return read_standard_input(name, image);
	stream = fopen(path, "rb");
	if (!stream)
		return fail(name, strerror(errno));
	ok = read_stream(name, stream, image);
	fclose(stream);
	return ok;
}
