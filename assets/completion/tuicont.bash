# bash completion for tuicont: source <(tuicont completion bash)
_tuicont_names() {
    local kind=$1
    shift
    case $kind in
        containers) "$@" ps -a --format '{{.Names}}' ;;
        running) "$@" ps --format '{{.Names}}' ;;
        images) "$@" images --format '{{.Repository}}:{{.Tag}}' ;;
    esac 2>/dev/null
}
_tuicont() {
    local cur=${COMP_WORDS[COMP_CWORD]} verb second= flags= names= at=1 value
    # Global options stand before the verb: names are asked for with those that were given. A = is a word to bash.
    local -a program=("${COMP_WORDS[0]}")
    COMPREPLY=()
    while (( at < COMP_CWORD )) && [[ ${COMP_WORDS[at]} == -* ]]; do
        case ${COMP_WORDS[at]} in
            @FLAGS@) (( at += 1 )) ;;
            *)
                value=$(( at + 1 ))
                [[ ${COMP_WORDS[value]} == = ]] && (( value += 1 ))
                (( value < COMP_CWORD )) && program+=("${COMP_WORDS[at]}" "${COMP_WORDS[value]}")
                at=$(( value + 1 ))
                ;;
        esac
    done
    if (( at > COMP_CWORD )); then
        return
    elif (( at == COMP_CWORD )); then
        if [[ $cur == -* ]]; then
            COMPREPLY=($(compgen -W "@GLOBALS@" -- "$cur"))
        else
            COMPREPLY=($(compgen -W "@VERBS@" -- "$cur"))
        fi
        return
    fi
    verb=${COMP_WORDS[at]}
    case $verb in
@GROUPS@
    esac
    if [[ -n $second ]]; then
        if (( COMP_CWORD == at + 1 )); then
            COMPREPLY=($(compgen -W "$second" -- "$cur"))
            return
        fi
        verb="$verb ${COMP_WORDS[at + 1]}"
    fi
    case $verb in
@CASES@
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    elif [[ -n $names ]]; then
        COMPREPLY=($(compgen -W "$(_tuicont_names "$names" "${program[@]}")" -- "$cur"))
        if declare -F __ltrimcolon_completions >/dev/null; then __ltrimcolon_completions "$cur"; fi
    fi
}
complete -o default -F _tuicont tuicont
