/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <stdarg.h>

/* --- the serial port ----------------------------------------------------- */

enum {
	COM1 = 0x3f8,
	COM1_FIFO = COM1 + 2,
	COM1_STATUS = COM1 + 5,
	COM1_EMPTY = 0x20,
	FIFO_SIZE = 16,
	DEBUG_EXIT = 0xf4
};

/* As many bytes as its queue has, in one instruction: below a hypervisor each one may be
 * an exit. */
static char line[FIFO_SIZE];
static size_t filled;

static void flush(void)
{
	const char *from = line;

	while ((in8(COM1_STATUS) & COM1_EMPTY) == 0)
		;
	__asm__ volatile("cld; rep outsb"
			 : "+S"(from), "+c"(filled)
			 : "d"(COM1)
			 : "memory");
}

static void put(char c)
{
	line[filled++] = c;
	if (filled == FIFO_SIZE || c == '\n')
		flush();
}

static void serial_start(void)
{
	out8(COM1 + 1, 0);
	out8(COM1 + 3, 0x80);
	out8(COM1, 1); /* 115200 */
	out8(COM1 + 1, 0);
	out8(COM1 + 3, 0x03); /* 8n1 */
	out8(COM1_FIFO, 0xc7);
}

/* --- text ---------------------------------------------------------------- */

static void put_number(uint64_t value, unsigned base, unsigned width, char fill)
{
	char digits[24];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	while (n < width && n < sizeof(digits))
		digits[n++] = fill;
	while (n > 0)
		put(digits[--n]);
}

static void put_text(const char *text)
{
	while (*text != 0)
		put(*text++);
}

static void vprint(const char *format, va_list *arguments)
{
	for (; *format != 0; format++) {
		char fill = ' ';
		unsigned width = 0;
		bool is_long = false;
		int64_t value;

		if (*format != '%') {
			put(*format);
			continue;
		}
		if (*++format == '0')
			fill = *format++;
		for (; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + (unsigned)(*format - '0');
		for (; *format == 'l'; format++)
			is_long = true;
		switch (*format) {
		case 's':
			put_text(va_arg(*arguments, const char *));
			break;
		case 'c':
			put((char)va_arg(*arguments, int));
			break;
		case 'd':
			value = is_long ? va_arg(*arguments, long)
					: va_arg(*arguments, int);
			if (value < 0)
				put('-');
			put_number(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10,
				   width, fill);
			break;
		default: /* u, x */
			put_number(is_long ? va_arg(*arguments, unsigned long)
					   : va_arg(*arguments, unsigned),
				   *format == 'x' ? 16 : 10, width, fill);
		}
	}
}

void print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprint(format, &arguments);
	va_end(arguments);
	flush();
}

void machine_exit(uint8_t code)
{
	out8(DEBUG_EXIT, code);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void machine_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_text("\nFAIL: ");
	vprint(format, &arguments);
	put('\n');
	va_end(arguments);
	machine_exit(EXIT_BAD);
}

bool same_text(const char *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (a[i] != b[i] || a[i] == 0)
			return false;
	return true;
}

void copy(void *to, const void *from, size_t bytes)
{
	__asm__ volatile("cld; rep movsb"
			 : "+D"(to), "+S"(from), "+c"(bytes)
			 :
			 : "memory");
}

void clear(void *to, size_t bytes)
{
	__asm__ volatile("cld; rep stosb" : "+D"(to), "+c"(bytes) : "a"(0) : "memory");
}

size_t option(const char *text, const char *name, const char **value)
{
	size_t length = 0, named = 0;

	while (name[named] != 0)
		named++;
	for (char before = ' '; *text != 0; before = *text++) {
		if (before != ' ' || !same_text(text, name, named) || text[named] != '=')
			continue;
		*value = text + named + 1;
		while ((*value)[length] != 0 && (*value)[length] != ' ')
			length++;
		return length;
	}
	return 0;
}

uint32_t number(const char *text, size_t length)
{
	uint32_t value = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			machine_fail("not a number: %s", text);
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	return value;
}

/* --- the local APIC ------------------------------------------------------ */

enum {
	APIC_BASE_X2 = 1 << 10,
	APIC_BASE_ON = 1 << 11,
	APIC_SVR_ON = 1 << 8,
	CPUID_X2APIC = 1 << 21
};

bool apic_is_x2(void)
{
	return (read_msr(MSR_APIC_BASE) & APIC_BASE_X2) != 0;
}

uint32_t apic_read(uint32_t offset)
{
	if (apic_is_x2())
		return (uint32_t)read_msr(MSR_X2APIC + offset / 16);
	return *(const volatile uint32_t *)memory(APIC_BASE + offset);
}

void apic_write(uint32_t offset, uint32_t value)
{
	if (apic_is_x2())
		write_msr(MSR_X2APIC + offset / 16, value);
	else
		*(volatile uint32_t *)memory(APIC_BASE + offset) = value;
}

uint8_t apic_highest(uint32_t offset)
{
	for (uint32_t word = 8; word-- > 0;) {
		uint32_t bits = apic_read(offset + word * 16);

		if (bits != 0)
			return (uint8_t)(word * 32 + 31 - (uint32_t)__builtin_clz(bits));
	}
	return 0;
}

void apic_enable(void)
{
	uint64_t x2 = cpuid(1, 0).ecx & CPUID_X2APIC ? APIC_BASE_X2 : 0;

	write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | APIC_BASE_ON | x2);
	apic_write(APIC_SVR, APIC_SVR_ON | 0xff);
}

/* --- the start ----------------------------------------------------------- */

enum { GATE = 0x8e00, CODE = 0x08, PIC_MASK_1 = 0x21, PIC_MASK_2 = 0xa1 };

struct gate {
	uint16_t offset_0, selector, flags, offset_16;
	uint32_t offset_32, reserved;
};

static struct gate idt[256] MACHINE_PAGE;

static void idt_start(void)
{
	struct descriptor_table table = { sizeof(idt) - 1, (uintptr_t)idt };

	for (size_t i = 0; i < 256; i++) {
		uint64_t to = (uintptr_t)machine_stubs[i];
		struct gate gate = {
			(uint16_t)to,	      CODE, GATE, (uint16_t)(to >> 16),
			(uint32_t)(to >> 32), 0
		};

		idt[i] = gate;
	}
	__asm__ volatile("lidt %0" : : "m"(table));
}

bool machine_has_svm(void)
{
	return cpuid(0x80000000, 0).eax >= 0x8000000a &&
	       (cpuid(0x80000001, 0).ecx & 1 << 2) != 0 &&
	       (cpuid(0x8000000a, 0).edx & 1) != 0;
}

bool machine_has_vgif(void)
{
	return (cpuid(0x8000000a, 0).edx & 1 << 16) != 0;
}

_Noreturn void machine_start(const struct multiboot *information);

void machine_start(const struct multiboot *information)
{
	serial_start();
	idt_start();
	out8(PIC_MASK_1, 0xff); /* nobody wants the timer of the PC */
	out8(PIC_MASK_2, 0xff);
	__asm__ volatile("sti; nop; nop; cli" : : : "memory"); /* a window of the firmware's closes */
	machine_main(information);
}
