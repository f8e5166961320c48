#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the fuzz targets as ClusterFuzzLite and OSS-Fuzz do, run each for a second, and
# see the gate fail where no corpus helps.
# usage: fuzz_build.sh
set -eu
cd "$(dirname "$0")/.."
command -v clang++ >/dev/null || {
	echo "fuzz_build.sh: skipped, there is no clang++"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src" "$work/out" "$work/work" "$work/fuzz"
ln -s "$PWD" "$work/src/psvm"

flags="-O1 -fsanitize=address,fuzzer-no-link"
CC=clang CXX=clang++ CFLAGS=$flags CXXFLAGS=$flags LIB_FUZZING_ENGINE=-fsanitize=fuzzer \
	SRC=$work/src WORK=$work/work OUT=$work/out sh .clusterfuzzlite/build.sh \
	>"$work/log" 2>&1 || {
	tail -n 30 "$work/log"
	exit 1
}
targets=$(grep -o '^[a-z][a-z]*' fuzz/floors.txt)
for target in $targets; do
	ln -s "$work/out/$target" "$work/fuzz/fuzz_$target"
	cp "$work/out/$target.dict" "$work/fuzz"
	mkdir "$work/corpus-$target"
	(cd "$work/corpus-$target" && cmake -E tar xf "$work/out/${target}_seed_corpus.zip")
	sh tests/fuzz_target.sh 1 "$work" "$target" fuzz/floors.txt "$work/corpus-$target"
done
if sh tests/fuzz_target.sh 1 "$work" sequence fuzz/floors.txt >"$work/said" 2>&1; then
	echo "fuzz_build.sh: sequence reaches its floors in a second without a corpus"
	exit 1
fi
cat "$work/said"
grep -q 'features (floor .*FAILED' "$work/said"
