"""Bundles: each container's OCI runtime specification, as a file.

The specification is the one source of what a container's limits, mounts, rights and command are. Beside it, in an
annotation, lies the container's record, to put it back from when the database is lost. Knows no driver.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tuicont.core.engine.paths import Paths
from tuicont.core.errors import EngineError, Invalid, kernel_error
from tuicont.core.files.trash import Trash
from tuicont.core.files.writing import write_file
from tuicont.core.model.container import Container
from tuicont.core.model.document import Decoder, encode
from tuicont.core.model.limits import Limits
from tuicont.core.spec import resources
from tuicont.core.spec.limits import limits_of

Spec = Mapping[str, Any]

_RECORD = "org.tuicont.container"
_CACHED = 256
_decode = Decoder(dict[str, Any]).decode
_record = Decoder(Container).decode


class _Linux(msgspec.Struct):
    resources: dict[str, Any]


class _Process(msgspec.Struct):
    args: list[str]
    env: list[str]
    user: dict[str, Any]


class _Outline(msgspec.Struct):
    """What every specification of ours has."""

    process: _Process
    root: dict[str, Any]
    mounts: list[dict[str, Any]]
    linux: _Linux
    annotations: dict[str, str] = {}


class Bundles:
    """The specifications of one state root. Safe from any thread."""

    def __init__(self, paths: Paths, trash: Trash) -> None:
        self._paths = paths
        self._trash = trash
        # A container is mostly started by the process that created it: its specification need not be read back.
        self._recent: dict[str, tuple[int, Spec]] = {}
        self._limits: dict[str, tuple[int, Limits]] = {}

    def make(self, container: Container, spec: Spec) -> None:
        """Write a new container's. Raises `OSError`."""
        write_file(self._paths.config(container.id), _text(container, spec), 0o600)
        self._remember(container, spec)

    def keep(self, container: Container, spec: Spec | None = None) -> None:
        """Write it anew, with the container's record as it is now and, when given, another specification: at once,
        whole. The caller holds the container's lock. Raises `OSError`; the older one is then still there."""
        spec = self.spec(container) if spec is None else spec
        # In the trash, as that is where what a crash leaves is removed.
        temporary = f"{self._paths.trash}/{container.id}"
        write_file(temporary, _text(container, spec), 0o600)
        os.replace(temporary, self._paths.config(container.id))
        self._remember(container, spec)

    def keep_record(self, container: Container) -> None:
        """`keep` for a record alone, which a full disk may leave as it was: it is in the database too."""
        with contextlib.suppress(OSError):
            self.keep(container)

    def spec(self, container: Container) -> Spec:
        """A container's specification. Raises `KernelError`, and `Invalid` for one that is damaged."""
        known = self._recent.get(container.id)
        if known is not None and known[0] == container.revision:
            return known[1]
        spec = self._read(container.id)
        annotations = {name: text for name, text in spec.get("annotations", {}).items() if name != _RECORD}
        others = {key: value for key, value in spec.items() if key != "annotations"}
        return {**others, "annotations": annotations} if annotations else others

    def limits(self, container: Container) -> Limits:
        """The limits that a container's specification has. Read once a revision: every tick asks for those of all."""
        known = self._limits.get(container.id)
        if known is None or known[0] != container.revision:
            found = limits_of(self.spec(container)["linux"]["resources"])
            known = self._limits[container.id] = (container.revision, found)
        return known[1]

    def limits_of_all(self, containers: Iterable[Container]) -> dict[str, Limits]:
        """Those of each by its id, none for one whose specification cannot be read; nothing is kept of others."""
        found = {}
        for container in containers:
            try:
                found[container.id] = self.limits(container)
            except EngineError:
                found[container.id] = Limits()
        self._limits = {i: known for i, known in self._limits.items() if i in found}
        return found

    def record(self, container_id: str) -> Container:
        """The record beside a specification. Raises `KernelError`, and `Invalid` for what holds none."""
        try:
            return _record(self._read(container_id)["annotations"][_RECORD])
        except (KeyError, TypeError, msgspec.DecodeError) as error:
            raise Invalid(f"read the bundle of {container_id[:12]}", f"it holds no record: {error}") from None

    def ids(self) -> set[str]:
        """Of the containers that have a specification on disk."""
        return {name.removesuffix(".json") for name in os.listdir(self._paths.containers) if name.endswith(".json")}

    def remains(self) -> set[str]:
        """Of the containers that have any file beside the specifications."""
        return {name.partition(".")[0] for name in os.listdir(self._paths.containers)}

    def discard(self, container_id: str) -> None:
        """Remove a container's. Raises `OSError`."""
        self._recent.pop(container_id, None)
        self._limits.pop(container_id, None)
        self._trash.discard(self._paths.config(container_id))

    def discard_host_files(self, container_id: str) -> None:
        """Remove what was bound over files of a container that has ended. A disk that takes no writes keeps it."""
        for path in self._paths.host_files(container_id).values():
            # Out of sight, as it may be large; and a name that goes while the mount is still there costs a disk more.
            with contextlib.suppress(OSError):
                self._trash.discard(path)

    def _remember(self, container: Container, spec: Spec) -> None:
        self._recent[container.id] = container.revision, spec
        if len(self._recent) > _CACHED:
            self._recent.pop(next(iter(self._recent)), None)

    def _read(self, container_id: str) -> Spec:
        path, operation = self._paths.config(container_id), f"read the bundle of {container_id[:12]}"
        try:
            with open(path, "rb") as file:
                found = _decode(file.read())
            # What is relied on everywhere is looked at once, here.
            resources.read(msgspec.convert(found, _Outline).linux.resources)
            return found
        except OSError as error:
            raise kernel_error(operation, f"open {path}", error) from None
        except (msgspec.DecodeError, Invalid) as error:
            cause = error.cause if isinstance(error, Invalid) else error
            raise Invalid(operation, f"{path} is damaged: {cause}", hint="create it anew") from None


def _text(container: Container, spec: Spec) -> bytes:
    annotations = {**spec.get("annotations", {}), _RECORD: encode(container).decode()}
    return encode({**spec, "annotations": annotations})
