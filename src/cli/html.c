/* SPDX-License-Identifier: MIT */
#include "html.h"

#include "cli.h"
#include "output.h"
#include "psvm/version.h"
#include "rows.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- markup -------------------------------------------------------------- */

static void put_escaped(FILE *to, const char *text)
{
	static const struct {
		char is;
		const char *entity;
	} entities[] = {
		{ '&', "&amp;" },  { '<', "&lt;" },   { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" },
	};

	for (; *text; text++) {
		size_t i = 0;

		while (i < N_ROWS(entities) && entities[i].is != *text)
			i++;
		if (i < N_ROWS(entities))
			fputs(entities[i].entity, to);
		else
			fputc(*text, to);
	}
}

void html(FILE *to, const char *markup, ...)
{
	va_list args;

	if (to == NULL)
		return;
	va_start(args, markup);
	for (; *markup; markup++) {
		if (*markup != '%') {
			fputc(*markup, to);
			continue;
		}
		switch (*++markup) {
		case 's':
			put_escaped(to, va_arg(args, const char *));
			break;
		case 'd':
			fprintf(to, "%d", va_arg(args, int));
			break;
		default: /* %zu */
			markup++;
			fprintf(to, "%zu", va_arg(args, size_t));
		}
	}
	va_end(args);
}

/* --- foreign code -------------------------------------------------------- */

void html_foreign(FILE *to, const char *name, const struct psvm_foreign *foreign)
{
	char notes[CLI_L0_NOTES][CLI_L0_WORDS];
	size_t count = cli_l0_notes(notes, name, foreign);

	for (size_t i = 0; i < count; i++)
		html(to, "<p>%s</p>\n", notes[i]);
	if (foreign != NULL)
		html(to,
		     "<p>Code has no table of who owns which bit; psvm diff compares it "
		     "with a rule set.</p>\n");
}

/* --- pages --------------------------------------------------------------- */

static bool out_of_memory(const char *command)
{
	return cli_fail(command, "--html: out of memory");
}

bool html_can_write(const char *command, const char *path)
{
	return cli_new_file(command, "--html", path) &&
	       (path == NULL || cli_output_probe(path));
}

bool html_begin(struct html_page *page, const char *command)
{
	*page = (struct html_page){ 0 };
	page->summary = open_memstream(&page->text[0], &page->size[0]);
	page->body = open_memstream(&page->text[1], &page->size[1]);
	if (page->summary != NULL && page->body != NULL)
		return true;
	html_end(page);
	return out_of_memory(command);
}

/* All of it, in order; what was put into it is markup. */
static void put_page(FILE *to, const struct html_page *page, const char *command,
		     const char *title)
{
	html(to,
	     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	     "<title>%s</title>\n<style>\n",
	     title);
	html_style(to);
	html(to,
	     "</style>\n</head>\n<body>\n<header>\n<p class=\"psvm\">psvm %s</p>\n"
	     "<h1>%s</h1>\n</header>\n<main>\n",
	     command, title);
	fputs(page->text[0], to);
	fputs(page->text[1], to);
	html(to,
	     "</main>\n<footer>\n<p>Made by <code>psvm %s --html</code>, psvm %s. By the "
	     "model; unconfirmed on hardware.</p>\n</footer>\n</body>\n</html>\n",
	     command, PSVM_VERSION);
}

static bool write_file(const char *path, const char *text, size_t size)
{
	struct cli_output output;

	return cli_output_begin(&output, path, text, size) && cli_output_commit(&output);
}

bool html_write(struct html_page *page, const char *command, const char *title,
		const char *path)
{
	char *text = NULL;
	size_t size = 0;
	bool whole = fflush(page->summary) == 0 && fflush(page->body) == 0;
	FILE *to = whole ? open_memstream(&text, &size) : NULL;
	bool done;

	if (to == NULL)
		return out_of_memory(command);
	put_page(to, page, command, title);
	whole = ferror(to) == 0;
	whole = fclose(to) == 0 && whole;
	done = whole ? write_file(path, text, size) : out_of_memory(command);
	free(text);
	return done;
}

void html_end(struct html_page *page)
{
	if (page->summary != NULL)
		fclose(page->summary);
	if (page->body != NULL)
		fclose(page->body);
	free(page->text[0]);
	free(page->text[1]);
}
