/* SPDX-License-Identifier: MIT */
/*
 * The museum: bugs that real hypervisors and emulators had, as variants of a rule
 * set or of the processor under L0, each with its smallest trigger.
 *
 * The numbers are those of the project's table of bugs in nested SVM: K.. Linux KVM,
 * X.. Xen, Q.. QEMU, B.. Bochs, M.. the mutants that were made of them.
 */
#ifndef PSVM_TESTS_MUSEUM_H
#define PSVM_TESTS_MUSEUM_H

#include "explore.h"

enum museum_kind {
	MUSEUM_CAUGHT,	   /* the trigger shows it, and the explorer finds it */
	MUSEUM_STORY,	   /* the trigger shows it; no scope has the set-up (why) */
	MUSEUM_EQUIVALENT, /* nobody can see it (why) */
	MUSEUM_OUTSIDE /* not in the modelled state: why says which piece is missing */
};

/* One cell that the variant has otherwise than its base. */
struct museum_change {
	uint8_t cell; /* enum psvm_cell_id */
	struct psvm_cell with;
};

enum { MUSEUM_CHANGES = 4, MUSEUM_ACTS = 12 };

/* The set-up that L1 begins with, and what happens then. */
struct museum_trigger {
	uint32_t facts; /* PSVM_C(OFFER_...), PSVM_C(HOST_...) */
	struct start start;
	unsigned count;
	struct act acts[MUSEUM_ACTS];
};

/* What the last act of a trigger comes to. */
struct museum_symptom {
	struct seen bare, nested;
	uint32_t fields;  /* DIFFER_... */
	uint64_t int_ctl; /* bits of vmcb12 that differ */
};

struct museum_row {
	const char *ids, *name, *why;
	enum museum_kind kind;

	/* The variant: a rule set with changes, and how L0's processor deviates. */
	const struct psvm_rules *base;
	struct museum_change change[MUSEUM_CHANGES];
	unsigned changes;
	uint32_t options; /* PSVM_CPU(...) */
	bool no_implicit; /* the implicit request does not count */

	bool any_features; /* equivalent not only with the features of the trigger */

	/* Built-in rule sets that show it, and some where it is fixed: 1 << id. */
	uint32_t sets, fixed;

	struct museum_trigger trigger;
	struct museum_symptom symptom;
};

extern const struct museum_row museum[];
extern const unsigned museum_count;

/* The rule set of a row's variant. */
struct psvm_rules museum_rules(const struct museum_row *row);

/* What L1 has where a trigger does not say otherwise; nothing happens. */
extern const struct museum_trigger museum_usual;

#endif
