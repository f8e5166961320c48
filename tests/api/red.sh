#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh can fail: in a copy of the tree a function goes, a struct grows, and a list
# changes without the version.
set -eu
cd "$(dirname "$0")/../.."
command -v abidiff >/dev/null || { echo "no abidiff (abigail-tools)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tests"
cp -R include src CMakeLists.txt LICENSE README.md CHANGELOG.md "$work"
cp -R tests/api "$work/tests"
cd "$work"
git init -q
git add .
git -c user.name=x -c user.email=x@example.org commit -q -m x

sees() { # complaint...
	if sh tests/api/check.sh >out 2>&1; then
		echo "check.sh passes, and should say: $*" >&2
		exit 1
	fi
	for complaint in "$@"; do
		grep "$complaint" out || {
			cat out
			echo "check.sh does not say: $complaint" >&2
			exit 1
		}
	done
}

sh tests/api/check.sh >out 2>&1 || { cat out; exit 1; }
echo "<!-- -->" >>tests/api/psvm.abi
sees 'psvm.abi has changed, the version has not' 'psvm.abi has changed without CHANGELOG.md'
echo "/* */" >>include/psvm/version.h # touched, not raised
git add .
git -c user.name=x -c user.email=x@example.org commit -q -m x
sees 'psvm.abi has changed, the version has not'
git reset -q --hard HEAD^
sed -i 's/	uint8_t external;.*/&\n	uint8_t one_more[9];/' include/psvm/nested.h
sed -i 's/psvm_vmcb_store(/psvm_vmcb_keep(/' include/psvm/vmcb.h src/core/vmcb.c
sed -i 's/psvm_vmcb_store(/psvm_vmcb_keep(/' src/cli/*.c src/check/*.c
sees 'one_more' 'psvm_vmcb_store' 'FAILED: libpsvm is not'
