#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare recordings of the probe with each other and with psvm replay: a table.

usage: table.py PSVM KNOWN.txt RECORDED.csv BARE.csv [NAME=RULES:FILE.csv...]

BARE.csv is the probe alone on the processor, RECORDED.csv what a recording says of it; its
name, or that of the file it is a link to, is psvm's name for the processor. Each FILE.csv
is the probe below an L0 that should do what RULES says; what is known of NAME is known of
NAME+MORE. Below `kvm` L1's local APIC is that of KVM.

Exit status 0 if all is as it should be: what differs is predicted by `psvm replay`, or
named in KNOWN.txt with a cause that applies, and so is what did not run; below an L0 of
rule set exact it has to be named. README.md says how to read the table.
"""
import collections
import csv
import json
import os
import pathlib
import subprocess
import sys

EVENTS = ("L2", "L1", "drain")
HEX = ("a_exit_code", "a_int_ctl", "a_int_vector", "a_int_state", "a_event_inj")
OFFSETS = ("a_rip_off", "virt_rip_off", "phys_rip_off")
NUMBERS = ("cr8_after", "irr_after")
EXCP_GP, VMMCALL, INVALID = "0x4d", "0x81", "0xffffffffffffffff"
V, V_IRQ, NO_EXIT = 1 << 31, 1 << 8, {"a_exit_code": "no exit"}
AVIC = 3 << 30  # X2AVIC_ENABLE, AVIC_ENABLE
RAN, DEAD, SKIPPED = ("ok", "no_exit"), "emulator_abort", "skipped"
WITH = ("ran", "recorded", "bare", "predicted", "psvm")
HANDED_BACK = {"xen": "0x05c:0"}  # TLB_CONTROL, as its rules say; psvm replay does not have it
BELOW_KVM = {"qemu-7.2": "qemu-7.2-kvm"}  # a local APIC of KVM's, not QEMU's
MOST_COMPLAINTS, SKIP = 4, 77  # of each comparison


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
    if row.get("changed"):  # a byte of vmcb12 that nobody should write
        values["changed"] = row["changed"]
    return values


class Recording:
    """handed_back: a change of vmcb12 that is right; died: what else stands for DEAD."""

    def __init__(self, path, handed_back=None, died=DEAD):
        self.path = path
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        self.rows = {row["case"]: row for row in rows}
        if len(self.rows) != len(rows):
            sys.exit(f"table.py: {path} has a case twice")
        for row in rows:
            if row.get("changed") == handed_back:
                row["changed"] = ""
            if row["status"] == died:
                row["status"] = DEAD

    def status(self, case):
        return self.rows[case]["status"]

    def ran(self, case):
        return self.status(case) in RAN


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


def dies(row):
    """QEMU does, when a write of CR8 opens V_IRQ."""
    return row["status"] == DEAD and row["prog"] in ("3", "4", "12", "13", "14")


def fails(row, _first):
    return row["flags"] in ("ASID0", "NO_VMRUN_ICPT")


def nothing_ran(row):
    return row["a_rip_off"] == "0" and row["event_log"] == ""


def wide_vector(row, _first):
    """What ends L2 before its first instruction."""
    wide = prepared(row, V_IRQ) and int(row["b_int_vector"], 16) > 0xFF
    return wide and row["a_exit_code"] == EXCP_GP and nothing_ran(row)


def no_avic(row, _first):
    """L2 runs to its end, and takes V at most."""
    ran = row["a_exit_code"] == VMMCALL and row["event_log"] in ("", "L2:V")
    return prepared(row, AVIC) and ran


def step_over_sti(row, _first):
    """L2 has executed STI and NOP, and nothing else is unusual."""
    step = row["prog"] == "1" and row["flags"] == "NEED_VGIF" and row["a_rip_off"] == "2"
    return step and all(int(row[name], 16) == 0 for name in ("a_int_state", "a_event_inj"))


CAUSES = {
    "hides-v-irq": hides_v_irq,
    "pair": lambda row, first: row["flags"] == "CONT" and first,
    "wide-vector": wide_vector,
    "failed-vmrun": fails,
    "last-02": lambda row, _: fails(row, _) and row["a_exit_code"] == INVALID and nothing_ran(row),
    "no-avic": no_avic,
    "rest-of-068h": lambda row, _: int(row["b_int_state"], 16) > 1,
    "step-over-sti": step_over_sti,
    "looks-when-asked": lambda row, _: row["prog"] == "11",
    "wakes-to-window": lambda row, _: row["prog"] == "17" and row["phys_pending"] == "1",
    "dies": lambda row, _: dies(row) and prepared(row, V_IRQ),
    "dies-of-window": lambda row, _: dies(row) and row["phys_pending"] == "1",
}


class Known:
    """Lines "NAME,...:WITH[@PROCESSOR] CAUSE CASE..." of a file."""

    def __init__(self, path, processor):
        self.cause = {}
        with open(path) as file:
            for line in file:
                where, *words = line.split("#")[0].split() or [""]
                comparison, _, only = where.partition("@")
                names, colon, other = comparison.partition(":")
                if where and other not in WITH:
                    sys.exit(f"table.py: {path}: {comparison}: not one of {', '.join(WITH)}")
                if only in ("", processor):
                    for name in names.split(","):
                        key = name + colon + other
                        self.cause.update({(key, case): words[0] for case in words[1:]})

    def why(self, where, case):
        return self.cause.get((where, case))

    def named(self, where):
        return {case for what, case in self.cause if what == where}

    def check(self, result, rows):
        """Complaints about what is named. NAME+MORE may have less than NAME."""
        named = self.named(result.known_as)
        if result.known_as != result.name:
            named &= result.compared
        for case in sorted(named - result.differ.keys()):
            why = "it agrees" if case in result.compared else "it is not compared"
            yield f"{result.name}: {case} is named in vain: {why}"
        previous = None
        for case in rows:
            cause = self.why(result.known_as, case) if case in named else None
            if cause and not CAUSES[cause](rows[case], previous in named):
                yield f"{result.name}: {case} is named, but {cause} does not apply to it"
            previous = case


def known_as(name):
    """What is known of NAME is known of NAME+MORE."""
    environment, colon, other = name.partition(":")
    return environment.split("+")[0] + colon + other


# --- comparisons


class Comparison:
    """Of two recordings, or of one with what psvm predicts, or of what should run with what
    has run."""

    def __init__(self, name):
        self.name = name
        self.known_as = known_as(name)
        self.groups = {}  # of cases: [agree, compared]
        self.compared = set()
        self.differ = {}  # the columns, by case
        self.excuse = {}  # psvm's own cause, by case
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


def what_ran(name, recording):
    """All, but what needs vGIF where there is none."""
    result = Comparison(name)
    for case, row in recording.rows.items():
        no_vgif = "+no-vgif" in name and row["flags"] == "NEED_VGIF"
        if row["status"] == "skipped_no_vgif" and no_vgif:
            result.not_compared += 1
        else:
            result.add(case, {} if recording.ran(case) else {"status": row["status"]})
    return result


def compare(name, a, b):
    """Where both have run."""
    result = Comparison(name)
    for case in a.rows:
        if a.ran(case) and b.ran(case):
            result.add(case, differing(outcome(a.rows[case]), outcome(b.rows[case])))
        else:
            result.not_compared += 1
    return result


class Machine:
    """psvm's, with the deviations of a processor."""

    def __init__(self, psvm, processor):
        self.command = [psvm, "replay", "--json", "--processor", processor]

    def replay(self, recording, rules=None):
        """By case: the columns in which it differs from the recording, with its value, and
        the deviation that excuses it or None."""
        command = [*self.command, recording.path, *(["--rules", rules] if rules else [])]
        run = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if run.returncode not in (0, 1):
            sys.exit(f"table.py: {' '.join(command)} failed")
        rows = json.loads(run.stdout)["differing"]
        return {row["case"]: (columns_of(row), row["cause"]) for row in rows}


def columns_of(row):
    columns = {column["column"]: column["replayed"] for column in row["columns"]}
    return NO_EXIT if columns.get("a_exit_code") == "no exit" else columns


def compare_with_psvm(name, machine, recording, rules=None):
    result = Comparison(name)
    replayed = machine.replay(recording, rules)
    for case in recording.rows:
        if recording.ran(case):
            columns, excuse = replayed.get(case, ({}, None))
            result.add(case, columns)
            result.excuse.update({case: excuse} if excuse else {})
        else:
            result.not_compared += 1
    return result


def compare_with_prediction(name, machine, bare, rules, seen):
    """Whether the cases differ from the bare ones exactly as psvm says, from the bare ones
    alone. Not those in which the processor alone is not as psvm says, or is excused below
    the L0; nor the second of a pair if the first one differs: it begins with what that one
    has left."""
    result = Comparison(name)
    alone, below = machine.replay(bare), machine.replay(bare, rules)
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


def compare_l0(machine, bare, name, rules, other):
    """What ran; with the bare rows; those with what psvm says of both; its own with psvm."""
    against = compare(f"{name}:bare", bare, other)
    return [
        what_ran(f"{name}:ran", other),
        against,
        compare_with_prediction(f"{name}:predicted", machine, bare, rules, against),
        compare_with_psvm(f"{name}:psvm", machine, other, rules),
    ]


# --- all


def complaints(known, result, rows, explained):
    yield from known.check(result, rows)
    for case, columns in result.differ.items():
        cause, excuse = known.why(result.known_as, case), result.excuse.get(case)
        if not cause and not explained:
            yield f"{result.name}: {case} differs: {columns}"
        if cause and excuse and not excuse.startswith(cause):
            yield f"{result.name}: {case} is named for {cause}, psvm says {excuse}"


def print_table(results, groups):
    heads = "".join(f"{group:>10}" for group in [*groups, "all"])
    print(f"{'':24}{heads}  not compared")
    for result in results:
        cells = "".join(f"{cell:>10}" for cell in result.cells(groups))
        print(f"{result.name:24}{cells}{result.not_compared:>14}")


def print_causes(known, results, manual):
    """manual: how the processor of the manual, alone, differs from this one."""
    for result in results:
        by_cause = {}
        for case in result.differ:
            by_cause.setdefault(known.why(result.known_as, case), []).append(case)
        by_cause.pop(None, None)
        for cause, cases in sorted(by_cause.items()):
            line = f"{result.name}: {len(cases)} differ by {cause}"
            if result.name.endswith(":bare"):
                same = sum(result.differ[case] == manual.get(case, (0,))[0] for case in cases)
                line += f", {same} of them as psvm replay -p manual says of the processor alone"
            print(line)


def main(psvm, known_path, recorded_path, bare_path, *others):
    for path in (recorded_path, bare_path):
        if not os.path.exists(path):
            print(f"skip: there is no {path}")
            return SKIP
    bare, recorded = Recording(bare_path), Recording(recorded_path)
    processor = pathlib.Path(recorded_path).resolve().stem
    known, machine = Known(known_path, processor), Machine(psvm, processor)
    below_kvm = Machine(psvm, BELOW_KVM.get(processor, processor))
    results = [  # each with the rows that a cause is asked about, and whether it is explained
        (what_ran("bare:ran", bare), bare, False),
        (compare("bare:recorded", recorded, bare), bare, False),
        (compare_with_psvm("bare:psvm", machine, bare), bare, False),
    ]
    bad = []
    for argument in others:
        name, rest = argument.split("=")
        rules, path = rest.split(":")
        if not os.path.exists(path):
            print(f"{name}: there is no {path}")
            continue
        other = Recording(path, HANDED_BACK.get(rules), SKIPPED if name == "kvm" else DEAD)
        if other.rows.keys() != bare.rows.keys():
            sys.exit(f"table.py: {path} and {bare_path} are not of the same cases")
        ran, against, *more = compare_l0(
            below_kvm if name == "kvm" else machine, bare, name, rules, other
        )
        results += [(ran, other, False), (against, bare, rules != "exact")]
        predicted, by_psvm = more
        results += [(predicted, bare, False), (by_psvm, other, False)]
    for result, recording, explained in results:
        bad += complaints(known, result, recording.rows, explained)
    bad += [
        f"bare:recorded: {case} was {row['status']}"
        for case, row in recorded.rows.items()
        if row["status"] != bare.status(case)
    ]
    tables = [result for result, _, _ in results]
    print_table(tables, sorted({case[0] for case in bare.rows}))
    print_causes(known, tables, Machine(psvm, "manual").replay(bare))
    counts = collections.Counter()
    for line in bad:
        where = line.split(": ")[0]
        counts[where] += 1
        if counts[where] <= MOST_COMPLAINTS:
            print(line)
    print(f"{len(bad)} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
