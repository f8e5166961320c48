/* SPDX-License-Identifier: MIT */
/* The images, good and bad, that rows of test_cli name. */
#ifndef PSVM_TESTS_CLI_IMAGES_H
#define PSVM_TESTS_CLI_IMAGES_H

#include <stddef.h>
#include <stdint.h>

enum { IMAGE = 4096 };

/* All of them, into the working directory. */
void write_images(void);

void write_bytes(const char *name, const unsigned char *image, size_t size);

/* A little-endian number in an image. */
void put(unsigned char *image, size_t offset, unsigned int width, uint64_t value);
uint64_t get(const unsigned char *image, size_t offset, unsigned int width);

#endif
