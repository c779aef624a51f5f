"""The table of verbs: the group that each is listed in, its line of help, and the module that holds it.

Literal on purpose: the help of the program and the look-up of a verb import nothing, loading one imports its module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tuicont.cli.kit.parser import Command, VerbParser


class Verb(NamedTuple):
    """`module` is below `tuicont.cli.verbs`; without it, the one that is called like the verb. What `destroys` is not
    proposed for a mistyped word: it would be tried."""

    group: str
    summary: str
    module: str = ""
    destroys: bool = False


RUN, LOOK, CONTROL, FILES, IMAGES, ENGINE = (
    "make and enter containers",
    "look at containers",
    "control containers",
    "files",
    "images",
    "engine",
)
GROUPS = (RUN, CONTROL, LOOK, FILES, IMAGES, ENGINE)

VERBS: dict[str, Verb] = {
    "run": Verb(RUN, "create a container and start it"),
    "create": Verb(RUN, "create a container without starting it"),
    "start": Verb(RUN, "start containers that do not run"),
    "exec": Verb(RUN, "run one more process in a container"),
    "attach": Verb(RUN, "connect this terminal to a container"),
    "stop": Verb(CONTROL, "stop containers: signal, wait, then kill"),
    "kill": Verb(CONTROL, "send a signal; SIGKILL ends every process", destroys=True),
    "restart": Verb(CONTROL, "stop and start containers"),
    "pause": Verb(CONTROL, "freeze every process of containers"),
    "unpause": Verb(CONTROL, "thaw paused containers"),
    "update": Verb(CONTROL, "change the limits of containers, running or not"),
    "rename": Verb(CONTROL, "give a container another name"),
    "wait": Verb(CONTROL, "wait for containers to end, print their exit codes"),
    "rm": Verb(CONTROL, "remove containers", destroys=True),
    "ps": Verb(LOOK, "list containers"),
    "logs": Verb(LOOK, "show what a container wrote"),
    "inspect": Verb(LOOK, "show everything known of containers or images, as JSON"),
    "top": Verb(LOOK, "show the processes of a container"),
    "stats": Verb(LOOK, "show what containers use, live"),
    "events": Verb(LOOK, "show what happens, as it happens"),
    "cp": Verb(FILES, "copy files out of a container or into it"),
    "diff": Verb(FILES, "show which files differ from the image"),
    "images": Verb(IMAGES, "list images"),
    "load": Verb(IMAGES, "load images from a Docker archive or an OCI layout"),
    "rmi": Verb(IMAGES, "remove images", destroys=True),
    "image inspect": Verb(IMAGES, "show everything known of images, as JSON", "inspect"),
    "image prune": Verb(
        IMAGES, "remove unused images without a name, or with --all every unused one", "prune", destroys=True
    ),
    "info": Verb(ENGINE, "show where the engine keeps its state and what is in it"),
    "doctor": Verb(ENGINE, "show what this kernel offers, and what does not work and why"),
    "prune": Verb(ENGINE, "remove stopped containers; with --all also images that are not used", destroys=True),
    "container prune": Verb(ENGINE, "remove stopped containers", "prune", destroys=True),
    "version": Verb(ENGINE, "show the versions of tuicont and of what it runs on"),
    "completion": Verb(ENGINE, "print the completion script of a shell"),
    "tui": Verb(ENGINE, "open the workstation (as does no verb at all)"),
}

_CONTAINER = (
    *("attach", "cp", "create", "diff", "exec", "inspect", "kill", "logs", "pause", "rename", "restart"),
    *("rm", "run", "start", "stats", "stop", "top", "unpause", "update", "wait"),
)

ALIASES: dict[str, str] = {
    **{f"container {verb}": verb for verb in _CONTAINER},
    "container ls": "ps",
    "container list": "ps",
    "container ps": "ps",
    "container remove": "rm",
    "image ls": "images",
    "image list": "images",
    "image load": "load",
    "image rm": "rmi",
    "image remove": "rmi",
    "system info": "info",
    "system events": "events",
    "system prune": "prune",
}


def resolve(words: list[str]) -> tuple[str, list[str]] | None:
    """The verb that a command line begins with and the words after it, or None when there is no such verb."""
    if len(words) > 1:
        two = f"{words[0]} {words[1]}"
        two = ALIASES.get(two, two)
        if two in VERBS:
            return two, words[2:]
    return (words[0], words[1:]) if words[0] in VERBS else None


def overview() -> str:
    """Every verb with its line of help, by group."""
    lines = []
    for group in GROUPS:
        lines.append(f"\n{group}:")
        lines += [f"  {name:<16} {verb.summary}" for name, verb in VERBS.items() if verb.group == group]
    return "\n".join(lines)


def load(verb: str) -> tuple[Command, VerbParser]:
    """The command of a verb, and its parser."""
    import importlib

    from tuicont.cli.kit.parser import VerbParser

    entry = VERBS[verb]
    command: Command = importlib.import_module(f"tuicont.cli.verbs.{entry.module or verb}").COMMANDS[verb]
    parser = VerbParser(
        verb, usage=command.usage, summary=entry.summary, example=command.example, short_help=command.short_help
    )
    command.arguments(parser)
    return command, parser
