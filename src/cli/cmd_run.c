/* SPDX-License-Identifier: MIT */
/* psvm enter, psvm sync - a transition on VMCB images, bit by bit. */
#define PSVM_EXTERN
#include "psvm/nested.h"

#include "run.h"

#include "psvm/names.h"
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool parse_number(const struct run *run, const char *option, const char *text,
			 unsigned long max, unsigned long *number)
{
	char *end;

	if (!text)
		return true;
	errno = 0;
	*number = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || *number > max)
		return cli_fail(run->command, "--%s: '%s' is not a number from 0 to %lu",
				option, text, max);
	return true;
}

static bool parse_facts(struct run *run, const struct options *options)
{
	unsigned long nmis = 0, l1_if = 1;
	uint32_t facts = PSVM_C(L1_GIF) | PSVM_C(MOVED_12);

	if (!parse_features(run, "offer", options->offer, true, &facts) ||
	    !parse_features(run, "host", options->host, false, &facts) ||
	    !parse_number(run, "nmis", options->nmis, UINT8_MAX, &nmis) ||
	    !parse_number(run, "l1-if", options->l1_if, 1, &l1_if))
		return false;
	run->pages.facts = facts | (l1_if ? PSVM_C(L1_IF) : 0);
	run->pages.nmis = (uint8_t)nmis;
	return true;
}

/* Xen defers the #VMEXIT for an event that came to L0: it is not L2's doing. */
static bool is_deferred(uint64_t exit_code)
{
	return exit_code == PSVM_EXIT_INTR || exit_code == PSVM_EXIT_NMI ||
	       exit_code == PSVM_EXIT_NPF || exit_code / 32 == PSVM_EXIT_EXCP_DE / 32;
}

static bool require(const struct run *run, const char *option, const char *value)
{
	return value ||
	       cli_fail(run->command, "--%s is missing; \"psvm %s --help\" helps", option,
			run->command);
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

/* --- running ------------------------------------------------------------- */

static bool refuse(const struct run *run, struct psvm_status status)
{
	char words[PSVM_WORDS_SIZE];

	(void)psvm_words_of_status(words, sizeof(words), status);
	return cli_fail(run->command, "refused (%s): %s", psvm_name_of_code(status.code),
			words);
}

/* The words before, and the snapshot. */
static bool begin(struct run *run)
{
	struct psvm_vmcb_control control;
	struct psvm_result r;

	run->pages.vmcb01 = &run->vmcb01;
	run->pages.vmcb02 = &run->vmcb02;
	run->pages.snapshot = &run->snapshot;
	run->pages.vmcb12 = run->image12;
	psvm_vmcb_control_load(&control, run->image12);
	run->nested.v12 = run_words(&control);
	run->nested.v02 = run_words(&run->vmcb02.control);
	run->nested.v01 = run_words(&run->vmcb01.control);
	run->nested.facts = run->pages.facts;
	run->nested.nmis = run->pages.nmis;
	r = psvm_vmcb_snapshot(run->rules, &run->pages);
	return r.status.code == PSVM_OK || refuse(run, r.status);
}

static const struct source enter_02[] = {
	{ PSVM_CELL_ENTER_CLEAR_02, NO_GATE, AT_FIRST, "built from zero" },
	{ PSVM_CELL_ENTER_FROM_12, NO_GATE, AT_FIRST, "from 12" },
	{ PSVM_CELL_ENTER_FROM_01, NO_GATE, AT_FIRST, "from 01" },
	{ PSVM_CELL_ENTER_SET_02, NO_GATE, AT_FIRST, "forced to 1" },
	{ PSVM_CELL_VMRUN_SET_02, NO_GATE, AT_FIRST, "set because VMRUN sets GIF" },
	{ PSVM_CELL_CLOSE_CLEAR_02, PSVM_CELL_VMRUN_CLOSE, THEN,
	  "cleared because VMRUN closes a window" },
	{ PSVM_CELL_CLOSE_RESTORE_02, PSVM_CELL_VMRUN_CLOSE, THEN,
	  "from 12 because VMRUN closes a window" },
};
static const struct source enter_01[] = {
	{ PSVM_CELL_ENTER_CLEAR_01, NO_GATE, AT_FIRST, "cleared" },
	{ PSVM_CELL_VMRUN_SET_01, NO_GATE, AT_FIRST, "set because VMRUN sets GIF" },
	{ PSVM_CELL_CLOSE_CLEAR_01, PSVM_CELL_VMRUN_CLOSE, THEN,
	  "cleared because VMRUN closes a window" },
};
static const struct source failed_01[] = {
	{ PSVM_CELL_HANDBACK_CLEAR_01, NO_GATE, AT_FIRST,
	  "cleared because #VMEXIT clears GIF" },
	{ PSVM_CELL_CLOSE_CLEAR_01, PSVM_CELL_HANDBACK_CLOSE, AT_FIRST,
	  "cleared because #VMEXIT closes a window" },
};
static const struct source failed_12[] = {
	{ PSVM_CELL_HANDBACK_TO_12, PSVM_CELL_INVALID_HANDS_BACK, AT_FIRST, "from 02" },
};
static const struct source sync_12[] = {
	{ PSVM_CELL_SNAPSHOT_INT_CTL, NO_GATE, AT_FIRST, "cleared in the snapshot" },
	{ PSVM_CELL_REFRESH_TO_12, NO_GATE, AT_FIRST, "from 02 at the refresh" },
	{ PSVM_CELL_HANDBACK_TO_12, NO_GATE, THEN, "from 02 at the hand-back" },
};
static const struct source sync_01[] = {
	{ PSVM_CELL_HANDBACK_TO_01, NO_GATE, THEN, "from 02" },
	{ PSVM_CELL_HANDBACK_QUEUE, NO_GATE, AT_LAST, "from L0's queue of NMIs" },
	{ PSVM_CELL_HANDBACK_CLEAR_01, NO_GATE, AT_LAST,
	  "cleared because #VMEXIT clears GIF" },
	{ PSVM_CELL_CLOSE_CLEAR_01, PSVM_CELL_HANDBACK_CLOSE, AT_LAST,
	  "cleared because #VMEXIT closes a window" },
};

#define SOURCES(sources) sources, N_ROWS(sources)

/* The condition of the line that made VMRUN fail. */
static void explain_failure(struct run *run, char *why, size_t size)
{
	const struct psvm_move *moves = run->rules->cell[PSVM_CELL_ENTER_INVALID].move;

	for (size_t i = 0; i < PSVM_MOVES; i++) {
		if (!(moves[i].bits & PSVM_FLAG) ||
		    !run_applies(&moves[i], run->conditions[AT_FIRST]))
			continue;
		(void)psvm_words_of_condition(why, size, moves[i].on, moves[i].off);
		run->outcome_why = why;
		return;
	}
}

/* The word at 060h of vmcb12 is stored in halves, or not at all. */
static void tell_vmcb12(struct run *run, const struct source *sources, size_t n_sources)
{
	const struct psvm_nested *n = &run->nested;
	const struct psvm_result *r = &run->result;
	uint64_t written = (r->store12 & PSVM_F_INT_CTL ? ~PSVM_INT_VECTOR_DWORD : 0) |
			   (r->store12 & PSVM_F_INT_VECTOR ? PSVM_INT_VECTOR_DWORD : 0);

	run->stories[0] = (struct story){
		.title = "int_ctl of vmcb12",
		.columns = { "12", "02" },
		.from = { n->v12.int_ctl, n->v02.int_ctl },
		.before = n->v12.int_ctl,
		.after = (n->v12.int_ctl & ~written) | (r->v12.int_ctl & written),
		.written = written,
		.sources = sources,
		.n_sources = n_sources,
		.otherwise = "stays as L1 wrote it",
	};
	run->target = "vmcb12";
	run->fields[0] = &n->v12;
	run->fields[1] = &r->v12;
	run->stored = r->store12;
}

static void tell_back_01(struct run *run, const struct source *sources, size_t n_sources)
{
	const struct psvm_nested *n = &run->nested;

	run->stories[1] = (struct story){
		.title = "int_ctl of 01",
		.columns = { "01", "02" },
		.from = { n->v01.int_ctl, n->v02.int_ctl },
		.before = n->v01.int_ctl,
		.after = run->result.v01.int_ctl,
		.written = UINT64_MAX,
		.sources = sources,
		.n_sources = n_sources,
		.otherwise = "stays",
		.changes_only = true,
	};
}

static void tell_failure(struct run *run)
{
	static char why[PSVM_WORDS_SIZE];

	run->outcome = "VMRUN fails with VMEXIT_INVALID, L2 does not run";
	explain_failure(run, why, sizeof(why));
	tell_vmcb12(run, SOURCES(failed_12));
	tell_back_01(run, SOURCES(failed_01));
}

static void tell_entry(struct run *run)
{
	const struct psvm_nested *n = &run->nested;
	const struct psvm_result *r = &run->result;

	run->outcome = "VMRUN succeeds";
	run->stories[0] = (struct story){
		.title = "int_ctl of 02",
		.columns = { "12", "01" },
		.from = { n->v12.int_ctl, n->v01.int_ctl },
		.before = n->v02.int_ctl,
		.after = r->v02.int_ctl,
		.written = UINT64_MAX,
		.sources = enter_02,
		.n_sources = N_ROWS(enter_02),
		.otherwise = "stays as the last run left it",
	};
	run->stories[1] = (struct story){
		.title = "int_ctl of 01",
		.columns = { "12", "01" },
		.from = { n->v12.int_ctl, n->v01.int_ctl },
		.before = n->v01.int_ctl,
		.after = r->v01.int_ctl,
		.written = UINT64_MAX,
		.sources = enter_01,
		.n_sources = N_ROWS(enter_01),
		.otherwise = "stays",
		.changes_only = true,
	};
	run->target = "vmcb02";
	run->fields[0] = &n->v02;
	run->fields[1] = &r->v02;
	run->stored = UINT32_MAX;
	run->intercepts = true;
}

/* What decides about a window after 02 and 01 have been built: what they are
 * before it may be closed. */
static uint32_t conditions_of_built(const struct run *run, struct psvm_nested n)
{
	struct psvm_rules rules = *run->rules;
	struct psvm_result r;

	memset(&rules.cell[PSVM_CELL_REENTER_CLOSE], 0, sizeof(*rules.cell));
	r = psvm_reenter(&rules, n);
	n.v02 = r.v02;
	n.v01 = r.v01;
	return psvm_conditions(n);
}

static bool run_enter(struct run *run)
{
	struct psvm_nested n;

	if (!begin(run))
		return false;
	n = run->nested;
	n.v12 = run_words(&run->snapshot);
	run->conditions[AT_FIRST] = psvm_conditions(n);
	run->conditions[THEN] = conditions_of_built(run, n);
	run->result = psvm_vmcb_enter(run->rules, &run->pages);
	if (run->result.outcome == PSVM_VMEXIT_INVALID)
		tell_failure(run);
	else
		tell_entry(run);
	return true;
}

static void tell_exit(struct run *run)
{
	run->outcome = "L1 finds its VMCB after the #VMEXIT";
	tell_vmcb12(run, SOURCES(sync_12));
	tell_back_01(run, SOURCES(sync_01));
}

/* What decides about L0's NMIs after 01 has got its own back. */
static uint32_t conditions_of_returned(const struct run *run, struct psvm_nested n)
{
	uint64_t bits = 0;

	(void)psvm_rule(run->rules, n, PSVM_CELL_HANDBACK_TO_01, &bits);
	n.v01.int_ctl = (n.v01.int_ctl & ~bits) | (n.v02.int_ctl & bits);
	return psvm_conditions(n);
}

static bool run_sync(struct run *run)
{
	struct psvm_nested n;

	if (is_deferred(run->vmcb02.control.exit_code))
		run->pages.facts |= PSVM_C(DEFERRED);
	if (!begin(run))
		return false;
	n = run->nested;
	n.v12 = run_words(&run->snapshot);
	run->conditions[AT_FIRST] = psvm_conditions(n);
	(void)psvm_vmcb_refresh(run->rules, &run->pages);
	n.v12 = run_words(&run->snapshot);
	run->conditions[THEN] = psvm_conditions(n);
	run->conditions[AT_LAST] = conditions_of_returned(run, n);
	run->result = psvm_vmcb_nested_sync_int_ctl(run->rules, &run->pages);
	tell_exit(run);
	return true;
}

/* --- the commands -------------------------------------------------------- */

static bool write_vmcb02(struct run *run, const char *path)
{
	unsigned char image[CLI_IMAGE_SIZE];
	struct psvm_vmcb vmcb12;

	if (run->result.outcome == PSVM_VMEXIT_INVALID)
		return cli_fail(run->command, "VMRUN fails, there is no vmcb02 for %s",
				path);
	psvm_vmcb_load(&vmcb12, run->image12);
	run->vmcb02.save = vmcb12.save;
	psvm_vmcb_store(image, &run->vmcb02);
	return cli_image_write(path, image);
}

static bool write_vmcb12(struct run *run, const char *path)
{
	return cli_image_write(path, run->image12);
}

struct transition {
	const char *command;
	bool needs_02;
	bool (*run)(struct run *run);
	bool (*write)(struct run *run, const char *path);
};

static bool check_options(struct run *run, const struct transition *transition,
			  const struct options *options)
{
	if (!require(run, "rules", options->rules) ||
	    !require(run, "vmcb12", options->vmcb12) ||
	    (transition->needs_02 && !require(run, "vmcb02", options->vmcb02)))
		return false;
	if (options->output && strcmp(options->output, "-") == 0)
		return cli_fail(run->command,
				"-o -: the report goes to the standard output; "
				"give -o a FILE");
	run->name = options->rules;
	run->rules = cli_rules(run->command, options->rules);
	return run->rules && parse_facts(run, options);
}

static bool perform(const struct transition *transition, const struct options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	bool ok;

	if (!run)
		return cli_fail(transition->command, "out of memory");
	run->command = transition->command;
	ok = check_options(run, transition, options) && load_images(run, options) &&
	     transition->run(run) && run_print(run, options->json) &&
	     (!options->output || transition->write(run, options->output));
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
#define COMMON_OPTIONS \
	STRING("rules", 'r', rules, "the rule set", "RULES"), \
		STRING("vmcb12", '\0', vmcb12, "image of the VMCB that L1 wrote", \
		       "FILE"), \
		STRING("vmcb01", '\0', vmcb01, "image of the VMCB that L0 runs L1 with", \
		       "FILE"), \
		STRING("offer", '\0', offer, \
		       "features that L0 offers to L1: vgif, vnmi", "LIST"), \
		STRING("host", '\0', host, "features that L0 uses for L1: vgif, vnmi", \
		       "LIST"), \
		STRING("nmis", '\0', nmis, "NMIs for L1 that L0 has queued, 0 to 255", \
		       "N"), \
		STRING("l1-if", '\0', l1_if, \
		       "L1's RFLAGS.IF at VMRUN, 0 or 1 (default 1)", "IF"), \
		{ "json", 'j', POPT_ARG_NONE, &options.json, 0, "print JSON", NULL }, \
		CLI_HELP_OPTION

#define COMMON_HELP \
	"An image is 4096 bytes or a hex dump of them; \"-\" is the standard input.\n" \
	"Without --vmcb01 it is a plain one: V_INTR_MASKING = 1; intercepts of INTR, " \
	"NMI, " \
	"SMI, INIT, CPUID, HLT, IOIO_PROT, MSR_PROT, SHUTDOWN, and of the SVM " \
	"instructions " \
	"VMRUN to SKINIT; with --host vgif V_GIF_ENABLE and V_GIF, with --host vnmi " \
	"V_NMI_ENABLE.\n" \
	"What L0 offers it must use itself."

static int command(const struct transition *transition, const struct cli_usage *usage,
		   const struct options *options, int argc, const char **argv)
{
	const char **arguments;
	poptContext context;
	enum cli_parsed parsed = cli_parse(usage, argc, argv, &context, &arguments);
	bool ok = parsed == CLI_GO ? perform(transition, options) : parsed == CLI_HELPED;

	poptFreeContext(context);
	free_options(options);
	return ok ? CLI_OK : CLI_BAD;
}

int cmd_enter(int argc, const char **argv)
{
	static const struct transition transition = { "enter", false, run_enter,
						      write_vmcb02 };
	struct options options = { 0 };
	const struct poptOption table[] = {
		COMMON_OPTIONS,
		STRING("output", 'o', output, "write vmcb02 to FILE, whole or not at all",
		       "FILE"),
		POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"enter",
		"--rules RULES --vmcb12 FILE [OPTION]...",
		"L1 executed VMRUN: L0 takes its snapshot and builds vmcb02. Prints "
		"where "
		"each bit of int_ctl comes from and why, and what else is to "
		"do.\n" COMMON_HELP "\n"
		"It is taken that no event is pending, that vmcb12 is at a new address, "
		"and that VMRUN's other checks accept it.\n"
		"The vmcb02 of -o has the fields that psvm decides, the state save area "
		"of "
		"vmcb12, and zero in all other control fields, which are L0's to choose.",
		table,
		0,
		0
	};

	return command(&transition, &usage, &options, argc, argv);
}

int cmd_sync(int argc, const char **argv)
{
	static const struct transition transition = { "sync", true, run_sync,
						      write_vmcb12 };
	struct options options = { 0 };
	const struct poptOption table[] = {
		COMMON_OPTIONS,
		STRING("vmcb02", '\0', vmcb02, "image of the VMCB that L2 ran with",
		       "FILE"),
		STRING("output", 'o', output, "write vmcb12 to FILE, whole or not at all",
		       "FILE"),
		POPT_TABLEEND
	};
	const struct cli_usage usage = {
		"sync",
		"--rules RULES --vmcb02 FILE --vmcb12 FILE [OPTION]...",
		"L0 emulates a #VMEXIT from L2 to L1: snapshot of vmcb12, refresh, "
		"hand-back. "
		"Prints where each bit of int_ctl goes back to and why, and what else is "
		"to "
		"do.\n" COMMON_HELP "\n"
		"An exit code of INTR, NMI, NPF or an exception in vmcb02 counts as an "
		"exit that L0 deferred (rule set xen).\n"
		"The vmcb12 of -o is the given one with the fields that the rule set "
		"stores; "
		"exit code, exit information and state save area are L0's to write.",
		table,
		0,
		0
	};

	return command(&transition, &usage, &options, argc, argv);
}
