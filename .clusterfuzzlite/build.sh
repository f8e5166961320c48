#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the fuzz targets, their dictionaries and seed corpora, as ClusterFuzzLite and
# OSS-Fuzz ask for: CC, CFLAGS, CXX, CXXFLAGS, LIB_FUZZING_ENGINE, SRC, WORK, OUT.
set -eu
build=$WORK/psvm

# The flags say what is instrumented; CMake takes them from the environment.
cmake -S "$SRC/psvm" -B "$build" -DCMAKE_BUILD_TYPE=None -DPSVM_WERROR=OFF \
	-DPSVM_BUILD_COMMAND=OFF -DPSVM_BUILD_TESTS=OFF -DPSVM_INSTALL=OFF \
	-DPSVM_BUILD_FUZZERS=ON -DPSVM_FUZZING_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build" --target psvm_fuzz_targets
targets=$(grep -o '^[a-z][a-z]*' "$SRC/psvm/fuzz/floors.txt")
for target in $targets; do
	cp "$build/fuzz/fuzz_$target" "$OUT/$target"
	cp "$build/fuzz/$target.dict" "$OUT"
	(cd "$build/fuzz" && cmake -E tar cf "$OUT/${target}_seed_corpus.zip" --format=zip \
		"corpus/$target" "minimised/$target")
done
