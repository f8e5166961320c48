/* SPDX-License-Identifier: MIT */
/*
 * The smallest image that says how it was started: its command line goes to the serial
 * port, and whether the processor offers SVM is what it ends QEMU with (isa-debug-exit).
 */
	.code32
	.text
	.balign	4
	.long	0x1badb002, 0, -0x1badb002	/* multiboot: magic, flags, checksum */

	.globl	_start
_start:
	mov	16(%ebx), %esi			/* the command line */
	mov	$0x3f8, %edx
0:	lodsb
	test	%al, %al
	jz	1f
	outb	%al, %dx
	jmp	0b
1:	mov	$'\n', %al
	outb	%al, %dx

	mov	$0x80000001, %eax
	cpuid
	shr	$2, %ecx			/* SVM */
	and	$1, %ecx
	mov	%ecx, %eax
	mov	$0xf4, %edx
	outl	%eax, %dx
2:	hlt
	jmp	2b
