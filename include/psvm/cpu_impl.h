/* SPDX-License-Identifier: MIT */
/*
 * psvm/cpu_impl.h - the bodies of psvm/cpu.h; included by it.
 *
 * Each function states one rule of the manual. Names that end in _ are not part
 * of the interface.
 */
#ifndef PSVM_CPU_IMPL_H
#define PSVM_CPU_IMPL_H

PSVM_LOCAL bool psvm_cpu_is_(const struct psvm_cpu *cpu, uint32_t flag)
{
	return (cpu->flags & flag) != 0;
}

PSVM_LOCAL void psvm_cpu_set_(struct psvm_cpu *cpu, uint32_t flag, bool value)
{
	cpu->flags = (cpu->flags & ~flag) | (value ? flag : 0);
}

PSVM_LOCAL bool psvm_cpu_holds_(const struct psvm_cpu *cpu, uint64_t bits)
{
	return (cpu->int_ctl & bits) != 0;
}

PSVM_LOCAL void psvm_cpu_hold_(struct psvm_cpu *cpu, uint64_t bits, bool value)
{
	cpu->int_ctl = (cpu->int_ctl & ~bits) | (value ? bits : 0);
}

PSVM_LOCAL bool psvm_cpu_guest_(const struct psvm_cpu *cpu)
{
	return psvm_cpu_is_(cpu, PSVM_CPU_F(GUEST));
}

/* Is a bit of int_ctl set in a guest that runs? */
PSVM_LOCAL bool psvm_cpu_virtual_(const struct psvm_cpu *cpu, uint64_t bit)
{
	return psvm_cpu_guest_(cpu) && psvm_cpu_holds_(cpu, bit);
}

PSVM_LOCAL uint64_t psvm_cpu_event_(uint64_t type, uint64_t vector)
{
	return PSVM_EVENT_INJ_V | type << PSVM_EVENT_TYPE_SHIFT | vector;
}

/* --- how a step ends ----------------------------------------------------- */

PSVM_SHARED struct psvm_cpu_step psvm_cpu_step_(struct psvm_cpu cpu, uint32_t what)
{
	struct psvm_cpu_step step;

	step.cpu = cpu;
	step.what = what;
	step.value = 0;
	step.event = 0;
	step.exit_code = 0;
	return step;
}

PSVM_LOCAL struct psvm_cpu_step psvm_cpu_ran_(struct psvm_cpu cpu, uint32_t value)
{
	struct psvm_cpu_step step = psvm_cpu_step_(cpu, PSVM_CPU_RAN);

	step.value = value;
	return step;
}

PSVM_SHARED struct psvm_cpu_step psvm_cpu_exited_(struct psvm_cpu cpu, uint64_t exit_code)
{
	struct psvm_cpu_step step = psvm_cpu_step_(cpu, PSVM_CPU_EXITED);

	step.exit_code = exit_code;
	return step;
}

/* The handler runs with interrupts off, behind an interrupt gate; the processor
 * has left HLT and the shadow. */
PSVM_SHARED struct psvm_cpu_step psvm_cpu_delivered_(struct psvm_cpu cpu, uint64_t event)
{
	struct psvm_cpu_step step = psvm_cpu_step_(cpu, PSVM_CPU_DELIVERED);

	psvm_cpu_set_(&step.cpu,
		      PSVM_CPU_F(IF) | PSVM_CPU_F(SHADOW) | PSVM_CPU_F(HALTED), false);
	step.event = event;
	return step;
}

/* --- conditions ---------------------------------------------------------- */

/* 15.33.2: virtual interrupts and NMIs wait for both flags. */
PSVM_LOCAL bool psvm_cpu_gif_(const struct psvm_cpu *cpu)
{
	return psvm_cpu_is_(cpu, PSVM_CPU_F(GIF)) &&
	       (!psvm_cpu_holds_(cpu, PSVM_V_GIF_ENABLE) ||
		psvm_cpu_holds_(cpu, PSVM_V_GIF));
}

/* 15.21.1: whose IF gates the interrupts of the local APIC. */
PSVM_LOCAL bool psvm_cpu_intr_if_(uint32_t model, const struct psvm_cpu *cpu)
{
	bool guest_if = psvm_cpu_is_(cpu, PSVM_CPU_F(IF));

	if (!psvm_cpu_virtual_(cpu, PSVM_V_INTR_MASKING))
		return guest_if;
	return (model & PSVM_CPU(GUEST_IF_GATES)) ? guest_if
						  : psvm_cpu_is_(cpu, PSVM_CPU_F(HOST_IF));
}

/* The manual's table of what masks INTR has no shadow with V_INTR_MASKING. */
PSVM_LOCAL bool psvm_cpu_intr_shadow_(uint32_t model, const struct psvm_cpu *cpu)
{
	return psvm_cpu_is_(cpu, PSVM_CPU_F(SHADOW)) &&
	       ((model & PSVM_CPU(SHADOW_HOLDS_EXIT)) ||
		!psvm_cpu_virtual_(cpu, PSVM_V_INTR_MASKING));
}

PSVM_SHARED bool psvm_cpu_intr_open_(uint32_t model, const struct psvm_cpu *cpu)
{
	return cpu->intr >> 4 > cpu->tpr && psvm_cpu_is_(cpu, PSVM_CPU_F(GIF)) &&
	       psvm_cpu_intr_if_(model, cpu) && !psvm_cpu_intr_shadow_(model, cpu);
}

PSVM_LOCAL bool psvm_cpu_nmi_open_(const struct psvm_cpu *cpu)
{
	return psvm_cpu_is_(cpu, PSVM_CPU_F(NMI)) && psvm_cpu_is_(cpu, PSVM_CPU_F(GIF)) &&
	       !psvm_cpu_is_(cpu, PSVM_CPU_F(NMI_BLOCKED));
}

/* 15.21.10 */
PSVM_LOCAL bool psvm_cpu_vnmi_open_(const struct psvm_cpu *cpu)
{
	return psvm_cpu_virtual_(cpu, PSVM_V_NMI_ENABLE) &&
	       psvm_cpu_holds_(cpu, PSVM_V_NMI) &&
	       !psvm_cpu_holds_(cpu, PSVM_V_NMI_MASK) && psvm_cpu_gif_(cpu) &&
	       !psvm_cpu_is_(cpu, PSVM_CPU_F(SHADOW));
}

/* 15.21.4: the priority of V_IRQ against the guest's task priority. */
PSVM_LOCAL bool psvm_cpu_prio_open_(uint32_t model, uint64_t int_ctl)
{
	uint64_t prio = (int_ctl & PSVM_V_INTR_PRIO) >> PSVM_V_INTR_PRIO_SHIFT;
	uint64_t tpr = int_ctl & PSVM_V_TPR;

	return (int_ctl & PSVM_V_IGN_TPR) != 0 || prio > tpr ||
	       ((model & PSVM_CPU(PRIO_EQUAL)) && prio == tpr);
}

/* Option NO_REMASK: V_TPR once was low enough, and is not asked again. */
PSVM_LOCAL bool psvm_cpu_was_open_(uint32_t model, const struct psvm_cpu *cpu)
{
	return (model & PSVM_CPU(NO_REMASK)) && psvm_cpu_is_(cpu, PSVM_CPU_F(V_IRQ_OPEN));
}

/* 15.21.4: all conditions of a virtual interrupt but the shadow. */
PSVM_LOCAL bool psvm_cpu_v_irq_ready_(uint32_t model, const struct psvm_cpu *cpu)
{
	return psvm_cpu_virtual_(cpu, PSVM_V_IRQ) &&
	       !psvm_cpu_holds_(cpu, PSVM_AVIC_ENABLE) &&
	       (psvm_cpu_was_open_(model, cpu) ||
		psvm_cpu_prio_open_(model, cpu->int_ctl)) &&
	       psvm_cpu_is_(cpu, PSVM_CPU_F(IF)) && psvm_cpu_gif_(cpu);
}

PSVM_LOCAL bool psvm_cpu_v_irq_open_(uint32_t model, const struct psvm_cpu *cpu)
{
	return psvm_cpu_v_irq_ready_(model, cpu) &&
	       !psvm_cpu_is_(cpu, PSVM_CPU_F(SHADOW)) &&
	       !psvm_cpu_is_(cpu, PSVM_CPU_F(V_IRQ_HIDDEN));
}

/* Options NO_REMASK, LATE_V_IRQ, INTR_HIDES_V_IRQ: V_IRQ is evaluated now. */
PSVM_LOCAL void psvm_cpu_evaluate_(uint32_t model, struct psvm_cpu *cpu)
{
	psvm_cpu_set_(cpu, PSVM_CPU_F(V_IRQ_HIDDEN), false);
	if ((model & PSVM_CPU(NO_REMASK)) && psvm_cpu_v_irq_ready_(model, cpu))
		psvm_cpu_set_(cpu, PSVM_CPU_F(V_IRQ_OPEN), true);
}

/* --- VMRUN --------------------------------------------------------------- */

/* 15.20: a type or an exception that does not exist. */
PSVM_LOCAL bool psvm_cpu_event_bad_(uint64_t event)
{
	uint64_t type = (event & PSVM_EVENT_INJ_TYPE) >> PSVM_EVENT_TYPE_SHIFT;
	uint64_t vector = event & PSVM_EVENT_INJ_VECTOR;

	if ((event & PSVM_EVENT_INJ_V) == 0)
		return false;
	if (type == PSVM_EVENT_TYPE_EXCEPTION)
		return vector == 2 || vector > 31;
	return type != PSVM_EVENT_TYPE_INTR && type != PSVM_EVENT_TYPE_NMI &&
	       type != PSVM_EVENT_TYPE_SWINT;
}

/* Bits of 060h that this processor has. */
PSVM_LOCAL uint64_t psvm_cpu_has_(uint32_t model)
{
	uint64_t lacks = (model & PSVM_CPU(VGIF) ? 0 : PSVM_V_GIF_ENABLE) |
			 (model & PSVM_CPU(VNMI) ? 0 : PSVM_V_NMI_ENABLE);

	return ~lacks;
}

/* 15.15: a clean field keeps what the processor holds. */
PSVM_LOCAL bool psvm_cpu_reads_(uint32_t model, const struct psvm_cpu_vmcb *vmcb,
				uint32_t clean)
{
	return (model & PSVM_CPU(CLEAN)) == 0 || (vmcb->clean & clean) == 0;
}

PSVM_LOCAL void psvm_cpu_load_(uint32_t model, struct psvm_cpu *cpu,
			       const struct psvm_cpu_vmcb *vmcb)
{
	uint64_t tpr_7_4 = model & PSVM_CPU(TPR_BYTE) ? 0 : PSVM_V_TPR_7_4;

	if (psvm_cpu_reads_(model, vmcb, PSVM_CLEAN_TPR))
		cpu->int_ctl = vmcb->words.int_ctl & psvm_cpu_has_(model) & ~tpr_7_4;
	if (psvm_cpu_reads_(model, vmcb, PSVM_CLEAN_I)) {
		cpu->cr = vmcb->cr;
		cpu->misc1 = vmcb->words.misc1;
		cpu->misc2 = vmcb->misc2;
	}
	psvm_cpu_set_(cpu, PSVM_CPU_F(SHADOW),
		      (model & PSVM_CPU(NO_SHADOW_IN)) == 0 &&
			      (vmcb->words.int_state &
			       PSVM_INT_STATE_INTERRUPT_SHADOW) != 0);
	psvm_cpu_set_(cpu, PSVM_CPU_F(HOST_IF), psvm_cpu_is_(cpu, PSVM_CPU_F(IF)));
	psvm_cpu_set_(cpu, PSVM_CPU_F(IF), vmcb->rflags_if != 0);
	psvm_cpu_set_(cpu, PSVM_CPU_F(GUEST) | PSVM_CPU_F(GIF), true);
	psvm_cpu_set_(cpu, PSVM_CPU_F(V_IRQ_OPEN), false);
	psvm_cpu_set_(cpu, PSVM_CPU_F(V_IRQ_HIDDEN),
		      (model & PSVM_CPU(LATE_V_IRQ)) != 0);
}

/* What was loaded is what is checked: a clean field of the VMCB is not read. */
PSVM_LOCAL bool psvm_cpu_refuses_(const struct psvm_cpu *guest,
				  const struct psvm_cpu_vmcb *vmcb)
{
	uint64_t avic = guest->int_ctl & (PSVM_AVIC_ENABLE | PSVM_X2AVIC_ENABLE);

	return vmcb->bad != 0 || (guest->misc2 & PSVM_INTERCEPT_MASK(VMRUN)) == 0 ||
	       psvm_cpu_event_bad_(vmcb->words.event_inj) ||
	       (psvm_cpu_holds_(guest, PSVM_V_NMI_ENABLE) &&
		(guest->misc1 & PSVM_INTERCEPT_MASK(NMI)) == 0) || /* 15.21.10 */
	       avic == PSVM_X2AVIC_ENABLE; /* 15.29.4.1 */
}

/* 15.20: an injected event is delivered before anything else, whatever is
 * masked. An NMI masks virtual NMIs (15.21.10), others are not counted. */
PSVM_LOCAL struct psvm_cpu_step psvm_cpu_inject_(uint32_t model, struct psvm_cpu cpu,
						 uint64_t event)
{
	uint64_t type = (event & PSVM_EVENT_INJ_TYPE) >> PSVM_EVENT_TYPE_SHIFT;
	struct psvm_cpu_step step = psvm_cpu_delivered_(cpu, event);

	if (type == PSVM_EVENT_TYPE_NMI) {
		if (psvm_cpu_holds_(&cpu, PSVM_V_NMI_ENABLE))
			psvm_cpu_hold_(&step.cpu, PSVM_V_NMI_MASK, true);
		else if (model & PSVM_CPU(NMI_INJECTED_BLOCKS))
			psvm_cpu_set_(&step.cpu, PSVM_CPU_F(NMI_BLOCKED), true);
	}
	if (model & PSVM_CPU(INJECT_IN_SHADOW))
		psvm_cpu_set_(&step.cpu, PSVM_CPU_F(SHADOW),
			      psvm_cpu_is_(&cpu, PSVM_CPU_F(SHADOW)));
	return step;
}

PSVM_API struct psvm_cpu_step psvm_cpu_vmrun(uint32_t model, struct psvm_cpu cpu,
					     struct psvm_cpu_vmcb vmcb)
{
	struct psvm_cpu guest = cpu;

	psvm_cpu_load_(model, &guest, &vmcb);
	if (psvm_cpu_refuses_(&guest, &vmcb)) {
		psvm_cpu_set_(&cpu, PSVM_CPU_F(GIF) | PSVM_CPU_F(SHADOW), false);
		return psvm_cpu_exited_(cpu, PSVM_EXIT_INVALID);
	}
	if ((model & PSVM_CPU(LATE_V_IRQ)) == 0)
		psvm_cpu_evaluate_(model, &guest);
	if ((vmcb.words.event_inj & PSVM_EVENT_INJ_V) == 0)
		return psvm_cpu_step_(guest, PSVM_CPU_RAN);
	return psvm_cpu_inject_(model, guest, vmcb.words.event_inj);
}

/* --- between instructions ------------------------------------------------ */

PSVM_LOCAL bool psvm_cpu_intercepts_(const struct psvm_cpu *cpu, uint64_t exit_code)
{
	uint32_t words[5];

	if (!psvm_cpu_guest_(cpu) || exit_code / 32 >= 5)
		return false;
	words[0] = cpu->cr;
	words[1] = words[2] = 0;
	words[3] = cpu->misc1;
	words[4] = cpu->misc2;
	return (words[exit_code / 32] >> exit_code % 32 & 1) != 0;
}

/* The source of an event no longer asks: it has been recognized. */
PSVM_LOCAL void psvm_cpu_recognize_(uint32_t model, struct psvm_cpu *cpu, uint64_t exit_code)
{
	switch (exit_code) {
	case PSVM_EXIT_NMI:
		psvm_cpu_set_(cpu, PSVM_CPU_F(NMI), false);
		break;
	case PSVM_EXIT_INTR:
		cpu->intr = 0;
		psvm_cpu_set_(cpu, PSVM_CPU_F(V_IRQ_HIDDEN),
			      psvm_cpu_is_(cpu, PSVM_CPU_F(V_IRQ_HIDDEN)) ||
				      (model & PSVM_CPU(INTR_HIDES_V_IRQ)) != 0);
		break;
	default:
		psvm_cpu_hold_(cpu, PSVM_V_IRQ, false);
		psvm_cpu_set_(cpu, PSVM_CPU_F(V_IRQ_OPEN), false);
	}
}

/* An event that may be taken now: its intercept comes first. */
PSVM_SHARED struct psvm_cpu_step psvm_cpu_take_(uint32_t model, struct psvm_cpu cpu,
					       uint64_t exit_code, uint64_t event)
{
	if (psvm_cpu_intercepts_(&cpu, exit_code)) {
		psvm_cpu_set_(&cpu, PSVM_CPU_F(HALTED), false);
		return psvm_cpu_exited_(cpu, exit_code);
	}
	if (exit_code == PSVM_EXIT_NMI)
		psvm_cpu_set_(&cpu, PSVM_CPU_F(NMI_BLOCKED), true);
	psvm_cpu_recognize_(model, &cpu, exit_code);
	return psvm_cpu_delivered_(cpu, event);
}

PSVM_LOCAL struct psvm_cpu_step psvm_cpu_take_vnmi_(struct psvm_cpu cpu)
{
	psvm_cpu_hold_(&cpu, PSVM_V_NMI, false);
	psvm_cpu_hold_(&cpu, PSVM_V_NMI_MASK, true);
	return psvm_cpu_delivered_(cpu, psvm_cpu_event_(PSVM_EVENT_TYPE_NMI, 2));
}

PSVM_SHARED struct psvm_cpu_step psvm_cpu_take_intr_(uint32_t model, struct psvm_cpu cpu)
{
	return psvm_cpu_take_(model, cpu, PSVM_EXIT_INTR,
			      psvm_cpu_event_(PSVM_EVENT_TYPE_INTR, cpu.intr));
}

PSVM_API struct psvm_cpu_step psvm_cpu_boundary(uint32_t model, struct psvm_cpu cpu)
{
	uint64_t vector = (cpu.int_ctl & PSVM_V_INTR_VECTOR) >> PSVM_V_INTR_VECTOR_SHIFT;

	if (psvm_cpu_nmi_open_(&cpu))
		return psvm_cpu_take_(model, cpu, PSVM_EXIT_NMI,
				      psvm_cpu_event_(PSVM_EVENT_TYPE_NMI, 2));
	if ((model & PSVM_CPU(VNMI_BEFORE_INTR)) && psvm_cpu_vnmi_open_(&cpu))
		return psvm_cpu_take_vnmi_(cpu);
	if (psvm_cpu_intr_open_(model, &cpu))
		return psvm_cpu_take_intr_(model, cpu);
	if (psvm_cpu_vnmi_open_(&cpu))
		return psvm_cpu_take_vnmi_(cpu);
	if (psvm_cpu_v_irq_open_(model, &cpu))
		return psvm_cpu_take_(model, cpu, PSVM_EXIT_VINTR,
				      psvm_cpu_event_(PSVM_EVENT_TYPE_INTR, vector));
	return psvm_cpu_step_(cpu, PSVM_CPU_RAN);
}

PSVM_API struct psvm_cpu psvm_cpu_cut_short(struct psvm_cpu before,
					    struct psvm_cpu_step step)
{
	uint64_t type = (step.event & PSVM_EVENT_INJ_TYPE) >> PSVM_EVENT_TYPE_SHIFT;

	before.int_ctl = step.cpu.int_ctl;
	before.intr = step.cpu.intr;
	psvm_cpu_set_(&before, PSVM_CPU_F(NMI), psvm_cpu_is_(&step.cpu, PSVM_CPU_F(NMI)));
	psvm_cpu_set_(&before, PSVM_CPU_F(HALTED), false);
	if (type == PSVM_EVENT_TYPE_NMI && psvm_cpu_virtual_(&before, PSVM_V_NMI_ENABLE))
		psvm_cpu_hold_(&before, PSVM_V_NMI_MASK, false);
	return before;
}

/* --- instructions -------------------------------------------------------- */

/* 15.33.2: which GIF STGI and CLGI mean. */
PSVM_LOCAL void psvm_cpu_write_gif_(struct psvm_cpu *cpu, bool value)
{
	if (psvm_cpu_virtual_(cpu, PSVM_V_GIF_ENABLE))
		psvm_cpu_hold_(cpu, PSVM_V_GIF, value);
	else
		psvm_cpu_set_(cpu, PSVM_CPU_F(GIF), value);
}

/* 15.21.2: a write reaches V_TPR always, the local APIC without masking. */
PSVM_LOCAL void psvm_cpu_write_cr8_(struct psvm_cpu *cpu, uint64_t value)
{
	if (psvm_cpu_guest_(cpu))
		cpu->int_ctl = (cpu->int_ctl & ~(PSVM_V_TPR | PSVM_V_TPR_7_4)) |
			       (value & PSVM_V_TPR);
	if (!psvm_cpu_virtual_(cpu, PSVM_V_INTR_MASKING))
		cpu->tpr = (uint8_t)(value & PSVM_V_TPR);
}

PSVM_LOCAL uint32_t psvm_cpu_read_cr8_(const struct psvm_cpu *cpu)
{
	if (psvm_cpu_virtual_(cpu, PSVM_V_INTR_MASKING))
		return (uint32_t)(cpu->int_ctl & PSVM_V_TPR);
	return cpu->tpr;
}

/* IRET ends the NMI that the handler was for (15.21.10). */
PSVM_LOCAL void psvm_cpu_iret_(struct psvm_cpu *cpu)
{
	if (psvm_cpu_virtual_(cpu, PSVM_V_NMI_ENABLE))
		psvm_cpu_hold_(cpu, PSVM_V_NMI_MASK, false);
	else
		psvm_cpu_set_(cpu, PSVM_CPU_F(NMI_BLOCKED), false);
	psvm_cpu_set_(cpu, PSVM_CPU_F(IF), true);
}

/* The exit code of an instruction's intercept, PSVM_CPU_NO_EXIT if it has none. */
/* NOLINTBEGIN(bugprone-branch-clone): the rows of a table. */
PSVM_LOCAL uint64_t psvm_cpu_insn_exit_(uint32_t insn)
{
	switch (insn) {
#define PSVM_X(name, exit, words) \
	case PSVM_INSN_##name: \
		return exit;
		PSVM_CPU_INSNS(PSVM_X)
#undef PSVM_X
	default:
		return PSVM_CPU_NO_EXIT;
	}
}
/* NOLINTEND(bugprone-branch-clone) */

/* 15.5.1, 15.8: only an intercepted VMMCALL does anything in a guest; VMRUN in a
 * guest is always intercepted. */
PSVM_LOCAL bool psvm_cpu_undefined_(uint32_t insn)
{
	return insn == PSVM_INSN_VMMCALL || insn == PSVM_INSN_VMRUN;
}

/* 15.21.5: the instruction behind an STI that opens. */
PSVM_LOCAL void psvm_cpu_sti_(uint32_t model, struct psvm_cpu *cpu, bool in_shadow)
{
	bool shadow = (model & PSVM_CPU(STI_SHADOWS)) ? !in_shadow
						      : !psvm_cpu_is_(cpu, PSVM_CPU_F(IF));

	psvm_cpu_set_(cpu, PSVM_CPU_F(SHADOW), shadow);
	psvm_cpu_set_(cpu, PSVM_CPU_F(IF), true);
}

/* What an instruction does when nothing intercepts it. A shadow that it is in ends. */
PSVM_LOCAL void psvm_cpu_do_(uint32_t model, struct psvm_cpu *cpu, uint32_t insn,
			     uint32_t value)
{
	bool in_shadow = psvm_cpu_is_(cpu, PSVM_CPU_F(SHADOW));

	psvm_cpu_set_(cpu, PSVM_CPU_F(SHADOW), false);
	switch (insn) {
	case PSVM_INSN_CLI:
		psvm_cpu_set_(cpu, PSVM_CPU_F(IF), false);
		break;
	case PSVM_INSN_STI:
		psvm_cpu_sti_(model, cpu, in_shadow);
		break;
	case PSVM_INSN_IRET:
		psvm_cpu_iret_(cpu);
		break;
	case PSVM_INSN_HLT:
		psvm_cpu_set_(cpu, PSVM_CPU_F(HALTED), true);
		break;
	case PSVM_INSN_STGI:
	case PSVM_INSN_CLGI:
		psvm_cpu_write_gif_(cpu, insn == PSVM_INSN_STGI);
		break;
	case PSVM_INSN_CR8_WRITE:
		psvm_cpu_write_cr8_(cpu, value);
		break;
	default:
		break;
	}
}

/* Options: V_IRQ is looked at again after an instruction that changes what it waits
 * for; with INTR_HIDES_V_IRQ after a write of CR8 only. */
PSVM_LOCAL bool psvm_cpu_reevaluates_(uint32_t model, uint32_t insn,
				      const struct psvm_cpu *before,
				      const struct psvm_cpu *after)
{
	uint32_t flags = PSVM_CPU_F(IF) | PSVM_CPU_F(GIF);

	if (insn == PSVM_INSN_CR8_WRITE)
		return true;
	return (model & PSVM_CPU(INTR_HIDES_V_IRQ)) == 0 &&
	       (((before->flags ^ after->flags) & flags) != 0 ||
		((before->int_ctl ^ after->int_ctl) & PSVM_V_GIF) != 0);
}

PSVM_API struct psvm_cpu_step psvm_cpu_execute(uint32_t model, struct psvm_cpu cpu,
					       uint32_t insn, uint32_t value)
{
	uint64_t exit_code = psvm_cpu_insn_exit_(insn);
	struct psvm_cpu before = cpu;

	if (psvm_cpu_is_(&cpu, PSVM_CPU_F(HALTED)))
		return psvm_cpu_step_(cpu, PSVM_CPU_RAN);
	if (psvm_cpu_intercepts_(&cpu, exit_code) &&
	    (insn != PSVM_INSN_CR8_READ || (model & PSVM_CPU(NO_CR8_READ_EXIT)) == 0))
		return psvm_cpu_exited_(cpu, exit_code);
	if (psvm_cpu_undefined_(insn))
		return psvm_cpu_delivered_(
			cpu, psvm_cpu_event_(PSVM_EVENT_TYPE_EXCEPTION, 6));
	psvm_cpu_do_(model, &cpu, insn, value);
	if (psvm_cpu_reevaluates_(model, insn, &before, &cpu))
		psvm_cpu_evaluate_(model, &cpu);
	return psvm_cpu_ran_(cpu, insn == PSVM_INSN_CR8_READ ? psvm_cpu_read_cr8_(&cpu) : 0);
}

/* --- #VMEXIT ------------------------------------------------------------- */

/* Which bits of 060h #VMEXIT stores (table B-1). */
PSVM_LOCAL uint64_t psvm_cpu_stored_(uint32_t model, uint64_t int_ctl)
{
	uint64_t bits = PSVM_V_TPR | PSVM_V_IRQ;

	if (model & PSVM_CPU(TPR_BYTE))
		bits |= PSVM_V_TPR_7_4;
	if (int_ctl & PSVM_V_GIF_ENABLE)
		bits |= PSVM_V_GIF;
	if (int_ctl & PSVM_V_NMI_ENABLE)
		bits |= PSVM_V_NMI | PSVM_V_NMI_MASK;
	return bits;
}

PSVM_LOCAL uint64_t psvm_cpu_int_ctl_after_(uint32_t model, uint64_t before, uint64_t cpu)
{
	uint64_t stored = psvm_cpu_stored_(model, cpu);
	uint64_t after = (before & ~stored) | (cpu & stored);

	if (model & PSVM_CPU(BYTE_061))
		after &= ~(PSVM_MASK64(8, 8) & ~PSVM_V_IRQ);
	return after;
}

/* What becomes of bits 63:1 the manual does not state; here they stay, unconfirmed on
 * hardware. */
PSVM_LOCAL uint64_t psvm_cpu_int_state_after_(uint32_t model, uint64_t before,
					      const struct psvm_cpu *cpu)
{
	uint64_t stored = PSVM_INT_STATE_INTERRUPT_SHADOW |
			  (model & PSVM_CPU(BYTE_068) ? UINT8_MAX : 0) |
			  (model & PSVM_CPU(INT_STATE_WHOLE) ? UINT64_MAX : 0);

	return (before & ~stored) |
	       (psvm_cpu_is_(cpu, PSVM_CPU_F(SHADOW)) ? PSVM_INT_STATE_INTERRUPT_SHADOW : 0);
}

/* 15.6, 15.17: the host's state comes back, GIF is 0. */
PSVM_LOCAL void psvm_cpu_to_host_(uint32_t model, struct psvm_cpu *cpu)
{
	uint32_t kept = PSVM_CPU_F(NMI) | PSVM_CPU_F(NMI_BLOCKED);
	uint32_t host_if = psvm_cpu_is_(cpu, PSVM_CPU_F(HOST_IF)) ? PSVM_CPU_F(IF) : 0;

	cpu->flags = (cpu->flags & kept) | host_if;
	if (model & PSVM_CPU(CLEAN))
		return;
	cpu->int_ctl = 0;
	cpu->cr = 0;
	cpu->misc1 = 0;
	cpu->misc2 = 0;
}

PSVM_API struct psvm_cpu_exit psvm_cpu_vmexit(uint32_t model, struct psvm_cpu cpu,
					      struct psvm_cpu_vmcb vmcb,
					      uint64_t exit_int_info)
{
	uint64_t event_inj = model & PSVM_CPU(EVENTINJ_KEPT) ? ~PSVM_EVENT_INJ_V : 0;
	struct psvm_cpu_exit exit;

	exit.vmcb.words.int_ctl =
		psvm_cpu_int_ctl_after_(model, vmcb.words.int_ctl, cpu.int_ctl);
	exit.vmcb.words.int_state =
		psvm_cpu_int_state_after_(model, vmcb.words.int_state, &cpu);
	exit.vmcb.words.event_inj = vmcb.words.event_inj & event_inj;
	exit.vmcb.words.exit_int_info = exit_int_info;
	exit.vmcb.words.misc1 = vmcb.words.misc1;
	exit.vmcb.words.tlb_control = vmcb.words.tlb_control;
	exit.vmcb.cr = vmcb.cr;
	exit.vmcb.misc2 = vmcb.misc2;
	exit.vmcb.clean = vmcb.clean;
	exit.vmcb.rflags_if = psvm_cpu_is_(&cpu, PSVM_CPU_F(IF));
	exit.vmcb.bad = vmcb.bad;
	exit.cpu = cpu;
	psvm_cpu_to_host_(model, &exit.cpu);
	return exit;
}

#endif
