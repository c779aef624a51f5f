"""What containers are: their records, from the request to the removal."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from tuicont.core.model.container import Container, RemovalLoss
from tuicont.core.model.limits import Limits
from tuicont.core.model.problem import Problem
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.selection import EVERYTHING, PruneFilter


class ContainerFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which containers: `all` also those that do not run; `filters` are Docker's key=value pairs
    (`core/engine/filters.py`)."""

    all: bool = True
    filters: tuple[tuple[str, str], ...] = ()


class PruneReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed: ids of containers, and the bytes that their own layers held."""

    containers: tuple[str, ...] = ()
    bytes: int = 0


class Containers(Protocol):
    """`engine.containers`."""

    def list(self, which: ContainerFilter = ContainerFilter()) -> tuple[Container, ...]:
        """Those that `which` asks for, newest first; ends that nobody has recorded yet are recorded before. Raises
        `Invalid` for a filter that there is not."""

    def get(self, ref: str) -> Container:
        """One container's record. Raises `NotFound`, and `Conflict` for a beginning of several ids."""

    def inspect(self, ref: str) -> dict[str, Any]:
        """All that is known of it, its OCI specification included, as plain JSON values."""

    def limits(self, ref: str) -> Limits:
        """The limits that its specification has now."""

    def loss(self, ref: str) -> RemovalLoss:
        """What removing it now would destroy."""

    def validate(self, request: ContainerRequest) -> tuple[Problem, ...]:
        """Everything that `create` would refuse of the request itself, without creating."""

    def create(self, request: ContainerRequest) -> Container:
        """Make a container that can be started; a demo image is built when it is asked for the first time. Nothing is
        left behind when it fails. Raises `Invalid`, `NotFound` (no such image), `AlreadyExists` (the name is taken)."""

    def rename(self, ref: str, name: str) -> Container:
        """Give it another name. Raises `Invalid`, `AlreadyExists`."""

    def update(self, ref: str, limits: Limits) -> Container:
        """Change the limits that are named: in the kernel, if it runs, and in its specification. Raises `Invalid` for
        one that the kernel refuses; then none is changed."""

    def remove(self, ref: str, *, force: bool = False) -> None:
        """Remove it with everything it wrote; `force` kills it first. Raises `Conflict` when it runs."""

    def prune(self, which: PruneFilter = EVERYTHING) -> PruneReport:
        """Remove every container that does not run, and that `which` takes."""
