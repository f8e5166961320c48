/* SPDX-License-Identifier: MIT */
#include "markup.h"

#include "rows.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 32, NAME = 32 };

/* Where the parser is: what is open, the last heading. */
struct parser {
	const char *at;
	char open[DEPTH][NAME];
	size_t depth;
	int heading;
};

static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char named[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

static bool skip(struct parser *p, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(p->at, text, length) != 0)
		return false;
	p->at += length;
	return true;
}

/* One character or more, all of the set. */
static bool skip_all(struct parser *p, const char *set)
{
	size_t length = strspn(p->at, set);

	p->at += length;
	return length != 0;
}

static bool name(struct parser *p, char text[NAME])
{
	const char *begin = p->at;

	if (!strchr(lower, *begin) || !skip_all(p, named) || p->at - begin >= NAME)
		return false;
	(void)snprintf(text, NAME, "%.*s", (int)(p->at - begin), begin);
	return true;
}

static const char *close_tag(struct parser *p)
{
	char tag[NAME];

	if (!name(p, tag) || !skip(p, ">"))
		return "no tag";
	if (p->depth == 0 || strcmp(p->open[--p->depth], tag) != 0)
		return "a tag that is not open";
	return NULL;
}

static const char *entity(struct parser *p)
{
	(void)skip(p, "#");
	return skip_all(p, named) && skip(p, ";") ? NULL : "an & that is no entity";
}

static const char *attribute(struct parser *p)
{
	char text[NAME];

	if (!skip(p, "viewBox") && !name(p, text))
		return "no attribute";
	if (!skip(p, "=\""))
		return "an attribute without quotes";
	for (; *p->at != '"'; p->at++)
		if (!*p->at || *p->at == '<')
			return "an attribute without an end";
	p->at++;
	return NULL;
}

static const char *heading(struct parser *p, const char *tag)
{
	int level = tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6' && !tag[2] ?
			    tag[1] - '0' :
			    0;

	if (level > p->heading + 1)
		return "a heading that leaves out a level";
	if (level != 0)
		p->heading = level;
	return NULL;
}

static const char *open_tag(struct parser *p)
{
	const char *flaw;
	char tag[NAME];

	if (!name(p, tag))
		return "no tag";
	while (skip(p, " ")) {
		flaw = attribute(p);
		if (flaw)
			return flaw;
	}
	if (skip(p, "/>"))
		return NULL;
	if (!skip(p, ">") || p->depth == DEPTH)
		return "a tag without an end";
	(void)snprintf(p->open[p->depth++], NAME, "%s", tag);
	return heading(p, tag);
}

static const char *parse(struct parser *p)
{
	const char *flaw = NULL;

	while (!flaw && *p->at) {
		if (skip(p, "</"))
			flaw = close_tag(p);
		else if (skip(p, "<"))
			flaw = open_tag(p);
		else if (skip(p, "&"))
			flaw = entity(p);
		else
			p->at++;
	}
	return flaw ? flaw : p->depth ? "a tag that is not closed" : NULL;
}

/* How often an id is in the page; it ends with a quote. */
static int count_id(const char *page, const char *id)
{
	char wanted[128];
	int count = 0;

	(void)snprintf(wanted, sizeof(wanted), " id=\"%.*s\"", (int)strcspn(id, "\""), id);
	for (const char *at = page; (at = strstr(at, wanted)); at++)
		count++;
	return count;
}

static const char *check_ids(const char *page)
{
	for (const char *at = page; (at = strstr(at, " id=\"")); at++)
		if (count_id(page, at + 5) != 1)
			return "an id that is there twice";
	for (const char *at = page; (at = strstr(at, " href=\"#")); at++)
		if (count_id(page, at + 8) != 1)
			return "a link that leads nowhere";
	return NULL;
}

const char *markup_flaw(const char *page)
{
	struct parser p = { .at = page };
	const char *flaw;

	if (!skip(&p, "<!DOCTYPE html>\n<html lang=\"en\">"))
		return "no doctype and language";
	p.at = page + strlen("<!DOCTYPE html>\n");
	flaw = parse(&p);
	return flaw ? flaw : check_ids(page);
}

/* --- contrast ------------------------------------------------------------ */

/* One of the three parts of a colour, 0 to 255, linear. */
static double linear(long part)
{
	double c = (double)part / 255;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* -1 if there is no such colour. "#abc" is "#aabbcc". */
static double luminance(const char *style, const char *colour)
{
	char wanted[32];
	const char *at;
	long rgb;

	(void)snprintf(wanted, sizeof(wanted), "%s:#", colour);
	at = strstr(style, wanted);
	if (!at)
		return -1;
	at += strlen(wanted);
	rgb = strtol(at, NULL, 16);
	if (strspn(at, "0123456789abcdef") == 3)
		rgb = (rgb >> 8 & 15) * 0x110000 + (rgb >> 4 & 15) * 0x1100 +
		      (rgb & 15) * 0x11;
	return 0.2126 * linear(rgb >> 16 & 255) + 0.7152 * linear(rgb >> 8 & 255) +
	       0.0722 * linear(rgb & 255);
}

double markup_contrast(const char *page, const char *a, const char *b, int dark)
{
	const char *style = dark ? strstr(page, "prefers-color-scheme:dark") : page;
	double x = style ? luminance(style, a) : -1, y = style ? luminance(style, b) : -1;

	if (x < 0 || y < 0)
		return 0;
	return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}
