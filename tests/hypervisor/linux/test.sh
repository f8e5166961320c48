#!/bin/sh
# SPDX-License-Identifier: MIT
# The harness itself: a command under Debian's kernel gives what it printed, and its status;
# an image runs under the KVM of that kernel. Status 77: skipped.
# usage: test.sh COMPILER
set -eu
cc=$1
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# want STATUS OUTPUT LAST_LINE_OF_ERRORS COMMAND...; * is any text.
want() {
	want="$1: $2: $3"
	shift 3
	rc=0
	out=$("$@" 2>"$work/errors") || rc=$?
	[ $rc != 77 ] || { cat "$work/errors"; exit 77; }
	got="$rc: $out: $(tail -n 1 "$work/errors")"
	# shellcheck disable=SC2254 # a pattern
	case $got in
	$want) echo "ok: $got" ;;
	*)
		echo "FAILED: $*: want $want"
		echo "got $got"
		failed=1
		;;
	esac
}

here=$(uname -r)
want 7 "it's a  b in $PWD" error \
	sh boot.sh sh -c "echo \"it's \$1 in \$PWD\"; echo error >&2; exit 7" sh 'a  b'
want 0 'another kernel' '' sh boot.sh sh -c "[ \$(uname -r) = $here ] || echo another kernel"
want 124 '' '*status 124*' env LIMIT=1 sh boot.sh true
want 125 begun '*without a status' sh boot.sh sh -c 'echo begun; echo c >/proc/sysrq-trigger'

"$cc" -m32 -nostdlib -static -no-pie -Wl,-Ttext=0x100000,--build-id=none,-n hello.S \
	-o "$work/hello"
want 3 "$work/hello start=5 b" '' sh kvm.sh "$work/hello" start=5 b
want 1 "$work/hello " '*warning*svm*' env KVM=nested=0 sh kvm.sh "$work/hello"
exit $failed
