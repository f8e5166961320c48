#!/bin/sh
# SPDX-License-Identifier: MIT
# Build and run test_fetch.c: the core instrumented to report its loads, which
# clang can since version 15. Each function that takes a page has to be in it, and it has
# to fail with a core that reads a byte twice, or one too many.
# usage: fetch.sh CLANG
set -eu
clang=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # tree, level
	for source in nested pages questions rules vmcb; do
		$clang -std=c11 "$2" -ffreestanding -I"$1/include" \
			-fsanitize-coverage=trace-pc-guard,trace-loads \
			-c "$1/src/core/$source.c" -o "$work/$source.o"
	done
	$clang -std=c11 -Wall -Wextra -Werror -Iinclude tests/test_fetch.c "$work"/*.o -lcmocka \
		-o "$work/test_fetch"
}

for level in -O0 -O2; do
	build . $level
	echo "$clang $level"
	"$work/test_fetch"
done

nm -g --defined-only "$work/pages.o" "$work/vmcb.o" | awk '$2 == "T" { print $3 }' >"$work/names"
[ -s "$work/names" ]
while read -r function; do
	grep -q "^	.*[(	]${function}[,(]\|(void)${function}(" tests/test_fetch.c || {
		echo "$function is not in test_fetch.c" >&2
		exit 1
	}
done <"$work/names"

broken() { # file, text, what it becomes, complaint
	rm -rf "$work/tree"
	mkdir -p "$work/tree/src"
	cp -R include "$work/tree"
	cp -R src/core "$work/tree/src"
	sed -i "s/$2/$3/" "$work/tree/src/core/$1"
	build "$work/tree" -O2
	if "$work/test_fetch" >"$work/out" 2>&1 || ! grep -q "$4" "$work/out"; then
		cat "$work/out"
		echo "not seen: $4" >&2
		exit 1
	fi
	echo "seen in a broken core: $4"
}
broken vmcb.c 'native\[i ^ flip\] = image\[i\];' 'native[i ^ flip] = image[i] + 0 * image[i];' \
	'psvm_vmcb_control_load: byte 000h of vmcb12 read 2 times'
broken pages.c 'if (r.outcome == PSVM_VMEXIT_INVALID)' \
	'if (pages->snapshot->int_ctl \& 1 << 24 \&\& *(volatile char *)pages->vmcb12) return r;&' \
	'psvm_vmcb_enter: byte 000h of vmcb12 read 1 times'
broken pages.c 'bytes\[i\] = ' 'if (bytes[i] != 0xa5) &' \
	'psvm_vmcb_nested_sync_int_ctl: byte 05ch of vmcb12 read 1 times'
