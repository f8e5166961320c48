#!/bin/sh
# SPDX-License-Identifier: MIT
# recorded.csv: what tests/vectors says of the processor that is here, as a link to a file
# with the processor's name. Status 77: nothing is known of it.
set -eu
here=$(dirname "$0")
rm -f recorded.csv
processor=$(sh "$here/qemu.sh")
set -- "${processor% *}" "${processor#* }"
sh "$here/../vectors/recording.sh" "$2" >"$1.csv"
ln -s "$1.csv" recorded.csv
