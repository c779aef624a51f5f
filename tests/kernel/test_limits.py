"""Limits have one source, the OCI specification: what update changes is in it, in the kernel, and in every answer."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.host import cgroup_file
from tests.support import require_that
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import Invalid
from tuicont.core.host.facts import host_facts
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest, ExecRequest

MIB = 1 << 20


def made(engine: LocalEngine, limits: Limits, name: str = "box") -> Container:
    request = ContainerRequest(image="demo", name=name, command=("sleep", "1000"), limits=limits)
    return engine.containers.create(request)


def resources(engine: LocalEngine, ref: str) -> Any:
    return engine.containers.inspect(ref)["spec"]["linux"]["resources"]


def memory_in_the_kernel(engine: LocalEngine, container: Container) -> int:
    return int(cgroup_file(engine.cgroup_parent, container.id, "memory.limit_in_bytes", "memory.max"))


def test_update_changes_kernel_specification_and_answers_alike(engine: LocalEngine, root: str) -> None:
    box = engine.tasks.start(made(engine, Limits(memory=64 * MIB, pids=20)).id)
    engine.containers.update("box", Limits(memory=128 * MIB, memory_swap=128 * MIB))
    assert memory_in_the_kernel(engine, box) == 128 * MIB
    assert resources(engine, "box")["memory"] == {"limit": 128 * MIB, "swap": 128 * MIB}
    assert resources(engine, "box")["pids"] == {"limit": 20}
    wanted = Limits(memory=128 * MIB, memory_swap=128 * MIB, pids=20)
    assert engine.containers.limits("box") == engine.metrics.snapshot().limits[box.id] == wanted
    written = json.loads(Path(root, "containers", f"{box.id}.json").read_text())
    assert written["linux"]["resources"] == resources(engine, "box")


def test_another_engine_sees_the_new_limits_at_once(engine: LocalEngine, root: str) -> None:
    box = made(engine, Limits(pids=20))
    other = open_engine(root)
    assert other.metrics.snapshot().limits[box.id] == Limits(pids=20)
    engine.containers.update("box", Limits(pids=30))
    assert other.metrics.snapshot().limits[box.id] == other.containers.limits("box") == Limits(pids=30)
    other.close()


def test_what_was_updated_while_it_did_not_run_is_in_force_when_it_does(engine: LocalEngine) -> None:
    made(engine, Limits(memory=64 * MIB))
    engine.containers.update("box", Limits(memory=96 * MIB, cpus=0.5))
    box = engine.tasks.start("box")
    assert memory_in_the_kernel(engine, box) == 96 * MIB
    engine.containers.update("box", Limits(memory=80 * MIB))
    assert memory_in_the_kernel(engine, engine.tasks.restart("box", timeout=0)) == 80 * MIB
    found = engine.containers.limits("box")
    assert (found.memory, found.cpus) == (80 * MIB, 0.5)


def test_a_limit_that_is_refused_changes_nothing_anywhere(engine: LocalEngine) -> None:
    box = engine.tasks.start(made(engine, Limits(memory=64 * MIB, memory_swap=64 * MIB)).id)
    with pytest.raises(Invalid):
        engine.containers.update("box", Limits(memory=128 * MIB))  # more than memory and swap together
    assert memory_in_the_kernel(engine, box) == 64 * MIB
    assert engine.containers.limits("box") == Limits(memory=64 * MIB, memory_swap=64 * MIB)
    assert engine.containers.get("box").revision == 0


def test_devices_are_those_of_the_specification(engine: LocalEngine) -> None:
    """The list of a container of its own, every one for a privileged one; and the same in the kernel."""
    plain = made(engine, Limits())
    request = ContainerRequest(image="demo", name="all", command=("sleep", "1000"), privileged=True)
    every = engine.containers.create(request)
    assert resources(engine, plain.id)["devices"][0] == {"allow": False, "access": "rwm"}
    assert resources(engine, every.id)["devices"] == [{"allow": True, "access": "rwm"}]
    opened = {}
    for box in (plain, every):
        engine.tasks.start(box.id)
        script = "mknod /kmsg c 1 11 && dd if=/kmsg count=0 2>/dev/null"
        session = engine.tasks.exec(box.id, ExecRequest(command=("sh", "-c", script)))
        while session.read(10) is not None:
            pass
        assert session.exit is not None
        opened[box.name] = session.exit.code == 0
        session.close()
    assert opened == {"box": False, "all": True}


def test_a_limit_of_memory_limits_swap_too_and_moves_it_along(engine: LocalEngine) -> None:
    """Docker's rule at creation: memory and swap together are twice the memory."""
    require_that(host_facts().counts_swap, "swap that is counted (on v1 booted with swapaccount=1)")
    made(engine, Limits(memory=64 * MIB))
    box = engine.tasks.start("box")

    def together() -> int:
        with contextlib.suppress(FileNotFoundError):
            return int(cgroup_file(engine.cgroup_parent, box.id, "memory.memsw.limit_in_bytes"))
        return sum(int(cgroup_file(engine.cgroup_parent, box.id, name)) for name in ("memory.max", "memory.swap.max"))

    assert together() == 128 * MIB
    engine.containers.update("box", Limits(memory=96 * MIB))
    assert together() == 192 * MIB
