# SPDX-License-Identifier: MIT
"""Which pieces of which source packages make a side (side.py)."""

import re
import typing

FILES = {
    "nested.c": "arch/x86/kvm/svm/nested.c",
    "svm.c": "arch/x86/kvm/svm/svm.c",
    "svm.h": "arch/x86/kvm/svm/svm.h",
    "rflags.c": "arch/x86/kvm/x86.c",
    "vmcb.h": "arch/x86/include/asm/svm.h",
    "exits.h": "arch/x86/include/uapi/asm/svm.h",
    "kvm_host.h": "arch/x86/include/asm/kvm_host.h",
    "flags.h": "arch/x86/include/uapi/asm/processor-flags.h",
    "version": "Makefile",
}
# Of two paths the first that there is: regs.c came within the stable releases of 6.12.
FILES_6_12 = {**FILES, "rflags.c": "arch/x86/kvm/regs.c arch/x86/kvm/x86.c"}
FILES_7_2 = FILES_6_12

# Where constants may be defined; those that the functions use are taken.
CONSTANTS = ["exits.h", "flags.h", "kvm_host.h", "vmcb.h", "svm.h", "nested.c"]
# Types in the order of their use: (file, kind, name); an enumeration by one member.
TYPES = [
    ("vmcb.h", "enum", "INTERCEPT_CR"), ("vmcb.h", "enum", "INTERCEPT_CR0_READ"),
    ("svm.h", "enum", "VMCB_INTERCEPTS"),
    ("vmcb.h", "struct", "vmcb_control_area"), ("vmcb.h", "struct", "vmcb_seg"),
    ("vmcb.h", "struct", "vmcb_save_area"), ("vmcb.h", "struct", "vmcb"),
    ("svm.h", "struct", "kvm_vmcb_info"), ("svm.h", "struct", "vmcb_save_area_cached"),
    ("svm.h", "struct", "vmcb_ctrl_area_cached"), ("svm.h", "struct", "svm_nested_state"),
    ("svm.h", "struct", "vcpu_sev_es_state"), ("svm.h", "struct", "vcpu_svm"),
]

FUNCTIONS = {
    "rflags.c": ["kvm_set_rflags"],
    "svm.h": ["to_svm", "vmcb_mark_dirty", "vmcb_is_dirty", "vmcb_set_intercept",
              "vmcb_clr_intercept", "vmcb_is_intercept", "vmcb12_is_intercept",
              "svm_set_intercept", "svm_clr_intercept", "svm_is_intercept",
              "nested_vgif_enabled", "nested_npt_enabled", "get_vgif_vmcb",
              "enable_gif", "disable_gif", "gif_set"],
    "svm.c": ["svm_switch_vmcb", "svm_set_vintr", "svm_clear_vintr", "svm_set_gif",
              "svm_enable_irq_window", "interrupt_window_interception"],
    "nested.c": ["nested_vmcb_needs_vls_intercept", "recalc_intercepts",
                 "__nested_vmcb_check_controls", "nested_vmcb_check_controls",
                 "__nested_copy_vmcb_control_to_cache",
                 "nested_copy_vmcb_control_to_cache",
                 "__nested_copy_vmcb_save_to_cache", "nested_copy_vmcb_save_to_cache",
                 "nested_sync_control_from_vmcb02",
                 "nested_save_pending_event_to_vmcb12",
                 "nested_svm_transition_tlb_flush", "nested_vmcb02_prepare_save",
                 "is_evtinj_soft", "is_evtinj_nmi", "nested_vmcb02_prepare_control",
                 "nested_svm_copy_common_state", "enter_svm_guest_mode",
                 "nested_svm_vmrun", "nested_svm_vmexit"],
}
FUNCTIONS_6_12 = {
    **FUNCTIONS,
    "svm.h": FUNCTIONS["svm.h"] + ["nested_vnmi_enabled", "nested_exit_on_intr"],
    "nested.c": FUNCTIONS["nested.c"] + ["nested_svm_check_cached_vmcb12"],
}


def renamed(functions, gone, new):
    """The same table with some names gone, and others instead or besides."""
    return {file: [n for n in names if n not in gone] + new.get(file, [])
            for file, names in functions.items()}


FUNCTIONS_7_2 = renamed(
    FUNCTIONS_6_12,
    ["recalc_intercepts", "__nested_vmcb_check_controls", "vmcb_is_dirty"],
    {"svm.h": ["__vmcb_set_intercept", "__vmcb_clr_intercept", "__vmcb_is_intercept",
               "vmcb12_clr_intercept", "vmcb12_is_dirty", "svm_mark_intercepts_dirty"],
     "svm.c": ["svm_has_pending_gif_event"],
     "nested.c": ["nested_vmcb02_recalc_intercepts", "nested_svm_copy_vmcb12_to_cache",
                  "nested_svm_vmexit_update_vmcb12"]})

FILES_XEN = {
    "nested.c": "xen/arch/x86/hvm/svm/nestedsvm.c",
    "intr.c": "xen/arch/x86/hvm/svm/intr.c",
    "nested.h": "xen/arch/x86/include/asm/hvm/svm/nestedsvm.h",
    "vmcb.h": "xen/arch/x86/include/asm/hvm/svm/vmcb.h",
}
TYPES_XEN = [
    ("vmcb.h", "enum", "GENERAL1_INTERCEPT_VINTR"), ("vmcb.h", "union", "intinfo_t"),
    ("vmcb.h", "union", "intstat_t"), ("vmcb.h", "union", "vintr_t"),
    ("vmcb.h", "union", "virt_ext_t"), ("vmcb.h", "union", "vmcbcleanbits_t"),
    ("vmcb.h", "struct", "vmcb_struct"), ("vmcb.h", "accessors", "VMCB_ACCESSORS"),
    ("nested.h", "struct", "nestedsvm"),
]
FUNCTIONS_XEN = {
    "nested.c": ["nsvm_vmcb_prepare4vmrun", "nsvm_vmcb_prepare4vmexit",
                 "nestedsvm_vmexit_defer"],
    "intr.c": ["svm_enable_intr_window"],
}

# The November 2022 series up to the seed, as changes of 6.1: what patch 02/13 and 03/13
# and then 04/13 make of the write-back of int_ctl. (function, pattern, what replaces it);
# a pattern that does not occur exactly once is a source that has changed.
SYNC = "nested_sync_control_from_vmcb02"
EDITS_BASE = [
    (SYNC, r"\w+ nested_sync_control_from_vmcb02\(([^)]*)\)",
     r"static void nested_sync_int_ctl_from_vmcb02(\1, struct vmcb *vmcb12)"),
    (SYNC, r"svm->nested\.ctl\.event_inj\s*=[^;]*;", ""),
    (SYNC, r"svm->nested\.ctl\.event_inj_err\s*=[^;]*;", ""),
    (SYNC, r"svm->nested\.ctl\.int_state\s*=[^;]*;", ""),
    (SYNC, r"svm->nested\.ctl\.int_ctl(\s*&=)", r"vmcb12->control.int_ctl\1"),
    (SYNC, r"svm->nested\.ctl\.int_ctl(\s*\|=)", r"vmcb12->control.int_ctl\1"),
    ("nested_svm_vmexit", r"(vmcb12->control\.int_ctl\s*=[^;]*;)",
     r"\1 nested_sync_int_ctl_from_vmcb02(svm, vmcb12);"),
]
# The mask of bits for vmcb01 is empty, so there is nothing to write.
EDITS_SEED = EDITS_BASE + [
    (SYNC, r"(?s)mask =.*?mask &=[^;]*;\s*}", """mask = 0;
	if (svm->nested.ctl.int_ctl & V_INTR_MASKING_MASK)
		mask |= V_IRQ_MASK | V_TPR_MASK;
	else if (svm->nested.vmcb02.ptr->control.int_ctl & V_IRQ_MASK)
		kvm_make_request(KVM_REQ_EVENT, &svm->vcpu);"""),
]


def linux_version(_, files):
    """6.1.192 out of the top Makefile."""
    number = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", files["version"],
                             re.M))
    return "Linux {VERSION}.{PATCHLEVEL}.{SUBLEVEL}".format(**number)


def xen_version(tarball, _):
    return "Xen " + tarball.name.split("_")[1].split("+")[0]


class Side(typing.NamedTuple):
    """A version of a hypervisor, and what becomes of it."""

    package: str
    tarball: str  # a pattern; the last that fits is taken
    headers: list  # of this version, behind the functions
    files: dict  # short names
    functions: dict  # by file
    types: list = TYPES
    constants: list = CONSTANTS
    standin: str = "standin.h"
    adapter: str = "adapter.h"
    version: typing.Callable = linux_version
    edits: list = []


def linux(release, headers, files, functions):
    package = "linux-source-" + release
    return Side(package, package + ".tar.xz", headers, files, functions)


LINUX_6_1 = linux("6.1", ["linux-6.h", "linux-6.1.h"], FILES, FUNCTIONS)

# By the rule set that is meant to be the same.
SIDES = {
    "linux-6.1": LINUX_6_1,
    "lkml-2022-base": LINUX_6_1._replace(edits=EDITS_BASE),
    "lkml-2022": LINUX_6_1._replace(edits=EDITS_SEED),
    "linux-6.12": linux("6.12", ["linux-6.h", "linux-6.12.h"], FILES_6_12, FUNCTIONS_6_12),
    "linux-7.2": linux("7.2", ["linux-6.12.h", "linux-7.2.h"], FILES_7_2, FUNCTIONS_7_2),
    "xen": Side("xen", "xen_*.orig.tar.xz", [], FILES_XEN, FUNCTIONS_XEN, TYPES_XEN,
                ["nested.c"], "xen-standin.h", "xen-adapter.h", xen_version),
}
