/* SPDX-License-Identifier: MIT */
/* A scope, unit by unit, on all threads; the results in the order of the units. */
#include "check.h"

#include "cause.h"
#include "psvm/nested.h"
#include "story.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct job {
	const struct psvm_check_request *request;
	const struct variant *change; /* or null */
	const struct scope *scope;
	struct exploration *done; /* of each unit */
	uint32_t units;		  /* of the scope */
	uint32_t next;
	unsigned shortest; /* with a change: the shortest story of it so far, or 0 */
	struct psvm_check_progress progress;
	pthread_mutex_t mutex;
};

static struct world world_of(const struct job *job, uint32_t facts)
{
	const struct psvm_check_request *request = job->request;
	struct world w = { .rules = request->l0.rules,
			   .foreign = request->l0.foreign,
			   .change = job->change,
			   .facts = facts,
			   .options = request->processor,
			   .implicit_event = request->implicit_event };

	return w;
}

/* Can either rule set have these features, and the change come about with them? */
static bool change_fits(const struct job *job, uint32_t facts)
{
	return (scope_fits(job->request->l0.rules, facts) ||
		scope_fits(job->change->to.rules, facts)) &&
	       variant_fits(job->change, facts);
}

/* Is the unit one of this shard and of this rule set? */
static bool is_ours(const struct job *job, uint32_t unit)
{
	uint32_t facts = scope_unit(job->scope, unit).facts;

	return unit % job->request->shards == job->request->shard &&
	       (job->change != NULL ? change_fits(job, facts)
				    : scope_fits(job->request->l0.rules, facts));
}

/* The next unit of this shard, or the number of units. */
static uint32_t take(struct job *job, struct bounds *bounds)
{
	uint32_t unit;

	pthread_mutex_lock(&job->mutex);
	while (job->next < job->units && !is_ours(job, job->next))
		job->next++;
	unit = job->next;
	if (job->next < job->units)
		job->next++;
	bounds->states = job->request->max_states;
	bounds->steps = job->shortest;
	pthread_mutex_unlock(&job->mutex);
	return unit;
}

/* A shorter story would be better, another one as long makes the result depend on who
 * came first. */
static void note_story(struct job *job, const struct exploration *e)
{
	if (job->change != NULL && e->finding_count != 0 &&
	    (job->shortest == 0 || e->findings[0].length < job->shortest))
		job->shortest = e->findings[0].length;
}

static void finish(struct job *job, uint32_t unit)
{
	pthread_mutex_lock(&job->mutex);
	note_story(job, &job->done[unit]);
	job->progress.units_done++;
	job->progress.transitions += job->done[unit].transitions;
	if (job->request->progress != NULL)
		job->request->progress(job->request->context, &job->progress);
	pthread_mutex_unlock(&job->mutex);
}

static void *work(void *argument)
{
	struct job *job = argument;
	struct bounds bounds;

	for (uint32_t i = take(job, &bounds); i < job->units; i = take(job, &bounds)) {
		struct unit unit = scope_unit(job->scope, i);
		struct world w = world_of(job, unit.facts);

		job->done[i] = explore(&w, &unit, bounds);
		finish(job, i);
	}
	return NULL;
}

/* This thread works, too: without memory for others it works alone. */
static void work_all(struct job *job)
{
	uint32_t others = job->request->threads - 1, started = 0;
	pthread_t *threads = calloc(others + 1, sizeof(*threads));

	while (threads != NULL && started < others &&
	       pthread_create(&threads[started], NULL, work, job) == 0)
		started++;
	(void)work(job);
	for (uint32_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

/* --- results ------------------------------------------------------------- */

static bool tell(const struct job *job, uint32_t i, struct psvm_check_result *r)
{
	struct unit unit = scope_unit(job->scope, i);
	struct world w = world_of(job, unit.facts);
	const struct exploration *e = &job->done[i];
	struct psvm_check_result one = { .complete = e->complete,
					 .units = 1,
					 .states = e->states,
					 .transitions = e->transitions,
					 .setups = scope_setups(&unit) };

	*r = one;
	r->findings = calloc(e->finding_count + 1, sizeof(*r->findings));
	if (r->findings == NULL)
		return false;
	for (; r->finding_count < e->finding_count; r->finding_count++) {
		const struct finding *from = &e->findings[r->finding_count];
		struct psvm_finding *to = &r->findings[r->finding_count];

		if (!story_tell(to, from, &w))
			return false;
		to->cause = cause_key(&from->difference);
		to->part = i;
		to->count = from->count;
	}
	return true;
}

static const char *collect(const struct job *job, struct psvm_check_result *result)
{
	const char *error = NULL;

	result->complete = true;
	for (uint32_t i = 0; i < job->units && error == NULL; i++) {
		struct psvm_check_result one = { 0 };

		if (!is_ours(job, i))
			continue;
		error = job->done[i].error;
		if (error == NULL &&
		    (!tell(job, i, &one) || !psvm_check_merge(result, &one)))
			error = "out of memory";
		psvm_check_free(&one);
	}
	return error;
}

static const char *bad(const struct psvm_check_request *request)
{
	if (psvm_rules_check(request->l0.rules).code != PSVM_OK)
		return "the rule set makes no sense";
	if (request->scope == NULL || scope_named(request->scope) == NULL)
		return "there is no such scope: default, full";
	if (request->shards == 0 || request->shard >= request->shards)
		return "there is no such shard";
	if (request->threads == 0)
		return "at least one thread is needed";
	if (request->max_states >= UINT32_MAX)
		return "a unit has fewer than 2^32 - 1 states";
	return NULL;
}

uint32_t check_units(const struct psvm_check_request *request,
		     const struct variant *change)
{
	struct job job = { .request = request,
			   .change = change,
			   .scope = scope_named(request->scope) };
	uint32_t n = 0;

	job.units = scope_unit_count(job.scope);
	for (uint32_t i = 0; i < job.units; i++)
		n += is_ours(&job, i);
	return n;
}

static uint64_t steps_with_change(const struct job *job)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < job->units; i++)
		n += job->done[i].changed;
	return n;
}

const char *check_run(const struct psvm_check_request *request,
		      const struct variant *change, struct psvm_check_result *result,
		      uint64_t *changed)
{
	struct psvm_check_result nothing = { 0 };
	const char *error = bad(request);
	struct job job = { .request = request, .change = change };

	*result = nothing;
	if (error != NULL)
		return error;
	job.scope = scope_named(request->scope);
	job.units = scope_unit_count(job.scope);
	if (request->shards > job.units)
		return "there are fewer parts than shards";
	job.progress.units = check_units(request, change);
	job.done = calloc(job.units + 1, sizeof(*job.done));
	if (job.done == NULL || pthread_mutex_init(&job.mutex, NULL) != 0) {
		free(job.done);
		return "out of memory";
	}
	work_all(&job);
	error = collect(&job, result);
	*changed = steps_with_change(&job);
	for (uint32_t i = 0; i < job.units; i++)
		exploration_free(&job.done[i]);
	free(job.done);
	pthread_mutex_destroy(&job.mutex);
	if (error != NULL)
		psvm_check_free(result);
	return error;
}

const char *psvm_check(const struct psvm_check_request *request,
		       struct psvm_check_result *result)
{
	uint64_t changed;

	return check_run(request, NULL, result, &changed);
}

static const struct scope *find_scope(const char *name)
{
	return name == NULL ? NULL : scope_named(name);
}

bool psvm_check_is_scope(const char *scope)
{
	return find_scope(scope) != NULL;
}

size_t psvm_check_scope_line(char *text, size_t size, const char *scope, uint32_t line)
{
	const struct scope *s = find_scope(scope);

	return s == NULL ? 0 : scope_line(text, size, s, line);
}
