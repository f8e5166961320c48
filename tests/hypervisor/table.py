#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare recordings of the probe with each other and with psvm replay: a table.

usage: table.py PSVM KNOWN.txt RECORDED.csv BARE.csv [NAME=RULES:FILE.csv...]

BARE.csv is the probe alone on the processor, RECORDED.csv what a recording says of it.
Each FILE.csv is the probe below an L0 that should do what RULES says; what is known of NAME
is known of NAME+MORE. Exit status 0 if
all is as it should be: what differs is predicted by `psvm replay`, or named in KNOWN.txt
with a cause that applies; below an L0 of rule set exact it has to be named. README.md says
how to read the table.
"""
import csv
import json
import os
import subprocess
import sys

PROCESSOR = "qemu-7.2"
EVENTS = ("L2", "L1", "drain")
HEX = ("a_exit_code", "a_int_ctl", "a_int_vector", "a_int_state", "a_event_inj")
OFFSETS = ("a_rip_off", "virt_rip_off", "phys_rip_off")
NUMBERS = ("cr8_after", "irr_after")
V, V_IRQ, NO_EXIT = 1 << 31, 1 << 8, {"a_exit_code": "no exit"}
AVIC = 3 << 30  # X2AVIC_ENABLE, AVIC_ENABLE
DEAD = "emulator_abort"
MOST_COMPLAINTS, SKIP = 12, 77


# --- rows


def offset(text):
    """Of RIP; what is negative is a handler, wherever the image has it."""
    return "in a handler" if text.startswith("-") else text or "-"


def letters(row, level):
    events = (event.split(":") for event in row["event_log"].split())
    return "".join(kind for where, kind in events if where == level) or "-"


def outcome(row):
    """What came out, in the words of psvm replay."""
    if row["status"] == "no_exit":
        return NO_EXIT
    info = int(row["a_exit_int_info"], 16)
    values = {name: f"0x{int(row[name], 16):x}" for name in HEX}
    values["a_exit_int_info"] = f"0x{info if info & V else 0:x}"
    values.update((name, offset(row[name])) for name in OFFSETS)
    values.update((name, row[name]) for name in NUMBERS)
    values.update((f"event_log {level}", letters(row, level)) for level in EVENTS)
    return values


class Recording:
    def __init__(self, path):
        self.path = path
        if not os.path.exists(path):
            print(f"skip: there is no {path}")
            sys.exit(SKIP)
        with open(path, newline="") as file:
            self.rows = {row["case"]: row for row in csv.DictReader(file)}

    def ran(self, case):
        return self.rows[case]["status"] in ("ok", "no_exit")


def differing(a, b):
    """The columns that differ, with b's value; without an exit there is no other."""
    if a != b and b == NO_EXIT:
        return NO_EXIT
    keys = a.keys() | b.keys()
    return {key: b.get(key) for key in keys if a.get(key) != b.get(key)}


# --- what may differ


def prepared(row, bit):
    return int(row["b_int_ctl"], 16) & bit


def hides_v_irq(row, _first):
    return "L2:P" in row["event_log"] and prepared(row, V_IRQ) and int(row["a_int_ctl"], 16) & V_IRQ


def fails(row, _first):
    return row["flags"] in ("ASID0", "NO_VMRUN_ICPT")


CAUSES = {
    "hides-v-irq": hides_v_irq,
    "pair": lambda row, first: row["flags"] == "CONT" and first,
    "wide-vector": lambda row, _: prepared(row, V_IRQ) and int(row["b_int_vector"], 16) > 0xFF,
    "failed-vmrun": fails,
    "last-02": fails,
    "no-avic": lambda row, _: prepared(row, AVIC),
    "rest-of-068h": lambda row, _: int(row["b_int_state"], 16) > 1,
    "step-over-sti": lambda row, _: row["prog"] == "1" and row["flags"] == "NEED_VGIF",
}


class Known:
    """Lines "COMPARISON CAUSE CASE..." of a file."""

    def __init__(self, path):
        self.cause = {}
        with open(path) as file:
            for line in file:
                words = line.split("#")[0].split()
                for case in words[2:]:
                    self.cause[words[0], case] = words[1]

    def why(self, comparison, case):
        return self.cause.get((comparison.known_as, case))

    def check(self, comparison, rows):
        """Complaints about the names of a comparison."""
        named = {case for where, case in self.cause if where == comparison.known_as}
        for case in sorted(named & comparison.compared - comparison.differ.keys()):
            yield f"{comparison.name}: {case} is named in vain: it agrees"
        previous = None
        for case in rows:
            cause = self.why(comparison, case)
            if cause and not CAUSES[cause](rows[case], previous in named):
                yield f"{comparison.name}: {case} is named, but {cause} does not apply to it"
            previous = case


# --- comparisons


class Comparison:
    """Of two recordings, or of one with what psvm predicts."""

    def __init__(self, name):
        self.name = name
        environment, other = name.split(":")
        self.known_as = f"{environment.split('+')[0]}:{other}"
        self.groups = {}  # of cases: [agree, compared]
        self.compared = set()
        self.differ = {}  # the columns, by case
        self.excused = []  # causes of psvm's own
        self.not_compared = 0

    def add(self, case, columns):
        self.compared.add(case)
        group = self.groups.setdefault(case[0], [0, 0])
        group[0] += not columns
        group[1] += 1
        if columns:
            self.differ[case] = columns

    def cells(self, groups):
        counts = [self.groups.get(group, [0, 0]) for group in groups]
        total = [sum(count[i] for count in counts) for i in (0, 1)]
        return [f"{agree}/{of}" if agree != of else f"{of or '-'}" for agree, of in [*counts, total]]


def compare(name, a, b):
    """Where both have run. That one alone died is no difference: deaths() judges it."""
    result = Comparison(name)
    for case in a.rows:
        if a.ran(case) and b.ran(case):
            result.add(case, differing(outcome(a.rows[case]), outcome(b.rows[case])))
        else:
            result.not_compared += 1
    return result


def replay(psvm, recording, rules):
    """By case: the columns in which psvm's machine differs from the recording, with its
    value, and the deviation that excuses it or None."""
    command = [psvm, "replay", "--json", "--processor", PROCESSOR, recording.path]
    command += ["--rules", rules] if rules else []
    run = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1):
        sys.exit(f"table.py: {' '.join(command)} failed")
    return {
        row["case"]: (columns_of(row), row["cause"]) for row in json.loads(run.stdout)["differing"]
    }


def columns_of(row):
    columns = {column["column"]: column["replayed"] for column in row["columns"]}
    return NO_EXIT if columns.get("a_exit_code") == "no exit" else columns


def compare_with_psvm(name, psvm, recording, rules):
    """A difference that psvm itself excuses, by a cause of its own, is agreement here."""
    result = Comparison(name)
    replayed = replay(psvm, recording, rules)
    for case in recording.rows:
        if recording.ran(case):
            columns, excuse = replayed.get(case, ({}, None))
            result.add(case, {} if excuse else columns)
            result.excused += [excuse] if excuse else []
        else:
            result.not_compared += 1
    return result


def compare_with_prediction(name, psvm, bare, rules, seen):
    """Whether the cases differ from the bare ones exactly as psvm says, from the bare ones
    alone. Not those for which psvm excuses a processor of its own, nor the second of a
    pair if the first one differs: it begins with what that one has left."""
    result = Comparison(name)
    alone, below = replay(psvm, bare, None), replay(psvm, bare, rules)
    previous = None
    for case, row in bare.rows.items():
        columns, excuse = below.get(case, ({}, None))
        second = row["flags"] == "CONT" and previous in seen.differ
        if case in seen.compared and not (case in alone or excuse or second):
            differ = seen.differ.get(case, {})
            result.add(case, {} if differ == columns else differ or columns)
        else:
            result.not_compared += 1
        previous = case
    return result


# --- all


def complaints(known, result, rows, explained):
    yield from known.check(result, rows)
    for case in result.differ:
        if not known.why(result, case) and not explained:
            yield f"{result.name}: {case} differs: {result.differ[case]}"


def deaths(name, recording):
    """QEMU ends when a write of CR8 opens V_IRQ: nothing else may end it."""
    for case, row in recording.rows.items():
        opens = row["prog"] in ("3", "4", "12", "13", "14") and prepared(row, V_IRQ)
        if row["status"] == DEAD and not opens:
            yield f"{name}: the emulator died in {case}"


def print_table(results, groups):
    print(f"{'':24}" + "".join(f"{group:>10}" for group in [*groups, "all"]) + "  not run")
    for result in results:
        cells = "".join(f"{cell:>10}" for cell in result.cells(groups))
        print(f"{result.name:24}{cells}{result.not_compared:>9}")


def print_causes(known, results):
    for result in results:
        causes = [known.why(result, case) for case in result.differ]
        for cause in sorted({cause for cause in causes if cause}):
            print(f"{result.name}: {causes.count(cause)} differ by {cause}")
        for cause in sorted(set(result.excused)):
            print(f"{result.name}: {result.excused.count(cause)} are excused by psvm: {cause}")


def print_dead(recordings):
    for name, recording in recordings.items():
        for status in (DEAD, "no_exit"):
            count = sum(row["status"] == status for row in recording.rows.values())
            if count:
                print(f"{name}: {count} cases with status {status}: grep {status} {recording.path}")


def compare_l0(psvm, bare, name, rules, other):
    """With the bare rows; those with what psvm says of both; its own with psvm."""
    against = compare(f"{name}:bare", bare, other)
    return [
        against,
        compare_with_prediction(f"{name}:predicted", psvm, bare, rules, against),
        compare_with_psvm(f"{name}:psvm", psvm, other, rules),
    ]


def main(psvm, known_path, recorded_path, bare_path, *others):
    known = Known(known_path)
    bare = Recording(bare_path)
    recorded = Recording(recorded_path)
    recordings = {"bare": bare}
    results = [
        compare("bare:recorded", recorded, bare),
        compare_with_psvm("bare:psvm", psvm, bare, None),
    ]
    predicted = set()  # comparisons in which any difference is right that psvm predicts
    for argument in others:
        name, rest = argument.split("=")
        rules, path = rest.split(":")
        recordings[name] = Recording(path)
        results += compare_l0(psvm, bare, name, rules, recordings[name])
        if rules != "exact":
            predicted.add(f"{name}:bare")
    bad = [line for r in results for line in complaints(known, r, bare.rows, r.name in predicted)]
    bad += [
        f"bare:recorded: {case} was {row['status']}"
        for case, row in recorded.rows.items()
        if row["status"] != bare.rows[case]["status"]
    ]
    bad += [line for item in recordings.items() for line in deaths(*item)]
    print_table(results, sorted({case[0] for case in bare.rows}))
    print_causes(known, results)
    print_dead(recordings)
    for line in bad[:MOST_COMPLAINTS]:
        print(line)
    print(f"{len(bad)} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
