"""The states of a container and the one table that says which verb each allows.

Pure. The engine refuses with it, and the TUI greys its keys with it. There are no states for intents
("starting", "removing"): a verb that was cut short is found again by what it left in the kernel and on
the disk (see `engine/reconcile.py`), not by a flag.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Docker's names. `RUNNING` and `PAUSED` have processes."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    EXITED = "exited"

    @property
    def alive(self) -> bool:
        """Whether processes of the container exist."""
        return self in _ALIVE


class Verb(StrEnum):
    """The verbs that a state can refuse."""

    START = "start"
    STOP = "stop"
    KILL = "kill"
    RESTART = "restart"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    EXEC = "exec"
    ATTACH = "attach"
    TOP = "top"
    UPDATE = "update"
    RENAME = "rename"
    REMOVE = "remove"


_ALIVE = frozenset({State.RUNNING, State.PAUSED})
_ANY = frozenset(State)
_ALLOWED: dict[Verb, frozenset[State]] = {
    Verb.START: _ANY - _ALIVE,
    Verb.STOP: _ALIVE,
    Verb.KILL: _ALIVE,
    Verb.RESTART: _ANY,
    Verb.PAUSE: frozenset({State.RUNNING}),
    Verb.UNPAUSE: frozenset({State.PAUSED}),
    Verb.EXEC: frozenset({State.RUNNING}),
    Verb.ATTACH: frozenset({State.RUNNING}),
    Verb.TOP: _ALIVE,
    Verb.UPDATE: _ANY,
    Verb.RENAME: _ANY,
    Verb.REMOVE: _ANY - _ALIVE,
}


def allows(state: State, verb: Verb) -> bool:
    """Whether a container in `state` takes `verb`."""
    return state in _ALLOWED[verb]


def refusal(state: State, verb: Verb) -> str:
    """Why a container does not take `verb`: `it is created, not running`; empty when it does."""
    if allows(state, verb):
        return ""
    wanted = " or ".join(s.value for s in State if s in _ALLOWED[verb])
    return f"it is {state.value}, not {wanted}"
