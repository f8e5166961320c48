/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "psvm/check.h"

#include <inttypes.h>

bool run_applies(const struct psvm_move *move, uint32_t conditions)
{
	uint32_t on = move->on & ~PSVM_UNLESS;
	bool holds = (conditions & on) == on && (conditions & move->off) == 0;

	return holds != ((move->on & PSVM_UNLESS) != 0);
}

/* The column `from` of the cells. */
enum origin {
	FROM_NONE,
	FROM_01,
	FROM_02,
	FROM_12,
	FROM_ZERO,
	FROM_ONES,
	FROM_QUEUED,
	FROM_DUMMY
};

static enum origin origin_of(const struct source *source)
{
	static const enum origin origins[] = {
#define X(name, unit, to, from, words) FROM_##from,
		PSVM_CELLS(X)
#undef X
	};

	return origins[source->cell];
}

/* The line of a cell that means a bit, or null. */
static const struct psvm_move *find_line(const struct run *run, uint32_t cell,
					 enum stage stage, uint64_t bit)
{
	const struct psvm_move *moves = run->rules->cell[cell].move;

	for (size_t i = 0; i < PSVM_MOVES; i++)
		if (moves[i].bits & bit && run_applies(&moves[i], run->conditions[stage]))
			return &moves[i];
	return NULL;
}

/* A gate that is a cell is a flag, or has to mean the same bit. */
static bool is_open(const struct run *run, const struct source *source, uint64_t bit,
		    const struct strand *so_far)
{
	if (source->gate == NO_GATE)
		return true;
	if (source->gate == IF_FROM_12)
		return so_far->source && origin_of(so_far->source) == FROM_12;
	if (psvm_name_of_cell(source->gate).unit == PSVM_UNIT_FLAG)
		bit = PSVM_FLAG;
	return find_line(run, source->gate, source->stage, bit) != NULL;
}

/*
 * The last cell that applies has the last word. But a cell that gives a bit once
 * more what it has got already moves nothing: the first one has moved it.
 */
static struct strand explain_bit(const struct run *run, const struct story *story,
				 uint64_t bit)
{
	struct strand strand = { NULL, bit, NULL, NULL };

	for (size_t i = 0; bit & story->written && i < story->n_sources; i++) {
		const struct source *source = &story->sources[i];
		const struct psvm_move *line = find_line(run, source->cell, source->stage,
							 bit);

		if (!line || !is_open(run, source, bit, &strand) ||
		    (strand.source && origin_of(strand.source) == origin_of(source)))
			continue;
		strand.source = source;
		strand.line = line;
	}
	return strand;
}

static void visit_field(const struct run *run, const struct story *story,
			const struct psvm_bits_name *field, strand_visitor *visit,
			void *context)
{
	unsigned int end = field->shift + field->width;

	for (unsigned int bit = field->shift; bit < end;) {
		struct strand strand = explain_bit(run, story, UINT64_C(1) << bit);
		struct strand next = strand;

		for (strand.bits = 0; bit < end && next.line == strand.line &&
				      next.source == strand.source;) {
			strand.bits |= UINT64_C(1) << bit++;
			if (bit < end)
				next = explain_bit(run, story, UINT64_C(1) << bit);
		}
		strand.field = field->name;
		visit(context, run, story, &strand);
	}
}

void run_strands(const struct run *run, const struct story *story, strand_visitor *visit,
		 void *context)
{
	size_t count;
	const struct psvm_bits_name *fields = psvm_names_of_unit(PSVM_UNIT_INT_CTL,
								 &count);

	for (size_t i = 0; i < count; i++)
		visit_field(run, story, &fields[i], visit, context);
}

/* --- is the explanation true? -------------------------------------------- */

static uint64_t value_of(const struct run *run, const struct story *story,
			 const struct strand *strand)
{
	if (!strand->source)
		return story->before;
	switch (origin_of(strand->source)) {
	case FROM_12:
		return run->nested.v12.int_ctl;
	case FROM_02:
		return run->nested.v02.int_ctl;
	case FROM_01:
		return run->nested.v01.int_ctl;
	case FROM_ONES:
		return UINT64_MAX;
	case FROM_QUEUED:
		return run->nested.nmis ? UINT64_MAX : 0;
	default:
		return 0;
	}
}

static void add_value(void *context, const struct run *run, const struct story *story,
		      const struct strand *strand)
{
	uint64_t *word = context;

	*word |= value_of(run, story, strand) & strand->bits;
}

/* Whoever reads why a bit has become what it is should not be told what has not
 * happened: the cells that are named have to give the word that the transition
 * has returned. */
bool run_is_explained(const struct run *run)
{
	for (size_t i = 0; i < N_STORIES; i++) {
		const struct story *story = &run->stories[i];
		uint64_t word = 0;

		run_strands(run, story, add_value, &word);
		if (word != story->after)
			return cli_fail(run->command,
					"internal error: %s is 0x%" PRIx64
					", but 0x%" PRIx64 " by its explanation",
					story->title, story->after, word);
	}
	return true;
}
