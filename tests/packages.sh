#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what is missing of the packages that psvm is built and tested with, on
# Debian 12 or 13, as root. Elsewhere, say what they are.
# usage: packages.sh demo|all
set -eu

# Without one of these the tests with it are skipped: a browser for pages, sources that
# rule sets are compared with, the proofs, other machines, an emulated machine with a
# kernel of its own, and of the benchmarks instructions and the plot.
optional=""
hypervisor="make qemu-system-x86 linux-image-amd64 linux-headers-amd64 busybox-static cpio"
packages="gcc libc6-dev binutils cmake ninja-build pkg-config libpopt-dev libjansson-dev clang libclang-rt-dev"
case ${1-} in
demo) ;;
all)
	packages="$packages g++ libcmocka-dev gcovr clang-format clang-tidy cppcheck shellcheck python3 tcc zsh mandoc groff-base xz-utils abigail-tools time"
	optional="chromium gnuplot-nox valgrind linux-source-6.1 linux-source-6.12 linux-source-7.2 qemu-user-static $hypervisor"
	for machine in aarch64 i686 riscv64 s390x; do
		optional="$optional gcc-$machine-linux-gnu"
	done
	for machine in arm64 i386 riscv64 s390x; do
		optional="$optional libc6-dev-$machine-cross"
	done
	optional="$optional bindgen rustc-web lld make" # what psvm is linked into
	# The oldest and the newest clang that psvm is for, as this release has them.
	clangs=19
	if [ -r /etc/os-release ] && grep -q 'VERSION_ID="12"' /etc/os-release; then
		clangs="14 19"
	fi
	# CBMC, or what makes a root directory with it (tests/proof/cbmc.sh).
	case $clangs in
	14*) optional="$optional debootstrap" ;;
	*) optional="$optional cbmc" ;;
	esac
	for version in $clangs; do
		packages="$packages clang-$version libclang-rt-$version-dev"
	done
	packages="$packages llvm-19" # coverage by clang
	;;
*)
	echo "usage: packages.sh demo|all" >&2
	exit 2
	;;
esac

missing() {
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
			echo "$package"
	done
}

install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
		>/dev/null
}

# source_package NAME: the upstream part of a source package, in /usr/src. Where apt knows no
# source packages, it asks the servers that it has binaries from, and forgets that again.
source_package() {
	! ls /usr/src/"$1"_*.orig.tar.xz >/dev/null 2>&1 || return 0
	apt=$(mktemp -d)
	mkdir -p "$apt/lists/partial" "$apt/parts"
	chmod 755 "$apt"
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		[ ! -r "$file" ] || sed 's/^Types:.*/Types: deb-src/; s/^deb /deb-src /' "$file" \
			>"$apt/parts/$(basename "$file")"
	done
	for command in update "source --download-only $1"; do
		# shellcheck disable=SC2086 # words
		(cd /usr/src && apt-get -qq -o Dir::Etc::sourcelist=/dev/null \
			-o Dir::Etc::sourceparts="$apt/parts" -o Dir::State::lists="$apt/lists" \
			$command) >/dev/null 2>&1
	done
	rm -rf "$apt"
	ls /usr/src/"$1"_*.orig.tar.xz >/dev/null 2>&1
}

if ! command -v dpkg-query >/dev/null; then
	echo "packages.sh: not a Debian; needed: $packages" >&2
	exit 0
fi
# shellcheck disable=SC2086 # lists
needed=$(missing $packages | xargs)
# shellcheck disable=SC2086 # lists
optional=$(missing $optional | xargs)
if [ "$(id -u)" != 0 ]; then
	[ -n "$needed" ] || exit 0
	echo "packages.sh: missing, and only root can install them: $needed" >&2
	exit 1
fi
if [ -n "$needed" ]; then
	echo "installing: $needed"
	apt-get update -qq
	# shellcheck disable=SC2086 # a list
	install $needed
fi
if [ -n "$optional" ] && [ -z "$needed" ]; then
	apt-get update -qq || true
fi
for package in $optional; do
	install "$package" 2>/dev/null || true
	# By the result: apt takes the dot in linux-source-6.1 for any character.
	[ -z "$(missing "$package")" ] ||
		echo "packages.sh: no $package here: the tests with it are skipped"
done
if [ "$1" = all ]; then
	for package in xen cmocka; do
		source_package $package ||
			echo "packages.sh: no source of $package here: the tests with it are skipped"
	done
fi
