/* SPDX-License-Identifier: MIT */
/*
 * psvm/vmcb.h - the 4 KiB page of a VMCB as C structures.
 *
 * References
 *   [APM] AMD64 Architecture Programmer's Manual volume 2, order 24593,
 *         revision 3.44: tables B-1 and B-2, 15.15.3 (clean bits).
 *
 * The structures have the layout of the page. On a little-endian machine they
 * may be laid over it; psvm_vmcb_load() and psvm_vmcb_store() convert between
 * page and structure on any machine.
 */
#ifndef PSVM_VMCB_H
#define PSVM_VMCB_H

#include "types.h"
#include "vmcb_bits.h"
#include "vmcb_fields.h"

#define PSVM_VMCB_SIZE	       4096
#define PSVM_VMCB_CONTROL_SIZE 1024
#define PSVM_VMCB_SAVE_SIZE    3072

/** A segment register in the save area. attrib is packed to 12 bits. */
struct psvm_vmcb_segment {
	uint16_t selector;
	uint16_t attrib;
	uint32_t limit;
	uint64_t base;
};

#define PSVM_MEMBER(name, type, offset, width, count, clean, gate, section) \
	type name;
#define PSVM_MEMBER_ARRAY(name, type, offset, width, count, clean, gate, section) \
	type name[count];
#define PSVM_MEMBER_RESERVED(begin, end) uint8_t reserved_##begin[(end) - (begin)];

/** Control area, offsets 000h-3FFh of the page. [APM] table B-1. */
struct psvm_vmcb_control {
	PSVM_VMCB_CONTROL_LAYOUT(PSVM_MEMBER, PSVM_MEMBER_ARRAY, PSVM_MEMBER_RESERVED)
};

/** State save area, offsets 400h-FFFh of the page. [APM] table B-2. */
struct psvm_vmcb_save {
	PSVM_VMCB_SAVE_LAYOUT(PSVM_MEMBER, PSVM_MEMBER_ARRAY, PSVM_MEMBER_RESERVED)
};

/** The page. [APM] appendix B. */
struct psvm_vmcb {
	struct psvm_vmcb_control control;
	struct psvm_vmcb_save save;
};

#undef PSVM_MEMBER
#undef PSVM_MEMBER_ARRAY
#undef PSVM_MEMBER_RESERVED

/* Proof that every row is where it says, and as large as it says. */
#define PSVM_ROW_AT(area, name, offset, size) \
	PSVM_STATIC_ASSERT(offsetof(struct area, name) == (offset), \
			   #area "." #name " is not at " #offset); \
	PSVM_STATIC_ASSERT(sizeof(((struct area *)0)->name) == (size), \
			   #area "." #name " has a wrong size");
#define PSVM_X_CONTROL(name, type, offset, width, count, clean, gate, section) \
	PSVM_ROW_AT(psvm_vmcb_control, name, offset, (width) * (count))
#define PSVM_X_SAVE(name, type, offset, width, count, clean, gate, section) \
	PSVM_ROW_AT(psvm_vmcb_save, name, offset, (width) * (count))
#define PSVM_X_CONTROL_RESERVED(begin, end) \
	PSVM_ROW_AT(psvm_vmcb_control, reserved_##begin, begin, (end) - (begin))
#define PSVM_X_SAVE_RESERVED(begin, end) \
	PSVM_ROW_AT(psvm_vmcb_save, reserved_##begin, begin, (end) - (begin))
PSVM_VMCB_CONTROL_LAYOUT(PSVM_X_CONTROL, PSVM_X_CONTROL, PSVM_X_CONTROL_RESERVED)
PSVM_VMCB_SAVE_LAYOUT(PSVM_X_SAVE, PSVM_X_SAVE, PSVM_X_SAVE_RESERVED)
#undef PSVM_X_CONTROL
#undef PSVM_X_SAVE
#undef PSVM_X_CONTROL_RESERVED
#undef PSVM_X_SAVE_RESERVED
#undef PSVM_ROW_AT

PSVM_STATIC_ASSERT(sizeof(struct psvm_vmcb_segment) == 16, "segment");
PSVM_STATIC_ASSERT(sizeof(struct psvm_vmcb_control) == PSVM_VMCB_CONTROL_SIZE,
		   "control area");
PSVM_STATIC_ASSERT(sizeof(struct psvm_vmcb_save) == PSVM_VMCB_SAVE_SIZE,
		   "save area");
PSVM_STATIC_ASSERT(offsetof(struct psvm_vmcb, save) == PSVM_VMCB_CONTROL_SIZE,
		   "save area does not follow the control area");
PSVM_STATIC_ASSERT(sizeof(struct psvm_vmcb) == PSVM_VMCB_SIZE, "page");

/*
 * psvm_vmcb_set_int_ctl(), ...: one setter for every field that is not an
 * array.
 *
 * void psvm_vmcb_set_NAME(struct psvm_vmcb *vmcb, TYPE value)
 *
 * Store a value in a field of a VMCB and clear the clean bit of the field's
 * group, so that the next VMRUN reads the field from memory and not from a
 * cache. A field in no group is read at every VMRUN; its setter leaves the
 * clean bits alone. A setter cannot fail and does not check the value.
 *
 * Use them on a VMCB that the processor runs. The clean bits of a VMCB that
 * belongs to a guest are the guest's.
 *
 * @spec [APM] table B-1 or B-2 for the field, 15.15.3 for its group
 */
#define PSVM_SETTER(area, name, type, clean_bit) \
	static inline void psvm_vmcb_set_##name(struct psvm_vmcb *vmcb, type value) \
	{ \
		vmcb->area.name = value; \
		vmcb->control.clean &= ~(clean_bit); \
	}
#define PSVM_X_CONTROL(name, type, offset, width, count, clean, gate, section) \
	PSVM_SETTER(control, name, type, PSVM_CLEAN_##clean)
#define PSVM_X_SAVE(name, type, offset, width, count, clean, gate, section) \
	PSVM_SETTER(save, name, type, PSVM_CLEAN_##clean)
#define PSVM_NO_SETTER(name, type, offset, width, count, clean, gate, section)
PSVM_VMCB_CONTROL_LAYOUT(PSVM_X_CONTROL, PSVM_NO_SETTER, PSVM_NO_ROW)
PSVM_VMCB_SAVE_LAYOUT(PSVM_X_SAVE, PSVM_NO_SETTER, PSVM_NO_ROW)
#undef PSVM_X_CONTROL
#undef PSVM_X_SAVE
#undef PSVM_NO_SETTER
#undef PSVM_SETTER

PSVM_BEGIN_DECLS

/**
 * Load a VMCB from its image in memory.
 *
 * @param vmcb  gets the fields, in the byte order of this machine, and the
 *              bytes of the reserved ranges as they are
 * @param image the 4096 bytes of the page, little-endian, any alignment; must
 *              not overlap vmcb. Every byte is read once
 * @spec [APM] tables B-1 and B-2
 */
void psvm_vmcb_load(struct psvm_vmcb *vmcb, const void *image);

/**
 * Store a VMCB as an image in memory; the reverse of psvm_vmcb_load().
 *
 * @param image gets 4096 bytes, little-endian, any alignment; must not overlap
 *              vmcb. Every byte is written once
 * @param vmcb  in the byte order of this machine
 * @spec [APM] tables B-1 and B-2
 */
void psvm_vmcb_store(void *image, const struct psvm_vmcb *vmcb);

/**
 * Load only the control area, from memory that a guest may be writing.
 *
 * Every byte of the image is read exactly once: what the caller checks in
 * *control is what it uses later, whatever the guest does to its page.
 *
 * @param control gets the fields as psvm_vmcb_load() would store them
 * @param image   the first 1024 bytes of the page, little-endian, any
 *                alignment; must not overlap control
 * @spec [APM] table B-1
 */
void psvm_vmcb_control_load(struct psvm_vmcb_control *control,
			    const volatile void *image);

PSVM_END_DECLS

#endif
