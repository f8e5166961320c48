/* SPDX-License-Identifier: MIT */
/*
 * The inputs of the targets sync, enter, sequence, empty and nested.
 *
 * Fields of fixed size, so that a byte means the same thing in every input.
 * Any bytes decode to a sensible nested run: missing bytes are zero, unknown
 * facts are dropped, and so is an offered feature that L0 does not use. The
 * words of the VMCBs are not touched; all values of them make sense.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "format.h"
#include "psvm/nested.h"
#include "psvm/rule_sets.h"

/* The inputs, without padding. */
struct fuzz_words {
	uint64_t int_ctl;
	uint64_t int_state;
	uint64_t event_inj;
	uint64_t exit_int_info;
	uint32_t intercept_misc1;
	uint8_t tlb_control;
	uint8_t unused[3];
};

struct fuzz_record {
	struct fuzz_words vmcb[FUZZ_VMCBS];
	uint32_t facts;
	uint8_t rules;
	uint8_t nmis;
	uint8_t vector;
	uint8_t external;
};

/* After the record of enter: the other intercepts, and an exit. */
struct fuzz_questions {
	uint64_t exit_code; /* 11 bits count, all 64 if bit 63 is set */
	uint32_t i12[6];
	uint32_t i01[6];
};

/* After the record of sequence: what happens, in this order. */
struct fuzz_step {
	uint8_t op; /* modulo the number of ops */
	uint8_t selector;
	uint8_t unused[2];
	uint32_t value;
};

#define FUZZ_STEPS_MAX 24

/* X(name, when): what can happen, and when it makes sense. RUN is many things:
 * the selector is an enum story_event. */
#define FUZZ_OPS(X) \
	X(RUN, L2_RUNS) X(REFRESH, L2_RUNS) X(OPEN, L2_RUNS) X(CLOSE, L2_RUNS) \
	X(VMEXIT, L2_RUNS) X(REENTER, L2_RUNS) X(LOAD_TPR, L2_RUNS) \
	X(GIVE_NMI, L2_RUNS) X(NMI_FOR_L1, ALWAYS) X(VMRUN, L1_RUNS) \
	X(L1_WRITES, L1_RUNS) X(L1_FACTS, L1_RUNS)

enum fuzz_op {
#define X(name, when) FUZZ_OP_##name,
	FUZZ_OPS(X)
#undef X
	FUZZ_OP_COUNT
};

/* X(name, bit): of a set-up. */
#define FUZZ_SETUP_FLAGS(X) X(L1_IF, 0) X(L1_GIF, 1) X(L2_IF, 2) X(CLEAN_TPR, 3)
/* X(word, name): the intercepts beside 00Ch that somebody reads. */
#define FUZZ_SETUP_INTERCEPTS(X) \
	X(cr, CR8_READ) X(cr, CR8_WRITE) X(misc2, VMRUN) X(misc2, STGI) X(misc2, CLGI)

/* The begin of nested: what L1 has, and its vmcb12. */
struct fuzz_setup {
	struct fuzz_words vmcb12;
	uint32_t facts;
	uint32_t cr;
	uint32_t misc2;
	uint8_t flags;
	uint8_t tpr;
	uint8_t unused[2];
};

#define X(name, bit) FUZZ_##name = 1 << bit,
enum { FUZZ_SETUP_FLAGS(X) };
#undef X

/* After it: what happens. */
struct fuzz_act {
	uint8_t act;   /* of a scope, modulo their number */
	uint8_t value; /* of CR8, or the vector of an interrupt */
};

#define FUZZ_ACTS_MAX 2000

/** A decoded record. */
struct fuzz_run {
	uint32_t rules; /**< enum psvm_rule_set_id */
	struct psvm_nested n;
};

extern const struct fuzz_format fuzz_format_record;    /**< sync, empty */
extern const struct fuzz_format fuzz_format_questions; /**< enter */
extern const struct fuzz_format fuzz_format_steps;     /**< sequence */
extern const struct fuzz_format fuzz_format_acts;      /**< nested */

/** From the byte order of an input to that of this machine, or back. */
void fuzz_order_record(struct fuzz_record *record);
void fuzz_order_setup(struct fuzz_setup *setup);

/** The facts among these that make sense together. */
uint32_t fuzz_sensible_facts(uint32_t facts);

struct fuzz_run fuzz_decode_run(const uint8_t *data, size_t size);
struct fuzz_questions fuzz_decode_questions(const uint8_t *data, size_t size);
/** @return whether there is a step of this number */
bool fuzz_decode_step(const uint8_t *data, size_t size, size_t number,
		      struct fuzz_step *step);

/** As the input has it: not yet sensible. */
struct fuzz_setup fuzz_decode_setup(const uint8_t *data, size_t size);
/** @return whether there is an act of this number */
bool fuzz_decode_act(const uint8_t *data, size_t size, size_t number,
		     struct fuzz_act *act);

#endif
