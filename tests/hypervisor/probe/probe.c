/* SPDX-License-Identifier: MIT */
/*
 * The probe: an L1 that makes the experiments of tests/vectors, and prints what comes of
 * each as a row of a recording, which `psvm replay` reads.
 *
 * It runs on the processor, emulated or not, and below any hypervisor that nests SVM: it
 * needs one processor, a local APIC and a serial port. A row is printed in two parts,
 * before VMRUN and after it: what ends the machine is the case of which there is no more
 * than the first. The command line may say start=N, the number of the first case;
 * skip=NAME:NAME..., cases to leave out; send=10, the bytes of the instructions that send
 * in x2APIC mode, instead of 7; and check=1: the checks of checks.c instead.
 */
#include "probe.h"

#include <psvm/int_ctl.h>

/* --- the cases ----------------------------------------------------------- */

static const char *const flag_names[] = { "",	       "ASID0",	    "NO_VMRUN_ICPT",
					  "ICPT_NMI",  "ICPT_CR8W", "ICPT_CR8R",
					  "NEED_VGIF", "CONT" };

static const struct test_case cases[] = {
#define CASE(name, program, l2_if, l1_if, pending, l1_cr8, flag, int_ctl, int_vector, \
	     int_state, event_inj, misc1) \
	{ name, program, l2_if,	     l1_if,	pending,   l1_cr8, \
	  flag, int_ctl, int_vector, int_state, event_inj, misc1 },
#include "cases.inc"
#undef CASE
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* --- L2's programs: programs.S ------------------------------------------- */

extern unsigned char program_11_x2apic[], program_11_x2apic_10[];
extern unsigned char *const programs[];

enum { SENDS = 11 };
static const unsigned char *program_11_x2 = program_11_x2apic;

static const unsigned char *program_of(const struct test_case *c)
{
	return c->program == SENDS && apic_is_x2() ? program_11_x2 : programs[c->program];
}

/* --- who is running, and what has been seen ------------------------------ */

enum { PHYSICAL = 0xb1, VIRTUAL = 0x71, INJECTED = 0x51, EXCEPTIONS = 32 };
enum level { IN_L1_CLOSED, IN_L2, IN_L1, IN_DRAIN };
enum { LOG_SIZE = 64 };

static volatile enum level level;
static const struct test_case *now;

static struct {
	char kind;
	uint8_t level;
} events[LOG_SIZE];
static unsigned event_count;
static uint64_t virtual_rip, physical_rip; /* in L2, the first one; 0: none */

static char kind_of(uint32_t vector)
{
	switch (vector) {
	case PHYSICAL:
		return 'P';
	case VIRTUAL:
		return 'V';
	case INJECTED:
		return 'I';
	default:
		return 'O';
	}
}

static void note_rip(char kind, uint64_t rip)
{
	if (kind == 'V' && virtual_rip == 0)
		virtual_rip = rip;
	if (kind == 'P' && physical_rip == 0)
		physical_rip = rip;
}

/* L2's handlers are these, too. The local APIC is left to L1. */
void machine_interrupt(uint32_t vector, struct frame *frame)
{
	char kind = kind_of(vector);

	if (check_exception(vector, frame))
		return;
	if (vector != 0 && vector < EXCEPTIONS)
		machine_fail("%s: exception %u, frame %lx %lx", now ? now->name : "",
			     vector, frame->rip, frame->cs);
	if (level == IN_L2)
		note_rip(kind, frame->rip);
	if (event_count < LOG_SIZE) {
		events[event_count].kind = kind;
		events[event_count++].level = (uint8_t)level;
	}
	if (level != IN_L2 && kind == 'P')
		apic_write(APIC_EOI, 0);
}

/* --- the VMCB ------------------------------------------------------------ */

enum { L2_STACK = 8192 };

struct psvm_vmcb vmcb MACHINE_PAGE;
static unsigned char host_save[PAGE_SIZE] MACHINE_PAGE;
static unsigned char bitmaps[3 * PAGE_SIZE] MACHINE_PAGE; /* nothing is intercepted */
static unsigned char l2_stack[L2_STACK] MACHINE_PAGE;

static void set_table(struct psvm_vmcb_segment *segment, struct descriptor_table table)
{
	segment->limit = table.limit;
	segment->base = table.base;
}

/* L2 is L1 with a program and a stack of its own. */
static void set_state(struct psvm_vmcb_save *save)
{
	set_start(save, CODE_64);
	set_table(&save->gdtr, read_gdtr());
	set_table(&save->idtr, read_idtr());
	save->efer = read_msr(MSR_EFER);
	save->cr0 = read_cr0();
	save->cr3 = read_cr3();
	save->cr4 = read_cr4();
	save->rsp = (uintptr_t)l2_stack + L2_STACK;
}

static void set_intercepts(const struct test_case *c)
{
	static const uint32_t cr[] = { [ICPT_CR8W] = PSVM_INTERCEPT_CR8_WRITE,
				       [ICPT_CR8R] = PSVM_INTERCEPT_CR8_READ,
				       [CONT] = 0 };

	vmcb.control.intercept_cr = cr[c->flag];
	vmcb.control.intercept_exceptions = UINT32_MAX;
	vmcb.control.intercept_misc1 = c->misc1;
	vmcb.control.intercept_misc2 = PSVM_INTERCEPT_VMMCALL |
				       (c->flag == NO_VMRUN_ICPT ? 0
								 : PSVM_INTERCEPT_VMRUN);
}

/* The nested page tables map what machine_page_table maps, but are not the same pages: the
 * processor writes to L2's tables when it walks them, and a hypervisor below L1 that shadows
 * the nested ones write-protects those. */
static uint64_t nested_table[512] MACHINE_PAGE;
static uint64_t nested_pointers[512] MACHINE_PAGE;
uint64_t nested_directories[NESTED_ENTRIES] MACHINE_PAGE;

static void nested_tables_start(void)
{
	enum { TABLE = 0x7, LARGE = 0x87 }; /* present, writable, for every level */

	nested_table[0] = (uintptr_t)nested_pointers | TABLE;
	for (size_t i = 0; i < 4; i++)
		nested_pointers[i] = (uintptr_t)&nested_directories[i * 512] | TABLE;
	for (uint64_t i = 0; i < NESTED_ENTRIES; i++)
		nested_directories[i] = i << 21 | LARGE;
}

void prepare(const struct test_case *c, const unsigned char *program)
{
	clear(&vmcb, sizeof(vmcb));
	set_intercepts(c);
	vmcb.control.iopm_base_pa = (uintptr_t)bitmaps;
	vmcb.control.msrpm_base_pa = (uintptr_t)bitmaps;
	vmcb.control.asid = c->flag == ASID0 ? 0 : 1;
	vmcb.control.tlb_control = PSVM_TLB_CONTROL_FLUSH_ALL;
	vmcb.control.int_ctl = psvm_int_ctl_join(c->int_ctl, c->int_vector);
	vmcb.control.int_state = c->int_state;
	vmcb.control.event_inj = c->event_inj;
	vmcb.control.nested_ctl = PSVM_NESTED_CTL_NP_ENABLE;
	vmcb.control.nested_cr3 = (uintptr_t)nested_table;
	set_state(&vmcb.save);
	vmcb.save.rip = (uintptr_t)program;
	vmcb.save.rax = PHYSICAL;
	vmcb.save.rflags = RFLAGS_ONE | (c->l2_if ? RFLAGS_IF : 0);
}

/* The second case of a pair: what the first one left, run again. */
static void go_on(const struct test_case *c)
{
	if (vmcb.control.exit_int_info & PSVM_EVENT_INJ_V)
		vmcb.control.event_inj = vmcb.control.exit_int_info;
	vmcb.control.intercept_misc1 = c->misc1 & ~PSVM_INTERCEPT_VINTR;
}

/* --- what #VMEXIT leaves alone of the control area ------------------------ */

static unsigned char control_before[sizeof(vmcb.control)];

static bool is_written(size_t offset)
{
	static const struct {
		size_t from, to;
	} written[] = {
		{ offsetof(struct psvm_vmcb_control, int_ctl),
		  offsetof(struct psvm_vmcb_control, nested_ctl) },
		{ offsetof(struct psvm_vmcb_control, event_inj),
		  offsetof(struct psvm_vmcb_control, nested_cr3) },
		{ offsetof(struct psvm_vmcb_control, next_rip),
		  offsetof(struct psvm_vmcb_control, avic_backing_page) },
	};

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
		if (offset >= written[i].from && offset < written[i].to)
			return true;
	return false;
}

/* Offset and value of each byte that has changed. */
static void print_changes(void)
{
	const unsigned char *control = (const unsigned char *)&vmcb.control;
	bool first = true;

	for (size_t i = 0; i < sizeof(control_before); i++) {
		if (control[i] == control_before[i] || is_written(i))
			continue;
		print("%s0x%03x:%x", first ? "" : " ", (unsigned)i, (unsigned)control[i]);
		first = false;
	}
}

/* --- a run --------------------------------------------------------------- */

/* With what L2's programs find in their registers: programs.S. */
static void vmrun(void)
{
	uint64_t rax = (uintptr_t)&vmcb, rbx = APIC_BASE + APIC_ICR,
		 rcx = MSR_X2APIC_SELF_IPI, rdx = 0, rsi = 7, rdi = 0;

	__asm__ volatile(
		"pushq %%rbp; vmrun; popq %%rbp"
		: "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx), "+S"(rsi), "+D"(rdi)
		:
		: "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

static void send_to_self(uint32_t vector)
{
	if (apic_is_x2())
		write_msr(MSR_X2APIC_SELF_IPI, vector);
	else
		apic_write(APIC_ICR, APIC_TO_SELF | vector);
}

static bool is_pending(uint32_t vector)
{
	return (apic_read(APIC_IRR + vector / 32 * 16) >> vector % 32 & 1) != 0;
}

/* QEMU dies of a write to CR8 while a V_IRQ waits, which a hypervisor below L1 uses for a
 * window: no write that changes nothing. */
static void set_cr8(uint8_t cr8)
{
	if (read_cr8() != cr8)
		write_cr8(cr8);
}

static void look(enum level where, uint8_t cr8)
{
	level = where;
	set_cr8(cr8);
	stgi();
	__asm__ volatile("sti; nop; nop; nop; nop; nop; nop; cli" : : : "memory");
}

static uint64_t rip_before; /* L2's */

/* What L1 finds after the #VMEXIT, besides the VMCB. */
static struct {
	uint64_t cr8;
	bool pending;
} after;

void run(const struct test_case *c)
{
	event_count = 0;
	virtual_rip = 0;
	physical_rip = 0;
	clgi();
	set_interrupts(c->l1_if != 0);
	set_cr8(c->l1_cr8);
	if (c->pending)
		send_to_self(PHYSICAL);
	rip_before = vmcb.save.rip;
	copy(control_before, &vmcb.control, sizeof(control_before));
	level = IN_L2;
	vmrun();
	level = IN_L1_CLOSED;
	after.cr8 = read_cr8();
	after.pending = is_pending(PHYSICAL);
	look(IN_L1, c->l1_cr8);
	while (apic_highest(APIC_ISR) != 0)
		apic_write(APIC_EOI, 0);
	look(IN_DRAIN, 0);
}

/* --- a row --------------------------------------------------------------- */

static void print_offset(const struct test_case *c, uint64_t rip)
{
	if (rip != 0)
		print(",%ld", (long)(rip - (uintptr_t)program_of(c)));
	else
		print(",");
}

static void print_events(void)
{
	static const char *const names[] = { [IN_L1_CLOSED] = "L1_gif0",
					     [IN_L2] = "L2",
					     [IN_L1] = "L1",
					     [IN_DRAIN] = "drain" };

	for (unsigned i = 0; i < event_count; i++)
		print("%s%s:%c", i == 0 ? "" : " ", names[events[i].level],
		      events[i].kind);
}

/* Before VMRUN, so that it is there if nothing follows. */
static void print_input(const struct test_case *c)
{
	const struct psvm_vmcb_control *b = &vmcb.control;

	print("%s,%u,%u,%u,%u,%u,%s,0x%x,0x%lx,0x%lx,0x%x,0x%x,0x%08x,", c->name,
	      c->program, c->l2_if, c->l1_if, c->pending, c->l1_cr8, flag_names[c->flag],
	      psvm_int_ctl_vector(b->int_ctl), b->int_state, b->event_inj,
	      b->intercept_misc1, b->intercept_misc2, psvm_int_ctl_low(b->int_ctl));
}

static void print_outcome(const struct test_case *c)
{
	const struct psvm_vmcb_control *a = &vmcb.control;

	print("ok,0x%08x,0x%x,0x%lx,0x%lx,0x%lx,0x%lx", psvm_int_ctl_low(a->int_ctl),
	      psvm_int_ctl_vector(a->int_ctl), a->int_state, a->exit_code,
	      a->exit_int_info, a->event_inj);
	print(",%ld", (long)(vmcb.save.rip - rip_before));
	print_offset(c, virtual_rip);
	print_offset(c, physical_rip);
	print(",%lu,%u,", after.cr8, after.pending);
	print_events();
	print(",");
	print_changes();
	print("\n");
}

static void print_header(void)
{
	print("case,prog,l2_if,l1_if,phys_pending,l1_cr8,flags,b_int_vector,b_int_state,"
	      "b_event_inj,b_icpt3,b_icpt4,b_int_ctl,status,a_int_ctl,a_int_vector,"
	      "a_int_state,a_exit_code,a_exit_int_info,a_event_inj,a_rip_off,"
	      "virt_rip_off,phys_rip_off,cr8_after,irr_after,event_log,changed\n");
}

/* --- all ----------------------------------------------------------------- */

/* So that no case is the first one to use a page. Without an interrupt: QEMU loses one whose
 * delivery ends in a nested page fault. */
static void warm_up(void)
{
	static const struct test_case touch = {
		.name = "touch",
		.misc1 = PSVM_INTERCEPT_CPUID | PSVM_INTERCEPT_SHUTDOWN,
	};

	now = &touch;
	for (unsigned i = 0; i < 2; i++) {
		prepare(&touch, program_touch);
		run(&touch);
		if (vmcb.control.exit_code != PSVM_EXIT_VMMCALL)
			machine_fail(
				"warm-up: exit code 0x%lx, info 0x%lx 0x%lx, rip 0x%lx",
				vmcb.control.exit_code, vmcb.control.exit_info_1,
				vmcb.control.exit_info_2, vmcb.save.rip);
	}
}

static const char *command_line = "";

static bool is_to_skip(const char *name)
{
	const char *names;
	size_t length = option(command_line, "skip", &names);

	for (size_t i = 0; i + NAME_LENGTH <= length; i += NAME_LENGTH + 1)
		if (same_text(names + i, name, NAME_LENGTH))
			return true;
	return false;
}

/* Why not to run a case, or NULL. The second of a pair needs what the first one left. */
static const char *skipped(const struct test_case *c, bool after_another)
{
	if (is_to_skip(c->name))
		return "skipped";
	if (c->flag == NEED_VGIF && !machine_has_vgif())
		return "skipped_no_vgif";
	return c->flag == CONT && !after_another ? "skipped_pair" : NULL;
}

/* Whether it has run. */
static bool run_case(const struct test_case *c, bool after_another)
{
	const char *status = skipped(c, after_another);

	now = c;
	if (c->flag == CONT)
		go_on(c);
	else
		prepare(c, program_of(c));
	print_input(c);
	if (status) {
		print("%s,,,,,,,,,,,,,\n", status);
		return false;
	}
	run(c);
	print_outcome(c);
	return true;
}

void machine_main(const struct multiboot *information)
{
	const char *text = "";
	size_t length;
	bool ran = false;

	command_line = multiboot_line(information);
	if (option(command_line, "send", &text) != 0)
		program_11_x2 = program_11_x2apic_10;
	length = option(command_line, "start", &text);
	if (!machine_has_svm())
		machine_fail("no SVM with nested paging");
	apic_enable();
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SVME);
	write_msr(MSR_VM_HSAVE_PA, (uintptr_t)host_save);
	nested_tables_start();
	warm_up();
	if (option(command_line, "check", &text) != 0)
		check_all(information);
	print_header();
	for (uint32_t i = number(text, length); i < CASES; i++)
		ran = run_case(&cases[i], ran);
	print("END %u\n", (unsigned)CASES);
	machine_exit(EXIT_GOOD);
}
