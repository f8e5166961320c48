/* SPDX-License-Identifier: MIT */
/* cli/image.h - VMCB images in files. */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include <stdbool.h>

#define CLI_IMAGE_SIZE 4096

/**
 * Read the image of a VMCB.
 *
 * The file holds the 4096 bytes of the page, or a hex dump of them: hex digits
 * and white space, or the output of "xxd", "hexdump -C" or "od -A x -t x1",
 * with "*" for repeated lines. ("xxd -e", which swaps bytes, looks the same and is
 * misread.)
 *
 * @param path  of the file, "-" for the standard input
 * @param image gets the bytes; undefined if the function fails
 * @return false after one line on stderr that says what is wrong where
 */
bool cli_image_read(const char *path, unsigned char image[CLI_IMAGE_SIZE]);

/**
 * Write the image of a VMCB, whole or not at all: a regular file is replaced
 * in one step, so that nobody ever reads half of the image.
 *
 * @param path  of the file, "-" for the standard output
 * @param image the bytes
 * @return false after one line on stderr; the old file, if any, is untouched
 */
bool cli_image_write(const char *path, const unsigned char image[CLI_IMAGE_SIZE]);

#endif
