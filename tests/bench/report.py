#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure, and write results.md and results.svg.

usage: report.py --out DIR BUILD...

Each BUILD is a build of the preset bench with another compiler; run.sh makes them. The
explorer is measured with the first.
"""

import argparse
import datetime
import json
import math
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 300
HEAVY_TO_COUNT = 120000  # states of an exploration: callgrind takes fifty times as long
NOT_HERE = "not here"
OF_LINUX = ["snapshot", "enter", "reenter", "window_open", "window_close", "refresh",
            "hand_back", "merge"]


def output(*command):
    return subprocess.run([str(word) for word in command], check=True, text=True,
                          stdout=subprocess.PIPE, cwd=HERE).stdout


def json_lines(*command):
    return [json.loads(line) for line in output(*command).splitlines()]


# --- the machine ------------------------------------------------------------

def compiler(build):
    cache = (build / "CMakeCache.txt").read_text()
    path = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", cache, re.M).group(1)
    return output(path, "--version").splitlines()[0]


def processor():
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found.group(1) if found else "unknown"


def revision():
    changed = output("git", "status", "--porcelain", "--", "../../include", "../../src", ".",
                     ":!results.*")
    return output("git", "rev-parse", "--short=12", "HEAD").strip() + \
        (" with changes" if changed else "")


def processor_ticks():
    """All that the processors had, and what of it nobody used."""
    ticks = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(map(int, ticks)), int(ticks[3]) + int(ticks[4])


def busy():
    """Words for a load that spoils times, or nothing.

    The load average alone may be that of the build just done.
    """
    before = processor_ticks()
    time.sleep(3)
    total, idle = (now - then for now, then in zip(processor_ticks(), before))
    if idle > 0.8 * total:
        return ""
    return f"{1 - idle / total:.0%} of it in use by others, load average {os.getloadavg()[0]:.1f}"


# --- functions --------------------------------------------------------------

def counted(program, rules, name, form):
    """The instructions of one call, or nothing."""
    rules_id = "linux_6_1" if rules == "linux-6.1" else "linux_6_12"
    symbols = {"straight": f"straight_{name}", "linux": f"call_{name}_{rules_id}"}
    total = program["counts"].get(symbols.get(form, f"{form}_{rules_id}_{name}"))
    return None if total is None else total / program["calls"]


def count(program):
    """The instructions of each function, those of what it calls included."""
    with tempfile.NamedTemporaryFile() as profile:
        calls = subprocess.run(["valgrind", "-q", "--tool=callgrind",
                                f"--callgrind-out-file={profile.name}", program, "count"],
                               check=True, stdout=subprocess.PIPE).stdout
        text = output("callgrind_annotate", "--inclusive=yes", "--threshold=100", profile.name)
    rows = re.findall(r"^ *([\d,]+) \([ \d.]+%\)  [^ ]*?:(\w+)(?= |$)", text, re.M)
    return {"calls": json.loads(calls)["calls"],
            "counts": {name: int(total.replace(",", "")) for total, name in rows}}


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": middle, "low": low, "high": high}


def ratio(above, below):
    return quartiles([a / b for a, b in zip(above, below)])


def function(subject, program):
    """One row: medians, ratios of neighbours in time with their quartiles, instructions."""
    ns = dict(subject["ns"])
    if "linux" in ns:
        ns["linux"] = [form - frame for form, frame in zip(ns["linux"], ns.pop("frame"))]
    def over(above, below):
        return ratio(ns[above], ns[below]) if above in ns and below in ns else None

    return {
        **subject,
        "ns": {form: quartiles(values) for form, values in ns.items()},
        "inline/straight": over("inline", "straight"),
        "extern/straight": over("extern", "straight"),
        "linux/inline": over("linux", "inline"),
        "instructions": {form: counted(program, subject["rules"], subject["name"], form)
                         for form in ns},
    }


def functions(build):
    program = build / "tests/bench/bench_steps"
    first, *subjects = json_lines(program, "time", ROUNDS)
    counts = count(program) if shutil.which("valgrind") else {"calls": 1, "counts": {}}
    return {"compiler": compiler(build), "linux": first, "checked": first["checked"],
            "rows": [function(subject, counts) for subject in subjects]}


# --- exploring --------------------------------------------------------------

def timed(*command):
    """What a command prints, seconds that passed, seconds of processor, peak of memory.

    The peak that Python knows of a child is at least its own.
    """
    with tempfile.NamedTemporaryFile("r") as peak:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        result = subprocess.run(["time", "-f", "%M", "-q", "-o", peak.name,
                                 *map(str, command)], check=False, stdout=subprocess.PIPE)
        passed, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        cost = {"passed": passed, "mib": int(peak.read()) / 1024,
                "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}
    return json.loads(result.stdout), cost


def checked(build, rules):
    result, cost = timed(build / "psvm", "check", rules, "--json")
    return {"rules": rules, **cost, **{k: result[k] for k in
                                       ["scope", "states", "transitions", "complete"]}}


def instructions(*command):
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          *map(str, command)], check=True, text=True,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def explored(build):
    """One point for each variable that makes the states more."""
    program, points = build / "tests/bench/bench_explore", []
    for variables in range(17):
        result, cost = timed(program, variables)
        if points and result["states"] == points[-1]["states"]:
            continue
        if shutil.which("valgrind") and result["states"] < HEAVY_TO_COUNT:
            cost["instructions"] = instructions(program, variables)
        points.append({**result, **cost})
    return points


def fit(points, what):
    """log what = exponent * log states + constant, by least squares."""
    points = [p for p in points if p.get(what, 0) > 0]
    x = [math.log(p["states"]) for p in points]
    y = [math.log(p[what]) for p in points]
    exponent, constant = statistics.linear_regression(x, y)
    rest = sum((b - exponent * a - constant) ** 2 for a, b in zip(x, y))
    error = math.sqrt(rest / (len(x) - 2) / (statistics.pvariance(x) * len(x)))
    return {"exponent": exponent, "constant": constant, "error": error,
            "r2": statistics.correlation(x, y) ** 2, "points": len(x)}


# --- in words ---------------------------------------------------------------

def table(head, rows):
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def spread(value):
    return "-" if value is None else \
        f"{value['median']:.2f} [{value['low']:.2f}, {value['high']:.2f}]"


def absent(row, measured):
    """Why there is nothing of Linux in a row: no such function, or no source."""
    return NOT_HERE if row["name"] in OF_LINUX and not measured["linux"].get(row["rules"]) \
        else "-"


def function_row(row, measured):
    def cell(what, form, digits):
        value = row[what].get(form)
        if value is None:
            return absent(row, measured) if form == "linux" else "-"
        return number(value["median"] if what == "ns" else value, digits)

    forms = ["inline", "extern", "straight", "linux"]
    return [row["name"], *(cell("ns", form, 1) for form in forms),
            *(spread(row[r]) for r in RATIOS),
            *(cell("instructions", form, 0) for form in forms)]


def groups(rows):
    return {rules: [row for row in rows if row["rules"] == rules]
            for rules in dict.fromkeys(row["rules"] for row in rows)}


FORMS = ["psvm", "library", "by hand", "Linux"]
RATIOS = {"inline/straight": "psvm / by hand", "extern/straight": "library / by hand",
          "linux/inline": "Linux / psvm"}
HEAD = ["function", *(form + ", ns" for form in FORMS), *RATIOS.values(),
        *(form + ", instr." for form in FORMS)]


def listed(rows, which, far):
    """The rows whose ratio is far from 1, the farthest first."""
    found = [row for row in rows if row[which] and far(row[which])]
    found.sort(key=lambda row: -abs(row[which]["median"] - 1))
    return ", ".join(f"{row['name']} of {row['rules']} {row[which]['median']:.2f}"
                     for row in found) or "none"


def extent(rows, which):
    found = sorted(row[which]["median"] for row in rows if row[which])
    return f"{found[0]:.1f} to {found[-1]:.1f}, the median {statistics.median(found):.1f}"


def functions_text(measured):
    parts = [f"### {measured['compiler']}"]
    for rules, rows in groups(measured["rows"]).items():
        version = measured["linux"].get(rules)
        source = f": {version}" if version else ""
        parts += [f"**{rules}**{source}",
                  table(HEAD, [function_row(row, measured) for row in rows])]
    rows = measured["rows"]
    parts.append("\n".join([
        "psvm is slower in three of four rounds, by more than 5 %,", "",
        "- than by hand, psvm / by hand: " +
        listed(rows, "inline/straight", lambda r: r["low"] > 1.05),
        "- than Linux, Linux / psvm: " +
        listed(rows, "linux/inline", lambda r: r["high"] < 0.95),
        f"- the library than by hand: {extent(rows, 'extern/straight')} times its time"]))
    return "\n\n".join(parts)


FUNCTIONS = """## Functions

Nanoseconds of a call are medians of {rounds} rounds; in each round all forms of a function
follow each other, and a ratio is the median of the rounds' ratios, with its quartiles.
Instructions of a call are callgrind's, with the loop around it, and depend on the compiler
only. Before anything is measured all forms of a function are given the same {checked:,} inputs
(Linux half of them: those with facts that make sense) and must store the same.

- *psvm*: the inline form with a constant rule set, or a constant processor. *library*: the
  external form, to which these are data; on pages there is no other.
- *by hand*: straight-line code for this rule set, with psvm's contract: facts that make no
  sense change nothing. `rule` asks for CR8_INTERCEPT. Exit routing and the processor branch
  by hand, too.
- *Linux*: the functions that the rule set describes, out of the source package, on KVM's
  structures. Putting words into these and taking them out is measured alone, too, and
  subtracted, while psvm and the code by hand load and store theirs; what the processor does
  of a function meanwhile is subtracted with it. `enter` is all of nested_svm_vmrun() and
  `hand_back` all of nested_svm_vmexit(), up to what the stand-in leaves out, and `snapshot`
  copies the whole control area: more than psvm does. States are random, which is hard on
  branches.

Everything is compiled with -O2 and without a vectorizer, as of one state at a time nothing
can be made; the library as the preset does it, with -O3.
"""


def functions_head(measured):
    return FUNCTIONS.format(rounds=ROUNDS, checked=measured[0]["checked"])


def rates_text(rates):
    rows = [[f"`psvm check {r['rules']}`", number(r["states"]), number(r["transitions"]),
             number(r["passed"], 1), number(r["cpu"], 1), number(r["states"] / r["passed"]),
             number(r["transitions"] / r["passed"]), number(r["mib"])] for r in rates]
    head = ["", "states", "transitions", "seconds", "of processor", "states/s",
            "transitions/s", "peak MiB"]
    return "## The explorer\n\nScope default, one thread for each processor.\n\n" + \
        table(head, rows)


def growth_text(points, fits, plotted):
    rows = [[str(p["open"]), number(p["states"]), number(p["transitions"]), number(p["cpu"], 2),
             number(p["cpu"] / p["states"] * 1e6, 2),
             number(p["instructions"] / p["states"]) if "instructions" in p else "-",
             number(p["mib"], 1)] for p in points]
    head = ["open variables", "states", "transitions", "seconds of processor", "us/state",
            "instr./state", "peak MiB"]
    lines = [f"- {words}: exponent {f['exponent']:.3f} +- {f['error']:.3f}, "
             f"R^2 {f['r2']:.4f}, {f['points']} points" for words, f in fits]
    return "\n\n".join([
        "## Cost as the scope grows",
        "Rule set exact, the first part of the default scope, one more variable of vmcb12 open\n"
        "from row to row (`bench_explore`); variables that nothing asks for add no state and\n"
        "have no row. callgrind counts the smaller ones.",
        table(head, rows),
        "Cost = constant * states ^ exponent, by least squares of the logarithms:",
        "\n".join(lines),
        "![seconds and MiB over states](results.svg)" if plotted else
        "No plot: gnuplot is not here."])


def fit_words(points):
    wanted = [("cpu", "seconds of processor"), ("instructions", "instructions"),
              ("mib", "peak memory")]
    return [(what, words, fit(points, what)) for what, words in wanted
            if sum(p.get(what, 0) > 0 for p in points) > 2]


def plot(points, fits, svg):
    """False: there is no gnuplot."""
    if not shutil.which("gnuplot"):
        return False
    data = "\n".join(f"{p['states']} {p['cpu']} {p['mib']}" for p in points)
    curves = {what: f"exp({f['constant']}) * x ** {f['exponent']}" for what, _, f in fits}
    names = {what: f"states^{{{f['exponent']:.2f}}}" for what, _, f in fits}
    script = f"""set terminal svg size 640,400 background "white"
set output "{svg}"
set logscale xy
set logscale y2
set xlabel "states"
set ylabel "seconds of processor"
set y2label "peak MiB"
set ytics nomirror
set y2tics
set grid
set key left top
$data << END
{data}
END
plot $data using 1:2 with points pt 7 lc 1 title "seconds", \\
     {curves["cpu"]} with lines lc 1 title "{names["cpu"]}", \\
     $data using 1:3 axes x1y2 with points pt 5 lc 2 title "MiB", \\
     {curves["mib"]} axes x1y2 with lines lc 2 title "{names["mib"]}"
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    head, rest = svg.read_text().split("\n", 1)
    svg.write_text(f"{head}\n<!-- SPDX-License-Identifier: MIT -->\n{rest}")
    return True


def head_text(load):
    lines = ["<!-- SPDX-License-Identifier: MIT -->", "# Benchmarks", "", "Made by `sh tests/bench/run.sh`.", "",
             f"- {datetime.date.today()}, revision {revision()}",
             f"- {processor()}, {os.cpu_count()} processors; "
             f"{output('uname', '-sm').strip()}"]
    if load:
        lines.append(f"- **The machine was busy ({load}): times are not to be believed, "
                     "instructions are.**")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("builds", nargs="+", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--out", required=True, type=pathlib.Path)
    args = parser.parse_args()
    load = busy()
    if load:
        print(f"report.py: {load}: times are not to be believed", file=sys.stderr)
    measured = [functions(build) for build in args.builds]
    points = explored(args.builds[0])
    rates = [checked(args.builds[0], rules) for rules in ["exact", "linux-6.1"]]
    fits = fit_words(points)
    plotted = plot(points, fits, args.out / "results.svg")
    text = "\n\n".join([head_text(load), functions_head(measured).rstrip(),
                        *map(functions_text, measured), rates_text(rates),
                        growth_text(points, [f[1:] for f in fits], plotted)])
    (args.out / "results.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
