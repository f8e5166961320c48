#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds that are instrumented print what the plain one prints: the command on a set of
# inputs, and the tests of the core, without times. What is measured is what runs.
# usage: same.sh PLAIN_DIR DIR...   (build directories, or one of mcdc.sh)
set -eu
[ $# -ge 2 ] || { echo "usage: same.sh PLAIN_DIR DIR..." >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
LLVM_PROFILE_FILE=/dev/null
export LLVM_PROFILE_FILE
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/vectors/image.sh" M A0002 before >"$work/before.hex"
sh "$here/vectors/image.sh" r A0002 after >"$work/after.hex"

# Exit status, output, and what it wrote.
command_of() { # directory, output
	while read -r line; do
		[ -n "$line" ] || continue
		status=0
		# shellcheck disable=SC2086 # words
		(cd "$work" && "$1/psvm" $line) >"$work/one" 2>&1 || status=$?
		echo "\$ psvm $line: $status"
		cat "$work/one"
	done >"$2" <<EOF
rules
$(for set in linux-6.1 lkml-2022-base lkml-2022 lkml-2022-vnmi linux-6.12 linux-7.2 xen \
	exact; do echo "rules $set"; echo "explain --rules $set 0x0f0003ff"; done)
rules --json exact
explain V_IRQ
explain 0xffffffffffffffff
decode before.hex
decode --json after.hex
enter --rules linux-7.2 --vmcb12 before.hex -o vmcb02.bin
decode vmcb02.bin
sync --rules exact --vmcb02 after.hex --vmcb12 before.hex
sync --rules lkml-2022 --vmcb02 after.hex --vmcb12 before.hex
diff --scope none lkml-2022-base lkml-2022
diff --scope none --json xen exact
check exact --shard 6/20 --threads 1
check lkml-2022 --shard 6/20 --threads 1
check linux-7.2 --shard 6/20 --threads 1 --json
check no-such-rules
EOF
}

tests="vmcb pages numbers history effect effect_cpu cpu input_extern moves_extern"
tests_of() { # directory, output
	for test in $tests; do
		program=$1/tests/test_$test
		# Of mcdc.sh: the matrices are not among its tests.
		[ -x "$program" ] || program=$1/external-${test%_extern}
		[ -x "$program" ] || continue
		echo "$test:"
		"$program" 2>&1 || echo "exit status $?"
	done | sed 's/([0-9.]* *m\{0,1\}s)//' >"$2"
}

of() { # directory, name
	if [ -x "$1/psvm" ]; then
		command_of "$1" "$work/$2.command"
	fi
	tests_of "$1" "$work/$2.tests"
}

plain=$(cd "$1" && pwd)
shift
of "$plain" plain
red=0
for dir in "$@"; do
	of "$(cd "$dir" && pwd)" other
	kinds="command tests"
	if [ ! -x "$dir/psvm" ]; then
		kinds=tests
		# Only the tests that it has.
		names=$(grep -c . "$work/other.tests")
		[ "$names" -gt 0 ] || { echo "same.sh: no test in $dir"; red=1; }
		saved=$tests
		tests=""
		for test in $saved; do
			[ ! -x "$dir/external-${test%_extern}" ] || tests="$tests $test"
		done
		tests_of "$plain" "$work/plain.tests"
		tests=$saved
	fi
	for kind in $kinds; do
		if diff "$work/plain.$kind" "$work/other.$kind" >"$work/diff"; then
			echo "same as the plain build: $kind of $(basename "$dir")," \
				"$(wc -l <"$work/other.$kind") lines"
		else
			echo "not as the plain build: $kind of $dir"
			head -n 20 "$work/diff"
			red=1
		fi
	done
	[ -x "$dir/psvm" ] || tests_of "$plain" "$work/plain.tests"
done
exit $red
