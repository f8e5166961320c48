/* SPDX-License-Identifier: MIT */
/*
 * psvm/diff.h - every functional difference between two rule sets.
 *
 * Part of libpsvm_check. Two rule sets are compared by what they do, not by
 * what their tables say: every transition is run with both, on every
 * combination of the conditions that a cell on its way asks for, and every bit
 * of the results is compared.
 *
 * What is complete, and why
 *
 *   A transition gives each bit of a word a value that depends on the
 *   conditions and on the bits of 12, 02 and 01 at the same position, and on
 *   nothing else. So all combinations of the conditions, times the 8
 *   combinations of (12, 02, 01) at every position at once, cover all inputs.
 *   (At exit_int_info the third bit is 02's event_inj; in the dummy of a
 *   window it is the waiting interrupt's.) The run checks this on a ninth input
 *   for each combination of conditions, which mixes the 8 patterns: bit n of
 *   every result must be what the pattern at position n gives.
 *
 *   The conditions are those that the cells read by the transition name in
 *   either rule set; what decides about such a condition after a first change
 *   of 02 or 01; and the V bits of event_inj and exit_int_info. Impossible
 *   combinations (offered, but not used by L0) are left out.
 *
 *   The clean bits to clear follow from the words and are not compared.
 */
#ifndef PSVM_DIFF_H
#define PSVM_DIFF_H

#include "foreign.h"
#include "names.h"

PSVM_BEGIN_DECLS

/** Data patterns for each combination of conditions. */
#define PSVM_DIFF_PATTERNS 9

/** A comparison of more conditions or differences than this gives up. */
#define PSVM_DIFF_VARIABLES 24
#define PSVM_DIFF_TERMS 32

/** VMRUN and re-enter have three each: does it fail, if not, if so. */
#define PSVM_DIFF_SCOPES (PSVM_MOMENT_COUNT + 4)

enum psvm_diff_code {
	PSVM_DIFF_OK = 0,
	PSVM_DIFF_RULES,     /**< a rule set is refused by psvm_rules_check() */
	PSVM_DIFF_MEMORY,    /**< out of memory */
	PSVM_DIFF_SIZE,	     /**< too many conditions to go through */
	PSVM_DIFF_NOT_LOCAL  /**< a bit depends on more than is claimed above */
};

/** The words of a VMCB, in the order of struct psvm_words. */
enum psvm_diff_field {
	PSVM_DIFF_INT_CTL,
	PSVM_DIFF_INT_STATE,
	PSVM_DIFF_EVENT_INJ,
	PSVM_DIFF_EXIT_INT_INFO,
	PSVM_DIFF_MISC1,
	PSVM_DIFF_TLB_CONTROL,
	PSVM_DIFF_FIELDS
};

/** What a transition puts out. */
enum psvm_output_kind {
	PSVM_OUTPUT_WORD,  /**< bits of a word of unit `unit` */
	PSVM_OUTPUT_EXITS, /**< bit n: exit code 32 * index + n */
	PSVM_OUTPUT_VALUE  /**< one of a few values with names */
};

/** One output of a moment. */
struct psvm_output {
	const char *name;  /**< "int_ctl of vmcb12" */
	const char *third; /**< whose the third bit is, if not 01's; or null */
	const char *const *values; /**< names of the values, of 0 and 1 if these are
					bits; or null: bits of a word */
	uint8_t kind;	   /**< enum psvm_output_kind */
	uint8_t unit;	   /**< enum psvm_unit */
	uint8_t vmcb;	   /**< where it is: 0 = 12, 1 = 02, 2 = 01, 3 = neither */
	uint8_t field;	   /**< enum psvm_diff_field, of a word in a VMCB */
	uint8_t index;	   /**< of an intercept word */
};

/**
 * What a bit becomes, as a function of the bits at its position: entry
 * 12 + 2 * 02 + 4 * 01.
 */
struct psvm_becomes {
	uint8_t seen; /**< the entries that can occur */
	uint8_t ones; /**< of these, where the bit can become 1 */
	uint8_t zeros; /**< and where 0; both if it depends on more conditions */
};

/** Bits of one output that become the same. */
struct psvm_change_part {
	struct psvm_output output;
	uint64_t bits; /**< of a word or exits */
	int term;      /**< where this term of the change holds; -1: in all */
	struct psvm_becomes a, b;
	uint8_t value_a, value_b; /**< of a PSVM_OUTPUT_VALUE */
	uint8_t number; /**< of the output, among those of its moment */
};

/**
 * A condition that occurs in a comparison, or a bit that acts like one.
 */
struct psvm_diff_variable {
	int condition; /**< PSVM_C_..._BIT, or -1: a bit of a word */
	uint8_t vmcb;  /**< of that word: 0 = 12, 1 = 02, 2 = 01 */
	uint8_t field; /**< enum psvm_diff_field */
	uint8_t bit;
};

/** A conjunction: the variables in mask have the values in value. */
struct psvm_diff_term {
	uint32_t mask;
	uint32_t value;
};

/** An input of the transition. */
struct psvm_diff_input {
	struct psvm_nested nested;
	struct psvm_intercepts i12; /**< MERGE and ROUTE */
	struct psvm_intercepts i01;
};

/** One functional difference. */
struct psvm_change {
	size_t scope;	   /**< index in psvm_diff.scopes */
	bool also_reenter; /**< moment ENTER: the same at REENTER */
	size_t n_parts;
	struct psvm_change_part *parts;
	size_t n_terms; /**< it happens if one of the terms holds */
	struct psvm_diff_term terms[PSVM_DIFF_TERMS];
	uint64_t combinations;	  /**< of conditions under which it happens */
	struct psvm_diff_input example; /**< the smallest: fewest bits set */
};

/** What was gone through at one moment. */
struct psvm_diff_scope {
	enum psvm_moment moment;
	const char *only; /**< of these situations; or null */
	size_t n_variables;
	struct psvm_diff_variable variables[PSVM_DIFF_VARIABLES];
	uint64_t combinations; /**< of conditions */
	uint64_t inputs;
};

struct psvm_diff {
	enum psvm_diff_code code;
	uint64_t inputs; /**< in all scopes */
	size_t n_scopes; /**< after an error, the last one is where it gave up */
	struct psvm_diff_scope scopes[PSVM_DIFF_SCOPES];
	size_t n_changes;
	struct psvm_change *changes; /**< in order of moments */
};

/**
 * Compare two rule sets, or what foreign code does.
 *
 * @param diff gets the result; psvm_diff_free() frees it, whatever its code
 * @return diff->code is PSVM_DIFF_OK
 */
bool psvm_diff_run(struct psvm_diff *diff, struct psvm_l0 a, struct psvm_l0 b);

void psvm_diff_free(struct psvm_diff *diff);

/** Does a change happen under these values of the scope's variables? */
bool psvm_change_happens(const struct psvm_change *change, uint32_t values);

/** The values of a scope's variables in an input. */
uint32_t psvm_diff_values(const struct psvm_diff_scope *scope,
			  const struct psvm_diff_input *input);

/* Text, by the rules of psvm/names.h. */

/** "V_INTR_MASKING of 12 = 0 and V_IRQ of 02 = 1"; "always". */
size_t psvm_words_of_term(char *text, size_t size, const struct psvm_diff_scope *scope,
			  struct psvm_diff_term term);

/** "V_TPR in int_ctl of vmcb12", "VMRUN". */
size_t psvm_words_of_part(char *text, size_t size, const struct psvm_change_part *part);

/** What the part becomes, in rule set a or b: "02's", "stays as in 12", "1". */
size_t psvm_words_of_becomes(char *text, size_t size,
			     const struct psvm_change_part *part, bool b);

/** The example as named bits. */
size_t psvm_words_of_input(char *text, size_t size,
			   const struct psvm_diff_input *input);

/** The six intercept words as a C initializer. */
size_t psvm_initializer_of_intercepts(char *text, size_t size,
				      const struct psvm_intercepts *intercepts);

/** The nested run as a C initializer; members that are zero are left out. */
size_t psvm_initializer_of_input(char *text, size_t size,
				 const struct psvm_nested *nested);

/** A variable that is 1. */
size_t psvm_words_of_variable(char *text, size_t size,
			      const struct psvm_diff_variable *variable);

PSVM_END_DECLS

#endif
