/* SPDX-License-Identifier: MIT */
/* The bits of int_ctl and their owners at three moments, by what a rule set's cells
 * say: as a diagram, and as a table with the conditions. */
#include "html.h"

#include "bits.h"
#include "owners.h"

#include "psvm/names.h"
#include "rows.h"

#include <string.h>

enum { BITS = 64 };

/* --- owners -------------------------------------------------------------- */

static const char *code_of(enum owners_moment moment, uint8_t owner)
{
	const struct owners_source *source = owners_at[moment].sources;

	while (source->owner != owner)
		source++;
	return source->code;
}

/* --- the diagram --------------------------------------------------------- */

struct diagram {
	const struct psvm_rules *rules;
	enum owners_moment moment;
	uint64_t marks;
};

/* May two bits be in one box? */
static bool alike(const struct diagram *d, unsigned a, unsigned b)
{
	struct owners x = owners_of(d->rules, d->moment, UINT64_C(1) << a);
	struct owners y = owners_of(d->rules, d->moment, UINT64_C(1) << b);

	return bits_field_of(a) == bits_field_of(b) && x.ever == y.ever &&
	       x.always == y.always && (d->marks >> a & 1) == (d->marks >> b & 1);
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

static void put_codes(FILE *to, enum owners_moment moment, struct owners owners,
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
	struct owners owners = owners_of(d->rules, d->moment, UINT64_C(1) << high);
	bool marked = d->marks >> high & 1;

	html(to, "<span class=\"bit %s%s%s\" style=\"grid-column:span %d\">",
	     class_of(owners.ever), width >= 8 ? " row" : "", marked ? " ne" : "",
	     (int)(width < 8 ? width : 8));
	put_name(to, bits_field_of(high)->name);
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
	     owners_at[d->moment].title, owners_at[d->moment].words);
	for (unsigned left = BITS; left > 0; left -= width) {
		width = width_of(d, left - 1);
		put_box(to, d, left - 1, width);
	}
	html(to, "</div></figure>\n");
}

void html_bits(FILE *to, const struct psvm_rules *rules,
	       const uint64_t marks[OWNERS_MOMENTS])
{
	html(to, "<div class=\"moments\">\n");
	for (size_t i = 0; i < OWNERS_MOMENTS; i++) {
		const struct diagram d = { rules, (enum owners_moment)i, marks[i] };

		put_diagram(to, &d);
	}
	html(to, "</div>\n");
}

/* --- the table ----------------------------------------------------------- */

/* What the source does with the field, line by line. */
static void put_source(FILE *to, const struct psvm_rules *rules,
		       const struct owners_source *source, uint64_t field)
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
	for (size_t i = 0; i < OWNERS_MOMENTS; i++) {
		html(to, "<td data-head=\"%s\">", owners_at[i].title);
		for (const struct owners_source *s = owners_at[i].sources; s->code; s++)
			put_source(to, rules, s, bits);
		html(to, "</td>");
	}
	html(to, "</tr>\n");
}

/* Does the field ever have an owner? */
static bool is_owned(const struct psvm_rules *rules, const struct psvm_bits_name *field)
{
	uint64_t bits = PSVM_MASK64(field->shift, field->width);
	unsigned ever = 0;

	for (size_t i = 0; i < OWNERS_MOMENTS; i++)
		ever |= owners_of(rules, (enum owners_moment)i, bits).ever;
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
	for (size_t i = 0; i < OWNERS_MOMENTS; i++)
		html(to, "<th scope=\"col\">%s</th>", owners_at[i].title);
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
