#!/bin/sh
# SPDX-License-Identifier: MIT
# All proofs, with CBMC: README.md says what they say.
#
# 1. Every proof holds, and gets where it says (proof.h).
# 2. Every public function of the core is among them, and with every rule set those of
#    psvm/nested.h.
# 3. Every kind of proof can fail: with one bit, comparison or line of the product wrong
#    (broken.txt) the proof that looks there does not hold.
# usage: run.sh [-j JOBS] DIR [PROGRAM [PROOFS]]	one of the sources here (or
#	extern), and a regular expression: these alone, and 1. only
# exit status: 77 if there is no CBMC
set -eu
jobs=2
if [ "${1-}" = -j ]; then
	jobs=$2
	shift 2
fi
dir=${1:?usage: run.sh [-j JOBS] DIR [PROGRAM [PROOFS]]}
program=${2-} proofs=${3-}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
cd "$here/../.."
sh "$here/cbmc.sh" "$dir"
PATH=$dir/bin:$PATH
began=$(date +%s)

# --- programs: proof/NAME.c, sources of the core of a tree, and of the tests

reference="reference.c reference_enter.c reference_handback.c reference_run.c \
reference_window.c"
names="conditions identity pages vmcb stories cpu any_rules nested extern"

compile() { # tree source object flags...
	tree=$1 source=$2 object=$3
	shift 3
	goto-cc -std=c11 -DREF_ASKS_ALWAYS -I"$tree/include" -Itests -Isrc "$@" -c "$source" \
		-o "$object"
}

# What the product is compared with: compiled once, with headers that are right.
other() { # source
	[ -e "$dir/others/$1.o" ] || compile . "tests/$1" "$dir/others/$1.o"
	echo "$dir/others/$1.o"
}

remove_bodies() { # object functions...
	object=$1
	shift
	for function in "$@"; do
		goto-instrument --remove-function-body "$function" "$object" "$object" >/dev/null
	done
}

build() { # tree name
	out=$1/$2 core='' others='' flags='' main=$2
	mkdir -p "$out"
	case $2 in
	nested) others=$reference ;;
	extern) main=nested core="nested questions rules" others=$reference flags=-DPSVM_EXTERN ;;
	conditions) core=rules others=$reference ;;
	cpu) others=cpu_reference.c ;;
	stories) others="story.c properties.c" ;;
	pages) core="pages nested questions" ;;
	vmcb) core=vmcb ;;
	esac
	# shellcheck disable=SC2086 # one or none
	compile "$1" "tests/proof/$main.c" "$out/proof.o" $flags
	objects=$out/proof.o
	for part in $core; do
		compile "$1" "$1/src/core/$part.c" "$out/$part.o"
		objects="$objects $out/$part.o"
	done
	if [ "$2" = pages ]; then # which has its own
		remove_bodies "$out/nested.o" psvm_run_
		remove_bodies "$out/questions.o" psvm_merge_ psvm_route_
	fi
	for part in $others; do
		objects="$objects $(other "$part")"
	done
	# goto-cc does not mind an object that is missing
	# shellcheck disable=SC2086 # a list
	ls $objects >/dev/null
	# shellcheck disable=SC2086 # a list
	goto-cc $objects -o "$out/program"
	goto-instrument --list-goto-functions "$out/program" 2>/dev/null |
		sed -n 's/^\(proof_[A-Za-z0-9_]*\).*/\1/p' | sort -u >"$out/proofs"
}

copy_tree() { # to
	rm -rf "$1"
	mkdir -p "$1/src"
	cp -R include "$1"
	cp -R src/core "$1/src"
}

# --- 1.

right=$dir/right
copy_tree "$right"
rm -rf "$dir/others"
mkdir "$dir/others"
for name in ${program:-$names}; do
	build "$right" "$name"
	sed "s,^,$right $name ," "$right/$name/proofs"
done >"$dir/all"
grep -E "$proofs" "$dir/all" >"$dir/list" || { echo "run.sh: no such proof" >&2; exit 2; }
echo "$(wc -l <"$dir/list") proofs, CBMC $(cbmc --version), $jobs at a time"
status=0
xargs -P "$jobs" -L 1 sh "$here/prove.sh" <"$dir/list" >"$dir/results" || status=1
sort "$dir/results"
[ $status = 0 ] || { echo "FAILED: not all proofs hold" >&2; exit 1; }
[ -z "$program" ] || exit 0

# --- 2.

sh "$here/complete.sh" "$dir" || status=1

# --- 3.

red=0
while IFS='	' read -r name proof file edit; do
	case $name in '#'* | '') continue ;; esac
	broken=$dir/broken
	copy_tree "$broken"
	sed "$edit" "$right/$file" >"$broken/$file"
	if cmp -s "$right/$file" "$broken/$file"; then
		echo "FAILED: nothing to break in $file: $edit" >&2
		status=1
		continue
	fi
	build "$broken" "$name"
	found=0
	sh "$here/prove.sh" "$broken" "$name" "$proof" >"$dir/red" || found=$?
	if [ $found = 1 ]; then
		red=$((red + 1))
		echo "red, as it should be: $(head -n 1 "$dir/red")"
	else
		echo "FAILED: $name $proof does not find what is broken in $file: $edit" >&2
		cat "$dir/red" >&2
		status=1
	fi
done <"$here/broken.txt"
echo "$red broken cores, each found by the proof that looks there"

[ $status = 0 ] || exit 1
echo "proved: $(wc -l <"$dir/list") proofs in $(($(date +%s) - began)) s"
