/* SPDX-License-Identifier: MIT */
/* cli/diff_html.h - the page of psvm diff. */
#ifndef CLI_DIFF_HTML_H
#define CLI_DIFF_HTML_H

#include "pair.h"

/* False after a line on stderr. */
bool diff_html(const struct pair *pair, const char *path);

#endif
