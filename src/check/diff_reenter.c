/* SPDX-License-Identifier: MIT */
/* What VMRUN and re-enter have in common is said once. */
#include "diff_comparison.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT = 4 * PSVM_WORDS_SIZE };

static bool same_terms(const struct psvm_diff *diff, const struct psvm_change *a,
		       const struct psvm_change *b)
{
	char s[TEXT], t[TEXT];

	if (a->n_terms != b->n_terms)
		return false;
	for (size_t i = 0; i < a->n_terms; i++) {
		(void)psvm_words_of_term(s, sizeof(s), &diff->scopes[a->scope],
					 a->terms[i]);
		(void)psvm_words_of_term(t, sizeof(t), &diff->scopes[b->scope],
					 b->terms[i]);
		if (strcmp(s, t) != 0)
			return false;
	}
	return true;
}

static bool same_part(const struct psvm_change_part *a, const struct psvm_change_part *b)
{
	return comparison_same_output(&a->output, &b->output) && a->bits == b->bits &&
	       a->term == b->term && a->value_a == b->value_a &&
	       a->value_b == b->value_b && comparison_same_becomes(a->a, b->a) &&
	       comparison_same_becomes(a->b, b->b);
}

static bool same_change(const struct psvm_diff *diff, const struct psvm_change *a,
			const struct psvm_change *b)
{
	if (a->n_parts != b->n_parts || !same_terms(diff, a, b))
		return false;
	for (size_t i = 0; i < a->n_parts; i++)
		if (!same_part(&a->parts[i], &b->parts[i]))
			return false;
	return true;
}

/* Where VMRUN fails in both, succeeds in both, or does either. */
static bool same_situations(const struct psvm_change *a, const struct psvm_change *b)
{
	return diff_steps[a->scope].only == diff_steps[b->scope].only;
}

/* The change at VMRUN that a change at re-enter repeats. */
static struct psvm_change *repeats(struct psvm_diff *diff,
				   const struct psvm_change *change)
{
	for (size_t i = 0; i < diff->n_changes; i++) {
		struct psvm_change *first = &diff->changes[i];

		if (diff->scopes[first->scope].moment == PSVM_MOMENT_ENTER &&
		    same_situations(first, change) && same_change(diff, first, change))
			return first;
	}
	return NULL;
}

void comparison_merge_reenter(struct psvm_diff *diff)
{
	size_t kept = 0;

	for (size_t i = 0; i < diff->n_changes; i++) {
		struct psvm_change *change = &diff->changes[i], *first = NULL;

		if (diff->scopes[change->scope].moment == PSVM_MOMENT_REENTER)
			first = repeats(diff, change);
		if (first) {
			first->also_reenter = true;
			free(change->parts);
			change->parts = NULL;
		} else {
			diff->changes[kept++] = *change;
		}
	}
	diff->n_changes = kept;
}
