/* SPDX-License-Identifier: MIT */
/*
 * The bit-effect matrix: what each bit of each input word of each function does.
 *
 * A test describes its functions, and lists the bits that have no effect, by the way in
 * which they have none, each with the reason. Pseudo-random inputs show that each listed
 * bit has none, and that each other bit has one.
 */
#ifndef PSVM_TESTS_EFFECT_H
#define PSVM_TESTS_EFFECT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/** What it does to a result that a bit of the input is flipped; both inputs are good. */
enum effect {
	EFFECT_FIXED,	 /**< there are no two such inputs */
	EFFECT_NONE,	 /**< nothing; a word that is returned has it as it came in */
	EFFECT_REPLACED, /**< nothing; but a word that is returned has not */
	EFFECT_SEEN	 /**< something else changes */
};

/** Words have numbers from 0: of an input, of a result, and in sets of words. */
enum { EFFECT_WORDS = 64 };
#define EFFECT_WORD(word)     (UINT64_C(1) << (word))
#define EFFECT_UP_TO(word)    (UINT64_MAX >> (63 - (word)))
/** From one word to another. */
#define EFFECT_FROM(from, to) (EFFECT_UP_TO(to) & ~(EFFECT_WORD(from) - 1))

struct effect_word {
	const char *name;
	uint64_t bits; /**< that an input may have */
};

struct effect_function {
	const char *name;
	uint64_t takes;	  /**< a set of words */
	uint64_t returns; /**< those that the result has, too, under the same number */
};

/** Bits that have no effect. */
struct effect_row {
	unsigned int function, word;
	uint64_t bits;
	const char *because;
};

struct effect_rows {
	const struct effect_row *row;
	size_t n;
};
#define EFFECT_ROWS(rows) { rows, sizeof(rows) / sizeof((rows)[0]) }

struct effect_matrix {
	const char *name;
	const struct effect_word *words;
	const struct effect_function *functions;
	size_t n_words, n_functions;
	size_t pairs;	      /**< of bit and function, by hand */
	unsigned int samples; /**< inputs for each word of each function */
	struct effect_rows listed[EFFECT_SEEN];
	/** A good input. */
	void (*any)(unsigned int function, uint64_t *in);
	/** @return false: the input is not good */
	bool (*run)(unsigned int function, const uint64_t *in, uint64_t *out);
	/** What helps to understand a failure, besides function and word. */
	void (*show)(const uint64_t *in);
};

/** The same numbers on every machine, in each case again. */
uint64_t effect_random(unsigned int width);
void effect_random_again(void);

/** What it does to flip these bits of this word. */
enum effect effect_of(const struct effect_matrix *m, unsigned int function,
		      const uint64_t *in, unsigned int word, uint64_t flipped);

/** The state of a case: a function, and a word or what it is about. */
struct effect_subject {
	const struct effect_matrix *matrix;
	unsigned int function, of;
	char name[80];
};

/** One more case, besides those of the words; effect_complain() before it fails. */
void effect_case(const struct effect_matrix *m, unsigned int function, const char *name,
		 CMUnitTestFunction test, unsigned int of);
void effect_complain(const struct effect_subject *s, unsigned int word, uint64_t bits,
		     const char *what, const uint64_t *in);

/** Run all cases, or those that match an argument, and print the score: what main()
 *  returns. */
int effect_main(const struct effect_matrix *m, int argc, char **argv);

#endif
