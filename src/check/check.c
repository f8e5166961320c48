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
	struct world w = { .rules = request->rules,
			   .change = job->change,
			   .facts = facts,
			   .options = request->processor,
			   .implicit_event = request->implicit_event };

	return w;
}

/* Can either rule set have these features, and the change come about with them? */
static bool change_fits(const struct job *job, uint32_t facts)
{
	return (scope_fits(job->request->rules, facts) ||
		scope_fits(job->change->rules, facts)) &&
	       variant_fits(job->change, facts);
}

/* Is the unit one of this shard and of this rule set? */
static bool is_ours(const struct job *job, uint32_t unit)
{
	uint32_t facts = scope_unit(job->scope, unit).facts;

	return unit % job->request->shards == job->request->shard &&
	       (job->change != NULL ? change_fits(job, facts)
				    : scope_fits(job->request->rules, facts));
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

/* The findings of one class, of all units: the first with a shortest path. */
struct merged {
	const struct finding *best;
	uint32_t facts;
	uint64_t count;
};

static void merge_one(struct merged *all, size_t *count, const struct finding *f,
		      uint32_t facts)
{
	for (size_t i = 0; i < *count; i++) {
		if (!cause_same(&all[i].best->difference, &f->difference))
			continue;
		all[i].count += f->count;
		if (f->length < all[i].best->length) {
			all[i].best = f;
			all[i].facts = facts;
		}
		return;
	}
	all[*count].best = f;
	all[*count].facts = facts;
	all[(*count)++].count = f->count;
}

static int shorter_first(const void *a, const void *b)
{
	const struct merged *x = a, *y = b;

	return (x->best->length > y->best->length) - (x->best->length < y->best->length);
}

/* Stable: classes of one length stay in the order in which they were found. */
static void sort(struct merged *all, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct merged m = all[i];
		size_t j = i;

		for (; j > 0 && shorter_first(&all[j - 1], &m) > 0; j--)
			all[j] = all[j - 1];
		all[j] = m;
	}
}

static bool tell_all(const struct job *job, struct psvm_check_result *result)
{
	size_t room = 0, count = 0;
	struct merged *all;
	bool told = true;

	for (uint32_t i = 0; i < job->units; i++)
		room += job->done[i].finding_count;
	all = calloc(room + 1, sizeof(*all));
	result->findings = calloc(room + 1, sizeof(*result->findings));
	if (all == NULL || result->findings == NULL) {
		free(all);
		return false;
	}
	for (uint32_t i = 0; i < job->units; i++)
		for (unsigned k = 0; k < job->done[i].finding_count; k++)
			merge_one(all, &count, &job->done[i].findings[k],
				  scope_unit(job->scope, i).facts);
	sort(all, count);
	for (size_t i = 0; i < count && told; i++) {
		struct world w = world_of(job, all[i].facts);

		told = story_tell(&result->findings[i], all[i].best, &w);
		result->findings[i].count = all[i].count;
		result->finding_count = i + 1;
	}
	free(all);
	return told;
}

static const char *collect(const struct job *job, struct psvm_check_result *result)
{
	result->complete = true;
	for (uint32_t i = 0; i < job->units; i++) {
		struct unit unit = scope_unit(job->scope, i);

		if (!is_ours(job, i))
			continue;
		if (job->done[i].error != NULL)
			return job->done[i].error;
		result->units++;
		result->complete = result->complete && job->done[i].complete;
		result->states += job->done[i].states;
		result->transitions += job->done[i].transitions;
		result->setups += scope_setups(&unit);
	}
	return tell_all(job, result) ? NULL : "out of memory";
}

static const char *bad(const struct psvm_check_request *request)
{
	if (request->rules == NULL || psvm_rules_check(request->rules).code != PSVM_OK)
		return "the rule set makes no sense";
	if (request->scope == NULL || scope_named(request->scope) == NULL)
		return "there is no such scope: default, full";
	if (request->shards == 0 || request->shard >= request->shards)
		return "there is no such shard";
	if (request->threads == 0)
		return "at least one thread is needed";
	return NULL;
}

static uint32_t our_units(const struct job *job)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < job->units; i++)
		n += is_ours(job, i);
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
	if (request->shard >= job.units)
		return "there are fewer parts than shards";
	job.progress.units = our_units(&job);
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

void psvm_check_free(struct psvm_check_result *result)
{
	struct psvm_check_result nothing = { 0 };

	for (size_t i = 0; i < result->finding_count; i++)
		free(result->findings[i].steps);
	free(result->findings);
	*result = nothing;
}

size_t psvm_check_scope_line(char *text, size_t size, const char *scope, uint32_t line)
{
	const struct scope *s = scope == NULL ? NULL : scope_named(scope);

	return s == NULL ? 0 : scope_line(text, size, s, line);
}
