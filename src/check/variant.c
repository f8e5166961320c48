/* SPDX-License-Identifier: MIT */
#include "variant.h"

#include "diff_space.h"
#include "rows.h"

PSVM_STATIC_ASSERT((int)VARIANT_OUTPUTS == (int)MAX_OUTPUTS, "outputs of a moment");

static const struct step *step_of(const struct variant *v)
{
	return &diff_steps[v->change->scope];
}

bool variant_at(const struct variant *v, enum psvm_moment moment)
{
	enum psvm_moment own = step_of(v)->moment;

	return own == moment ||
	       (v->change->also_reenter && moment == PSVM_MOMENT_REENTER);
}

bool variant_of_output(const struct variant *v, unsigned number)
{
	for (size_t i = 0; i < v->change->n_parts; i++)
		if (v->change->parts[i].number == number)
			return true;
	return false;
}

bool variant_moves_window(const struct variant *v)
{
	for (size_t i = 0; i < v->change->n_parts; i++) {
		const struct psvm_change_part *part = &v->change->parts[i];

		if (step_of(v)->moment == PSVM_MOMENT_WINDOW &&
		    part->output.field == PSVM_DIFF_MISC1 && part->output.vmcb == 1 &&
		    (part->bits & PSVM_INTERCEPT_MASK(VINTR)) != 0)
			return true;
	}
	return false;
}

/* --- conditions ---------------------------------------------------------- */

static bool note_bit(const struct psvm_diff_variable *variable,
		     const struct psvm_nested *n, struct reads *reads)
{
	uint64_t bit = diff_word(n, variable->vmcb, variable->field) &
		       PSVM_MASK64(variable->bit, 1);

	if (variable->field == PSVM_DIFF_INT_CTL)
		reads_note(reads, READ_INT_CTL, bit);
	else if (variable->field == PSVM_DIFF_MISC1)
		reads_note(reads, READ_MISC1, bit);
	return bit != 0;
}

static bool note_variable(const struct psvm_diff_variable *variable,
			  const struct psvm_nested *n, uint32_t conditions,
			  struct reads *reads)
{
	uint32_t bit;

	if (variable->condition < 0)
		return note_bit(variable, n, reads);
	bit = conditions & PSVM_MASK32(variable->condition, 1);
	reads_note(reads, READ_CONDITIONS, bit);
	return bit != 0;
}

/* Up to the first variable that fails. */
static bool term_holds(const struct psvm_diff_scope *scope, struct psvm_diff_term term,
		       const struct psvm_nested *n, struct reads *reads)
{
	uint32_t conditions = psvm_conditions(*n);

	for (size_t i = 0; i < scope->n_variables; i++)
		if (term.mask >> i & 1 &&
		    note_variable(&scope->variables[i], n, conditions, reads) !=
			    (term.value >> i & 1))
			return false;
	return true;
}

uint32_t variant_terms(const struct variant *v, const struct psvm_nested *n,
		       struct reads *reads)
{
	const struct psvm_diff_scope *scope = &v->diff->scopes[v->change->scope];
	uint32_t terms = 0;

	for (size_t i = 0; i < v->change->n_terms; i++)
		if (term_holds(scope, v->change->terms[i], n, reads))
			terms |= UINT32_C(1) << i;
	return terms;
}

/* The feature that a condition needs; L0's own decide as they are. */
static bool may_hold(int condition, bool value, uint32_t facts)
{
	static const struct {
		int condition;
		uint32_t facts;
		bool decides; /* not only needed */
	} rows[] = {
		{ PSVM_C_HOST_VGIF_BIT, PSVM_C(HOST_VGIF), true },
		{ PSVM_C_HOST_VNMI_BIT, PSVM_C(HOST_VNMI), true },
		{ PSVM_C_OFFER_VGIF_BIT, PSVM_C(OFFER_VGIF), true },
		{ PSVM_C_OFFER_VNMI_BIT, PSVM_C(OFFER_VNMI), true },
		{ PSVM_C_NESTED_VGIF_BIT, PSVM_C(OFFER_VGIF), false },
		{ PSVM_C_NESTED_VNMI_BIT, PSVM_C(OFFER_VNMI), false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].condition == condition)
			return value ? (facts & rows[i].facts) != 0
				     : !rows[i].decides || (facts & rows[i].facts) == 0;
	return true;
}

bool variant_fits(const struct variant *v, uint32_t facts)
{
	const struct psvm_diff_scope *scope = &v->diff->scopes[v->change->scope];

	for (size_t t = 0; t < v->change->n_terms; t++) {
		struct psvm_diff_term term = v->change->terms[t];
		bool may = true;

		for (size_t i = 0; i < scope->n_variables; i++)
			if (term.mask >> i & 1)
				may = may && may_hold(scope->variables[i].condition,
						      term.value >> i & 1, facts);
		if (may)
			return true;
	}
	return false;
}

/* --- parts --------------------------------------------------------------- */

static void take_part(const struct psvm_change_part *part, uint64_t *to, uint64_t from)
{
	if (part->output.kind != PSVM_OUTPUT_VALUE)
		*to = (*to & ~part->bits) | (from & part->bits);
	else if (*to == part->value_a && from == part->value_b)
		*to = from;
}

static void take_parts(const struct variant *v, uint32_t terms, uint64_t *to,
		       const uint64_t *from)
{
	for (size_t i = 0; i < v->change->n_parts; i++) {
		const struct psvm_change_part *part = &v->change->parts[i];

		if (part->term < 0 || (terms >> part->term & 1) != 0)
			take_part(part, &to[part->number], from[part->number]);
	}
}

void variant_outputs(const struct variant *v, uint32_t terms, struct psvm_l0 from,
		     const struct psvm_diff_input *input, uint64_t *outputs)
{
	uint64_t other[MAX_OUTPUTS];

	step_run(step_of(v), from, input, outputs);
	step_run(step_of(v), v->to, input, other);
	take_parts(v, terms, outputs, other);
}

/* --- what of them the machine has ----------------------------------------- */

/* Exits that something happens for, in the words of intercepts: an instruction that an
 * act executes, or an event that arrives. No act executes VMMCALL or PAUSE, touches a
 * debug register or raises an exception but the page fault, which no word decides. */
static const uint64_t shown_exits[] = {
	PSVM_INTERCEPT_MASK(CR8_READ) | PSVM_INTERCEPT_MASK(CR8_WRITE),
	0,
	0,
	PSVM_INTERCEPT_MASK(INTR) | PSVM_INTERCEPT_MASK(NMI) |
		PSVM_INTERCEPT_MASK(VINTR) | PSVM_INTERCEPT_MASK(CPUID) |
		PSVM_INTERCEPT_MASK(IRET) | PSVM_INTERCEPT_MASK(HLT),
	PSVM_INTERCEPT_MASK(VMRUN) | PSVM_INTERCEPT_MASK(STGI) |
		PSVM_INTERCEPT_MASK(CLGI),
	0,
};
enum { MISC1 = 3 };

/* The bits of a part that L0 or the processor of the model does something with. Exits
 * without an intercept are none of the acts', and L1's bitmap decides as L1 does. Nor
 * does L0 ask whether a window was opened: it has the words. Of 068h there is the shadow
 * alone, so that it does not matter who stores the rest. */
static uint64_t shown(const struct variant *v, const struct psvm_change_part *part)
{
	enum psvm_moment moment = step_of(v)->moment;
	const struct psvm_output *output = &part->output;

	if (moment == PSVM_MOMENT_MERGE || moment == PSVM_MOMENT_ROUTE)
		return part->number < N_ROWS(shown_exits) ? shown_exits[part->number] : 0;
	if (output->field == PSVM_DIFF_MISC1)
		return shown_exits[MISC1];
	if (output->field == PSVM_DIFF_INT_STATE)
		return PSVM_INT_STATE_INTERRUPT_SHADOW;
	if (output->unit == PSVM_UNIT_FIELDS)
		return ~(uint64_t)PSVM_F_INT_STATE;
	return moment == PSVM_MOMENT_WINDOW && part->number == MAX_OUTPUTS - 1
		       ? 0
		       : UINT64_MAX;
}

bool variant_modelled(const struct variant *v)
{
	bool any = v->change->n_parts == 0;

	for (size_t i = 0; i < v->change->n_parts; i++) {
		const struct psvm_change_part *part = &v->change->parts[i];
		bool value = part->output.kind == PSVM_OUTPUT_VALUE;

		any |= (shown(v, part) & (value ? UINT64_MAX : part->bits)) != 0;
	}
	return any;
}

/* --- does it make a difference? ------------------------------------------- */

/* Where the bits of an output are noted, if a set-up can leave them open. */
static bool open_word(const struct variant *v, const struct psvm_change_part *part,
		      enum read_kind *kind)
{
	static const struct {
		uint8_t number;
		enum read_kind kind;
	} merged[] = { { 0, READ_CR }, { MISC1, READ_MISC1 }, { 4, READ_MISC2 } };
	uint8_t field = part->output.field;

	for (size_t i = 0; i < N_ROWS(merged); i++)
		if (step_of(v)->moment == PSVM_MOMENT_MERGE &&
		    merged[i].number == part->number) {
			*kind = merged[i].kind;
			return true;
		}
	*kind = field == PSVM_DIFF_INT_CTL ? READ_INT_CTL : READ_MISC1;
	return field == PSVM_DIFF_INT_CTL || field == PSVM_DIFF_MISC1;
}

/* Bit by bit up to the first that differs: this decides whether the machines part. */
static bool part_differs(const struct variant *v, const struct psvm_change_part *part,
			 uint64_t difference, struct reads *reads)
{
	bool value = part->output.kind == PSVM_OUTPUT_VALUE;
	uint64_t bits = shown(v, part) & (value ? UINT64_MAX : part->bits);
	enum read_kind kind;

	if (!open_word(v, part, &kind))
		return (difference & bits) != 0;
	for (uint64_t rest = bits; rest != 0; rest &= rest - 1) {
		uint64_t bit = rest & (0 - rest);

		reads_note(reads, kind, difference & bit);
		if ((difference & bit) != 0)
			return true;
	}
	return false;
}

bool variant_differs(const struct variant *v, const uint64_t *a, const uint64_t *b,
		     struct reads *reads)
{
	for (size_t i = 0; i < v->change->n_parts; i++) {
		const struct psvm_change_part *part = &v->change->parts[i];

		if (part_differs(v, part, a[part->number] ^ b[part->number], reads))
			return true;
	}
	return false;
}

static bool fails(const struct psvm_result *r)
{
	return r->outcome == PSVM_VMEXIT_INVALID;
}

/* Does VMRUN end as it does where the change is? */
static bool is_about(const struct variant *v, const struct psvm_result *a,
		     const struct psvm_result *b)
{
	enum only only = step_of(v)->only;

	return only == ONLY_ALL ||
	       (fails(a) == fails(b) && fails(a) == (only == ONLY_FAILURE));
}

bool variant_result(const struct variant *v, uint32_t terms, struct psvm_result *result,
		    const struct psvm_result *other, struct reads *reads)
{
	uint64_t was[MAX_OUTPUTS], to[MAX_OUTPUTS], from[MAX_OUTPUTS];

	if (!is_about(v, result, other))
		return false;
	if (step_of(v)->n_outputs == 1) { /* VMRUN fails, or does not: all is another's */
		bool differs = fails(result) != fails(other);

		if (differs)
			*result = *other;
		return differs;
	}
	diff_put_result(was, result);
	diff_put_result(to, result);
	diff_put_result(from, other);
	take_parts(v, terms, to, from);
	diff_take_result(to, result);
	return variant_differs(v, was, to, reads);
}
