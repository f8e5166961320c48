/* SPDX-License-Identifier: MIT */
/*
 * The layout of a VMCB a second time, from [APM] tables B-1 and B-2 and 15.15.3: offsets
 * in the page (not in the area), sizes, and the number of the clean bit.
 */
#ifndef PSVM_TESTS_VMCB_MANUAL_H
#define PSVM_TESTS_VMCB_MANUAL_H

enum { NO_GROUP = -1 };

/*
 * SCALAR(area, name, size, offset in the page, clean bit), for fields with a
 * setter; ARRAY for fields without; SEGMENT for segment registers.
 */
#define SCALARS(SCALAR) \
	SCALAR(control, intercept_cr, 4, 0x000, 0) \
	SCALAR(control, intercept_dr, 4, 0x004, 0) \
	SCALAR(control, intercept_exceptions, 4, 0x008, 0) \
	SCALAR(control, intercept_misc1, 4, 0x00c, 0) \
	SCALAR(control, intercept_misc2, 4, 0x010, 0) \
	SCALAR(control, intercept_misc3, 4, 0x014, 0) \
	SCALAR(control, pause_filter_thresh, 2, 0x03c, 0) \
	SCALAR(control, pause_filter_count, 2, 0x03e, 0) \
	SCALAR(control, iopm_base_pa, 8, 0x040, 1) \
	SCALAR(control, msrpm_base_pa, 8, 0x048, 1) \
	SCALAR(control, tsc_offset, 8, 0x050, 0) \
	SCALAR(control, asid, 4, 0x058, 2) \
	SCALAR(control, tlb_control, 1, 0x05c, NO_GROUP) \
	SCALAR(control, erap, 1, 0x05d, NO_GROUP) \
	SCALAR(control, int_ctl, 8, 0x060, 3) \
	SCALAR(control, int_state, 8, 0x068, NO_GROUP) \
	SCALAR(control, exit_code, 8, 0x070, NO_GROUP) \
	SCALAR(control, exit_info_1, 8, 0x078, NO_GROUP) \
	SCALAR(control, exit_info_2, 8, 0x080, NO_GROUP) \
	SCALAR(control, exit_int_info, 8, 0x088, NO_GROUP) \
	SCALAR(control, nested_ctl, 8, 0x090, 4) \
	SCALAR(control, avic_vapic_bar, 8, 0x098, 11) \
	SCALAR(control, ghcb_gpa, 8, 0x0a0, NO_GROUP) \
	SCALAR(control, event_inj, 8, 0x0a8, NO_GROUP) \
	SCALAR(control, nested_cr3, 8, 0x0b0, 4) \
	SCALAR(control, virt_ext, 8, 0x0b8, NO_GROUP) \
	SCALAR(control, clean, 4, 0x0c0, NO_GROUP) \
	SCALAR(control, next_rip, 8, 0x0c8, NO_GROUP) \
	SCALAR(control, insn_len, 1, 0x0d0, NO_GROUP) \
	SCALAR(control, avic_backing_page, 8, 0x0e0, 11) \
	SCALAR(control, avic_logical_id, 8, 0x0f0, 11) \
	SCALAR(control, avic_physical_id, 8, 0x0f8, 11) \
	SCALAR(control, vmsa_pa, 8, 0x108, NO_GROUP) \
	SCALAR(control, vmgexit_rax, 8, 0x110, NO_GROUP) \
	SCALAR(control, vmgexit_cpl, 1, 0x118, NO_GROUP) \
	SCALAR(control, bus_lock_counter, 2, 0x120, NO_GROUP) \
	SCALAR(control, update_irr, 4, 0x134, NO_GROUP) \
	SCALAR(control, allowed_sev_features, 8, 0x138, NO_GROUP) \
	SCALAR(control, guest_sev_features, 8, 0x140, NO_GROUP) \
	SCALAR(save, cpl, 1, 0x4cb, 8) \
	SCALAR(save, efer, 8, 0x4d0, 5) \
	SCALAR(save, perf_ctl0, 8, 0x4e0, NO_GROUP) \
	SCALAR(save, perf_ctr0, 8, 0x4e8, NO_GROUP) \
	SCALAR(save, perf_ctl1, 8, 0x4f0, NO_GROUP) \
	SCALAR(save, perf_ctr1, 8, 0x4f8, NO_GROUP) \
	SCALAR(save, perf_ctl2, 8, 0x500, NO_GROUP) \
	SCALAR(save, perf_ctr2, 8, 0x508, NO_GROUP) \
	SCALAR(save, perf_ctl3, 8, 0x510, NO_GROUP) \
	SCALAR(save, perf_ctr3, 8, 0x518, NO_GROUP) \
	SCALAR(save, perf_ctl4, 8, 0x520, NO_GROUP) \
	SCALAR(save, perf_ctr4, 8, 0x528, NO_GROUP) \
	SCALAR(save, perf_ctl5, 8, 0x530, NO_GROUP) \
	SCALAR(save, perf_ctr5, 8, 0x538, NO_GROUP) \
	SCALAR(save, cr4, 8, 0x548, 5) \
	SCALAR(save, cr3, 8, 0x550, 5) \
	SCALAR(save, cr0, 8, 0x558, 5) \
	SCALAR(save, dr7, 8, 0x560, 6) \
	SCALAR(save, dr6, 8, 0x568, 6) \
	SCALAR(save, rflags, 8, 0x570, NO_GROUP) \
	SCALAR(save, rip, 8, 0x578, NO_GROUP) \
	SCALAR(save, instr_retired_ctr, 8, 0x5c0, NO_GROUP) \
	SCALAR(save, perf_ctr_global_sts, 8, 0x5c8, NO_GROUP) \
	SCALAR(save, perf_ctr_global_ctl, 8, 0x5d0, NO_GROUP) \
	SCALAR(save, rsp, 8, 0x5d8, NO_GROUP) \
	SCALAR(save, s_cet, 8, 0x5e0, 12) \
	SCALAR(save, ssp, 8, 0x5e8, 12) \
	SCALAR(save, isst_addr, 8, 0x5f0, 12) \
	SCALAR(save, rax, 8, 0x5f8, NO_GROUP) \
	SCALAR(save, star, 8, 0x600, NO_GROUP) \
	SCALAR(save, lstar, 8, 0x608, NO_GROUP) \
	SCALAR(save, cstar, 8, 0x610, NO_GROUP) \
	SCALAR(save, sfmask, 8, 0x618, NO_GROUP) \
	SCALAR(save, kernel_gs_base, 8, 0x620, NO_GROUP) \
	SCALAR(save, sysenter_cs, 8, 0x628, NO_GROUP) \
	SCALAR(save, sysenter_esp, 8, 0x630, NO_GROUP) \
	SCALAR(save, sysenter_eip, 8, 0x638, NO_GROUP) \
	SCALAR(save, cr2, 8, 0x640, 9) \
	SCALAR(save, g_pat, 8, 0x668, 4) \
	SCALAR(save, dbgctl, 8, 0x670, 10) \
	SCALAR(save, br_from, 8, 0x678, 10) \
	SCALAR(save, br_to, 8, 0x680, 10) \
	SCALAR(save, last_excp_from, 8, 0x688, 10) \
	SCALAR(save, last_excp_to, 8, 0x690, 10) \
	SCALAR(save, dbgextnctl, 8, 0x698, NO_GROUP) \
	SCALAR(save, spec_ctrl, 8, 0x6e0, NO_GROUP) \
	SCALAR(save, lbr_select, 8, 0xb70, NO_GROUP) \
	SCALAR(save, ibs_fetch_ctl, 8, 0xb78, NO_GROUP) \
	SCALAR(save, ibs_fetch_linaddr, 8, 0xb80, NO_GROUP) \
	SCALAR(save, ibs_op_ctl, 8, 0xb88, NO_GROUP) \
	SCALAR(save, ibs_op_rip, 8, 0xb90, NO_GROUP) \
	SCALAR(save, ibs_op_data, 8, 0xb98, NO_GROUP) \
	SCALAR(save, ibs_op_data2, 8, 0xba0, NO_GROUP) \
	SCALAR(save, ibs_op_data3, 8, 0xba8, NO_GROUP) \
	SCALAR(save, ibs_dc_linaddr, 8, 0xbb0, NO_GROUP) \
	SCALAR(save, bp_ibstgt_rip, 8, 0xbb8, NO_GROUP) \
	SCALAR(save, ic_ibs_extd_ctl, 8, 0xbc0, NO_GROUP)

#define SEGMENTS(SEGMENT) \
	SEGMENT(es, 0x400, 8) \
	SEGMENT(cs, 0x410, 8) \
	SEGMENT(ss, 0x420, 8) \
	SEGMENT(ds, 0x430, 8) \
	SEGMENT(fs, 0x440, NO_GROUP) \
	SEGMENT(gs, 0x450, NO_GROUP) \
	SEGMENT(gdtr, 0x460, 7) \
	SEGMENT(ldtr, 0x470, NO_GROUP) \
	SEGMENT(idtr, 0x480, 7) \
	SEGMENT(tr, 0x490, NO_GROUP)

/* ARRAY(area, name, size of an element, number, offset in the page) */
#define ARRAYS(ARRAY) \
	ARRAY(control, insn_bytes, 1, 15, 0x0d1) \
	ARRAY(control, requested_irr, 4, 8, 0x150) \
	ARRAY(control, host_software, 1, 32, 0x3e0) \
	ARRAY(save, lbr_stack, 8, 32, 0xa70)

/* RANGE(area, member, first byte, last byte), offsets in the page */
#define RANGES(RANGE) \
	RANGE(control, reserved_0x018, 0x018, 0x03b) \
	RANGE(control, reserved_0x05e, 0x05e, 0x05f) \
	RANGE(control, reserved_0x0c4, 0x0c4, 0x0c7) \
	RANGE(control, reserved_0x0e8, 0x0e8, 0x0ef) \
	RANGE(control, reserved_0x100, 0x100, 0x107) \
	RANGE(control, reserved_0x119, 0x119, 0x11f) \
	RANGE(control, reserved_0x122, 0x122, 0x133) \
	RANGE(control, reserved_0x148, 0x148, 0x14f) \
	RANGE(control, reserved_0x170, 0x170, 0x3df) \
	RANGE(save, reserved_0x0a0, 0x4a0, 0x4ca) \
	RANGE(save, reserved_0x0cc, 0x4cc, 0x4cf) \
	RANGE(save, reserved_0x0d8, 0x4d8, 0x4df) \
	RANGE(save, reserved_0x140, 0x540, 0x547) \
	RANGE(save, reserved_0x180, 0x580, 0x5bf) \
	RANGE(save, reserved_0x248, 0x648, 0x667) \
	RANGE(save, reserved_0x2a0, 0x6a0, 0x6df) \
	RANGE(save, reserved_0x2e8, 0x6e8, 0xa6f) \
	RANGE(save, reserved_0x7c8, 0xbc8, 0xfff)

#endif
