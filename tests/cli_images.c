/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

#include "cli_images.h"

#include "psvm/vmcb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void put(unsigned char *image, size_t offset, unsigned int width, uint64_t value)
{
	for (unsigned int i = 0; i < width; i++)
		image[offset + i] = (unsigned char)(value >> 8 * i);
}

uint64_t get(const unsigned char *image, size_t offset, unsigned int width)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < width; i++)
		value |= (uint64_t)image[offset + i] << 8 * i;
	return value;
}

void write_bytes(const char *name, const unsigned char *image, size_t size)
{
	FILE *file = fopen(name, "wb");

	if (!file || fwrite(image, 1, size, file) != size || fclose(file) != 0)
		abort();
}

/* 00Ch: INTR 0, NMI 1, VINTR 4. 060h: as the manual numbers it. */
static void write_exit(const char *name, uint64_t int_ctl, uint32_t misc1,
		       uint64_t int_state, uint64_t exit_code)
{
	unsigned char image[IMAGE] = { 0 };

	put(image, 0x00c, 4, misc1);
	put(image, 0x010, 4, 1);	 /* VMRUN */
	put(image, 0x040, 8, 0x1234000); /* I/O permissions: L0's to choose */
	put(image, 0x05c, 1, 1);
	put(image, 0x060, 8, int_ctl);
	put(image, 0x068, 8, int_state);
	put(image, 0x070, 8, exit_code);
	put(image, 0x578, 8, 0x1000); /* RIP */
	write_bytes(name, image, IMAGE);
}

static void write_image(const char *name, uint64_t int_ctl, uint32_t misc1,
			uint64_t int_state)
{
	write_exit(name, int_ctl, misc1, int_state, 0);
}

void write_images(void)
{
	static unsigned char junk[IMAGE + 1];

	memset(junk, 0xff, sizeof(junk));
	write_image("v12", UINT64_C(0x7100070105), 0x11, 0);
	write_image("\377", 0, 0, 0);
	write_image("v02", UINT64_C(0x71010f0009), 0x11, 1);
	write_exit("vgif", UINT64_C(0x2000200), 0x11, 0, PSVM_EXIT_VMMCALL);
	write_exit("deferred", UINT64_C(0x2000200), 0x11, 0, PSVM_EXIT_NMI);
	if (symlink("nowhere", "link") != 0)
		abort();
	write_image("window", UINT64_C(0x10f0100), 0x11, 0);
	write_image("nmi", UINT64_C(0x5000800), 0x13, 0);
	write_image("vnmi", UINT64_C(0x4000000), 0x01, 0);
	write_image("reserved", UINT64_C(0xff00007100070105), 0x01, 0);
	write_bytes("short", junk, 100);
	write_bytes("junk", junk, IMAGE);
	write_bytes("long", junk, IMAGE + 1);
}

