#!/usr/bin/env zsh
# SPDX-License-Identifier: MIT
# Completion in a real zsh: what it offers behind each line of complete.txt.
# usage: complete.zsh DIR PSVM, with the directory of _psvm
set -eu
zmodload zsh/zpty
dir=$1:A psvm=$2:A rows=${0:A:h}/complete.txt
work=$(mktemp -d)
trap 'zpty -d z 2>/dev/null || :; rm -rf $work' EXIT
ln -s $psvm $work/psvm
mkdir $work/cwd
touch $work/cwd/vmcb.hex

# Each match is noted, and the line is thrown away.
cat >$work/rc <<END
PATH=$work:\$PATH PS1= TERM=dumb
fpath=($dir \$fpath)
autoload -Uz compinit && compinit -u -d $work/dump
cd $work/cwd
compadd() {
	local -a hits
	if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
		builtin compadd -A hits "\$@"
		print -rl -- \$hits >>$work/hits
	fi
	builtin compadd "\$@"
}
offer() {
	: >$work/hits
	zle list-choices
	BUFFER=
	print done >>$work/done
}
zle -N offer
bindkey '^T' offer
setopt no_beep
print ready >$work/done
END
zpty z "exec zsh -f -i" || { print "no /dev/pts here: skipped"; exit 77 }
zpty -w z "source $work/rc"

wait_for() {
	local i
	for ((i = 0; i < 200; i++)); do
		[[ -s $work/done ]] && { rm $work/done; return }
		zpty -r -t z >/dev/null || :
		sleep 0.05
	done
	print -u2 "complete.zsh: zsh does not answer"
	exit 1
}
wait_for

failed=0
# offers LINE WORDS: exactly these, in any order.
offers() {
	local line=$1 got want=${(j: :)${(ou)${(s: :)2}}}
	zpty -w -n z "$line"$'\x14'
	wait_for
	got=${(j: :)${(ou)${(f)"$(<$work/hits)"}}}
	if [[ $got != $want ]]; then
		print -u2 "'$line': '$got', not '$want'"
		failed=1
	fi
}

checked=0
while IFS='|' read -r line words; do
	[[ $line == \#* ]] && continue
	offers "$line" "$words"
	(( ++checked ))
done <$rows
print "$checked lines completed"
exit $((failed || !checked))
