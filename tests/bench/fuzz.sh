#!/bin/bash
# SPDX-License-Identifier: MIT
# The rate of the fuzz target sync as a share of the rate of an empty target with
# the same mutator and decoding: processor time for the same number of inputs, in
# turn, the best of three. Needs the preset fuzz (tests/fuzz.sh builds it).
# usage: fuzz.sh [RUNS]
set -eu
runs=${1:-1000000}
cd "$(dirname "$0")/../.."
build=build/fuzz/fuzz

seconds() { # target
	found=$(mktemp -d)
	{ time -p "$build/fuzz_$1" -runs="$runs" -seed=1 "$found" "$build/corpus/sync" \
		>/dev/null 2>&1; } 2>&1 | awk '$1 == "user" { print $2 }'
	rm -rf "$found"
}

for _ in 1 2 3; do
	echo "$(seconds empty) $(seconds sync)"
done | awk -v runs="$runs" '
	NR == 1 || $1 < empty { empty = $1 }
	NR == 1 || $2 < sync { sync = $2 }
	END {
		printf "%d inputs: empty %.0f/s, sync %.0f/s, sync/empty %.2f\n",
			runs, runs / empty, runs / sync, empty / sync
	}'
