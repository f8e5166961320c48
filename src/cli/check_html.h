/* SPDX-License-Identifier: MIT */
/* cli/check_html.h - the page of psvm check. */
#ifndef CLI_CHECK_HTML_H
#define CLI_CHECK_HTML_H

#include "checked.h"
#include "html.h"

struct check_page {
	struct html_page html;
	size_t sets;
	char name[CLI_L0_NAME], scope[16]; /* of the last */
};

/* As html_begin(); then rule set by rule set; then to the file; and html_end(). */
bool check_html_begin(struct check_page *page);
/* trace: the number of the only class that is told, or 0. */
void check_html_add(struct check_page *page, const struct checked *c, long trace);
bool check_html_write(struct check_page *page, const char *path);

#endif
