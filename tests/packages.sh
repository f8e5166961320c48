#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what is missing of the packages that psvm is built and tested with, on
# Debian 12 or 13, as root. Elsewhere, say what they are.
# usage: packages.sh demo|all
set -eu

# Without one of these the tests with it are skipped: a browser for pages, sources that
# rule sets are compared with, and the proofs.
optional=""
packages="gcc libc6-dev binutils cmake ninja-build pkg-config libpopt-dev libjansson-dev clang libclang-rt-dev"
case ${1-} in
demo) ;;
all)
	packages="$packages g++ libcmocka-dev gcovr clang-format clang-tidy cppcheck shellcheck python3 tcc zsh mandoc groff-base xz-utils"
	optional="chromium linux-source-6.1 linux-source-6.12 linux-source-7.2"
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
for package in $optional; do
	install "$package" 2>/dev/null ||
		echo "packages.sh: no $package here: the tests with it are skipped"
done
if [ "$1" = all ] && ! ls /usr/src/xen_*.orig.tar.xz >/dev/null 2>&1; then
	(cd /usr/src && apt-get source -qq --download-only xen) >/dev/null 2>&1 ||
		echo "packages.sh: no source of xen here: the tests with it are skipped"
fi
