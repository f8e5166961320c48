/* SPDX-License-Identifier: MIT */
/* struct rows of selftest.h. */
	.data
	.balign	16
	.globl	selftest_rows
selftest_rows:
	.incbin	"rows.bin"
	.section .note.GNU-stack, "", @progbits
