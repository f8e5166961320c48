// SPDX-License-Identifier: MIT
//! psvm through bindings: the example of the README, and what the manual says of
//! layout and transitions. `rustc --test` runs the tests, bindgen's own with them.

#[allow(dead_code, deref_nullptr, non_camel_case_types, non_snake_case)]
#[allow(non_upper_case_globals, unknown_lints, unused_imports)]
mod psvm;

use psvm::*;

const V_IRQ: u64 = 1 << PSVM_V_IRQ_SHIFT;
const V_INTR_PRIO: u64 = 15 << PSVM_V_INTR_PRIO_SHIFT;
const V_INTR_MASKING: u64 = 1 << PSVM_V_INTR_MASKING_SHIFT;

fn rules(id: u32) -> *const psvm_rules {
	unsafe { psvm_rules_builtin(id) }
}

/// L1 requested a virtual interrupt, L2 took it, and now exits to L1.
fn taken() -> psvm_nested {
	let mut n: psvm_nested = unsafe { core::mem::zeroed() };
	n.v12.int_ctl = V_IRQ | V_INTR_PRIO;
	n.v02.int_ctl = V_INTR_PRIO | V_INTR_MASKING;
	n
}

fn v_irq_after(id: u32) -> u8 {
	let result = unsafe { psvm_nested_sync_int_ctl(rules(id), taken()) };
	(result.v12.int_ctl & V_IRQ != 0) as u8
}

fn main() {
	println!(
		"V_IRQ of vmcb12: exact {}, lkml-2022 {}",
		v_irq_after(PSVM_RULE_SET_exact),
		v_irq_after(PSVM_RULE_SET_lkml_2022)
	);
}

#[cfg(test)]
mod tests {
	use super::*;
	use core::mem::{size_of, zeroed};
	use core::ptr::{addr_of, null};

	const EXACT: u32 = PSVM_RULE_SET_exact;
	const INTERCEPT_INTR: u32 = 1;
	const INTERCEPT_CPUID: u32 = 1 << 18;

	fn fact(bit: u32) -> u32 {
		1 << bit
	}

	/// An L1 as hypervisors are: it intercepts INTR and sets V_INTR_MASKING.
	fn usual() -> psvm_nested {
		let mut n: psvm_nested = unsafe { zeroed() };
		n.v12.int_ctl = V_INTR_MASKING | 5;
		n.v12.misc1 = INTERCEPT_INTR | INTERCEPT_CPUID;
		n.v01.misc1 = INTERCEPT_INTR;
		n.facts = fact(PSVM_C_L1_IF_BIT);
		n
	}

	fn entered() -> psvm_nested {
		let mut n = usual();
		let result = unsafe { psvm_enter(rules(EXACT), n) };
		assert_eq!(result.status.code, PSVM_OK);
		assert_eq!(u32::from(result.outcome), PSVM_DONE);
		n.v02 = result.v02;
		n.v01 = result.v01;
		n
	}

	/// APM volume 2, appendix B: tables B-1 and B-2, the save area at 400h.
	#[test]
	fn layout() {
		let vmcb: psvm_vmcb = unsafe { zeroed() };
		let base = addr_of!(vmcb) as usize;
		let at = |address: usize| address - base;
		assert_eq!(size_of::<psvm_vmcb>(), 0x1000);
		for (name, offset, manual) in [
			("intercepts of word 3", at(addr_of!(vmcb.control.intercept_misc1) as usize), 0x00c),
			("TSC_OFFSET", at(addr_of!(vmcb.control.tsc_offset) as usize), 0x050),
			("TLB_CONTROL", at(addr_of!(vmcb.control.tlb_control) as usize), 0x05c),
			("V_TPR", at(addr_of!(vmcb.control.int_ctl) as usize), 0x060),
			("INTERRUPT_SHADOW", at(addr_of!(vmcb.control.int_state) as usize), 0x068),
			("EXITCODE", at(addr_of!(vmcb.control.exit_code) as usize), 0x070),
			("EXITINTINFO", at(addr_of!(vmcb.control.exit_int_info) as usize), 0x088),
			("EVENTINJ", at(addr_of!(vmcb.control.event_inj) as usize), 0x0a8),
			("clean bits", at(addr_of!(vmcb.control.clean) as usize), 0x0c0),
			("CPL", at(addr_of!(vmcb.save.cpl) as usize), 0x4cb),
			("EFER", at(addr_of!(vmcb.save.efer) as usize), 0x4d0),
			("RFLAGS", at(addr_of!(vmcb.save.rflags) as usize), 0x570),
			("RIP", at(addr_of!(vmcb.save.rip) as usize), 0x578),
			("RSP", at(addr_of!(vmcb.save.rsp) as usize), 0x5d8),
			("RAX", at(addr_of!(vmcb.save.rax) as usize), 0x5f8),
		] {
			assert_eq!(offset, manual, "{}", name);
		}
	}

	#[test]
	fn example() {
		assert_eq!(v_irq_after(PSVM_RULE_SET_exact), 0);
		assert_eq!(v_irq_after(PSVM_RULE_SET_lkml_2022), 1);
	}

	#[test]
	fn rule_sets() {
		for id in 0..PSVM_RULE_SET_COUNT {
			let table = rules(id);
			assert_eq!(unsafe { psvm_rules_check(table) }.code, PSVM_OK);
			assert_eq!(unsafe { (*table).size } as usize, size_of::<psvm_rules>());
		}
		assert!(rules(PSVM_RULE_SET_COUNT).is_null());
	}

	#[test]
	fn bad_input() {
		let result = unsafe { psvm_enter(null(), usual()) };
		assert_eq!(result.status.code, PSVM_E_NULL);
		assert_eq!(result.status.where_, PSVM_AT_RULES);
		assert_eq!(result.v12.int_ctl, usual().v12.int_ctl);
	}

	/// 15.21.1: L2 runs with L1's V_TPR and V_INTR_MASKING.
	#[test]
	fn enter() {
		let snapshot = unsafe { psvm_snapshot(rules(EXACT), usual()) };
		assert_eq!(snapshot.v12.int_ctl, usual().v12.int_ctl);
		assert_eq!(entered().v02.int_ctl & 15, 5);
		assert_ne!(entered().v02.int_ctl & V_INTR_MASKING, 0);
		let again = unsafe { psvm_reenter(rules(EXACT), entered()) };
		assert_eq!(again.v02.int_ctl, entered().v02.int_ctl);
	}

	/// 15.5.1: what fails the consistency checks does not run.
	#[test]
	fn enter_fails() {
		let mut n = usual();
		n.facts |= fact(PSVM_C_CHECKS_FAILED_BIT);
		let result = unsafe { psvm_enter(rules(EXACT), n) };
		assert_eq!(u32::from(result.outcome), PSVM_VMEXIT_INVALID);
	}

	/// 15.6, 15.21: the processor writes V_TPR back; EVENTINJ and GIF become 0.
	#[test]
	fn exit() {
		let mut n = entered();
		n.v02.int_ctl = n.v02.int_ctl & !15 | 9;
		n.v12 = unsafe { psvm_refresh(rules(EXACT), n) }.v12;
		assert_eq!(n.v12.int_ctl & 15, 9);
		let result = unsafe { psvm_nested_sync_int_ctl(rules(EXACT), n) };
		assert_eq!(result.v12.int_ctl & 15, 9);
		assert_eq!(result.v12.event_inj, 0);
		assert_eq!(result.gif, 0);
	}

	/// 15.9: 02 intercepts what 01 or 12 does; appendix C: CPUID is 72h, and NPF 400h
	/// is of a table that L0 made.
	#[test]
	fn intercepts() {
		let (mut i12, mut i01): (psvm_intercepts, psvm_intercepts) = unsafe { zeroed() };
		i12.word[3] = INTERCEPT_CPUID;
		i01.word[3] = INTERCEPT_INTR;
		let route =
			|code, i12| unsafe { psvm_route_exit(rules(EXACT), entered(), code, i12, i01) };
		let merged = unsafe { psvm_merge_intercepts(rules(EXACT), entered(), i12, i01) };
		assert_eq!(merged.word[3] & INTERCEPT_CPUID, INTERCEPT_CPUID);
		assert_eq!(route(0x72, i12), PSVM_L1);
		assert_eq!(route(0x72, i01), PSVM_L0);
		assert_eq!(route(0x400, i12), PSVM_L0);
	}

	/// 15.21.1: L1's interrupt ends L2 if L1's IF was 1; else L2 runs on.
	#[test]
	fn arrives() {
		let mut n = entered();
		n.facts = fact(PSVM_C_L1_IF_BIT) | fact(PSVM_C_L1_GIF_BIT);
		assert_eq!(unsafe { psvm_interrupt_arrives(rules(EXACT), n) }, PSVM_EXIT);
		n.facts = fact(PSVM_C_L1_GIF_BIT);
		assert_ne!(unsafe { psvm_interrupt_arrives(rules(EXACT), n) }, PSVM_EXIT);
	}

	/// 15.21.4: a window is V_IRQ and its intercept, and leaves no trace.
	#[test]
	fn window() {
		let linux = rules(PSVM_RULE_SET_linux_6_12);
		let mut n = usual();
		n.v12.int_ctl &= !V_INTR_MASKING;
		n.v12.misc1 = 0;
		n.facts = fact(PSVM_C_L1_GIF_BIT);
		let before = unsafe { psvm_enter(linux, n) };
		n.v02 = before.v02;
		n.v01 = before.v01;
		let open = unsafe { psvm_window_open(linux, n) };
		assert_eq!(u32::from(open.outcome), PSVM_DONE);
		assert_ne!(open.v02.int_ctl & V_IRQ, 0);
		assert_ne!(open.v02.misc1 & 1 << 4, 0);
		n.v02 = open.v02;
		n.v01 = open.v01;
		let closed = unsafe { psvm_window_close(linux, n) };
		assert_eq!(closed.v02.int_ctl, before.v02.int_ctl);
		assert_eq!(closed.v02.misc1, before.v02.misc1);
	}

	/// The functions on pages: int_ctl of a page is the word at 60h.
	#[test]
	fn pages() {
		let (mut vmcb01, mut vmcb02): (psvm_vmcb, psvm_vmcb) = unsafe { zeroed() };
		let mut snapshot: psvm_vmcb_control = unsafe { zeroed() };
		let mut vmcb12 = [0u64; 512];
		vmcb12[0x60 / 8] = V_INTR_MASKING | 7;
		let mut pages: psvm_pages = unsafe { zeroed() };
		pages.vmcb01 = &mut vmcb01;
		pages.vmcb02 = &mut vmcb02;
		pages.snapshot = &mut snapshot;
		pages.vmcb12 = vmcb12.as_mut_ptr().cast();
		unsafe {
			assert_eq!(psvm_vmcb_snapshot(rules(EXACT), &pages).status.code, PSVM_OK);
			assert_eq!(psvm_vmcb_enter(rules(EXACT), &pages).status.code, PSVM_OK);
		}
		assert_eq!(snapshot.int_ctl, V_INTR_MASKING | 7);
		assert_eq!(vmcb02.control.int_ctl & 15, 7);
	}
}
