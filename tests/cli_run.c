/* SPDX-License-Identifier: MIT */
/* psvm enter and psvm sync. */
#include "cli_group.h"
#include "cli_images.h"

#include "rows.h"

#define ENTER "enter --rules exact --vmcb12 v12 "
#define SYNC  "sync --rules linux-6.12 --vmcb12 v12 --vmcb02 v02 "

static struct row rows[] = {
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
	  { "psvm enter: --offer: L0 does not use vgif; add it to --host" } },
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
	  { "psvm enter: --rules: ", "try \"psvm enter --help\"" } },

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
	{ "sync stores the shadow alone",
	  "sync --rules exact --vmcb12 v12 --vmcb02 v02",
	  0,
	  { "int_state      0 -> INTERRUPT_SHADOW\n",
	    "exit_int_info, int_state 0\n" },
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
	  { "psvm sync: --offer: L0 does not use vnmi; add it to --host" } },
	{ "sync does not fit", SYNC ">/dev/full", 2, { NULL }, { "standard output: " } },
};

static struct json_row json_rows[] = {
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

/* --- the images that they write ------------------------------------------ */

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

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_vmcb02),
	cmocka_unit_test(test_vmcb12),
	cmocka_unit_test(test_whole),
};

const struct cli_group cli_run = {
	.rows = rows,
	.n_rows = N_ROWS(rows),
	.json_rows = json_rows,
	.n_json_rows = N_ROWS(json_rows),
	.tests = tests,
	.n_tests = N_ROWS(tests),
};
