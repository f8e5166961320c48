/* SPDX-License-Identifier: MIT */
/* cli/recording.h - the files of recorded experiments. */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include "../check/replay.h"

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

/* What a recording is called, and what it is of. */
struct recording_origin {
	const char *name; /* how the name of the file begins */
	enum processor_id processor;
	const char *rules; /* the rule set of the KVM that was recorded, or null */
};

/* By the name of the file; null if it says nothing. */
const struct recording_origin *recording_origin(const char *path);

/* Read a file, for a command. Returns false after one line on stderr that names file and
 * line; there is nothing to free then. */
bool recording_read(struct recording *recording, const char *command, const char *path,
		    enum experiment_send sends);
void recording_free(struct recording *recording);

#endif
