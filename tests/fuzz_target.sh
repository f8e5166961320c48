#!/bin/sh
# SPDX-License-Identifier: MIT
# Run one fuzz target that is built.
# usage: fuzz_target.sh SECONDS BUILD_DIR TARGET
set -eu
seconds=$1
build=$2
target=$3
options=
# Long inputs with many features: weighing them takes a third of the time.
[ "$target" != nested ] || options=-entropic=0
found=$build/found/$target
mkdir -p "$found"
# shellcheck disable=SC2086 # none or one
"$build/fuzz/fuzz_$target" -max_total_time="$seconds" -print_final_stats=1 $options \
	-dict="$build/fuzz/$target.dict" "$found" "$build/fuzz/corpus/$target" \
	>"$build/$target.log" 2>&1 || { tail -n 60 "$build/$target.log"; exit 1; }
rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$build/$target.log")
features=$(sed -n 's/.*DONE .* ft: \([0-9]*\).*/\1/p' "$build/$target.log")
steps=$(sed -n 's/^steps: .*, \([0-9]*\)\/s$/, \1 steps\/s/p' "$build/$target.log")
echo "fuzz $target: $seconds s, $rate executions/s$steps, $features features," \
	"no failure"
