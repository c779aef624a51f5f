"""`engine.tasks`, scripted."""

from __future__ import annotations

from tests.doubles.scripted.session import ScriptedSession
from tests.doubles.scripted.world import World
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.event import Topic
from tuicont.core.model.request import ExecRequest
from tuicont.core.model.state import State, Verb


class ScriptedTasks:
    """The running side."""

    def __init__(self, world: World) -> None:
        self._world = world

    def start(self, ref: str) -> Container:
        container = self._world.find(ref)
        self._world.called("start", container.name)
        self._world.allowed(container, Verb.START)
        return self._world.start(container, pid=5000 + len(self._world.calls))

    def start_attached(self, ref: str, *, stdin: bool = True, rows: int = 24, cols: int = 80) -> ScriptedSession:
        self.start(ref)
        return self._world.session([])

    def stop(self, ref: str, *, signal: str = "", timeout: float | None = None) -> Container:
        container = self._world.find(ref)
        self._world.called("stop", container.name)
        self._world.allowed(container, Verb.STOP)
        return self._world.end(container, ExitStatus(code=143, signal=15, time_ns=self._world.now_ns))

    def kill(self, ref: str, signal: str = "SIGKILL") -> Container:
        container = self._world.find(ref)
        self._world.called("kill", container.name, signal)
        self._world.allowed(container, Verb.KILL)
        self._world.say(Topic.TASK_KILL, container, signal=signal)
        if signal in ("SIGKILL", "9"):
            return self._world.end(container, ExitStatus(code=137, signal=9, time_ns=self._world.now_ns))
        return container

    def restart(self, ref: str, *, timeout: float | None = None) -> Container:
        container = self._world.find(ref)
        self._world.called("restart", container.name)
        self._world.allowed(container, Verb.RESTART)
        if container.state.alive:
            container = self._world.end(container, ExitStatus(code=143, signal=15, time_ns=self._world.now_ns))
        return self._world.start(container, pid=6000 + len(self._world.calls))

    def pause(self, ref: str) -> Container:
        container = self._world.find(ref)
        self._world.called("pause", container.name)
        self._world.allowed(container, Verb.PAUSE)
        paused = self._world.put(container.id, state=State.PAUSED)
        self._world.say(Topic.TASK_PAUSED, paused)
        return paused

    def unpause(self, ref: str) -> Container:
        container = self._world.find(ref)
        self._world.called("unpause", container.name)
        self._world.allowed(container, Verb.UNPAUSE)
        thawed = self._world.put(container.id, state=State.RUNNING)
        self._world.say(Topic.TASK_RESUMED, thawed)
        return thawed

    def wait(self, ref: str, timeout: float | None = None) -> ExitStatus:
        return self._world.find(ref).exit or ExitStatus(code=0)

    def exec(self, ref: str, request: ExecRequest) -> ScriptedSession:
        container = self._world.find(ref)
        self._world.called("exec", container.name, request.command)
        self._world.allowed(container, Verb.EXEC)
        return self._world.session([b"/ # "])

    def attach(self, ref: str, *, stdin: bool = True) -> ScriptedSession:
        container = self._world.find(ref)
        self._world.called("attach", container.name)
        self._world.allowed(container, Verb.ATTACH)
        return self._world.session([b"attached\r\n"])
