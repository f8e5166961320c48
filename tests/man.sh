#!/bin/sh
# SPDX-License-Identifier: MIT
# psvm(1) has every command and every option that --help has, and formats without a
# warning; the completions and the page are installed where shells and man look.
# usage: man.sh BUILD_DIR
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$1" --prefix "$work" >/dev/null
page=$work/share/man/man1/psvm.1
for file in bin/psvm share/man/man1/psvm.1 share/bash-completion/completions/psvm \
	share/zsh/site-functions/_psvm; do
	[ -s "$work/$file" ] || { echo "man.sh: $file is not installed" >&2; exit 1; }
done
COLUMNS=80
export COLUMNS

# A line of the page for each heading and option, without the marks of troff.
sed -nE 's/^\.(B|SS) //; t name; b; :name; s/\\//g; p' "$page" >"$work/page"
in_page() {
	grep -qxF -e "$1" "$work/page" ||
		{ echo "man.sh: '$1' is not in psvm(1)" >&2; exit 1; }
}

options=0
commands=$("$work/bin/psvm" --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
for command in $commands; do
	in_page "psvm $command"
	"$work/bin/psvm" "$command" --help | grep -oE '^  (-., |    )--[^ ]+' |
		sed 's/^ *//' >"$work/options"
	while read -r option; do
		in_page "$option"
	done <"$work/options"
	options=$((options + $(wc -l <"$work/options")))
done
[ $options -ge 30 ] || { echo "man.sh: only $options options found" >&2; exit 1; }

# Whatever of them is there: a warning is a failure.
lint() {
	command -v "$1" >/dev/null || { echo "no $1 here"; return 0; }
	"$@" "$page" >"$work/warnings" 2>&1 || true
	[ ! -s "$work/warnings" ] || { cat "$work/warnings" >&2; exit 1; }
}
lint mandoc -Tlint -Wwarning
lint groff -ww -man -Tutf8 -z
echo "$options options of $(echo "$commands" | wc -w) commands are in psvm(1)"
