#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutation of the core: one place is changed at a time, and a test must fail.

Fails if a mutant survives that equivalent.txt does not list, if a listed one is killed,
and if a listed one is not a mutant any more. README.md says what is mutated.
"""
import argparse
import collections
import hashlib
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True # nothing is left in the sources
from mutants import mutants_of # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# --- what is mutated, and which tests are tried on it

# Out of bounds or shifted too far, a mutant stops at once, and what it forgets to
# initialise is not by chance what it should be.
CHECKS = ["-O1", "-fsanitize=bounds-strict,shift", "-fsanitize-undefined-trap-on-error",
          "-ftrivial-auto-var-init=pattern"]
CORE = ["-ffreestanding", *CHECKS]
# The tests ask the external forms: a mutant of those needs no other compilation. What tcc
# has compiled it links only without _Thread_local, and the tests have one thread.
TESTS = ["-DPSVM_BRIEF", "-DPSVM_EXTERN", "-D_Thread_local="]

# The inline forms, not inlined: that takes too long to compile.
INLINE = ["-DPSVM_BRIEF", "-Dalways_inline=unused", "-D_Thread_local="]

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
# with tcc: the test is over before another compiler would have begun.
Try = collections.namedtuple("Try", "program arguments quick")


def tries(*words):
    for word in words:
        program, *arguments = word.split(":")
        yield Try(program.rstrip("*"), tuple(arguments), program.endswith("*"))


# Routing has one answer for each of many exit codes, and takes as long as all the rest.
REST = (":snapshot:enter:reenter:window-open:window-close:refresh:hand-back:merge:arrives"
        ":runs of L2")
# Few conditions: all pairs of them take no time. Inline, all combinations are tried.
PAIRS = ":refresh:merge:arrives:window-open:window-close"
# What survives the quick tries meets the other compiler's.
RULES_BRIEF = [*tries("rules*:--brief:exact" + REST, "moves*", "rules*:--brief", "input*",
                      "moves", "input", "rules:--brief")]
# Where the forms differ.
FORMS = [*RULES_BRIEF, *tries("rules:arrives", "rules-inline*:--brief", "moves-inline*", "input-inline*",
                              "moves-inline", "input-inline", "rules-inline:--brief")]
SETS = [*tries("rules*:--brief:exact" + REST, "rules*:--brief:xen" + REST,
               "rules*:--brief" + REST, "rules*" + PAIRS, "rules-inline*:arrives",
               "rules-inline*:exact:runs of L2", "rules*:--brief", "input*", "numbers*",
               "rules*" + REST)]
CPU = [*tries("cpu*", "cpu-equal*:* random", "cpu", "cpu-equal:* random")]
PAGES = [*tries("pages*", "pages")]
VMCB = [*tries("vmcb*", "vmcb")]
BITS = [*VMCB, *tries("numbers*", "cpu*"), *RULES_BRIEF]
SUITES = {
    "include/psvm/cells_impl.h": FORMS,
    "include/psvm/cpu.h": [*tries("numbers*"), *CPU],
    "include/psvm/cpu_impl.h": CPU,
    "include/psvm/int_ctl.h": BITS,
    "include/psvm/nested.h": [*tries("numbers*"), *PAGES, *FORMS],
    "include/psvm/nested_impl.h": RULES_BRIEF,
    "include/psvm/questions_impl.h": FORMS,
    "include/psvm/rule_sets.h": SETS,
    "include/psvm/rules.h": [*tries("numbers*"), *FORMS],
    "include/psvm/steps_impl.h": RULES_BRIEF,
    "include/psvm/types.h": [*tries("numbers*", "numbers")],
    "include/psvm/version.h": [*tries("numbers*")],
    "include/psvm/vmcb.h": VMCB,
    "include/psvm/vmcb_bits.h": BITS,
    "include/psvm/vmcb_fields.h": BITS,
    "src/core/pages.c": PAGES,
    "src/core/rules.c": PAGES,
    "src/core/vmcb.c": VMCB,
}

# Constant tables, and the source that has nothing else. Where a compiler makes the same
# of one, byte for byte, nothing has changed.
TABLES = {"include/psvm/rule_sets.h": "src/core/rules.c"}

# --- building

# Of the warnings, which are errors elsewhere, those about constants that mean nothing.
COMMON = ["-std=c11", "-Werror=shift-count-overflow", "-Werror=shift-count-negative",
          "-D_POSIX_C_SOURCE=200809L"]


class Tree:
    """A copy of the core, and what is compiled from it."""

    def __init__(self, compiler, directory):
        self.compiler = compiler
        self.directory = pathlib.Path(directory)
        for part in ("include/psvm", "src/core"):
            shutil.copytree(ROOT / part, self.directory / part)

    def units(self, name):
        """What a program consists of: (object, source, options)."""
        program = PROGRAMS[name]
        for source in program.core:
            yield f"core-{source}.o", self.directory / f"src/core/{source}.c", CORE
        for source in program.tests:
            yield f"test-{source}.o", ROOT / f"tests/{source}.c", TESTS
        for source in program.inline:
            yield f"inline-{source}.o", ROOT / f"tests/{source}.c", [*INLINE, *CHECKS]

    def compile(self, compiler, unit, target, *options):
        return subprocess.run(
            [compiler, *COMMON, *unit[2], *options, f"-I{self.directory}/include",
             f"-I{ROOT}/src", f"-I{ROOT}/tests", "-c", unit[1], "-o", target],
            stderr=subprocess.DEVNULL).returncode == 0

    def link(self, compiler, objects, target):
        return subprocess.run([compiler, *objects, "-o", target, "-lcmocka"],
                              stderr=subprocess.DEVNULL).returncode == 0


class Base(Tree):
    """The core as it is, all programs built, and how long each try takes."""

    def __init__(self, compiler, quick, directory, programs):
        super().__init__(compiler, directory)
        self.quick = quick
        self.needs = {}
        self.limits = {}
        for name in sorted(programs):
            for unit in self.units(name):
                if unit[0] not in self.needs:
                    self.build(unit)

    def build(self, unit):
        target, notes = self.directory / unit[0], self.directory / "notes"
        if not self.compile(self.compiler, unit, target, "-O2", "-MD", "-MF", notes):
            sys.exit(f"mutate.py: {unit[1]} does not compile")
        words = notes.read_text().split()
        inside = [w for w in words if w.startswith(str(self.directory))]
        self.needs[unit[0]] = {os.path.relpath(w, self.directory) for w in inside}

    def measure(self, attempts):
        """Nothing fails without a mutation."""
        target = self.directory / "program"
        for attempt in attempts:
            objects = [self.directory / u[0] for u in self.units(attempt.program)]
            if not self.link(self.quick if attempt.quick else self.compiler, objects, target):
                sys.exit(f"mutate.py: {attempt.program} cannot be linked")
            begin = os.times()
            outcome = run(target, attempt.arguments, 3600)
            took = os.times().children_user - begin.children_user
            if outcome:
                sys.exit(f"mutate.py: {attempt} fails without a mutation: {outcome}")
            self.limits[attempt] = 2 + math.ceil(10 * took)
            print(f"{took:6.2f} s  {' '.join([attempt.program, *attempt.arguments])}"
                  f"{' (quick)' if attempt.quick else ''}", flush=True)


def run(program, arguments, seconds):
    """Run until something fails. Returns how it was noticed, None if it was not."""
    limited = ["sh", "-c", 'ulimit -c 0 -t "$0"; exec "$@"', str(seconds), program]
    with subprocess.Popen([*limited, *arguments], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, errors="replace") as process:
        for line in process.stderr:
            if line.startswith("[  FAILED  ]"):
                process.kill()
                return "test"
    if process.returncode in (-9, -24): # SIGKILL, SIGXCPU
        return "time"
    return "test" if process.returncode else None


class Worker(Tree):
    """Makes a mutant and tries tests on it."""

    def __init__(self, base, directory):
        super().__init__(base.compiler, directory)
        self.base = base
        self.tables = {file: self.table(source) for file, source in TABLES.items()}

    def table(self, source):
        """What the compiler makes of a table."""
        target = self.directory / "table.o"
        unit = None, self.directory / source, CORE
        return self.compile(self.base.quick, unit, target) and target.read_bytes()

    def kill(self, mutant):
        """How the mutant was noticed, and by what: None if it survived."""
        path = self.directory / mutant.file
        source = path.read_text()
        path.write_text(source[:mutant.begin] + mutant.text + source[mutant.end:])
        try:
            table = TABLES.get(mutant.file)
            if table and self.table(table) == self.tables[mutant.file]:
                return "same"
            return self.attempt(mutant.file, SUITES[mutant.file])
        finally:
            path.write_text(source)

    def attempt(self, file, attempts):
        built = {}
        for attempt in attempts:
            compiler = self.base.quick if attempt.quick else self.compiler
            objects = []
            for unit in self.units(attempt.program):
                if file not in self.base.needs[unit[0]]:
                    objects.append(self.base.directory / unit[0])
                    continue
                target = self.directory / (("quick-" if attempt.quick else "") + unit[0])
                if target not in built: # what tcc refuses another one may take
                    built[target] = (self.compile(compiler, unit, target) or
                                     self.compile(self.compiler, unit, target))
                if not built[target]:
                    return "compiler"
                objects.append(target)
            target = self.directory / "program"
            if not (self.link(compiler, objects, target) or
                    self.link(self.compiler, objects, target)):
                return "compiler"
            outcome = run(target, attempt.arguments, self.base.limits[attempt])
            if outcome:
                return outcome
        return None


# --- what is known to be equivalent

def address(mutant):
    return (mutant.file, mutant.where, mutant.old, mutant.new)


def equivalents(path):
    """The listed addresses. The format is in README.md."""
    found, file, where, old, reason = {}, None, None, None, []
    for number, line in enumerate(path.read_text().splitlines() + [""], 1):
        mark, text = line[:2], line[2:].strip()
        if mark == "= ":
            reason.append(text)
        elif mark == "- " or line == "-":
            old = text
        elif (mark == "+ " or line == "+") and old is not None and file:
            found[file, where, old, text] = number
        elif line and mark not in ("# ", "  ", "#"):
            file, _, where = line.partition(" ")
        elif not line and found and not reason and where:
            sys.exit(f"{path}:{number}: no reason")
        if not line:
            file, where, old, reason = None, None, None, []
    return found


# --- the whole

def in_sample(mutant, part, parts):
    digest = hashlib.sha256("\n".join(address(mutant)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % parts == part - 1


def sample_of(text):
    """(N, M) of "N/M"; "commit/M" takes N from what is checked out."""
    part, _, parts = text.partition("/")
    if part == "commit":
        commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                text=True).stdout.strip()
        part = int(commit or "0", 16) % int(parts) + 1
    return int(part), int(parts)


def mutants_in(file):
    return mutants_of(file, (ROOT / file).read_text())


def forgotten(compiler):
    """What the core is compiled from and SUITES does not name."""
    rules = subprocess.run([compiler, "-MM", f"-I{ROOT}/include", *ROOT.glob("src/core/*.c")],
                           check=True, stdout=subprocess.PIPE, text=True).stdout
    files = {os.path.relpath(w, ROOT) for w in rules.split() if w.endswith((".c", ".h"))}
    return [file for file in sorted(files - set(SUITES)) if mutants_in(file)]


def show(mutant):
    return f"{mutant.file} {mutant.where}\n- {mutant.old}\n+ {mutant.new}\n"


def work(base, directory, queue, lock, outcomes, listed):
    worker = Worker(base, directory)
    while True:
        with lock:
            if not queue:
                return
            mutant = queue.popleft()
        outcome = worker.kill(mutant)
        with lock:
            outcomes[address(mutant)] = outcome
            if sys.stderr.isatty():
                print(f"\r{len(queue)} left ", end="", file=sys.stderr)
            if outcome is None and address(mutant) not in listed:
                print("survives: " + show(mutant), flush=True)


def run_all(mutants, listed, options, directory):
    needed = {t.program for m in mutants for t in SUITES[m.file]}
    attempts = dict.fromkeys(t for m in mutants for t in SUITES[m.file])
    base = Base(options.cc, options.quick_cc, directory / "base", needed)
    base.measure(attempts)
    queue, lock, outcomes = collections.deque(mutants), threading.Lock(), {}
    threads = [threading.Thread(target=work, args=(base, directory / f"worker-{i}", queue,
                                                   lock, outcomes, listed))
               for i in range(options.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def report(mutants, outcomes, listed):
    """The score, by file and together."""
    rows = collections.defaultdict(collections.Counter)
    for mutant in mutants:
        outcome = outcomes[address(mutant)]
        kind = outcome or ("equivalent" if address(mutant) in listed else "survive")
        rows[mutant.file][kind] += 1
        rows["together"][kind] += 1
    kinds = ("test", "compiler", "time", "same", "equivalent", "survive")
    print(f"{'':30}{'mutants':>9}" + "".join(f"{k:>11}" for k in kinds))
    for file, row in rows.items():
        print(f"{file:30}{sum(row.values()):9}" + "".join(f"{row[k]:11}" for k in kinds))
    total = rows["together"]
    killed = total["test"] + total["compiler"] + total["time"]
    possible = killed + total["survive"]
    percent = math.floor(1000 * killed / possible) / 10 if possible else 100
    score = f"{killed} of {possible} mutants killed, {percent:g} %"
    equivalent = total["same"] + total["equivalent"]
    print(f"mutation score: {score}; {equivalent} more are equivalent")
    return score


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="cc", help="the compiler")
    parser.add_argument("--quick-cc", default=shutil.which("tcc"),
                        help="the compiler for short tests, tcc")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--sample", default="1/1", metavar="N/M",
                        help="one part of M, chosen by the address of a mutant; "
                        "commit/M: another one for each commit")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="mutants with this in their file and place")
    parser.add_argument("--list", action="store_true", help="print them, and do no more")
    parser.add_argument("--equivalent", type=pathlib.Path, default=HERE / "equivalent.txt")
    options = parser.parse_args()
    options.quick_cc = options.quick_cc or options.cc

    everything = [m for file in SUITES for m in mutants_in(file)]
    listed = equivalents(options.equivalent)
    part, parts = sample_of(options.sample)
    mutants = [m for m in everything if in_sample(m, part, parts)
               and options.only in f"{m.file} {m.where}"]
    if options.list:
        print("\n".join(map(show, mutants)))
        return 0
    print(f"{len(mutants)} of {len(everything)} mutants, part {part} of {parts}")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        outcomes = run_all(mutants, listed, options, pathlib.Path(directory))
    score = report(mutants, outcomes, listed)
    print(f"{time.monotonic() - begin:.0f} s, {options.jobs} jobs")

    wrong = False
    for file in forgotten(options.cc):
        print(f"mutate.py: {file} is not mutated")
        wrong = True
    if len(mutants) == len(everything) and score not in (ROOT / "README.md").read_text():
        print(f"README.md does not say: {score}")
        wrong = True
    for key in sorted(set(listed) - set(map(address, everything))):
        print(f"equivalent.txt:{listed[key]}: there is no such mutant")
        wrong = True
    for mutant in mutants:
        outcome = outcomes[address(mutant)]
        if outcome and address(mutant) in listed:
            how = "no change" if outcome == "same" else f"killed ({outcome})"
            print(f"equivalent.txt:{listed[address(mutant)]}: is {how}")
            wrong = True
        wrong = wrong or not (outcome or address(mutant) in listed)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
