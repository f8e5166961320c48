#!/bin/sh
# SPDX-License-Identifier: MIT
# What tests/all.sh makes of gates that pass, that skip some of their tests or the one that
# they are named after, that say nothing in numbers, and that fail.
# usage: all_red.sh
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tests"
cp all.sh "$work/tests"
echo : >"$work/tests/packages.sh"
for name in green some main; do
	echo "add_test($name sh -c 'exit 77')"
	echo "add_test(part-$name sh -c 'exit 77')"
	echo "set_tests_properties($name part-$name PROPERTIES SKIP_RETURN_CODE 77)"
	echo "add_test(rest-$name true)"
done | sed "s/'/\"/g" >"$work/CTestTestfile.cmake"
cat >"$work/tests/gates.txt" <<'END'
green | tests passed | ctest -R '^rest-' | -
some | tests passed | ctest -R '^(part|rest)-' | =
main | tests passed | ctest -R main | =
script | ^script: | echo 'script this: SKIPPED: no that'; echo 'script: 1 passed' | -
mute | tests passed | echo done | -
whole | x | echo none here; exit 77 | -
bad | x | echo x; exit 1 | -
END

is() { # name of a gate, status, what its line is
	status=0
	said=$(sh "$work/tests/all.sh" "$1" 2>&1) || status=$?
	if [ $status != "$2" ] || ! echo "$said" | grep -qx "$3"; then
		echo "all_red.sh: $1: status $status, not $2, or no line '$3':"
		echo "$said"
		exit 1
	fi
}

passed='100% tests passed, 0 tests failed out of'
is green 0 "ok  *green .* s  $passed 3"
is some 0 "ok  *some .* s  $passed 6 (3 skipped: part-green part-main part-some)"
is main 77 "skipped  *main .* s  $passed 3 (2 skipped: main part-main)"
is script 0 "ok  *script .* s  script: 1 passed (1 skipped: this)"
is mute 1 "FAILED  *mute .* s  build/gates/mute.log has nothing like 'tests passed'"
is whole 77 "skipped  *whole .* s  none here"
is bad 1 "FAILED  *bad .* s  see build/gates/bad.log"
echo "all.sh: 7 gates are as they should be"
