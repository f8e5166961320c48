/* SPDX-License-Identifier: MIT */
/* cli/evidence_files.h - recordings of KVM, as evidence for what psvm check finds. */
#ifndef CLI_EVIDENCE_FILES_H
#define CLI_EVIDENCE_FILES_H

#include "../check/evidence.h"
#include "recording.h"

enum { ENVIRONMENT_NAME = 32 };

/* The recording of the KVM that a rule set describes. */
struct evidence_file {
	char environment[ENVIRONMENT_NAME]; /* "kvm-6.1"; empty: there is none */
	struct recording recording;	    /* the witnesses' names are in it */
	struct psvm_evidence evidence;
};

struct evidence_files {
	struct evidence_file of[PSVM_RULE_SET_COUNT];
};

/* Read the files, which end with a null pointer; no array is no file. Each is called
 * after the version of KVM. Returns false after one line on stderr. */
bool evidence_files_read(struct evidence_files *files, char *const *paths);
void evidence_files_free(struct evidence_files *files);

/* That of a rule set; or null. */
const struct evidence_file *evidence_file_of(const struct evidence_files *files,
					     const char *rules);

#endif
