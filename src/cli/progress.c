/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

/* How far, how fast, how long: on one line of 80 columns, in the place of the last. */
static void show(void *context, const struct psvm_check_progress *p)
{
	const time_t *start = context;
	double seconds = difftime(time(NULL), *start);
	double millions = (double)p->transitions / 1e6;
	double rest = p->units_done ? seconds / p->units_done * (p->units - p->units_done)
				    : 0;

	fprintf(stderr,
		"\r%u of %u parts, %.1f M transitions, %.1f M/s, %.0f s left   %s",
		p->units_done, p->units, millions, seconds > 0 ? millions / seconds : 0,
		rest, p->units_done == p->units ? "\n" : "");
}

void cli_show_progress(struct psvm_check_request *request, time_t *start)
{
	if (!isatty(STDERR_FILENO))
		return;
	*start = time(NULL);
	request->progress = show;
	request->context = start;
}

unsigned long cli_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned long)n : 1;
}
