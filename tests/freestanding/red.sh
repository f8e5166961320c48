#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh can fail: each promise is broken in a copy of the core, and check.sh has to
# complain of each.
# usage: red.sh COMPILER
set -eu
cc=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

mkdir -p "$work/tests" "$work/src"
cp -R include "$work"
cp -R src/core "$work/src"
cp -R tests/freestanding "$work/tests"
cat >>"$work/src/core/rules.c" <<'end'
int psvm_data = 1;
int psvm_bss;
void psvm_constructor(void);
__attribute__((constructor)) void psvm_constructor(void) { *(volatile int *)&psvm_bss = 1; }
int foreign(void);
int foreign(void) { return 0; }
int abs(int);
int psvm_undefined(int i);
int psvm_undefined(int i) { return (abs)(i); }
int psvm_large(int i);
int psvm_large(int i) { volatile char c[256]; c[i] = 0; return c[0]; }
int psvm_any_size(int i);
int psvm_any_size(int i) { volatile char c[i]; c[0] = 0; return c[0]; }
end
sed -i 's/ [0-9]*$/ 1/' "$work/tests/freestanding/sizes.txt"
cat >>"$work/tests/freestanding/rules.c" <<'end'
int branches(int (*f)(void));
int branches(int (*f)(void)) { return f() + 1; }
end

if sh "$work/tests/freestanding/check.sh" "$cc" >"$work/out" 2>&1; then
	echo "check.sh passes" >&2
	failed=1
fi
while read -r complaint; do
	grep -q "^FAILED [^ ]* $complaint" "$work/out" || {
		echo "check.sh does not complain: $complaint" >&2
		failed=1
	}
done <<'end'
-O2 -fPIE: written to: .*\.data
-O2 -fno-pic: written to: .*\.bss
-O2 -fPIE: written to: .*\.init_array
-O2: symbols not of psvm: foreign
-O2: undefined symbols: .*abs
-O2: stack of 256 bytes or more:.*psvm_large
-O2: stack of 256 bytes or more:.*psvm_any_size
-Os: rules.o has grown from 1 to
-O2: 41 functions, 40 expected
-O2: branches: .*call
end
[ $failed = 0 ] && echo "check.sh complains of all that is wrong"
exit $failed
