/* SPDX-License-Identifier: MIT */
/*
 * What "psvm enter" and "psvm sync" say about where bits come from: the cells
 * that are named have to give the words that the transition returns. The
 * command checks that itself; here it does so for every recorded image, every
 * rule set and all features, and for words that nobody has recorded.
 */
#define PSVM_EXTERN
#include "check.h"
#include "run.h"
#include "vectors.h"

#include <stdio.h>
#include <string.h>

static struct vectors data;

/* What L0 offers and uses, and what else decides. */
static const uint32_t facts[] = {
	0,
	PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI) | PSVM_C(L1_IF),
	PSVM_C(HOST_VGIF) | PSVM_C(OFFER_VGIF) | PSVM_C(L1_GIF) | PSVM_C(MOVED_12),
	PSVM_C(HOST_VNMI) | PSVM_C(OFFER_VNMI) | PSVM_C(L1_GIF) | PSVM_C(L1_IF),
	PSVM_C(HOST_VGIF) | PSVM_C(OFFER_VGIF) | PSVM_C(HOST_VNMI) | PSVM_C(OFFER_VNMI) |
		PSVM_C(L1_GIF) | PSVM_C(L1_IF) | PSVM_C(MOVED_12),
};

static const uint64_t exit_codes[] = { PSVM_EXIT_VMMCALL, PSVM_EXIT_NMI, PSVM_EXIT_VINTR };

/* Any numbers will do, as long as they are the same ones every time. */
static uint64_t next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed ^ *seed >> 29;
}

static void disturb(struct psvm_vmcb_control *control, uint64_t *seed)
{
	control->int_ctl ^= next(seed);
	control->intercept_misc1 ^= (uint32_t)next(seed) & (PSVM_INTERCEPT_INTR |
							    PSVM_INTERCEPT_NMI |
							    PSVM_INTERCEPT_VINTR);
	control->clean ^= (uint32_t)next(seed) & PSVM_CLEAN_TPR;
}

static void disturb_all(struct run *run, uint64_t seed)
{
	struct psvm_vmcb vmcb12;

	psvm_vmcb_load(&vmcb12, run->image12);
	disturb(&vmcb12.control, &seed);
	psvm_vmcb_store(run->image12, &vmcb12);
	disturb(&run->vmcb02.control, &seed);
	disturb(&run->vmcb01.control, &seed);
	run->vmcb02.control.exit_code = exit_codes[next(&seed) % N_ROWS(exit_codes)];
}

/* Image i in each place, other ones in the other two; seed 0: as recorded. */
static struct run prepare(size_t i, const struct psvm_rules *rules, uint32_t fact,
			  uint64_t seed)
{
	struct run run = { .command = "test", .name = "test", .rules = rules };

	memcpy(run.image12, data.images[i].bytes, sizeof(run.image12));
	psvm_vmcb_load(&run.vmcb02, data.images[(i + 1) % data.image_count].bytes);
	psvm_vmcb_load(&run.vmcb01, data.images[(i + 7) % data.image_count].bytes);
	run.pages.facts = fact;
	run.pages.nmis = (uint8_t)(i % 3);
	if (seed)
		disturb_all(&run, seed);
	return run;
}

enum { SEEDS = 8 };

static unsigned int explain_all(bool (*transition)(struct run *run),
				const struct psvm_rules *rules)
{
	unsigned int runs = 0;

	for (size_t i = 0; i < data.image_count; i++) {
		for (size_t j = 0; j < N_ROWS(facts); j++) {
			for (uint64_t seed = 0; seed < SEEDS; seed++) {
				struct run run = prepare(i, rules, facts[j], seed);

				assert_true(transition(&run));
				runs++;
			}
		}
	}
	return runs;
}

static void test_rule_set(void **state)
{
	const unsigned int *set = *state;
	unsigned int runs = explain_all(run_enter, check_sets[*set].rules) +
			    explain_all(run_sync, check_sets[*set].rules);

	print_message("%s: %u transitions explained\n", check_sets[*set].name, runs);
}

/* An explanation that is wrong is noticed. */
static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_STORIES; i++) {
		struct run run = prepare(0, &psvm_rules_exact, facts[0], 0);

		assert_true(run_sync(&run));
		run.stories[i].after ^= PSVM_V_IRQ;
		assert_false(run_is_explained(&run));
	}
}

int main(void)
{
	static unsigned int sets[PSVM_RULE_SET_COUNT];
	struct CMUnitTest tests[PSVM_RULE_SET_COUNT + 1];
	int rc;

	for (unsigned int i = 0; i < PSVM_RULE_SET_COUNT; i++) {
		sets[i] = i;
		tests[i] = check_case(check_sets[i].name, test_rule_set, &sets[i]);
	}
	tests[PSVM_RULE_SET_COUNT] = check_case("a wrong one", test_wrong, NULL);
	vectors_read(&data, PSVM_VECTORS_DIR);
	rc = cmocka_run_group_tests_name("explain", tests, NULL, NULL);
	vectors_free(&data);
	return rc != 0;
}
