"""`engine.containers`, scripted."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.doubles.scripted.world import MIB, World
from tuicont.core.engine.api import ContainerFilter, Problem, PruneReport
from tuicont.core.errors import AlreadyExists, Conflict
from tuicont.core.model.container import Container, RemovalLoss
from tuicont.core.model.event import Topic
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.selection import EVERYTHING, PruneFilter


class ScriptedContainers:
    """The records."""

    def __init__(self, world: World) -> None:
        self._world = world

    def list(self, which: ContainerFilter = ContainerFilter()) -> tuple[Container, ...]:
        return tuple(reversed(self._world.records.values()))

    def get(self, ref: str) -> Container:
        return self._world.find(ref)

    def limits(self, ref: str) -> Limits:
        return self._world.limits[self._world.find(ref).id]

    def inspect(self, ref: str) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(self._world.find(ref))
        more = {"log_path": "/log", "config_path": "/config", "cgroup": {}, "root_mounts": [], "image_config": {}}
        return plain | more | {"limits": msgspec.to_builtins(self._world.limits[plain["id"]]), "spec": {"process": {}}}

    def loss(self, ref: str) -> RemovalLoss:
        container = self._world.find(ref)
        return RemovalLoss(processes=7 if container.state.alive else 0, bytes=12 * MIB, files=3)

    def validate(self, request: ContainerRequest) -> tuple[Problem, ...]:
        problems = []
        if any(c.name == request.name for c in self._world.records.values()):
            problems.append(Problem(field="name", message=f"{request.name} is in use"))
        if request.limits.memory is not None and request.limits.memory < 512 * 1024:
            problems.append(Problem(field="limits.memory", message="below the minimum of 512 KiB"))
        return tuple(problems)

    def create(self, request: ContainerRequest) -> Container:
        self._world.called("create", request)
        name = request.name or "eager-badger"
        if any(c.name == name for c in self._world.records.values()):
            raise AlreadyExists(f"create {name}", "the name is in use", hint=f"remove {name} or choose another name")
        return self._world.new(msgspec.structs.replace(request, name=name))

    def rename(self, ref: str, name: str) -> Container:
        container = self._world.find(ref)
        self._world.called("rename", container.name, name)
        renamed = self._world.put(container.id, name=name)
        self._world.say(Topic.CONTAINER_RENAME, renamed, old_name=container.name)
        return renamed

    def update(self, ref: str, limits: Limits) -> Container:
        container = self._world.find(ref)
        self._world.called("update", container.name, limits)
        self._world.limits[container.id] = self._world.limits[container.id].merged(limits)
        updated = self._world.put(container.id, revision=container.revision + 1)
        self._world.say(Topic.CONTAINER_UPDATE, updated)
        return updated

    def remove(self, ref: str, *, force: bool = False) -> None:
        container = self._world.find(ref)
        self._world.called("remove", container.name, force)
        if container.state.alive and not force:
            raise Conflict(f"remove {container.name}", f"it is {container.state.value}")
        del self._world.records[container.id]
        self._world.say(Topic.CONTAINER_DELETE, container)

    def prune(self, which: PruneFilter = EVERYTHING) -> PruneReport:
        self._world.called("prune")
        return PruneReport()
