/* SPDX-License-Identifier: MIT */
#include "diff_space.h"
#include "foreign.h"
#include "rows.h"

#include <string.h>

enum { V12, V02, V01 };

/* --- words --------------------------------------------------------------- */

const uint8_t diff_field_units[PSVM_DIFF_FIELDS] = {
	PSVM_UNIT_INT_CTL,   PSVM_UNIT_INT_STATE, PSVM_UNIT_EVENT_INJ,
	PSVM_UNIT_EVENT_INJ, PSVM_UNIT_MISC1,	  PSVM_UNIT_TLB_CONTROL,
};

const char *const diff_field_names[PSVM_DIFF_FIELDS] = {
	"int_ctl", "int_state", "event_inj", "exit_int_info", "misc1", "tlb_control",
};

static const struct psvm_words *words_of(const struct psvm_nested *n, unsigned int vmcb)
{
	return vmcb == V12 ? &n->v12 : vmcb == V02 ? &n->v02 : &n->v01;
}

uint64_t diff_word(const struct psvm_nested *n, unsigned int vmcb, unsigned int field)
{
	const struct psvm_words *words = words_of(n, vmcb);

	switch (field) {
	case PSVM_DIFF_INT_CTL:
		return words->int_ctl;
	case PSVM_DIFF_INT_STATE:
		return words->int_state;
	case PSVM_DIFF_EVENT_INJ:
		return words->event_inj;
	case PSVM_DIFF_EXIT_INT_INFO:
		return words->exit_int_info;
	case PSVM_DIFF_MISC1:
		return words->misc1;
	default:
		return words->tlb_control;
	}
}

static void set_word(struct psvm_nested *n, unsigned int vmcb, unsigned int field,
		     uint64_t value)
{
	struct psvm_words *words = vmcb == V12	 ? &n->v12
				   : vmcb == V02 ? &n->v02
						 : &n->v01;

	switch (field) {
	case PSVM_DIFF_INT_CTL:
		words->int_ctl = value;
		break;
	case PSVM_DIFF_INT_STATE:
		words->int_state = value;
		break;
	case PSVM_DIFF_EVENT_INJ:
		words->event_inj = value;
		break;
	case PSVM_DIFF_EXIT_INT_INFO:
		words->exit_int_info = value;
		break;
	case PSVM_DIFF_MISC1:
		words->misc1 = (uint32_t)(value & UINT32_MAX);
		break;
	default:
		words->tlb_control = (uint8_t)(value & UINT8_MAX);
	}
}

void diff_take_atom(struct psvm_nested *to, const struct psvm_nested *from,
		    const struct atom *atom)
{
	uint64_t bit = PSVM_MASK64(atom->bit, 1);
	uint32_t fact = PSVM_MASK32(atom->bit % 32, 1);

	switch (atom->kind) {
	case ATOM_FACT:
		to->facts = (to->facts & ~fact) | (from->facts & fact);
		break;
	case ATOM_WORD:
		set_word(to, atom->vmcb, atom->field,
			 (diff_word(to, atom->vmcb, atom->field) & ~bit) |
				 (diff_word(from, atom->vmcb, atom->field) & bit));
		break;
	case ATOM_WAITING:
		to->vector = from->vector;
		to->external = from->external;
		break;
	default:
		to->nmis = from->nmis;
	}
}

/* --- conditions as bits -------------------------------------------------- */

/* Conditions that are a bit of a word; the others are derived, or facts. */
static const struct bit_row {
	uint32_t condition;
	uint8_t vmcb;
	uint8_t field;
	uint8_t bit;
} bit_rows[] = {
	{ PSVM_C_V_INTR_MASKING_12_BIT, V12, PSVM_DIFF_INT_CTL,
	  PSVM_V_INTR_MASKING_SHIFT },
	{ PSVM_C_V_NMI_ENABLE_12_BIT, V12, PSVM_DIFF_INT_CTL, PSVM_V_NMI_ENABLE_SHIFT },
	{ PSVM_C_V_IRQ_12_BIT, V12, PSVM_DIFF_INT_CTL, PSVM_V_IRQ_SHIFT },
	{ PSVM_C_V_IRQ_02_BIT, V02, PSVM_DIFF_INT_CTL, PSVM_V_IRQ_SHIFT },
	{ PSVM_C_V_NMI_01_BIT, V01, PSVM_DIFF_INT_CTL, PSVM_V_NMI_SHIFT },
	{ PSVM_C_V_GIF_ENABLE_02_BIT, V02, PSVM_DIFF_INT_CTL, PSVM_V_GIF_ENABLE_SHIFT },
	{ PSVM_C_VINTR_01_BIT, V01, PSVM_DIFF_MISC1, PSVM_EXIT_VINTR % 32 },
	{ PSVM_C_VINTR_02_BIT, V02, PSVM_DIFF_MISC1, PSVM_EXIT_VINTR % 32 },
	{ PSVM_C_VINTR_12_BIT, V12, PSVM_DIFF_MISC1, PSVM_EXIT_VINTR % 32 },
	{ PSVM_C_INTR_12_BIT, V12, PSVM_DIFF_MISC1, PSVM_EXIT_INTR % 32 },
	{ PSVM_C_NMI_12_BIT, V12, PSVM_DIFF_MISC1, PSVM_EXIT_NMI % 32 },
	{ PSVM_C_HLT_12_BIT, V12, PSVM_DIFF_MISC1, PSVM_EXIT_HLT % 32 },
};

static bool bit_of_condition(uint32_t condition, struct atom *atom)
{
	for (size_t i = 0; i < N_ROWS(bit_rows); i++) {
		if (bit_rows[i].condition != condition)
			continue;
		*atom = (struct atom){ ATOM_WORD, bit_rows[i].vmcb, bit_rows[i].field,
				       bit_rows[i].bit, false };
		return true;
	}
	return false;
}

/* --- atoms --------------------------------------------------------------- */

static bool same_atom(const struct atom *a, const struct atom *b)
{
	return a->kind == b->kind && a->vmcb == b->vmcb && a->field == b->field &&
	       a->bit == b->bit;
}

static void add_atom(struct space *space, struct atom atom)
{
	for (size_t i = 0; i < space->n_atoms; i++) {
		if (!same_atom(&space->atoms[i], &atom))
			continue;
		space->atoms[i].enables &= atom.enables;
		return;
	}
	if (space->n_atoms == MAX_ATOMS) {
		space->overflow = true;
		return;
	}
	space->atoms[space->n_atoms++] = atom;
	if (atom.kind == ATOM_WORD)
		space->fixed[atom.vmcb][atom.field] |= PSVM_MASK64(atom.bit, 1);
	space->gif |= atom.kind == ATOM_FACT && atom.bit == PSVM_C_L1_GIF_BIT;
}

static void add_fact(struct space *space, unsigned int bit)
{
	add_atom(space, (struct atom){ ATOM_FACT, 0, 0, (uint8_t)bit, false });
}

static void add_word(struct space *space, unsigned int vmcb, unsigned int field,
		     unsigned int bit)
{
	add_atom(space, (struct atom){ ATOM_WORD, (uint8_t)vmcb, (uint8_t)field,
				       (uint8_t)bit, false });
	for (size_t i = 0; i < N_ROWS(bit_rows); i++)
		if (bit_rows[i].vmcb == vmcb && bit_rows[i].field == field &&
		    bit_rows[i].bit == bit)
			space->conditions |= PSVM_MASK32(bit_rows[i].condition, 1);
}

/* A feature is nested: offered, used, and enabled in 12. */
static void add_nested(struct space *space, unsigned int feature)
{
	add_fact(space, PSVM_C_HOST_VGIF_BIT + feature);
	add_fact(space, PSVM_C_OFFER_VGIF_BIT + feature);
	add_atom(space,
		 (struct atom){ ATOM_WORD, V12, PSVM_DIFF_INT_CTL,
				(uint8_t)(PSVM_V_GIF_ENABLE_SHIFT + feature), true });
}

static void add_condition(struct space *space, uint32_t condition)
{
	struct atom atom;

	space->conditions |= PSVM_MASK32(condition, 1);
	if (condition == PSVM_C_OFFER_VGIF_BIT || condition == PSVM_C_OFFER_VNMI_BIT)
		add_fact(space, condition + PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT);
	if (condition < PSVM_C_FACT_COUNT) {
		add_fact(space, condition);
	} else if (bit_of_condition(condition, &atom)) {
		add_atom(space, atom);
	} else if (condition == PSVM_C_NMI_QUEUED_BIT) {
		add_atom(space, (struct atom){ ATOM_QUEUED, 0, 0, 0, false });
		add_atom(space, (struct atom){ ATOM_QUEUED_TWO, 0, 0, 0, false });
	} else {
		add_nested(space, condition - PSVM_C_NESTED_VGIF_BIT);
	}
}

/* A condition on 02 or 01 that is asked for after bits have moved into them
 * depends on the bits that may have moved. */
static void add_late(struct space *space, uint32_t condition)
{
	struct atom atom;

	if (!bit_of_condition(condition, &atom) || atom.vmcb == V12 ||
	    (atom.field == PSVM_DIFF_MISC1 && !(space->step->moved & MOVES_MISC1)))
		return;
	for (unsigned int vmcb = 0; vmcb < 3; vmcb++)
		if (space->step->moved >> vmcb & 1)
			add_word(space, vmcb, atom.field, atom.bit);
}

static uint32_t asks_of(const struct psvm_cell *cell)
{
	uint32_t asks = 0;

	for (size_t i = 0; i < PSVM_MOVES; i++)
		asks |= cell->move[i].on | cell->move[i].off;
	return asks & PSVM_C_ALL;
}

/* Does the L0 go by its rules at this step? */
static bool by_rules(const struct space *space, unsigned int number)
{
	return foreign_table(space->l0[number].foreign, space->step) == NULL;
}

static uint64_t bits_of(const struct space *space, uint32_t cell)
{
	uint64_t bits = 0;

	for (unsigned int k = 0; k < space->n_l0; k++)
		for (size_t i = 0; i < PSVM_MOVES && by_rules(space, k); i++)
			bits |= space->l0[k].rules->cell[cell].move[i].bits;
	return bits;
}

static void add_cell(struct space *space, uint32_t cell, bool late)
{
	uint32_t asks = 0;

	for (unsigned int k = 0; k < space->n_l0; k++)
		if (by_rules(space, k))
			asks |= asks_of(&space->l0[k].rules->cell[cell]);
	for (uint32_t i = 0; i < PSVM_C_COUNT; i++) {
		if (!(asks >> i & 1))
			continue;
		add_condition(space, i);
		if (late)
			add_late(space, i);
	}
}

/* What a transition decides by the data itself. */
static void add_decisive(struct space *space, uint32_t cell)
{
	uint64_t bits = bits_of(space, cell);

	switch (cell) {
	case PSVM_CELL_HANDBACK_FIELDS: /* which event is unfinished */
		add_word(space, V02, PSVM_DIFF_EVENT_INJ, 31);
		add_word(space, V02, PSVM_DIFF_EXIT_INT_INFO, 31);
		break;
	case PSVM_CELL_ENTER_QUEUE: /* is one of these bits set */
		for (unsigned int i = 0; i < 64; i++)
			if (bits >> i & 1)
				add_word(space, V01, PSVM_DIFF_INT_CTL, i);
		break;
	case PSVM_CELL_HANDBACK_QUEUE:
		if (bits)
			add_condition(space, PSVM_C_NMI_QUEUED_BIT);
		break;
	case PSVM_CELL_WINDOW_USURP: /* does the intercept survive */
		for (unsigned int vmcb = 0; vmcb < 3; vmcb++)
			add_word(space, vmcb, PSVM_DIFF_MISC1, PSVM_EXIT_VINTR % 32);
		break;
	case PSVM_CELL_WINDOW_EVENT:
		if (bits)
			add_atom(space, (struct atom){ ATOM_WAITING, 0, 0, 0, false });
		break;
	default:
		break;
	}
}

static bool contains(const struct cells *cells, uint32_t cell)
{
	for (size_t i = 0; i < cells->count; i++)
		if (cells->ids[i] == cell)
			return true;
	return false;
}

void space_add(struct space *space, const struct atom *atom)
{
	switch (atom->kind) {
	case ATOM_FACT:
		add_condition(space, atom->bit);
		break;
	case ATOM_WORD:
		add_word(space, atom->vmcb, atom->field, atom->bit);
		break;
	case ATOM_WAITING:
		add_atom(space, *atom);
		break;
	default:
		add_condition(space, PSVM_C_NMI_QUEUED_BIT);
	}
}

/* What the table of foreign code asks for. */
static void add_table(struct space *space, const struct table *table)
{
	struct atom atoms[TABLE_ATOMS];
	size_t n = table != NULL ? table_support(table, atoms) : 0;

	for (size_t i = 0; i < n; i++)
		space_add(space, &atoms[i]);
}

/* The step that decides which inputs this one is about: it comes before. */
static const struct step *deciding(const struct step *step)
{
	while (step->only != ONLY_ALL)
		step--;
	return step;
}

/* What decides about an input is an atom at a step that is about one outcome, or data
 * would lead away from it. */
static void add_foreign(struct space *space, const struct psvm_foreign *foreign)
{
	add_table(space, foreign_table(foreign, deciding(space->step)));
	add_table(space, foreign_table(foreign, space->step));
}

void space_init(struct space *space, const struct step *step, const struct psvm_l0 *l0,
		unsigned int n)
{
	memset(space, 0, sizeof(*space));
	space->step = step;
	space->l0 = l0;
	space->n_l0 = n;
	for (uint32_t cell = 0; cell < PSVM_CELL_COUNT; cell++) {
		if (!contains(&step->reads, cell))
			continue;
		add_cell(space, cell, contains(&step->late, cell));
		add_decisive(space, cell);
	}
	for (unsigned int i = 0; i < n; i++)
		add_foreign(space, l0[i].foreign);
}

/* --- variables ----------------------------------------------------------- */

static void add_variable(struct psvm_diff_scope *scope, int condition,
			 const struct atom *atom)
{
	struct psvm_diff_variable *variable = &scope->variables[scope->n_variables++];

	*variable = (struct psvm_diff_variable){ condition, 3, PSVM_DIFF_FIELDS, 0 };
	if (atom) {
		variable->vmcb = atom->vmcb;
		variable->field = atom->field;
		variable->bit = atom->bit;
	}
}

static void add_variables(struct psvm_diff_scope *scope, uint32_t conditions)
{
	for (uint32_t i = 0; i < PSVM_C_COUNT; i++) {
		struct atom atom;

		if (conditions >> i & 1)
			add_variable(scope, (int)i,
				     bit_of_condition(i, &atom) ? &atom : NULL);
	}
}

static bool is_variable(const struct psvm_diff_scope *scope, const struct atom *atom)
{
	for (size_t i = 0; i < scope->n_variables; i++)
		if (scope->variables[i].vmcb == atom->vmcb &&
		    scope->variables[i].field == atom->field &&
		    scope->variables[i].bit == atom->bit)
			return true;
	return false;
}

/* What one would rather speak of comes first. */
void space_variables(const struct space *space, struct psvm_diff_scope *scope)
{
	uint32_t nested = PSVM_C(NESTED_VGIF) | PSVM_C(NESTED_VNMI);

	add_variables(scope, space->conditions & nested);
	add_variables(scope, space->conditions & ~nested);
	for (size_t i = 0; i < space->n_atoms; i++) {
		const struct atom *atom = &space->atoms[i];

		if (atom->kind == ATOM_WORD && !atom->enables &&
		    !is_variable(scope, atom) && scope->n_variables < PSVM_DIFF_VARIABLES)
			add_variable(scope, -1, atom);
	}
}

static bool variable_is(const struct psvm_diff_variable *variable, uint32_t conditions,
			const struct psvm_nested *n)
{
	if (variable->condition >= 0)
		return conditions >> variable->condition & 1;
	return diff_word(n, variable->vmcb, variable->field) >> variable->bit & 1;
}

uint32_t psvm_diff_values(const struct psvm_diff_scope *scope,
			  const struct psvm_diff_input *input)
{
	uint32_t conditions = psvm_conditions(input->nested);
	uint32_t values = 0;

	for (size_t i = 0; i < scope->n_variables; i++)
		values |= (uint32_t)variable_is(&scope->variables[i], conditions,
						&input->nested)
			  << i;
	return values;
}

/* --- situations ---------------------------------------------------------- */

static void apply_atom(const struct atom *atom, struct psvm_diff_input *input)
{
	struct psvm_nested *n = &input->nested;

	switch (atom->kind) {
	case ATOM_FACT:
		n->facts |= PSVM_MASK32(atom->bit, 1);
		break;
	case ATOM_WORD:
		set_word(n, atom->vmcb, atom->field,
			 diff_word(n, atom->vmcb, atom->field) |
				 PSVM_MASK64(atom->bit, 1));
		break;
	case ATOM_QUEUED:
	case ATOM_QUEUED_TWO:
		n->nmis++;
		break;
	case ATOM_WAITING:
		n->vector = UINT8_MAX;
		n->external = 1;
		break;
	}
}

static void fill_words(struct psvm_words *words, const uint64_t *fixed, uint64_t data,
		       uint64_t event)
{
	words->int_ctl |= data & ~fixed[PSVM_DIFF_INT_CTL];
	words->int_state |= data & ~fixed[PSVM_DIFF_INT_STATE];
	words->event_inj |= event & ~fixed[PSVM_DIFF_EVENT_INJ];
	words->exit_int_info |= data & ~fixed[PSVM_DIFF_EXIT_INT_INFO];
	words->misc1 |= (uint32_t)(data & ~fixed[PSVM_DIFF_MISC1] & UINT32_MAX);
	words->tlb_control |= (uint8_t)(data & ~fixed[PSVM_DIFF_TLB_CONTROL] & UINT8_MAX);
}

static void fill_intercepts(struct psvm_intercepts *i, uint64_t data, uint32_t misc1)
{
	for (size_t k = 0; k < N_ROWS(i->word); k++)
		i->word[k] = (uint32_t)(data & UINT32_MAX);
	i->word[3] = misc1;
}

/* event_inj differs from exit_int_info, which it may become. */
void space_fill(const struct space *space, struct triple pattern,
		struct psvm_diff_input *input)
{
	struct psvm_nested *n = &input->nested;
	const uint64_t *data = pattern.of;

	fill_words(&n->v12, space->fixed[V12], data[V12], data[V12]);
	fill_words(&n->v02, space->fixed[V02], data[V02], data[V01]);
	fill_words(&n->v01, space->fixed[V01], data[V01], data[V02]);
	if (!space->gif)
		n->facts |= (uint32_t)(data[V01] & 1) << PSVM_C_L1_GIF_BIT;
	fill_intercepts(&input->i12, data[V12], n->v12.misc1);
	fill_intercepts(&input->i01, data[V01], n->v01.misc1);
}

void space_input(const struct space *space, uint32_t situation,
		 struct psvm_diff_input *input)
{
	memset(input, 0, sizeof(*input));
	for (size_t i = 0; i < space->n_atoms; i++)
		if (situation >> i & 1)
			apply_atom(&space->atoms[i], input);
	input->i12.word[3] = input->nested.v12.misc1;
	input->i01.word[3] = input->nested.v01.misc1;
}

static void put_misc1(const struct space *space, unsigned int vmcb, struct triple data,
		      struct psvm_words *words, struct psvm_intercepts *intercepts)
{
	uint64_t bits = data.of[vmcb] & ~space->fixed[vmcb][PSVM_DIFF_MISC1];

	words->misc1 |= (uint32_t)(bits & UINT32_MAX);
	intercepts->word[3] = words->misc1;
}

void space_put(const struct space *space, const struct psvm_output *output,
	       struct triple data, struct psvm_diff_input *input)
{
	struct psvm_nested *n = &input->nested;

	for (unsigned int vmcb = 0; output->vmcb < 3 && vmcb < 3; vmcb++) {
		uint64_t bits = data.of[vmcb] & ~space->fixed[vmcb][output->field];

		set_word(n, vmcb, output->field,
			 diff_word(n, vmcb, output->field) | bits);
	}
	if (output->third && output->field == PSVM_DIFF_EXIT_INT_INFO)
		n->v02.event_inj |= data.of[V01] &
				    ~space->fixed[V02][PSVM_DIFF_EVENT_INJ];
	if (output->third && output->vmcb == 3 && !space->gif)
		n->facts |= (uint32_t)(data.of[V01] & 1) << PSVM_C_L1_GIF_BIT;
	if (output->vmcb < 3 || output->index > 5)
		return;
	if (output->index == 3) { /* is in the words, too */
		put_misc1(space, V12, data, &n->v12, &input->i12);
		put_misc1(space, V01, data, &n->v01, &input->i01);
		return;
	}
	input->i12.word[output->index] |= (uint32_t)(data.of[V12] & UINT32_MAX);
	input->i01.word[output->index] |= (uint32_t)(data.of[V01] & UINT32_MAX);
}

static uint64_t rotate(uint64_t word, unsigned int by)
{
	return by ? word >> by | word << (64 - by) : word;
}

struct triple space_pattern(unsigned int pattern, uint32_t situation)
{
	static const uint64_t count[3] = { UINT64_C(0xaaaaaaaaaaaaaaaa),
					   UINT64_C(0xcccccccccccccccc),
					   UINT64_C(0xf0f0f0f0f0f0f0f0) };
	struct triple data;

	for (unsigned int i = 0; i < 3; i++)
		data.of[i] = pattern == MIXED ? rotate(count[i], situation % 8)
					      : 0 - (uint64_t)(pattern >> i & 1);
	return data;
}

static bool has(const struct space *space, uint32_t situation, enum atom_kind kind)
{
	for (size_t i = 0; i < space->n_atoms; i++)
		if (space->atoms[i].kind == kind && (situation >> i & 1))
			return true;
	return false;
}

/* Does VMRUN fail? */
static bool fails(const struct step *step, struct psvm_l0 l0,
		  const struct psvm_diff_input *input)
{
	uint64_t outcome;

	step_run(deciding(step), l0, input, &outcome);
	return outcome == PSVM_VMEXIT_INVALID;
}

bool step_counts(const struct step *step, struct psvm_l0 l0,
		 const struct psvm_diff_input *input)
{
	return step->only == ONLY_ALL ||
	       fails(step, l0, input) == (step->only == ONLY_FAILURE);
}

bool space_possible(const struct space *space, uint32_t situation)
{
	struct psvm_diff_input input;
	uint32_t facts;

	if (has(space, situation, ATOM_QUEUED_TWO) && !has(space, situation, ATOM_QUEUED))
		return false;
	space_input(space, situation, &input);
	facts = input.nested.facts;
	return (facts >> PSVM_C_OFFER_VGIF_BIT & ~(facts >> PSVM_C_HOST_VGIF_BIT) & 3) ==
	       0;
}

bool space_counts(const struct space *space, uint32_t situation)
{
	struct psvm_diff_input input;

	if (!space_possible(space, situation))
		return false;
	space_input(space, situation, &input);
	for (unsigned int i = 0; i < space->n_l0; i++)
		if (!step_counts(space->step, space->l0[i], &input))
			return false;
	return true;
}
