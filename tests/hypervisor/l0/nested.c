/* SPDX-License-Identifier: MIT */
/*
 * VMRUN and #VMEXIT of L1, and L2's exits. This is where libpsvm decides: what int_ctl,
 * the intercepts and the event fields of vmcb02, vmcb12 and vmcb01 become, and whose an
 * exit is. l0 moves the rest of L2's state, which is not in question.
 */
#include "l0.h"

/* --- what the rules are asked -------------------------------------------- */

static uint32_t if_set(bool holds, uint32_t fact)
{
	return holds ? fact : 0;
}

uint32_t facts_now(void)
{
	return if_set(l0.vgif, PSVM_C(OFFER_VGIF) | PSVM_C(HOST_VGIF)) |
	       if_set(l0.l1_if, PSVM_C(L1_IF)) | if_set(gif_of_l1(), PSVM_C(L1_GIF)) |
	       if_set(interrupt_pending(), PSVM_C(PENDING)) |
	       if_set(interrupt_masked(), PSVM_C(TPR_MASKS)) |
	       if_set(l0.vmrun_pending, PSVM_C(VMRUN_PENDING)) |
	       if_set(l0.moved, PSVM_C(MOVED_12)) |
	       if_set(snapshot.clean & PSVM_CLEAN_TPR, PSVM_C(CLEAN_TPR_12)) |
	       if_set(vmcb02.save.rflags & RFLAGS_IF, PSVM_C(L2_IF)) |
	       if_set(vmcb02.control.int_state & PSVM_INT_STATE_INTERRUPT_SHADOW,
		      PSVM_C(L2_SHADOW)) |
	       if_set(vmcb02.control.intercept_cr & PSVM_INTERCEPT_CR8_WRITE,
		      PSVM_C(CR8_WRITE_02));
}

static struct psvm_words words_of(const struct psvm_vmcb_control *c)
{
	struct psvm_words words = {
		c->int_ctl,	  c->int_state,	      c->event_inj,
		c->exit_int_info, c->intercept_misc1, c->tlb_control
	};

	return words;
}

struct psvm_nested nested_now(void)
{
	struct psvm_nested n = { .v12 = words_of(&snapshot),
				 .v02 = words_of(&vmcb02.control),
				 .v01 = words_of(&vmcb01.control),
				 .facts = facts_now() };

	return n;
}

uint64_t rule(uint32_t cell)
{
	uint64_t bits = 0;

	if (psvm_rule(l0.rules, nested_now(), cell, &bits).code != PSVM_OK)
		machine_fail("l0: the rules do not say cell %u", cell);
	return bits;
}

struct psvm_result do_transition(transition *t, uint32_t more)
{
	struct psvm_result r;

	l0.pages.facts = facts_now() | more;
	l0.pages.vector = apic_highest(APIC_IRR);
	r = t(l0.rules, &l0.pages);
	if (r.status.code != PSVM_OK)
		machine_fail("l0: psvm says %u at %u", r.status.code, r.status.where);
	l0.l1_gif = r.gif != 0;
	return r;
}

/* --- intercepts ---------------------------------------------------------- */

static struct psvm_intercepts intercepts_of(const struct psvm_vmcb_control *c)
{
	struct psvm_intercepts i = { { c->intercept_cr, c->intercept_dr,
				       c->intercept_exceptions, c->intercept_misc1,
				       c->intercept_misc2, c->intercept_misc3 } };

	return i;
}

/* vmcb02's intercepts are those of vmcb01 and of L1, as the rules merge them. Those of
 * vmcb01 follow what has happened since the last run. The intercept of a window that the
 * rules keep in vmcb02 itself is in neither: psvm_vmcb_window_open() sets it, _close()
 * takes it away, and it stays as it is in between. */
static void merge(void)
{
	struct psvm_vmcb_control *c = &vmcb02.control;
	uint32_t window = rule(PSVM_CELL_WINDOW_IN_02)
				  ? c->intercept_misc1 & PSVM_INTERCEPT_VINTR
				  : 0;
	struct psvm_intercepts i;

	set_intercepts_01();
	i = psvm_merge_intercepts(l0.rules, nested_now(), intercepts_of(&snapshot),
				  intercepts_of(&vmcb01.control));
	c->intercept_cr = i.word[0];
	c->intercept_dr = i.word[1];
	c->intercept_exceptions = i.word[2];
	c->intercept_misc1 = i.word[3] | window;
	c->intercept_misc2 = i.word[4];
	c->intercept_misc3 = i.word[5];
}

/* The low bits of a bitmap's address are ignored. */
static uint64_t page_of(uint64_t address)
{
	return address & ~UINT64_C(0xfff);
}

/* An MSR is intercepted if l0 or L1 does. */
static unsigned char msr_bitmap_02[sizeof(msr_bitmap)] MACHINE_PAGE;

static void merge_bitmaps(void)
{
	const unsigned char *bitmap12 = memory(page_of(snapshot.msrpm_base_pa));
	bool asks = (snapshot.intercept_misc1 & PSVM_INTERCEPT_MSR_PROT) != 0;

	for (size_t i = 0; i < sizeof(msr_bitmap); i++)
		msr_bitmap_02[i] = msr_bitmap[i] | (asks ? bitmap12[i] : 0);
	vmcb02.control.msrpm_base_pa = (uintptr_t)msr_bitmap_02;
	vmcb02.control.iopm_base_pa = snapshot.iopm_base_pa;
}

/* --- L2's state ---------------------------------------------------------- */

static bool nested_paging(void)
{
	return (snapshot.nested_ctl & PSVM_NESTED_CTL_NP_ENABLE) != 0;
}

/* What VMRUN loads and #VMEXIT stores of the state save area (APM 15.5.1, 15.6), besides
 * G_PAT. The rest belongs to VMLOAD and VMSAVE, and L1's page keeps it. */
/* clang-format off */
#define STATE(X) \
	X(es) X(cs) X(ss) X(ds) X(gdtr) X(idtr) X(cpl) X(efer) X(cr4) X(cr3) X(cr0) \
	X(dr7) X(dr6) X(rflags) X(rip) X(rsp) X(rax) X(cr2)
/* clang-format on */

static void load_state(const struct psvm_vmcb_save *from)
{
	struct psvm_vmcb_save *to = &vmcb02.save;

#define LOAD(field) to->field = from->field;
	STATE(LOAD)
#undef LOAD
	to->g_pat = nested_paging() ? from->g_pat : vmcb01.save.g_pat;
	l0.svme[1] = (from->efer & EFER_SVME) != 0;
}

static void store_state(struct psvm_vmcb *to)
{
#define STORE(field) to->save.field = vmcb02.save.field;
	STATE(STORE)
#undef STORE
	to->save.efer = efer_of_guest();
	if (nested_paging())
		to->save.g_pat = vmcb02.save.g_pat;
	to->control.exit_code = vmcb02.control.exit_code;
	to->control.exit_info_1 = vmcb02.control.exit_info_1;
	to->control.exit_info_2 = vmcb02.control.exit_info_2;
	to->control.next_rip = vmcb02.control.next_rip;
}

/* The processor reads nested page tables in the mode of the host (15.25.3), which for
 * these is L1. */
static void set_host_mode(void)
{
	uint64_t nxe = vmcb01.save.efer & EFER_NXE;

	if ((vmcb01.save.efer & EFER_LMA) == 0 || (vmcb01.save.cr4 & CR4_LA57) != 0)
		machine_fail("l0: L1's nested page tables do not have four levels");
	write_msr(MSR_EFER, (read_msr(MSR_EFER) & ~EFER_NXE) | nxe);
}

/* #VMEXIT does not load these: L1 finds what L2 has left. And no breakpoints (15.6). */
static void leave_to_l1(struct psvm_vmcb_save *to)
{
	to->cr2 = vmcb02.save.cr2;
	to->dr6 = vmcb02.save.dr6;
	to->dr7 = DR7_RESET;
	if (!nested_paging())
		to->g_pat = vmcb02.save.g_pat;
}

/* What of the control area the rules do not know. L1's nested page tables map to l0's
 * physical memory, which is L1's; without them L2's memory is L1's. */
static void load_control(void)
{
	vmcb02.control.asid = 2;
	vmcb02.control.tlb_control =
		PSVM_TLB_CONTROL_FLUSH_ALL; /* all L1's ASIDs are 2 */
	vmcb02.control.tsc_offset = snapshot.tsc_offset;
	vmcb02.control.next_rip = snapshot.next_rip; /* of a software interrupt */
	vmcb02.control.nested_ctl = PSVM_NESTED_CTL_NP_ENABLE;
	vmcb02.control.nested_cr3 = nested_paging() ? snapshot.nested_cr3
						    : vmcb01.control.nested_cr3;
	if (nested_paging())
		set_host_mode();
	merge_bitmaps();
}

/* --- VMRUN --------------------------------------------------------------- */

/* VMRUN's checks of what vmcb02 does not take from L1; the processor makes the others. */
static bool checks_failed(void)
{
	return snapshot.asid == 0 ||
	       (snapshot.intercept_misc2 & PSVM_INTERCEPT_VMRUN) == 0 ||
	       page_of(snapshot.msrpm_base_pa) > memory_end() - 2 * PAGE_SIZE ||
	       page_of(snapshot.iopm_base_pa) > memory_end() - 3 * PAGE_SIZE;
}

void nested_vmrun(void)
{
	uint64_t address = vmcb01.save.rax;
	struct psvm_vmcb *vmcb12 = memory(address);

	if (!is_page(address)) {
		raise(PSVM_EXIT_EXCP_GP);
		return;
	}
	skip();
	l0.pages.vmcb12 = vmcb12;
	l0.l1_if = (vmcb01.save.rflags & RFLAGS_IF) != 0;
	l0.moved = l0.last_12 != address;
	l0.requests = 0; /* while L1 runs nothing has to wait for them */
	(void)do_transition(psvm_vmcb_snapshot, 0);
	load_state(&vmcb12->save);
	hold_back_interrupts(true);
	if (do_transition(psvm_vmcb_enter, if_set(checks_failed(), PSVM_C(CHECKS_FAILED)))
		    .outcome == PSVM_VMEXIT_INVALID)
		return;
	l0.last_12 = address;
	load_control();
	l0.in_l2 = true;
	l0.vmrun_pending = true;
	/* What was pending has been seen: whether l0 looks again, the rules have said. */
	l0.waiting = interrupt_pending() && (l0.requests & PSVM_REQUEST_EVENT) == 0;
	l0.stepping = false;
}

/* --- #VMEXIT ------------------------------------------------------------- */

void nested_vmexit(uint64_t exit_code, bool deferred)
{
	struct psvm_vmcb_control *c = &vmcb02.control;

	c->exit_code = exit_code;
	if (deferred) { /* the rest is of the last exit of the processor */
		c->exit_info_1 = 0;
		c->exit_info_2 = 0;
		c->exit_int_info = 0;
		c->next_rip = 0;
	}
	(void)do_transition(psvm_vmcb_nested_sync_int_ctl,
			    if_set(deferred, PSVM_C(DEFERRED)));
	store_state(l0.pages.vmcb12);
	leave_to_l1(&vmcb01.save);
	l0.in_l2 = false;
	l0.asleep = false;
}

/* --- running L2 ---------------------------------------------------------- */

bool is_for_l1(uint64_t exit_code)
{
	const unsigned char *bitmap12 = memory(page_of(snapshot.msrpm_base_pa));

	vmcb02.control.exit_code = exit_code; /* where psvm reads it */
	l0.pages.facts = facts_now();
	switch (psvm_vmcb_route_exit(l0.rules, &l0.pages)) {
	case PSVM_L1:
		return true;
	case PSVM_L1_BITMAP: /* l0 has no I/O bitmap, so I/O is L1's */
		return exit_code != PSVM_EXIT_MSR_PROT ||
		       intercepts_msr(bitmap12, (uint32_t)l0.registers[RCX],
				      vmcb02.control.exit_info_1 != 0);
	default: /* faults of L1's nested page tables, if it has any: l0's have none */
		return exit_code == PSVM_EXIT_NPF && nested_paging();
	}
}

void raise(uint64_t exit_code)
{
	bool has_code = exit_code == PSVM_EXIT_EXCP_GP;

	vmcb01.control.intercept_exceptions = 0; /* not what l0 wants of L2 */
	if (l0.in_l2 && is_for_l1(exit_code)) {
		nested_vmexit(exit_code, true);
		return;
	}
	current_vmcb()->control.event_inj = PSVM_EVENT_INJ_V |
					    (uint64_t)PSVM_EVENT_TYPE_EXCEPTION
						    << PSVM_EVENT_TYPE_SHIFT |
					    (exit_code & 31) |
					    (has_code ? PSVM_EVENT_INJ_EV : 0);
}

/* vmcb02 before every run, in the order that psvm_rule() asks for. */
static void prepare_02(void)
{
	uint64_t word = vmcb02.control.int_ctl, bits;

	if (rule(PSVM_CELL_TPR_LOAD))
		word = (word & ~PSVM_V_TPR) | read_cr8();
	bits = rule(PSVM_CELL_RUN_FROM_12);
	word = (word & ~bits) | (snapshot.int_ctl & bits);
	word &= ~rule(PSVM_CELL_RUN_CLEAR_02);
	psvm_vmcb_set_int_ctl(&vmcb02, word);
	merge();
}

/* One instruction, by the trap flag; or the event that is injected, after which the
 * interrupt that waits for L1 makes an exit. It is no V_IRQ: that waits for what L1's
 * interrupt waits for, which comes first. Returns l0's IF. */
static bool prepare_step(void)
{
	bool event = l0.stepping && injecting();

	l0.step_dr6 = vmcb02.save.dr6;
	l0.step_tf = vmcb02.save.rflags & RFLAGS_TF;
	if (l0.stepping && !event)
		vmcb02.save.rflags |= RFLAGS_TF;
	return event || !l0.waiting;
}

/* #DB while l0 steps: L2's own as well, if it steps itself or DR6 has another cause,
 * which was not there before. Else L2 never learns of it. */
static void handle_step(void)
{
	struct psvm_vmcb_save *save = &vmcb02.save;

	if (l0.step_tf == 0)
		save->dr6 = (save->dr6 & ~DR6_BS) | (l0.step_dr6 & DR6_BS);
	if (l0.step_tf != 0 || (save->dr6 & ~l0.step_dr6 & DR6_CAUSES) != 0)
		raise(PSVM_EXIT_EXCP_DB);
	else
		l0.requests |= PSVM_REQUEST_EVENT;
}

/* After every run: what the processor has changed goes to the snapshot. An interrupt that
 * does not wait in the local APIC would make L2 exit forever: it is an 8259's. */
static void leave(void)
{
	if (vmcb02.control.exit_code == PSVM_EXIT_INTR && !interrupt_pending())
		machine_fail("l0: an interrupt that is not of the local APIC");
	l0.vmrun_pending = false;
	vmcb02.control.tlb_control = PSVM_TLB_CONTROL_NOTHING;
	(void)do_transition(psvm_vmcb_refresh, 0);
	if (rule(PSVM_CELL_TPR_STORE))
		write_cr8(vmcb02.control.int_ctl & PSVM_V_TPR);
	if (l0.stepping && l0.step_tf == 0)
		vmcb02.save.rflags &= ~RFLAGS_TF;
}

/* An exit of L2 that is l0's. It has not cut short the delivery of an event: l0 has no
 * faults of its own. Who has, as with nested page tables that map on demand, injects
 * EXITINTINFO again, with next_rip if it is a software interrupt. */
static void handle(uint64_t exit_code)
{
	if (vmcb02.control.exit_int_info & PSVM_EVENT_INJ_V)
		machine_fail("l0: exit 0x%lx of L2 while it gets an event", exit_code);
	switch (exit_code) {
	case PSVM_EXIT_EXCP_DB:
		handle_step();
		break;
	case PSVM_EXIT_INTR:
		l0.requests |= PSVM_REQUEST_EVENT;
		break;
	case PSVM_EXIT_VINTR:
		(void)do_transition(psvm_vmcb_window_close, 0);
		break;
	default:
		if (!emulate(exit_code))
			machine_fail("l0: exit 0x%lx of L2, rip 0x%lx", exit_code,
				     vmcb02.save.rip);
		if (l0.in_l2 && rule(PSVM_CELL_EMULATE_REFRESH))
			(void)do_transition(psvm_vmcb_refresh, 0);
	}
}

void l2_run(void)
{
	uint64_t exit_code;
	bool interruptible;

	serve_requests();
	if (!l0.in_l2)
		return;
	l0.asleep = l0.asleep && !injecting();
	prepare_02();
	if (l0.asleep) {
		sleep_l2();
		return;
	}
	interruptible = prepare_step();
	vmcb02.control.clean = 0; /* all of it may have changed */
	run_guest(&vmcb02, l0.registers, interruptible);
	leave();
	exit_code = vmcb02.control.exit_code;
	if (is_for_l1(exit_code))
		nested_vmexit(exit_code, false);
	else
		handle(exit_code);
}
