/* SPDX-License-Identifier: MIT */
/* psvm explain. */
#define _XOPEN_SOURCE 700

#include "cli_group.h"

#include "rows.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct row rows[] = {
	{ "explain help", "explain --help", 0,
	  { "Usage: psvm explain", "--color=auto|always|never", "NO_COLOR" }, { NULL } },
	{ "explain names the set bits", "explain 0x2001070100", 0,
	  { "int_ctl (060h) 0x2001070100: V_IRQ V_INTR_PRIO=0x7 V_INTR_MASKING "
	    "V_INTR_VECTOR=0x20\n",
	    "  V_INTR_VECTOR   39:32   0x20  SW  15.21.4, B-1\n",
	    "  V_IRQ               8      1  HW  15.21.4, B-1\n",
	    "  V_TPR             3:0    0x0  HW  15.21.2, B-1\n" },
	  { NULL } },
	{ "explain decimal", "explain 256", 0, { "int_ctl (060h) 0x100: V_IRQ\n" }, { NULL } },
	{ "explain with a suffix", "explain 0x100ULL", 0, { "0x100: V_IRQ\n" }, { NULL } },
	{ "explain with a small suffix", "explain 256lu", 0, { "0x100: V_IRQ\n" }, { NULL } },
	{ "explain zero", "explain 0", 0, { "int_ctl (060h) 0x0: 0\n" }, { NULL } },
	{ "explain all ones", "explain 0xffffffffffffffff", 0,
	  { "  Set, and should be zero (B-1): 63, 62, 61, ", " 40, 29, 28, 27, 23, 22, 21, "
	    "15, 14, 13, 10, 7, 6, 5, 4\n" },
	  { NULL } },
	{ "explain one reserved bit", "explain 0x100000000400", 0,
	  { "  Set, and should be zero (B-1): 44, 10\n" }, { NULL } },
	{ "explain a field", "explain V_GIF", 0,
	  { "V_GIF, bit 9 of int_ctl (060h)\n", "  mask     0x200\n  in KVM   V_GIF_MASK\n",
	    "  needs    CPUID Fn8000_000A EDX[16]\n  ignored  V_GIF_ENABLE = 0\n"
	    "  manual   15.33, B-1\n", "With --rules RULES: " },
	  { NULL } },
	{ "explain KVM's name", "explain v_nmi_blocking_mask", 0,
	  { "V_NMI_MASK, bit 12 of int_ctl (060h)\n" }, { NULL } },
	{ "explain the dword with the vector", "explain int_vector", 0,
	  { "V_INTR_VECTOR, bits 39:32 of int_ctl (060h)\n" }, { NULL } },
	{ "explain a field of a rule set", "explain --rules linux-6.12 V_GIF", 0,
	  { "What linux-6.12 does with it:\n"
	    "  VMRUN, always: V_GIF: of the last 02, cleared first\n"
	    "  VMRUN, if vGIF is nested: V_GIF: 12 to 02\n"
	    "  VMRUN, unless vGIF is nested: V_GIF: 01 to 02\n",
	    "  refresh, if vGIF is nested: V_GIF: 02 to 12\n"
	    "  hand-back, if L0 uses vGIF for L1: V_GIF: #VMEXIT clears GIF: cleared in "
	    "01\n" },
	  { NULL } },
	{ "explain says what marks mean", "explain -r exact 0", 0,
	  { "  12>02  VMRUN takes it from 12\n", "  x      always\n",
	    "\"psvm explain --rules exact FIELD\"" },
	  { NULL } },
	{ "explain nothing", "explain", 2, { NULL },
	  { "psvm explain: 1 argument missing", "usage: psvm explain " } },
	{ "explain two", "explain 1 2", 2, { NULL }, { "superfluous argument '2'" } },
	{ "explain an empty word", "explain ''", 2, { NULL }, { "unknown field ''" } },
	{ "explain what is no number", "explain 12ab", 2, { NULL },
	  { "'12ab' is not a number; write it as in C" } },
	{ "explain a hex number without digits", "explain 0x", 2, { NULL },
	  { "'0x' is not a number" } },
	{ "explain a wrong suffix", "explain 1ulul", 2, { NULL }, { "'1ulul' is not" } },
	{ "explain a split suffix", "explain 1lul", 2, { NULL }, { "'1lul' is not" } },
	{ "explain 65 bits", "explain 0x10000000000000000", 2, { NULL },
	  { "0x10000000000000000 has more than 64 bits" } },
	{ "explain a negative number", "explain -- -1", 2, { NULL }, { "unknown field '-1'" } },
	{ "explain a wrong field", "explain V_GFI", 2, { NULL },
	  { "unknown field 'V_GFI' (did you mean 'V_GIF'?); \"psvm explain 0\"" } },
	{ "explain a field that is like none", "explain rflags", 2, { NULL },
	  { "unknown field 'rflags'; \"psvm explain 0\" shows them all" } },
	{ "explain unknown rules", "explain --rules linux-6.2 0", 2, { NULL },
	  { "psvm explain: unknown rule set 'linux-6.2'", KNOWN } },
	{ "explain a wrong colour", "explain --color=yes 0", 2, { NULL },
	  { "--color: 'yes' is not auto, always or never" } },
	{ "explain does not fit", "explain 0 >/dev/full", 2, { NULL }, { "standard output: " } },
};

static struct json_row json_rows[] = {
	{ "explain word", "explain --json 0x2001070500", 0, "word", "0x2001070500" },
	{ "explain reserved", "explain --json 0x2001070500", 0, "should_be_zero", "0x400" },
	{ "explain fields", "explain --json 0", 0, "fields", "19" },
	{ "explain value", "explain --json 0x2001070500", 0, "fields.8.value", "0x7" },
	{ "explain writer", "explain --json V_IRQ", 0, "fields.0.writer", "HW" },
	{ "explain no word", "explain --json V_IRQ", 0, "word", "null" },
	{ "explain mask", "explain --json V_INTR_VECTOR", 0, "fields.0.mask", "0xff00000000" },
	{ "explain no rules", "explain --json V_IRQ", 0, "fields.0.moves", "null" },
	{ "explain moves", "explain --json -r xen V_IRQ", 0, "fields.0.moves.0.bits", "V_IRQ" },
};

/* --- the drawing --------------------------------------------------------- */

/* At 80 columns 16 bits are in a row. */
static void test_drawing(void **state)
{
	(void)state;
	assert_int_equal(run_in(80, "explain 0x112001070500"), 0);
	assert_contains(out,
			"  bit  47 46 45 44 43 42 41 40 39 38 37 36 35 34 33 32\n"
			"      +-----------------------+-----------------------+\n"
			"value | 0  0  0  1  0  0  0  1| 0  0  1  0  0  0  0  0|\n"
			"   by |           !!          |           SW          |\n"
			"      +-----------------------+-----------------------+\n"
			"  bit  31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16\n"
			"      +--+--+--------+--+--+--+--------+--+-----------+\n"
			"value | 0| 0| 0  0  0| 0| 0| 1| 0  0  0| 0| 0  1  1  1|\n"
			"   by |SW|SW|   --   |SW|SW|SW|   --   |SW|     SW    |\n"
			"      +--+--+--------+--+--+--+--------+--+-----------+\n"
			"  bit  15 14 13 12 11 10  9  8  7  6  5  4  3  2  1  0\n"
			"      +--------+--+--+--+--+--+-----------+-----------+\n"
			"value | 0  0  0| 0| 0| 1| 0| 1| 0  0  0  0| 0  0  0  0|\n"
			"   by |   --   |HW|HW|!!|HW|HW|     --    |     HW    |\n"
			"      +--------+--+--+--+--+--+-----------+-----------+\n");
}

/* V_INTR_MASKING is forced to 1, the intercepts of L1 make up for it. */
static void test_moves(void **state)
{
	(void)state;
	assert_int_equal(run_in(80, "explain --rules exact V_INTR_MASKING"), 0);
	assert_contains(out,
			"  bit  31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16\n"
			"      +--+--+--------+--+--+--+--------+--+-----------+\n"
			"value | 0| 0| 0  0  0| 0| 0| 1| 0  0  0| 0| 0  0  0  0|\n"
			"   by |SW|SW|   --   |SW|SW|SW|   --   |SW|     SW    |\n"
			"12>02 |  |  |        |if|if|  |        | x|     x     |\n"
			"01>02 |  |  |        |  |if|  |        |  |           |\n"
			" 1>02 |  |  |        |  |  | x|        |  |           |\n"
			"L0>02 |  |  |        |  |  |  |        |if|     if    |\n"
			"02>12 |  |  |        |  |  |  |        |  |           |\n"
			"02>01 |  |  |        |  |  |  |        |  |           |\n"
			"      +--+--+--------+--+--+--+--------+--+-----------+\n");
}

struct width {
	unsigned int columns;
	const char *line; /* of the drawing */
};

static void test_width(void **state)
{
	const struct width *width = *state;

	assert_int_equal(run_in(width->columns, "explain --rules xen 0xffff0007"), 0);
	assert_contains(out, width->line);
	assert_fits(width->columns);
}

/* Only the rows with the field are drawn. */
static void test_rows_of_field(void **state)
{
	(void)state;
	assert_int_equal(run_in(80, "explain V_TPR"), 0);
	assert_contains(out, "  bit  15 14 ");
	assert_null(strstr(out, "  bit  31 30 "));
}

/* --- colours ------------------------------------------------------------- */

#define RED "\033[31m!!\033[m"

struct colour {
	const char *option;
	bool terminal;
	const char *term, *no_color;
	bool coloured;
};

static void set_or_not(const char *variable, const char *value)
{
	if (value)
		assert_int_equal(setenv(variable, value, 1), 0);
	else
		assert_int_equal(unsetenv(variable), 0);
}

/* Bit 10 is set, and should not be. Short enough to be read when all is written. */
static void explain_on_terminal(const char *option, char *text, size_t size)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), other;
	char arguments[128];
	size_t length = 0;

	if (terminal < 0)
		skip(); /* no /dev/pts here */
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	/* Kept open, so that what was written to it stays. */
	other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	snprintf(arguments, sizeof(arguments), "explain %s RSVD_10 >%s", option,
		 ptsname(terminal));
	assert_int_equal(run(arguments), 0);
	do {
		ssize_t n = read(terminal, text + length, size - 1 - length);

		assert_true(n > 0);
		length += (size_t)n;
		text[length] = '\0';
	} while (!strstr(text, "With --rules RULES"));
	close(other);
	close(terminal);
}

static void test_colour(void **state)
{
	const struct colour *row = *state;
	char shown[8192], arguments[128];
	const char *text = row->terminal ? shown : out;

	set_or_not("TERM", row->term);
	set_or_not("NO_COLOR", row->no_color);
	if (row->terminal) {
		explain_on_terminal(row->option, shown, sizeof(shown));
	} else {
		snprintf(arguments, sizeof(arguments), "explain %s RSVD_10", row->option);
		assert_int_equal(run(arguments), 0);
	}
	set_or_not("NO_COLOR", NULL);
	assert_contains(text, "!!");
	assert_int_equal(strstr(text, RED) != NULL, row->coloured);
	assert_int_equal(strchr(text, '\033') != NULL, row->coloured);
}

/* Without its colours the text is the same. */
static void test_plain(void **state)
{
	static char plain[SIZE];
	char *to = plain;

	(void)state;
	assert_int_equal(run("explain --color=always -r linux-7.2 0xffffffff"), 0);
	for (const char *from = out; *from; from++) {
		if (*from == '\033')
			from = strchr(from, 'm');
		else
			*to++ = *from;
	}
	*to = '\0';
	assert_int_equal(run("explain --color=never -r linux-7.2 0xffffffff"), 0);
	assert_string_equal(out, plain);
}

/* --- all cases ----------------------------------------------------------- */

#define WIDTH(columns, line) \
	{ "explain in " #columns " columns", test_width, NULL, NULL, \
	  &(struct width){ columns, line } }
#define COLOUR(name, ...) \
	{ "explain with " name, test_colour, NULL, NULL, &(struct colour){ __VA_ARGS__ } }

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_drawing),
	cmocka_unit_test(test_moves),
	cmocka_unit_test(test_rows_of_field),
	cmocka_unit_test(test_plain),
	WIDTH(20, "\n  bit  63 62 61 60\n"),
	WIDTH(31, "\n  bit  63 62 61 60 59 58 57 56\n"),
	WIDTH(54, "\n  bit  63 62 61 60 59 58 57 56\n"),
	WIDTH(55, "\n  bit  63 62 61 60 59 58 57 56 55 54 53 52 51 50 49 48\n"),
	WIDTH(103, " 35 34 33 32\n"),
	WIDTH(199, " 3  2  1  0\n"),
	COLOUR("a terminal", "", true, "xterm", NULL, true),
	COLOUR("an empty NO_COLOR", "", true, "xterm", "", true),
	COLOUR("NO_COLOR", "", true, "xterm", "1", false),
	COLOUR("a dumb terminal", "", true, "dumb", NULL, false),
	COLOUR("a terminal without a name", "", true, NULL, NULL, false),
	COLOUR("a file", "", false, "xterm", NULL, false),
	COLOUR("a file, and auto", "--color=auto", false, "xterm", NULL, false),
	COLOUR("a terminal, and never", "--color=never", true, "xterm", NULL, false),
	COLOUR("a file, always", "--color always", false, "dumb", "1", true),
};

const struct cli_group cli_explain = {
	.rows = rows,
	.n_rows = N_ROWS(rows),
	.json_rows = json_rows,
	.n_json_rows = N_ROWS(json_rows),
	.tests = tests,
	.n_tests = N_ROWS(tests),
};
