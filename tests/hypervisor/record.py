#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the probe in one environment, and write what it says as a recording.

usage: record.py CASES.inc OUT.csv COMMAND...

COMMAND is run with the number of the first case as one more argument, and its output is
the probe's serial log. If it ends before the probe does, or no row comes any more, that is
the case whose row has no more than what was prepared: it gets the status emulator_abort or
no_exit, and COMMAND is run again from the next one. No row any more: for PSVM_BUSY seconds
of its processor time, or PSVM_SILENCE seconds of time, whichever is first; a row takes a few
milliseconds, so a busy machine is no matter. If COMMAND
ends with status 77 it cannot be run here, and what it says is why.
"""
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

BUSY = float(os.environ.get("PSVM_BUSY", 2))
SILENCE = float(os.environ.get("PSVM_SILENCE", 60))
POLL = 0.2  # seconds
DEAD, HUNG, SKIP = "emulator_abort", "no_exit", 77


def names_of(path):
    """The cases, in the order of the probe's table."""
    with open(path) as file:
        return re.findall(r'^CASE\("(\w+)"', file.read(), re.MULTILINE)


class Boot:
    """One run of COMMAND: lines, then how it ended."""

    def __init__(self, command):
        self.rest = ""
        self.ended = DEAD
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def processor_time(self):
        """In seconds; without those of its children."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def has_output(self):
        """Waits for it; False: there will be none."""
        fd = self.process.stdout.fileno()
        end, busy_end = time.monotonic() + SILENCE, self.processor_time() + BUSY
        while not select.select([fd], [], [], POLL)[0]:
            if time.monotonic() > end or self.processor_time() > busy_end:
                return False
        return True

    def chunks(self):
        while self.has_output():
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return
            yield data.decode("ascii", "replace")
        self.ended = HUNG
        os.killpg(self.process.pid, signal.SIGKILL)

    def lines(self):
        for chunk in self.chunks():
            *lines, self.rest = (self.rest + chunk.replace("\r", "")).split("\n")
            yield from lines
        self.complaint = self.process.stderr.read().decode("utf-8", "replace")
        self.process.wait()


class Recording:
    def __init__(self, names):
        self.number = {name: i for i, name in enumerate(names)}
        self.header = None
        self.rows = {}
        self.prepared = 0  # columns
        self.boots = 0
        self.done = False

    def take(self, line):
        name = line.split(",")[0]
        if line.startswith("case,"):
            self.header = line
            self.prepared = line.split(",").index("status")
        elif line.startswith("END "):
            self.done = line == f"END {len(self.number)}"
        elif name in self.number:
            self.rows[name] = line
        elif line.startswith("FAIL: "):
            sys.exit(f"record.py: the image says: {line}")

    def boot(self, command, start):
        """Returns the number of the case to go on with."""
        self.boots += 1
        boot = Boot([*command, str(start)])
        for line in boot.lines():
            self.take(line)
        if boot.process.returncode == SKIP:
            print(boot.complaint, end="")
            sys.exit(SKIP)
        if self.done:
            return None
        name = boot.rest.split(",")[0]
        whole = boot.rest.count(",") == self.prepared
        if self.number.get(name, -1) < start or not whole:
            sys.exit(f"record.py: ended outside of a case: {boot.rest!r}\n{boot.complaint}")
        row = boot.rest + boot.ended
        self.rows[name] = row + "," * (self.header.count(",") - row.count(","))
        start = self.number[name] + 1
        return start if start < len(self.number) else None


def record(names, command):
    recording, start = Recording(names), 0
    while start is not None:
        start = recording.boot(command, start)
    missing = [name for name in names if name not in recording.rows]
    if missing:
        sys.exit(f"record.py: no row of {missing[0]} and {len(missing) - 1} more")
    return recording


def main(cases, out, *command):
    begin = time.monotonic()
    names = names_of(cases)
    pathlib.Path(out).unlink(missing_ok=True)
    recording = record(names, command)
    with open(out, "w") as file:
        file.write("\n".join([recording.header, *(recording.rows[n] for n in names)]) + "\n")
    seconds = time.monotonic() - begin
    print(f"{out}: {len(names)} cases, {recording.boots} boots, {seconds:.0f} s")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
