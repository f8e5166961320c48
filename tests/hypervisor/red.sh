#!/bin/sh
# SPDX-License-Identifier: MIT
# The table notices a changed line, a name too few, too many or of another processor, a wrong
# cause, what has not run, and an L0 that is another one. Needs the recordings.
# usage: red.sh PSVM     in the directory of the recordings
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

all=0
fails=0
# expect TEXT: the table of the files in $work complains in these words
expect() {
	status=0
	all=$((all + 1))
	python3 "$here/table.py" "$psvm" "$work/known.txt" recorded.csv "$work/bare.csv" \
		"exact=${2:-exact}:$work/exact.csv" >"$work/out" || status=$?
	if [ $status != 1 ] || ! grep -q "^$1" "$work/out"; then
		echo "not red: $1"
		fails=$((fails + 1))
	fi
	cp "$here/known.txt" bare.csv exact.csv "$work"
}

psvm=$1
for file in recorded.csv bare.csv exact.csv; do
	[ -e $file ] || { echo "skip: there is no $file"; exit 77; }
done
cp "$here/known.txt" bare.csv exact.csv "$work"

sed -i '/^A0001,/s/0x00000000/0x00000100/' "$work/exact.csv"
expect 'exact:bare: A0001 differs: .*0x100'
sed -i '/^A0001,/s/L2:V/L2:O/' "$work/exact.csv"
expect 'exact:psvm: A0001 differs: .*event_log L2'
sed -i '/^A0001,/s/L2:V/L1:V/' "$work/bare.csv"
expect 'bare:recorded: A0001 differs'
sed -i 's/ B0033 / /' "$work/known.txt"
expect 'exact:bare: B0033 differs'
sed -i 's/^exact:bare pair/exact:bare@manual pair/' "$work/known.txt"
expect 'exact:bare: K0019 differs'
sed -i 's/^exact:bare pair/& A0001/' "$work/known.txt"
expect 'exact:bare: A0001 is named in vain'
sed -i 's/^exact:bare pair/& Z9999/' "$work/known.txt"
expect 'exact:bare: Z9999 is named in vain: it is not compared'
sed -i 's/ wide-vector E/ failed-vmrun E/' "$work/known.txt"
expect 'exact:bare: E0228 is named, but failed-vmrun does not apply'
sed -i 's/^bare,\(.*\):psvm wide-vector/\1:psvm wide-vector/' "$work/known.txt"
expect 'bare:psvm: E0228 differs'
sed -i '/^A0001,/s/$/0x014:1/' "$work/exact.csv"
expect 'exact:bare: A0001 differs: .*changed'
expect 'exact:predicted: A' linux-6.1

without() { # STATUS PATTERN: rows of exact.csv
	sed -i "/$2/s/,ok,.*/,$1,,,,,,,,,,,,,/" "$work/exact.csv"
}
without emulator_abort '^B0001,'
expect 'exact:ran: B0001 differs'
without emulator_abort '^A0071,' # where V_IRQ might be opened, but is not
expect 'exact:ran: A0071 differs'
sed -i '/^A0360,/s/,emulator_abort,/,skipped,/' "$work/exact.csv" # only where it is told to
expect 'exact:ran: A0360 is named, but dies does not apply'
without skipped_no_vgif ,NEED_VGIF,
expect 'exact:ran: D0002 differs'
without skipped_pair .
expect 'exact:ran: A0001 differs'
sed -i '/^A0001,/s/,ok,.*/,no_exit,,,,,,,,,,,,,/' "$work/bare.csv"
expect 'bare:recorded: A0001 was ok'
echo "red: $fails of $all are not noticed"
[ $fails = 0 ]
