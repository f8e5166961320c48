/* SPDX-License-Identifier: MIT */
/*
 * psvm/vmcb.h: after every load, store and setter each byte is where the manual's tables
 * (vmcb_manual.h) say, and no other byte has changed.
 */
#include "proof.h"

#include "image.h"

ANY(struct psvm_vmcb_segment, segment);
ANY(uint64_t, u64);

ANY(struct page, page);
static struct page native, image;

static void prove_image(void)
{
	const struct psvm_vmcb *vmcb = (const struct psvm_vmcb *)&native;
	const unsigned char *bytes = (const unsigned char *)&image;

#define IS(area, name, size, offset) \
	PROVE(vmcb->area.name == element(bytes + (offset), size));
#define IN(area, name, size, count, offset) \
	for (unsigned int i = 0; i < (count); i++) \
		PROVE(vmcb->area.name[i] == element(bytes + (offset) + i * (size), size));
	IMAGE_MEMBERS
#undef IS
#undef IN
}

void proof_psvm_vmcb_load(void)
{
	native = nondet_page();
	image = nondet_page();
	psvm_vmcb_load((struct psvm_vmcb *)&native, &image);
	prove_image();
	REACHED("psvm_vmcb_load");
}

void proof_psvm_vmcb_store(void)
{
	native = nondet_page();
	image = nondet_page();
	psvm_vmcb_store(&image, (const struct psvm_vmcb *)&native);
	prove_image();
	REACHED("psvm_vmcb_store");
}

/* Objects that end with the control area: no byte behind it is accessed. */
struct control_page {
	uint64_t word[PSVM_VMCB_CONTROL_SIZE / 8];
};
ANY(struct control_page, control_page);
static struct control_page native_control, image_control;

void proof_psvm_vmcb_control_load(void)
{
	const struct psvm_vmcb_control *control =
		(const struct psvm_vmcb_control *)&native_control;
	const unsigned char *bytes = (const unsigned char *)&image_control;

	native_control = nondet_control_page();
	image_control = nondet_control_page();
	psvm_vmcb_control_load((struct psvm_vmcb_control *)&native_control, &image_control);
#define IS(area, name, size, offset) \
	IF_##area(PROVE(control->name == element(bytes + (offset), size));)
#define IN(area, name, size, count, offset) \
	IF_##area(for (unsigned int i = 0; i < (count); i++) \
		PROVE(control->name[i] == element(bytes + (offset) + i * (size), size));)
	IMAGE_MEMBERS
#undef IS
#undef IN
	REACHED("psvm_vmcb_control_load");
}

/* --- setters: the member, and the clean bit of its group (15.15.3) -------- */

/* All setters at once: which one is called is any of them. */
static struct page want;

static void want_clean(int group)
{
	uint64_t clean = element((const unsigned char *)&want + 0x0c0, 4);

	if (group != NO_GROUP)
		put(&want, 0x0c0, 4, clean & ~(UINT64_C(1) << group));
}

#define UINT_1 uint8_t
#define UINT_2 uint16_t
#define UINT_4 uint32_t
#define UINT_8 uint64_t

#define SET_SCALAR(area, name, size, offset, group) \
	if (which-- == 0) { \
		UINT_##size value = (UINT_##size)nondet_u64(); \
		\
		psvm_vmcb_set_##name((struct psvm_vmcb *)&native, value); \
		put(&want, offset, size, value); \
		want_clean(group); \
		REACHED("psvm_vmcb_set_" #name); \
	}
#define SET_SEGMENT(name, offset, group) \
	if (which-- == 0) { \
		struct psvm_vmcb_segment value = nondet_segment(); \
		\
		psvm_vmcb_set_##name((struct psvm_vmcb *)&native, value); \
		put(&want, offset, 2, value.selector); \
		put(&want, (offset) + 2, 2, value.attrib); \
		put(&want, (offset) + 4, 4, value.limit); \
		put(&want, (offset) + 8, 8, value.base); \
		want_clean(group); \
		REACHED("psvm_vmcb_set_" #name); \
	}

void proof_psvm_vmcb_set(void)
{
	uint64_t which = nondet_u64();

	native = want = nondet_page();
	SCALARS(SET_SCALAR)
	SEGMENTS(SET_SEGMENT)
	for (unsigned int i = 0; i < PSVM_VMCB_SIZE / 8; i++)
		PROVE(native.word[i] == want.word[i]);
}
