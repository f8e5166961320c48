/* SPDX-License-Identifier: MIT */
#include "vectors_experiment.h"

static uint32_t flag(const struct vector_case *c, uint32_t flag, uint32_t bits)
{
	return c->flags & flag ? bits : 0;
}

/* The second of a pair goes on where the first one stopped. */
struct experiment vector_experiment(const struct vector_row *row)
{
	const struct vector_case *c = row->c;
	const bool second = (c->flags & VECTOR_CONT) != 0;
	const uint32_t misc2 = PSVM_INTERCEPT_MASK(VMRUN) | PSVM_INTERCEPT_MASK(VMMCALL);
	struct experiment e = {
		.program = c->prog,
		.start = second ? (uint32_t)row[-1].rip_off : 0,
		.l1_if = (uint8_t)c->l1_if,
		.l1_cr8 = (uint8_t)c->l1_cr8,
		.pending = (uint8_t)c->phys_pending,
		.sends = row->env == VECTOR_QEMU_7_2  ? SEND_XAPIC_LATE :
			 row->env == VECTOR_BOCHS_2_7 ? SEND_XAPIC :
							SEND_X2APIC,
	};

	e.vmcb12.words.int_ctl = psvm_int_ctl_join(row->before, c->int_vector);
	e.vmcb12.words.int_state = c->int_state;
	e.vmcb12.words.event_inj = c->event_inj;
	e.vmcb12.words.misc1 = c->misc1;
	e.vmcb12.words.tlb_control = 1;
	e.vmcb12.cr = flag(c, VECTOR_ICPT_CR8W, PSVM_INTERCEPT_MASK(CR8_WRITE)) |
		      flag(c, VECTOR_ICPT_CR8R, PSVM_INTERCEPT_MASK(CR8_READ));
	e.vmcb12.misc2 = misc2 & ~flag(c, VECTOR_NO_VMRUN_ICPT, PSVM_INTERCEPT_MASK(VMRUN));
	e.vmcb12.rflags_if = (uint8_t)c->l2_if;
	e.vmcb12.bad = (uint8_t)flag(c, VECTOR_ASID0, 1);
	return e;
}

/* Handlers lie below the programs. */
static uint64_t offset(int64_t recorded)
{
	if (recorded == -1)
		return OFFSET_NONE;
	return recorded < 0 ? OFFSET_HANDLER : (uint64_t)recorded;
}

static uint64_t letters(const char *text)
{
	uint64_t value = 0;

	for (; *text != 0; text++)
		value = letters_add(value, *text);
	return value;
}

struct outcome vector_outcome(const struct vector_row *row)
{
	const struct outcome o = { {
		[OUTCOME_EXIT_CODE] = row->exit_code,
		[OUTCOME_INT_CTL] = row->int_ctl,
		[OUTCOME_INT_VECTOR] = row->int_vector,
		[OUTCOME_INT_STATE] = row->int_state,
		[OUTCOME_EVENT_INJ] = row->event_inj,
		[OUTCOME_EXIT_INT_INFO] =
			row->exit_int_info & PSVM_EVENT_INJ_V ? row->exit_int_info : 0,
		[OUTCOME_RIP] = offset(row->rip_off),
		[OUTCOME_VIRT_RIP] = offset(row->virt_rip_off),
		[OUTCOME_PHYS_RIP] = offset(row->phys_rip_off),
		[OUTCOME_CR8] = row->cr8_after,
		[OUTCOME_IRR] = row->irr_after,
		[OUTCOME_IN_L2] = letters(row->in_l2),
		[OUTCOME_IN_L1] = letters(row->in_l1),
		[OUTCOME_IN_DRAIN] = letters(row->in_drain),
	} };

	return o;
}
