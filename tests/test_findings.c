/* SPDX-License-Identifier: MIT */
/*
 * The marks in tests/findings.md: what is said to be seen in recorded rows is seen in
 * them, as often as it says, and nothing else is.
 *
 * Which rows are witnesses, and of which class, src/check/evidence.h says. That the
 * record shows what the title of the class claims is read off the record alone, and off
 * that of the bare QEMU 10.0, which is the processor below KVM in these rows.
 */
#include "check.h"
#include "check/cause.h"
#include "check/evidence.h"
#include "vectors.h"
#include "vectors_experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PSVM_VECTORS_DIR
#define PSVM_VECTORS_DIR "tests/vectors"
#endif
#ifndef PSVM_FINDINGS
#define PSVM_FINDINGS "tests/findings.md"
#endif

enum { MAX_LINE = 2048, MAX_TITLE = 256, MAX_FINDINGS = 512, MAX_WITNESSES = 8192 };

static struct vectors data;

/* The rule sets that have been recorded. */
static const struct recorded {
	const char *rules;
	enum vector_env env;
	struct replay machine;
} recordings[] = {
	{ "linux-6.1", VECTOR_KVM_6_1, { PROCESSOR_QEMU_10_0, &psvm_rules_linux_6_1 } },
	{ "linux-6.12", VECTOR_KVM_6_12, { PROCESSOR_QEMU_10_0, &psvm_rules_linux_6_12 } },
	{ "linux-7.2", VECTOR_KVM_7_2, { PROCESSOR_QEMU_10_0, &psvm_rules_linux_7_2 } },
};

/* --- witnesses ----------------------------------------------------------- */

static struct seen_row {
	const struct vector_row *row;
	char title[MAX_TITLE], situation[MAX_TITLE];
} witnesses[MAX_WITNESSES];
static size_t witness_count;

static void find_witnesses(const struct recorded *recorded)
{
	for (size_t i = 0; i < data.case_count; i++) {
		const struct vector_row *row = &data.rows[recorded->env][i];
		struct seen_row *to = &witnesses[witness_count];
		struct experiment e = vector_experiment(row);
		struct outcome o = vector_outcome(row);
		struct difference d;

		if (row->status != VECTOR_OK ||
		    !evidence_of(&d, &recorded->machine, &e, &o))
			continue;
		to->row = row;
		(void)cause_title(to->title, sizeof(to->title), &d);
		(void)cause_situation(to->situation, sizeof(to->situation), &d);
		witness_count++;
	}
}

static bool is_of(const struct seen_row *w, const char *rules)
{
	for (size_t i = 0; i < N_ROWS(recordings); i++)
		if (recordings[i].env == w->row->env)
			return strcmp(recordings[i].rules, rules) == 0;
	return false;
}

/* --- the document -------------------------------------------------------- */

static struct finding_text {
	char name[MAX_TITLE + 64]; /* of the cmocka case */
	char rules[32];
	char title[MAX_TITLE], situation[MAX_TITLE];
	bool marked;
	char environment[16], row[8];
	size_t rows;
} findings[MAX_FINDINGS];
static size_t finding_count;

/* What the document says of all rows of a recording. */
static struct section_text {
	char rules[32];
	char environment[16];
	size_t rows, witnesses, beyond;
} sections[N_ROWS(recordings) + 1];
static size_t section_count;

static _Noreturn void bad(const char *line)
{
	fprintf(stderr, "%s: %s\n", PSVM_FINDINGS, line);
	exit(EXIT_FAILURE);
}

/* "[When SITUATION. ]Seen in recorded rows: ENVIRONMENT, N rows, for example ROW. The
 * manual..." or "... By the model, unconfirmed on hardware. The manual...". */
static void read_mark(struct finding_text *f, const char *line)
{
	const char *seen = strstr(line, "Seen in recorded rows: ");
	const char *by_model = strstr(line, "By the model, unconfirmed on hardware. ");
	const char *mark = seen ? seen : by_model;

	if (mark == NULL || (mark != line && strncmp(line, "When ", 5) != 0))
		bad(line);
	if (mark != line)
		(void)snprintf(f->situation, sizeof(f->situation), "%.*s",
			       (int)(mark - line) - 7, line + 5);
	f->marked = seen != NULL;
	if (seen != NULL &&
	    sscanf(seen, "Seen in recorded rows: %15[^,], %zu row%*[s,] for example %7[^.].",
		   f->environment, &f->rows, f->row) != 3)
		bad(line);
}

static void read_section(const char *line, const char *rules)
{
	struct section_text *s = &sections[section_count++];

	if (section_count > N_ROWS(recordings) ||
	    sscanf(line,
		   "Of %zu rows that were recorded under %15[^,], %zu show a difference, "
		   "%zu of them",
		   &s->rows, s->environment, &s->witnesses, &s->beyond) != 4)
		bad(line);
	(void)snprintf(s->rules, sizeof(s->rules), "%s", rules);
}

static void read_title(const char *line, const char *rules)
{
	struct finding_text *f = &findings[finding_count++];
	char title[MAX_TITLE];
	unsigned number;

	if (finding_count > MAX_FINDINGS ||
	    sscanf(line, "### %u. %255[^\n]", &number, title) != 2)
		bad(line);
	(void)snprintf(f->rules, sizeof(f->rules), "%s", rules);
	(void)snprintf(f->title, sizeof(f->title), "%s", title);
	(void)snprintf(f->name, sizeof(f->name), "%s, %u. %s", rules, number, title);
}

static void read_findings(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[MAX_LINE], rules[32] = "";
	bool mark_follows = false;

	if (file == NULL)
		bad("cannot be read");
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "### ", 4) == 0) {
			read_title(line, rules);
			mark_follows = true;
		} else if (sscanf(line, "## %31s", rules) == 1) {
			mark_follows = false;
		} else if (strncmp(line, "Of ", 3) == 0) {
			read_section(line, rules);
		} else if (mark_follows && *line != '\n') {
			read_mark(&findings[finding_count - 1], line);
			mark_follows = false;
		}
	}
	(void)fclose(file);
}

/* --- the marks ----------------------------------------------------------- */

static bool same_class(const struct finding_text *f, const struct seen_row *w)
{
	return is_of(w, f->rules) && strcmp(f->title, w->title) == 0 &&
	       strcmp(f->situation, w->situation) == 0;
}

static void test_mark(void **state)
{
	const struct finding_text *f = *state;
	const struct seen_row *first = NULL;
	size_t rows = 0;

	for (size_t i = 0; i < witness_count; i++)
		if (same_class(f, &witnesses[i]) && rows++ == 0)
			first = &witnesses[i];
	assert_int_equal(f->marked, rows != 0);
	if (!f->marked)
		return;
	assert_int_equal(f->rows, rows);
	assert_string_equal(f->row, first->row->c->name);
	assert_string_equal(f->environment, vector_env_name[first->row->env]);
}

/* The rows that are counted, and the rest. */
static void test_section(void **state)
{
	const struct section_text *s = *state;
	size_t of_these = 0, marked = 0;

	for (size_t i = 0; i < witness_count; i++)
		of_these += is_of(&witnesses[i], s->rules);
	for (size_t i = 0; i < finding_count; i++)
		marked += strcmp(findings[i].rules, s->rules) == 0 ? findings[i].rows : 0;
	assert_int_equal(s->rows, data.case_count);
	assert_int_equal(s->witnesses, of_these);
	assert_int_equal(s->beyond, of_these - marked);
}

/* A class has one title, and no other class has it in the same situation. */
static void test_titles(void **state)
{
	(void)state;
	for (size_t i = 0; i < finding_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(strcmp(findings[i].rules, findings[j].rules) == 0 &&
				     strcmp(findings[i].title, findings[j].title) == 0 &&
				     strcmp(findings[i].situation,
					    findings[j].situation) == 0);
}

/* Everything has been read: every rule set that was recorded has its rows. */
static void test_read(void **state)
{
	(void)state;
	assert_true(finding_count > 0);
	assert_int_equal(section_count, N_ROWS(recordings));
	for (size_t i = 0; i < N_ROWS(recordings); i++)
		assert_string_equal(sections[i].rules, recordings[i].rules);
}

/* --- what the record shows ----------------------------------------------- */

static bool took(const struct vector_row *row, char letter, uint64_t exit_code)
{
	return strchr(row->in_l2, letter) != NULL || row->exit_code == exit_code;
}

static bool shows_v_irq(const struct vector_row *kvm, const struct vector_row *bare)
{
	(void)bare;
	return took(kvm, 'V', PSVM_EXIT_VINTR);
}

static bool shows_intr(const struct vector_row *kvm, const struct vector_row *bare)
{
	(void)bare;
	return took(kvm, 'P', PSVM_EXIT_INTR);
}

/* Did L2 leave in the same way at the same instruction? */
static bool same_exit(const struct vector_row *kvm, const struct vector_row *bare)
{
	return kvm->exit_code == bare->exit_code && kvm->rip_off == bare->rip_off;
}

/* Without an L0 it is taken, with one not then, and maybe later. */
static bool lacks_v_irq(const struct vector_row *kvm, const struct vector_row *bare)
{
	return took(bare, 'V', PSVM_EXIT_VINTR) &&
	       (kvm->virt_rip_off != bare->virt_rip_off || !same_exit(kvm, bare));
}

static bool lacks_intr(const struct vector_row *kvm, const struct vector_row *bare)
{
	return took(bare, 'P', PSVM_EXIT_INTR) &&
	       (kvm->phys_rip_off != bare->phys_rip_off || !same_exit(kvm, bare));
}

static bool shows_dummy(const struct vector_row *kvm, const struct vector_row *bare)
{
	return strchr(kvm->in_l2, 'O') != NULL && strchr(bare->in_l2, 'O') == NULL;
}

static bool leaks_v_irq(const struct vector_row *kvm, const struct vector_row *bare)
{
	return (kvm->int_ctl & ~bare->int_ctl & PSVM_V_IRQ) != 0;
}

static bool other_v_tpr(const struct vector_row *kvm, const struct vector_row *bare)
{
	return ((kvm->int_ctl ^ bare->int_ctl) & PSVM_V_TPR) != 0;
}

static bool fails(const struct vector_row *kvm, const struct vector_row *bare)
{
	return kvm->exit_code == PSVM_EXIT_INVALID && bare->exit_code != PSVM_EXIT_INVALID;
}

#define NOTHING "nothing, the program goes on"
#define V_IRQ	"the virtual interrupt that L1 requested is taken"
#define INTR	"the interrupt for L1 is taken"
#define DUMMY	"interrupt 0, L0's dummy, is delivered to L2"

/* What a title claims, in the words of the record. */
static const struct claim {
	const char *title;
	bool (*shown)(const struct vector_row *kvm, const struct vector_row *bare);
} claims[] = {
	{ "vmcb12 after #VMEXIT: wrong V_TPR", other_v_tpr },
	{ "vmcb12 after #VMEXIT: wrong V_IRQ; nested: V_IRQ", leaks_v_irq },
	{ "bare: " NOTHING "; nested: " V_IRQ, shows_v_irq },
	{ "bare: " NOTHING "; nested: " INTR, shows_intr },
	{ "bare: " NOTHING "; nested: " DUMMY, shows_dummy },
	{ "bare: " NOTHING "; nested: VMRUN fails", fails },
	{ "bare: " V_IRQ "; nested: " NOTHING, lacks_v_irq },
	{ "bare: " V_IRQ "; nested: " DUMMY, shows_dummy },
	{ "bare: " INTR "; nested: " NOTHING, lacks_intr },
	{ "bare: " INTR "; nested: " V_IRQ, shows_v_irq },
};

/* The same experiment without an L0. It ended the emulator in some cases, and in the
 * second of a pair it began with what the first one left. */
static const struct vector_row *bare_of(const struct vector_row *kvm)
{
	const struct vector_row *bare =
		&data.rows[VECTOR_QEMU_10_0][kvm - data.rows[kvm->env]];

	return bare->status == VECTOR_OK && bare->before == kvm->before ? bare : NULL;
}

static void test_claim(void **state)
{
	const struct claim *claim = *state;
	unsigned rows = 0, wrong = 0;

	for (size_t i = 0; i < witness_count; i++) {
		const struct vector_row *kvm = witnesses[i].row, *bare = bare_of(kvm);

		if (strcmp(witnesses[i].title, claim->title) != 0 || bare == NULL)
			continue;
		rows++;
		if (claim->shown(kvm, bare))
			continue;
		fprintf(stderr, "%s %s does not show it\n", vector_env_name[kvm->env],
			kvm->c->name);
		wrong++;
	}
	print_message("%u rows\n", rows);
	assert_true(rows > 0);
	assert_int_equal(wrong, 0);
}

static void test_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < witness_count; i++) {
		size_t j = 0;

		while (j < N_ROWS(claims) &&
		       strcmp(witnesses[i].title, claims[j].title) != 0)
			j++;
		if (j == N_ROWS(claims))
			fail_msg("%s: no claim \"%s\"", witnesses[i].row->c->name,
				 witnesses[i].title);
	}
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[MAX_FINDINGS + N_ROWS(sections) + N_ROWS(claims) + 3];
	size_t n = 0;
	int rc;

	vectors_read(&data, argc > 1 ? argv[1] : PSVM_VECTORS_DIR);
	for (size_t i = 0; i < N_ROWS(recordings); i++)
		find_witnesses(&recordings[i]);
	read_findings(argc > 2 ? argv[2] : PSVM_FINDINGS);
	for (size_t i = 0; i < finding_count; i++)
		tests[n++] = check_case(findings[i].name, test_mark, &findings[i]);
	for (size_t i = 0; i < section_count; i++)
		tests[n++] = check_case(sections[i].rules, test_section, &sections[i]);
	for (size_t i = 0; i < N_ROWS(claims); i++)
		tests[n++] = check_case(claims[i].title, test_claim, &claims[i]);
	tests[n++] = check_case("every title is a claim", test_claims, NULL);
	tests[n++] = check_case("titles", test_titles, NULL);
	tests[n++] = check_case("all of it", test_read, NULL);
	rc = _cmocka_run_group_tests("findings", tests, n, NULL, NULL);
	vectors_free(&data);
	return rc != 0;
}
