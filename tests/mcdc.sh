#!/bin/sh
# SPDX-License-Identifier: MIT
# Modified condition/decision coverage of the core by clang 19: every condition of every
# decision is shown to decide it alone. Both forms, each by itself: the external ones are
# a library, the inline ones are in the tests. Fails below 100 %.
# usage: mcdc.sh DIR [TEST...]
set -eu
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
root=$(pwd)
# Tests, and if they take arguments, these.
[ $# != 0 ] || set -- vmcb pages numbers history cpu "cpu_equal:* random" exact input moves

for tool in clang-19 llvm-cov-19 llvm-profdata-19 python3; do
	command -v $tool >/dev/null || { echo "mcdc.sh: no $tool: skipped"; exit 77; }
done
# MCDC: what is measured, for red tests.
measured="-fprofile-instr-generate -fcoverage-mapping ${MCDC--fcoverage-mcdc}"
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -O1 -Wall -Wextra -Iinclude -Isrc -Itests"

compile() { # object source flags...; clang only warns of a decision that it leaves out
	object=$1
	source=$2
	shift 2
	# shellcheck disable=SC2086 # lists
	if ! clang-19 $flags "$@" -c "$source" -o "$dir/$object.o" 2>"$dir/$object.log" ||
		[ -s "$dir/$object.log" ]; then
		cat "$dir/$object.log"
		echo "mcdc.sh: clang says something of $source: it may leave a decision out"
		exit 1
	fi
}

rm -rf "${dir:?}"/*
core=""
for source in src/core/*.c; do
	name=core-$(basename "$source" .c)
	# shellcheck disable=SC2086 # a list
	compile "$name" "$source" -fPIC -ffreestanding $measured
	core="$core $dir/$name.o"
done
# shellcheck disable=SC2086 # lists
clang-19 $measured -shared -o "$dir/libpsvm.so" $core

helpers=""
for source in tests/reference*.c tests/cpu_reference.c tests/show.c tests/properties.c \
	tests/story.c tests/fold_extern.c; do
	name=$(basename "$source" .c)
	compile "$name" "$source"
	helpers="$helpers $dir/$name.o"
done

run() { # form test arguments; flags to link with follow
	form=$1
	test=$2
	arguments=$3
	shift 3
	# shellcheck disable=SC2086 # a list
	clang-19 "$@" "$dir/$form-$test.o" $helpers -L"$dir" -lpsvm -Wl,-rpath,"$dir" \
		-lcmocka -o "$dir/$form-$test"
	LLVM_PROFILE_FILE="$dir/$form-$test-%m.profraw" "$dir/$form-$test" \
		${arguments:+"$arguments"} >"$dir/$form-$test.log" 2>&1 ||
		{ tail -n 20 "$dir/$form-$test.log"; exit 1; }
}

programs=""
for entry in "$@"; do
	test=${entry%%:*}
	arguments=""
	[ "$test" = "$entry" ] || arguments=${entry#*:}
	compile "external-$test" "tests/test_$test.c" -DPSVM_EXTERN=
	run external "$test" "$arguments"
	# shellcheck disable=SC2086 # a list
	compile "inline-$test" "tests/test_$test.c" $measured
	run inline "$test" "$arguments" -fprofile-instr-generate
	programs="$programs -object $dir/inline-$test"
done

export_form() { # form objects...
	form=$1
	shift
	llvm-profdata-19 merge -o "$dir/$form.profdata" "$dir/$form"-*.profraw
	llvm-cov-19 export -instr-profile="$dir/$form.profdata" "$@" >"$dir/$form.json"
}
export_form external "$dir/libpsvm.so"
# shellcheck disable=SC2086 # a list
export_form inline $programs
python3 tests/mcdc.py "$root" "external=$dir/external.json" "inline=$dir/inline.json"
