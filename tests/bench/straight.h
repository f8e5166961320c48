/* SPDX-License-Identifier: MIT */
/*
 * linux-6.12 by hand: straight-line code in place, on AREA, which has the words of a
 * VMCB, the intercepts at 00Ch as MISC1. Included by straight.c, once for words and once
 * for pages, with ON(name) for the name of a function.
 */

/* Intercepts of 00Ch: L1's, and those of L0 that L1's masking does not make pointless. */
INLINE void ON(merge)(const AREA *v12, AREA *v02, const AREA *v01, uint32_t facts,
		      uint64_t go)
{
	uint32_t drop = (uint32_t)(ICPT_VINTR & ones(v12->int_ctl, 24) &
				   ~fact(facts, PSVM_C_L1_IF_BIT));

	v02->MISC1 = select32(v02->MISC1, (v01->MISC1 & ~drop) | v12->MISC1, go);
}

INLINE void ON(close)(const AREA *v12, AREA *v02, AREA *v01, uint32_t facts, uint64_t go)
{
	v01->int_ctl &= ~(V_INJECTION & go);
	v01->MISC1 &= ~(uint32_t)(ICPT_VINTR & go);
	ON(merge)(v12, v02, v01, facts, go);
	v02->int_ctl = select(v02->int_ctl, v12->int_ctl, (V_INJECTION | V_VECTOR) & go);
}

INLINE void ON(clear_gif)(AREA *v01, uint32_t facts, struct psvm_result *r, uint64_t go)
{
	uint64_t host = fact(facts, PSVM_C_HOST_VGIF_BIT);

	v01->int_ctl &= ~(((V_GIF & host) | (V_INJECTION & ~host)) & go);
	v01->MISC1 &= ~(uint32_t)(ICPT_VINTR & ~host & go);
	r->gif &= (uint8_t)~go;
}

INLINE void ON(dirty)(const AREA *v02, uint64_t int_ctl_02, uint32_t misc1_02,
		      const AREA *v01, uint64_t int_ctl_01, uint32_t misc1_01,
		      struct psvm_result *r)
{
	r->dirty02 = (uint32_t)((PSVM_CLEAN_TPR & any(v02->int_ctl ^ int_ctl_02)) |
				(PSVM_CLEAN_I & any(v02->MISC1 ^ misc1_02)));
	r->dirty01 = (uint32_t)((PSVM_CLEAN_TPR & any(v01->int_ctl ^ int_ctl_01)) |
				(PSVM_CLEAN_I & any(v01->MISC1 ^ misc1_01)));
}

/* VMRUN fails: L1 finds GIF 0 and, once the caller has written it, no event. */
INLINE void ON(fail)(AREA *v01, uint32_t facts, struct psvm_result *r, uint64_t fails)
{
	r->outcome = (uint8_t)(PSVM_VMEXIT_INVALID & fails);
	r->store12 = (uint32_t)(PSVM_F_EVENT_INJ & fails);
	ON(clear_gif)(v01, facts, r, fails);
}

INLINE uint64_t ON(invalid)(const AREA *v12, uint32_t facts)
{
	return fact(facts, PSVM_C_CHECKS_FAILED_BIT) |
	       (ones(v12->int_ctl, 26) & ~ones(v12->MISC1, 1));
}

INLINE uint64_t ON(nested_gif)(const AREA *v12, uint32_t facts)
{
	return fact(facts, PSVM_C_OFFER_VGIF_BIT) & ones(v12->int_ctl, 25);
}

INLINE uint64_t ON(nested_nmi)(const AREA *v12, uint32_t facts)
{
	return fact(facts, PSVM_C_OFFER_VNMI_BIT) & ones(v12->int_ctl, 26);
}

INLINE void ON(build_02)(const AREA *v12, AREA *v02, AREA *v01, uint32_t facts,
			 struct psvm_result *r, uint64_t go)
{
	uint64_t gif = ON(nested_gif)(v12, facts), nmi = ON(nested_nmi)(v12, facts);
	uint64_t from_12 = V_TPR | V_INJECTION | V_VECTOR | (V_GIF_BITS & gif) |
			   (V_NMI_BITS & nmi);
	uint64_t from_01 = V_MASKING | (V_GIF_BITS & ~gif);
	uint64_t joins = fact(facts, PSVM_C_HOST_VNMI_BIT) & ones(v01->int_ctl, 11) & go;
	uint64_t pending = fact(facts, PSVM_C_PENDING_BIT) & go;

	v02->int_ctl = select(v02->int_ctl,
			      (v12->int_ctl & from_12) | (v01->int_ctl & from_01), go);
	v02->int_state = select(v02->int_state, v12->int_state, go);
	v02->event_inj = select(v02->event_inj, v12->event_inj, go);
	v02->tlb_control &= (uint8_t)~go;
	ON(merge)(v12, v02, v01, facts, go);
	r->nmi_change = (int8_t)(joins & 1);
	r->requests = (uint32_t)((PSVM_REQUEST_IMPLICIT & go) |
				 (PSVM_REQUEST_EVENT & (pending | joins)));
}

/* VMRUN sets GIF, which closes a window. */
INLINE void ON(set_gif)(const AREA *v12, AREA *v02, AREA *v01, uint32_t facts,
			struct psvm_result *r, uint64_t go)
{
	uint64_t nested = ON(nested_gif)(v12, facts);

	v02->int_ctl |= V_GIF & fact(facts, PSVM_C_HOST_VGIF_BIT) & ~nested & go;
	v01->int_ctl |= V_GIF & nested & go;
	v02->exit_int_info &= ~go;
	r->gif |= (uint8_t)(go & 1);
	ON(close)(v12, v02, v01, facts, ones(v02->MISC1, 4) & go);
}

INLINE void ON(enter)(const AREA *v12, AREA *v02, AREA *v01, uint32_t facts,
		      struct psvm_result *r, bool vmrun)
{
	uint64_t good = sensible(facts), fails = ON(invalid)(v12, facts) & good;
	uint64_t int_ctl_02 = v02->int_ctl, int_ctl_01 = v01->int_ctl;
	uint32_t misc1_02 = v02->MISC1, misc1_01 = v01->MISC1;
	uint64_t go = good & ~fails;

	begin(r, facts, good);
	ON(fail)(v01, facts, r, fails);
	ON(build_02)(v12, v02, v01, facts, r, go);
	if (vmrun)
		ON(set_gif)(v12, v02, v01, facts, r, go);
	ON(dirty)(v02, int_ctl_02, misc1_02, v01, int_ctl_01, misc1_01, r);
}

INLINE void ON(window_open)(const AREA *v12, AREA *v02, AREA *v01, uint32_t facts,
			    struct psvm_result *r)
{
	uint64_t good = sensible(facts);
	uint64_t go = good & (fact(facts, PSVM_C_HOST_VGIF_BIT) |
			      fact(facts, PSVM_C_L1_GIF_BIT));
	uint64_t int_ctl_02 = v02->int_ctl, opened;
	uint32_t misc1_02 = v02->MISC1, misc1_01 = v01->MISC1;

	begin(r, facts, good);
	v01->MISC1 |= (uint32_t)(ICPT_VINTR & go);
	ON(merge)(v12, v02, v01, facts, go);
	opened = ones(v02->MISC1, 4) & go;
	v02->int_ctl = select(v02->int_ctl, V_IRQ | V_PRIO,
			      (V_IRQ | V_PRIO | V_VECTOR) & opened);
	r->outcome = (uint8_t)(PSVM_NO_WINDOW & good & ~opened);
	ON(dirty)(v02, int_ctl_02, misc1_02, v01, v01->int_ctl, misc1_01, r);
}

INLINE void ON(window_close)(const AREA *v12, AREA *v02, AREA *v01, uint32_t facts,
			     struct psvm_result *r)
{
	uint64_t go = sensible(facts);
	uint64_t int_ctl_02 = v02->int_ctl, int_ctl_01 = v01->int_ctl;
	uint32_t misc1_02 = v02->MISC1, misc1_01 = v01->MISC1;

	begin(r, facts, go);
	ON(close)(v12, v02, v01, facts, go);
	r->requests = (uint32_t)(PSVM_REQUEST_EVENT & go);
	ON(dirty)(v02, int_ctl_02, misc1_02, v01, int_ctl_01, misc1_01, r);
}

INLINE void ON(refresh)(AREA *v12, const AREA *v02, uint32_t facts, struct psvm_result *r)
{
	uint64_t go = sensible(facts);
	uint64_t window = ones(v02->MISC1, 4) & ~ones(v12->MISC1, 4);
	uint64_t bits = V_TPR | (V_IRQ & ~window) | (V_GIF & ON(nested_gif)(v12, facts)) |
			((V_NMI | V_NMI_MASK) & ON(nested_nmi)(v12, facts));

	begin(r, facts, go);
	v12->int_ctl = select(v12->int_ctl, v02->int_ctl, bits & go);
	v12->event_inj = select(v12->event_inj, v02->event_inj, go);
	v12->int_state = select(v12->int_state, v02->int_state, go);
}

/* What #VMEXIT makes of 01; the caller writes 12. */
INLINE void ON(leave)(const AREA *v12, const AREA *v02, AREA *v01, uint32_t facts,
		      uint8_t nmis, struct psvm_result *r, uint64_t go)
{
	uint64_t host = fact(facts, PSVM_C_HOST_VNMI_BIT) & go, queued = any(nmis);
	uint64_t int_ctl = v01->int_ctl;
	uint32_t misc1 = v01->MISC1;

	begin(r, facts, go);
	r->requests = (uint32_t)((PSVM_REQUEST_IMPLICIT |
				  (PSVM_REQUEST_EVENT & ~ones(v12->MISC1, 0))) &
				 go);
	v01->int_ctl = select(v01->int_ctl, v02->int_ctl, V_NMI_MASK & host);
	v01->int_ctl = select(v01->int_ctl, queued, V_NMI & host);
	r->nmi_change = (int8_t)(queued & host);
	ON(clear_gif)(v01, facts, r, go);
	ON(dirty)(v02, v02->int_ctl, v02->MISC1, v01, int_ctl, misc1, r);
}

/* EXITINTINFO: an event whose delivery was cut short, or was not begun. */
INLINE uint64_t ON(unfinished)(const AREA *v02)
{
	uint64_t info = v02->exit_int_info, inj = v02->event_inj;

	return select(inj & ones(inj, 31), info, ones(info, 31));
}
