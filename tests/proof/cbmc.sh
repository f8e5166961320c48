#!/bin/sh
# SPDX-License-Identifier: MIT
# Find CBMC 6 or later: installed, or in the root directory of a Debian 13, which has it
# (Debian 12 has not). With --make, make such a root with debootstrap, as root, if there
# is neither; it takes a minute or two and 600 MB.
#
# DIR/bin gets cbmc, goto-cc and goto-instrument, to run here: programs of a Debian 13
# root run with its own loader and libraries, and use this machine's gcc as preprocessor.
# usage: cbmc.sh [--make] DIR [ROOT]	ROOT: PSVM_CBMC_ROOT or DIR/trixie
# exit status: 77 if there is no CBMC
set -eu
make=
if [ "${1-}" = --make ]; then
	make=1
	shift
fi
dir=${1:?usage: cbmc.sh [--make] DIR [ROOT]}
root=${2-${PSVM_CBMC_ROOT-$dir/trixie}}

is_new() { # command: of version 6 or later?
	version=$("$1" --version 2>/dev/null) && [ "${version%%.*}" -ge 6 ] 2>/dev/null
}

skip() {
	echo "cbmc.sh: no CBMC 6: $*" >&2
	exit 77
}

mkdir -p "$dir/bin"
rm -f "$dir/bin/cbmc" "$dir/bin/goto-cc" "$dir/bin/goto-instrument"
if is_new cbmc; then
	for tool in cbmc goto-cc goto-instrument; do
		ln -s "$(command -v $tool)" "$dir/bin/$tool"
	done
	exit
fi

if [ ! -x "$root/usr/bin/cbmc" ]; then
	[ -n "$make" ] || skip "none here, none in $root (cbmc.sh --make makes it)"
	[ "$(id -u)" = 0 ] || skip "only root can make $root"
	command -v debootstrap >/dev/null || skip "and no debootstrap"
	debootstrap --variant=minbase --include=cbmc trixie "$root" >"$dir/debootstrap.log" ||
		skip "debootstrap failed, see $dir/debootstrap.log"
fi
root=$(cd "$root" && pwd)
lib=$root/usr/lib
for tool in cbmc goto-cc goto-instrument; do
	cat >"$dir/bin/$tool" <<END
#!/bin/sh
exec "$root/usr/lib64/ld-linux-x86-64.so.2" --argv0 $tool \\
	--library-path "$lib/x86_64-linux-gnu:$lib" "$root/usr/bin/$tool" "\$@"
END
	chmod +x "$dir/bin/$tool"
done
is_new "$dir/bin/cbmc" || skip "that of $root does not run here"
