/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 32, FAR = LONGEST };

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Two letters that are swapped. */
static bool swapped(const char *a, const char *b)
{
	return same(a[0], b[-1]) && same(a[-1], b[0]);
}

typedef unsigned int table[LONGEST + 1][LONGEST + 1];

/* From i letters of a to j letters of b. */
static unsigned int edit(table t, const char *a, size_t i, const char *b, size_t j)
{
	unsigned int n;

	if (i == 0 || j == 0)
		return (unsigned int)(i + j);
	n = least(t[i - 1][j - 1] + !same(a[i - 1], b[j - 1]),
		  1 + least(t[i - 1][j], t[i][j - 1]));
	if (i > 1 && j > 1 && swapped(&a[i - 1], &b[j - 1]))
		n = least(n, 1 + t[i - 2][j - 2]);
	return n;
}

/* How many letters have to be added, left out, replaced or swapped. */
static unsigned int edits(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	table t;

	if (n > LONGEST || m > LONGEST)
		return FAR;
	for (size_t i = 0; i <= n; i++)
		for (size_t j = 0; j <= m; j++)
			t[i][j] = edit(t, a, i, b, j);
	return t[n][m];
}

static bool begins(const char *name, const char *word)
{
	while (*word && same(*name, *word)) {
		name++;
		word++;
	}
	return !*word;
}

/* About a third of the letters may be wrong, or the end missing. */
void cli_nearest_offer(struct cli_nearest *nearest, const char *name)
{
	unsigned int distance = edits(nearest->word, name);

	if (*nearest->word && begins(name, nearest->word))
		distance = 1;
	if (3 * distance > strlen(name) + 1 ||
	    (nearest->name && nearest->distance <= distance))
		return;
	nearest->name = name;
	nearest->distance = distance;
}

const char *cli_nearest_question(const struct cli_nearest *nearest)
{
	static char question[LONGEST + 32];

	if (!nearest->name)
		return "";
	(void)snprintf(question, sizeof(question), " (did you mean '%s'?)",
		       nearest->name);
	return question;
}
