/* SPDX-License-Identifier: MIT */
/*
 * psvm/vmcb_fields.h - the one table of every byte of a VMCB.
 *
 * References
 *   [APM] AMD64 Architecture Programmer's Manual volume 2, order 24593,
 *         revision 3.44: table B-1 (control area), table B-2 (state save
 *         area), 15.15.3 (clean bits).
 *   [KVM] Linux, arch/x86/include/asm/svm.h: names of fields, where KVM has
 *         one for the same bytes.
 *
 * The structures, the static assertions of their layout, the setters, the
 * conversion of byte order and the words that the decoder prints are all
 * expanded from the rows below; no offset is written down twice.
 */
#ifndef PSVM_VMCB_FIELDS_H
#define PSVM_VMCB_FIELDS_H

/*
 * Each area is a sequence of rows without gap or overlap, in order of offset:
 *
 * FIELD(name, type, offset, width, count, clean, gate, section)
 * ARRAY(name, type, offset, width, count, clean, gate, section)
 * RESERVED(begin, end)
 *
 *   type    C type of one element; struct psvm_vmcb_segment has width 16
 *   offset  from the begin of the area
 *   width   of one element, in bytes: 1, 2, 4, 8, or 16 for a segment
 *   count   of elements: 1 in a FIELD, more in an ARRAY
 *   clean   the clean bit that lets the processor use a cached copy of the
 *           field, a row of PSVM_CLEAN_BITS; NONE if it is read at every VMRUN
 *   gate    what CPUID must report for the field to mean anything, a row of
 *           PSVM_GATES
 *   section of [APM]
 *   begin, end  of a reserved range, offsets from the begin of the area
 */
#define PSVM_VMCB_CONTROL_LAYOUT(FIELD, ARRAY, RESERVED) \
	FIELD(intercept_cr, uint32_t, 0x000, 4, 1, I, BASE, "15.9, B-1") \
	FIELD(intercept_dr, uint32_t, 0x004, 4, 1, I, BASE, "15.9, B-1") \
	FIELD(intercept_exceptions, uint32_t, 0x008, 4, 1, I, BASE, "15.12, B-1") \
	FIELD(intercept_misc1, uint32_t, 0x00c, 4, 1, I, BASE, "15.9, 15.13, B-1") \
	FIELD(intercept_misc2, uint32_t, 0x010, 4, 1, I, BASE, "15.9, B-1") \
	FIELD(intercept_misc3, uint32_t, 0x014, 4, 1, I, BASE, "15.9, B-1") \
	RESERVED(0x018, 0x03c) \
	FIELD(pause_filter_thresh, uint16_t, 0x03c, 2, 1, I, PAUSE_THRESHOLD, \
	      "15.14, B-1") \
	FIELD(pause_filter_count, uint16_t, 0x03e, 2, 1, I, PAUSE_FILTER, \
	      "15.14, B-1") \
	FIELD(iopm_base_pa, uint64_t, 0x040, 8, 1, IOPM, BASE, "15.10, B-1") \
	FIELD(msrpm_base_pa, uint64_t, 0x048, 8, 1, IOPM, BASE, "15.11, B-1") \
	FIELD(tsc_offset, uint64_t, 0x050, 8, 1, I, BASE, "B-1") \
	FIELD(asid, uint32_t, 0x058, 4, 1, ASID, BASE, "15.16, B-1") \
	FIELD(tlb_control, uint8_t, 0x05c, 1, 1, NONE, BASE, "15.16, B-1") \
	FIELD(erap, uint8_t, 0x05d, 1, 1, NONE, ERAPS, "B-1") \
	RESERVED(0x05e, 0x060) \
	FIELD(int_ctl, uint64_t, 0x060, 8, 1, TPR, BASE, "15.21, B-1") \
	FIELD(int_state, uint64_t, 0x068, 8, 1, NONE, BASE, "15.21.5, B-1") \
	FIELD(exit_code, uint64_t, 0x070, 8, 1, NONE, BASE, "15.6, B-1") \
	FIELD(exit_info_1, uint64_t, 0x078, 8, 1, NONE, BASE, "15.6, B-1") \
	FIELD(exit_info_2, uint64_t, 0x080, 8, 1, NONE, BASE, "15.6, B-1") \
	FIELD(exit_int_info, uint64_t, 0x088, 8, 1, NONE, BASE, "15.7, B-1") \
	FIELD(nested_ctl, uint64_t, 0x090, 8, 1, NP, BASE, "15.25, B-1") \
	FIELD(avic_vapic_bar, uint64_t, 0x098, 8, 1, AVIC, AVIC, "15.29, B-1") \
	FIELD(ghcb_gpa, uint64_t, 0x0a0, 8, 1, NONE, SEV_ES, "15.35, B-1") \
	FIELD(event_inj, uint64_t, 0x0a8, 8, 1, NONE, BASE, "15.20, B-1") \
	FIELD(nested_cr3, uint64_t, 0x0b0, 8, 1, NP, NP, "15.25, B-1") \
	FIELD(virt_ext, uint64_t, 0x0b8, 8, 1, NONE, BASE, "15.23, 15.33, B-1") \
	FIELD(clean, uint32_t, 0x0c0, 4, 1, NONE, VMCB_CLEAN, "15.15, B-1") \
	RESERVED(0x0c4, 0x0c8) \
	FIELD(next_rip, uint64_t, 0x0c8, 8, 1, NONE, NRIPS, "15.7, B-1") \
	FIELD(insn_len, uint8_t, 0x0d0, 1, 1, NONE, DECODE_ASSISTS, "15.8, B-1") \
	ARRAY(insn_bytes, uint8_t, 0x0d1, 1, 15, NONE, DECODE_ASSISTS, "15.8, B-1") \
	FIELD(avic_backing_page, uint64_t, 0x0e0, 8, 1, AVIC, AVIC, "15.29, B-1") \
	RESERVED(0x0e8, 0x0f0) \
	FIELD(avic_logical_id, uint64_t, 0x0f0, 8, 1, AVIC, AVIC, "15.29, B-1") \
	FIELD(avic_physical_id, uint64_t, 0x0f8, 8, 1, AVIC, AVIC, "15.29, B-1") \
	RESERVED(0x100, 0x108) \
	FIELD(vmsa_pa, uint64_t, 0x108, 8, 1, NONE, SEV_ES, "15.35, B-1") \
	FIELD(vmgexit_rax, uint64_t, 0x110, 8, 1, NONE, VMGEXIT_PARAMETER, "B-1") \
	FIELD(vmgexit_cpl, uint8_t, 0x118, 1, 1, NONE, VMGEXIT_PARAMETER, "B-1") \
	RESERVED(0x119, 0x120) \
	FIELD(bus_lock_counter, uint16_t, 0x120, 2, 1, NONE, BUS_LOCK_THRESHOLD, \
	      "15.14, B-1") \
	RESERVED(0x122, 0x134) \
	FIELD(update_irr, uint32_t, 0x134, 4, 1, NONE, SECURE_AVIC, "15.36, B-1") \
	FIELD(allowed_sev_features, uint64_t, 0x138, 8, 1, NONE, \
	      ALLOWED_SEV_FEATURES, "15.36, B-1") \
	FIELD(guest_sev_features, uint64_t, 0x140, 8, 1, NONE, \
	      ALLOWED_SEV_FEATURES, "15.36, B-1") \
	RESERVED(0x148, 0x150) \
	ARRAY(requested_irr, uint32_t, 0x150, 4, 8, NONE, SECURE_AVIC, "15.36, B-1") \
	RESERVED(0x170, 0x3e0) \
	ARRAY(host_software, uint8_t, 0x3e0, 1, 32, NONE, BASE, "B-1")

#define PSVM_VMCB_SAVE_LAYOUT(FIELD, ARRAY, RESERVED) \
	FIELD(es, struct psvm_vmcb_segment, 0x000, 16, 1, SEG, BASE, "B-2") \
	FIELD(cs, struct psvm_vmcb_segment, 0x010, 16, 1, SEG, BASE, "B-2") \
	FIELD(ss, struct psvm_vmcb_segment, 0x020, 16, 1, SEG, BASE, "B-2") \
	FIELD(ds, struct psvm_vmcb_segment, 0x030, 16, 1, SEG, BASE, "B-2") \
	FIELD(fs, struct psvm_vmcb_segment, 0x040, 16, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(gs, struct psvm_vmcb_segment, 0x050, 16, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(gdtr, struct psvm_vmcb_segment, 0x060, 16, 1, DT, BASE, "B-2") \
	FIELD(ldtr, struct psvm_vmcb_segment, 0x070, 16, 1, NONE, BASE, \
	      "15.5.2, B-2") \
	FIELD(idtr, struct psvm_vmcb_segment, 0x080, 16, 1, DT, BASE, "B-2") \
	FIELD(tr, struct psvm_vmcb_segment, 0x090, 16, 1, NONE, BASE, "15.5.2, B-2") \
	RESERVED(0x0a0, 0x0cb) \
	FIELD(cpl, uint8_t, 0x0cb, 1, 1, SEG, BASE, "B-2") \
	RESERVED(0x0cc, 0x0d0) \
	FIELD(efer, uint64_t, 0x0d0, 8, 1, CRX, BASE, "15.5.1, B-2") \
	RESERVED(0x0d8, 0x0e0) \
	FIELD(perf_ctl0, uint64_t, 0x0e0, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctr0, uint64_t, 0x0e8, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctl1, uint64_t, 0x0f0, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctr1, uint64_t, 0x0f8, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctl2, uint64_t, 0x100, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctr2, uint64_t, 0x108, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctl3, uint64_t, 0x110, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctr3, uint64_t, 0x118, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctl4, uint64_t, 0x120, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctr4, uint64_t, 0x128, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctl5, uint64_t, 0x130, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctr5, uint64_t, 0x138, 8, 1, NONE, PMC_VIRT, "B-2") \
	RESERVED(0x140, 0x148) \
	FIELD(cr4, uint64_t, 0x148, 8, 1, CRX, BASE, "15.5.1, B-2") \
	FIELD(cr3, uint64_t, 0x150, 8, 1, CRX, BASE, "15.5.1, B-2") \
	FIELD(cr0, uint64_t, 0x158, 8, 1, CRX, BASE, "15.5.1, B-2") \
	FIELD(dr7, uint64_t, 0x160, 8, 1, DRX, BASE, "15.5.1, B-2") \
	FIELD(dr6, uint64_t, 0x168, 8, 1, DRX, BASE, "15.5.1, B-2") \
	FIELD(rflags, uint64_t, 0x170, 8, 1, NONE, BASE, "15.5.1, B-2") \
	FIELD(rip, uint64_t, 0x178, 8, 1, NONE, BASE, "15.5.1, B-2") \
	RESERVED(0x180, 0x1c0) \
	FIELD(instr_retired_ctr, uint64_t, 0x1c0, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctr_global_sts, uint64_t, 0x1c8, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(perf_ctr_global_ctl, uint64_t, 0x1d0, 8, 1, NONE, PMC_VIRT, "B-2") \
	FIELD(rsp, uint64_t, 0x1d8, 8, 1, NONE, BASE, "15.5.1, B-2") \
	FIELD(s_cet, uint64_t, 0x1e0, 8, 1, CET, SHADOW_STACK, "15.5.1, B-2") \
	FIELD(ssp, uint64_t, 0x1e8, 8, 1, CET, SHADOW_STACK, "15.5.1, B-2") \
	FIELD(isst_addr, uint64_t, 0x1f0, 8, 1, CET, SHADOW_STACK, "15.5.1, B-2") \
	FIELD(rax, uint64_t, 0x1f8, 8, 1, NONE, BASE, "15.5.1, B-2") \
	FIELD(star, uint64_t, 0x200, 8, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(lstar, uint64_t, 0x208, 8, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(cstar, uint64_t, 0x210, 8, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(sfmask, uint64_t, 0x218, 8, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(kernel_gs_base, uint64_t, 0x220, 8, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(sysenter_cs, uint64_t, 0x228, 8, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(sysenter_esp, uint64_t, 0x230, 8, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(sysenter_eip, uint64_t, 0x238, 8, 1, NONE, BASE, "15.5.2, B-2") \
	FIELD(cr2, uint64_t, 0x240, 8, 1, CR2, BASE, "15.5.1, B-2") \
	RESERVED(0x248, 0x268) \
	FIELD(g_pat, uint64_t, 0x268, 8, 1, NP, NP, "15.25.4, B-2") \
	FIELD(dbgctl, uint64_t, 0x270, 8, 1, LBR, LBR_VIRT, "15.23, B-2") \
	FIELD(br_from, uint64_t, 0x278, 8, 1, LBR, LBR_VIRT, "15.23, B-2") \
	FIELD(br_to, uint64_t, 0x280, 8, 1, LBR, LBR_VIRT, "15.23, B-2") \
	FIELD(last_excp_from, uint64_t, 0x288, 8, 1, LBR, LBR_VIRT, "15.23, B-2") \
	FIELD(last_excp_to, uint64_t, 0x290, 8, 1, LBR, LBR_VIRT, "15.23, B-2") \
	FIELD(dbgextnctl, uint64_t, 0x298, 8, 1, NONE, LBR_VIRT, "15.23, B-2") \
	RESERVED(0x2a0, 0x2e0) \
	FIELD(spec_ctrl, uint64_t, 0x2e0, 8, 1, NONE, SPEC_CTRL, "B-2") \
	RESERVED(0x2e8, 0x670) \
	ARRAY(lbr_stack, uint64_t, 0x670, 8, 32, NONE, LBR_STACK, "15.23, B-2") \
	FIELD(lbr_select, uint64_t, 0x770, 8, 1, NONE, LBR_STACK, "15.23, B-2") \
	FIELD(ibs_fetch_ctl, uint64_t, 0x778, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(ibs_fetch_linaddr, uint64_t, 0x780, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(ibs_op_ctl, uint64_t, 0x788, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(ibs_op_rip, uint64_t, 0x790, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(ibs_op_data, uint64_t, 0x798, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(ibs_op_data2, uint64_t, 0x7a0, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(ibs_op_data3, uint64_t, 0x7a8, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(ibs_dc_linaddr, uint64_t, 0x7b0, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(bp_ibstgt_rip, uint64_t, 0x7b8, 8, 1, NONE, IBS_VIRT, "B-2") \
	FIELD(ic_ibs_extd_ctl, uint64_t, 0x7c0, 8, 1, NONE, IBS_VIRT, "B-2") \
	RESERVED(0x7c8, 0xc00)

/* Only the rows with a name: X(name, type, offset, width, count, clean, gate,
 * section). */
#define PSVM_NO_ROW(begin, end)
#define PSVM_VMCB_CONTROL_FIELDS(X) PSVM_VMCB_CONTROL_LAYOUT(X, X, PSVM_NO_ROW)
#define PSVM_VMCB_SAVE_FIELDS(X) PSVM_VMCB_SAVE_LAYOUT(X, X, PSVM_NO_ROW)

/*
 * What the gates are: X(gate, text). Fn8000_000A is the leaf of SVM.
 */
#define PSVM_GATES(X) \
	X(BASE, "every processor with SVM") \
	X(NP, "CPUID Fn8000_000A EDX[0]") \
	X(LBR_VIRT, "CPUID Fn8000_000A EDX[1]") \
	X(NRIPS, "CPUID Fn8000_000A EDX[3]") \
	X(VMCB_CLEAN, "CPUID Fn8000_000A EDX[5]") \
	X(FLUSH_BY_ASID, "CPUID Fn8000_000A EDX[6]") \
	X(DECODE_ASSISTS, "CPUID Fn8000_000A EDX[7]") \
	X(PMC_VIRT, "CPUID Fn8000_000A EDX[8]") \
	X(PAUSE_FILTER, "CPUID Fn8000_000A EDX[10]") \
	X(PAUSE_THRESHOLD, "CPUID Fn8000_000A EDX[12]") \
	X(AVIC, "CPUID Fn8000_000A EDX[13]") \
	X(VMSAVE_VIRT, "CPUID Fn8000_000A EDX[15]") \
	X(VGIF, "CPUID Fn8000_000A EDX[16]") \
	X(GMET, "CPUID Fn8000_000A EDX[17]") \
	X(X2AVIC, "CPUID Fn8000_000A EDX[18]") \
	X(SSS_CHECK, "CPUID Fn8000_000A EDX[19]") \
	X(SPEC_CTRL, "CPUID Fn8000_000A EDX[20]") \
	X(ROGPT, "CPUID Fn8000_000A EDX[21]") \
	X(TLBI_CTL, "CPUID Fn8000_000A EDX[24]") \
	X(VNMI, "CPUID Fn8000_000A EDX[25]") \
	X(IBS_VIRT, "CPUID Fn8000_000A EDX[26]") \
	X(BUS_LOCK_THRESHOLD, "CPUID Fn8000_000A EDX[29]") \
	X(IDLE_HLT, "CPUID Fn8000_000A EDX[30]") \
	X(SEV, "CPUID Fn8000_001F EAX[1]") \
	X(SEV_ES, "CPUID Fn8000_001F EAX[3]") \
	X(VTE, "CPUID Fn8000_001F EAX[16]") \
	X(VMGEXIT_PARAMETER, "CPUID Fn8000_001F EAX[17]") \
	X(SECURE_AVIC, "CPUID Fn8000_001F EAX[26]") \
	X(ALLOWED_SEV_FEATURES, "CPUID Fn8000_001F EAX[27]") \
	X(ERAPS, "CPUID Fn8000_0021 EAX[24]") \
	X(LBR_STACK, "CPUID Fn8000_000A EDX[1], and the LBR stack") \
	X(SHADOW_STACK, "CPUID Fn0000_0007 ECX[7]") \
	X(INSTRUCTION, "the CPUID bit of the instruction")

#endif
