# bash completion for tuicont: source <(tuicont completion bash)
_tuicont_names() {
    case $1 in
        containers) tuicont ps -a --format '{{.Names}}' ;;
        running) tuicont ps --format '{{.Names}}' ;;
        images) tuicont images --format '{{.Repository}}:{{.Tag}}' ;;
    esac 2>/dev/null
}
_tuicont() {
    local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} second= flags= names=
    COMPREPLY=()
    if (( COMP_CWORD == 1 )); then
        COMPREPLY=($(compgen -W "@VERBS@" -- "$cur"))
        return
    fi
    case $verb in
@GROUPS@
    esac
    if [[ -n $second ]]; then
        if (( COMP_CWORD == 2 )); then
            COMPREPLY=($(compgen -W "$second" -- "$cur"))
            return
        fi
        verb="$verb ${COMP_WORDS[2]}"
    fi
    case $verb in
@CASES@
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    elif [[ -n $names ]]; then
        COMPREPLY=($(compgen -W "$(_tuicont_names "$names")" -- "$cur"))
        if declare -F __ltrimcolon_completions >/dev/null; then __ltrimcolon_completions "$cur"; fi
    fi
}
complete -o default -F _tuicont tuicont
