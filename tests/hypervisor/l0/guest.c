/* SPDX-License-Identifier: MIT */
/* Reading the memory of a guest in 64-bit mode as it sees it itself. */
#include "l0.h"

enum { LEVELS = 4, ENTRY_PRESENT = 1, ENTRY_LARGE = 0x80 };
#define ENTRY_FRAMES UINT64_C(0x000ffffffffff000)

static uint64_t itself(uint64_t address)
{
	return address;
}

/* A walk of four levels; the tables are where `place` says. */
static uint64_t walk(uint64_t root, uint64_t address, uint64_t (*place)(uint64_t))
{
	uint64_t table = root & ENTRY_FRAMES;

	for (unsigned level = LEVELS; level-- > 0;) {
		unsigned shift = 12 + 9 * level;
		const uint64_t *entries = memory(place(table));
		uint64_t entry = entries[address >> shift & 0x1ff];
		uint64_t offsets = (UINT64_C(1) << shift) - 1;

		if ((entry & ENTRY_PRESENT) == 0)
			machine_fail("l0: 0x%lx is not mapped", address);
		if (level == 0 || (entry & ENTRY_LARGE) != 0)
			return (entry & ENTRY_FRAMES & ~offsets) | (address & offsets);
		table = entry & ENTRY_FRAMES;
	}
	return 0;
}

/* L1's nested page tables for L2; l0's for L1 change nothing. */
static uint64_t nested(uint64_t address)
{
	return l0.in_l2 ? walk(vmcb02.control.nested_cr3, address, itself) : address;
}

uint8_t fetch(uint64_t offset)
{
	const struct psvm_vmcb_save *save = &current_vmcb()->save;
	uint64_t address = save->rip + offset;

	if (save->cr0 & CR0_PG && save->cr4 & CR4_LA57)
		machine_fail("l0: a guest with five levels of page tables");
	if (save->cr0 & CR0_PG)
		address = walk(save->cr3, address, nested);
	return *(const uint8_t *)memory(nested(address));
}
