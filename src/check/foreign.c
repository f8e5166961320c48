/* SPDX-License-Identifier: MIT */
#include "foreign.h"

#include "psvm/names.h"
#include "tabulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct table *foreign_table(const struct psvm_foreign *foreign,
				  const struct step *step)
{
	return foreign != NULL ? foreign->tables[step - diff_steps] : NULL;
}

static bool describe(struct psvm_foreign *f, const struct caller *caller,
		     struct text *error)
{
	struct psvm_tabulated *r = &f->report;
	struct text functions = { r->functions, sizeof(r->functions), 0 };

	(void)snprintf(r->name, sizeof(r->name), "%s", caller_name(caller));
	(void)snprintf(r->rules, sizeof(r->rules), "%s", caller_rules(caller));
	for (unsigned m = 0; m < PSVM_MOMENT_COUNT; m++)
		if (caller_has(caller, (enum psvm_moment)m)) {
			text_separate(&functions, ", ");
			text_add(&functions, "%s", caller_function((enum psvm_moment)m));
		}
	f->rules = psvm_rules_by_name(r->rules);
	if (f->rules == NULL)
		text_add(error, "its adapter names an unknown rule set, '%s'", r->rules);
	return f->rules != NULL;
}

static bool tabulate_all(struct psvm_foreign *f, struct caller *caller,
			 const struct psvm_foreign_limits *limits, struct text *error)
{
	struct psvm_tabulated *r = &f->report;
	struct text discovered = { r->discovered, sizeof(r->discovered), 0 };
	struct tabulation t = { .caller = caller,
				.foreign = f,
				.random = limits->random,
				.random_total = &r->random,
				.discovered = &discovered,
				.error = error };

	for (size_t i = 0; i < PSVM_DIFF_SCOPES; i++) {
		t.step = &diff_steps[i];
		if (!caller_has(caller, t.step->moment))
			continue;
		f->tables[i] = tabulate(&t);
		if (f->tables[i] == NULL)
			return false;
	}
	r->calls = caller_count(caller);
	return true;
}

static struct psvm_foreign *make(const char *path, const struct psvm_adapter *adapter,
				 const struct psvm_foreign_limits *limits,
				 struct text *error)
{
	struct psvm_foreign *f = calloc(1, sizeof(*f));
	struct caller *caller = caller_start(path, adapter, limits->seconds, error);
	bool done = caller != NULL && f != NULL && describe(f, caller, error) &&
		    tabulate_all(f, caller, limits, error);

	if (caller != NULL)
		caller_end(caller);
	if (f == NULL && error->length == 0)
		text_add(error, "out of memory");
	if (done)
		return f;
	psvm_foreign_close(f);
	return NULL;
}

struct psvm_foreign *psvm_foreign_open(const char *path,
				       const struct psvm_foreign_limits *limits,
				       char *error, size_t size)
{
	struct text text = { error, size, 0 };
	bool plain = strchr(path, '/') == NULL;
	char *here = malloc(strlen(path) + 3);
	struct psvm_foreign *f = NULL;

	text_add(&text, "%s", "");
	if (here == NULL) {
		text_add(&text, "out of memory");
		return NULL;
	}
	(void)sprintf(here, "%s%s", plain ? "./" : "", path);
	f = make(here, NULL, limits, &text);
	free(here);
	return f;
}

struct psvm_foreign *psvm_foreign_of(const struct psvm_adapter *adapter,
				     const struct psvm_foreign_limits *limits,
				     char *error, size_t size)
{
	struct text text = { error, size, 0 };

	text_add(&text, "%s", "");
	return make(NULL, adapter, limits, &text);
}

void psvm_foreign_close(struct psvm_foreign *f)
{
	for (size_t i = 0; f != NULL && i < PSVM_DIFF_SCOPES; i++)
		table_free(f->tables[i]);
	free(f);
}

struct psvm_l0 psvm_foreign_l0(const struct psvm_foreign *f)
{
	struct psvm_l0 l0 = { f->rules, f };

	return l0;
}

const struct psvm_tabulated *psvm_foreign_tabulated(const struct psvm_foreign *f)
{
	return &f->report;
}
