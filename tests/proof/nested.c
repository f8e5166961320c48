/* SPDX-License-Identifier: MIT */
/*
 * Every transition and question of psvm/nested.h, with every built-in rule set, equals
 * the reference model, for every input; senseless facts are refused, and nothing else.
 *
 * Inline forms with the rule set as a constant, or, with PSVM_EXTERN, the external forms
 * with what psvm_rules_builtin() returns.
 */
#include "same.h"

#include "../reference.h"
#include "psvm/rule_sets.h"

ANY(struct psvm_nested, nested);
ANY(struct psvm_intercepts, intercepts);
ANY(uint64_t, u64);

#ifdef PSVM_EXTERN
#define RULES(identifier) psvm_rules_builtin(PSVM_RULE_SET_##identifier)
#else
#define RULES(identifier) (&psvm_rules_##identifier)
#endif
/* Both sides number the rule sets alike; test_rules.c asserts it. */
#define REF(identifier) ((enum ref_rules)PSVM_RULE_SET_##identifier)

static void prove_refused(struct psvm_result got, struct psvm_nested n)
{
	struct psvm_status status = { PSVM_E_FACT, PSVM_AT_FACTS, senseless(n.facts) };

	prove_same(got, refusal(n, status));
}

#define TRANSITION(identifier, function, reference) \
	void proof_##function##_##identifier(void) \
	{ \
		struct psvm_nested n = nondet_nested(); \
		struct psvm_result got = function(RULES(identifier), n); \
		\
		if (senseless(n.facts)) { \
			prove_refused(got, n); \
			REACHED(#function " " #identifier " refused"); \
		} else { \
			prove_same(got, reference(REF(identifier), n)); \
			REACHED(#function " " #identifier); \
		} \
	}

/* A question that cannot be answered: the plain union, L0, wait. */
#define MERGE(identifier) \
	void proof_psvm_merge_intercepts_##identifier(void) \
	{ \
		struct psvm_nested n = nondet_nested(); \
		struct psvm_intercepts i12 = nondet_intercepts(), i01 = nondet_intercepts(); \
		struct psvm_intercepts got = \
			psvm_merge_intercepts(RULES(identifier), n, i12, i01); \
		struct psvm_intercepts want = ref_merge(REF(identifier), n, i12, i01); \
		\
		for (unsigned int i = 0; i < 6; i++) { \
			if (senseless(n.facts)) \
				PROVE(got.word[i] == (i12.word[i] | i01.word[i])); \
			else \
				PROVE(got.word[i] == want.word[i]); \
		} \
		REACHED("psvm_merge_intercepts " #identifier); \
	}

#define ROUTE(identifier) \
	void proof_psvm_route_exit_##identifier(void) \
	{ \
		struct psvm_nested n = nondet_nested(); \
		struct psvm_intercepts i12 = nondet_intercepts(), i01 = nondet_intercepts(); \
		uint64_t exit_code = nondet_u64(); \
		uint32_t got = psvm_route_exit(RULES(identifier), n, exit_code, i12, i01); \
		\
		if (senseless(n.facts)) \
			PROVE(got == PSVM_L0); \
		else \
			PROVE(got == ref_route(REF(identifier), n, exit_code, i12, i01)); \
		REACHED("psvm_route_exit " #identifier); \
	}

#define ARRIVES(identifier) \
	void proof_psvm_interrupt_arrives_##identifier(void) \
	{ \
		struct psvm_nested n = nondet_nested(); \
		uint32_t got = psvm_interrupt_arrives(RULES(identifier), n); \
		\
		if (senseless(n.facts)) \
			PROVE(got == PSVM_WAIT); \
		else \
			PROVE(got == ref_arrives(REF(identifier), n)); \
		REACHED("psvm_interrupt_arrives " #identifier); \
	}

/* The cells that have no transition of their own. */
#define CELL(identifier, cell, want) \
	do { \
		uint64_t bits = before; \
		struct psvm_status got = psvm_rule(RULES(identifier), n, PSVM_CELL_##cell, &bits); \
		\
		PROVE(got.code == (senseless(n.facts) ? PSVM_E_FACT : PSVM_OK)); \
		PROVE(got.where == (senseless(n.facts) ? PSVM_AT_FACTS : 0)); \
		PROVE(got.bits == senseless(n.facts)); \
		PROVE(bits == (senseless(n.facts) ? before : (want))); \
	} while (0)

#define RULE(identifier) \
	void proof_psvm_rule_##identifier(void) \
	{ \
		struct psvm_nested n = nondet_nested(); \
		uint64_t before = nondet_u64(); \
		enum ref_rules ref = REF(identifier); \
		\
		CELL(identifier, TPR_LOAD, ref_tpr_load(ref, n)); \
		CELL(identifier, TPR_STORE, ref_tpr_store(ref, n)); \
		CELL(identifier, CR8_INTERCEPT, ref_cr8_intercept(ref, n)); \
		CELL(identifier, HLT_INTERCEPT, ref_hlt_intercept(ref, n)); \
		CELL(identifier, HLT_WAKE, ref_hlt_wake(ref, n)); \
		CELL(identifier, EMULATE_REFRESH, ref_emulate_refresh(ref, n)); \
		CELL(identifier, RUN_FROM_12, ref_run_from_12(ref, n)); \
		CELL(identifier, RUN_CLEAR_02, ref_run_clear_02(ref, n)); \
		CELL(identifier, STEP, ref_step(ref, n)); \
		CELL(identifier, NMI_MASK_IN_01, ref_nmi_mask_in_01(ref, n)); \
		REACHED("psvm_rule " #identifier); \
	}

#define PROOFS(name, identifier, words) \
	TRANSITION(identifier, psvm_snapshot, ref_snapshot) \
	TRANSITION(identifier, psvm_enter, ref_enter) \
	TRANSITION(identifier, psvm_reenter, ref_reenter) \
	TRANSITION(identifier, psvm_window_open, ref_window_open) \
	TRANSITION(identifier, psvm_window_close, ref_window_close) \
	TRANSITION(identifier, psvm_refresh, ref_refresh) \
	TRANSITION(identifier, psvm_nested_sync_int_ctl, ref_handback) \
	MERGE(identifier) \
	ROUTE(identifier) \
	ARRIVES(identifier) \
	RULE(identifier)
PSVM_RULE_SETS(PROOFS)
