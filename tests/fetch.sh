#!/bin/sh
# SPDX-License-Identifier: MIT
# Build and run test_fetch.c: the core instrumented to report its loads, which
# clang can since version 15.
# usage: fetch.sh CLANG
set -eu
clang=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for level in -O0 -O2; do
	for source in nested pages questions rules vmcb; do
		$clang -std=c11 $level -ffreestanding -Iinclude \
			-fsanitize-coverage=trace-pc-guard,trace-loads \
			-c src/core/$source.c -o "$work/$source.o"
	done
	$clang -std=c11 -Wall -Wextra -Werror -Iinclude tests/test_fetch.c "$work"/*.o -lcmocka \
		-o "$work/test_fetch"
	echo "$clang $level"
	"$work/test_fetch"
done
