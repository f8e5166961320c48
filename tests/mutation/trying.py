# SPDX-License-Identifier: MIT
"""Making a mutant, and trying tests on it."""
import concurrent.futures
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys

from suites import CORE, INLINE, PROGRAMS, RULE_SETS, SETS, SUITES, TESTS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Of the warnings, which are errors elsewhere, those about constants that mean nothing.
COMMON = ["-std=c11", "-Werror=shift-count-overflow", "-Werror=shift-count-negative",
          "-D_POSIX_C_SOURCE=200809L"]
# Paths of the core are relative: two trees make the same objects.
INCLUDES = ["-Iinclude", f"-I{ROOT}/src", f"-I{ROOT}/tests"]

# In what the preprocessor makes: one rule set. In rule_sets.h: its name for the tests.
TABLE = re.compile(r"psvm_rules_(\w+) = (\{.*?\}) ?;")
NAME = re.compile(r'X\("([^"]+)", (\w+),')


def units_of(name):
    """What a program consists of: (object, source, options)."""
    program = PROGRAMS[name]
    for source in program.core:
        yield f"core-{source}.o", f"src/core/{source}.c", CORE
    for source in program.tests:
        yield f"test-{source}.o", ROOT / f"tests/{source}.c", TESTS
    for source in program.inline:
        yield f"inline-{source}.o", ROOT / f"tests/{source}.c", INLINE


class Tree:
    """A copy of the core, and what is compiled from it."""

    def __init__(self, compilers, directory):
        self.compiler, self.quick = compilers
        self.directory = pathlib.Path(directory)
        for part in ("include/psvm", "src/core"):
            shutil.copytree(ROOT / part, self.directory / part)

    def command(self, *words):
        return subprocess.run(words, cwd=self.directory, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)

    def compile(self, compiler, unit, target, *options):
        return self.command(compiler, *COMMON, *unit[2], *options, *INCLUDES, "-c", unit[1],
                            "-o", target).returncode == 0

    def make(self, unit, quick):
        """The object of a unit, by the compiler of a try: None if it does not compile."""
        target = self.directory / ("quick-" + unit[0] if quick else unit[0])
        made = (quick and self.compile(self.quick, unit, target)
                or self.compile(self.compiler, unit, target)) # what tcc refuses
        return target if made else None

    def link(self, quick, objects):
        target = self.directory / "program"
        for compiler in [self.quick] * quick + [self.compiler]:
            if self.command(compiler, *objects, "-o", target, "-lcmocka").returncode == 0:
                return target
        return None

    def rule_sets(self):
        """The rule sets by identifier, without macros, and under "" what is around them."""
        text = " ".join(self.command(self.quick, "-E", "-P", *COMMON, *INCLUDES,
                                     "src/core/rules.c").stdout.decode().split())
        return {**dict(TABLE.findall(text)), "": TABLE.sub("", text)}


class Base(Tree):
    """The core as it is, all programs built, and how long each try takes."""

    def __init__(self, compilers, directory, attempts, jobs):
        super().__init__(compilers, directory)
        self.needs, self.plain, self.limits = {}, {}, {}
        self.tables = self.rule_sets()
        units = {unit[0]: unit for attempt in attempts for unit in units_of(attempt.program)}
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(self.build, units.values())) # all of them, or an exception
        for attempt in attempts:
            self.measure(attempt)

    def build(self, unit):
        """A unit as it runs where no mutant is in it, and as each try would make it."""
        for quick in (False, True):
            target = self.make(unit, quick)
            self.plain[unit[0], quick] = target and target.read_bytes()
        target, notes = self.directory / unit[0], self.directory / (unit[0] + ".d")
        if not self.compile(self.compiler, unit, target, "-O2", "-MD", "-MF", notes):
            sys.exit(f"mutate.py: {unit[1]} does not compile")
        self.needs[unit[0]] = set(notes.read_text().split())

    def measure(self, attempt):
        """Nothing fails without a mutation."""
        program = self.link(attempt.quick,
                            [self.directory / u[0] for u in units_of(attempt.program)])
        if not program:
            sys.exit(f"mutate.py: {attempt.program} cannot be linked")
        begin = os.times()
        outcome = run(program, arguments_of(attempt, ()), 3600)
        took = os.times().children_user - begin.children_user
        if outcome:
            sys.exit(f"mutate.py: {attempt} fails without a mutation: {outcome}")
        self.limits[attempt] = 1 + math.ceil(10 * took)
        print(f"{took:6.2f} s  {' '.join([attempt.program, *attempt.arguments])}"
              f"{' (quick)' if attempt.quick else ''}", flush=True)


def arguments_of(attempt, sets):
    """Without rule sets all are tried."""
    for argument in attempt.arguments:
        yield from sets if argument == SETS else [argument]


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
        super().__init__((base.compiler, base.quick), directory)
        self.base = base
        self.names = {identifier: name for name, identifier in
                      NAME.findall((self.directory / RULE_SETS).read_text())}

    def kill(self, mutant):
        """How the mutant was noticed: None if it survived, "same" if it is none."""
        path = self.directory / mutant.file
        source = path.read_text()
        before, after = source[:mutant.begin], source[mutant.end:]
        try:
            path.write_text(before + mutant.text + after)
            outcome = self.attempt(mutant.file)
            if outcome == "same":
                path.write_text(before + "@" + after)
                if not (self.proves(mutant) and self.is_read(mutant.file)):
                    return None
            return outcome
        finally:
            path.write_text(source)

    def attempt(self, file):
        built, outcome = {}, "same"
        sets = self.changed() if file == RULE_SETS else ()
        for attempt in SUITES[file]:
            objects = []
            for unit in units_of(attempt.program):
                objects.append(self.object(unit, file, attempt.quick, built))
                if objects[-1] is None:
                    return "compiler"
            if all(self.directory not in o.parents for o in objects):
                continue # it would run as it does without the mutation
            program = self.link(attempt.quick, objects)
            outcome = run(program, arguments_of(attempt, sets), self.base.limits[attempt]) \
                if program else "compiler"
            if outcome:
                return outcome
        return outcome

    def object(self, unit, file, quick, built):
        """The object of a unit: the base's, unless the mutation makes another one."""
        plain = self.base.directory / unit[0]
        if file not in self.base.needs[unit[0]]:
            return plain
        key = unit[0], quick
        if key not in built:
            built[key] = self.make(unit, quick)
            if built[key] and built[key].read_bytes() == self.base.plain[key]:
                built[key] = plain
        return built[key]

    def changed(self):
        """The names of the rule sets that are not as they were; none if more is not."""
        was, now = self.base.tables, self.rule_sets()
        if now[""] != was[""]:
            return []
        return [self.names[i] for i in was if i and was[i] != now.get(i)]

    @staticmethod
    def proves(mutant):
        """Would any change that matters be seen in what is compiled? An enumerator that no
        test names would not, nor a macro."""
        return mutant.kind == "code" or mutant.file == RULE_SETS

    def is_read(self, file):
        """Is an error at this place one? tcc does not see it where it generates nothing:
        in what #if leaves out, in an inline function that nobody calls."""
        units = {u[0]: u for t in SUITES[file] for u in units_of(t.program)}
        return not all(self.compile(self.quick, unit, self.directory / "read.o")
                       for name, unit in units.items() if file in self.base.needs[name])
