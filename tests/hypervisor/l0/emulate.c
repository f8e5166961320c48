/* SPDX-License-Identifier: MIT */
/* What an instruction does that L1 or L2 executed and l0 has intercepted. */
#include "l0.h"

enum { REX_B = 0x01, MODRM_LOW = 0x07 };

static bool is_rex(uint8_t byte)
{
	return (byte & 0xf0) == 0x40;
}

/* Segments, sizes, LOCK, REP; and REX, which is the last one. */
static unsigned count_prefixes(void)
{
	for (unsigned i = 0;; i++) {
		uint8_t byte = fetch(i);

		if ((byte & 0xe7) != 0x26 && (byte & 0xfc) != 0x64 && byte != 0xf0 &&
		    (byte & 0xfe) != 0xf2 && !is_rex(byte))
			return i;
	}
}

/* The length of the rest: the last byte of the opcode must be the exit's. */
static unsigned rest_length(unsigned prefixes)
{
	static const struct {
		uint64_t exit_code;
		uint8_t length, at, opcode;
	} of[] = {
		{ PSVM_EXIT_CPUID, 2, 1, 0xa2 },     { PSVM_EXIT_MSR_PROT, 2, 1, 0x30 },
		{ PSVM_EXIT_MSR_PROT, 2, 1, 0x32 },  { PSVM_EXIT_CR8_READ, 3, 1, 0x20 },
		{ PSVM_EXIT_CR8_WRITE, 3, 1, 0x22 }, { PSVM_EXIT_HLT, 1, 0, 0xf4 },
		{ PSVM_EXIT_VMRUN, 3, 2, 0xd8 },     { PSVM_EXIT_VMLOAD, 3, 2, 0xda },
		{ PSVM_EXIT_VMSAVE, 3, 2, 0xdb },    { PSVM_EXIT_STGI, 3, 2, 0xdc },
		{ PSVM_EXIT_CLGI, 3, 2, 0xdd },	     { PSVM_EXIT_INVLPGA, 3, 2, 0xdf },
	};
	uint64_t exit_code = current_vmcb()->control.exit_code;

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (of[i].exit_code == exit_code &&
		    fetch(prefixes + of[i].at) == of[i].opcode)
			return of[i].length;
	machine_fail("l0: exit 0x%lx is of another instruction", exit_code);
}

/* Not by next_rip: without NRIPS it is what L1 has put there. */
void skip(void)
{
	struct psvm_vmcb *vmcb = current_vmcb();
	unsigned prefixes = count_prefixes();

	vmcb->save.rip += prefixes + rest_length(prefixes);
	vmcb->control.int_state &= ~PSVM_INT_STATE_INTERRUPT_SHADOW;
}

/* The instruction is done; the guest may step itself. */
static void finish(void)
{
	struct psvm_vmcb_save *save = &current_vmcb()->save;

	skip();
	if (save->rflags & RFLAGS_TF) {
		save->dr6 |= DR6_BS;
		raise(PSVM_EXIT_EXCP_DB);
	}
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

#define BIT(n)	       (UINT32_C(1) << (n))
#define LEAF_EXTENDED  UINT32_C(0x80000001)
#define LEAF_ADDRESSES UINT32_C(0x80000008)
#define LEAF_SVM       UINT32_C(0x8000000a)
#define LEAF_SEV       UINT32_C(0x8000001f)
#define LEAF_MORE      UINT32_C(0x80000021)
#define ECX_SKINIT     BIT(12)
#define ECX_TCE	       BIT(17)
#define EDX_NX	       BIT(20)
#define EDX_FFXSR      BIT(25)
/* What set_efer() refuses. */
#define EBX_REFUSED    (BIT(8) | BIT(13)) /* MCOMMIT, INTWB */
#define EBX_NO_LMSLE   BIT(20)
#define EAX_REFUSED    (BIT(7) | BIT(8)) /* UAIE, AIBRSE */
/* What l0 nests: nested paging, NRIPS, and vGIF if it uses it. */
#define SVM_OFFERED    (BIT(0) | BIT(3) | (l0.vgif ? BIT(16) : 0))

/* What CPUID repeats of the guest's CR4, and not of l0's. */
static void repeat_cr4(uint32_t *word, uint32_t bit, uint32_t cr4)
{
	*word = (*word & ~bit) | (current_vmcb()->save.cr4 & cr4 ? bit : 0);
}

static void emulate_cpuid(void)
{
	uint32_t leaf = low(RAX), subleaf = low(RCX);
	struct cpuid r = cpuid(leaf, subleaf);

	if (leaf == 1)
		repeat_cr4(&r.ecx, BIT(27), BIT(18)); /* OSXSAVE */
	if (leaf == 7 && subleaf == 0)
		repeat_cr4(&r.ecx, BIT(4), BIT(22)); /* OSPKE, PKE */
	if (leaf == LEAF_EXTENDED)
		r.ecx &= ~ECX_SKINIT;
	if (leaf == LEAF_ADDRESSES)
		r.ebx = (r.ebx & ~EBX_REFUSED) | EBX_NO_LMSLE;
	if (leaf == LEAF_SVM)
		r.edx &= SVM_OFFERED;
	if (leaf == LEAF_SEV)
		r = (struct cpuid){ 0 };
	if (leaf == LEAF_MORE)
		r.eax &= ~EAX_REFUSED;
	*register_of(RAX) = r.eax;
	*register_of(RBX) = r.ebx;
	*register_of(RCX) = r.ecx;
	*register_of(RDX) = r.edx;
	finish();
}

/* --- MSRs ---------------------------------------------------------------- */

/* The bits of EFER that there are: those that l0 knows and the processor has. */
static uint64_t efer_bits(void)
{
	struct cpuid r = cpuid(LEAF_EXTENDED, 0);

	return EFER_SCE | EFER_LME | EFER_LMA | (r.edx & EDX_NX ? EFER_NXE : 0) |
	       (l0.vm_cr & VM_CR_SVMDIS ? 0 : EFER_SVME) |
	       (r.edx & EDX_FFXSR ? EFER_FFXSR : 0) | (r.ecx & ECX_TCE ? EFER_TCE : 0);
}

uint64_t efer_of_guest(void)
{
	uint64_t efer = current_vmcb()->save.efer;

	return l0.svme[l0.in_l2] ? efer : efer & ~EFER_SVME;
}

/* The processor needs SVME, whatever the guest makes of it. */
static bool set_efer(uint64_t value)
{
	struct psvm_vmcb *vmcb = current_vmcb();
	uint64_t fixed = EFER_LMA | (vmcb->save.cr0 & CR0_PG ? EFER_LME : 0);

	value &= ~EFER_RAZ;
	if ((value & ~efer_bits()) != 0 || ((value ^ vmcb->save.efer) & fixed) != 0)
		return false;
	l0.svme[l0.in_l2] = (value & EFER_SVME) != 0;
	vmcb->save.efer = value | EFER_SVME;
	vmcb->control.tlb_control = PSVM_TLB_CONTROL_FLUSH_ALL;
	return true;
}

/* 15.30.1 */
static bool set_vm_cr(uint64_t value)
{
	uint64_t locked = l0.vm_cr & VM_CR_LOCK ? VM_CR_LOCK | VM_CR_SVMDIS : 0;

	if ((value & ~VM_CR_BITS) != 0 ||
	    ((value & VM_CR_SVMDIS) != 0 && l0.svme[l0.in_l2]))
		return false;
	l0.vm_cr = (value & ~locked) | (l0.vm_cr & locked);
	return true;
}

uint64_t memory_end(void)
{
	return UINT64_C(1) << (cpuid(LEAF_ADDRESSES, 0).eax & 0xff);
}

bool is_page(uint64_t address)
{
	return address % PAGE_SIZE == 0 && address < memory_end();
}

static bool set_hsave(uint64_t value)
{
	if (!is_page(value))
		return false;
	l0.hsave = value;
	return true;
}

/* The MSRs that l0 has for itself: L2 has an EFER of its own, the others are one for
 * both. Any other does not exist: it is in no range of the bitmap. */
static bool get_msr(uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case MSR_EFER:
		*value = efer_of_guest();
		return true;
	case MSR_VM_CR:
		*value = l0.vm_cr;
		return true;
	case MSR_VM_HSAVE_PA:
		*value = l0.hsave;
		return true;
	default:
		return false;
	}
}

static bool set_msr(uint32_t msr, uint64_t value)
{
	switch (msr) {
	case MSR_EFER:
		return set_efer(value);
	case MSR_VM_CR:
		return set_vm_cr(value);
	case MSR_VM_HSAVE_PA:
		return set_hsave(value);
	default:
		return false;
	}
}

static void emulate_msr(void)
{
	bool write = current_vmcb()->control.exit_info_1 != 0;
	uint64_t value = (uint64_t)low(RDX) << 32 | low(RAX);

	if (write ? !set_msr(low(RCX), value) : !get_msr(low(RCX), &value)) {
		raise(PSVM_EXIT_EXCP_GP);
		return;
	}
	if (!write) {
		*register_of(RAX) = (uint32_t)value;
		*register_of(RDX) = value >> 32;
	}
	finish();
}

/* --- CR8 ----------------------------------------------------------------- */

/* The register, by the ModRM byte, which is the last one, and by REX. */
static unsigned cr8_operand(void)
{
	unsigned prefixes = count_prefixes();
	uint8_t rex = prefixes > 0 ? fetch(prefixes - 1) : 0;

	return (fetch(prefixes + rest_length(prefixes) - 1) & MODRM_LOW) |
	       (is_rex(rex) && (rex & REX_B) ? 8 : 0);
}

/* Without V_INTR_MASKING CR8 is L1's TPR, and what is written goes to V_TPR, too; with
 * it, it is V_TPR alone. L1's TPR is that of the machine. */
static void emulate_cr8_write(void)
{
	uint64_t value = *register_of(cr8_operand()) & PSVM_V_TPR;

	if (l0.in_l2)
		psvm_vmcb_set_int_ctl(&vmcb02,
				      (vmcb02.control.int_ctl & ~PSVM_V_TPR) | value);
	if (!l0.in_l2 || (snapshot.int_ctl & PSVM_V_INTR_MASKING) == 0)
		write_cr8(value);
	l0.requests |= PSVM_REQUEST_EVENT;
	finish();
}

/* --- the instructions of SVM --------------------------------------------- */

static void emulate_gif(bool gif)
{
	set_gif_of_l1(gif);
	if (l0.in_l2 && (vmcb01.control.intercept_misc1 & PSVM_INTERCEPT_VINTR) != 0)
		(void)do_transition(psvm_vmcb_window_close, 0);
	l0.requests |= PSVM_REQUEST_EVENT;
	finish();
}

/* They move what l0 does not use, between the processor and L1's memory. */
static void emulate_vmload(bool load)
{
	uint64_t address = *register_of(RAX);

	if (!is_page(address)) {
		raise(PSVM_EXIT_EXCP_GP);
		return;
	}
	if (load)
		__asm__ volatile("vmload" : : "a"(address) : "memory");
	else
		__asm__ volatile("vmsave" : : "a"(address) : "memory");
	finish();
}

/* --- all ----------------------------------------------------------------- */

static bool is_svm(uint64_t exit_code)
{
	return exit_code == PSVM_EXIT_INVLPGA ||
	       (exit_code >= PSVM_EXIT_VMRUN && exit_code <= PSVM_EXIT_SKINIT &&
		exit_code != PSVM_EXIT_VMMCALL);
}

bool emulate(uint64_t exit_code)
{
	if ((is_svm(exit_code) && !l0.svme[l0.in_l2]) || exit_code == PSVM_EXIT_SKINIT) {
		raise(PSVM_EXIT_EXCP_UD);
		return true;
	}
	switch (exit_code) {
	case PSVM_EXIT_CPUID:
		emulate_cpuid();
		break;
	case PSVM_EXIT_MSR_PROT:
		emulate_msr();
		break;
	case PSVM_EXIT_CR8_READ: /* L1's: in L2 l0 does not intercept it */
		*register_of(cr8_operand()) = read_cr8();
		finish();
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
		finish();
		break;
	case PSVM_EXIT_HLT:
		l0.asleep = true;
		finish();
		break;
	default:
		return false;
	}
	return true;
}
