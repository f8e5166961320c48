/* SPDX-License-Identifier: MIT */
/* What psvm diff has found, as a page. */
#include "diff_html.h"

#include "html.h"
#include "rows.h"

/* --- the summary --------------------------------------------------------- */

static void put_claim(FILE *to, const struct pair *pair)
{
	const char *claim = pair_claim(pair);
	bool refuted = pair_visible_changes(pair) != 0;
	char words[PAIR_WORDS];

	if (!claim)
		return;
	pair_refuted(words, pair);
	html(to,
	     "<ul class=\"cards\">\n<li class=\"%s\"><p>The claim of %s</p>\n<p "
	     "class=\"verdict\">%s %s</p>\n",
	     refuted ? "bad" : "good", claim, refuted ? "\u2260" : "=", words);
	if (pair->visible) {
		pair_count(words, pair);
		html(to, "<p>%s</p>\n", words);
	}
	html(to, "</li>\n</ul>\n");
}

/* Of the index: when, and who sees it. */
static void put_line(FILE *to, const struct pair *pair, size_t i)
{
	const struct psvm_change *change = &pair->diff->changes[i];
	char words[PAIR_WORDS];

	pair_moment(words, pair, change);
	html(to, "<li><a href=\"#change-%zu\">%s", i + 1, words);
	for (size_t k = 0; k < change->n_parts; k++) {
		pair_part(words, &change->parts[k]);
		html(to, "%s%s", k ? "; " : ": ", words);
	}
	html(to, "</a>");
	if (pair->visible)
		html(to, " <span>%s</span>", pair_verdict(&pair->visible[i]));
	html(to, "</li>\n");
}

static void put_summary(FILE *to, const struct pair *pair)
{
	size_t count = pair->diff->n_changes;

	put_claim(to, pair);
	html(to,
	     "<p>By the model; unconfirmed on hardware. <a href=\"#complete\">What was "
	     "compared</a>.</p>\n");
	if (count == 0)
		return;
	html(to, "<ol class=\"index\">\n");
	for (size_t i = 0; i < count; i++)
		put_line(to, pair, i);
	html(to, "</ol>\n");
}

/* --- the bits ------------------------------------------------------------ */

/* The bits of int_ctl that become something else, at the moments of the diagram. */
static void find_marks(uint64_t marks[OWNERS_MOMENTS], const struct pair *pair)
{
	static const int of[PSVM_MOMENT_COUNT] = {
		[PSVM_MOMENT_ENTER] = OWNERS_VMRUN + 1,
		[PSVM_MOMENT_REENTER] = OWNERS_VMRUN + 1,
		[PSVM_MOMENT_WINDOW] = OWNERS_WINDOW + 1,
		[PSVM_MOMENT_REFRESH] = OWNERS_HANDBACK + 1,
		[PSVM_MOMENT_HANDBACK] = OWNERS_HANDBACK + 1,
	};

	for (size_t i = 0; i < pair->diff->n_changes; i++) {
		const struct psvm_change *change = &pair->diff->changes[i];
		int moment = of[pair_scope(pair, change)->moment];

		for (size_t k = 0; moment && k < change->n_parts; k++) {
			const struct psvm_change_part *part = &change->parts[k];

			if (part->output.kind == PSVM_OUTPUT_WORD &&
			    part->output.unit == PSVM_UNIT_INT_CTL)
				marks[moment - 1] |= part->bits;
		}
	}
}

static void put_side(FILE *to, const struct pair *pair, size_t i,
		     const uint64_t marks[OWNERS_MOMENTS])
{
	const struct psvm_rules *rules = pair->l0[i]->l0.rules;

	html(to, "<h3 class=\"name\">%s</h3>\n", pair->name[i]);
	html_foreign(to, pair->name[i], pair->l0[i]->foreign);
	if (pair->l0[i]->foreign)
		return;
	html_bits(to, rules, marks);
	html_owners(to, rules,
		    marks[OWNERS_VMRUN] | marks[OWNERS_WINDOW] | marks[OWNERS_HANDBACK]);
}

static void put_bits(FILE *to, const struct pair *pair)
{
	uint64_t marks[OWNERS_MOMENTS] = { 0 };

	find_marks(marks, pair);
	html(to, "<section>\n<h2>int_ctl: who owns each bit</h2>\n");
	html_legend(to);
	html(to,
	     "<p>A frame and \u2260: the bit does not become the same in both.</p>\n");
	for (size_t i = 0; i < N_ROWS(pair->l0); i++)
		put_side(to, pair, i, marks);
	html(to, "</section>\n");
}

/* --- changes ------------------------------------------------------------- */

static void put_terms(FILE *to, const struct pair *pair, const struct psvm_change *change)
{
	char words[PAIR_WORDS];

	for (size_t i = 0; i < change->n_terms; i++) {
		pair_term(words, pair, change, i);
		html(to, "<p>%s</p>\n", words);
	}
}

static void put_part(FILE *to, const struct pair *pair,
		     const struct psvm_change_part *part)
{
	char words[PAIR_WORDS];

	pair_part(words, part);
	html(to, "<tr><th scope=\"row\">%s</th>", words);
	for (size_t i = 0; i < 2; i++) {
		(void)psvm_words_of_becomes(words, sizeof(words), part, i);
		html(to, "<td data-head=\"%s\">%s</td>", pair->name[i], words);
	}
	html(to, "</tr>\n");
}

static void put_parts(FILE *to, const struct pair *pair, const struct psvm_change *change)
{
	html(to,
	     "<table>\n<thead><tr><th scope=\"col\">What</th><th scope=\"col\">%s</th>"
	     "<th scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
	     pair->name[0], pair->name[1]);
	for (size_t i = 0; i < change->n_parts; i++)
		put_part(to, pair, &change->parts[i]);
	html(to, "</tbody></table>\n");
}

static void put_example(FILE *to, const struct pair *pair,
			const struct psvm_change *change)
{
	char words[PSVM_WORDS_SIZE], lines[PAIR_LINES][PAIR_WORDS];
	size_t count = pair_example(lines, pair, change);

	(void)psvm_words_of_input(words, sizeof(words), &change->example);
	html(to, "<p>Example: %s</p>\n<pre>", words);
	for (size_t i = 0; i < count; i++)
		html(to, "%s%s", i ? "\n" : "", lines[i]);
	html(to, "</pre>\n");
}

static void put_story(FILE *to, const struct psvm_finding *story)
{
	html(to, "<div class=\"story\">\n");
	html_story(to, story, &pair_sides);
	html(to,
	     "<dl class=\"facts\">\n<dt>By the manual</dt>\n<dd>%s</dd>\n"
	     "<dt>Set-up</dt>\n<dd>%s</dd>\n<dt>Evidence</dt>\n<dd>%s; a shortest "
	     "story of this part of the scope</dd>\n",
	     story->section, story->setup, pair_by_the_model);
	html_story_end(to, story, &pair_sides);
	html(to, "</dl>\n</div>\n");
}

static void put_visible(FILE *to, const struct pair *pair, const struct psvm_visible *v)
{
	char words[PAIR_WORDS];

	pair_seen(words, pair, v);
	html(to, "<p class=\"verdict\">%s</p>\n", words);
	if (v->verdict == PSVM_VISIBLE)
		put_story(to, &v->story);
}

static void put_change(FILE *to, const struct pair *pair, size_t i)
{
	const struct psvm_change *change = &pair->diff->changes[i];
	char words[PAIR_WORDS];

	pair_moment(words, pair, change);
	html(to, "<article id=\"change-%zu\">\n<h3>%zu. %s</h3>\n", i + 1, i + 1, words);
	put_terms(to, pair, change);
	put_parts(to, pair, change);
	put_example(to, pair, change);
	if (pair->visible)
		put_visible(to, pair, &pair->visible[i]);
	html(to, "</article>\n");
}

static void put_changes(FILE *to, const struct pair *pair)
{
	if (pair->diff->n_changes == 0)
		return;
	html(to, "<section>\n<h2>Functional changes</h2>\n");
	for (size_t i = 0; i < pair->diff->n_changes; i++)
		put_change(to, pair, i);
	html(to, "</section>\n");
}

/* --- the page ------------------------------------------------------------ */

static void put_complete(FILE *to, const struct psvm_diff *diff)
{
	char words[PAIR_WORDS];

	pair_inputs(words, diff);
	html(to,
	     "<section id=\"complete\">\n<h2>What was "
	     "compared</h2>\n<p>%s</p>\n<p>%s</p>\n"
	     "<ul>\n",
	     words, pair_why_complete);
	for (size_t i = 0; i < diff->n_scopes; i++) {
		pair_conditions(words, &diff->scopes[i]);
		html(to, "<li>%s</li>\n", words);
	}
	html(to, "</ul>\n<p>%s</p>\n</section>\n", pair_nested_feature);
}

bool diff_html(const struct pair *pair, const char *path)
{
	char title[PAIR_WORDS];
	struct html_page page;
	bool done;

	if (!html_begin(&page, "diff"))
		return false;
	pair_title(title, pair);
	put_summary(page.summary, pair);
	put_bits(page.body, pair);
	put_changes(page.body, pair);
	put_complete(page.body, pair->diff);
	done = html_write(&page, "diff", title, path);
	html_end(&page);
	return done;
}
