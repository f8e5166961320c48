/* SPDX-License-Identifier: MIT */
#include "checked.h"

#include "psvm/names.h"
#include "psvm/rule_sets.h"
#include "psvm/version.h"

#include <ctype.h>
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

	if (json_object_update(json, story) != 0) {
		json_decref(json);
		json = NULL;
	}
	json_decref(story);
	return json;
}

json_t *checked_json(const struct checked *c, long trace)
{
	const struct psvm_check_result *r = &c->result;
	json_t *findings = json_array();

	for (size_t i = 0; i < r->finding_count; i++)
		if ((trace == 0 || trace == (long)i + 1) &&
		    json_array_append_new(findings, finding_json(c, &r->findings[i])) !=
			    0) {
			json_decref(findings);
			return NULL;
		}
	return json_pack("{s:s, s:s, s:o, s:s, s:b, s:I, s:I, s:I, s:b, s:I, s:I, s:I, "
			 "s:I, s:o}",
			 "psvm", PSVM_VERSION, "rules", c->name, "foreign",
			 cli_l0_json(c->foreign), "scope", c->scope, "implicit_event",
			 c->implicit_event, "shard", (json_int_t)c->shard, "shards",
			 (json_int_t)c->shards, "units", (json_int_t)r->units, "complete",
			 r->complete, "states", (json_int_t)r->states, "transitions",
			 (json_int_t)r->transitions, "setups", (json_int_t)r->setups,
			 "classes", (json_int_t)r->finding_count, "findings", findings);
}

/* --- read ---------------------------------------------------------------- */

/* What is printed later has no control characters. */
static bool copy(char *to, size_t size, const char *from)
{
	int n = snprintf(to, size, "%s", from);

	for (; *from != '\0'; from++)
		if (iscntrl((unsigned char)*from))
			return false;
	return n >= 0 && (size_t)n < size;
}

static bool read_text(char *to, size_t size, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text != NULL && copy(to, size, text);
}

#define READ_TEXT(to, json, key) read_text(to, sizeof(to), json, key)

static bool read_number(uint64_t *to, const json_t *json, const char *key, uint64_t max)
{
	const json_t *number = json_object_get(json, key);
	json_int_t value = json_integer_value(number);

	*to = (uint64_t)value;
	return json_is_integer(number) && value >= 0 && *to <= max;
}

static bool read_number32(uint32_t *to, const json_t *json, const char *key, uint32_t max)
{
	uint64_t value;
	bool good = read_number(&value, json, key, max);

	*to = (uint32_t)value;
	return good;
}

static bool read_flag(bool *to, const json_t *json, const char *key)
{
	const json_t *flag = json_object_get(json, key);

	*to = json_is_true(flag);
	return json_is_boolean(flag);
}

static bool read_hex(uint64_t *to, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));
	char *end;

	if (text == NULL || strncmp(text, "0x", 2) != 0)
		return false;
	*to = strtoull(text, &end, 16);
	return *end == '\0';
}

static bool read_step(struct psvm_story_step *s, const json_t *json)
{
	return read_number32(&s->level, json, "level", 2) &&
	       READ_TEXT(s->act, json, "act") && READ_TEXT(s->bare, json, "bare") &&
	       READ_TEXT(s->nested, json, "nested") && READ_TEXT(s->l0, json, "l0") &&
	       read_hex(&s->int_ctl_02, json, "vmcb02") &&
	       read_hex(&s->int_ctl_12, json, "vmcb12");
}

static bool read_steps(struct psvm_finding *f, const json_t *json)
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

static bool read_finding(struct psvm_finding *f, const json_t *json)
{
	return read_hex(&f->cause, json, "class") &&
	       read_number32(&f->part, json, "part", UINT32_MAX) &&
	       read_number(&f->count, json, "count", UINT64_MAX) &&
	       READ_TEXT(f->title, json, "title") &&
	       READ_TEXT(f->situation, json, "situation") &&
	       READ_TEXT(f->section, json, "section") &&
	       READ_TEXT(f->setup, json, "setup") &&
	       read_steps(f, json_object_get(json, "steps"));
}

/* All classes: a file that was written with --trace has one of them only. */
static bool read_findings(struct psvm_check_result *r, const json_t *json)
{
	const json_t *findings = json_object_get(json, "findings");
	size_t count = json_array_size(findings);
	uint64_t classes;

	if (!json_is_array(findings) || !read_number(&classes, json, "classes", count) ||
	    classes != count)
		return false;
	r->findings = calloc(count + 1, sizeof(*r->findings));
	if (r->findings == NULL)
		return false;
	while (r->finding_count < count) {
		size_t i = r->finding_count++;

		if (!read_finding(&r->findings[i], json_array_get(findings, i)))
			return false;
	}
	return true;
}

static bool read_result(struct psvm_check_result *r, const json_t *json)
{
	return read_number32(&r->units, json, "units", UINT32_MAX) &&
	       read_flag(&r->complete, json, "complete") &&
	       read_number(&r->states, json, "states", UINT64_MAX) &&
	       read_number(&r->transitions, json, "transitions", UINT64_MAX) &&
	       read_number(&r->setups, json, "setups", UINT64_MAX) &&
	       read_findings(r, json);
}

static bool is_l0(const char *name)
{
	return cli_is_file(name) || psvm_rules_by_name(name) != NULL;
}

static bool read_checked(struct checked *c, const json_t *json)
{
	char version[16];

	return READ_TEXT(version, json, "psvm") && strcmp(version, PSVM_VERSION) == 0 &&
	       READ_TEXT(c->name, json, "rules") && is_l0(c->name) &&
	       READ_TEXT(c->scope, json, "scope") && psvm_check_is_scope(c->scope) &&
	       read_flag(&c->implicit_event, json, "implicit_event") &&
	       read_number32(&c->shards, json, "shards", UINT32_MAX) &&
	       read_number32(&c->shard, json, "shard", UINT32_MAX) &&
	       c->shard < c->shards && read_result(&c->result, json);
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

/* The first file says what all are of. seen gets a byte for each shard. */
static bool begin_merge(struct checked *all, const struct checked *first, char **seen)
{
	struct psvm_check_result none = { .complete = true };

	*all = *first;
	all->result = none;
	*seen = calloc((size_t)first->shards + 1, 1);
	return *seen != NULL;
}

static bool merge_one(struct checked *all, struct checked *c, const char *file,
		      char **seen)
{
	if (*seen == NULL && !begin_merge(all, c, seen))
		return cli_fail("check", "out of memory");
	if (!same_check(all, c))
		return cli_fail(
			"check",
			"--merge: %s is of another check; merge the shards of one", file);
	if ((*seen)[c->shard])
		return cli_fail("check",
				"--merge: %s: shard %u/%u has been there before; give "
				"each shard once",
				file, c->shard, c->shards);
	(*seen)[c->shard] = 1;
	return psvm_check_merge(&all->result, &c->result) ||
	       cli_fail("check", "out of memory");
}

static bool merge_file(struct checked *all, const char *file, char **seen)
{
	struct checked c = { 0 };
	bool done = read_file(&c, file) && merge_one(all, &c, file, seen);

	psvm_check_free(&c.result);
	return done;
}

static bool all_seen(const struct checked *all, const char *seen)
{
	for (uint32_t i = 0; i < all->shards; i++)
		if (seen == NULL || !seen[i])
			return cli_fail("check",
					"--merge: shard %u/%u is missing; make it with "
					"--shard %u/%u --json",
					i, all->shards, i, all->shards);
	return true;
}

bool checked_merge(struct checked *all, const char **files)
{
	bool done = files[0] != NULL ||
		    cli_fail("check", "--merge: the files are missing; make them with "
				      "--shard and --json");
	char *seen = NULL;

	for (size_t i = 0; done && files[i] != NULL; i++)
		done = merge_file(all, files[i], &seen);
	done = done && all_seen(all, seen);
	free(seen);
	all->shard = 0;
	all->shards = 1;
	return done;
}
