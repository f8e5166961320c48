#!/bin/sh
# SPDX-License-Identifier: MIT
# Is every public function of the core that takes words in a bit-effect matrix? What is in
# one, the programs say: the names of their cases begin with the function's.
# usage: effect.sh PROGRAM...
set -eu
command -v gcc >/dev/null || { echo "effect.sh: no gcc: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for program in "$@"; do
	"$program"
done 2>&1 | sed -n 's/^\[ *OK \] \([a-z0-9_]*\) .*/psvm_\1/p' | sort -u >"$work/shown"

# Not words: pages and images, byte by byte (test_vmcb.c, test_pages.c), and rule sets
# (test_input.c, test_pages.c).
sh "$(dirname "$0")/public.sh" |
	grep -v -x -e 'psvm_vmcb_.*' -e psvm_rules_check -e psvm_rules_builtin >"$work/public"
missing=$(comm -23 "$work/public" "$work/shown")
if [ -n "$missing" ]; then
	echo "FAILED: in no matrix:" "$missing"
	exit 1
fi
echo "each of $(wc -l <"$work/public") public functions that take words is in a matrix"
