/* SPDX-License-Identifier: MIT */
/* cli/dump.h - hex dumps of VMCB images. */
#ifndef CLI_DUMP_H
#define CLI_DUMP_H

#include <stdbool.h>

#define CLI_IMAGE_SIZE 4096

/**
 * Read a hex dump of an image.
 *
 * Lines of hex digits, single bytes, or the output of "xxd", "hexdump -C" or
 * "od -A x -t x1", with "*" for repeated lines. Words, whose bytes may be in
 * any order, are refused: "od -x", "hexdump" without options, gdb's "x/8xw".
 * So is "xxd -e", which looks like "xxd -g 4" but for its characters on the
 * right; if these cannot tell, both are refused. (Only "xxd -e -g 2" of an
 * image without printable characters cannot be told from plain "xxd".)
 *
 * @param name  of the file, for messages
 * @param text  the dump, which is cut into pieces
 * @param image gets the bytes; undefined if the function fails
 * @return false after one line on stderr that says what is wrong where
 */
bool cli_dump_parse(const char *name, char *text, unsigned char image[CLI_IMAGE_SIZE]);

#endif
