#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Completion in a real bash: what it offers behind each line of complete.txt.
# usage: complete.bash FILE PSVM, with the file of the completion
set -u
psvm=$(realpath "$2")
rows=$(realpath "$(dirname "$0")")/complete.txt
# shellcheck source=src/cli/psvm.bash
source "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$psvm" "$work/psvm"
mkdir "$work/cwd"
cd "$work/cwd" || exit 1
touch vmcb.hex
PATH=$work:$PATH

# As readline takes a line apart, = is a word; one more word is about to begin behind a
# space.
complete_line() {
	local line=${1//=/ = }

	read -ra COMP_WORDS <<<"$line"
	[[ $1 == *' ' ]] && COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_psvm
}

sorted() {
	tr ' ' '\n' <<<"$1" | LC_ALL=C sort | paste -sd' '
}

failed=0 checked=0
while IFS='|' read -r line words; do
	[[ $line == \#* ]] && continue
	complete_line "$line"
	# Without the = behind an option, and the items before the last of a list.
	COMPREPLY=("${COMPREPLY[@]%=}")
	got=$(sorted "${COMPREPLY[*]##*,}")
	if [[ $got != "$(sorted "$words")" ]]; then
		echo "'$line': '$got', not '$(sorted "$words")'" >&2
		failed=1
	fi
	checked=$((checked + 1))
done <"$rows"

# What is in the name of a file is not run, and is offered whole.
# shellcheck disable=SC2016 # not expanded
touch '$(touch run) a'
complete_line 'psvm decode $'
# shellcheck disable=SC2016
if [[ ${COMPREPLY[*]} != '$(touch run) a' || -e run ]]; then
	echo "a hostile name: '${COMPREPLY[*]}'" >&2
	failed=1
fi
echo "$checked lines completed"
exit $((failed || !checked))
