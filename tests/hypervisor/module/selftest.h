/* SPDX-License-Identifier: MIT */
/*
 * The rows that selftest.c compares: inputs, and what the reference model says of them. A
 * program of the machine that builds the module writes them (selftest_rows.c), as struct rows.
 */
#ifndef PSVM_MODULE_SELFTEST_H
#define PSVM_MODULE_SELFTEST_H

#include "psvm/cpu.h"
#include "psvm/psvm.h"

/* X(name, end of the names of the functions in psvm and in the model) */
#define ROWS_TRANSITIONS(X) \
	X("snapshot", snapshot, snapshot) \
	X("enter", enter, enter) \
	X("reenter", reenter, reenter) \
	X("window-open", window_open, window_open) \
	X("window-close", window_close, window_close) \
	X("refresh", refresh, refresh) \
	X("hand-back", nested_sync_int_ctl, handback)

enum rows_transition {
#define X(name, product, model) ROWS_##product,
	ROWS_TRANSITIONS(X)
#undef X
	ROWS_TRANSITION_COUNT
};

/* psvm_rule() is asked for the cells of PSVM_CELLS_OTHER: the first one, and how many. */
#define X(name, unit, to, from, words) +1
enum { ROWS_CELLS = 0 PSVM_CELLS_OTHER(X), ROWS_CELL_FIRST = PSVM_CELL_TPR_LOAD };
#undef X

enum { ROWS_INPUTS = 1000, ROWS_PAGES = 200 };

/* --- on words ------------------------------------------------------------ */

struct rows_input {
	struct psvm_nested n;
	struct psvm_intercepts i12, i01;
	uint64_t exit_code;
};

struct rows_answer {
	struct psvm_result result[ROWS_TRANSITION_COUNT];
	struct psvm_intercepts merged;
	uint32_t level;
	uint32_t arrival;
	uint64_t cell[ROWS_CELLS];
};

/* --- on pages ------------------------------------------------------------ */

/* X(member, type, offset in a VMCB): all that the functions on pages may write. [APM] table
 * B-1, a second time. */
#define ROWS_PLACES(X) \
	X(intercepts, struct psvm_intercepts, 0x000) \
	X(tlb_control, uint8_t, 0x05c) \
	X(int_ctl, uint64_t, 0x060) \
	X(int_state, uint64_t, 0x068) \
	X(exit_code, uint64_t, 0x070) \
	X(exit_info_1, uint64_t, 0x078) \
	X(exit_info_2, uint64_t, 0x080) \
	X(exit_int_info, uint64_t, 0x088) \
	X(event_inj, uint64_t, 0x0a8) \
	X(clean, uint32_t, 0x0c0)

struct rows_fields {
#define X(member, type, offset) type member;
	ROWS_PLACES(X)
#undef X
};

enum rows_page { ROWS_01, ROWS_02, ROWS_SNAPSHOT, ROWS_12, ROWS_PAGE_COUNT };

struct rows_page_input {
	uint8_t page[ROWS_PAGE_COUNT][PSVM_VMCB_CONTROL_SIZE];
	uint32_t facts;
	uint8_t nmis, vector, external;
};

struct rows_page_answer {
	struct rows_fields fields[ROWS_PAGE_COUNT]; /* afterwards */
	uint32_t requests;
	uint32_t outcome;
	int32_t nmi_change;
	uint32_t gif;
};

/* --- the processor ------------------------------------------------------- */

enum { ROWS_CPUS = 2000 };

/* X(end of the names of the functions in psvm and in the model, struct, arguments) */
#define ROWS_STEPS(X) \
	X(vmrun, psvm_cpu_step, (in->model, in->host, in->vmcb)) \
	X(boundary, psvm_cpu_step, (in->model, in->runs)) \
	X(execute, psvm_cpu_step, (in->model, in->runs, in->insn, in->value)) \
	X(cut_short, psvm_cpu, (in->before, in->delivery)) \
	X(vmexit, psvm_cpu_exit, (in->model, in->guest, in->vmcb, in->event))

struct rows_cpu_input {
	struct psvm_cpu host, runs, guest, before;
	struct psvm_cpu_step delivery; /* what became of before */
	struct psvm_cpu_vmcb vmcb;
	uint64_t event;
	uint32_t model, insn, value;
};

struct rows_cpu_answer {
#define X(name, type, arguments) struct type name;
	ROWS_STEPS(X)
#undef X
};

struct rows {
	struct rows_input input[ROWS_INPUTS];
	uint32_t conditions[ROWS_INPUTS];
	struct rows_answer answer[PSVM_RULE_SET_COUNT][ROWS_INPUTS];
	struct rows_page_input page_input[ROWS_PAGES];
	struct rows_page_answer page_answer[PSVM_RULE_SET_COUNT][ROWS_TRANSITION_COUNT]
					   [ROWS_PAGES];
	uint32_t page_level[PSVM_RULE_SET_COUNT][ROWS_PAGES];
	struct rows_cpu_input cpu_input[ROWS_CPUS];
	struct rows_cpu_answer cpu_answer[ROWS_CPUS];
};

/* In a module: the rows, and what is inline there (inline.c): each transition with each rule
 * set as a constant, which takes no other rules, and the steps of the processor. */
typedef struct psvm_result words_fn(const struct psvm_rules *rules, struct psvm_nested n);
typedef struct psvm_result pages_fn(const struct psvm_rules *rules,
				    const struct psvm_pages *pages);

typedef void cpu_fn(struct rows_cpu_answer *a, const struct rows_cpu_input *in);

extern struct rows selftest_rows;
extern words_fn *const selftest_inline[PSVM_RULE_SET_COUNT][ROWS_TRANSITION_COUNT];
extern cpu_fn selftest_inline_cpu;

#endif
