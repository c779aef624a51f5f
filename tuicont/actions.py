"""The one table of what a user can do: footer, help page, palette, key bindings and docs come from it.

Pure: knows states and keys, no widget. `refused` says why an action is not possible now, from the same
table of states with which the engine refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial

import msgspec

from tuicont.core.model.container import Container
from tuicont.core.model.state import Verb, allows, refusal


class Scope(StrEnum):
    """Where an action's key is heard."""

    EVERYWHERE = "everywhere"
    LINES = "in every list and text"
    LIST = "in every list"
    CONTAINERS = "on Containers"
    EVENTS = "on Events"
    DETAILS = "in the details"
    LOGS = "in the logs"
    METRICS = "in the metrics"


IN_DETAILS = (Scope.DETAILS, Scope.LOGS, Scope.METRICS)
"""Heard by the tabs of a container, before the screen that they are on."""


class Group(StrEnum):
    """What an action belongs to, as the help page heads it, in the order of that."""

    LIFE = "life of a container"
    INSIDE = "inside it"
    CHANGE = "change it"
    VIEW = "the view"
    LIST = "the list"
    MOVE = "moving"
    DETAILS = "in the details"
    SCREENS = "screens"
    PROGRAM = "the program"


class Situation(msgspec.Struct, frozen=True):
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


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """`key` holds alternatives separated by commas, in Textual's spelling. What `changes` something is not there with
    `--read-only`; `weight` orders the footer, 0 is not shown there."""

    id: str
    key: str
    label: str
    tooltip: str
    scope: Scope
    group: Group
    refused: Predicate = always
    changes: bool = False
    weight: int = 0


_life = partial(Action, scope=Scope.CONTAINERS, group=Group.LIFE)
_inside = partial(Action, scope=Scope.CONTAINERS, group=Group.INSIDE)
_change = partial(Action, scope=Scope.CONTAINERS, group=Group.CHANGE)
_view = partial(Action, scope=Scope.CONTAINERS, group=Group.VIEW)
_list = partial(Action, scope=Scope.CONTAINERS, group=Group.LIST)
_move = partial(Action, scope=Scope.LINES, group=Group.MOVE)
_details = partial(Action, scope=Scope.DETAILS, group=Group.DETAILS)
_logs = partial(Action, scope=Scope.LOGS, group=Group.DETAILS)
_metrics = partial(Action, scope=Scope.METRICS, group=Group.DETAILS)
_screen = partial(Action, scope=Scope.EVERYWHERE, group=Group.SCREENS)
_frame = partial(Action, scope=Scope.EVERYWHERE, group=Group.VIEW)
_program = partial(Action, scope=Scope.EVERYWHERE, group=Group.PROGRAM)

ACTIONS: tuple[Action, ...] = (
    _life(
        id="create",
        key="n",
        label="new",
        tooltip="make a container: image, command, limits, mounts",
        changes=True,
        weight=90,
    ),
    _life(
        id="start",
        key="u",
        label="start",
        tooltip="start what is created or has ended",
        refused=takes(Verb.START),
        changes=True,
        weight=85,
    ),
    _life(
        id="freeze",
        key="f",
        label="freeze",
        tooltip="freeze every process with the cgroup freezer; again thaws",
        refused=freezable,
        changes=True,
        weight=80,
    ),
    _life(
        id="stop",
        key="s",
        label="stop",
        tooltip="send the stop signal, after the time-out SIGKILL",
        refused=takes(Verb.STOP),
        changes=True,
        weight=75,
    ),
    _life(
        id="kill",
        key="K",
        label="kill",
        tooltip="send a signal of your choice",
        refused=takes(Verb.KILL),
        changes=True,
        weight=70,
    ),
    _life(
        id="restart",
        key="r",
        label="restart",
        tooltip="stop and start again",
        refused=takes(Verb.RESTART),
        changes=True,
        weight=30,
    ),
    _life(
        id="remove",
        key="d",
        label="remove",
        tooltip="remove for good; first says what is lost",
        refused=needs_container,
        changes=True,
        weight=65,
    ),
    _inside(
        id="shell",
        key="e",
        label="shell",
        tooltip="open a shell inside, in a pane",
        refused=takes(Verb.EXEC),
        changes=True,
        weight=60,
    ),
    _inside(
        id="attach",
        key="a",
        label="attach",
        tooltip="connect to its own terminal",
        refused=takes(Verb.ATTACH),
        changes=True,
        weight=20,
    ),
    _inside(id="logs", key="l", label="logs", tooltip="what it wrote", refused=needs_container, weight=55),
    _inside(
        id="inspect",
        key="i",
        label="inspect",
        tooltip="everything that is known of it, as JSON",
        refused=needs_container,
    ),
    _change(
        id="limits",
        key="L",
        label="limits",
        tooltip="change memory, CPU and process limits at once",
        refused=takes(Verb.UPDATE),
        changes=True,
        weight=35,
    ),
    _change(
        id="rename",
        key="R",
        label="rename",
        tooltip="give it another name",
        refused=takes(Verb.RENAME),
        changes=True,
        weight=10,
    ),
    _change(
        id="copy_id",
        key="y",
        label="copy id",
        tooltip="copy the container's id to the clipboard",
        refused=needs_container,
    ),
    _change(
        id="load_image", key="I", label="load image", tooltip="load a Docker archive or an OCI layout", changes=True
    ),
    _view(
        id="open",
        key="enter",
        label="open",
        tooltip="maximise the details of the selected container",
        refused=needs_container,
    ),
    _view(id="maximise", key="z", label="maximise", tooltip="give the focused pane the whole screen; again restores"),
    _view(id="next_tab", key="right_square_bracket", label="next tab", tooltip="the details' next tab"),
    _view(id="previous_tab", key="left_square_bracket", label="previous tab", tooltip="the details' previous tab"),
    Action(
        id="filter",
        key="slash",
        label="filter",
        tooltip="show what contains a text; ! shows the rest",
        scope=Scope.LIST,
        group=Group.LIST,
        weight=50,
    ),
    _list(id="sort", key="o", label="sort", tooltip="sort by the next column", weight=15),
    _list(id="reverse", key="O", label="reverse", tooltip="reverse the order"),
    _list(id="mark", key="space", label="mark", tooltip="mark; actions then apply to all that are marked", weight=12),
    _list(id="mark_all", key="asterisk", label="mark all", tooltip="mark all that are shown; again unmarks them"),
    _move(id="down", key="j,down", label="down", tooltip="the next line"),
    _move(id="up", key="k,up", label="up", tooltip="the line before"),
    _move(id="page_down", key="pagedown,ctrl+f", label="page down", tooltip="a page down"),
    _move(id="page_up", key="pageup,ctrl+b", label="page up", tooltip="a page up"),
    _move(id="top", key="g,home", label="first", tooltip="the first line"),
    _move(id="bottom", key="G,end", label="last", tooltip="the last line"),
    Action(
        id="follow",
        key="F",
        label="follow",
        tooltip="stay at the newest event",
        scope=Scope.EVENTS,
        group=Group.LIST,
        weight=60,
    ),
    Action(
        id="open_event",
        key="enter",
        label="open",
        tooltip="go to the container it is about",
        scope=Scope.EVENTS,
        group=Group.VIEW,
        weight=70,
    ),
    _details(id="search", key="slash", label="search", tooltip="search in what the tab shows (a regular expression)"),
    _details(id="next_match", key="n", label="next match", tooltip="the next place that matches the search"),
    _details(id="previous_match", key="N", label="previous match", tooltip="the place before that matches"),
    _details(id="end_search", key="escape", label="end search", tooltip="forget the search"),
    _details(id="copy_text", key="y", label="copy", tooltip="copy what the tab shows (logs: the lines in sight)"),
    _logs(id="log_follow", key="F", label="follow", tooltip="stay at the newest line"),
    _logs(id="log_times", key="T", label="times", tooltip="time stamps on and off"),
    _logs(id="log_wrap", key="w", label="wrap", tooltip="break long lines, or cut them"),
    _logs(id="log_filter", key="ampersand", label="only lines", tooltip="show only lines that match; ! shows the rest"),
    _logs(id="log_save", key="S", label="save", tooltip="write the lines that are shown to a file"),
    _metrics(id="longer", key="plus,equals_sign", label="longer", tooltip="a point of the charts stands for more time"),
    _metrics(id="shorter", key="minus", label="shorter", tooltip="a point of the charts stands for less time"),
    _screen(id="containers", key="1", label="Containers", tooltip="the containers of this machine"),
    _screen(id="events", key="6", label="Events", tooltip="everything that happened, as it happens"),
    _screen(id="engine", key="9", label="Engine", tooltip="drivers, kernel, storage, configuration"),
    _frame(id="next_pane", key="tab", label="next pane", tooltip="move the focus on"),
    _frame(id="previous_pane", key="shift+tab", label="previous pane", tooltip="move the focus back"),
    _frame(id="back", key="escape", label="back", tooltip="leave the filter, the maximised pane, the marks"),
    _program(id="palette", key="ctrl+p,colon", label="palette", tooltip="every action by its name", weight=5),
    _program(id="theme", key="ctrl+t", label="theme", tooltip="the next theme"),
    _program(id="help", key="question_mark", label="help", tooltip="this page", weight=100),
    _program(id="quit", key="q,ctrl+q", label="quit", tooltip="leave; containers go on running", weight=99),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}


def in_scope(scope: Scope, *, read_only: bool = False) -> tuple[Action, ...]:
    """The actions of one scope, without those that change something when `read_only`."""
    return tuple(a for a in ACTIONS if a.scope == scope and not (read_only and a.changes))
