/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

#include "image.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any hex dump of 4096 bytes, one byte to a line, needs. */
#define MAX_FILE_SIZE 1048576

#define HEX_DIGITS  "0123456789abcdefABCDEF"
#define WHITE_SPACE " \t\r\f\v"

static const char *name_of(const char *path, const char *standard)
{
	return strcmp(path, "-") == 0 ? standard : path;
}

static bool fail(const char *name, const char *what)
{
	fprintf(stderr, "psvm: %s: %s\n", name, what);
	return false;
}

/*
 * Hex dumps.
 */
struct dump {
	const char *name;
	unsigned char *image;
	size_t size; /* bytes of the image so far */
	size_t last; /* where the bytes of the last line begin */
	unsigned long line;
	bool offsets;  /* each line begins with one */
	bool squeezed; /* a "*" since the last line */
};

__attribute__((format(printf, 2, 3))) static bool fail_line(const struct dump *dump,
							    const char *format, ...)
{
	va_list args;

	fprintf(stderr, "psvm: %s: hex dump line %lu: ", dump->name, dump->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

static bool fail_digit(const struct dump *dump, const char *text)
{
	if (isxdigit((unsigned char)text[0]))
		return fail_line(dump, "a byte with one hex digit, '%c'", text[0]);
	return fail_line(dump, "'%c' is not a hex digit", text[0]);
}

static bool add_byte(struct dump *dump, unsigned char byte)
{
	if (dump->size == CLI_IMAGE_SIZE)
		return fail_line(dump, "more than %d bytes, a VMCB image has %d",
				 CLI_IMAGE_SIZE, CLI_IMAGE_SIZE);
	dump->image[dump->size++] = byte;
	return true;
}

static bool parse_bytes(struct dump *dump, const char *text)
{
	dump->last = dump->size;
	for (text += strspn(text, WHITE_SPACE); *text;
	     text += strspn(text, WHITE_SPACE)) {
		char digits[3] = { text[0], text[1] };

		if (strspn(digits, HEX_DIGITS) != 2)
			return fail_digit(dump, text);
		if (!add_byte(dump, (unsigned char)strtoul(digits, NULL, 16)))
			return false;
		text += 2;
	}
	return true;
}

static bool parse_star(struct dump *dump)
{
	if (dump->size && !dump->offsets)
		return fail_line(dump, "'*' in a dump without offsets");
	if (dump->size == dump->last)
		return fail_line(dump,
				 "'*' repeats a line, but no line with bytes precedes");
	dump->squeezed = true;
	return true;
}

/* Repeat the last line up to offset. */
static bool repeat(struct dump *dump, size_t offset)
{
	size_t length = dump->size - dump->last;

	if (offset > CLI_IMAGE_SIZE || offset <= dump->size ||
	    (offset - dump->size) % length)
		return fail_line(dump, "offset 0x%zx does not fit the '*' above", offset);
	for (; dump->size < offset; dump->size++)
		dump->image[dump->size] = dump->image[dump->size - length];
	dump->squeezed = false;
	return true;
}

static bool seek(struct dump *dump, size_t offset)
{
	if (dump->squeezed)
		return repeat(dump, offset);
	if (offset != dump->size)
		return fail_line(dump, "offset 0x%zx instead of 0x%zx", offset,
				 dump->size);
	return true;
}

/*
 * "00000010: 0011 2233  .."3", "00000010  00 11 22 33  |.."3|" or
 * "000010 00 11 22 33": the columns of characters have to go.
 */
static bool parse_offset_line(struct dump *dump, char *text)
{
	bool colon;
	char *end;
	size_t offset;

	if (!isxdigit((unsigned char)*text))
		return fail_digit(dump, text);
	offset = strtoul(text, &end, 16);
	colon = *end == ':';
	text = end + colon;
	end = colon ? strstr(text, "  ") : strpbrk(text, "|>");
	if (end)
		*end = '\0';
	return seek(dump, offset) && parse_bytes(dump, text);
}

static bool parse_line(struct dump *dump, char *text)
{
	text += strspn(text, WHITE_SPACE);
	if (*text == '\0')
		return true;
	if (*text == '*' && text[1 + strspn(text + 1, WHITE_SPACE)] == '\0')
		return parse_star(dump);
	return dump->offsets ? parse_offset_line(dump, text) : parse_bytes(dump, text);
}

/*
 * Whether the lines of a dump begin with an offset: the first one is 0, and
 * has a colon behind it or too many digits for a byte before single bytes.
 */
static bool has_offsets(const char *text)
{
	size_t digits = strspn(text += strspn(text, WHITE_SPACE "\n"), HEX_DIGITS);
	const char *next = text + digits + strspn(text + digits, WHITE_SPACE);

	return text[digits] == ':' || (digits >= 6 && strspn(text, "0") == digits &&
				       strspn(next, HEX_DIGITS) == 2);
}

static bool finish_dump(const struct dump *dump)
{
	if (dump->squeezed)
		return fail_line(dump, "the dump ends after '*', its size is unknown");
	if (dump->size == CLI_IMAGE_SIZE)
		return true;
	fprintf(stderr, "psvm: %s: hex dump of %zu bytes, a VMCB image has %d\n",
		dump->name, dump->size, CLI_IMAGE_SIZE);
	return false;
}

static bool parse_dump(const char *name, char *text, unsigned char *image)
{
	struct dump dump = { .name = name, .image = image, .offsets = has_offsets(text) };

	while (text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		dump.line += text[0] || end;
		if (!parse_line(&dump, text))
			return false;
		text = end;
	}
	return finish_dump(&dump);
}

/*
 * Files.
 */
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
	return parse_dump(name, data, image);
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

bool cli_image_read(const char *path, unsigned char image[CLI_IMAGE_SIZE])
{
	const char *name = name_of(path, "standard input");
	FILE *stream;
	bool ok;

	if (name != path)
		return read_stream(name, stdin, image);
	stream = fopen(path, "rb");
	if (!stream)
		return fail(name, strerror(errno));
	ok = read_stream(name, stream, image);
	fclose(stream);
	return ok;
}

static bool write_stream(FILE *stream, const unsigned char *image)
{
	return fwrite(image, 1, CLI_IMAGE_SIZE, stream) == CLI_IMAGE_SIZE &&
	       fflush(stream) == 0;
}

/* The mode of the file that is replaced, or what open() would give a new one. */
static mode_t mode_of(const char *path)
{
	struct stat status;
	mode_t mask = umask(0);

	umask(mask);
	return stat(path, &status) == 0 ? status.st_mode & 07777 : 0666 & ~mask;
}

/* Write and close a new file. */
static bool write_descriptor(int descriptor, mode_t mode, const unsigned char *image)
{
	FILE *stream = fdopen(descriptor, "wb");
	bool ok;

	if (!stream) {
		close(descriptor);
		return false;
	}
	ok = write_stream(stream, image) && fchmod(descriptor, mode) == 0 &&
	     fsync(descriptor) == 0;
	return fclose(stream) == 0 && ok;
}

/* temporary is a template for mkstemp() in the directory of path. */
static bool replace_file(const char *path, char *temporary, const unsigned char *image)
{
	int descriptor = mkstemp(temporary);
	int error;

	if (descriptor < 0)
		return false;
	if (write_descriptor(descriptor, mode_of(path), image) &&
	    rename(temporary, path) == 0)
		return true;
	error = errno;
	unlink(temporary);
	errno = error;
	return false;
}

static bool write_regular(const char *path, const unsigned char *image)
{
	static const char suffix[] = ".XXXXXX";
	size_t length = strlen(path);
	char *temporary = malloc(length + sizeof(suffix));
	bool ok;

	if (!temporary)
		return false;
	memcpy(temporary, path, length);
	memcpy(temporary + length, suffix, sizeof(suffix));
	ok = replace_file(path, temporary, image);
	free(temporary);
	return ok;
}

/* A device or a pipe cannot be replaced, only written. */
static bool write_special(const char *path, const unsigned char *image)
{
	FILE *stream = fopen(path, "wb");
	bool ok;

	if (!stream)
		return false;
	ok = write_stream(stream, image);
	return fclose(stream) == 0 && ok;
}

/* Through a symbolic link to a file, that file is replaced. */
static bool write_file(const char *path, const unsigned char *image)
{
	struct stat status;
	char *target;
	bool ok;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return write_special(path, image);
	target = realpath(path, NULL);
	ok = write_regular(target ? target : path, image);
	free(target);
	return ok;
}

bool cli_image_write(const char *path, const unsigned char image[CLI_IMAGE_SIZE])
{
	const char *name = name_of(path, "standard output");
	bool ok = name != path ? write_stream(stdout, image) : write_file(path, image);

	return ok || fail(name, strerror(errno));
}
