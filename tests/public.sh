#!/bin/sh
# SPDX-License-Identifier: MIT
# The public functions of the core, one a line. What is public is asked of the compiler: the
# symbols of the library, and the inline functions of its headers that have no symbol there.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for source in src/core/*.c; do
	gcc -std=c11 -Iinclude -c "$source" -o "$work/$(basename "$source").o"
done
printf '#include "psvm/psvm.h"\n#include "psvm/cpu.h"\n' |
	gcc -std=c11 -Iinclude -O0 -fkeep-inline-functions -x c -c - -o "$work/inline.o"
{
	nm -g --defined-only "$work"/*.c.o
	nm --defined-only "$work/inline.o"
} | awk '$2 ~ /^[tT]$/ && $3 ~ /^psvm_.*[^_]$/ { print $3 }' | sort -u
