#!/bin/sh
# SPDX-License-Identifier: MIT
# Build psvm and its tests in DIR in one way, and run the tests. What needs popt and
# jansson stays out, unless the arguments say -DPSVM_BUILD_COMMAND=ON.
# usage: suite.sh brief|full NAME DIR [argument of cmake]...
#	brief: on fewer inputs, without what is labelled slow or exhaustive
set -eu
extent=$1
name=$2
dir=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
log=$dir/log

# Not psvm as it is built here: other compilers, sources of kernels, scripts for this
# machine.
without='gate|hypervisor|compile|consumer|kernel|proof|sweep|explore|browser|host'
define=
if [ "$extent" = brief ]; then
	without="$without|exhaustive|slow"
	define=-DPSVM_BRIEF
fi

step() { # what, command...
	what=$1
	shift
	rc=0
	"$@" >>"$log" 2>&1 || rc=$?
	[ $rc = 0 ] && return
	if [ $rc = 77 ]; then
		echo "portability $name: SKIPPED: $(tail -n 1 "$log")"
		exit 77
	fi
	tail -n 200 "$log"
	echo "portability $name: FAILED: $what"
	exit 1
}

select_tests() { # option of ctest...
	ctest --test-dir "$dir/psvm" --no-tests=error -LE "$without" \
		"$@"
}

mkdir -p "$dir"
: >"$log"
step "no cmocka" sh "$here/cmocka.sh" "$dir/cmocka" "$@"
# What runs the programs, if it is nobody else: ctest names the command of a test before it
# is built only if somebody does.
step "not configured" cmake -G Ninja -S "$here/../.." -B "$dir/psvm" \
	-DCMAKE_PREFIX_PATH="$dir/cmocka" -DCMAKE_BUILD_TYPE=Release \
	-DCMAKE_C_FLAGS_RELEASE="-O2 $define" -DPSVM_BUILD_COMMAND=OFF \
	-DCMAKE_CROSSCOMPILING_EMULATOR=env "$@"
# Only the programs that run.
programs=$(select_tests --show-only=json-v1 |
	sed -n "s|^ *\"$dir/psvm/\(.*/[a-z]*_[^/]*\)\",*$|\1|p" | sort -u)
[ -n "$programs" ] || step "no programs" false
# shellcheck disable=SC2086 # a list
step "does not build" cmake --build "$dir/psvm" -j "${JOBS:-2}" --target psvm_corpus $programs
step "a test fails" select_tests -j "${JOBS:-2}" --output-on-failure --timeout 7200
passed=$(sed -n 's/^100% tests passed, 0 tests failed out of //p' "$log")
echo "portability $name: $passed tests passed"
