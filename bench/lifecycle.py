"""What the engine costs, called in this process as the TUI calls it: whole lives, exec, many at once, memory."""

from __future__ import annotations

import glob
import hashlib
import io
import json
import os
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest, ExecRequest

if TYPE_CHECKING:
    from tuicont.core.engine.api import Engine

IMAGE = "bench:latest"
LIMITS = Limits(memory=64 << 20, cpus=1.0, pids=64)


def pack_image(rootfs: Path, target: Path) -> None:
    """Write `rootfs` as an image of one layer, in the form that `docker save` writes."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(rootfs, arcname=".")
    digest = "sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/true"]},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]
    parts = {
        "config.json": json.dumps(config).encode(),
        "layer.tar": layer.getvalue(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    with tarfile.open(target, "w") as archive:
        for name, data in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def lives(engine: Engine, count: int) -> list[float]:
    """Milliseconds of create, start, wait, remove: all namespaces, overlay, limits, seccomp, capabilities,
    records and events."""
    request = ContainerRequest(image=IMAGE, command=("/bin/true",), limits=LIMITS)
    taken = []
    for _ in range(count):
        begun = time.perf_counter_ns()
        container = engine.containers.create(request)
        engine.tasks.start(container.id)
        status = engine.tasks.wait(container.id)
        engine.containers.remove(container.id)
        taken.append((time.perf_counter_ns() - begun) / 1e6)
        if status.code != 0:
            raise SystemExit(f"true ended with {status.code}")
    return taken


def execs(engine: Engine, count: int) -> list[float]:
    """Milliseconds of `true` in a running container, from the request to its exit code."""
    ref = resting(engine, 1)[0]
    request = ExecRequest(command=("/bin/true",))
    taken = []
    for _ in range(count):
        begun = time.perf_counter_ns()
        session = engine.tasks.exec(ref, request)
        while session.read() is not None:
            pass
        taken.append((time.perf_counter_ns() - begun) / 1e6)
        if session.exit is None or session.exit.code != 0:
            raise SystemExit(f"exec of true ended with {session.exit}")
        session.close()
    remove(engine, [ref])
    return taken


def at_once(engine: Engine, count: int) -> tuple[float, list[float]]:
    """Milliseconds until `count` created containers all run, and the KiB (PSS) of each one's shim."""
    request = ContainerRequest(image=IMAGE, command=("/bin/rest",), limits=LIMITS)
    refs = [engine.containers.create(request).id for _ in range(count)]
    begun = time.perf_counter_ns()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(engine.tasks.start, refs))
    taken = (time.perf_counter_ns() - begun) / 1e6
    sizes = [pss(parent_of(engine.containers.get(ref).pid)) for ref in refs]
    remove(engine, refs)
    return taken, sizes


def resting(engine: Engine, count: int) -> list[str]:
    """The ids of `count` new containers that run and wait."""
    request = ContainerRequest(image=IMAGE, command=("/bin/rest",), limits=LIMITS)
    refs = [engine.containers.create(request).id for _ in range(count)]
    for ref in refs:
        engine.tasks.start(ref)
    return refs


def remove(engine: Engine, refs: list[str]) -> None:
    """Kill and remove."""
    for ref in refs:
        engine.containers.remove(ref, force=True)


def remove_cgroups(parent: str) -> None:
    """The engine keeps its own cgroup for the next container; a benchmark leaves nothing."""
    for top in {*glob.glob(f"/sys/fs/cgroup/{parent}"), *glob.glob(f"/sys/fs/cgroup/*/{parent}")}:
        if not os.path.islink(os.path.dirname(top)):
            for path, _, _ in os.walk(top, topdown=False):
                os.rmdir(path)


def parent_of(pid: int) -> int:
    """The parent of a process: a container's shim."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def pss(pid: int) -> float:
    """KiB of memory that a process occupies, shared pages counted in proportion."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return float(line.split()[1])
    raise SystemExit(f"no Pss of process {pid}")
