/* SPDX-License-Identifier: MIT */
/*
 * From a multiboot loader to C in 64-bit mode: paging that maps the first 4 GiB to
 * themselves, a GDT, a stack, and stubs for all 256 vectors.
 *
 *	machine_main(information)	called once, must not return
 *	machine_interrupt(vector, frame) called for each interrupt and exception
 */
#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 3 /* modules on pages, memory information */

	.section .multiboot, "a"
	.align	4
	.long	MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	.section .text.boot, "ax"
	.code32
	.globl	_start
_start:
	cld
	movl	$machine_stack_end, %esp
	movl	%ebx, %ebp

	/* Four directories of 2 MiB pages, present, writable, for every level. */
	movl	$directories, %edi
	movl	$0x87, %eax
1:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	jnc	1b
	movl	$directories + 0x7, %eax
	movl	$4, %ecx
	movl	$pointers, %edi
2:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x1000, %eax
	loop	2b
	movl	$pointers + 0x7, machine_page_table

	movl	%cr4, %eax
	orl	$0x20, %eax /* PAE */
	movl	%eax, %cr4
	movl	$machine_page_table, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx /* EFER */
	rdmsr
	orl	$0x100, %eax /* LME */
	wrmsr
	movl	%cr0, %eax
	andl	$0x9fffffff, %eax /* CD, NW */
	orl	$0x80010001, %eax /* PG, WP, PE */
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$0x08, $3f

	.code64
3:	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$machine_stack_end, %esp
	movl	%ebp, %edi
	call	machine_start
4:	hlt
	jmp	4b

/* The stubs, 16 bytes each. Who has no error code gets one: the frame is behind it. */
#define HAS_CODE (1 << 8 | 0x1f << 10 | 1 << 17 | 1 << 21)
	.align	16
	.globl	machine_stubs
machine_stubs:
	.set	vector, 0
	.rept	256
	.if	vector > 31
	pushq	$0
	.elseif	!(HAS_CODE >> vector & 1)
	pushq	$0
	.endif
	pushq	$vector
	jmp	common
	.align	16
	.set	vector, vector + 1
	.endr

common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	cld
	movl	72(%rsp), %edi
	leaq	88(%rsp), %rsi
	call	machine_interrupt
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

	.section .rodata
	.align	8
gdt:	.quad	0
	.quad	0x00af9a000000ffff /* 08: code, 64 bits */
	.quad	0x00cf92000000ffff /* 10: data */
	.quad	0x00cf9a000000ffff /* 18: code, 32 bits */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.quad	gdt

	.bss
	.align	4096
	.globl	machine_page_table
machine_page_table:
	.skip	4096
pointers:
	.skip	4096
directories:
	.skip	4 * 4096
	.skip	16384
	.globl	machine_stack_end
machine_stack_end:

	.section .note.GNU-stack, "", @progbits
