/* SPDX-License-Identifier: MIT */
/*
 * How fast is psvm_nested_sync_int_ctl() with a rule set that is known at
 * compile time? Three forms of the same rules, on the same random states, in
 * one run:
 *
 *	psvm		the library, inlined
 *	straight	straight-line code, written by hand for these rules
 *	branching	ifs and small functions, as hypervisors write it today
 *
 * Every form gets its state from, and stores its result in, the same structure,
 * so all of them do the same loads and stores. The forms are checked to agree
 * before they are believed. Printed are nanoseconds per call and ratios; the
 * best of many rounds counts, as the machine may be busy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "psvm/nested.h"
#include "psvm/rule_sets.h"

struct state {
	uint64_t v12, v02, v01;
	uint32_t misc1_12, misc1_02, misc1_01;
	uint32_t facts;
	uint8_t nmis;
};

struct outcome {
	uint64_t v12, v01;
	uint32_t misc1_01;
	uint32_t requests;
	int8_t nmi_change;
};

typedef void form(const struct state *in, struct outcome *out, size_t count);

/* --- psvm ---------------------------------------------------------------- */

static inline struct psvm_nested nested_of(const struct state *s)
{
	struct psvm_nested n = {
		.v12 = { .int_ctl = s->v12, .misc1 = s->misc1_12 },
		.v02 = { .int_ctl = s->v02, .misc1 = s->misc1_02 },
		.v01 = { .int_ctl = s->v01, .misc1 = s->misc1_01 },
		.facts = s->facts,
		.nmis = s->nmis,
	};

	return n;
}

#define PSVM_FORM(name) \
	__attribute__((noinline)) static void psvm_##name( \
		const struct state *in, struct outcome *out, size_t count) \
	{ \
		for (size_t i = 0; i < count; i++) { \
			struct psvm_result r = psvm_nested_sync_int_ctl( \
				&psvm_rules_##name, nested_of(&in[i])); \
\
			out[i].v12 = r.v12.int_ctl; \
			out[i].v01 = r.v01.int_ctl; \
			out[i].misc1_01 = r.v01.misc1; \
			out[i].requests = r.requests; \
			out[i].nmi_change = r.nmi_change; \
		} \
	}
PSVM_FORM(lkml_2022)
PSVM_FORM(linux_6_12)

/* --- by hand ------------------------------------------------------------- */

#define TPR	   UINT64_C(0xf)
#define IRQ	   (UINT64_C(1) << 8)
#define GIF	   (UINT64_C(1) << 9)
#define NMI	   (UINT64_C(1) << 11)
#define NMI_MASK   (UINT64_C(1) << 12)
#define INJECTION  UINT64_C(0x1f0100)
#define MASKING	   (UINT64_C(1) << 24)
#define GIF_ENABLE (UINT64_C(1) << 25)
#define INTR	   (UINT32_C(1) << 0)
#define VINTR	   (UINT32_C(1) << 4)

#define HAS(facts, name) (((facts)&PSVM_C(name)) != 0)

/* psvm refuses facts that make no sense; so do the others. */
static inline bool sensible(uint32_t facts)
{
	return (facts & ~PSVM_C_FACTS) == 0 &&
	       (HAS(facts, HOST_VGIF) || !HAS(facts, OFFER_VGIF)) &&
	       (HAS(facts, HOST_VNMI) || !HAS(facts, OFFER_VNMI));
}

/* The functions that KVM calls here, with what they do to the words. */
__attribute__((noinline)) static void make_request(struct outcome *o, uint32_t request)
{
	o->requests |= request;
}

__attribute__((noinline)) static void clear_vintr(struct outcome *o)
{
	o->misc1_01 &= ~VINTR;
	o->v01 &= ~INJECTION;
}

__attribute__((noinline)) static void clear_gif(const struct state *s, struct outcome *o)
{
	if (HAS(s->facts, HOST_VGIF))
		o->v01 &= ~GIF;
	else
		clear_vintr(o);
}

static inline void nothing(const struct state *s, struct outcome *o)
{
	o->v12 = s->v12;
	o->v01 = s->v01;
	o->misc1_01 = s->misc1_01;
	o->requests = 0;
	o->nmi_change = 0;
}

static void branching_lkml_2022_one(const struct state *s, struct outcome *o)
{
	uint64_t mask = 0;

	nothing(s, o);
	if (!sensible(s->facts))
		return;
	o->requests = PSVM_REQUEST_IMPLICIT;
	if (s->v12 & MASKING)
		mask |= IRQ | TPR;
	else if (s->v02 & IRQ)
		make_request(o, PSVM_REQUEST_EVENT);
	if (HAS(s->facts, OFFER_VGIF) && (s->v12 & GIF_ENABLE))
		mask |= GIF;
	o->v12 = (s->v12 & ~mask) | (s->v02 & mask);
	clear_gif(s, o);
}

static void branching_linux_6_12_one(const struct state *s, struct outcome *o)
{
	nothing(s, o);
	if (!sensible(s->facts))
		return;
	o->requests = PSVM_REQUEST_IMPLICIT;
	if (!(s->misc1_12 & INTR))
		make_request(o, PSVM_REQUEST_EVENT);
	if (HAS(s->facts, HOST_VNMI)) {
		if (s->v02 & NMI_MASK)
			o->v01 |= NMI_MASK;
		else
			o->v01 &= ~NMI_MASK;
		if (s->nmis) {
			o->nmi_change--;
			o->v01 |= NMI;
		} else {
			o->v01 &= ~NMI;
		}
	}
	clear_gif(s, o);
}

#define BRANCHING_FORM(name) \
	__attribute__((noinline)) static void branching_##name( \
		const struct state *in, struct outcome *out, size_t count) \
	{ \
		for (size_t i = 0; i < count; i++) \
			branching_##name##_one(&in[i], &out[i]); \
	}
BRANCHING_FORM(lkml_2022)
BRANCHING_FORM(linux_6_12)

/* All ones if bit n is set. */
static inline uint64_t ones(uint64_t word, unsigned n)
{
	return 0 - (word >> n & 1);
}

static inline uint64_t fact(uint32_t facts, unsigned n)
{
	return ones(facts, n);
}

static inline uint64_t select_bits(uint64_t no, uint64_t yes, uint64_t mask)
{
	return no ^ ((no ^ yes) & mask);
}

/* All ones for facts that make sense: straight-line as well. */
static inline uint64_t straight_sensible(uint32_t facts)
{
	uint64_t bad = (facts & ~PSVM_C_FACTS) |
		       (fact(facts, PSVM_C_OFFER_VGIF_BIT) &
			~fact(facts, PSVM_C_HOST_VGIF_BIT) & 1) |
		       (fact(facts, PSVM_C_OFFER_VNMI_BIT) &
			~fact(facts, PSVM_C_HOST_VNMI_BIT) & 1);

	return ~(0 - ((bad + UINT32_MAX) >> 32));
}

static inline void straight_gif(const struct state *s, struct outcome *o, uint64_t go)
{
	uint64_t host = fact(s->facts, PSVM_C_HOST_VGIF_BIT);

	o->v01 &= ~(((GIF & host) | (INJECTION & ~host)) & go);
	o->misc1_01 = s->misc1_01 & ~(uint32_t)(VINTR & ~host & go);
}

__attribute__((noinline)) static void
straight_lkml_2022(const struct state *in, struct outcome *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct state *s = &in[i];
		struct outcome *o = &out[i];
		uint64_t go = straight_sensible(s->facts);
		uint64_t masking = ones(s->v12, 24);
		uint64_t gif = fact(s->facts, PSVM_C_OFFER_VGIF_BIT) & ones(s->v12, 25);
		uint64_t mask = ((IRQ | TPR) & masking) | (GIF & gif);

		o->v12 = select_bits(s->v12, s->v02, mask & go);
		o->requests =
			(uint32_t)((PSVM_REQUEST_IMPLICIT |
				    (ones(s->v02, 8) & ~masking & PSVM_REQUEST_EVENT)) &
				   go);
		o->nmi_change = 0;
		o->v01 = s->v01;
		straight_gif(s, o, go);
	}
}

__attribute__((noinline)) static void
straight_linux_6_12(const struct state *in, struct outcome *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct state *s = &in[i];
		struct outcome *o = &out[i];
		uint64_t go = straight_sensible(s->facts);
		uint64_t host = fact(s->facts, PSVM_C_HOST_VNMI_BIT) & go;
		uint64_t queued = 0 - (((uint64_t)s->nmis + UINT32_MAX) >> 32);

		o->v12 = s->v12;
		o->requests = (uint32_t)((PSVM_REQUEST_IMPLICIT |
					  (~ones(s->misc1_12, 0) & PSVM_REQUEST_EVENT)) &
					 go);
		o->v01 = select_bits(s->v01, s->v02, NMI_MASK & host);
		o->v01 = select_bits(o->v01, queued, NMI & host);
		o->nmi_change = (int8_t)(host & queued);
		straight_gif(s, o, go);
	}
}

/* --- measuring ----------------------------------------------------------- */

#define STATES 16384
#define ROUNDS 400

static struct state states[STATES];
static struct outcome results[3][STATES];

static uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Random words; facts that make sense, as in life. */
static void draw(struct state *s)
{
	uint32_t host = (uint32_t)next_random() & 3;
	uint32_t offer = (uint32_t)next_random() & host;

	s->v12 = next_random();
	s->v02 = next_random();
	s->v01 = next_random();
	s->misc1_12 = (uint32_t)next_random();
	s->misc1_02 = (uint32_t)next_random();
	s->misc1_01 = (uint32_t)next_random();
	s->facts = host << PSVM_C_HOST_VGIF_BIT | offer << PSVM_C_OFFER_VGIF_BIT;
	s->nmis = next_random() & 1;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void measure(form *const forms[3], double best[3])
{
	for (int round = 0; round < ROUNDS; round++)
		for (int f = 0; f < 3; f++) {
			double start = seconds(), time;

			forms[f](states, results[f], STATES);
			time = (seconds() - start) / STATES * 1e9;
			if (round == 0 || time < best[f])
				best[f] = time;
		}
}

static bool agree(const char *name)
{
	for (int i = 0; i < STATES; i++)
		for (int f = 1; f < 3; f++) {
			const struct outcome *a = &results[0][i], *b = &results[f][i];

			if (a->v12 != b->v12 || a->v01 != b->v01 ||
			    a->misc1_01 != b->misc1_01 || a->requests != b->requests ||
			    a->nmi_change != b->nmi_change) {
				fprintf(stderr, "%s: form %d differs at state %d\n", name,
					f, i);
				return false;
			}
		}
	return true;
}

static bool compare(const char *name, form *psvm, form *straight, form *branching)
{
	form *const forms[3] = { psvm, straight, branching };
	double best[3];

	measure(forms, best);
	if (!agree(name))
		return false;
	printf("%-12s %6.2f ns  straight %6.2f ns (psvm/straight %.2f)  "
	       "branching %6.2f ns (branching/psvm %.2f)\n",
	       name, best[0], best[1], best[0] / best[1], best[2], best[2] / best[0]);
	return true;
}

int main(void)
{
	bool ok;

	for (int i = 0; i < STATES; i++)
		draw(&states[i]);
	printf("psvm_nested_sync_int_ctl(), constant rule set, %d random states, best of "
	       "%d rounds\n",
	       STATES, ROUNDS);
	ok = compare("lkml-2022", psvm_lkml_2022, straight_lkml_2022,
		     branching_lkml_2022);
	ok = compare("linux-6.12", psvm_linux_6_12, straight_linux_6_12,
		     branching_linux_6_12) &&
	     ok;
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
