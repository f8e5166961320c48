/* SPDX-License-Identifier: MIT */
#include "diagram.h"

#include "bits.h"
#include "cli.h"
#include "colour.h"
#include "owners.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

enum { MARGIN = 6, PITCH = 3 /* columns for a bit */, LINE = 64 * PITCH };

/* The bits of a field that are in one row of the drawing. */
struct segment {
	const struct bits_field *field;
	unsigned int high, low;
};

static struct segment segment_at(unsigned int bit, unsigned int low)
{
	const struct bits_field *field = bits_field_of(bit);

	return (struct segment){ field, bit, field->shift > low ? field->shift : low };
}

static unsigned int columns_of(const struct segment *s)
{
	return (s->high - s->low + 1) * PITCH - 1;
}

static uint64_t mask_of(const struct segment *s)
{
	return PSVM_MASK64(s->low, s->high - s->low + 1);
}

/* --- marks --------------------------------------------------------------- */

struct mark {
	const char *text;
	enum colour colour;
};

enum { BAD = BITS_SBZ + 1 };

static const struct mark writers[] = {
	[BITS_HW] = { "HW", COLOUR_CYAN },
	[BITS_SW] = { "SW", COLOUR_GREEN },
	[BITS_SBZ] = { "--", COLOUR_NONE },
	[BAD] = { "!!", COLOUR_RED },
};

/* Lines of marks: where an owner has bits at a moment. */
static const struct lane {
	const char *name, *words;
	enum owners_moment moment;
	uint8_t owner;
	enum colour colour;
} lanes[] = {
	{ "12>02", "VMRUN takes it from 12", OWNERS_VMRUN, OWNER_12, COLOUR_GREEN },
	{ "01>02", "VMRUN takes it from 01", OWNERS_VMRUN, OWNER_01, COLOUR_YELLOW },
	{ "1>02", "VMRUN sets it", OWNERS_VMRUN, OWNER_L0, COLOUR_MAGENTA },
	{ "L0>02", "a window takes it", OWNERS_WINDOW, OWNER_L0, COLOUR_MAGENTA },
	{ "02>12", "after a #VMEXIT it goes to 12", OWNERS_HANDBACK, OWNER_12,
	  COLOUR_GREEN },
	{ "02>01", "after a #VMEXIT it goes to 01", OWNERS_HANDBACK, OWNER_01,
	  COLOUR_YELLOW },
};
static const char ALWAYS[] = "x", SOMETIMES[] = "if";

static const struct mark *writer_mark(const struct diagram *d, const struct segment *s)
{
	bool bad = s->field->writer == BITS_SBZ && d->word & mask_of(s);

	return &writers[bad ? BAD : s->field->writer];
}

/* --- cells --------------------------------------------------------------- */

/* Print a segment, of a lane if it has marks of one. */
typedef void cell(const struct diagram *d, const struct segment *s,
		  const struct lane *lane);

static void put_numbers(const struct diagram *d, const struct segment *s,
			const struct lane *lane)
{
	(void)d;
	(void)lane;
	for (unsigned int bit = s->high + 1; bit-- > s->low;)
		printf("%s%2u", bit == s->high ? "" : " ", bit);
}

static void put_border(const struct diagram *d, const struct segment *s,
		       const struct lane *lane)
{
	(void)d;
	(void)lane;
	for (unsigned int i = 0; i < columns_of(s); i++)
		putchar('-');
}

static void put_value(const struct diagram *d, const struct segment *s,
		      const struct lane *lane)
{
	char text[LINE] = "";
	size_t length = 0;

	(void)lane;
	for (unsigned int bit = s->high + 1; bit-- > s->low;)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%2u",
					   length ? " " : "",
					   (unsigned int)(d->word >> bit & 1));
	colour_put(d->colour, writer_mark(d, s)->colour, text);
}

static void put_mark(const struct diagram *d, const struct segment *s,
		     const struct mark *mark)
{
	char text[LINE];
	int width = (int)columns_of(s), length = (int)strlen(mark->text);
	int right = (width - length) / 2;

	(void)snprintf(text, sizeof(text), "%*s%*s", width - right, mark->text, right,
		       "");
	colour_put(d->colour, mark->colour, text);
}

static void put_writer(const struct diagram *d, const struct segment *s,
		       const struct lane *lane)
{
	(void)lane;
	put_mark(d, s, writer_mark(d, s));
}

static void put_owner(const struct diagram *d, const struct segment *s,
		      const struct lane *lane)
{
	struct owners owners = owners_of(d->rules, lane->moment, mask_of(s));
	struct mark mark = { "", lane->colour };

	if (owners.always & lane->owner)
		mark.text = ALWAYS;
	else if (owners.ever & lane->owner)
		mark.text = SOMETIMES;
	put_mark(d, s, &mark);
}

/* --- rows ---------------------------------------------------------------- */

struct row {
	unsigned int high, low;
};

static void print_line(const struct diagram *d, struct row row, const char *label,
		       char edge, cell *put, const struct lane *lane)
{
	struct segment s;

	printf("%*s ", MARGIN - 1, label);
	for (unsigned int bit = row.high + 1; bit > row.low; bit = s.low) {
		s = segment_at(bit - 1, row.low);
		putchar(edge);
		put(d, &s, lane);
	}
	printf("%s\n", edge == ' ' ? "" : (char[]){ edge, '\0' });
}

static void print_row(const struct diagram *d, struct row row)
{
	print_line(d, row, "bit", ' ', put_numbers, NULL);
	print_line(d, row, "", '+', put_border, NULL);
	print_line(d, row, "value", '|', put_value, NULL);
	print_line(d, row, "by", '|', put_writer, NULL);
	for (size_t i = 0; d->rules && i < N_ROWS(lanes); i++)
		print_line(d, row, lanes[i].name, '|', put_owner, &lanes[i]);
	print_line(d, row, "", '+', put_border, NULL);
}

static unsigned int bits_per_row(void)
{
	unsigned int bits = 64;

	while (bits > 1 && MARGIN + 1 + bits * PITCH > cli_width())
		bits /= 2;
	return bits;
}

static bool is_shown(const struct diagram *d, struct row row)
{
	return d->shown & PSVM_MASK64(row.low, row.high - row.low + 1);
}

void diagram_print(const struct diagram *diagram)
{
	unsigned int bits = bits_per_row();

	for (unsigned int end = 64; end > 0; end -= bits) {
		struct row row = { end - 1, end - bits };

		if (is_shown(diagram, row))
			print_row(diagram, row);
	}
}

static void print_meaning(const char *mark, const char *words)
{
	cli_print(2, "%-5s  %s", mark, words);
}

void diagram_print_legend(const struct diagram *diagram)
{
	for (size_t i = 0; i <= BITS_SBZ; i++)
		print_meaning(writers[i].text, bits_writers[i][1]);
	print_meaning(writers[BAD].text, "should be zero, and is not");
	if (!diagram->rules)
		return;
	for (size_t i = 0; i < N_ROWS(lanes); i++)
		print_meaning(lanes[i].name, lanes[i].words);
	print_meaning(ALWAYS, "always");
	print_meaning(SOMETIMES, "under a condition");
}
