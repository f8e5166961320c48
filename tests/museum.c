/* SPDX-License-Identifier: MIT */
#include "museum.h"

#include "check.h"

/* --- notation: set-ups ---------------------------------------------------- */

#define TPR(n)	((uint64_t)(n))
#define PRIO(n) ((uint64_t)(n) << PSVM_V_INTR_PRIO_SHIFT)
#define VECTOR	((uint64_t)0x71 << PSVM_V_INTR_VECTOR_SHIFT)
#define EVENT(type, vector) \
	(PSVM_EVENT_INJ_V | (uint64_t)PSVM_EVENT_TYPE_##type << PSVM_EVENT_TYPE_SHIFT | \
	 (vector))
#define ICPT(name) PSVM_INTERCEPT_MASK(name)

/*
 * What L1 has written into vmcb12: bits of int_ctl besides a V_TPR of 4, a
 * V_INTR_PRIO of 5 and vector 71h, and intercepts of 00Ch besides CPUID. Then what
 * else there is to say.
 */
#define L1_HAS_NO_VMRUN(bits, intercepts) \
	.start.tpr = 4, \
	.start.vmcb12.words.int_ctl = TPR(4) | PRIO(5) | VECTOR | (bits), \
	.start.vmcb12.words.misc1 = ICPT(CPUID) | (intercepts)
#define L1_HAS(bits, intercepts) \
	L1_HAS_NO_VMRUN(bits, intercepts), .start.vmcb12.misc2 = ICPT(VMRUN)
#define L1_IF	       .start.l1_if = true
#define L2_IF	       .start.vmcb12.rflags_if = 1
#define SHADOW	       .start.vmcb12.words.int_state = PSVM_INT_STATE_INTERRUPT_SHADOW
#define INJECTS(event) .start.vmcb12.words.event_inj = event
#define CLEAN	       .start.vmcb12.clean = PSVM_CLEAN_TPR

const struct museum_trigger museum_usual = { L1_HAS(0, 0) };

/* It makes three lines of every macro with braces. */
/* clang-format off */

/* --- notation: acts, and what is seen ------------------------------------- */

#define DO(insn) { ACT_INSN, PSVM_INSN_##insn, 0 }
#define CR8_IS(tpr) { ACT_INSN, PSVM_INSN_CR8_WRITE, tpr }
#define INTR_COMES { ACT_INTR, PSVM_INSN_NOP, 0x51 }
#define NMI_COMES { ACT_NMI, PSVM_INSN_NOP, 0 }
#define RESTORES { ACT_RESTORE, PSVM_INSN_NOP, 0 }
#define PLAY(...) \
	.count = sizeof((struct act[]){ __VA_ARGS__ }) / sizeof(struct act), \
	.acts = { __VA_ARGS__ }

#define RAN(level) { SEEN_RAN, level, 0, 0 }
#define GOT(level, event) { SEEN_EVENT, level, 0, event }
#define EXITED(name) { SEEN_EXIT, 1, 0, PSVM_EXIT_##name }
#define V_IRQ_TAKEN	  GOT(2, EVENT(INTR, 0x71))
#define INTR_TAKEN(level) GOT(level, EVENT(INTR, 0x51))

/* The two see different things. */
#define SEES(bare_, nested_) { .bare = bare_, .nested = nested_, .fields = DIFFER_SEEN }
/* Both see the same, and then this differs. */
#define BOTH(seen_, fields_) { .bare = seen_, .nested = seen_, .fields = fields_ }
#define BITS(exit, bits) \
	{ .bare = EXITED(exit), .nested = EXITED(exit), .fields = DIFFER_INT_CTL, \
	  .int_ctl = bits }
#define STALE BOTH(RAN(2), DIFFER_STALE)

/* --- notation: variants --------------------------------------------------- */

#define EXACT .base = &psvm_rules_exact
#define CHANGES(...) \
	.change = { __VA_ARGS__ }, \
	.changes = sizeof((struct museum_change[]){ __VA_ARGS__ }) / \
		   sizeof(struct museum_change)
#define CELL(name, ...) { PSVM_CELL_##name, __VA_ARGS__ }
#define EMPTY(name)	   CELL(name, PSVM_NEVER)
#define ALWAYS(name, bits) CELL(name, PSVM_CELL_1(PSVM_ALWAYS(bits)))

/* With the piece that is missing. */
#define OUTSIDE(piece) .why = piece, .kind = MUSEUM_OUTSIDE

#define LINUX_OLD \
	(SET(linux_6_1) | SET(lkml_2022_base) | SET(lkml_2022) | SET(lkml_2022_vnmi))
#define LINUX_NEW (SET(linux_6_12) | SET(linux_7_2))

#define VGIF   PSVM_C(HOST_VGIF)
#define VGIF_G (PSVM_C(HOST_VGIF) | PSVM_C(OFFER_VGIF))
#define VNMI   (PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI))
#define VNMI_N (VNMI | PSVM_C(OFFER_VNMI))

/* What exact moves at both moments of the write-back, with a V_IRQ of its own. */
#define TO_12(v_tpr, v_irq, v_gif, v_nmi) \
	CELL(REFRESH_TO_12, PSVM_CELL_4(v_tpr, v_irq, v_gif, v_nmi)), \
		CELL(HANDBACK_TO_12, PSVM_CELL_4(v_tpr, v_irq, v_gif, v_nmi))
#define V_TPR_TO_12	   PSVM_ALWAYS(PSVM_V_TPR)
#define V_IRQ_TO_12	   PSVM_WHEN(PSVM_V_IRQ, PSVM_C(V_IRQ_12), PSVM_C(VINTR_01))
#define V_GIF_TO_12	   PSVM_WHEN(PSVM_V_GIF, PSVM_C(NESTED_VGIF), 0)
#define V_NMIS		   (PSVM_V_NMI | PSVM_V_NMI_MASK)
#define V_NMI_TO_12	   PSVM_WHEN(V_NMIS, PSVM_C(NESTED_VNMI), 0)
/* Only with V_INTR_MASKING, says the premise of the patch. */
#define WITH_MASKING(bits) PSVM_WHEN(bits, PSVM_C(V_INTR_MASKING_12), 0)

/* All variables and acts that have to do with a window. */
#define WINDOW_STORY \
	{ L1_HAS(PSVM_V_IRQ | PSVM_V_INTR_MASKING | PSVM_V_IGN_TPR | \
			 PSVM_V_GIF_ENABLE | TPR(5), \
		 ICPT(INTR) | ICPT(VINTR)), \
	  PLAY(DO(VMRUN), INTR_COMES, DO(STI), DO(NOP), DO(IRET), \
	       DO(CPUID), DO(STGI), DO(CLGI), RESTORES) }

/* clang-format on */

/* --- the rows ------------------------------------------------------------- */

const struct museum_row museum[] = {
	/* --- v12 to v02 --- */
	{ "K01 M1", "a deny mask instead of an allow mask: AVIC_ENABLE reaches v02",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(CELL(ENTER_FROM_12,
		       PSVM_CELL_3(PSVM_ALWAYS(~(PSVM_V_GIF_BITS | PSVM_V_NMI_BITS)),
				   PSVM_WHEN(PSVM_V_GIF_BITS, PSVM_C(NESTED_VGIF), 0),
				   PSVM_WHEN(PSVM_V_NMI_BITS, PSVM_C(NESTED_VNMI), 0)))),
	  .trigger = { L1_HAS(PSVM_V_IRQ | PSVM_AVIC_ENABLE, 0), L2_IF,
		       PLAY(DO(VMRUN), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, RAN(2)) },
	{ "K18", "L1's vGIF is not carried to v02", .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(EMPTY(ENTER_FROM_01)),
	  .trigger = { .facts = VGIF,
		       L1_HAS(0, ICPT(INTR)),
		       L2_IF,
		       PLAY(DO(VMRUN), DO(CLGI), INTR_COMES, DO(NOP)) },
	  .symptom = SEES(RAN(2), EXITED(INTR)) },
	{ "K15 M13", "V_NMI_ENABLE without an intercept of NMI is not refused",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(CELL(ENTER_INVALID,
		       PSVM_CELL_1(PSVM_WHEN(PSVM_FLAG, PSVM_C(CHECKS_FAILED), 0)))),
	  .trigger = { .facts = VNMI_N, L1_HAS(PSVM_V_NMI_ENABLE, 0), PLAY(DO(VMRUN)) },
	  .symptom = SEES(EXITED(INVALID), RAN(2)) },
	{ "Q05", "V_IRQ is not masked by a virtual GIF of 0", .kind = MUSEUM_CAUGHT,
	  EXACT,
	  CHANGES(CELL(ENTER_FROM_12,
		       PSVM_CELL_2(PSVM_ALWAYS(PSVM_V_TPR | PSVM_V_INJECTION |
					       PSVM_V_INTR_VECTOR),
				   PSVM_WHEN(PSVM_V_NMI_BITS, PSVM_C(NESTED_VNMI), 0)))),
	  .trigger = { .facts = VGIF_G,
		       L1_HAS(PSVM_V_IRQ | PSVM_V_GIF_ENABLE, 0),
		       L2_IF,
		       PLAY(DO(VMRUN), DO(NOP)) },
	  .symptom = SEES(RAN(2), V_IRQ_TAKEN) },
	{ "Q01", "V_IRQ is taken whatever V_TPR is", .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(ALWAYS(ENTER_SET_02, PSVM_V_INTR_MASKING | PSVM_V_IGN_TPR),
		  EMPTY(RUN_FROM_12)),
	  .trigger = { L1_HAS(PSVM_V_IRQ | TPR(5), 0), L2_IF, PLAY(DO(VMRUN), DO(NOP)) },
	  .symptom = SEES(RAN(2), V_IRQ_TAKEN) },
	{ "Q02 M23", "V_INTR_PRIO is read from the wrong bits and always 0",
	  .kind = MUSEUM_CAUGHT, EXACT, CHANGES(ALWAYS(RUN_CLEAR_02, PSVM_V_INTR_PRIO)),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0), L2_IF, PLAY(DO(VMRUN), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, RAN(2)) },
	{ "Q03 M25", "V_IGN_TPR is ignored", .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(ALWAYS(RUN_CLEAR_02, PSVM_V_IGN_TPR)),
	  .trigger = { L1_HAS(PSVM_V_IRQ | PSVM_V_IGN_TPR | TPR(5), 0), L2_IF,
		       PLAY(DO(VMRUN), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, RAN(2)) },
	{ "Q04 M24", "V_TPR counts as VMRUN loaded it, not as CR8 changes it",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(ALWAYS(RUN_FROM_12, PSVM_V_TPR | PSVM_V_INTR_PRIO | PSVM_V_IGN_TPR),
		  CELL(REFRESH_TO_12,
		       PSVM_CELL_3(V_IRQ_TO_12, V_GIF_TO_12, V_NMI_TO_12))),
	  .trigger = { L1_HAS(PSVM_V_IRQ | TPR(5), 0), L2_IF,
		       PLAY(DO(VMRUN), CR8_IS(4), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, RAN(2)) },

	/* --- windows --- */
	{ "K02", "a window for L1 stays open when L2 begins to run",
	  .kind = MUSEUM_CAUGHT, EXACT, CHANGES(EMPTY(VMRUN_CLOSE)),
	  .trigger = { .facts = VGIF,
		       L1_HAS(PSVM_V_IRQ | PSVM_V_INTR_MASKING, 0),
		       L2_IF,
		       PLAY(DO(STGI), INTR_COMES, DO(NOP), DO(VMRUN), DO(NOP),
			    DO(CPUID)) },
	  .symptom = BITS(CPUID, PSVM_V_IRQ) },
	{ "K03", "closing a window clears V_IRQ and does not restore it",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(ALWAYS(CLOSE_CLEAR_02, PSVM_V_INJECTION),
		  ALWAYS(CLOSE_RESTORE_02, PSVM_V_INTR_VECTOR)),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0), PLAY(DO(VMRUN), INTR_COMES, DO(STI),
						   DO(NOP), DO(NOP), DO(IRET), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, RAN(2)) },
	{ "M2", "closing a window does not restore V_INTR_PRIO and V_IGN_TPR",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(ALWAYS(CLOSE_RESTORE_02, PSVM_V_IRQ | PSVM_V_INTR_VECTOR),
		  EMPTY(RUN_FROM_12)),
	  .trigger = { .facts = VGIF,
		       L1_HAS(PSVM_V_IRQ | TPR(5), 0),
		       PLAY(DO(VMRUN), INTR_COMES, DO(STI), DO(NOP), DO(NOP), DO(IRET),
			    DO(NOP)) },
	  .symptom = SEES(RAN(2), V_IRQ_TAKEN) },
	{ "K05 M3", "closing a window does not restore the vector", .kind = MUSEUM_CAUGHT,
	  EXACT, CHANGES(ALWAYS(CLOSE_RESTORE_02, PSVM_V_INJECTION)),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0), PLAY(DO(VMRUN), INTR_COMES, DO(STI),
						   DO(NOP), DO(NOP), DO(IRET), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, GOT(2, EVENT(INTR, 0))) },
	{ "K06 M4", "the dummy takes the place of V_IRQ though no window results",
	  .kind = MUSEUM_CAUGHT, .base = &psvm_rules_linux_6_12,
	  CHANGES(ALWAYS(WINDOW_USURP, PSVM_USURPED_LINUX)), .sets = LINUX_OLD,
	  .fixed = LINUX_NEW,
	  .trigger = { L1_HAS(PSVM_V_IRQ | PSVM_V_INTR_MASKING, 0),
		       PLAY(DO(VMRUN), INTR_COMES, DO(STI), DO(NOP), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, GOT(2, EVENT(INTR, 0))) },
	{ "K07 M5", "with V_INTR_MASKING a window is always dropped",
	  .kind = MUSEUM_CAUGHT, .base = &psvm_rules_linux_6_12,
	  CHANGES(CELL(MERGE_DROP_MISC1,
		       PSVM_CELL_1(PSVM_WHEN(PSVM_INTERCEPT_VINTR,
					     PSVM_C(V_INTR_MASKING_12), 0)))),
	  .fixed = LINUX_NEW,
	  .trigger = { .facts = VGIF,
		       L1_HAS(PSVM_V_INTR_MASKING, 0),
		       L2_IF,
		       L1_IF,
		       PLAY(DO(VMRUN), DO(CLGI), INTR_COMES, DO(NOP), DO(STGI),
			    DO(NOP)) },
	  .symptom = SEES(INTR_TAKEN(2), RAN(2)) },
	{ "K07", "the same, of Linux before 6.4: L2 gets the dummy instead (K06)",
	  .kind = MUSEUM_CAUGHT, .base = &psvm_rules_linux_6_1, .sets = LINUX_OLD,
	  .fixed = LINUX_NEW,
	  .trigger = { .facts = VGIF,
		       L1_HAS(PSVM_V_INTR_MASKING, 0),
		       L2_IF,
		       L1_IF,
		       PLAY(DO(VMRUN), DO(CLGI), INTR_COMES, DO(NOP), DO(STGI),
			    DO(NOP)) },
	  .symptom = SEES(INTR_TAKEN(2), GOT(2, EVENT(INTR, 0))) },
	{ "K53 M26", "V_IRQ does not wake an L2 that L0 has put to sleep",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(ALWAYS(HLT_WAKE, PSVM_WAKE_LOOK | PSVM_WAKE_INTR | PSVM_WAKE_NMI |
					   PSVM_WAKE_SMI | PSVM_WAKE_INIT)),
	  .sets = LINUX_OLD | LINUX_NEW | SET(xen),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0),
		       PLAY(DO(VMRUN), DO(STI), DO(HLT), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, RAN(2)) },
	{ "K53 M26", "V_NMI does not wake an L2 that L0 has put to sleep",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(ALWAYS(HLT_WAKE, PSVM_WAKE_LOOK | PSVM_WAKE_INTR | PSVM_WAKE_NMI |
					   PSVM_WAKE_SMI | PSVM_WAKE_INIT)),
	  .sets = LINUX_NEW,
	  .trigger = { .facts = VNMI_N,
		       L1_HAS(PSVM_V_NMI | PSVM_V_NMI_ENABLE, ICPT(NMI)),
		       SHADOW,
		       PLAY(DO(VMRUN), DO(HLT), DO(NOP)) },
	  .symptom = SEES(GOT(2, EVENT(NMI, 2)), RAN(2)) },
	{ "X03", "L1's GIF is read from a copy that the processor's vGIF leaves behind",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(CELL(
		  OPEN,
		  PSVM_CELL_2(PSVM_WHEN(PSVM_FLAG,
					PSVM_C(V_INTR_MASKING_12) | PSVM_C(L1_IF), 0),
			      PSVM_WHEN(PSVM_FLAG, PSVM_C(L2_IF),
					PSVM_C(V_INTR_MASKING_12))))),
	  .trigger = { .facts = VGIF,
		       L1_HAS(0, ICPT(INTR)),
		       L2_IF,
		       PLAY(DO(VMRUN), DO(CLGI), INTR_COMES, DO(NOP)) },
	  .symptom = SEES(RAN(2), EXITED(INTR)) },

	/* --- write-back --- */
	{ "K04 K11 M8", "the snapshot is not refreshed at exits to L0",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(EMPTY(REFRESH_TO_12), EMPTY(REFRESH_FIELDS)),
	  .sets = SET(lkml_2022) | SET(lkml_2022_base) | SET(lkml_2022_vnmi),
	  .trigger = { L1_HAS(PSVM_V_IRQ | PSVM_V_INTR_MASKING, 0), L2_IF,
		       PLAY(DO(VMRUN), DO(NOP), RESTORES) },
	  .symptom = STALE },
	{ "K08 M6", "V_IRQ of v02 goes to v12 while a window of L0 is open",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(TO_12(V_TPR_TO_12, PSVM_ALWAYS(PSVM_V_IRQ), V_GIF_TO_12, V_NMI_TO_12)),
	  .trigger = { L1_HAS(0, 0), PLAY(DO(VMRUN), INTR_COMES, DO(CPUID)) },
	  .symptom = BITS(CPUID, PSVM_V_IRQ) },
	{ "K08", "the same, of Linux: with V_INTR_MASKING", .kind = MUSEUM_CAUGHT,
	  .base = &psvm_rules_linux_6_12,
	  CHANGES(CELL(REFRESH_TO_12,
		       PSVM_CELL_4(V_TPR_TO_12,
				   PSVM_EXCEPT(PSVM_V_IRQ, PSVM_C(VINTR_02),
					       PSVM_C(V_INTR_MASKING_12)),
				   V_GIF_TO_12, V_NMI_TO_12))),
	  .sets = LINUX_OLD, .fixed = LINUX_NEW,
	  .trigger = { .facts = VGIF,
		       L1_HAS(PSVM_V_INTR_MASKING, 0),
		       L1_IF,
		       PLAY(DO(VMRUN), DO(CLGI), INTR_COMES, DO(CPUID)) },
	  .symptom = BITS(CPUID, PSVM_V_IRQ) },
	{ "K09 M7", "without V_INTR_MASKING V_IRQ is not written back",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(TO_12(V_TPR_TO_12, WITH_MASKING(PSVM_V_IRQ), V_GIF_TO_12, V_NMI_TO_12)),
	  .sets = SET(lkml_2022) | SET(lkml_2022_vnmi),
	  .fixed = LINUX_NEW | SET(linux_6_1),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0), L2_IF,
		       PLAY(DO(VMRUN), DO(NOP), DO(CPUID)) },
	  .symptom = BITS(CPUID, PSVM_V_IRQ) },
	{ "K09 M7", "without V_INTR_MASKING V_TPR is not written back",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(TO_12(WITH_MASKING(PSVM_V_TPR), V_IRQ_TO_12, V_GIF_TO_12, V_NMI_TO_12)),
	  .sets = SET(lkml_2022) | SET(lkml_2022_vnmi),
	  .fixed = LINUX_NEW | SET(linux_6_1),
	  .trigger = { L1_HAS(0, 0), PLAY(DO(VMRUN), CR8_IS(5), DO(CPUID)) },
	  .symptom = BITS(CPUID, TPR(1)) },
	{ "K10", "the same, in the snapshot", .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(CELL(REFRESH_TO_12, PSVM_CELL_3(WITH_MASKING(PSVM_V_TPR | PSVM_V_IRQ),
						  V_GIF_TO_12, V_NMI_TO_12))),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0), L2_IF, PLAY(DO(VMRUN), DO(NOP), RESTORES) },
	  .symptom = STALE },
	{ "K12 M10", "a #VMEXIT to L1 requests no look at what waits for L1",
	  .kind = MUSEUM_CAUGHT, EXACT, CHANGES(EMPTY(HANDBACK_REQUEST)),
	  .trigger = { .facts = VGIF,
		       L1_HAS(PSVM_V_INTR_MASKING, 0),
		       PLAY(DO(VMRUN), INTR_COMES, DO(CPUID), DO(STGI), DO(STI), DO(NOP),
			    DO(NOP)) },
	  .symptom = SEES(INTR_TAKEN(1), RAN(1)) },
	{ "K12", "the same, of Linux, where the setter of RFLAGS hides it",
	  .kind = MUSEUM_CAUGHT, .base = &psvm_rules_linux_6_1, .no_implicit = true,
	  .sets = SET(linux_6_1), .fixed = LINUX_NEW,
	  .trigger = { .facts = VGIF,
		       L1_HAS(0, 0),
		       PLAY(DO(VMRUN), INTR_COMES, DO(CPUID), DO(STI), DO(STGI),
			    DO(NOP)) },
	  .symptom = SEES(INTR_TAKEN(1), RAN(1)) },
	{ "K13 M11", "L1's NMI mask is copied to v02, but not back",
	  .kind = MUSEUM_CAUGHT, .base = &psvm_rules_lkml_2022_vnmi,
	  CHANGES(EMPTY(HANDBACK_TO_01)), .fixed = SET(lkml_2022_vnmi),
	  .trigger = { .facts = VNMI,
		       L1_HAS(0, 0),
		       PLAY(DO(VMRUN), NMI_COMES, DO(NOP), DO(CPUID)) },
	  .symptom = BOTH(EXITED(CPUID), DIFFER_NMI_MASKED) },
	{ "M12", "L2's NMI mask is copied to L1's", .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(CELL(HANDBACK_TO_01,
		       PSVM_CELL_1(PSVM_WHEN(V_NMIS, PSVM_C(HOST_VNMI), 0)))),
	  .trigger = { .facts = VNMI_N,
		       L1_HAS(PSVM_V_NMI_ENABLE | PSVM_V_NMI_MASK, ICPT(NMI)),
		       PLAY(DO(VMRUN), DO(CPUID)) },
	  .symptom = BOTH(EXITED(CPUID), DIFFER_NMI_MASKED) },
	{ "K16 M14",
	  "the vNMI bits are written back when vNMI is offered, not when it is enabled",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(TO_12(V_TPR_TO_12, V_IRQ_TO_12, V_GIF_TO_12,
			PSVM_WHEN(V_NMIS, PSVM_C(OFFER_VNMI), 0))),
	  .trigger = { .facts = VNMI_N, L1_HAS(V_NMIS, 0), PLAY(DO(VMRUN), DO(CPUID)) },
	  .symptom = BITS(CPUID, V_NMIS) },
	{ "M15", "V_GIF is written back though vGIF is not offered",
	  .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(TO_12(V_TPR_TO_12, V_IRQ_TO_12, PSVM_ALWAYS(PSVM_V_GIF), V_NMI_TO_12)),
	  .trigger = { .facts = VGIF, L1_HAS(0, 0), PLAY(DO(VMRUN), DO(CPUID)) },
	  .symptom = BITS(CPUID, PSVM_V_GIF) },
	{ "M19", "the whole word is written back", .kind = MUSEUM_CAUGHT, EXACT,
	  CHANGES(ALWAYS(REFRESH_TO_12, UINT64_MAX), ALWAYS(HANDBACK_TO_12, UINT64_MAX)),
	  .trigger = { L1_HAS(0, 0), PLAY(DO(VMRUN), DO(CPUID)) },
	  .symptom = BITS(CPUID, PSVM_V_INTR_MASKING) },
	{ "M30", "the interrupt shadow is not refreshed in the snapshot",
	  .kind = MUSEUM_CAUGHT, EXACT, CHANGES(ALWAYS(REFRESH_FIELDS, PSVM_F_EVENT_INJ)),
	  .trigger = { L1_HAS(0, 0), PLAY(DO(VMRUN), DO(STI), RESTORES) },
	  .symptom = STALE },
	{ "M21", "an unchanged clean bit TPR stops the refresh", .kind = MUSEUM_STORY,
	  .why = "the clean bits are not a variable of any scope", EXACT,
	  CHANGES(CELL(REFRESH_TO_12,
		       PSVM_CELL_4(PSVM_WHEN(PSVM_V_TPR, 0, PSVM_C(CLEAN_TPR_12)),
				   PSVM_WHEN(PSVM_V_IRQ, PSVM_C(V_IRQ_12),
					     PSVM_C(VINTR_01) | PSVM_C(CLEAN_TPR_12)),
				   PSVM_WHEN(PSVM_V_GIF, PSVM_C(NESTED_VGIF),
					     PSVM_C(CLEAN_TPR_12)),
				   PSVM_WHEN(V_NMIS, PSVM_C(NESTED_VNMI),
					     PSVM_C(CLEAN_TPR_12))))),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0), L2_IF, CLEAN,
		       PLAY(DO(VMRUN), DO(NOP), RESTORES) },
	  .symptom = STALE },

	/* --- a VMRUN that fails --- */
	{ "K19 X01 M16", "a failed VMRUN leaves GIF as it is", .kind = MUSEUM_CAUGHT,
	  EXACT, CHANGES(EMPTY(HANDBACK_CLEAR_01)),
	  .trigger = { .facts = VGIF, L1_HAS_NO_VMRUN(0, 0), PLAY(DO(STGI), DO(VMRUN)) },
	  .symptom = BOTH(EXITED(INVALID), DIFFER_GIF) },
	{ "K32 M17", "a failed VMRUN leaves EVENTINJ as it is", .kind = MUSEUM_CAUGHT,
	  EXACT, CHANGES(EMPTY(INVALID_ZERO_12)), .sets = LINUX_OLD, .fixed = LINUX_NEW,
	  .trigger = { L1_HAS_NO_VMRUN(0, 0), INJECTS(EVENT(INTR, 0x61)),
		       PLAY(DO(VMRUN)) },
	  .symptom = BOTH(EXITED(INVALID), DIFFER_EVENT_INJ) },

	/* --- the processor --- */
	{ "Q06 M22", "a priority equal to V_TPR is enough (QEMU)", .kind = MUSEUM_CAUGHT,
	  EXACT, .options = PSVM_CPU(PRIO_EQUAL),
	  .trigger = { L1_HAS(PSVM_V_IRQ | TPR(5), 0), L2_IF, PLAY(DO(VMRUN), DO(NOP)) },
	  .symptom = SEES(RAN(2), V_IRQ_TAKEN) },
	{ "B01", "a V_IRQ is not looked at by VMRUN (Bochs)", .kind = MUSEUM_CAUGHT,
	  EXACT, .options = PSVM_CPU(LATE_V_IRQ),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0), L2_IF, PLAY(DO(VMRUN), DO(NOP)) },
	  .symptom = SEES(V_IRQ_TAKEN, RAN(2)) },
	{ "B06 M20", "#VMEXIT stores V_IRQ as a byte, over V_GIF (Bochs)",
	  .kind = MUSEUM_CAUGHT, EXACT, .options = PSVM_CPU(BYTE_061),
	  .trigger = { .facts = VGIF_G,
		       L1_HAS(PSVM_V_GIF | PSVM_V_GIF_ENABLE, 0),
		       PLAY(DO(VMRUN), DO(CPUID)) },
	  .symptom = BITS(CPUID, PSVM_V_GIF) },
	{ "B07", "raising V_TPR does not mask a V_IRQ that was open (Bochs)",
	  .kind = MUSEUM_CAUGHT, EXACT, .options = PSVM_CPU(NO_REMASK),
	  .trigger = { L1_HAS(PSVM_V_IRQ | PSVM_V_INTR_MASKING, 0),
		       PLAY(DO(VMRUN), DO(STI), CR8_IS(5), DO(NOP)) },
	  .symptom = SEES(RAN(2), V_IRQ_TAKEN) },

	/* --- nobody can see it --- */
	{ "M4", "WINDOW_USURP without its condition",
	  "The condition excludes V_INTR_MASKING with L1's IF at 0; exact asks for "
	  "a window only without V_INTR_MASKING (OPEN_WINDOW, CLOSED_WINDOW).",
	  .kind = MUSEUM_EQUIVALENT, .any_features = true, EXACT,
	  CHANGES(ALWAYS(WINDOW_USURP, PSVM_V_INJECTION | PSVM_V_INTR_VECTOR)),
	  .trigger = WINDOW_STORY },
	{ "M5", "with V_INTR_MASKING a window is always dropped",
	  "VINTR is intercepted in v01 only while a window is open for L2: "
	  "VMRUN_CLOSE closes one of L1, and exact asks for one only without "
	  "V_INTR_MASKING.",
	  .kind = MUSEUM_EQUIVALENT, .any_features = true, EXACT,
	  CHANGES(CELL(MERGE_DROP_MISC1,
		       PSVM_CELL_1(WITH_MASKING(PSVM_INTERCEPT_VINTR)))),
	  .trigger = WINDOW_STORY },
	{ "M2", "closing a window does not restore V_INTR_PRIO and V_IGN_TPR",
	  "Before each run of L2 without a window RUN_FROM_12 moves both from 12 to "
	  "02, and between two runs nobody reads them.",
	  .kind = MUSEUM_EQUIVALENT, .any_features = true, EXACT,
	  CHANGES(ALWAYS(CLOSE_RESTORE_02, PSVM_V_IRQ | PSVM_V_INTR_VECTOR)),
	  .trigger = WINDOW_STORY },
	{ "K12 M10",
	  "a #VMEXIT to L1 requests no look at what waits for L1, implicitly it does",
	  "Linux 6.1 restores L1's RFLAGS at each #VMEXIT, and the setter requests "
	  "the look (HANDBACK_REQUEST: the implicit request).",
	  .kind = MUSEUM_EQUIVALENT, .base = &psvm_rules_linux_6_1,
	  .trigger = { .facts = VGIF,
		       L1_HAS(0, 0),
		       PLAY(DO(VMRUN), INTR_COMES, DO(CPUID), DO(STI), DO(STGI),
			    DO(NOP)) } },
	{ "K28 M28", "TLB_CONTROL is written back",
	  "The snapshot has what VMRUN found in vmcb12, no transition changes it, "
	  "and the processor does not write it: the value stays. Only a second "
	  "processor of L1 that writes vmcb12 while L2 runs could tell.",
	  .kind = MUSEUM_EQUIVALENT, .any_features = true, EXACT,
	  CHANGES(ALWAYS(HANDBACK_STORE_12, PSVM_F_INT_CTL | PSVM_F_TLB_CONTROL)),
	  .trigger = { L1_HAS(PSVM_V_IRQ, 0), .start.vmcb12.words.tlb_control = 3,
		       PLAY(DO(VMRUN), INTR_COMES, DO(STI), DO(NOP), DO(IRET),
			    DO(CPUID)) } },

	/* --- outside the modelled state --- */
	{ "K20 M27", "AVIC_ENABLE of L1 survives a restore of L2",
	  OUTSIDE("L0's own AVIC for L1: AVIC_ENABLE in v01") },
	{ "K21", "V_IRQ of a window while AVIC is still enabled for L1",
	  OUTSIDE("L0's own AVIC for L1: AVIC_ENABLE in v01") },
	{ "K23", "V_TPR is not loaded while AVIC is active",
	  OUTSIDE("L0's own AVIC for L1, and its switching off") },
	{ "X02", "STGI and CLGI switch Xen's event channels only without vGIF",
	  OUTSIDE("events of L0 for L1 beside the local APIC") },
	{ "K33 M18", "L0's notes on an injected event survive a failed VMRUN",
	  OUTSIDE("L0's tracking of L1's soft interrupts and NMIs") },
	{ "K42 M31", "vmcb12 is read twice",
	  OUTSIDE("a second processor of L1 that writes vmcb12 (tests/fetch.sh: psvm's "
		  "own wrappers do not)") },
	{ "K43 M32", "RSM does not check vmcb12 again", OUTSIDE("SMM") },
	{ "K45", "CS.L with CS.D is not checked",
	  OUTSIDE("the save area: CS, EFER, CR0, CR4") },
	{ "K30", "TLB_CONTROL and a new ASID do not flush", OUTSIDE("TLBs and ASIDs") },
};
const unsigned museum_count = N_ROWS(museum);

struct psvm_rules museum_rules(const struct museum_row *row)
{
	struct psvm_rules rules = *row->base;

	for (unsigned i = 0; i < row->changes; i++)
		rules.cell[row->change[i].cell] = row->change[i].with;
	return rules;
}
