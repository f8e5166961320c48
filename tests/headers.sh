#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header stands alone and may be included twice, in every language
# standard that psvm is for, without a warning.
# usage: headers.sh COMPILER
set -eu
compiler=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $compiler in
*++*)
	standards="c++11 c++14 c++17 c++20"
	source=$work/header.cc
	extra=
	;;
*)
	standards="c11 c17 c2x"
	source=$work/header.c
	extra=-Wmissing-prototypes
	;;
esac

count=0
for header in include/psvm/*.h; do
	case $header in
	*_impl.h) continue ;; # bodies, included by others
	esac
	for standard in $standards; do
		for define in PSVM_HEADER_ONLY PSVM_EXTERN; do
			{
				echo "#define $define"
				echo "#include \"psvm/$(basename "$header")\""
				echo "#include \"psvm/$(basename "$header")\""
				echo "int psvm_some_declaration;"
			} >"$source"
			$compiler -std="$standard" -Wall -Wextra -Wconversion -Wsign-conversion \
				-Wpedantic -Wshadow -Werror $extra -Iinclude -c "$source" \
				-o "$work/header.o"
			count=$((count + 1))
		done
	done
done
echo "$compiler: $count combinations of header and standard"
