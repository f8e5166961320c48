#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what is missing of the packages that psvm is built and tested with, on
# Debian 12 or 13, as root. Elsewhere, say what they are.
# usage: packages.sh demo|all
set -eu

packages="gcc libc6-dev binutils cmake ninja-build pkg-config libpopt-dev libjansson-dev clang libclang-rt-dev"
case ${1-} in
demo) ;;
all)
	packages="$packages g++ libcmocka-dev gcovr clang-format clang-tidy cppcheck shellcheck python3-minimal"
	# The oldest and the newest clang that psvm is for, as this release has them.
	clangs=19
	if [ -r /etc/os-release ] && grep -q 'VERSION_ID="12"' /etc/os-release; then
		clangs="14 19"
	fi
	for version in $clangs; do
		packages="$packages clang-$version libclang-rt-$version-dev"
	done
	;;
*)
	echo "usage: packages.sh demo|all" >&2
	exit 2
	;;
esac

missing() {
	for package in $packages; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
			echo "$package"
	done
}

if ! command -v dpkg-query >/dev/null; then
	echo "packages.sh: not a Debian; needed: $packages" >&2
	exit 0
fi
[ -n "$(missing)" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "packages.sh: missing, and only root can install them: $(missing | xargs)" >&2
	exit 1
fi
echo "installing: $(missing | xargs)"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2046 # a list
apt-get install -y -qq --no-install-recommends $(missing) >/dev/null
