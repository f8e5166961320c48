#!/bin/sh
# SPDX-License-Identifier: MIT
# The version of the newest kernel here that has an image and modules. Status 77: none.
set -eu
for image in /boot/vmlinuz-*; do
	version=${image#/boot/vmlinuz-}
	[ ! -r "$image" ] || [ ! -d "/lib/modules/$version/kernel" ] || echo "$version"
done | sort -V | tail -n 1 | grep . ||
	{ echo "no readable /boot/vmlinuz-* with modules here: skipped" >&2; exit 77; }
