#!/bin/sh
# SPDX-License-Identifier: MIT
# What the core promises of its machine code, with one compiler at every level
# of optimization: no undefined symbol, no writable data, only names of psvm, no
# constructor; snapshot, refresh, hand-back and the windows with a constant rule set
# have no branch; the object of the transitions does not grow.
# usage: check.sh COMPILER
set -eu
cc=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# Bytes of .text at -Os, for rule sets that are known at run time only. nested.o is
# every transition and exit routing, with all that they need: a bound, the same for
# every compiler. questions.o only asks: a ratchet, lower it when you can.
transitions="psvm_enter psvm_nested_sync_int_ctl psvm_reenter psvm_refresh \
psvm_route_exit psvm_snapshot psvm_window_close psvm_window_open "
nested=2500
case $cc in
*clang*) questions=2080 ;;
*) questions=1810 ;;
esac

complain() {
	echo "FAILED $cc $*" >&2
	failed=1
}

compile() { # flags...
	objects=
	for source in src/core/*.c; do
		object=$work/$(basename "$source" .c).o
		$cc -std=c11 -ffreestanding -Iinclude "$@" -c "$source" -o "$object"
		objects="$objects $object"
	done
	# shellcheck disable=SC2086 # a list
	ld -r -o "$work/core.o" $objects
}

section_size() { # section object
	size -A "$2" | awk -v name="$1" '$1 == name { n += $2 } END { print n + 0 }'
}

weigh() { # object budget
	text=$(section_size .text "$work/$1")
	echo "$cc -Os: $text bytes of .text in $1, budget $2"
	[ "$text" -le "$2" ] || complain "-Os: .text of $1 is $text bytes, budget $2"
}

for level in -O0 -O1 -O2 -O3 -Os; do
	compile $level -fno-pic
	undefined=$(nm -u "$work/core.o")
	[ -z "$undefined" ] || complain "$level: undefined symbols: $undefined"
	foreign=$(nm -g --defined-only "$work/core.o" | awk '$3 !~ /^psvm_/ { print $3 }')
	[ -z "$foreign" ] || complain "$level: symbols not of psvm: $foreign"
	compile $level -fPIE
	for section in .data .data.rel.ro .data.rel.ro.local .bss .tbss .init_array .ctors; do
		bytes=$(section_size $section "$work/core.o")
		[ "$bytes" = 0 ] || complain "$level -fPIE: $bytes bytes in $section"
	done
done

compile -Os
names=$(nm -g --defined-only "$work/nested.o" | awk '{ print $3 }' | sort | tr '\n' ' ')
[ "$names" = "$transitions" ] || complain "-Os: nested.o defines $names"
weigh nested.o $nested
weigh questions.o $questions

for level in -O1 -O2 -O3 -Os; do
	$cc -std=c11 -ffreestanding -Iinclude $level -c tests/freestanding/rules.c \
		-o "$work/rules.o"
	objdump -d --no-show-raw-insn "$work/rules.o" >"$work/rules.s"
	functions=$(grep -c '^[0-9a-f]* <' "$work/rules.s")
	[ "$functions" = 40 ] || complain "$level: $functions functions, 40 expected"
	jumps=$(awk '$2 ~ /^j|^call/' "$work/rules.s")
	[ -z "$jumps" ] || complain "$level: branches: $jumps"
done

[ $failed = 0 ] && echo "$cc: as promised"
exit $failed
