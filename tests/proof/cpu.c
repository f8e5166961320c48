/* SPDX-License-Identifier: MIT */
/*
 * One step of the processor (psvm/cpu.h) equals its second formulation, for every state
 * and all models at once.
 */
#include "proof.h"

#include "../cpu_reference.h"

ANY(uint32_t, u32);
ANY(uint64_t, u64);
ANY(struct psvm_cpu, cpu);
ANY(struct psvm_cpu_vmcb, vmcb);
ANY(struct psvm_cpu_step, step);

#define FLAG(name)  (UINT32_C(1) << PSVM_CPU_F_##name##_BIT)
#define VGIF (UINT32_C(1) << PSVM_CPU_VGIF_BIT)
#define VNMI (UINT32_C(1) << PSVM_CPU_VNMI_BIT)

/* Of 060h. */
#define V_NMI_MASK   (UINT64_C(1) << 12)
#define V_GIF_ENABLE (UINT64_C(1) << 25)
#define V_NMI_ENABLE (UINT64_C(1) << 26)

static void prove_cpu(const struct psvm_cpu *got, const struct psvm_cpu *want)
{
	PROVE(got->int_ctl == want->int_ctl);
	PROVE(got->cr == want->cr);
	PROVE(got->misc1 == want->misc1);
	PROVE(got->misc2 == want->misc2);
	PROVE(got->flags == want->flags);
	PROVE(got->tpr == want->tpr);
	PROVE(got->intr == want->intr);
}

static void prove_step(struct psvm_cpu_step got, struct psvm_cpu_step want)
{
	prove_cpu(&got.cpu, &want.cpu);
	PROVE(got.what == want.what);
	PROVE(got.value == want.value);
	PROVE(got.event == want.event);
	PROVE(got.exit_code == want.exit_code);
}

/* What psvm/cpu.h says of its states: TPR as CR8, flags that there are, and in int_ctl
 * no feature enabled that the processor lacks, because VMRUN does not load it. */
static struct psvm_cpu some_cpu(uint32_t model)
{
	struct psvm_cpu cpu = nondet_cpu();

	GIVEN(cpu.tpr <= 15);
	GIVEN(cpu.flags <= 0x3ff);
	GIVEN((model & VGIF) || !(cpu.int_ctl & V_GIF_ENABLE));
	GIVEN((model & VNMI) || !(cpu.int_ctl & V_NMI_ENABLE));
	return cpu;
}

void proof_psvm_cpu_boundary(void)
{
	uint32_t model = nondet_u32();
	struct psvm_cpu cpu = some_cpu(model);

	prove_step(psvm_cpu_boundary(model, cpu), ref_cpu_boundary(model, cpu));
	REACHED("psvm_cpu_boundary");
}

void proof_psvm_cpu_execute(void)
{
	uint32_t model = nondet_u32(), insn = nondet_u32(), value = nondet_u32();
	struct psvm_cpu cpu = some_cpu(model);

	prove_step(psvm_cpu_execute(model, cpu, insn, value),
		   ref_cpu_execute(model, cpu, insn, value));
	REACHED("psvm_cpu_execute");
}

static struct psvm_cpu_vmcb some_vmcb(void)
{
	struct psvm_cpu_vmcb vmcb = nondet_vmcb();

	GIVEN(vmcb.rflags_if <= 1);
	GIVEN(vmcb.bad <= 1);
	return vmcb;
}

void proof_psvm_cpu_vmrun(void)
{
	uint32_t model = nondet_u32();
	struct psvm_cpu cpu = some_cpu(model);
	struct psvm_cpu_vmcb vmcb = some_vmcb();

	/* a host, which is not halted if it executes VMRUN */
	GIVEN(!(cpu.flags & (FLAG(GUEST) | FLAG(HALTED))));
	prove_step(psvm_cpu_vmrun(model, cpu, vmcb), ref_cpu_vmrun(model, cpu, vmcb));
	REACHED("psvm_cpu_vmrun");
}

/* An event that was found between two instructions. */
void proof_psvm_cpu_cut_short(void)
{
	uint32_t model = nondet_u32();
	struct psvm_cpu before = some_cpu(model);
	struct psvm_cpu_step step = psvm_cpu_boundary(model, before);

	GIVEN(step.what == PSVM_CPU_DELIVERED);

	struct psvm_cpu got = psvm_cpu_cut_short(before, step);
	struct psvm_cpu want = ref_cpu_cut_short(before, step);

	prove_cpu(&got, &want);
	REACHED("psvm_cpu_cut_short");
}

/* The event of EVENTINJ. Before its handler IF and the shadow were anything, and an NMI
 * may have blocked others. */
void proof_psvm_cpu_cut_short_injected(void)
{
	uint32_t model = nondet_u32();
	struct psvm_cpu host = some_cpu(model);
	struct psvm_cpu_vmcb vmcb = some_vmcb();
	struct psvm_cpu_step step = psvm_cpu_vmrun(model, host, vmcb);
	struct psvm_cpu before = step.cpu;
	bool nmi = (step.event >> 8 & 7) == 2, vnmi = step.cpu.int_ctl & V_NMI_ENABLE;

	GIVEN(!(host.flags & (FLAG(GUEST) | FLAG(HALTED))));
	GIVEN(step.what == PSVM_CPU_DELIVERED);
	before.flags ^= nondet_u32() & (FLAG(IF) | FLAG(SHADOW) | (nmi ? FLAG(NMI_BLOCKED) : 0));
	before.int_ctl ^= nmi && vnmi ? nondet_u64() & V_NMI_MASK : 0;

	struct psvm_cpu got = psvm_cpu_cut_short(before, step);
	struct psvm_cpu want = ref_cpu_cut_short(before, step);

	prove_cpu(&got, &want);
	REACHED("psvm_cpu_cut_short injected");
}

void proof_psvm_cpu_vmexit(void)
{
	uint32_t model = nondet_u32();
	uint64_t info = nondet_u64();
	struct psvm_cpu cpu = some_cpu(model);
	struct psvm_cpu_vmcb vmcb = some_vmcb();

	GIVEN(cpu.flags & FLAG(GUEST));

	struct psvm_cpu_exit got = psvm_cpu_vmexit(model, cpu, vmcb, info);
	struct psvm_cpu_exit want = ref_cpu_vmexit(model, cpu, vmcb, info);

	prove_cpu(&got.cpu, &want.cpu);
	PROVE(got.vmcb.words.int_ctl == want.vmcb.words.int_ctl);
	PROVE(got.vmcb.words.int_state == want.vmcb.words.int_state);
	PROVE(got.vmcb.words.event_inj == want.vmcb.words.event_inj);
	PROVE(got.vmcb.words.exit_int_info == want.vmcb.words.exit_int_info);
	PROVE(got.vmcb.words.misc1 == want.vmcb.words.misc1);
	PROVE(got.vmcb.words.tlb_control == want.vmcb.words.tlb_control);
	PROVE(got.vmcb.cr == want.vmcb.cr);
	PROVE(got.vmcb.misc2 == want.vmcb.misc2);
	PROVE(got.vmcb.clean == want.vmcb.clean);
	PROVE(got.vmcb.rflags_if == want.vmcb.rflags_if);
	PROVE(got.vmcb.bad == want.vmcb.bad);
	REACHED("psvm_cpu_vmexit");
}
