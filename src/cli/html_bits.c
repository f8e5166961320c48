/* SPDX-License-Identifier: MIT */
/* The bits of int_ctl and their owners at three moments, by what a rule set's cells
 * say: as a diagram, and as a table with the conditions. */
#include "html.h"

#include "psvm/names.h"
#include "rows.h"

#include <string.h>

enum { OWNER_12 = 1, OWNER_01 = 2, OWNER_L0 = 4, OWNERS = 3, SOURCES = 4, BITS = 64 };

/* Cells that give bits an owner, and what the owner is called then. */
struct source {
	uint32_t cell;
	uint8_t owner;
	const char *code;
};

/* clang-format off */
static const struct moment {
	const char *title, *words;
	struct source sources[SOURCES];
} moments[HTML_MOMENTS] = {
	[HTML_VMRUN] = { "VMRUN",
			 "where the bits of vmcb02 come from",
			 { { PSVM_CELL_ENTER_FROM_12, OWNER_12, "12" },
			   { PSVM_CELL_ENTER_FROM_01, OWNER_01, "01" },
			   { PSVM_CELL_ENTER_SET_02, OWNER_L0, "=1" },
			   { PSVM_CELL_VMRUN_SET_02, OWNER_L0, "=1" } } },
	[HTML_WINDOW] = { "Window",
			  "what L0 takes while it waits for L1",
			  { { PSVM_CELL_WINDOW_USURP, OWNER_L0, "L0" } } },
	[HTML_HANDBACK] = { "#VMEXIT to L1",
			    "where the bits of vmcb02 go",
			    { { PSVM_CELL_REFRESH_TO_12, OWNER_12, "12" },
			      { PSVM_CELL_HANDBACK_TO_12, OWNER_12, "12" },
			      { PSVM_CELL_HANDBACK_TO_01, OWNER_01, "01" } } },
};
/* clang-format on */

static bool is_conditional(const struct psvm_move *move)
{
	return move->on != 0 || move->off != 0;
}

/* --- owners -------------------------------------------------------------- */

/* Who owns a bit at a moment: ever, and whatever the conditions are. */
struct owners {
	uint8_t ever, always;
};

static struct owners owners_of(const struct psvm_rules *rules,
			       const struct moment *moment, unsigned bit)
{
	struct owners owners = { 0, 0 };

	for (size_t i = 0; i < SOURCES && moment->sources[i].code; i++) {
		const struct source *source = &moment->sources[i];

		for (size_t k = 0; k < PSVM_MOVES; k++) {
			const struct psvm_move *move = &rules->cell[source->cell].move[k];

			if (!(move->bits >> bit & 1))
				continue;
			owners.ever |= source->owner;
			if (!is_conditional(move))
				owners.always |= source->owner;
		}
	}
	return owners;
}

/* Of an owner that the moment has. */
static const char *code_of(const struct moment *moment, uint8_t owner)
{
	const struct source *source = moment->sources;

	while (source->owner != owner)
		source++;
	return source->code;
}

/* --- the diagram --------------------------------------------------------- */

/* The field of a bit. */
static const struct psvm_bits_name *field_of(unsigned bit)
{
	size_t count;
	const struct psvm_bits_name *field = psvm_names_of_unit(PSVM_UNIT_INT_CTL,
								&count);

	while (bit - field->shift >= field->width)
		field++;
	return field;
}

struct diagram {
	const struct psvm_rules *rules;
	const struct moment *moment;
	uint64_t marks;
};

/* May two bits be in one box? */
static bool alike(const struct diagram *d, unsigned a, unsigned b)
{
	struct owners x = owners_of(d->rules, d->moment, a);
	struct owners y = owners_of(d->rules, d->moment, b);

	return field_of(a) == field_of(b) && x.ever == y.ever && x.always == y.always &&
	       (d->marks >> a & 1) == (d->marks >> b & 1);
}

/* How many bits, from this one down, are in one box: of its byte, or whole bytes. */
static unsigned width_of(const struct diagram *d, unsigned high)
{
	unsigned width = 1, byte = high % 8 + 1;

	while (width <= high && alike(d, high, high - width))
		width++;
	if (width < byte)
		return width;
	return byte == 8 ? width & ~7U : byte;
}

static const char *class_of(uint8_t owners)
{
	static const char *const classes[] = { "o0", "o1",   "o2",   "mix",
					       "o4", "mix0", "mix0", "mix" };

	return classes[owners];
}

/* A name may break behind each underscore. */
static void put_name(FILE *to, const char *name)
{
	html(to, "<b>");
	if (strncmp(name, "RSVD", 4) == 0)
		name = "RSVD";
	while (*name) {
		char part[32];
		size_t length = strcspn(name, "_");

		length += name[length] == '_';
		(void)snprintf(part, sizeof(part), "%.*s", (int)length, name);
		html(to, "%s<wbr/>", part);
		name += length;
	}
	html(to, "</b>");
}

static void put_codes(FILE *to, const struct moment *moment, struct owners owners,
		      bool marked)
{
	html(to, "<i>%s", marked ? "\u2260 " : "");
	for (unsigned i = 0; i < OWNERS; i++) {
		uint8_t owner = (uint8_t)(1U << i);

		if (owners.ever & owner)
			html(to, "%s%s ", code_of(moment, owner),
			     owners.always & owner ? "" : "*");
	}
	html(to, "%s</i>", owners.ever ? "" : "-");
}

static void put_box(FILE *to, const struct diagram *d, unsigned high, unsigned width)
{
	struct owners owners = owners_of(d->rules, d->moment, high);
	bool marked = d->marks >> high & 1;

	html(to, "<span class=\"bit %s%s%s\" style=\"grid-column:span %d\">",
	     class_of(owners.ever), width >= 8 ? " row" : "", marked ? " ne" : "",
	     (int)(width < 8 ? width : 8));
	put_name(to, field_of(high)->name);
	put_codes(to, d->moment, owners, marked);
	if (width == 1)
		html(to, "<small>%d</small>", (int)high);
	else
		html(to, "<small>%d:%d</small>", (int)high, (int)(high - width + 1));
	html(to, "</span>\n");
}

static void put_diagram(FILE *to, const struct diagram *d)
{
	unsigned width;

	html(to,
	     "<figure><figcaption><strong>%s</strong>: %s</figcaption>\n"
	     "<div class=\"bits\">\n",
	     d->moment->title, d->moment->words);
	for (unsigned left = BITS; left > 0; left -= width) {
		width = width_of(d, left - 1);
		put_box(to, d, left - 1, width);
	}
	html(to, "</div></figure>\n");
}

void html_bits(FILE *to, const struct psvm_rules *rules,
	       const uint64_t marks[HTML_MOMENTS])
{
	html(to, "<div class=\"moments\">\n");
	for (size_t i = 0; i < HTML_MOMENTS; i++) {
		const struct diagram d = { rules, &moments[i], marks[i] };

		put_diagram(to, &d);
	}
	html(to, "</div>\n");
}

/* --- the table ----------------------------------------------------------- */

/* What the source does with the field, line by line. */
static void put_source(FILE *to, const struct psvm_rules *rules,
		       const struct source *source, uint64_t field)
{
	char bits[PSVM_WORDS_SIZE], condition[PSVM_WORDS_SIZE];

	for (size_t i = 0; i < PSVM_MOVES; i++) {
		const struct psvm_move *move = &rules->cell[source->cell].move[i];

		if (!(move->bits & field))
			continue;
		(void)psvm_words_of_condition(condition, sizeof(condition), move->on,
					      move->off);
		(void)psvm_words_of_bits(bits, sizeof(bits), PSVM_UNIT_INT_CTL,
					 move->bits & field);
		html(to, "<p><b>%s</b> %s%s%s</p>", source->code, condition,
		     (move->bits & field) == field ? "" : ": ",
		     (move->bits & field) == field ? "" : bits);
	}
}

static void put_row(FILE *to, const struct psvm_rules *rules,
		    const struct psvm_bits_name *field)
{
	uint64_t bits = PSVM_MASK64(field->shift, field->width);

	html(to, "<tr><th scope=\"row\" class=\"name\">%s</th>", field->name);
	for (size_t i = 0; i < HTML_MOMENTS; i++) {
		html(to, "<td data-head=\"%s\">", moments[i].title);
		for (size_t k = 0; k < SOURCES && moments[i].sources[k].code; k++)
			put_source(to, rules, &moments[i].sources[k], bits);
		html(to, "</td>");
	}
	html(to, "</tr>\n");
}

/* Does the field ever have an owner? */
static bool is_owned(const struct psvm_rules *rules, const struct psvm_bits_name *field)
{
	unsigned ever = 0;

	for (size_t i = 0; i < HTML_MOMENTS; i++)
		for (unsigned bit = 0; bit < field->width; bit++)
			ever |= owners_of(rules, &moments[i], field->shift + bit).ever;
	return ever != 0;
}

void html_owners(FILE *to, const struct psvm_rules *rules, uint64_t bits)
{
	size_t count;
	const struct psvm_bits_name *field = psvm_names_of_unit(PSVM_UNIT_INT_CTL,
								&count);

	if (bits == 0)
		return;
	html(to, "<table>\n<caption>Owners, and under which condition</caption>\n"
		 "<thead><tr><th scope=\"col\">Field</th>");
	for (size_t i = 0; i < HTML_MOMENTS; i++)
		html(to, "<th scope=\"col\">%s</th>", moments[i].title);
	html(to, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < count; i++)
		if (PSVM_MASK64(field[i].shift, field[i].width) & bits &&
		    is_owned(rules, &field[i]))
			put_row(to, rules, &field[i]);
	html(to, "</tbody></table>\n");
}

/* --- the legend ---------------------------------------------------------- */

void html_legend(FILE *to)
{
	/* clang-format off */
	static const struct {
		const char *class, *code, *words;
	} keys[] = {
		{ "o1", "12", "L1, through vmcb12" },
		{ "o2", "01", "vmcb01, L1's own state" },
		{ "o4", "L0", "L0 takes it; =1: forced to 1" },
		{ "mix", "12* 01*", "*: under a condition, see the table" },
		{ "o0", "-", "VMRUN: 0; window, #VMEXIT: left alone" },
	};
	/* clang-format on */

	html(to, "<ul class=\"key\">\n");
	for (size_t i = 0; i < N_ROWS(keys); i++)
		html(to, "<li><span class=\"%s\">%s</span>%s</li>\n", keys[i].class,
		     keys[i].code, keys[i].words);
	html(to, "</ul>\n");
}
