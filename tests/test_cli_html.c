/* SPDX-License-Identifier: MIT */
/*
 * psvm check --html and psvm diff --html, as a user runs them: test_cli_html PSVM, with
 * the path of the command. What a browser makes of the pages is in html.sh.
 */
#include "command.h"

#include "markup.h"
#include "psvm/version.h"
#include "rows.h"

#ifndef PSVM_ADAPTERS
#define PSVM_ADAPTERS "adapters"
#endif

#include <glob.h>
#include <stdio.h>
#include <string.h>

static char page[SIZE];

/* --- results that are merged --------------------------------------------- */

#define RESULT(rules, count, findings) \
	"{\"psvm\": \"" PSVM_VERSION "\", \"rules\": \"" rules "\", \"scope\": \"default\", " \
	"\"implicit_event\": false, \"shard\": 0, \"shards\": 1, \"units\": 3, " \
	"\"complete\": true, \"states\": 41, \"transitions\": 42, \"setups\": 43, " \
	"\"classes\": " #count ", \"findings\": [" findings "]}"
#define FINDING(number, title, situation, steps) \
	"{\"class\": \"" #number "\", \"part\": 0, \"title\": \"" title "\", " \
	"\"situation\": \"" situation "\", \"section\": \"15.1\", \"setup\": \"none\", " \
	"\"count\": 7, \"steps\": [" steps "]}"
#define STEP(level, act, bare, nested, l0) \
	"{\"level\": " #level ", \"act\": \"" act "\", \"bare\": \"" bare "\", " \
	"\"nested\": \"" nested "\", \"l0\": \"" l0 "\", \"vmcb02\": \"0x100\", " \
	"\"vmcb12\": \"0x20f\"}"

#define LONG_WORD "abcdefghijklmnopqrstuvwxyz0123456789"
#define LETTERS_5 "\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4"

static const struct {
	const char *name, *text;
} files[] = {
	{ "two.json",
	  RESULT("xen", 2,
		 FINDING(0x11, "second", "L0 sleeps", STEP(1, "VMRUN", "-", "-", "emulates VMRUN")
			 ", " STEP(2, "HLT", "#VMEXIT(HLT)", "-", "")) ", "
		 FINDING(0x12, "first", "", STEP(0, "an NMI arrives", "x", "x", "waits"))) },
	{ "hostile.json",
	  RESULT("xen", 1,
		 FINDING(0x11, "</title><script>alert(1)</script>", "\\\" onload=\\\"a()",
			 STEP(2, "<img onerror='a()'>", "]]>&amp;", "</svg></style>", "%s%n &"))) },
	{ "long.json",
	  RESULT("xen", 1,
		 FINDING(0x11, "long", "",
			 STEP(2, LONG_WORD, "-", LETTERS_5 LETTERS_5 LETTERS_5 LETTERS_5,
			      "a " LONG_WORD))) },
	{ "none.json", RESULT("exact", 0, "") },
	{ "broken.json", "{" },
	{ "kept.html", "old" },
};

/* --- calls --------------------------------------------------------------- */

static struct row rows[] = {
	{ "the text is printed as well", "check --merge two.json --html text.html", 1,
	  { "xen: L1 or L2 can tell: 2 classes of differences\n", "1. first\n" }, { NULL } },
	{ "with JSON", "check --merge two.json --html json.html --json", 1,
	  { "\"classes\": 2" }, { NULL } },
	{ "with Markdown", "check --merge two.json --html markdown.html --markdown", 1,
	  { "### 1. first" }, { NULL } },
	{ "diff prints, too", "diff xen xen --scope none --html xen.html", 0,
	  { "xen and xen: no functional change\n" }, { NULL } },
	{ "no such directory", "check exact --html none/page.html", 2, { NULL },
	  { "none/page.html", "No such file or directory" } },
	{ "a directory", "diff xen xen --html .", 2, { NULL }, { ".", "Is a directory" } },
	{ "no name", "check exact --html ''", 2, { NULL }, { "--html: the name of the file is empty" } },
	{ "the standard output", "diff xen exact --html -", 2, { NULL }, { "give --html a FILE" } },
	{ "no file", "check exact --html", 2, { NULL }, { "--html" } },
	{ "a file that is no result", "check --merge broken.json --html kept.html", 2,
	  { NULL }, { "broken.json" } },
	{ "a rule set that is none", "diff xen nosuch --html kept.html", 2, { NULL },
	  { "unknown rule set 'nosuch'" } },
	{ "the help of check has it", "check --help", 0, { "--html=FILE" }, { NULL } },
	{ "the help of diff has it", "diff --help", 0, { "--html=FILE" }, { NULL } },
};

/* After an error the old page is there, and nothing is left over. */
static void test_kept(void **state)
{
	glob_t left;

	(void)state;
	assert_int_equal(run("check --merge broken.json --html kept.html"), 2);
	assert_int_equal(run("check nosuch --html new.html"), 2);
	(void)read_file("kept.html", page, sizeof(page));
	assert_string_equal(page, "old");
	assert_int_equal(glob("new.html*", 0, NULL, &left), GLOB_NOMATCH);
	assert_int_equal(glob("kept.html?*", 0, NULL, &left), GLOB_NOMATCH);
}

/* A pipe is written, too. */
static void test_pipe(void **state)
{
	(void)state;
	assert_int_equal(run("check --merge none.json --html /dev/stderr"), 0);
	assert_null(markup_flaw(err));
}

/* --- pages --------------------------------------------------------------- */

struct page_row {
	const char *name, *arguments; /* without --html */
	int status;
	const char *has[9], *lacks[4];
};

/* clang-format off: a table. */
static struct page_row pages[] = {
	{ "check: summary, words, notes", "check --merge two.json", 1,
	  { "<title>xen: can L1 tell that it is nested?</title>",
	    "<span class=\"verdict\">\xe2\x89\xa0 L1 or L2 can tell: 2 classes of differences</span>",
	    "scope default, 41 states, 42 transitions, representing 43 set-ups, complete",
	    "By the model; unconfirmed on hardware.", "is latent.",
	    "<a href=\"#xen-2\">second</a> <span>when L0 sleeps</span>",
	    "<dt>When</dt>\n<dd>L0 sleeps</dd>", "<dd>15.1</dd>", "<dd>7</dd>" }, { NULL } },
	{ "check: the lanes", "check --merge two.json", 1,
	  { ">VMRUN</text>", ">HLT</text>", "<svg role=\"img\"", "<title>second</title>",
	    "1. L1: VMRUN. L0 emulates VMRUN. bare: nothing. nested: nothing.",
	    "2. L2: HLT. bare: #VMEXIT(HLT). nested: nothing.", "&#8800;</text>",
	    "class=\"bad\" x=\"33\"", ">first</text>" },
	  { ">second</text>" } },
	{ "check: what vmcb12 and vmcb02 are at the end", "check --merge two.json", 1,
	  { "<dt>vmcb12 of the nested machine</dt>\n<dd class=\"name\">V_TPR=0xf V_GIF</dd>",
	    "<dt>vmcb02</dt>\n<dd class=\"name\">V_IRQ</dd>" }, { NULL } },
	{ "check: one class", "check --merge two.json --trace 2", 1,
	  { "id=\"xen-2\"", "2 classes of differences", "<li value=\"2\">" },
	  { "id=\"xen-1\"", ">first<" } },
	{ "check: no difference", "check --merge none.json", 0,
	  { "<span class=\"verdict\">= L1 cannot tell that it is nested</span>",
	    "<li class=\"good\">", "What the scope covers" },
	  { "<svg", "Classes of differences" } },
	{ "check: markup in a file is text", "check --merge hostile.json", 1,
	  { "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;", "when &quot; onload=&quot;a()",
	    "2: &lt;img onerror=&#39;a()&#39;&gt;", "]]&gt;&amp;amp;", "&lt;/svg&gt;&lt;/style&gt;",
	    "%s%n &amp;" },
	  { "<img", "&lt;/&lt;", "onload=\"" } },
	{ "check: long words are broken, between characters", "check --merge long.json", 1,
	  { ">abcdefghijklmno</text>", ">pqrstuvwxyz0123</text>", ">456789</text>", ">a</text>",
	    ">\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	    "</text>" }, { NULL } },
	{ "check: a shard", "check lkml-2022 --shard 7/18", 1,
	  { "shard 7/18", "id=\"lkml-2022-1\"" }, { NULL } },
	{ "check: every rule set", "check --all --shard 7/18", 1,
	  { "<h1>Can L1 tell that it is nested?</h1>", "href=\"#linux-6.1\"", "href=\"#linux-6.12\"", "href=\"#xen\"", "id=\"exact\"",
	    "<h2>exact</h2>", "<h2>xen</h2>" }, { "id=\"exact-1\"" } },
	{ "bits: lkml-2022", "diff lkml-2022 lkml-2022 --scope none", 0,
	  { "<span class=\"bit o2\" style=\"grid-column:span 1\"><b>V_<wbr/>INTR_<wbr/>MASKING<wbr/>"
	    "</b><i>01 </i><small>24</small>",
	    "<span class=\"bit o1 row\" style=\"grid-column:span 8\"><b>RSVD<wbr/></b><i>12 </i>"
	    "<small>63:40</small>",
	    "<span class=\"bit o1\" style=\"grid-column:span 4\"><b>V_<wbr/>TPR<wbr/></b>"
	    "<i>12* </i><small>3:0</small>",
	    "<span class=\"bit mix\" style=\"grid-column:span 1\"><b>V_<wbr/>GIF<wbr/></b>"
	    "<i>12* 01* =1* </i><small>9</small>",
	    "<span class=\"bit o4\" style=\"grid-column:span 4\"><b>V_<wbr/>INTR_<wbr/>PRIO<wbr/>"
	    "</b><i>L0 </i><small>19:16</small>",
	    "<span class=\"bit o0\" style=\"grid-column:span 3\"><b>RSVD<wbr/></b><i>-</i>"
	    "<small>15:13</small>" },
	  { " ne\"", "id=\"change-1\"", "<table>" } },
	{ "bits: exact", "check --merge none.json", 0,
	  { "<span class=\"bit o4\" style=\"grid-column:span 1\"><b>V_<wbr/>INTR_<wbr/>MASKING<wbr/>"
	    "</b><i>=1 </i><small>24</small>",
	    "<th scope=\"row\" class=\"name\">V_GIF_ENABLE</th><td data-head=\"VMRUN\"><p><b>12</b> "
	    "if vGIF is nested</p><p><b>01</b> unless vGIF is nested</p></td>",
	    "<th scope=\"row\" class=\"name\">V_INTR_MASKING</th><td data-head=\"VMRUN\"><p>"
	    "<b>=1</b> always</p></td><td data-head=\"Window\"></td>" },
	  { "<th scope=\"row\" class=\"name\">RSVD" } },
	{ "diff: claim, changes, bits", "diff lkml-2022-base lkml-2022", 1,
	  { "<h1>lkml-2022-base and lkml-2022: 3 functional changes</h1>",
	    "&quot;No (visible) functional change is intended.&quot;",
	    "L1 or L2 can see 2 of them, 1 undecided.",
	    "<a href=\"#change-1\">At hand-back: int_ctl of vmcb12: V_TPR</a> <span>L1 or L2 can see it",
	    "<span class=\"bit o1 ne\" style=\"grid-column:span 1\"><b>V_<wbr/>IRQ<wbr/></b>"
	    "<i>\xe2\x89\xa0 12* </i>",
	    "<td data-head=\"lkml-2022\">12&#39;s, stays as it is</td>",
	    "struct psvm_nested n = { .v12 = { .int_ctl = 0x100 } };",
	    "By the model; unconfirmed on hardware.", "Complete over 9135 inputs" },
	  { "V_<wbr/>GIF<wbr/></b><i>\xe2\x89\xa0" } },
	{ "diff: intercepts", "diff linux-6.1 linux-6.12 --scope none", 1,
	  { "struct psvm_intercepts i12 = {", "struct psvm_intercepts i01 = {", "<h2>What was compared" },
	  { "<svg" } },
	{ "check: foreign code", "check " PSVM_ADAPTERS "/looks_aside.so --shard 7/18", 0,
	  { "href=\"#foreign\"", "<section id=\"foreign\">", "all else by rule set exact.",
	    "<p>It depends on what no known hypervisor does: V_IGN_TPR in int_ctl of 02 = 1 at "
	    "refresh.</p>", "Code has no table of who owns which bit" },
	  { "<figure>", "<p>?</p>" } },
	{ "diff: foreign code", "diff exact " PSVM_ADAPTERS "/looks_aside.so --scope none", 1,
	  { ">02&#39;s</td>", ">depends on more</td>", "all else by rule set exact.",
	    "Code has no table of who owns which bit", "<figure>" }, { NULL } },
};
/* clang-format on */

/* Whole in itself: nothing is fetched, nothing runs. */
static const char *const foreign[] = { "http:", "https:", "src=", "<script", "<link",
				       "url(",	"@import", "<iframe", "javascript:" };

static void test_page(void **state)
{
	const struct page_row *row = *state;
	const char *flaw;
	char line[256];
	int status;

	(void)snprintf(line, sizeof(line), "%s --html page.html", row->arguments);
	status = run(line);
	if (status != row->status)
		fail_msg("exit status %d; %s", status, err);
	(void)read_file("page.html", page, sizeof(page));
	flaw = markup_flaw(page);
	if (flaw)
		fail_msg("the page has %s", flaw);
	for (size_t i = 0; i < N_ROWS(row->has) && row->has[i]; i++)
		if (!strstr(page, row->has[i]))
			fail_msg("the page has no '%s'", row->has[i]);
	for (size_t i = 0; i < N_ROWS(row->lacks) && row->lacks[i]; i++)
		if (strstr(page, row->lacks[i]))
			fail_msg("the page has '%s'", row->lacks[i]);
	for (size_t i = 0; i < N_ROWS(foreign); i++)
		if (strstr(page, foreign[i]))
			fail_msg("the page has '%s'", foreign[i]);
}

/* --- colours ------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *on[8];
} contrasts[] = {
	{ "--ink",
	  { "--page", "--card", "--l0", "--l1", "--l2", "--o01", "--bad-page", "--good-page" } },
	{ "--soft", { "--page", "--card" } },
	{ "--link", { "--page", "--bad-page", "--good-page" } },
	{ "--bad", { "--page", "--bad-page" } },
	{ "--good", { "--good-page" } },
};

static void test_contrast(void **state)
{
	(void)state;
	assert_int_equal(run("check --merge none.json --html page.html"), 0);
	(void)read_file("page.html", page, sizeof(page));
	for (size_t i = 0; i < N_ROWS(contrasts); i++)
		for (size_t k = 0; k < 8 && contrasts[i].on[k]; k++)
			for (int dark = 0; dark < 2; dark++) {
				double ratio = markup_contrast(page, contrasts[i].text,
							       contrasts[i].on[k], dark);

				if (ratio < 4.5)
					fail_msg("%s on %s, %s: %.2f", contrasts[i].text,
						 contrasts[i].on[k],
						 dark ? "dark" : "light", ratio);
			}
}

/* --- the test can fail --------------------------------------------------- */

#define HTML(text) "<!DOCTYPE html>\n<html lang=\"en\">" text "</html>"

static const struct {
	const char *page, *flaw; /* null: none */
} flaws[] = {
	{ HTML("<h1>a &lt; b &#39;</h1><br/><p a=\"b\">x > y</p>"), NULL },
	{ "<html lang=\"en\"></html>", "no doctype and language" },
	{ HTML("<p>"), "a tag that is not open" },
	{ HTML("</p>"), "a tag that is not open" },
	{ HTML("<p><b></p></b>"), "a tag that is not open" },
	{ "<!DOCTYPE html>\n<html lang=\"en\"><p></p>", "a tag that is not closed" },
	{ HTML("<p a=b></p>"), "an attribute without quotes" },
	{ HTML("<p a></p>"), "an attribute without quotes" },
	{ HTML("<p a=\"<\"></p>"), "an attribute without an end" },
	{ HTML("a < b"), "no tag" },
	{ HTML("a & b"), "an & that is no entity" },
	{ HTML("a &amp b"), "an & that is no entity" },
	{ HTML("<h2></h2>"), "a heading that leaves out a level" },
	{ HTML("<h1></h1><h2></h2><h1></h1><h3></h3>"), "a heading that leaves out a level" },
	{ HTML("<p id=\"a\"></p><p id=\"a\"></p>"), "an id that is there twice" },
	{ HTML("<a href=\"#b\"></a>"), "a link that leads nowhere" },
};

static void test_flaws(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS(flaws); i++) {
		const char *flaw = markup_flaw(flaws[i].page);

		if (!flaw != !flaws[i].flaw || (flaw && strcmp(flaw, flaws[i].flaw) != 0))
			fail_msg("%s: %s", flaws[i].page, flaw ? flaw : "no flaw");
	}
	/* White on black, and a colour that is not there. */
	assert_true(markup_contrast("--a:#fff;--b:#000000", "--a", "--b", 0) > 20.9);
	assert_true(markup_contrast("--a:#fff", "--a", "--b", 0) < 1);
}

static void prepare(void)
{
	for (size_t i = 0; i < N_ROWS(files); i++)
		write_file(files[i].name, files[i].text);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_ROWS(rows) + N_ROWS(pages) + 4];
	size_t n = add_rows(tests, rows, N_ROWS(rows));

	for (size_t i = 0; i < N_ROWS(pages); i++)
		tests[n++] = (struct CMUnitTest){ pages[i].name, test_page, NULL, NULL,
						  &pages[i] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_kept);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_pipe);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_contrast);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_flaws);
	return command_main(argc, argv, "cli-html", tests, n, prepare);
}
