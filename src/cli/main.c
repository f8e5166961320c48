/* SPDX-License-Identifier: MIT */
/* psvm - the semantics of AMD's virtual interrupts, on the command line. */
#include "cli.h"
#include "help.h"
#include "nearest.h"

#include "psvm/version.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

static int cmd_help(int argc, const char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, const char **argv);
	const char *words;
} commands[] = {
	{ "decode", cmd_decode, "print VMCB images in names" },
	{ "enter", cmd_enter, "L1 executes VMRUN: how vmcb02 is built, bit by bit" },
	{ "sync", cmd_sync, "#VMEXIT to L1: what goes back into vmcb12, bit by bit" },
	{ "check", cmd_check, "can L1 tell that it is nested? every way, with a story" },
	{ "diff", cmd_diff,
	  "every functional difference between two rule sets, or your own code" },
	{ "explain", cmd_explain, "a value of int_ctl, or one field of it, drawn" },
	{ "replay", cmd_replay,
	  "recorded experiments on the machines, and what differs" },
	{ "rules", cmd_rules, "the rule sets: a list, and each one as a table" },
	{ "new-adapter", cmd_new_adapter,
	  "check your own code: something to begin with" },
	{ "help", cmd_help, "the help of a command" },
};

static void print_rows(void)
{
	char name[32];

	puts("\nCommands:");
	for (size_t i = 0; i < N_ROWS(commands); i++) {
		(void)snprintf(name, sizeof(name), "  %s", commands[i].name);
		help_print_row(name, commands[i].words);
	}
	puts("\nOptions:");
	help_print_row("  -h, --help", "show this help and exit");
	help_print_row("      --version", "print the version and exit");
	putchar('\n');
}

static int print_help(void)
{
	cli_print(0, "Usage: psvm COMMAND [OPTION]... [ARGUMENT]...");
	putchar('\n');
	cli_print(0, "How hypervisors handle the virtual-interrupt control of AMD SVM, "
		     "bare and nested.");
	print_rows();
	cli_print(0, "\"psvm COMMAND --help\" or \"psvm help COMMAND\" describes a "
		     "command.");
	cli_print(0,
		  "L0 is the hypervisor on the hardware, L1 the one in its guest, L2 "
		  "the guest in that. vmcb12 (12 for short) is what L1 wrote for L2, "
		  "vmcb02 (02) what L0 runs L2 with, vmcb01 (01) what L0 runs L1 with. A "
		  "rule set says what L0 does: as KVM or Xen does, or, \"exact\", as the "
		  "manual asks for.");
	cli_print(0, "Exit status: 0; 1 if check or diff found a difference, or replay a "
		     "mismatch; 2 for a usage error or a bad file, and then nothing has "
		     "been printed or written.");
	cli_print(0, "Example: psvm check exact");
	return cli_flush("") ? CLI_OK : CLI_BAD;
}

static int print_version(void)
{
	printf("psvm %s\n", PSVM_VERSION);
	return cli_flush("") ? CLI_OK : CLI_BAD;
}

/* --- which command ------------------------------------------------------- */

static const char *known_commands(void)
{
	static char known[256];

	known[0] = '\0';
	for (size_t i = 0; i < N_ROWS(commands); i++)
		cli_list(known, sizeof(known), commands[i].name);
	return known;
}

static int refuse(const char *name)
{
	struct cli_nearest nearest = { .word = name };

	cli_nearest_offer(&nearest, "--help");
	cli_nearest_offer(&nearest, "--version");
	for (size_t i = 0; i < N_ROWS(commands); i++)
		cli_nearest_offer(&nearest, commands[i].name);
	cli_fail("", "unknown %s '%s'%s; commands are %s; try \"psvm --help\"",
		 *name == '-' ? "option" : "command", name,
		 cli_nearest_question(&nearest), known_commands());
	return CLI_BAD;
}

static int run(const char *name, int argc, const char **argv)
{
	for (size_t i = 0; i < N_ROWS(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc, argv);
	return refuse(name);
}

static int help(const void *options, const char **names)
{
	const char *argv[] = { names[0], "--help", NULL };

	(void)options;
	return names[0] ? run(names[0], 2, argv) : print_help();
}

static int cmd_help(int argc, const char **argv)
{
	static const struct poptOption table[] = { CLI_HELP_OPTION, POPT_TABLEEND };
	static const struct cli_usage usage = {
		"help",
		"[COMMAND]",
		"Prints the help of a command, as \"psvm COMMAND --help\" does; without "
		"COMMAND, what commands there are.\n"
		"Exit status: 0, or 2 for a usage error.\n"
		"Example: psvm help check",
		table,
		0,
		1
	};

	return cli_command(&usage, argc, argv, help, NULL);
}

int main(int argc, const char **argv)
{
	if (argc < 2) {
		cli_fail("", "no command given; commands are %s; try \"psvm --help\"",
			 known_commands());
		return CLI_BAD;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help();
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	return run(argv[1], argc - 1, argv + 1);
}
