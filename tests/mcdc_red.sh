#!/bin/sh
# SPDX-License-Identifier: MIT
# The gate on MC/DC can fail: with tests left out, and if nothing is instrumented for it.
# usage: mcdc_red.sh DIR
set -eu
mkdir -p "$1"
dir=$(cd "$1" && pwd)
cd "$(dirname "$0")"

fails() { # what it says
	sh mcdc.sh "$dir/red" vmcb moves >"$dir/out" 2>&1 && status=0 || status=$?
	[ "$status" != 77 ] || { cat "$dir/out"; exit 77; }
	if [ "$status" = 0 ] || ! grep "$1" "$dir/out" >"$dir/said"; then
		cat "$dir/out"
		echo "mcdc_red.sh: not red, or without '$1'" >&2
		exit 1
	fi
	head -n 1 "$dir/said"
}

fails "missed: conditions psvm_cpu_boundary"
export MCDC=""
fails "missed: conditions none at all"
