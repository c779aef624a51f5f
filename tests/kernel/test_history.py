"""What an engine says of the past: the kernel's own figures, across restarts and for every engine of the root."""

from __future__ import annotations

import time
from itertools import pairwise

from tests.kernel import host
from tests.kernel.host import cgroup_file, eventually
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.history.blocks import unpack
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.series import Series

MIB = 1 << 20
BUSY = ("sh", "-c", "while :; do :; done")


def run(engine: LocalEngine, *command: str, **fields: object) -> Container:
    request = ContainerRequest(image="demo", command=command or ("sleep", "1000"), **fields)  # type: ignore[arg-type]
    return engine.tasks.start(engine.containers.create(request).id)


def cpu_ns(engine: LocalEngine, container: Container) -> int:
    """The processor time of its group, as the kernel counts it."""
    return host.cpu_ns(engine.cgroup_parent, container.id)


def sampled(engine: LocalEngine, container: Container, count: int) -> Series:
    """Its history once it has `count` samples more: one comes a second, however often one asks."""
    count += len(engine.metrics.history(container.id))

    def enough() -> bool:
        engine.metrics.snapshot()
        return len(engine.metrics.history(container.id)) >= count

    eventually(enough, 30)
    return engine.metrics.history(container.id)


def test_history_says_what_the_kernel_s_files_say(engine: LocalEngine) -> None:
    container = run(engine, limits=Limits(memory=64 * MIB, pids=33))
    engine.tasks.pause(container.id)
    newest = sampled(engine, container, 1)[-1]
    group = (engine.cgroup_parent, container.id)
    assert newest.cpu_ns == cpu_ns(engine, container)
    assert newest.pids == int(cgroup_file(*group, "pids.current"))
    assert newest.pids_limit == 33
    assert newest.memory_limit == int(cgroup_file(*group, "memory.limit_in_bytes", "memory.max")) == 64 * MIB
    assert newest.memory_peak == int(cgroup_file(*group, "memory.max_usage_in_bytes", "memory.peak"))
    recent = engine.metrics.snapshot().recent[container.id]
    assert engine.metrics.history(container.id).newest(1) == recent.newest(1)


def test_its_rates_are_the_growth_of_the_kernel_s_counters(engine: LocalEngine) -> None:
    container = run(engine, *BUSY)
    before = cpu_ns(engine, container)
    first = sampled(engine, container, 1)[-1]
    between = cpu_ns(engine, container)
    series = sampled(engine, container, 1)
    after = cpu_ns(engine, container)
    assert before <= first.cpu_ns <= between <= series[-1].cpu_ns <= after
    (step,) = series.newest(2).steps()
    assert step.rates.cpu == 100 * (series[-1].cpu_ns - first.cpu_ns) / (series[-1].time_ns - first.time_ns)
    assert step.rates.cpu > 1


def test_a_window_of_the_history_is_that_part_of_it(engine: LocalEngine) -> None:
    container = run(engine)
    first, second, third = sampled(engine, container, 3)
    assert list(engine.metrics.history(container.id, second.time_ns)) == [second, third]
    assert list(engine.metrics.history(container.id, first.time_ns, third.time_ns)) == [first, second]


def test_history_outlives_the_engine_and_the_next_one_shows_it(root: str) -> None:
    engine = open_engine(root)
    container = run(engine)
    before = list(sampled(engine, container, 2))
    engine.close()
    again = open_engine(root)
    assert list(again.metrics.history(container.id)) == before
    assert len(again.metrics.snapshot().recent[container.id]) == 1
    recent = list(again.metrics.snapshot().recent[container.id])
    assert recent[: len(before)] == before
    whole = list(again.metrics.history(container.id))
    assert whole == recent
    assert all(a.time_ns < b.time_ns for a, b in pairwise(whole))
    again.close()


def test_the_history_of_a_container_that_has_ended_can_be_read(engine: LocalEngine) -> None:
    container = run(engine)
    before = list(sampled(engine, container, 1))
    engine.tasks.kill(container.id)
    assert list(engine.metrics.history(container.id)) == before
    assert container.id not in engine.metrics.snapshot().recent
    assert list(engine.metrics.history(container.id)) == before
    engine.containers.remove(container.id)
    assert engine.metrics._store.history(container.id) == ()


def test_one_engine_stores_and_all_can_read(root: str) -> None:
    writer, reader = open_engine(root), open_engine(root)
    container = run(writer)
    before = list(sampled(writer, container, 1))
    reader.metrics.snapshot()
    reader.close()
    assert writer.metrics._store.history(container.id) == ()
    writer.close()
    later = open_engine(root)
    assert list(later.metrics.history(container.id)) == before
    later.close()


def test_what_an_earlier_version_stored_is_passed_over(engine: LocalEngine) -> None:
    container = run(engine)
    with engine.metrics._store.transaction() as transaction:
        transaction.add_history(container.id, time.time_ns(), b"\x92\x01\x90", 0)
    assert list(engine.metrics.history(container.id)) == []
    assert len(sampled(engine, container, 1)) == 1
    engine.metrics.snapshot()
    engine.metrics.close()
    (old, new) = engine.metrics._store.history(container.id)
    assert unpack(old) == b""
    assert len(Series(unpack(new))) == 1
