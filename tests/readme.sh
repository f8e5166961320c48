#!/bin/sh
# SPDX-License-Identifier: MIT
# The example of the README compiles without a warning and prints what the
# README says.
# usage: readme.sh [COMPILER]
set -eu
cc=${1:-cc}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md >"$work/example.c"
[ -s "$work/example.c" ] || { echo "readme.sh: no example in README.md" >&2; exit 1; }
$cc -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude "$work/example.c" -o "$work/example"

printed=$("$work/example")
expected=$(sed -n 's/^It prints `\(.*\)`:.*/\1/p' README.md)
if [ -z "$expected" ] || [ "$printed" != "$expected" ]; then
	echo "readme.sh: the example prints '$printed', README says '$expected'" >&2
	exit 1
fi
echo "the example compiles and prints '$printed'"
