#!/bin/sh
# SPDX-License-Identifier: MIT
# psvm linked as "Link it" in the README says, with the lines that stand there: copied into
# a project of flags.txt, whose flags the core is compiled with before tests call it; into
# Rust; or as installed.
# usage: vendor.sh NAME_OF_FLAGS|Xen-headers|Rust|CMake|pkg-config [BUILD_DIR]
# README, FLAGS: other files than README.md and flags.txt; SOURCES: where source packages are.
set -eu
way=$1
cd "$(dirname "$0")/../../.."
here=tests/hypervisor/vendor
readme=${README:-README.md}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "vendor $way: FAILED: $*"
	exit 1
}

need() { # tool...
	for tool in "$@"; do
		command -v "$tool" >/dev/null && continue
		echo "vendor $way: SKIPPED, there is no $tool here"
		exit 77
	done
}

# The lines that the README has for somebody.
lines() { # who
	sh $here/lines.sh "$1" "$readme" >"$work/lines" || fail "$readme has no lines for $1"
}

# The program of the README, which says what it prints, with the functions of the library.
example() {
	echo '#define PSVM_EXTERN'
	awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md
}
prints() { # command...
	expected=$(sed -n 's/^It prints `\(.*\)`:.*/\1/p' README.md)
	printed=$("$@") || fail "$* does not run"
	[ "$printed" = "$expected" ] || fail "prints '$printed', not '$expected'"
	echo "vendor $way: prints '$printed'"
}

row() { # name, first field of the lines, or ""
	awk -v name="[$1]" -v first="$2" '
		/^#/ { next }
		/^\[/ { mine = $1 == name; if (mine && first == "[") print $2, $3, $4, $5; next }
		mine && first == "link" && $1 == first { $1 = ""; print }
		mine && first == "" && $1 != "link"' "${FLAGS:-$here/flags.txt}" | xargs
}

# What the build system of the project reads, for make: of an INF, too, a makefile is made.
# Where the sources are make says: it has to find them.
makefile() {
	sed '/^\[Sources\]$/,/^\[B/s/^  \([a-z]*\.c\)$/SRCS += \1/
		/^\[BuildOptions\]$/,$s/^ *GCC:\*_\*_\*_CC_FLAGS = /CFLAGS += /
		/^\[/d; s/^\.PATH:/VPATH +=/' "$work/lines"
	# shellcheck disable=SC2016 # make expands
	printf '%s\n' 'sources: $(patsubst %.o,%.c,$(obj-y) $(l0-y)) $(SRCS)' \
		"	@printf '%s\n' \$(abspath \$^)" \
		"flags: ; @printf '%s\n' \$(CFLAGS-y) \$(ccflags-y) \$(CFLAGS)"
}
from_makefile() { # target, which is the name of a file, too
	make -s -C "$work/$at" -f "$work/makefile" "$1" srctree="$work" SRCTOP="$work" \
		src="$to" MODULE_DIR="$to" >"$work/$1" || fail "make cannot do as the README says"
}

# The core in a project of flags.txt, by the lines of the README: $work/core names its
# sources, and $work/flags are those of the lines.
copied() { # name of flags, header of types
	row=$(row "$1" '[')
	[ -n "$row" ] || fail "not in flags.txt"
	types=$2
	# shellcheck disable=SC2086 # words
	set -- $row
	cc=$1 who=$2 to=$work/$3 at=$4
	need "$cc" make
	mkdir -p "$to" "$work/$at"
	lines Copy
	to=$to types=$types sh -e "$work/lines" || fail "the lines for a copy fail"
	: >"$to/main.c" # the project's own
	lines "$who"
	makefile >"$work/makefile"
	from_makefile flags
	from_makefile sources
	grep -v '/main\.c$' "$work/sources" >"$work/core" || fail "$readme has no source for $who"
}

with_flags() {
	link=$(row "$way" link)
	case $link in *lld*) need ld.lld ;; esac
	[ "$(uname -m)" = x86_64 ] || need "a processor of x86-64"
	need pkg-config
	copied "$way" tests/portability/kernel_types.h
	# shellcheck disable=SC2046 # words
	LINK=$link CORE=$(cat "$work/core") sh tests/portability/core.sh "$way" "$cc" c11 \
		$(row "$way" '') $(cat "$work/flags")
}

# With Xen's own headers, where its source package is: the core, and a caller that has
# included theirs.
xen_headers() {
	need tar xz
	archive=$(find "${SOURCES:-/usr/src}" -maxdepth 1 -name 'xen_*.orig.tar.xz' | tail -n 1)
	[ -n "$archive" ] || need "source package of Xen"
	copied xen $here/xen_types.h
	tar -xf "$archive" -C "$work" --strip-components=2 --wildcards '*/xen/include/*' \
		'*/xen/arch/x86/include/*'
	x86=$work/arch/x86/include
	mkdir "$work/include/generated"
	: >"$work/include/generated/autoconf.h" # no configuration
	printf '#include <%s>\n' xen/lib.h xen/types.h psvm/psvm.h psvm/cpu.h >"$to/main.c"
	# shellcheck disable=SC2046 # words
	set -- $(row xen '' | sed 's/-include [^ ]*//') -Werror -DXEN_IMG_OFFSET=0 \
		-include xen/config.h -I"$work/include" -I"$x86" -I"$x86/asm/mach-generic" \
		-I"$x86/asm/mach-default" -Wa,-I"$work/include" $(cat "$work/flags")
	for source in $(cat "$work/core") "$to/main.c"; do
		$cc "$@" -c "$source" -o "$work/object" || fail "$source does not compile"
	done
	echo "vendor $way: the headers of $(basename "$archive" .orig.tar.xz)"
}

# bindgen 0.60 takes the newest libclang and does not understand it: here is the one that
# is the release's own.
old_libclang() {
	need clang
	LIBCLANG_PATH=/usr/lib/llvm-$(clang -dumpversion | sed 's/\..*//')/lib
	export LIBCLANG_PATH
}

rust() {
	need bindgen rustc cc ar
	rustc --version | awk -F '[ .]' '{ exit $2 < 2 && $3 < 64 }' || need "rustc 1.64"
	old_libclang
	lines Rust
	cp -R include src $here/rust/*.rs "$work"
	cd "$work"
	sh -e lines || fail "the lines of the README fail"
	cd "$OLDPWD"
	prints "$work/main"
	cd "$work"
	rustc --edition 2021 -D warnings --test -L. -lstatic=psvm main.rs -o tests
	./tests >log || { cat log; fail "tests of layout and transitions"; }
	rustc --edition 2021 -D warnings -C panic=abort -O -L. -lstatic=psvm no_std.rs
	./no_std || fail "without std"
	echo "vendor $way: $(sed -n 's/^test result: ok. \([0-9]* passed\).*/\1/p' log), and no_std"
}

installed() { # build directory
	cmake --install "$1" --prefix "$work/prefix" >"$work/log"
	lines "$way"
	cd "$work"
}

with_cmake() { # build directory
	need cmake ninja
	example >"$work/l0.c"
	installed "$1"
	{
		printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(l0 C)' \
			'add_executable(l0 l0.c)'
		cat lines
	} >CMakeLists.txt
	{ cmake -G Ninja -S . -B l0 -DCMAKE_PREFIX_PATH="$work/prefix" &&
		cmake --build l0; } >log 2>&1 || { cat log; fail "does not build"; }
	cd "$OLDPWD"
	prints "$work/l0/l0"
}

with_pkg_config() { # build directory
	need cc pkg-config
	example >"$work/l0.c"
	installed "$1"
	PKG_CONFIG_PATH=$(find "$work/prefix" -name pkgconfig) sh -e lines || fail "does not build"
	cd "$OLDPWD"
	LD_LIBRARY_PATH=$(dirname "$(find "$work/prefix" -name 'libpsvm.*' | head -n 1)") \
		prints "$work/l0"
}

case $way in
Rust) rust ;;
Xen-headers) xen_headers ;;
CMake) with_cmake "$2" ;;
pkg-config) with_pkg_config "$2" ;;
*) with_flags ;;
esac
