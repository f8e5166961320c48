#!/bin/sh
# SPDX-License-Identifier: MIT
# Build psvm and do its main job on VMCBs that KVM and QEMU left behind: diff,
# enter, sync, and ten seconds of fuzzing against the reference model.
set -eu
cd "$(dirname "$0")/.."
sh tests/packages.sh demo

build=build/demo
mkdir -p $build
cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang \
	-DPSVM_BUILD_TESTS=OFF -DPSVM_BUILD_FUZZERS=ON >$build/log 2>&1 ||
	{ cat $build/log; exit 1; }
cmake --build $build >>$build/log 2>&1 || { cat $build/log; exit 1; }

show() {
	echo
	echo "\$ psvm $*"
	status=0
	$build/psvm "$@" || status=$?
	[ $status -le 1 ] || exit $status
}

# Can L1 tell that it is nested? Under the right rules, and under those of a patch
# that claimed "no (visible) functional change".
show check exact
show check lkml-2022 --trace 3
show diff lkml-2022-base lkml-2022

# L1's VMCB as recorded under KVM of Linux 7.2, before its VMRUN; and as a
# processor left it after L2 had taken the virtual interrupt.
sh tests/vectors/image.sh M A0002 before >$build/before.hex
sh tests/vectors/image.sh r A0002 after >$build/after.hex
# A0002: V_INTR_MASKING = 0, L2 takes the interrupt and writes CR8 = 7.
show decode $build/before.hex
show enter --rules linux-7.2 --vmcb12 $build/before.hex -o $build/vmcb02.bin
show sync --rules exact --vmcb02 $build/after.hex --vmcb12 $build/before.hex
show sync --rules lkml-2022 --vmcb02 $build/after.hex --vmcb12 $build/before.hex

echo
echo "Ten seconds of fuzzing hand-back against the reference model:"
mkdir -p $build/found
$build/fuzz/fuzz_sync -max_total_time=10 -print_final_stats=1 -close_fd_mask=1 \
	-dict=$build/fuzz/sync.dict $build/found $build/fuzz/corpus/sync 2>&1 |
	grep -E 'stat::(number_of_executed_units|average_exec_per_sec)|DONE|ERROR|SUMMARY'
echo "psvm is $build/psvm"
