/* SPDX-License-Identifier: MIT */
/*
 * An interrupt for L1 while L2 runs.
 *
 * It stays in the local APIC. l0 learns of it by the exit INTR, and asks the rules: L1
 * gets an exit, L2 gets the interrupt, or it has to wait. Then l0 runs L2 with an IF of 0
 * of its own, under which INTR does not exit; L1's window, an instruction, or any exit
 * that a rule set says so makes l0 look again.
 */
#include "l0.h"

/* --- the local APIC ------------------------------------------------------ */

bool interrupt_pending(void)
{
	return apic_highest(APIC_IRR) >> 4 > apic_read(APIC_PPR) >> 4;
}

bool interrupt_masked(void)
{
	uint8_t highest = apic_highest(APIC_IRR);

	return highest != 0 && highest >> 4 <= (uint8_t)read_cr8();
}

/* Acknowledging is what taking an interrupt does: l0 takes it for a moment, and no other
 * one. */
static volatile uint32_t acknowledged;

void machine_interrupt(uint32_t vector, struct frame *frame)
{
	if (vector < 32)
		machine_fail("l0: exception %u, frame %lx %lx", vector, frame->rip,
			     frame->cs);
	acknowledged = vector;
	frame->rflags &= ~RFLAGS_IF;
}

/* The vector of the one that is pending. */
static uint32_t acknowledge(void)
{
	__asm__ volatile("stgi; sti; nop; cli; clgi" : : : "memory");
	return acknowledged;
}

/* --- requests ------------------------------------------------------------ */

bool injecting(void)
{
	return (current_vmcb()->control.event_inj & PSVM_EVENT_INJ_V) != 0;
}

static void serve_interrupt(void)
{
	switch (psvm_interrupt_arrives(l0.rules, nested_now())) {
	case PSVM_EXIT:
		nested_vmexit(PSVM_EXIT_INTR, true);
		break;
	case PSVM_INJECT:
		vmcb02.control.event_inj = PSVM_EVENT_INJ_V |
					   (uint64_t)PSVM_EVENT_TYPE_INTR
						   << PSVM_EVENT_TYPE_SHIFT |
					   acknowledge();
		break;
	case PSVM_OPEN_WINDOW:
		do_transition(psvm_vmcb_window_open, 0);
		l0.waiting = true;
		break;
	default:
		l0.waiting = true;
		l0.stepping = rule(PSVM_CELL_STEP) != 0;
	}
}

/* Not while a VMRUN is being emulated, nor before an event that is injected anyway. */
void serve_requests(void)
{
	if (l0.requests == 0 || l0.vmrun_pending || injecting())
		return;
	l0.requests = 0;
	l0.waiting = false;
	l0.stepping = false;
	if (interrupt_pending() &&
	    (!l0.asleep || (rule(PSVM_CELL_HLT_WAKE) & PSVM_WAKE_INTR) != 0))
		serve_interrupt();
}

/* --- L2 asleep ----------------------------------------------------------- */

/* What does the processor do with V_IRQ of L2 now? As psvm/cpu.h has it from the manual.
 */
static uint32_t virtual_interrupt(void)
{
	const struct psvm_vmcb_control *c = &vmcb02.control;
	struct psvm_cpu cpu = {
		.int_ctl = c->int_ctl,
		.misc1 = c->intercept_misc1,
		.flags = PSVM_CPU_F(GUEST) | PSVM_CPU_F(GIF) |
			 (vmcb02.save.rflags & RFLAGS_IF ? PSVM_CPU_F(IF) : 0) |
			 (c->int_state & PSVM_INT_STATE_INTERRUPT_SHADOW
				  ? PSVM_CPU_F(SHADOW)
				  : 0),
	};

	return psvm_cpu_boundary(0, cpu).what;
}

/* L1's interrupt: is it let in, and is l0 to look at it again? False: L2 sleeps on. */
static bool interrupt_wakes(uint64_t wakes)
{
	uint32_t arrival;

	if ((wakes & PSVM_WAKE_INTR) == 0 || !interrupt_pending())
		return false;
	arrival = psvm_interrupt_arrives(l0.rules, nested_now());
	if (arrival == PSVM_EXIT ||
	    (arrival == PSVM_INJECT && (wakes & PSVM_WAKE_LOOK) != 0))
		l0.requests |= PSVM_REQUEST_EVENT;
	else if (arrival == PSVM_INJECT)
		l0.asleep = false;
	else
		return false;
	return true;
}

/* L2 executed HLT. What the rules say wakes it: L1's interrupt, if it is let in, and L2's
 * V_IRQ. If that is l0's window, l0 gets what it has waited for. */
void sleep_l2(void)
{
	uint64_t wakes = rule(PSVM_CELL_HLT_WAKE);
	uint32_t what = wakes & PSVM_WAKE_V_IRQ ? virtual_interrupt() : PSVM_CPU_RAN;

	if (interrupt_wakes(wakes))
		return;
	if (what == PSVM_CPU_EXITED && !is_for_l1(PSVM_EXIT_VINTR))
		do_transition(psvm_vmcb_window_close, 0);
	else if (what != PSVM_CPU_RAN)
		l0.asleep = false;
	else
		__asm__ volatile("pause");
}
