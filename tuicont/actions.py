"""The one table of what a user can do: footer, help page, palette, key bindings and docs come from it.

Pure: knows states and keys, no widget. `refused` says why an action is not possible now, from the same
table of states with which the engine refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tuicont.core.model.container import Container
from tuicont.core.model.state import Verb, allows, refusal


class Scope(StrEnum):
    """Where an action's key is heard."""

    EVERYWHERE = "everywhere"
    LIST = "in every list"
    CONTAINERS = "on Containers"
    EVENTS = "on Events"
    DETAILS = "in the details"
    LOGS = "in the logs"
    METRICS = "in the metrics"


@dataclass(frozen=True, slots=True)
class Situation:
    """What an action would apply to: the marked containers, else the selected one."""

    targets: tuple[Container, ...] = ()
    read_only: bool = False


Predicate = Callable[[Situation], str]
"""Why not; empty when it is possible."""


def always(situation: Situation) -> str:
    return ""


def needs_container(situation: Situation) -> str:
    return "" if situation.targets else "no container is selected"


def takes(*verbs: Verb) -> Predicate:
    """Possible when at least one target's state allows at least one of `verbs`."""

    def predicate(situation: Situation) -> str:
        if not situation.targets:
            return needs_container(situation)
        for container in situation.targets:
            if any(allows(container.state, verb) for verb in verbs):
                return ""
        first = situation.targets[0]
        return f"cannot {verbs[0].value} {first.name}: {refusal(first.state, verbs[0])}"

    return predicate


def freezable(situation: Situation) -> str:
    reason = takes(Verb.PAUSE, Verb.UNPAUSE)(situation)
    if reason and situation.targets:
        first = situation.targets[0]
        return f"cannot freeze {first.name}: it is {first.state.value}; what runs can be frozen, what is frozen thawed"
    return reason


@dataclass(frozen=True, slots=True)
class Action:
    """`key` holds alternatives separated by commas, in Textual's spelling. `changes` actions are gone with
    `--read-only`; `weight` orders the footer, 0 is not shown there."""

    id: str
    key: str
    label: str
    tooltip: str
    scope: Scope
    group: str
    refused: Predicate = always
    changes: bool = False
    destructive: bool = False
    weight: int = 0


_C, _E, _L = Scope.CONTAINERS, Scope.EVERYWHERE, Scope.LIST

ACTIONS: tuple[Action, ...] = (
    Action(
        "create", "n", "new", "make a container: image, command, limits, mounts", _C, "life", changes=True, weight=90
    ),
    Action("start", "u", "start", "start what is created or has ended", _C, "life", takes(Verb.START), True, weight=85),
    Action(
        "freeze",
        "f",
        "freeze",
        "freeze every process with the cgroup freezer; again thaws",
        _C,
        "life",
        freezable,
        True,
        weight=80,
    ),
    Action(
        "stop",
        "s",
        "stop",
        "send the stop signal, after the time-out SIGKILL",
        _C,
        "life",
        takes(Verb.STOP),
        True,
        True,
        weight=75,
    ),
    Action("kill", "K", "kill", "send a signal of your choice", _C, "life", takes(Verb.KILL), True, True, weight=70),
    Action("restart", "r", "restart", "stop and start again", _C, "life", takes(Verb.RESTART), True, True, weight=30),
    Action(
        "remove",
        "d",
        "remove",
        "remove for good; first says what is lost",
        _C,
        "life",
        needs_container,
        True,
        True,
        weight=65,
    ),
    Action("shell", "e", "shell", "open a shell inside, in a pane", _C, "inside", takes(Verb.EXEC), True, weight=60),
    Action("attach", "a", "attach", "connect to its own terminal", _C, "inside", takes(Verb.ATTACH), True, weight=20),
    Action("logs", "l", "logs", "what it wrote", _C, "inside", needs_container, weight=55),
    Action("inspect", "i", "inspect", "everything that is known of it, as JSON", _C, "inside", needs_container),
    Action(
        "limits",
        "L",
        "limits",
        "change memory, CPU and process limits at once",
        _C,
        "change",
        takes(Verb.UPDATE),
        True,
        weight=35,
    ),
    Action("rename", "R", "rename", "give it another name", _C, "change", takes(Verb.RENAME), True, weight=10),
    Action("copy_id", "y", "copy id", "copy the container's id to the clipboard", _C, "change", needs_container),
    Action("load_image", "I", "load image", "load a Docker archive or an OCI layout", _C, "change", changes=True),
    Action("open", "enter", "open", "maximise the details of the selected container", _C, "view", needs_container),
    Action("maximise", "z", "maximise", "give the focused pane the whole screen; again restores", _C, "view"),
    Action("next_tab", "right_square_bracket", "next tab", "the details' next tab", _C, "view"),
    Action("previous_tab", "left_square_bracket", "previous tab", "the details' previous tab", _C, "view"),
    Action("filter", "slash", "filter", "show what contains a text; ! shows the rest", _L, "list", weight=50),
    Action("sort", "o", "sort", "sort by the next column", _C, "list", weight=15),
    Action("reverse", "O", "reverse", "reverse the order", _C, "list"),
    Action("mark", "space", "mark", "mark; actions then apply to all that are marked", _C, "list", weight=12),
    Action("mark_all", "asterisk", "mark all", "mark all that are shown; again unmarks them", _C, "list"),
    Action("down", "j,down", "down", "the next line", _L, "move"),
    Action("up", "k,up", "up", "the line before", _L, "move"),
    Action("page_down", "pagedown,ctrl+f", "page down", "a page down", _L, "move"),
    Action("page_up", "pageup,ctrl+b", "page up", "a page up", _L, "move"),
    Action("top", "g,home", "first", "the first line", _L, "move"),
    Action("bottom", "G,end", "last", "the last line", _L, "move"),
    Action("follow", "F", "follow", "stay at the newest event", Scope.EVENTS, "list", weight=60),
    Action("open_event", "enter", "open", "go to the container it is about", Scope.EVENTS, "view", weight=70),
    Action(
        "search", "slash", "search", "search in what the tab shows (a regular expression)", Scope.DETAILS, "details"
    ),
    Action("next_match", "n", "next match", "the next place that matches the search", Scope.DETAILS, "details"),
    Action("previous_match", "N", "previous match", "the place before that matches", Scope.DETAILS, "details"),
    Action("end_search", "escape", "end search", "forget the search", Scope.DETAILS, "details"),
    Action("copy_text", "y", "copy", "copy what the tab shows (logs: the lines in sight)", Scope.DETAILS, "details"),
    Action("log_follow", "F", "follow", "stay at the newest line", Scope.LOGS, "details"),
    Action("log_times", "T", "times", "time stamps on and off", Scope.LOGS, "details"),
    Action("log_wrap", "w", "wrap", "break long lines, or cut them", Scope.LOGS, "details"),
    Action(
        "log_filter", "ampersand", "only lines", "show only lines that match; ! shows the rest", Scope.LOGS, "details"
    ),
    Action("log_save", "S", "save", "write the lines that are shown to a file", Scope.LOGS, "details"),
    Action(
        "longer", "plus,equals_sign", "longer", "a point of the charts stands for more time", Scope.METRICS, "details"
    ),
    Action("shorter", "minus", "shorter", "a point of the charts stands for less time", Scope.METRICS, "details"),
    Action("containers", "1", "Containers", "the containers of this machine", _E, "screens"),
    Action("events", "6", "Events", "everything that happened, as it happens", _E, "screens"),
    Action("engine", "9", "Engine", "drivers, kernel, storage, configuration", _E, "screens"),
    Action("next_pane", "tab", "next pane", "move the focus on", _E, "view"),
    Action("previous_pane", "shift+tab", "previous pane", "move the focus back", _E, "view"),
    Action("back", "escape", "back", "leave the filter, the maximised pane, the marks", _E, "view"),
    Action("palette", "ctrl+p,colon", "palette", "every action by its name", _E, "program", weight=5),
    Action("theme", "ctrl+t", "theme", "the next theme", _E, "program"),
    Action("help", "question_mark", "help", "this page", _E, "program", weight=100),
    Action("quit", "q,ctrl+q", "quit", "leave; containers go on running", _E, "program", weight=99),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

PRESETS: Mapping[str, Mapping[str, str]] = {
    "default": {},
    "lazydocker": {
        "freeze": "p",
        "shell": "E",
        "logs": "m",
        "create": "c",
        "kill": "K",
        "sort": "o",
        "palette": "ctrl+p,colon,x",
    },
    "k9s": {
        "shell": "s",
        "stop": "ctrl+s",
        "kill": "ctrl+k",
        "remove": "ctrl+d",
        "inspect": "d,i,Y",
        "copy_id": "c",
        "sort": "o,N",
        "limits": "L",
        "containers": "1,0",
    },
    "vim": {
        "page_down": "ctrl+f,ctrl+d,pagedown",
        "page_up": "ctrl+b,ctrl+u,pageup",
        "next_tab": "right_square_bracket,tilde",
        "remove": "D",
        "filter": "slash",
        "inspect": "i,K",
        "kill": "X",
        "quit": "q,ctrl+q,Z",
    },
}

_SPELLED = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "space": "space",
    "asterisk": "*",
    "ampersand": "&",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "tilde": "~",
    "down": "↓",
    "up": "↑",
}
_TEXTUAL = {shown: name for name, shown in _SPELLED.items()} | {"return": "enter"}


def shown_key(key: str) -> str:
    """A key as people read it: `question_mark` is `?`, `ctrl+p` is `^p`."""
    head, plus, last = key.rpartition("+")
    spelled = _SPELLED.get(last, last)
    return f"^{spelled}" if head == "ctrl" else f"{head}{plus}{spelled}"


def textual_key(key: str) -> str:
    """A key as people write it in the configuration, in Textual's spelling."""
    head, plus, last = key.strip().rpartition("+")
    return f"{head}{plus}{_TEXTUAL.get(last, last)}" if last else key.strip()


def resolve_keys(preset: str, own: Mapping[str, str]) -> dict[str, str]:
    """The keys of every action by id: the table's, then the preset's, then the user's own.

    Raises ValueError, worded for the configuration, for an unknown preset or id, or when two actions
    would hear the same key in the same place.
    """
    if preset not in PRESETS:
        raise ValueError(f"no key preset {preset!r}; there are {', '.join(PRESETS)}")
    for action_id in own:
        if action_id not in BY_ID:
            raise ValueError(f"no action {action_id!r}")
    keys = {action.id: action.key for action in ACTIONS}
    keys.update(PRESETS[preset])
    keys.update({i: ",".join(textual_key(k) for k in value.split(",") if k.strip()) for i, value in own.items()})
    for clash in clashes(keys):
        raise ValueError(clash)
    return keys


def clashes(keys: Mapping[str, str]) -> list[str]:
    """Each key that two actions want which can be heard in the same place."""
    found = []
    taken: list[tuple[str, Action]] = []
    for action in ACTIONS:
        for key in filter(None, keys[action.id].split(",")):
            found += [
                f"{shown_key(key)!r} is both {other.id} and {action.id}"
                for held, other in taken
                if held == key and _overlap(other.scope, action.scope)
            ]
            taken.append((key, action))
    return found


def _overlap(one: Scope, other: Scope) -> bool:
    inner = (Scope.DETAILS, Scope.LOGS, Scope.METRICS)
    if one in inner or other in inner:
        # The pane with the focus hears a key first, and lets it pass when it has no use for it.
        return one == other or (one in inner and other in inner and Scope.DETAILS in (one, other))
    wide = (Scope.EVERYWHERE, Scope.LIST)
    return one == other or one in wide or other in wide


def in_scope(scope: Scope, *, read_only: bool = False) -> tuple[Action, ...]:
    """The actions of one scope, without those that change something when `read_only`."""
    return tuple(a for a in ACTIONS if a.scope == scope and not (read_only and a.changes))
