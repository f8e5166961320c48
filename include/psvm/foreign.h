/* SPDX-License-Identifier: MIT */
/*
 * psvm/foreign.h - foreign code, made into something that can be explored and compared.
 *
 * Part of libpsvm_check. The functions of an adapter (psvm/adapter.h) are called in a
 * process of their own, with a time limit, and put down as tables:
 *
 *   - over all combinations of the conditions that any built-in rule set asks for at a
 *     moment, with all 8 combinations of the bits of 12, 02 and 01 at every position at
 *     once (psvm/diff.h says why that is everything, if a bit depends on its position);
 *   - each call twice, the second time in another order: one answer to one question;
 *   - then with every bit of every word alone, set on zeros and cleared on ones, and with
 *     random full-width inputs. Where an answer is not the table's, the input
 *     bit that it depends on is found, becomes a condition, and the table is made again.
 *
 * So "complete" means, for foreign code: if it depends on nothing but what the built-in
 * rule sets ask for and what those random inputs have shown.
 */
#ifndef PSVM_FOREIGN_H
#define PSVM_FOREIGN_H

#include "adapter.h"

PSVM_BEGIN_DECLS

struct psvm_foreign;

/** An L0: a rule set; or foreign code, and the rule set for what it leaves out. */
struct psvm_l0 {
	const struct psvm_rules *rules;
	const struct psvm_foreign *foreign; /**< null: the rule set alone */
};

/** An L0 that goes by a rule set alone. */
static inline struct psvm_l0 psvm_l0_of(const struct psvm_rules *rules)
{
	struct psvm_l0 l0 = { rules, (const struct psvm_foreign *)0 };

	return l0;
}

/** How long and how much. */
struct psvm_foreign_limits {
	uint32_t seconds; /**< that a call may take, 1 to 86399 */
	uint64_t random;  /**< random inputs for each function */
};

/** What has been tabulated. Text without control characters. */
struct psvm_tabulated {
	char name[64];	      /**< of the adapter */
	char rules[32];	      /**< for what it leaves out */
	char functions[160];  /**< that it has: "enter, hand_back" */
	char discovered[320]; /**< what they depend on and no built-in rule set asks for at
				   that moment: "V_GIF of 01 at enter"; or empty */
	uint64_t calls;	 /**< of its functions, each question asked twice */
	uint64_t random; /**< of these with random inputs that the tables foretold */
};

/**
 * Tabulate a shared object that exports PSVM_ADAPTER_SYMBOL.
 *
 * @param path   of the file; without a slash it is one in the current directory
 * @param error  receives what is wrong, in words: not an adapter, or a function that
 *		 crashes, does not return, writes where it must not, or has two answers,
 *		 with the input
 * @return null after an error; else to be freed by psvm_foreign_close()
 */
struct psvm_foreign *psvm_foreign_open(const char *path,
				       const struct psvm_foreign_limits *limits,
				       char *error, size_t size);

/** The same with an adapter that is linked in; its functions still run in a process of
 * their own. */
struct psvm_foreign *psvm_foreign_of(const struct psvm_adapter *adapter,
				     const struct psvm_foreign_limits *limits,
				     char *error, size_t size);

void psvm_foreign_close(struct psvm_foreign *foreign);

struct psvm_l0 psvm_foreign_l0(const struct psvm_foreign *foreign);
const struct psvm_tabulated *psvm_foreign_tabulated(const struct psvm_foreign *foreign);

PSVM_END_DECLS

#endif
