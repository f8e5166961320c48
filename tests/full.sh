#!/bin/sh
# SPDX-License-Identifier: MIT
# The full scope for one rule set, in shards one after another, and their results as one:
# kept as full-exact.json. A job scheduler may run the shards side by side: what they
# print does not depend on it. For exact each needs less than 2 GiB, all together some
# 15 minutes of one core.
# With KEPT: compare with that file, print nothing.
# usage: full.sh PSVM RULES [KEPT] > full-RULES.json
set -eu
[ $# = 2 ] || [ $# = 3 ] || { echo "usage: full.sh PSVM RULES [KEPT]" >&2; exit 2; }
shards=37
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

i=0
while [ $i -lt $shards ]; do
	status=0
	"$1" check "$2" --scope full --shard $i/$shards --json >"$work/$i.json" || status=$?
	[ $status -lt 2 ] || exit $status
	i=$((i + 1))
done
status=0
"$1" check --merge "$work"/*.json --json >"$work/merged" || status=$?
[ $status -lt 2 ] || exit $status # 1: there are differences
if [ $# = 3 ]; then
	cmp "$work/merged" "$3"
	echo "$2, full scope: as kept in $3"
else
	cat "$work/merged"
fi
