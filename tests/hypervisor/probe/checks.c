/* SPDX-License-Identifier: MIT */
/*
 * What the experiments do not use: state that VMRUN and #VMEXIT move, permission bitmaps,
 * page tables, MSRs and instructions of SVM, as an L1 and its L2 see them.
 *
 * Each check says what the manual says. One line each: CHECK NAME ok, or what is wrong.
 * skip=NAME:NAME... leaves some out; offers=N are bits, and CPUID 8000000Ah has no others
 * in EDX.
 */
#include "probe.h"

#include <psvm/int_ctl.h>

/* --- programs ------------------------------------------------------------ */

/* Of L2, to VMMCALL; or of L1, to RET. What they find is in seen[]. */
#define PROGRAM(name, text) \
	extern const unsigned char name[]; \
	__asm__(".pushsection .guest, \"ax\"\n" #name ":\n" text "\n.popsection")

volatile uint64_t seen[8];

PROGRAM(l2_end, "vmmcall");
PROGRAM(l1_end, "ret");

/* --- what is expected ---------------------------------------------------- */

static struct {
	bool absent; /* the processor does not have what is checked */
	bool wrong;
	const char *what; /* the first of this check */
	uint64_t is, should_be;
} result;

static void expect(const char *what, uint64_t is, uint64_t should_be)
{
	if (is == should_be || result.wrong)
		return;
	result.wrong = true;
	result.what = what;
	result.is = is;
	result.should_be = should_be;
}

static bool has(bool feature)
{
	result.absent = !feature;
	return feature;
}

enum { NO_EXCEPTION = 0xff, DB = 1, UD = 6, GP = 13 };

static const unsigned char *landing; /* where an exception leads; NULL: none is awaited */
static volatile uint64_t exception, exception_rip;

bool check_exception(uint32_t vector, struct frame *frame)
{
	if (landing == NULL || vector > 31)
		return false;
	exception = vector;
	exception_rip = frame->rip;
	frame->rip = (uintptr_t)landing;
	frame->rflags &= ~RFLAGS_TF;
	return true;
}

static void await(const unsigned char *from)
{
	exception = NO_EXCEPTION;
	landing = from;
}

/* --- running ------------------------------------------------------------- */

static const struct test_case plain = { .name = "check",
					.l1_if = 1,
					.misc1 = PSVM_INTERCEPT_SHUTDOWN };

/* A program of L1, and the exception that it has. */
static uint64_t l1(const unsigned char *program, uint64_t rax, uint64_t rcx)
{
	uint64_t rdx = rax >> 32;

	await(l1_end);
	__asm__ volatile("call *%[program]"
			 : "+a"(rax), "+c"(rcx), "+d"(rdx)
			 : [program] "r"(program)
			 : "rbx", "r9", "r10", "memory", "cc");
	landing = NULL;
	return exception;
}

/* L2 runs to its end. */
static void l2(uint64_t exit_code)
{
	run(&plain);
	expect("exit code", vmcb.control.exit_code, exit_code);
}

static unsigned char msr_bitmap[2 * PAGE_SIZE] MACHINE_PAGE;
static unsigned char io_bitmap[3 * PAGE_SIZE] MACHINE_PAGE;

static void prepare_bitmaps(const unsigned char *program, uint32_t intercept)
{
	prepare(&plain, program);
	vmcb.control.intercept_misc1 |= intercept;
	vmcb.control.msrpm_base_pa = (uintptr_t)msr_bitmap;
	vmcb.control.iopm_base_pa = (uintptr_t)io_bitmap;
}

/* --- CPUID and control registers ----------------------------------------- */

#define BIT(n) (UINT64_C(1) << (n))

/* ECX of a leaf repeats a bit of CR4, if the processor has what it is for. */
static void check_cr4_bit(uint32_t leaf, unsigned of, unsigned repeats, uint64_t cr4_bit)
{
	uint64_t cr4 = read_cr4();

	if (!has((cpuid(leaf, 0).ecx & BIT(of)) != 0))
		return;
	write_cr4(cr4 | cr4_bit);
	expect("set", cpuid(leaf, 0).ecx & BIT(repeats), BIT(repeats));
	write_cr4(cr4 & ~cr4_bit);
	expect("clear", cpuid(leaf, 0).ecx & BIT(repeats), 0);
	write_cr4(cr4);
}

static void check_osxsave(void)
{
	check_cr4_bit(1, 26, 27, BIT(18));
}

static void check_ospke(void)
{
	uint64_t cr4 = read_cr4();

	check_cr4_bit(7, 3, 4, BIT(22));
	if (result.absent)
		return;
	write_cr4(cr4 | BIT(22));
	expect("subleaf 1", cpuid(7, 1).ecx & BIT(4), 0);
	write_cr4(cr4);
}

/* In the format of XSAVE AVX's registers, subleaf 2, have one place. */
static void check_subleaf(void)
{
	if (!has((cpuid(1, 0).ecx & BIT(28)) != 0))
		return;
	expect("EAX", cpuid(0xd, 2).eax, 256);
	expect("EBX", cpuid(0xd, 2).ebx, 576);
}

/* The operand needs REX.B; with GIF = 0, when a hypervisor may have to look at it. */
PROGRAM(l1_cr8, "movl	$3, %r9d\n"
		"movl	$5, %ecx\n"
		"movq	%r9, %cr8\n"
		"xorl	%r10d, %r10d\n"
		"movq	%cr8, %r10\n"
		"movq	%r10, seen\n"
		"xorl	%r9d, %r9d\n"
		"movq	%r9, %cr8\n"
		"ret");

static void check_cr8(void)
{
	clgi();
	expect("exception", l1(l1_cr8, 0, 0), NO_EXCEPTION);
	expect("CR8", seen[0], 3);
}

static uint64_t offers;

static void check_cpuid(void)
{
	expect("more in EDX", cpuid(0x8000000a, 0).edx & ~offers, 0);
}

/* Prefixes change nothing, but RIP. */
PROGRAM(l1_prefixes,
	".byte 0x48; cpuid; .byte 0x66; cpuid; .byte 0xf2, 0x2e, 0x4f; cpuid; ret");
PROGRAM(l2_prefixes, ".byte 0x48; cpuid; .byte 0x65, 0x66, 0x41; cpuid; vmmcall");

static void check_prefixes(void)
{
	expect("of L1", l1(l1_prefixes, 0, 0), NO_EXCEPTION);
	prepare(&plain, l2_prefixes);
	vmcb.control.next_rip = 1; /* this neither, but for an event */
	l2(PSVM_EXIT_VMMCALL);
	expect("RIP of L2", vmcb.save.rip - (uintptr_t)l2_prefixes, 8);
}

/* --- MSRs ---------------------------------------------------------------- */

PROGRAM(l1_wrmsr, "wrmsr; ret");
PROGRAM(l1_rdmsr, "rdmsr; ret");

/* LMA is the processor's (3.1.7). */
static void check_efer_lma(void)
{
	uint64_t efer = read_msr(MSR_EFER);

	expect("exception", l1(l1_wrmsr, efer & ~EFER_LMA, MSR_EFER), GP);
	expect("EFER", read_msr(MSR_EFER), efer);
}

static void check_efer_sce(void)
{
	uint64_t efer = read_msr(MSR_EFER);

	write_msr(MSR_EFER, efer ^ EFER_SCE);
	expect("EFER", read_msr(MSR_EFER), efer ^ EFER_SCE);
	write_msr(MSR_EFER, efer);
}

static void check_efer_reserved(void)
{
	uint64_t efer = read_msr(MSR_EFER);

	expect("bit 9", l1(l1_wrmsr, efer | BIT(9), MSR_EFER), GP);
	expect("bit 16", l1(l1_wrmsr, efer | BIT(16), MSR_EFER), GP);
	expect("bit 63", l1(l1_wrmsr, efer | BIT(63), MSR_EFER), GP);
	expect("EFER", read_msr(MSR_EFER), efer);
}

/* Bits 7 to 1 are reserved, and read as zero. */
static void check_efer_raz(void)
{
	uint64_t efer = read_msr(MSR_EFER);

	expect("exception", l1(l1_wrmsr, efer | 0xfe, MSR_EFER), NO_EXCEPTION);
	expect("EFER", read_msr(MSR_EFER), efer);
}

/* EFER takes what CPUID offers, and nothing else. */
static void check_efer_offered(void)
{
	bool has_more = cpuid(0x80000000, 0).eax >= 0x80000021;
	uint32_t more = has_more ? cpuid(0x80000021, 0).eax : 0;
	uint32_t extended = cpuid(0x80000001, 0).ecx;
	uint32_t addresses = cpuid(0x80000008, 0).ebx;
	const struct {
		const char *name;
		unsigned bit;
		uint64_t offered;
	} features[] = {
		{ "LMSLE", 13, ~addresses & BIT(20) },
		{ "TCE", 15, extended & BIT(17) },
		{ "MCOMMIT", 17, addresses & BIT(8) },
		{ "INTWB", 18, addresses & BIT(13) },
		{ "UAIE", 20, more & BIT(7) },
		{ "AIBRSE", 21, more & BIT(8) },
	};
	uint64_t efer = read_msr(MSR_EFER);

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		expect(features[i].name,
		       l1(l1_wrmsr, efer | BIT(features[i].bit), MSR_EFER),
		       features[i].offered ? NO_EXCEPTION : GP);
		write_msr(MSR_EFER, efer);
	}
}

static void check_efer_lme(void)
{
	uint64_t efer = read_msr(MSR_EFER);

	expect("exception", l1(l1_wrmsr, efer & ~EFER_LME, MSR_EFER), GP);
	expect("EFER", read_msr(MSR_EFER), efer);
}

static void check_vm_cr(void)
{
	uint64_t vm_cr = read_msr(MSR_VM_CR);

	expect("SVMDIS with SVME", l1(l1_wrmsr, vm_cr | VM_CR_SVMDIS, MSR_VM_CR), GP);
	expect("bit 63", l1(l1_wrmsr, vm_cr | BIT(63), MSR_VM_CR), GP);
	expect("VM_CR", read_msr(MSR_VM_CR), vm_cr);
}

static void check_hsave(void)
{
	uint64_t before = read_msr(MSR_VM_HSAVE_PA);
	uint64_t after = BIT(32) + (uintptr_t)io_bitmap; /* nothing is stored there */

	write_msr(MSR_VM_HSAVE_PA, after);
	expect("stored", read_msr(MSR_VM_HSAVE_PA), after);
	expect("misaligned", l1(l1_wrmsr, after + 8, MSR_VM_HSAVE_PA), GP);
	expect("kept", read_msr(MSR_VM_HSAVE_PA), after);
	write_msr(MSR_VM_HSAVE_PA, before);
}

/* Its #GP has an error code of 0, and no trace of how a hypervisor learned of it. */
PROGRAM(l2_hsave, "movl	$0xc0010117, %ecx\n"
		  "movl	$8, %eax\n"
		  "xorl	%edx, %edx\n"
		  "wrmsr\n"
		  "vmmcall");

static void check_gp_l2(void)
{
	prepare(&plain, l2_hsave);
	l2(PSVM_EXIT_EXCP_GP);
	expect("EXITINFO1", vmcb.control.exit_info_1, 0);
	expect("RIP", vmcb.save.rip - (uintptr_t)l2_hsave, 12);
}

static void check_msr_unknown(void)
{
	expect("RDMSR", l1(l1_rdmsr, 0, 0x60000000), GP);
	expect("WRMSR", l1(l1_wrmsr, 0, 0x60000000), GP);
}

/* L2 has an EFER of its own. */
PROGRAM(l2_efer, "movl	$0xc0000080, %ecx\n"
		 "rdmsr\n"
		 "movl	%eax, seen\n"
		 "xorl	$1, %eax\n"
		 "wrmsr\n"
		 "rdmsr\n"
		 "movl	%eax, seen + 8\n"
		 "vmmcall");

static void check_efer_l2(void)
{
	uint64_t efer = read_msr(MSR_EFER);

	prepare(&plain, l2_efer);
	l2(PSVM_EXIT_VMMCALL);
	expect("of L2", seen[0], efer);
	expect("written", seen[1], efer ^ EFER_SCE);
	expect("of vmcb12", vmcb.save.efer, efer ^ EFER_SCE);
	expect("of L1", read_msr(MSR_EFER), efer);
}

/* It may do without SVM: what becomes of an L2 that clears SVME is undefined, and by l0's
 * choice it goes on. */
PROGRAM(l2_svme, "movl	$0xc0000080, %ecx\n"
		 "rdmsr\n"
		 "andl	$~0x1000, %eax\n"
		 "wrmsr\n"
		 "rdmsr\n"
		 "movl	%eax, seen\n"
		 "clgi\n"
		 "vmmcall");

static void check_svme_l2(void)
{
	uint64_t efer = read_msr(MSR_EFER);

	prepare(&plain, l2_svme);
	l2(PSVM_EXIT_EXCP_UD);
	expect("of L2", seen[0], efer & ~EFER_SVME);
	expect("of vmcb12", vmcb.save.efer, efer & ~EFER_SVME);
	expect("of L1", read_msr(MSR_EFER), efer);
}

/* --- permission bitmaps -------------------------------------------------- */

PROGRAM(l2_msrs, "movl	$0x174, %ecx\n" /* SYSENTER_CS */
		 "rdmsr\n"
		 "movl	$0xc0000081, %ecx\n" /* STAR */
		 "rdmsr\n"
		 "wrmsr\n"
		 "movl	$0xc0010117, %ecx\n" /* VM_HSAVE_PA */
		 "rdmsr\n"
		 "movl	%eax, seen\n"
		 "vmmcall");

/* The bit of an MSR intercepts one access to it, the one with this EXITINFO1. */
static void check_msr_bit(uint32_t bit, uint64_t write, uint64_t rip)
{
	clear(msr_bitmap, sizeof(msr_bitmap));
	msr_bitmap[bit / 8] = (unsigned char)(1 << bit % 8);
	prepare_bitmaps(l2_msrs, PSVM_INTERCEPT_MSR_PROT);
	l2(PSVM_EXIT_MSR_PROT);
	expect("EXITINFO1", vmcb.control.exit_info_1, write);
	expect("RIP", vmcb.save.rip - (uintptr_t)l2_msrs, rip);
}

static void check_msrpm(void)
{
	clear(msr_bitmap, sizeof(msr_bitmap));
	prepare_bitmaps(l2_msrs, PSVM_INTERCEPT_MSR_PROT);
	l2(PSVM_EXIT_VMMCALL);
	expect("VM_HSAVE_PA", seen[0], (uint32_t)read_msr(MSR_VM_HSAVE_PA));
	check_msr_bit(0x174 * 2, 0, 5);
	check_msr_bit((0x2000 + 0x81) * 2, 0, 12);
	check_msr_bit((0x2000 + 0x81) * 2 + 1, 1, 14);
	check_msr_bit((0x4000 + 0x117) * 2, 0, 21);
}

/* No bit, and no intercept. */
static void check_msrpm_off(void)
{
	for (size_t i = 0; i < sizeof(msr_bitmap); i++)
		msr_bitmap[i] = 0xff;
	prepare_bitmaps(l2_msrs, 0);
	l2(PSVM_EXIT_VMMCALL);
}

PROGRAM(l2_msr_range, "movl	$0x60000000, %ecx\n"
		      "rdmsr\n"
		      "vmmcall");

static void check_msr_range(void)
{
	clear(msr_bitmap, sizeof(msr_bitmap));
	prepare_bitmaps(l2_msr_range, PSVM_INTERCEPT_MSR_PROT);
	l2(PSVM_EXIT_MSR_PROT);
}

enum { PORT = 0x80 };
PROGRAM(l2_out, "outb	%al, $0x80\n"
		"vmmcall");

static void check_iopm(void)
{
	clear(io_bitmap, sizeof(io_bitmap));
	prepare_bitmaps(l2_out, PSVM_INTERCEPT_IOIO_PROT);
	l2(PSVM_EXIT_VMMCALL);
	io_bitmap[PORT / 8] = 1 << PORT % 8;
	prepare_bitmaps(l2_out, PSVM_INTERCEPT_IOIO_PROT);
	l2(PSVM_EXIT_IOIO_PROT);
	expect("port", vmcb.control.exit_info_1 >> 16, PORT);
	prepare_bitmaps(l2_out, 0);
	l2(PSVM_EXIT_VMMCALL);
}

/* VMRUN needs all of a bitmap to be below the end of physical addresses (15.5.1), whether
 * it is used or not. */
static void expect_refused(uint64_t *base, uint64_t address)
{
	prepare(&plain, l2_end);
	*base = address;
	run(&plain); /* QEMU writes 32 bits of the exit code */
	expect("exit code", (uint32_t)vmcb.control.exit_code,
	       (uint32_t)PSVM_EXIT_INVALID);
}

static void check_bitmap_addresses(void)
{
	uint64_t end = BIT(cpuid(0x80000008, 0).eax & 0xff);

	expect_refused(&vmcb.control.msrpm_base_pa, end);
	expect_refused(&vmcb.control.msrpm_base_pa, end - PAGE_SIZE);
	expect_refused(&vmcb.control.msrpm_base_pa, BIT(63));
	expect_refused(&vmcb.control.iopm_base_pa, end);
	expect_refused(&vmcb.control.iopm_base_pa, end - 2 * PAGE_SIZE);
	prepare(&plain, l2_end);
	vmcb.control.msrpm_base_pa = (uintptr_t)msr_bitmap + 1;
	vmcb.control.iopm_base_pa = end - 3 * PAGE_SIZE;
	l2(PSVM_EXIT_VMMCALL);
}

/* --- nested paging ------------------------------------------------------- */

/* 2 MiB that nobody uses, as L2 sees them. */
enum { UNUSED = 512 };
enum { PRESENT = 1, RESERVED = 8, FETCH = 16 };
#define UNUSED_ADDRESS ((uint64_t)UNUSED << 21)

PROGRAM(l2_load, "movl	$0x40000000, %eax\n"
		 "movq	(%rax), %rax\n"
		 "vmmcall");
PROGRAM(l2_jump, "movl	$0x40000000, %eax\n"
		 "jmp	*%rax");

/* What L2 does ends there; of the error code, the bits in the mask. */
static void nested_fault(const unsigned char *program, uint64_t entry, uint64_t mask,
			 uint64_t bits)
{
	uint64_t before = nested_directories[UNUSED];

	nested_directories[UNUSED] = entry;
	prepare(&plain, program);
	l2(PSVM_EXIT_NPF);
	expect("address", vmcb.control.exit_info_2, UNUSED_ADDRESS);
	expect("error code", vmcb.control.exit_info_1 & mask, bits);
	nested_directories[UNUSED] = before;
}

static void check_npf(void)
{
	nested_fault(l2_load, 0, PRESENT | RESERVED | FETCH, 0);
}

/* Bit 63 is NX if L1 has it, and reserved if not. */
static void check_nx(void)
{
	uint64_t efer = read_msr(MSR_EFER);
	uint64_t entry = BIT(63) | 0x87; /* here is what is at 0 */

	nested_fault(l2_load, entry, RESERVED, RESERVED);
	write_msr(MSR_EFER, efer | EFER_NXE);
	nested_fault(l2_jump, entry, PRESENT | RESERVED | FETCH, PRESENT | FETCH);
	nested_directories[UNUSED] |= BIT(63);
	prepare(&plain, l2_load);
	l2(PSVM_EXIT_VMMCALL);
	nested_directories[UNUSED] &= ~BIT(63);
	write_msr(MSR_EFER, efer);
}

enum { MSR_PAT = 0x277 };
#define PAT_OF_L2   UINT64_C(0x0606060606060606)
#define PAT_WRITTEN UINT64_C(0x0606060606060600)
PROGRAM(l2_pat, "movl	$0x277, %ecx\n"
		"rdmsr\n"
		"movl	%eax, seen\n"
		"movl	%edx, seen + 4\n"
		"movl	$0x06060600, %eax\n"
		"movl	$0x06060606, %edx\n"
		"wrmsr\n"
		"vmmcall");

/* Without nested paging there is one PAT for L1 and L2, and vmcb12's is left alone. */
static void check_no_paging(void)
{
	uint64_t pat = read_msr(MSR_PAT);

	prepare(&plain, program_touch);
	vmcb.control.nested_ctl = 0;
	vmcb.control.nested_cr3 = 0;
	l2(PSVM_EXIT_VMMCALL);
	prepare(&plain, l2_pat);
	vmcb.control.nested_ctl = 0;
	vmcb.save.g_pat = PAT_OF_L2;
	l2(PSVM_EXIT_VMMCALL);
	expect("of L2", seen[0], pat);
	expect("of vmcb12", vmcb.save.g_pat, PAT_OF_L2);
	expect("of L1", read_msr(MSR_PAT), PAT_WRITTEN);
	write_msr(MSR_PAT, pat);
}

/* --- state --------------------------------------------------------------- */

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

PROGRAM(l2_tsc, "rdtsc\n"
		"movl	%eax, seen\n"
		"movl	%edx, seen + 4\n"
		"vmmcall");

static void check_tsc_offset(void)
{
	uint64_t offset = BIT(60), before, after;

	prepare(&plain, l2_tsc);
	vmcb.control.tsc_offset = offset;
	before = read_tsc();
	l2(PSVM_EXIT_VMMCALL);
	after = read_tsc();
	expect("too early", seen[0] < before + offset, 0);
	expect("too late", seen[0] > after + offset, 0);
	expect("L1's goes on", before > after, 0);
}

#define DR6_OF_L2   (DR6_RESET | 2)
#define DR6_WRITTEN (DR6_RESET | 4)
enum {
	DR7_OF_L1 = 0x700,
	DR7_OF_L2 = 0x500,
	DR7_WRITTEN = 0x600,
	CR2_OF_L2 = 0x1234000,
	CR2_WRITTEN = 0x4321000
};
PROGRAM(l2_registers, "movq	%cr2, %rax\n"
		      "movq	%rax, seen\n"
		      "movq	%dr6, %rax\n"
		      "movq	%rax, seen + 8\n"
		      "movq	%dr7, %rax\n"
		      "movq	%rax, seen + 16\n"
		      "movl	$0x4321000, %eax\n"
		      "movq	%rax, %cr2\n"
		      "movl	$0xffff0ff4, %eax\n"
		      "movq	%rax, %dr6\n"
		      "movl	$0x600, %eax\n"
		      "movq	%rax, %dr7\n"
		      "vmmcall");

static void run_registers(void)
{
	write_dr6(DR6_RESET | 1);
	write_dr7(DR7_OF_L1);
	prepare(&plain, l2_registers);
	vmcb.save.cr2 = CR2_OF_L2;
	vmcb.save.dr6 = DR6_OF_L2;
	vmcb.save.dr7 = DR7_OF_L2;
	l2(PSVM_EXIT_VMMCALL);
}

static void check_cr2(void)
{
	run_registers();
	expect("loaded", seen[0], CR2_OF_L2);
	expect("stored", vmcb.save.cr2, CR2_WRITTEN);
	expect("of L1", read_cr2(), CR2_WRITTEN);
}

static void check_dr(void)
{
	run_registers();
	expect("DR6 loaded", seen[1], DR6_OF_L2);
	expect("DR7 loaded", seen[2], DR7_OF_L2);
	expect("DR6 stored", vmcb.save.dr6, DR6_WRITTEN);
	expect("DR7 stored", vmcb.save.dr7, DR7_WRITTEN);
}

/* #VMEXIT loads no DR6 for the host, and clears what DR7 enables (15.6). */
static void check_dr_exit(void)
{
	run_registers();
	expect("DR6 of L1", read_dr6(), DR6_WRITTEN);
	expect("DR7 of L1", read_dr7(), DR7_RESET);
}

/* What #VMEXIT stores and nothing else here looks at. L2 changes all of it, but the CPL;
 * it has tables of its own. */
enum { CODE_OF_L2 = 0x20, DATA_OF_L2 = 0x28, RFLAGS_OF_L2 = 0xcd7 };
enum { CR0_BITS = 0xa /* TS, MP */, CR3_BITS = 0x18 /* PWT, PCD */, CR4_BITS = 0xc };
static uint64_t gdt_of_l2[6];
struct descriptor_table gdtr_of_l2, idtr_of_l2;
PROGRAM(l2_state, "lgdt	gdtr_of_l2\n"
		  "lidt	idtr_of_l2\n"
		  "pushq	$0x20\n"
		  "pushq	$1f\n"
		  "lretq\n"
		  "1: movl	$0x28, %eax\n"
		  "movl	%eax, %ds\n"
		  "movl	%eax, %es\n"
		  "movl	%eax, %ss\n"
		  "movq	%cr4, %rax\n"
		  "xorl	$0xc, %eax\n" /* TSD, DE */
		  "movq	%rax, %cr4\n"
		  "movq	%cr3, %rax\n"
		  "xorl	$0x18, %eax\n"
		  "movq	%rax, %cr3\n"
		  "movq	%cr0, %rax\n"
		  "xorl	$0xa, %eax\n"
		  "movq	%rax, %cr0\n"
		  "movl	$0xc0000080, %ecx\n"
		  "rdmsr\n"
		  "xorl	$1, %eax\n"
		  "wrmsr\n"
		  "pushq	$0xcd7\n" /* all that count, and DF */
		  "popfq\n"
		  "movl	$0x12345, %esp\n"
		  "movabsq	$0x123456789abcdef0, %rax\n"
		  "vmmcall");

/* What L1 has of that itself. */
struct state {
	uint64_t cr0, cr3, cr4, efer, cs, ss, ds, es;
	struct descriptor_table gdtr, idtr;
};

static struct state state_now(void)
{
	struct state s = { .cr0 = read_cr0(),
			   .cr3 = read_cr3(),
			   .cr4 = read_cr4(),
			   .efer = read_msr(MSR_EFER),
			   .gdtr = read_gdtr(),
			   .idtr = read_idtr() };

	__asm__("mov %%cs, %0" : "=r"(s.cs));
	__asm__("mov %%ss, %0" : "=r"(s.ss));
	__asm__("mov %%ds, %0" : "=r"(s.ds));
	__asm__("mov %%es, %0" : "=r"(s.es));
	return s;
}

static void expect_table(const char *what, uint64_t base, uint64_t limit,
			 struct descriptor_table table)
{
	expect(what, base, table.base);
	expect(what, limit, table.limit);
}

static void expect_state(struct state a, struct state b)
{
	expect("CR0 of L1", a.cr0, b.cr0);
	expect("CR3 of L1", a.cr3, b.cr3);
	expect("CR4 of L1", a.cr4, b.cr4);
	expect("EFER of L1", a.efer, b.efer);
	expect("CS of L1", a.cs, b.cs);
	expect("SS of L1", a.ss, b.ss);
	expect("DS of L1", a.ds, b.ds);
	expect("ES of L1", a.es, b.es);
	expect_table("GDTR of L1", a.gdtr.base, a.gdtr.limit, b.gdtr);
	expect_table("IDTR of L1", a.idtr.base, a.idtr.limit, b.idtr);
}

static void expect_stored(const struct psvm_vmcb_save *s, struct state before)
{
	expect("RAX", s->rax, UINT64_C(0x123456789abcdef0));
	expect("RSP", s->rsp, 0x12345);
	expect("RFLAGS", s->rflags, RFLAGS_OF_L2);
	expect("CR0", s->cr0, before.cr0 ^ CR0_BITS);
	expect("CR3", s->cr3, before.cr3 ^ CR3_BITS);
	expect("CR4", s->cr4, before.cr4 ^ CR4_BITS);
	expect("EFER", s->efer, before.efer ^ EFER_SCE);
	expect("CPL", s->cpl, 0);
	expect("CS", s->cs.selector, CODE_OF_L2);
	expect("SS", s->ss.selector, DATA_OF_L2);
	expect("DS", s->ds.selector, DATA_OF_L2);
	expect("ES", s->es.selector, DATA_OF_L2);
	expect_table("GDTR", s->gdtr.base, s->gdtr.limit, gdtr_of_l2);
	expect_table("IDTR", s->idtr.base, s->idtr.limit, idtr_of_l2);
}

static void check_state(void)
{
	struct state before = state_now();

	copy(gdt_of_l2, memory(before.gdtr.base), 3 * sizeof(uint64_t));
	gdt_of_l2[CODE_OF_L2 / 8] = gdt_of_l2[before.cs / 8];
	gdt_of_l2[DATA_OF_L2 / 8] = gdt_of_l2[before.ss / 8];
	gdtr_of_l2.base = (uintptr_t)gdt_of_l2;
	gdtr_of_l2.limit = sizeof(gdt_of_l2) - 1;
	idtr_of_l2.base = before.idtr.base + 16;
	idtr_of_l2.limit = before.idtr.limit - 16;
	prepare(&plain, l2_state);
	l2(PSVM_EXIT_VMMCALL);
	expect_stored(&vmcb.save, before);
	expect_state(state_now(), before);
}

/* --- instructions of SVM ------------------------------------------------- */

PROGRAM(l1_vmrun, "vmrun; ret");
PROGRAM(l1_vmload, "vmload; ret");
PROGRAM(l1_vmsave, "vmsave; ret");
PROGRAM(l1_clgi, "clgi; ret");
PROGRAM(l1_invlpga, "invlpga; ret");
PROGRAM(l1_skinit, "skinit; ret");

static struct psvm_vmcb other MACHINE_PAGE;

static void check_svme_off(void)
{
	uint64_t efer = read_msr(MSR_EFER), address = (uintptr_t)&other;

	write_msr(MSR_EFER, efer & ~EFER_SVME);
	expect("EFER", read_msr(MSR_EFER), efer & ~EFER_SVME);
	expect("VMRUN", l1(l1_vmrun, address, 0), UD);
	expect("VMLOAD", l1(l1_vmload, address, 0), UD);
	expect("VMSAVE", l1(l1_vmsave, address, 0), UD);
	expect("CLGI", l1(l1_clgi, 0, 0), UD);
	expect("INVLPGA", l1(l1_invlpga, 0, 0), UD);
	write_msr(MSR_EFER, efer);
}

/* SVM without SKINIT. */
static void check_skinit(void)
{
	if (!has((cpuid(0x80000001, 0).ecx & BIT(12)) == 0))
		return;
	expect("exception", l1(l1_skinit, 0, 0), UD);
}

PROGRAM(l2_skinit, "nop; skinit; vmmcall");

/* L1 intercepts #UD of L2; or it does not, and L2 gets it. */
static void check_ud_l2(void)
{
	if (!has((cpuid(0x80000001, 0).ecx & BIT(12)) == 0))
		return;
	prepare(&plain, l2_skinit);
	l2(PSVM_EXIT_EXCP_UD);
	expect("RIP", vmcb.save.rip - (uintptr_t)l2_skinit, 1);
	expect("EXITINTINFO", vmcb.control.exit_int_info & PSVM_EVENT_INJ_V, 0);
	prepare(&plain, l2_skinit);
	vmcb.control.intercept_exceptions = 0;
	await(l2_end);
	l2(PSVM_EXIT_VMMCALL);
	landing = NULL;
	expect("exception", exception, UD);
	expect("its RIP", exception_rip - (uintptr_t)l2_skinit, 1);
}

PROGRAM(l2_invlpga, "xorl	%eax, %eax\n"
		    "xorl	%ecx, %ecx\n"
		    "invlpga\n"
		    "vmmcall");

static void check_invlpga(void)
{
	expect("exception", l1(l1_invlpga, 0, 0), NO_EXCEPTION);
	prepare(&plain, l2_invlpga);
	l2(PSVM_EXIT_VMMCALL);
	prepare(&plain, l2_invlpga);
	vmcb.control.intercept_misc1 |= PSVM_INTERCEPT_INVLPGA;
	l2(PSVM_EXIT_INVLPGA);
}

/* What VMLOAD and VMSAVE move, by its MSRs. */
#define KERNEL_GS_BASE UINT32_C(0xc0000102)
#define STAR	       UINT32_C(0xc0000081)
PROGRAM(l1_vmsave_67, ".byte 0x67; vmsave; ret");
static void check_vmload(void)
{
	write_msr(STAR, 0x123);
	expect("exception", l1(l1_vmsave, (uintptr_t)&other, 0), NO_EXCEPTION);
	expect("saved", other.save.star, 0x123);
	expect("exception", l1(l1_vmsave_67, (uintptr_t)&other, 0), NO_EXCEPTION);
	other.save.star = 0x321;
	other.save.kernel_gs_base = 0x4000;
	expect("exception", l1(l1_vmload, (uintptr_t)&other, 0), NO_EXCEPTION);
	expect("STAR", read_msr(STAR), 0x321);
	expect("KernelGSBase", read_msr(KERNEL_GS_BASE), 0x4000);
}

/* L2's are those of the processor, too; L1 may intercept them. */
PROGRAM(l2_vmload, "movl	$other, %eax\n"
		   "vmload\n"
		   "vmsave\n"
		   "vmmcall");

static void check_vmload_l2(void)
{
	other.save.star = 0x111;
	prepare(&plain, l2_vmload);
	l2(PSVM_EXIT_VMMCALL);
	expect("STAR", read_msr(STAR), 0x111);
	prepare(&plain, l2_vmload);
	vmcb.control.intercept_misc2 |= PSVM_INTERCEPT_VMLOAD;
	l2(PSVM_EXIT_VMLOAD);
	prepare(&plain, l2_vmload);
	vmcb.control.intercept_misc2 |= PSVM_INTERCEPT_VMSAVE;
	l2(PSVM_EXIT_VMSAVE);
}

/* --- while an interrupt of L1 waits -------------------------------------- */

/* L2's IF holds it back, and L2 has a GIF of its own: a hypervisor may have to look after
 * each instruction, and L2 does not learn of it. */
static const struct test_case waiting = {
	.name = "check",
	.pending = 1,
	.int_ctl = PSVM_V_GIF_ENABLE | PSVM_V_GIF,
	.misc1 = PSVM_INTERCEPT_SHUTDOWN | PSVM_INTERCEPT_INTR,
};

PROGRAM(l2_nops, "nop; nop; nop; vmmcall");

static void check_step(void)
{
	prepare(&waiting, l2_nops);
	run(&waiting);
	expect("exit code", vmcb.control.exit_code, PSVM_EXIT_VMMCALL);
	expect("DR6", vmcb.save.dr6, DR6_RESET);
	expect("TF", vmcb.save.rflags & RFLAGS_TF, 0);
}

/* L2 steps, too. */
static void check_step_l2(void)
{
	prepare(&waiting, l2_nops);
	vmcb.save.rflags |= RFLAGS_TF;
	run(&waiting);
	expect("exit code", vmcb.control.exit_code, PSVM_EXIT_EXCP_DB);
	expect("RIP", vmcb.save.rip - (uintptr_t)l2_nops, 1);
	expect("DR6", vmcb.save.dr6, DR6_RESET | DR6_BS);
	expect("TF", vmcb.save.rflags & RFLAGS_TF, RFLAGS_TF);
}

/* An instruction that a hypervisor emulates is a step, too. */
PROGRAM(l1_step, "pushfq; orl $0x100, (%rsp); popfq; cpuid; nop; nop; ret");
PROGRAM(l2_step, "cpuid; nop; nop; vmmcall");

static void check_step_emulated(void)
{
	write_dr6(DR6_RESET);
	expect("of L1", l1(l1_step, 0, 0), DB);
	expect("RIP of L1", exception_rip - (uintptr_t)l1_step, 11);
	expect("DR6 of L1", read_dr6(), DR6_RESET | DR6_BS);
	prepare(&plain, l2_step);
	vmcb.save.rflags |= RFLAGS_TF;
	l2(PSVM_EXIT_EXCP_DB);
	expect("RIP of L2", vmcb.save.rip - (uintptr_t)l2_step, 2);
	expect("DR6 of L2", vmcb.save.dr6, DR6_RESET | DR6_BS);
	expect("TF of L2", vmcb.save.rflags & RFLAGS_TF, RFLAGS_TF);
}

/* --- memory -------------------------------------------------------------- */

static const struct multiboot *loader;

/* What the loader says is free can be written. What it has left is near the image. */
static void check_memory(void)
{
	uint64_t end = BIT(20) + (uint64_t)loader->memory_upper * 1024;

	for (uint64_t at = (uintptr_t)machine_image_end + BIT(20); at < end;
	     at += PAGE_SIZE)
		*(volatile uint64_t *)memory(at) = at;
	for (uint64_t at = (uintptr_t)machine_image_end + BIT(20); at < end;
	     at += PAGE_SIZE)
		expect("memory", *(volatile uint64_t *)memory(at), at);
}

/* --- all ----------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*check)(void);
} checks[] = {
	{ "cpuid", check_cpuid },
	{ "prefixes", check_prefixes },
	{ "osxsave", check_osxsave },
	{ "ospke", check_ospke },
	{ "subleaf", check_subleaf },
	{ "cr8", check_cr8 },
	{ "efer-lma", check_efer_lma },
	{ "efer-sce", check_efer_sce },
	{ "efer-reserved", check_efer_reserved },
	{ "efer-offered", check_efer_offered },
	{ "efer-raz", check_efer_raz },
	{ "efer-lme", check_efer_lme },
	{ "efer-l2", check_efer_l2 },
	{ "svme-l2", check_svme_l2 },
	{ "svme-off", check_svme_off },
	{ "vm-cr", check_vm_cr },
	{ "hsave", check_hsave },
	{ "gp-l2", check_gp_l2 },
	{ "msr-unknown", check_msr_unknown },
	{ "msr-range", check_msr_range },
	{ "msrpm", check_msrpm },
	{ "msrpm-off", check_msrpm_off },
	{ "iopm", check_iopm },
	{ "bitmap-addresses", check_bitmap_addresses },
	{ "npf", check_npf },
	{ "nx", check_nx },
	{ "no-paging", check_no_paging },
	{ "tsc-offset", check_tsc_offset },
	{ "cr2", check_cr2 },
	{ "dr", check_dr },
	{ "dr-exit", check_dr_exit },
	{ "state", check_state },
	{ "skinit", check_skinit },
	{ "ud-l2", check_ud_l2 },
	{ "invlpga", check_invlpga },
	{ "vmload", check_vmload },
	{ "vmload-l2", check_vmload_l2 },
	{ "step", check_step },
	{ "step-l2", check_step_l2 },
	{ "step-emulated", check_step_emulated },
	{ "memory", check_memory }, /* the last one: it may be a hypervisor's */
};

static bool named(const char *names, size_t length, const char *name)
{
	for (size_t i = 0, begin = 0; i <= length; i++) {
		if (i < length && names[i] != ':')
			continue;
		if (same_text(names + begin, name, i - begin) && name[i - begin] == 0)
			return true;
		begin = i + 1;
	}
	return false;
}

void check_all(const struct multiboot *information)
{
	const char *line = multiboot_line(information), *skip = "", *text = "";
	size_t skip_length = option(line, "skip", &skip);
	unsigned wrong = 0, count = sizeof(checks) / sizeof(checks[0]);

	loader = information;
	offers = number(text, option(line, "offers", &text));
	for (unsigned i = 0; i < count; i++) {
		result.wrong = false;
		result.absent = named(skip, skip_length, checks[i].name);
		if (!result.absent)
			checks[i].check();
		if (result.wrong)
			print("CHECK %s wrong: %s is 0x%lx, not 0x%lx\n", checks[i].name,
			      result.what, result.is, result.should_be);
		else
			print("CHECK %s %s\n", checks[i].name,
			      result.absent ? "skipped" : "ok");
		wrong += result.wrong;
	}
	print("CHECKS %u, %u wrong\n", count, wrong);
	machine_exit(wrong == 0 ? EXIT_GOOD : EXIT_BAD);
}
