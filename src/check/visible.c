/* SPDX-License-Identifier: MIT */
/* Of each change of the rules: can L1 or L2 see it? */
#include "psvm/visible.h"

#include "check.h"
#include "scope.h"

#include <stdlib.h>

/* Progress over all changes. */
struct overall {
	const struct psvm_check_request *request;
	uint32_t units_done, units; /* of the changes that are done, of all */
	uint64_t transitions;
};

static void pass_on(void *context, const struct psvm_check_progress *p)
{
	const struct overall *o = context;
	struct psvm_check_progress all = { o->units_done + p->units_done, o->units,
					   o->transitions + p->transitions };

	o->request->progress(o->request->context, &all);
}

static enum psvm_visibility verdict(const struct psvm_check_result *r, uint64_t changed)
{
	if (r->finding_count != 0)
		return PSVM_VISIBLE;
	if (!r->complete)
		return PSVM_NOT_SEEN;
	return changed != 0 ? PSVM_INVISIBLE : PSVM_LATENT;
}

/* The first story moves from the result to the change: the shortest that was found, and
 * of those as long the one of the first part. Parts are left only when no shorter story
 * can follow, so that it does not depend on the threads. How many steps end so does. */
static void take_story(struct psvm_visible *to, struct psvm_check_result *r)
{
	to->story = r->findings[0];
	to->story.count = 0;
	r->findings[0].steps = NULL;
}

/* What a story ends is not counted: how far it went depends on the threads. */
static void take_counts(struct psvm_visible *to, const struct psvm_check_result *r,
			uint64_t changed)
{
	to->complete = r->complete;
	to->changed = changed;
	to->states = r->states;
	to->transitions = r->transitions;
	to->setups = r->setups;
}

static const char *look(struct psvm_visible *to, const struct variant *v,
			struct overall *o)
{
	struct psvm_check_request request = *o->request;
	struct psvm_check_result result;
	const char *error;
	uint64_t changed;

	if (!variant_modelled(v)) {
		to->verdict = PSVM_NOT_MODELLED;
		return NULL;
	}
	if (request.progress != NULL)
		request.progress = pass_on;
	request.context = o;
	error = check_run(&request, v, &result, &changed);
	if (error != NULL)
		return error;
	to->verdict = verdict(&result, changed);
	if (to->verdict == PSVM_VISIBLE)
		take_story(to, &result);
	else
		take_counts(to, &result, changed);
	o->transitions += result.transitions;
	if (request.progress != NULL)
		o->units_done += check_units(&request, v);
	psvm_check_free(&result);
	return NULL;
}

/* Of all changes, for progress; the request may be a bad one. */
static uint32_t all_units(const struct psvm_check_request *request,
			  const struct psvm_diff *diff, struct psvm_l0 b)
{
	uint32_t n = 0;

	if (request->progress == NULL || request->scope == NULL ||
	    scope_named(request->scope) == NULL || request->shards == 0)
		return 0;
	for (size_t i = 0; i < diff->n_changes; i++) {
		struct variant v = { b, diff, &diff->changes[i] };

		if (variant_modelled(&v))
			n += check_units(request, &v);
	}
	return n;
}

const char *psvm_diff_visible(const struct psvm_check_request *request,
			      const struct psvm_diff *diff, struct psvm_l0 b,
			      struct psvm_visible **visible)
{
	struct overall o = { request, 0, all_units(request, diff, b), 0 };
	const char *error = NULL;

	*visible = calloc(diff->n_changes + 1, sizeof(**visible));
	if (*visible == NULL)
		return "out of memory";
	for (size_t i = 0; i < diff->n_changes && error == NULL; i++) {
		struct variant v = { b, diff, &diff->changes[i] };

		error = look(&(*visible)[i], &v, &o);
	}
	if (error != NULL) {
		psvm_visible_free(*visible, diff->n_changes);
		*visible = NULL;
	}
	return error;
}

void psvm_visible_free(struct psvm_visible *visible, size_t count)
{
	for (size_t i = 0; visible != NULL && i < count; i++)
		free(visible[i].story.steps);
	free(visible);
}
