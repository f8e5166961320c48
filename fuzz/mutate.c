/* SPDX-License-Identifier: MIT */
#include "mutate.h"
#include "rows.h"
#include "splitmix.h"

#include <string.h>

/* An input that is being mutated. All randomness comes from the seed. */
struct mutation {
	const struct fuzz_format *format;
	uint8_t *data;
	size_t size;
	size_t max;
	uint64_t random;
};

static uint64_t next(struct mutation *m)
{
	return splitmix64(&m->random);
}

static size_t below(struct mutation *m, size_t limit)
{
	return (size_t)(next(m) % limit);
}

static const struct fuzz_part *any_part(struct mutation *m, struct fuzz_parts parts)
{
	return &parts.part[below(m, parts.count)];
}

/* Where a part is; one of its elements if it is an array. NULL: beyond the end
 * of an input that could not be made longer. */
static uint8_t *locate(struct mutation *m, const struct fuzz_part *part, size_t base)
{
	size_t at = base + part->offset + below(m, part->count) * part->size;

	return at + part->size <= m->size ? m->data + at : NULL;
}

static size_t any_vmcb(struct mutation *m)
{
	return below(m, m->format->vmcbs) * m->format->stride;
}

/* One bit of the part, or all of them at random. */
static void change(struct mutation *m, const struct fuzz_part *part, uint8_t *bytes)
{
	uint64_t flip = UINT64_C(1) << (part->shift + below(m, part->width));

	if (part->width > 1 && below(m, 2) == 0)
		flip |= next(m) & fuzz_mask(part);
	fuzz_put(bytes, part->size, fuzz_get(bytes, part->size) ^ flip);
}

static void flip_bit(struct mutation *m)
{
	const struct fuzz_part *part = any_part(m, m->format->bits);
	uint8_t *bytes = locate(m, part, any_vmcb(m));

	if (bytes != NULL)
		change(m, part, bytes);
}

/* A fact, the rule set, ... */
static void flip_once(struct mutation *m)
{
	const struct fuzz_part *part = any_part(m, m->format->once);
	uint8_t *bytes = locate(m, part, 0);

	if (bytes != NULL)
		change(m, part, bytes);
}

/* The same field of another VMCB: what a move of words would do. */
static void copy_word(struct mutation *m)
{
	const struct fuzz_part *part = any_part(m, m->format->fields);
	uint8_t *from = locate(m, part, any_vmcb(m));
	size_t element = from == NULL ? 0 : (size_t)(from - m->data) % m->format->stride;
	size_t to = any_vmcb(m) + element;

	if (from != NULL && to + part->size <= m->size)
		memmove(m->data + to, from, part->size);
}

static uint64_t any_value(struct mutation *m)
{
	switch (below(m, 4)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return next(m) & next(m) & next(m);
	default:
		return next(m);
	}
}

static void set_field(struct mutation *m)
{
	const struct fuzz_part *part = any_part(m, m->format->fields);
	uint8_t *bytes = locate(m, part, any_vmcb(m));

	if (bytes != NULL)
		fuzz_put(bytes, part->size, any_value(m));
}

static size_t step_count(const struct mutation *m)
{
	const struct fuzz_format *f = m->format;

	return f->step == 0 || m->size < f->fixed ? 0 : (m->size - f->fixed) / f->step;
}

static uint8_t *step_at(struct mutation *m, size_t number)
{
	return m->data + m->format->fixed + number * m->format->step;
}

static void swap_steps(struct mutation *m)
{
	size_t count = step_count(m);
	uint8_t *a, *b;

	if (count < 2)
		return;
	a = step_at(m, below(m, count));
	b = step_at(m, below(m, count));
	for (size_t i = 0; i < m->format->step; i++) {
		uint8_t byte = a[i];

		a[i] = b[i];
		b[i] = byte;
	}
}

/* One byte of a step, most often the one that says what happens. */
static void change_step(struct mutation *m)
{
	size_t count = step_count(m);
	uint8_t *step;

	if (count == 0)
		return;
	step = step_at(m, below(m, count));
	step[below(m, 2) * below(m, m->format->step)] ^= (uint8_t)(next(m) & 0xff);
}

/* A new step somewhere, if there is room. */
static void insert_step(struct mutation *m)
{
	size_t length = m->format->step, count = step_count(m);
	size_t at = below(m, count + 1);
	uint64_t bytes = next(m);

	if (length == 0 || count >= m->format->steps || m->size + length > m->max)
		return;
	memmove(step_at(m, at + 1), step_at(m, at), (count - at) * length);
	fuzz_put(step_at(m, at), (unsigned int)length, bytes);
	m->size += length;
}

static void remove_step(struct mutation *m)
{
	size_t length = m->format->step, count = step_count(m);
	size_t at;

	if (count == 0)
		return;
	at = below(m, count);
	memmove(step_at(m, at), step_at(m, at + 1), (count - at - 1) * length);
	m->size -= length;
}

/* libFuzzer's own mutations: the dictionary, values that code compared with. */
static void mutate_bytes(struct mutation *m)
{
	m->size = LLVMFuzzerMutate(m->data, m->size, m->max);
}

/* Every input has all fixed bytes, as far as it may, and whole steps. New bytes
 * repeat the VMCB before them. */
static void fit(struct mutation *m)
{
	const struct fuzz_format *f = m->format;
	size_t fixed = f->fixed < m->max ? f->fixed : m->max;

	for (; m->size < fixed; m->size++)
		m->data[m->size] =
			m->size < f->stride ? 0 : m->data[m->size - f->stride];
	m->size = fixed + step_count(m) * f->step;
	if (step_count(m) > f->steps)
		m->size = fixed + (size_t)f->steps * f->step;
}

typedef void mutation_kind(struct mutation *m);

/* A kind that stands here several times is chosen more often. */
static mutation_kind *const kinds[] = {
	flip_bit, flip_bit, flip_bit, flip_bit, flip_once, flip_once, flip_once,
	copy_word, copy_word, set_field, set_field, mutate_bytes,
};
static mutation_kind *const kinds_of_steps[] = {
	flip_bit, flip_bit, flip_once, copy_word, set_field, mutate_bytes,
	swap_steps, swap_steps, change_step, change_step, change_step,
	insert_step, insert_step, insert_step, remove_step,
};

static mutation_kind *any_kind(struct mutation *m)
{
	if (m->format->step != 0)
		return kinds_of_steps[below(m, N_ROWS(kinds_of_steps))];
	return kinds[below(m, N_ROWS(kinds))];
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	struct mutation m = { fuzz_format, data, size, max_size, seed };

	fit(&m);
	for (size_t times = 1 + below(&m, 4); times > 0; times--)
		any_kind(&m)(&m);
	fit(&m);
	return m.size;
}
