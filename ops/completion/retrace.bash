# Completion of retrace(1) for bash.
_retrace() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  case $before in
    --color)
      mapfile -t COMPREPLY < <(compgen -W 'always never auto' -- "$word")
      return
      ;;
    --server | --budget) return ;;
    show | status | log | delete)
      mapfile -t COMPREPLY < <(compgen -W "$(retrace list 2>/dev/null | sed -n 's/^ *\([0-9][0-9]*\) .*/\1/p')" -- "$word")
      return
      ;;
  esac
  case $word in
    -*)
      mapfile -t COMPREPLY < <(compgen -W '--budget --full-core --no-arguments --no-values --rounds --show --yes --local --server --ca --insecure --last --full --json --markdown --output --color --quiet --help --version' -- "$word")
      ;;
    *)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      [ "$COMP_CWORD" != 1 ] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'list show status log delete' -- "$word")
      ;;
  esac
}
complete -o filenames -F _retrace retrace
