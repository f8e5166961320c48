/* SPDX-License-Identifier: MIT */
/* What psvm check has found, as a page. */
#include "check_html.h"

#include "psvm/names.h"
#include "psvm/rule_sets.h"

#include <inttypes.h>

/* --- differences --------------------------------------------------------- */

static void put_facts(FILE *to, const struct checked *c, const struct psvm_finding *f)
{
	char mark[CHECKED_WORDS], count[32];

	checked_mark(mark, c, f);
	(void)snprintf(count, sizeof(count), "%" PRIu64, f->count);
	html(to, "<dl class=\"facts\">\n");
	if (f->situation[0])
		html(to, "<dt>When</dt>\n<dd>%s</dd>\n", f->situation);
	html(to,
	     "<dt>By the manual</dt>\n<dd>%s</dd>\n<dt>Set-up</dt>\n<dd>%s</dd>\n"
	     "<dt>Steps of the exploration that end so</dt>\n<dd>%s</dd>\n"
	     "<dt>Evidence</dt>\n<dd>%s</dd>\n",
	     f->section, f->setup, count, mark);
	html_story_end(to, f, &checked_sides);
	html(to, "</dl>\n");
}

/* A path is no name for a part of a page; there is one such part at most. */
static const char *id_of(const struct checked *c)
{
	return cli_is_file(c->name) ? "foreign" : c->name;
}

static void put_finding(FILE *to, const struct checked *c, size_t number)
{
	const struct psvm_finding *f = &c->result.findings[number - 1];

	html(to, "<article id=\"%s-%zu\">\n<h3>%zu. %s</h3>\n<div class=\"story\">\n",
	     id_of(c), number, number, f->title);
	html_story(to, f, &checked_sides);
	put_facts(to, c, f);
	html(to, "</div>\n</article>\n");
}

static bool is_told(size_t number, long trace)
{
	return trace == 0 || trace == (long)number;
}

/* Of the index. Several classes may have one title, each in its own situation. */
static void put_line(FILE *to, const struct checked *c, size_t number)
{
	const struct psvm_finding *f = &c->result.findings[number - 1];

	html(to, "<li value=\"%zu\"><a href=\"#%s-%zu\">%s</a>", number, id_of(c), number,
	     f->title);
	if (f->situation[0])
		html(to, " <span>when %s</span>", f->situation);
	html(to, "</li>\n");
}

static void put_findings(FILE *to, const struct checked *c, long trace)
{
	size_t count = c->result.finding_count;

	if (count == 0)
		return;
	html(to, "<h3>Classes of differences</h3>\n<ol class=\"index\">\n");
	for (size_t i = 1; i <= count; i++)
		if (is_told(i, trace))
			put_line(to, c, i);
	html(to, "</ol>\n");
	for (size_t i = 1; i <= count; i++)
		if (is_told(i, trace))
			put_finding(to, c, i);
}

/* --- a rule set ---------------------------------------------------------- */

static void put_card(FILE *to, const struct checked *c)
{
	char verdict[CHECKED_WORDS], extent[CHECKED_WORDS];
	bool differs = c->result.finding_count != 0;

	checked_verdict(verdict, c);
	checked_extent(extent, c);
	html(to,
	     "<li class=\"%s\"><p><a class=\"name\" href=\"#%s\">%s</a>: <span "
	     "class=\"verdict\">%s %s</span></p>\n<p>%s</p>\n</li>\n",
	     differs ? "bad" : "good", id_of(c), c->name, differs ? "\u2260" : "=",
	     verdict, extent);
}

static void put_bits(FILE *to, const struct psvm_rules *rules)
{
	static const uint64_t no_marks[OWNERS_MOMENTS];

	html(to, "<h3>int_ctl: who owns each bit</h3>\n");
	html_legend(to);
	html_bits(to, rules, no_marks);
	html_owners(to, rules, UINT64_MAX);
}

/* What it is, and what the claims rest on. */
static void put_words(FILE *to, const struct checked *c)
{
	char notes[CHECKED_NOTES][CHECKED_WORDS];
	size_t count = checked_notes(notes, c);

	if (!cli_is_file(c->name))
		html(to, "<p>%s</p>\n",
		     psvm_words_of_rule_set(psvm_rule_set_by_name(c->name)));
	html_foreign(to, c->name, c->foreign);
	for (size_t i = 0; i < count; i++)
		html(to, "<p>%s</p>\n", notes[i]);
}

void check_html_add(struct check_page *page, const struct checked *c, long trace)
{
	FILE *body = page->html.body;

	page->sets++;
	(void)snprintf(page->name, sizeof(page->name), "%s", c->name);
	(void)snprintf(page->scope, sizeof(page->scope), "%s", c->scope);
	put_card(page->html.summary, c);
	html(body, "<section id=\"%s\">\n<h2>%s</h2>\n", id_of(c), c->name);
	put_words(body, c);
	if (!cli_is_file(c->name))
		put_bits(body, psvm_rules_by_name(c->name));
	put_findings(body, c, trace);
	html(body, "</section>\n");
}

/* --- the page ------------------------------------------------------------ */

bool check_html_begin(struct check_page *page)
{
	if (!html_begin(&page->html, "check"))
		return false;
	html(page->html.summary, "<ul class=\"cards\">\n");
	return true;
}

/* What the claims are about: each group of dimensions, its bits, its acts. */
static void put_scope(FILE *to, const char *scope)
{
	char line[1024];

	html(to, "<section id=\"scope\">\n<h2>What the scope covers</h2>\n<dl>\n");
	for (uint32_t i = 0; psvm_check_scope_line(line, sizeof(line), scope, i) != 0;
	     i++)
		html(to, i % 3 ? "<dd>%s</dd>\n" : "<dt>%s</dt>\n", line);
	html(to, "</dl>\n</section>\n");
}

bool check_html_write(struct check_page *page, const char *path)
{
	char title[CLI_L0_NAME + 64];

	html(page->html.summary,
	     "</ul>\n<p>By the model; unconfirmed on hardware. Two machines were run "
	     "side by side through everything that can happen in scope %s: L1 and L2 "
	     "alone on a processor (bare), and L1 and L2 under an L0 that does what the "
	     "rule set says (nested). <a href=\"#scope\">What the scope "
	     "covers</a>.</p>\n",
	     page->scope);
	put_scope(page->html.body, page->scope);
	if (page->sets == 1)
		(void)snprintf(title, sizeof(title), "%s: can L1 tell that it is nested?",
			       page->name);
	else
		(void)snprintf(title, sizeof(title), "Can L1 tell that it is nested?");
	return html_write(&page->html, "check", title, path);
}
