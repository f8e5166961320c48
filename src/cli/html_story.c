/* SPDX-License-Identifier: MIT */
/* A story as a drawing: time goes down in three lanes, L0, L1 and L2; below each step
 * is what the two machines show of it. Where the stream is null nothing is written, and
 * what comes back is how high it would be. */
#include "html.h"

#include <string.h>

/* Units of the drawing. A letter of the font is 7.25 wide at most. */
enum {
	LEFT = 24, /* of the lanes: numbers of steps */
	LANE = 130,
	GAP = 4, /* between a lane and its boxes */
	PAD = 5, /* between a box and its text */
	LINE = 15,
	HEAD = 40,
	SPACE = 8,
	RIGHT = LEFT + 3 * LANE,
	LABEL = 62, /* the names of the machines */
	LANE_COLUMNS = 15,
	SEEN_COLUMNS = 43,
	ALL_COLUMNS = 51
};

/* Lines of text; x and y of the first one's top left corner. */
struct lines {
	int x, y;
	size_t columns;
	const char *class;
};

/* --- text ---------------------------------------------------------------- */

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* Bytes of the first line of a text: whole words, if there is room for one. */
static size_t first_line(const char *text, size_t columns)
{
	size_t used = 0, end = 0, last_space = 0;

	for (; text[end]; end++) {
		used += begins_character(text[end]);
		if (used > columns && text[end] == ' ')
			return end;
		if (used > columns)
			return last_space ? last_space : end;
		if (text[end] == ' ')
			last_space = end;
	}
	return end;
}

static const char *next_line(const char *text, size_t columns)
{
	text += first_line(text, columns);
	return text + (*text == ' ');
}

static int height_of(const char *text, size_t columns)
{
	int lines = 0;

	for (; *text; text = next_line(text, columns))
		lines++;
	return lines * LINE;
}

/* Returns the y below. */
static int put_text(FILE *to, struct lines at, const char *text)
{
	char line[PSVM_WORDS_SIZE];

	for (; *text; text = next_line(text, at.columns)) {
		(void)snprintf(line, sizeof(line), "%.*s",
			       (int)first_line(text, at.columns), text);
		html(to, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", at.class,
		     at.x, at.y + LINE - 4, line);
		at.y += LINE;
	}
	return at.y;
}

/* --- lanes --------------------------------------------------------------- */

static int lane(unsigned level)
{
	return LEFT + (int)level * LANE;
}

/* A box in a lane; returns the y below. */
static int put_box(FILE *to, unsigned level, int y, const char *text)
{
	int height = height_of(text, LANE_COLUMNS) + 2 * PAD;
	struct lines at = { lane(level) + GAP + PAD, y + PAD, LANE_COLUMNS, "act" };

	html(to,
	     "<rect class=\"box l%d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
	     "rx=\"4\"/>\n",
	     (int)level, lane(level) + GAP, y, LANE - 2 * GAP, height);
	(void)put_text(to, at, text);
	return y + height;
}

/* From a box to that of L0. */
static void put_arrow(FILE *to, unsigned level, int y)
{
	int end = lane(1) - GAP;

	html(to, "<path class=\"arrow\" d=\"M%d %dH%dm6 -4l-6 4l6 4\"/>\n",
	     lane(level) + GAP, y, end);
}

/* Who did what, and what L0 made of it. */
static int put_acts(FILE *to, const struct psvm_story_step *s, int y)
{
	int below = put_box(to, s->level, y, s->act), below_l0;

	if (!s->l0[0])
		return below;
	if (s->level == 0)
		return put_box(to, 0, below + GAP, s->l0);
	put_arrow(to, s->level, y + PAD + LINE / 2);
	below_l0 = put_box(to, 0, y, s->l0);
	return below > below_l0 ? below : below_l0;
}

/* --- what the machines show ---------------------------------------------- */

/* A line behind the name of a machine; returns the y below. */
static int put_machine(FILE *to, const char *class, int y, const char *name,
		       const char *seen)
{
	struct lines label = { LEFT + GAP + PAD, y, LABEL, class };
	struct lines words = { LEFT + LABEL + GAP, y, SEEN_COLUMNS, class };

	(void)put_text(to, label, name);
	return put_text(to, words, seen);
}

static void put_frame(FILE *to, const char *class, int y, int height)
{
	html(to,
	     "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
	     "rx=\"4\"/>\n",
	     class, LEFT + GAP, y, 3 * LANE - 2 * GAP, height);
}

/* "-" is what nobody sees. */
static const char *seen_words(const char *seen)
{
	return strcmp(seen, "-") == 0 ? "nothing" : seen;
}

/* The machines part here: a sign, a frame, and what each shows. If that is the same, it
 * is in the words of the title. */
static int put_difference(FILE *to, const struct psvm_finding *f, size_t step,
			  const struct cli_sides *sides, int y)
{
	const struct psvm_story_step *s = &f->steps[step];
	bool same = strcmp(s->bare, s->nested) == 0;
	const char *left = seen_words(s->bare), *right = seen_words(s->nested);
	const char *title = same ? f->title : "";
	struct lines at = { LEFT + GAP + PAD, 0, ALL_COLUMNS, "bad" };
	int height = height_of(left, SEEN_COLUMNS) +
		     (same ? 0 : height_of(right, SEEN_COLUMNS)) +
		     height_of(title, ALL_COLUMNS) + 2 * PAD;

	put_frame(to, "differs", y, height);
	html(to, "<text class=\"sign\" x=\"4\" y=\"%d\">&#8800;</text>\n",
	     y + PAD + LINE - 3);
	at.y = put_machine(to, "act", y + PAD, same ? "both" : sides->left, left);
	if (!same)
		at.y = put_machine(to, "act", at.y, sides->right, right);
	(void)put_text(to, at, title);
	return y + height;
}

static int put_seen(FILE *to, const struct psvm_finding *f, size_t step,
		    const struct cli_sides *sides, int y)
{
	const struct psvm_story_step *s = &f->steps[step];
	int height = height_of(s->bare, SEEN_COLUMNS) + 2 * PAD;

	if (step + 1 == f->step_count || strcmp(s->bare, s->nested) != 0)
		return put_difference(to, f, step, sides, y);
	if (strcmp(s->bare, "-") == 0)
		return y - GAP;
	put_frame(to, "same", y, height);
	(void)put_machine(to, "act", y + PAD, "both", s->bare);
	return y + height;
}

/* --- the drawing --------------------------------------------------------- */

static void put_lanes(FILE *to, int height)
{
	static const char *const who[] = { "the hypervisor", "its guest", "L1's guest" };

	for (unsigned level = 0; level < 3; level++) {
		int middle = lane(level) + LANE / 2;

		html(to,
		     "<path class=\"life\" d=\"M%d %dV%d\"/>\n"
		     "<text class=\"head\" x=\"%d\" y=\"14\" text-anchor=\"middle\">L%d"
		     "</text>\n<text class=\"soft\" x=\"%d\" y=\"29\" "
		     "text-anchor=\"middle\">%s</text>\n",
		     middle, HEAD - 6, height, middle, (int)level, middle, who[level]);
	}
}

static int put_step(FILE *to, const struct psvm_finding *f, size_t step,
		    const struct cli_sides *sides, int y)
{
	int below = put_acts(to, &f->steps[step], y);

	html(to,
	     "<text class=\"soft\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%zu</text>\n",
	     LEFT - 4, y + PAD + LINE - 4, step + 1);
	return put_seen(to, f, step, sides, below + GAP) + SPACE;
}

/* All steps from the top; returns the height. */
static int put_steps(FILE *to, const struct psvm_finding *f,
		     const struct cli_sides *sides)
{
	int y = HEAD;

	for (size_t i = 0; i < f->step_count; i++)
		y = put_step(to, f, i, sides, y);
	return y;
}

/* The same for those who cannot see it. */
static void put_description(FILE *to, const struct psvm_finding *f,
			    const struct cli_sides *sides)
{
	html(to, "<title>%s</title>\n<desc>", f->title);
	for (size_t i = 0; i < f->step_count; i++) {
		const struct psvm_story_step *s = &f->steps[i];

		html(to, "%zu. L%d: %s. ", i + 1, (int)s->level, s->act);
		if (s->l0[0])
			html(to, "L0 %s. ", s->l0);
		html(to, "%s: %s. %s: %s.\n", sides->left, seen_words(s->bare),
		     sides->right, seen_words(s->nested));
	}
	html(to, "</desc>\n");
}

void html_story(FILE *to, const struct psvm_finding *f, const struct cli_sides *sides)
{
	int height = put_steps(NULL, f, sides);

	html(to, "<div class=\"lanes\"><svg role=\"img\" viewBox=\"0 0 %d %d\">\n", RIGHT,
	     height);
	put_description(to, f, sides);
	put_lanes(to, height);
	(void)put_steps(to, f, sides);
	html(to, "</svg></div>\n");
}

void html_story_end(FILE *to, const struct psvm_finding *f, const struct cli_sides *sides)
{
	const struct psvm_story_step *last;
	char words[PSVM_WORDS_SIZE];

	if (f->step_count == 0)
		return;
	last = &f->steps[f->step_count - 1];
	(void)psvm_words_of_value(words, sizeof(words), PSVM_UNIT_INT_CTL,
				  last->int_ctl_12);
	html(to, "<dt>vmcb12 of %s</dt>\n<dd class=\"name\">%s</dd>\n", sides->words,
	     words);
	(void)psvm_words_of_value(words, sizeof(words), PSVM_UNIT_INT_CTL,
				  last->int_ctl_02);
	html(to, "<dt>vmcb02</dt>\n<dd class=\"name\">%s</dd>\n", words);
}
