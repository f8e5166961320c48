/* SPDX-License-Identifier: MIT */
#include "effect.h"

#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- pseudo-random numbers ----------------------------------------------- */

static uint64_t random_state = 1;

/* xorshift64* (Marsaglia, Vigna) */
static uint64_t random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t effect_random(unsigned int width)
{
	return random64() >> (64 - width);
}

void effect_random_again(void)
{
	random_state = 1;
}

/* --- one input ----------------------------------------------------------- */

enum effect effect_of(const struct effect_matrix *m, unsigned int function,
		      const uint64_t *in, unsigned int word, uint64_t flipped)
{
	uint64_t a[EFFECT_WORDS] = { 0 }, b[EFFECT_WORDS] = { 0 }, other[EFFECT_WORDS];
	uint64_t returned = 0, kept;

	memcpy(other, in, sizeof(other));
	other[word] ^= flipped;
	assert_true(m->run(function, in, a));
	if (!m->run(function, other, b))
		return EFFECT_FIXED;
	if (m->functions[function].returns & EFFECT_WORD(word))
		returned = flipped;
	kept = (a[word] ^ b[word]) & returned;
	b[word] ^= kept;
	if (memcmp(a, b, sizeof(a)) != 0)
		return EFFECT_SEEN;
	return kept == returned ? EFFECT_NONE : EFFECT_REPLACED;
}

/* --- one word of one function -------------------------------------------- */

static const struct {
	const char *name, *but;
} effects[] = {
	[EFFECT_FIXED] = { "fixed", "two good inputs differ in it" },
	[EFFECT_NONE] = { "without effect", "one has an effect, or does not come back" },
	[EFFECT_REPLACED] = { "replaced", "it has an effect" },
	[EFFECT_SEEN] = { "with an effect", "" },
};

void effect_complain(const struct effect_subject *s, unsigned int word, uint64_t bits,
		     const char *what, const uint64_t *in)
{
	const struct effect_matrix *m = s->matrix;

	print_error("%s: %s, bits %#" PRIx64 ": %s\n", s->name, m->words[word].name, bits,
		    what);
	m->show(in);
}

static uint64_t listed_bits(const struct effect_matrix *m, enum effect as,
			    unsigned int function, unsigned int word)
{
	const struct effect_row *row = m->listed[as].row;
	uint64_t bits = 0;

	for (size_t i = 0; i < m->listed[as].n; i++)
		if (row[i].function == function && row[i].word == word)
			bits |= row[i].bits;
	return bits;
}

static uint64_t lowest(uint64_t bits)
{
	return bits & (~bits + 1);
}

/* Flip the bits of one input, each alone, or those without an effect together. Those that
 * did what is wanted; none may do more. */
static uint64_t flip(const struct effect_subject *s, enum effect want, uint64_t bits,
		     const uint64_t *in)
{
	uint64_t shown = 0;

	while (bits != 0) {
		uint64_t flipped = want == EFFECT_NONE ? bits : lowest(bits);
		enum effect got = effect_of(s->matrix, s->function, in, s->of, flipped);

		if (got > want) {
			effect_complain(s, s->of, flipped, effects[want].but, in);
			fail_msg("%s, but %s", effects[want].name, effects[want].but);
		}
		if (got == want)
			shown |= flipped;
		bits &= ~flipped;
	}
	return shown;
}

/* Which bits to flip next. What has no effect has none in any company, either. */
static uint64_t next(enum effect want, uint64_t bits, uint64_t shown)
{
	if (want == EFFECT_NONE)
		return effect_random(1) ? bits & random64() : bits;
	return want == EFFECT_SEEN ? bits & ~shown : bits;
}

/* Each of the bits does what is wanted in some input, and more in none. */
static void expect(const struct effect_subject *s, enum effect want, uint64_t bits)
{
	uint64_t shown = 0, in[EFFECT_WORDS] = { 0 };

	for (unsigned int i = 0; i < s->matrix->samples && bits != 0; i++) {
		if (want == EFFECT_SEEN && shown == bits)
			break;
		s->matrix->any(s->function, in);
		shown |= flip(s, want, next(want, bits, shown), in);
	}
	if (shown != bits)
		effect_complain(s, s->of, bits & ~shown, "listed wrongly, or not at all",
				in);
	assert_int_equal(shown, bits);
}

static size_t n_shown; /* bits that do what they should */

static size_t count(uint64_t bits)
{
	size_t n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

static void test_word(void **state)
{
	const struct effect_subject *s = *state;
	uint64_t all = s->matrix->words[s->of].bits, rest = all;

	effect_random_again();
	for (enum effect as = EFFECT_FIXED; as < EFFECT_SEEN; as++) {
		uint64_t bits = listed_bits(s->matrix, as, s->function, s->of);

		/* not twice, and nothing that is not there */
		assert_int_equal(bits & ~rest, 0);
		expect(s, as, bits);
		rest &= ~bits;
	}
	expect(s, EFFECT_SEEN, rest);
	n_shown += count(all);
}

/* --- all cases ----------------------------------------------------------- */

static struct effect_subject subjects[1024];
static struct CMUnitTest tests[N_ROWS(subjects)];
static size_t n_tests;

void effect_case(const struct effect_matrix *m, unsigned int function, const char *name,
		 CMUnitTestFunction test, unsigned int of)
{
	struct effect_subject *s = &subjects[n_tests];

	*s = (struct effect_subject){ .matrix = m, .function = function, .of = of };
	snprintf(s->name, sizeof(s->name), "%s %s", m->functions[function].name, name);
	tests[n_tests++] = check_case(s->name, test, s);
}

static size_t n_pairs, n_listed[EFFECT_SEEN];

static void add_word(const struct effect_matrix *m, unsigned int function,
		     unsigned int word)
{
	effect_case(m, function, m->words[word].name, test_word, word);
	n_pairs += count(m->words[word].bits);
	for (enum effect as = EFFECT_FIXED; as < EFFECT_SEEN; as++)
		n_listed[as] += count(listed_bits(m, as, function, word));
}

static void test_score(void **state)
{
	const struct effect_matrix *m = *state;

	print_message("bit-effect matrix of %s: %.1f %% (%zu of %zu pairs of bit and "
		      "function, %zu functions; without effect %zu, replaced %zu, "
		      "fixed %zu), %u inputs each\n",
		      m->name, 100.0 * (double)n_shown / (double)n_pairs, n_shown,
		      n_pairs, m->n_functions, n_listed[EFFECT_NONE],
		      n_listed[EFFECT_REPLACED], n_listed[EFFECT_FIXED], m->samples);
	assert_int_equal(n_shown, n_pairs);
	assert_int_equal(n_pairs, m->pairs);
}

/* No row lists what another one does, or a word that the function does not take. */
static void test_rows(void **state)
{
	const struct effect_matrix *m = *state;

	for (enum effect as = EFFECT_FIXED; as < EFFECT_SEEN; as++) {
		size_t n = 0;

		for (size_t i = 0; i < m->listed[as].n; i++)
			n += count(m->listed[as].row[i].bits);
		assert_int_equal(n, n_listed[as]);
	}
}

int effect_main(const struct effect_matrix *m, int argc, char **argv)
{
	for (unsigned int f = 0; f < m->n_functions; f++)
		for (unsigned int w = 0; w < m->n_words; w++)
			if (m->functions[f].takes & EFFECT_WORD(w))
				add_word(m, f, w);
	tests[n_tests++] = check_case("number of pairs", test_score, m);
	tests[n_tests++] = check_case("no bit is listed twice", test_rows, m);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return _cmocka_run_group_tests(m->name, tests, n_tests, NULL, NULL) != 0;
}
