"""The engine: one object in front of the parts that do the work.

Only delegates. Which part does what is this module's whole content; see `api.py` for what each verb means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from tuicont.core.engine.api import ContainerFilter, LayerView, Problem, Progress, PruneReport
from tuicont.core.engine.context import Context
from tuicont.core.engine.control import Control
from tuicont.core.engine.files import Files
from tuicont.core.engine.filters import matching
from tuicont.core.engine.images import Images
from tuicont.core.engine.lifecycle import Lifecycle
from tuicont.core.engine.metering import Meter
from tuicont.core.engine.observe import Observer
from tuicont.core.engine.report import Reporter
from tuicont.core.engine.sessions import Sessions
from tuicont.core.engine.specs import Specs
from tuicont.core.engine.stream import Stream
from tuicont.core.engine.tasks import Tasks
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
from tuicont.core.model.image import Image
from tuicont.core.model.limits import Limits
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.core.model.request import ContainerRequest, ExecRequest
from tuicont.core.model.stats import Sample, Snapshot
from tuicont.core.runtime.base import Session
from tuicont.core.spec.validate import validate


class LocalEngine:
    """An `Engine` in this process."""

    def __init__(self, context: Context, tasks: Tasks, lifecycle: Lifecycle, specs: Specs, reporter: Reporter) -> None:
        self._context = context
        self._tasks = tasks
        self._lifecycle = lifecycle
        self._reporter = reporter
        self._control = Control(context, tasks, lifecycle)
        self._sessions = Sessions(context, tasks, lifecycle, specs)
        self._observer = Observer(context, tasks, lifecycle)
        self._files = Files(context)
        self._images = Images(context)
        self._meter = Meter(context)
        self.cgroup_parent = context.cgroup_parent

    # observe

    def info(self) -> EngineInfo:
        return self._reporter.info()

    def doctor(self) -> tuple[Probe, ...]:
        return self._reporter.doctor()

    def config(self) -> tuple[tuple[str, str, str], ...]:
        return self._reporter.config()

    def containers(self, which: ContainerFilter = ContainerFilter()) -> tuple[Container, ...]:
        self._tasks.settle_all()
        return matching(self._context.store.containers(), which)

    def container(self, ref: str) -> Container:
        return self._context.find(ref, f"find {ref}")

    def inspect(self, ref: str) -> dict[str, Any]:
        return self._observer.inspect(ref)

    def snapshot(self) -> Snapshot:
        return self._meter.snapshot()

    def stats(self, ref: str) -> Sample:
        return self._observer.stats(ref)

    def history(self, ref: str) -> tuple[Sample, ...]:
        return self._meter.history(self.container(ref).id)

    def top(self, ref: str) -> tuple[Process, ...]:
        return self._observer.top(ref)

    def logs(self, ref: str, query: LogQuery = LogQuery()) -> Iterator[LogLine]:
        return self._observer.logs(ref, query)

    def diff(self, ref: str) -> tuple[Change, ...]:
        return self._observer.diff(ref)

    def namespaces(self, ref: str) -> tuple[Namespace, ...]:
        return self._observer.namespaces(ref)

    def cgroup_files(self, ref: str) -> tuple[CgroupFile, ...]:
        return self._observer.cgroup_files(ref)

    def layers(self, ref: str) -> LayerView:
        return self._observer.layers(ref)

    def links(self, ref: str) -> tuple[Link, ...]:
        return self._observer.links(ref)

    def mounts(self, ref: str) -> tuple[MountEntry, ...]:
        return self._observer.mounts(ref)

    def loss(self, ref: str) -> RemovalLoss:
        return self._observer.loss(ref)

    def events(self, since: int | None = None) -> Stream:
        return Stream(self._context, self._tasks, since)

    def past_events(self, *, after: int = 0, limit: int = 1000, subject: str = "") -> tuple[Event, ...]:
        return self._context.store.last_events(after, limit, subject)

    # act

    def validate(self, request: ContainerRequest) -> tuple[Problem, ...]:
        return validate(request, self._lifecycle.host)

    def create(self, request: ContainerRequest) -> Container:
        return self._lifecycle.create(request)

    def start(self, ref: str) -> Container:
        return self._lifecycle.start(ref)

    def start_attached(self, ref: str, *, stdin: bool = True, rows: int = 24, cols: int = 80) -> Session:
        return self._sessions.start_attached(ref, stdin, rows, cols)

    def stop(self, ref: str, *, signal: str = "", timeout: float | None = None) -> Container:
        return self._control.stop(ref, signal, timeout)

    def kill(self, ref: str, signal: str = "SIGKILL") -> Container:
        return self._control.kill(ref, signal)

    def restart(self, ref: str, *, timeout: float | None = None) -> Container:
        return self._control.restart(ref, timeout)

    def pause(self, ref: str) -> Container:
        return self._control.pause(ref)

    def unpause(self, ref: str) -> Container:
        return self._control.unpause(ref)

    def rename(self, ref: str, name: str) -> Container:
        return self._control.rename(ref, name)

    def update(self, ref: str, limits: Limits) -> Container:
        return self._control.update(ref, limits)

    def wait(self, ref: str, timeout: float | None = None) -> ExitStatus:
        return self._control.wait(ref, timeout)

    def remove(self, ref: str, *, force: bool = False) -> None:
        self._lifecycle.remove(ref, force=force)

    def exec(self, ref: str, request: ExecRequest) -> Session:
        return self._sessions.exec(ref, request)

    def attach(self, ref: str, *, stdin: bool = True) -> Session:
        return self._sessions.attach(ref, stdin)

    def copy_out(self, ref: str, path: str, *, follow: bool = False) -> Iterator[bytes]:
        return self._files.copy_out(ref, path, follow)

    def copy_in(self, ref: str, path: str, archive: BinaryIO) -> None:
        self._files.copy_in(ref, path, archive)

    def prune(self, *, images: bool = False) -> PruneReport:
        return self._images.prune(self._lifecycle, images)

    # images

    def images(self) -> tuple[Image, ...]:
        return self._images.list()

    def image(self, ref: str) -> Image:
        return self._images.get(ref)

    def inspect_image(self, ref: str) -> dict[str, Any]:
        return self._images.inspect(ref)

    def load_image(self, path: str, progress: Progress | None = None) -> tuple[Image, ...]:
        return self._images.load(path, progress)

    def remove_image(self, ref: str, *, force: bool = False) -> tuple[str, ...]:
        return self._images.remove(ref, force)

    def close(self) -> None:
        self._meter.close()
        self._context.chores.close()
        self._context.store.close()
        self._context.doorbell.close()
