"""`completion`: the script that a shell reads to complete tuicont's verbs, flags, containers and images.

The verbs and flags are written out from the parsers themselves; names are asked of tuicont while completing.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.parser import PROGRAM, Command, VerbParser
from tuicont.cli.table import ALIASES, VERBS, load

_CONTAINERS = f"{PROGRAM} ps -a --format '{{{{.Names}}}}' 2>/dev/null"
_RUNNING = f"{PROGRAM} ps --format '{{{{.Names}}}}' 2>/dev/null"
_IMAGES = f"{PROGRAM} images --format '{{{{.Repository}}}}:{{{{.Tag}}}}' 2>/dev/null"
_QUERIES = {"containers": _CONTAINERS, "running": _RUNNING, "images": _IMAGES}


class _Completion(NamedTuple):
    """What one verb completes: its flags with their help, and what stands after them."""

    verb: str
    summary: str
    flags: tuple[tuple[str, str], ...]
    completes: str


def _arguments(parser: VerbParser) -> None:
    parser.add_argument("shell", choices=sorted(_SCRIPTS), metavar="SHELL", help="bash, fish or zsh")


def _completion(args: argparse.Namespace, context: Context) -> int:
    print(_SCRIPTS[args.shell](_gather()), end="")
    return 0


def _gather() -> list[_Completion]:
    found = []
    for verb, entry in VERBS.items():
        command, parser = load(verb)
        flags = tuple(
            (flag, (action.help or "").replace("%%", "%"))
            for action in parser.options()
            for flag in action.option_strings
            if flag.startswith("--")
        )
        found.append(_Completion(verb, entry.summary, flags, command.completes))
    return found


def _first_words() -> list[str]:
    return sorted({verb.split()[0] for verb in (*VERBS, *ALIASES)})


def _second_words(group: str) -> list[str]:
    return sorted(verb.split()[1] for verb in (*VERBS, *ALIASES) if verb.startswith(f"{group} "))


def _groups() -> list[str]:
    return sorted({verb.split()[0] for verb in (*VERBS, *ALIASES) if " " in verb})


def _bash(verbs: list[_Completion]) -> str:
    return f"""\
# bash completion for {PROGRAM}: source <({PROGRAM} completion bash)
_{PROGRAM}() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}} flags= names=
    COMPREPLY=()
    if (( COMP_CWORD == 1 )); then
        COMPREPLY=($(compgen -W "{" ".join(_first_words())}" -- "$cur"))
        return
    fi
    case $verb in
{_shell_groups("COMP_CWORD == 2", "COMP_WORDS[2]", 'COMPREPLY=($(compgen -W "{words}" -- "$cur"))')}
    esac
    case $verb in
{_shell_cases(verbs)}
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    elif [[ -n $names ]]; then
        COMPREPLY=($(compgen -W "$names" -- "$cur"))
        if declare -F __ltrimcolon_completions >/dev/null; then __ltrimcolon_completions "$cur"; fi
    fi
}}
complete -o default -F _{PROGRAM} {PROGRAM}
"""


def _zsh(verbs: list[_Completion]) -> str:
    return f"""\
#compdef {PROGRAM}
# zsh completion for {PROGRAM}: source <({PROGRAM} completion zsh)
_{PROGRAM}() {{
    local cur=$words[CURRENT] verb=$words[2] flags= names=
    if (( CURRENT == 2 )); then
        compadd -- {" ".join(_first_words())}
        return
    fi
    case $verb in
{_shell_groups("CURRENT == 3", "words[3]", "compadd -- {words}")}
    esac
    case $verb in
{_shell_cases(verbs)}
    esac
    if [[ $cur == -* ]]; then
        compadd -- ${{=flags}}
    elif [[ -n $names ]]; then
        compadd -- ${{(f)names}}
    else
        _files
    fi
}}
compdef _{PROGRAM} {PROGRAM}
"""


def _shell_groups(second: str, word: str, offer: str) -> str:
    """After `container` or `image`: offer the second word, and take both together from then on."""
    return "\n".join(
        f"        {group}) if (( {second} )); then {offer.format(words=' '.join(_second_words(group)))}; return; fi\n"
        f'            verb="{group} ${{{word}}}" ;;'
        for group in _groups()
    )


def _shell_cases(verbs: list[_Completion]) -> str:
    names: dict[str, list[str]] = {v.verb: [v.verb] for v in verbs}
    for alias, verb in ALIASES.items():
        names[verb].append(alias)
    lines = []
    for v in verbs:
        patterns = "|".join(f'"{name}"' for name in names[v.verb])
        query = f" names=$({_QUERIES[v.completes]})" if v.completes in _QUERIES else ""
        lines.append(f'        {patterns}) flags="{" ".join(flag for flag, _ in v.flags)}"{query} ;;')
    return "\n".join(lines)


def _fish(verbs: list[_Completion]) -> str:
    lines = [f"# fish completion for {PROGRAM}: {PROGRAM} completion fish | source"]
    groups = " ".join(_groups())
    for v in verbs:
        first, _, second = v.verb.partition(" ")
        seen = f"__fish_seen_subcommand_from {first}" + (
            f"; and __fish_seen_subcommand_from {second}" if second else ""
        )
        if not second:
            seen += f"; and not __fish_seen_subcommand_from {groups}"
            lines.append(_fish_line("__fish_use_subcommand", f"-a {first} -d {_fish_quoted(v.summary)}", files=False))
        if v.completes in _QUERIES:
            lines.append(_fish_line(seen, f"-a {_fish_quoted(f'({_QUERIES[v.completes]})')}", files=False))
        lines += [_fish_line(seen, f"-l {flag[2:]} -d {_fish_quoted(text)}") for flag, text in v.flags]
    for group in _groups():
        lines.append(_fish_line("__fish_use_subcommand", f"-a {group}", files=False))
        lines.append(
            _fish_line(f"__fish_seen_subcommand_from {group}", f"-a '{' '.join(_second_words(group))}'", files=False)
        )
    return "\n".join(lines) + "\n"


def _fish_line(condition: str, rest: str, *, files: bool = True) -> str:
    return f"complete -c {PROGRAM} {'' if files else '-f '}-n {_fish_quoted(condition)} {rest}"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SCRIPTS = {"bash": _bash, "fish": _fish, "zsh": _zsh}

COMMANDS = {
    "completion": Command(
        _completion,
        "SHELL",
        "source <(tuicont completion bash)\ntuicont completion fish > ~/.config/fish/completions/tuicont.fish",
        _arguments,
    )
}
