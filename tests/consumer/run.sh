#!/bin/sh
# SPDX-License-Identifier: MIT
# Use psvm in each way that the README names: find_package, pkg-config,
# add_subdirectory, and the sources alone.
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
	PKG_CONFIG_PATH=$(find "$work/moved" -name pkgconfig)
	export PKG_CONFIG_PATH
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
*)
	echo "run.sh: unknown way '$way'" >&2
	exit 2
	;;
esac
