/* SPDX-License-Identifier: MIT */
/* Of each change of the rules: can L1 or L2 see it? */
#include "psvm/visible.h"

#include "check.h"

#include <stdlib.h>

/* Progress over all changes, of which each has as many parts. */
struct overall {
	const struct psvm_check_request *request;
	uint32_t done, changes;
	uint64_t transitions;
};

static void pass_on(void *context, const struct psvm_check_progress *p)
{
	const struct overall *o = context;
	struct psvm_check_progress all = { p->units * o->done + p->units_done,
					   p->units * o->changes,
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

/* The shortest story moves from the result to the change. */
static void take_story(struct psvm_visible *to, struct psvm_check_result *r)
{
	if (r->finding_count == 0)
		return;
	to->story = r->findings[0];
	r->findings[0].steps = NULL;
}

static const char *look(struct psvm_visible *to, const struct variant *v,
			struct overall *o)
{
	struct psvm_check_request request = *o->request;
	struct psvm_check_result result;
	const char *error;

	if (request.progress != NULL)
		request.progress = pass_on;
	request.context = o;
	error = check_run(&request, v, &result, &to->changed);
	if (error != NULL)
		return error;
	to->verdict = verdict(&result, to->changed);
	to->complete = result.complete;
	to->states = result.states;
	to->transitions = result.transitions;
	to->setups = result.setups;
	o->transitions += result.transitions;
	o->done++;
	take_story(to, &result);
	psvm_check_free(&result);
	return NULL;
}

const char *psvm_diff_visible(const struct psvm_check_request *request,
			      const struct psvm_diff *diff, const struct psvm_rules *b,
			      struct psvm_visible **visible)
{
	struct overall o = { request, 0, (uint32_t)diff->n_changes, 0 };
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
