#!/bin/sh
# SPDX-License-Identifier: MIT
# Line and branch coverage of src/check by clang 19, after the tests have run in
# BUILD_DIR, where each process keeps its counters in a file of its own: one that is
# killed leaves them, too. Fails below what is named here, which may only be raised.
# usage: coverage_check.sh BUILD_DIR
set -eu
build=$1
lines=98
branches=95

llvm-profdata-19 merge -o "$build/check.profdata" "$build"/profile/*.profraw
rm -f "$build"/profile/*.profraw # the next run counts anew
llvm-cov-19 export -summary-only -instr-profile="$build/check.profdata" \
	"$build/libpsvm_check.so" >"$build/check.json"
llvm-cov-19 show -show-branches=count -instr-profile="$build/check.profdata" \
	"$build/libpsvm_check.so" >"$build/coverage-check.txt"
python3 - "$build/check.json" lines=$lines branches=$branches <<'EOF'
import json
import sys

files = json.load(open(sys.argv[1], encoding="utf-8"))["data"][0]["files"]
checker = [f["summary"] for f in files if "/src/check/" in f["filename"]]
words, status = [], 0
for kind, least in (word.split("=") for word in sys.argv[2:]):
    reached = sum(s[kind]["covered"] for s in checker)
    total = sum(s[kind]["count"] for s in checker)
    words.append("%s %.1f %% (%d of %d)" % (kind, 100 * reached / max(total, 1), reached, total))
    if total == 0 or 100 * reached < float(least) * total:
        status = 1
        words[-1] += ", less than %s %%" % least
print("coverage of src/check: " + ", ".join(words))
sys.exit(status)
EOF
