/* SPDX-License-Identifier: MIT */
/* cli/checked.h - what psvm check has found: printed, and as JSON read again. */
#ifndef CLI_CHECKED_H
#define CLI_CHECKED_H

#include "cli.h"
#include "evidence_files.h"
#include "l0.h"
#include "story.h"

/* One rule set, checked. */
struct checked {
	char name[CLI_L0_NAME];
	const struct psvm_foreign *foreign; /* null: a rule set, or merged */
	char scope[16];
	uint32_t shard, shards;
	bool implicit_event;
	const struct evidence_file *recorded; /* of this rule set; may be null */
	struct psvm_check_result result;
};

extern const struct cli_sides checked_sides;

/* How many recorded rows show a class, and the first of them. */
size_t checked_rows(const struct checked *c, const struct psvm_finding *f,
		    const char **row);
/* Those that show a class which was not found here: the scope ends before it. */
size_t checked_rows_beyond(const struct checked *c);

/* What stands behind a finding; the verdict; what it covers; what else it rests on. */
enum { CHECKED_WORDS = 256, CHECKED_NOTES = 2 };
extern const char checked_latent[];
void checked_mark(char text[CHECKED_WORDS], const struct checked *c,
		  const struct psvm_finding *f);
void checked_verdict(char text[CHECKED_WORDS], const struct checked *c);
void checked_extent(char text[CHECKED_WORDS], const struct checked *c);
size_t checked_notes(char notes[CHECKED_NOTES][CHECKED_WORDS], const struct checked *c);

/* trace: the number of the only class that is told, or 0. */
void checked_print(const struct checked *c, long trace);
void checked_markdown_head(const char *scope, bool all, bool recorded);
void checked_markdown(const struct checked *c);
json_t *checked_json(const struct checked *c, long trace); /* null: no memory */

/* All shards of one check, each once, in files; null ends the list. False after a line on
 * stderr. */
bool checked_merge(struct checked *all, const char **files);

#endif
