#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Derive cases.csv, results.csv and images.txt from a set of recordings.

usage: import.py DIRECTORY

DIRECTORY holds ENVIRONMENT.csv with one line per case, and images/
ENVIRONMENT-CASE-{before,after}.bin. What is written, and what it means, is in
README.md. The three files are replaced.
"""
import csv
import pathlib
import sys

# The letter that stands for an environment in the derived files.
ENVIRONMENTS = {
    "qemu-7.2": "q",
    "qemu-10.0": "r",
    "bochs-2.7": "b",
    "kvm-6.1": "K",
    "kvm-6.12": "L",
    "kvm-7.2": "M",
}
STATUS = {
    "ok": "ok",
    "emulator_abort": "abort",
    "skipped_no_vgif": "skipped",
    "skipped_pair": "skipped",
}
MOMENTS = ("before", "after")
LINE = 16


def hexadecimal(text):
    """Without 0x and leading zeros; zero, and a value that is missing, is ''."""
    return f"{int(text, 16):x}".lstrip("0") if text else ""


def int_ctl(text):
    """Always eight digits, so that a digit can be picked with substr()."""
    return text and f"{int(text, 16):08x}"


def signed(text):
    """Offsets are differences of two addresses, modulo 2^64."""
    value = int(text) if text else 0
    return text and str(value - (1 << 64) if value >= 1 << 63 else value)


# What was the same in every environment: it is L1's program.
CASE = {
    "prog": str,
    "l2_if": str,
    "l1_if": str,
    "phys_pending": str,
    "l1_cr8": str,
    "flags": str,
    "b_int_vector": hexadecimal,
    "b_int_state": hexadecimal,
    "b_event_inj": hexadecimal,
    "b_icpt3": hexadecimal,
}
# What an environment left; b_int_ctl because the second case of a pair begins
# with what the first one left.
RESULT = {
    "b_int_ctl": int_ctl,
    "a_int_ctl": int_ctl,
    "a_int_vector": hexadecimal,
    "a_int_state": hexadecimal,
    "a_exit_code": hexadecimal,
    "a_exit_int_info": hexadecimal,
    "a_event_inj": hexadecimal,
    "a_rip_off": signed,
    "virt_rip_off": signed,
    "phys_rip_off": signed,
    "cr8_after": str,
    "irr_after": str,
}


def events(row):
    """'L2:P L2:V L1:P' becomes 'PV/P': in L2, in L1, in L1's drain."""
    levels = {"L2": "", "L1": "", "drain": ""}
    for event in row["event_log"].split():
        level, kind = event.split(":")
        levels[level] += kind
    for level, kind, column in (
        ("L2", "V", "virt_in_l2"), ("L2", "P", "phys_in_l2"),
        ("L2", "I", "inj_in_l2"), ("L2", "O", "other_in_l2"),
        ("L1", "V", "virt_in_l1"), ("L1", "P", "phys_in_l1"),
        ("L1", "O", "other_in_l1"), ("drain", "P", "phys_in_drain"),
    ):
        if levels[level].count(kind) != int(row[column] or 0):
            sys.exit(f"{row['case']}: {column} and event_log disagree")
    return "/".join(levels.values()).rstrip("/")


def pick(row, columns):
    return tuple(convert(row[name]) for name, convert in columns.items())


def read_rows(directory):
    for environment, letter in ENVIRONMENTS.items():
        with open(directory / f"{environment}.csv", newline="") as file:
            for row in csv.DictReader(file):
                yield letter, row


def derive_rows(directory):
    """Cases by name; letters of environments by (case, result)."""
    cases, results = {}, {}
    for letter, row in read_rows(directory):
        status = STATUS[row["status"]]
        case = pick(row, CASE)
        if status != "skipped" and cases.setdefault(row["case"], case) != case:
            sys.exit(f"{row['case']}: the case differs between environments")
        key = (row["case"], (status, *pick(row, RESULT), events(row)))
        results[key] = results.get(key, "") + letter
    return cases, results


def write_csv(path, header, lines):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


def derive_images(directory):
    """Names of images by their bytes, in order of their first name."""
    images = {}
    for environment, letter in ENVIRONMENTS.items():
        for path in sorted((directory / "images").glob(f"{environment}-*.bin")):
            case, moment = path.stem[len(environment) + 1:].split("-")
            name = (case, MOMENTS.index(moment), letter)
            images.setdefault(path.read_bytes(), []).append(name)
    return sorted(images.items(), key=lambda item: min(item[1]))


def write_images(path, images):
    with open(path, "w") as file:
        for image, names in images:
            for case, moment, letter in sorted(names):
                file.write(f"image {letter} {case} {MOMENTS[moment]}\n")
            for at in range(0, len(image), LINE):
                line = image[at:at + LINE]
                if any(line):
                    file.write(f"{at:03x} {line.hex()}\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    source = pathlib.Path(sys.argv[1])
    target = pathlib.Path(__file__).resolve().parent
    cases, results = derive_rows(source)
    write_csv(target / "cases.csv", ["case", *CASE],
              ([name, *case] for name, case in sorted(cases.items())))
    write_csv(target / "results.csv", ["case", "envs", "status", *RESULT, "events"],
              ([case, letters, *result]
               for (case, result), letters in sorted(results.items())))
    write_images(target / "images.txt", derive_images(source))


if __name__ == "__main__":
    main()
