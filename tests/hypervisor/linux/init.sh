#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# The first process of the kernel that boot.sh starts: the files of the host, read-only,
# become the root directory, and the command is run there. Its output, its errors and its
# status go to serial ports; without a status the kernel did not get that far.

run() { # the command, where there are /dev, /proc, /sys and /run of this kernel
	busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose \
		host /host || return
	busybox mount -t proc none /host/proc
	busybox mount -t sysfs none /host/sys
	busybox mount -t tmpfs none /host/run
	busybox mount --bind /dev /host/dev
	busybox chroot /host /bin/sh -c "$(busybox cat /command)"
}

busybox mount -t devtmpfs none /dev
while read -r module; do
	busybox insmod "/modules/$module"
done </modules.list
for port in 1 2 3; do
	busybox stty -F /dev/ttyS$port raw
done
status=0
run </dev/null >/dev/ttyS1 2>/dev/ttyS2 || status=$?
echo $status >/dev/ttyS3
busybox reboot -f
