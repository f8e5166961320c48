/* SPDX-License-Identifier: MIT */
/*
 * psvm/vmcb.h: after every load, store and setter each byte is where the manual's tables
 * (vmcb_manual.h) say, and no other byte has changed.
 */
#include "proof.h"

#include "image.h"

ANY(struct psvm_vmcb, vmcb);
ANY(struct psvm_vmcb_segment, segment);
ANY(uint64_t, u64);

/* The bytes of structure and image, in words, which CBMC knows one by one. */
struct page {
	uint64_t word[PSVM_VMCB_SIZE / 8];
};
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

static void prove_same(const struct psvm_vmcb *got, const struct psvm_vmcb *want)
{
	uint64_t i = nondet_u64();

#define IS(area, name, size, offset) PROVE(got->area.name == want->area.name);
#define IN(area, name, size, count, offset) \
	PROVE(i >= (count) || got->area.name[i] == want->area.name[i]);
	IMAGE_MEMBERS
#undef IS
#undef IN
}

static void set_clean(struct psvm_vmcb *vmcb, int group)
{
	if (group != NO_GROUP)
		vmcb->control.clean &= ~(UINT32_C(1) << group);
}

#define UINT_1 uint8_t
#define UINT_2 uint16_t
#define UINT_4 uint32_t
#define UINT_8 uint64_t

#define SETTER(area, name, type, any_value, group) \
	{ \
		struct psvm_vmcb before = nondet_vmcb(), got = before, want = before; \
		type value = any_value; \
		\
		psvm_vmcb_set_##name(&got, value); \
		want.area.name = value; \
		set_clean(&want, group); \
		prove_same(&got, &want); \
		REACHED("psvm_vmcb_set_" #name); \
	}
#define SET_SCALAR(area, name, size, offset, group) \
	SETTER(area, name, UINT_##size, (UINT_##size)nondet_u64(), group)
#define SET_SEGMENT(name, offset, group) \
	SETTER(save, name, struct psvm_vmcb_segment, nondet_segment(), group)

void proof_psvm_vmcb_set(void)
{
	SCALARS(SET_SCALAR)
	SEGMENTS(SET_SEGMENT)
}
