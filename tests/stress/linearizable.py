"""Whether what several clients were told can be explained by one order of their verbs (Herlihy and Wing, 1990), in
which each comes after those that had ended when it began. Searched as Wing and Gong do (1993): of the calls that no
other one precedes, one that the state explains is taken away, and so on; what was tried is remembered.

The sequential specification is the engine's own table of states, `tuicont/core/model/state.py`, and two things
more. An end is shared: who was asked to end a container, and sees it end, has done so, whoever else was at it at the
same time. And it is in the kernel before it is recorded: who is at work in the container then is told `ENDED`.

Knows no engine.
"""

from __future__ import annotations

from typing import NamedTuple

from tuicont.core.model.state import State, Verb, refusal

CREATE, EXEC, FORCE, LOOK = "create", "exec", "remove by force", "look"
DONE = "done"
ENDED = "Conflict: it has just ended"
"""What a verb says that was at work in the container when it ended."""
_ENDING = frozenset({Verb.STOP, Verb.KILL, Verb.RESTART, Verb.REMOVE, FORCE})
_TWOFOLD = frozenset({Verb.RESTART, FORCE})
"""They end it first, whatever they are told of their second half."""
_SHARED = frozenset({Verb.STOP, Verb.KILL, FORCE})
_STARTING = frozenset({Verb.START, Verb.RESTART})
CUT_SHORT = "KernelError: the process died before reporting (signal 9)"
"""What a start says that was killed by who removes the container."""
_AFTER = {
    Verb.START: State.RUNNING,
    Verb.PAUSE: State.PAUSED,
    Verb.UNPAUSE: State.RUNNING,
    Verb.STOP: State.EXITED,
    Verb.KILL: State.EXITED,
    Verb.REMOVE: None,
}


class Call(NamedTuple):
    """What one client asked of the container, when (in seconds), and what it was told: `DONE`, the state that it saw,
    or the error as `told` has it."""

    client: int
    verb: str
    began: float
    ended: float
    outcome: str

    def __str__(self) -> str:
        return f"{1000 * self.began:9.2f} … {1000 * self.ended:9.2f} ms  {self.client}  {self.verb}: {self.outcome}"


def told(kind: str, cause: str) -> str:
    """An error, by its kind and its cause."""
    return "there is none" if kind == "NotFound" else f"{kind}: {cause}"


def step(state: State | None, verb: str) -> tuple[State | None, set[str]]:
    """What a verb does in a state (None: there is no container), and what it may tell."""
    if verb == LOOK:
        return state, {state or told("NotFound", "")}
    if verb == CREATE:
        return (State.CREATED, {DONE}) if state is None else (state, {told("AlreadyExists", "")})
    if state is None:
        return None, {told("NotFound", "")}
    if verb in _TWOFOLD:
        # The second half: what refuses it is told by nobody, as it was just ended.
        return (state, set()) if state.alive else (None if verb == FORCE else State.RUNNING, {DONE})
    if why := refusal(state, Verb(verb)):
        return state, {told("Conflict", why), *([ENDED] if state is State.EXITED else [])}
    return _AFTER.get(Verb(verb), state), {DONE}


def first_halves(state: State | None, verb: str) -> set[State]:
    """What a verb that is two may do first: to restart is to end and to start, to remove by force to end and to remove,
    and what is paused is thawed before it is stopped, unless it is under its lock."""
    if state is None or not state.alive:
        return set()
    ended = {State.EXITED} if verb in _TWOFOLD else set()
    return ended | ({State.RUNNING} if state is State.PAUSED and verb in (Verb.STOP, Verb.RESTART) else set())


def _ends_beside(call: Call, other: Call) -> bool:
    overlap = other.began < call.ended and call.began < other.ended
    ends = other.verb in _TWOFOLD or (other.verb in _ENDING and other.outcome == DONE)
    return other is not call and ends and overlap


def explained(history: list[Call]) -> bool:
    """Whether there is an order. The container does not exist at first."""
    tried: set[tuple[int, State | None]] = set()
    beside = {call for call in history if any(_ends_beside(call, other) for other in history)}

    def excused(call: Call, state: State | None) -> set[str]:
        """What a verb may tell, and do nothing, that somebody else's end of the container overtook."""
        if call not in beside:
            return set()
        if state is not None and state.alive:
            return {ENDED}
        return {DONE} if call.verb in _SHARED else {CUT_SHORT} if call.verb in _STARTING else set()

    def search(left: int, state: State | None) -> bool:
        """`left` are the calls that have not had their place, a bit each."""
        if not left:
            return True
        if (left, state) in tried:
            return False
        tried.add((left, state))
        waiting = [(1 << at, call) for at, call in enumerate(history) if left >> at & 1]
        first_end = min(call.ended for _, call in waiting)
        for bit, call in waiting:
            if call.began > first_end:
                continue
            # Again and again, if somebody starts the container meanwhile.
            if any(search(left, half) for half in first_halves(state, call.verb)):
                return True
            after, outcomes = step(state, call.verb)
            if call.outcome in outcomes and search(left & ~bit, after):
                return True
            if call.outcome in excused(call, state) and search(left & ~bit, state):
                return True
        return False

    return search((1 << len(history)) - 1, None)
