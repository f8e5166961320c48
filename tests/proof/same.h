/* SPDX-License-Identifier: MIT */
/* The results of transitions, member by member, so that a proof that fails names one. */
#ifndef PSVM_TESTS_PROOF_SAME_H
#define PSVM_TESTS_PROOF_SAME_H

#include "proof.h"

#include "psvm/nested.h"

#define PROVE_WORDS(a, b) \
	do { \
		PROVE((a).int_ctl == (b).int_ctl); \
		PROVE((a).int_state == (b).int_state); \
		PROVE((a).event_inj == (b).event_inj); \
		PROVE((a).exit_int_info == (b).exit_int_info); \
		PROVE((a).misc1 == (b).misc1); \
		PROVE((a).tlb_control == (b).tlb_control); \
	} while (0)

#define PROVE_STATUS(a, b) \
	do { \
		PROVE((a).code == (b).code); \
		PROVE((a).where == (b).where); \
		PROVE((a).bits == (b).bits); \
	} while (0)

static inline void prove_same(struct psvm_result got, struct psvm_result want)
{
	PROVE_STATUS(got.status, want.status);
	PROVE_WORDS(got.v12, want.v12);
	PROVE_WORDS(got.v02, want.v02);
	PROVE_WORDS(got.v01, want.v01);
	PROVE(got.requests == want.requests);
	PROVE(got.store12 == want.store12);
	PROVE(got.dirty01 == want.dirty01);
	PROVE(got.dirty02 == want.dirty02);
	PROVE(got.outcome == want.outcome);
	PROVE(got.gif == want.gif);
	PROVE(got.nmi_change == want.nmi_change);
	PROVE(got.reserved == want.reserved);
}

/* A refusal: the words as they came in, and nothing to do (psvm/nested.h). */
static inline struct psvm_result refusal(struct psvm_nested n, struct psvm_status status)
{
	return (struct psvm_result){
		.status = status,
		.v12 = n.v12,
		.v02 = n.v02,
		.v01 = n.v01,
		.gif = n.facts >> PSVM_C_L1_GIF_BIT & 1,
	};
}

/* Fact by fact: the bits that make no sense are those that are no fact, and the offer
 * of a feature that L0 does not use. */
static inline uint32_t senseless(uint32_t facts)
{
	uint32_t bad = 0;

	for (unsigned int bit = 0; bit < 32; bit++) {
		bool set = facts >> bit & 1;
		bool offers_vgif = bit == PSVM_C_OFFER_VGIF_BIT;
		bool offers_vnmi = bit == PSVM_C_OFFER_VNMI_BIT;
		bool uses_vgif = facts >> PSVM_C_HOST_VGIF_BIT & 1;
		bool uses_vnmi = facts >> PSVM_C_HOST_VNMI_BIT & 1;
		bool no_fact = bit > PSVM_C_HOST_VNMI_BIT;

		if (set && (no_fact || (offers_vgif && !uses_vgif) ||
			    (offers_vnmi && !uses_vnmi)))
			bad |= UINT32_C(1) << bit;
	}
	return bad;
}

#endif
