/* SPDX-License-Identifier: MIT */
/*
 * What L2 runs (tests/vectors/README.md; 16 and 17 are this probe's own). When it starts,
 * RSI is 7 and RDI 0; RBX is the address of the local APIC's ICR; RAX, RCX and RDX are
 * those of a WRMSR that sends P in x2APIC mode.
 */
	.macro	program number
	.align	16
program_\number:
	.section .rodata.programs, "a"
	.quad	program_\number
	.section .guest, "ax"
	.endm

	.section .rodata.programs, "a"
	.align	8
	.globl	programs
programs:
	.section .guest, "ax"

	program	0
	vmmcall

	program	1
	sti
	nop
	vmmcall

	program	2
	cli
	vmmcall

	program	3
	movq	%rsi, %cr8
	vmmcall

	program	4
	movq	%rdi, %cr8
	vmmcall

	program	5
	stgi
	nop
	vmmcall

	program	6
	clgi
	nop
	vmmcall

	program	7
	cpuid
	vmmcall

	program	8
	movq	%cr8, %rax
	vmmcall

	program	9
	sti
	vmmcall

	program	10
	nop
	nop
	nop
	vmmcall

	program	11 /* the MOV has 7 bytes, which gas would make 6 */
	.byte	0xc7, 0x43, 0x00
	.long	0x440b1
	nop
	nop
	nop
	vmmcall

	program	12
	movq	%rsi, %cr8
	sti
	nop
	vmmcall

	program	13
	movq	%rdi, %cr8
	sti
	nop
	vmmcall

	program	14
	sti
	nop
	movq	%rdi, %cr8
	nop
	nop
	vmmcall

	program	15
	clgi
	sti
	nop
	stgi
	nop
	nop
	vmmcall

	program	16
	hlt
	vmmcall

	program	17
	sti
	hlt
	nop
	vmmcall

	/* Program 11 in x2APIC mode: sends with its last byte, after 10 as in tests/vectors, or
	 * 7 as in xAPIC mode. */
	.align	16
	.globl	program_11_x2apic_10, program_11_x2apic
program_11_x2apic_10:
	.byte	0x0f, 0x1f, 0x00 /* NOP */
program_11_x2apic:
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00 /* NOP */
	wrmsr
	nop
	nop
	nop
	vmmcall

	/* Reads every page of the image, and writes the stack. */
	.globl	program_touch
program_touch:
	leaq	machine_image_start(%rip), %rsi
	leaq	machine_image_end(%rip), %rdi
1:	movb	(%rsi), %al
	addq	$4096, %rsi
	cmpq	%rdi, %rsi
	jb	1b
	pushq	%rax
	popq	%rax
	vmmcall

	.section .note.GNU-stack, "", @progbits
