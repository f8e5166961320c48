#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the cmocka of Debian's source package, which tests/packages.sh fetches, and install
# it in DIR, compiled as psvm will be: Debian has no binaries for every architecture, and
# none for MemorySanitizer.
# usage: cmocka.sh DIR [argument of cmake]...
set -eu
dir=$1
shift
[ ! -e "$dir/lib/pkgconfig/cmocka.pc" ] || exit 0

source=$(find /usr/src -maxdepth 1 -name 'cmocka_*.orig.tar.xz' | sort -V | tail -n 1)
if [ -z "$source" ]; then
	echo "cmocka.sh: no source package of cmocka in /usr/src" >&2
	exit 77
fi
mkdir -p "$dir/source"
tar -xf "$source" -C "$dir/source" --strip-components 1
cmake -G Ninja -S "$dir/source" -B "$dir/build" -DCMAKE_INSTALL_PREFIX="$dir" \
	-DCMAKE_INSTALL_LIBDIR=lib -DWITH_EXAMPLES=OFF "$@"
cmake --build "$dir/build"
cmake --install "$dir/build"
