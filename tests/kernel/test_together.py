"""Several engines on one state root, each doing what it likes to the same few containers: whoever wins, nothing breaks
but in the engine's own words, and in the end the records and the kernel agree."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
import traceback
from collections.abc import Callable

import pytest

from tests.kernel.host import cgroup_directories, eventually, is_frozen, shims, snapshot_places, state
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import EngineError, NotFound
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest, ExecRequest

SEED = 20261123
SECONDS = 5.0
NAMES = ("one", "two", "three")


def create(engine: LocalEngine, name: str, chance: random.Random) -> None:
    command = chance.choice([("sleep", "1000"), ("true",), ("sh", "-c", "trap '' TERM; while :; do sleep 0.05; done")])
    engine.containers.create(
        ContainerRequest(image="demo", name=name, command=command, auto_remove=chance.random() < 0.2, stop_timeout=0.05)
    )


def execute(engine: LocalEngine, name: str, _chance: random.Random) -> None:
    session = engine.tasks.exec(name, ExecRequest(command=("echo", "hello")))
    try:
        while session.read(10) is not None:
            pass
    finally:
        session.close()


Verb = Callable[[LocalEngine, str, random.Random], object]
VERBS: tuple[Verb, ...] = (
    create,
    create,
    execute,
    lambda engine, name, _: engine.tasks.start(name),
    lambda engine, name, _: engine.tasks.start(name),
    lambda engine, name, _: engine.tasks.stop(name, timeout=0.02),
    lambda engine, name, _: engine.tasks.kill(name),
    lambda engine, name, _: engine.tasks.restart(name, timeout=0),
    lambda engine, name, _: engine.tasks.pause(name),
    lambda engine, name, _: engine.tasks.unpause(name),
    lambda engine, name, chance: engine.containers.rename(name, chance.choice(NAMES)),
    lambda engine, name, _: engine.containers.update(name, Limits(pids=50)),
    lambda engine, name, _: engine.containers.remove(name),
    lambda engine, name, _: engine.containers.remove(name, force=True),
    lambda engine, name, _: list(engine.containers.list()),
    lambda engine, name, _: engine.containers.inspect(name),
    lambda engine, name, _: list(engine.views.diff(name)),
    lambda engine, name, _: engine.containers.prune(),
)


def play(engine: LocalEngine, seed: int, seconds: float) -> list[str]:
    """Random verbs; what went wrong other than being refused."""
    chance, deadline, wrong = random.Random(seed), time.monotonic() + seconds, []
    while time.monotonic() < deadline:
        verb, name = chance.choice(VERBS), chance.choice(NAMES)
        try:
            verb(engine, name, chance)
        except EngineError:
            continue
        except Exception:
            wrong.append(traceback.format_exc())
    return wrong


def in_child(root: str, seed: int) -> tuple[int, str]:
    """`play` in a forked process; its pid, and the file that tells what went wrong there."""
    report = f"{root}/wrong-{seed}"
    pid = os.fork()
    if pid == 0:
        code = 1
        with contextlib.suppress(BaseException):
            wrong = play(open_engine(root), seed, SECONDS)
            with open(report, "w") as file:
                file.write("\n".join(wrong))
            code = 0
        os._exit(code)
    return pid, report


def disagreements(engine: LocalEngine, root: str) -> list[str]:
    """Where the records say one thing and the kernel another."""
    containers = engine.containers.list()
    alive = {c.id: c for c in containers if c.state.alive}
    found = [f"{c.name} is recorded as running" for c in alive.values() if state(c.pid) in ("", "Z")]
    found += [
        f"{c.name} is recorded as {c.state.value}, frozen is {frozen}"
        for c in alive.values()
        if (frozen := is_frozen(engine.cgroup_parent, c.id)) != (c.state.value == "paused")
    ]
    groups = {n for d in cgroup_directories(engine.cgroup_parent) for n in os.listdir(d) if os.path.isdir(f"{d}/{n}")}
    files = {f"{container_id}.{name}" for container_id in alive for name in ("hostname", "hosts")}
    for what, there, expected in (
        ("cgroups", groups - {"shims"}, set(alive)),
        ("tasks", set(os.listdir(f"{root}/run/tasks")), set(alive)),
        ("exits", set(os.listdir(f"{root}/run/exits")), set()),
        ("bundles", set(os.listdir(f"{root}/containers")), {f"{c.id}.json" for c in containers} | files),
        *((place, set(os.listdir(f"{root}/{place}")), {c.id for c in containers}) for place in snapshot_places(root)),
    ):
        if there != expected:
            found.append(f"{what}: {sorted(there - expected)} too many, {sorted(expected - there)} missing")
    if len(shims(root)) != len(alive):
        found.append(f"{len(shims(root))} shims for {len(alive)} containers")
    return found


def all_agrees(engine: LocalEngine, root: str) -> None:
    """It does when what ended a moment ago has been recorded."""
    left: list[str] = []

    def agrees() -> bool:
        left[:] = disagreements(engine, root)
        return not left

    with contextlib.suppress(AssertionError):
        eventually(agrees)
    assert left == []


def test_three_processes_on_the_same_containers(engine: LocalEngine, root: str) -> None:
    engine.images.get("demo")
    children = [in_child(root, SEED + number) for number in range(3)]
    wrong = []
    for pid, report in children:
        assert os.waitpid(pid, 0)[1] == 0
        with open(report) as file:
            wrong.append(file.read())
    assert not any(wrong), "\n".join(wrong)
    all_agrees(engine, root)


def test_threads_of_one_engine_on_the_same_containers(engine: LocalEngine, root: str) -> None:
    engine.images.get("demo")
    wrong: list[str] = []

    def run(seed: int) -> None:
        wrong.extend(play(engine, seed, SECONDS / 2))

    threads = [threading.Thread(target=run, args=(SEED + number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert wrong == []
    all_agrees(engine, root)


@pytest.mark.parametrize("act", ["kill", "stop"])
def test_who_ends_a_container_need_not_be_the_first_to_see_its_end(engine: LocalEngine, root: str, act: str) -> None:
    other = open_engine(root)
    for _ in range(25):
        container = engine.tasks.start(
            engine.containers.create(ContainerRequest(image="demo", command=("sleep", "1000"))).id
        )
        waiting = threading.Thread(target=other.tasks.wait, args=(container.id,))
        waiting.start()
        ended = engine.tasks.kill(container.id) if act == "kill" else engine.tasks.stop(container.id, timeout=0)
        assert not ended.state.alive
        waiting.join()
        assert not cgroup_directories(engine.cgroup_parent, container.id)
    other.close()


def until_it_is_gone(engine: LocalEngine, container_id: str, verb: Callable[[], object]) -> list[EngineError]:
    """What a verb that is asked for again and again was refused with, until there is no such container any more."""
    refused: list[EngineError] = []
    while True:
        try:
            verb()
        except NotFound:
            return refused
        except EngineError as error:
            refused.append(error)
            if len(refused) > 1000:
                return refused


@pytest.mark.parametrize("round_", range(5))
def test_a_removal_by_force_is_never_told_that_the_container_runs(engine: LocalEngine, root: str, round_: int) -> None:
    """However often others start it meanwhile."""
    other = open_engine(root)
    container = engine.containers.create(ContainerRequest(image="demo", command=("sleep", "1000")))
    starters = [
        threading.Thread(
            target=until_it_is_gone, args=(each, container.id, lambda each=each: each.tasks.start(container.id))
        )
        for each in (engine, other)
    ]
    for starter in starters:
        starter.start()
    time.sleep(0.02 * round_)
    engine.containers.remove(container.id, force=True)
    for starter in starters:
        starter.join(20)
        assert not starter.is_alive()
    other.close()
    all_agrees(engine, root)


def test_restarts_at_the_same_time_come_one_after_the_other(engine: LocalEngine, root: str) -> None:
    other = open_engine(root)
    request = ContainerRequest(image="demo", command=("sleep", "1000"), stop_timeout=0)
    container = engine.tasks.start(engine.containers.create(request).id)
    refused: list[EngineError] = []

    def restart(each: LocalEngine) -> None:
        for _ in range(5):
            try:
                each.tasks.restart(container.id)
            except EngineError as error:
                refused.append(error)

    threads = [threading.Thread(target=restart, args=(each,)) for each in (engine, other, engine)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert refused == []
    assert engine.containers.get(container.id).restarts == 15
    engine.containers.remove(container.id, force=True)
    other.close()
    all_agrees(engine, root)
