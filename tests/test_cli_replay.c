/* SPDX-License-Identifier: MIT */
/*
 * psvm replay, as a user runs it: test_cli_replay PSVM, with the path of the command.
 *
 * Each row is a recording, one text in it replaced, and what comes of it.
 */
#include "command.h"

#include "rows.h"

#include <stdio.h>
#include <string.h>

/* The columns that are read, and rows of KVM of Linux 6.12: nothing happens; P, then V;
 * a vector of more than 8 bits; a pair; an injected event. */
#define HEADER \
	"case,status,prog,l2_if,l1_if,phys_pending,l1_cr8,flags,b_int_ctl,b_int_vector," \
	"b_int_state,b_event_inj,b_icpt3,b_icpt4,a_exit_code,a_int_ctl,a_int_vector," \
	"a_int_state,a_event_inj,a_exit_int_info,a_rip_off,virt_rip_off,phys_rip_off," \
	"cr8_after,irr_after,event_log\n"
#define A0001 \
	"A0001,ok,1,0,1,0,2,,0x00000100,0x71,0x0,0x0,0x80040001,0x3,0x81,0x00000102," \
	"0x71,0x0,0x0,0x0,2,,,2,0,\n"
#define B0033 \
	"B0033,ok,10,1,0,1,2,,0x000f0100,0x71,0x0,0x0,0x80040000,0x3,0x81,0x000f0002," \
	"0x71,0x0,0x0,0x0,3,0,0,2,0,L2:P L2:V\n"
#define E0228 \
	"E0228,ok,10,1,1,0,2,,0x000f0105,0x171,0x0,0x0,0x80040001,0x3,0x4d,0x000f0102," \
	"0x171,0x0,0x0,0x80000371,0,,,2,0,\n"
#define K0002 \
	"K0002,ok,10,0,1,1,2,,0x000f0100,0x71,0x0,0x0,0x80040000,0x3,0x81,0x000f0102," \
	"0x71,0x0,0x0,0x0,3,,,2,1,L1:P\n"
#define K0003 \
	"K0003,ok,10,0,1,0,2,CONT,0x000f0102,0x71,0x0,0x0,0x80040000,0x3,0x81," \
	"0x000f0102,0x71,0x0,0x0,0x0,0,,,2,0,\n"
#define H0092 \
	"H0092,ok,10,1,1,1,2,,0x010f0000,0x71,0x1,0x80000051,0x80040000,0x3,0x81," \
	"0x010f0000,0x71,0x0,0x0,0x0,3,,0,2,0,L2:I L2:P\n"
#define RECORDING HEADER A0001 B0033 E0228 K0002 K0003 H0092

#define KVM	  "replay --rules linux-6.12 kvm-6.12.csv"
#define IN_LINE_2 "psvm replay: kvm-6.12.csv:2: "

static struct recording_row {
	const char *from, *to; /* in RECORDING; null: it is as it is */
	struct row row;
} rows[] = {
	{ NULL, NULL,
	  { "help", "replay --help", 0,
	    { "Usage: psvm replay", "Example: psvm replay --rules", "Exit status: 0" },
	    { NULL } } },
	{ NULL, NULL,
	  { "all agree, or have a cause", KVM, 0,
	    { "kvm-6.12.csv on the processor qemu-10.0, L0 by linux-6.12: 6 experiments, 0",
	      "      5 agree\n", "      1 differ, known: wide-vector: ",
	      "      0 mismatch\n" },
	    { NULL } } },
	{ NULL, NULL,
	  { "JSON", "replay --json --rules linux-6.12 kvm-6.12.csv", 0,
	    { "\"processor\": \"qemu-10.0\"", "\"mismatch\": 0", "\"cause\": \"wide-vector\"",
	      "\"recorded\": \"0x4d\"" },
	    { NULL } } },
	{ NULL, NULL,
	  { "another version", "replay --rules linux-6.1 kvm-6.12.csv", 1,
	    { "L0 by linux-6.1", "H0092, line 7:\n",
	      "event_log L2: IP recorded, IO replayed\n" },
	    { NULL } } },
	{ NULL, NULL,
	  { "another processor", "replay --rules linux-6.12 -p bochs-2.7 kvm-6.12.csv", 1,
	    { "on the processor bochs-2.7, ", "mismatch\n" }, { NULL } } },
	{ NULL, NULL,
	  { "no L0", "replay kvm-6.12.csv", 1,
	    { "processor qemu-10.0, no L0", "A0001, line 2:\n"
	      "  a_int_ctl: 0x102 recorded, 0x0 replayed\n" },
	    { NULL } } },
	{ NULL, NULL,
	  { "a name that says nothing", "replay other.csv", 2, { NULL },
	    { "psvm replay: other.csv: the name does not say which processor" } } },
	{ NULL, NULL,
	  { "with the processor", "replay -p qemu-10.0 -r linux-6.12 other.csv", 0,
	    { "5 agree" }, { NULL } } },
	{ NULL, NULL,
	  { "unknown processor", "replay -p qemu other.csv", 2, { NULL },
	    { "unknown processor 'qemu'", "manual, qemu-7.2, qemu-7.2-kvm, qemu-10.0, bochs-2.7" } } },
	{ NULL, NULL,
	  { "unknown rule set", "replay -r kvm kvm-6.12.csv", 2, { NULL },
	    { "psvm replay: unknown rule set 'kvm'" } } },
	{ NULL, NULL, { "no file", "replay", 2, { NULL }, { "1 argument missing" } } },
	{ NULL, NULL,
	  { "no such file", "replay kvm-none.csv", 2, { NULL },
	    { "psvm replay: kvm-none.csv: No such file" } } },
	{ NULL, NULL,
	  { "a directory", "replay -p manual .", 2, { NULL }, { "psvm replay: .:1: " } } },
	{ NULL, NULL,
	  { "does not fit", KVM " >/dev/full", 2, { NULL }, { "standard output: " } } },
	{ NULL, NULL,
	  { "JSON does not fit", KVM " --json >/dev/full", 2, { NULL },
	    { "standard output: " } } },

	/* what did not come to an end is not run */
	{ "B0033,ok", "B0033,emulator_abort",
	  { "not run", KVM, 0, { "6 experiments, 1 of them not run", "4 agree" },
	    { NULL } } },
	{ "K0003,ok,10", "K0003,skipped_pair,9",
	  { "half of a pair that is not run", KVM, 0, { "6 experiments, 1 of them not run" },
	    { NULL } } },
	{ "B0033,ok", "B0033,no_exit",
	  { "no exit", KVM, 1,
	    { "6 experiments, 0 of them not run",
	      "B0033, line 3:\n  a_exit_code: no exit recorded, 0x81 replayed\n" },
	    { NULL } } },
	{ "A0001,ok,1,", "A0001,no_exit,16,",
	  { "nothing wakes L2", KVM, 0, { "5 agree", "0 mismatch" }, { NULL } } },
	{ "A0001,ok,1,0,1", "A0001,no_exit,16,1,1",
	  { "a V_IRQ that waits for V_TPR does not wake L2", KVM, 0, { "5 agree" },
	    { NULL } } },
	{ "A0001,ok,1,0,1,0,2,,0x00000100", "A0001,ok,16,1,1,0,2,,0x000f0100",
	  { "V_IRQ comes before HLT, which L1 leaves alone", KVM, 1,
	    { "A0001, line 2:\n  a_exit_code: 0x81 recorded, no exit replayed\n" },
	    { NULL } } },
	{ "A0001,ok,1,0,1,0,2,,0x00000100,0x71,0x0,0x0,0x80040001,0x3,0x81,0x00000102,0x71,"
	  "0x0,0x0,0x0,2,",
	  "A0001,ok,16,0,1,0,2,,0x00000100,0x71,0x0,0x0,0x81040001,0x3,0x78,0x00000102,0x71,"
	  "0x0,0x0,0x0,0,",
	  { "L1 intercepts HLT", KVM, 0, { "5 agree" }, { NULL } } },
	{ "A0001,ok,1,0,1,0,2,,0x00000100,0x71,0x0,0x0,0x80040001,0x3,0x81,0x00000102,0x71,"
	  "0x0,0x0,0x0,2,,,2,0,",
	  "A0001,ok,17,0,1,0,2,,0x000f0100,0x71,0x0,0x0,0x80040001,0x3,0x81,0x000f0000,0x71,"
	  "0x0,0x0,0x0,3,2,,2,0,L2:V",
	  { "on the processor V_IRQ wakes L2, behind HLT", "replay -p manual kvm-6.12.csv", 1,
	    { "mismatch\nB0033, line 3:\n" }, { NULL } } },
	/* Linux: kvm_vcpu_has_events() asks for L1's interrupts, too. */
	{ "A0001,ok,1,0,1,0,2,,0x00000100,0x71,0x0,0x0,0x80040001,0x3,0x81,0x00000102,0x71,"
	  "0x0,0x0,0x0,2,,,2,0,",
	  "A0001,ok,17,0,0,1,2,,0x000e0100,0x71,0x0,0x0,0x80040001,0x3,0x60,0x000e0102,0x71,"
	  "0x0,0x0,0x0,2,,,2,1,L1:P",
	  { "L1's interrupt wakes L2, behind STI and HLT", KVM, 0, { "5 agree" },
	    { NULL } } },
	/* As KVM of Linux 6.1 had it on QEMU 7.2, L0070 and L0068 of tests/hypervisor: it does
	 * not look at P, which waits for its window; if L1 intercepts VINTR, L1 gets that. */
	{ "A0001,ok,1,0,1,0,2,,0x00000100,0x71,0x0,0x0,0x80040001,0x3,0x81,0x00000102,0x71,"
	  "0x0,0x0,0x0,2,,,2,0,",
	  "A0001,ok,17,0,0,1,2,,0x000e0100,0x71,0x0,0x0,0x80040010,0x3,0x64,0x000e0102,0x71,"
	  "0x0,0x0,0x0,2,,,2,1,L1:P",
	  { "L1 gets the exit of a window, behind HLT", KVM, 0, { "5 agree" }, { NULL } } },
	{ "A0001,ok,1,0,1,0,2,,0x00000100,0x71,0x0,0x0,0x80040001,0x3,0x81,0x00000102,0x71,"
	  "0x0,0x0,0x0,2,,,2,0,",
	  "A0001,ok,17,0,0,1,2,,0x000e0100,0x71,0x0,0x0,0x80040000,0x3,0x81,0x000e0002,0x71,"
	  "0x0,0x0,0x0,3,2,2,2,0,L2:P L2:V",
	  { "L2 gets L1's interrupt by way of a window, behind HLT", KVM, 0, { "5 agree" },
	    { NULL } } },
	{ "0x00000102", "0x00000103",
	  { "one bit", KVM, 1,
	    { "1 mismatch\nA0001, line 2:\n"
	      "  a_int_ctl: 0x103 recorded, 0x102 replayed\n" },
	    { NULL } } },
	{ "L2:I L2:P", "L2:P L2:I",
	  { "another order", KVM, 1, { "event_log L2: PI recorded, IP replayed\n" },
	    { NULL } } },
	{ "0x80040001,0x3,0x81", "0x80040001,0x1,0x81",
	  { "no exit at all", KVM, 1, { "A0001, line 2:", "a_exit_code: 0x81 recorded" },
	    { NULL } } },
	{ "L2:I L2:P\n", "L2:I L2:P",
	  { "no newline at the end", KVM, 0, { "5 agree" }, { NULL } } },

	/* what is no recording */
	{ RECORDING, "",
	  { "empty", KVM, 2, { NULL },
	    { "kvm-6.12.csv:1: no line with the names of columns" } } },
	{ "b_icpt4,", "icpt4,",
	  { "a column is missing", KVM, 2, { NULL },
	    { "kvm-6.12.csv:1: no column b_icpt4" } } },
	{ ",phys_rip_off", ",phys_off",
	  { "a column of the outcome is missing", KVM, 2, { NULL },
	    { "kvm-6.12.csv:1: no column phys_rip_off" } } },
	{ "A0001,ok,", "A0001,ok,,",
	  { "too many fields", KVM, 2, { NULL }, { IN_LINE_2 "too many fields" } } },
	{ "A0001,ok,", "A0001,",
	  { "too few fields", KVM, 2, { NULL }, { IN_LINE_2 "too few fields" } } },
	{ "A0001,ok,", "A0001,good,",
	  { "status", KVM, 2, { NULL }, { IN_LINE_2 "unknown word: good" } } },
	{ "A0001,ok,1,", "A0001,ok,18,",
	  { "program", KVM, 2, { NULL }, { IN_LINE_2 "not a number as it should be: 18" } } },
	{ "A0001,ok,1,", "A0001,ok,one,",
	  { "no number", KVM, 2, { NULL }, { IN_LINE_2 "not a number as it should be: one" } } },
	{ "0x00000102", "-0x102",
	  { "a sign", KVM, 2, { NULL }, { IN_LINE_2 "not a number as it should be: -0x102" } } },
	{ ",2,,,2,0,\n", ",two,,,2,0,\n",
	  { "offset", KVM, 2, { NULL }, { IN_LINE_2 "not an offset: two" } } },
	{ ",2,,,2,0,\n", ",2,,,2,0,L3:V\n",
	  { "level", KVM, 2, { NULL }, { IN_LINE_2 "not an event: L3:V" } } },
	{ ",2,,,2,0,\n", ",2,,,2,0,L2:\n",
	  { "event", KVM, 2, { NULL }, { IN_LINE_2 "not an event: L2:" } } },
	{ "2,,0x00000100", "2,FLAG,0x00000100",
	  { "flag", KVM, 2, { NULL }, { IN_LINE_2 "unknown word: FLAG" } } },
	{ "2,,0x00000100", "2,CONT,0x00000100",
	  { "half of a pair", KVM, 2, { NULL },
	    { IN_LINE_2 "CONT, and the line before is not the first half" } } },
	{ "A0001", "A000123456789012345678901234567890",
	  { "long name", KVM, 2, { NULL }, { IN_LINE_2 "a name that is too long" } } },
};

static void write_recording(const char *name, const char *from, const char *to)
{
	const char *at = strstr(RECORDING, from);
	FILE *file = fopen(name, "w");

	assert_non_null(at);
	assert_non_null(file);
	(void)fprintf(file, "%.*s%s%s", (int)(at - RECORDING), RECORDING, to,
		      at + strlen(from));
	assert_int_equal(fclose(file), 0);
}

static void test_recording(void **state)
{
	const struct recording_row *row = *state;
	void *inner = (void *)(uintptr_t)&row->row;

	write_recording("kvm-6.12.csv", row->from ? row->from : "", row->to ? row->to : "");
	test_row(&inner);
}

/* A line that never ends, and one that is not text. */
static void test_lines(void **state)
{
	FILE *file = fopen("kvm-6.12.csv", "w");

	(void)state;
	assert_non_null(file);
	for (unsigned i = 0; i < 10000; i++)
		(void)fputc('a', file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(run(KVM), 2);
	assert_contains(err, "kvm-6.12.csv:1: a line that is too long, or not text");
	file = fopen("kvm-6.12.csv", "w");
	assert_non_null(file);
	assert_int_equal(fwrite("case,\0status\n", 1, 13, file), 13);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(run(KVM), 2);
	assert_contains(err, "kvm-6.12.csv:1: a line that is too long, or not text");
	assert_one_line();
}

static void write_other(void)
{
	write_recording("other.csv", "", "");
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_ROWS(rows) + 1];
	size_t n = 0;

	for (; n < N_ROWS(rows); n++)
		tests[n] = (struct CMUnitTest){ rows[n].row.name, test_recording, NULL, NULL,
						&rows[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_lines);
	return command_main(argc, argv, "cli-replay", tests, n, write_other);
}
