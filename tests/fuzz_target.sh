#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzz one target that is built, beginning with these corpora only. Fails if it finds
# something, or has fewer features or visits fewer pairs than its row of FLOORS asks for.
# What it adds to the corpora is in BUILD_DIR/found, what it prints in BUILD_DIR/*.log.
# usage: fuzz_target.sh SECONDS BUILD_DIR TARGET FLOORS [CORPUS...]
set -eu
seconds=$1
build=$2
target=$3
floors=$4
shift 4
log=$build/$target.log
found=$build/found/$target
program=$build/fuzz/fuzz_$target
options=
# Long inputs with many features: weighing them takes a third of the time.
[ "$target" != nested ] || options=-entropic=0

failed() {
	echo "fuzz $target: FAILED, $1"
	exit 1
}

[ -x "$program" ] || failed "there is no program $program"
# libFuzzer refers to it weakly: without, it links all the same, and mutates bytes.
nm "$program" | grep -q ' T LLVMFuzzerCustomMutator$' ||
	failed "$program does not define LLVMFuzzerCustomMutator"

rm -rf "$found"
mkdir -p "$found"
# shellcheck disable=SC2086 # none or one
"$program" -max_total_time="$seconds" -print_final_stats=1 $options \
	-artifact_prefix="$build/$target-" -dict="$build/fuzz/$target.dict" \
	"$found" "$@" >"$log" 2>&1 || {
	tail -n 60 "$log"
	failed "has found something"
}

# said PATTERN: the last number that the log has in its place.
said() { sed -n "s/$1/\1/p" "$log" | tail -n 1; }
number='\([0-9][0-9]*\)'
executions=$(said "^stat::number_of_executed_units: *$number$")
rate=$(said "^stat::average_exec_per_sec: *$number$")
steps=$(said "^steps: .*, $number\/s$")
features=$(said ".*DONE .* ft: $number .*")
pairs=$(said "^pairs: $number of .*")
possible=$(said "^pairs: .* of $number$")

read -r features_floor pairs_floor <<EOF
$(sed -n "s/^$target //p" "$floors")
EOF
verdict=FAILED
if [ "$features" -ge "$features_floor" ] && [ "$pairs" -ge "$pairs_floor" ]; then
	verdict=ok
fi
echo "fuzz $target: $executions executions, $rate/s, $steps steps/s," \
	"$features features (floor $features_floor)," \
	"$pairs of $possible pairs (floor $pairs_floor): $verdict"
[ $verdict = ok ]
