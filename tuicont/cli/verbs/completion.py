"""`completion`: the script that a shell reads to complete tuicont's verbs, flags, containers and images.

The scripts are assets; the verbs and flags in them are written out from the parsers themselves. Names are asked of
tuicont while completing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.parser import GLOBAL_FLAGS, GLOBAL_OPTIONS, PROGRAM, Command, VerbParser
from tuicont.cli.table import ALIASES, VERBS, load
from tuicont.resources import read_text

_SHELLS = ("bash", "fish", "zsh")
_NAMES = ("containers", "running", "images")
"""What the scripts can ask tuicont for."""


class _Completion(NamedTuple):
    """What one verb completes: its flags with their help, and which names stand after them, if any."""

    verb: str
    flags: tuple[tuple[str, str], ...]
    names: str


def _arguments(parser: VerbParser) -> None:
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help="bash, fish or zsh")


def _completion(args: argparse.Namespace, context: Context) -> int:
    verbs = [_completed(verb) for verb in VERBS]
    parts = {
        "VERBS": " ".join(sorted({verb.split()[0] for verb in (*VERBS, *ALIASES)})),
        "GROUPS": "\n".join(f'        {group}) second="{words}" ;;' for group, words in _groups().items()),
        "CASES": "\n".join(_case(verb) for verb in verbs),
        "LINES": "\n".join(_fish_lines(verbs)),
        "GLOBALS": " ".join((*GLOBAL_OPTIONS, "--help")),
        "FLAGS": "|".join((*GLOBAL_FLAGS, "-v", "--help", "-h")),
    }
    script = read_text(f"completion/{PROGRAM}.{args.shell}")
    for name, text in parts.items():
        script = script.replace(f"@{name}@", text)
    print(script, end="")
    return 0


def _completed(verb: str) -> _Completion:
    command, parser = load(verb)
    flags = tuple(
        (flag, (action.help or "").replace("%%", "%"))
        for action in parser.options()
        for flag in action.option_strings
        if flag.startswith("--")
    )
    return _Completion(verb, flags, command.completes if command.completes in _NAMES else "")


def _groups() -> dict[str, str]:
    """The second words after `container`, `image` and `system`."""
    groups: dict[str, list[str]] = {}
    for first, *second in map(str.split, (*VERBS, *ALIASES)):
        if second:
            groups.setdefault(first, []).extend(second)
    return {group: " ".join(sorted(groups[group])) for group in sorted(groups)}


def _case(completion: _Completion) -> str:
    """A line of bash's and zsh's `case`."""
    names = [completion.verb, *(alias for alias, verb in ALIASES.items() if verb == completion.verb)]
    patterns = "|".join(f'"{name}"' for name in names)
    flags = " ".join(flag for flag, _ in completion.flags)
    return f'        {patterns}) flags="{flags}" names={completion.names} ;;'


def _fish_lines(verbs: list[_Completion]) -> Iterator[str]:
    groups = _groups()
    for v in verbs:
        first, _, second = v.verb.partition(" ")
        if second:
            seen = f"__fish_seen_subcommand_from {first}; and __fish_seen_subcommand_from {second}"
        else:
            seen = f"__fish_seen_subcommand_from {first}; and not __fish_seen_subcommand_from {' '.join(groups)}"
            summary = _fish_quoted(VERBS[v.verb].summary)
            yield _fish_line("__fish_use_subcommand", f"-a {first} -d {summary}", files=False)
        if v.names:
            yield _fish_line(seen, f"-a '(__tuicont_{v.names})'", files=False)
        for flag, text in v.flags:
            yield _fish_line(seen, f"-l {flag[2:]} -d {_fish_quoted(text)}")
    for group, words in groups.items():
        yield _fish_line("__fish_use_subcommand", f"-a {group}", files=False)
        yield _fish_line(f"__fish_seen_subcommand_from {group}", f"-a '{words}'", files=False)


def _fish_line(condition: str, rest: str, *, files: bool = True) -> str:
    return f"complete -c {PROGRAM} {'' if files else '-f '}-n {_fish_quoted(condition)} {rest}"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


COMMANDS = {
    "completion": Command(
        _completion,
        "SHELL",
        "source <(tuicont completion bash)\ntuicont completion fish > ~/.config/fish/completions/tuicont.fish",
        _arguments,
    )
}
