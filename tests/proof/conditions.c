/* SPDX-License-Identifier: MIT */
/*
 * psvm_conditions(), psvm_rules_builtin(), and what is smaller still.
 */
#include "proof.h"

#include "../reference_bits.h"
#include "psvm/rule_sets.h"

ANY(struct psvm_nested, nested);
ANY(uint32_t, u32);
ANY(uint64_t, u64);

/* Each condition as the reference model puts it, in the order of rules.h. */
void proof_psvm_conditions(void)
{
	struct psvm_nested n = nondet_nested();
	struct situation s = ref_situation(REF_EXACT, &n);
	const bool want[] = {
		s.l1_if, s.l1_gif, s.pending, s.checks_failed, s.tpr_clean, s.moved,
		s.vmrun_pending, s.deferred, s.l2_if, s.l2_shadow, s.tpr_masks,
		s.cr8_write_02, fact(&n, PSVM_C(OFFER_VGIF)), fact(&n, PSVM_C(OFFER_VNMI)),
		s.uses_vgif, s.uses_vnmi, s.nested_vgif, s.nested_vnmi, s.masking,
		s.vnmi_enable_12, s.vintr_01, s.vintr_02, s.vintr_12, s.intr_12, s.nmi_12,
		bit(n.v12.misc1, 24) /* HLT */, s.irq_02, s.irq_12, s.vnmi_01,
		s.vgif_enable_02, s.nmi_queued,
	};
	uint32_t got = psvm_conditions(n);

	for (unsigned int c = 0; c < 31; c++)
		PROVE((got >> c & 1) == want[c]);
	PROVE(got >> 31 == 0);
	REACHED("psvm_conditions");
}

/* Not null for the numbers that there are; which one: proofs of nested.c, extern. */
void proof_psvm_rules_builtin(void)
{
	uint32_t id = nondet_u32();
	const struct psvm_rules *got = psvm_rules_builtin(id);

	PROVE((got != NULL) == (id < PSVM_RULE_SET_COUNT));
	if (got != NULL) {
		PROVE(psvm_rules_check(got).code == PSVM_OK);
		REACHED("psvm_rules_builtin");
	} else {
		REACHED("psvm_rules_builtin none");
	}
}

/* KVM's two dwords: bit n of the word is bit n of the one or bit n - 32 of the other. */
void proof_psvm_int_ctl(void)
{
	uint32_t low = nondet_u32(), high = nondet_u32();
	uint64_t word = psvm_int_ctl_join(low, high), other = nondet_u64();

	for (unsigned int n = 0; n < 64; n++)
		PROVE(bit(word, n) == (n < 32 ? bit(low, n) : bit(high, n - 32)));
	REACHED("psvm_int_ctl_join");
	for (unsigned int n = 0; n < 32; n++) {
		PROVE(bit(psvm_int_ctl_low(other), n) == bit(other, n));
		PROVE(bit(psvm_int_ctl_vector(other), n) == bit(other, n + 32));
	}
	REACHED("psvm_int_ctl_low");
	REACHED("psvm_int_ctl_vector");
}
