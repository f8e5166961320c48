/* SPDX-License-Identifier: MIT */
/*
 * Which bits of a VMCB a step of the processor depends on.
 *
 * More than needed is allowed, less is not. The explorer notices it: then two
 * steps have read the same and yet went different ways.
 */
#include "machine.h"

static bool holds(const struct psvm_cpu *cpu, uint64_t bit, struct reads *reads)
{
	reads_note(reads, READ_INT_CTL, cpu->int_ctl & bit);
	return (cpu->int_ctl & bit) != 0;
}

static bool flag(const struct psvm_cpu *cpu, uint32_t bit)
{
	return (cpu->flags & bit) != 0;
}

bool reads_intercept(const struct psvm_intercepts *intercepts, uint64_t exit_code,
		     struct reads *reads)
{
	static const uint8_t kinds[] = { READ_CR, 0, 0, READ_MISC1, READ_MISC2 };
	uint32_t bit = PSVM_MASK32(exit_code % 32, 1);
	uint64_t word = exit_code / 32;

	if (word >= sizeof(kinds))
		return false;
	reads_note(reads, kinds[word], intercepts->word[word] & bit);
	return (intercepts->word[word] & bit) != 0;
}

static bool intercept(const struct psvm_cpu *cpu, uint64_t exit_code, struct reads *reads)
{
	struct psvm_intercepts i = { { cpu->cr, 0, 0, cpu->misc1, cpu->misc2, 0 } };

	return reads_intercept(&i, exit_code, reads);
}

static bool virtual_gif(const struct psvm_cpu *cpu, struct reads *reads)
{
	return !holds(cpu, PSVM_V_GIF_ENABLE, reads) || holds(cpu, PSVM_V_GIF, reads);
}

static void nmi(const struct psvm_cpu *cpu, struct reads *reads)
{
	if (flag(cpu, PSVM_CPU_F(NMI)) && flag(cpu, PSVM_CPU_F(GIF)) &&
	    !flag(cpu, PSVM_CPU_F(NMI_BLOCKED)))
		(void)intercept(cpu, PSVM_EXIT_NMI, reads);
}

static void vnmi(const struct psvm_cpu *cpu, struct reads *reads)
{
	if (holds(cpu, PSVM_V_NMI_ENABLE, reads) && holds(cpu, PSVM_V_NMI, reads) &&
	    !holds(cpu, PSVM_V_NMI_MASK, reads))
		(void)virtual_gif(cpu, reads);
}

static void intr(const struct psvm_cpu *cpu, struct reads *reads)
{
	if (cpu->intr >> 4 <= cpu->tpr || !flag(cpu, PSVM_CPU_F(GIF)))
		return;
	if (holds(cpu, PSVM_V_INTR_MASKING, reads) ? flag(cpu, PSVM_CPU_F(HOST_IF))
						   : flag(cpu, PSVM_CPU_F(IF)))
		(void)intercept(cpu, PSVM_EXIT_INTR, reads);
}

static void v_irq(const struct psvm_cpu *cpu, struct reads *reads)
{
	if (!flag(cpu, PSVM_CPU_F(IF)) || !flag(cpu, PSVM_CPU_F(GIF)) ||
	    flag(cpu, PSVM_CPU_F(SHADOW)) || !holds(cpu, PSVM_V_IRQ, reads) ||
	    holds(cpu, PSVM_AVIC_ENABLE, reads))
		return;
	if (!holds(cpu, PSVM_V_IGN_TPR, reads))
		reads_note(reads, READ_INT_CTL,
			   cpu->int_ctl & (PSVM_V_INTR_PRIO | PSVM_V_TPR));
	if (virtual_gif(cpu, reads))
		(void)intercept(cpu, PSVM_EXIT_VINTR, reads);
}

void cpu_reads_boundary(const struct psvm_cpu *cpu, struct reads *reads)
{
	if (reads == NULL)
		return;
	nmi(cpu, reads);
	if (!flag(cpu, PSVM_CPU_F(GUEST)))
		return;
	intr(cpu, reads);
	vnmi(cpu, reads);
	v_irq(cpu, reads);
}

void cpu_reads_insn(const struct psvm_cpu *cpu, uint32_t insn, struct reads *reads)
{
	if (reads == NULL || !flag(cpu, PSVM_CPU_F(GUEST)) ||
	    flag(cpu, PSVM_CPU_F(HALTED)) ||
	    intercept(cpu, psvm_cpu_insn_exit_(insn), reads))
		return;
	if (insn == PSVM_INSN_STGI || insn == PSVM_INSN_CLGI)
		(void)holds(cpu, PSVM_V_GIF_ENABLE, reads);
	if (insn == PSVM_INSN_IRET)
		(void)holds(cpu, PSVM_V_NMI_ENABLE, reads);
	if (insn == PSVM_INSN_CR8_READ || insn == PSVM_INSN_CR8_WRITE)
		(void)holds(cpu, PSVM_V_INTR_MASKING, reads);
}

/* What V_IRQ waits for, besides flags. */
#define V_IRQ_GATES \
	(PSVM_V_INJECTION | PSVM_V_TPR | PSVM_V_INTR_MASKING | PSVM_V_GIF_BITS | \
	 PSVM_AVIC_ENABLE)

void cpu_reads_vmrun(uint32_t model, const struct psvm_cpu_vmcb *vmcb,
		     struct reads *reads)
{
	uint64_t vnmi = model & PSVM_CPU(VNMI) ? PSVM_V_NMI_ENABLE : 0;
	uint64_t avic = PSVM_X2AVIC_ENABLE | PSVM_AVIC_ENABLE;

	if (reads == NULL)
		return;
	reads_note(reads, READ_MISC2, vmcb->misc2 & PSVM_INTERCEPT_MASK(VMRUN));
	reads_note(reads, READ_INT_CTL, vmcb->words.int_ctl & vnmi);
	if (vmcb->words.int_ctl & vnmi)
		reads_note(reads, READ_MISC1,
			   vmcb->words.misc1 & PSVM_INTERCEPT_MASK(NMI));
	reads_note(reads, READ_INT_CTL, vmcb->words.int_ctl & PSVM_X2AVIC_ENABLE);
	if (vmcb->words.int_ctl & PSVM_X2AVIC_ENABLE)
		reads_note(reads, READ_INT_CTL, vmcb->words.int_ctl & avic);
	/* Then each look at V_IRQ leaves a flag behind, from VMRUN on. */
	if (model & PSVM_CPU(NO_REMASK))
		reads_note(reads, READ_INT_CTL, vmcb->words.int_ctl & V_IRQ_GATES);
}

/* Which bits are stored depends on what is enabled. */
void cpu_reads_vmexit(const struct psvm_cpu *cpu, struct reads *reads)
{
	(void)holds(cpu, PSVM_V_GIF_ENABLE, reads);
	(void)holds(cpu, PSVM_V_NMI_ENABLE, reads);
}
