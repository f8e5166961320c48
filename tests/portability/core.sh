#!/bin/sh
# SPDX-License-Identifier: MIT
# Compile the core with some flags, as somebody does who takes the sources alone; a warning
# is an error, and no symbol may be missing. Then run tests that call it.
# usage: core.sh NAME COMPILER STANDARD [flag of the core]...
# RUN: the command that runs programs of COMPILER; PKG_CONFIG_PATH: where its cmocka is.
# LINK: what the link of the core's objects needs besides. CORE: its sources, if they are not
# those here; then its headers, too, are found by the flags.
set -eu
name=$1
cc=$2
standard=$3
shift 3
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wmissing-prototypes -Werror"

fail() {
	echo "portability $name: FAILED: $*"
	exit 1
}

flags="-std=$standard -Iinclude -Isrc"
[ -n "${CORE-}" ] || set -- -Iinclude "$@"

object() { # source, object, flags...
	source=$1
	object=$2
	shift 2
	# shellcheck disable=SC2086 # flags are words
	$cc -std="$standard" -O2 -fno-pic $warnings -c "$source" -o "$object" "$@" ||
		fail "$source does not compile"
}

# A function with each word, side by side. All have ended before it exits, which takes $work
# away.
each() { # function, word...
	function=$1
	shift
	jobs=
	status=0
	for word in "$@"; do
		"$function" "$word" &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		wait "$job" || status=1
	done
	[ $status = 0 ] || exit 1
}

mkdir "$work/core" "$work/tests"
for source in ${CORE:-src/core/*.c}; do
	object "$source" "$work/core/$(basename "$source" .c).o" "$@"
done
# The inline forms, as part of the caller.
object tests/freestanding/rules.c "$work/rules.o" "$@"
for objects in "$work/rules.o" "$work/core/*.o"; do
	# shellcheck disable=SC2086 # a pattern, and words
	$cc -nostdlib -r -o "$work/all.o" $objects ${LINK-} || fail "$objects do not link"
	undefined=$(nm -u "$work/all.o")
	[ -z "$undefined" ] || fail "undefined symbols: $undefined"
done

support() { # source
	object "$1" "$work/tests/$(basename "$1" .c).o" -Iinclude -Isrc
}

test_of() { # name
	program=$work/test_$1
	# shellcheck disable=SC2086 # flags are words
	$cc $flags -O1 -no-pie -D_POSIX_C_SOURCE=200809L -DPSVM_EXTERN= -DPSVM_BRIEF \
		"tests/test_$1.c" "$work"/tests/*.o "$work/all.o" $cmocka -o "$program" ||
		fail "test_$1 does not build"
	case $1 in
	rules) argument=--brief ;;
	cpu_equal) argument='* random' ;;
	*) argument= ;;
	esac
	# shellcheck disable=SC2086 # a command may have words
	${RUN-} "$program" ${argument:+"$argument"} >"$program.log" 2>&1 || {
		cat "$program.log"
		fail "test_$1"
	}
}

each support tests/reference*.c tests/cpu_reference.c tests/show.c tests/enumerate.c \
	tests/fold_extern.c
cmocka=$(pkg-config --cflags --libs cmocka)
tests="vmcb pages numbers cpu cpu_equal rules"
# shellcheck disable=SC2086 # a list
each test_of $tests
echo "portability $name: $(echo "$tests" | wc -w) tests passed"
