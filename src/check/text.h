/* SPDX-License-Identifier: MIT */
/* check/text.h - text into a buffer, piece by piece, by snprintf()'s rules. */
#ifndef CHECK_TEXT_H
#define CHECK_TEXT_H

#include <stddef.h>

struct text {
	char *buffer;
	size_t size;
	size_t length; /* that the whole text has, whether it fits or not */
};

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format,
						    ...);

/* An empty text behind the text, in what remains of its buffer. */
struct text text_rest(const struct text *text);

/* The separator, unless the text is empty. */
void text_separate(struct text *text, const char *separator);

#endif
