/* SPDX-License-Identifier: MIT */
/* cli/check_json.h - what psvm check has found, as JSON: written, and read again. */
#ifndef CLI_CHECK_JSON_H
#define CLI_CHECK_JSON_H

#include "cli.h"

#include "psvm/explore.h"

/* One rule set, checked. */
struct checked {
	char name[64];
	char scope[16];
	uint32_t shard, shards;
	bool implicit_event;
	struct psvm_check_result result;
};

/* trace: the number of the only class, or 0. Null: no memory. */
json_t *check_json(const struct checked *c, long trace);

/* All shards of one check, each once, in files; null ends the list. False after a line on
 * stderr. */
bool check_json_merge(struct checked *all, const char **files);

#endif
