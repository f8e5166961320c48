/* SPDX-License-Identifier: MIT */
/*
 * Out of memory, processes or files: of every place that asks the system for one, the
 * first call fails once. Nothing crashes, the caller is told if anything is missing, and
 * it works again afterwards.
 */
#include "check.h"

#include "psvm/explore.h"
#include "psvm/visible.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* glibc's own, behind the functions of that name below. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

enum { MOST_PLACES = 256 };

/* Shared with the process that calls an adapter. */
static struct {
	const void *places[MOST_PLACES];
	size_t n_places;
	bool armed; /* the first allocation at a new place fails */
} * shared;

static bool fails(const void *place)
{
	if (shared == NULL || !shared->armed)
		return false;
	for (size_t i = 0; i < shared->n_places; i++)
		if (shared->places[i] == place)
			return false;
	if (shared->n_places == MOST_PLACES)
		abort();
	shared->places[shared->n_places++] = place;
	shared->armed = false;
	return true;
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

/* What is behind a function of the same name here. */
static void *behind(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

/* FAILING(type of the result, name, parameters, arguments, result of a failure) */
#define FAILING(type, name, parameters, arguments, failure) \
	type name parameters \
	{ \
		union { \
			void *found; \
			type(*function) parameters; \
		} real = { behind(#name) }; \
\
		return fails(__builtin_return_address(0)) ? failure \
							  : real.function arguments; \
	}
FAILING(void *, mmap,
	(void *at, size_t size, int protection, int flags, int file, off_t offset),
	(at, size, protection, flags, file, offset), MAP_FAILED)
FAILING(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1)
FAILING(int, ftruncate, (int file, off_t size), (file, size), -1)
FAILING(int, socketpair, (int domain, int type, int protocol, int ends[2]),
	(domain, type, protocol, ends), -1)
FAILING(pid_t, fork, (void), (), -1)

/* --- what allocates: false if it did not work, and says why -------------- */

static bool compare(const struct psvm_rules *a, const struct psvm_rules *b)
{
	struct psvm_diff diff;
	bool good = psvm_diff_run(&diff, psvm_l0_of(a), psvm_l0_of(b));

	assert_int_equal(diff.code, good ? PSVM_DIFF_OK : PSVM_DIFF_MEMORY);
	psvm_diff_free(&diff);
	return good;
}

static bool diff(void)
{
	return compare(&psvm_rules_lkml_2022_base, &psvm_rules_lkml_2022);
}

/* Unit 6 of 20 is the smallest one. */
static struct psvm_check_request request_of(const struct psvm_rules *rules)
{
	struct psvm_check_request request = { .l0 = psvm_l0_of(rules),
					      .scope = "default",
					      .shard = 6,
					      .shards = 20,
					      .threads = 1,
					      .max_states = 1 << 12,
					      .implicit_event = true };

	return request;
}

static bool explore(void)
{
	struct psvm_check_request request = request_of(&psvm_rules_linux_6_1);
	struct psvm_check_result result;
	const char *error = psvm_check(&request, &result);

	if (error != NULL) {
		assert_string_equal(error, "out of memory");
		return false;
	}
	assert_int_not_equal(result.finding_count, 0);
	psvm_check_free(&result);
	return true;
}

static bool open_foreign(void)
{
	struct psvm_foreign_limits limits = { .seconds = 30, .random = 1 };
	char error[512] = "";
	struct psvm_foreign *f = psvm_foreign_open(PSVM_ADAPTERS "/right.so", &limits,
						   error, sizeof(error));

	if (f == NULL) {
		assert_string_not_equal(error, "");
		assert_null(strstr(error, "when it is loaded")); /* not its fault */
		return false;
	}
	psvm_foreign_close(f);
	return true;
}

/* What L1 can see of the difference in V_TPR, in the same unit. */
static bool visible(void)
{
	struct psvm_check_request request = request_of(&psvm_rules_lkml_2022_base);
	struct psvm_visible *seen;
	struct psvm_diff diff, one;
	const char *error;

	if (!psvm_diff_run(&diff, request.l0, psvm_l0_of(&psvm_rules_lkml_2022)))
		return false;
	one = diff;
	one.n_changes = 1;
	error = psvm_diff_visible(&request, &one, psvm_l0_of(&psvm_rules_lkml_2022),
				  &seen);
	psvm_diff_free(&diff);
	if (error != NULL) {
		assert_string_equal(error, "out of memory");
		assert_null(seen);
		return false;
	}
	psvm_visible_free(seen, 1);
	return true;
}

/* --- every place once ---------------------------------------------------- */

typedef bool work(void);

static void check_places(work *run, size_t least)
{
	size_t before, told = 0;

	shared->n_places = 0;
	do {
		before = shared->n_places;
		shared->armed = true;
		told += !run();
		shared->armed = false;
	} while (shared->n_places != before);
	print_message("%zu places, %zu are told\n", shared->n_places, told);
	assert_true(told >= least);
	assert_true(run());
}

static void test_diff(void **state)
{
	(void)state;
	check_places(diff, 8);
}

static void test_explore(void **state)
{
	(void)state;
	check_places(explore, 10);
}

static void test_foreign(void **state)
{
	(void)state;
	check_places(open_foreign, 11);
}

static void test_visible(void **state)
{
	(void)state;
	check_places(visible, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_diff),
					    cmocka_unit_test(test_explore),
					    cmocka_unit_test(test_foreign),
					    cmocka_unit_test(test_visible) };

	void *page = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return 1;
	shared = page;
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL) != 0;
}
