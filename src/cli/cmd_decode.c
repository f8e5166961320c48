/* SPDX-License-Identifier: MIT */
/* psvm decode - print VMCB images in names. */
#include "cli.h"
#include "image.h"

#include "psvm/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	int json;
	int all;
};

/*
 * Text. Each field is a line; bits and array elements follow, indented, and
 * are wrapped at the width of the terminal.
 */
enum {
	INDENT = 7,
	NAME_WIDTH = 20,
	WIDE = 76, /* enough for columns */
	BYTES_PER_ROW = 16,
};

struct text {
	bool all;
	size_t width; /* of the terminal */
	size_t column;
	unsigned int hidden; /* fields that are zero */
	const char *area;    /* of the last field */
};

static void end_line(struct text *text)
{
	if (text->column)
		putchar('\n');
	text->column = 0;
}

static void put_gap(struct text *text, size_t length)
{
	if (text->column && text->column + 1 + length > text->width)
		end_line(text);
	text->column += (size_t)printf("%*s", text->column ? 1 : INDENT, "");
}

__attribute__((format(printf, 2, 3))) static void put_word(struct text *text,
							   const char *format, ...)
{
	char word[128];
	va_list args;

	va_start(args, format);
	vsnprintf(word, sizeof(word), format, args);
	va_end(args);
	put_gap(text, strlen(word));
	text->column += (size_t)printf("%s", word);
}

static void put_meaning(struct text *text, const struct psvm_decode_part *part)
{
	put_word(text, "%s=0x%" PRIx64 "(%s)", part->name, part->value,
		 part->meaning ? part->meaning : "reserved value");
}

static void put_reserved(struct text *text, const struct psvm_decode_part *part)
{
	unsigned int last = part->shift + part->width - 1;

	end_line(text);
	if (part->width == 1)
		put_word(text, "reserved bit %u is set", last);
	else
		put_word(text, "reserved bits %u:%u are set", last, part->shift);
}

static void put_bits(struct text *text, const struct psvm_decode_part *part)
{
	if (part->width == 1 && part->value)
		put_word(text, "%s", part->name);
	else
		put_word(text, "%s=0x%" PRIx64, part->name, part->value);
}

static void print_part(void *context, const struct psvm_decode_part *part)
{
	struct text *text = context;

	if (!part->value && !text->all)
		return;
	if (!part->name)
		put_reserved(text, part);
	else if (part->meaning || part->reserved)
		put_meaning(text, part);
	else
		put_bits(text, part);
}

static bool row_is_zero(const struct psvm_decode_field *field, unsigned int begin,
			unsigned int end)
{
	uint64_t bits = 0;

	for (unsigned int i = begin; i < end; i++)
		bits |= psvm_decode_value(field, i);
	return bits == 0;
}

static void print_row(struct text *text, const struct psvm_decode_field *field,
		      unsigned int begin, unsigned int end)
{
	end_line(text);
	put_word(text, "0x%03x:", field->offset + begin * field->width);
	for (unsigned int i = begin; i < end; i++)
		put_word(text, "%0*" PRIx64, 2 * (int)field->width,
			 psvm_decode_value(field, i));
}

static void print_elements(struct text *text, const struct psvm_decode_field *field)
{
	unsigned int per_row = BYTES_PER_ROW / field->width;

	for (unsigned int i = 0; i < field->count; i += per_row) {
		unsigned int end = i + per_row < field->count ? i + per_row
							      : field->count;

		if (text->all || !row_is_zero(field, i, end))
			print_row(text, field, i, end);
	}
}

static void print_heading(struct text *text, const struct psvm_decode_field *field)
{
	if (text->area && strcmp(text->area, field->area) == 0)
		return;
	printf("%s area\n", field->area);
	text->area = field->area;
}

static void print_value(struct text *text, const struct psvm_decode_field *field)
{
	if (field->count > 1)
		put_word(text, "%u x %u bytes", field->count, field->width);
	else
		put_word(text, "0x%0*" PRIx64, 2 * (int)field->width,
			 psvm_decode_value(field, 0));
}

static void print_note(struct text *text, const struct psvm_decode_field *field)
{
	if (field->reserved)
		put_word(text, "reserved, not zero");
	else if (strcmp(field->clean, "NONE") == 0)
		put_word(text, "[%s]", field->section);
	else
		put_word(text, "[%s; clean %s]", field->section, field->clean);
}

static void print_field(void *context, const struct psvm_decode_field *field)
{
	struct text *text = context;
	int name_width = text->width >= WIDE ? NAME_WIDTH : 0;

	if (!text->all && psvm_decode_is_zero(field)) {
		text->hidden++;
		return;
	}
	print_heading(text, field);
	text->column = (size_t)printf("0x%03x ", field->offset);
	put_word(text, "%-*s", name_width, field->name);
	print_value(text, field);
	print_note(text, field);
	end_line(text);
	psvm_decode_parts(field, print_part, text);
	if (field->count > 1)
		print_elements(text, field);
	end_line(text);
}

static void print_text(const struct psvm_vmcb *vmcb, bool all)
{
	struct text text = { .all = all, .width = cli_width() };

	psvm_decode(vmcb, print_field, &text);
	if (text.hidden)
		printf("%u fields are zero and not shown (--all shows them)\n",
		       text.hidden);
}

/*
 * JSON. An allocation that fails makes the value NULL, and every value that it
 * is packed into.
 */
struct json {
	bool all;
	json_t *array; /* of fields or of parts */
	json_int_t hidden;
	int failed;
};

static json_t *json_hex(uint64_t value, unsigned int bytes)
{
	return json_sprintf("0x%0*" PRIx64, 2 * (int)bytes, value);
}

static void append_part(void *context, const struct psvm_decode_part *part)
{
	struct json *json = context;

	if (!part->value && !json->all)
		return;
	json->failed |= json_array_append_new(
		json->array, json_pack("{s:s?, s:i, s:i, s:o, s:s?, s:b, s:s, s:s, s:s}",
				       "name", part->name, "shift", (int)part->shift,
				       "width", (int)part->width, "value",
				       json_hex(part->value, (part->width + 7) / 8),
				       "meaning", part->meaning, "reserved",
				       part->reserved, "gate", part->gate.name, "cpuid",
				       part->gate.text, "section", part->section));
}

static json_t *json_parts(const struct psvm_decode_field *field, struct json *fields)
{
	struct json parts = { .all = fields->all, .array = json_array() };

	psvm_decode_parts(field, append_part, &parts);
	fields->failed |= parts.failed;
	return parts.array;
}

static json_t *json_values(const struct psvm_decode_field *field, struct json *fields)
{
	json_t *values = json_array();

	for (unsigned int i = 0; i < field->count; i++)
		fields->failed |= json_array_append_new(
			values, json_hex(psvm_decode_value(field, i), field->width));
	return values;
}

static void append_field(void *context, const struct psvm_decode_field *field)
{
	struct json *json = context;

	if (!json->all && psvm_decode_is_zero(field)) {
		json->hidden++;
		return;
	}
	json->failed |= json_array_append_new(
		json->array,
		json_pack("{s:s, s:s, s:i, s:i, s:i, s:b, s:s, s:s, s:s, s:s, s:o, s:o}",
			  "area", field->area, "name", field->name, "offset",
			  (int)field->offset, "width", (int)field->width, "count",
			  (int)field->count, "reserved", field->reserved, "clean",
			  field->clean, "gate", field->gate.name, "cpuid",
			  field->gate.text, "section", field->section, "values",
			  json_values(field, json), "bits", json_parts(field, json)));
}

static bool append_file(json_t *files, const char *path, const struct psvm_vmcb *vmcb,
			bool all)
{
	struct json fields = { .all = all, .array = json_array() };

	psvm_decode(vmcb, append_field, &fields);
	fields.failed |= json_array_append_new(
		files, json_pack("{s:s, s:o, s:I}", "file", path, "fields", fields.array,
				 "hidden", fields.hidden));
	return !fields.failed ||
	       cli_fail("decode", "%s: no JSON: out of memory, or the name is not UTF-8",
			path);
}

/*
 * The command. All files are read before anything is printed: a bad one leaves
 * no half of an answer.
 */
static bool load_file(struct psvm_vmcb *vmcb, const char *path)
{
	unsigned char image[CLI_IMAGE_SIZE];

	if (!cli_image_read(path, image))
		return false;
	psvm_vmcb_load(vmcb, image);
	return true;
}

static bool decode_json(const struct psvm_vmcb *vmcbs, const char **paths, bool all)
{
	json_t *files = json_array();

	for (size_t i = 0; paths[i]; i++) {
		if (!append_file(files, paths[i], &vmcbs[i], all)) {
			json_decref(files);
			return false;
		}
	}
	return cli_print_json("decode", files);
}

static bool decode_text(const struct psvm_vmcb *vmcbs, const char **paths, bool all)
{
	bool headers = paths[1] != NULL;

	for (size_t i = 0; paths[i]; i++) {
		if (headers)
			printf("%s==> %s <==\n", i ? "\n" : "", paths[i]);
		print_text(&vmcbs[i], all);
	}
	return cli_flush("decode");
}

static bool decode_loaded(const struct psvm_vmcb *vmcbs, const char **paths,
			  const struct options *options)
{
	return options->json ? decode_json(vmcbs, paths, options->all)
			     : decode_text(vmcbs, paths, options->all);
}

static int decode_files(const void *options, const char **paths)
{
	struct psvm_vmcb *vmcbs = NULL;
	bool ok = true;

	for (size_t i = 0; ok && paths[i]; i++) {
		struct psvm_vmcb *more = realloc(vmcbs, (i + 1) * sizeof(*vmcbs));

		vmcbs = more ? more : vmcbs;
		ok = more ? load_file(&vmcbs[i], paths[i])
			  : cli_fail("decode", "out of memory");
	}
	ok = ok && decode_loaded(vmcbs, paths, options);
	free(vmcbs);
	return ok ? CLI_OK : CLI_BAD;
}

int cmd_decode(int argc, const char **argv)
{
	struct options options = { 0, 0 };
	const struct poptOption table[] = { CLI_JSON_OPTION(&options.json),
					    { "all", 'a', POPT_ARG_NONE, &options.all, 0,
					      "print fields and bits that are zero, too",
					      NULL },
					    CLI_HELP_OPTION,
					    POPT_TABLEEND };
	const struct cli_usage usage = {
		"decode",
		"[--json] [--all] FILE...",
		"Prints VMCB images field by field, with the names of the bits and the "
		"sections of the manual; bits that should be zero and are not are called "
		"out. JSON is an array with one object for each FILE.\n" CLI_IMAGE_HELP
		"\n"
		"Exit status: 0, or 2 for a usage error or a bad FILE; then nothing is "
		"printed, whatever the other FILEs are.\n"
		"Example: psvm decode vmcb.hex",
		table,
		1,
		SIZE_MAX
	};

	return cli_command(&usage, argc, argv, decode_files, &options);
}
