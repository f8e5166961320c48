#!/bin/sh
# SPDX-License-Identifier: MIT
# Line and branch coverage by gcov, after the tests have run in BUILD_DIR: all of
# the core, 90 % of the command. Fails below.
# usage: coverage.sh BUILD_DIR
set -eu
build=$1
cd "$(dirname "$0")/.."

gate() { # name minimum object-directory filter...
	name=$1
	minimum=$2
	objects=$3
	shift 3
	echo "coverage of $name, at least $minimum %:"
	gcovr --root . "$@" --fail-under-line "$minimum" --fail-under-branch "$minimum" \
		--print-summary --txt "$build/coverage-$name.txt" "$objects" ||
		{ cat "$build/coverage-$name.txt"; exit 1; }
}

# The core is the external forms: the inline ones are the same bodies.
gate core 100 "$build/CMakeFiles/psvm.dir" --filter 'src/core/' --filter 'include/psvm/'
gate command 90 "$build/CMakeFiles/psvm_command.dir" --filter 'src/cli/'
