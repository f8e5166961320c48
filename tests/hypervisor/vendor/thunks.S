/* SPDX-License-Identifier: MIT */
/*
 * What Linux and Xen have for the code that their flags ask for, so that a program can
 * run it: thunks, the hook of the function tracer, and a stack guard at %gs:40.
 */
	.text

	.irp reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	.globl __x86_indirect_thunk_\reg
__x86_indirect_thunk_\reg:
	jmp *%\reg
	.endr

	.globl __x86_return_thunk, __fentry__, __stack_chk_fail
__x86_return_thunk:
__fentry__:
	ret
__stack_chk_fail:
	ud2

per_cpu_area:
	mov $158, %eax		/* arch_prctl(ARCH_SET_GS, area) */
	mov $0x1001, %edi
	lea area(%rip), %rsi
	syscall
	ret

	.section .init_array, "aw"
	.quad per_cpu_area

	.section .rodata
area:
	.fill 40
	.quad 0x5af3c0de00ff00a5

	.section .note.GNU-stack, "", @progbits
