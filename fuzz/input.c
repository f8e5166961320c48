/* SPDX-License-Identifier: MIT */
#include "input.h"
#include "parts.h"

#include <string.h>

PSVM_STATIC_ASSERT(sizeof(struct fuzz_words) == 40, "padding");
PSVM_STATIC_ASSERT(sizeof(struct fuzz_record) == 3 * 40 + 8, "padding");
PSVM_STATIC_ASSERT(sizeof(struct fuzz_questions) == 8 + 2 * 24, "padding");
PSVM_STATIC_ASSERT(sizeof(struct fuzz_step) == 8, "padding");
PSVM_STATIC_ASSERT(sizeof(struct fuzz_setup) == 40 + 16, "padding");
PSVM_STATIC_ASSERT(sizeof(struct fuzz_act) == 2, "padding");

#define FUZZ_AT(field) offsetof(struct fuzz_words, field)

static const struct fuzz_part word_bits[] = {
	FUZZ_WORD_BITS
};

static const struct fuzz_part word_fields[] = {
	FUZZ_WHOLE("int_ctl", FUZZ_AT(int_ctl), 1, 8),
	FUZZ_WHOLE("int_state", FUZZ_AT(int_state), 1, 8),
	FUZZ_WHOLE("event_inj", FUZZ_AT(event_inj), 1, 8),
	FUZZ_WHOLE("exit_int_info", FUZZ_AT(exit_int_info), 1, 8),
	FUZZ_WHOLE("intercept_misc1", FUZZ_AT(intercept_misc1), 1, 4),
	FUZZ_WHOLE("tlb_control", FUZZ_AT(tlb_control), 1, 1),
};

#define IN_RECORD(member) offsetof(struct fuzz_record, member)

/* Conditions of source WORD are bits of the words, which have rows above. */
#define FACT_FACT(name, bit) { #name, IN_RECORD(facts), 1, 4, bit, 1 },
#define FACT_WORD(name, bit)
#define X_FACT(name, bit, source, words) FACT_##source(name, bit)
#define RECORD_PARTS \
	PSVM_CONDITIONS(X_FACT) \
	{ "rules", IN_RECORD(rules), 1, 1, 0, 3 }, \
	{ "nmis", IN_RECORD(nmis), 1, 1, 0, 2 }, \
	FUZZ_WHOLE("vector", IN_RECORD(vector), 1, 1), \
	{ "external", IN_RECORD(external), 1, 1, 0, 1 },

PSVM_STATIC_ASSERT(PSVM_RULE_SET_COUNT == 8, "part rules has three bits");

static const struct fuzz_part record_parts[] = {
	RECORD_PARTS
};

#define IN_QUESTIONS(member) \
	(sizeof(struct fuzz_record) + offsetof(struct fuzz_questions, member))

static const struct fuzz_part questions_parts[] = {
	RECORD_PARTS
	FUZZ_WHOLE("exit_code", IN_QUESTIONS(exit_code), 1, 8),
	{ "exit_code.low", IN_QUESTIONS(exit_code), 1, 8, 0, 8 },
	FUZZ_WHOLE("i12", IN_QUESTIONS(i12), 6, 4),
	FUZZ_WHOLE("i01", IN_QUESTIONS(i01), 6, 4),
};

const struct fuzz_format fuzz_format_record = {
	FUZZ_PARTS(word_bits), FUZZ_PARTS(word_fields), FUZZ_PARTS(record_parts),
	sizeof(struct fuzz_words), sizeof(struct fuzz_record), 0, 0, FUZZ_VMCBS
};

const struct fuzz_format fuzz_format_questions = {
	FUZZ_PARTS(word_bits), FUZZ_PARTS(word_fields), FUZZ_PARTS(questions_parts),
	sizeof(struct fuzz_words),
	sizeof(struct fuzz_record) + sizeof(struct fuzz_questions), 0, 0, FUZZ_VMCBS
};

const struct fuzz_format fuzz_format_steps = {
	FUZZ_PARTS(word_bits), FUZZ_PARTS(word_fields), FUZZ_PARTS(record_parts),
	sizeof(struct fuzz_words), sizeof(struct fuzz_record),
	sizeof(struct fuzz_step), FUZZ_STEPS_MAX, FUZZ_VMCBS
};

#define IN_SETUP(member) offsetof(struct fuzz_setup, member)
#define SETUP_FACT(name) { #name, IN_SETUP(facts), 1, 4, PSVM_C_##name##_BIT, 1 },
#define SETUP_FLAG(name, bit) { #name, IN_SETUP(flags), 1, 1, bit, 1 },
#define SETUP_ICPT(word, name) \
	{ "intercept." #name, IN_SETUP(word), 1, 4, PSVM_EXIT_##name % 32, 1 },

static const struct fuzz_part setup_parts[] = {
	SETUP_FACT(OFFER_VGIF) SETUP_FACT(OFFER_VNMI)
	SETUP_FACT(HOST_VGIF) SETUP_FACT(HOST_VNMI)
	FUZZ_SETUP_FLAGS(SETUP_FLAG)
	FUZZ_SETUP_INTERCEPTS(SETUP_ICPT)
	{ "tpr", IN_SETUP(tpr), 1, 1, 0, 4 },
};

const struct fuzz_format fuzz_format_acts = {
	FUZZ_PARTS(word_bits), FUZZ_PARTS(word_fields), FUZZ_PARTS(setup_parts),
	sizeof(struct fuzz_words), sizeof(struct fuzz_setup),
	sizeof(struct fuzz_act), FUZZ_ACTS_MAX, 1
};

uint32_t fuzz_sensible_facts(uint32_t facts)
{
	uint32_t used = facts >> (PSVM_C_HOST_VGIF_BIT - PSVM_C_OFFER_VGIF_BIT);
	uint32_t offers = PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI);

	return facts & PSVM_C_FACTS & ~(offers & ~used);
}

static void order_words(struct fuzz_words *words)
{
	words->int_ctl = fuzz_order64(words->int_ctl);
	words->int_state = fuzz_order64(words->int_state);
	words->event_inj = fuzz_order64(words->event_inj);
	words->exit_int_info = fuzz_order64(words->exit_int_info);
	words->intercept_misc1 = fuzz_order32(words->intercept_misc1);
}

void fuzz_order_record(struct fuzz_record *record)
{
	for (size_t i = 0; i < FUZZ_VMCBS; i++)
		order_words(&record->vmcb[i]);
	record->facts = fuzz_order32(record->facts);
}

void fuzz_order_setup(struct fuzz_setup *setup)
{
	order_words(&setup->vmcb12);
	setup->facts = fuzz_order32(setup->facts);
	setup->cr = fuzz_order32(setup->cr);
	setup->misc2 = fuzz_order32(setup->misc2);
}

static void order_questions(struct fuzz_questions *q)
{
	q->exit_code = fuzz_order64(q->exit_code);
	for (size_t i = 0; i < N_ROWS(q->i12); i++) {
		q->i12[i] = fuzz_order32(q->i12[i]);
		q->i01[i] = fuzz_order32(q->i01[i]);
	}
}

/* The bytes [begin, begin + size) of the input, zero where it has none. */
static void take(void *to, size_t size, const uint8_t *data, size_t begin, size_t end)
{
	size_t have = begin >= end ? 0 : end - begin;

	if (have >= size) {
		memcpy(to, data + begin, size);
		return;
	}
	memset(to, 0, size);
	if (have > 0)
		memcpy(to, data + begin, have);
}

static struct psvm_words decode_words(const struct fuzz_words *from)
{
	return (struct psvm_words){
		.int_ctl = from->int_ctl,
		.int_state = from->int_state,
		.event_inj = from->event_inj,
		.exit_int_info = from->exit_int_info,
		.misc1 = from->intercept_misc1,
		.tlb_control = from->tlb_control,
	};
}

struct fuzz_run fuzz_decode_run(const uint8_t *data, size_t size)
{
	struct fuzz_record record;

	take(&record, sizeof(record), data, 0, size);
	fuzz_order_record(&record);
	return (struct fuzz_run){
		.rules = record.rules % PSVM_RULE_SET_COUNT,
		.n = {
			.v12 = decode_words(&record.vmcb[FUZZ_12]),
			.v02 = decode_words(&record.vmcb[FUZZ_02]),
			.v01 = decode_words(&record.vmcb[FUZZ_01]),
			.facts = fuzz_sensible_facts(record.facts),
			.nmis = record.nmis,
			.vector = record.vector,
			.external = record.external,
		},
	};
}

struct fuzz_questions fuzz_decode_questions(const uint8_t *data, size_t size)
{
	struct fuzz_questions q;

	take(&q, sizeof(q), data, sizeof(struct fuzz_record), size);
	order_questions(&q);
	if (q.exit_code >> 63 == 0)
		q.exit_code &= 0x7ff;
	return q;
}

bool fuzz_decode_step(const uint8_t *data, size_t size, size_t number,
		      struct fuzz_step *step)
{
	size_t begin = sizeof(struct fuzz_record) + number * sizeof(*step);

	if (number >= FUZZ_STEPS_MAX || begin + sizeof(*step) > size)
		return false;
	take(step, sizeof(*step), data, begin, size);
	step->value = fuzz_order32(step->value);
	return true;
}

struct fuzz_setup fuzz_decode_setup(const uint8_t *data, size_t size)
{
	struct fuzz_setup setup;

	take(&setup, sizeof(setup), data, 0, size);
	fuzz_order_setup(&setup);
	return setup;
}

bool fuzz_decode_act(const uint8_t *data, size_t size, size_t number,
		     struct fuzz_act *act)
{
	size_t begin = sizeof(struct fuzz_setup) + number * sizeof(*act);

	if (number >= FUZZ_ACTS_MAX || begin + sizeof(*act) > size)
		return false;
	/* Byte by byte: a sanitizer checks each call of memcpy(). */
	act->act = data[begin];
	act->value = data[begin + 1];
	return true;
}
