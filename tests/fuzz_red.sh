#!/bin/sh
# SPDX-License-Identifier: MIT
# What gates fuzzing can fail: replay, and tests/fuzz_target.sh with a target that is no
# fuzzer but prints what libFuzzer does.
# usage: fuzz_red.sh REPLAY BROKEN_REPLAY CORPUS
set -eu
replay=$1
broken=$2
corpus=$3
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fails TEXT COMMAND...: it does, and says so with this text.
fails() {
	text=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "succeeds, but must not: $*"
		exit 1
	fi
	grep -q "$text" "$work/said" || {
		echo "fails without '$text': $*"
		cat "$work/said"
		exit 1
	}
}

mkdir "$work/none" "$work/fuzz" "$work/bin" "$work/tests"
"$replay" "$corpus" >"$work/said" 2>&1
fails "product (got) and reference (want) differ" "$broken" "$corpus"
fails "0 inputs replayed" "$replay" "$work/none"
fails "1 unreadable" "$replay" "$corpus" "$work/missing"
fails "fewer than 1025 pairs" "$replay" -pairs=1025 "$corpus"
for floor in "" 0 x 12x -1 +1 " 1"; do
	fails "not a number of pairs" "$replay" "-pairs=$floor" "$corpus"
done

# fuzzer STATUS FEATURES PAIRS
fuzzer() {
	cat >"$work/fuzz/fuzz_sync" <<EOF
#!/bin/sh
echo "#9	DONE   cov: 36 ft: $2 corp: 8/1Kb lim: 3 exec/s: 3 rss: 3Mb"
echo "stat::number_of_executed_units: 9"
echo "stat::average_exec_per_sec:     3"
echo "steps: 18, 6/s"
echo "pairs: $3 of 1024"
exit $1
EOF
	chmod +x "$work/fuzz/fuzz_sync"
}
# mutator TYPE: what nm says of the symbol. The fuzzer has none, so this is not nm.
mutator() {
	printf '#!/bin/sh\necho "                 %s LLVMFuzzerCustomMutator"\n' "$1" \
		>"$work/bin/nm"
	chmod +x "$work/bin/nm"
}
gate() { PATH=$work/bin:$PATH sh "$here/fuzz_target.sh" 1 "$work" sync "$work/floors"; }

mutator T
fails "FAILED, there is no program" gate
echo "sync 900 800" >"$work/floors"
fuzzer 0 900 800
gate
fuzzer 0 899 800
fails "899 features (floor 900).*FAILED" gate
fuzzer 0 900 799
fails "799 of 1024 pairs (floor 800): FAILED" gate
fuzzer 0 900 ""
fails "FAILED" gate
fuzzer 77 900 800
fails "FAILED, has found something" gate
fuzzer 0 900 800
echo "enter 900 800" >"$work/floors"
fails "FAILED" gate
echo "sync 900 800" >"$work/floors"
mutator w
fails "FAILED, .* does not define LLVMFuzzerCustomMutator" gate

cp "$here/fuzz.sh" "$work/tests"
echo "# target features pairs" >"$work/fuzz/floors.txt"
fails "has no target" sh "$work/tests/fuzz.sh" 1
echo "fuzz_red.sh: each fails as it must"
