/* SPDX-License-Identifier: MIT */
/* psvm enter, psvm sync - a transition on VMCB images, bit by bit. */
#include "output.h"
#include "run.h"

#include "rows.h"

#include <stdlib.h>
#include <string.h>

/* psvm_nested counts one more at VMRUN, in eight bits. */
enum { MAX_NMIS = 254 };

struct options {
	char *rules, *vmcb12, *vmcb02, *vmcb01, *offer, *host, *nmis, *l1_if, *output;
	int json;
};

/* --- options ------------------------------------------------------------- */

static const struct feature {
	const char *name;
	uint32_t offered, used;
} features[] = {
	{ "vgif", PSVM_C(OFFER_VGIF), PSVM_C(HOST_VGIF) },
	{ "vnmi", PSVM_C(OFFER_VNMI), PSVM_C(HOST_VNMI) },
};

static const struct feature *find_feature(const char *name, size_t length)
{
	for (size_t i = 0; i < N_ROWS(features); i++)
		if (strlen(features[i].name) == length &&
		    strncmp(features[i].name, name, length) == 0)
			return &features[i];
	return NULL;
}

static bool parse_features(const struct run *run, const char *option, const char *list,
			   bool offered, uint32_t *facts)
{
	while (list) {
		size_t length = strcspn(list, ",");
		const struct feature *feature = find_feature(list, length);

		if (!feature)
			return cli_fail(run->command,
					"--%s: %s'%.*s'; features are vgif, vnmi", option,
					length ? "unknown feature " : "empty item ",
					(int)length, list);
		*facts |= offered ? feature->offered : feature->used;
		list = list[length] ? list + length + 1 : NULL;
	}
	return true;
}

static bool parse_facts(struct run *run, const struct options *options)
{
	unsigned long nmis = 0, l1_if = 1;
	uint32_t facts = PSVM_C(L1_GIF) | PSVM_C(MOVED_12);

	if (!parse_features(run, "offer", options->offer, true, &facts) ||
	    !parse_features(run, "host", options->host, false, &facts) ||
	    !cli_number(run->command, "nmis", options->nmis, 0, MAX_NMIS, &nmis) ||
	    !cli_number(run->command, "l1-if", options->l1_if, 0, 1, &l1_if))
		return false;
	for (size_t i = 0; i < N_ROWS(features); i++)
		if (facts & features[i].offered && !(facts & features[i].used))
			return cli_fail(run->command,
					"--offer: L0 does not use %s; add it to --host",
					features[i].name);
	run->pages.facts = facts | (l1_if ? PSVM_C(L1_IF) : 0);
	run->pages.nmis = (uint8_t)nmis;
	return true;
}

static bool require(const struct run *run, const char *option, const char *value)
{
	return value || cli_fail(run->command, "--%s is missing; try \"psvm %s --help\"",
				 option, run->command);
}

/* --- images -------------------------------------------------------------- */

static bool load(const char *path, struct psvm_vmcb *vmcb)
{
	unsigned char image[CLI_IMAGE_SIZE];

	if (!cli_image_read(path, image))
		return false;
	psvm_vmcb_load(vmcb, image);
	return true;
}

/* What a hypervisor runs L1 with. */
static void make_vmcb01(struct psvm_vmcb *vmcb, uint32_t facts)
{
	struct psvm_vmcb_control *control = &vmcb->control;

	control->int_ctl = PSVM_V_INTR_MASKING;
	if (facts & PSVM_C(HOST_VGIF))
		control->int_ctl |= PSVM_V_GIF_BITS;
	if (facts & PSVM_C(HOST_VNMI))
		control->int_ctl |= PSVM_V_NMI_ENABLE;
	control->intercept_misc1 = PSVM_INTERCEPT_INTR | PSVM_INTERCEPT_NMI |
				   PSVM_INTERCEPT_SMI | PSVM_INTERCEPT_INIT |
				   PSVM_INTERCEPT_CPUID | PSVM_INTERCEPT_HLT |
				   PSVM_INTERCEPT_IOIO_PROT | PSVM_INTERCEPT_MSR_PROT |
				   PSVM_INTERCEPT_SHUTDOWN;
	control->intercept_misc2 = PSVM_INTERCEPT_VMRUN | PSVM_INTERCEPT_VMMCALL |
				   PSVM_INTERCEPT_VMLOAD | PSVM_INTERCEPT_VMSAVE |
				   PSVM_INTERCEPT_STGI | PSVM_INTERCEPT_CLGI |
				   PSVM_INTERCEPT_SKINIT;
}

static bool load_images(struct run *run, const struct options *options)
{
	make_vmcb01(&run->vmcb01, run->pages.facts);
	return cli_image_read(options->vmcb12, run->image12) &&
	       (!options->vmcb02 || load(options->vmcb02, &run->vmcb02)) &&
	       (!options->vmcb01 || load(options->vmcb01, &run->vmcb01));
}

/* --- the commands -------------------------------------------------------- */

/* The image for -o. */
static bool make_vmcb02(const struct run *run, unsigned char *image)
{
	struct psvm_vmcb vmcb12, vmcb02 = run->vmcb02;

	if (run->result.outcome == PSVM_VMEXIT_INVALID)
		return cli_fail(run->command, "-o: VMRUN fails, there is no vmcb02; "
					      "without -o there is a report");
	psvm_vmcb_load(&vmcb12, run->image12);
	vmcb02.save = vmcb12.save;
	psvm_vmcb_store(image, &vmcb02);
	return true;
}

static bool make_vmcb12(const struct run *run, unsigned char *image)
{
	memcpy(image, run->image12, sizeof(run->image12));
	return true;
}

struct transition {
	const char *command;
	bool needs_02;
	bool (*run)(struct run *run);
	bool (*make)(const struct run *run, unsigned char *image);
};

static bool check_options(struct run *run, const struct transition *transition,
			  const struct options *options)
{
	if (!require(run, "rules", options->rules) ||
	    !require(run, "vmcb12", options->vmcb12) ||
	    (transition->needs_02 && !require(run, "vmcb02", options->vmcb02)) ||
	    !cli_new_file(run->command, "-o", options->output))
		return false;
	run->name = options->rules;
	run->rules = cli_rules(run->command, options->rules);
	return run->rules && parse_facts(run, options);
}

/* Neither a report without the file, nor a file without the report. */
static bool print_and_write(const struct transition *transition, const struct run *run,
			    const struct options *options)
{
	unsigned char image[CLI_IMAGE_SIZE];
	struct cli_output output;

	if (!options->output)
		return run_print(run, options->json);
	if (!transition->make(run, image) ||
	    !cli_output_begin(&output, options->output, image, sizeof(image)))
		return false;
	if (run_print(run, options->json))
		return cli_output_commit(&output);
	cli_output_abandon(&output);
	return false;
}

static bool perform(const struct transition *transition, const struct options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	bool ok;

	if (!run)
		return cli_fail(transition->command, "out of memory");
	run->command = transition->command;
	ok = check_options(run, transition, options) && load_images(run, options) &&
	     transition->run(run) && print_and_write(transition, run, options);
	free(run);
	return ok;
}

static void free_options(const struct options *options)
{
	free(options->rules);
	free(options->vmcb12);
	free(options->vmcb02);
	free(options->vmcb01);
	free(options->offer);
	free(options->host);
	free(options->nmis);
	free(options->l1_if);
	free(options->output);
}

#define STRING(name, letter, member, words, value) \
	{ \
		name, letter, POPT_ARG_STRING, &options.member, 0, words, value \
	}
#define OPTIONS_BEFORE \
	STRING("rules", 'r', rules, "a rule set; \"psvm rules\" lists them", "RULES"), \
		STRING("vmcb12", '\0', vmcb12, "image of the VMCB that L1 wrote", \
		       "FILE"), \
		STRING("vmcb01", '\0', vmcb01, \
		       "image of the VMCB that L0 runs L1 with; the default is below", \
		       "FILE")
#define OPTIONS_BEHIND \
	STRING("host", '\0', host, "features that L0 uses for L1; the default is none", \
	       "vgif,vnmi"), \
		STRING("offer", '\0', offer, \
		       "those of them that L0 offers to L1; the default is none", \
		       "vgif,vnmi"), \
		STRING("nmis", '\0', nmis, \
		       "NMIs for L1 that L0 has queued, up to 254; the default is 0", \
		       "N"), \
		STRING("l1-if", '\0', l1_if, \
		       "L1's RFLAGS.IF at VMRUN; the default is 1", "0|1"), \
		CLI_JSON_OPTION(&options.json), CLI_HELP_OPTION

#define HELP \
	CLI_IMAGE_HELP \
	"\n" \
	"12, 02 and 01 are vmcb12, vmcb02 and vmcb01. A name in parentheses is " \
	"the " \
	"cell of the rule set that decides; \"psvm rules RULES\" prints them.\n" \
	"Without --vmcb01, vmcb01 is a plain one: V_INTR_MASKING = 1; intercepts of " \
	"INTR, " \
	"NMI, SMI, INIT, CPUID, HLT, IOIO_PROT, MSR_PROT, SHUTDOWN, and of the " \
	"SVM " \
	"instructions VMRUN to SKINIT; with --host vgif V_GIF_ENABLE and " \
	"V_GIF, with " \
	"--host vnmi V_NMI_ENABLE.\n"
#define STATUS_HELP \
	"Exit status: 0, or 2 for a usage error or a bad FILE; then nothing is printed " \
	"or written."

static int enter(const void *options, const char **arguments)
{
	static const struct transition transition = { "enter", false, run_enter,
						      make_vmcb02 };

	(void)arguments;
	return perform(&transition, options) ? CLI_OK : CLI_BAD;
}

static int sync_back(const void *options, const char **arguments)
{
	static const struct transition transition = { "sync", true, run_sync,
						      make_vmcb12 };

	(void)arguments;
	return perform(&transition, options) ? CLI_OK : CLI_BAD;
}

int cmd_enter(int argc, const char **argv)
{
	struct options options = { 0 };
	const struct poptOption table[] = {
		OPTIONS_BEFORE,
		STRING("output", 'o', output, "write vmcb02 to FILE, whole or not at all",
		       "FILE"),
		OPTIONS_BEHIND, POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"enter",
		"--rules=RULES --vmcb12=FILE [OPTION]...",
		"L1 executed VMRUN: L0 copies vmcb12, and builds vmcb02 out of the copy "
		"(the snapshot) and of vmcb01. Prints what each bit of int_ctl is "
		"before, what it becomes, where that comes from and why; the other "
		"fields and the intercepts of vmcb02; and what L0 has to do.\n" HELP
		"Assumed: no event is pending, vmcb12 is at a new address, and VMRUN's "
		"other checks accept it.\n"
		"The vmcb02 of -o has the fields that psvm decides, the state save area "
		"of vmcb12, and zero in all other control fields, which are L0's to "
		"choose.\n" STATUS_HELP
		"\nExample: psvm enter --rules linux-6.12 --vmcb12 l1.hex --host vgif",
		table,
		0,
		0
	};
	int status = cli_command(&usage, argc, argv, enter, &options);

	free_options(&options);
	return status;
}

int cmd_sync(int argc, const char **argv)
{
	struct options options = { 0 };
	const struct poptOption table[] = {
		OPTIONS_BEFORE,
		STRING("vmcb02", '\0', vmcb02, "image of the VMCB that L2 ran with",
		       "FILE"),
		STRING("output", 'o', output, "write vmcb12 to FILE, whole or not at all",
		       "FILE"),
		OPTIONS_BEHIND, POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"sync",
		"--rules=RULES --vmcb02=FILE --vmcb12=FILE [OPTION]...",
		"L2 left, and L0 emulates a #VMEXIT to L1: the snapshot of vmcb12, its "
		"refresh from vmcb02, and the hand-back to vmcb12 and vmcb01. Prints "
		"what each bit of int_ctl is before, what it becomes, which of the "
		"three moved it and why; the other fields; and what L0 has to "
		"do.\n" HELP
		"An exit code of INTR, NMI, NPF or an exception in vmcb02 counts as an "
		"exit that L0 deferred (rule set xen). Assumed: no event is pending.\n"
		"The vmcb12 of -o is the given one with the fields that the rule set "
		"stores; exit code, exit information and state save area are L0's to "
		"write.\n" STATUS_HELP
		"\nExample: psvm sync --rules exact --vmcb02 l2.hex --vmcb12 l1.hex",
		table,
		0,
		0
	};
	int status = cli_command(&usage, argc, argv, sync_back, &options);

	free_options(&options);
	return status;
}
