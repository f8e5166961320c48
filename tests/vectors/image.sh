#!/bin/sh
# SPDX-License-Identifier: MIT
# Print a recorded VMCB image of images.txt as a hex dump of 4096 bytes.
# usage: image.sh ENVIRONMENT CASE before|after     (ENVIRONMENT: as in README.md)
set -eu
[ $# = 3 ] || { echo "usage: image.sh ENVIRONMENT CASE before|after" >&2; exit 2; }
awk -v wanted="image $1 $2 $3" '
	$1 == "image" { inside = inside && last == "image" || $0 == wanted }
	{ last = $1 }
	inside && $1 != "image" { row[$1] = $2; rows++ }
	END {
		if (!rows) { print "image.sh: no " wanted >"/dev/stderr"; exit 2 }
		for (i = 0; i < 4096; i += 16) {
			offset = sprintf("%03x", i)
			print offset in row ? row[offset] : "00000000000000000000000000000000"
		}
	}' "$(dirname "$0")/images.txt"
