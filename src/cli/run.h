/* SPDX-License-Identifier: MIT */
/* cli/run.h - a transition on images, and where each bit came from. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli.h"
#include "image.h"

#include "psvm/pages.h"

/* Conditions change while a transition is under way. */
enum stage { AT_FIRST, THEN, AT_LAST, N_STAGES };

/* A cell that gives bits of one word a value. Where they come from, PSVM_CELLS says. */
struct source {
	uint32_t cell;
	uint32_t gate; /* a cell that decides whether this one counts, or below */
	enum stage stage;
	const char *words; /* "from 12" */
};

enum {
	NO_GATE = PSVM_CELL_COUNT, /* it counts */
	IF_FROM_12,		   /* it counts for bits that come from 12 so far */
	N_STORIES = 2
};

/* A word that is explained: the words that its bits may come from, the word
 * before and after, and the cells in the order in which they apply. */
struct story {
	const char *title;
	const char *columns[2]; /* whose the two words are */
	uint64_t from[2];
	uint64_t before, after;
	uint64_t written; /* the others stay, whatever the cells say */
	const struct source *sources;
	size_t n_sources;
	const char *otherwise; /* no cell applies */
	bool changes_only;
};

/* A run of bits of a field with one explanation. */
struct strand {
	const char *field;
	uint64_t bits;
	const struct source *source;  /* null: otherwise */
	const struct psvm_move *line; /* of the cell, that applies */
};

struct run {
	const char *command;
	const char *name; /* of the rule set */
	const struct psvm_rules *rules;
	struct psvm_pages pages;
	struct psvm_vmcb vmcb01, vmcb02;
	struct psvm_vmcb_control snapshot;
	unsigned char image12[CLI_IMAGE_SIZE];
	struct psvm_nested nested; /* before, with vmcb12 as it was */
	uint32_t conditions[N_STAGES];
	struct psvm_result result;
	const char *outcome;
	const char *outcome_why; /* the condition, if one decided */
	struct story stories[N_STORIES];
	const char *target;		    /* the VMCB whose fields are printed */
	const struct psvm_words *fields[2]; /* of it: before and after */
	uint32_t stored;		    /* of these, PSVM_F_... */
	bool intercepts;		    /* those of vmcb02 are worth printing */
};

/* Run a transition on the images. False after a line on stderr. */
bool run_enter(struct run *run);
bool run_sync(struct run *run);

/* Call visit for each strand of a story. */
typedef void strand_visitor(void *context, const struct run *run,
			    const struct story *story, const struct strand *strand);
void run_strands(const struct run *run, const struct story *story, strand_visitor *visit,
		 void *context);

/* Do the stories give the words that the transition has returned? False after a
 * line on stderr. */
bool run_is_explained(const struct run *run);

/* Does a line apply? */
bool run_applies(const struct psvm_move *move, uint32_t conditions);

/* Print the run, as text or as JSON. */
bool run_print(const struct run *run, bool json);

#endif
