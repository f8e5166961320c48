/* SPDX-License-Identifier: MIT */
/*
 * Which inputs the rules are compared on: every combination of the bits that a
 * rule may ask about, and data in all other bits.
 */
#ifndef PSVM_TESTS_ENUMERATE_H
#define PSVM_TESTS_ENUMERATE_H

#include "psvm/nested.h"

#include <stdbool.h>
#include <stdint.h>

/* A nested run, and the intercept words of 12 and 01. */
struct input {
	struct psvm_nested n;
	struct psvm_intercepts i12;
	struct psvm_intercepts i01;
};

/*
 * Bits that steer a transition: X(name, member, bit, conditions), where the
 * conditions are those of PSVM_CONDITIONS that take every value with it. The
 * offered and used features are no knobs: they are always enumerated.
 */
#define KNOBS(X) \
	X(V_INTR_MASKING_12, v12.int_ctl, 24, PSVM_C(V_INTR_MASKING_12)) \
	X(V_GIF_ENABLE_12, v12.int_ctl, 25, PSVM_C(NESTED_VGIF)) \
	X(V_NMI_ENABLE_12, v12.int_ctl, 26, \
	  PSVM_C(NESTED_VNMI) | PSVM_C(V_NMI_ENABLE_12)) \
	X(V_IRQ_12, v12.int_ctl, 8, PSVM_C(V_IRQ_12)) \
	X(INTR_12, v12.misc1, 0, PSVM_C(INTR_12)) \
	X(NMI_12, v12.misc1, 1, PSVM_C(NMI_12)) \
	X(VINTR_12, v12.misc1, 4, PSVM_C(VINTR_12)) \
	X(HLT_12, v12.misc1, 24, PSVM_C(HLT_12)) \
	X(V_IRQ_02, v02.int_ctl, 8, PSVM_C(V_IRQ_02)) \
	X(V_NMI_02, v02.int_ctl, 11, 0) \
	X(V_GIF_ENABLE_02, v02.int_ctl, 25, PSVM_C(V_GIF_ENABLE_02)) \
	X(VINTR_02, v02.misc1, 4, PSVM_C(VINTR_02)) \
	X(V_NMI_01, v01.int_ctl, 11, PSVM_C(V_NMI_01)) \
	X(VINTR_01, v01.misc1, 4, PSVM_C(VINTR_01)) \
	X(VECTOR_4, vector, 4, 0) \
	X(VECTOR_5, vector, 5, 0) \
	X(VECTOR_6, vector, 6, 0) \
	X(VECTOR_7, vector, 7, 0) \
	X(EXTERNAL, external, 0, 0) \
	KNOB_OF_FACT(X, L1_IF) \
	KNOB_OF_FACT(X, L1_GIF) \
	KNOB_OF_FACT(X, PENDING) \
	KNOB_OF_FACT(X, CHECKS_FAILED) \
	KNOB_OF_FACT(X, CLEAN_TPR_12) \
	KNOB_OF_FACT(X, MOVED_12) \
	KNOB_OF_FACT(X, VMRUN_PENDING) \
	KNOB_OF_FACT(X, DEFERRED) \
	KNOB_OF_FACT(X, L2_IF) \
	KNOB_OF_FACT(X, L2_SHADOW) \
	KNOB_OF_FACT(X, TPR_MASKS) \
	KNOB_OF_FACT(X, CR8_WRITE_02)
#define KNOB_OF_FACT(X, name) X(name, facts, PSVM_C_##name##_BIT, PSVM_C(name))

enum knob {
	KNOB_NONE, /* ends a list */
#define X(name, member, bit, conditions) KNOB_##name,
	KNOBS(X)
#undef X
};

enum { KNOBS_MAX = 18 };

/* What to enumerate. */
struct plan {
	enum knob knobs[KNOBS_MAX + 1];
	bool nmis;	/* 0, 1 and 2 queued NMIs */
	bool intercepts; /* data in the intercept words i12 and i01, too */
	unsigned int only_xen; /* so many knobs at the end are for xen alone */
};

/*
 * How much of it.
 *
 *   thorough	every combination of knobs x 9 combinations of features x all 8
 *		combinations of (12, 02, 01) in every other bit at once, and two
 *		fillings with pseudo-random bits;
 *		then every single bit of 12, 02 and 01 (and of the intercept
 *		words) changed on zeros and on ones, for up to two knobs that
 *		differ from the others x 3 combinations of features.
 *   short	both with up to one (fillings: two) different knobs only
 *   brief	fillings only, with up to one different knob
 */
enum extent { BRIEF, SHORT, THOROUGH };

struct counts {
	uint64_t combined;
	uint64_t single;
};

/** Look at one input; false stops the enumeration. */
typedef bool look(void *context, const struct input *input);

/** @return false if `look` stopped it */
bool enumerate(const struct plan *plan, enum extent extent, look *look_at, void *context,
	       struct counts *counts);

/** The plan for xen, or for another rule set. */
struct plan plan_for(const struct plan *plan, bool xen);

/** The conditions (PSVM_C) that take every value in a plan. */
uint32_t conditions_of_plan(const struct plan *plan);

#endif
