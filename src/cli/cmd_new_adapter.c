/* SPDX-License-Identifier: MIT */
/* psvm new-adapter - something to begin with, for one's own hypervisor. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILD "cc -O2 -shared -fPIC -o adapter.so adapter.c $(pkg-config --cflags psvm)"

/* Texts, line by line. */
/* clang-format off */
static const char source[] =
	"/*\n"
	" * An adapter for psvm: your hypervisor's own functions behind psvm's transitions.\n"
	" * Build it with CMake, or with\n"
	" *\n"
	" *\t" BUILD "\n"
	" *\n"
	" * and then see what L1 can tell of it, and what has changed since the last one:\n"
	" *\n"
	" *\tpsvm check ./adapter.so\n"
	" *\tpsvm diff ./old.so ./adapter.so\n"
	" *\n"
	" * What is in the structs, and which functions there can be: psvm/nested.h and\n"
	" * psvm/adapter.h.\n"
	" */\n"
	"#include <psvm/adapter.h>\n"
	"\n"
	"/*\n"
	" * A #VMEXIT from L2 to L1: what the processor has written while L2 ran goes back to\n"
	" * vmcb12, and L1's GIF is 0. Fill your own structures from *n here, call your own\n"
	" * function, and put into *r what it has changed. This example forgets something that\n"
	" * L0 may have in vmcb02: psvm check shows what comes of it.\n"
	" */\n"
	"static void hand_back(const struct psvm_nested *n, struct psvm_result *r)\n"
	"{\n"
	"\tuint64_t written = PSVM_V_TPR | PSVM_V_IRQ;\n"
	"\tuint64_t shadow = PSVM_INT_STATE_INTERRUPT_SHADOW;\n"
	"\n"
	"\tr->v12.int_ctl = (n->v12.int_ctl & ~written) | (n->v02.int_ctl & written);\n"
	"\tr->v12.int_state = (n->v12.int_state & ~shadow) | (n->v02.int_state & shadow);\n"
	"\tr->v12.event_inj = 0;\n"
	"\tr->v12.exit_int_info = n->v02.exit_int_info;\n"
	"\tr->store12 = PSVM_F_INT_CTL | PSVM_F_INT_SHADOW | PSVM_F_EVENT_INJ |\n"
	"\t\t     PSVM_F_EXIT_INT_INFO;\n"
	"\tr->gif = 0;\n"
	"\tif (n->facts & PSVM_C(HOST_VGIF))\n"
	"\t\tr->v01.int_ctl &= ~PSVM_V_GIF;\n"
	"\tr->requests = PSVM_REQUEST_EVENT;\n"
	"}\n"
	"\n"
	"/* What is left out is as in a rule set; \"psvm rules\" lists them. */\n"
	"const struct psvm_adapter psvm_adapter = {\n"
	"\tPSVM_ADAPTER_HEAD(\"an example\", \"exact\"),\n"
	"\t.hand_back = hand_back,\n"
	"};\n";

static const char cmake[] =
	"cmake_minimum_required(VERSION 3.25)\n"
	"project(adapter LANGUAGES C)\n"
	"\n"
	"find_package(psvm REQUIRED)\n"
	"add_library(adapter MODULE adapter.c)\n"
	"target_link_libraries(adapter PRIVATE psvm::psvm)\n"
	"set_target_properties(adapter PROPERTIES PREFIX \"\" C_VISIBILITY_PRESET hidden)\n";
/* clang-format on */

static const struct {
	const char *name, *text;
} files[] = { { "adapter.c", source }, { "CMakeLists.txt", cmake } };

enum { FILES = sizeof(files) / sizeof(files[0]) };

static bool write_file(int directory, const char *name, const char *text)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL, 0666);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool done;

	if (file == NULL)
		return false;
	done = fputs(text, file) >= 0;
	return fclose(file) == 0 && done;
}

/* Nothing is left of what could not be written. */
static bool give_up(const char *path, int directory, const char *name)
{
	(void)cli_fail("new-adapter", "%s/%s: %s", path, name, strerror(errno));
	for (size_t i = 0; i < FILES; i++)
		(void)unlinkat(directory, files[i].name, 0);
	(void)rmdir(path);
	return false;
}

static bool write_all(const char *path)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY);
	bool done = directory >= 0 ||
		    cli_fail("new-adapter", "%s: %s", path, strerror(errno));

	for (size_t i = 0; done && i < FILES; i++)
		done = write_file(directory, files[i].name, files[i].text) ||
		       give_up(path, directory, files[i].name);
	if (directory >= 0)
		(void)close(directory);
	return done;
}

static int new_adapter(const void *options, const char **arguments)
{
	const char *directory = arguments[0];

	(void)options;
	if (mkdir(directory, 0777) != 0) {
		cli_fail("new-adapter", "%s: %s", directory, strerror(errno));
		return CLI_BAD;
	}
	if (!write_all(directory))
		return CLI_BAD;
	printf("%s/adapter.c is an adapter with one function. Build and check it:\n\n"
	       "    cd %s\n"
	       "    " BUILD "\n"
	       "    psvm check ./adapter.so\n",
	       directory, directory);
	return cli_flush("new-adapter") ? CLI_OK : CLI_BAD;
}

int cmd_new_adapter(int argc, const char **argv)
{
	const struct poptOption table[] = { CLI_HELP_OPTION, POPT_TABLEEND };
	const struct cli_usage usage = {
		"new-adapter",
		"DIR",
		"Makes the directory DIR with a C file and a CMakeLists.txt: an adapter "
		"through which psvm calls the functions of your own hypervisor. It has a "
		"working example in it and builds as it is.\n"
		"Exit status: 0, or 2 if it could not be written.\n"
		"Example: psvm new-adapter mine",
		table,
		1,
		1
	};

	return cli_command(&usage, argc, argv, new_adapter, NULL);
}
