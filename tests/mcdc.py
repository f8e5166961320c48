#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every stretch of code, both sides of every branch, and MC/DC of the core, from what
llvm-cov exports. usage: mcdc.py ROOT FORM=EXPORT.json...

Each form, external and inline, has to be complete by itself: what a function has in one
program counts for the others of its form, but not for the other form. llvm-cov's own
summary cannot say this: it takes the best program, and prints no error if nothing is
instrumented."""
import json
import os
import sys

# These ask PSVM_FOLD, which is a constant in each form: what one form has not, the other
# must have, but for what is in a macro, which may be another one there.
FOLDED = {"psvm_any_", "psvm_asks_", "psvm_says_", "psvm_go_", "psvm_trust_",
          "psvm_consider_"}
# All that is here is inline in both forms.
INLINE = ("include/psvm/vmcb.h", "include/psvm/int_ctl.h")
CODE = 0  # the kind of a region that is one
KINDS = ("regions", "branches", "conditions")


def inside(at, region):
    return tuple(region[:2]) <= tuple(at[:2]) and tuple(at[2:4]) <= tuple(region[2:4])


def executed(at, file, code):
    """The innermost region around a branch has been executed."""
    around = [r for r in code if r[5] == file and inside(at, r)]
    return bool(around) and max(around, key=lambda r: (r[:2], [-n for n in r[2:4]]))[4] > 0


def is_switch(text, region, regions):
    """Before its first case nothing of the body of a switch can be executed. Cases from
    a macro are inside the body's region; else the body begins with its brace."""
    if region[5] != 0:
        return region[4] == 0 and any(r[5] == region[5] and r[4] and inside(r, region)
                                      for r in regions)
    line = text[region[0] - 1]
    return "switch (" in line[:region[1]] and line[region[1] - 1] == "{"


class Form:
    def __init__(self, root, path, without):
        self.seen = {kind: {} for kind in KINDS}  # place: reached in one program
        self.texts = {}
        with open(path, encoding="utf-8") as file:
            data = json.load(file)["data"][0]
        for function in data["functions"]:
            name = os.path.relpath(function["filenames"][0], root)
            if name.startswith(("include/psvm/", "src/core/")) and name not in without:
                self.add(os.path.join(root, name), name, function)

    def text(self, path):
        if path not in self.texts:
            with open(path, encoding="utf-8") as file:
                self.texts[path] = file.read().split("\n")
        return self.texts[path]

    def put(self, kind, place, reached):
        self.seen[kind][place] = self.seen[kind].get(place, False) or reached

    def add(self, path, file, function):
        name = function["name"].split(":")[-1]
        code = [r for r in function["regions"] if r[7] == CODE]
        for r in code:
            if not is_switch(self.text(path), r, function["regions"]):
                self.put("regions", (name, file, *r[:4], r[5]), r[4] > 0)
        for b in function["branches"]:
            # Never true and never false where the code was reached: a constant.
            if b[4] or b[5] or not executed(b, b[6], code):
                for side in (0, 1):
                    self.put("branches", (name, file, *b[:4], b[6], side), b[4 + side] > 0)
        for m in function["mcdc_records"]:
            for n, independent in enumerate(m[6]):
                self.put("conditions", (name, file, *m[:4], m[4], n), independent)

    def missed(self, kind):
        return {place for place, reached in self.seen[kind].items() if not reached}


def check(name, form, others):
    """Print the line of a form; what is missing."""
    words, wrong = [], []
    for kind in KINDS:
        reached_elsewhere = {place for other in others
                             for place, reached in other.seen[kind].items() if reached}
        missed = {place for place in form.missed(kind)
                  if not (place[0] in FOLDED and
                          (place in reached_elsewhere or place[6] != 0))}
        total = len(form.seen[kind]) - (len(form.missed(kind)) - len(missed))
        wrong += [(kind, *place) for place in sorted(missed)]
        if total == 0:
            wrong.append((kind, "none at all: is it instrumented?"))
        else:
            words.append("%s %.1f %% (%d of %d)" % (kind, 100 * (total - len(missed)) / total,
                                                    total - len(missed), total))
    print("MC/DC of the core, %s forms: %s" % (name, ", ".join(words)))
    return wrong


def main():
    root = sys.argv[1]
    forms = {name: Form(root, path, INLINE if name == "external" else ())
             for name, path in (word.split("=", 1) for word in sys.argv[2:])}
    status = 0
    for name, form in forms.items():
        for place in check(name, form, [f for f in forms.values() if f is not form]):
            print("  missed:", *place)
            status = 1
    return status


sys.exit(main())
