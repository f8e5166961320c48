/* SPDX-License-Identifier: MIT */
/*
 * A PC with one processor, for the probe and for l0: what both need of it.
 *
 * Freestanding. Memory is mapped to itself, the first 4 GiB. There is no scheduler, no
 * heap, and no second processor.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE    4096
#define MACHINE_PAGE __attribute__((aligned(PAGE_SIZE)))

/* --- what an image defines ----------------------------------------------- */

struct multiboot;

/* What an interrupt pushes in 64-bit mode. */
struct frame {
	uint64_t rip, cs, rflags, rsp, ss;
};

_Noreturn void machine_main(const struct multiboot *information);
void machine_interrupt(uint32_t vector, struct frame *frame);

/* --- what machine.c, boot.S and image.ld have ---------------------------- */

extern uint64_t machine_page_table[512];
extern unsigned char machine_stubs[256][16];
extern unsigned char machine_image_start[], machine_image_end[];

/* %s %c %u %x %d, with l for 64 bits, and a width with or without a leading 0. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends QEMU with status 2 * code + 1 (isa-debug-exit at port F4h). */
_Noreturn void machine_exit(uint8_t code);

/* A complaint, and the end. */
_Noreturn void machine_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

enum { EXIT_GOOD = 0x10, EXIT_BAD = 0x11 };

bool same_text(const char *a, const char *b, size_t length);
void copy(void *to, const void *from, size_t bytes);
void clear(void *to, size_t bytes);

/* What follows "name=" in a command line, up to a blank: its length, 0 if there is none.
 */
size_t option(const char *line, const char *name, const char **value);
uint32_t number(const char *text, size_t length);

/* --- multiboot, version 1 ------------------------------------------------ */

enum {
	MULTIBOOT_LOADED = 0x2badb002,
	MULTIBOOT_HAS_LINE = 1 << 2,
	MULTIBOOT_HAS_MODULES = 1 << 3
};

struct multiboot {
	uint32_t flags, memory_lower, memory_upper, boot_device, line;
	uint32_t module_count, modules;
	uint32_t rest[22];
};

struct multiboot_module {
	uint32_t start, end, line, reserved;
};

/* Memory by its physical address, which is its address here. */
static inline void *memory(uint64_t physical)
{
	return (void *)(uintptr_t)physical; /* NOLINT(performance-no-int-to-ptr) */
}

static inline const char *multiboot_line(const struct multiboot *information)
{
	return information->flags & MULTIBOOT_HAS_LINE ? memory(information->line) : "";
}

/* --- the local APIC, as xAPIC or x2APIC ---------------------------------- */

enum {
	APIC_EOI = 0xb0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100,
	APIC_IRR = 0x200,
	APIC_ICR = 0x300,
	APIC_PPR = 0xa0
};
#define APIC_BASE    UINT64_C(0xfee00000)
/* ICR: fixed, to itself. */
#define APIC_TO_SELF UINT32_C(0x44000)

void apic_enable(void);
bool apic_is_x2(void);
uint32_t apic_read(uint32_t offset);
void apic_write(uint32_t offset, uint32_t value);

/* The highest vector in APIC_IRR or APIC_ISR, or 0. */
uint8_t apic_highest(uint32_t offset);

/* --- the processor ------------------------------------------------------- */

enum {
	MSR_APIC_BASE = 0x1b,
	MSR_X2APIC = 0x800,
	MSR_X2APIC_SELF_IPI = 0x83f,
};
#define MSR_EFER	UINT32_C(0xc0000080)
#define MSR_VM_CR	UINT32_C(0xc0010114)
#define MSR_VM_HSAVE_PA UINT32_C(0xc0010117)
#define EFER_SCE	UINT64_C(0x1)
#define EFER_RAZ	UINT64_C(0xfe)
#define EFER_LME	UINT64_C(0x100)
#define EFER_LMA	UINT64_C(0x400)
#define EFER_NXE	UINT64_C(0x800)
#define EFER_SVME	UINT64_C(0x1000)
#define EFER_FFXSR	UINT64_C(0x4000)
#define EFER_TCE	UINT64_C(0x8000)
#define VM_CR_LOCK	UINT64_C(0x8)
#define VM_CR_SVMDIS	UINT64_C(0x10)
#define VM_CR_BITS	UINT64_C(0x1f)
#define CR0_PG		UINT64_C(0x80000000)
#define CR4_LA57	UINT64_C(0x1000)
#define DR6_BS		UINT64_C(0x4000)
#define DR6_CAUSES	UINT64_C(0xe00f) /* besides, BT, BD and B3 to B0 */
#define DR6_RESET	UINT64_C(0xffff0ff0)
#define DR7_RESET	UINT64_C(0x400)
#define RFLAGS_TF	UINT64_C(0x100)
#define RFLAGS_IF	UINT64_C(0x200)
#define RFLAGS_ONE	UINT64_C(0x2)

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

#define MACHINE_READ(name) \
	static inline uint64_t read_##name(void) \
	{ \
		uint64_t value; \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(value)); \
		return value; \
	} \
	static inline void write_##name(uint64_t value) \
	{ \
		__asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); \
	}
MACHINE_READ(cr0)
MACHINE_READ(cr2)
MACHINE_READ(cr3)
MACHINE_READ(cr4)
MACHINE_READ(cr8)
MACHINE_READ(dr6)
MACHINE_READ(dr7)
#undef MACHINE_READ

static inline void set_interrupts(bool on)
{
	if (on)
		__asm__ volatile("sti" : : : "memory");
	else
		__asm__ volatile("cli" : : : "memory");
}

static inline void stgi(void)
{
	__asm__ volatile("stgi" : : : "memory");
}

static inline void clgi(void)
{
	__asm__ volatile("clgi" : : : "memory");
}

struct descriptor_table {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static inline struct descriptor_table read_gdtr(void)
{
	struct descriptor_table t;

	__asm__ volatile("sgdt %0" : "=m"(t));
	return t;
}

static inline struct descriptor_table read_idtr(void)
{
	struct descriptor_table t;

	__asm__ volatile("sidt %0" : "=m"(t));
	return t;
}

/* SVM with nested paging. */
bool machine_has_svm(void);
bool machine_has_vgif(void);

#endif
