#!/bin/sh
# SPDX-License-Identifier: MIT
# One program of proofs: a source here (extern: nested.c again), parts of the core of a
# tree, and of the tests. What the core is compared with is compiled once, with headers
# that are right.
# usage: build.sh DIR TREE PROGRAM	makes TREE/PROGRAM/program, and a list of its proofs
set -eu
dir=$1 tree=$2 program=$3
cd "$(dirname "$0")/../.."
out=$tree/$program
mkdir -p "$out" "$dir/others"

reference="reference reference_enter reference_handback reference_run reference_window"
main=$program core='' others='' flags=''
case $program in
nested) others=$reference ;;
extern) main=nested core="nested questions rules" others=$reference flags=-DPSVM_EXTERN ;;
conditions) core=rules others=$reference ;;
cpu) others=cpu_reference ;;
stories) others="story properties" ;;
pages) core="pages nested questions" ;;
vmcb) core=vmcb ;;
esac

compile() { # headers source object
	# shellcheck disable=SC2086 # one or none
	goto-cc -std=c11 -DREF_ASKS_ALWAYS $flags -I"$1/include" -Itests -Isrc -c "$2" -o "$3"
}

# Their place is taken by functions of the proofs.
remove() { # object functions...
	object=$1
	shift
	for function in "$@"; do
		goto-instrument --remove-function-body "$function" "$object" "$object" >/dev/null
	done
}

compile "$tree" "tests/proof/$main.c" "$out/proof.o"
objects=$out/proof.o
flags=''
for part in $core; do
	compile "$tree" "$tree/src/core/$part.c" "$out/$part.o"
	objects="$objects $out/$part.o"
done
if [ "$program" = pages ]; then
	remove "$out/nested.o" psvm_run_
	remove "$out/questions.o" psvm_merge_ psvm_route_
fi
for part in $others; do
	object=$dir/others/$part.o
	[ -e "$object" ] || compile . "tests/$part.c" "$object"
	objects="$objects $object"
done
# shellcheck disable=SC2086 # a list; goto-cc does not mind one that is missing
ls $objects >/dev/null
# shellcheck disable=SC2086 # a list
goto-cc $objects -o "$out/program"
goto-instrument --list-goto-functions "$out/program" 2>/dev/null |
	sed -n 's/^\(proof_[A-Za-z0-9_]*\).*/\1/p' | sort -u >"$out/proofs"
