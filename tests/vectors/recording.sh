#!/bin/sh
# SPDX-License-Identifier: MIT
# Print what one environment did as `psvm replay` and `psvm check --rows` read it: the
# columns of the recording from which cases.csv and results.csv were derived.
# usage: recording.sh ENVIRONMENT > kvm-6.1.csv     (ENVIRONMENT: the letter in README.md)
set -eu
[ $# = 1 ] || { echo "usage: recording.sh ENVIRONMENT" >&2; exit 2; }
cd "$(dirname "$0")"
awk -F, -v letter="$1" '
	function hex(text) { return "0x" (text == "" ? "0" : text) }
	function level(name, kinds,    i, text) {
		for (i = 1; i <= length(kinds); i++)
			text = text " " name ":" substr(kinds, i, 1)
		return text
	}
	function log_of(events,    kinds) {
		split(events "//", kinds, "/")
		return substr(level("L2", kinds[1]) level("L1", kinds[2]) \
			level("drain", kinds[3]), 2)
	}
	BEGIN {
		status["ok"] = "ok"
		status["abort"] = "emulator_abort"
		status["skipped"] = "skipped_no_vgif"
		print "case,status,prog,l2_if,l1_if,phys_pending,l1_cr8,flags,b_int_vector," \
			"b_int_state,b_event_inj,b_icpt3,b_icpt4,b_int_ctl,a_int_ctl," \
			"a_int_vector,a_int_state,a_exit_code,a_exit_int_info,a_event_inj," \
			"a_rip_off,virt_rip_off,phys_rip_off,cr8_after,irr_after,event_log"
	}
	FNR == 1 { next }
	FILENAME == "cases.csv" {
		prepared[$1] = $2 "," $3 "," $4 "," $5 "," $6 "," $7 "," hex($8) "," hex($9) \
			"," hex($10) "," hex($11) "," ($7 == "NO_VMRUN_ICPT" ? "0x2" : "0x3")
		next
	}
	index($2, letter) {
		rows++
		print $1 "," status[$3] "," prepared[$1] "," hex($4) "," hex($5) "," hex($6) \
			"," hex($7) "," hex($8) "," hex($9) "," hex($10) "," $11 "," $12 \
			"," $13 "," $14 "," $15 "," log_of($16)
	}
	END {
		if (!rows) { print "recording.sh: no environment " letter >"/dev/stderr"; exit 2 }
	}' cases.csv results.csv
