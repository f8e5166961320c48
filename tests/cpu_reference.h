/* SPDX-License-Identifier: MIT */
/*
 * The processor of psvm/cpu.h in a second, independent formulation: tables of
 * rules, each with its section of the manual, and a loop that applies them.
 *
 * It shares with the product the structs that carry input and result, the bit
 * numbers of flags and models, the numbers of instructions and outcomes, and
 * nothing else: no mask, no table, no function.
 *
 * Inputs are sensible here: flags of PSVM_CPU_FLAGS only, bytes that are 0 or 1
 * where the interface says so, tpr at most 15, GUEST as the step wants it.
 */
#ifndef PSVM_TESTS_CPU_REFERENCE_H
#define PSVM_TESTS_CPU_REFERENCE_H

#include "psvm/cpu.h"

struct psvm_cpu_step ref_cpu_vmrun(uint32_t model, struct psvm_cpu cpu,
				   struct psvm_cpu_vmcb vmcb);
struct psvm_cpu_step ref_cpu_boundary(uint32_t model, struct psvm_cpu cpu);
struct psvm_cpu_step ref_cpu_execute(uint32_t model, struct psvm_cpu cpu, uint32_t insn,
				     uint32_t value);
struct psvm_cpu ref_cpu_cut_short(struct psvm_cpu before, struct psvm_cpu_step step);
struct psvm_cpu_exit ref_cpu_vmexit(uint32_t model, struct psvm_cpu cpu,
				    struct psvm_cpu_vmcb vmcb, uint64_t exit_int_info);

#endif
