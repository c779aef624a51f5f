"""Several clients, each doing what it likes to the same container: what they are told is what one after the other would
have been told."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.stress.attack import Attack
from tests.stress.linearizable import CREATE, DONE, FORCE, LOOK, Call, explained, told
from tests.stress.target import Target
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import AlreadyExists, EngineError, NotFound
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest, ExecRequest
from tuicont.core.model.state import State, Verb

CLIENTS, CALLS, NAME = 4, 5, "contended"


VERBS: dict[str, Callable[[LocalEngine], object]] = {
    CREATE: lambda engine: engine.containers.create(
        ContainerRequest(image="demo", name=NAME, command=("sleep", "100000"))
    ),
    LOOK: lambda engine: engine.containers.get(NAME).state,
    FORCE: lambda engine: engine.containers.remove(NAME, force=True),
    Verb.START: lambda engine: engine.tasks.start(NAME),
    Verb.STOP: lambda engine: engine.tasks.stop(NAME, timeout=0),
    Verb.KILL: lambda engine: engine.tasks.kill(NAME),
    Verb.RESTART: lambda engine: engine.tasks.restart(NAME, timeout=0),
    Verb.PAUSE: lambda engine: engine.tasks.pause(NAME),
    Verb.UNPAUSE: lambda engine: engine.tasks.unpause(NAME),
    # Its end is not awaited: another client may have paused it.
    Verb.EXEC: lambda engine: engine.tasks.exec(NAME, ExecRequest(command=("true",))).close(),
    Verb.UPDATE: lambda engine: engine.containers.update(NAME, Limits(pids=50)),
    Verb.REMOVE: lambda engine: engine.containers.remove(NAME),
}


def call(engine: LocalEngine, client: int, verb: str) -> Call:
    """Do it, and note what came of it."""
    began = time.monotonic()
    try:
        seen = VERBS[verb](engine)
        outcome = str(seen) if verb == LOOK else DONE
    except AlreadyExists as error:
        outcome = told("AlreadyExists", "")
        assert NAME in str(error)
    except EngineError as error:
        outcome = told(type(error).__name__, error.cause)
    return Call(client, verb, began, time.monotonic(), outcome)


def history(engines: list[LocalEngine], verbs: list[str], chance: random.Random) -> list[Call]:
    """What `CLIENTS` were told, each of whom did `CALLS` of the verbs."""

    def play(client: int, chosen: list[str]) -> list[Call]:
        return [call(engines[client], client, verb) for verb in chosen]

    first = [call(engines[0], 0, verb) for verb in (CREATE, Verb.START)]
    chosen = [chance.choices(verbs, k=CALLS) for _ in engines]
    with ThreadPoolExecutor(len(engines)) as pool:
        played = pool.map(play, range(len(engines)), chosen)
        return first + [call for calls in played for call in calls]


@pytest.fixture
def engines(target: Target) -> Iterator[list[LocalEngine]]:
    """Of the same root: two that share an engine are threads of one program."""
    with ExitStack() as opened:
        two = [opened.enter_context(closing(open_engine(str(target.root)))) for _ in range(2)]
        yield [two[client % 2] for client in range(CLIENTS)]


ORDINARY = [verb for verb in VERBS if verb not in (FORCE, Verb.RESTART)]


@pytest.mark.parametrize(
    "verbs",
    [
        pytest.param(ORDINARY, id="ordinary"),
        pytest.param([*ORDINARY, FORCE], id="rm -f"),
        pytest.param([*ORDINARY, Verb.RESTART], id="restart"),
    ],
)
def test_what_clients_are_told_has_an_order(engines: list[LocalEngine], attack: Attack, verbs: list[str]) -> None:
    for chance in attack.rounds(short=20, share=0.03):
        calls = history(engines, verbs, chance)
        told_them = "\n".join(map(str, sorted(calls, key=lambda call: call.began)))
        assert explained(calls), f"no order explains:\n{told_them}"
        with contextlib.suppress(NotFound):
            engines[0].containers.remove(NAME, force=True)


@pytest.mark.parametrize(
    ("calls", "has_one"),
    [
        ([(CREATE, 0, 1, DONE), (Verb.START, 2, 3, DONE), (LOOK, 4, 5, State.RUNNING)], True),
        ([(CREATE, 0, 1, DONE), (LOOK, 2, 3, State.RUNNING)], False),
        ([(CREATE, 0, 3, DONE), (Verb.START, 1, 2, DONE)], True),
        ([(CREATE, 2, 3, DONE), (Verb.START, 0, 1, DONE)], False),
        ([(CREATE, 0, 9, DONE), (CREATE, 0, 9, DONE)], False),
        ([(CREATE, 0, 1, DONE), (FORCE, 2, 9, DONE), (Verb.KILL, 2, 9, "there is none")], True),
        ([(CREATE, 0, 1, DONE), (Verb.KILL, 2, 3, "Conflict: it is exited, not running or paused")], False),
    ],
)
def test_an_order_is_found_where_there_is_one(calls: list[tuple[str, float, float, str]], has_one: bool) -> None:
    assert explained([Call(0, *call) for call in calls]) == has_one
