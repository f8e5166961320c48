/* SPDX-License-Identifier: MIT */
#include "enumerate.h"
#include "rows.h"

#include <string.h>

/*
 * An input as 64-bit lanes. Lanes 0 to 14 are 12, 02 and 01, five for each; the
 * last of the five is word 00Ch, 05Ch and padding. Lane 15 is the rest of the
 * nested run, then come the intercept words.
 */
enum {
	LANES = sizeof(struct input) / 8,
	LANES_OF_WORDS = 5,
	LANE_FACTS = 15,
	LANE_INTERCEPTS = 16,
	BITS_OF_LAST = 40,
};

union image {
	struct input input;
	uint64_t lane[LANES];
};

PSVM_STATIC_ASSERT(sizeof(struct psvm_words) == 8 * LANES_OF_WORDS &&
			   offsetof(struct psvm_words, tlb_control) == 36 &&
			   offsetof(struct psvm_nested, facts) == 8 * LANE_FACTS &&
			   offsetof(struct input, i12) == 8 * LANE_INTERCEPTS &&
			   sizeof(union image) == sizeof(struct input),
		   "the lanes of an input");

static const struct {
	size_t offset;
	size_t size;
	unsigned int bit;
	uint32_t conditions;
} knob_rows[] = {
#define X(name, member, bit, conditions) \
	[KNOB_##name] = { offsetof(struct psvm_nested, member), \
			  sizeof(((struct psvm_nested *)0)->member), bit, conditions },
	KNOBS(X)
#undef X
};

/* OFFER and HOST of vGIF and vNMI: what is offered is used. The three of the
 * shorter list come first: nothing, all used, all offered. */
#define VGIF_USED    PSVM_C(HOST_VGIF)
#define VGIF_OFFERED (PSVM_C(HOST_VGIF) | PSVM_C(OFFER_VGIF))
#define VNMI_USED    PSVM_C(HOST_VNMI)
#define VNMI_OFFERED (PSVM_C(HOST_VNMI) | PSVM_C(OFFER_VNMI))
#define FEATURES     (VGIF_OFFERED | VNMI_OFFERED)

static const uint32_t features[] = {
	0,
	VGIF_USED | VNMI_USED,
	VGIF_OFFERED | VNMI_OFFERED,
	VGIF_USED,
	VGIF_OFFERED,
	VNMI_USED,
	VNMI_OFFERED,
	VGIF_USED | VNMI_OFFERED,
	VGIF_OFFERED | VNMI_USED,
};

enum { FEATURES_SHORT = 3, UNIFORM = 8, RANDOM = 2, NMIS = 3 };

static void set_bit(struct psvm_nested *n, enum knob knob)
{
	unsigned char *at = (unsigned char *)n + knob_rows[knob].offset;
	uint64_t v64 = UINT64_C(1) << knob_rows[knob].bit;
	uint32_t v32;

	switch (knob_rows[knob].size) {
	case sizeof(v64):
		v64 |= *(uint64_t *)(void *)at;
		memcpy(at, &v64, sizeof(v64));
		break;
	case sizeof(v32):
		v32 = *(uint32_t *)(void *)at | (uint32_t)v64;
		memcpy(at, &v32, sizeof(v32));
		break;
	default:
		*at |= (uint8_t)v64;
	}
}

/* The knobs of a mask, set. */
static void set_knobs(struct psvm_nested *n, const struct plan *plan, uint32_t mask)
{
	for (unsigned int k = 0; plan->knobs[k] != KNOB_NONE; k++)
		if (mask >> k & 1)
			set_bit(n, plan->knobs[k]);
}

static unsigned int count_knobs(const struct plan *plan)
{
	unsigned int count = 0;

	while (plan->knobs[count] != KNOB_NONE)
		count++;
	return count;
}

struct plan plan_for(const struct plan *plan, bool xen)
{
	struct plan cut = *plan;

	if (!xen)
		cut.knobs[count_knobs(plan) - plan->only_xen] = KNOB_NONE;
	return cut;
}

uint32_t conditions_of_plan(const struct plan *plan)
{
	uint32_t conditions = FEATURES | (plan->nmis ? PSVM_C(NMI_QUEUED) : 0u);

	for (unsigned int k = 0; plan->knobs[k] != KNOB_NONE; k++)
		conditions |= knob_rows[plan->knobs[k]].conditions;
	return conditions;
}

/* An enumeration under way. */
struct run {
	const struct plan *plan;
	look *look_at;
	void *context;
	struct counts *counts;
	uint64_t random;
	union image uniform[UNIFORM]; /* fillings */
	union image care;  /* bits that are not filled */
	union image value; /* their values */
};

/* Bits of 12, 02, 01 by bits 2, 1, 0 of the pattern. */
static void fill_uniform(union image *image, unsigned int pattern)
{
	struct input *in = &image->input;

	memset(image, pattern & 1 ? 0xff : 0, sizeof(*image));
	memset(&in->n.v12, pattern & 4 ? 0xff : 0, sizeof(in->n.v12));
	memset(&in->n.v02, pattern & 2 ? 0xff : 0, sizeof(in->n.v02));
	memset(&in->i12, pattern & 4 ? 0xff : 0, sizeof(in->i12));
}

/* Xorshift, 64 bits (Marsaglia). */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill_random(union image *image, uint64_t *state)
{
	for (unsigned int i = 0; i < LANES; i++)
		image->lane[i] = next_random(state);
}

static void overlay(union image *image, const union image *fill, const struct run *run)
{
	for (unsigned int i = 0; i < LANES; i++)
		image->lane[i] = (fill->lane[i] & ~run->care.lane[i]) |
				 run->value.lane[i];
}

static bool look_combined(struct run *run)
{
	union image image, random;

	for (unsigned int p = 0; p < UNIFORM; p++) {
		overlay(&image, &run->uniform[p], run);
		if (!run->look_at(run->context, &image.input))
			return false;
	}
	for (unsigned int p = 0; p < RANDOM; p++) {
		fill_random(&random, &run->random);
		overlay(&image, &random, run);
		if (!run->look_at(run->context, &image.input))
			return false;
	}
	run->counts->combined += UNIFORM + RANDOM;
	return true;
}

/* Each single bit of one lane, changed. */
static bool look_single_lane(struct run *run, union image *image, unsigned int lane)
{
	bool last = lane < LANE_FACTS && lane % LANES_OF_WORDS == LANES_OF_WORDS - 1;
	unsigned int bits = last ? BITS_OF_LAST : 64;

	for (unsigned int bit = 0; bit < bits; bit++) {
		image->lane[lane] ^= UINT64_C(1) << bit;
		if (!run->look_at(run->context, &image->input))
			return false;
		image->lane[lane] ^= UINT64_C(1) << bit;
	}
	run->counts->single += bits;
	return true;
}

static bool look_single_on(struct run *run, const union image *fill)
{
	unsigned int lanes = run->plan->intercepts ? LANES : LANE_FACTS;
	union image image;

	overlay(&image, fill, run);
	for (unsigned int lane = 0; lane < lanes; lane++)
		if (lane != LANE_FACTS && !look_single_lane(run, &image, lane))
			return false;
	return true;
}

static bool look_single(struct run *run)
{
	return look_single_on(run, &run->uniform[0]) &&
	       look_single_on(run, &run->uniform[UNIFORM - 1]);
}

typedef bool look_both(struct run *run);

/* A mask of knobs, with every feature and queue. */
static bool with_features(struct run *run, uint32_t mask, size_t n_features,
			  look_both *look_at)
{
	unsigned int n_nmis = run->plan->nmis ? NMIS : 1;

	for (size_t f = 0; f < n_features; f++)
		for (uint8_t nmis = 0; nmis < n_nmis; nmis++) {
			memset(&run->value, 0, sizeof(run->value));
			set_knobs(&run->value.input.n, run->plan, mask);
			run->value.input.n.facts |= features[f];
			run->value.input.n.nmis = nmis;
			if (!look_at(run))
				return false;
		}
	return true;
}

static unsigned int ones(uint32_t mask)
{
	unsigned int count = 0;

	for (; mask != 0; mask &= mask - 1)
		count++;
	return count;
}

/* All masks in which at most `different` knobs differ from the others. */
static bool with_masks(struct run *run, int different, size_t n_features,
		       look_both *look_at)
{
	int knobs = (int)count_knobs(run->plan);

	for (uint32_t mask = 0; mask < UINT32_C(1) << knobs; mask++) {
		int set = (int)ones(mask);

		if (set > different && knobs - set > different)
			continue;
		if (!with_features(run, mask, n_features, look_at))
			return false;
	}
	return true;
}

static void set_care(struct run *run)
{
	memset(&run->care, 0, sizeof(run->care));
	set_knobs(&run->care.input.n, run->plan, UINT32_MAX);
	/* Facts are facts only, whatever the filling says. */
	run->care.input.n.facts |= FEATURES | ~PSVM_C_FACTS;
	run->care.input.n.nmis = run->plan->nmis ? UINT8_MAX : 0;
}

/* How many knobs may differ from the others; -1: nothing is looked at. */
static const struct {
	int combined, single;
} different[] = {
	[BRIEF] = { 1, -1 },
	[SHORT] = { 2, 1 },
	[THOROUGH] = { KNOBS_MAX, 2 },
};

bool enumerate(const struct plan *plan, enum extent extent, look *look_at, void *context,
	       struct counts *counts)
{
	static struct run run;

	run = (struct run){ .plan = plan, .look_at = look_at, .context = context,
			    .counts = counts, .random = UINT64_C(0x9e3779b97f4a7c15) };
	for (unsigned int p = 0; p < UNIFORM; p++)
		fill_uniform(&run.uniform[p], p);
	set_care(&run);
	return with_masks(&run, different[extent].combined, N_ROWS(features),
			  look_combined) &&
	       with_masks(&run, different[extent].single, FEATURES_SHORT, look_single);
}
