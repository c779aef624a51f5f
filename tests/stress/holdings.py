"""All that a state root has on the host: its footprint, and what no list of its own tells of. Processes and their
namespaces, wherever they are; mounts of it in any mount namespace; files below it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.kernel.footprint import footprint
from tests.kernel.host import cgroup_directories, namespace
from tuicont.core.engine.engine import LocalEngine

_KINDS = ("mnt", "pid", "net", "ipc", "uts", "cgroup")
_GROWS = ("cache", "tuicont.db")
"""What comes with use and stays: compiled filters, the database and its log."""


def holdings(engine: LocalEngine, root: Path) -> set[str]:
    """As a set of names: equal before and after what must leave nothing behind."""
    held = footprint(engine, str(root)) | {f"file {path}" for path in _files(root)}
    groups = {pid for top in cgroup_directories(engine.cgroup_parent) for pid in _members(top)}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            own = {kind: namespace(pid, kind) for kind in _KINDS}
            elsewhere = own["mnt"] != namespace("self", "mnt")
            if pid in groups or (elsewhere and f"{root}/" in Path(f"/proc/{pid}/mountinfo").read_text()):
                held.add(f"process {pid} {Path(f'/proc/{pid}/comm').read_text().strip()}")
                held |= {f"namespace {name}" for kind, name in own.items() if name != namespace("self", kind)}
    return held


def _members(top: str) -> Iterator[str]:
    for directory, _, _ in os.walk(top):
        with contextlib.suppress(OSError):
            yield from Path(directory, "cgroup.procs").read_text().split()


def _files(root: Path) -> Iterator[str]:
    """Three levels deep: below those is what containers and images hold."""
    for directory, folders, files in os.walk(root):
        below = os.path.relpath(directory, root)
        if below.count("/") == 2:
            folders.clear()
        for name in (*folders, *files):
            if not (path := os.path.normpath(f"{below}/{name}")).startswith(_GROWS):
                yield path
