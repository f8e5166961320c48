/* SPDX-License-Identifier: MIT */
#include "cause.h"

#include "psvm/names.h"

#include "text.h"
#include "rows.h"

/* --- classes ------------------------------------------------------------- */

/* The fields of int_ctl that a class is about, the most telling first. Of several that
 * differ, the first one counts; the last stands for all others. */
static const uint64_t fields[] = {
	PSVM_V_IRQ, PSVM_V_TPR, PSVM_V_NMI_MASK, PSVM_V_NMI, PSVM_V_GIF, UINT64_MAX,
};

static unsigned field_of(uint64_t bits)
{
	unsigned i = 0;

	while ((bits & fields[i]) == 0 && i + 1 < N_ROWS(fields))
		i++;
	return i;
}

static bool is_flag(unsigned field)
{
	return (fields[field] & (fields[field] - 1)) == 0;
}

/* Of L0's situation, what may have to do with it. */
static uint32_t relevant(const struct difference *d)
{
	return d->situation & (SITUATION_WINDOW | SITUATION_DUMMY | SITUATION_ASLEEP);
}

static uint32_t first_field(const struct difference *d)
{
	return d->fields & (0 - d->fields);
}

/* Which bits of a field differ is no cause; which value a flag has, is. */
static uint32_t key_of_field(const struct difference *d)
{
	unsigned i = field_of(d->int_ctl);

	return i << 1 | (is_flag(i) && (d->int_ctl_nested & fields[i]) != 0);
}

/* The same event that was seen in two ways is classed by the ways. */
static uint32_t key_of_seen(const struct difference *d)
{
	uint32_t events = (uint32_t)d->bare_recognized << 4 | d->nested_recognized;

	if (d->bare_recognized != d->nested_recognized)
		return events;
	return events | (uint32_t)d->bare.kind << 8 | (uint32_t)d->nested.kind << 10;
}

uint64_t cause_key(const struct difference *d)
{
	uint32_t more = d->fields & DIFFER_SEEN ? key_of_seen(d) : key_of_field(d);

	return (uint64_t)first_field(d) << 32 | relevant(d) << 16 | more;
}

bool cause_same(const struct difference *a, const struct difference *b)
{
	return cause_key(a) == cause_key(b);
}

/* --- words --------------------------------------------------------------- */

static const char *event_words(uint64_t event)
{
	uint64_t type = (event & PSVM_EVENT_INJ_TYPE) >> PSVM_EVENT_TYPE_SHIFT;

	switch (type == PSVM_EVENT_TYPE_INTR ? event & PSVM_EVENT_INJ_VECTOR
					     : type + 256) {
	case 0:
		return "interrupt 0, L0's dummy,";
	case VECTOR_OF_L1:
		return "the interrupt for L1";
	case VECTOR_OF_V_IRQ:
		return "the virtual interrupt that L1 requested";
	case VECTOR_OF_EVENTINJ:
		return "the interrupt that L1 injected";
	case 256 + PSVM_EVENT_TYPE_NMI:
		return "an NMI";
	default:
		return "an exception";
	}
}

static const char *exit_words(uint64_t code)
{
	static const struct {
		uint64_t code;
		const char *words;
	} rows[] = { { PSVM_EXIT_INTR, "#VMEXIT(INTR)" },
		     { PSVM_EXIT_NMI, "#VMEXIT(NMI)" },
		     { PSVM_EXIT_VINTR, "#VMEXIT(VINTR)" },
		     { PSVM_EXIT_INVALID, "#VMEXIT(INVALID)" },
		     { EXIT_OF_FAULT, "#VMEXIT of a fault in the delivery of an event" },
#define INSN(name, exit, text) { exit, "#VMEXIT(" text ")" },
		     PSVM_CPU_INSNS(INSN)
#undef INSN
	};

	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (rows[i].code == code)
			return rows[i].words;
	return "another #VMEXIT";
}

size_t cause_seen(char *buffer, size_t size, const struct seen *seen)
{
	struct text text = { buffer, size, 0 };

	switch (seen->kind) {
	case SEEN_EVENT:
		text_add(&text, "%s is delivered to L%u", event_words(seen->code),
			 seen->level);
		break;
	case SEEN_EXIT:
		text_add(&text, "%s", exit_words(seen->code));
		break;
	case SEEN_STUCK:
		text_add(&text, "L0 does not come to an end");
		break;
	default:
		text_add(&text, "-");
	}
	return text.length;
}

static const char *recognized_words(uint8_t recognized)
{
	static const char *const words[] = {
#define ROW(name, words) words,
		RECOGNIZED(ROW)
#undef ROW
	};

	return words[recognized];
}

/* The value of a flag belongs to the class, that of another field does not. Without a
 * bare machine, neither word is the right one. */
static void add_int_ctl(struct text *text, const struct difference *d)
{
	char bits[PSVM_WORDS_SIZE], left[PSVM_WORDS_SIZE], right[PSVM_WORDS_SIZE];
	unsigned i = field_of(d->int_ctl);
	uint64_t field = fields[i] == UINT64_MAX ? d->int_ctl : fields[i];

	(void)psvm_words_of_bits(bits, sizeof(bits), PSVM_UNIT_INT_CTL, field);
	(void)psvm_words_of_value(left, sizeof(left), PSVM_UNIT_INT_CTL,
				  (d->int_ctl_nested ^ d->int_ctl) & field);
	(void)psvm_words_of_value(right, sizeof(right), PSVM_UNIT_INT_CTL,
				  d->int_ctl_nested & field);
	if (d->change)
		text_add(text,
			 "%s in vmcb12 after #VMEXIT: %s without the change, %s with it",
			 bits, left, right);
	else
		text_add(text, "vmcb12 after #VMEXIT: wrong %s%s%s", bits,
			 is_flag(i) ? "; nested: " : "", is_flag(i) ? right : "");
}

static void add_fields(struct text *text, const struct difference *d)
{
	static const struct {
		uint32_t field;
		const char *words;
	} rows[] = {
#define ROW(name, bit, words) { DIFFER_##name, words },
		DIFFERS(ROW)
#undef ROW
	};
	const char *words = "";

	if (d->fields & DIFFER_INT_CTL) {
		add_int_ctl(text, d);
		return;
	}
	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (d->fields & rows[i].field) {
			words = rows[i].words;
			break;
		}
	text_add(text, "%s differs", words);
}

/* What the two machines are called. */
static const char *const sides[2][2] = {
	{ "bare", "nested" },
	{ "without the change", "with it" },
};

static void add_seen(struct text *text, const struct difference *d)
{
	const char *bare = recognized_words(d->bare_recognized);
	const char *nested = recognized_words(d->nested_recognized);
	char seen_bare[96], seen_nested[96];

	if (d->bare_recognized == d->nested_recognized) {
		(void)cause_seen(seen_bare, sizeof(seen_bare), &d->bare);
		(void)cause_seen(seen_nested, sizeof(seen_nested), &d->nested);
		bare = seen_bare;
		nested = seen_nested;
	}
	text_add(text, "%s: %s; %s: %s", sides[d->change][0], bare, sides[d->change][1],
		 nested);
}

size_t cause_title(char *buffer, size_t size, const struct difference *d)
{
	struct text text = { buffer, size, 0 };

	if (d->fields & DIFFER_SEEN)
		add_seen(&text, d);
	else
		add_fields(&text, d);
	return text.length;
}

size_t cause_situation(char *buffer, size_t size, const struct difference *d)
{
	static const struct {
		uint32_t bit;
		const char *words;
	} rows[] = {
#define ROW(name, bit, words) { SITUATION_##name, words },
		SITUATIONS(ROW)
#undef ROW
	};
	struct text text = { buffer, size, 0 };

	if (size != 0)
		buffer[0] = '\0';
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if ((relevant(d) & rows[i].bit) == 0)
			continue;
		text_separate(&text, "; ");
		text_add(&text, "%s", rows[i].words);
	}
	return text.length;
}

/* The section of the manual that the bare machine follows. */
const char *cause_section(const struct difference *d)
{
	static const struct {
		uint32_t fields;
		uint64_t int_ctl;
		uint64_t code;
		const char *section;
	} rows[] = {
		{ DIFFER_INT_CTL, PSVM_V_NMI | PSVM_V_NMI_MASK, 0, "15.21.10" },
		{ DIFFER_INT_CTL, PSVM_V_GIF, 0, "15.33.1" },
		{ DIFFER_INT_CTL, PSVM_V_TPR, 0, "15.21.2" },
		{ DIFFER_INT_CTL, PSVM_V_IRQ, 0, "15.21.4" },
		{ DIFFER_INT_CTL, UINT64_MAX, 0, "15.6, B-1" },
		{ DIFFER_VALUE | DIFFER_TPR, 0, 0, "15.21.2" },
		{ DIFFER_INT_STATE, 0, 0, "15.21.5" },
		{ DIFFER_EVENT_INJ, 0, 0, "15.20" },
		{ DIFFER_EXIT_INT_INFO, 0, 0, "15.7.2" },
		{ DIFFER_GIF, 0, 0, "15.17" },
		{ DIFFER_NMI_MASKED | DIFFER_NMI, 0, 0, "15.20, 15.21.9" },
		{ DIFFER_STALE, 0, 0, "S11 of the design" },
		{ DIFFER_SEEN, 0, PSVM_EXIT_INTR, "15.13.1, 15.21.1" },
		{ DIFFER_SEEN, 0, PSVM_EXIT_NMI, "15.13.2" },
		{ DIFFER_SEEN, 0, PSVM_EXIT_VINTR, "15.21.4" },
		{ DIFFER_SEEN, 0, PSVM_EXIT_INVALID, "15.5.1" },
		{ DIFFER_SEEN, 0, 0, "15.17, 15.21" },
	};

	for (size_t i = 0; i < N_ROWS(rows); i++)
		if ((d->fields & rows[i].fields) != 0 &&
		    (rows[i].int_ctl == 0 || (d->int_ctl & rows[i].int_ctl) != 0) &&
		    (rows[i].code == 0 || rows[i].code == d->bare.code ||
		     rows[i].code == d->nested.code))
			return rows[i].section;
	return "15.6";
}
