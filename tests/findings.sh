#!/bin/sh
# SPDX-License-Identifier: MIT
# What psvm check finds of every rule set, each class marked by what the recorded rows
# of KVM show of it: a document, kept as findings.md. Takes some 8 minutes of two cores. With
# KEPT, compared with that file instead of printed.
# usage: findings.sh PSVM [KEPT] > findings.md
set -eu
[ $# = 1 ] || [ $# = 2 ] || { echo "usage: findings.sh PSVM [KEPT]" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for recording in K:kvm-6.1 L:kvm-6.12 M:kvm-7.2; do
	sh "$(dirname "$0")/vectors/recording.sh" "${recording%%:*}" \
		>"$work/${recording#*:}.csv"
done
status=0
"$1" check --all --markdown --rows "$work/kvm-6.1.csv" --rows "$work/kvm-6.12.csv" \
	--rows "$work/kvm-7.2.csv" >"$work/findings" || status=$?
[ $status = 1 ] || { # there are differences
	echo "findings.sh: psvm check --all ended with $status instead of 1" >&2
	exit 2
}
if [ $# = 2 ]; then
	diff -u "$2" "$work/findings"
	echo "all rule sets: as kept in $2"
else
	cat "$work/findings"
fi
