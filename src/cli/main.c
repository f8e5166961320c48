/* SPDX-License-Identifier: MIT */
/* psvm - the semantics of AMD's virtual interrupts, on the command line. */
#include "cli.h"

#include "psvm/version.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

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
};

static int print_help(void)
{
	cli_print(0, "Usage: psvm COMMAND [OPTION]... [ARGUMENT]...");
	cli_print(0, "How hypervisors handle the virtual-interrupt control of AMD SVM, "
		     "bare and nested.");
	putchar('\n');
	for (size_t i = 0; i < N_ROWS(commands); i++)
		cli_print(2, "%-11s %s", commands[i].name, commands[i].words);
	putchar('\n');
	cli_print(0, "\"psvm COMMAND --help\" describes a command, \"psvm --version\" "
		     "prints the version.");
	cli_print(0,
		  "L0 is the hypervisor on the hardware, L1 the one in its guest, L2 "
		  "the guest in that. vmcb12 (12 for short) is what L1 wrote for L2, "
		  "vmcb02 (02) what L0 runs L2 with, vmcb01 (01) what L0 runs L1 with. A "
		  "rule set says what L0 does: as KVM or Xen does, or, \"exact\", as the "
		  "manual asks for.");
	cli_print(0, "Example: psvm check exact");
	return cli_flush("") ? CLI_OK : CLI_BAD;
}

static int print_version(void)
{
	printf("psvm %s\n", PSVM_VERSION);
	return cli_flush("") ? CLI_OK : CLI_BAD;
}

static int refuse(const char *what, const char *name)
{
	char known[128] = "";

	for (size_t i = 0; i < N_ROWS(commands); i++)
		cli_list(known, sizeof(known), commands[i].name);
	cli_fail("", "%s%s; commands are %s; \"psvm --help\" helps", what, name, known);
	return CLI_BAD;
}

static int run(const char *name, int argc, const char **argv)
{
	for (size_t i = 0; i < N_ROWS(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc, argv);
	return refuse(*name == '-' ? "unknown option " : "unknown command ", name);
}

int main(int argc, const char **argv)
{
	if (argc < 2)
		return refuse("no command given", "");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help();
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	return run(argv[1], argc - 1, argv + 1);
}
