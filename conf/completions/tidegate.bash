# bash completion for tidegate. Commands and options are read from the program's own --help, so that they are always
# those of the binary that is installed.

# _tidegate_words PROGRAM [COMMAND]: the commands, or the options of one.
_tidegate_words() {
  local program=$1
  shift
  if [ $# -eq 0 ]; then
    "$program" --help 2>/dev/null |
      sed -n -E -e '/^Subcommands:/,$s/^  ([a-z][a-z-]*).*/\1/p' -e 's/^  (-.,)?(-[^ ,]+).*/\2/p'
  else
    "$program" "$1" --help 2>/dev/null | grep -E '^ +-' | grep -oE '(^ +|,)--?[A-Za-z][A-Za-z-]*' | tr -d ' ,'
  fi
}

_tidegate() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} command='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == [a-z]* ]]; then
      command=${COMP_WORDS[i]}
      break
    fi
  done
  case $before in
    -c | --config | --nginx | -o | --output | -p | --prefix) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    *)
      if [ -n "$command" ] && [[ $word != -* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      else
        # shellcheck disable=SC2086
        mapfile -t COMPREPLY < <(compgen -W "$(_tidegate_words "$program" $command)" -- "$word")
      fi
      ;;
  esac
}

complete -F _tidegate tidegate
