/* SPDX-License-Identifier: MIT */
/*
 * psvm/names.h - the tables of the core in words.
 *
 * Part of libpsvm_check. The core's tables hold no text; here their X-macros
 * are expanded to names: of cells, conditions, moments, status codes, requests,
 * fields, and of the bits that a cell names.
 *
 * Functions that write text follow snprintf(): at most size bytes with the
 * terminating zero are written to text, and the length that the whole text has
 * is returned. Numbers that name nothing give "?".
 */
#ifndef PSVM_NAMES_H
#define PSVM_NAMES_H

#include "nested.h"

PSVM_BEGIN_DECLS

/** Enough for every text that is written about a built-in rule set. */
#define PSVM_WORDS_SIZE 2048

/*
 * Moments, in the order of a nested run.
 *
 * X(name, title, words)
 */
#define PSVM_MOMENTS(X) \
	X(SNAPSHOT, "snapshot", "L0 copies vmcb12 to 12") \
	X(ENTER, "VMRUN", "L0 builds 02 out of 12 and 01") \
	X(REENTER, "re-enter", "L0 builds 02 again, after a migration or RSM") \
	X(MERGE, "intercepts", "L0 merges those of 01 and 12 into 02") \
	X(WINDOW, "window opens", "L0 wants an exit when L1 can take an interrupt") \
	X(CLOSE, "window closes", "L0 gives back what the window took") \
	X(REFRESH, "refresh", "the processor left L2; 02 to 12") \
	X(HANDBACK, "hand-back", "L0 emulates #VMEXIT; 02 to vmcb12 and 01") \
	X(ROUTE, "exit routing", "whose exit is it") \
	X(ARRIVE, "interrupt arrives", "an interrupt for L1 is pending while L2 runs") \
	X(OTHER, "running L2", "TPR, CR8, HLT, and what L0 does around each run of L2")

enum psvm_moment {
#define PSVM_X(name, title, words) PSVM_MOMENT_##name,
	PSVM_MOMENTS(PSVM_X)
#undef PSVM_X
	PSVM_MOMENT_COUNT
};

/** What the bits of a cell or of an output are. */
#define PSVM_UNITS(X) \
	X(INT_CTL) X(INT_STATE) X(EVENT_INJ) X(TLB_CONTROL) \
	X(CR) X(DR) X(EXCEPTIONS) X(MISC1) X(MISC2) X(MISC3) \
	X(FIELDS) X(REQUESTS) X(CLASSES) X(WAKES) X(WORDS) X(FLAG) X(CLEAN)

enum psvm_unit {
#define PSVM_X(name) PSVM_UNIT_##name,
	PSVM_UNITS(PSVM_X)
#undef PSVM_X
	PSVM_UNIT_COUNT
};

/** A cell in words. */
struct psvm_cell_name {
	const char *name;	 /**< "HANDBACK_TO_12" */
	const char *words;	 /**< "02 to vmcb12" */
	enum psvm_moment moment; /**< where it belongs */
	enum psvm_unit unit;	 /**< of its bits */
};

/** @param cell enum psvm_cell_id */
struct psvm_cell_name psvm_name_of_cell(uint32_t cell);

/** "hand-back", "L0 emulates #VMEXIT; ...". @param moment enum psvm_moment */
const char *psvm_name_of_moment(uint32_t moment);
const char *psvm_words_of_moment(uint32_t moment);

/** A condition: its name, and what it says when it holds and when not. */
struct psvm_condition_name {
	const char *name; /**< "V_INTR_MASKING_12" */
	const char *yes;  /**< "V_INTR_MASKING of 12 = 1" */
	const char *no;	  /**< "V_INTR_MASKING of 12 = 0" */
	bool fact;	  /**< the caller says it, psvm cannot read it */
};

/** @param bit PSVM_C_..._BIT */
struct psvm_condition_name psvm_name_of_condition(uint32_t bit);

/** A named run of bits of a unit. */
struct psvm_bits_name {
	const char *name;
	unsigned int shift;
	unsigned int width;
};

/**
 * The names of a unit's bits, in order of the bits.
 *
 * @param unit  enum psvm_unit
 * @param count gets the number of rows
 */
const struct psvm_bits_name *psvm_names_of_unit(uint32_t unit, size_t *count);

/** Bits as names: "V_TPR, V_INTR_VECTOR[3:0], bits 63:40"; "none" for 0. */
size_t psvm_words_of_bits(char *text, size_t size, uint32_t unit, uint64_t bits);

/** The value of a word, named bit by named bit: "V_IRQ V_INTR_PRIO=15"; "0". */
size_t psvm_words_of_value(char *text, size_t size, uint32_t unit, uint64_t value);

/** The condition of a line: "always", "if A and B", "unless A and B". */
size_t psvm_words_of_condition(char *text, size_t size, uint32_t on, uint32_t off);

/** A status in words: what was wrong where. */
size_t psvm_words_of_status(char *text, size_t size, struct psvm_status status);

/** "PSVM_E_FACT". @param code enum psvm_code */
const char *psvm_name_of_code(uint32_t code);

/** "linux-6.12", "Linux 6.12.107 to 6.12.117". @param id enum psvm_rule_set_id */
const char *psvm_name_of_rule_set(uint32_t id);
const char *psvm_words_of_rule_set(uint32_t id);

/** A built-in rule set by its name: enum psvm_rule_set_id, PSVM_RULE_SET_COUNT if there
 * is none. Itself, or null. */
uint32_t psvm_rule_set_by_name(const char *name);
const struct psvm_rules *psvm_rules_by_name(const char *name);

PSVM_END_DECLS

#endif
