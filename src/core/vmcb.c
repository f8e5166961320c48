/* SPDX-License-Identifier: MIT */
/*
 * Between the page of a VMCB and struct psvm_vmcb.
 *
 * Both hold the same bytes; on a big-endian machine the bytes of each element
 * are in reverse order. So both directions are one permutation of bytes, which
 * is the walk over the rows of psvm/vmcb_fields.h, reserved ranges included.
 *
 * The image is accessed through volatile: it may be memory that a guest is
 * writing (every byte once), and no compiler may turn the copy into a call of
 * memcpy(), which a freestanding program need not have.
 */
#include "psvm/vmcb.h"

/* A run of elements of equal width. The runs tile the page without gaps. */
struct run {
	uint16_t width;
	uint16_t count;
};

#define RUNS_1(count)  { 1, count },
#define RUNS_2(count)  { 2, count },
#define RUNS_4(count)  { 4, count },
#define RUNS_8(count)  { 8, count },
/* A segment: selector and attributes, limit, base. */
#define RUNS_16(count) { 2, 2 }, { 4, 1 }, { 8, 1 },

#define RUNS(name, type, offset, width, count, clean, gate, section) RUNS_##width(count)
#define RUNS_RESERVED(begin, end)				     { 1, (end) - (begin) },

static const struct run page_runs[] = { PSVM_VMCB_CONTROL_LAYOUT(
	RUNS, RUNS, RUNS_RESERVED) PSVM_VMCB_SAVE_LAYOUT(RUNS, RUNS, RUNS_RESERVED) };

/*
 * What to exclusive-or to the offset of a byte of an element, to get from the
 * order of the image to the order of this machine: elements are aligned to
 * their width, a power of two.
 */
static size_t reversal(size_t width)
{
	static const uint16_t probe = 1;

	return (width - 1) * (size_t)(1 - *(const unsigned char *)&probe);
}

static size_t run_size(struct run run)
{
	return (size_t)run.width * run.count;
}

static void load_run(unsigned char *native, const volatile unsigned char *image,
		     size_t begin, struct run run)
{
	size_t flip = reversal(run.width);

	for (size_t i = begin; i < begin + run_size(run); i++)
		native[i ^ flip] = image[i];
}

static void store_run(volatile unsigned char *image, const unsigned char *native,
		      size_t begin, struct run run)
{
	size_t flip = reversal(run.width);

	for (size_t i = begin; i < begin + run_size(run); i++)
		image[i] = native[i ^ flip];
}

/* Load the first size bytes of a page; a run ends there. */
static void load(void *native, const volatile void *image, size_t size)
{
	const struct run *run = page_runs;

	for (size_t begin = 0; begin < size; begin += run_size(*run++))
		load_run(native, image, begin, *run);
}

void psvm_vmcb_control_load(struct psvm_vmcb_control *control, const volatile void *image)
{
	load(control, image, sizeof(*control));
}

void psvm_vmcb_load(struct psvm_vmcb *vmcb, const void *image)
{
	load(vmcb, image, sizeof(*vmcb));
}

void psvm_vmcb_store(void *image, const struct psvm_vmcb *vmcb)
{
	const struct run *run = page_runs;

	for (size_t begin = 0; begin < sizeof(*vmcb); begin += run_size(*run++))
		store_run(image, (const unsigned char *)vmcb, begin, *run);
}
