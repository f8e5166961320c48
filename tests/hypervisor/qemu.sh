#!/bin/sh
# SPDX-License-Identifier: MIT
# Boot an image on an emulated processor with SVM; what it says on the serial port is the
# output. Ends when the image does, or the emulator.
# usage: qemu.sh IMAGE LINE           the probe has the processor to itself
#        qemu.sh L0 RULES IMAGE LINE  below it runs l0 with that rule set
#        qemu.sh kvm IMAGE LINE       below it runs the KVM of the newest kernel here
#        qemu.sh                      the processor's name, and its letter in tests/vectors
# LINE is the probe's command line: start=0
set -eu
version=$(qemu-system-x86_64 --version 2>&1) || version="no QEMU"
case $version in
*"version 7.2."*) name="qemu-7.2 q" options="" ;;
*"version 10.0."*) name="qemu-10.0 r" options=" send=10" ;;
*) echo "skip: what is known is known of QEMU 7.2 and 10.0: $version" >&2; exit 77 ;;
esac
case $# in
0) echo "$name"; exit ;;
2) set -- -kernel "$1" -append "$2$options" ;;
3) LIMIT=${LIMIT:-600} exec sh "$(dirname "$0")/linux/kvm.sh" "$2" "$3$options" ;;
4)
	case $3 in
	*[\ ,]*) echo "qemu.sh: $3: QEMU takes no module with a blank or a comma" >&2; exit 2 ;;
	esac
	set -- -kernel "$1" -append "rules=$2" -initrd "$3 $4$options"
	;;
*) echo "usage: qemu.sh [[kvm|L0 RULES] IMAGE LINE]" >&2; exit 2 ;;
esac
# shellcheck disable=SC3045 # dash and bash have it
ulimit -c 0 # QEMU may abort: record.py
exec 3>&1 1>&2 # and says so on standard output
exec qemu-system-x86_64 -accel tcg -cpu max,+svm -m 256 -nodefaults -display none -no-reboot \
	-device isa-debug-exit,iobase=0xf4,iosize=4 -chardev file,id=log,path=/dev/fd/3,append=on -serial chardev:log "$@"
