#!/bin/sh
# SPDX-License-Identifier: MIT
# Run a command under another kernel: Debian's, on a processor that QEMU emulates, as root,
# with all the files that are here, read-only. What it prints, and its status, are those of
# this script. Status 77: skipped, something is missing; 124: it took too long; 125: the
# kernel did not end as it should; 134: the emulator died.
# usage: boot.sh COMMAND [ARGUMENT]...
# KERNEL: the version (the newest); LIMIT: seconds (120); CONSOLE: a file for its log.
set -eu
[ $# != 0 ] || { echo "usage: boot.sh COMMAND [ARGUMENT]..." >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in qemu-system-x86_64 busybox cpio modprobe; do
	command -v $tool >/dev/null || { echo "boot.sh: no $tool here: skipped" >&2; exit 77; }
done
kernel=${KERNEL:-$(sh "$here/kernel.sh")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'stop 143' TERM
trap 'stop 130' INT
trap 'stop 129' HUP
console=${CONSOLE:-$work/console}

# shellcheck disable=SC2317 # by a trap
stop() { # status: of a signal, which a shell that waits for a command sees after it
	[ ! -r "$work/pid" ] || kill "$(cat "$work/pid")"
	exit "$1"
}

quoted() { # word...
	for word in "$@"; do
		printf " '%s'" "$(printf %s "$word" | sed "s/'/'\\\\''/g")"
	done
}

# What the kernel needs to mount the files of the host, each after what it depends on.
modules() {
	for module in virtio_pci 9pnet_virtio 9p; do
		modprobe -S "$kernel" --show-depends $module
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

initramfs() { # shell command
	root=$work/root
	mkdir -p "$root/bin" "$root/dev" "$root/host" "$root/modules"
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$here/init.sh" "$root/init"
	chmod 755 "$root/init"
	printf '%s\n' "$1" >"$root/command"
	modules | while read -r module; do
		cp "$module" "$root/modules/"
		basename "$module" >>"$root/modules.list"
	done
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$work/initramfs"
}

# One serial port for the log, and one for each thing that the command gives. When it dies,
# the emulator says something on standard output, too.
emulator() {
	# shellcheck disable=SC3045 # dash and others have it
	ulimit -c 0
	timeout --foreground "${LIMIT:-120}" \
		qemu-system-x86_64 -accel tcg -cpu EPYC,+svm,+vgif,-xsaveopt -smp 1 \
		-m 1G -nodefaults -display none -no-reboot \
		-pidfile "$work/pid" -kernel "/boot/vmlinuz-$kernel" -initrd "$work/initramfs" \
		-append "console=ttyS0 panic=-1 mitigations=off" \
		-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=host,mount_tag=host \
		-serial "file:$console" -serial file:/dev/fd/3 -serial "file:$work/err" \
		-serial "file:$work/status" 3>&1 >"$work/emulator" 2>&1
}

initramfs "cd $(quoted "$PWD") && exec$(quoted "$@")"
{ emulator || echo $? >"$work/died"; } | cat & # a pipe can be opened again as a file
wait $!
cat "$work/err" >&2
if [ -e "$work/died" ]; then
	rc=$(cat "$work/died")
	echo "boot.sh: the emulator: status $rc: $(grep -v warning: "$work/emulator")" >&2
	exit "$rc"
fi
status=$(cat "$work/status")
if [ -z "$status" ]; then
	tail -n 20 "$console" >&2
	echo "boot.sh: the kernel ended without a status" >&2
	exit 125
fi
exit "$status"
