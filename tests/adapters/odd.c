/* SPDX-License-Identifier: MIT */
/*
 * Adapters that cannot be checked, or that do what no rule set does. ODD names one of
 * the functions below, for the refresh, or with ENTER for VMRUN; or what is wrong with
 * the adapter as a whole.
 */
#include "psvm/adapter.h"
#include "psvm/rule_sets.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define RULES psvm_rules_exact
#define V_NMI_12(n) ((n)->v12.int_ctl & PSVM_V_NMI)

/* Each is called on the way of a right answer. */
void crashes(const struct psvm_nested *n, struct psvm_result *r);
void loops(const struct psvm_nested *n, struct psvm_result *r);
void ends(const struct psvm_nested *n, struct psvm_result *r);
void ends_idle(const struct psvm_nested *n, struct psvm_result *r);
void leaves(const struct psvm_nested *n, struct psvm_result *r);
void starts(const struct psvm_nested *n, struct psvm_result *r);
void starts_loops(const struct psvm_nested *n, struct psvm_result *r);
void writes_input(const struct psvm_nested *n, struct psvm_result *r);
void writes_beyond(const struct psvm_nested *n, struct psvm_result *r);
void reads_beyond(const struct psvm_nested *n, struct psvm_result *r);
void writes_before(const struct psvm_nested *n, struct psvm_result *r);
void writes_words(const struct psvm_nested *n, struct psvm_result *r);
void counts(const struct psvm_nested *n, struct psvm_result *r);
void nonsense(const struct psvm_nested *n, struct psvm_result *r);
void nonsense_gif(const struct psvm_nested *n, struct psvm_result *r);
void nonsense_queue(const struct psvm_nested *n, struct psvm_result *r);
void nonsense_requests(const struct psvm_nested *n, struct psvm_result *r);
void nonsense_store(const struct psvm_nested *n, struct psvm_result *r);
void remembers(const struct psvm_nested *n, struct psvm_result *r);
void scribbles(const struct psvm_nested *n, struct psvm_result *r);
void recurses(const struct psvm_nested *n, struct psvm_result *r);
void counts_nmis(const struct psvm_nested *n, struct psvm_result *r);
void needs_all(const struct psvm_nested *n, struct psvm_result *r);
void prints(const struct psvm_nested *n, struct psvm_result *r);
void looks_at_vector(const struct psvm_nested *n, struct psvm_result *r);
void looks_at_source(const struct psvm_nested *n, struct psvm_result *r);
void looks_aside(const struct psvm_nested *n, struct psvm_result *r);
void looks_at_queue(const struct psvm_nested *n, struct psvm_result *r);
void looks_elsewhere(const struct psvm_nested *n, struct psvm_result *r);
void fails_oddly(const struct psvm_nested *n, struct psvm_result *r);

void crashes(const struct psvm_nested *n, struct psvm_result *r)
{
	static volatile int *volatile nowhere;

	(void)r;
	if (V_NMI_12(n))
		*nowhere = 1;
}

void loops(const struct psvm_nested *n, struct psvm_result *r)
{
	static volatile int forever = 1;

	(void)r;
	while (V_NMI_12(n) && forever)
		;
}

void ends(const struct psvm_nested *n, struct psvm_result *r)
{
	(void)r;
	if (V_NMI_12(n))
		_exit(0);
}

static volatile sig_atomic_t calls, calls_before;

static void end_if_idle(int number)
{
	(void)number;
	if (calls == calls_before)
		_exit(0);
	calls_before = calls;
}

/* Between two calls, while nobody waits for it. */
void ends_idle(const struct psvm_nested *n, struct psvm_result *r)
{
	static const struct itimerval often = { { 0, 50 }, { 0, 50 } };

	(void)n;
	(void)r;
	if (calls++ == 0) {
		(void)signal(SIGALRM, end_if_idle);
		(void)setitimer(ITIMER_REAL, &often, NULL);
	}
}

/* What it has started lives longer. */
void leaves(const struct psvm_nested *n, struct psvm_result *r)
{
	if (V_NMI_12(n) && fork() == 0) {
		(void)sleep(5);
		_exit(0);
	}
	crashes(n, r);
}

/* And nobody waits for it. */
void starts(const struct psvm_nested *n, struct psvm_result *r)
{
	static bool started;

	(void)n;
	(void)r;
	if (!started)
		started = system("sleep 60 &") == 0;
}

void starts_loops(const struct psvm_nested *n, struct psvm_result *r)
{
	if (V_NMI_12(n) && fork() == 0) {
		(void)sleep(60);
		_exit(0);
	}
	loops(n, r);
}

void writes_input(const struct psvm_nested *n, struct psvm_result *r)
{
	(void)r;
	((struct psvm_nested *)(uintptr_t)n)->v12.int_ctl = 0;
}

void writes_beyond(const struct psvm_nested *n, struct psvm_result *r)
{
	volatile char *volatile after = (char *)(r + 1);

	(void)n;
	after[16] = 1;
}

/* The page behind its input. */
void reads_beyond(const struct psvm_nested *n, struct psvm_result *r)
{
	r->gif = ((const volatile uint8_t *)n)[4096] & 1;
}

void writes_before(const struct psvm_nested *n, struct psvm_result *r)
{
	volatile char *volatile before = (char *)r;

	(void)n;
	before[-1] = 1;
}

void writes_words(const struct psvm_nested *n, struct psvm_result *r)
{
	r->v02.int_ctl = ~n->v02.int_ctl;
}

void counts(const struct psvm_nested *n, struct psvm_result *r)
{
	static uint64_t calls;

	(void)n;
	r->v12.int_ctl ^= calls++ / 1000 & 1;
}

void nonsense(const struct psvm_nested *n, struct psvm_result *r)
{
	r->outcome = V_NMI_12(n) ? 7 : 0;
}

void nonsense_gif(const struct psvm_nested *n, struct psvm_result *r)
{
	(void)n;
	r->gif = 2;
}

void nonsense_queue(const struct psvm_nested *n, struct psvm_result *r)
{
	(void)n;
	r->nmi_change = 2;
}

void nonsense_requests(const struct psvm_nested *n, struct psvm_result *r)
{
	(void)n;
	r->requests = 1U << 31;
}

void nonsense_store(const struct psvm_nested *n, struct psvm_result *r)
{
	(void)n;
	r->store12 = 1U << 31;
}

/* The call before this one. */
void remembers(const struct psvm_nested *n, struct psvm_result *r)
{
	const uint64_t reserved = UINT64_C(0xff) << 40;
	static uint64_t before;

	if ((before & reserved) == reserved)
		r->v12.int_ctl ^= PSVM_V_TPR;
	before = n->v12.int_ctl;
}

/* Over all that it has in common with psvm, but for what counts coverage. */
void scribbles(const struct psvm_nested *n, struct psvm_result *r)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	uintptr_t begin, end;
	char line[512];

	(void)n;
	(void)r;
	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, " rw-s ") != NULL && strstr(line, ".profraw") == NULL &&
		    sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) == 2)
			memset((void *)begin, 0xff, end - begin);
	_exit(0);
}

void recurses(const struct psvm_nested *n, struct psvm_result *r)
{
	volatile char room[4096];

	room[0] = (char)r->gif;
	recurses(n, r);
	r->gif = (uint8_t)room[0];
}

void counts_nmis(const struct psvm_nested *n, struct psvm_result *r)
{
	r->v12.int_ctl ^= n->nmis == 100;
}

/* Of all inputs it is one that a single bit makes, or its neighbours. */
void needs_all(const struct psvm_nested *n, struct psvm_result *r)
{
	r->v12.int_ctl ^= n->v02.int_ctl == PSVM_V_IGN_TPR;
}

void prints(const struct psvm_nested *n, struct psvm_result *r)
{
	static bool printed;

	(void)n;
	(void)r;
	if (!printed)
		(void)puts("of the adapter");
	printed = true;
	(void)fflush(stdout);
}

void looks_at_vector(const struct psvm_nested *n, struct psvm_result *r)
{
	r->v12.int_ctl ^= n->vector > 100;
}

void looks_at_source(const struct psvm_nested *n, struct psvm_result *r)
{
	r->v12.int_ctl ^= n->external;
}

/* A bit that no rule set asks for then. */
void looks_aside(const struct psvm_nested *n, struct psvm_result *r)
{
	if (n->v02.int_ctl & PSVM_V_IGN_TPR)
		r->v12.int_ctl ^= PSVM_V_TPR;
}

/* A fact that no rule set asks for then. */
void looks_elsewhere(const struct psvm_nested *n, struct psvm_result *r)
{
	if (n->facts & PSVM_C(L2_SHADOW))
		r->v12.int_ctl ^= PSVM_V_IRQ;
}

void looks_at_queue(const struct psvm_nested *n, struct psvm_result *r)
{
	if (n->nmis != 0)
		r->v12.int_ctl ^= PSVM_V_TPR;
}

/* Two bits, in which data differ seldom, make VMRUN fail. Only if it does, another one
 * matters, of which rule sets ask then, too. */
void fails_oddly(const struct psvm_nested *n, struct psvm_result *r)
{
	if (!(n->v12.int_ctl & PSVM_V_IGN_TPR) ||
	    (n->v12.int_state & PSVM_INT_STATE_GUEST_INTERRUPT_MASK))
		return;
	memset(r, 0, sizeof(*r));
	r->v12 = n->v12;
	r->v02 = n->v02;
	r->v01 = n->v01;
	r->outcome = PSVM_VMEXIT_INVALID;
	if (!(n->v02.exit_int_info & PSVM_EVENT_INJ_V))
		r->v12.int_ctl ^= 2;
}

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void construct(void)
{
	abort();
}
#endif

#ifdef ENTER
#define MEMBER enter
#define RIGHT  psvm_enter
#else
#define MEMBER refresh
#define RIGHT  psvm_refresh
#endif

static void odd(const struct psvm_nested *n, struct psvm_result *r)
{
	struct psvm_result right = RIGHT(&RULES, *n);

	*r = right;
#ifdef ODD
	ODD(n, r);
#endif
}

const struct psvm_adapter psvm_adapter = {
#ifdef OLD
	.version = 0,
	.size = 8,
#else
	PSVM_ADAPTER_HEAD(ITS_NAME, ITS_RULES),
#endif
#ifndef EMPTY
	.MEMBER = odd,
#endif
};
