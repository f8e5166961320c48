#!/bin/sh
# SPDX-License-Identifier: MIT
# Run each fuzz target for some seconds with sanitizers, as many at once as there are
# processors.
# usage: fuzz.sh SECONDS [CLANG]
set -eu
seconds=${1:?usage: fuzz.sh SECONDS [CLANG]}
clang=${2:-clang}
cd "$(dirname "$0")/.."
build=build/fuzz

cmake --preset fuzz -DCMAKE_C_COMPILER="$clang" >/dev/null
cmake --build --preset fuzz >/dev/null
printf '%s\n' sync enter sequence vmcb nested |
	xargs -P "$(nproc)" -n 1 sh tests/fuzz_target.sh "$seconds" "$build"
