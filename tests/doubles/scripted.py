"""A deterministic engine in memory, with a clock that stands still: test data for the screens.

It keeps the real table of states and the real errors, so a screen that asks for what a state forbids sees
what the engine would answer. Time moves with `tick` only. `calls` records what was asked.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import msgspec

from tuicont.core.engine.api import ContainerFilter, LayerView, Problem, Progress, PruneReport
from tuicont.core.errors import AlreadyExists, Conflict, EngineError, NotFound
from tuicont.core.model.container import (
    CgroupFile,
    Change,
    Container,
    ExitStatus,
    Link,
    LogLine,
    LogQuery,
    MountEntry,
    Namespace,
    Process,
    RemovalLoss,
)
from tuicont.core.model.event import Event
from tuicont.core.model.image import Image, ImageConfig, Layer
from tuicont.core.model.limits import Limits
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest
from tuicont.core.model.state import State, Verb, refusal
from tuicont.core.model.stats import Pressure, Rates, Sample, Snapshot

SECOND = 1_000_000_000
START_NS = 1_795_469_400 * SECOND
"""2026-11-23 21:30:00 UTC"""
MIB = 1 << 20
NAMES = ("web-1", "worker", "db", "eater", "fresh", "chatter", "cron", "web-2", "cache", "mail")


def digest(text: str) -> str:
    """64 hexadecimal digits that stand for `text`."""
    value = 0xCBF29CE484222325
    digits = ""
    for round_ in range(4):
        for byte in f"{text}{round_}".encode():
            value = ((value ^ byte) * 0x100000001B3) % (1 << 64)
        digits += f"{value:016x}"
    return digits


class ScriptedStream:
    """An `EventStream` over the scripted engine's log."""

    def __init__(self, engine: ScriptedEngine, after: int) -> None:
        self._engine = engine
        self._after = after
        self._closed = False

    def next(self, timeout: float | None = None) -> tuple[Event, ...]:
        with self._engine.changed:
            self._engine.changed.wait_for(lambda: self._closed or self._engine.last_seq > self._after, timeout)
            if self._closed:
                return ()
            found = tuple(event for event in self._engine.log if event.seq > self._after)
            self._after = self._engine.last_seq
            return found

    def close(self) -> None:
        with self._engine.changed:
            self._closed = True
            self._engine.changed.notify_all()


class ScriptedSession:
    """A session whose output is a script and which records its input; an echoing shell by default."""

    def __init__(self, output: list[bytes], *, echo: bool = True) -> None:
        self._output: deque[bytes] = deque(output)
        self._echo = echo
        self._arrived = threading.Condition()
        self._ended = False
        self.written = b""
        self.sizes: list[tuple[int, int]] = []
        self.exit: ExitStatus | None = None

    def fileno(self) -> int:
        raise NotImplementedError("a scripted session has no descriptor")

    def read(self, timeout: float | None = None) -> tuple[int, bytes] | None:
        with self._arrived:
            if not self._arrived.wait_for(lambda: bool(self._output) or self._ended, timeout):
                raise TimeoutError
            if self._output:
                return 1, self._output.popleft()
            self.exit = self.exit or ExitStatus(code=0)
            return None

    def write(self, data: bytes) -> None:
        with self._arrived:
            self.written += data
            if self._echo:
                self._output.append(data.replace(b"\r", b"\r\n"))
            if self.written.endswith((b"exit\r", b"exit\n", b"\x04")):
                self._ended = True
            self._arrived.notify_all()

    def say(self, data: bytes) -> None:
        """Output of the process."""
        with self._arrived:
            self._output.append(data)
            self._arrived.notify_all()

    def close_stdin(self) -> None:
        self.end()

    def resize(self, rows: int, cols: int) -> None:
        self.sizes.append((rows, cols))

    def signal(self, number: int) -> None:
        self.end()

    def end(self) -> None:
        """The process has ended."""
        with self._arrived:
            self._ended = True
            self._arrived.notify_all()

    def close(self) -> None:
        self.end()


class ScriptedEngine:
    """An `Engine`. With `count` containers in a mixture of states; 5 gives the cast of the pictures."""

    def __init__(self, count: int = 5) -> None:
        self.now_ns = START_NS
        self.ticks = 0
        self.calls: list[tuple[Any, ...]] = []
        self.failures: dict[str, EngineError] = {}
        """Raised instead of an answer, by the verb's name."""
        self.changed = threading.Condition()
        self.log: list[Event] = []
        self.last_seq = 0
        self.sessions: list[ScriptedSession] = []
        self._containers: dict[str, Container] = {}
        self._cast(count)

    # the cast

    def _cast(self, count: int) -> None:
        for number in range(count):
            name = NAMES[number] if number < len(NAMES) else f"job-{number}"
            kind = NAMES[number % 5]
            limits = Limits(memory=64 * MIB, cpus=0.5, pids=64)
            request = ContainerRequest(
                image="demo" if kind != "db" else "registry.local/postgres:16",
                name=name,
                command=("burn-cpu",) if kind == "web-1" else ("chatter", "--every", "1"),
                limits=limits,
                mounts=(BindMount(source="/srv/data", target="/data", read_only=True),),
                env=("TZ=UTC",),
                tty=kind == "worker",
                stdin_open=kind == "worker",
            )
            container = self._new(request)
            if kind == "fresh":
                continue
            self._start(container, pid=4100 + number)
            if kind == "db":
                self._put(container.id, state=State.PAUSED)
                self._say("/tasks/paused", container)
            elif kind == "eater":
                self._end(container, ExitStatus(code=137, signal=9, time_ns=self.now_ns, oom_killed=True))
        for _ in range(24):
            self.tick()

    def _new(self, request: ContainerRequest) -> Container:
        created = self.now_ns - (60 - len(self._containers)) * SECOND
        container = Container(
            id=digest(request.name),
            name=request.name,
            request=request,
            image_id="sha256:" + digest(request.image),
            state=State.CREATED,
            created_ns=created,
            limits=request.limits,
            command=request.command or ("sh",),
        )
        self._containers[container.id] = container
        self._say("/containers/create", container, image=request.image)
        return container

    def _put(self, container_id: str, **changes: Any) -> Container:
        changed = msgspec.structs.replace(self._containers[container_id], **changes)
        self._containers[container_id] = changed
        return changed

    def _start(self, container: Container, pid: int) -> Container:
        started = self._put(
            container.id, state=State.RUNNING, pid=pid, start_time=1000, started_ns=self.now_ns, exit=None
        )
        self._say("/tasks/start", started, pid=str(pid))
        return started

    def _end(self, container: Container, status: ExitStatus) -> Container:
        if status.oom_killed:
            self._say("/tasks/oom", container, memory="64.0 of 64.0 MiB")
        ended = self._put(container.id, state=State.EXITED, pid=0, start_time=0, finished_ns=self.now_ns, exit=status)
        self._say("/tasks/exit", ended, exit_code=str(status.code))
        return ended

    def _say(self, topic: str, container: Container, **detail: str) -> None:
        with self.changed:
            self.last_seq += 1
            self.log.append(
                Event(
                    seq=self.last_seq,
                    time_ns=self.now_ns,
                    topic=topic,
                    subject=container.id,
                    name=container.name,
                    detail=detail,
                )
            )
            self.changed.notify_all()

    def tick(self, seconds: int = 1) -> None:
        """Let time go on."""
        self.ticks += seconds
        self.now_ns += seconds * SECOND

    def _called(self, verb: str, *arguments: Any) -> None:
        self.calls.append((verb, *arguments))
        if verb in self.failures:
            raise self.failures[verb]

    # observe

    def info(self) -> EngineInfo:
        states = [c.state.value for c in self._containers.values()]
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

    def containers(self, which: ContainerFilter = ContainerFilter()) -> tuple[Container, ...]:
        return tuple(reversed(self._containers.values()))

    def container(self, ref: str) -> Container:
        for container in self._containers.values():
            if ref in (container.id, container.name) or container.id.startswith(ref):
                return container
        raise NotFound(f"find {ref}", "no such container")

    def inspect(self, ref: str) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(self.container(ref))
        return plain

    def sample(self, container: Container, at: int) -> Sample:
        """What the container's cgroup counts after `at` ticks: waves of its own."""
        phase = sum(container.name.encode()) % 17
        wave = (math.sin((at + phase) / 4) + 1) / 2
        frozen = container.state is State.PAUSED
        return Sample(
            time_ns=START_NS + at * SECOND,
            cpu_ns=int((0.24 * at + 0.72 * math.sin((at + phase) / 3)) * SECOND),
            cpu_user_ns=int(at * 0.15 * SECOND),
            cpu_system_ns=int(at * 0.05 * SECOND),
            periods=at * 10,
            throttled_periods=at + at // 5 * 4,
            throttled_ns=at * 5_000_000,
            memory=int((20 + 36 * wave) * MIB) if not frozen else 52 * MIB,
            memory_cache=4 * MIB,
            memory_swap=0,
            memory_limit=container.limits.memory or -1,
            memory_peak=60 * MIB,
            oom_kills=0,
            pids=2 + phase % 6,
            pids_limit=container.limits.pids or -1,
            read_bytes=at * 40_000,
            write_bytes=at * 120_000 + at // 6 * 400_000,
            read_ops=at * 10,
            write_ops=at * 30,
            cpu_pressure=Pressure(some_avg10=0.0 if frozen else round(14 * wave, 2)),
            memory_pressure=Pressure(some_avg10=0.0),
            io_pressure=Pressure(some_avg10=0.0 if frozen else 0.7),
        )

    def rates(self, container: Container, at: int) -> Rates:
        """The rates that go with `sample`."""
        if container.state is State.PAUSED:
            return Rates()
        phase = sum(container.name.encode()) % 17
        wave = (math.sin((at + phase) / 3) + 1) / 2
        return Rates(
            cpu=round(48 * wave, 2),
            cpu_user=round(36 * wave, 2),
            cpu_system=round(12 * wave, 2),
            throttled=0.5,
            read_bytes=40_000 * wave,
            write_bytes=120_000 * wave,
        )

    def snapshot(self) -> Snapshot:
        alive = [c for c in self._containers.values() if c.state.alive]
        return Snapshot(
            time_ns=self.now_ns,
            containers=self.containers(),
            samples={c.id: self.sample(c, self.ticks) for c in alive},
            rates={c.id: self.rates(c, self.ticks) for c in alive},
        )

    def stats(self, ref: str) -> Sample:
        return self.sample(self.container(ref), self.ticks)

    def history(self, ref: str) -> tuple[Sample, ...]:
        container = self.container(ref)
        if not container.state.alive:
            return ()
        return tuple(self.sample(container, at) for at in range(max(0, self.ticks - 300), self.ticks))

    def top(self, ref: str) -> tuple[Process, ...]:
        container = self.container(ref)
        self._allowed(container, Verb.TOP)
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
                cpu_ns=self.ticks * SECOND // (number + 2),
                started_ns=container.started_ns,
                command=command,
            )
            for number, command in enumerate(commands)
        )

    def logs(self, ref: str, query: LogQuery = LogQuery()) -> Iterator[LogLine]:
        container = self.container(ref)
        if container.state is State.CREATED:
            return
        lines = [
            LogLine(
                time_ns=START_NS + number * SECOND,
                stream="stderr" if number % 7 == 6 else "stdout",
                text=f"GET /index.html {200 if number % 7 < 6 else 500} {number} ms",
            )
            for number in range(24)
        ]
        yield from lines[-query.tail :] if query.tail else lines

    def diff(self, ref: str) -> tuple[Change, ...]:
        self.container(ref)
        return (
            Change(kind="C", path="/etc/hostname", size=12),
            Change(kind="A", path="/tmp/cache.bin", size=12 * MIB),
            Change(kind="D", path="/etc/motd"),
        )

    def namespaces(self, ref: str) -> tuple[Namespace, ...]:
        container = self.container(ref)
        base = 4026532200 + sum(container.name.encode())
        kinds = ("mnt", "uts", "ipc", "pid", "net", "cgroup")
        own = tuple(Namespace(kind=kind, inode=base + i, host=False) for i, kind in enumerate(kinds))
        return (
            *own,
            Namespace(kind="user", inode=4026531837, host=True),
            Namespace(kind="time", inode=4026531834, host=True),
        )

    def links(self, ref: str) -> tuple[Link, ...]:
        self.container(ref)
        return (Link(name="lo", state="up", mtu=65536, mac="", addresses=("127.0.0.1/8", "::1/128")),)

    def cgroup_files(self, ref: str) -> tuple[CgroupFile, ...]:
        container = self.container(ref)
        base = f"/sys/fs/cgroup/memory/tuicont/{container.short_id}"
        sample = self.sample(container, self.ticks)
        return (
            CgroupFile(
                path=f"{base}/memory.limit_in_bytes",
                name="memory.limit_in_bytes",
                value=str(container.limits.memory or -1),
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
        container = self.container(ref)
        return LayerView(
            lower=((digest("workloads"), "add the workloads", 40_000), (digest("base"), "copy from the host", 3 * MIB)),
            upper_path=f"/var/lib/tuicont/overlay/{container.short_id}/diff",
            upper_bytes=12 * MIB,
            changes=self.diff(ref),
        )

    def mounts(self, ref: str) -> tuple[MountEntry, ...]:
        self.container(ref)
        return (
            MountEntry(target="/", fstype="overlay", source="overlay", options="rw,relatime"),
            MountEntry(target="/proc", fstype="proc", source="proc", options="rw,nosuid,nodev,noexec"),
            MountEntry(target="/data", fstype="ext4", source="/srv/data", options="ro,relatime"),
        )

    def loss(self, ref: str) -> RemovalLoss:
        container = self.container(ref)
        return RemovalLoss(processes=7 if container.state.alive else 0, bytes=12 * MIB, files=3)

    def events(self, since: int | None = None) -> ScriptedStream:
        return ScriptedStream(self, self.last_seq if since is None else since)

    def past_events(self, *, after: int = 0, limit: int = 1000, subject: str = "") -> tuple[Event, ...]:
        found = [e for e in self.log if e.seq > after and (not subject or e.subject == subject)]
        return tuple(found[-limit:])

    # act

    def _allowed(self, container: Container, verb: Verb) -> None:
        reason = refusal(container.state, verb)
        if reason:
            raise Conflict(f"{verb.value} {container.name}", reason)

    def validate(self, request: ContainerRequest) -> tuple[Problem, ...]:
        problems = []
        if any(c.name == request.name for c in self._containers.values()):
            problems.append(Problem(field="name", message=f"{request.name} is in use"))
        if request.limits.memory is not None and request.limits.memory < 512 * 1024:
            problems.append(Problem(field="limits.memory", message="below the minimum of 512 KiB"))
        return tuple(problems)

    def create(self, request: ContainerRequest) -> Container:
        self._called("create", request)
        name = request.name or "eager-badger"
        if any(c.name == name for c in self._containers.values()):
            raise AlreadyExists(f"create {name}", "the name is in use", hint=f"remove {name} or choose another name")
        return self._new(msgspec.structs.replace(request, name=name))

    def start(self, ref: str) -> Container:
        container = self.container(ref)
        self._called("start", container.name)
        self._allowed(container, Verb.START)
        return self._start(container, pid=5000 + len(self.calls))

    def start_attached(self, ref: str, *, stdin: bool = True, rows: int = 24, cols: int = 80) -> ScriptedSession:
        self.start(ref)
        return self._session([])

    def stop(self, ref: str, *, signal: str = "", timeout: float | None = None) -> Container:
        container = self.container(ref)
        self._called("stop", container.name)
        self._allowed(container, Verb.STOP)
        return self._end(container, ExitStatus(code=143, signal=15, time_ns=self.now_ns))

    def kill(self, ref: str, signal: str = "SIGKILL") -> Container:
        container = self.container(ref)
        self._called("kill", container.name, signal)
        self._allowed(container, Verb.KILL)
        self._say("/tasks/kill", container, signal=signal)
        if signal in ("SIGKILL", "9"):
            return self._end(container, ExitStatus(code=137, signal=9, time_ns=self.now_ns))
        return container

    def restart(self, ref: str, *, timeout: float | None = None) -> Container:
        container = self.container(ref)
        self._called("restart", container.name)
        self._allowed(container, Verb.RESTART)
        if container.state.alive:
            container = self._end(container, ExitStatus(code=143, signal=15, time_ns=self.now_ns))
        return self._start(container, pid=6000 + len(self.calls))

    def pause(self, ref: str) -> Container:
        container = self.container(ref)
        self._called("pause", container.name)
        self._allowed(container, Verb.PAUSE)
        paused = self._put(container.id, state=State.PAUSED)
        self._say("/tasks/paused", paused)
        return paused

    def unpause(self, ref: str) -> Container:
        container = self.container(ref)
        self._called("unpause", container.name)
        self._allowed(container, Verb.UNPAUSE)
        thawed = self._put(container.id, state=State.RUNNING)
        self._say("/tasks/resumed", thawed)
        return thawed

    def rename(self, ref: str, name: str) -> Container:
        container = self.container(ref)
        self._called("rename", container.name, name)
        renamed = self._put(container.id, name=name)
        self._say("/containers/rename", renamed, old_name=container.name)
        return renamed

    def update(self, ref: str, limits: Limits) -> Container:
        container = self.container(ref)
        self._called("update", container.name, limits)
        updated = self._put(container.id, limits=container.limits.merged(limits))
        self._say("/containers/update", updated)
        return updated

    def wait(self, ref: str, timeout: float | None = None) -> ExitStatus:
        return self.container(ref).exit or ExitStatus(code=0)

    def remove(self, ref: str, *, force: bool = False) -> None:
        container = self.container(ref)
        self._called("remove", container.name, force)
        if container.state.alive and not force:
            raise Conflict(f"remove {container.name}", f"it is {container.state.value}")
        del self._containers[container.id]
        self._say("/containers/delete", container)

    def exec(self, ref: str, request: ExecRequest) -> ScriptedSession:
        container = self.container(ref)
        self._called("exec", container.name, request.command)
        self._allowed(container, Verb.EXEC)
        return self._session([b"/ # "])

    def attach(self, ref: str, *, stdin: bool = True) -> ScriptedSession:
        container = self.container(ref)
        self._called("attach", container.name)
        self._allowed(container, Verb.ATTACH)
        return self._session([b"attached\r\n"])

    def _session(self, output: list[bytes]) -> ScriptedSession:
        session = ScriptedSession(output)
        self.sessions.append(session)
        return session

    def copy_out(self, ref: str, path: str, *, follow: bool = False) -> Iterator[bytes]:
        yield b""

    def copy_in(self, ref: str, path: str, archive: BinaryIO) -> None:
        self._called("copy_in", ref, path)

    def prune(self, *, images: bool = False) -> PruneReport:
        self._called("prune")
        return PruneReport()

    # images

    def images(self) -> tuple[Image, ...]:
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

    def image(self, ref: str) -> Image:
        return self.images()[0]

    def inspect_image(self, ref: str) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(self.image(ref))
        return plain

    def load_image(self, path: str, progress: Progress | None = None) -> tuple[Image, ...]:
        self._called("load_image", path)
        if progress is not None:
            progress("reading layers", 50, 100)
        return self.images()[:1]

    def remove_image(self, ref: str, *, force: bool = False) -> tuple[str, ...]:
        self._called("remove_image", ref)
        return (ref,)

    def close(self) -> None:
        """Nothing is held."""


Opener = Callable[[], ScriptedEngine]
