/* SPDX-License-Identifier: MIT */
/* What psvm check has found, in the words that text and pages have in common. */
#include "checked.h"

#include <inttypes.h>
#include <stdio.h>

const struct cli_sides checked_sides = { "bare", "nested", "the nested machine" };

const char checked_latent[] =
	"The request that a helper raises by chance does not count here: a class that is "
	"not found with it is latent.";

size_t checked_rows(const struct checked *c, const struct psvm_finding *f,
		    const char **row)
{
	return evidence_for(c->recorded ? &c->recorded->evidence : NULL, f->cause, row);
}

size_t checked_rows_beyond(const struct checked *c)
{
	size_t rows = c->recorded->evidence.count;
	const char *row;

	for (size_t i = 0; i < c->result.finding_count; i++)
		rows -= checked_rows(c, &c->result.findings[i], &row);
	return rows;
}

void checked_mark(char text[CHECKED_WORDS], const struct checked *c,
		  const struct psvm_finding *f)
{
	const char *row;
	size_t rows = checked_rows(c, f, &row);

	if (rows == 0)
		(void)snprintf(text, CHECKED_WORDS,
			       "By the model, unconfirmed on hardware");
	else
		(void)snprintf(text, CHECKED_WORDS,
			       "Seen in recorded rows: %s, %zu row%s, for example %s",
			       c->recorded->environment, rows, rows == 1 ? "" : "s", row);
}

void checked_verdict(char text[CHECKED_WORDS], const struct checked *c)
{
	const struct psvm_check_result *r = &c->result;

	if (r->units == 0)
		(void)snprintf(text, CHECKED_WORDS,
			       "no part of the scope is in this shard");
	else if (r->finding_count == 0)
		(void)snprintf(text, CHECKED_WORDS, "L1 cannot tell that it is nested%s",
			       r->complete ? "" : ", as far as this went");
	else
		(void)snprintf(text, CHECKED_WORDS,
			       "L1 or L2 can tell: %zu class%s of differences",
			       r->finding_count, r->finding_count == 1 ? "" : "es");
}

void checked_extent(char text[CHECKED_WORDS], const struct checked *c)
{
	const struct psvm_check_result *r = &c->result;
	char shard[48] = "";

	if (c->shards > 1)
		(void)snprintf(shard, sizeof(shard), ", shard %" PRIu32 "/%" PRIu32,
			       c->shard, c->shards);
	(void)snprintf(
		text, CHECKED_WORDS,
		"scope %s%s, %" PRIu64 " states, %" PRIu64 " transitions, representing "
		"%" PRIu64 " set-ups, %s",
		c->scope, shard, r->states, r->transitions, r->setups,
		r->complete ? "complete" : "NOT complete: the bound of states was met");
}

size_t checked_notes(char notes[CHECKED_NOTES][CHECKED_WORDS], const struct checked *c)
{
	size_t n = 0;

	if (!c->implicit_event)
		(void)snprintf(notes[n++], CHECKED_WORDS, "%s", checked_latent);
	if (c->recorded != NULL)
		(void)snprintf(notes[n++], CHECKED_WORDS,
			       "%s: %zu of %zu recorded rows show a difference, %zu of "
			       "them one that is not below",
			       c->recorded->environment, c->recorded->evidence.count,
			       c->recorded->recording.count, checked_rows_beyond(c));
	return n;
}
