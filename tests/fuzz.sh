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

targets=$(grep -o '^[a-z][a-z]*' fuzz/floors.txt) || {
	echo "fuzz.sh: fuzz/floors.txt has no target"
	exit 1
}
cmake --preset fuzz -DCMAKE_C_COMPILER="$clang" >/dev/null
cmake --build --preset fuzz >/dev/null
echo "$targets" |
	xargs -P "$(nproc)" -I TARGET sh tests/fuzz_target.sh "$seconds" $build TARGET \
		fuzz/floors.txt $build/fuzz/corpus/TARGET $build/fuzz/minimised/TARGET
echo "fuzz: $(echo "$targets" | wc -l) targets, $seconds s each:" \
	"nothing found, features and pairs above their floors"
