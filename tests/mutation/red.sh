#!/bin/sh
# SPDX-License-Identifier: MIT
# The gate can fail: for a mutant that survives and is not listed, for a listed one that
# is killed, for one that is no change, and for a listed one that is none; for a file that is
# not mutated, and for a number that README.md does not say.
# usage: red.sh [COMPILER]
set -eu
cc=${1:-cc}
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# With a function that has a mutant which is no change, and one that nobody calls.
cp -R include src tests README.md "$work"
cat >>"$work/src/core/vmcb.c" <<'END'
int three(void)
{
	return 3 + 0;
}
static inline int nobody_calls(int x)
{
	return x + 1;
}
END

mutate() { # function of vmcb.c or all that is mutated, options...
	only=${1:+src/core/vmcb.c $1}
	shift
	python3 "$work/tests/mutation/mutate.py" --cc "$cc" --jobs 1 \
		--equivalent "$work/list" --only "$only" "$@"
}

list() { # function: its mutants are listed
	{ mutate "$1" --list; echo "= this is not so"; } | sed '/^$/d' >"$work/list.new"
	mv "$work/list.new" "$work/list"
}

fails() { # what is said, function
	if mutate "$2" >"$work/out" 2>&1 || ! grep -q "$1" "$work/out"; then
		cat "$work/out"
		echo "red.sh: not red, or without '$1'" >&2
		exit 1
	fi
	grep "$1" "$work/out" | head -n 1
}

# Of reversal() a little-endian machine sees nothing; what run_size() returns counts.
: >"$work/list"
fails "^survives: src/core/vmcb.c reversal" reversal
fails "^survives: src/core/vmcb.c nobody_calls" nobody_calls
list run_size
fails "is killed" run_size
list three
fails "is no change" three
printf '%s\n' "src/core/vmcb.c run_size" "- no such line" "+ nor this one" "= nothing" \
	>"$work/list"
fails "there is no such mutant" run_size

# All that there is, which is little: README.md has to say each number of it.
: >"$work/list"
only=include/psvm/version.h
echo "SUITES = {\"$only\": SUITES[\"$only\"]}" >>"$work/tests/mutation/suites.py"
fails "src/core/vmcb.c is not mutated" ""
fails "README.md does not say" ""
score=$(sed -n 's/^README.md does not say: //p' "$work/out")
for number in 1 2 3 4 5 6; do
	echo "are: $score; so" | sed "s/[0-9][0-9]*/&0/$number" >"$work/README.md"
	fails "README.md does not say" "" >"$work/said"
done
echo "are: $score; so" >"$work/README.md"
if mutate "" | grep "README.md does not say"; then
	echo "red.sh: but it does" >&2
	exit 1
fi
