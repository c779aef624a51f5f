"""What an engine holds on the host, as a set of names: equal before and after what must leave nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.kernel.host import cgroup_directories, eventually, shims, snapshot_places
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.errors import EngineError

_PLACES = ("containers", "logs", "run/tasks", "run/exits")


def footprint(engine: LocalEngine, root: str) -> set[str]:
    """Files, cgroups, mounts, shims and records; and the engine's own descriptors."""
    held = {f"record {c.id} {c.name} {c.state}" for c in engine.containers.list()}
    held |= {f"shim {pid}" for pid in shims(root)}
    for place in (*_PLACES, *snapshot_places(root)):
        if os.path.isdir(f"{root}/{place}"):
            held |= {f"file {place}/{name}" for name in os.listdir(f"{root}/{place}")}
    for directory in cgroup_directories(engine.cgroup_parent):
        held |= {f"cgroup {directory}/{name}" for name in os.listdir(directory) if os.path.isdir(f"{directory}/{name}")}
    with open("/proc/self/mountinfo") as file:
        held |= {f"mount {line.split()[4]}" for line in file if f"{root}/" in line}
    return {name for name in held if not name.endswith("/shims")}


@contextmanager
def nothing_stays(engine: LocalEngine, root: str) -> Iterator[None]:
    """What is done inside leaves nothing."""
    before = footprint(engine, root)
    yield
    after: set[str] = set()

    def same() -> bool:
        nonlocal after
        after = footprint(engine, root)
        return after == before

    try:
        eventually(same)
    except AssertionError:
        pytest.fail(f"came: {sorted(after - before)}, went: {sorted(before - after)}")


def assert_clear(error: EngineError, *expected: str) -> None:
    """One error in the form that all have: what, why, then context and hint; and it names what is `expected`."""
    text = str(error)
    first, *rest = text.split("\n")
    assert first.startswith("cannot "), text
    assert len(rest) <= 2, text
    assert not any(line.endswith(".") and not line.endswith("…") for line in (first, *rest)), text
    assert ": " in first, text
    assert "Traceback" not in text
    assert "Error(" not in text, text
    for word in expected:
        assert word in text, f"{word!r} is not in: {text}"
