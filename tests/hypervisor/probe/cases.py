#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The experiments of tests/vectors, and those of hlt.csv, as rows of a C table.

usage: cases.py CASES.csv RESULTS.csv HLT.csv OUT.inc

b_int_ctl stands in RESULTS.csv, the same for all environments; but not for the second
case of a pair (CONT), which runs on with what the first one left.
"""
import csv
import sys


def rows_of(path):
    with open(path, newline="") as file:
        yield from csv.DictReader(file)


def int_ctl_of(path):
    """Before VMRUN, of each case."""
    found = {}
    for row in rows_of(path):
        found.setdefault(row["case"], set()).add(row["b_int_ctl"])
    return found


def text_of(row, int_ctl):
    decimal = (row[name] for name in ("prog", "l2_if", "l1_if", "phys_pending", "l1_cr8"))
    words = [row[name] or "0" for name in ("b_int_vector", "b_int_state", "b_event_inj", "b_icpt3")]
    return (
        f'CASE("{row["case"]}", {", ".join(decimal)}, {row["flags"] or "NONE"}, '
        f'0x{int_ctl}, {", ".join("0x" + word for word in words)})\n'
    )


def rows_in_c(cases, results, hlt):
    recorded = int_ctl_of(results)
    for row in rows_of(cases):
        values = recorded[row["case"]]
        if len(values) != 1 and row["flags"] != "CONT":
            sys.exit(f'cases.py: {row["case"]} begins in different ways: {values}')
        yield text_of(row, "0" if row["flags"] == "CONT" else values.pop())
    for row in rows_of(hlt):
        yield text_of(row, row["b_int_ctl"])


def main(cases, results, hlt, out):
    with open(out, "w") as file:
        file.writelines(rows_in_c(cases, results, hlt))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
