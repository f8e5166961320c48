/* SPDX-License-Identifier: MIT */
/*
 * The reference model: the rule sets in a second, independent formulation.
 *
 * Bit by bit, in the words of the manual and of the sources: who owns bit n of
 * the word at 060h, and what happens to it at this moment. It shares with the
 * product the structs that carry input and result, the architectural bit
 * numbers, and nothing else: no mask, no table, no function.
 *
 * Inputs are sensible here: known facts, offered features used by L0.
 */
#ifndef PSVM_TESTS_REFERENCE_H
#define PSVM_TESTS_REFERENCE_H

#include "psvm/nested.h"

/* In the order of PSVM_RULE_SETS. */
enum ref_rules {
	REF_LINUX_6_1,
	REF_LKML_2022_BASE,
	REF_LKML_2022,
	REF_LKML_2022_VNMI,
	REF_LINUX_6_12,
	REF_LINUX_7_2,
	REF_XEN,
	REF_EXACT,
	REF_RULES
};

struct psvm_result ref_snapshot(enum ref_rules rules, struct psvm_nested n);
struct psvm_result ref_enter(enum ref_rules rules, struct psvm_nested n);
struct psvm_result ref_reenter(enum ref_rules rules, struct psvm_nested n);
struct psvm_result ref_window_open(enum ref_rules rules, struct psvm_nested n);
struct psvm_result ref_window_close(enum ref_rules rules, struct psvm_nested n);
struct psvm_result ref_refresh(enum ref_rules rules, struct psvm_nested n);
struct psvm_result ref_handback(enum ref_rules rules, struct psvm_nested n);
struct psvm_intercepts ref_merge(enum ref_rules rules, struct psvm_nested n,
				 struct psvm_intercepts i12,
				 struct psvm_intercepts i01);
/* enum psvm_level, enum psvm_arrival */
uint32_t ref_route(enum ref_rules rules, struct psvm_nested n, uint64_t exit_code,
		   struct psvm_intercepts i12, struct psvm_intercepts i01);
uint32_t ref_arrives(enum ref_rules rules, struct psvm_nested n);

/* The decisions around a run of L2, one for each cell of the same name. */
bool ref_tpr_load(enum ref_rules rules, struct psvm_nested n);
bool ref_tpr_store(enum ref_rules rules, struct psvm_nested n);
bool ref_cr8_intercept(enum ref_rules rules, struct psvm_nested n);
bool ref_hlt_intercept(enum ref_rules rules, struct psvm_nested n);
/* PSVM_WAKE_... */
uint32_t ref_hlt_wake(enum ref_rules rules, struct psvm_nested n);
bool ref_emulate_refresh(enum ref_rules rules, struct psvm_nested n);
/* bits of int_ctl */
uint64_t ref_run_from_12(enum ref_rules rules, struct psvm_nested n);
uint64_t ref_run_clear_02(enum ref_rules rules, struct psvm_nested n);
bool ref_step(enum ref_rules rules, struct psvm_nested n);
bool ref_nmi_mask_in_01(enum ref_rules rules, struct psvm_nested n);

#endif
