"""The table of verbs: which module holds each, the group it is listed in, and one line of help.

Literal on purpose: the help of the program and the look-up of one verb import nothing.
"""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    """`module` is below `tuicont.cli`."""

    module: str
    group: str
    summary: str


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
    "run": Verb("create", RUN, "create a container and start it"),
    "create": Verb("create", RUN, "create a container without starting it"),
    "start": Verb("start", RUN, "start containers that do not run"),
    "exec": Verb("enter", RUN, "run one more process in a container"),
    "attach": Verb("enter", RUN, "connect this terminal to a container"),
    "stop": Verb("control", CONTROL, "stop containers: signal, wait, then kill"),
    "kill": Verb("control", CONTROL, "send a signal; SIGKILL ends every process"),
    "restart": Verb("control", CONTROL, "stop and start containers"),
    "pause": Verb("control", CONTROL, "freeze every process of containers"),
    "unpause": Verb("control", CONTROL, "thaw paused containers"),
    "update": Verb("update", CONTROL, "change the limits of containers, running or not"),
    "rename": Verb("control", CONTROL, "give a container another name"),
    "wait": Verb("control", CONTROL, "wait for containers to end, print their exit codes"),
    "rm": Verb("control", CONTROL, "remove containers"),
    "ps": Verb("ps", LOOK, "list containers"),
    "logs": Verb("logs", LOOK, "show what a container wrote"),
    "inspect": Verb("inspect", LOOK, "show everything known of containers or images, as JSON"),
    "top": Verb("top", LOOK, "show the processes of a container"),
    "stats": Verb("stats", LOOK, "show what containers use, live"),
    "events": Verb("events", LOOK, "show what happens, as it happens"),
    "cp": Verb("copy", FILES, "copy files out of a container or into it"),
    "diff": Verb("copy", FILES, "show which files differ from the image"),
    "images": Verb("images", IMAGES, "list images"),
    "load": Verb("images", IMAGES, "load images from a Docker archive or an OCI layout"),
    "rmi": Verb("images", IMAGES, "remove images"),
    "image inspect": Verb("inspect", IMAGES, "show everything known of images, as JSON"),
    "image prune": Verb("prune", IMAGES, "remove images that no container uses"),
    "info": Verb("host", ENGINE, "show where the engine keeps its state and what is in it"),
    "doctor": Verb("host", ENGINE, "show what this kernel offers, and what does not work and why"),
    "prune": Verb("prune", ENGINE, "remove stopped containers, and images that are not used"),
    "container prune": Verb("prune", ENGINE, "remove stopped containers"),
    "version": Verb("host", ENGINE, "show the versions of tuicont and of what it runs on"),
    "completion": Verb("completion", ENGINE, "print the completion script of a shell"),
    "tui": Verb("tui", ENGINE, "open the workstation (as does no verb at all)"),
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
