/* SPDX-License-Identifier: MIT */
#include "show.h"

#include "psvm/vmcb_bits.h"
#include "rows.h"

#include <inttypes.h>
#include <string.h>

/* The name of a bit or of a few bits. */
struct bits {
	const char *name;
	unsigned int shift;
	unsigned int width;
};

static const struct bits int_ctl_bits[] = {
#define X(name, kvm, shift, width, writer, gate, ignored, section) \
	{ #name, shift, width },
	PSVM_INT_CTL_BITS(X)
#undef X
};

#define X(name, shift, width, gate, section) { #name, shift, width },
static const struct bits misc1_bits[] = { PSVM_INTERCEPT_MISC1_BITS(X) };
static const struct bits clean_bits[] = { PSVM_CLEAN_BITS(X) };
#undef X

#define X(name, bit, words) { #name, bit, 1 },
static const struct bits request_bits[] = { PSVM_REQUESTS(X) };
static const struct bits field_bits[] = { PSVM_FIELDS(X) };
#undef X

static const struct bits event_bits[] = {
	{ "VECTOR", 0, 8 },   { "TYPE", 8, 3 },	 { "EV", 11, 1 },
	{ "SBZ_30_12", 12, 19 }, { "V", 31, 1 }, { "ERROR_CODE", 32, 32 },
};

static const struct bits int_state_bits[] = {
	{ "INTERRUPT_SHADOW", 0, 1 },
	{ "GUEST_INTERRUPT_MASK", 1, 1 },
	{ "SBZ_63_2", 2, 62 },
};

/* Values that happen to be bits: enum psvm_outcome, and -1, 0, 1. */
static const struct bits outcome_bits[] = {
	{ "VMEXIT_INVALID", 0, 1 },
	{ "NO_WINDOW", 1, 1 },
};

static const struct bits change_bits[] = { { "one", 0, 1 }, { "negative", 7, 1 } };

static const struct bits whole[] = { { "value", 0, 64 } };

static const char *const fact_names[PSVM_C_COUNT] = {
#define X(name, bit, source, words) [bit] = #name,
	PSVM_CONDITIONS(X)
#undef X
};

/* A member of a result or of a nested run. */
struct member {
	const char *name;
	size_t offset;
	size_t size;
	const struct bits *bits;
	size_t count;
};

#define MEMBER(type, member, bits) \
	{ #member, offsetof(struct type, member), sizeof(((struct type *)0)->member), \
	  bits, N_ROWS(bits) }
#define WORDS(type, vmcb) \
	MEMBER(type, vmcb.int_ctl, int_ctl_bits), \
	MEMBER(type, vmcb.int_state, int_state_bits), \
	MEMBER(type, vmcb.event_inj, event_bits), \
	MEMBER(type, vmcb.exit_int_info, event_bits), \
	MEMBER(type, vmcb.misc1, misc1_bits), MEMBER(type, vmcb.tlb_control, whole)

static const struct member result_members[] = {
	MEMBER(psvm_result, status.code, whole),
	MEMBER(psvm_result, status.where, whole),
	MEMBER(psvm_result, status.bits, whole),
	WORDS(psvm_result, v12),
	WORDS(psvm_result, v02),
	WORDS(psvm_result, v01),
	MEMBER(psvm_result, requests, request_bits),
	MEMBER(psvm_result, store12, field_bits),
	MEMBER(psvm_result, dirty01, clean_bits),
	MEMBER(psvm_result, dirty02, clean_bits),
	MEMBER(psvm_result, outcome, outcome_bits),
	MEMBER(psvm_result, gif, whole),
	MEMBER(psvm_result, nmi_change, change_bits),
	MEMBER(psvm_result, reserved, whole),
};

static const struct member input_members[] = {
	WORDS(psvm_nested, v12),
	WORDS(psvm_nested, v02),
	WORDS(psvm_nested, v01),
	MEMBER(psvm_nested, nmis, whole),
	MEMBER(psvm_nested, vector, whole),
	MEMBER(psvm_nested, external, whole),
};

static uint64_t value_of(const void *base, const struct member *m)
{
	const unsigned char *at = (const unsigned char *)base + m->offset;
	uint64_t v64;
	uint32_t v32;

	switch (m->size) {
	case sizeof(v64):
		memcpy(&v64, at, sizeof(v64));
		return v64;
	case sizeof(v32):
		memcpy(&v32, at, sizeof(v32));
		return v32;
	default:
		return *at;
	}
}

static uint64_t extract(uint64_t word, const struct bits *b)
{
	return word >> b->shift & UINT64_MAX >> (64 - b->width);
}

/* A comment with the bits that are set: V_IRQ, V_TPR = 5. */
static void show_bits(FILE *out, uint64_t word, const struct member *m)
{
	const char *comma = "";

	if (word == 0 || m->bits == whole)
		return;
	fputs(" /* ", out);
	for (const struct bits *b = m->bits; b < m->bits + m->count; b++) {
		uint64_t value = extract(word, b);

		if (value == 0)
			continue;
		fprintf(out, b->width > 1 ? "%s%s = 0x%" PRIx64 : "%s%s", comma,
			b->name, value);
		comma = ", ";
	}
	fputs(" */", out);
}

/* All conditions: a fuzzer also sets bits that are no facts. */
static void show_facts(FILE *out, uint32_t facts)
{
	const char *gap = "\t.facts = ";

	if (facts == 0)
		return;
	for (unsigned int n = 0; n < PSVM_C_COUNT; n++) {
		if (!(facts >> n & 1))
			continue;
		fprintf(out, "%sPSVM_C(%s)", gap, fact_names[n]);
		gap = " |\n\t\t ";
	}
	if (facts & ~PSVM_C_ALL)
		fprintf(out, "%s0x%" PRIx32, gap, facts & ~PSVM_C_ALL);
	fputs(",\n", out);
}

void show_input(FILE *out, const char *name, const struct psvm_nested *n)
{
	fprintf(out, "static const struct psvm_nested %s = {\n", name);
	for (size_t i = 0; i < N_ROWS(input_members); i++) {
		const struct member *m = &input_members[i];
		uint64_t value = value_of(n, m);

		if (value == 0)
			continue;
		fprintf(out, "\t.%s = 0x%" PRIx64 ",", m->name, value);
		show_bits(out, value, m);
		fputc('\n', out);
	}
	show_facts(out, n->facts);
	fputs("};\n", out);
}

static void show_member(FILE *out, const struct member *m, uint64_t got, uint64_t want)
{
	for (const struct bits *b = m->bits; b < m->bits + m->count; b++) {
		uint64_t is = extract(got, b), should = extract(want, b);

		if (is != should)
			fprintf(out, "%s %s: got 0x%" PRIx64 ", want 0x%" PRIx64 "\n",
				m->name, b->name, is, should);
	}
}

/* Bits without a name count as well: compare the member, then name the bits. */
static bool differs(FILE *out, const struct member *m, uint64_t got, uint64_t want)
{
	if (got == want)
		return false;
	fprintf(out, "%s: got 0x%" PRIx64 ", want 0x%" PRIx64 "\n", m->name, got, want);
	if (m->bits != whole)
		show_member(out, m, got, want);
	return true;
}

bool show_difference(FILE *out, const struct psvm_result *got,
		     const struct psvm_result *want)
{
	bool any = false;

	for (size_t i = 0; i < N_ROWS(result_members); i++) {
		const struct member *m = &result_members[i];

		if (differs(out, m, value_of(got, m), value_of(want, m)))
			any = true;
	}
	return any;
}

static uint64_t words_differ(const struct psvm_words *a, const struct psvm_words *b)
{
	return (a->int_ctl ^ b->int_ctl) | (a->int_state ^ b->int_state) |
	       (a->event_inj ^ b->event_inj) | (a->exit_int_info ^ b->exit_int_info) |
	       (a->misc1 ^ b->misc1) | (uint64_t)(a->tlb_control ^ b->tlb_control);
}

static bool status_differs(const struct psvm_status *a, const struct psvm_status *b)
{
	return a->code != b->code || a->where != b->where || a->bits != b->bits;
}

bool results_equal(const struct psvm_result *a, const struct psvm_result *b)
{
	return (words_differ(&a->v12, &b->v12) | words_differ(&a->v02, &b->v02) |
		words_differ(&a->v01, &b->v01)) == 0 &&
	       !status_differs(&a->status, &b->status) && a->requests == b->requests &&
	       a->store12 == b->store12 && a->dirty01 == b->dirty01 &&
	       a->dirty02 == b->dirty02 && a->outcome == b->outcome &&
	       a->gif == b->gif && a->nmi_change == b->nmi_change &&
	       a->reserved == b->reserved;
}
