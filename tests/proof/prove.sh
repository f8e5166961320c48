#!/bin/sh
# SPDX-License-Identifier: MIT
# One proof: it holds if CBMC finds every property of it to hold, undefined behaviour and
# memory included, and every place that it must reach to be reached.
# usage: prove.sh TREE PROGRAM PROOF	as run.sh builds them
# exit status: 1 if a property does not hold, 2 if it is no proof for another reason
set -eu
program=$1/$2/program log=$1/$2/$3.log
# How CBMC is to see arrays, and which solver is to decide: a matter of time only.
case $2-$3 in
vmcb-*) flags="--max-field-sensitivity-array-size 512" ;;
any_rules-*) flags="--sat-solver cadical" ;;
*) flags= ;;
esac
# One command runs all, on machines where others run, too: what takes more is no proof.
# shellcheck disable=SC2086 # a list
prlimit --as=8000000000 --cpu=600 cbmc "$program" --function "$3" \
	--drop-unused-functions --slice-formula --bounds-check --pointer-check \
	--pointer-overflow-check --pointer-primitive-check --div-by-zero-check \
	--signed-overflow-check --undefined-shift-check --unwind 5000 \
	--unwinding-assertions $flags >"$log" 2>&1 || :
times >"$1/$2/$3.times"
awk -v name="$2 $3" '
	FNR == NR { # user and system time, of this shell and of its children
		if (FNR == 2) split($0, part, /[ms ]+/)
		seconds = part[1] * 60 + part[2] + part[3] * 60 + part[4]
		next
	}
	/^\[.*: (SUCCESS|FAILURE)$/ {
		line = $0
		must_fail = line ~ / reached: /
		failed = line ~ /FAILURE$/
		if (must_fail && failed) reached++
		else if (must_fail) wrong[++n] = "not reached: " line
		else if (failed) {
			wrong[++n] = line
			if (line !~ /no-body|unwind/) refuted = 1
		}
		else held++
	}
	/^VERIFICATION/ { complete = 1 }
	END {
		if (!complete) wrong[++n] = "CBMC did not finish"
		if (!reached || !held && !refuted) wrong[++n] = "nothing is proved"
		printf "%s %s: %.1f s, %d properties, %d places reached\n", n ? "NOT PROVED" : "proved",
			name, seconds, held, reached
		for (i = 1; i <= n && i <= 8; i++) print "  " wrong[i]
		exit !n ? 0 : complete && refuted ? 1 : 2
	}' "$1/$2/$3.times" "$log"
