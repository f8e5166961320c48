#!/bin/sh
# SPDX-License-Identifier: MIT
# Line and branch coverage by gcov, after the tests have run in BUILD_DIR: all of
# the core, 90 % of the command. Fails below.
# usage: coverage.sh BUILD_DIR
set -eu
build=$1
cd "$(dirname "$0")/.."

gate() { # name minimum filters and object directories...
	name=$1
	minimum=$2
	shift 2
	echo "coverage of $name, at least $minimum %:"
	gcovr --root . "$@" --fail-under-line "$minimum" --fail-under-branch "$minimum" \
		--print-summary --txt "$build/coverage-$name.txt" ||
		{ cat "$build/coverage-$name.txt"; exit 1; }
}

# The core is the external forms: the inline ones are the same bodies.
gate core 100 --filter 'src/core/' --filter 'include/psvm/' "$build/CMakeFiles/psvm.dir"
# test_image and test_explain have parts of the command in them.
gate command 90 --filter 'src/cli/' "$build/CMakeFiles/psvm_command.dir" \
	"$build/tests/CMakeFiles/test_image.dir" "$build/tests/CMakeFiles/test_explain.dir"
