#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the self-test as a module of Debian's kernel, with the kernel's own flags and without
# a warning, and load it there; with rows that are spoiled, one of each name, it must find
# all of them, and not stay. Status 77: skipped, something is missing.
# usage: run.sh ROWS DIRECTORY: the program of selftest_rows.c; where to build
# README: another file than README.md
set -eu
rows=$(realpath "$1")
rm -rf "$2/selftest"
mkdir -p "$2/selftest"
build=$(cd "$2/selftest" && pwd)
cd "$(dirname "$0")/../../.."
here=tests/hypervisor
readme=${README:-README.md}
kernel=$(sh $here/linux/kernel.sh)
headers=/lib/modules/$kernel/build
if ! command -v make >/dev/null || ! [ -e "$headers/Makefile" ]; then
	echo "run.sh: no make, or no headers of $kernel: skipped"
	exit 77
fi

fail() {
	echo "run.sh: FAILED: $*"
	exit 1
}

lines() { # who
	sh $here/vendor/lines.sh "$1" "$readme" || fail "$readme has no lines for $1" >&2
}

# What a project does that takes psvm into a module, as the README says, and the self-test.
lines Copy >"$build/copy.sh"
to=$build types=$here/module/psvm_types.h sh -e "$build/copy.sh" || fail "the lines for a copy fail"
lines Linux >"$build/Kbuild"
cat $here/module/Kbuild >>"$build/Kbuild"
cp $here/module/*.[chS] "$build"
mv "$build/selftest.c" "$build/main.c"
"$rows" >"$build/rows.bin"
make -C "$headers" M="$build" >"$build/make.log" 2>&1 || { cat "$build/make.log"; fail "no module"; }
! grep -i -A5 warning "$build/make.log" || fail "the kernel's flags find something"

rc=0
sh $here/linux/boot.sh sh -c '! insmod "$1" spoiled=1 2>/dev/null && insmod "$1"
	rc=$?
	dmesg -t | sed -n "s/^psvm self-test: //p"
	exit $rc' sh "$build/l0.ko" >"$build/log" 2>"$build/errors" || rc=$?
[ $rc != 77 ] || { cat "$build/errors"; exit 77; }
spoiled=$(sed -n 's/^spoiled \(.*\) rows$/\1/p' "$build/log")
found=$(grep -c '^WRONG' "$build/log") || true
if [ $rc != 0 ] || [ "$found" != "$spoiled" ] || ! grep -q "right, $spoiled wrong" "$build/log"; then
	cat "$build/errors" "$build/log"
	fail "status $rc; of ${spoiled:-no} spoiled rows $found found"
fi
echo "Linux $kernel: $(tail -n 1 "$build/log"); all $spoiled spoiled rows found"
