/* SPDX-License-Identifier: MIT */
/*
 * A guest that writes to its VMCB all the time, from another processor: what a nested run
 * makes of it is what it makes of one image that nobody writes to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define PSVM_EXTERN
#include "psvm/psvm.h"

#include "rows.h"
#include "splitmix.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { ROUNDS = 20000, WORDS = 1024 / 8 };

/* L1's page, and whether L1 still writes to it. */
static uint64_t page[4096 / 8];
static atomic_bool over;

static void *write_on(void *unused)
{
	volatile uint64_t *words = page;
	uint64_t seed = 1;

	(void)unused;
	while (!atomic_load(&over))
		for (size_t i = 0; i < WORDS; i++)
			words[i] = splitmix64(&seed);
	return NULL;
}

/* Everything that a nested run leaves with L0. */
struct left {
	struct psvm_result snapshot, enter, refresh, hand_back;
	struct psvm_vmcb_control first; /* the snapshot, as it was taken */
	struct psvm_vmcb_control last, vmcb01, vmcb02;
};

static void run(const struct psvm_rules *rules, void *vmcb12, struct left *left)
{
	static struct psvm_vmcb vmcb01, vmcb02;
	static struct psvm_vmcb_control snapshot;
	const struct psvm_pages pages = { .vmcb01 = &vmcb01,
					  .vmcb02 = &vmcb02,
					  .snapshot = &snapshot,
					  .vmcb12 = vmcb12 };

	memset(left, 0, sizeof(*left));
	memset(&vmcb01, 0, sizeof(vmcb01));
	memset(&vmcb02, 0, sizeof(vmcb02));
	left->snapshot = psvm_vmcb_snapshot(rules, &pages);
	left->first = snapshot;
	left->enter = psvm_vmcb_enter(rules, &pages);
	left->refresh = psvm_vmcb_refresh(rules, &pages);
	left->hand_back = psvm_vmcb_nested_sync_int_ctl(rules, &pages);
	left->last = snapshot;
	left->vmcb01 = vmcb01.control;
	left->vmcb02 = vmcb02.control;
}

/* The results are compared member by member: they have holes. */
static void assert_same_words(const struct psvm_words *a, const struct psvm_words *b)
{
	assert_true(a->int_ctl == b->int_ctl && a->int_state == b->int_state &&
		    a->event_inj == b->event_inj &&
		    a->exit_int_info == b->exit_int_info && a->misc1 == b->misc1 &&
		    a->tlb_control == b->tlb_control);
}

static void assert_same_result(const struct psvm_result *a, const struct psvm_result *b)
{
	assert_int_equal(a->status.code, b->status.code);
	assert_same_words(&a->v12, &b->v12);
	assert_same_words(&a->v02, &b->v02);
	assert_same_words(&a->v01, &b->v01);
	assert_int_equal(a->requests, b->requests);
	assert_int_equal(a->store12, b->store12);
	assert_int_equal(a->outcome, b->outcome);
}

static void assert_same(const struct left *a, const struct left *b)
{
	assert_same_result(&a->snapshot, &b->snapshot);
	assert_same_result(&a->enter, &b->enter);
	assert_same_result(&a->refresh, &b->refresh);
	assert_same_result(&a->hand_back, &b->hand_back);
	assert_memory_equal(&a->first, &b->first, sizeof(a->first));
	assert_memory_equal(&a->last, &b->last, sizeof(a->last));
	assert_memory_equal(&a->vmcb01, &b->vmcb01, sizeof(a->vmcb01));
	assert_memory_equal(&a->vmcb02, &b->vmcb02, sizeof(a->vmcb02));
}

static void as_one_image(void **state)
{
	const uint32_t *set = *state;
	const struct psvm_rules *rules = psvm_rules_builtin(*set);
	unsigned entered = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		static uint64_t image[4096 / 8];
		static struct left live, quiet;
		struct psvm_vmcb whole;

		run(rules, page, &live);
		memset(&whole, 0, sizeof(whole));
		whole.control = live.first;
		psvm_vmcb_store(image, &whole);
		run(rules, image, &quiet);
		assert_same(&live, &quiet);
		entered += live.enter.outcome != PSVM_VMEXIT_INVALID;
	}
	assert_true(entered > 0);
}

/* Who reads the page twice sees two of them: L1 does write meanwhile. */
static void two_reads_differ(void **state)
{
	unsigned differed = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct psvm_vmcb_control checked, used;

		psvm_vmcb_control_load(&checked, page);
		psvm_vmcb_control_load(&used, page);
		differed += memcmp(&checked, &used, sizeof(used)) != 0;
	}
	assert_true(differed > 0);
}

static pthread_t guest;

static int start_guest(void **state)
{
	(void)state;
	return pthread_create(&guest, NULL, write_on, NULL);
}

static int stop_guest(void **state)
{
	(void)state;
	atomic_store(&over, true);
	return pthread_join(guest, NULL);
}

int main(void)
{
	static uint32_t sets[] = {
#define SET(name, identifier, words) PSVM_RULE_SET_##identifier,
		PSVM_RULE_SETS(SET)
#undef SET
	};
	static const char *const names[] = {
#define SET(name, identifier, words) name,
		PSVM_RULE_SETS(SET)
#undef SET
	};
	struct CMUnitTest tests[N_ROWS(sets) + 1];
	size_t n = 0;

	tests[n++] = (struct CMUnitTest)cmocka_unit_test(two_reads_differ);
	for (size_t i = 0; i < N_ROWS(sets); i++)
		tests[n++] = (struct CMUnitTest){ names[i], as_one_image, NULL, NULL,
						  &sets[i] };
	return _cmocka_run_group_tests("race", tests, n, start_guest, stop_guest) != 0;
}
