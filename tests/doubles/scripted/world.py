"""The world of the scripted engine: a clock that stands still, containers in it, and what was asked of them."""

from __future__ import annotations

import math
import threading
from typing import Any

import msgspec

from tests.doubles.scripted.session import ScriptedSession
from tuicont.core.errors import Conflict, EngineError, NotFound
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.event import Event, Topic
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest
from tuicont.core.model.state import State, Verb, refusal
from tuicont.core.model.stats import Rates, Sample

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


class World:
    """What the facets share. With `count` containers in a mixture of states; 5 gives the cast of the pictures."""

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
        self.records: dict[str, Container] = {}
        self.limits: dict[str, Limits] = {}
        self._cast(count)

    def find(self, ref: str) -> Container:
        """The container called `ref`."""
        for container in self.records.values():
            if ref in (container.id, container.name) or container.id.startswith(ref):
                return container
        raise NotFound(f"find {ref}", "no such container")

    def allowed(self, container: Container, verb: Verb) -> None:
        """Refuse what the container's state does not take."""
        if reason := refusal(container.state, verb):
            raise Conflict(f"{verb.value} {container.name}", reason)

    def session(self, output: list[bytes]) -> ScriptedSession:
        """A new session that begins with this output."""
        session = ScriptedSession(output)
        self.sessions.append(session)
        return session

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
            container = self.new(request)
            if kind == "fresh":
                continue
            self.start(container, pid=4100 + number)
            if kind == "db":
                self.put(container.id, state=State.PAUSED)
                self.say(Topic.TASK_PAUSED, container)
            elif kind == "eater":
                self.end(container, ExitStatus(code=137, signal=9, time_ns=self.now_ns, oom_killed=True))
        for _ in range(24):
            self.tick()

    def new(self, request: ContainerRequest) -> Container:
        created = self.now_ns - (60 - len(self.records)) * SECOND
        container = Container(
            id=digest(request.name),
            name=request.name,
            request=request,
            image_id="sha256:" + digest(request.image),
            state=State.CREATED,
            created_ns=created,
            command=request.command or ("sh",),
        )
        self.records[container.id] = container
        self.limits[container.id] = request.limits
        self.say(Topic.CONTAINER_CREATE, container, image=request.image)
        return container

    def put(self, container_id: str, **changes: Any) -> Container:
        changed = msgspec.structs.replace(self.records[container_id], **changes)
        self.records[container_id] = changed
        return changed

    def start(self, container: Container, pid: int) -> Container:
        started = self.put(
            container.id, state=State.RUNNING, pid=pid, start_time=1000, started_ns=self.now_ns, exit=None
        )
        self.say(Topic.TASK_START, started, pid=str(pid))
        return started

    def end(self, container: Container, status: ExitStatus) -> Container:
        if status.oom_killed:
            self.say(Topic.TASK_OOM, container, memory="64.0 of 64.0 MiB")
        ended = self.put(container.id, state=State.EXITED, pid=0, start_time=0, finished_ns=self.now_ns, exit=status)
        self.say(Topic.TASK_EXIT, ended, exit_code=str(status.code))
        return ended

    def say(self, topic: Topic, container: Container, **detail: str) -> None:
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

    def called(self, verb: str, *arguments: Any) -> None:
        self.calls.append((verb, *arguments))
        if verb in self.failures:
            raise self.failures[verb]

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
            memory_limit=self.limits[container.id].memory or -1,
            memory_peak=60 * MIB,
            oom_kills=0,
            pids=2 + phase % 6,
            pids_limit=self.limits[container.id].pids or -1,
            read_bytes=at * 40_000,
            write_bytes=at * 120_000 + at // 6 * 400_000,
            read_ops=at * 10,
            write_ops=at * 30,
            cpu_some_avg10=0 if frozen else round(1400 * wave),
            memory_some_avg10=0,
            io_some_avg10=0 if frozen else 70,
        )

    def rates(self, container: Container, at: int) -> Rates:
        """The rates that go with `sample`."""
        if container.state is State.PAUSED:
            return Rates()
        phase = sum(container.name.encode()) % 17
        wave = (math.sin((at + phase) / 3) + 1) / 2
        return Rates(
            cpu=round(48 * wave, 2),
            throttled=10.0,
            read_bytes=40_000 * wave,
            write_bytes=120_000 * wave,
        )
