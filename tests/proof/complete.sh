#!/bin/sh
# SPDX-License-Identifier: MIT
# Is every public function of the core proved? What is public, tests/public.sh says. What is
# proved is what run.sh has found to be reached: what each proof calls.
# usage: complete.sh DIR	as run.sh leaves it
set -eu
dir=$1
cd "$(dirname "$0")/../.."
sh tests/public.sh >"$dir/functions"

# function [rule set] for every place that is reached, by program
sed -n 's/^\[.* reached: \(.*\): FAILURE$/\1/p' "$dir"/right/*/*.log | sort -u >"$dir/reached"
sets=$(sed -n 's/^	X("[^"]*", \([a-z0-9_]*\),.*/\1/p' include/psvm/rule_sets.h)
status=0
while read -r function; do
	if ! grep -q -w "^$function" "$dir/reached"; then
		echo "FAILED: $function has no proof" >&2
		status=1
	fi
done <"$dir/functions"

# With rules and without words in a page: with every rule set, in both forms, and any.
with_rules=$(sed -n 's/^.*PSVM_API.*[ *]\(psvm_[a-z_]*\)(const struct psvm_rules \*rules,.*/\1/p' include/psvm/nested.h)
for function in $with_rules; do
	for set in $sets; do
		for form in nested extern; do
			grep -q "reached: $function $set: FAILURE" \
				"$dir/right/$form"/*.log || {
				echo "FAILED: $function is not proved with $set ($form)" >&2
				status=1
			}
		done
	done
	grep -q -x "$function any" "$dir/reached" || {
		echo "FAILED: $function is not proved with any rule set" >&2
		status=1
	}
done
counts="$(echo "$sets" | wc -w) rule sets, $(echo "$with_rules" | wc -w) functions with rules"
if [ "$counts" != "8 rule sets, 11 functions with rules" ]; then
	echo "FAILED: found $counts" >&2
	status=1
fi
[ $status = 0 ] &&
	echo "$(wc -l <"$dir/functions") public functions, each with a proof;" \
		"$counts, with each of them, inline and external, and with any"
exit $status
