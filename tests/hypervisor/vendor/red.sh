#!/bin/sh
# SPDX-License-Identifier: MIT
# vendor.sh can fail: with a flag that changes what a caller and the core agree on, and with
# lines of the README that are wrong. It must say so itself, and why.
# usage: red.sh BUILD_DIR
set -eu
build=$1
cd "$(dirname "$0")/../../.."
here=tests/hypervisor/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
skipped=0

# way, what it says, file, what is replaced in it, with what
red() {
	FLAGS=$here/flags.txt README=README.md
	sed "s~$4~$5~" "$3" >"$work/changed"
	! cmp -s "$3" "$work/changed" || { echo "red.sh: there is no '$4' in $3"; exit 1; }
	case $3 in README.md) README=$work/changed ;; *) FLAGS=$work/changed ;; esac
	export FLAGS README
	rc=0
	sh $here/vendor.sh "$1" "$build" >"$work/log" 2>&1 || rc=$?
	case $rc in
	1) ;;
	77) skipped=$((skipped + 1)); return ;;
	*) cat "$work/log"; echo "red.sh: $1 with '$5': $rc"; exit 1 ;;
	esac
	grep -q "FAILED: .*$2" "$work/log" ||
		{ cat "$work/log"; echo "red.sh: $1 with '$5' fails for another reason"; exit 1; }
	grep "FAILED: .*$2" "$work/log"
}

# Structures without holes: it compiles, and what runs is wrong.
packed="-fpack-struct -Wno-address-of-packed-member"
red xen test_ $here/flags.txt "^-m64 -fno-strict" "$packed &"
red linux test_ $here/flags.txt "^-nostdinc -include" "$packed &"
red bhyve test_ $here/flags.txt "^--target" "$packed &"
red edk2-gcc5 test_ $here/flags.txt "^-std=gnu17" "$packed &"
red edk2-clangdwarf test_ $here/flags.txt "^-std=gnu17" "$packed &"
# What the flags ask for is missing.
red linux "undefined symbols" $here/flags.txt "^link .*thunks.S" ""
# An attribute without its underscores is a macro there.
red xen "does not compile" $here/flags.txt "-std=gnu99" "& -D__noinline__=noinline"
red Xen-headers "does not compile" $here/flags.txt "-std=gnu99" "& -D__noinline__=noinline"
# Lines of the README that are wrong.
red xen "cannot do" README.md "^obj-y += psvm" "obj-y += pvsm"
red linux "no source" README.md " := main.o psvm.o" " := main.o"
red linux "test_" README.md "^cat src/core/\*.c" "cat src/core/[npqrv]*.c"
red bhyve "cannot do" README.md "^.PATH: .*/vmm/psvm" ".PATH: sys/amd64/vmm/svm"
red bhyve "does not compile" README.md "-DPSVM_TYPES" "-DPSVM_TIPES"
red edk2-gcc5 "cannot do" README.md "^\[Sources\]" "[Binaries]"
red edk2-gcc5 "does not compile" README.md "(MODULE_DIR)/include" "(MODULE_DIR)"
red edk2-clangdwarf "does not compile" README.md ' && cp "$types".*' ""
red Rust "prints" README.md "-- -DPSVM_EXTERN" "& -fpack-struct"
red CMake "does not build" README.md "find_package(psvm 0.1" "find_package(psvm 7.1"
red pkg-config "does not build" README.md "--cflags --libs psvm)" "--cflags psvm)"
if [ $skipped != 0 ]; then
	echo "red.sh: $skipped skipped"
fi
