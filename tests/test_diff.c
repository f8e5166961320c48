/* SPDX-License-Identifier: MIT */
/*
 * The comparison of rule sets: known differences typed by hand, single changes
 * planted in a rule set, and random inputs, which no comparison has seen.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define PSVM_EXTERN
#include "psvm/diff.h"
#include "psvm/rule_sets.h"

#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 4 * PSVM_WORDS_SIZE };

/* --- changes in words ---------------------------------------------------- */

static const char *moment_of(const struct psvm_diff *diff,
			     const struct psvm_change *change)
{
	return psvm_name_of_moment(diff->scopes[change->scope].moment);
}

/* "hand-back: if X or if Y: int_ctl of vmcb12: V_TPR: a -> b; ..." */
static void describe(char *text, size_t size, const struct psvm_diff *diff,
		     const struct psvm_change *change)
{
	char words[PSVM_WORDS_SIZE], a[PSVM_WORDS_SIZE], b[PSVM_WORDS_SIZE];
	size_t length = (size_t)snprintf(text, size, "%s%s: ", moment_of(diff, change),
					 change->also_reenter ? " and re-enter" : "");

	for (size_t i = 0; i < change->n_terms; i++) {
		(void)psvm_words_of_term(words, sizeof(words),
					 &diff->scopes[change->scope], change->terms[i]);
		length += (size_t)snprintf(text + length, size - length, "%s%s",
					   i ? " or " : "", words);
	}
	for (size_t i = 0; i < change->n_parts; i++) {
		(void)psvm_words_of_part(words, sizeof(words), &change->parts[i]);
		(void)psvm_words_of_becomes(a, sizeof(a), &change->parts[i], false);
		(void)psvm_words_of_becomes(b, sizeof(b), &change->parts[i], true);
		length += (size_t)snprintf(text + length, size - length, "; %s: %s -> %s",
					   words, a, b);
	}
	assert_true(length < size);
}

static void assert_change(const struct psvm_diff *diff, size_t number,
			  const char *expected)
{
	char text[TEXT];

	assert_true(number < diff->n_changes);
	describe(text, sizeof(text), diff, &diff->changes[number]);
	assert_string_equal(text, expected);
}

static void compare(struct psvm_diff *diff, const struct psvm_rules *a,
		    const struct psvm_rules *b)
{
	assert_true(psvm_diff_run(diff, psvm_l0_of(a), psvm_l0_of(b)));
	assert_int_equal(diff->code, PSVM_DIFF_OK);
}

/* --- the seed ------------------------------------------------------------ */

/* history.md 1.2, the rows in which v1 changes a result. */
static const char *const seed[] = {
	"hand-back: V_INTR_MASKING of 12 = 0; "
	"int_ctl of vmcb12: V_TPR: 02's -> 12's, stays as it is",
	"hand-back: V_INTR_MASKING of 12 = 0 and VINTR not intercepted in 02; "
	"int_ctl of vmcb12: V_IRQ: 02's -> 12's, stays as it is",
	"hand-back: V_INTR_MASKING of 12 = 0 and V_IRQ of 02 = 1; "
	"requests: event: not requested -> requested",
};

/* The smallest inputs: one bit each. The second one is the interrupt that L2
 * took and that L1 finds pending again. */
static const char *const seed_examples[] = {
	".v12 = { .int_ctl = 0x1 }",
	".v12 = { .int_ctl = 0x100 }",
	".v02 = { .int_ctl = 0x100 }",
};

static void test_seed(void **state)
{
	struct psvm_diff diff;
	char text[TEXT];

	(void)state;
	compare(&diff, psvm_rules_by_name("lkml-2022-base"),
		psvm_rules_by_name("lkml-2022"));
	assert_int_equal(diff.n_changes, N_ROWS(seed));
	for (size_t i = 0; i < N_ROWS(seed); i++)
		assert_change(&diff, i, seed[i]);
	for (size_t i = 0; i < N_ROWS(seed_examples); i++) {
		(void)psvm_initializer_of_input(text, sizeof(text),
						&diff.changes[i].example.nested);
		assert_string_equal(text, seed_examples[i]);
	}
	psvm_diff_free(&diff);
}

/* --- equal and swapped --------------------------------------------------- */

static void test_same(void **state)
{
	const char *name = *state;
	struct psvm_diff diff;
	uint64_t inputs = 0;

	compare(&diff, psvm_rules_by_name(name), psvm_rules_by_name(name));
	assert_int_equal(diff.n_changes, 0);
	for (size_t i = 0; i < diff.n_scopes; i++)
		inputs += diff.scopes[i].inputs;
	assert_int_equal(diff.n_scopes, PSVM_DIFF_SCOPES);
	assert_true(inputs == diff.inputs && inputs > 1000);
	psvm_diff_free(&diff);
}

static void swap_parts(struct psvm_change *change)
{
	for (size_t i = 0; i < change->n_parts; i++) {
		struct psvm_change_part *part = &change->parts[i];
		struct psvm_becomes a = part->a;
		uint8_t value = part->value_a;

		part->a = part->b;
		part->b = a;
		part->value_a = part->value_b;
		part->value_b = value;
	}
}

struct pair {
	const char *name; /* of the case */
	const char *a, *b;
};

static struct pair pairs[] = {
	{ "lkml-2022-base lkml-2022", "lkml-2022-base", "lkml-2022" },
	{ "linux-6.1 lkml-2022-base", "linux-6.1", "lkml-2022-base" },
	{ "lkml-2022 lkml-2022-vnmi", "lkml-2022", "lkml-2022-vnmi" },
	{ "linux-6.1 linux-6.12", "linux-6.1", "linux-6.12" },
	{ "linux-6.12 linux-7.2", "linux-6.12", "linux-7.2" },
	{ "linux-6.12 exact", "linux-6.12", "exact" },
	{ "linux-6.12 xen", "linux-6.12", "xen" },
};

/* A change found in one direction is found in the other one, with its sides
 * exchanged; changes may be numbered differently where values are paired. */
static void assert_found(const struct psvm_diff *diff, const char *expected)
{
	char text[TEXT];

	for (size_t i = 0; i < diff->n_changes; i++) {
		describe(text, sizeof(text), diff, &diff->changes[i]);
		if (strcmp(text, expected) == 0)
			return;
	}
	fail_msg("not found: %s", expected);
}

static void test_swapped(void **state)
{
	const struct pair *pair = *state;
	const struct psvm_rules *a = psvm_rules_by_name(pair->a);
	const struct psvm_rules *b = psvm_rules_by_name(pair->b);
	struct psvm_diff ab, ba;
	char text[TEXT];

	compare(&ab, a, b);
	compare(&ba, b, a);
	assert_true(ab.n_changes > 0);
	assert_int_equal(ab.n_changes, ba.n_changes);
	assert_int_equal(ab.inputs, ba.inputs);
	for (size_t i = 0; i < ab.n_changes; i++) {
		swap_parts(&ab.changes[i]);
		describe(text, sizeof(text), &ab, &ab.changes[i]);
		assert_found(&ba, text);
	}
	psvm_diff_free(&ab);
	psvm_diff_free(&ba);
}

/* --- planted changes ----------------------------------------------------- */

struct planted {
	const char *name;
	const char *rules;
	uint32_t cell;
	size_t line;
	uint64_t bits; /* flipped */
	uint32_t on, off;
	const char *expected;
};

static struct planted planted[] = {
	{ "snapshot drops bits", "linux-6.1", PSVM_CELL_SNAPSHOT_INT_CTL, 0,
	  PSVM_RSVD_63_40, 0, 0,
	  "snapshot: always; int_ctl of 12: RSVD_63_40: 12's, stays as it is -> 0" },
	{ "VMRUN fails", "linux-6.12", PSVM_CELL_ENTER_INVALID, 1, PSVM_FLAG, 0, 0,
	  "VMRUN and re-enter: VMRUN's other consistency checks accept 12 and "
	  "V_NMI_ENABLE "
	  "of 12 = 1 and NMI not intercepted in 12; VMRUN: fails with VMEXIT_INVALID -> "
	  "succeeds" },
	{ "failed VMRUN zeroes", "linux-6.12", PSVM_CELL_INVALID_ZERO_12, 0,
	  PSVM_F_INT_STATE, 0, 0,
	  "VMRUN and re-enter: always; int_state of vmcb12: all: 12's, stays as it is -> "
	  "0; "
	  "fields stored in vmcb12: int_state, int_state 0: not stored -> stored" },
	{ "068h is handed back whole", "exact", PSVM_CELL_HANDBACK_FIELDS, 0,
	  PSVM_F_INT_STATE | PSVM_F_INT_SHADOW, 0, 0,
	  "hand-back: always; int_state of vmcb12: all but INTERRUPT_SHADOW: 12's, stays "
	  "as it is -> 02's; fields stored in vmcb12: int_state: not stored -> stored" },
	{ "forced", "exact", PSVM_CELL_ENTER_SET_02, 0, PSVM_V_INTR_MASKING, 0, 0,
	  "VMRUN and re-enter: always; int_ctl of 02: V_INTR_MASKING: 1 -> 0" },
	{ "part of a field", "linux-6.1", PSVM_CELL_ENTER_FROM_12, 0, 3, 0, 0,
	  "VMRUN and re-enter: always; int_ctl of 02: V_TPR[1:0]: 12's -> 0" },
	{ "VMRUN sets GIF", "exact", PSVM_CELL_VMRUN_SET_01, 0, PSVM_V_GIF, 0, 0,
	  "VMRUN: L0 uses vGIF for L1; int_ctl of 01: V_GIF: 1 -> 01's, stays as it is" },
	{ "intercepts", "linux-6.1", PSVM_CELL_MERGE_DROP_CR, 0, PSVM_INTERCEPT_CR8_READ,
	  0, 0,
	  "intercepts: V_INTR_MASKING of 12 = 1; intercepts 000h of 02: CR8_READ: "
	  "12's -> 12's or 01's" },
	{ "dummy", "linux-6.1", PSVM_CELL_WINDOW_DUMMY, 0, PSVM_V_INTR_PRIO, 0, 0,
	  "window opens: L1's GIF = 1 or L0 uses vGIF for L1; int_ctl of 02: "
	  "V_INTR_PRIO: "
	  "1 -> 0" },
	{ "waiting interrupt", "xen", PSVM_CELL_WINDOW_EVENT, 0, PSVM_V_IGN_TPR, 0, 0,
	  "window opens: the emulated VMRUN has run on the processor or V_IRQ of 12 = 0; "
	  "int_ctl of 02: V_IGN_TPR: the waiting interrupt's -> 0" },
	{ "close requests", "linux-6.1", PSVM_CELL_CLOSE_REQUEST, 0, PSVM_REQUEST_EVENT,
	  0, 0, "window closes: always; requests: event: requested -> not requested" },
	{ "refresh bit", "linux-6.12", PSVM_CELL_REFRESH_TO_12, 3, PSVM_V_NMI, 0, 0,
	  "refresh: vNMI is nested; int_ctl of 12: V_NMI: 02's -> 12's, stays as it is" },
	{ "refresh condition", "linux-6.12", PSVM_CELL_REFRESH_TO_12, 1, 0, 0,
	  PSVM_C(VINTR_12),
	  "refresh: VINTR intercepted in 02 and VINTR intercepted in 12; int_ctl of 12: "
	  "V_IRQ: 02's -> 12's, stays as it is" },
	{ "refresh field", "linux-6.1", PSVM_CELL_REFRESH_FIELDS, 0, PSVM_F_EVENT_INJ, 0,
	  0, "refresh: always; event_inj of 12: all: 02's -> 12's, stays as it is" },
	{ "hand-back request", "lkml-2022", PSVM_CELL_HANDBACK_REQUEST, 1, 0, 0,
	  PSVM_C(V_INTR_MASKING_12),
	  "hand-back: V_INTR_MASKING of 12 = 1 and V_IRQ of 02 = 1; requests: event: "
	  "not requested -> requested" },
	{ "hand-back to 01", "linux-6.12", PSVM_CELL_HANDBACK_TO_01, 0, PSVM_V_NMI_MASK,
	  0, 0,
	  "hand-back: L0 uses vNMI for L1; int_ctl of 01: V_NMI_MASK: 02's -> "
	  "01's, stays as it is" },
	{ "operands that are conditions", "exact", PSVM_CELL_HANDBACK_TO_12, 1,
	  PSVM_V_IRQ, 0, 0,
	  "hand-back: VINTR not intercepted in 01; int_ctl of vmcb12: V_IRQ: 12's and "
	  "02's "
	  "-> 12's, stays as it is" },
	{ "routing", "linux-6.12", PSVM_CELL_ROUTE_L1, 0, PSVM_CLASS_VMMCALL, 0, 0,
	  "exit routing: always; exits that go to L1: VMMCALL: 12's -> yes" },
	{ "routing beyond the intercepts", "linux-6.12", PSVM_CELL_ROUTE_L1, 0,
	  PSVM_CLASS_INVALID, 0, 0,
	  "exit routing: always; exits that go to L1: INVALID: yes -> no, L0 handles "
	  "them" },
	{ "arrival", "linux-6.12", PSVM_CELL_CLOSED_WINDOW, 0, PSVM_FLAG, 0, 0,
	  "interrupt arrives: L1's GIF = 0 and the emulated VMRUN has run on the "
	  "processor "
	  "or L1's RFLAGS.IF at VMRUN = 0 and the emulated VMRUN has run on the "
	  "processor "
	  "and V_INTR_MASKING of 12 = 1 or the emulated VMRUN has run on the processor "
	  "and "
	  "L2's RFLAGS.IF = 0 and V_INTR_MASKING of 12 = 0; interrupt for L1: L0 opens a "
	  "window -> L0 waits" },
	{ "TPR", "xen", PSVM_CELL_TPR_LOAD, 0, PSVM_FLAG, PSVM_C(CR8_WRITE_02), 0,
	  "running L2: CR8 writes intercepted in 02; 02.V_TPR is loaded from L1's "
	  "local APIC before a run: no -> yes" },
	{ "HLT", "linux-6.1", PSVM_CELL_HLT_WAKE, 0, PSVM_WAKE_SMI, 0, 0,
	  "running L2: always; wakes a sleeping L2: SMI: yes -> no" },
	{ "before a run", "exact", PSVM_CELL_RUN_FROM_12, 0, PSVM_V_IGN_TPR, 0, 0,
	  "running L2: VINTR not intercepted in 01; 12 to 02 before every run of L2: "
	  "V_IGN_TPR: yes -> no" },
};

static void test_planted(void **state)
{
	const struct planted *row = *state;
	const struct psvm_rules *rules = psvm_rules_by_name(row->rules);
	struct psvm_rules changed = *rules;
	struct psvm_move *move = &changed.cell[row->cell].move[row->line];
	struct psvm_diff diff;

	move->bits ^= row->bits;
	move->on ^= row->on;
	move->off ^= row->off;
	compare(&diff, rules, &changed);
	assert_change(&diff, 0, row->expected);
	assert_int_equal(diff.n_changes, 1);
	psvm_diff_free(&diff);
}

/* --- what is read -------------------------------------------------------- */

static const char *const readers[] = { "linux-6.1", "lkml-2022", "xen" };

/* A line for a cell that applies if TPR_MASKS holds, which nobody else asks for
 * at these moments. Bit 10 of int_ctl has no owner yet; of the dummy, only bits
 * that a window takes count. */
static struct psvm_move ask(uint32_t cell)
{
	enum psvm_unit unit = psvm_name_of_cell(cell).unit;
	struct psvm_move move = { UINT32_MAX, PSVM_C(TPR_MASKS), 0 };

	if (cell == PSVM_CELL_WINDOW_DUMMY)
		move.bits = PSVM_V_INTR_VECTOR;
	else if (unit == PSVM_UNIT_INT_CTL)
		move.bits = UINT64_C(1) << 10;
	else if (unit == PSVM_UNIT_FLAG)
		move.bits = PSVM_FLAG;
	return move;
}

static bool asks(const struct psvm_diff_scope *scope)
{
	for (size_t i = 0; i < scope->n_variables; i++)
		if (scope->variables[i].condition == PSVM_C_TPR_MASKS_BIT)
			return true;
	return false;
}

/* --- random inputs ------------------------------------------------------- */

/*
 * For inputs with random bits everywhere: what differs is among the changes
 * that happen, and becomes what they say; and a change that happens makes a
 * difference for some bits at its position.
 */
enum { N_INPUTS = 2000, N_WORDS = 18 };

static uint64_t random_state;

static uint64_t random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static struct psvm_words random_words(void)
{
	return (struct psvm_words){
		.int_ctl = random_bits(),
		.int_state = random_bits(),
		.event_inj = random_bits(),
		.exit_int_info = random_bits(),
		.misc1 = (uint32_t)(random_bits() >> 32),
		.tlb_control = (uint8_t)(random_bits() >> 56),
	};
}

static struct psvm_diff_input random_input(void)
{
	struct psvm_diff_input input;
	uint32_t facts = (uint32_t)(random_bits() >> 48);
	uint32_t used = facts >> PSVM_C_HOST_VGIF_BIT & 3;

	memset(&input, 0, sizeof(input));
	input.nested.v12 = random_words();
	input.nested.v02 = random_words();
	input.nested.v01 = random_words();
	facts &= ~(PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI)) |
		 used << PSVM_C_OFFER_VGIF_BIT;
	if (random_bits() >> 62)
		facts &= ~PSVM_C(CHECKS_FAILED);
	input.nested.facts = facts;
	input.nested.nmis = (uint8_t)(random_bits() >> 62);
	input.nested.vector = (uint8_t)(random_bits() >> 56);
	input.nested.external = (uint8_t)(random_bits() >> 63);
	return input;
}

typedef struct psvm_result transition(const struct psvm_rules *rules,
				      struct psvm_nested n);

static transition *const transitions[PSVM_MOMENT_COUNT] = {
	[PSVM_MOMENT_SNAPSHOT] = psvm_snapshot,
	[PSVM_MOMENT_ENTER] = psvm_enter,
	[PSVM_MOMENT_REENTER] = psvm_reenter,
	[PSVM_MOMENT_WINDOW] = psvm_window_open,
	[PSVM_MOMENT_CLOSE] = psvm_window_close,
	[PSVM_MOMENT_REFRESH] = psvm_refresh,
	[PSVM_MOMENT_HANDBACK] = psvm_nested_sync_int_ctl,
};

static uint64_t word_of(const struct psvm_words *words, unsigned int field)
{
	const uint64_t all[] = { words->int_ctl,   words->int_state,
				 words->event_inj, words->exit_int_info,
				 words->misc1,	   words->tlb_control };

	return all[field];
}

static uint64_t output_of(const struct psvm_result *r, const struct psvm_output *output)
{
	const struct psvm_words *words[] = { &r->v12, &r->v02, &r->v01 };

	if (output->vmcb < 3)
		return word_of(words[output->vmcb], output->field);
	if (strcmp(output->name, "requests") == 0)
		return r->requests;
	if (strcmp(output->name, "fields stored in vmcb12") == 0)
		/* All of 068h has the shadow in it. */
		return r->store12 | (r->store12 & PSVM_F_INT_STATE ? PSVM_F_INT_SHADOW : 0U);
	if (strcmp(output->name, "L1's GIF") == 0)
		return r->gif;
	if (strcmp(output->name, "L0's queue of NMIs for L1") == 0)
		return (uint64_t)(r->nmi_change + 1);
	return r->outcome;
}

struct outcome {
	struct psvm_result a, b;
};

static struct outcome run(const struct pair *pair, enum psvm_moment moment,
			  const struct psvm_diff_input *input)
{
	return (struct outcome){
		transitions[moment](psvm_rules_by_name(pair->a), input->nested),
		transitions[moment](psvm_rules_by_name(pair->b), input->nested),
	};
}

/* Does the scope speak about what happened? */
static bool concerns(const struct psvm_diff_scope *scope, const struct outcome *o)
{
	bool decides = scope->only && strstr(scope->only, "whether");
	bool fails = scope->only && strstr(scope->only, "fails in both");

	if (!scope->only || decides)
		return true;
	return o->a.outcome == o->b.outcome &&
	       (o->a.outcome == PSVM_VMEXIT_INVALID) == fails;
}

static bool term_holds(const struct psvm_change *change, int term, uint32_t values)
{
	return term < 0 ||
	       (values & change->terms[term].mask) == change->terms[term].value;
}

/* The bits of 12, 02 and 01, or what stands in for them, at a position. */
static unsigned int entry_of(const struct psvm_diff_input *input,
			     const struct psvm_output *output, unsigned int bit)
{
	const struct psvm_nested *n = &input->nested;
	uint64_t third;

	if (output->vmcb > 2)
		return output->third ? (n->facts >> PSVM_C_L1_GIF_BIT & 1) << 2 : 0;
	third = word_of(&n->v01, output->field);
	if (output->third && output->field == PSVM_DIFF_EXIT_INT_INFO)
		third = n->v02.event_inj;
	else if (output->third)
		third = (uint64_t)(n->vector >> 4) << PSVM_V_INTR_PRIO_SHIFT |
			(n->external ? PSVM_V_IGN_TPR : 0);
	return (unsigned int)((word_of(&n->v12, output->field) >> bit & 1) |
			      (word_of(&n->v02, output->field) >> bit & 1) << 1 |
			      (third >> bit & 1) << 2);
}

static void assert_becomes(const char *name, unsigned int bit,
			   struct psvm_becomes becomes, unsigned int entry, bool one)
{
	/* A window that takes nothing from the waiting interrupt: it does not count. */
	if (!(becomes.seen >> entry & 1))
		entry &= 3;
	if (!((one ? becomes.ones : becomes.zeros) >> entry & 1))
		fail_msg("%s, bit %u: %d, not said of entry %u", name, bit, one, entry);
}

/* What a part says, and which bits it accounts for. */
static uint64_t check_part(const struct psvm_change_part *part,
			   const struct psvm_diff_input *input, const struct outcome *o)
{
	uint64_t a = output_of(&o->a, &part->output), b = output_of(&o->b, &part->output);

	if (part->output.kind == PSVM_OUTPUT_VALUE)
		return a == part->value_a && b == part->value_b ? UINT64_MAX : 0;
	for (unsigned int bit = 0; bit < 64; bit++) {
		unsigned int entry;

		if (!(part->bits >> bit & 1))
			continue;
		entry = entry_of(input, &part->output, bit);
		assert_becomes(part->output.name, bit, part->a, entry, a >> bit & 1);
		assert_becomes(part->output.name, bit, part->b, entry, b >> bit & 1);
	}
	return part->bits;
}

static uint64_t check_parts(const struct psvm_change *change, uint32_t values,
			    const struct psvm_output *output,
			    const struct psvm_diff_input *input, const struct outcome *o)
{
	uint64_t said = 0;

	for (size_t i = 0; i < change->n_parts; i++) {
		const struct psvm_change_part *part = &change->parts[i];

		if (strcmp(part->output.name, output->name) == 0 &&
		    term_holds(change, part->term, values))
			said |= check_part(part, input, o);
	}
	return said;
}

static bool is_about(const struct psvm_diff *diff, const struct psvm_change *change,
		     enum psvm_moment moment, const struct outcome *o)
{
	const struct psvm_diff_scope *scope = &diff->scopes[change->scope];
	bool same = scope->moment == moment ||
		    (change->also_reenter && moment == PSVM_MOMENT_REENTER);

	return same && concerns(scope, o);
}

/* All outputs of a result; a word by its VMCB and field. */
static struct psvm_output nth_output(unsigned int n, enum psvm_moment moment)
{
	static const char *const names[] = { "requests", "fields stored in vmcb12",
					     "L1's GIF", "L0's queue of NMIs for L1" };
	static const char *const fields[] = { "int_ctl",	 "int_state",
					      "event_inj",	 "exit_int_info",
					      "intercepts 00Ch", "tlb_control" };
	static char name[64];
	struct psvm_output output = { .name = name, .vmcb = 3 };
	const char *vmcbs[] = { moment == PSVM_MOMENT_HANDBACK ? "vmcb12" : "12", "02",
				"01" };

	if (n >= N_WORDS) {
		output.name = names[n - N_WORDS];
		return output;
	}
	output.vmcb = (uint8_t)(n / PSVM_DIFF_FIELDS);
	output.field = (uint8_t)(n % PSVM_DIFF_FIELDS);
	snprintf(name, sizeof(name), "%s of %s", fields[output.field],
		 vmcbs[output.vmcb]);
	return output;
}

static void check_output(const struct psvm_diff *diff, enum psvm_moment moment,
			 const struct psvm_output *output,
			 const struct psvm_diff_input *input, const struct outcome *o)
{
	uint64_t differs = output_of(&o->a, output) ^ output_of(&o->b, output);
	uint64_t said = 0;

	for (size_t i = 0; i < diff->n_changes; i++) {
		const struct psvm_change *change = &diff->changes[i];
		uint32_t values = psvm_diff_values(&diff->scopes[change->scope], input);

		if (is_about(diff, change, moment, o) &&
		    psvm_change_happens(change, values))
			said |= check_parts(change, values, output, input, o);
	}
	if (differs & ~said)
		fail_msg("%s: %s differs in 0x%llx", psvm_name_of_moment(moment),
			 output->name, (unsigned long long)(differs & ~said));
}

/* A failed VMRUN names what it leaves in vmcb12; else VMRUN leaves 12 alone. */
static enum psvm_moment naming(enum psvm_moment moment, const struct outcome *o)
{
	return o->a.outcome == PSVM_VMEXIT_INVALID ? PSVM_MOMENT_HANDBACK : moment;
}

static void check_result(const struct psvm_diff *diff, const struct pair *pair,
			 enum psvm_moment moment, const struct psvm_diff_input *input)
{
	struct outcome o = run(pair, moment, input);
	bool vmrun = moment == PSVM_MOMENT_ENTER || moment == PSVM_MOMENT_REENTER;
	static const struct psvm_output outcome[] = { { .name = "VMRUN", .vmcb = 3 },
						      { .name = "window", .vmcb = 3 } };

	check_output(diff, moment, &outcome[!vmrun], input, &o);
	if (vmrun && o.a.outcome != o.b.outcome)
		return; /* and with it everything else */
	for (unsigned int n = 0; n < N_WORDS + 4; n++) {
		struct psvm_output output = nth_output(n, naming(moment, &o));

		check_output(diff, moment, &output, input, &o);
	}
}

static void test_covered(void **state)
{
	const struct pair *pair = *state;
	struct psvm_diff diff;

	random_state = UINT64_C(0x9e3779b97f4a7c15);
	compare(&diff, psvm_rules_by_name(pair->a), psvm_rules_by_name(pair->b));
	for (unsigned int i = 0; i < N_INPUTS; i++) {
		struct psvm_diff_input input = random_input();

		for (uint32_t moment = 0; moment < PSVM_MOMENT_COUNT; moment++)
			if (transitions[moment])
				check_result(&diff, pair, moment, &input);
	}
	psvm_diff_free(&diff);
}

static void set_bit(uint64_t *word, unsigned int bit, bool one)
{
	*word = (*word & ~(UINT64_C(1) << bit)) | (uint64_t)one << bit;
}

static void set_word_bit(struct psvm_words *words, unsigned int field, unsigned int bit,
			 bool one)
{
	uint64_t word = word_of(words, field);

	set_bit(&word, bit, one);
	if (field == PSVM_DIFF_INT_CTL)
		words->int_ctl = word;
	else if (field == PSVM_DIFF_INT_STATE)
		words->int_state = word;
	else if (field == PSVM_DIFF_EVENT_INJ)
		words->event_inj = word;
	else if (field == PSVM_DIFF_EXIT_INT_INFO)
		words->exit_int_info = word;
	else if (field == PSVM_DIFF_MISC1)
		words->misc1 = (uint32_t)(word & UINT32_MAX);
	else
		words->tlb_control = (uint8_t)(word & UINT8_MAX);
}

/* The input with the bits of an entry at a position. */
static struct psvm_diff_input with_entry(struct psvm_diff_input input,
					 const struct psvm_output *output,
					 unsigned int bit, unsigned int entry)
{
	struct psvm_nested *n = &input.nested;

	if (output->vmcb > 2)
		return input;
	set_word_bit(&n->v12, output->field, bit, entry & 1);
	set_word_bit(&n->v02, output->field, bit, entry & 2);
	set_word_bit(&n->v01, output->field, bit, entry & 4);
	if (output->third && output->field == PSVM_DIFF_EXIT_INT_INFO)
		set_bit(&n->v02.event_inj, bit, entry & 4);
	else if (output->third) {
		n->vector = entry & 4 ? UINT8_MAX : 0;
		n->external = entry >> 2 & 1;
	}
	return input;
}

static bool makes_difference(const struct psvm_diff *diff, const struct pair *pair,
			     const struct psvm_change *change,
			     const struct psvm_change_part *part,
			     const struct psvm_diff_input *input, unsigned int bit)
{
	const struct psvm_diff_scope *scope = &diff->scopes[change->scope];

	/* Bit 3 and 4: a feature that is not nested need not be offered, either. */
	for (unsigned int entry = 0; entry < 32; entry++) {
		struct psvm_diff_input tried = with_entry(*input, &part->output, bit,
							  entry);
		struct outcome o;

		tried.nested.facts &= ~(entry >> 3 << PSVM_C_OFFER_VGIF_BIT);
		o = run(pair, scope->moment, &tried);
		if (concerns(scope, &o) &&
		    psvm_change_happens(change, psvm_diff_values(scope, &tried)) &&
		    (output_of(&o.a, &part->output) ^ output_of(&o.b, &part->output)) &
			    (part->output.kind == PSVM_OUTPUT_VALUE ? UINT64_MAX
								    : UINT64_C(1) << bit))
			return true;
	}
	return false;
}

static void check_tight(const struct psvm_diff *diff, const struct pair *pair,
			const struct psvm_change *change,
			const struct psvm_diff_input *input)
{
	const struct psvm_diff_scope *scope = &diff->scopes[change->scope];
	uint32_t values = psvm_diff_values(scope, input);
	struct outcome o;

	if (!transitions[scope->moment] || !psvm_change_happens(change, values))
		return;
	o = run(pair, scope->moment, input);
	if (!concerns(scope, &o))
		return;
	for (size_t i = 0; i < change->n_parts; i++) {
		const struct psvm_change_part *part = &change->parts[i];

		for (unsigned int bit = 0; bit < 64; bit++)
			if (part->bits >> bit & 1 &&
			    term_holds(change, part->term, values) &&
			    !makes_difference(diff, pair, change, part, input, bit))
				fail_msg("%s: %s, bit %u: no difference",
					 psvm_name_of_moment(scope->moment),
					 part->output.name, bit);
	}
}

enum { N_TIGHT = 100 };

static void test_tight(void **state)
{
	const struct pair *pair = *state;
	struct psvm_diff diff;

	random_state = UINT64_C(0xd1b54a32d192ed03);
	compare(&diff, psvm_rules_by_name(pair->a), psvm_rules_by_name(pair->b));
	for (unsigned int i = 0; i < N_TIGHT; i++) {
		struct psvm_diff_input input = random_input();

		for (size_t k = 0; k < diff.n_changes; k++)
			check_tight(&diff, pair, &diff.changes[k], &input);
	}
	psvm_diff_free(&diff);
}

/* Every example makes the first part of its change differ. */
static void test_examples(void **state)
{
	const struct pair *pair = *state;
	struct psvm_diff diff;

	compare(&diff, psvm_rules_by_name(pair->a), psvm_rules_by_name(pair->b));
	for (size_t i = 0; i < diff.n_changes; i++) {
		const struct psvm_change *change = &diff.changes[i];
		const struct psvm_diff_scope *scope = &diff.scopes[change->scope];
		const struct psvm_output *output = &change->parts[0].output;
		struct outcome o;

		if (!transitions[scope->moment])
			continue;
		o = run(pair, scope->moment, &change->example);
		assert_true(output_of(&o.a, output) != output_of(&o.b, output));
		assert_true(psvm_change_happens(
			change, psvm_diff_values(scope, &change->example)));
	}
	psvm_diff_free(&diff);
}

/* --- what is read, again ------------------------------------------------- */

static bool same_result(const struct psvm_result *a, const struct psvm_result *b)
{
	for (unsigned int n = 0; n < N_WORDS + 4; n++) {
		struct psvm_output output = nth_output(n, PSVM_MOMENT_ENTER);

		if (output_of(a, &output) != output_of(b, &output))
			return false;
	}
	return a->outcome == b->outcome;
}

/* Does the cell's condition decide about a result? Then it must be asked for, at
 * the scope that speaks about that result. */
static void check_read(const struct psvm_diff *diff, const struct psvm_rules *rules,
		       enum psvm_moment moment, const struct psvm_diff_input *input)
{
	struct psvm_nested n = input->nested;
	struct outcome o;

	n.facts &= ~PSVM_C(TPR_MASKS);
	o.a = transitions[moment](rules, n);
	n.facts |= PSVM_C(TPR_MASKS);
	o.b = transitions[moment](rules, n);
	if (same_result(&o.a, &o.b))
		return;
	for (size_t i = 0; i < diff->n_scopes; i++) {
		const struct psvm_diff_scope *scope = &diff->scopes[i];
		bool decides = scope->only && strstr(scope->only, "whether");

		if (scope->moment == moment && concerns(scope, &o) &&
		    decides ==
			    (o.a.outcome != o.b.outcome && moment != PSVM_MOMENT_WINDOW))
			assert_true(asks(scope));
	}
}

static void check_asked(const struct psvm_diff *diff, enum psvm_moment moment)
{
	for (size_t i = 0; i < diff->n_scopes; i++)
		if (diff->scopes[i].moment == moment)
			assert_true(asks(&diff->scopes[i]));
}

static void check_cell(const struct psvm_rules *rules, uint32_t cell)
{
	struct psvm_rules asking = *rules;
	enum psvm_moment home = psvm_name_of_cell(cell).moment;
	struct psvm_diff diff;

	asking.cell[cell].move[PSVM_MOVES - 1] = ask(cell);
	if (psvm_rules_check(&asking).code != PSVM_OK) {
		assert_int_equal(cell,
				 PSVM_CELL_ENTER_FROM_01); /* xen: 12 owns all bits */
		return;
	}
	compare(&diff, rules, &asking);
	if (!transitions[home])
		check_asked(&diff, home);
	for (unsigned int i = 0; i < N_TIGHT; i++) {
		struct psvm_diff_input input = random_input();

		for (uint32_t moment = 0; moment < PSVM_MOMENT_COUNT; moment++)
			if (transitions[moment])
				check_read(&diff, &asking, moment, &input);
	}
	psvm_diff_free(&diff);
}

static void test_read(void **state)
{
	const struct psvm_rules *rules = psvm_rules_by_name(*state);

	random_state = UINT64_C(0x8cb92ba72f3d8dd7);
	for (uint32_t cell = 0; cell < PSVM_CELL_COUNT; cell++)
		check_cell(rules, cell);
}

/* --- bad input ----------------------------------------------------------- */

static void test_bad_rules(void **state)
{
	struct psvm_rules bad = *psvm_rules_by_name("exact");
	struct psvm_diff diff;

	(void)state;
	bad.size--;
	assert_false(psvm_diff_run(&diff, psvm_l0_of(psvm_rules_by_name("exact")), psvm_l0_of(&bad)));
	assert_int_equal(diff.code, PSVM_DIFF_RULES);
	psvm_diff_free(&diff);
	assert_false(psvm_diff_run(&diff, psvm_l0_of(NULL), psvm_l0_of(&bad)));
	assert_int_equal(diff.code, PSVM_DIFF_RULES);
}

/* Every bit of 01 may queue an NMI: more than can be gone through. */
static void test_too_many(void **state)
{
	struct psvm_rules many = *psvm_rules_by_name("exact");
	struct psvm_diff diff;

	(void)state;
	many.cell[PSVM_CELL_ENTER_QUEUE].move[0].bits = UINT64_MAX;
	assert_false(psvm_diff_run(&diff, psvm_l0_of(&many), psvm_l0_of(&many)));
	assert_int_equal(diff.code, PSVM_DIFF_SIZE);
	psvm_diff_free(&diff);
}

/* --- all cases ----------------------------------------------------------- */

static struct CMUnitTest tests[256];
static size_t n_tests;

static void add_case(const char *prefix, const char *name, CMUnitTestFunction test,
		     void *state)
{
	size_t size = strlen(prefix) + strlen(name) + 1;
	char *full = malloc(size);

	if (!full || n_tests == N_ROWS(tests))
		abort();
	snprintf(full, size, "%s%s", prefix, name);
	tests[n_tests++] = (struct CMUnitTest){ full, test, NULL, NULL, state };
}

#define ADD_ROWS(prefix, rows, test) \
	for (size_t i = 0; i < N_ROWS(rows); i++) \
	add_case(prefix, (rows)[i].name, test, &(rows)[i])

static void add_cases(void)
{
	static const char *const names[] = {
#define X(name, identifier, words) name,
		PSVM_RULE_SETS(X)
#undef X
	};

	for (size_t i = 0; i < N_ROWS(names); i++)
		add_case("same: ", names[i], test_same, (void *)(uintptr_t)names[i]);
	ADD_ROWS("swapped: ", pairs, test_swapped);
	ADD_ROWS("planted: ", planted, test_planted);
	ADD_ROWS("covered: ", pairs, test_covered);
	ADD_ROWS("tight: ", pairs, test_tight);
	ADD_ROWS("examples: ", pairs, test_examples);
}

int main(void)
{
	int rc;

	add_case("seed", "", test_seed, NULL);
	add_case("bad rule sets", "", test_bad_rules, NULL);
	add_case("too many conditions", "", test_too_many, NULL);
	for (size_t i = 0; i < N_ROWS(readers); i++)
		add_case("read: ", readers[i], test_read, (void *)(uintptr_t)readers[i]);
	add_cases();
	rc = _cmocka_run_group_tests("diff", tests, n_tests, NULL, NULL);
	for (size_t i = 0; i < n_tests; i++)
		free((void *)(uintptr_t)tests[i].name);
	return rc != 0;
}
