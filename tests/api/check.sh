#!/bin/sh
# SPDX-License-Identifier: MIT
# The exported functions of both libraries and the layout of every struct that they take
# or return are what the lists here say (abidiff). With --write, write the lists. A list
# may change only in a commit that raises the version, in psvm/version.h, and says why in
# CHANGELOG.md.
# usage: check.sh [--write]
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v abidiff >/dev/null || { echo "no abidiff (abigail-tools)"; exit 77; }

# A readable list that is the same wherever it is made.
{
	cmake -S . -B "$work" -DBUILD_SHARED_LIBS=ON -DPSVM_BUILD_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug \
		-DCMAKE_C_FLAGS="-g -O0 -ffile-prefix-map=$PWD/="
	cmake --build "$work" -j "$(nproc)" --target psvm psvm_check
} >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

if [ "${1-}" = --write ]; then
	for library in psvm psvm_check; do
		abidw --suppressions tests/api/names.suppr --headers-dir include/psvm \
			--drop-private-types --no-show-locs --no-comp-dir-path --no-corpus-path \
			--no-elf-needed --no-parameter-names --type-id-style hash \
			--out-file tests/api/$library.abi "$work/lib$library.so"
	done
	exit
fi

status=0
for library in psvm psvm_check; do
	abidiff --suppressions tests/api/names.suppr tests/api/$library.abi \
		"$work/lib$library.so" || {
		echo "FAILED: lib$library is not what tests/api/$library.abi says" >&2
		status=1
	}
	echo "lib$library: $(grep -c '<elf-symbol ' tests/api/$library.abi) functions," \
		"$(grep -c "<class-decl .*is-struct='yes'" tests/api/$library.abi) structs"
done

# What came with a change of a list: now, if it has changed since the last commit, or else
# in the commit that changed it last. A new list comes alone.
version() { # commit: or none, for the tree as it is
	if [ -n "${1-}" ]; then
		git show "$1:include/psvm/version.h"
	else
		cat include/psvm/version.h
	fi | sed -n 's/.*define PSVM_VERSION	*//p'
}
if git rev-parse --git-dir >"$work/log" 2>&1 && [ -z "$(git rev-parse --show-prefix)" ]; then
	for library in psvm psvm_check; do
		list=tests/api/$library.abi
		if ! git diff --quiet --diff-filter=M HEAD -- $list; then
			changed=$(git diff --name-only HEAD)
			commit=
			before=HEAD
		else
			commit=$(git log -1 --diff-filter=M --format=%H -- $list)
			[ -n "$commit" ] || continue
			changed=$(git show --format= --name-only "$commit")
			before=$commit^
		fi
		if [ "$(version "$commit")" = "$(version "$before")" ]; then
			echo "FAILED: $list has changed, the version has not" >&2
			status=1
		fi
		echo "$changed" | grep -q -x CHANGELOG.md || {
			echo "FAILED: $list has changed without CHANGELOG.md" >&2
			status=1
		}
	done
fi
exit $status
