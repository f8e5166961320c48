#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a side (side.h) out of the functions of an installed source package.

usage: side.py --out DIR [option]... SIDE [COMMAND...]

Takes files out of the package's tarball, and pieces out of the files, as SIDES says;
puts the stand-ins before and the adapter behind them, and compiles that to
DIR/SIDE.so. Then runs COMMAND with that file as its last argument. Exit status 77
if the package is not there: a test that is skipped.

Nothing of the packages' text is in this repository. known/PACKAGE has a hash of every
piece; --hashes prints them for the package that is there.
"""

import argparse
import fcntl
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import typing

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77

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
FILES_6_12 = {**FILES, "rflags.c": "arch/x86/kvm/regs.c"}
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


class Changed(Exception):
    """The source has changed so much that no side can be made of it."""


def find_tarball(side, package_dir):
    """None: no package."""
    return max(pathlib.Path(package_dir).glob(side.tarball), default=None)


def unpack(side, tarball, out):
    """The files of a side, by their short names."""
    tree, stamp = out / side.package, out / (side.package + ".stamp")
    wanted = ["*/" + path for path in sorted(set(side.files.values()))]
    state = f"{tarball} {tarball.stat().st_size} {tarball.stat().st_mtime_ns} {wanted}"
    if not stamp.exists() or stamp.read_text() != state:
        tree.mkdir(exist_ok=True)
        subprocess.run(["tar", "-xJf", tarball, "-C", tree, "--strip-components=1",
                        "--occurrence=1", "--wildcards", "--anchored",
                        "--no-wildcards-match-slash", *wanted], check=True)
        stamp.write_text(state)
    return {name: (tree / path).read_text() for name, path in side.files.items()}


def one(pattern, text, name):
    found = re.search(pattern, text, re.M | re.S)
    if not found:
        raise Changed(f"there is no {name}")
    return found.group(0)


def function(text, name):
    """From the type at the beginning of a line to the brace at the beginning of one."""
    return one(rf"^(?:\w[\w *]*\n)?(?:\w[^\n;={{}}#(]*)?\b{name}\([^;{{}}]*\)\s*{{.*?^}}$",
               text, name)


# How a type begins and ends.
KINDS = {
    "enum": r"^enum[^{{;]*{{[^}}]*\b{0}\b[^}}]*}};",
    "struct": r"^struct\s(?:__\w+\s\([^{{]*\)\s)?{0}\s{{.*?^}}[^;]*;",
    "union": r"^typedef union\s*{{(?:(?!^typedef).)*?^}} {0};",
    "accessors": r"^#define {0}_\(.*?^#undef {0}$",
}


def without_comments(text):
    return re.sub(r"(?s)/\*.*?\*/|//[^\n]*", " ", text)


def words_of(text):
    return set(re.findall(r"\b[A-Za-z_]\w*\b", without_comments(text)))


def constants(files, where, used, ours):
    """The definitions of the words of `used`, and of the words that these use."""
    defined = {}
    for name in where:
        for define in re.finditer(r"^#\s*define\s+(\w+)\b(?:[^\n\\]|\\\n|\\.)*", files[name],
                                  re.M):
            defined.setdefault(define.group(1), define.group(0))
    taken, todo = {}, sorted(used)
    while todo:
        word = todo.pop()
        if word in defined and word not in taken and word not in ours:
            taken[word] = defined[word]
            todo += sorted(words_of(defined[word]) - {word, "define"})
    return [taken[word] for word in sorted(taken)]


def defined_here(text):
    """The constants that stand-ins define."""
    found = re.findall(r"^#define (\w+)|^\t([A-Z]\w+),$|^enum \{ ([^}]*) \}", text, re.M)
    return {word for parts in found for part in parts for word in words_of(part)}


def edited(name, text, edits):
    for function_name, pattern, replacement in edits:
        if function_name == name:
            text, count = re.subn(pattern, replacement, text)
            if count != 1:
                raise Changed(f"{name} does not have what the edit is for: {pattern}")
    return text


def digest(text):
    """Comments and the width of white space are not the source."""
    tokens = re.sub(r"\s+", " ", without_comments(text)).strip()
    return hashlib.sha256(tokens.encode()).hexdigest()[:32]


def prototype(text):
    return text[:text.index("{")].rstrip() + ";"


def read_hashes(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: value for value, name in (line.split() for line in lines)}


class Source:
    """What a side is made of, piece by piece."""

    def __init__(self, tarball, files, side):
        self.version = side.version(tarball, files)
        self.types = "\n\n".join(one(KINDS[kind].format(name), files[file], name)
                                 for file, kind, name in side.types)
        self.functions = {n: function(files[f], n)
                          for f in side.functions for n in side.functions[f]}
        standins, adapter = ("\n".join((HERE / header).read_text() for header in headers)
                             for headers in [[side.standin, *side.headers],
                                             [side.adapter]])
        known = defined_here(standins)
        functions = " ".join(self.functions.values())
        everything = " ".join([functions, self.types, standins, adapter])
        self.constants = constants(files, side.constants, words_of(functions), known)
        self.all_constants = constants(files, side.constants, words_of(everything), known)

    def hashes(self):
        pieces = {"constants": "\n".join(self.constants), **self.functions}
        return {name: digest(text) for name, text in pieces.items()}


def c_file(name, side, source, known):
    hashes = source.hashes()
    rows = [f'\t{{ "{n}", "{h}", "{known.get(n, "")}" }},' for n, h in hashes.items()]
    functions = {n: edited(n, t, side.edits) for n, t in source.functions.items()}
    only = "#define ONLY_HAND_BACK\n" if side.edits else ""
    return "\n".join([
        f'{only}#define SIDE_RULES "{name}"', f'#define SIDE_VERSION "{source.version}"',
        f'#include "{side.standin}"', *source.all_constants, source.types,
        *(prototype(text) for text in functions.values()), *functions.values(),
        *(f'#include "{header}"' for header in side.headers),
        "static const struct kernel_source sources[] = {", *rows, "};",
        f'#include "{side.adapter}"', ""])


def compile_side(args, out):
    """Without warnings and aliasing, as the kernel is not ours."""
    source, library = out / (args.side + ".c"), out / (args.side + ".so")
    new = out / (args.side + ".new.so")  # a test may be running the one that is there
    subprocess.run([args.cc, "-std=gnu11", "-O2", "-w", "-fno-strict-aliasing", "-fPIC",
                    "-shared", "-fvisibility=hidden", "-Wl,-z,defs", f"-I{args.include}", f"-I{HERE}",
                    source, "-o", new], check=True)
    new.replace(library)
    return library


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--include")
    parser.add_argument("--package-dir", default="/usr/src")
    parser.add_argument("--known", default=HERE / "known")
    parser.add_argument("--hashes", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def make(args, out):
    """The library; None: nothing more to do."""
    side = SIDES[args.side]
    tarball = find_tarball(side, args.package_dir)
    if tarball is None:
        print(f"{args.side}: skipped: {side.package} is not installed")
        sys.exit(SKIPPED)
    source = Source(tarball, unpack(side, tarball, out), side)
    if args.hashes:
        for name, value in source.hashes().items():
            print(value, name)
        return None
    known = read_hashes(pathlib.Path(args.known) / side.package)
    (out / (args.side + ".c")).write_text(c_file(args.side, side, source, known))
    try:
        return compile_side(args, out)
    except subprocess.CalledProcessError as failed:
        changed = [n for n, h in source.hashes().items() if known.get(n) != h]
        raise Changed(", ".join(changed) or "not at all: a stand-in is missing") from failed


def main():
    args = arguments()
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            library = make(args, out)
        except Changed as changed:
            sys.exit(f"{args.side}: source changed: {changed}")
    if library and args.command:
        os.execvp(args.command[0], [*args.command, str(library)])


if __name__ == "__main__":
    main()
