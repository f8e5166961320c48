/* SPDX-License-Identifier: MIT */
/* A condition as few terms: every function of three variables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../src/check/diff_cover.h"

enum { N_VARIABLES = 3, N_COMBINATIONS = 8, N_CUBES = 27 };

static bool is_true(const struct psvm_diff_term *terms, size_t n, uint32_t v)
{
	for (size_t i = 0; i < n; i++)
		if ((v & terms[i].mask) == terms[i].value)
			return true;
	return false;
}

static void assert_covers(const unsigned char *table, const struct psvm_diff_term *terms,
			  size_t n)
{
	for (uint32_t v = 0; v < N_COMBINATIONS; v++)
		if (table[v])
			assert_int_equal(is_true(terms, n, v), table[v] == COVER_ON);
}

/* All 3^8 ways in which 3 variables can be on, off or impossible. */
static void test_all_covers(void **state)
{
	(void)state;
	for (unsigned int number = 0; number < 6561; number++) {
		unsigned char table[N_COMBINATIONS], used[N_COMBINATIONS];
		struct psvm_diff_term terms[PSVM_DIFF_TERMS];
		unsigned int rest = number;
		size_t n;

		for (size_t i = 0; i < N_COMBINATIONS; i++, rest /= 3)
			table[i] = used[i] = (unsigned char)(rest % 3);
		n = diff_cover(used, N_VARIABLES, terms);
		assert_true(n <= PSVM_DIFF_TERMS);
		assert_covers(table, terms, n);
	}
}

static struct psvm_diff_term cube(unsigned int number)
{
	struct psvm_diff_term term = { 0, 0 };

	for (unsigned int i = 0; i < N_VARIABLES; i++, number /= 3) {
		term.mask |= (uint32_t)(number % 3 != 0) << i;
		term.value |= (uint32_t)(number % 3 == 2) << i;
	}
	return term;
}

static uint32_t truth(struct psvm_diff_term term)
{
	uint32_t set = 0;

	for (uint32_t v = 0; v < N_COMBINATIONS; v++)
		set |= (uint32_t)((v & term.mask) == term.value) << v;
	return set;
}

/* Fewest terms for every function of 3 variables: one more term at a time. */
static void least_terms(size_t least[256])
{
	for (size_t i = 0; i < 256; i++)
		least[i] = i ? SIZE_MAX : 0;
	for (size_t n = 0; n < 4; n++)
		for (size_t set = 0; set < 256; set++)
			for (unsigned int k = 0; least[set] == n && k < N_CUBES; k++) {
				size_t more = set | truth(cube(k));

				if (least[more] > n + 1)
					least[more] = n + 1;
			}
}

static void test_least_covers(void **state)
{
	size_t least[256];

	(void)state;
	least_terms(least);
	for (size_t set = 0; set < 256; set++) {
		unsigned char table[N_COMBINATIONS];
		struct psvm_diff_term terms[PSVM_DIFF_TERMS];

		for (size_t v = 0; v < N_COMBINATIONS; v++)
			table[v] = set >> v & 1 ? COVER_ON : COVER_OFF;
		assert_int_equal(diff_cover(table, N_VARIABLES, terms), least[set]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_covers),
		cmocka_unit_test(test_least_covers),
	};

	return cmocka_run_group_tests_name("cover", tests, NULL, NULL) != 0;
}
