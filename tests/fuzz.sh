#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzz each target for some seconds with sanitizers, as many at once as there are
# processors. Fails if one finds something, or stays below its row of fuzz/floors.txt.
# usage: fuzz.sh SECONDS [CLANG]
set -eu
seconds=${1:?usage: fuzz.sh SECONDS [CLANG]}
clang=${2:-clang}
cd "$(dirname "$0")/.."
build=build/fuzz

cmake --preset fuzz -DCMAKE_C_COMPILER="$clang" >/dev/null
cmake --build --preset fuzz >/dev/null
grep -o '^[a-z]*' fuzz/floors.txt |
	xargs -P "$(nproc)" -I TARGET sh tests/fuzz_target.sh "$seconds" $build TARGET \
		fuzz/floors.txt $build/fuzz/corpus/TARGET $build/fuzz/minimised/TARGET
echo "fuzz: $(grep -c '^[a-z]' fuzz/floors.txt) targets, $seconds s each:" \
	"nothing found, features and pairs above their floors"
