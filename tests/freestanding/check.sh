#!/bin/sh
# SPDX-License-Identifier: MIT
# What the core promises of its machine code, with one compiler at every level
# of optimization: no undefined symbol, no writable data, only names of psvm, no
# constructor, no function with a large frame; snapshot, refresh, hand-back and the
# windows with a constant rule set have no branch; no object grows (sizes.txt).
# usage: check.sh COMPILER
set -eu
cc=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
case $($cc --version) in
*clang*) compiler=clang-$($cc -dumpversion | sed 's/\..*//') ;;
*) compiler=gcc-$($cc -dumpversion | sed 's/\..*//') ;;
esac

transitions="psvm_enter psvm_nested_sync_int_ctl psvm_reenter psvm_refresh \
psvm_run_ psvm_snapshot psvm_window_close psvm_window_open "
largest_nested=2400
# Bytes of stack, less than which each function needs. A red zone would not be counted.
stack=256

complain() {
	echo "FAILED $compiler $*" >&2
	failed=1
}

compile() { # flags...
	objects=
	for source in src/core/*.c; do
		object=$work/$(basename "$source" .c).o
		$cc -std=c11 -ffreestanding -fstack-usage -Iinclude "$@" -c "$source" -o "$object"
		objects="$objects $object"
	done
	# shellcheck disable=SC2086 # a list
	ld -r -o "$work/core.o" $objects
}

text_size() { # object
	size -A "$work/$1.o" | awk '$1 ~ /^\.text/ { n += $2 } END { print n + 0 }'
}

# Sections that are written to, if only by a loader: data, bss, constructors.
writable() {
	readelf -SW "$work/core.o" | sed -n 's/^ *\[ *[0-9]*\] *//p' |
		awk '$7 ~ /W/ && $5 !~ /^0*$/ { print $1 }' | xargs
}

# Against the ratchet of this compiler, if it has one.
weigh() { # object
	text=$(text_size "$1")
	limit=$(awk -v compiler="$compiler" -v object="$1" \
		'$1 == compiler && $2 == object { print $3 }' tests/freestanding/sizes.txt)
	echo "$compiler -Os: $text bytes of .text in $1.o, at most ${limit:-unknown}"
	[ -n "$limit" ] || return 0
	[ "$text" -le "$limit" ] || complain "-Os: $1.o has grown from $limit to $text bytes"
	[ "$text" -ge "$limit" ] || echo "$1.o has shrunk: its line in sizes.txt can be lower"
}

frames() {
	cat "$work"/*.su | awk -F '\t' -v stack=$stack '
		$2 > most { most = $2; where = $1 }
		$2 >= stack || $3 == "dynamic" { bad = bad " " $1 ": " $2 " " $3 }
		END { if (most == "") bad = " no function has a frame"; print (bad == "" ? most " bytes of stack: " where : "FAILED" bad) }'
}

for level in -O0 -O1 -O2 -O3 -Os; do
	compile $level -fno-pic -mno-red-zone
	undefined=$(nm -u "$work/core.o" | awk '{ print $2 }' | xargs)
	[ -z "$undefined" ] || complain "$level: undefined symbols: $undefined"
	foreign=$(nm -g --defined-only "$work/core.o" | awk '$3 !~ /^psvm_/ { print $3 }' | xargs)
	[ -z "$foreign" ] || complain "$level: symbols not of psvm: $foreign"
	frames=$(frames)
	case $frames in
	FAILED*) complain "$level: stack of $stack bytes or more:${frames#FAILED}" ;;
	*) echo "$compiler $level: at most $frames" ;;
	esac
	for code in -fno-pic -fPIE; do
		compile $level $code
		sections=$(writable)
		[ -z "$sections" ] || complain "$level $code: written to: $sections"
	done
done

compile -Os
names=$(nm -g --defined-only "$work/nested.o" | awk '{ print $3 }' | sort | tr '\n' ' ')
[ "$names" = "$transitions" ] || complain "-Os: nested.o defines $names"
[ "$(text_size nested)" -le $largest_nested ] ||
	complain "-Os: nested.o has more than $largest_nested bytes"
for source in src/core/*.c; do
	weigh "$(basename "$source" .c)"
done

for level in -O1 -O2 -O3 -Os; do
	$cc -std=c11 -ffreestanding -Iinclude $level -c tests/freestanding/rules.c \
		-o "$work/rules.o"
	objdump -d --no-show-raw-insn "$work/rules.o" >"$work/rules.s"
	functions=$(grep -c '^[0-9a-f]* <' "$work/rules.s")
	[ "$functions" = 40 ] || complain "$level: $functions functions, 40 expected"
	jumps=$(awk '$2 ~ /^j|^call/' "$work/rules.s")
	[ -z "$jumps" ] || complain "$level: branches: $jumps"
done

[ $failed = 0 ] && echo "$compiler: as promised"
exit $failed
