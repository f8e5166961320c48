/* SPDX-License-Identifier: MIT */
/* A story: a time line in three lanes, L0, L1 and L2. */
#include "story.h"

#include "cli.h"

#include <stdio.h>
#include <string.h>

/* --- text ---------------------------------------------------------------- */

enum { NUMBER = 6, LANE_L0 = 32, LANE_L1 = 18, LANES_WIDTH = 80 };

/* Columns before the lane of a level. */
static const int lanes[] = { 0, LANE_L0 + 1, LANE_L0 + LANE_L1 + 2 };

/* A narrow terminal has no lanes, and a lane no room for a long act. */
static bool has_lane(const struct psvm_story_step *step)
{
	size_t end = NUMBER + (size_t)lanes[step->level] + strlen(step->act);

	return step->level != 0 && cli_width() >= LANES_WIDTH && end <= cli_width();
}

/* What was seen, behind the name of the machine. */
static void print_seen(const struct cli_sides *sides, const char *name, const char *seen)
{
	size_t left = strlen(sides->left), right = strlen(sides->right);
	int width = (int)(left > right ? left : right) + 1;
	char label[PSVM_WORDS_SIZE];

	(void)snprintf(label, sizeof(label), "%s:", name);
	cli_print(NUMBER, "%-*s %s", width, label, seen);
}

/* Who did what: three lanes, and below them what L0 did that does not fit in its own,
 * and what was seen. */
static void print_step(const struct psvm_story_step *step, size_t number,
		       const struct cli_sides *sides)
{
	static const char *const who[] = { "", "L1: ", "L2: " };
	bool same = strcmp(step->bare, step->nested) == 0;
	bool lane = has_lane(step), beside = lane && strlen(step->l0) <= LANE_L0;

	if (lane)
		printf("  %2zu  %-*s%s\n", number, lanes[step->level],
		       beside ? step->l0 : "", step->act);
	else
		cli_print(2, "%2zu  %s%s", number, who[step->level], step->act);
	if (step->l0[0] && !beside)
		cli_print(NUMBER, "L0 %s", step->l0);
	if (!same) {
		print_seen(sides, sides->left, step->bare);
		print_seen(sides, sides->right, step->nested);
	} else if (strcmp(step->bare, "-") != 0) {
		print_seen(sides, "both", step->bare);
	}
}

static void print_words(const struct psvm_story_step *last, const struct cli_sides *sides)
{
	char words[PSVM_WORDS_SIZE];

	(void)psvm_words_of_value(words, sizeof(words), PSVM_UNIT_INT_CTL,
				  last->int_ctl_12);
	cli_print(NUMBER, "vmcb12 of %s: %s", sides->words, words);
	(void)psvm_words_of_value(words, sizeof(words), PSVM_UNIT_INT_CTL,
				  last->int_ctl_02);
	cli_print(NUMBER, "vmcb02: %s", words);
}

void cli_print_story(const struct psvm_finding *f, const struct cli_sides *sides)
{
	if (cli_width() >= LANES_WIDTH)
		printf("%*s%-*s%-*s%s\n", NUMBER, "", lanes[1], "L0", lanes[2] - lanes[1],
		       "L1", "L2");
	for (size_t i = 0; i < f->step_count; i++)
		print_step(&f->steps[i], i + 1, sides);
	if (f->step_count)
		print_words(&f->steps[f->step_count - 1], sides);
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *json_step(const struct psvm_story_step *s, const struct cli_sides *sides)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:o, s:o}", "level", (int)s->level,
			 "act", s->act, sides->left, s->bare, sides->right, s->nested,
			 "l0", s->l0, "vmcb02", cli_json_hex(s->int_ctl_02), "vmcb12",
			 cli_json_hex(s->int_ctl_12));
}

json_t *cli_json_finding(const struct psvm_finding *f, const struct cli_sides *sides)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < f->step_count; i++)
		json_array_append_new(steps, json_step(&f->steps[i], sides));
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "title", f->title, "situation",
			 f->situation, "section", f->section, "setup", f->setup, "count",
			 (json_int_t)f->count, "steps", steps);
}
