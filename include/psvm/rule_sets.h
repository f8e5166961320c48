/* SPDX-License-Identifier: MIT */
/*
 * psvm/rule_sets.h - the rule sets of real hypervisors, and the right one.
 *
 * References (function names are those of the sources)
 *   [6.1]  Linux 6.1.192, arch/x86/kvm/svm/{nested,svm}.c
 *   [6.12] Linux 6.12.107 to 6.12.117, same files
 *   [7.2]  Linux 7.2.13, same files
 *   [lkml] "KVM: nSVM" series of 17 November 2022, patches 02, 03, 04, 11 of 13,
 *          and the review of 04/13
 *   [Xen]  Xen at c447b730 (August 2026), xen/arch/x86/hvm/svm/
 *   [APM]  AMD64 Architecture Programmer's Manual volume 2, revision 3.44
 *
 * What is not claimed: [6.1]'s V_IRQ and V_TPR cells are the same from Linux
 * 5.8 to 6.3; its other cells are those of 6.1.192 only. tests/kernel compares
 * linux-6.1, linux-6.12 and linux-7.2, and hand-back of lkml-2022-base and lkml-2022,
 * with the functions of the kernel, up to intercepts; enter, window_open and hand-back
 * of xen with Xen 4.17.5. The rest is described from a reading of the sources.
 *
 * With a rule set from here, known at compile time, a transition is
 * straight-line code. psvm_rules_builtin() has them by number.
 */
#ifndef PSVM_RULE_SETS_H
#define PSVM_RULE_SETS_H

#include "rules.h"

/* X(name, identifier, words): all rule sets, in the order of their numbers. */
#define PSVM_RULE_SETS(X) \
	X("linux-6.1", linux_6_1, "Linux 6.1.192") \
	X("lkml-2022-base", lkml_2022_base, \
	  "linux-6.1 with patches 02/13 and 03/13 of November 2022") \
	X("lkml-2022", lkml_2022, \
	  "lkml-2022-base with patch 04/13, the seed, and its review applied") \
	X("lkml-2022-vnmi", lkml_2022_vnmi, "lkml-2022 with patch 11/13, vNMI") \
	X("linux-6.12", linux_6_12, "Linux 6.12.107 to 6.12.117") \
	X("linux-7.2", linux_7_2, "Linux 7.2: linux-6.12, the snapshot sanitised, PAUSE left to L1") \
	X("xen", xen, "Xen c447b730, August 2026") \
	X("exact", exact, "what the manual asks for: S1 to S12 of the README")

enum psvm_rule_set_id {
#define PSVM_X(name, identifier, words) PSVM_RULE_SET_##identifier,
	PSVM_RULE_SETS(PSVM_X)
#undef PSVM_X
	PSVM_RULE_SET_COUNT
};

/* --- notation: lines and cells of a rule set ----------------------------- */

#define PSVM_ALWAYS(bits)	{ bits, 0, 0 }
#define PSVM_WHEN(bits, ...)	{ bits, __VA_ARGS__ } /* on, off */
#define PSVM_EXCEPT(bits, ...)	{ bits, PSVM_UNLESS | __VA_ARGS__ }
#define PSVM_EMPTY		{ 0, 0, 0 }

#define PSVM_CELL_1(...)	{ { __VA_ARGS__, PSVM_EMPTY, PSVM_EMPTY, PSVM_EMPTY } }
#define PSVM_CELL_2(...)	{ { __VA_ARGS__, PSVM_EMPTY, PSVM_EMPTY } }
#define PSVM_CELL_3(...)	{ { __VA_ARGS__, PSVM_EMPTY } }
#define PSVM_CELL_4(...)	{ { __VA_ARGS__ } }
#define PSVM_NEVER		PSVM_CELL_1(PSVM_EMPTY)

/* Fields without their reserved bits. */
#define PSVM_EVENT_INJ_DEFINED \
	(PSVM_EVENT_INJ_VECTOR | PSVM_EVENT_INJ_TYPE | PSVM_EVENT_INJ_EV | \
	 PSVM_EVENT_INJ_V | PSVM_EVENT_INJ_ERROR_CODE)
#define PSVM_TLB_CONTROL_RESERVED UINT8_C(0xf8)

#define PSVM_HEAD sizeof(struct psvm_rules), 0

/* --- groups of cells that several rule sets share ------------------------ */

/* The snapshot is vmcb12 as it stands. */
#define PSVM_SNAPSHOT_VERBATIM \
	/* SNAPSHOT_INT_CTL */ PSVM_NEVER, \
	/* SNAPSHOT_INT_STATE */ PSVM_NEVER, \
	/* SNAPSHOT_EVENT_INJ */ PSVM_NEVER, \
	/* SNAPSHOT_TLB_CONTROL */ PSVM_NEVER

/* [6.1] recalc_intercepts(), which also drops L0's intercept of VMMCALL: L2 gets
 * the #UD of the processor unless L1 intercepts. */
#define PSVM_MERGE_LINUX_6_1 \
	/* MERGE_WORDS */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_WORDS_ALL)), \
	/* MERGE_DROP_CR */ PSVM_CELL_1(PSVM_WHEN( \
		PSVM_INTERCEPT_CR8_READ | PSVM_INTERCEPT_CR8_WRITE, \
		PSVM_C(V_INTR_MASKING_12), 0)), \
	/* MERGE_DROP_MISC1 */ PSVM_CELL_1(PSVM_WHEN( \
		PSVM_INTERCEPT_VINTR, PSVM_C(V_INTR_MASKING_12), 0)), \
	/* MERGE_DROP_MISC2 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_INTERCEPT_VMMCALL)), \
	/* MERGE_SET_CR */ PSVM_NEVER

/* [6.12] recalc_intercepts(): VMMCALL stays, vmmcall_interception() decides. Since
 * 7334ede457c6 a window may be needed with
 * V_INTR_MASKING, but not while L1's own IF keeps interrupts out. [7.2]
 * nested_vmcb02_recalc_intercepts() also drops L0's intercept of PAUSE: L0 looks for
 * virtual CPUs of L1 that spin, not for those of L2. */
#define PSVM_DROP_VINTR_LINUX \
	PSVM_WHEN(PSVM_INTERCEPT_VINTR, PSVM_C(V_INTR_MASKING_12), PSVM_C(L1_IF))
#define PSVM_MERGE_LINUX_6_12(drop_misc1) \
	/* MERGE_WORDS */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_WORDS_ALL)), \
	/* MERGE_DROP_CR */ PSVM_CELL_1(PSVM_WHEN( \
		PSVM_INTERCEPT_CR8_WRITE, PSVM_C(V_INTR_MASKING_12), 0)), \
	/* MERGE_DROP_MISC1 */ drop_misc1, \
	/* MERGE_DROP_MISC2 */ PSVM_NEVER, \
	/* MERGE_SET_CR */ PSVM_NEVER

/* svm_enable_irq_window() and svm_set_vintr(). `usurp` is the one line that
 * changed: [6.1] takes the fields even if the merge has dropped VINTR. */
#define PSVM_WINDOW_LINUX(usurp) \
	/* WINDOW_ASK */ PSVM_CELL_1(PSVM_EXCEPT( \
		PSVM_FLAG, 0, PSVM_C(HOST_VGIF) | PSVM_C(L1_GIF))), \
	/* WINDOW_IN_01 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)), \
	/* WINDOW_IN_02 */ PSVM_NEVER, \
	/* WINDOW_USURP */ PSVM_CELL_1(usurp), \
	/* WINDOW_DUMMY */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_V_IRQ | PSVM_V_INTR_PRIO)), \
	/* WINDOW_EVENT */ PSVM_NEVER
#define PSVM_USURPED_LINUX (PSVM_V_IRQ | PSVM_V_INTR_PRIO | PSVM_INT_VECTOR_DWORD)

/* svm_clear_vintr() with L2 active, interrupt_window_interception(). */
#define PSVM_CLOSE_LINUX \
	/* CLOSE_IN_01 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)), \
	/* CLOSE_IN_02 */ PSVM_NEVER, \
	/* CLOSE_CLEAR_02 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_V_INJECTION)), \
	/* CLOSE_RESTORE_02 */ PSVM_CELL_1( \
		PSVM_ALWAYS(PSVM_V_INJECTION | PSVM_INT_VECTOR_DWORD)), \
	/* CLOSE_CLEAR_01 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_V_INJECTION)), \
	/* CLOSE_REQUEST */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_REQUEST_EVENT))

/* nested_vmcb02_prepare_control(), up to what each version adds. */
#define PSVM_LINUX_FROM_12 \
	PSVM_ALWAYS(PSVM_V_TPR | PSVM_V_INJECTION | PSVM_INT_VECTOR_DWORD), \
	PSVM_WHEN(PSVM_V_GIF_BITS, PSVM_C(NESTED_VGIF), 0)
#define PSVM_LINUX_FROM_01 \
	PSVM_ALWAYS(PSVM_V_INTR_MASKING), \
	PSVM_EXCEPT(PSVM_V_GIF_BITS, PSVM_C(NESTED_VGIF), 0)

/* svm_set_gif(true) and kvm_set_rflags() at VMRUN. */
#define PSVM_VMRUN_LINUX \
	/* VMRUN_SET_02 */ PSVM_CELL_1(PSVM_WHEN( \
		PSVM_V_GIF, PSVM_C(HOST_VGIF), PSVM_C(NESTED_VGIF))), \
	/* VMRUN_SET_01 */ PSVM_CELL_1(PSVM_WHEN( \
		PSVM_V_GIF, PSVM_C(NESTED_VGIF), 0)), \
	/* VMRUN_CLOSE */ PSVM_CELL_1(PSVM_WHEN(PSVM_FLAG, PSVM_C(VINTR_02), 0)), \
	/* REENTER_CLOSE */ PSVM_NEVER, \
	/* ENTER_REQUEST */ PSVM_CELL_2( \
		PSVM_WHEN(PSVM_REQUEST_EVENT, PSVM_C(PENDING), 0), \
		PSVM_ALWAYS(PSVM_REQUEST_IMPLICIT))

/* VMRUN loads these from the VMCB, so they come from 12; Linux decides about
 * the TLB by itself. */
#define PSVM_ENTERED (PSVM_F_INT_STATE | PSVM_F_EVENT_INJ | PSVM_F_TLB_CONTROL)
#define PSVM_ENTER_FIELDS_LINUX \
	/* ENTER_FIELDS */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_ENTERED)), \
	/* ENTER_DROP_TLB */ PSVM_CELL_1(PSVM_ALWAYS(UINT8_MAX))

/* Before 6.4: nothing of vNMI, no check. */
#define PSVM_ENTER_LINUX_6_1 \
	/* ENTER_INVALID */ PSVM_CELL_1( \
		PSVM_WHEN(PSVM_FLAG, PSVM_C(CHECKS_FAILED), 0)), \
	/* INVALID_ZERO_12 */ PSVM_NEVER, \
	/* INVALID_HANDS_BACK */ PSVM_NEVER, \
	/* INVALID_REQUEST */ PSVM_NEVER, \
	/* ENTER_CLEAR_02 */ PSVM_CELL_1(PSVM_ALWAYS(UINT64_MAX)), \
	/* ENTER_FROM_12 */ PSVM_CELL_2(PSVM_LINUX_FROM_12), \
	/* ENTER_FROM_01 */ PSVM_CELL_2(PSVM_LINUX_FROM_01), \
	/* ENTER_SET_02 */ PSVM_NEVER, \
	PSVM_ENTER_FIELDS_LINUX, \
	/* ENTER_QUEUE */ PSVM_NEVER, \
	/* ENTER_CLEAR_01 */ PSVM_NEVER, \
	PSVM_VMRUN_LINUX

/* [lkml] 11/13: the vNMI bits come from 12 or from 01. */
#define PSVM_ENTER_LKML_VNMI \
	/* ENTER_INVALID */ PSVM_CELL_1( \
		PSVM_WHEN(PSVM_FLAG, PSVM_C(CHECKS_FAILED), 0)), \
	/* INVALID_ZERO_12 */ PSVM_NEVER, \
	/* INVALID_HANDS_BACK */ PSVM_NEVER, \
	/* INVALID_REQUEST */ PSVM_NEVER, \
	/* ENTER_CLEAR_02 */ PSVM_CELL_1(PSVM_ALWAYS(UINT64_MAX)), \
	/* ENTER_FROM_12 */ PSVM_CELL_3( \
		PSVM_LINUX_FROM_12, PSVM_WHEN(PSVM_V_NMI_BITS, PSVM_C(NESTED_VNMI), 0)), \
	/* ENTER_FROM_01 */ PSVM_CELL_3(PSVM_LINUX_FROM_01, \
		PSVM_WHEN(PSVM_V_NMI_BITS, PSVM_C(HOST_VNMI), PSVM_C(NESTED_VNMI))), \
	/* ENTER_SET_02 */ PSVM_NEVER, \
	PSVM_ENTER_FIELDS_LINUX, \
	/* ENTER_QUEUE */ PSVM_NEVER, \
	/* ENTER_CLEAR_01 */ PSVM_NEVER, \
	PSVM_VMRUN_LINUX

/* [6.12] __nested_vmcb_check_controls(), nested_svm_vmrun(),
 * nested_vmcb02_prepare_control(). The pending bit stays in 01, where the next
 * #VMEXIT overwrites it. */
#define PSVM_ENTER_LINUX_6_12 \
	/* ENTER_INVALID */ PSVM_CELL_2( \
		PSVM_WHEN(PSVM_FLAG, PSVM_C(CHECKS_FAILED), 0), \
		PSVM_WHEN(PSVM_FLAG, PSVM_C(V_NMI_ENABLE_12), PSVM_C(NMI_12))), \
	/* INVALID_ZERO_12 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_F_EVENT_INJ)), \
	/* INVALID_HANDS_BACK */ PSVM_NEVER, \
	/* INVALID_REQUEST */ PSVM_NEVER, \
	/* ENTER_CLEAR_02 */ PSVM_CELL_1(PSVM_ALWAYS(UINT64_MAX)), \
	/* ENTER_FROM_12 */ PSVM_CELL_3( \
		PSVM_LINUX_FROM_12, PSVM_WHEN(PSVM_V_NMI_BITS, PSVM_C(NESTED_VNMI), 0)), \
	/* ENTER_FROM_01 */ PSVM_CELL_2(PSVM_LINUX_FROM_01), \
	/* ENTER_SET_02 */ PSVM_NEVER, \
	PSVM_ENTER_FIELDS_LINUX, \
	/* ENTER_QUEUE */ PSVM_CELL_1(PSVM_WHEN(PSVM_V_NMI, PSVM_C(HOST_VNMI), 0)), \
	/* ENTER_CLEAR_01 */ PSVM_NEVER, \
	PSVM_VMRUN_LINUX

/* [6.1] nested_sync_control_from_vmcb02(); int_state since the backport of "Sync
 * interrupt shadow to cached vmcb12" (CVE-2026-45987) to 6.1.y. */
#define PSVM_REFRESH_LINUX_6_1 \
	/* REFRESH_TO_12 */ PSVM_CELL_3( \
		PSVM_ALWAYS(PSVM_V_TPR), \
		PSVM_EXCEPT(PSVM_V_IRQ, PSVM_C(VINTR_02), PSVM_C(V_INTR_MASKING_12)), \
		PSVM_WHEN(PSVM_V_GIF, PSVM_C(NESTED_VGIF), 0)), \
	/* REFRESH_FIELDS */ PSVM_CELL_1( \
		PSVM_ALWAYS(PSVM_F_EVENT_INJ | PSVM_F_INT_STATE))

/* [6.12] the same function, since 5faaffab5ba8 and 0977cfac6e76. */
#define PSVM_REFRESH_LINUX_6_12 \
	/* REFRESH_TO_12 */ PSVM_CELL_4( \
		PSVM_ALWAYS(PSVM_V_TPR), \
		PSVM_EXCEPT(PSVM_V_IRQ, PSVM_C(VINTR_02), PSVM_C(VINTR_12)), \
		PSVM_WHEN(PSVM_V_GIF, PSVM_C(NESTED_VGIF), 0), \
		PSVM_WHEN(PSVM_V_NMI | PSVM_V_NMI_MASK, PSVM_C(NESTED_VNMI), 0)), \
	/* REFRESH_FIELDS */ PSVM_CELL_1( \
		PSVM_ALWAYS(PSVM_F_EVENT_INJ | PSVM_F_INT_STATE))

#define PSVM_REFRESH_NOTHING \
	/* REFRESH_TO_12 */ PSVM_NEVER, \
	/* REFRESH_FIELDS */ PSVM_NEVER

/* #VMEXIT clears GIF, svm_set_gif(false): in 01 with vGIF, else in software,
 * and then a window on 01 is closed. */
#define PSVM_HANDBACK_GIF_LINUX \
	/* HANDBACK_CLEAR_01 */ PSVM_CELL_1( \
		PSVM_WHEN(PSVM_V_GIF, PSVM_C(HOST_VGIF), 0)), \
	/* HANDBACK_CLOSE */ PSVM_CELL_1(PSVM_EXCEPT(PSVM_FLAG, PSVM_C(HOST_VGIF), 0))

#define PSVM_REQUEST_ALWAYS_IMPLICIT PSVM_ALWAYS(PSVM_REQUEST_IMPLICIT)

/* [6.1] nested_svm_vmexit(): the snapshot has it all. */
#define PSVM_HANDBACK_LINUX_6_1 \
	/* HANDBACK_REQUEST */ PSVM_CELL_1(PSVM_REQUEST_ALWAYS_IMPLICIT), \
	/* HANDBACK_CLEAR_02 */ PSVM_NEVER, \
	/* HANDBACK_TO_12 */ PSVM_NEVER, \
	/* HANDBACK_FIELDS */ PSVM_CELL_1( \
		PSVM_ALWAYS(PSVM_F_INT_STATE | PSVM_F_EXIT_INT_INFO)), \
	/* HANDBACK_ZERO_12 */ PSVM_NEVER, \
	/* HANDBACK_STORE_12 */ PSVM_CELL_1(PSVM_ALWAYS( \
		PSVM_F_INT_CTL | PSVM_F_EVENT_INJ | PSVM_F_TLB_CONTROL)), \
	/* HANDBACK_TO_01 */ PSVM_NEVER, \
	/* HANDBACK_QUEUE */ PSVM_NEVER, \
	PSVM_HANDBACK_GIF_LINUX

/* [lkml] the same moment with the write-back moved into it; nothing is
 * refreshed, so EVENTINJ, too, comes from 02. */
#define PSVM_HANDBACK_LKML(request, to_12, to_01) \
	/* HANDBACK_REQUEST */ request, \
	/* HANDBACK_CLEAR_02 */ PSVM_NEVER, \
	/* HANDBACK_TO_12 */ to_12, \
	/* HANDBACK_FIELDS */ PSVM_CELL_1(PSVM_ALWAYS( \
		PSVM_F_INT_STATE | PSVM_F_EVENT_INJ | PSVM_F_EXIT_INT_INFO)), \
	/* HANDBACK_ZERO_12 */ PSVM_NEVER, \
	/* HANDBACK_STORE_12 */ PSVM_CELL_1( \
		PSVM_ALWAYS(PSVM_F_INT_CTL | PSVM_F_TLB_CONTROL)), \
	/* HANDBACK_TO_01 */ to_01, \
	/* HANDBACK_QUEUE */ PSVM_NEVER, \
	PSVM_HANDBACK_GIF_LINUX

/*
 * [lkml] 04/13. Only a few fields of int_ctl are written by the processor:
 * V_IRQ, V_TPR and V_GIF. With V_INTR_MASKING the first two are L2's and go to
 * vmcb12. Without it the patch holds that they do not exist in vmcb12 (by the
 * manual they do, 15.21.1 and 15.21.2), and V_IRQ in 02 is L0's window, which
 * must be reopened.
 */
#define PSVM_LKML_REQUEST \
	PSVM_CELL_2(PSVM_REQUEST_ALWAYS_IMPLICIT, \
		    PSVM_WHEN(PSVM_REQUEST_EVENT, PSVM_C(V_IRQ_02), \
			      PSVM_C(V_INTR_MASKING_12)))
#define PSVM_LKML_IRQ_TPR \
	PSVM_WHEN(PSVM_V_IRQ | PSVM_V_TPR, PSVM_C(V_INTR_MASKING_12), 0)
/*
 * If nested vGIF is not enabled, V_GIF of 02 is L1's own GIF and L2 can change
 * it. It need not go to 01: GIF is cleared by the #VMEXIT to L1, whatever L2
 * has made of it.
 */
#define PSVM_LKML_GIF PSVM_WHEN(PSVM_V_GIF, PSVM_C(NESTED_VGIF), 0)

/* [6.12] nested_svm_vmexit(), since 5d1ec4565200: if L1 does not intercept INTR, a
 * window may have been open on 02, so the event is requested again. L1's own NMI
 * state goes back to 01, whether vNMI is nested or not. */
#define PSVM_HANDBACK_LINUX_6_12 \
	/* HANDBACK_REQUEST */ PSVM_CELL_2(PSVM_REQUEST_ALWAYS_IMPLICIT, \
		PSVM_EXCEPT(PSVM_REQUEST_EVENT, PSVM_C(INTR_12), 0)), \
	/* HANDBACK_CLEAR_02 */ PSVM_NEVER, \
	/* HANDBACK_TO_12 */ PSVM_NEVER, \
	/* HANDBACK_FIELDS */ PSVM_CELL_1( \
		PSVM_ALWAYS(PSVM_F_INT_STATE | PSVM_F_EXIT_INT_INFO)), \
	/* HANDBACK_ZERO_12 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_F_EVENT_INJ)), \
	/* HANDBACK_STORE_12 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_F_INT_CTL)), \
	/* HANDBACK_TO_01 */ PSVM_CELL_1( \
		PSVM_WHEN(PSVM_V_NMI_MASK, PSVM_C(HOST_VNMI), 0)), \
	/* HANDBACK_QUEUE */ PSVM_CELL_1( \
		PSVM_WHEN(PSVM_V_NMI, PSVM_C(HOST_VNMI), 0)), \
	PSVM_HANDBACK_GIF_LINUX

/* nested_svm_exit_special(), nested_svm_intercept(). */
#define PSVM_ROUTE_LINUX \
	/* ROUTE_L0 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_CLASS_INTR | PSVM_CLASS_NMI | \
		PSVM_CLASS_NPF | PSVM_CLASS_EXCEPTION_01)), \
	/* ROUTE_L1 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_CLASS_INVALID))

/* By the manual, 15.21.1: which IF gates physical interrupts. */
#define PSVM_OPEN_BY_MASKING \
	PSVM_CELL_2(PSVM_WHEN(PSVM_FLAG, \
			      PSVM_C(L1_GIF) | PSVM_C(V_INTR_MASKING_12) | PSVM_C(L1_IF), \
			      0), \
		    PSVM_WHEN(PSVM_FLAG, PSVM_C(L1_GIF) | PSVM_C(L2_IF), \
			      PSVM_C(V_INTR_MASKING_12)))

/* svm_interrupt_blocked(), svm_interrupt_allowed(), nested_run_pending. */
#define PSVM_ARRIVE_LINUX \
	/* OPEN */ PSVM_OPEN_BY_MASKING, \
	/* OPEN_EXIT */ PSVM_CELL_1( \
		PSVM_WHEN(PSVM_FLAG, PSVM_C(INTR_12), PSVM_C(VMRUN_PENDING))), \
	/* OPEN_INJECT */ PSVM_CELL_1(PSVM_WHEN(PSVM_FLAG, 0, \
		PSVM_C(INTR_12) | PSVM_C(L2_SHADOW) | PSVM_C(VMRUN_PENDING))), \
	/* OPEN_WINDOW */ PSVM_CELL_1( \
		PSVM_EXCEPT(PSVM_FLAG, PSVM_C(VMRUN_PENDING), 0)), \
	/* CLOSED_WINDOW */ PSVM_CELL_1( \
		PSVM_EXCEPT(PSVM_FLAG, PSVM_C(VMRUN_PENDING), 0))

/* sync_lapic_to_cr8(), sync_cr8_to_lapic(), svm_update_cr8_intercept(),
 * kvm_vcpu_running() and kvm_vcpu_has_events(): waking L2 makes no KVM_REQ_EVENT. */
#define PSVM_OTHER_LINUX \
	/* TPR_LOAD */ PSVM_CELL_1( \
		PSVM_EXCEPT(PSVM_FLAG, PSVM_C(V_INTR_MASKING_12), 0)), \
	/* TPR_STORE */ PSVM_CELL_1(PSVM_WHEN( \
		PSVM_FLAG, 0, PSVM_C(V_INTR_MASKING_12) | PSVM_C(CR8_WRITE_02))), \
	/* CR8_INTERCEPT */ PSVM_CELL_1(PSVM_WHEN( \
		PSVM_FLAG, PSVM_C(TPR_MASKS), PSVM_C(V_INTR_MASKING_12))), \
	/* HLT_INTERCEPT */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)), \
	/* HLT_WAKE */ PSVM_CELL_1(PSVM_ALWAYS( \
		PSVM_WAKE_INTR | PSVM_WAKE_NMI | PSVM_WAKE_SMI | PSVM_WAKE_INIT)), \
	/* EMULATE_REFRESH */ PSVM_NEVER, \
	/* RUN_FROM_12 */ PSVM_NEVER, \
	/* RUN_CLEAR_02 */ PSVM_NEVER, \
	/* STEP */ PSVM_NEVER, \
	/* NMI_MASK_IN_01 */ PSVM_NEVER

#define PSVM_LINUX_TAIL PSVM_ROUTE_LINUX, PSVM_ARRIVE_LINUX, PSVM_OTHER_LINUX

/* --- the rule sets ------------------------------------------------------- */

static const struct psvm_rules psvm_rules_linux_6_1 = {
	PSVM_HEAD,
	{ PSVM_SNAPSHOT_VERBATIM, PSVM_ENTER_LINUX_6_1, PSVM_MERGE_LINUX_6_1,
	  PSVM_WINDOW_LINUX(PSVM_ALWAYS(PSVM_USURPED_LINUX)), PSVM_CLOSE_LINUX,
	  PSVM_HANDBACK_LINUX_6_1, PSVM_REFRESH_LINUX_6_1, PSVM_LINUX_TAIL }
};

static const struct psvm_rules psvm_rules_lkml_2022_base = {
	PSVM_HEAD,
	{ PSVM_SNAPSHOT_VERBATIM, PSVM_ENTER_LINUX_6_1, PSVM_MERGE_LINUX_6_1,
	  PSVM_WINDOW_LINUX(PSVM_ALWAYS(PSVM_USURPED_LINUX)), PSVM_CLOSE_LINUX,
	  PSVM_HANDBACK_LKML(
		  PSVM_CELL_1(PSVM_REQUEST_ALWAYS_IMPLICIT),
		  PSVM_CELL_3(PSVM_ALWAYS(PSVM_V_TPR),
			      PSVM_EXCEPT(PSVM_V_IRQ, PSVM_C(VINTR_02),
					  PSVM_C(V_INTR_MASKING_12)),
			      PSVM_LKML_GIF),
		  PSVM_NEVER),
	  PSVM_REFRESH_NOTHING, PSVM_LINUX_TAIL }
};

/* The seed. Its mask of bits for 01 is there, and empty. */
static const struct psvm_rules psvm_rules_lkml_2022 = {
	PSVM_HEAD,
	{ PSVM_SNAPSHOT_VERBATIM, PSVM_ENTER_LINUX_6_1, PSVM_MERGE_LINUX_6_1,
	  PSVM_WINDOW_LINUX(PSVM_ALWAYS(PSVM_USURPED_LINUX)), PSVM_CLOSE_LINUX,
	  PSVM_HANDBACK_LKML(PSVM_LKML_REQUEST,
			     PSVM_CELL_2(PSVM_LKML_IRQ_TPR, PSVM_LKML_GIF),
			     PSVM_NEVER),
	  PSVM_REFRESH_NOTHING, PSVM_LINUX_TAIL }
};

static const struct psvm_rules psvm_rules_lkml_2022_vnmi = {
	PSVM_HEAD,
	{ PSVM_SNAPSHOT_VERBATIM, PSVM_ENTER_LKML_VNMI, PSVM_MERGE_LINUX_6_1,
	  PSVM_WINDOW_LINUX(PSVM_ALWAYS(PSVM_USURPED_LINUX)), PSVM_CLOSE_LINUX,
	  PSVM_HANDBACK_LKML(
		  PSVM_LKML_REQUEST,
		  PSVM_CELL_3(PSVM_LKML_IRQ_TPR, PSVM_LKML_GIF,
			      PSVM_WHEN(PSVM_V_NMI | PSVM_V_NMI_MASK,
					PSVM_C(NESTED_VNMI), 0)),
		  PSVM_CELL_1(PSVM_WHEN(PSVM_V_NMI | PSVM_V_NMI_MASK,
					PSVM_C(HOST_VNMI), PSVM_C(NESTED_VNMI)))),
	  PSVM_REFRESH_NOTHING, PSVM_LINUX_TAIL }
};

static const struct psvm_rules psvm_rules_linux_6_12 = {
	PSVM_HEAD,
	{ PSVM_SNAPSHOT_VERBATIM, PSVM_ENTER_LINUX_6_12,
	  PSVM_MERGE_LINUX_6_12(PSVM_CELL_1(PSVM_DROP_VINTR_LINUX)),
	  PSVM_WINDOW_LINUX(PSVM_WHEN(PSVM_USURPED_LINUX, PSVM_C(VINTR_02), 0)),
	  PSVM_CLOSE_LINUX, PSVM_HANDBACK_LINUX_6_12, PSVM_REFRESH_LINUX_6_12,
	  PSVM_LINUX_TAIL }
};

static const struct psvm_rules psvm_rules_linux_7_2 = {
	PSVM_HEAD,
	{ /* SNAPSHOT_INT_CTL */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_RSVD_63_40)),
	  /* SNAPSHOT_INT_STATE */ PSVM_CELL_1(
		  PSVM_ALWAYS(~PSVM_INT_STATE_INTERRUPT_SHADOW)),
	  /* SNAPSHOT_EVENT_INJ */ PSVM_CELL_1(PSVM_ALWAYS(~PSVM_EVENT_INJ_DEFINED)),
	  /* SNAPSHOT_TLB_CONTROL */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_TLB_CONTROL_RESERVED)),
	  PSVM_ENTER_LINUX_6_12,
	  PSVM_MERGE_LINUX_6_12(PSVM_CELL_2(PSVM_DROP_VINTR_LINUX,
					    PSVM_ALWAYS(PSVM_INTERCEPT_PAUSE))),
	  PSVM_WINDOW_LINUX(PSVM_WHEN(PSVM_USURPED_LINUX, PSVM_C(VINTR_02), 0)),
	  PSVM_CLOSE_LINUX, PSVM_HANDBACK_LINUX_6_12, PSVM_REFRESH_LINUX_6_12,
	  PSVM_LINUX_TAIL }
};

/*
 * [Xen] nsvm_vmcb_prepare4vmrun(), nsvm_vmcb_prepare4vmexit(),
 * svm_enable_intr_window(), nestedsvm_check_intercepts(). The 64 bits of 060h
 * move as one; an unchanged vmcb12 leaves them alone.
 */
#define PSVM_XEN_UNCHANGED PSVM_C(CLEAN_TPR_12), PSVM_C(MOVED_12)

static const struct psvm_rules psvm_rules_xen = {
	PSVM_HEAD,
	{ PSVM_SNAPSHOT_VERBATIM,
	  /* ENTER_INVALID */ PSVM_CELL_1(
		  PSVM_WHEN(PSVM_FLAG, PSVM_C(CHECKS_FAILED), 0)),
	  /* INVALID_ZERO_12 */ PSVM_NEVER,
	  /* INVALID_HANDS_BACK */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)),
	  /* INVALID_REQUEST */ PSVM_NEVER,
	  /* ENTER_CLEAR_02 */ PSVM_CELL_1(PSVM_EXCEPT(UINT64_MAX, PSVM_XEN_UNCHANGED)),
	  /* ENTER_FROM_12 */ PSVM_CELL_1(PSVM_EXCEPT(UINT64_MAX, PSVM_XEN_UNCHANGED)),
	  /* ENTER_FROM_01 */ PSVM_NEVER,
	  /* ENTER_SET_02 */ PSVM_CELL_1(PSVM_EXCEPT(
		  PSVM_V_INTR_MASKING, PSVM_XEN_UNCHANGED)),
	  /* ENTER_FIELDS */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_ENTERED)),
	  /* ENTER_DROP_TLB */ PSVM_NEVER,
	  /* ENTER_QUEUE */ PSVM_NEVER,
	  /* ENTER_CLEAR_01 */ PSVM_NEVER,
	  /* VMRUN_SET_02 */ PSVM_NEVER,
	  /* VMRUN_SET_01 */ PSVM_NEVER,
	  /* VMRUN_CLOSE */ PSVM_NEVER,
	  /* REENTER_CLOSE */ PSVM_NEVER,
	  /* ENTER_REQUEST */ PSVM_NEVER,
	  /* MERGE_WORDS */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_WORDS_ALL & ~PSVM_WORD_MISC3)),
	  /* MERGE_DROP_CR */ PSVM_NEVER,
	  /* MERGE_DROP_MISC1 */ PSVM_NEVER,
	  /* MERGE_DROP_MISC2 */ PSVM_NEVER,
	  /* MERGE_SET_CR */ PSVM_NEVER,
	  /* WINDOW_ASK */ PSVM_CELL_1(PSVM_EXCEPT(
		  PSVM_FLAG, PSVM_C(VMRUN_PENDING) | PSVM_C(V_IRQ_12), 0)),
	  /* WINDOW_IN_01 */ PSVM_NEVER,
	  /* WINDOW_IN_02 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)),
	  /* WINDOW_USURP */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_V_INJECTION | PSVM_V_INTR_VECTOR)),
	  /* WINDOW_DUMMY */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_V_IRQ)),
	  /* WINDOW_EVENT */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_V_INTR_PRIO | PSVM_V_IGN_TPR)),
	  /* CLOSE_IN_01 */ PSVM_NEVER,
	  /* CLOSE_IN_02 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)),
	  /* CLOSE_CLEAR_02 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_V_IRQ)),
	  /* CLOSE_RESTORE_02 */ PSVM_NEVER,
	  /* CLOSE_CLEAR_01 */ PSVM_NEVER,
	  /* CLOSE_REQUEST */ PSVM_NEVER,
	  /* HANDBACK_REQUEST */ PSVM_NEVER,
	  /* HANDBACK_CLEAR_02 */ PSVM_CELL_1(PSVM_WHEN(
		  PSVM_V_GIF, PSVM_C(DEFERRED) | PSVM_C(V_GIF_ENABLE_02), 0)),
	  /* HANDBACK_TO_12 */ PSVM_CELL_2(
		  PSVM_ALWAYS(~PSVM_V_INTR_MASKING),
		  PSVM_WHEN(PSVM_V_INTR_MASKING, PSVM_C(V_INTR_MASKING_12), 0)),
	  /* HANDBACK_FIELDS */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_F_INT_STATE | PSVM_F_EXIT_INT_INFO)),
	  /* HANDBACK_ZERO_12 */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_F_EVENT_INJ | PSVM_F_TLB_CONTROL)),
	  /* HANDBACK_STORE_12 */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_F_INT_CTL | PSVM_F_INT_VECTOR)),
	  /* HANDBACK_TO_01 */ PSVM_NEVER,
	  /* HANDBACK_QUEUE */ PSVM_NEVER,
	  /* HANDBACK_CLEAR_01 */ PSVM_CELL_1(
		  PSVM_WHEN(PSVM_V_GIF, PSVM_C(HOST_VGIF), 0)),
	  /* HANDBACK_CLOSE */ PSVM_NEVER,
	  PSVM_REFRESH_NOTHING,
	  /* ROUTE_L0 */ PSVM_CELL_1(PSVM_ALWAYS(
		  PSVM_CLASS_INTR | PSVM_CLASS_NMI | PSVM_CLASS_NPF)),
	  /* ROUTE_L1 */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_CLASS_VMMCALL | PSVM_CLASS_INVALID)),
	  /* OPEN: without V_INTR_MASKING nobody asks for L2's IF */
	  PSVM_CELL_2(PSVM_WHEN(PSVM_FLAG, PSVM_C(L1_GIF) | PSVM_C(L1_IF), 0),
		      PSVM_WHEN(PSVM_FLAG, PSVM_C(L1_GIF), PSVM_C(V_INTR_MASKING_12))),
	  /* OPEN_EXIT */ PSVM_CELL_1(PSVM_WHEN(PSVM_FLAG, PSVM_C(INTR_12), 0)),
	  /* OPEN_INJECT */ PSVM_CELL_1(PSVM_WHEN(
		  PSVM_FLAG, PSVM_C(L2_IF), PSVM_C(INTR_12) | PSVM_C(L2_SHADOW))),
	  /* OPEN_WINDOW */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)),
	  /* CLOSED_WINDOW */ PSVM_NEVER,
	  /* TPR_LOAD */ PSVM_NEVER,
	  /* TPR_STORE */ PSVM_NEVER,
	  /* CR8_INTERCEPT */ PSVM_NEVER,
	  /* HLT_INTERCEPT */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)),
	  /* HLT_WAKE */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_WAKE_INTR | PSVM_WAKE_NMI |
		  PSVM_WAKE_SMI | PSVM_WAKE_INIT | PSVM_WAKE_LOOK)),
	  /* EMULATE_REFRESH */ PSVM_NEVER,
	  /* RUN_FROM_12 */ PSVM_NEVER,
	  /* RUN_CLEAR_02 */ PSVM_NEVER,
	  /* STEP */ PSVM_NEVER,
	  /* NMI_MASK_IN_01 */ PSVM_NEVER }
};

/*
 * [APM] What L1 and L2 can see equals what they would see without L0.
 *
 * A window is open on 02 exactly while 01 intercepts VINTR: enter and re-enter
 * close one that was open for L1, window_open sets the intercept only if it will
 * have an effect, and hand-back closes it and requests the event again (S7).
 *
 * A window is asked for only where its V_IRQ waits for what L1's interrupt waits for,
 * L2's RFLAGS.IF and no more. Elsewhere L1's interrupt waits without one: L0 looks at
 * each instruction (STEP), or at the next VMRUN, re-entry or #VMEXIT (..._REQUEST).
 *
 * What it costs: exits of L2 to L0 that L1 has not asked for, besides one for each
 * arrival and one for a VMRUN while something waits.
 *
 *   V_INTR_MASKING = 1   HLT; where L0 has no vGIF, STGI and CLGI. No rule set does
 *                        without these. And only if L2 has closed L1's GIF (CLGI that L1
 *                        does not intercept, no nested vGIF), L1's IF was 1 and an
 *                        interrupt waits: each instruction
 *   V_INTR_MASKING = 0   besides, MOV to and from CR8, and one VINTR exit for an
 *                        interrupt of L1 that L2's IF or shadow holds up; with vGIF or
 *                        vNMI nested, each instruction instead, while one waits
 *   any                  each instruction while an NMI of L1 waits that L0 cannot put
 *                        into the VMCB that runs
 *
 * Known to be less than exact, by the manual: if L0 uses vNMI but not vGIF, and vNMI is
 * nested, L2's virtual NMI does not wait for L1's GIF (15.17, 15.21.10).
 */
#define PSVM_POINTLESS_WINDOW PSVM_C(V_INTR_MASKING_12), PSVM_C(L1_IF)
#define PSVM_EXACT_REQUEST \
	PSVM_CELL_2(PSVM_WHEN(PSVM_REQUEST_EVENT, PSVM_C(PENDING), 0), \
		    PSVM_WHEN(PSVM_REQUEST_EVENT, PSVM_C(VINTR_01), 0))
#define PSVM_EXACT_WINDOW \
	PSVM_WHEN(PSVM_FLAG, 0, PSVM_C(V_INTR_MASKING_12) | PSVM_C(NESTED_VGIF) | \
		  PSVM_C(NESTED_VNMI) | PSVM_C(VMRUN_PENDING))

static const struct psvm_rules psvm_rules_exact = {
	PSVM_HEAD,
	{ /* SNAPSHOT_INT_CTL: what is not offered is stopped at VMRUN */ PSVM_NEVER,
	  /* SNAPSHOT_INT_STATE */ PSVM_NEVER,
	  /* SNAPSHOT_EVENT_INJ */ PSVM_CELL_1(PSVM_ALWAYS(~PSVM_EVENT_INJ_DEFINED)),
	  /* SNAPSHOT_TLB_CONTROL */ PSVM_NEVER,
	  /* ENTER_INVALID */ PSVM_CELL_2(
		  PSVM_WHEN(PSVM_FLAG, PSVM_C(CHECKS_FAILED), 0),
		  PSVM_WHEN(PSVM_FLAG, PSVM_C(NESTED_VNMI), PSVM_C(NMI_12))),
	  /* INVALID_ZERO_12 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_F_EVENT_INJ)),
	  /* INVALID_HANDS_BACK */ PSVM_NEVER,
	  /* INVALID_REQUEST */ PSVM_EXACT_REQUEST,
	  /* ENTER_CLEAR_02 */ PSVM_CELL_1(PSVM_ALWAYS(UINT64_MAX)),
	  /* ENTER_FROM_12: an allow-list, S6 */
	  PSVM_CELL_3(PSVM_ALWAYS(PSVM_V_TPR | PSVM_V_INJECTION | PSVM_V_INTR_VECTOR),
		      PSVM_WHEN(PSVM_V_GIF_BITS, PSVM_C(NESTED_VGIF), 0),
		      PSVM_WHEN(PSVM_V_NMI_BITS, PSVM_C(NESTED_VNMI), 0)),
	  /* ENTER_FROM_01: L1's own GIF, if L2 has none; L1's NMI state stays in 01,
	   * because an NMI of L1's EVENTINJ must not mask L1's NMIs (15.20) */
	  PSVM_CELL_1(PSVM_EXCEPT(PSVM_V_GIF_BITS, PSVM_C(NESTED_VGIF), 0)),
	  /* ENTER_SET_02: L1's interrupts are L0's to hand out */
	  PSVM_CELL_1(PSVM_ALWAYS(PSVM_V_INTR_MASKING)),
	  /* ENTER_FIELDS: an allow-list, S6: the rest of 068h stays in 12 */
	  PSVM_CELL_1(PSVM_ALWAYS(
		  PSVM_F_INT_SHADOW | PSVM_F_EVENT_INJ | PSVM_F_TLB_CONTROL)),
	  /* ENTER_DROP_TLB */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_TLB_CONTROL_RESERVED)),
	  /* ENTER_QUEUE: an NMI that waits for L1 may have to become an exit */
	  PSVM_CELL_1(PSVM_WHEN(PSVM_V_NMI, PSVM_C(HOST_VNMI), 0)),
	  /* ENTER_CLEAR_01 */ PSVM_CELL_1(PSVM_WHEN(PSVM_V_NMI, PSVM_C(HOST_VNMI), 0)),
	  /* VMRUN_SET_02 */ PSVM_CELL_1(
		  PSVM_WHEN(PSVM_V_GIF, PSVM_C(HOST_VGIF), PSVM_C(NESTED_VGIF))),
	  /* VMRUN_SET_01 */ PSVM_CELL_1(PSVM_WHEN(PSVM_V_GIF, PSVM_C(HOST_VGIF), 0)),
	  /* VMRUN_CLOSE */ PSVM_CELL_1(PSVM_WHEN(PSVM_FLAG, PSVM_C(VINTR_01), 0)),
	  /* REENTER_CLOSE */ PSVM_CELL_1(PSVM_WHEN(PSVM_FLAG, PSVM_C(VINTR_01), 0)),
	  /* ENTER_REQUEST */ PSVM_EXACT_REQUEST,
	  /* MERGE_WORDS */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_WORDS_ALL)),
	  /* MERGE_DROP_CR: with masking CR8 is V_TPR, which the processor does */
	  PSVM_CELL_1(PSVM_WHEN(PSVM_INTERCEPT_CR8_READ | PSVM_INTERCEPT_CR8_WRITE,
				PSVM_C(V_INTR_MASKING_12), 0)),
	  /* MERGE_DROP_MISC1 */ PSVM_CELL_1(
		  PSVM_WHEN(PSVM_INTERCEPT_VINTR, PSVM_POINTLESS_WINDOW)),
	  /* MERGE_DROP_MISC2 */ PSVM_NEVER,
	  /* MERGE_SET_CR: without it CR8 is L1's TPR and V_TPR (15.21.2) */
	  PSVM_CELL_1(PSVM_EXCEPT(PSVM_INTERCEPT_CR8_READ | PSVM_INTERCEPT_CR8_WRITE,
				  PSVM_C(V_INTR_MASKING_12), 0)),
	  /* WINDOW_ASK */ PSVM_CELL_1(PSVM_EXCEPT(
		  PSVM_FLAG, 0, PSVM_C(HOST_VGIF) | PSVM_C(L1_GIF))),
	  /* WINDOW_IN_01 */ PSVM_CELL_1(PSVM_EXCEPT(PSVM_FLAG, PSVM_POINTLESS_WINDOW)),
	  /* WINDOW_IN_02 */ PSVM_NEVER,
	  /* WINDOW_USURP: V_IGN_TPR, too, or V_TPR = 15 would hold it back */
	  PSVM_CELL_1(PSVM_EXCEPT(PSVM_V_INJECTION | PSVM_V_INTR_VECTOR,
				  PSVM_POINTLESS_WINDOW)),
	  /* WINDOW_DUMMY */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_V_INJECTION)),
	  /* WINDOW_EVENT */ PSVM_NEVER,
	  /* CLOSE_IN_01 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)),
	  /* CLOSE_IN_02 */ PSVM_NEVER,
	  /* CLOSE_CLEAR_02 */ PSVM_NEVER,
	  /* CLOSE_RESTORE_02 */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_V_INJECTION | PSVM_V_INTR_VECTOR)),
	  /* CLOSE_CLEAR_01 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_V_INJECTION)),
	  /* CLOSE_REQUEST */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_REQUEST_EVENT)),
	  /* HANDBACK_REQUEST: S7, and what could not open a window */
	  PSVM_EXACT_REQUEST,
	  /* HANDBACK_CLEAR_02 */ PSVM_NEVER,
	  /* HANDBACK_TO_12 */
	  PSVM_CELL_4(PSVM_ALWAYS(PSVM_V_TPR),
		      PSVM_WHEN(PSVM_V_IRQ, PSVM_C(V_IRQ_12), PSVM_C(VINTR_01)),
		      PSVM_WHEN(PSVM_V_GIF, PSVM_C(NESTED_VGIF), 0),
		      PSVM_WHEN(PSVM_V_NMI | PSVM_V_NMI_MASK, PSVM_C(NESTED_VNMI), 0)),
	  /* HANDBACK_FIELDS */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_F_INT_SHADOW | PSVM_F_EXIT_INT_INFO)),
	  /* HANDBACK_ZERO_12: S9 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_F_EVENT_INJ)),
	  /* HANDBACK_STORE_12 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_F_INT_CTL)),
	  /* HANDBACK_TO_01: L1's own NMI state has never left it, S5 */ PSVM_NEVER,
	  /* HANDBACK_QUEUE */ PSVM_CELL_1(PSVM_WHEN(
		  PSVM_V_NMI, PSVM_C(HOST_VNMI) | PSVM_C(NMI_QUEUED), PSVM_C(V_NMI_01))),
	  /* HANDBACK_CLEAR_01: S8 */
	  PSVM_CELL_1(PSVM_WHEN(PSVM_V_GIF, PSVM_C(HOST_VGIF), 0)),
	  /* HANDBACK_CLOSE */ PSVM_CELL_1(PSVM_WHEN(PSVM_FLAG, PSVM_C(VINTR_01), 0)),
	  /* REFRESH_TO_12: S1, S2, S4, S5 */
	  PSVM_CELL_4(PSVM_ALWAYS(PSVM_V_TPR),
		      PSVM_WHEN(PSVM_V_IRQ, PSVM_C(V_IRQ_12), PSVM_C(VINTR_01)),
		      PSVM_WHEN(PSVM_V_GIF, PSVM_C(NESTED_VGIF), 0),
		      PSVM_WHEN(PSVM_V_NMI | PSVM_V_NMI_MASK, PSVM_C(NESTED_VNMI), 0)),
	  /* REFRESH_FIELDS */ PSVM_CELL_1(
		  PSVM_ALWAYS(PSVM_F_EVENT_INJ | PSVM_F_INT_SHADOW)),
	  /* ROUTE_L0: a VINTR exit is L0's own while its window is open */
	  PSVM_CELL_2(PSVM_ALWAYS(PSVM_CLASS_INTR | PSVM_CLASS_NMI | PSVM_CLASS_NPF |
				  PSVM_CLASS_EXCEPTION_01),
		      PSVM_WHEN(PSVM_CLASS_VINTR, PSVM_C(VINTR_01), 0)),
	  /* ROUTE_L1 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_CLASS_INVALID)),
	  /* OPEN */ PSVM_OPEN_BY_MASKING,
	  /* OPEN_EXIT: with V_INTR_MASKING a shadow of L2 does not hold INTR */
	  PSVM_CELL_2(PSVM_WHEN(PSVM_FLAG, PSVM_C(INTR_12) | PSVM_C(V_INTR_MASKING_12),
				PSVM_C(VMRUN_PENDING)),
		      PSVM_WHEN(PSVM_FLAG, PSVM_C(INTR_12),
				PSVM_C(L2_SHADOW) | PSVM_C(VMRUN_PENDING))),
	  /* OPEN_INJECT */
	  PSVM_CELL_2(PSVM_WHEN(PSVM_FLAG, PSVM_C(V_INTR_MASKING_12),
				PSVM_C(INTR_12) | PSVM_C(VMRUN_PENDING)),
		      PSVM_WHEN(PSVM_FLAG, 0,
				PSVM_C(INTR_12) | PSVM_C(L2_SHADOW) |
					PSVM_C(VMRUN_PENDING))),
	  /* OPEN_WINDOW */ PSVM_CELL_1(PSVM_EXACT_WINDOW),
	  /* CLOSED_WINDOW: with V_INTR_MASKING L2 cannot open what L1 has closed */
	  PSVM_CELL_1(PSVM_EXACT_WINDOW),
	  /* TPR_LOAD */ PSVM_NEVER,
	  /* TPR_STORE */ PSVM_NEVER,
	  /* CR8_INTERCEPT */ PSVM_CELL_1(
		  PSVM_EXCEPT(PSVM_FLAG, PSVM_C(V_INTR_MASKING_12), 0)),
	  /* HLT_INTERCEPT */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)),
	  /* HLT_WAKE */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_WAKE_INTR | PSVM_WAKE_NMI |
		  PSVM_WAKE_SMI | PSVM_WAKE_INIT | PSVM_WAKE_V_IRQ | PSVM_WAKE_V_NMI |
		  PSVM_WAKE_LOOK)),
	  /* EMULATE_REFRESH: S11 */ PSVM_CELL_1(PSVM_ALWAYS(PSVM_FLAG)),
	  /* RUN_FROM_12 */ PSVM_CELL_1(PSVM_WHEN(
		  PSVM_V_INTR_PRIO | PSVM_V_IGN_TPR, 0, PSVM_C(VINTR_01))),
	  /* RUN_CLEAR_02: without vGIF nothing else holds V_IRQ back while GIF is 0;
	   * a priority of 0 is never above V_TPR */
	  PSVM_CELL_1(PSVM_WHEN(PSVM_V_INTR_PRIO | PSVM_V_IGN_TPR, 0,
				PSVM_C(L1_GIF) | PSVM_C(HOST_VGIF))),
	  /* STEP: a window would wait for L2's vGIF, which L1's interrupts do not, and let
	   * a virtual NMI of L2 come first */
	  PSVM_CELL_3(PSVM_WHEN(PSVM_FLAG, PSVM_C(NESTED_VGIF),
				PSVM_C(V_INTR_MASKING_12)),
		      PSVM_WHEN(PSVM_FLAG, PSVM_C(NESTED_VNMI),
				PSVM_C(V_INTR_MASKING_12)),
		      /* and for L2's IF, when L2 holds L1's GIF closed */
		      PSVM_WHEN(PSVM_FLAG,
				PSVM_C(V_INTR_MASKING_12) | PSVM_C(L1_IF) |
					PSVM_C(HOST_VGIF),
				PSVM_C(L1_GIF))),
	  /* NMI_MASK_IN_01 */ PSVM_CELL_1(PSVM_WHEN(PSVM_FLAG, PSVM_C(HOST_VNMI), 0)) }
};

PSVM_BEGIN_DECLS

/**
 * A built-in rule set by number, from libpsvm.
 *
 * @param id enum psvm_rule_set_id
 * @return the rule set, or null if there is none of that number
 */
const struct psvm_rules *psvm_rules_builtin(uint32_t id);

PSVM_END_DECLS

#endif
