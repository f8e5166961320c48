/* SPDX-License-Identifier: MIT */
/* cli/html.h - reports as pages: one file, that needs no network and no script. */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include "l0.h"
#include "owners.h"
#include "story.h"

#include <stdio.h>

/*
 * Markup, and what is put into it: %s is text and is escaped, %d an int, and
 * %zu a size_t; there is nothing else. Text never comes in by another way, so no file
 * that psvm reads can put markup into a page. A null stream takes nothing.
 */
__attribute__((format(printf, 2, 3))) void html(FILE *to, const char *markup, ...);

/* A page on its way, in memory: its file gets all of it or nothing. */
struct html_page {
	FILE *summary; /* below the title */
	FILE *body;    /* below the summary */
	char *text[2];
	size_t size[2];
};

/* Will the file of --html do? Null does: it was not given. False after a line on stderr.
 */
bool html_can_write(const char *command, const char *path);

/* Each returns false after a line on stderr; after a beginning that has failed there is
 * nothing to end. */
bool html_begin(struct html_page *page, const char *command);
bool html_write(struct html_page *page, const char *command, const char *title,
		const char *path);
/* In any case. */
void html_end(struct html_page *page);

/* The style, which is the same for all pages. */
void html_style(FILE *to);

/* --- parts of pages ------------------------------------------------------ */

/* A story: three lanes, drawn; and the words that they end with, rows of a <dl>. */
void html_story(FILE *to, const struct psvm_finding *f, const struct cli_sides *sides);
void html_story_end(FILE *to, const struct psvm_finding *f,
		    const struct cli_sides *sides);

/* What foreign code is, and that it has no cells; nothing for a rule set. */
void html_foreign(FILE *to, const char *name, const struct psvm_foreign *foreign);

/* The bits of int_ctl, and who owns them; those in marks are marked. */
void html_bits(FILE *to, const struct psvm_rules *rules,
	       const uint64_t marks[OWNERS_MOMENTS]);
/* The same as a table, with the conditions, of fields that have one of the bits. */
void html_owners(FILE *to, const struct psvm_rules *rules, uint64_t bits);
/* What the colours and signs of both mean. */
void html_legend(FILE *to);

#endif
