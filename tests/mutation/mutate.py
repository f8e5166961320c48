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
from suites import SUITES # noqa: E402
from trying import ROOT, Base, Worker # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent

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
    """(N, M) of "N/M"."""
    part, _, parts = text.partition("/")
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
    attempts = dict.fromkeys(t for m in mutants for t in SUITES[m.file])
    base = Base((options.cc, options.quick_cc), directory / "base", attempts, options.jobs)
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
    tests = total["test"] + total["time"]
    compiled = tests + total["survive"]
    percent = math.floor(1000 * tests / compiled) / 10 if compiled else 100
    score = (f"{tests} of {compiled} mutants killed, {percent:g} %; the compiler refuses "
             f"{total['compiler']} more, {total['equivalent']} are equivalent, with the proof, "
             f"and {total['same']} compile to the same objects")
    print(f"mutation score: {score}")
    return score


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="cc", help="the compiler")
    parser.add_argument("--quick-cc", default=shutil.which("tcc"),
                        help="the compiler for short tests, tcc")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--sample", default="1/1", metavar="N/M",
                        help="one part of M, chosen by the address of a mutant")
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
    readme = (ROOT / "README.md").read_text()
    if len(mutants) == len(everything) and f" {score};" not in readme:
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
