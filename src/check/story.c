/* SPDX-License-Identifier: MIT */
#include "story.h"

#include "cause.h"
#include "psvm/names.h"
#include "rows.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

/* --- the set-up ---------------------------------------------------------- */

static void tell_features(struct text *text, uint32_t facts)
{
	static const struct {
		uint32_t fact;
		const char *words;
	} rows[] = {
		{ PSVM_C(HOST_VGIF), "L0 uses vGIF" },
		{ PSVM_C(OFFER_VGIF), "offers vGIF" },
		{ PSVM_C(HOST_VNMI), "uses vNMI" },
		{ PSVM_C(OFFER_VNMI), "offers vNMI" },
	};

	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (facts & rows[i].fact) {
			text_separate(text, ", ");
			text_add(text, "%s", rows[i].words);
		}
}

/* What was decided on the way; the rest may be anything. */
static void tell_vars(struct text *text, const struct finding *f)
{
	for (unsigned i = 0; i < scope_var_count; i++)
		if (f->decided.known >> i & f->open_vars >> i & 1) {
			text_separate(text, ", ");
			text_add(text, "%s=%u", scope_vars[i].name,
				 f->decided.value >> i & 1);
		}
}

static void tell_setup(struct psvm_finding *to, const struct finding *f,
		       const struct world *w)
{
	struct text text = { to->setup, sizeof(to->setup), 0 };

	to->setup[0] = '\0';
	tell_features(&text, w->facts);
	tell_vars(&text, f);
	text_separate(&text, ", ");
	text_add(&text, "L1's IF=%u, L2's IF=%u", f->first.l1_if, f->first.l2_if);
	if (f->first.shadow)
		text_add(&text, ", interrupt shadow");
	if (f->first.event_inj)
		text_add(&text, ", EVENTINJ=0x%llx",
			 (unsigned long long)f->first.event_inj);
}

/* --- steps --------------------------------------------------------------- */

static void tell_act(struct psvm_story_step *step, struct act act, unsigned level)
{
	static const char *const insns[] = {
#define INSN(name, exit, words) words,
		PSVM_CPU_INSNS(INSN)
#undef INSN
	};
	static const char *const others[] = {
#define ACT(name, words) words,
		ACTS(ACT)
#undef ACT
	};
	struct text text = { step->act, sizeof(step->act), 0 };

	if (!act_runs(act)) {
		text_add(&text, "%s", others[act.kind]);
		return;
	}
	step->level = level;
	text_add(&text, "%s", insns[act.insn]);
	if (act.insn == PSVM_INSN_CR8_WRITE)
		text_add(&text, " = %u", act.value);
	if (act.kind != ACT_INSN)
		text_add(&text, "; %s", others[act.kind]);
}

static void tell_seen(char *to, size_t size, const struct seen *seen, struct act act)
{
	struct text text = { to, size, 0 };

	if (seen->kind == SEEN_RAN && act_runs(act) && act.insn == PSVM_INSN_CR8_READ)
		text_add(&text, "reads %u", seen->value);
	else
		(void)cause_seen(to, size, seen);
}

static void tell_deeds(struct psvm_story_step *step, unsigned deeds)
{
	static const char *const words[] = {
#define ROW(name, bit, words) words,
		DEEDS(ROW)
#undef ROW
	};
	struct text text = { step->l0, sizeof(step->l0), 0 };

	step->l0[0] = '\0';
	deeds &= ~(unsigned)DEED_REFRESH; /* at every exit; not worth a word */
	for (size_t i = 0; i < N_ROWS(words); i++)
		if (deeds >> i & 1) {
			text_separate(&text, ", ");
			text_add(&text, "%s", words[i]);
		}
}

static void tell_step(struct psvm_story_step *step, struct product *p,
		      const struct world *w, struct act act)
{
	struct psvm_story_step empty = { 0 };
	const struct nested *n = &p->nested;
	unsigned level = left_in_l2(p, w) ? 2 : 1;
	struct difference d;

	*step = empty;
	tell_act(step, act, level);
	(void)product_step(p, w, act, NULL, &d);
	tell_seen(step->bare, sizeof(step->bare), &d.bare, act);
	tell_seen(step->nested, sizeof(step->nested), &d.nested, act);
	tell_deeds(step, n->deeds);
	step->int_ctl_12 = n->vmcb12.words.int_ctl;
	step->int_ctl_02 = n->in_l2 && n->cpu.flags & PSVM_CPU_F(GUEST)
				   ? n->cpu.int_ctl
				   : n->vmcb02.words.int_ctl;
}

bool story_tell(struct psvm_finding *to, const struct finding *f, const struct world *w)
{
	struct twin t;

	(void)cause_title(to->title, sizeof(to->title), &f->difference);
	(void)cause_situation(to->situation, sizeof(to->situation), &f->difference);
	(void)snprintf(to->section, sizeof(to->section), "%s",
		       cause_section(&f->difference));
	tell_setup(to, f, w);
	to->count = f->count;
	to->step_count = f->length;
	to->steps = calloc(f->length, sizeof(*to->steps));
	if (to->steps == NULL)
		return false;
	/* Undecided bits make no difference: 0. */
	twin_begin(&t, w, f->first, f->decided);
	for (unsigned i = 0; i < f->length; i++)
		tell_step(&to->steps[i], &t.lo, w, scope_act(f->path[i]));
	return true;
}
