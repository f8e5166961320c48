/* SPDX-License-Identifier: MIT */
/* The results of parts of a scope, as one. */
#include "psvm/explore.h"

#include <stdlib.h>

/* Shortest story first; of equally long ones, as the parts come. */
static bool before(const struct psvm_finding *a, const struct psvm_finding *b)
{
	if (a->step_count != b->step_count)
		return a->step_count < b->step_count;
	return a->part != b->part ? a->part < b->part : a->cause < b->cause;
}

static struct psvm_finding *of_class(struct psvm_check_result *r, uint64_t cause)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].cause == cause)
			return &r->findings[i];
	return NULL;
}

/* Both are of one class: the better story stays in `f`, the other in `other`. */
static void merge_class(struct psvm_finding *f, struct psvm_finding *other)
{
	uint64_t count = f->count + other->count;

	if (before(other, f)) {
		struct psvm_finding better = *other;

		*other = *f;
		*f = better;
	}
	f->count = count;
}

static int by_story(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a);
}

static bool make_room(struct psvm_check_result *r, size_t more)
{
	size_t room = (r->finding_count + more + 1) * sizeof(*r->findings);
	struct psvm_finding *findings = realloc(r->findings, room);

	if (findings == NULL)
		return false;
	r->findings = findings;
	return true;
}

bool psvm_check_merge(struct psvm_check_result *into, struct psvm_check_result *from)
{
	if (!make_room(into, from->finding_count))
		return false;
	for (size_t i = 0; i < from->finding_count; i++) {
		struct psvm_finding *f = of_class(into, from->findings[i].cause);

		if (f != NULL) {
			merge_class(f, &from->findings[i]);
			continue;
		}
		into->findings[into->finding_count++] = from->findings[i];
		from->findings[i].steps = NULL;
	}
	qsort(into->findings, into->finding_count, sizeof(*into->findings), by_story);
	into->complete = into->complete && from->complete;
	into->units += from->units;
	into->states += from->states;
	into->transitions += from->transitions;
	into->setups += from->setups;
	psvm_check_free(from);
	return true;
}

void psvm_check_free(struct psvm_check_result *result)
{
	struct psvm_check_result nothing = { 0 };

	for (size_t i = 0; i < result->finding_count; i++)
		free(result->findings[i].steps);
	free(result->findings);
	*result = nothing;
}
