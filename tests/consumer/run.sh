#!/bin/sh
# SPDX-License-Identifier: MIT
# Use psvm in each way that the README names: find_package, pkg-config,
# add_subdirectory, the sources alone, and an adapter for the command.
# usage: run.sh BUILD_DIR WAY
set -eu
build=$1
way=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}

install_psvm() {
	cmake --install "$build" --prefix "$work/prefix" >"$work/log"
}

build_with_cmake() {
	cmake -G Ninja -S "$here/$1" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log"
	cmake --build "$work/build" >>"$work/log" || { cat "$work/log"; exit 1; }
	"$work/build/consumer"
}

# What is installed is found, wherever it is.
find_package_config() {
	PKG_CONFIG_PATH=$(find "$1" -name pkgconfig)
	export PKG_CONFIG_PATH
}

case $way in
find_package)
	install_psvm
	build_with_cmake find_package
	;;
subdirectory)
	build_with_cmake subdirectory
	;;
pkg-config)
	install_psvm
	# The package can be moved: the .pc file knows only where it lies.
	mv "$work/prefix" "$work/moved"
	find_package_config "$work/moved"
	# shellcheck disable=SC2046 # flags are words
	$cc $(pkg-config --cflags psvm) "$here/main.c" $(pkg-config --libs psvm) \
		-o "$work/consumer"
	"$work/consumer"
	;;
sources)
	cd "$here/../.."
	mkdir "$work/objects"
	for source in src/core/*.c; do
		$cc -ffreestanding -Iinclude -c "$source" \
			-o "$work/objects/$(basename "$source" .c).o"
	done
	$cc -Iinclude "$here/main.c" "$work"/objects/*.o -o "$work/consumer"
	"$work/consumer"
	;;
adapter)
	install_psvm
	cd "$work"
	prefix/bin/psvm new-adapter mine >said
	cmake -G Ninja -S mine -B build -DCMAKE_PREFIX_PATH="$work/prefix" >log
	cmake --build build >>log || { cat log; exit 1; }
	rc=0
	prefix/bin/psvm diff --scope none exact build/adapter.so >log || rc=$?
	test "$rc" = 1 || { cat log; exit 1; } # it differs
	find_package_config "$work/prefix"
	cd mine
	eval "$(sed -n 's/^ *cc /$cc /p' ../said)"
	nm -D adapter.so | grep -q ' psvm_adapter$'
	;;
*)
	echo "run.sh: unknown way '$way'" >&2
	exit 2
	;;
esac
