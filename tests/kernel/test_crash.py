"""The engine ended by a signal at a hundred points of create, start, stop and remove: by SIGKILL, which it cannot know
of, and by SIGINT and SIGTERM, which unwind it.

A child process does the four verbs while every call that it makes into C (system calls, SQL, the launcher)
is counted, and kills itself at a chosen one. After each death an engine is opened, as a user would, and the
kernel must show nothing but what the records say: whatever the point was.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from tests.image_home import HELLO, docker_archive, write
from tests.kernel.host import cgroup_directories, eventually, is_frozen, namespace, shims, snapshot_places, state
from tuicont.cli.kit import interrupts
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import EngineError
from tuicont.core.model.container import Container
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.state import State

POINTS = 100
SEED = 20261123


def life(engine: LocalEngine) -> None:
    """What is cut short."""
    made = engine.containers.create(ContainerRequest(image="demo", name="victim", command=("sleep", "1000")))
    engine.tasks.start(made.id)
    engine.tasks.stop(made.id, timeout=0)
    engine.containers.remove(made.id)


def pause_and_unpause(engine: LocalEngine) -> None:
    engine.tasks.pause("bystander")
    engine.tasks.unpause("bystander")


def in_child(root: str, verbs: Callable[[LocalEngine], None], count: Callable[[FrameType, str, object], None]) -> int:
    """Do the verbs in a forked child, counted by `count`; the child's wait status."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with interrupts.raised():
                engine = open_engine(root)
                sys.setprofile(count)
                try:
                    verbs(engine)
                finally:
                    sys.setprofile(None)
                    engine.close()
            code = 0
        except interrupts.Interrupted as interrupted:
            code = interrupted.code
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1]


def calls_in_all(root: str, verbs: Callable[[LocalEngine], None]) -> int:
    """How many calls into C the verbs make when nobody interrupts them."""
    reader, writer = os.pipe()
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "c_call"

    pid = os.fork()
    if pid == 0:
        engine = open_engine(root)
        sys.setprofile(count)
        verbs(engine)
        sys.setprofile(None)
        os.write(writer, str(calls).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    with os.fdopen(reader) as pipe:
        return int(pipe.read())


def killer(at: int, number: int = signal.SIGKILL) -> Callable[[FrameType, str, object], None]:
    """Send this process a signal at the `at`-th call into C, or the next where none is raised (see `interrupts`)."""
    calls, sent = 0, False

    def count(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls, sent
        calls += event == "c_call"
        if calls >= at and not sent and not interrupts.is_between(frame):
            sent = True
            os.kill(os.getpid(), number)

    return count


def processes(parent: str) -> set[int]:
    """Every process in a cgroup below `parent`, in whichever hierarchy."""
    found = set()
    for top in cgroup_directories(parent):
        for directory, _, _ in os.walk(top):
            with contextlib.suppress(OSError), open(f"{directory}/cgroup.procs") as file:
                found |= {int(line) for line in file}
    return found


def wrong(root: str, engine: LocalEngine, bystander: Container) -> list[str]:
    """What the kernel and the disk hold that the records do not explain, and what they lack."""
    containers = {c.id: c for c in engine.containers.list()}
    alive = {c.id for c in containers.values() if c.state.alive}
    found = []
    files = {f"{container_id}.{name}" for container_id in alive for name in ("hostname", "hosts")}
    for below, expected in (
        ("containers", {f"{container_id}.json" for container_id in containers} | files),
        ("logs", set()),
        *((place, set(containers)) for place in snapshot_places(root)),
        ("run/tasks", alive),
        ("run/exits", set()),
    ):
        there = set(os.listdir(f"{root}/{below}"))
        if there != expected:
            found.append(f"{below}: {there ^ expected}")
    groups = {os.path.basename(p) for c in containers for p in cgroup_directories(engine.cgroup_parent, c)}
    everything = {
        name for d in cgroup_directories(engine.cgroup_parent) for name in os.listdir(d) if os.path.isdir(f"{d}/{name}")
    } - {"shims"}
    if everything != alive or groups != alive:
        found.append(f"cgroups {everything ^ alive}")
    if len(shims(root)) != len(alive):
        found.append(f"{len(shims(root))} shims for {len(alive)} containers")
    inside = set()
    for pid in processes(engine.cgroup_parent) - set(shims(root)):
        with contextlib.suppress(OSError):  # it has just ended
            inside.add(namespace(pid, "net"))
    if len(inside) != len(alive) or namespace("self", "net") in inside:
        found.append(f"{len(inside)} network namespaces for {len(alive)} containers")
    with open("/proc/self/mountinfo") as file:
        found += [f"mount {line.split()[4]}" for line in file if root in line]
    if bystander.id not in alive or state(bystander.pid) not in ("S", "R"):
        found.append("the bystander was hurt")
    return found


def started(engine: LocalEngine) -> Container:
    """The container that the deaths shall not harm."""
    made = engine.containers.create(ContainerRequest(image="demo", name="bystander", command=("sleep", "1000")))
    return engine.tasks.start(made.id)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_over_wherever_the_engine_is_ended(
    engine: LocalEngine, root: str, number: signal.Signals
) -> None:
    bystander = started(engine)
    life(engine)  # what it takes is imported here, so that every child after it makes the same calls
    engine.close()
    total = calls_in_all(root, life)
    points = sorted(random.Random(SEED).sample(range(1, total), POINTS if number == signal.SIGKILL else POINTS // 2))
    died = 0
    for point in points:
        status = in_child(root, life, killer(point, number))
        if number == signal.SIGKILL:
            died += os.WIFSIGNALED(status) and os.WTERMSIG(status) == number
        else:
            died += os.waitstatus_to_exitcode(status) == 128 + number
        again = open_engine(root)
        if number != signal.SIGKILL:
            assert again.host.info().notes == (), f"{number.name} at call {point} of {total} left it to the next engine"
        left: list[str] = []

        def settled(engine: LocalEngine = again, left: list[str] = left) -> bool:
            left[:] = wrong(root, engine, bystander)
            return not left

        try:
            eventually(settled, 3)
        except AssertionError:
            pytest.fail(f"{number.name} at call {point} of {total}: {'; '.join(left)}")
        for container in again.containers.list():
            if container.id != bystander.id:
                try:
                    again.containers.remove(container.id, force=True)
                except EngineError as error:
                    pytest.fail(f"{number.name} at call {point} of {total}: {error}")
        again.close()
    # The verbs do not take exactly as many calls every time: a few of the last points may lie beyond the end.
    assert died >= len(points) * 0.9
    reopened = open_engine(root)
    assert reopened.containers.get(bystander.id).pid == bystander.pid
    reopened.close()


def test_frozen_is_recorded_as_the_kernel_has_it_wherever_the_engine_dies(engine: LocalEngine, root: str) -> None:
    bystander = started(engine)
    parent = engine.cgroup_parent
    pause_and_unpause(engine)
    engine.close()
    frozen = []
    for point in range(1, calls_in_all(root, pause_and_unpause)):
        in_child(root, pause_and_unpause, killer(point))
        again = open_engine(root)
        recorded = again.containers.get("bystander")
        frozen.append(recorded.state is State.PAUSED)
        try:
            # Who was killed as soon as it had asked for it is a moment ahead of the kernel.
            eventually(lambda: is_frozen(parent, bystander.id) == frozen[-1])
        except AssertionError:
            pytest.fail(f"killed at call {point}: recorded as {recorded.state}")
        if frozen[-1]:
            again.tasks.unpause("bystander")
        again.close()
    assert {True, False} == set(frozen)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_blob_and_no_layer_is_left_over_of_an_image(root: str, tmp_path: Path, number: signal.Signals) -> None:
    archive = write(tmp_path / "made.tar", docker_archive(HELLO))

    def load_and_remove(engine: LocalEngine) -> None:
        engine.images.load(archive)
        engine.images.remove("made")

    def blobs_and_layers() -> tuple[int, int]:
        return len(os.listdir(f"{root}/content/blobs/sha256")), len(os.listdir(f"{root}/overlay/layers"))

    engine = open_engine(root)
    load_and_remove(engine)
    engine.close()
    total = calls_in_all(root, load_and_remove)
    for point in sorted(random.Random(SEED).sample(range(1, total), POINTS // 4)):
        in_child(root, load_and_remove, killer(point, number))
        again = open_engine(root)
        images = len(again.images.list())
        # Its configuration, its manifest and its layer.
        assert blobs_and_layers() == (3 * images, images), f"{number.name} at call {point} of {total}"
        if images:
            again.images.remove("made")
        again.close()
