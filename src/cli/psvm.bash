# SPDX-License-Identifier: MIT
# Completion of psvm for bash. It asks psvm itself what there is: commands and options,
# and the values of an option, which --help separates by bars or commas.

# What psvm prints, unwrapped.
_psvm_ask() {
	COLUMNS=100000 "$psvm" "$@" 2>/dev/null
}

# The names in the list with this title; options with their values.
_psvm_list() {
	_psvm_ask help "${@:2}" | sed -nE "/^$1:\$/,/^\$/s/^  (-., |    )?([^ ]+).*/\2/p"
}

# The value of an option, long or short: "RULES", "auto|always|never"; or nothing.
_psvm_value() {
	[[ $1 =~ ^--?[a-z0-9-]+$ ]] &&
		_psvm_ask help "$2" | sed -nE "s/^  .*$1(, --[^ =]*)?=([^ ]*).*/\2/p"
}

# The arguments of a command: "RULES", a line for each.
_psvm_arguments() {
	_psvm_ask help "$1" | sed -nE '1s/^Usage: psvm [^ ]* //p' | tr ' |' '[\n*]' |
		sed 's/[].[]//g; /^-/d'
}

# What may stand in the place of $cur, behind $before.
_psvm_kinds() {
	local value=

	[[ $COMP_CWORD -gt 1 ]] && value=$(_psvm_value "$before" "$command")
	if [[ -n $value ]]; then
		echo "$value"
	elif [[ $COMP_CWORD -eq 1 && $cur == -* ]]; then
		_psvm_list Options
	elif [[ $COMP_CWORD -eq 1 ]]; then
		echo COMMAND
	elif [[ $cur == -* ]]; then
		_psvm_list Options "$command" | sed 's/=.*/=/'
	else
		_psvm_arguments "$command"
	fi
}

# The items of a list that are not in it yet.
_psvm_items() {
	local given=${cur%"${cur##*,}"} item

	for item in ${1//,/ }; do
		[[ ,$given != *,$item,* ]] && echo "$given$item"
	done
}

# The words that a kind stands for; others than these have to be typed.
_psvm_words() {
	case $1 in
	RULES) _psvm_ask rules | sed 's/ .*//' ;;
	FIELD) _psvm_ask explain 0 | sed -nE 's/^  ([A-Z0-9_]+) +[0-9:]+ .*/\1/p' ;;
	COMMAND) _psvm_list Commands ;;
	FILE*) compgen -f -- "$cur" ;;
	DIR) compgen -d -- "$cur" ;;
	*[A-Z]*) ;;
	*,*) _psvm_items "$1" ;;
	*) echo "$1" ;;
	esac
}

_psvm() {
	local psvm=${COMP_WORDS[0]/#\~/$HOME} command=${COMP_WORDS[1]} kinds kind word
	local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	# Bash takes --scope=full apart, into three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	kinds=$(_psvm_kinds | tr '|' '\n')
	# Not compgen -W, which would expand what it finds in the names of files.
	while IFS= read -r word; do
		[[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("$word")
	done < <(while read -r kind; do _psvm_words "$kind"; done <<<"$kinds" | awk '!seen[$0]++')
	[[ $kinds == *FILE* || $kinds == *DIR* ]] && compopt -o filenames 2>/dev/null
	[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
}

complete -F _psvm psvm
