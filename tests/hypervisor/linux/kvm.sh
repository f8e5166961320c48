#!/bin/sh
# SPDX-License-Identifier: MIT
# Run a multiboot image under the KVM of a Linux kernel, nested, on an emulated processor:
# what it prints is what the image has sent to its serial port, the status is that of QEMU
# (2n + 1 if the image has written n to isa-debug-exit, port 0xf4), or one of boot.sh.
# usage: kvm.sh IMAGE [ARGUMENT]...: the arguments are the image's command line
# KVM: parameters of kvm_amd (nested=1); and what boot.sh takes.
set -eu
[ $# != 0 ] || { echo "usage: kvm.sh IMAGE [ARGUMENT]..." >&2; exit 2; }
image=$1
shift
[ -r "$image" ] || { echo "kvm.sh: no image $image" >&2; exit 2; }
# shellcheck disable=SC2016 # for the shell there
exec sh "$(dirname "$0")/boot.sh" sh -c '
	modprobe kvm-amd $3
	exec qemu-system-x86_64 -accel kvm -cpu host,+svm -m 64 -nodefaults -display none \
		-no-reboot -serial stdio \
		-device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$1" -append "$2"
' sh "$image" "$*" "${KVM:-nested=1}"
