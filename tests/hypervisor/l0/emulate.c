/* SPDX-License-Identifier: MIT */
/* What an instruction does that L1 or L2 executed and l0 has intercepted. */
#include "l0.h"

void skip(uint64_t bytes)
{
	struct psvm_vmcb *vmcb = current_vmcb();

	vmcb->save.rip = vmcb->control.next_rip ? vmcb->control.next_rip
						: vmcb->save.rip + bytes;
	vmcb->control.int_state &= ~PSVM_INT_STATE_INTERRUPT_SHADOW;
}

void inject_exception(uint32_t vector)
{
	bool has_code = vector == (PSVM_EXIT_EXCP_GP & 31);

	current_vmcb()->control.event_inj = PSVM_EVENT_INJ_V |
					    (uint64_t)PSVM_EVENT_TYPE_EXCEPTION
						    << PSVM_EVENT_TYPE_SHIFT |
					    vector | (has_code ? PSVM_EVENT_INJ_EV : 0);
}

/* --- registers ----------------------------------------------------------- */

static uint64_t *register_of(unsigned number)
{
	struct psvm_vmcb *vmcb = current_vmcb();

	if (number == RAX)
		return &vmcb->save.rax;
	return number == RSP ? &vmcb->save.rsp : &l0.registers[number];
}

static uint32_t low(unsigned number)
{
	return (uint32_t)*register_of(number);
}

/* --- CPUID --------------------------------------------------------------- */

#define LEAF_EXTENDED UINT32_C(0x80000001)
#define LEAF_SVM      UINT32_C(0x8000000a)
#define ECX_SKINIT    (UINT32_C(1) << 12)
/* What l0 nests: nested paging, NRIPS, and vGIF if it uses it. */
#define SVM_OFFERED   (UINT32_C(1) << 0 | UINT32_C(1) << 3)
#define SVM_VGIF      (UINT32_C(1) << 16)

static void emulate_cpuid(void)
{
	uint32_t leaf = low(RAX);
	struct cpuid r = cpuid(leaf, low(RCX));

	if (leaf == LEAF_EXTENDED)
		r.ecx &= ~ECX_SKINIT;
	if (leaf == LEAF_SVM)
		r.edx &= SVM_OFFERED | (l0.vgif ? SVM_VGIF : 0);
	*register_of(RAX) = r.eax;
	*register_of(RBX) = r.ebx;
	*register_of(RCX) = r.ecx;
	*register_of(RDX) = r.edx;
	skip(2);
}

/* --- MSRs ---------------------------------------------------------------- */

/* L2 has an EFER of its own; the other two are one for both. */
static uint64_t msr_value(uint32_t msr)
{
	uint64_t efer = current_vmcb()->save.efer;

	switch (msr) {
	case MSR_EFER:
		return l0.in_l2 || l0.l1_svme ? efer : efer & ~EFER_SVME;
	case MSR_VM_HSAVE_PA:
		return l0.l1_hsave;
	default:
		return read_msr(msr);
	}
}

static void set_msr(uint32_t msr, uint64_t value)
{
	if (msr == MSR_EFER && !l0.in_l2)
		l0.l1_svme = (value & EFER_SVME) != 0;
	if (msr == MSR_EFER)
		current_vmcb()->save.efer = value | EFER_SVME;
	if (msr == MSR_VM_HSAVE_PA)
		l0.l1_hsave = value;
}

static void emulate_msr(void)
{
	uint32_t msr = low(RCX);
	uint64_t value;

	if (current_vmcb()->control.exit_info_1 != 0) {
		set_msr(msr, (uint64_t)low(RDX) << 32 | low(RAX));
	} else {
		value = msr_value(msr);
		*register_of(RAX) = (uint32_t)value;
		*register_of(RDX) = value >> 32;
	}
	skip(2);
}

/* --- CR8 ----------------------------------------------------------------- */

enum { REX = 0x40, REX_B = 0x01, MODRM_LOW = 0x07 };

/* MOV to and from CR8 in 64-bit mode: REX 0F 20/22 /r. */
static unsigned cr8_operand(void)
{
	uint8_t code[4];

	fetch(code, sizeof(code));
	if ((code[0] & 0xf0) != REX || code[1] != 0x0f)
		machine_fail("l0: an access to CR8 that is no MOV: %02x %02x", code[0],
			     code[1]);
	return (code[3] & MODRM_LOW) | (code[0] & REX_B ? 8 : 0);
}

/* Without V_INTR_MASKING CR8 is L1's TPR, and what is written goes to V_TPR, too; with
 * it, it is V_TPR alone. L1's TPR is that of the machine. */
static bool cr8_is_virtual(void)
{
	return l0.in_l2 && (snapshot.int_ctl & PSVM_V_INTR_MASKING) != 0;
}

static void emulate_cr8_write(void)
{
	uint64_t value = *register_of(cr8_operand()) & PSVM_V_TPR;

	if (l0.in_l2)
		psvm_vmcb_set_int_ctl(&vmcb02,
				      (vmcb02.control.int_ctl & ~PSVM_V_TPR) | value);
	if (!cr8_is_virtual())
		write_cr8(value);
	l0.requests |= PSVM_REQUEST_EVENT;
	skip(4);
}

static void emulate_cr8_read(void)
{
	*register_of(cr8_operand()) = cr8_is_virtual()
					      ? vmcb02.control.int_ctl & PSVM_V_TPR
					      : read_cr8();
	skip(4);
}

/* --- the instructions of SVM --------------------------------------------- */

static void emulate_gif(bool gif)
{
	set_gif_of_l1(gif);
	if (l0.in_l2 && (vmcb01.control.intercept_misc1 & PSVM_INTERCEPT_VINTR) != 0)
		(void)do_transition(psvm_vmcb_window_close, 0);
	l0.requests |= PSVM_REQUEST_EVENT;
	skip(3);
}

/* They move what l0 does not use, between the processor and L1's memory. */
static void emulate_vmload(bool load)
{
	uint64_t address = *register_of(RAX);

	if (load)
		__asm__ volatile("vmload" : : "a"(address) : "memory");
	else
		__asm__ volatile("vmsave" : : "a"(address) : "memory");
	skip(3);
}

/* --- all ----------------------------------------------------------------- */

static bool is_svm(uint64_t exit_code)
{
	return exit_code >= PSVM_EXIT_VMRUN && exit_code <= PSVM_EXIT_SKINIT &&
	       exit_code != PSVM_EXIT_VMMCALL;
}

bool emulate(uint64_t exit_code)
{
	if ((is_svm(exit_code) && !l0.l1_svme) || exit_code == PSVM_EXIT_SKINIT) {
		inject_exception(PSVM_EXIT_EXCP_UD & 31);
		return true;
	}
	switch (exit_code) {
	case PSVM_EXIT_CPUID:
		emulate_cpuid();
		break;
	case PSVM_EXIT_MSR_PROT:
		emulate_msr();
		break;
	case PSVM_EXIT_CR8_READ:
		emulate_cr8_read();
		break;
	case PSVM_EXIT_CR8_WRITE:
		emulate_cr8_write();
		break;
	case PSVM_EXIT_STGI:
	case PSVM_EXIT_CLGI:
		emulate_gif(exit_code == PSVM_EXIT_STGI);
		break;
	case PSVM_EXIT_VMLOAD:
	case PSVM_EXIT_VMSAVE:
		emulate_vmload(exit_code == PSVM_EXIT_VMLOAD);
		break;
	case PSVM_EXIT_INVLPGA: /* more than it asks for */
		current_vmcb()->control.tlb_control = PSVM_TLB_CONTROL_FLUSH_ALL;
		skip(3);
		break;
	case PSVM_EXIT_HLT:
		l0.asleep = true;
		skip(1);
		break;
	default:
		return false;
	}
	return true;
}
