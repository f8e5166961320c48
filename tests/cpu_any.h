/* SPDX-License-Identifier: MIT */
/*
 * Inputs of psvm_cpu_*() that are sensible (cpu_reference.h), and random otherwise. For a
 * program of one file.
 */
#ifndef PSVM_TESTS_CPU_ANY_H
#define PSVM_TESTS_CPU_ANY_H

#include "psvm/cpu.h"

/* The bits, by number as in APM table B-1. */
#define CTL_VGIF       UINT64_C(0x02000000)
#define CTL_VNMI       UINT64_C(0x04000000)
#define EVENT_V	       UINT64_C(0x80000000)
#define MISC1_NMI      0x00000002U
#define MISC2_VMRUN    0x00000001U

#define FLAG(name) PSVM_CPU_F(name)
#define ALL_FLAGS  0x3ffU

#define VGIF_VNMI (PSVM_CPU(VGIF) | PSVM_CPU(VNMI))

/* What VMRUN leaves of 060h with a model. */
static uint64_t enables(uint32_t model)
{
	return (model & PSVM_CPU(VGIF) ? CTL_VGIF : 0) |
	       (model & PSVM_CPU(VNMI) ? CTL_VNMI : 0);
}

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64* (Marsaglia, Vigna) */
static uint64_t any(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(0x2545f4914f6cdd1d);
}

static bool once_in(unsigned int n)
{
	return any() % n == 0;
}

/* The processor enables nothing that it lacks: VMRUN sees to that. */
static struct psvm_cpu any_cpu(uint32_t model, uint32_t flags)
{
	return (struct psvm_cpu){
		.int_ctl = any() & ~((CTL_VGIF | CTL_VNMI) & ~enables(model)),
		.cr = (uint32_t)any(),
		.misc1 = (uint32_t)any(),
		.misc2 = (uint32_t)any(),
		.flags = ((uint32_t)any() & ALL_FLAGS & ~FLAG(GUEST) & ~FLAG(HALTED)) | flags,
		.tpr = any() & 15,
		.intr = once_in(4) ? 0 : any() & 0xff,
	};
}

static uint64_t any_event(void)
{
	return once_in(2) ? any() | EVENT_V : any() & 0x800007ff;
}

static struct psvm_cpu_vmcb any_vmcb(void)
{
	return (struct psvm_cpu_vmcb){
		.words = { .int_ctl = any(),
			   .int_state = any(),
			   .event_inj = once_in(2) ? any() & ~EVENT_V : any_event(),
			   .exit_int_info = any(),
			   .misc1 = (uint32_t)any() | (once_in(4) ? 0 : MISC1_NMI),
			   .tlb_control = any() & 0xff },
		.cr = (uint32_t)any(),
		.misc2 = (uint32_t)any() | (once_in(8) ? 0 : MISC2_VMRUN),
		.clean = (uint32_t)any(),
		.rflags_if = any() & 1,
		.bad = once_in(8),
	};
}

static uint32_t any_guest(void)
{
	return once_in(4) ? 0 : FLAG(GUEST);
}

static uint32_t any_halt(void)
{
	return once_in(8) ? FLAG(HALTED) : 0;
}

static uint32_t any_model(void)
{
	return (uint32_t)(any() & any() & 0xfffff) | (any() & VGIF_VNMI);
}

#endif
