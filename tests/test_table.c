/* SPDX-License-Identifier: MIT */
/*
 * Tables of foreign code: what is read of one that is written down here, how one is made
 * of more rows and nodes than it may have, and what of a waiting interrupt goes into one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "foreign.h"
#include "psvm/rule_sets.h"
#include "rows.h"
#include "table_make.h"

#include <string.h>

/* One word, int_ctl of 12, made of those of 12, 02 and 01. */
static const struct psvm_output outputs[] = {
	{ "int_ctl of 12", NULL, NULL, PSVM_OUTPUT_WORD, PSVM_UNIT_INT_CTL, 0,
	  PSVM_DIFF_INT_CTL, 0 },
};
static const struct step step = { .moment = PSVM_MOMENT_REFRESH,
				  .outputs = outputs,
				  .n_outputs = N_ROWS(outputs) };

/* --- what is read -------------------------------------------------------- */

static const struct atom fact = { ATOM_FACT, 0, 0, PSVM_C_HOST_VNMI_BIT, false };
static const struct atom v_irq_02 = { ATOM_WORD, 1, PSVM_DIFF_INT_CTL, 8, false };
static const struct atom vintr_01 = { ATOM_WORD, 2, PSVM_DIFF_MISC1, 4, false };
static const struct atom shadow_12 = { ATOM_WORD, 0, PSVM_DIFF_INT_STATE, 0, false };
static const struct atom event_02 = { ATOM_WORD, 1, PSVM_DIFF_EVENT_INJ, 31, false };
static const struct atom queued = { ATOM_QUEUED, 0, 0, 0, false };
static const struct atom queued_two = { ATOM_QUEUED_TWO, 0, 0, 0, false };
static const struct atom waiting = { ATOM_WAITING, 0, 0, 0, false };

/* A table that asks for an atom: if it is 1, 12 becomes ones. */
static struct reads reads;
static bool ask(const struct atom *atom, const struct psvm_nested *n)
{
	static struct table_node node = { { 0 | TABLE_ROW, 1 | TABLE_ROW }, 0 };
	static struct table_row rows[2];
	struct psvm_diff_input input = { .nested = *n };
	struct table table = { .step = &step,
			       .atoms = { *atom },
			       .n_atoms = 1,
			       .nodes = &node,
			       .n_nodes = 1,
			       .rows = rows,
			       .n_rows = 2 };
	uint64_t output;

	memset(&rows[1].ones[0], UINT8_MAX, sizeof(rows[1].ones[0]));
	reads.noted = 0;
	table_outputs(&table, &input, &output, &reads);
	assert_true(output == 0 || output == UINT64_MAX);
	assert_int_equal(table_atom(atom, n), output != 0);
	return output != 0;
}

struct reads_row {
	const char *name;
	const struct atom *atom;
	struct psvm_nested nested;
	bool is; /* 1 */
	unsigned noted;
	enum read_kind kind;
	uint64_t value;
};

/* All other bits are 1 where the one is 0. A bit that is 0 has been read, too. */
static struct reads_row reads_rows[] = {
	{ "a fact", &fact, { .facts = 1U << PSVM_C_HOST_VNMI_BIT }, true,
	  1, READ_CONDITIONS, 1U << PSVM_C_HOST_VNMI_BIT },
	{ "a fact that does not hold", &fact,
	  { .facts = ~(1U << PSVM_C_HOST_VNMI_BIT) }, false, 1, READ_CONDITIONS, 0 },
	{ "int_ctl", &v_irq_02, { .v02 = { .int_ctl = 0x100 } }, true,
	  1, READ_INT_CTL, 0x100 },
	{ "int_ctl, not set", &v_irq_02,
	  { .v12 = { .int_ctl = 0x100 }, .v02 = { .int_ctl = ~UINT64_C(0x100) },
	    .v01 = { .int_ctl = 0x100 } },
	  false, 1, READ_INT_CTL, 0 },
	{ "intercepts", &vintr_01, { .v01 = { .misc1 = 0x10 } }, true,
	  1, READ_MISC1, 0x10 },
	{ "intercepts, not set", &vintr_01,
	  { .v12 = { .misc1 = 0x10 }, .v02 = { .misc1 = 0x10 },
	    .v01 = { .misc1 = ~UINT32_C(0x10) } },
	  false, 1, READ_MISC1, 0 },
	/* No set-up decides these. */
	{ "int_state", &shadow_12, { .v12 = { .int_state = 1 } }, true, 0, 0, 0 },
	{ "event_inj", &event_02, { .v02 = { .event_inj = 0x80000000 } }, true, 0, 0, 0 },
	{ "no NMI", &queued, { .nmis = 0 }, false, 0, 0, 0 },
	{ "one NMI", &queued, { .nmis = 1 }, true, 0, 0, 0 },
	{ "255 NMIs", &queued, { .nmis = 255 }, true, 0, 0, 0 },
	{ "no second NMI, nor a first", &queued_two, { .nmis = 0 }, false, 0, 0, 0 },
	{ "no second NMI", &queued_two, { .nmis = 1 }, false, 0, 0, 0 },
	{ "two NMIs", &queued_two, { .nmis = 2 }, true, 0, 0, 0 },
	{ "a second NMI of 255", &queued_two, { .nmis = 255 }, true, 0, 0, 0 },
	{ "nothing waits", &waiting, { .vector = 0 }, false, 0, 0, 0 },
	{ "vector 1 waits", &waiting, { .vector = 1 }, true, 0, 0, 0 },
	{ "vector 255 waits", &waiting, { .vector = 255 }, true, 0, 0, 0 },
};

static void test_reads(void **state)
{
	const struct reads_row *row = *state;

	assert_int_equal(ask(row->atom, &row->nested), row->is);
	assert_int_equal(reads.noted, row->noted);
	if (row->noted == 0)
		return;
	assert_int_equal(reads.log[0].kind, row->kind);
	assert_int_equal(reads.log[0].value, row->value);
}

/* Only what is on the way is read, in its order. */
static void test_way(void **state)
{
	static struct table_node nodes[] = {
		{ { 0 | TABLE_ROW, 1 | TABLE_ROW }, 0 }, /* a fact */
		{ { 1 | TABLE_ROW, 0 | TABLE_ROW }, 1 }, /* intercepts */
		{ { 0, 1 }, 2 },			 /* int_ctl */
	};
	static struct table_row rows[2] = { { { { 0 } } }, { { { 1 } } } };
	const struct table table = { .step = &step,
				     .atoms = { fact, vintr_01, v_irq_02 },
				     .n_atoms = 3,
				     .root = 2,
				     .nodes = nodes,
				     .n_nodes = N_ROWS(nodes),
				     .rows = rows,
				     .n_rows = N_ROWS(rows) };
	struct psvm_diff_input input = { .nested = { .v02 = { .int_ctl = 0x100 } } };
	uint64_t output;

	(void)state;
	reads.noted = 0;
	table_outputs(&table, &input, &output, &reads);
	assert_int_equal(output, 1);
	assert_int_equal(reads.noted, 2);
	assert_int_equal(reads.log[0].kind, READ_INT_CTL);
	assert_int_equal(reads.log[0].value, 0x100);
	assert_int_equal(reads.log[1].kind, READ_MISC1);
	assert_int_equal(reads.log[1].value, 0);
}

/* --- more rows and nodes than a table may have --------------------------- */

/* What 12 becomes, of eight situations that differ: entry 12 + 2 * 02 + 4 * 01. */
static const uint8_t becomes[] = { 0xaa, 0xcc, 0xf0, 0x96, 0xe8, 0x00, 0xff, 0x80 };

/* A row that is known at some positions. At the last one every row is. */
static void know(struct wide_row *row, unsigned which, uint64_t positions)
{
	positions |= UINT64_C(1) << 63;
	memset(row, 0, sizeof(*row));
	for (unsigned k = 0; k < COMBINATIONS; k++) {
		row->known[0][k] = positions;
		row->row.ones[0][k] = becomes[which] >> k & 1 ? positions : 0;
	}
}

/* Some bits, over and over. */
static uint64_t repeated(uint64_t bits, unsigned width)
{
	for (; width < 64; width *= 2)
		bits |= bits << width;
	return bits;
}

/* How many atoms there are; and of a situation, which of those that differ it is, and
 * at which positions it is known. */
struct making_row {
	const char *name;
	uint32_t atoms;
	uint32_t decide[3]; /* the atoms that make a difference */
	size_t n_decide;
	uint64_t (*positions)(uint32_t number);
};

/* Each situation has another row, but for some that know everything: so rows have no
 * regular numbers, and what had a number before is not taken for what has it now. */
static uint64_t all_different(uint32_t number)
{
	return number % 7 == 3 ? UINT64_MAX : repeated((number >> 1 & 0x7f) | (number >> 9 & 0x3f) << 7, 13);
}

/* Few rows, but each pair of situations has another two. */
static uint64_t pairs_different(uint32_t number)
{
	return number & 1 ? repeated(number >> 12 & 0x1f, 5) :
			    repeated(number >> 1 & 0x7ff, 11);
}

static struct making_row making_rows[] = {
	{ "more rows", 16, { 0, 8, 15 }, 3, all_different },
	{ "more nodes", 18, { 0, 17 }, 2, pairs_different },
};

static unsigned which(const struct making_row *row, uint32_t number)
{
	unsigned bits = 0;

	for (size_t i = 0; i < row->n_decide; i++)
		bits |= (number >> row->decide[i] & 1) << i;
	return bits;
}

/* What a situation is; all of them differ if no positions are said. */
static void fill(struct wide_row *to, const struct making_row *row, uint32_t number)
{
	if (row->positions != NULL) {
		know(to, which(row, number), row->positions(number));
		return;
	}
	know(to, 0, UINT64_MAX);
	to->row.ones[0][0] = number;
}

/* As tabulate() does it. */
static struct table *make(const struct making_row *row)
{
	static struct part parts[TABLE_ATOMS + 1], last;
	struct making m;

	assert_true(making_start(&m, &step));
	making_live(&m, &last);
	for (uint32_t i = 0; i <= row->atoms; i++) {
		parts[i].kind = PART_NONE;
		making_live(&m, &parts[i]);
	}
	m.table->n_atoms = row->atoms;
	for (uint32_t i = 0; i < row->atoms; i++)
		m.table->atoms[i] = (struct atom){ ATOM_WORD, 0, PSVM_DIFF_INT_STATE,
						   (uint8_t)i, false };
	for (uint32_t number = 0; number < UINT32_C(1) << row->atoms && !m.failed;
	     number++) {
		uint32_t atom = 0;

		last.kind = PART_ROW;
		fill(&last.loose, row, number);
		for (; number >> atom & 1; atom++) {
			making_join(&m, atom, &parts[atom], &last);
			last = parts[atom];
			parts[atom].kind = PART_NONE;
		}
		parts[atom] = last;
	}
	last.kind = PART_NONE;
	return making_end(&m, &parts[row->atoms]);
}

/* At all 64 positions, eight times all that 12, 02 and 01 can be. */
static uint64_t output_of(const struct table *table, uint32_t number)
{
	struct psvm_diff_input input = {
		.nested = { .v12 = { .int_ctl = UINT64_C(0xaaaaaaaaaaaaaaaa),
				     .int_state = number },
			    .v02 = { .int_ctl = UINT64_C(0xcccccccccccccccc) },
			    .v01 = { .int_ctl = UINT64_C(0xf0f0f0f0f0f0f0f0) } }
	};
	uint64_t output;

	table_outputs(table, &input, &output, NULL);
	return output;
}

/* All situations that are the same become one, wherever they are known: what was put
 * down on the way has gone. */
static void test_making(void **state)
{
	const struct making_row *row = *state;
	struct table *table = make(row);
	struct atom atoms[TABLE_ATOMS];

	assert_non_null(table);
	assert_int_equal(table->n_rows, 1 << row->n_decide);
	assert_int_equal(table->n_nodes, (1 << row->n_decide) - 1);
	assert_int_equal(table_support(table, atoms), row->n_decide);
	for (size_t i = 0; i < row->n_decide; i++)
		assert_int_equal(atoms[i].bit, row->decide[i]);
	for (uint32_t number = 0; number < UINT32_C(1) << row->atoms; number++)
		if (output_of(table, number) !=
		    becomes[which(row, number)] * UINT64_C(0x0101010101010101))
			fail_msg("situation 0x%x: 0x%jx", (unsigned)number,
				 (uintmax_t)output_of(table, number));
	table_free(table);
}

/* If none of them is the same, it is soon said that they are too many. */
static void test_too_many(void **state)
{
	static const struct making_row row = { .atoms = 16 };

	(void)state;
	assert_null(make(&row));
}

/* The rows above would be too many; so would the nodes. */
PSVM_STATIC_ASSERT(MOST_ROWS < 1 << 16, "rows of 16 atoms");
PSVM_STATIC_ASSERT(MOST_NODES <= 1 << 17, "nodes of 18 atoms");

/* --- the waiting interrupt ----------------------------------------------- */

/* What a window does, in int_ctl of 02. No random inputs: the table alone decides. */
static const struct psvm_foreign_limits limits = { .seconds = 5, .random = 0 };
static char error[2048];

static struct psvm_foreign *open_window(psvm_adapter_transition *window_open)
{
	const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.window_open = window_open,
	};

	return psvm_foreign_of(&adapter, &limits, error, sizeof(error));
}

static void copies(const struct psvm_nested *n, struct psvm_result *r)
{
	r->v02.int_ctl &= ~(PSVM_V_INTR_PRIO | PSVM_V_IGN_TPR);
	r->v02.int_ctl |= (uint64_t)(n->vector >> 4) << PSVM_V_INTR_PRIO_SHIFT;
	if (n->external)
		r->v02.int_ctl |= PSVM_V_IGN_TPR;
}

static void inverts(const struct psvm_nested *n, struct psvm_result *r)
{
	copies(n, r);
	r->v02.int_ctl ^= PSVM_V_INTR_PRIO | PSVM_V_IGN_TPR;
}

/* Vector 0xc5 has priority 12. */
static void assert_window(psvm_adapter_transition *window_open, uint8_t vector,
			  uint8_t external, uint64_t expected)
{
	struct psvm_foreign *f = open_window(window_open);
	struct psvm_diff_input input = {
		.nested = { .vector = vector, .external = external }
	};
	uint64_t results[MAX_OUTPUTS];
	size_t window = 0;

	if (f == NULL)
		fail_msg("%s", error);
	while (diff_steps[window].moment != PSVM_MOMENT_WINDOW)
		window++;
	step_run(&diff_steps[window], psvm_foreign_l0(f), &input, results);
	assert_int_equal(results[PSVM_DIFF_FIELDS], expected);
	psvm_foreign_close(f);
}

static void test_priority(void **state)
{
	(void)state;
	assert_window(copies, 0xc5, 0, 0xc0000);
	assert_window(copies, 0x3a, 1, 0x130000);
	assert_window(copies, 0, 0, 0);
	assert_window(inverts, 0xc5, 0, 0x130000);
	assert_window(inverts, 0x3a, 1, 0xc0000);
	assert_window(inverts, 0, 0, 0x1f0000);
}

static void goes_by_vector(const struct psvm_nested *n, struct psvm_result *r)
{
	if (n->vector != 0)
		r->v02.int_ctl ^= PSVM_V_TPR;
}

static void goes_by_source(const struct psvm_nested *n, struct psvm_result *r)
{
	if (n->external)
		r->v02.int_ctl ^= PSVM_V_TPR;
}

/* What does not go to its own bit is no bit of a word. */
static void test_refused(void **state)
{
	(void)state;
	assert_null(open_window(goes_by_vector));
	assert_string_equal(error, "window_open cannot be tabulated: \"int_ctl of 02\" "
				   "depends on the vector that waits");
	assert_null(open_window(goes_by_source));
	assert_string_equal(error, "window_open cannot be tabulated: \"int_ctl of 02\" "
				   "depends on the vector that waits");
}

int main(void)
{
	struct CMUnitTest tests[4 + N_ROWS(reads_rows) + N_ROWS(making_rows)] = {
		cmocka_unit_test(test_way),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
	};
	size_t n = 4;

	for (size_t i = 0; i < N_ROWS(reads_rows); i++)
		tests[n++] = (struct CMUnitTest){ reads_rows[i].name, test_reads, NULL,
						  NULL, &reads_rows[i] };
	for (size_t i = 0; i < N_ROWS(making_rows); i++)
		tests[n++] = (struct CMUnitTest){ making_rows[i].name, test_making, NULL,
						  NULL, &making_rows[i] };
	return _cmocka_run_group_tests("table", tests, n, NULL, NULL) != 0;
}
