/* SPDX-License-Identifier: MIT */
/*
 * The command, as a user runs it: test_cli PSVM, with the path of the command.
 *
 * Each row is one call in a directory with images that are made here: what it
 * prints, what it says on stderr, and its exit status. After an error there is
 * exactly one line on stderr and nothing on stdout, otherwise nothing on stderr.
 */
#define _XOPEN_SOURCE 700

#include "command.h"

#define PSVM_EXTERN
#include "psvm/nested.h"
#include "psvm/version.h"
#include "rows.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IMAGE = PSVM_VMCB_SIZE };

static char directory[] = "/tmp/psvm-test-cli-XXXXXX";

/* --- rows ---------------------------------------------------------------- */

#define ENTER "enter --rules exact --vmcb12 v12 "
#define SYNC  "sync --rules linux-6.12 --vmcb12 v12 --vmcb02 v02 "
#define KNOWN \
	"linux-6.1, lkml-2022-base, lkml-2022, lkml-2022-vnmi, linux-6.12, linux-7.2, " \
	"xen, exact"

static struct row rows[] = {
	{ "help",
	  "--help",
	  0,
	  { "Usage: psvm COMMAND", "  diff ", "  rules " },
	  { NULL } },
	{ "help, short", "-h", 0, { "Usage: psvm COMMAND" }, { NULL } },
	{ "version", "--version", 0, { "psvm " PSVM_VERSION "\n" }, { NULL } },
	{ "no command",
	  "",
	  2,
	  { NULL },
	  { "no command given", "decode, enter, sync, check, diff" } },
	{ "unknown command",
	  "dif",
	  2,
	  { NULL },
	  { "unknown command dif", "diff, replay, rules" } },
	{ "unknown option", "--nope", 2, { NULL }, { "unknown option --nope" } },
	{ "help does not fit",
	  "--help >/dev/full",
	  2,
	  { NULL },
	  { "standard output: " } },
	{ "version does not fit",
	  "--version >/dev/full",
	  2,
	  { NULL },
	  { "standard output: " } },

	{ "decode", "decode v12", 0, { "V_IRQ", "V_INTR_VECTOR=0x71" }, { NULL } },
	{ "decode everything",
	  "decode --all v12",
	  0,
	  { "V_NMI_ENABLE=0x0", "control area\n", "save area\n", "0x0d1: 00" },
	  { NULL } },
	{ "decode reserved bits",
	  "decode reserved junk",
	  0,
	  { "==> reserved <==\n", "==> junk <==\n", "reserved bits 63:56 are set",
	    "(reserved value)" },
	  { NULL } },
	{ "decode a good and a bad one",
	  "decode short v12",
	  2,
	  { NULL },
	  { "short: 100 bytes" } },
	{ "decode a bad and a good one",
	  "decode v12 short",
	  2,
	  { NULL },
	  { "short: 100 bytes" } },
	{ "decode JSON, a good and a bad one",
	  "decode --json v12 none",
	  2,
	  { NULL },
	  { "none: No such file" } },
	{ "decode JSON, a bad one",
	  "decode --json none",
	  2,
	  { NULL },
	  { "none: No such file" } },
	{ "decode JSON, a name that is not UTF-8",
	  "decode --json v12 \"$(printf '\\377')\"",
	  2,
	  { NULL },
	  { "no JSON: out of memory, or the name is not UTF-8" } },
	{ "decode standard input twice",
	  "decode - - <v12",
	  2,
	  { NULL },
	  { "standard input: \"-\" is given twice" } },
	{ "decode option twice",
	  "decode --all -a v12",
	  2,
	  { NULL },
	  { "psvm decode: --all is given twice" } },
	{ "decode bad option",
	  "decode --yaml v12",
	  2,
	  { NULL },
	  { "psvm decode: --yaml" } },
	{ "decode does not fit",
	  "decode v12 >/dev/full",
	  2,
	  { NULL },
	  { "standard output: " } },
	{ "decode no file", "decode", 2, { NULL }, { "psvm decode: 1 argument missing" } },

	{ "rules help", "rules --help", 0, { "Usage: psvm rules", "--json" }, { NULL } },
	{ "rules help does not fit",
	  "rules --help >/dev/full",
	  2,
	  { NULL },
	  { "psvm rules: standard output: " } },
	{ "rules list",
	  "rules",
	  0,
	  { "linux-6.12      Linux 6.12.107 to 6.12.117\n", "exact           what the" },
	  { NULL } },
	{ "rules of lkml-2022",
	  "rules lkml-2022",
	  0,
	  { "HANDBACK_TO_12: 02 to vmcb12\n"
	    "      V_TPR, V_IRQ: if V_INTR_MASKING of 12 = 1\n"
	    "      V_GIF: if vGIF is nested\n",
	    "hand-back (L0 emulates #VMEXIT",
	    "      event: if V_INTR_MASKING of 12 = 0 and V_IRQ of 02 = 1\n" },
	  { NULL } },
	{ "rules of xen",
	  "rules xen",
	  0,
	  { "all but V_INTR_MASKING: always", "MERGE_WORDS: merged",
	    "      unless the emulated VMRUN has not run" },
	  { NULL } },
	{ "rules unknown",
	  "rules linux-6.2",
	  2,
	  { NULL },
	  { "psvm rules: unknown rule set 'linux-6.2'", KNOWN } },
	{ "rules superfluous",
	  "rules xen exact",
	  2,
	  { NULL },
	  { "superfluous argument 'exact'", "usage: psvm rules" } },
	{ "rules bad option",
	  "rules --yaml",
	  2,
	  { NULL },
	  { "psvm rules: --yaml: unknown option",
	    "usage: psvm rules [--json] [RULES]" } },
	{ "rules does not fit",
	  "rules exact >/dev/full",
	  2,
	  { NULL },
	  { "standard output: " } },
	{ "rules closed", "rules exact >&-", 2, { NULL }, { "standard output: " } },

	{ "diff help",
	  "diff --help",
	  0,
	  { "Usage: psvm diff", "Exit status: 0" },
	  { NULL } },
	{ "diff of the seed",
	  "diff lkml-2022-base lkml-2022",
	  1,
	  { "lkml-2022-base and lkml-2022: 3 functional changes\n",
	    "1. At hand-back:\n"
	    "   if V_INTR_MASKING of 12 = 0\n"
	    "   int_ctl of vmcb12: V_TPR\n"
	    "      lkml-2022-base: 02's\n"
	    "      lkml-2022: 12's, stays as it is\n",
	    "refuted by the model", "Complete over " },
	  { NULL } },
	{ "diff of the seed, seen by L1",
	  "diff --scope short lkml-2022-base lkml-2022",
	  1,
	  { "L1 can see it: V_TPR in vmcb12 after #VMEXIT: ",
	    "L1 can see it: V_IRQ in vmcb12 after #VMEXIT: 0 without the change, V_IRQ",
	    "L1 and L2 have not seen it (scope short, ", "L1 can see 2 of them." },
	  { NULL } },
	{ "diff, nobody asks L1",
	  "diff --scope none lkml-2022-base lkml-2022",
	  1,
	  { "3 functional changes" },
	  { NULL } },
	{ "diff, bad scope",
	  "diff --scope half lkml-2022-base lkml-2022",
	  2,
	  { NULL },
	  { "psvm diff: --scope: 'half' is not short, none, default or full\n" } },
	{ "diff of the seed, swapped",
	  "diff --scope none lkml-2022 lkml-2022-base",
	  1,
	  { "3 functional changes",
	    "struct psvm_nested n = { .v02 = { .int_ctl = 0x100 } };" },
	  { NULL } },
	{ "diff of one with itself",
	  "diff xen xen",
	  0,
	  { "xen and xen: no functional change\n", "Complete over " },
	  { NULL } },
	{ "diff with terms",
	  "diff --scope none linux-6.1 linux-6.12",
	  1,
	  { "if (1) ", "or if (2) ", "At VMRUN and re-enter:", "where VMRUN succeeds" },
	  { NULL } },
	{ "diff with intercepts",
	  "diff --scope none linux-6.12 xen",
	  1,
	  { "struct psvm_intercepts i12 = { ", "exits that go to L1: VMMCALL",
	    "the waiting interrupt's", "(1) " },
	  { NULL } },
	{ "diff of one change",
	  "diff --scope none linux-6.12 linux-7.2",
	  1,
	  { "linux-6.12 and linux-7.2: 1 functional change\n", "int_state of 12",
	    "RSVD_63_40", "bits 30:12" },
	  { NULL } },
	{ "diff missing", "diff xen", 2, { NULL }, { "1 argument missing" } },
	{ "diff missing both", "diff", 2, { NULL }, { "2 arguments missing" } },
	{ "diff superfluous",
	  "diff xen xen xen",
	  2,
	  { NULL },
	  { "superfluous argument" } },
	{ "diff unknown first", "diff kvm xen", 2, { NULL }, { "'kvm'", KNOWN } },
	{ "diff unknown second", "diff xen kvm", 2, { NULL }, { "'kvm'", KNOWN } },
	{ "diff does not fit",
	  "diff --scope none linux-6.12 linux-7.2 >/dev/full",
	  2,
	  { NULL },
	  { "psvm diff: standard output: " } },
	{ "diff JSON does not fit",
	  "diff --scope none --json linux-6.12 linux-7.2 >/dev/full",
	  2,
	  { NULL },
	  { "psvm diff: standard output: " } },

	{ "enter help",
	  "enter --help",
	  0,
	  { "Usage: psvm enter", "--l1-if", "Without --vmcb01, vmcb01 is a plain one" },
	  { NULL } },
	{ "enter",
	  ENTER,
	  0,
	  { "enter, exact: VMRUN succeeds\n",
	    "V_TPR          12 0x5, 01 0x0 -> 0x5  from 12, always (ENTER_FROM_12)\n",
	    "V_INTR_MASKING 12 0x0, 01 0x1 -> 0x1  forced to 1, always (ENTER_SET_02)\n",
	    "  00Ch INTR, NMI, SMI, INIT, VINTR, CPUID" },
	  { NULL } },
	{ "enter with vGIF",
	  ENTER "--host vgif",
	  0,
	  { "set because VMRUN sets GIF, if L0 uses vGIF for L1 and vGIF is not "
	    "nested (VMRUN_SET_02)" },
	  { NULL } },
	{ "enter with both features",
	  ENTER "--host vgif,vnmi --offer vgif,vnmi",
	  0,
	  { "V_GIF_ENABLE   12 0x0, 01 0x1 -> 0x1  from 01, unless vGIF is nested",
	    "V_NMI_ENABLE   12 0x0, 01 0x1 -> 0x0  built from zero, always" },
	  { NULL } },
	{ "enter with the NMI state of 01",
	  "enter --rules lkml-2022-vnmi --vmcb12 v12 --host vnmi",
	  0,
	  { "V_NMI_ENABLE   12 0x0, 01 0x1 -> 0x1  from 01, if L0 uses vNMI" },
	  { NULL } },
	{ "enter closes a window",
	  "enter --rules linux-6.1 --vmcb12 v12 --vmcb01 window",
	  0,
	  { "from 12 because VMRUN closes a window, always (CLOSE_RESTORE_02)",
	    "int_ctl of 01\n"
	    "  V_IRQ          12 0x1, 01 0x1 -> 0x0  cleared because VMRUN closes a" },
	  { NULL } },
	{ "enter closes a window, exact",
	  "enter --rules exact --vmcb12 v12 --vmcb01 window",
	  0,
	  { "V_IRQ          12 0x1, 01 0x1 -> 0x1  from 12, always (ENTER_FROM_12)\n",
	    "  V_INTR_PRIO    12 0x7, 01 0xf -> 0x0  cleared because VMRUN closes a "
	    "window" },
	  { NULL } },
	{ "enter takes an NMI",
	  "enter --rules exact --vmcb12 v12 --vmcb01 nmi --host vnmi "
	  "--nmis 2",
	  0,
	  { "V_NMI          12 0x0, 01 0x1 -> 0x0  cleared, if L0 uses vNMI",
	    "NMIs for L1 that L0 has queued: 2 -> 3", "requests: event" },
	  { NULL } },
	{ "enter fails",
	  "enter --rules linux-6.12 --vmcb12 vnmi",
	  0,
	  { "VMRUN fails with VMEXIT_INVALID, L2 does not run, if V_NMI_ENABLE of 12 "
	    "= 1 and NMI not intercepted in 12\n",
	    "other fields of vmcb12", "fields stored in vmcb12: event_inj" },
	  { NULL } },
	{ "enter fails, to a file",
	  "enter --rules linux-6.12 --vmcb12 vnmi -o failed",
	  2,
	  { NULL },
	  { "psvm enter: -o: VMRUN fails, there is no vmcb02" } },
	{ "enter, reserved bits",
	  "enter --rules linux-6.1 --vmcb12 reserved",
	  0,
	  { "RSVD_63_40     12 0xff0000, 01 0x0 -> 0xff0000  from 12" },
	  { NULL } },
	{ "enter, reserved bits dropped",
	  "enter --rules linux-7.2 --vmcb12 reserved",
	  0,
	  { "RSVD_63_40     12 0xff0000, 01 0x0 -> 0x0  from 12, cleared in the snapshot, "
	    "always (SNAPSHOT_INT_CTL)" },
	  { NULL } },
	{ "enter, JSON does not fit",
	  ENTER "--json >/dev/full",
	  2,
	  { NULL },
	  { "psvm enter: standard output: " } },
	{ "enter does not fit",
	  ENTER ">/dev/full",
	  2,
	  { NULL },
	  { "psvm enter: standard output: " } },
	{ "enter without rules",
	  "enter --vmcb12 v12",
	  2,
	  { NULL },
	  { "psvm enter: --rules is missing" } },
	{ "enter without vmcb12",
	  "enter --rules xen",
	  2,
	  { NULL },
	  { "psvm enter: --vmcb12 is missing" } },
	{ "enter with unknown rules",
	  "enter --rules 6.12 --vmcb12 v12",
	  2,
	  { NULL },
	  { "unknown rule set '6.12'", KNOWN } },
	{ "enter superfluous",
	  ENTER "v02",
	  2,
	  { NULL },
	  { "superfluous argument 'v02'" } },
	{ "enter no such file",
	  "enter --rules xen --vmcb12 none",
	  2,
	  { NULL },
	  { "none: No such file" } },
	{ "enter no such vmcb01",
	  ENTER "--vmcb01 none",
	  2,
	  { NULL },
	  { "none: No such file" } },
	{ "enter truncated",
	  "enter --rules xen --vmcb12 short",
	  2,
	  { NULL },
	  { "short: ", "100 bytes", "4096" } },
	{ "enter oversized",
	  "enter --rules xen --vmcb12 long",
	  2,
	  { NULL },
	  { "long: ", "4097 bytes", "4096" } },
	{ "enter a directory",
	  "enter --rules xen --vmcb12 .",
	  2,
	  { NULL },
	  { ".: Is a directory" } },
	{ "enter nothing",
	  "enter --rules xen --vmcb12 -",
	  2,
	  { NULL },
	  { "standard input: 0 bytes" } },
	{ "enter offers what is not used",
	  ENTER "--offer vgif",
	  2,
	  { NULL },
	  { "refused (PSVM_E_FACT)",
	    "OFFER_VGIF: vGIF is offered to L1, but L0 does not" } },
	{ "enter unknown feature",
	  ENTER "--offer avic",
	  2,
	  { NULL },
	  { "--offer: unknown feature 'avic'", "vgif, vnmi" } },
	{ "enter part of a feature",
	  ENTER "--host vgi",
	  2,
	  { NULL },
	  { "--host: unknown feature 'vgi'" } },
	{ "enter empty feature",
	  ENTER "--host vgif,",
	  2,
	  { NULL },
	  { "--host: empty item ''" } },
	{ "enter no feature",
	  ENTER "--offer ''",
	  2,
	  { NULL },
	  { "--offer: empty item ''" } },
	{ "enter too many NMIs",
	  ENTER "--nmis 255",
	  2,
	  { NULL },
	  { "--nmis: '255' is not a number from 0 to 254" } },
	{ "enter most NMIs",
	  ENTER "--nmis 254",
	  0,
	  { "NMIs for L1 that L0 has queued: 254 -> 254" },
	  { NULL } },
	{ "enter NMIs with a blank", ENTER "--nmis ' 1'", 2, { NULL }, { "' 1' is not" } },
	{ "enter NMIs with a sign", ENTER "--nmis +1", 2, { NULL }, { "'+1' is not" } },
	{ "enter NMIs in hex", ENTER "--nmis 0x1", 2, { NULL }, { "'0x1' is not" } },
	{ "enter negative NMIs",
	  ENTER "--nmis=-1",
	  2,
	  { NULL },
	  { "'-1' is not a number" } },
	{ "enter huge NMIs",
	  ENTER "--nmis 99999999999999999999",
	  2,
	  { NULL },
	  { "is not a number from 0 to 254" } },
	{ "enter NMIs with a tail", ENTER "--nmis 2x", 2, { NULL }, { "'2x' is not" } },
	{ "enter no NMIs", ENTER "--nmis ''", 2, { NULL }, { "'' is not a number" } },
	{ "enter bad IF",
	  ENTER "--l1-if 2",
	  2,
	  { NULL },
	  { "--l1-if: '2' is not a number from 0 to 1" } },
	{ "enter to stdout", ENTER "-o -", 2, { NULL }, { "-o -: the report goes" } },
	{ "enter to nowhere",
	  ENTER "-o none/v02",
	  2,
	  { NULL },
	  { "none/v02: No such file" } },
	{ "enter to a directory", ENTER "-o .", 2, { NULL }, { ".: Is a directory" } },
	{ "enter to no name",
	  ENTER "-o ''",
	  2,
	  { NULL },
	  { "psvm enter: -o: the name of the file is empty" } },
	{ "enter to a dangling link",
	  ENTER "-o link",
	  2,
	  { NULL },
	  { "link: a symbolic link that leads nowhere" } },
	{ "enter rules twice",
	  ENTER "--rules xen",
	  2,
	  { NULL },
	  { "psvm enter: --rules is given twice" } },
	{ "enter output twice",
	  ENTER "-o a --output=b",
	  2,
	  { NULL },
	  { "psvm enter: --output is given twice" } },
	{ "enter standard input twice",
	  "enter --rules xen --vmcb12 - --vmcb01 - <v12",
	  2,
	  { NULL },
	  { "standard input: \"-\" is given twice" } },
	{ "enter option without value",
	  "enter --rules",
	  2,
	  { NULL },
	  { "psvm enter: --rules: ", "usage: psvm enter" } },

	{ "sync help", "sync --help", 0, { "Usage: psvm sync", "--vmcb02" }, { NULL } },
	{ "sync",
	  SYNC,
	  0,
	  { "V_TPR          12 0x5, 02 0x9 -> 0x9  from 02 at the refresh, always "
	    "(REFRESH_TO_12)\n",
	    "V_IRQ          12 0x1, 02 0x0 -> 0x0  from 02 at the refresh, unless VINTR ",
	    "V_INTR_PRIO    12 0x7, 02 0xf -> 0x7  stays as L1 wrote it\n",
	    "int_state      0 -> INTERRUPT_SHADOW\n" },
	  { NULL } },
	{ "sync, one moment for one rule",
	  "sync --rules exact --vmcb12 v12 --vmcb02 v02",
	  0,
	  { "V_TPR          12 0x5, 02 0x9 -> 0x9  from 02 at the refresh, always "
	    "(REFRESH_TO_12)\n",
	    "V_IRQ          12 0x1, 02 0x0 -> 0x0  from 02 at the refresh, if VINTR not "
	    "intercepted in 01 and V_IRQ of 12 = 1 (REFRESH_TO_12)\n",
	    "  14 rows left out: all zero (--json has them)\nint_ctl of 01\n",
	    "tlb_control    TLB_CONTROL=0x1 (not written)\n"
	    "  2 rows left out: all zero" },
	  { NULL } },
	{ "sync of the seed",
	  "sync --rules lkml-2022 --vmcb12 v12 --vmcb02 v02",
	  0,
	  { "V_TPR          12 0x5, 02 0x9 -> 0x5  stays as L1 wrote it\n",
	    "requests: implicit event\n",
	    "tlb_control    TLB_CONTROL=0x1 -> TLB_CONTROL=0x1" },
	  { NULL } },
	{ "sync with NMIs",
	  SYNC "--host vgif,vnmi --nmis 2",
	  0,
	  { "V_NMI          01 0x0, 02 0x0 -> 0x1  from L0's queue of NMIs, if L0 uses",
	    "NMIs for L1 that L0 has queued: 2 -> 1",
	    "cleared because #VMEXIT clears GIF, if L0 uses vGIF for L1 "
	    "(HANDBACK_CLEAR_01)" },
	  { NULL } },
	{ "sync closes a window",
	  "sync --rules exact --vmcb12 v12 --vmcb02 v02 --vmcb01 window --l1-if 0",
	  0,
	  { "V_IRQ          12 0x1, 02 0x0 -> 0x1  stays as L1 wrote it",
	    "cleared because #VMEXIT closes a", "requests: event\n" },
	  { NULL } },
	{ "sync leaves the vector alone",
	  "sync --rules linux-7.2 --vmcb12 reserved --vmcb02 v02",
	  0,
	  { "RSVD_63_40     12 0xff0000, 02 0x0 -> 0xff0000  stays as L1 wrote it",
	    "fields stored in vmcb12: int_ctl 31:0, int_state" },
	  { NULL } },
	{ "sync of xen",
	  "sync --rules xen --vmcb12 v12 --vmcb02 v02",
	  0,
	  { "from 02 at the hand-back, always", "requests: none",
	    "tlb_control    TLB_CONTROL=0x1 -> 0\n",
	    "int_ctl of 01\n  nothing changes\n" },
	  { NULL } },
	{ "sync of xen, deferred",
	  "sync --rules xen --vmcb12 v12 --vmcb02 deferred --host vgif",
	  0,
	  { "V_GIF          12 0x0, 02 0x1 -> 0x0  from 02 at the hand-back, cleared "
	    "there first, if L0 deferred this #VMEXIT and V_GIF_ENABLE of 02 = 1 "
	    "(HANDBACK_CLEAR_02)\n",
	    "V_GIF_ENABLE   12 0x0, 02 0x1 -> 0x1  from 02 at the hand-back, always" },
	  { NULL } },
	{ "sync of xen, not deferred",
	  "sync --rules xen --vmcb12 v12 --vmcb02 vgif --host vgif",
	  0,
	  { "V_GIF          12 0x0, 02 0x1 -> 0x1  from 02 at the hand-back, always" },
	  { NULL } },
	{ "sync without vmcb02",
	  "sync --rules xen --vmcb12 v12",
	  2,
	  { NULL },
	  { "psvm sync: --vmcb02 is missing" } },
	{ "sync no such vmcb02",
	  "sync --rules xen --vmcb12 v12 --vmcb02 none",
	  2,
	  { NULL },
	  { "none: No such file" } },
	{ "sync offers what is not used",
	  SYNC "--offer vnmi",
	  2,
	  { NULL },
	  { "OFFER_VNMI: vNMI is offered" } },
	{ "sync does not fit", SYNC ">/dev/full", 2, { NULL }, { "standard output: " } },
};

/* No line of the report is wider than the terminal, but for long words. */
static void test_narrow(void **state)
{
	static const char *const calls[] = { "--help", "rules", "rules exact", SYNC,
					     "diff --scope none linux-6.1 lkml-2022-base" };

	(void)state;
	for (size_t i = 0; i < N_ROWS(calls); i++) {
		assert_true(run_in(30, calls[i]) < 2);
		for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
			if (strlen(line) > 30 && strchr(line + strspn(line, " "), ' '))
				fail_msg("%zu columns: %s", strlen(line), line);
	}
	assert_int_equal(run_in(30, "rules"), 0);
	assert_contains(out, "lkml-2022-base  linux-6.1 with\n"
			     "    patches 02/13 and 03/13 of\n");
}

/* Without COLUMNS, and with one that makes no sense, it is 80. */
static void test_default(void **state)
{
	(void)state;
	assert_int_equal(run_in(0, "rules"), 0);
	assert_contains(out, "lkml-2022       lkml-2022-base with patch 04/13, the seed, "
			     "and its review\n    applied\n");
}

/* --- JSON ---------------------------------------------------------------- */

struct json_row {
	const char *name;
	const char *arguments;
	int status;
	const char *path;     /* members and indexes, with dots */
	const char *expected; /* of the string, or number, or size of the array */
};

static struct json_row json_rows[] = {
	{ "decode file", "decode --json v12", 0, "0.file", "v12" },
	{ "decode bits", "decode --json v12", 0, "0.fields.4.bits.0.name", "V_TPR" },
	{ "decode everything", "decode --json --all v12", 0, "0.hidden", "0" },
	{ "rules list", "rules --json", 0, "", "8" },
	{ "rules name", "rules --json", 0, "6.name", "xen" },
	{ "rules cell", "rules --json lkml-2022", 0, "cells.0.cell", "ENTER_INVALID" },
	{ "rules condition", "rules --json lkml-2022", 0, "cells.0.lines.0.on.0",
	  "CHECKS_FAILED" },
	{ "diff changes", "diff --scope none --json lkml-2022-base lkml-2022", 1, "changes", "3" },
	{ "diff condition", "diff --scope none --json lkml-2022-base lkml-2022", 1, "changes.0.if.0",
	  "V_INTR_MASKING of 12 = 0" },
	{ "diff moment", "diff --scope none --json lkml-2022-base lkml-2022", 1, "changes.1.moment",
	  "hand-back" },
	{ "diff bits", "diff --scope none --json lkml-2022-base lkml-2022", 1,
	  "changes.1.parts.0.bits", "0x100" },
	{ "diff sides", "diff --scope none --json lkml-2022-base lkml-2022", 1, "changes.1.parts.0.a",
	  "02's" },
	{ "diff example", "diff --scope none --json lkml-2022-base lkml-2022", 1,
	  "changes.2.example.nested", ".v02 = { .int_ctl = 0x100 }" },
	{ "diff claim", "diff --scope none --json lkml-2022-base lkml-2022", 1,
	  "claim.refuted_by_the_model", "true" },
	{ "diff visible", "diff --json lkml-2022-base lkml-2022", 1,
	  "changes.1.visible.verdict", "yes" },
	{ "diff story", "diff --json lkml-2022-base lkml-2022", 1,
	  "changes.1.visible.story.steps.0.act", "VMRUN" },
	{ "diff not seen", "diff --json lkml-2022-base lkml-2022", 1,
	  "changes.2.visible.complete", "false" },
	{ "diff not looked at", "diff --scope none --json lkml-2022-base lkml-2022", 1,
	  "changes.2.visible", "null" },
	{ "diff without a claim", "diff --json xen xen", 0, "claim", "null" },
	{ "diff equal", "diff --json xen xen", 0, "changes", "0" },
	{ "diff scopes", "diff --json xen xen", 0, "complete_over.scopes", "15" },
	{ "diff terms", "diff --scope none --json linux-6.12 exact", 1, "complete_over.scopes.1.only",
	  "whether it fails" },
	{ "enter outcome", ENTER "--json", 0, "outcome", "VMRUN succeeds" },
	{ "enter value", ENTER "--json", 0, "int_ctl.0.after.value", "0x7101070105" },
	{ "enter source", ENTER "--json", 0, "int_ctl.0.bits.0.cell", "ENTER_FROM_12" },
	{ "enter intercepts", ENTER "--json", 0, "intercepts.00Ch.value", "0x9904001f" },
	{ "enter all rows", ENTER "--json", 0, "int_ctl.0.bits", "19" },
	{ "enter all rows of 01", ENTER "--json", 0, "int_ctl.1.bits", "19" },
	{ "enter failure", "enter --rules linux-6.12 --vmcb12 vnmi --json", 0, "why",
	  "if V_NMI_ENABLE of 12 = 1 and NMI not intercepted in 12" },
	{ "sync value", SYNC "--json", 0, "int_ctl.0.after.value", "0x7100070009" },
	{ "sync words", SYNC "--json", 0, "int_ctl.0.after.words",
	  "V_TPR=0x9 V_INTR_PRIO=0x7 V_INTR_VECTOR=0x71" },
	{ "sync GIF", SYNC "--json", 0, "gif", "0" },
	{ "sync fields", SYNC "--json", 0, "fields.0.after.words", "INTERRUPT_SHADOW" },
};

static json_t *walk(json_t *json, const char *path)
{
	while (json && *path) {
		size_t length = strcspn(path, ".");
		char step[64];

		snprintf(step, sizeof(step), "%.*s", (int)length, path);
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(step))
					   : json_object_get(json, step);
		path += length + (path[length] == '.');
	}
	return json;
}

static void print_json(char *text, size_t size, const json_t *json)
{
	if (json_is_string(json))
		snprintf(text, size, "%s", json_string_value(json));
	else if (json_is_array(json))
		snprintf(text, size, "%zu", json_array_size(json));
	else if (json_is_integer(json))
		snprintf(text, size, "%lld", (long long)json_integer_value(json));
	else
		snprintf(text, size, "%s",
			 json_is_true(json)    ? "true"
			 : json_is_false(json) ? "false"
			 : json_is_null(json)  ? "null"
					       : "missing");
}

static void test_json(void **state)
{
	const struct json_row *row = *state;
	json_error_t error;
	char text[1024];
	json_t *json;

	assert_int_equal(run(row->arguments), row->status);
	assert_string_equal(err, "");
	json = json_loads(out, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("line %d: %s", error.line, error.text);
	print_json(text, sizeof(text), walk(json, row->path));
	json_decref(json);
	assert_string_equal(text, row->expected);
}

/* --- images -------------------------------------------------------------- */

static void put(unsigned char *image, size_t offset, unsigned int width, uint64_t value)
{
	for (unsigned int i = 0; i < width; i++)
		image[offset + i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get(const unsigned char *image, size_t offset, unsigned int width)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < width; i++)
		value |= (uint64_t)image[offset + i] << 8 * i;
	return value;
}

static void write_bytes(const char *name, const unsigned char *image, size_t size)
{
	FILE *file = fopen(name, "wb");

	if (!file || fwrite(image, 1, size, file) != size || fclose(file) != 0)
		abort();
}

/* 00Ch: INTR 0, NMI 1, VINTR 4. 060h: as the manual numbers it. */
static void write_exit(const char *name, uint64_t int_ctl, uint32_t misc1,
		       uint64_t int_state, uint64_t exit_code)
{
	unsigned char image[IMAGE] = { 0 };

	put(image, 0x00c, 4, misc1);
	put(image, 0x010, 4, 1);	 /* VMRUN */
	put(image, 0x040, 8, 0x1234000); /* I/O permissions: L0's to choose */
	put(image, 0x05c, 1, 1);
	put(image, 0x060, 8, int_ctl);
	put(image, 0x068, 8, int_state);
	put(image, 0x070, 8, exit_code);
	put(image, 0x578, 8, 0x1000); /* RIP */
	write_bytes(name, image, IMAGE);
}

static void write_image(const char *name, uint64_t int_ctl, uint32_t misc1,
			uint64_t int_state)
{
	write_exit(name, int_ctl, misc1, int_state, 0);
}

static int set_up(void **state)
{
	static unsigned char junk[IMAGE + 1];

	(void)state;
	memset(junk, 0xff, sizeof(junk));
	if (!mkdtemp(directory) || chdir(directory) != 0)
		return -1;
	write_image("v12", UINT64_C(0x7100070105), 0x11, 0);
	write_image("\377", 0, 0, 0);
	write_image("v02", UINT64_C(0x71010f0009), 0x11, 1);
	write_exit("vgif", UINT64_C(0x2000200), 0x11, 0, PSVM_EXIT_VMMCALL);
	write_exit("deferred", UINT64_C(0x2000200), 0x11, 0, PSVM_EXIT_NMI);
	if (symlink("nowhere", "link") != 0)
		return -1;
	write_image("window", UINT64_C(0x10f0100), 0x11, 0);
	write_image("nmi", UINT64_C(0x5000800), 0x13, 0);
	write_image("vnmi", UINT64_C(0x4000000), 0x01, 0);
	write_image("reserved", UINT64_C(0xff00007100070105), 0x01, 0);
	write_bytes("short", junk, 100);
	write_bytes("junk", junk, IMAGE);
	write_bytes("long", junk, IMAGE + 1);
	return 0;
}

static int tear_down(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -r %s", directory);
	return chdir("/") == 0 && system(line) == 0 ? 0 : -1;
}

/* -o of enter: what psvm decides, the state save area, and zero. */
static void test_vmcb02(void **state)
{
	unsigned char image[IMAGE + 1];

	(void)state;
	assert_int_equal(run(ENTER "-o entered"), 0);
	assert_int_equal(read_file("entered", (char *)image, sizeof(image)), IMAGE);
	assert_int_equal(get(image, 0x060, 8), UINT64_C(0x7101070105));
	assert_int_equal(get(image, 0x00c, 4), 0x9904001f);
	assert_int_equal(get(image, 0x010, 4), 0x7f);
	assert_int_equal(get(image, 0x040, 8), 0);
	assert_int_equal(get(image, 0x05c, 1), 1);
	assert_int_equal(get(image, 0x578, 8), 0x1000);
}

/* -o of sync: vmcb12 but for the fields that the rule set stores. */
static void test_vmcb12(void **state)
{
	unsigned char before[IMAGE + 1], after[IMAGE + 1];

	(void)state;
	assert_int_equal(run(SYNC "--output synced"), 0);
	assert_int_equal(read_file("synced", (char *)after, sizeof(after)), IMAGE);
	assert_int_equal(read_file("v12", (char *)before, sizeof(before)), IMAGE);
	assert_int_equal(get(after, 0x060, 8), UINT64_C(0x7100070009));
	assert_int_equal(get(after, 0x068, 8), 1);
	put(before, 0x060, 8, UINT64_C(0x7100070009));
	put(before, 0x068, 8, 1);
	assert_memory_equal(before, after, IMAGE);
}

/* A report that cannot be written leaves the file of -o alone. */
static void test_whole(void **state)
{
	char old[16];

	(void)state;
	write_bytes("old", (const unsigned char *)"old", 3);
	assert_int_equal(run(SYNC "-o old >/dev/full"), 2);
	assert_int_equal(read_file("old", old, sizeof(old)), 3);
	assert_int_equal(run(SYNC "--offer vgif -o old"), 2);
	assert_int_equal(read_file("old", old, sizeof(old)), 3);
}

/* --- all cases ----------------------------------------------------------- */

static struct CMUnitTest tests[256] = {
	cmocka_unit_test(test_narrow), cmocka_unit_test(test_default),
	cmocka_unit_test(test_vmcb02), cmocka_unit_test(test_vmcb12),
	cmocka_unit_test(test_whole),
};
static size_t n_tests = 5;

static void add_cases(void)
{
	static char names[N_ROWS(json_rows)][64];

	for (size_t i = 0; i < N_ROWS(rows); i++)
		tests[n_tests++] = (struct CMUnitTest){ rows[i].name, test_row, NULL,
							NULL, &rows[i] };
	for (size_t i = 0; i < N_ROWS(json_rows); i++) {
		snprintf(names[i], sizeof(names[i]), "JSON: %s", json_rows[i].name);
		tests[n_tests++] = (struct CMUnitTest){ names[i], test_json, NULL, NULL,
							&json_rows[i] };
	}
}

int main(int argc, char **argv)
{
	char *path = argc == 2 ? realpath(argv[1], NULL) : NULL;
	int rc;

	if (!path) {
		fprintf(stderr, "usage: test_cli PSVM\n");
		return 2;
	}
	command = path;
	add_cases();
	rc = _cmocka_run_group_tests("cli", tests, n_tests, set_up, tear_down);
	free(path);
	return rc != 0;
}
