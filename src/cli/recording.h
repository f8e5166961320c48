/* SPDX-License-Identifier: MIT */
/* cli/recording.h - the files of recorded experiments. */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include "../check/experiment.h"

enum { RECORDED_NAME = 32 };

/* A row. */
struct recorded {
	char name[RECORDED_NAME];
	unsigned line;
	bool run; /* the experiment came to an end, when it was recorded */
	struct experiment experiment;
	struct outcome outcome;
};

struct recording {
	struct recorded *rows;
	size_t count;
};

/* Read a file. Returns false after one line on stderr that names file and line; there
 * is nothing to free then. */
bool recording_read(struct recording *recording, const char *path, bool xapic);
void recording_free(struct recording *recording);

#endif
