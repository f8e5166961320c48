/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "psvm/check.h"
#include "rows.h"

#include <string.h>

/* --- beginning ----------------------------------------------------------- */

static bool refuse(const struct run *run, struct psvm_status status)
{
	char words[PSVM_WORDS_SIZE];

	(void)psvm_words_of_status(words, sizeof(words), status);
	return cli_fail(run->command, "refused (%s): %s", psvm_name_of_code(status.code),
			words);
}

static struct psvm_words words_of(const struct psvm_vmcb_control *control)
{
	return (struct psvm_words){
		.int_ctl = control->int_ctl,
		.int_state = control->int_state,
		.event_inj = control->event_inj,
		.exit_int_info = control->exit_int_info,
		.misc1 = control->intercept_misc1,
		.tlb_control = control->tlb_control,
	};
}

/* The words before, and the snapshot. */
static bool begin(struct run *run)
{
	struct psvm_vmcb_control control;
	struct psvm_result r;

	run->pages.vmcb01 = &run->vmcb01;
	run->pages.vmcb02 = &run->vmcb02;
	run->pages.snapshot = &run->snapshot;
	run->pages.vmcb12 = run->image12;
	psvm_vmcb_control_load(&control, run->image12);
	run->nested.v12 = words_of(&control);
	run->nested.v02 = words_of(&run->vmcb02.control);
	run->nested.v01 = words_of(&run->vmcb01.control);
	run->nested.facts = run->pages.facts;
	run->nested.nmis = run->pages.nmis;
	r = psvm_vmcb_snapshot(run->rules, &run->pages);
	return r.status.code == PSVM_OK || refuse(run, r.status);
}

/* --- where bits come from ------------------------------------------------ */

static const struct source enter_02[] = {
	{ PSVM_CELL_ENTER_CLEAR_02, NO_GATE, AT_FIRST, "built from zero" },
	{ PSVM_CELL_ENTER_FROM_12, NO_GATE, AT_FIRST, "from 12" },
	{ PSVM_CELL_ENTER_FROM_01, NO_GATE, AT_FIRST, "from 01" },
	{ PSVM_CELL_ENTER_SET_02, NO_GATE, AT_FIRST, "forced to 1" },
	{ PSVM_CELL_VMRUN_SET_02, NO_GATE, THEN, "set because VMRUN sets GIF" },
	{ PSVM_CELL_CLOSE_CLEAR_02, PSVM_CELL_VMRUN_CLOSE, THEN,
	  "cleared because VMRUN closes a window" },
	{ PSVM_CELL_CLOSE_RESTORE_02, PSVM_CELL_VMRUN_CLOSE, THEN,
	  "from 12 because VMRUN closes a window" },
	{ PSVM_CELL_SNAPSHOT_INT_CTL, IF_FROM_12, AT_FIRST,
	  "from 12, cleared in the snapshot" },
};
static const struct source enter_01[] = {
	{ PSVM_CELL_ENTER_CLEAR_01, NO_GATE, AT_FIRST, "cleared" },
	{ PSVM_CELL_VMRUN_SET_01, NO_GATE, THEN, "set because VMRUN sets GIF" },
	{ PSVM_CELL_CLOSE_CLEAR_01, PSVM_CELL_VMRUN_CLOSE, THEN,
	  "cleared because VMRUN closes a window" },
};
static const struct source failed_12[] = {
	{ PSVM_CELL_SNAPSHOT_INT_CTL, NO_GATE, AT_FIRST, "cleared in the snapshot" },
	{ PSVM_CELL_HANDBACK_TO_12, PSVM_CELL_INVALID_HANDS_BACK, AT_FIRST, "from 02" },
};
static const struct source failed_01[] = {
	{ PSVM_CELL_HANDBACK_CLEAR_01, NO_GATE, AT_FIRST,
	  "cleared because #VMEXIT clears GIF" },
	{ PSVM_CELL_CLOSE_CLEAR_01, PSVM_CELL_HANDBACK_CLOSE, AT_FIRST,
	  "cleared because #VMEXIT closes a window" },
};
static const struct source sync_12[] = {
	{ PSVM_CELL_SNAPSHOT_INT_CTL, NO_GATE, AT_FIRST, "cleared in the snapshot" },
	{ PSVM_CELL_REFRESH_TO_12, NO_GATE, AT_FIRST, "from 02 at the refresh" },
	{ PSVM_CELL_HANDBACK_TO_12, NO_GATE, THEN, "from 02 at the hand-back" },
	{ PSVM_CELL_HANDBACK_CLEAR_02, PSVM_CELL_HANDBACK_TO_12, THEN,
	  "from 02 at the hand-back, cleared there first" },
};
static const struct source sync_01[] = {
	{ PSVM_CELL_HANDBACK_TO_01, NO_GATE, THEN, "from 02" },
	{ PSVM_CELL_HANDBACK_QUEUE, NO_GATE, AT_LAST, "from L0's queue of NMIs" },
	{ PSVM_CELL_HANDBACK_CLEAR_01, NO_GATE, AT_LAST,
	  "cleared because #VMEXIT clears GIF" },
	{ PSVM_CELL_CLOSE_CLEAR_01, PSVM_CELL_HANDBACK_CLOSE, AT_LAST,
	  "cleared because #VMEXIT closes a window" },
};

#define SOURCES(sources) sources, N_ROWS(sources)

/* The condition of the line that made VMRUN fail. */
static void explain_failure(struct run *run, char *why, size_t size)
{
	const struct psvm_move *moves = run->rules->cell[PSVM_CELL_ENTER_INVALID].move;

	for (size_t i = 0; i < PSVM_MOVES; i++) {
		if (!(moves[i].bits & PSVM_FLAG) ||
		    !run_applies(&moves[i], run->conditions[AT_FIRST]))
			continue;
		(void)psvm_words_of_condition(why, size, moves[i].on, moves[i].off);
		run->outcome_why = why;
		return;
	}
}

/* The word at 060h of vmcb12 is stored in halves, or not at all. */
static void tell_vmcb12(struct run *run, const struct source *sources, size_t n_sources)
{
	const struct psvm_nested *n = &run->nested;
	const struct psvm_result *r = &run->result;
	uint64_t written = (r->store12 & PSVM_F_INT_CTL ? ~PSVM_INT_VECTOR_DWORD : 0) |
			   (r->store12 & PSVM_F_INT_VECTOR ? PSVM_INT_VECTOR_DWORD : 0);

	run->stories[0] = (struct story){
		.title = "int_ctl of vmcb12",
		.columns = { "12", "02" },
		.from = { n->v12.int_ctl, n->v02.int_ctl },
		.before = n->v12.int_ctl,
		.after = (n->v12.int_ctl & ~written) | (r->v12.int_ctl & written),
		.written = written,
		.sources = sources,
		.n_sources = n_sources,
		.otherwise = "stays as L1 wrote it",
	};
	run->target = "vmcb12";
	run->fields[0] = &n->v12;
	run->fields[1] = &r->v12;
	run->stored = r->store12;
}

static void tell_back_01(struct run *run, const struct source *sources, size_t n_sources)
{
	const struct psvm_nested *n = &run->nested;

	run->stories[1] = (struct story){
		.title = "int_ctl of 01",
		.columns = { "01", "02" },
		.from = { n->v01.int_ctl, n->v02.int_ctl },
		.before = n->v01.int_ctl,
		.after = run->result.v01.int_ctl,
		.written = UINT64_MAX,
		.sources = sources,
		.n_sources = n_sources,
		.otherwise = "stays",
		.changes_only = true,
	};
}

static void tell_failure(struct run *run)
{
	static char why[PSVM_WORDS_SIZE];

	run->outcome = "VMRUN fails with VMEXIT_INVALID, L2 does not run";
	explain_failure(run, why, sizeof(why));
	tell_vmcb12(run, SOURCES(failed_12));
	tell_back_01(run, SOURCES(failed_01));
}

static void tell_entry(struct run *run)
{
	const struct psvm_nested *n = &run->nested;
	const struct psvm_result *r = &run->result;

	run->outcome = "VMRUN succeeds";
	run->stories[0] = (struct story){
		.title = "int_ctl of 02",
		.columns = { "12", "01" },
		.from = { n->v12.int_ctl, n->v01.int_ctl },
		.before = n->v02.int_ctl,
		.after = r->v02.int_ctl,
		.written = UINT64_MAX,
		.sources = enter_02,
		.n_sources = N_ROWS(enter_02),
		.otherwise = "stays as the last run left it",
	};
	run->stories[1] = (struct story){
		.title = "int_ctl of 01",
		.columns = { "12", "01" },
		.from = { n->v12.int_ctl, n->v01.int_ctl },
		.before = n->v01.int_ctl,
		.after = r->v01.int_ctl,
		.written = UINT64_MAX,
		.sources = enter_01,
		.n_sources = N_ROWS(enter_01),
		.otherwise = "stays",
		.changes_only = true,
	};
	run->target = "vmcb02";
	run->fields[0] = &n->v02;
	run->fields[1] = &r->v02;
	run->stored = UINT32_MAX;
	run->intercepts = true;
}

/* --- running ------------------------------------------------------------- */

typedef struct psvm_result transition(const struct psvm_rules *rules,
				      struct psvm_nested n);

/* What decides after the first part of a transition: the conditions that it
 * leaves without the cells of its last part. */
static uint32_t conditions_after(transition *step, const struct run *run,
				 struct psvm_nested n, const uint32_t *last,
				 size_t n_last)
{
	struct psvm_rules rules = *run->rules;
	struct psvm_result r;

	for (size_t i = 0; i < n_last; i++)
		memset(&rules.cell[last[i]], 0, sizeof(rules.cell[0]));
	r = step(&rules, n);
	n.v02 = r.v02;
	n.v01 = r.v01;
	return psvm_conditions(n);
}

static const uint32_t last_of_enter[] = { PSVM_CELL_REENTER_CLOSE };
static const uint32_t last_of_sync[] = { PSVM_CELL_HANDBACK_QUEUE,
					 PSVM_CELL_HANDBACK_CLEAR_01,
					 PSVM_CELL_HANDBACK_CLOSE };

bool run_enter(struct run *run)
{
	struct psvm_nested n;

	if (!begin(run))
		return false;
	n = run->nested;
	n.v12 = words_of(&run->snapshot);
	run->conditions[AT_FIRST] = psvm_conditions(n);
	run->conditions[THEN] = conditions_after(psvm_reenter, run, n, last_of_enter,
						 N_ROWS(last_of_enter));
	run->result = psvm_vmcb_enter(run->rules, &run->pages);
	if (run->result.outcome == PSVM_VMEXIT_INVALID)
		tell_failure(run);
	else
		tell_entry(run);
	return run_is_explained(run);
}

static void tell_exit(struct run *run)
{
	run->outcome = "L1 finds its VMCB after the #VMEXIT";
	tell_vmcb12(run, SOURCES(sync_12));
	tell_back_01(run, SOURCES(sync_01));
}

/* Xen defers the #VMEXIT for an event that came to L0: it is not L2's doing. */
static bool is_deferred(uint64_t exit_code)
{
	return exit_code == PSVM_EXIT_INTR || exit_code == PSVM_EXIT_NMI ||
	       exit_code == PSVM_EXIT_NPF || exit_code / 32 == PSVM_EXIT_EXCP_DE / 32;
}

bool run_sync(struct run *run)
{
	struct psvm_nested n;

	if (is_deferred(run->vmcb02.control.exit_code))
		run->pages.facts |= PSVM_C(DEFERRED);
	if (!begin(run))
		return false;
	n = run->nested;
	n.v12 = words_of(&run->snapshot);
	run->conditions[AT_FIRST] = psvm_conditions(n);
	(void)psvm_vmcb_refresh(run->rules, &run->pages);
	n.v12 = words_of(&run->snapshot);
	run->conditions[THEN] = psvm_conditions(n);
	run->conditions[AT_LAST] = conditions_after(psvm_nested_sync_int_ctl, run, n,
						    last_of_sync, N_ROWS(last_of_sync));
	run->result = psvm_vmcb_nested_sync_int_ctl(run->rules, &run->pages);
	tell_exit(run);
	return run_is_explained(run);
}
