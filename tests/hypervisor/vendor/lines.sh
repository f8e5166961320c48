#!/bin/sh
# SPDX-License-Identifier: MIT
# The lines that "Link it" in the README has for somebody: the first code after "**WHO**".
# usage: lines.sh WHO [README]
set -eu
awk -v who="**$1**" '
	index($0, who) { found = 1 }
	inside && /^```$/ { exit }
	inside
	found && /^```[a-z]/ { inside = 1 }' "${2:-$(dirname "$0")/../../../README.md}" | grep .
