/* SPDX-License-Identifier: MIT */
/* What is right, S0 to S12, of stories; and stories in words. */
#include "story_bits.h"

#include <inttypes.h>
#include <string.h>

#include "psvm/rule_sets.h"
#include "show.h"
#include "rows.h"

static bool failed(const struct story *s)
{
	return s->outcome == PSVM_VMEXIT_INVALID;
}

static bool is_vmexit(const struct story *s)
{
	return s->step == STORY_VMEXIT || failed(s);
}

/* At a #VMEXIT these bits of 060h are what the bare machine would store. */
static bool stored(const struct story *s, uint64_t bits)
{
	return s->step != STORY_VMEXIT ||
	       ((s->vmcb12.int_ctl ^ bare_int_ctl(s)) & bits) == 0;
}

static bool s0_takes(const struct story *before, const struct story *after)
{
	(void)before;
	return after->got == after->due;
}

static bool s1_tpr(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, V_TPR);
}

static bool s2_irq(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, V_IRQ);
}

static bool s3_rest(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, ~(V_TPR | V_IRQ | V_GIF | V_NMI | V_NMI_MASK)) &&
	       (after->step != STORY_VMEXIT ||
		((after->vmcb12.int_state ^ after->l1.int_state) & ~SHADOW) == 0);
}

static bool s4_gif(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, V_GIF);
}

/* L1's NMIs are in 01 or in L0's queue, and blocked in 01, after the run. */
static bool l1_nmis_survive(const struct story *s)
{
	unsigned in_01 = (s->n.v01.int_ctl & V_NMI) != 0;
	bool mask_01 = (s->n.v01.int_ctl & V_NMI_MASK) != 0;

	if (s->step != STORY_VMEXIT)
		return true;
	if (!fact(s, PSVM_C(HOST_VNMI)))
		return s->n.nmis == s->bare.l1_nmis && !in_01 && !mask_01;
	return s->n.nmis + in_01 == s->bare.l1_nmis && mask_01 == s->bare.l1_nmi_mask;
}

static bool s5_nmi(const struct story *before, const struct story *after)
{
	(void)before;
	return stored(after, V_NMI | V_NMI_MASK) && l1_nmis_survive(after);
}

/* What L1 may ask for: of 02 as a word, on top of what is L0's. */
static uint64_t offered(const struct story *s)
{
	uint64_t bits = V_TPR | REQUESTED | MASKING;

	if (fact(s, PSVM_C(OFFER_VGIF)))
		bits |= V_GIF | V_GIF_ENABLE;
	if (fact(s, PSVM_C(OFFER_VNMI)))
		bits |= V_NMI | V_NMI_MASK | V_NMI_ENABLE;
	return bits;
}

/* L0's own: the state of L1 that goes on living in 02, with GIF as VMRUN sets
 * it. */
static uint64_t own(const struct story *s)
{
	uint64_t bits = s->in.v01.int_ctl &
			(V_GIF | V_GIF_ENABLE | V_NMI | V_NMI_MASK | V_NMI_ENABLE);

	return fact(s, PSVM_C(HOST_VGIF)) ? bits | V_GIF : bits;
}

static bool s6_offered(const struct story *before, const struct story *after)
{
	bool built = after->step == STORY_VMRUN || after->step == STORY_REENTER;
	uint64_t old = built ? 0 : after->in.v02.int_ctl;
	bool looks = (built && after->runs) || after->step == STORY_OPEN ||
		     after->step == STORY_CLOSE;

	(void)before;
	return !looks ||
	       ((after->n.v02.int_ctl & ~old & ~offered(after) & ~own(after)) == 0 &&
		(after->n.v02.int_state & ~SHADOW) == 0);
}

/* A window on 01 works: intercept and dummy. */
static bool window_01(const struct psvm_words *v01)
{
	return (v01->misc1 & INTERCEPT_VINTR) != 0 && (v01->int_ctl & V_IRQ) != 0;
}

static bool asked_again(const struct story *s)
{
	return (s->requests & PSVM_REQUEST_EVENT) != 0 || window_01(&s->n.v01);
}

/* Does something wait for L1, with a window or, where none is of use, without? */
static bool waits(const struct story *before, const struct story *after)
{
	switch (after->step) {
	case STORY_VMEXIT:
		return before->window || fact(after, PSVM_C(PENDING));
	case STORY_CLOSE:
		return before->window;
	case STORY_VMRUN:
	case STORY_REENTER:
		return window_01(&after->in.v01) || fact(after, PSVM_C(PENDING));
	default:
		return false;
	}
}

static bool s7_window(const struct story *before, const struct story *after)
{
	if (before->usurped && !stored(after, REQUESTED))
		return false;
	return !waits(before, after) || asked_again(after);
}

static bool s8_gif_of_l1(const struct story *before, const struct story *after)
{
	(void)before;
	if (!is_vmexit(after))
		return true;
	return after->gif == 0 && (!fact(after, PSVM_C(HOST_VGIF)) ||
				   (after->n.v01.int_ctl & V_GIF) == 0);
}

static bool s9_event(const struct story *before, const struct story *after)
{
	uint64_t info = after->vmcb12.exit_int_info;

	(void)before;
	if (is_vmexit(after) && (after->vmcb12.event_inj & EVENT_V))
		return false;
	return after->step != STORY_VMEXIT ||
	       (after->bare.event ? info == after->bare.event : (info & EVENT_V) == 0);
}

static bool s10_not_written(const struct story *before, const struct story *after)
{
	(void)before;
	if (failed(after))
		return (after->store12 & ~(uint32_t)PSVM_F_EVENT_INJ) == 0;
	/* That the rest of 068h is not written is a choice: the manual is silent. */
	return (after->store12 &
		(PSVM_F_TLB_CONTROL | PSVM_F_INT_VECTOR | PSVM_F_INT_STATE)) == 0;
}

/* Word 068h of vmcb12 after a #VMEXIT: the processor stores the shadow. */
static uint64_t with_shadow(uint64_t word, bool shadow)
{
	return (word & ~SHADOW) | (shadow ? SHADOW : 0);
}

static bool s11_snapshot(const struct story *before, const struct story *after)
{
	const struct psvm_words *v12 = &after->n.v12;

	(void)before;
	if (after->step != STORY_REFRESH)
		return true;
	return v12->int_ctl == bare_int_ctl(after) &&
	       v12->int_state == with_shadow(after->l1.int_state, after->bare.shadow) &&
	       ((v12->event_inj ^ after->n.v02.event_inj) & EVENT_V) == 0;
}

static bool is_dirty(const struct psvm_words *before, const struct psvm_words *after,
		     uint32_t dirty)
{
	uint32_t needed = (before->int_ctl != after->int_ctl ? CLEAN_TPR : 0) |
			  (before->misc1 != after->misc1 ? CLEAN_I : 0);

	return (needed & ~dirty) == 0;
}

static bool s12_clean(const struct story *before, const struct story *after)
{
	(void)before;
	return after->step == STORY_RUN || after->step == STORY_BEGIN ||
	       (is_dirty(&after->in.v02, &after->n.v02, after->dirty02) &&
		is_dirty(&after->in.v01, &after->n.v01, after->dirty01));
}

static const struct {
	const char *words;
	bool (*holds)(const struct story *before, const struct story *after);
} properties[PROPERTIES] = {
	[S0] = { "S0 L2 takes the interrupt that it should", s0_takes },
	[S1] = { "S1 V_TPR is L2's", s1_tpr },
	[S2] = { "S2 V_IRQ is 0 if L2 took the interrupt, else unchanged", s2_irq },
	[S3] = { "S3 all other bits of 060h, and those of 068h but the shadow, are as L1 "
		 "wrote them", s3_rest },
	[S4] = { "S4 V_GIF is L2's if vGIF is nested, else unchanged", s4_gif },
	[S5] = { "S5 V_NMI and V_NMI_MASK are L2's if vNMI is nested, else unchanged; "
		 "L1's own survive", s5_nmi },
	[S6] = { "S6 a bit that was not offered never reaches 02", s6_offered },
	[S7] = { "S7 a window leaves no trace and stays pending", s7_window },
	[S8] = { "S8 GIF of L1 is 0", s8_gif_of_l1 },
	[S9] = { "S9 EVENTINJ.V is 0, EXITINTINFO names the unfinished event", s9_event },
	[S10] = { "S10 what the processor does not write is not written",
		  s10_not_written },
	[S11] = { "S11 the snapshot is what vmcb12 would be", s11_snapshot },
	[S12] = { "S12 what was written is not clean", s12_clean }
};

bool property_holds(enum property property, const struct story *before,
		    const struct story *after)
{
	return properties[property].holds(before, after);
}

uint32_t properties_violated(const struct story *before, const struct story *after)
{
	uint32_t violated = 0;

	for (unsigned i = 0; i < PROPERTIES; i++)
		violated |= (uint32_t)!properties[i].holds(before, after) << i;
	return violated;
}

const char *property_words(enum property property)
{
	return properties[property].words;
}

/* --- printing ------------------------------------------------------------ */

static const char *const step_names[] = {
	[STORY_BEGIN] = "begin", [STORY_VMRUN] = "VMRUN", [STORY_REENTER] = "re-enter",
	[STORY_RUN] = "L2 ran", [STORY_REFRESH] = "refresh", [STORY_OPEN] = "window open",
	[STORY_CLOSE] = "window close", [STORY_VMEXIT] = "hand-back"
};

/* A rule set has no padding, so equal ones have equal bytes. */
static const char *rules_name(const struct psvm_rules *rules)
{
#define PSVM_X(name, identifier, words) \
	if (memcmp(rules, &psvm_rules_##identifier, sizeof(*rules)) == 0) \
		return name;
	PSVM_RULE_SETS(PSVM_X)
#undef PSVM_X
	return "a rule set of the test";
}

static const struct {
	const char *name;
	unsigned shift, width;
} parts[] = {
#define PSVM_X(name, kvm, shift, width, writer, gate, ignored, section) \
	{ #name, shift, width },
	PSVM_INT_CTL_BITS(PSVM_X)
#undef PSVM_X
};

static void print_word(FILE *stream, const char *name, uint64_t before, uint64_t after)
{
	fprintf(stream, "  %s %016" PRIx64 " -> %016" PRIx64, name, before, after);
	for (size_t i = 0; i < N_ROWS(parts); i++) {
		uint64_t mask = UINT64_MAX >> (64 - parts[i].width);
		uint64_t a = before >> parts[i].shift & mask;
		uint64_t b = after >> parts[i].shift & mask;

		if (a != b)
			fprintf(stream, " %s:%" PRIx64 "->%" PRIx64, parts[i].name, a, b);
		else if (a != 0)
			fprintf(stream, " %s=%" PRIx64, parts[i].name, a);
	}
	fputc('\n', stream);
}

void story_print(FILE *stream, const struct story *before, const struct story *after)
{
	uint32_t violated = properties_violated(before, after);

	fprintf(stream, "%s, %s:\n", rules_name(after->rules), step_names[after->step]);
	for (unsigned i = 0; i < PROPERTIES; i++)
		if (violated >> i & 1)
			fprintf(stream, "  violates %s\n", properties[i].words);
	print_word(stream, "12     ", before->n.v12.int_ctl, after->n.v12.int_ctl);
	print_word(stream, "02     ", before->n.v02.int_ctl, after->n.v02.int_ctl);
	print_word(stream, "01     ", before->n.v01.int_ctl, after->n.v01.int_ctl);
	print_word(stream, "vmcb12 ", before->vmcb12.int_ctl, after->vmcb12.int_ctl);
	print_word(stream, "bare   ", bare_int_ctl(before), bare_int_ctl(after));
	fprintf(stream, "  requests %x, store12 %x, dirty01 %x, dirty02 %x, outcome %u, "
		"gif %u, took %d, should take %d\n", after->requests, after->store12,
		after->dirty01, after->dirty02, after->outcome, after->gif, after->got,
		after->due);
	show_input(stream, "before", &before->n);
}
