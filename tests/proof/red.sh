#!/bin/sh
# SPDX-License-Identifier: MIT
# Can a proof fail? With one place of the product broken as a line of broken.txt says, its
# proof must not hold, and for the reason that the line gives.
# usage: red.sh DIR LINE	as run.sh leaves it; the number of the line
set -eu
dir=$1 line=$2
here=$(cd "$(dirname "$0")" && pwd)
IFS='	' read -r program proof file edit finds <<END
$(sed -n "${line}p" "$here/broken.txt")
END
tree=$dir/broken/$line
rm -rf "$tree"
mkdir -p "$dir/broken"
cp -R "$dir/core" "$tree"
sed "$edit" "$dir/core/$file" >"$tree/$file"

wrong() {
	echo "FAILED: line $line, $program $proof: $*" >&2
	exit 1
}
cmp -s "$dir/core/$file" "$tree/$file" && wrong "nothing to break in $file: $edit"
sh "$here/build.sh" "$dir" "$tree" "$program"
found=0
sh "$here/prove.sh" "$tree" "$program" "$proof" >"$tree/found" || found=$?
[ $found = 1 ] || { cat "$tree/found" >&2; wrong "does not find what is broken: $edit"; }
grep -F -e "$finds" "$tree/$program/$proof.log" | grep -q 'FAILURE$' ||
	{ cat "$tree/found" >&2; wrong "not for the reason: $finds"; }
echo "red, as it should be: $(head -n 1 "$tree/found"); $finds"
