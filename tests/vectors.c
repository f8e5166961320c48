/* SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FIELDS = 20, MAX_LINE = 512, IMAGE_LINE = 16 };

const char *const vector_env_name[VECTOR_ENV_COUNT] = {
#define VECTOR_X(name, words, letter) words,
	VECTOR_ENVS(VECTOR_X)
#undef VECTOR_X
};

static const char env_letter[VECTOR_ENV_COUNT] = {
#define VECTOR_X(name, words, letter) letter,
	VECTOR_ENVS(VECTOR_X)
#undef VECTOR_X
};

/* A text file that is read line by line, and the line's fields. */
struct text {
	char path[256];
	FILE *file;
	unsigned int line;
	char buffer[MAX_LINE];
	char *field[MAX_FIELDS];
};

static _Noreturn void bad(const struct text *t, const char *why)
{
	fprintf(stderr, "%s:%u: %s\n", t->path, t->line, why);
	exit(EXIT_FAILURE);
}

static void text_open(struct text *t, const char *directory, const char *name)
{
	t->line = 0;
	(void)snprintf(t->path, sizeof(t->path), "%s/%s", directory, name);
	t->file = fopen(t->path, "r");
	if (t->file == NULL)
		bad(t, strerror(errno));
}

/* The next line, split at every separator into exactly `count` fields. */
static bool text_next(struct text *t, char separator, size_t count)
{
	char *end;

	if (fgets(t->buffer, sizeof(t->buffer), t->file) == NULL)
		return false;
	t->line++;
	end = strchr(t->buffer, '\n');
	if (end == NULL)
		bad(t, "line too long");
	*end = 0;
	t->field[0] = t->buffer;
	for (size_t i = 1; i < count; i++) {
		char *next = strchr(t->field[i - 1], separator);

		if (next == NULL)
			bad(t, "too few fields");
		*next = 0;
		t->field[i] = next + 1;
	}
	if (strchr(t->field[count - 1], separator) != NULL)
		bad(t, "too many fields");
	return true;
}

static uint64_t hex64(const struct text *t, size_t field)
{
	char *end;
	uint64_t value = strtoull(t->field[field], &end, 16);

	if (*end != 0)
		bad(t, "not a hexadecimal number");
	return value;
}

static uint32_t hex32(const struct text *t, size_t field)
{
	uint64_t value = hex64(t, field);

	if (value > UINT32_MAX)
		bad(t, "more than 32 bits");
	return (uint32_t)value;
}

/* A decimal number; an empty field is `missing`. */
static int64_t number(const struct text *t, size_t field, int64_t missing)
{
	char *end;
	int64_t value = strtoll(t->field[field], &end, 10);

	if (*end != 0)
		bad(t, "not a number");
	return t->field[field][0] == 0 ? missing : value;
}

static uint32_t small(const struct text *t, size_t field)
{
	int64_t value = number(t, field, 0);

	if (value < 0 || value > UINT8_MAX)
		bad(t, "not a small number");
	return (uint32_t)value;
}

static size_t word(const struct text *t, size_t field, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(t->field[field], words[i]) == 0)
			return i;
	}
	bad(t, "unknown word");
}

static void copy_name(const struct text *t, size_t field, char *to, size_t size)
{
	if (strlen(t->field[field]) >= size)
		bad(t, "name too long");
	memcpy(to, t->field[field], strlen(t->field[field]) + 1);
}

/* Room for one more element of an array. */
static void *grow(void *array, size_t count, size_t size)
{
	void *larger = realloc(array, (count + 1) * size);

	if (larger == NULL)
		abort();
	memset((char *)larger + count * size, 0, size);
	return larger;
}

static uint32_t flags(const struct text *t, size_t field)
{
	static const char *const words[] = { "",	  "ASID0",     "NO_VMRUN_ICPT",
					     "ICPT_NMI",  "ICPT_CR8W", "ICPT_CR8R",
					     "NEED_VGIF", "CONT",      NULL };
	size_t i = word(t, field, words);

	return i == 0 ? 0 : 1U << (i - 1);
}

static void parse_case(const struct text *t, struct vector_case *c)
{
	copy_name(t, 0, c->name, sizeof(c->name));
	c->prog = small(t, 1);
	c->l2_if = small(t, 2);
	c->l1_if = small(t, 3);
	c->phys_pending = small(t, 4);
	c->l1_cr8 = small(t, 5);
	c->flags = flags(t, 6);
	c->int_vector = hex32(t, 7);
	c->int_state = hex32(t, 8);
	c->event_inj = hex64(t, 9);
	c->misc1 = hex32(t, 10);
}

static void read_cases(struct vectors *v, const char *directory)
{
	struct text t;

	text_open(&t, directory, "cases.csv");
	(void)text_next(&t, ',', 11);
	while (text_next(&t, ',', 11)) {
		v->cases = grow(v->cases, v->case_count, sizeof(*v->cases));
		parse_case(&t, &v->cases[v->case_count++]);
	}
	(void)fclose(t.file);
}

static int compare_names(const void *name, const void *c)
{
	return strcmp(name, ((const struct vector_case *)c)->name);
}

static const struct vector_case *find_case(const struct vectors *v, const char *name)
{
	return bsearch(name, v->cases, v->case_count, sizeof(*v->cases), compare_names);
}

/* The letters up to a '/'; returns what follows it. */
static const char *parse_letters(const struct text *t, const char *from, char to[8])
{
	size_t n = strcspn(from, "/");

	if (n >= 8)
		bad(t, "too many events");
	memcpy(to, from, n);
	return from[n] == 0 ? "" : from + n + 1;
}

/* "PV/P/P": in L2, in L1, in L1's drain. */
static void parse_events(const struct text *t, size_t field, struct vector_row *row)
{
	const char *at = parse_letters(t, t->field[field], row->in_l2);

	at = parse_letters(t, at, row->in_l1);
	(void)parse_letters(t, at, row->in_drain);
}

static void parse_row(const struct text *t, struct vector_row *row)
{
	static const char *const words[] = { "ok", "abort", "skipped", NULL };

	row->status = (enum vector_status)word(t, 2, words);
	row->before = hex32(t, 3);
	row->int_ctl = hex32(t, 4);
	row->int_vector = hex32(t, 5);
	row->int_state = hex32(t, 6);
	row->exit_code = hex64(t, 7);
	row->exit_int_info = hex64(t, 8);
	row->event_inj = hex64(t, 9);
	row->rip_off = number(t, 10, -1);
	row->virt_rip_off = number(t, 11, -1);
	row->phys_rip_off = number(t, 12, -1);
	row->cr8_after = small(t, 13);
	row->irr_after = small(t, 14);
	parse_events(t, 15, row);
}

static enum vector_env parse_env(const struct text *t, char letter)
{
	const char *at = memchr(env_letter, letter, sizeof(env_letter));

	if (at == NULL)
		bad(t, "unknown environment");
	return (enum vector_env)(at - env_letter);
}

/* One line is a row of every environment that it names. */
static void add_rows(struct vectors *v, const struct text *t)
{
	const struct vector_case *c = find_case(v, t->field[0]);

	if (c == NULL)
		bad(t, "unknown case");
	for (const char *letter = t->field[1]; *letter != 0; letter++) {
		enum vector_env env = parse_env(t, *letter);
		struct vector_row *row = &v->rows[env][c - v->cases];

		if (row->c != NULL)
			bad(t, "a second row of one case and environment");
		row->c = c;
		row->env = env;
		parse_row(t, row);
	}
}

static void read_results(struct vectors *v, const char *directory)
{
	struct text t;

	for (size_t env = 0; env < VECTOR_ENV_COUNT; env++) {
		v->rows[env] = calloc(v->case_count, sizeof(*v->rows[env]));
		if (v->rows[env] == NULL)
			abort();
	}
	text_open(&t, directory, "results.csv");
	(void)text_next(&t, ',', 16);
	while (text_next(&t, ',', 16))
		add_rows(v, &t);
	for (size_t env = 0; env < VECTOR_ENV_COUNT; env++) {
		for (size_t i = 0; i < v->case_count; i++) {
			if (v->rows[env][i].c == NULL)
				bad(&t, "not every case has a row");
		}
	}
	(void)fclose(t.file);
}

/* "image LETTER CASE before|after": one more name of the image that follows. */
static void add_image_name(struct text *t, struct vector_image *image)
{
	static const char *const words[] = { "before", "after", NULL };
	struct vector_image_name *name;

	image->names = grow(image->names, image->name_count, sizeof(*image->names));
	name = &image->names[image->name_count++];
	name->env = parse_env(t, t->field[1][0]);
	copy_name(t, 2, name->name, sizeof(name->name));
	name->after = word(t, 3, words) == 1;
}

static unsigned char hex_byte(const struct text *t, const char *digits)
{
	const char pair[3] = { digits[0], digits[1], 0 };
	char *end;
	unsigned long value = strtoul(pair, &end, 16);

	if (end != pair + 2)
		bad(t, "not a byte");
	return (unsigned char)value;
}

/* "OFFSET BYTES": sixteen bytes at an offset. */
static void add_image_line(const struct text *t, struct vector_image *image)
{
	uint32_t at = hex32(t, 0);

	if (at % IMAGE_LINE != 0 || at >= VECTOR_IMAGE_SIZE)
		bad(t, "offset");
	if (strlen(t->field[1]) != (size_t)2 * IMAGE_LINE)
		bad(t, "not sixteen bytes");
	for (size_t i = 0; i < IMAGE_LINE; i++)
		image->bytes[at + i] = hex_byte(t, t->field[1] + 2 * i);
}

static void read_images(struct vectors *v, const char *directory)
{
	bool names = false;
	struct text t;
	int first;

	text_open(&t, directory, "images.txt");
	while ((first = getc(t.file)) != EOF) {
		bool name = ungetc(first, t.file) == 'i';

		if (name && !names) {
			v->images = grow(v->images, v->image_count, sizeof(*v->images));
			v->image_count++;
		}
		names = name;
		(void)text_next(&t, ' ', name ? 4 : 2);
		if (v->image_count == 0)
			bad(&t, "bytes of no image");
		if (name)
			add_image_name(&t, &v->images[v->image_count - 1]);
		else
			add_image_line(&t, &v->images[v->image_count - 1]);
	}
	(void)fclose(t.file);
}

void vectors_read(struct vectors *v, const char *directory)
{
	memset(v, 0, sizeof(*v));
	read_cases(v, directory);
	read_results(v, directory);
	read_images(v, directory);
}

void vectors_free(struct vectors *v)
{
	for (size_t i = 0; i < v->image_count; i++)
		free(v->images[i].names);
	free(v->images);
	for (size_t env = 0; env < VECTOR_ENV_COUNT; env++)
		free(v->rows[env]);
	free(v->cases);
}

const struct vector_row *vectors_row(const struct vectors *v, enum vector_env env,
				     const char *name)
{
	const struct vector_case *c = find_case(v, name);

	return c == NULL ? NULL : &v->rows[env][c - v->cases];
}
