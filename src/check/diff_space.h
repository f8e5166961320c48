/* SPDX-License-Identifier: MIT */
/*
 * check/diff_space.h - the inputs of a comparison, and what they lead to.
 *
 * An atom is an input bit that is varied by itself: a fact, a bit of a word
 * that some rule asks about. A space is all combinations of its atoms; all
 * other input bits are data and follow a pattern.
 */
#ifndef CHECK_DIFF_SPACE_H
#define CHECK_DIFF_SPACE_H

#define PSVM_EXTERN
#include "psvm/diff.h"

enum {
	MAX_OUTPUTS = 23,
	MAX_ATOMS = 24,
	MIXED = PSVM_DIFF_PATTERNS - 1, /* the pattern that mixes the others */
};

/* Bits of 12, 02 and 01. */
struct triple {
	uint64_t of[3];
};

enum { MOVES_12 = 1, MOVES_02 = 2, MOVES_01 = 4, MOVES_MISC1 = 8 };

/* Which situations of a space count. */
enum only { ONLY_ALL, ONLY_SUCCESS, ONLY_FAILURE };

/* A set of cells, enum psvm_cell_id. */
struct cells {
	const uint8_t *ids;
	size_t count;
};

/* A step of the comparison: a transition, or what it decides first. */
struct step {
	enum psvm_moment moment;
	enum only only;
	const char *words;
	struct cells reads;
	struct cells late;  /* of these, read after 02 or 01 have changed */
	unsigned int moved; /* what moves into these before: MOVES_... */
	const struct psvm_output *outputs;
	unsigned int n_outputs;
	unsigned int calls; /* inputs for each pattern */
	void (*run)(const struct psvm_rules *rules, const struct psvm_diff_input *input,
		    uint64_t *outputs);
};

/* What an L0 does at a step. */
void step_run(const struct step *step, struct psvm_l0 l0,
	      const struct psvm_diff_input *input, uint64_t *outputs);

/* Is the step about such an input, if the L0 gets it? */
bool step_counts(const struct step *step, struct psvm_l0 l0,
		 const struct psvm_diff_input *input);

/* The outputs of routing, by somebody who routes. */
void diff_route(uint32_t (*route)(void *context, uint64_t exit_code), void *context,
		uint64_t *outputs);

extern const struct step diff_steps[PSVM_DIFF_SCOPES]; /* by number of scope */

/* The outputs of a transition, of its result and back into one. */
void diff_put_result(uint64_t *outputs, const struct psvm_result *r);
void diff_take_result(const uint64_t *outputs, struct psvm_result *r);

enum atom_kind { ATOM_FACT, ATOM_WORD, ATOM_QUEUED, ATOM_QUEUED_TWO, ATOM_WAITING };

struct atom {
	enum atom_kind kind;
	uint8_t vmcb; /* of ATOM_WORD */
	uint8_t field;
	uint8_t bit;  /* and of ATOM_FACT */
	bool enables; /* it is only spoken of as a feature being nested */
};

struct space {
	const struct step *step;
	const struct psvm_l0 *l0; /* of whom the atoms are */
	unsigned int n_l0;
	size_t n_atoms;
	struct atom atoms[MAX_ATOMS];
	uint64_t fixed[3][PSVM_DIFF_FIELDS]; /* bits of words that are atoms */
	uint32_t conditions;		     /* asked for, one bit each */
	bool gif;			     /* L1_GIF is an atom */
	bool overflow;			     /* more atoms than there is room for */
};

/* All atoms of a step, for any of n L0s, and its variables. */
void space_init(struct space *space, const struct step *step, const struct psvm_l0 *l0,
		unsigned int n);
void space_add(struct space *space, const struct atom *atom);
void space_variables(const struct space *space, struct psvm_diff_scope *scope);

/* The input with the atoms of a situation, and no data. */
void space_input(const struct space *space, uint32_t situation,
		 struct psvm_diff_input *input);

/* Add data to it, which the atoms hold off: a pattern everywhere; or what one
 * output is made of. */
void space_fill(const struct space *space, struct triple pattern,
		struct psvm_diff_input *input);
void space_put(const struct space *space, const struct psvm_output *output,
	       struct triple data, struct psvm_diff_input *input);
struct triple space_pattern(unsigned int pattern, uint32_t situation);

/* Is it possible? And one that the step is about, for all of them? */
bool space_possible(const struct space *space, uint32_t situation);
bool space_counts(const struct space *space, uint32_t situation);

/* The bits of 12, 02 and 01 that an output is made of, position by position. */
struct triple diff_operands(const struct step *step, size_t output,
			    const struct psvm_diff_input *input);

/* A word of an input. */
uint64_t diff_word(const struct psvm_nested *n, unsigned int vmcb, unsigned int field);

/* Give an input what another one has of an atom: a bit, or all of the queue or of the
 * waiting interrupt. */
void diff_take_atom(struct psvm_nested *to, const struct psvm_nested *from,
		    const struct atom *atom);

/* The units and names of the words. */
extern const uint8_t diff_field_units[PSVM_DIFF_FIELDS];
extern const char *const diff_field_names[PSVM_DIFF_FIELDS];

#endif
