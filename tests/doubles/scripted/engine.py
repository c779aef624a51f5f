"""A deterministic engine in memory, with a clock that stands still: test data for the screens.

It keeps the real table of states and the real errors, so a screen that asks for what a state forbids sees
what the engine would answer. Time moves with `tick` only. `calls` records what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from tests.doubles.scripted.containers import ScriptedContainers
from tests.doubles.scripted.tasks import ScriptedTasks
from tests.doubles.scripted.views import ScriptedViews
from tests.doubles.scripted.world import MIB, SECOND, START_NS, World, digest
from tuicont.core.engine.api import RATIO, ImagePruneReport, Note, Progress
from tuicont.core.engine.api.metrics import ALL_TIME
from tuicont.core.model.container import Container
from tuicont.core.model.event import Event
from tuicont.core.model.file import FileStat, LeftOut
from tuicont.core.model.host import HostUsage
from tuicont.core.model.image import Image, ImageConfig, Layer
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.core.model.selection import EVERYTHING, PruneFilter
from tuicont.core.model.series import Series
from tuicont.core.model.snapshot import Snapshot
from tuicont.core.model.stats import Sample


class ScriptedStream:
    """An `EventStream` over the world's log."""

    def __init__(self, world: World, after: int) -> None:
        self._world = world
        self._after = after
        self._closed = False

    def next(self, timeout: float | None = None) -> tuple[Event, ...]:
        with self._world.changed:
            self._world.changed.wait_for(lambda: self._closed or self._world.last_seq > self._after, timeout)
            if self._closed:
                return ()
            found = tuple(event for event in self._world.log if event.seq > self._after)
            self._after = self._world.last_seq
            return found

    def close(self) -> None:
        with self._world.changed:
            self._closed = True
            self._world.changed.notify_all()


class ScriptedEvents:
    """The log."""

    def __init__(self, world: World) -> None:
        self._world = world

    def follow(self, since: int | None = None) -> ScriptedStream:
        return ScriptedStream(self._world, self._world.last_seq if since is None else since)

    def past(self, *, after: int = 0, limit: int = 1000, subject: str = "") -> tuple[Event, ...]:
        found = [e for e in self._world.log if e.seq > after and (not subject or e.subject == subject)]
        return tuple(found[-limit:])


class ScriptedMetrics:
    """Samples."""

    def __init__(self, world: World) -> None:
        self._world = world

    def snapshot(self) -> Snapshot:
        alive = [c for c in self._world.records.values() if c.state.alive]
        return Snapshot(
            time_ns=self._world.now_ns,
            containers=tuple(reversed(self._world.records.values())),
            limits=dict(self._world.limits),
            samples={c.id: self._world.sample(c, self._world.ticks) for c in alive},
            rates={c.id: self._world.rates(c, self._world.ticks) for c in alive},
            recent={c.id: self._recent(c) for c in alive},
        )

    def _recent(self, container: Container) -> Series:
        """The newest samples. The last one goes with the rates that the snapshot has, as an engine's does."""
        past = self._past(container, 29)
        now, rates = self._world.ticks, self._world.rates(container, self._world.ticks)
        newest = self._world.sample(container, now)._replace(cpu_ns=past[-1].cpu_ns + round(rates.cpu * SECOND / 100))
        return past.joined(Series.of([newest]))

    def sample(self, ref: str) -> Sample:
        return self._world.sample(self._world.find(ref), self._world.ticks)

    def history(self, ref: str, from_ns: int = 0, to_ns: int = ALL_TIME) -> Series:
        container = self._world.find(ref)
        return self._past(container, 300).between(from_ns, to_ns) if container.state.alive else Series()

    def _past(self, container: Container, seconds: int) -> Series:
        now = self._world.ticks
        return Series.of([self._world.sample(container, at) for at in range(max(0, now - seconds), now)])

    def refreshed(self, last: Snapshot) -> Snapshot:
        now = self.snapshot()
        # The program's first picture has the host's time, in which nothing of this world has happened.
        return msgspec.structs.replace(last, time_ns=now.time_ns, containers=now.containers, limits=now.limits)


class ScriptedFiles:
    """Copies of nothing."""

    def __init__(self, world: World) -> None:
        self._world = world

    def stat(self, ref: str, path: str) -> FileStat:
        return FileStat(path=path)

    def copy_out(
        self, ref: str, path: str, *, follow: bool = False, left_out: LeftOut | None = None
    ) -> Iterator[bytes]:
        yield b""

    def copy_in(self, ref: str, path: str, archive: BinaryIO, *, left_out: LeftOut | None = None) -> None:
        self._world.called("copy_in", ref, path)

    def pack(
        self, path: str, name: str, *, follow: bool = False, keep_owner: bool = False, left_out: LeftOut | None = None
    ) -> Iterator[bytes]:
        yield b""


class ScriptedImages:
    """Two images."""

    def __init__(self, world: World) -> None:
        self._world = world

    def list(self) -> tuple[Image, ...]:
        return tuple(
            Image(
                id="sha256:" + digest(name),
                references=(name,),
                config=ImageConfig(cmd=("sh",)),
                layers=(Layer(diff_id=digest("d" + name), chain_id=digest("base"), size=3 * MIB),),
                architecture="amd64",
                os="linux",
                created_ns=START_NS,
            )
            for name in ("demo:latest", "registry.local/postgres:16")
        )

    def get(self, ref: str) -> Image:
        return self.list()[0]

    def inspect(self, ref: str) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(self.get(ref))
        return plain

    def load(
        self, path: str, progress: Progress | None = None, note: Note | None = None, *, ratio: int = RATIO
    ) -> tuple[Image, ...]:
        self._world.called("load_image", path)
        if note is not None:
            note("passed over sha256:0123: it is no image but a signature")
        if progress is not None:
            progress("reading layers", 50, 100)
        return self.list()[:1]

    def remove(self, ref: str, *, force: bool = False) -> tuple[str, ...]:
        self._world.called("remove_image", ref)
        return (ref,)

    def prune(self, which: PruneFilter = EVERYTHING, *, unnamed_only: bool = False) -> ImagePruneReport:
        self._world.called("prune_images", unnamed_only)
        return ImagePruneReport()


class ScriptedHost:
    """A machine."""

    def __init__(self, world: World) -> None:
        self._world = world

    def info(self) -> EngineInfo:
        states = [c.state.value for c in self._world.records.values()]
        return EngineInfo(
            version="0.1.0",
            root="/var/lib/tuicont",
            run_root="/run/tuicont",
            kernel="6.18.0",
            processors=2,
            memory=4 << 30,
            cgroup_driver="cgroupfs v1 (hybrid)",
            cgroup_parent="tuicont",
            storage_driver="overlay",
            runtime="native",
            containers={state: states.count(state) for state in sorted(set(states))},
            images=2,
            layers=3,
            storage_bytes=48 * MIB,
        )

    def usage(self) -> HostUsage:
        return HostUsage(
            memory=4 << 30,
            memory_available=3 << 30,
            swap=0,
            swap_free=0,
            disk=100 << 30,
            disk_free=40 << 30,
            load=(0.5, 0.25, 0.125),
            booted_ns=START_NS - 3600 * 1_000_000_000,
        )

    def doctor(self) -> tuple[Probe, ...]:
        return (
            Probe(group="cgroup", name="v1", supported=True, detail="cpu, cpuset, memory, pids on mounts of their own"),
            Probe(
                group="cgroup", name="v2", supported=False, reason="no controller is enabled in /sys/fs/cgroup/unified"
            ),
            Probe(group="storage", name="overlay", supported=True, detail="on ext4"),
            Probe(group="storage", name="btrfs", supported=False, reason="/var/lib/tuicont is on ext4, not btrfs"),
            Probe(group="namespaces", name="time", supported=True),
            Probe(group="security", name="seccomp", supported=True, detail="libseccomp 2.5.4"),
        )

    def config(self) -> tuple[tuple[str, str, str], ...]:
        return (("root", "/var/lib/tuicont", "default"), ("storage driver", "overlay", "first that works"))


class ScriptedEngine(World):
    """An `Engine` that is its world."""

    def __init__(self, count: int = 5) -> None:
        super().__init__(count)
        self.containers = ScriptedContainers(self)
        self.tasks = ScriptedTasks(self)
        self.views = ScriptedViews(self)
        self.files = ScriptedFiles(self)
        self.images = ScriptedImages(self)
        self.events = ScriptedEvents(self)
        self.metrics = ScriptedMetrics(self)
        self.host = ScriptedHost(self)

    def close(self) -> None:
        """Nothing is held."""
