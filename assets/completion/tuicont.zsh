#compdef tuicont
# zsh completion for tuicont: source <(tuicont completion zsh)
_tuicont_names() {
    case $1 in
        containers) tuicont ps -a --format '{{.Names}}' ;;
        running) tuicont ps --format '{{.Names}}' ;;
        images) tuicont images --format '{{.Repository}}:{{.Tag}}' ;;
    esac 2>/dev/null
}
_tuicont() {
    local cur=$words[CURRENT] verb=$words[2] second= flags= names=
    if (( CURRENT == 2 )); then
        compadd -- @VERBS@
        return
    fi
    case $verb in
@GROUPS@
    esac
    if [[ -n $second ]]; then
        if (( CURRENT == 3 )); then
            compadd -- ${=second}
            return
        fi
        verb="$verb $words[3]"
    fi
    case $verb in
@CASES@
    esac
    if [[ $cur == -* ]]; then
        compadd -- ${=flags}
    elif [[ -n $names ]]; then
        compadd -- ${(f)"$(_tuicont_names $names)"}
    else
        _files
    fi
}
compdef _tuicont tuicont
