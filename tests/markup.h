/* SPDX-License-Identifier: MIT */
/* What a page of psvm's must be: HTML that is XML as well, whole in itself. */
#ifndef PSVM_TESTS_MARKUP_H
#define PSVM_TESTS_MARKUP_H

/* Null, or what is wrong with the page first: a tag that is not closed or not open, an
 * attribute without quotes, an & that begins no entity, a heading that leaves out a level,
 * an id that is there twice, a link to one that is not. */
const char *markup_flaw(const char *page);

/* Contrast of two colours of a page's style, as WCAG defines it; names as in "--ink".
 * dark: those of the dark scheme. */
double markup_contrast(const char *page, const char *a, const char *b, int dark);

#endif
