/* SPDX-License-Identifier: MIT */
/* run_guest(vmcb, registers, host_if): VMRUN, and back after #VMEXIT. GIF is 0 before and
 * after it. RSP and RAX are in the VMCB; l0's own are where the processor keeps them. */
#define R(number) 8 * number(%rsi)
	.text
	.globl	run_guest
run_guest:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rsi
	movq	%rdi, %rax
	testq	%rdx, %rdx
	jz	1f
	sti
1:	movq	R(1), %rcx
	movq	R(2), %rdx
	movq	R(3), %rbx
	movq	R(5), %rbp
	movq	R(7), %rdi
	movq	R(8), %r8
	movq	R(9), %r9
	movq	R(10), %r10
	movq	R(11), %r11
	movq	R(12), %r12
	movq	R(13), %r13
	movq	R(14), %r14
	movq	R(15), %r15
	movq	R(6), %rsi
	vmrun
	cli
	pushq	%rsi
	movq	8(%rsp), %rsi
	movq	%rcx, R(1)
	movq	%rdx, R(2)
	movq	%rbx, R(3)
	movq	%rbp, R(5)
	movq	%rdi, R(7)
	movq	%r8, R(8)
	movq	%r9, R(9)
	movq	%r10, R(10)
	movq	%r11, R(11)
	movq	%r12, R(12)
	movq	%r13, R(13)
	movq	%r14, R(14)
	movq	%r15, R(15)
	popq	R(6)
	popq	%rsi
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
