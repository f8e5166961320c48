/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

struct text text_rest(const struct text *text)
{
	size_t used = text->length < text->size ? text->length : text->size;

	return (struct text){ text->size ? text->buffer + used : NULL, text->size - used,
			      0 };
}

void text_add(struct text *text, const char *format, ...)
{
	struct text rest = text_rest(text);
	int length;
	va_list args;

	va_start(args, format);
	length = vsnprintf(rest.buffer, rest.size, format, args);
	va_end(args);
	if (length > 0)
		text->length += (size_t)length;
}

void text_separate(struct text *text, const char *separator)
{
	if (text->length)
		text_add(text, "%s", separator);
}
