/* SPDX-License-Identifier: MIT */
/* The reference model: exits, events that arrive, and what else L0 decides around a
 * run of L2. */
#include "reference_bits.h"

/*
 * Exit routing: L0's exits first, then L1's, the rest as L1 asked in 12.
 */
static bool intercepted(const struct psvm_intercepts *i, uint64_t exit_code)
{
	return exit_code < EXIT_INTERCEPTS_END &&
	       bit(i->word[exit_code / 32], (unsigned int)(exit_code % 32));
}

static bool route_to_l0(const struct situation *s, uint64_t exit_code,
			const struct psvm_intercepts *i01)
{
	bool exception = exit_code >= EXIT_EXCEPTION && exit_code <= EXIT_EXCEPTION_LAST;

	if (exit_code == EXIT_INTR || exit_code == EXIT_NMI || exit_code == EXIT_NPF)
		return true;
	/* A window's exit is L0's. */
	if (is_exact(s) && exit_code == EXIT_VINTR && s->vintr_01)
		return true;
	return exception && !is_xen(s) && intercepted(i01, exit_code);
}

static bool route_to_l1(const struct situation *s, uint64_t exit_code)
{
	return exit_code == EXIT_INVALID || (is_xen(s) && exit_code == EXIT_VMMCALL);
}

uint32_t ref_route(enum ref_rules rules, struct psvm_nested n, uint64_t exit_code,
		   struct psvm_intercepts i12, struct psvm_intercepts i01)
{
	struct situation s = ref_situation(rules, &n);

	if (route_to_l0(&s, exit_code, &i01))
		return PSVM_L0;
	if (route_to_l1(&s, exit_code))
		return PSVM_L1;
	if (!intercepted(&i12, exit_code))
		return PSVM_L0;
	return exit_code == EXIT_MSR || exit_code == EXIT_IOIO ? PSVM_L1_BITMAP : PSVM_L1;
}

/*
 * An interrupt for L1 arrives while L2 runs.
 *
 * Whose RFLAGS.IF counts: with masking L1's at VMRUN, else L2's (15.21.1). xen
 * does not ask L2's here, but before it injects. A closed L1 gets a window, by
 * xen nothing.
 */
static bool arrives_open(const struct situation *s)
{
	bool without_masking = is_xen(s) || s->l2_if;

	return s->l1_gif && (s->masking ? s->l1_if : without_masking);
}

/* L2's shadow delays what L2 takes. exact: with masking L1's interrupts do not wait
 * for anything of L2's. Without it an interrupt that L1 intercepts waits as well. */
static bool shadow_holds_back(const struct situation *s)
{
	return s->l2_shadow && !(is_exact(s) && s->masking);
}

static bool arrives_exits(const struct situation *s)
{
	return s->intr_12 && !(is_exact(s) && shadow_holds_back(s));
}

static bool arrives_injects(const struct situation *s)
{
	return !s->intr_12 && !shadow_holds_back(s) && (!is_xen(s) || s->l2_if);
}

/*
 * Is a window's V_IRQ taken exactly when L1 could take its interrupt? It waits for L2's
 * RFLAGS.IF, for L2's GIF, and for L2's virtual NMI, which comes first: with masking
 * the first, with a nested feature one of the others is not what L1 waits for. exact
 * then does without.
 */
static bool window_fits(const struct situation *s)
{
	return !is_exact(s) || !(s->masking || s->nested_vgif || s->nested_vnmi);
}

uint32_t ref_arrives(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	/* The emulated VMRUN has to be finished first; xen does not ask. */
	if (s.vmrun_pending && !is_xen(&s))
		return PSVM_WAIT;
	if (arrives_open(&s) && arrives_exits(&s))
		return PSVM_EXIT;
	if (arrives_open(&s) && arrives_injects(&s))
		return PSVM_INJECT;
	if (is_xen(&s) && !arrives_open(&s))
		return PSVM_WAIT;
	return window_fits(&s) ? PSVM_OPEN_WINDOW : PSVM_WAIT;
}

/*
 * TPR and CR8. Without masking L2's CR8 is the TPR of L1's local APIC. Linux
 * keeps it in 02.V_TPR while L2 runs and looks after each run; exact intercepts
 * both accesses, so that 02.V_TPR stays what L1 put there; xen forgets about it.
 */
bool ref_tpr_load(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	return is_linux(&s) && !s.masking;
}

/* An intercepted CR8 write went to the local APIC directly. */
bool ref_tpr_store(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	return is_linux(&s) && !s.masking && !s.cr8_write_02;
}

/* Linux wants to see L1's TPR fall only if an interrupt waits for that. */
bool ref_cr8_intercept(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	if (is_xen(&s) || s.masking)
		return false;
	return is_exact(&s) || s.tpr_masks;
}

/* HLT: L0 always puts the virtual CPU to sleep itself. */
bool ref_hlt_intercept(enum ref_rules rules, struct psvm_nested n)
{
	(void)rules;
	(void)n;
	return true;
}

/* A processor also wakes for a virtual interrupt or NMI that L2 can take. Linux only
 * tests whether there is a reason to wake; the interrupt stays behind its window. */
uint32_t ref_hlt_wake(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);
	uint32_t virtual = PSVM_WAKE_V_IRQ | PSVM_WAKE_V_NMI;

	return PSVM_WAKE_INTR | PSVM_WAKE_NMI | PSVM_WAKE_SMI | PSVM_WAKE_INIT |
	       (is_exact(&s) ? virtual : 0u) |
	       (is_exact(&s) || is_xen(&s) ? PSVM_WAKE_LOOK : 0u);
}

/* S11: an instruction that L0 emulates may change what refresh looks at. */
bool ref_emulate_refresh(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	return is_exact(&s);
}

/*
 * Before a run of L2, exact: how urgent V_IRQ of 02 is. L1's GIF, while it is 0, has to
 * hold L2's virtual interrupt back (15.17). With vGIF the processor does that; else
 * V_IRQ gets the least priority, 0, which no V_TPR is below (15.21.4). What a window
 * has put there is L0's own, and only taken away with it.
 */
static bool is_urgency(unsigned int n)
{
	return is_prio(n) || n == V_IGN_TPR;
}

static bool held_back_by_gif(const struct situation *s)
{
	return !s->l1_gif && !s->uses_vgif;
}

static bool run_takes(const struct situation *s, unsigned int n)
{
	return is_exact(s) && is_urgency(n) && !s->vintr_01;
}

static bool run_clears(const struct situation *s, unsigned int n)
{
	return is_exact(s) && is_urgency(n) && held_back_by_gif(s);
}

static uint64_t bits_that(bool (*holds)(const struct situation *s, unsigned int n),
			  const struct situation *s)
{
	uint64_t bits = 0;

	for (unsigned int n = 0; n < 64; n++)
		bits |= (uint64_t)holds(s, n) << n;
	return bits;
}

uint64_t ref_run_from_12(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	return bits_that(run_takes, &s);
}

uint64_t ref_run_clear_02(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	return bits_that(run_clears, &s);
}

/*
 * exact: L1 has to wait, and no window says for how long. Must L0 look at each
 * instruction of L2? Without masking L1 waits for L2's RFLAGS.IF or shadow, and
 * either may end at any instruction. With masking L1's own IF counts, which L2 cannot
 * change; its GIF L2 can, by an STGI that L0 does not see if it uses vGIF.
 */
bool ref_step(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	if (!is_exact(&s) || window_fits(&s))
		return false;
	return s.masking ? s.l1_if && !s.l1_gif && s.uses_vgif : true;
}

/* exact: the mask of L1's NMIs is where it is while L1 runs, if vNMI keeps it. */
bool ref_nmi_mask_in_01(enum ref_rules rules, struct psvm_nested n)
{
	struct situation s = ref_situation(rules, &n);

	return is_exact(&s) && s.uses_vnmi;
}
