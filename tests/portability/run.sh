#!/bin/sh
# SPDX-License-Identifier: MIT
# psvm elsewhere: other processors, compilers, standards and kernels' flags, under
# MemorySanitizer and valgrind. One line for each; README.md says what runs.
# usage: run.sh BUILD_DIR [full]
# JOBS: how many at once (2).
set -eu
extent=${2:-brief}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
build=$(cd "$1" && pwd)
passed=0 skipped=0 failed=0

have() { # tool...
	for tool in "$@"; do
		command -v "$tool" >/dev/null || return 1
	done
}

gate() { # name, "tools that it needs", command...
	name=$1
	tools=$2
	shift 2
	# shellcheck disable=SC2086 # a list
	if ! have $tools; then
		echo "portability $name: SKIPPED: not all of $tools are here"
		skipped=$((skipped + 1))
		return
	fi
	rc=0
	"$@" || rc=$?
	case $rc in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
}

suite() { # "tools", brief or full, name, directory, argument of cmake...
	tools=$1
	how=$2
	name=$3
	dir=$build/$4
	shift 4
	gate "$name" "$tools" sh "$here/suite.sh" "$how" "$name" "$dir" "$@"
}

arch() { # name, "tools", architecture, argument of cmake...
	name=$1
	tools=$2
	triple=$3-linux-gnu
	shift 3
	suite "$tools $triple-gcc" "$extent" "$name" "$name" "$@" \
		-DCMAKE_TOOLCHAIN_FILE="$here/toolchain.cmake" -DPSVM_TRIPLE="$triple"
}

emulator() { # architecture
	echo "qemu-$1-static" | sed s/i686/i386/
}

core() { # name, compiler, standard, flag of the core...
	gate "$1" "$2" sh "$here/core.sh" "$@"
}

# The cmocka of that architecture is there already, or else it has been said that there is
# none.
elsewhere() { # name, architecture, compiler
	lib=$build/$2/cmocka/lib
	[ -e "$lib/pkgconfig/cmocka.pc" ] || return 0
	gate "$1" "${3%% *}" env PKG_CONFIG_PATH="$lib/pkgconfig" \
		RUN="$(emulator "$2") -L /usr/$2-linux-gnu -E LD_LIBRARY_PATH=$lib" \
		sh "$here/core.sh" "$1" "$3" c11 -ffreestanding
}

# This machine, which has the presets for the rest, and the same programs under valgrind.
suite gcc brief "$(uname -m)" here -DCMAKE_C_COMPILER=gcc
suite valgrind brief valgrind here -DCMAKE_C_COMPILER=gcc \
	-DCMAKE_CROSSCOMPILING_EMULATOR="valgrind;-q;--error-exitcode=99"
for arch in i686 aarch64 riscv64 s390x; do
	arch $arch "$(emulator $arch)" $arch
done

for compiler in gcc clang-14 clang-19; do
	for standard in c11 c17 c2x; do
		core "$compiler-$standard" "$compiler" $standard -ffreestanding
	done
	core "$compiler-kernel" "$compiler" c11 -ffreestanding -nostdinc \
		-mgeneral-regs-only -mno-red-zone -mcmodel=kernel -fshort-enums \
		-I"$here" -DPSVM_TYPES_HEADER='"kernel_types.h"'
done
elsewhere i686-no-pic i686 i686-linux-gnu-gcc
elsewhere s390x-clang-19 s390x "clang-19 --target=s390x-linux-gnu"

memory="-fsanitize=memory -fsanitize-memory-track-origins"
suite clang-19 brief msan msan -DCMAKE_C_COMPILER=clang-19 -DPSVM_SANITIZE=memory \
	-DCMAKE_C_FLAGS="$memory"

if [ "$extent" = full ]; then
	for arch in i686 aarch64 riscv64 s390x; do
		arch $arch-clang-19 "$(emulator $arch) clang-19" $arch -DPSVM_CLANG=clang-19
	done
fi
echo "portability: $passed passed, $skipped skipped, $failed failed"
[ $failed = 0 ] || exit 1
[ $passed != 0 ] || exit 77
