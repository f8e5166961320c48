#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that must hold before a change lands. Each line is a preset or a
# script that can be run alone.
set -eu
cd "$(dirname "$0")/.."
sh tests/packages.sh all

have() { command -v "$1" >/dev/null; }

cmake --workflow --preset dev
for clang in clang-14 clang-19; do
	if have $clang; then
		cmake --workflow --preset $clang
	fi
done
cmake --workflow --preset sanitize
cmake --workflow --preset coverage
sh tests/lint.sh
sh tests/fuzz.sh 10
