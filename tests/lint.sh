#!/bin/sh
# SPDX-License-Identifier: MIT
# What can be said of the sources without running them: licence lines, formatter, linters,
# exported symbols and layout. Needs build/dev (compile commands).
set -eu
cd "$(dirname "$0")/.."

# Each file with code or settings says its licence. Data and prose do not.
spdx() {
	data='\.\(abi\|csv\|json\|md\|txt\)$'
	! { git ls-files | grep -v -e "$data" -e '^LICENSE$' -e '/known/' -e '/corpus/'
		git ls-files '*CMakeLists.txt'; } |
		xargs grep -L 'SPDX-License-Identifier: MIT' | grep .
}

# The product. Headers and tests have tables, whose columns it would undo. Copies of one
# function for each rule set would be one and the same finding.
clang_tools() {
	# shellcheck disable=SC2046 # a list
	clang-format --dry-run --Werror $(git ls-files 'src/*.[ch]')
	# Few at a time: the longest takes a while.
	git ls-files 'src/*.c' |
		xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/dev \
			--extra-arg=-UPSVM_L0_FOLDED 2>/dev/null
}

spdx || { echo "lint: these files do not say their licence" >&2; exit 1; }
sh tests/api/check.sh || { [ $? = 77 ] && echo "lint exports: SKIPPED: there is no abidiff"; }

# Each version formats and warns in its own way: one decides.
version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" = 14 ]; then
	clang_tools
else
	echo "lint clang-tools: SKIPPED: these are of version $version, not 14"
fi
# shellcheck disable=SC2046 # lists
{
	shellcheck -s sh -e SC2016 $(git ls-files '*.sh')
	shellcheck -s bash $(git ls-files '*.bash')
}
cppcheck -j "$(nproc)" --std=c11 --enable=warning,performance,portability --inline-suppr --quiet \
	--suppress=normalCheckLevelMaxBranches \
	--error-exitcode=1 -UPSVM_TYPES_HEADER -Iinclude -Isrc src/core src/cli
echo "lint: clean"
