#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that must hold before a change lands: the gates of tests/gates.txt, a line for
# each, with what it has skipped; all that it says is in build/gates. With a name, that gate
# alone. --full: what the preset `full` does.
# usage: all.sh [--full] [GATE]
set -eu
cd "$(dirname "$0")/.."
column=3
[ "${1-}" = --full ] && { column=4; shift; }
logs=build/gates
mkdir -p $logs
sh tests/packages.sh all

# The commands of this column, with name and pattern. In column 4, = is column 3.
gates() {
	awk -F ' [|] ' -v column=$column -v only="${1-}" '
		/^#/ || (only != "" && $1 != only) { next }
		{ command = $column == "=" ? $3 : $column }
		command != "-" { print $1 "\t" $2 "\t" command }' tests/gates.txt
}

needs() { # the compiler that a gate is named after
	case $1 in
	clang-*) command -v "$1" >/dev/null ;;
	esac
}

# What a gate has left out, by name: as ctest lists it, and scripts say it, "GATE NAME: SKIPPED".
left_out() { # log
	sed -n -e 's/^\t *[0-9]* - \(.*\) (Skipped).*/\1/p' \
		-e 's/^[a-z]* \([^ ]*\): SKIPPED.*/\1/p' "$1" | sort -u
}

failed=0
list=$(mktemp)
trap 'rm -f "$list"' EXIT
gates "${1-}" >"$list"
[ -s "$list" ] || { echo "all.sh: there is no gate $1 in tests/gates.txt" >&2; exit 2; }
while IFS='	' read -r name pattern command; do
	log=$logs/$name.log
	begin=$(date +%s)
	status=77
	if needs "$name"; then
		status=0
		sh -c "$command" >"$log" 2>&1 </dev/null || status=$?
	else
		echo "there is no $name here" >"$log"
	fi
	seconds=$(($(date +%s) - begin))
	case $status in
	0)
		verdict=ok
		line=$(grep -a -e "$pattern" "$log" | tail -n 1)
		left=$(left_out "$log")
		# Without the test that it is named after, a gate has shown nothing.
		! echo "$left" | grep -qxF "$name" || verdict=skipped
		[ -n "$line" ] || { verdict=FAILED line="$log has nothing like '$pattern'" failed=1; }
		[ -z "$left" ] || line="$line ($(echo "$left" | wc -l) skipped: $(echo "$left" | xargs))"
		;;
	77) verdict=skipped line=$(tail -n 1 "$log") ;;
	*) verdict=FAILED line="see $log" failed=1 ;;
	esac
	printf '%-8s %-12s %4d s  %s\n' $verdict "$name" $seconds "$line"
	[ $verdict != FAILED ] || tail -n 100 "$log"
done <"$list"
# A gate that is asked for by name and is skipped says so to its caller.
[ "$verdict" != skipped ] || [ $# = 0 ] || exit 77
exit $failed
