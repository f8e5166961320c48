#!/bin/sh
# SPDX-License-Identifier: MIT
# All proofs, with CBMC: README.md says what they say.
#
# 1. Every proof holds, and gets where it says (proof.h).
# 2. Every public function of the core is among them, and with every rule set those of
#    psvm/nested.h (complete.sh).
# 3. Every kind of proof can fail: with one bit, comparison or line of the product wrong
#    (broken.txt) the proof that looks there does not hold (red.sh).
# usage: run.sh [-j JOBS] DIR [PROGRAM [PROOFS]]	one of the sources here (or
#	extern), and a regular expression: these alone, and 1. only
# exit status: 77 if there is no CBMC
set -eu
jobs=2
if [ "${1-}" = -j ]; then
	jobs=$2
	shift 2
fi
dir=${1:?usage: run.sh [-j JOBS] DIR [PROGRAM [PROOFS]]}
program=${2-} proofs=${3-}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
cd "$here/../.."
sh "$here/cbmc.sh" "$dir"
PATH=$dir/bin:$PATH
began=$(date +%s)
status=0

# What is proved: a copy, so that nobody changes it meanwhile.
rm -rf "$dir/core" "$dir/right" "$dir/broken" "$dir/less" \
	"$dir/others"
mkdir -p "$dir/core/src"
cp -R include "$dir/core"
cp -R src/core "$dir/core/src"
cp -R "$dir/core" "$dir/right"

for name in ${program:-conditions identity pages vmcb stories cpu any_rules nested extern}; do
	sh "$here/build.sh" "$dir" "$dir/right" "$name"
	sed "s,^,$dir/right $name ," "$dir/right/$name/proofs"
done >"$dir/all"
grep -E "$proofs" "$dir/all" >"$dir/list" || { echo "run.sh: no such proof" >&2; exit 2; }
echo "$(wc -l <"$dir/list") proofs, CBMC $(cbmc --version), $jobs at a time"
xargs -P "$jobs" -L 1 sh "$here/prove.sh" <"$dir/list" >"$dir/results" || status=1
sort "$dir/results"
[ $status = 0 ] || { echo "FAILED: not all proofs hold" >&2; exit 1; }
[ -z "$program" ] || exit 0

sh "$here/complete.sh" "$dir" || status=1
# It notices one that is missing.
mkdir -p "$dir/less"
cp -R "$dir/right" "$dir/less"
rm "$dir/less/right/conditions/proof_psvm_int_ctl.log"
sh "$here/complete.sh" "$dir/less" 2>&1 | grep -q 'FAILED: psvm_int_ctl_join has no proof' ||
	{ echo "FAILED: complete.sh misses nothing" >&2; status=1; }

grep -n '^[^#]' "$here/broken.txt" | cut -d : -f 1 |
	xargs -P "$jobs" -n 1 sh "$here/red.sh" "$dir" || status=1

[ $status = 0 ] || exit 1
echo "proved: $(wc -l <"$dir/list") proofs in $(($(date +%s) - began)) s"
