/* SPDX-License-Identifier: MIT */
#include "compare.h"
#include "reference.h"
#include "show.h"

#include <stdio.h>
#include <stdlib.h>

const struct psvm_rules *const fuzz_rules[PSVM_RULE_SET_COUNT] = {
#define X(name, identifier, words) &psvm_rules_##identifier,
	PSVM_RULE_SETS(X)
#undef X
};

typedef struct psvm_result transition(struct psvm_nested n);

/* One function for each moment and rule set: psvm_enter_linux_6_1(), ... */
#define ONE_RULE_SET(name, identifier, words) \
	static struct psvm_result TRANSITION(identifier)(struct psvm_nested n) \
	{ \
		return PRODUCT(&psvm_rules_##identifier, n); \
	}
#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define TRANSITION(identifier) PASTE(PRODUCT, identifier)

#define PRODUCT psvm_snapshot
PSVM_RULE_SETS(ONE_RULE_SET)
#undef PRODUCT
#define PRODUCT psvm_enter
PSVM_RULE_SETS(ONE_RULE_SET)
#undef PRODUCT
#define PRODUCT psvm_reenter
PSVM_RULE_SETS(ONE_RULE_SET)
#undef PRODUCT
#define PRODUCT psvm_window_open
PSVM_RULE_SETS(ONE_RULE_SET)
#undef PRODUCT
#define PRODUCT psvm_window_close
PSVM_RULE_SETS(ONE_RULE_SET)
#undef PRODUCT
#define PRODUCT psvm_refresh
PSVM_RULE_SETS(ONE_RULE_SET)
#undef PRODUCT
#define PRODUCT psvm_nested_sync_int_ctl
PSVM_RULE_SETS(ONE_RULE_SET)
#undef PRODUCT

#define RULE_SETS_OF(product) \
	{ product##_linux_6_1, product##_lkml_2022_base, product##_lkml_2022, \
	  product##_lkml_2022_vnmi, product##_linux_6_12, product##_linux_7_2, \
	  product##_xen, product##_exact },
#define X_PRODUCT(name, product, reference, words) RULE_SETS_OF(product)
static transition *const products[FUZZ_MOMENTS][PSVM_RULE_SET_COUNT] = {
	FUZZ_MOMENTS_TABLE(X_PRODUCT)
};

#define X_REFERENCE(name, product, reference, words) reference,
static struct psvm_result (*const references[])(enum ref_rules, struct psvm_nested) = {
	FUZZ_MOMENTS_TABLE(X_REFERENCE)
};

#define X_WORDS(name, product, reference, words) words,
static const char *const moment_words[] = { FUZZ_MOMENTS_TABLE(X_WORDS) };

#define X_RULES(name, identifier, words) name,
static const char *const rules_names[] = { PSVM_RULE_SETS(X_RULES) };

_Noreturn void fuzz_fail(uint32_t rules, const char *moment, const char *expected,
			 const struct psvm_nested *n)
{
	fprintf(stderr, "rule set %s, %s: %s\n",
		rules < PSVM_RULE_SET_COUNT ? rules_names[rules] : "of the input", moment,
		expected);
	show_input(stderr, "input", n);
	abort();
}

static bool words_differ(const struct psvm_words *a, const struct psvm_words *b)
{
	return ((a->int_ctl ^ b->int_ctl) | (a->int_state ^ b->int_state) |
		(a->event_inj ^ b->event_inj) | (a->exit_int_info ^ b->exit_int_info) |
		(a->misc1 ^ b->misc1) |
		(uint64_t)(a->tlb_control ^ b->tlb_control)) != 0;
}

static bool status_differs(const struct psvm_status *a, const struct psvm_status *b)
{
	return a->code != b->code || a->where != b->where || a->bits != b->bits;
}

/* Member by member: the padding has no value. */
bool fuzz_results_differ(const struct psvm_result *a, const struct psvm_result *b)
{
	return status_differs(&a->status, &b->status) || words_differ(&a->v12, &b->v12) ||
	       words_differ(&a->v02, &b->v02) || words_differ(&a->v01, &b->v01) ||
	       a->requests != b->requests || a->store12 != b->store12 ||
	       a->dirty01 != b->dirty01 || a->dirty02 != b->dirty02 ||
	       a->outcome != b->outcome || a->gif != b->gif ||
	       a->nmi_change != b->nmi_change || a->reserved != b->reserved;
}

struct psvm_result fuzz_compare(uint32_t rules, enum fuzz_moment moment,
				struct psvm_nested n)
{
	struct psvm_result got = products[moment][rules](n);
	struct psvm_result want = references[moment]((enum ref_rules)rules, n);

	if (fuzz_results_differ(&got, &want)) {
		(void)show_difference(stderr, &got, &want);
		fuzz_fail(rules, moment_words[moment],
			  "product (got) and reference (want) differ", &n);
	}
	return got;
}

#define C(name) PSVM_C_##name##_BIT
static const uint8_t class_conditions[FUZZ_MOMENTS][FUZZ_CLASS_BITS] = {
	[FUZZ_SNAPSHOT] = { C(HOST_VGIF), C(HOST_VNMI), C(V_INTR_MASKING_12),
			    C(V_IRQ_12), C(VINTR_12), C(L1_IF) },
	[FUZZ_ENTER] = { C(NESTED_VGIF), C(NESTED_VNMI), C(HOST_VGIF), C(VINTR_01),
			 C(V_NMI_01), C(CHECKS_FAILED) },
	[FUZZ_REENTER] = { C(NESTED_VGIF), C(V_NMI_ENABLE_12), C(NMI_12), C(HOST_VNMI),
			   C(CLEAN_TPR_12), C(MOVED_12) },
	[FUZZ_OPEN] = { C(HOST_VGIF), C(L1_GIF), C(L1_IF), C(V_INTR_MASKING_12),
			C(VMRUN_PENDING), C(V_IRQ_12) },
	[FUZZ_CLOSE] = { C(VINTR_01), C(VINTR_02), C(VINTR_12), C(V_IRQ_02),
			 C(V_INTR_MASKING_12), C(L1_IF) },
	[FUZZ_REFRESH] = { C(NESTED_VNMI), C(V_INTR_MASKING_12), C(VINTR_01),
			   C(VINTR_02), C(VINTR_12), C(V_IRQ_12) },
	[FUZZ_HANDBACK] = { C(NESTED_VNMI), C(HOST_VNMI), C(HOST_VGIF), C(VINTR_01),
			    C(NMI_QUEUED), C(INTR_12) },
};
#undef C

unsigned int fuzz_state(uint32_t rules, enum fuzz_moment moment, struct psvm_nested n)
{
	const uint8_t *bit = class_conditions[moment];
	uint32_t conditions = psvm_conditions(n);
	unsigned int class = 0;

	for (unsigned int i = 0; i < FUZZ_CLASS_BITS; i++)
		class |= (conditions >> bit[i] & 1) << i;
	return rules << FUZZ_CLASS_BITS | class;
}
