/* SPDX-License-Identifier: MIT */
/* The reference model: windows. */
#include "reference_bits.h"

/*
 * Window. L0 wants an exit as soon as L1 could take an interrupt: it puts a
 * dummy request into 02 and intercepts VINTR. Not if L1's GIF is 0 and only an
 * STGI, which L0 will see, can change that; by exact also not if IF of L1 is
 * what L2 cannot change. xen spares a request of L1 that has not run yet.
 */
static bool open_is_tried(const struct situation *s)
{
	bool gif_may_open = s->uses_vgif || s->l1_gif;

	if (is_xen(s))
		return !(s->vmrun_pending && s->irq_12);
	if (is_exact(s) && s->masking && !s->l1_if)
		return false;
	return gif_may_open;
}

/* VINTR in 02 once the window is open: Linux and exact want it in 01. */
bool open_02_vintr(const struct situation *s)
{
	return is_xen(s) || s->vintr_12 || !merge_leaves_out_vintr(s);
}

/* linux-6.12 and later leave 02 alone if there will be no exit anyway. */
bool open_writes_dummy(const struct situation *s)
{
	return open_is_tried(s) && (!is_recent_linux(s) || open_02_vintr(s));
}

/* Linux: highest priority. exact: delivered whatever the TPR. xen: like the
 * interrupt that waits. */
static enum source open_02(const struct situation *s, unsigned int n)
{
	if (!open_writes_dummy(s))
		return OF_02;
	if (n == V_IRQ)
		return IS_1;
	if (is_prio(n) && is_xen(s))
		return is(bit((uint64_t)s->vector >> 4, n - V_INTR_PRIO));
	if (is_prio(n))
		return IS_1;
	if (n == V_IGN_TPR && is_xen(s))
		return is(s->external);
	if (n == V_IGN_TPR && is_exact(s))
		return IS_1;
	return is_vector(s, n) ? IS_0 : OF_02;
}

static enum source open_02_misc1(const struct situation *s, unsigned int n)
{
	if (!open_is_tried(s))
		return OF_02;
	if (n == VINTR)
		return is(open_02_vintr(s));
	return is_xen(s) ? OF_02 : merge_misc1(s, n);
}

static enum source open_01_misc1(const struct situation *s, unsigned int n)
{
	return n == VINTR && !is_xen(s) && open_is_tried(s) ? IS_1 : OF_01;
}

/* The window closes: L1 gets back what was L1's. xen has not kept it. */
static enum source close_02(const struct situation *s, unsigned int n)
{
	if (is_xen(s))
		return n == V_IRQ ? IS_0 : OF_02;
	return is_injection(n) || is_vector(s, n) ? OF_12 : OF_02;
}

static enum source close_02_misc1(const struct situation *s, unsigned int n)
{
	if (is_xen(s))
		return n == VINTR ? IS_0 : OF_02;
	return n == VINTR ? OF_12 : merge_misc1(s, n);
}

static enum source close_01(const struct situation *s, unsigned int n)
{
	return is_injection(n) && !is_xen(s) ? IS_0 : OF_01;
}

static enum source close_01_misc1(const struct situation *s, unsigned int n)
{
	return n == VINTR && !is_xen(s) ? IS_0 : OF_01;
}

QUESTIONS_WINDOW(ASK)
