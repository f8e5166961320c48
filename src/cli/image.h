/* SPDX-License-Identifier: MIT */
/* cli/image.h - VMCB images from files. */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include "dump.h"

/* The paragraph about images in a command's help. */
#define CLI_IMAGE_HELP \
	"An image is 4096 bytes, or a hex dump of them in the order of memory: hex " \
	"digits, or the output of \"xxd\", \"hexdump -C\" or \"od -A x -t x1\". \"-\" " \
	"is the " \
	"standard input."

/**
 * Read the image of a VMCB.
 *
 * The file holds the 4096 bytes of the page, or a hex dump of them as
 * cli_dump_parse() takes it.
 *
 * @param path  of the file, "-" for the standard input, which can be read once
 * @param image gets the bytes; undefined if the function fails
 * @return false after one line on stderr that says what is wrong where
 */
bool cli_image_read(const char *path, unsigned char image[CLI_IMAGE_SIZE]);

#endif
