/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing images of VMCBs: raw, in each format of hex dump, and
 * what is said about files that are none of these.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "image.h"
#include "output.h"
#include "rows.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The tests run in an empty directory of their own. */
static const char file[] = "image";
static char directory[] = "/tmp/psvm-test-image-XXXXXX";

/* Text in the first line, equal lines in the middle, printable bytes. */
static void fill(unsigned char *image)
{
	memset(image, 0, CLI_IMAGE_SIZE);
	memcpy(image, "ab  |>0: 12*\r\n #", 16);
	for (size_t i = 16; i < 0x200; i++)
		image[i] = (unsigned char)(i * 7 + i / 16);
	memset(image + 0x200, 0xc5, 0x80);
	image[0x9ab] = 0x5a;
}

/*
 * Writers of files.
 */
struct style {
	int digits; /* of the offset, 0: none */
	const char *suffix; /* of the offset */
	size_t per_line;
	size_t per_group; /* bytes without a space in between */
	size_t half; /* an extra space before each, 0: none */
	const char *begin, *end; /* of the column of characters, or NULL */
	const char *new_line;
	bool squeeze;
	bool last_offset;
	bool words; /* groups are little-endian */
};

static const struct style plain = { 0, "", 32, 32, 0, NULL, NULL, "\n", false, false, false };
static const struct style spaced = { 0, "", 8, 1, 0, NULL, NULL, "\r\n", false, false, false };
static const struct style single = { 0, "", 1, 1, 0, NULL, NULL, "\n", false, false, false };
static const struct style xxd = { 8, ":", 16, 2, 0, "  ", "", "\n", false, false, false };
static const struct style xxd_a = { 8, ":", 16, 2, 0, "  ", "", "\n", true, false, false };
static const struct style xxd_7 = { 7, ":", 30, 4, 0, "  ", "", "\n", false, false, false };
static const struct style hexdump = { 8, " ", 16, 1, 8, "  |", "|", "\n", true, true, false };
static const struct style hexdump_v = { 8, " ", 16, 1, 8, "  |", "|", "\n", false, true, false };
static const struct style od = { 6, "", 16, 1, 0, NULL, NULL, "\n", true, true, false };
static const struct style od_z = { 6, "", 16, 1, 0, "  >", "<", "\n", true, true, false };

static const struct style xxd_g4 = { 8, ":", 16, 4, 0, "  ", "", "\n", false, false, false };
static const struct style xxd_e = { 8, ":", 16, 4, 0, "  ", "", "\n", false, false, true };
static const struct style xxd_e_2 = { 8, ":", 16, 2, 0, "  ", "", "\n", false, false, true };
static const struct style no_characters = { 8, ":", 16, 4, 0, NULL, NULL, "\n", false,
					    false, false };
static const struct style hexdump_2 = { 7, "", 16, 2, 0, NULL, NULL, "\n", true, true, true };
static const struct style od_x = { 6, "", 16, 2, 0, NULL, NULL, "\n", false, true, true };
static const struct style od_4 = { 6, "", 16, 4, 0, NULL, NULL, "\n", false, true, true };
static const struct style od_n = { 0, "", 16, 2, 0, NULL, NULL, "\n", false, false, true };

static void write_characters(FILE *stream, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fputc(p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '.', stream);
}

/* The byte at place i, in a group that may be a word. */
static unsigned char byte_at(const struct style *style, const unsigned char *p, size_t i)
{
	size_t in_group = i % style->per_group;

	return style->words ? p[i - in_group + style->per_group - 1 - in_group] : p[i];
}

static void write_bytes(FILE *stream, const struct style *style, const unsigned char *p,
			size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(stream, "%s%s%02x", style->half && i % style->half == 0 && i ? " " : "",
			i % style->per_group == 0 && (i || style->digits) ? " " : "",
			byte_at(style, p, i));
}

static void write_line(FILE *stream, const struct style *style,
		       const unsigned char *image, size_t at)
{
	size_t left = CLI_IMAGE_SIZE - at;
	size_t n = left < style->per_line ? left : style->per_line;

	if (style->digits)
		fprintf(stream, "%0*zx%s", style->digits, at, style->suffix);
	write_bytes(stream, style, image + at, n);
	if (style->begin) {
		fputs(style->begin, stream);
		write_characters(stream, image + at, n);
		fputs(style->end, stream);
	}
	fputs(style->new_line, stream);
}

static bool is_repeated(const struct style *style, const unsigned char *image, size_t at)
{
	size_t n = style->per_line;

	return style->squeeze && at >= n && at + n <= CLI_IMAGE_SIZE &&
	       memcmp(image + at, image + at - n, n) == 0;
}

static void write_dump(FILE *stream, const void *argument)
{
	const struct style *style = argument;
	unsigned char image[CLI_IMAGE_SIZE];
	bool star = false;

	fill(image);
	for (size_t at = 0; at < CLI_IMAGE_SIZE; at += style->per_line) {
		bool last = at + style->per_line >= CLI_IMAGE_SIZE && !style->last_offset;
		bool repeated = is_repeated(style, image, at) && !last;

		if (repeated && !star)
			fprintf(stream, "*%s", style->new_line);
		if (!repeated)
			write_line(stream, style, image, at);
		star = repeated;
	}
	if (style->last_offset)
		fprintf(stream, "%0*x\n", style->digits, CLI_IMAGE_SIZE);
}

/* An image of which no character says in which order its bytes are. */
static void write_mute_dump(FILE *stream, const void *argument)
{
	unsigned char image[CLI_IMAGE_SIZE] = { 0 };
	const struct style *style = argument;

	image[0x60] = 1;
	for (size_t at = 0; at < CLI_IMAGE_SIZE; at += style->per_line)
		write_line(stream, style, image, at);
}

static void write_raw(FILE *stream, const void *argument)
{
	unsigned char image[CLI_IMAGE_SIZE];

	(void)argument;
	fill(image);
	fwrite(image, 1, sizeof(image), stream);
}

/* argument: how many zero bytes. */
static void write_zeros(FILE *stream, const void *argument)
{
	for (size_t n = *(const size_t *)argument; n; n--)
		fputc(0, stream);
}

/* argument: how many bytes as hex digits, 16 to a line. */
static void write_hex_zeros(FILE *stream, const void *argument)
{
	size_t n = *(const size_t *)argument;

	for (size_t i = 0; i < n; i++)
		fputs(i % 16 == 15 ? "00\n" : "00 ", stream);
}

static void write_text(FILE *stream, const void *argument)
{
	fputs(argument, stream);
}

static const size_t size_0 = 0, size_4095 = 4095, size_4097 = 4097, size_2m = 2097152;

/*
 * Reading.
 */
struct read_case {
	const char *name;
	void (*write)(FILE *stream, const void *argument);
	const void *argument;
	const char *message; /* after the name of the file; NULL: no error */
};

#define ADVICE	  "; use xxd, hexdump -C or od -A x -t x1"
#define ANY_ORDER ", whose bytes may be in any order" ADVICE

static struct read_case read_cases[] = {
	{ "raw", write_raw, NULL, NULL },
	{ "plain hex", write_dump, &plain, NULL },
	{ "spaced hex with CR LF", write_dump, &spaced, NULL },
	{ "one byte to a line", write_dump, &single, NULL },
	{ "xxd", write_dump, &xxd, NULL },
	{ "xxd -a", write_dump, &xxd_a, NULL },
	{ "xxd -c 30 -g 4", write_dump, &xxd_7, NULL },
	{ "hexdump -C", write_dump, &hexdump, NULL },
	{ "hexdump -C -v", write_dump, &hexdump_v, NULL },
	{ "od -A x -t x1", write_dump, &od, NULL },
	{ "od -A x -t x1z", write_dump, &od_z, NULL },
	{ "xxd -e", write_dump, &xxd_e,
	  "hex dump line 1: the characters on the right are not those of the bytes (xxd "
	  "-e?)" ADVICE },
	{ "xxd -e -g 2", write_dump, &xxd_e_2,
	  "hex dump line 1: the characters on the right are not those of the bytes (xxd "
	  "-e?)" ADVICE },
	{ "xxd -e without printable characters", write_mute_dump, &xxd_e,
	  "hex dump line 7: words" ANY_ORDER },
	{ "xxd -g 4 without printable characters", write_mute_dump, &xxd_g4,
	  "hex dump line 7: words" ANY_ORDER },
	{ "xxd -g 4 without characters", write_dump, &no_characters,
	  "hex dump line 1: words" ANY_ORDER },
	{ "hexdump", write_dump, &hexdump_2, "hex dump line 1: words" ANY_ORDER },
	{ "od -A x -t x2", write_dump, &od_x, "hex dump line 1: words" ANY_ORDER },
	{ "od -A x -t x4", write_dump, &od_4, "hex dump line 1: words" ANY_ORDER },
	{ "od -A n -t x2", write_dump, &od_n, "hex dump line 1: words" ANY_ORDER },
	{ "od -t x1", write_text, "0000000 00 00\n0000002 00 00 00 00 00 00\n0000010 00\n",
	  "hex dump line 3: offset 0x10 instead of 0x8" ADVICE },
	{ "gdb x/8xw", write_text, "0x7ffe1000:\t0x00000001\t0x00000000\n",
	  "hex dump line 1: 'x' is not a hex digit" ADVICE },
	{ "gdb x/8xw of a variable", write_text, "<vmcb>:\t0x00000001\t0x00000000\n",
	  "hex dump line 1: '<' is not a hex digit" ADVICE },
	{ "raw empty", write_zeros, &size_0, "0 bytes, a VMCB image has 4096" },
	{ "raw truncated", write_zeros, &size_4095, "4095 bytes, a VMCB image has 4096" },
	{ "raw oversized", write_zeros, &size_4097, "4097 bytes, a VMCB image has 4096" },
	{ "raw huge", write_zeros, &size_2m,
	  "at least 1048577 bytes, a VMCB image has 4096" },
	{ "hex truncated", write_hex_zeros, &size_4095,
	  "hex dump of 4095 bytes, a VMCB image has 4096" },
	{ "hex oversized", write_hex_zeros, &size_4097,
	  "hex dump line 257: more than 4096 bytes, a VMCB image has 4096" },
	{ "hex blank", write_text, " \n\n", "hex dump of 0 bytes, a VMCB image has 4096" },
	{ "hex odd", write_text, "00 0\n",
	  "hex dump line 1: an odd number of hex digits, '0'" ADVICE },
	{ "hex odd before a letter", write_text, "00\n0g\n",
	  "hex dump line 2: 'g' is not a hex digit" ADVICE },
	{ "text", write_text, "Hello\n", "hex dump line 1: 'H' is not a hex digit" ADVICE },
	{ "prefix 0x", write_text, "00\n\n00 0x00\n",
	  "hex dump line 3: 'x' is not a hex digit" ADVICE },
	{ "offset first not 0", write_text, "00000010: 0000\n",
	  "hex dump line 1: offset 0x10 instead of 0x0" },
	{ "offset gap", write_text, "00000000: 0011\n00000010: 0000\n",
	  "hex dump line 2: offset 0x10 instead of 0x2" },
	{ "offset missing", write_text, "00000000: 0011\n: 0000\n",
	  "hex dump line 2: ':' is not a hex digit" ADVICE },
	{ "offset beyond 64 bits", write_text, "000000 00\nfffffffffffffffff 00\n",
	  "hex dump line 2: offset 0xffffffffffffffff instead of 0x1" ADVICE },
	{ "star first", write_text, "*\n00\n",
	  "hex dump line 1: '*' repeats a line, but no line with bytes precedes" },
	{ "star after offset", write_text, "000000: 00\n000001\n*\n",
	  "hex dump line 3: '*' repeats a line, but no line with bytes precedes" },
	{ "star last", write_text, "000000 00 00\n*\n",
	  "hex dump line 2: the dump ends after '*', its size is unknown" },
	{ "star too short", write_text, "000000 00 00\n*\n000003 00\n",
	  "hex dump line 3: offset 0x3 does not fit the '*' above" },
	{ "star backwards", write_text, "000000 00 00\n*\n000000 00\n",
	  "hex dump line 3: offset 0x0 does not fit the '*' above" },
	{ "star too long", write_text, "000000 00 00\n*\n001002\n",
	  "hex dump line 3: offset 0x1002 does not fit the '*' above" },
	{ "star in plain hex", write_text, "0000\n*\n0000\n",
	  "hex dump line 2: '*' in a dump without offsets" },
};

/* stderr goes to a file while one function runs. */
static int saved_stderr;

static void begin_capture(void)
{
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	assert_non_null(freopen("stderr", "w+", stderr));
}

static void end_capture(char *text, size_t size)
{
	FILE *stream;
	size_t n;

	fflush(stderr);
	assert_int_equal(dup2(saved_stderr, STDERR_FILENO), STDERR_FILENO);
	close(saved_stderr);
	stream = fopen("stderr", "r");
	assert_non_null(stream);
	n = fread(text, 1, size - 1, stream);
	text[n] = '\0';
	fclose(stream);
}

static void expect_message(const char *text, const char *name, const char *message)
{
	char expected[256] = "";

	if (message)
		snprintf(expected, sizeof(expected), "psvm: %s: %s\n", name, message);
	assert_string_equal(text, expected);
}

static void expect_read(const char *path, const char *name, const char *message)
{
	unsigned char image[CLI_IMAGE_SIZE], expected[CLI_IMAGE_SIZE];
	char text[256];
	bool ok;

	begin_capture();
	ok = cli_image_read(path, image);
	end_capture(text, sizeof(text));
	expect_message(text, name, message);
	assert_int_equal(ok, message == NULL);
	fill(expected);
	if (ok)
		assert_memory_equal(image, expected, sizeof(image));
}

static void make_file(const struct read_case *row)
{
	FILE *stream = fopen(file, "wb");

	assert_non_null(stream);
	row->write(stream, row->argument);
	assert_int_equal(fclose(stream), 0);
}

static void test_read(void **state)
{
	const struct read_case *row = *state;

	make_file(row);
	expect_read(file, file, row->message);
}

static void test_read_standard_input(void **state)
{
	const struct read_case *row = *state;

	make_file(row);
	assert_non_null(freopen(file, "rb", stdin));
	expect_read("-", "standard input", row->message);
}

/* "-" twice: the second time there is nothing left. */
static void test_read_standard_input_twice(void **state)
{
	static const struct read_case raw = { "", write_raw, NULL, NULL };

	(void)state;
	make_file(&raw);
	assert_non_null(freopen(file, "rb", stdin));
	expect_read("-", "standard input", NULL);
	expect_read("-", "standard input", "\"-\" is given twice, and can be read once");
}

static void test_read_missing(void **state)
{
	(void)state;
	expect_read("no-such-file", "no-such-file", "No such file or directory");
}

static void test_read_directory(void **state)
{
	(void)state;
	expect_read(directory, directory, "Is a directory");
}

/*
 * Writing.
 */
static void expect_write(const char *path, const char *name, const char *message)
{
	unsigned char image[CLI_IMAGE_SIZE];
	struct cli_output output;
	char text[256];
	bool ok;

	fill(image);
	begin_capture();
	ok = cli_output_begin(&output, path, image, sizeof(image)) &&
	     cli_output_commit(&output);
	end_capture(text, sizeof(text));
	expect_message(text, name, message);
	assert_int_equal(ok, message == NULL);
}

static void test_write_new(void **state)
{
	struct stat status;

	(void)state;
	unlink(file);
	umask(027);
	expect_write(file, file, NULL);
	umask(022);
	expect_read(file, file, NULL);
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);

	/* A file that is there keeps its mode. */
	assert_int_equal(chmod(file, 0600), 0);
	expect_write(file, file, NULL);
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_write_over(void **state)
{
	static const struct read_case old = { "", write_text, "old", NULL };

	(void)state;
	make_file(&old);
	expect_write(file, file, NULL);
	expect_read(file, file, NULL);
}

static void test_write_link(void **state)
{
	struct stat status;

	(void)state;
	expect_write(file, file, NULL);
	assert_int_equal(symlink(file, "link"), 0);
	expect_write("link", "link", NULL);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	expect_read(file, file, NULL);
	unlink("link");
}

/* What the link leads to cannot be replaced, and the link must not be. */
static void test_write_dangling_link(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(symlink("nowhere", "link"), 0);
	expect_write("link", "link", "a symbolic link that leads nowhere");
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(lstat("nowhere", &status), -1);
	unlink("link");
}

static void expect_one_image(void)
{
	glob_t found;

	assert_int_equal(glob("image*", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	globfree(&found);
}

/* Until the commit the old file is there, and after an abandonment still. */
static void test_write_abandoned(void **state)
{
	static const struct read_case old = { "", write_zeros, &size_0, NULL };
	unsigned char image[CLI_IMAGE_SIZE];
	struct cli_output output;
	struct stat status;

	(void)state;
	make_file(&old);
	fill(image);
	assert_true(cli_output_begin(&output, file, image, sizeof(image)));
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_size, 0);
	cli_output_abandon(&output);
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_size, 0);
	expect_one_image();
}

/* The directory goes away in between. */
static void test_write_late_error(void **state)
{
	unsigned char image[CLI_IMAGE_SIZE];
	struct cli_output output;
	char text[256];

	(void)state;
	fill(image);
	assert_int_equal(mkdir("gone", 0700), 0);
	assert_true(cli_output_begin(&output, "gone/image", image, sizeof(image)));
	unlink(output.temporary);
	assert_int_equal(rmdir("gone"), 0);
	begin_capture();
	assert_false(cli_output_commit(&output));
	end_capture(text, sizeof(text));
	expect_message(text, "gone/image", "No such file or directory");
}

static void test_write_no_directory(void **state)
{
	(void)state;
	expect_write("none/image", "none/image", "No such file or directory");
}

static void test_write_directory(void **state)
{
	(void)state;
	expect_write(directory, directory, "Is a directory");
}

/*
 * A special file is written, not replaced. It is one of our own: a mistake
 * here must not cost the machine its /dev/null.
 */
static void test_write_fifo(void **state)
{
	unsigned char image[CLI_IMAGE_SIZE], expected[CLI_IMAGE_SIZE];
	struct stat status;
	int reader;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	reader = open("fifo", O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	expect_write("fifo", "fifo", NULL);
	assert_int_equal(read(reader, image, sizeof(image)), sizeof(image));
	close(reader);
	fill(expected);
	assert_memory_equal(image, expected, sizeof(image));
	assert_int_equal(lstat("fifo", &status), 0);
	unlink("fifo");
	assert_true(S_ISFIFO(status.st_mode));
}

/* A write that fails half way leaves the old file, and no temporary one. */
static void test_write_too_large(void **state)
{
	struct rlimit old, small;

	(void)state;
	expect_write(file, file, NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 1000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	expect_write(file, file, "File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	expect_read(file, file, NULL);
	expect_one_image();
}

static int enter_directory(void **state)
{
	(void)state;
	umask(022);
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	(void)state;
	unlink(file);
	unlink("stderr");
	return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

#define N_OTHER 14

int main(void)
{
	struct CMUnitTest tests[N_ROWS(read_cases) + N_OTHER] = {
		{ "stdin raw", test_read_standard_input, NULL, NULL, &read_cases[0] },
		cmocka_unit_test(test_read_standard_input_twice),
		cmocka_unit_test(test_read_missing),
		cmocka_unit_test(test_read_directory),
		cmocka_unit_test(test_write_new),
		cmocka_unit_test(test_write_over),
		cmocka_unit_test(test_write_link),
		cmocka_unit_test(test_write_dangling_link),
		cmocka_unit_test(test_write_abandoned),
		cmocka_unit_test(test_write_late_error),
		cmocka_unit_test(test_write_no_directory),
		cmocka_unit_test(test_write_directory),
		cmocka_unit_test(test_write_fifo),
		cmocka_unit_test(test_write_too_large),
	};

	for (size_t i = 0; i < N_ROWS(read_cases); i++)
		tests[N_OTHER + i] = (struct CMUnitTest){
			read_cases[i].name, test_read, NULL, NULL, &read_cases[i]
		};
	return cmocka_run_group_tests_name("image", tests, enter_directory,
					   leave_directory) != 0;
}
