#!/bin/sh
# SPDX-License-Identifier: MIT
# Make the corpora of fuzz/corpus again: fuzz all targets for some seconds, and keep as
# few inputs as have, with the seeds that the build makes, the same features.
# usage: fuzz_merge.sh SECONDS
set -eu
seconds=${1:?usage: fuzz_merge.sh SECONDS}
cd "$(dirname "$0")/.."
build=build/fuzz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Compressed, hashes as names would take more room than the inputs: numbers.
pack() {
	mkdir "$work/numbered"
	i=1000
	for input in "$1"/*; do
		mv "$input" "$work/numbered/$i"
		i=$((i + 1))
	done
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 \
		-C "$work/numbered" -c . | xz -9e >"$2"
	rm -r "$work/numbered"
}

sh tests/fuzz.sh "$seconds" ||
	echo "fuzz_merge.sh: a floor is not reached; the corpora are made all the same"
mkdir -p fuzz/corpus
targets=$(grep -o '^[a-z][a-z]*' fuzz/floors.txt)
for target in $targets; do
	seeds=$build/fuzz/corpus/$target
	cp -r "$seeds" "$work/$target"
	"$build/fuzz/fuzz_$target" -set_cover_merge=1 "$work/$target" "$build/found/$target" \
		"$build/fuzz/minimised/$target" >"$build/$target-merge.log" 2>&1
	(cd "$seeds" && ls) | (cd "$work/$target" && xargs rm)
	pack "$work/$target" "fuzz/corpus/$target.tar.xz"
done
ls -l fuzz/corpus
