#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the probe in one environment, and write what it says as a recording.

usage: record.py CASES.inc OUT.csv [--skip KNOWN.txt NAME] COMMAND...

COMMAND is run with one more argument, the probe's command line, and its output is the
probe's serial log. If it ends before the probe does, or no row comes any more, that is
the case whose row has no more than what was prepared: it gets the status emulator_abort or
no_exit, and COMMAND is run again from the next one. No row any more: for PSVM_BUSY seconds
of the processor time of COMMAND and what it has started, or PSVM_SILENCE seconds of time,
whichever is first; a row takes a few milliseconds, so a busy machine is no matter. If
COMMAND ends with status 77 it cannot be run here, and what it says is why.

--skip: where it takes long to begin again, what is known not to run is left out: the cases
of NAME in KNOWN.txt (table.py). Their status is skipped.
"""
import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

import table

# In seconds.
BUSY = float(os.environ.get("PSVM_BUSY", 2))
SILENCE = float(os.environ.get("PSVM_SILENCE", 60))
START = 120  # until the first output: a kernel may have to boot
POLL = 0.2
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
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            start_new_session=True,
        )
        self.allow(START, START)

    def processor_time(self):
        """In seconds, of the processes of its session that there are."""
        ticks = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it ends meanwhile
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid:
                    ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def allow(self, silence=SILENCE, busy=BUSY):
        """From now on, until the next row."""
        self.end = time.monotonic() + silence
        self.busy, self.busy_end = busy, None

    def expired(self):
        """The processor time is looked at only if there has been time for it."""
        if time.monotonic() > self.end:
            return True
        if self.busy_end is None:
            self.busy_end = self.processor_time() + self.busy
        return self.processor_time() > self.busy_end

    def stop(self):
        """So that it may put away its files, if it can."""
        for how, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, None)):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(self.process.pid, how)
                self.process.wait(seconds)
                return

    def chunks(self):
        fd = self.process.stdout.fileno()
        look = time.monotonic() + POLL
        while True:
            ready = select.select([fd], [], [], POLL)[0]
            if not ready or time.monotonic() > look:
                look = time.monotonic() + POLL
                if self.expired():
                    self.ended = HUNG
                    self.stop()
                    return
            if ready:
                data = os.read(fd, 65536)
                if not data:
                    return
                yield data.decode("ascii", "replace")

    def lines(self):
        for chunk in self.chunks():
            *lines, self.rest = (self.rest + chunk.replace("\r", "")).split("\n")
            yield from lines
        self.process.wait()
        self.errors.seek(0)
        self.complaint = self.errors.read().decode("utf-8", "replace")


class Recording:
    def __init__(self, names, skip):
        self.number = {name: i for i, name in enumerate(names)}
        self.skip = f" skip={':'.join(skip)}" if skip else ""
        self.header = None
        self.rows = {}
        self.prepared = 0  # columns
        self.boots = 0
        self.done = False

    def take(self, line):
        """Returns whether it is one of those that are waited for."""
        name = line.split(",")[0]
        if line.startswith("case,"):
            self.header = line
            self.prepared = line.split(",").index("status")
        elif line.startswith("END "):
            self.done = line == f"END {len(self.number)}"
        elif name in self.number:
            if self.header is None or line.count(",") != self.header.count(","):
                sys.exit(f"record.py: not a row like the first line: {line}")
            self.rows[name] = line
        elif line.startswith("FAIL: "):
            sys.exit(f"record.py: the image says: {line}")
        else:
            return False
        return True

    def boot(self, command, start):
        """Returns the number of the case to go on with."""
        self.boots += 1
        boot = Boot([*command, f"start={start}{self.skip}"])
        try:
            for line in boot.lines():
                if self.take(line):
                    boot.allow()
        finally:
            boot.stop()
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


def record(names, skip, command):
    recording, start = Recording(names, skip), 0
    while start is not None:
        start = recording.boot(command, start)
    missing = [name for name in names if name not in recording.rows]
    if missing:
        sys.exit(f"record.py: no row of {missing[0]} and {len(missing) - 1} more")
    return recording


def main(cases, out, *command):
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    begin = time.monotonic()
    names = names_of(cases)
    out = pathlib.Path(out)
    if out.exists() and not out.is_file():
        sys.exit(f"record.py: {out} is no file")
    out.unlink(missing_ok=True)
    skip = []
    if command[0] == "--skip":
        path, where, *command = command[1:]
        skip = sorted(table.Known(path, None).named(where))
        if not set(skip) <= set(names) or not skip:
            sys.exit(f"record.py: {path} names no case, or an unknown one, of {where}")
    recording = record(names, skip, command)
    whole = out.with_name(out.name + ".new")
    whole.write_text("\n".join([recording.header, *(recording.rows[n] for n in names)]) + "\n")
    whole.replace(out)
    seconds = time.monotonic() - begin
    print(f"{out}: {len(names)} cases, {recording.boots} boots, {seconds:.0f} s")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
