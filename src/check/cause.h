/* SPDX-License-Identifier: MIT */
/* Differences with one cause are one class, and have one title. */
#ifndef PSVM_CHECK_CAUSE_H
#define PSVM_CHECK_CAUSE_H

#include "explore.h"

/* What the class is: two differences are of one class if and only if it is equal. */
uint64_t cause_key(const struct difference *d);
bool cause_same(const struct difference *a, const struct difference *b);
size_t cause_title(char *buffer, size_t size, const struct difference *d);
size_t cause_situation(char *buffer, size_t size, const struct difference *d);
const char *cause_section(const struct difference *d);

/* What was seen, in words. */
size_t cause_seen(char *buffer, size_t size, const struct seen *seen);

#endif
