"""`engine.views`, scripted."""

from __future__ import annotations

from collections.abc import Iterable

from tests.doubles.scripted.world import MIB, SECOND, START_NS, World, digest
from tuicont.core.engine.api import LayerView
from tuicont.core.model.container import (
    CgroupFile,
    Change,
    Link,
    LogLine,
    LogQuery,
    MountEntry,
    Namespace,
    Process,
)
from tuicont.core.model.state import State, Verb


class ScriptedLines:
    """A log that has ended; closed by whichever thread, it gives no more lines."""

    def __init__(self, lines: Iterable[LogLine]) -> None:
        self._lines = iter(lines)
        self._closed = False

    def __iter__(self) -> ScriptedLines:
        return self

    def __next__(self) -> LogLine:
        if self._closed:
            raise StopIteration
        return next(self._lines)

    def close(self) -> None:
        self._closed = True


class ScriptedViews:
    """What is to be seen."""

    def __init__(self, world: World) -> None:
        self._world = world

    def processes(self, ref: str) -> tuple[Process, ...]:
        container = self._world.find(ref)
        self._world.allowed(container, Verb.TOP)
        commands = ("burn-cpu", "sh -c worker", "sleep 60")
        return tuple(
            Process(
                pid=container.pid + number,
                inner_pid=1 + number,
                parent_pid=container.pid if number else 1,
                user="0",
                state="R" if not number else "S",
                threads=1 + number,
                rss=(8 - 2 * number) * MIB,
                cpu_ns=self._world.ticks * SECOND // (number + 2),
                started_ns=container.started_ns,
                command=command,
            )
            for number, command in enumerate(commands)
        )

    def logs(self, ref: str, query: LogQuery = LogQuery()) -> ScriptedLines:
        container = self._world.find(ref)
        if container.state is State.CREATED:
            return ScriptedLines(())
        lines = [
            LogLine(
                time_ns=START_NS + number * SECOND,
                stream="stderr" if number % 7 == 6 else "stdout",
                text=f"GET /index.html {200 if number % 7 < 6 else 500} {number} ms",
            )
            for number in range(24)
        ]
        lines = [line for line in lines if query.since_ns is None or line.time_ns >= query.since_ns]
        return ScriptedLines(lines[-query.tail :] if query.tail else lines)

    def diff(self, ref: str) -> tuple[Change, ...]:
        self._world.find(ref)
        return (
            Change(kind="C", path="/etc/hostname", size=12),
            Change(kind="A", path="/tmp/cache.bin", size=12 * MIB),
            Change(kind="D", path="/etc/motd"),
        )

    def namespaces(self, ref: str) -> tuple[Namespace, ...]:
        container = self._world.find(ref)
        base = 4026532200 + sum(container.name.encode())
        kinds = ("mnt", "uts", "ipc", "pid", "net", "cgroup")
        own = tuple(Namespace(kind=kind, inode=base + i, host=False) for i, kind in enumerate(kinds))
        return (
            *own,
            Namespace(kind="user", inode=4026531837, host=True),
            Namespace(kind="time", inode=4026531834, host=True),
        )

    def links(self, ref: str) -> tuple[Link, ...]:
        self._world.find(ref)
        return (Link(name="lo", state="up", mtu=65536, mac="", addresses=("127.0.0.1/8", "::1/128")),)

    def cgroup_files(self, ref: str) -> tuple[CgroupFile, ...]:
        container = self._world.find(ref)
        base = f"/sys/fs/cgroup/memory/tuicont/{container.short_id}"
        sample = self._world.sample(container, self._world.ticks)
        return (
            CgroupFile(
                path=f"{base}/memory.limit_in_bytes",
                name="memory.limit_in_bytes",
                value=str(self._world.limits[container.id].memory or -1),
                writable=True,
                meaning="the most memory that it may use",
            ),
            CgroupFile(
                path=f"{base}/memory.usage_in_bytes",
                name="memory.usage_in_bytes",
                value=str(sample.memory),
                writable=False,
                meaning="memory in use now, page cache included",
            ),
        )

    def layers(self, ref: str) -> LayerView:
        container = self._world.find(ref)
        return LayerView(
            lower=((digest("workloads"), "add the workloads", 40_000), (digest("base"), "copy from the host", 3 * MIB)),
            upper_path=f"/var/lib/tuicont/overlay/{container.short_id}/diff",
            upper_bytes=12 * MIB,
            changes=self.diff(ref),
        )

    def mounts(self, ref: str) -> tuple[MountEntry, ...]:
        self._world.find(ref)
        return (
            MountEntry(target="/", fstype="overlay", source="overlay", options="rw,relatime"),
            MountEntry(target="/proc", fstype="proc", source="proc", options="rw,nosuid,nodev,noexec"),
            MountEntry(target="/data", fstype="ext4", source="/srv/data", options="ro,relatime"),
        )
