/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_DIGITS  "0123456789abcdefABCDEF"
#define WHITE_SPACE " \t\r\f\v"

/* What to do about a dump that is none of ours. */
#define ADVICE "use xxd, hexdump -C or od -A x -t x1"

enum form { LINES, BEFORE_BYTES, BEFORE_COLON }; /* where the offsets are */

struct dump {
	const char *name;
	unsigned char *image;
	size_t size; /* bytes of the image so far */
	size_t last; /* where the bytes of the last line begin */
	unsigned long line;
	enum form form;
	bool squeezed;		 /* a "*" since the last line */
	bool ordered;		 /* characters have shown the order of a group's bytes */
	unsigned long unordered; /* the first line that depends on it, or 0 */
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

static bool fail_digit(const struct dump *dump, char c)
{
	return fail_line(dump, "'%c' is not a hex digit; " ADVICE, c);
}

static bool fail_words(const struct dump *dump)
{
	return fail_line(dump, "words, whose bytes may be in any order; " ADVICE);
}

/* --- bytes --------------------------------------------------------------- */

static bool add_byte(struct dump *dump, const char *text)
{
	const char digits[3] = { text[0], text[1] };

	if (dump->size == CLI_IMAGE_SIZE)
		return fail_line(dump, "more than %d bytes, a VMCB image has %d",
				 CLI_IMAGE_SIZE, CLI_IMAGE_SIZE);
	dump->image[dump->size++] = (unsigned char)strtoul(digits, NULL, 16);
	return true;
}

/* Digits without white space in between. */
static bool add_group(struct dump *dump, const char *text, size_t length)
{
	size_t digits = strspn(text, HEX_DIGITS);

	if (digits < length)
		return fail_digit(dump, text[digits]);
	if (length % 2)
		return fail_line(dump, "an odd number of hex digits, '%.*s'; " ADVICE,
				 (int)length, text);
	for (size_t i = 0; i < length; i += 2)
		if (!add_byte(dump, text + i))
			return false;
	return true;
}

/* Do the characters say what the bytes are, taken in steps of 1 or -1? They may
 * be missing, or cut off at the end of the line. */
static bool fits(const unsigned char *byte, int step, const char *characters, size_t n)
{
	for (size_t i = 0; i < n && characters[i]; i++, byte += step)
		if (characters[i] != (*byte >= ' ' && *byte <= '~' ? *byte : '.'))
			return false;
	return true;
}

static bool is_symmetric(const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n / 2; i++)
		if (bytes[i] != bytes[n - 1 - i])
			return false;
	return true;
}

/* Bytes in a group may be in the order of memory, or be a word. Two bytes are
 * what xxd prints without options. */
static bool check_order(struct dump *dump, size_t n, const char *characters)
{
	const unsigned char *bytes = dump->image + dump->size - n;

	if (!fits(bytes, 1, characters, n))
		return fail_line(dump, "the characters on the right are not those of "
				       "the bytes (xxd -e?); " ADVICE);
	if (is_symmetric(bytes, n))
		return true;
	if (!fits(bytes + n - 1, -1, characters, n))
		dump->ordered = true;
	else if (!dump->unordered && (n > 2 || !*characters))
		dump->unordered = dump->line;
	return true;
}

/* In a line that is one group, it is the line that ends, not a word. */
static bool is_alone(const struct dump *dump, const char *text, size_t length)
{
	return dump->form == LINES && dump->size == dump->last &&
	       !text[length + strspn(text + length, WHITE_SPACE)];
}

/* characters: what is to the right of the bytes. */
static bool parse_bytes(struct dump *dump, const char *text, const char *characters)
{
	dump->last = dump->size;
	for (text += strspn(text, WHITE_SPACE); *text;
	     text += strspn(text, WHITE_SPACE)) {
		size_t length = strcspn(text, WHITE_SPACE), n = length / 2;
		bool alone = is_alone(dump, text, length);

		if (!add_group(dump, text, length))
			return false;
		if (n > 1 && dump->form == BEFORE_BYTES)
			return fail_words(dump);
		if (!alone && !check_order(dump, n, characters))
			return false;
		characters += strnlen(characters, n);
		text += length;
	}
	return true;
}

/* --- lines --------------------------------------------------------------- */

static bool parse_star(struct dump *dump)
{
	if (dump->size && dump->form == LINES)
		return fail_line(dump, "'*' in a dump without offsets");
	if (dump->size == dump->last)
		return fail_line(dump,
				 "'*' repeats a line, but no line with bytes precedes");
	dump->squeezed = true;
	return true;
}

/* Repeat the last line up to offset. */
static bool repeat(struct dump *dump, uint64_t offset)
{
	size_t length = dump->size - dump->last;

	if (offset > CLI_IMAGE_SIZE || offset <= dump->size ||
	    (offset - dump->size) % length)
		return fail_line(dump, "offset 0x%" PRIx64 " does not fit the '*' above",
				 offset);
	for (; dump->size < offset; dump->size++)
		dump->image[dump->size] = dump->image[dump->size - length];
	dump->squeezed = false;
	return true;
}

static bool seek(struct dump *dump, uint64_t offset)
{
	if (dump->squeezed)
		return repeat(dump, offset);
	if (offset != dump->size)
		return fail_line(dump, "offset 0x%" PRIx64 " instead of 0x%zx%s", offset,
				 dump->size,
				 dump->form == BEFORE_BYTES ? "; " ADVICE : "");
	return true;
}

/*
 * "00000010: 0011 2233  .."3", "00000010  00 11 22 33  |.."3|" or
 * "000010 00 11 22 33": the columns of characters are split off.
 */
static bool parse_offset_line(struct dump *dump, char *text)
{
	const char *characters = "";
	bool colon = dump->form == BEFORE_COLON;
	uint64_t offset;
	char *end;

	if (!isxdigit((unsigned char)*text))
		return fail_digit(dump, *text);
	offset = strtoull(text, &end, 16);
	text = end + (*end == ':');
	end = colon ? strstr(text, "  ") : strpbrk(text, "|>");
	if (end) {
		characters = end + (colon ? 2 : 1);
		*end = '\0';
	}
	return seek(dump, offset) && parse_bytes(dump, text, characters);
}

static bool parse_line(struct dump *dump, char *text)
{
	text += strspn(text, WHITE_SPACE);
	if (*text == '\0')
		return true;
	if (*text == '*' && text[1 + strspn(text + 1, WHITE_SPACE)] == '\0')
		return parse_star(dump);
	return dump->form == LINES ? parse_bytes(dump, text, "")
				   : parse_offset_line(dump, text);
}

/*
 * Whether the lines of a dump begin with an offset: the first one is 0, and has
 * a colon behind it, or is longer than a byte and than the group that follows.
 */
static enum form find_form(const char *text)
{
	size_t digits = strspn(text += strspn(text, WHITE_SPACE "\n"), HEX_DIGITS);
	const char *next = text + digits + strspn(text + digits, WHITE_SPACE);
	size_t group = strspn(next, HEX_DIGITS);

	if (text[digits] == ':')
		return BEFORE_COLON;
	return digits >= 6 && strspn(text, "0") == digits && group && group != digits
		       ? BEFORE_BYTES
		       : LINES;
}

static bool finish(struct dump *dump)
{
	if (dump->squeezed)
		return fail_line(dump, "the dump ends after '*', its size is unknown");
	if (dump->unordered && !dump->ordered) {
		dump->line = dump->unordered;
		return fail_words(dump);
	}
	if (dump->size == CLI_IMAGE_SIZE)
		return true;
	fprintf(stderr, "psvm: %s: hex dump of %zu bytes, a VMCB image has %d\n",
		dump->name, dump->size, CLI_IMAGE_SIZE);
	return false;
}

bool cli_dump_parse(const char *name, char *text, unsigned char image[CLI_IMAGE_SIZE])
{
	struct dump dump = { .name = name, .image = image, .form = find_form(text) };

	while (text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		dump.line += text[0] || end;
		if (!parse_line(&dump, text))
			return false;
		text = end;
	}
	return finish(&dump);
}
