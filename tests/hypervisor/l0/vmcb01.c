/* SPDX-License-Identifier: MIT */
/*
 * L1 runs with vmcb01. Everything is its own but the instructions of SVM, the MSRs that
 * belong to them, and CPUID, which must not offer what l0 cannot nest.
 *
 * The GIF. STGI and CLGI of L1 are intercepted, so l0 knows it. With vGIF l0 keeps it
 * where the processor does, in V_GIF of the VMCB that runs: L2 can change it if L1 lets
 * it. A rule set may leave V_GIF_ENABLE out of vmcb02; then it is in software.
 */
#include "l0.h"

#include "../machine/vmcb.h"

unsigned char msr_bitmap[2 * PAGE_SIZE] MACHINE_PAGE;

/* --- the GIF ------------------------------------------------------------- */

/* The VMCB that has it, or null: for L2 vmcb02, unless that V_GIF is L2's own. */
static struct psvm_vmcb *gif_vmcb(void)
{
	if (!l0.vgif)
		return 0;
	if (!l0.in_l2 || (snapshot.int_ctl & PSVM_V_GIF_ENABLE) != 0)
		return &vmcb01;
	return (vmcb02.control.int_ctl & PSVM_V_GIF_ENABLE) != 0 ? &vmcb02 : 0;
}

bool gif_of_l1(void)
{
	const struct psvm_vmcb *vmcb = gif_vmcb();

	return vmcb ? (vmcb->control.int_ctl & PSVM_V_GIF) != 0 : l0.l1_gif;
}

void set_gif_of_l1(bool gif)
{
	struct psvm_vmcb *vmcb = gif_vmcb();

	l0.l1_gif = gif;
	if (vmcb)
		psvm_vmcb_set_int_ctl(vmcb, (vmcb->control.int_ctl & ~PSVM_V_GIF) |
						    (gif ? PSVM_V_GIF : 0));
}

/* --- intercepts ---------------------------------------------------------- */

/* Always l0's: what nesting is made of. */
#define MISC1_ALWAYS \
	(PSVM_INTERCEPT_CPUID | PSVM_INTERCEPT_INVLPGA | PSVM_INTERCEPT_MSR_PROT | \
	 PSVM_INTERCEPT_SHUTDOWN)
#define MISC2_ALWAYS \
	(PSVM_INTERCEPT_VMRUN | PSVM_INTERCEPT_VMLOAD | PSVM_INTERCEPT_VMSAVE | \
	 PSVM_INTERCEPT_SKINIT)
#define GIF_INSTRUCTIONS (PSVM_INTERCEPT_STGI | PSVM_INTERCEPT_CLGI)

/* By V_INTR_MASKING, and an IF of l0's own: no INTR while that is 0. */
void hold_back_interrupts(bool on)
{
	psvm_vmcb_set_int_ctl(&vmcb01, (vmcb01.control.int_ctl & ~PSVM_V_INTR_MASKING) |
					       (on ? PSVM_V_INTR_MASKING : 0));
}

/* While GIF is 0 V_INTR_MASKING holds interrupts back, and would make CR8 V_TPR. On a
 * processor that does not intercept reads of CR8 (QEMU 10.0) V_TPR is what L1 reads. */
static void set_intercepts_for_l1(struct psvm_vmcb_control *c)
{
	bool closed = !gif_of_l1();

	c->intercept_cr = closed ? PSVM_INTERCEPT_CR8_READ | PSVM_INTERCEPT_CR8_WRITE : 0;
	c->intercept_exceptions = 0;
	c->intercept_misc1 = MISC1_ALWAYS;
	c->intercept_misc2 = MISC2_ALWAYS | GIF_INSTRUCTIONS;
	hold_back_interrupts(closed);
	psvm_vmcb_set_int_ctl(&vmcb01, (c->int_ctl & ~PSVM_V_TPR) | read_cr8());
}

/* L1's interrupts are l0's to hand out. The rest is for the rules to say. With vGIF the
 * processor changes L2's GIF, but it does not know if L2 has no SVM. */
static void set_intercepts_for_l2(struct psvm_vmcb_control *c)
{
	uint32_t window = c->intercept_misc1 & PSVM_INTERCEPT_VINTR;

	c->intercept_cr = rule(PSVM_CELL_CR8_INTERCEPT) ? PSVM_INTERCEPT_CR8_WRITE : 0;
	c->intercept_exceptions = l0.stepping ? 1 << (PSVM_EXIT_EXCP_DB & 31) : 0;
	c->intercept_misc1 = MISC1_ALWAYS | PSVM_INTERCEPT_INTR | window |
			     (rule(PSVM_CELL_HLT_INTERCEPT) ? PSVM_INTERCEPT_HLT : 0);
	c->intercept_misc2 = MISC2_ALWAYS |
			     (l0.vgif && l0.svme[1] ? 0 : GIF_INSTRUCTIONS);
	hold_back_interrupts(true);
}

void set_intercepts_01(void)
{
	if (l0.in_l2)
		set_intercepts_for_l2(&vmcb01.control);
	else
		set_intercepts_for_l1(&vmcb01.control);
}

/* --- the state that a multiboot loader leaves ---------------------------- */

static void set_state(struct psvm_vmcb_save *save, uint64_t entry)
{
	set_start(save, CODE_32);
	save->cr0 = 0x11; /* PE, ET */
	save->efer = EFER_SVME;
	save->rflags = RFLAGS_ONE;
	save->rip = entry;
	save->rax = MULTIBOOT_LOADED;
}

/* --- MSR permission bitmaps ---------------------------------------------- */

/* Two bits for each MSR of three ranges, read and write (15.11). */
enum { MSR_RANGES = 3, MSR_RANGE = 0x2000, MSR_NO_BIT = MSR_RANGES * MSR_RANGE * 2 };

static uint32_t msr_bit(uint32_t msr)
{
	static const uint32_t first[MSR_RANGES] = { 0, UINT32_C(0xc0000000),
						    UINT32_C(0xc0010000) };

	for (uint32_t i = 0; i < MSR_RANGES; i++)
		if (msr - first[i] < MSR_RANGE)
			return (i * MSR_RANGE + msr - first[i]) * 2;
	return MSR_NO_BIT;
}

static void intercept_msr(uint32_t msr)
{
	uint32_t bit = msr_bit(msr);

	msr_bitmap[bit / 8] |= (unsigned char)(3U << bit % 8);
}

bool intercepts_msr(const unsigned char *bitmap, uint32_t msr, bool write)
{
	uint32_t bit = msr_bit(msr) + write;

	return bit >= MSR_NO_BIT || (bitmap[bit / 8] >> bit % 8 & 1) != 0;
}

/* --- the start ----------------------------------------------------------- */

void l1_prepare(uint64_t entry, const struct multiboot *information)
{
	struct psvm_vmcb_control *c = &vmcb01.control;

	intercept_msr(MSR_EFER);
	intercept_msr(MSR_VM_CR);
	intercept_msr(MSR_VM_HSAVE_PA);
	c->msrpm_base_pa = (uintptr_t)msr_bitmap;
	c->asid = 1;
	c->tlb_control = PSVM_TLB_CONTROL_FLUSH_ALL;
	c->nested_ctl = PSVM_NESTED_CTL_NP_ENABLE;
	c->nested_cr3 = (uintptr_t)machine_page_table;
	c->int_ctl = l0.vgif ? PSVM_V_GIF_ENABLE : 0;
	set_gif_of_l1(true);
	set_state(&vmcb01.save, entry);
	l0.registers[RBX] = (uintptr_t)information;
}

/* --- running ------------------------------------------------------------- */

void l1_run(void)
{
	uint64_t exit_code;

	set_intercepts_01();
	vmcb01.control.clean = 0; /* all of it may have changed */
	run_guest(&vmcb01, l0.registers, 0);
	vmcb01.control.event_inj = 0;
	vmcb01.control.tlb_control = PSVM_TLB_CONTROL_NOTHING;
	exit_code = vmcb01.control.exit_code;
	if (exit_code == PSVM_EXIT_VMRUN && l0.svme[0])
		nested_vmrun();
	else if (!emulate(exit_code))
		machine_fail("l0: exit 0x%lx of L1, info 0x%lx 0x%lx, rip 0x%lx",
			     exit_code, vmcb01.control.exit_info_1,
			     vmcb01.control.exit_info_2, vmcb01.save.rip);
}
