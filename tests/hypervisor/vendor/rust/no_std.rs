// SPDX-License-Identifier: MIT
//! The bindings without std: 0 if V_IRQ is as the README says.
#![no_std]
#![no_main]

#[allow(dead_code, deref_nullptr, non_camel_case_types, non_snake_case)]
#[allow(non_upper_case_globals, unknown_lints, unused_imports)]
mod psvm;

use psvm::*;

// Who calls main(), and the copies that a compiler makes.
#[link(name = "c")]
extern "C" {}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
	loop {}
}

fn v_irq_after(id: u32) -> u64 {
	let mut n: psvm_nested = unsafe { core::mem::zeroed() };
	n.v12.int_ctl = 1 << PSVM_V_IRQ_SHIFT;
	let result = unsafe { psvm_nested_sync_int_ctl(psvm_rules_builtin(id), n) };
	result.v12.int_ctl >> PSVM_V_IRQ_SHIFT & 1
}

#[no_mangle]
pub extern "C" fn main() -> i32 {
	(v_irq_after(PSVM_RULE_SET_exact) != 0 || v_irq_after(PSVM_RULE_SET_lkml_2022) != 1) as i32
}
