#!/bin/sh
# SPDX-License-Identifier: MIT
# Formatter and linters over the sources. Needs build/dev (compile commands).
set -eu
cd "$(dirname "$0")/.."

# The product. Headers and tests have tables, whose columns it would undo.
sources=$(git ls-files 'src/*.[ch]')
clang-format --version
# shellcheck disable=SC2086 # a list
clang-format --dry-run --Werror $sources
# shellcheck disable=SC2046 # lists
{
	shellcheck -s sh -e SC2016 $(git ls-files '*.sh')
	shellcheck -s bash $(git ls-files '*.bash')
}
# Few at a time: the longest takes a while. Copies of one function for each rule set
# would be one and the same finding.
git ls-files 'src/*.c' |
	xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/dev \
		--extra-arg=-UPSVM_L0_FOLDED 2>/dev/null
cppcheck -j "$(nproc)" --std=c11 --enable=warning,performance,portability --inline-suppr --quiet \
	--error-exitcode=1 -UPSVM_TYPES_HEADER -Iinclude -Isrc src/core src/cli
echo "lint: clean"
