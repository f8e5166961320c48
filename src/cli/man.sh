#!/bin/sh
# SPDX-License-Identifier: MIT
# The man page psvm(1), made of what --help prints, so that the two cannot differ.
# usage: man.sh PSVM FILE
set -eu
[ $# = 2 ] || { echo "usage: man.sh PSVM FILE" >&2; exit 2; }
psvm=$1
# Paragraphs on one line each.
COLUMNS=100000
export COLUMNS

# A help as paragraphs of a man page: the usage line is a heading, the rows of lists are
# tagged paragraphs.
page() {
	awk '
	function quote(text) {
		gsub(/\\/, "\\e", text)
		gsub(/-/, "\\-", text)
		return text ~ /^[.\047]/ ? "\\&" text : text
	}
	/^$/ || /^(Options|Commands):$/ { next }
	/^ / {
		sub(/^ +/, "")
		gap = index($0, "  ")
		words = substr($0, gap)
		sub(/^ +/, "", words)
		printf ".TP\n.B %s\n%s\n", quote(substr($0, 1, gap - 1)), quote(words)
		next
	}
	/^Usage: psvm / {
		sub(/^Usage: psvm /, "")
		printf ".SS %s\n.B psvm %s\n", $1, $1
		sub(/^[^ ]* */, "")
		print quote($0)
		next
	}
	{ printf "%s%s\n", (NR > 1 ? ".PP\n" : ""), quote($0) }'
}

rows() {
	"$psvm" --help | sed -n "/^$1:\$/,/^\$/p"
}

# What `psvm --help` says behind its lists.
words() {
	"$psvm" --help | sed '1,/^Options:$/d; 1,/^$/d'
}

commands() {
	rows Commands | awk '/^  / { print $1 }'
}

{
	version=$("$psvm" --version)
	cat <<END
.TH PSVM 1 2026-11-22 "$version" "User Commands"
.SH NAME
psvm \- the virtual interrupts of AMD SVM, bare and nested, decoded, compared and checked
.SH SYNOPSIS
.B psvm
.I COMMAND
[\fIOPTION\fR]... [\fIARGUMENT\fR]...
.br
.B psvm \-\-help
|
.B \-\-version
.SH DESCRIPTION
END
	words | grep -v '^Exit status\|^Example' | page
	echo ".SH OPTIONS"
	rows Options | page
	echo ".SH COMMANDS"
	rows Commands | page
	for command in $(commands); do
		"$psvm" help "$command" | page
	done
	cat <<'END'
.SH EXIT STATUS
.TP
.B 0
Done, and no difference was found.
.TP
.B 1
.B check
or
.B diff
found a difference,
.B replay
a mismatch.
.TP
.B 2
A usage error, a bad file, or no memory: one line on the standard error says what and
where. Nothing has been printed or written.
.SH ENVIRONMENT
.TP
.B COLUMNS
The width of what is printed. Without it that of the terminal, or 80.
.TP
.B NO_COLOR
If it is set and not empty,
.B psvm explain
prints no colours of its own accord.
.TP
.B TERM
If it is
.B dumb
or not set, neither.
.SH EXAMPLES
.nf
psvm explain 0x2001070100
psvm check exact
psvm diff lkml\-2022\-base lkml\-2022
psvm explain \-\-rules linux\-6.12 \-\-color=always V_GIF | less \-R
.fi
.SH SEE ALSO
AMD64 Architecture Programmer's Manual volume 2, 24593, chapter 15.
END
} >"$2.part"
mv "$2.part" "$2"
