/* SPDX-License-Identifier: MIT */
#include "cause.h"

#include "psvm/names.h"
#include "rows.h"

#include <stdio.h>

/* --- classes ------------------------------------------------------------- */

/* The field of int_ctl that a class is about: of several, the first one here. Which
 * of its bits differ is no cause; which value a flag has, is. */
static uint64_t field_of(uint64_t bits)
{
	static const uint64_t fields[] = {
		PSVM_V_IRQ, PSVM_V_TPR, PSVM_V_NMI_MASK, PSVM_V_NMI, PSVM_V_GIF,
	};

	for (size_t i = 0; i < N_ROWS(fields); i++)
		if (bits & fields[i])
			return fields[i];
	return bits;
}

static bool same_field(const struct difference *a, const struct difference *b)
{
	uint64_t field = field_of(a->int_ctl);
	bool flag = (field & (field - 1)) == 0;

	return field == field_of(b->int_ctl) &&
	       (!flag || ((a->int_ctl_nested ^ b->int_ctl_nested) & field) == 0);
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

bool cause_same(const struct difference *a, const struct difference *b)
{
	if (first_field(a) != first_field(b) || relevant(a) != relevant(b))
		return false;
	if ((a->fields & DIFFER_SEEN) == 0)
		return same_field(a, b);
	return a->bare_recognized == b->bare_recognized &&
	       a->nested_recognized == b->nested_recognized &&
	       (a->bare_recognized != a->nested_recognized ||
		(a->bare.kind == b->bare.kind && a->nested.kind == b->nested.kind));
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

size_t cause_seen(char *text, size_t size, const struct seen *seen)
{
	int n;

	switch (seen->kind) {
	case SEEN_EVENT:
		n = snprintf(text, size, "%s is delivered to L%u",
			     event_words(seen->code), seen->level);
		break;
	case SEEN_EXIT:
		n = snprintf(text, size, "%s", exit_words(seen->code));
		break;
	case SEEN_STUCK:
		n = snprintf(text, size, "L0 does not come to an end");
		break;
	default:
		n = snprintf(text, size, "-");
	}
	return (size_t)n;
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

/* Without a bare machine, neither word is the right one. */
static size_t title_of_int_ctl(char *text, size_t size, const struct difference *d)
{
	char bits[PSVM_WORDS_SIZE], left[PSVM_WORDS_SIZE], right[PSVM_WORDS_SIZE];
	uint64_t fields = field_of(d->int_ctl);

	(void)psvm_words_of_bits(bits, sizeof(bits), PSVM_UNIT_INT_CTL, fields);
	(void)psvm_words_of_value(left, sizeof(left), PSVM_UNIT_INT_CTL,
				  (d->int_ctl_nested ^ d->int_ctl) & fields);
	(void)psvm_words_of_value(right, sizeof(right), PSVM_UNIT_INT_CTL,
				  d->int_ctl_nested & fields);
	if (d->change)
		return (size_t)snprintf(text, size,
					"%s in vmcb12 after #VMEXIT: %s without the "
					"change, %s with it",
					bits, left, right);
	return (size_t)snprintf(text, size, "vmcb12 after #VMEXIT: wrong %s; nested: %s",
				bits, right);
}

static size_t title_of_fields(char *text, size_t size, const struct difference *d)
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

	if (d->fields & DIFFER_INT_CTL)
		return title_of_int_ctl(text, size, d);
	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (d->fields & rows[i].field) {
			words = rows[i].words;
			break;
		}
	return (size_t)snprintf(text, size, "%s differs", words);
}

/* What the two machines are called. */
static const char *const sides[2][2] = {
	{ "bare", "nested" },
	{ "without the change", "with it" },
};

size_t cause_title(char *text, size_t size, const struct difference *d)
{
	const char *bare = recognized_words(d->bare_recognized);
	const char *nested = recognized_words(d->nested_recognized);
	char seen_bare[96], seen_nested[96];

	if ((d->fields & DIFFER_SEEN) == 0)
		return title_of_fields(text, size, d);
	if (d->bare_recognized == d->nested_recognized) {
		(void)cause_seen(seen_bare, sizeof(seen_bare), &d->bare);
		(void)cause_seen(seen_nested, sizeof(seen_nested), &d->nested);
		bare = seen_bare;
		nested = seen_nested;
	}
	return (size_t)snprintf(text, size, "%s: %s; %s: %s", sides[d->change][0], bare,
				sides[d->change][1], nested);
}

size_t cause_situation(char *text, size_t size, const struct difference *d)
{
	static const struct {
		uint32_t bit;
		const char *words;
	} rows[] = {
#define ROW(name, bit, words) { SITUATION_##name, words },
		SITUATIONS(ROW)
#undef ROW
	};
	size_t n = 0;

	if (size != 0)
		text[0] = '\0';
	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (relevant(d) & rows[i].bit)
			n += (size_t)snprintf(n < size ? text + n : NULL,
					      n < size ? size - n : 0, "%s%s",
					      n == 0 ? "" : "; ", rows[i].words);
	return n;
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
