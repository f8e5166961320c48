/* SPDX-License-Identifier: MIT */
#include "checked.h"

#include "psvm/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- written ------------------------------------------------------------- */

/* null: by the model only. */
static json_t *rows_json(const struct checked *c, const struct psvm_finding *f)
{
	const char *row;
	size_t rows = checked_rows(c, f, &row);

	return rows == 0 ? json_null()
			 : json_pack("{s:s, s:I, s:s}", "environment",
				     c->recorded->environment, "rows", (json_int_t)rows,
				     "example", row);
}

static json_t *finding_json(const struct checked *c, const struct psvm_finding *f)
{
	json_t *json = json_pack("{s:o, s:i, s:o}", "class", cli_json_hex(f->cause),
				 "part", (int)f->part, "recorded", rows_json(c, f));
	json_t *story = cli_json_finding(f, &checked_sides);

	json_object_update(json, story);
	json_decref(story);
	return json;
}

json_t *checked_json(const struct checked *c, long trace)
{
	const struct psvm_check_result *r = &c->result;
	json_t *findings = json_array();

	for (size_t i = 0; i < r->finding_count; i++)
		if (trace == 0 || trace == (long)i + 1)
			json_array_append_new(findings, finding_json(c, &r->findings[i]));
	return json_pack("{s:s, s:s, s:s, s:b, s:i, s:i, s:i, s:b, s:I, s:I, s:I, s:o}",
			 "psvm", PSVM_VERSION, "rules", c->name, "scope", c->scope,
			 "implicit_event", c->implicit_event, "shard", (int)c->shard,
			 "shards", (int)c->shards, "units", (int)r->units, "complete",
			 r->complete, "states", (json_int_t)r->states, "transitions",
			 (json_int_t)r->transitions, "setups", (json_int_t)r->setups,
			 "findings", findings);
}

/* --- read ---------------------------------------------------------------- */

static bool copy(char *to, size_t size, const char *from)
{
	int n = snprintf(to, size, "%s", from);

	return n >= 0 && (size_t)n < size;
}

#define COPY(to, from) copy(to, sizeof(to), from)

static bool read_hex(uint64_t *value, const char *text)
{
	char *end;

	*value = strtoull(text, &end, 16);
	return strncmp(text, "0x", 2) == 0 && *end == '\0';
}

static bool read_step(struct psvm_story_step *s, json_t *json)
{
	const char *act, *bare, *nested, *l0, *in_02, *in_12;
	int level;

	if (json_unpack(json, "{s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "level", &level,
			"act", &act, "bare", &bare, "nested", &nested, "l0", &l0,
			"vmcb02", &in_02, "vmcb12", &in_12) != 0)
		return false;
	s->level = (uint32_t)level;
	return COPY(s->act, act) && COPY(s->bare, bare) && COPY(s->nested, nested) &&
	       COPY(s->l0, l0) && read_hex(&s->int_ctl_02, in_02) &&
	       read_hex(&s->int_ctl_12, in_12);
}

static bool read_steps(struct psvm_finding *f, json_t *json)
{
	f->steps = calloc(json_array_size(json) + 1, sizeof(*f->steps));
	if (f->steps == NULL)
		return false;
	for (; f->step_count < json_array_size(json); f->step_count++)
		if (!read_step(&f->steps[f->step_count],
			       json_array_get(json, f->step_count)))
			return false;
	return f->step_count != 0;
}

static bool read_finding(struct psvm_finding *f, json_t *json)
{
	const char *title, *situation, *section, *setup, *cause;
	json_int_t count;
	json_t *steps;
	int part;

	if (json_unpack(json, "{s:s, s:i, s:s, s:s, s:s, s:s, s:I, s:o}", "class", &cause,
			"part", &part, "title", &title, "situation", &situation,
			"section", &section, "setup", &setup, "count", &count, "steps",
			&steps) != 0)
		return false;
	f->part = (uint32_t)part;
	f->count = (uint64_t)count;
	return read_hex(&f->cause, cause) && COPY(f->title, title) &&
	       COPY(f->situation, situation) && COPY(f->section, section) &&
	       COPY(f->setup, setup) && read_steps(f, steps);
}

static bool read_findings(struct psvm_check_result *r, json_t *json)
{
	r->findings = calloc(json_array_size(json) + 1, sizeof(*r->findings));
	if (r->findings == NULL)
		return false;
	while (r->finding_count < json_array_size(json)) {
		size_t i = r->finding_count++;

		if (!read_finding(&r->findings[i], json_array_get(json, i)))
			return false;
	}
	return true;
}

static bool read_result(struct psvm_check_result *r, json_t *json)
{
	json_int_t states, transitions, setups;
	json_t *findings;
	int units, complete;

	if (json_unpack(json, "{s:i, s:b, s:I, s:I, s:I, s:o}", "units", &units,
			"complete", &complete, "states", &states, "transitions",
			&transitions, "setups", &setups, "findings", &findings) != 0)
		return false;
	r->units = (uint32_t)units;
	r->complete = complete != 0;
	r->states = (uint64_t)states;
	r->transitions = (uint64_t)transitions;
	r->setups = (uint64_t)setups;
	return read_findings(r, findings);
}

static bool read_checked(struct checked *c, json_t *json)
{
	const char *version, *name, *scope;
	int implicit_event, shard, shards;

	if (json_unpack(json, "{s:s, s:s, s:s, s:b, s:i, s:i}", "psvm", &version, "rules",
			&name, "scope", &scope, "implicit_event", &implicit_event,
			"shard", &shard, "shards", &shards) != 0 ||
	    strcmp(version, PSVM_VERSION) != 0 || shard < 0 || shard >= shards)
		return false;
	c->implicit_event = implicit_event != 0;
	c->shard = (uint32_t)shard;
	c->shards = (uint32_t)shards;
	return COPY(c->name, name) && COPY(c->scope, scope) &&
	       read_result(&c->result, json);
}

static bool read_file(struct checked *c, const char *file)
{
	json_error_t error;
	json_t *json = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	bool done;

	if (json == NULL)
		return cli_fail("check", "--merge: %s, line %d: %s", file, error.line,
				error.text);
	done = read_checked(c, json);
	json_decref(json);
	return done || cli_fail("check",
				"--merge: %s is not a result of \"psvm check --json\" of "
				"version " PSVM_VERSION,
				file);
}

/* --- merged -------------------------------------------------------------- */

static bool same_check(const struct checked *a, const struct checked *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->scope, b->scope) == 0 &&
	       a->shards == b->shards && a->implicit_event == b->implicit_event;
}

/* One file more. seen has a byte for each shard, made with the first file. */
static bool merge_file(struct checked *all, const char *file, char **seen)
{
	struct checked c = { 0 };
	bool done = read_file(&c, file);

	if (done && *seen == NULL) {
		*all = c;
		memset(&all->result, 0, sizeof(all->result));
		all->result.complete = true;
		*seen = calloc(c.shards, 1);
		done = *seen != NULL || cli_fail("check", "out of memory");
	}
	if (done && !same_check(all, &c))
		done = cli_fail("check", "--merge: %s is of another check", file);
	if (done && (*seen)[c.shard])
		done = cli_fail("check", "--merge: %s: shard %u/%u has been there before",
				file, c.shard, c.shards);
	if (done && !psvm_check_merge(&all->result, &c.result))
		done = cli_fail("check", "out of memory");
	if (done)
		(*seen)[c.shard] = 1;
	psvm_check_free(&c.result);
	return done;
}

static bool all_seen(const struct checked *all, const char *seen)
{
	for (uint32_t i = 0; i < all->shards; i++)
		if (!seen[i])
			return cli_fail("check", "--merge: shard %u/%u is missing", i,
					all->shards);
	return true;
}

bool checked_merge(struct checked *all, const char **files)
{
	bool done = files[0] != NULL ||
		    cli_fail("check", "--merge: the files are missing");
	char *seen = NULL;

	for (size_t i = 0; done && files[i] != NULL; i++)
		done = merge_file(all, files[i], &seen);
	done = done && all_seen(all, seen);
	free(seen);
	all->shard = 0;
	all->shards = 1;
	return done;
}
