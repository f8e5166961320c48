/* SPDX-License-Identifier: MIT */
/* cli/cmd_decode.h - the command "psvm decode". */
#ifndef CLI_CMD_DECODE_H
#define CLI_CMD_DECODE_H

/**
 * psvm decode [--json] [--all] FILE...
 *
 * @param argv argv[0] is the name of the command
 * @return 0, or 2 after a usage error, a bad FILE or a failed write, each with
 *         one line on stderr
 */
int cmd_decode(int argc, const char **argv);

#endif
