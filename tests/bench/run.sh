#!/bin/sh
# SPDX-License-Identifier: MIT
# All benchmarks, with gcc and with clang: writes results.md and results.svg here.
set -eu
cd "$(dirname "$0")/../.."
builds=
for cc in gcc clang-14; do
	command -v $cc >/dev/null || continue
	cmake --preset bench -B build/bench-$cc -DCMAKE_C_COMPILER=$cc >/dev/null
	builds="$builds build/bench-$cc"
done
for build in $builds; do
	# Of the second compiler only the functions are measured.
	case $build in
	*gcc) cmake --build "$build" ;;
	*) cmake --build "$build" --target bench_steps ;;
	esac
done
# shellcheck disable=SC2086 # a list
exec python3 tests/bench/report.py --out tests/bench $builds
