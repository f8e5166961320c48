# SPDX-License-Identifier: MIT
"""Which tests are tried on the mutants of a file, and what they are compiled from."""
import collections

# Out of bounds or shifted too far, a mutant stops at once, and what it forgets to
# initialise is not by chance what it should be.
CHECKS = ["-Og", "-fsanitize=bounds-strict,shift", "-fsanitize-undefined-trap-on-error",
          "-ftrivial-auto-var-init=pattern"]
CORE = ["-ffreestanding", *CHECKS]
# The tests ask the external forms: a mutant of those needs no other compilation. What tcc
# has compiled it links only without _Thread_local, and the tests have one thread.
TESTS = ["-DPSVM_BRIEF", "-DPSVM_EXTERN", "-D_Thread_local="]

# The inline forms, not inlined: that takes too long to compile.
INLINE = ["-DPSVM_BRIEF", "-D__always_inline__=unused", "-D_Thread_local=", *CHECKS]

# A test program: its sources in tests/, those of the core, and those in tests/ that do
# not see the external forms only.
Program = collections.namedtuple("Program", "tests core inline", defaults=[[]])
TRANSITIONS = ["nested", "questions", "rules"]
REFERENCE = ["reference", "reference_enter", "reference_handback", "reference_run",
             "reference_window", "show"]
PROGRAMS = {
    "pages": Program(["test_pages"], TRANSITIONS + ["pages", "vmcb"]),
    "vmcb": Program(["test_vmcb"], ["vmcb"]),
    "numbers": Program(["test_numbers"], [], ["fold_extern"]),
    "moves": Program(["test_moves"], TRANSITIONS),
    "input": Program(["test_input", "show"], TRANSITIONS),
    "cpu": Program(["test_cpu", "cpu_reference"], ["cpu"]),
    "rules": Program(["test_rules", "enumerate", *REFERENCE], TRANSITIONS),
    "rules-inline": Program(["enumerate", *REFERENCE], [], ["test_rules"]),
    "moves-inline": Program([], [], ["test_moves"]),
    "input-inline": Program(["show"], [], ["test_input"]),
    "cpu-equal": Program(["test_cpu_equal", "cpu_reference"], ["cpu"]),
}

# One try: a program and its arguments. A quick one, "program*", compiles what is mutated
# with tcc: a short test is over before another compiler would have begun. SETS among the
# arguments stands for the rule sets that are mutated.
Try = collections.namedtuple("Try", "program arguments quick")
SETS = "{sets}"


def tries(*words):
    for word in words:
        program, *arguments = word.split(":")
        yield Try(program.rstrip("*"), tuple(arguments), program.endswith("*"))


# Routing has one answer for each of many exit codes, and takes as long as all the rest.
MOMENTS = ":snapshot:enter:reenter:window-open:window-close:refresh:hand-back:merge"
# Few conditions: all combinations of them take no time.
QUESTIONS = ":arrives:runs of L2"
# What survives the quick tries meets the other compiler's.
RULES = [*tries("rules*:--brief:exact" + MOMENTS + QUESTIONS, "moves*", "input*",
                "moves", "input", "rules:--brief")]
# Where the forms differ.
FORMS = [*RULES, *tries("rules:arrives", "moves-inline*", "moves-inline",
                        "rules-inline:--brief", "input-inline")]
# Constants, which every compiler and both forms read alike.
TABLES = [*tries(f"rules*:--brief:{SETS}" + MOMENTS + QUESTIONS, f"rules*:--brief:{SETS}",
                 f"rules*:{SETS}:refresh:merge:window-open:window-close" + QUESTIONS,
                 "numbers*", "input*", f"rules*:{SETS}:snapshot:enter:reenter:hand-back",
                 f"rules*:--thorough:{SETS}" + QUESTIONS)]
CPU = [*tries("cpu*", "cpu-equal*:* random", "cpu", "cpu-equal:* random")]
PAGES = [*tries("pages*", "pages")]
VMCB = [*tries("vmcb*", "vmcb")]
BITS = [*VMCB, *tries("numbers*", "cpu*"), *RULES]
SUITES = {
    "include/psvm/cells_impl.h": FORMS,
    "include/psvm/cpu.h": [*tries("numbers*"), *CPU],
    "include/psvm/cpu_impl.h": CPU,
    "include/psvm/int_ctl.h": BITS,
    "include/psvm/nested.h": [*tries("numbers*"), *PAGES, *FORMS],
    "include/psvm/nested_impl.h": RULES,
    "include/psvm/questions_impl.h": FORMS,
    "include/psvm/rule_sets.h": TABLES,
    "include/psvm/rules.h": [*tries("numbers*"), *FORMS],
    "include/psvm/steps_impl.h": RULES,
    "include/psvm/types.h": [*tries("numbers*", "numbers")],
    "include/psvm/version.h": [*tries("numbers*")],
    "include/psvm/vmcb.h": VMCB,
    "include/psvm/vmcb_bits.h": BITS,
    "include/psvm/vmcb_fields.h": BITS,
    "src/core/pages.c": PAGES,
    "src/core/rules.c": PAGES,
    "src/core/vmcb.c": VMCB,
}

# Constant tables, and the enumeration of them.
RULE_SETS = "include/psvm/rule_sets.h"
