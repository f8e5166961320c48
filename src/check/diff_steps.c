/* SPDX-License-Identifier: MIT */
/*
 * The steps of a comparison: which cells each transition reads, which outputs
 * it has, and how to run it.
 */
#include "diff_space.h"
#include "foreign.h"
#include "rows.h"

/* --- outputs ------------------------------------------------------------- */

static const char *const no_values[] = { "", "", "" };
static const char *const yes_values[] = { "no", "yes" };
static const char *const request_values[] = { "not requested", "requested" };
static const char *const store_values[] = { "not stored", "stored" };
static const char *const exit_values[] = { "no, L0 handles them", "yes" };
static const char *const queue_values[] = { "one fewer", "as it is", "one more" };
static const char *const vmrun_values[] = { "succeeds", "fails with VMEXIT_INVALID", "" };
static const char *const window_values[] = { "opened", "", "not opened" };
static const char *const arrive_values[] = { "L0 waits", "#VMEXIT(INTR) to L1",
					     "it is injected into L2",
					     "L0 opens a window" };

#define WORD(name, third, unit, vmcb, field) \
	{ \
		name, third, NULL, PSVM_OUTPUT_WORD, PSVM_UNIT_##unit, vmcb, \
			PSVM_DIFF_##field, 0 \
	}
#define VALUE(name, values) \
	{ \
		name, NULL, values, PSVM_OUTPUT_VALUE, PSVM_UNIT_FLAG, 3, \
			PSVM_DIFF_FIELDS, 0 \
	}
#define BITS(name, third, unit, values) \
	{ \
		name, third, values, PSVM_OUTPUT_WORD, PSVM_UNIT_##unit, 3, \
			PSVM_DIFF_FIELDS, 0 \
	}

/* The words of one VMCB, and what all transitions return besides. */
#define WORDS(vmcb, name, third, third_event) \
	WORD("int_ctl of " name, third, INT_CTL, vmcb, INT_CTL), \
		WORD("int_state of " name, NULL, INT_STATE, vmcb, INT_STATE), \
		WORD("event_inj of " name, NULL, EVENT_INJ, vmcb, EVENT_INJ), \
		WORD("exit_int_info of " name, third_event, EVENT_INJ, vmcb, \
		     EXIT_INT_INFO), \
		WORD("intercepts 00Ch of " name, NULL, MISC1, vmcb, MISC1), \
		WORD("tlb_control of " name, NULL, TLB_CONTROL, vmcb, TLB_CONTROL)
#define RESULT(name_12, third, outcome, outcome_values) \
	WORDS(0, name_12, NULL, "02's event_inj"), WORDS(1, "02", third, NULL), \
		WORDS(2, "01", NULL, NULL), \
		BITS("requests", NULL, REQUESTS, request_values), \
		BITS("fields stored in vmcb12", NULL, FIELDS, store_values), \
		BITS("L1's GIF", "L1's GIF", FLAG, yes_values), \
		VALUE("L0's queue of NMIs for L1", queue_values), \
		VALUE(outcome, outcome_values)

static const struct psvm_output run_outputs[] = { RESULT("12", NULL, "outcome",
							 no_values) };
static const struct psvm_output window_outputs[] = { RESULT(
	"12", "the waiting interrupt's", "window", window_values) };
static const struct psvm_output handback_outputs[] = { RESULT("vmcb12", NULL, "outcome",
							      no_values) };
static const struct psvm_output vmrun_outputs[] = { VALUE("VMRUN", vmrun_values) };
static const struct psvm_output arrive_outputs[] = { VALUE("interrupt for L1",
							   arrive_values) };
PSVM_STATIC_ASSERT(N_ROWS(run_outputs) == MAX_OUTPUTS, "outputs of a transition");

enum { OUT_REQUESTS = 18, OUT_STORE12, OUT_GIF, OUT_QUEUE, OUT_OUTCOME };

#define INTERCEPTS(unit, offset, number) \
	{ "intercepts " offset " of 02", \
	  NULL, \
	  NULL, \
	  PSVM_OUTPUT_WORD, \
	  PSVM_UNIT_##unit, \
	  3, \
	  PSVM_DIFF_FIELDS, \
	  number },
static const struct psvm_output merge_outputs[] = {
#define X(name, number, offset) INTERCEPTS(name, offset, number)
	PSVM_INTERCEPT_WORDS(X)
#undef X
};

#define EXITS(name, unit, number) \
	{ name, \
	  NULL, \
	  exit_values, \
	  PSVM_OUTPUT_EXITS, \
	  PSVM_UNIT_##unit, \
	  3, \
	  PSVM_DIFF_FIELDS, \
	  number },
static const struct psvm_output route_outputs[] = {
#define X(name, number, offset) EXITS("exits that go to L1", name, number)
	PSVM_INTERCEPT_WORDS(X)
#undef X
		EXITS("exits that go to L1", FLAG, 6)
			EXITS("exits that ask L1's bitmap", MISC1, 3)
};

/* What a cell says is the output, whatever its unit. */
static const struct psvm_output other_outputs[] = {
#define X(name, unit, to, from, words) BITS(words, NULL, unit, yes_values),
	PSVM_CELLS_OTHER(X)
#undef X
};

/* --- running ------------------------------------------------------------- */

static void put_words(uint64_t *outputs, const struct psvm_words *words)
{
	outputs[PSVM_DIFF_INT_CTL] = words->int_ctl;
	outputs[PSVM_DIFF_INT_STATE] = words->int_state;
	outputs[PSVM_DIFF_EVENT_INJ] = words->event_inj;
	outputs[PSVM_DIFF_EXIT_INT_INFO] = words->exit_int_info;
	outputs[PSVM_DIFF_MISC1] = words->misc1;
	outputs[PSVM_DIFF_TLB_CONTROL] = words->tlb_control;
}

/* Who stores all of 068h stores the shadow: of the two bits INT_SHADOW says that, and
 * INT_STATE then says that the rest is stored. */
static uint64_t put_stored(uint32_t fields)
{
	return fields & PSVM_F_INT_STATE ? fields | PSVM_F_INT_SHADOW : fields;
}

static uint32_t take_stored(uint64_t parts)
{
	uint64_t shadow = parts & PSVM_F_INT_STATE ? PSVM_F_INT_SHADOW : 0;

	return (uint32_t)(parts & ~shadow & UINT32_MAX);
}

void diff_put_result(uint64_t *outputs, const struct psvm_result *r)
{
	put_words(outputs, &r->v12);
	put_words(outputs + PSVM_DIFF_FIELDS, &r->v02);
	put_words(outputs + 2 * PSVM_DIFF_FIELDS, &r->v01);
	outputs[OUT_REQUESTS] = r->requests;
	outputs[OUT_STORE12] = put_stored(r->store12);
	outputs[OUT_GIF] = r->gif;
	outputs[OUT_QUEUE] = (uint64_t)(r->nmi_change + 1);
	outputs[OUT_OUTCOME] = r->outcome;
}

static void take_words(const uint64_t *outputs, struct psvm_words *words)
{
	words->int_ctl = outputs[PSVM_DIFF_INT_CTL];
	words->int_state = outputs[PSVM_DIFF_INT_STATE];
	words->event_inj = outputs[PSVM_DIFF_EVENT_INJ];
	words->exit_int_info = outputs[PSVM_DIFF_EXIT_INT_INFO];
	words->misc1 = (uint32_t)(outputs[PSVM_DIFF_MISC1] & UINT32_MAX);
	words->tlb_control = (uint8_t)(outputs[PSVM_DIFF_TLB_CONTROL] & UINT8_MAX);
}

void diff_take_result(const uint64_t *outputs, struct psvm_result *r)
{
	take_words(outputs, &r->v12);
	take_words(outputs + PSVM_DIFF_FIELDS, &r->v02);
	take_words(outputs + 2 * PSVM_DIFF_FIELDS, &r->v01);
	r->requests = (uint32_t)(outputs[OUT_REQUESTS] & UINT32_MAX);
	r->store12 = take_stored(outputs[OUT_STORE12]);
	r->gif = (uint8_t)(outputs[OUT_GIF] & 1);
	r->nmi_change = (int8_t)((int)outputs[OUT_QUEUE] - 1);
	r->outcome = (uint8_t)(outputs[OUT_OUTCOME] & UINT8_MAX);
}

#define RUN(name, transition) \
	static void name(const struct psvm_rules *rules, \
			 const struct psvm_diff_input *input, uint64_t *outputs) \
	{ \
		struct psvm_result r = transition(rules, input->nested); \
\
		diff_put_result(outputs, &r); \
	}
RUN(run_snapshot, psvm_snapshot)
RUN(run_enter, psvm_enter)
RUN(run_reenter, psvm_reenter)
RUN(run_window_open, psvm_window_open)
RUN(run_window_close, psvm_window_close)
RUN(run_refresh, psvm_refresh)
RUN(run_handback, psvm_nested_sync_int_ctl)

#define RUN_OUTCOME(name, transition) \
	static void name(const struct psvm_rules *rules, \
			 const struct psvm_diff_input *input, uint64_t *outputs) \
	{ \
		outputs[0] = transition(rules, input->nested).outcome; \
	}
RUN_OUTCOME(run_enter_outcome, psvm_enter)
RUN_OUTCOME(run_reenter_outcome, psvm_reenter)

static void run_merge(const struct psvm_rules *rules, const struct psvm_diff_input *input,
		      uint64_t *outputs)
{
	struct psvm_intercepts i02 = psvm_merge_intercepts(rules, input->nested,
							   input->i12, input->i01);

	for (size_t i = 0; i < N_ROWS(i02.word); i++)
		outputs[i] = i02.word[i];
}

/* Exit codes beyond the intercepts: each that has a name, and neighbours of the
 * ranges. Their bits are numbered in this order. */
static const uint64_t other_exits[] = {
#define X(name, value, gate, section) value,
	PSVM_EXIT_CODES(X)
#undef X
		UINT64_C(0xc0),
	UINT64_C(0x3ff),
	UINT64_C(0x404),
	UINT32_MAX,
	UINT64_MAX - 4,
};

enum { INTERCEPT_EXITS = 192, OUT_OTHER_EXITS = 6, OUT_BITMAP };

void diff_route(uint32_t (*route)(void *context, uint64_t exit_code), void *context,
		uint64_t *outputs)
{
	for (size_t i = 0; i < N_ROWS(route_outputs); i++)
		outputs[i] = 0;
	for (unsigned int code = 0; code < INTERCEPT_EXITS; code++) {
		uint32_t level = route(context, code);

		outputs[code / 32] |= (uint64_t)(level != PSVM_L0) << code % 32;
		outputs[OUT_BITMAP] |= (uint64_t)(level == PSVM_L1_BITMAP) << code % 32;
	}
	for (size_t i = 0; i < N_ROWS(other_exits); i++)
		outputs[OUT_OTHER_EXITS] |=
			(uint64_t)(route(context, other_exits[i]) != PSVM_L0) << i;
}

struct question {
	const struct psvm_rules *rules;
	const struct psvm_diff_input *input;
};

static uint32_t route(void *context, uint64_t exit_code)
{
	const struct question *q = context;

	return psvm_route_exit(q->rules, q->input->nested, exit_code, q->input->i12,
			       q->input->i01);
}

static void run_route(const struct psvm_rules *rules, const struct psvm_diff_input *input,
		      uint64_t *outputs)
{
	struct question q = { rules, input };

	diff_route(route, &q, outputs);
}

static void run_arrive(const struct psvm_rules *rules,
		       const struct psvm_diff_input *input, uint64_t *outputs)
{
	outputs[0] = psvm_interrupt_arrives(rules, input->nested);
}

static void run_other(const struct psvm_rules *rules, const struct psvm_diff_input *input,
		      uint64_t *outputs)
{
	static const uint8_t cells[] = {
#define X(name, unit, to, from, words) PSVM_CELL_##name,
		PSVM_CELLS_OTHER(X)
#undef X
	};

	for (size_t i = 0; i < N_ROWS(cells); i++) {
		outputs[i] = 0;
		(void)psvm_rule(rules, input->nested, cells[i], &outputs[i]);
	}
}

/* --- cells --------------------------------------------------------------- */

/* Lists, since there are more cells than bits in a word. A cell may be in one more
 * than once. */
#define CELL(name)			     PSVM_CELL_##name
#define CELL_OF(name, unit, to, from, words) CELL(name),
#define SET(...) \
	{ \
		(const uint8_t[]){ __VA_ARGS__ }, \
			sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}
#define NOTHING \
	{ \
		NULL, 0 \
	}

/* Part of every #VMEXIT. */
#define READS_GIF \
	CELL(HANDBACK_CLEAR_01), CELL(HANDBACK_CLOSE), CELL(CLOSE_IN_01), \
		CELL(CLOSE_CLEAR_01)
#define READS_VMCB12 \
	CELL(HANDBACK_FIELDS), CELL(HANDBACK_ZERO_12), CELL(HANDBACK_CLEAR_02), \
		CELL(HANDBACK_TO_12), CELL(HANDBACK_STORE_12)
#define READS_FAILURE \
	CELL(ENTER_INVALID), CELL(INVALID_REQUEST), CELL(INVALID_ZERO_12), \
		CELL(INVALID_HANDS_BACK), READS_VMCB12, READS_GIF
#define READS_BUILD \
	CELL(ENTER_INVALID), CELL(ENTER_CLEAR_02), CELL(ENTER_FROM_12), \
		CELL(ENTER_FROM_01), CELL(ENTER_SET_02), CELL(ENTER_FIELDS), \
		CELL(ENTER_DROP_TLB), CELL(MERGE_DROP_MISC1), CELL(ENTER_CLEAR_01), \
		CELL(ENTER_QUEUE), CELL(ENTER_REQUEST)
#define READS_CLOSING \
	CELL(CLOSE_IN_01), CELL(CLOSE_CLEAR_01), CELL(MERGE_DROP_MISC1), \
		CELL(CLOSE_IN_02), CELL(CLOSE_CLEAR_02), CELL(CLOSE_RESTORE_02)
#define READS_VMRUN  CELL(VMRUN_SET_02), CELL(VMRUN_SET_01)
#define LATE_VMRUN   CELL(VMRUN_CLOSE), READS_CLOSING
#define LATE_REENTER CELL(REENTER_CLOSE), READS_CLOSING
#define READS_WINDOW \
	CELL(WINDOW_ASK), CELL(WINDOW_IN_01), CELL(WINDOW_IN_02), CELL(MERGE_DROP_MISC1)
#define LATE_WINDOW    CELL(WINDOW_USURP), CELL(WINDOW_DUMMY), CELL(WINDOW_EVENT)
#define READS_HANDBACK CELL(HANDBACK_REQUEST), READS_VMCB12, CELL(HANDBACK_TO_01)
#define LATE_HANDBACK  CELL(HANDBACK_QUEUE), READS_GIF

/* Hand-back moves bits of int_ctl only, VMRUN and windows merge intercepts, too. */
enum {
	FROM_02_01 = MOVES_02 | MOVES_01,
	FROM_ALL = MOVES_12 | MOVES_02 | MOVES_01 | MOVES_MISC1
};

#define OUTPUTS(outputs) outputs, N_ROWS(outputs)
#define IF_IT_SUCCEEDS	 "where VMRUN succeeds in both"
#define IF_IT_FAILS	 "where VMRUN fails in both"

const struct step diff_steps[PSVM_DIFF_SCOPES] = {
	{ PSVM_MOMENT_SNAPSHOT, ONLY_ALL, NULL, SET(PSVM_CELLS_SNAPSHOT(CELL_OF)),
	  NOTHING, 0, OUTPUTS(run_outputs), 1, run_snapshot },
	{ PSVM_MOMENT_ENTER, ONLY_ALL, "whether it fails", SET(CELL(ENTER_INVALID)),
	  NOTHING, 0, OUTPUTS(vmrun_outputs), 1, run_enter_outcome },
	{ PSVM_MOMENT_ENTER, ONLY_SUCCESS, IF_IT_SUCCEEDS,
	  SET(READS_BUILD, READS_VMRUN, LATE_VMRUN), SET(LATE_VMRUN), FROM_ALL,
	  OUTPUTS(run_outputs), 1, run_enter },
	{ PSVM_MOMENT_ENTER, ONLY_FAILURE, IF_IT_FAILS, SET(READS_FAILURE), NOTHING, 0,
	  OUTPUTS(handback_outputs), 1, run_enter },
	{ PSVM_MOMENT_REENTER, ONLY_ALL, "whether it fails", SET(CELL(ENTER_INVALID)),
	  NOTHING, 0, OUTPUTS(vmrun_outputs), 1, run_reenter_outcome },
	{ PSVM_MOMENT_REENTER, ONLY_SUCCESS, IF_IT_SUCCEEDS,
	  SET(READS_BUILD, LATE_REENTER), SET(LATE_REENTER), FROM_ALL,
	  OUTPUTS(run_outputs), 1, run_reenter },
	{ PSVM_MOMENT_REENTER, ONLY_FAILURE, IF_IT_FAILS, SET(READS_FAILURE), NOTHING, 0,
	  OUTPUTS(handback_outputs), 1, run_reenter },
	{ PSVM_MOMENT_MERGE, ONLY_ALL, NULL, SET(PSVM_CELLS_MERGE(CELL_OF)), NOTHING, 0,
	  OUTPUTS(merge_outputs), 1, run_merge },
	{ PSVM_MOMENT_WINDOW, ONLY_ALL, NULL, SET(READS_WINDOW, LATE_WINDOW),
	  SET(LATE_WINDOW), FROM_ALL, OUTPUTS(window_outputs), 1, run_window_open },
	{ PSVM_MOMENT_CLOSE, ONLY_ALL, NULL, SET(READS_CLOSING, CELL(CLOSE_REQUEST)),
	  NOTHING, 0, OUTPUTS(run_outputs), 1, run_window_close },
	{ PSVM_MOMENT_REFRESH, ONLY_ALL, NULL, SET(PSVM_CELLS_REFRESH(CELL_OF)), NOTHING,
	  0, OUTPUTS(run_outputs), 1, run_refresh },
	{ PSVM_MOMENT_HANDBACK, ONLY_ALL, NULL, SET(READS_HANDBACK, LATE_HANDBACK),
	  SET(LATE_HANDBACK), FROM_02_01, OUTPUTS(handback_outputs), 1, run_handback },
	{ PSVM_MOMENT_ROUTE, ONLY_ALL, NULL, SET(PSVM_CELLS_ROUTE(CELL_OF)), NOTHING, 0,
	  OUTPUTS(route_outputs), INTERCEPT_EXITS + N_ROWS(other_exits), run_route },
	{ PSVM_MOMENT_ARRIVE, ONLY_ALL, NULL, SET(PSVM_CELLS_ARRIVE(CELL_OF)), NOTHING, 0,
	  OUTPUTS(arrive_outputs), 1, run_arrive },
	{ PSVM_MOMENT_OTHER, ONLY_ALL, NULL, SET(PSVM_CELLS_OTHER(CELL_OF)), NOTHING, 0,
	  OUTPUTS(other_outputs), 1, run_other },
};

/* --- operands ------------------------------------------------------------ */

static struct triple operands_of_word(const struct step *step,
				      const struct psvm_output *output,
				      const struct psvm_diff_input *input)
{
	const struct psvm_nested *n = &input->nested;
	struct triple own = { { diff_word(n, 0, output->field),
				diff_word(n, 1, output->field),
				diff_word(n, 2, output->field) } };

	if (!output->third)
		return own;
	if (output->field == PSVM_DIFF_EXIT_INT_INFO)
		own.of[2] = n->v02.event_inj;
	else if (step->moment == PSVM_MOMENT_WINDOW)
		own.of[2] = (uint64_t)(n->vector >> 4) << PSVM_V_INTR_PRIO_SHIFT |
			    (n->external ? PSVM_V_IGN_TPR : 0);
	return own;
}

struct triple diff_operands(const struct step *step, size_t output,
			    const struct psvm_diff_input *input)
{
	const struct psvm_output *row = &step->outputs[output];
	struct triple own = { { 0, 0, 0 } };

	if (row->vmcb < 3)
		return operands_of_word(step, row, input);
	if (step->moment == PSVM_MOMENT_MERGE ||
	    (step->moment == PSVM_MOMENT_ROUTE && row->index < N_ROWS(input->i12.word))) {
		own.of[0] = input->i12.word[row->index];
		own.of[2] = input->i01.word[row->index];
	} else if (row->third) { /* GIF */
		own.of[2] = input->nested.facts >> PSVM_C_L1_GIF_BIT & 1;
	}
	return own;
}

/* --- running for an L0 ---------------------------------------------------- */

void step_run(const struct step *step, struct psvm_l0 l0,
	      const struct psvm_diff_input *input, uint64_t *outputs)
{
	const struct table *table = foreign_table(l0.foreign, step);

	if (table != NULL)
		table_outputs(table, input, outputs, NULL);
	else
		step->run(l0.rules, input, outputs);
}
