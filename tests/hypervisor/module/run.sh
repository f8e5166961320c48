#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the self-test as a module of Debian's kernel, with the kernel's own flags and without
# a warning, and load it there; with rows that are spoiled, one of each name, it must find
# all of them, and not stay. Status 77: skipped, something is missing.
# usage: run.sh ROWS DIRECTORY: the program of selftest_rows.c; where to build
set -eu
rows=$(realpath "$1")
rm -rf "$2/selftest"
mkdir -p "$2/selftest/core" "$2/selftest/include"
build=$(cd "$2/selftest" && pwd)
cd "$(dirname "$0")"
kernel=$(sh ../linux/kernel.sh)
headers=/lib/modules/$kernel/build
if ! command -v make >/dev/null || ! [ -e "$headers/Makefile" ]; then
	echo "run.sh: no make, or no headers of $kernel: skipped"
	exit 77
fi

fail() {
	echo "run.sh: FAILED: $*"
	exit 1
}

# What a project copies that takes psvm into a module, and the self-test.
cp ../../../src/core/*.c "$build/core"
cp -r ../../../include/psvm "$build/include"
cp Kbuild psvm_types.h selftest.c selftest.h inline.c rows.S "$build"
"$rows" >"$build/rows.bin"
make -C "$headers" M="$build" >"$build/make.log" 2>&1 || { cat "$build/make.log"; fail "no module"; }
! grep -i -A5 warning "$build/make.log" || fail "the kernel's flags find something"

rc=0
sh ../linux/boot.sh sh -c '! insmod "$1" spoiled=1 2>/dev/null && insmod "$1"
	rc=$?
	dmesg -t | sed -n "s/^psvm_selftest: //p"
	exit $rc' sh "$build/psvm_selftest.ko" >"$build/log" 2>"$build/errors" || rc=$?
[ $rc != 77 ] || { cat "$build/errors"; exit 77; }
spoiled=$(sed -n 's/^spoiled \(.*\) rows$/\1/p' "$build/log")
found=$(grep -c '^WRONG' "$build/log") || true
if [ $rc != 0 ] || [ "$found" != "$spoiled" ] || ! grep -q "right, $spoiled wrong" "$build/log"; then
	cat "$build/errors" "$build/log"
	fail "status $rc; of ${spoiled:-no} spoiled rows $found found"
fi
echo "Linux $kernel: $(tail -n 1 "$build/log"); all $spoiled spoiled rows found"
