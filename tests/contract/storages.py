"""What the storage suites share: the drivers, layers to add, and a look into a snapshot through a real mount."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.layers import Layer
from tuicont.core.image.layers.apply import apply_layer
from tuicont.core.storage.base import LayerTarget, StorageDriver
from tuicont.core.storage.overlay.driver import OverlayDriver
from tuicont.core.storage.vfs.driver import VfsDriver
from tuicont.core.sys.kernel import Kernel, RealKernel
from tuicont.core.sys.mounts import in_private_namespace, mount

T = TypeVar("T")
Unpacker = Callable[[LayerTarget], None]
Chain = tuple[str, ...]
MakeDriver = Callable[[Kernel, str], StorageDriver]
DRIVERS: dict[str, MakeDriver] = {"overlay": OverlayDriver, "vfs": VfsDriver}


def chain_id(number: int) -> str:
    """A layer's name like any other."""
    return f"sha256:{number:064x}"


BASE, TOP = chain_id(1), chain_id(2)


def files(**contents: str) -> Unpacker:
    """An unpacker that writes `a__b="text"` as the file a/b."""
    layer = Layer()
    for name, text in contents.items():
        layer.add(name.replace("__", "/"), text.encode())
    return archive(layer)


def archive(layer: Layer) -> Unpacker:
    """An unpacker of a layer's archive."""
    raw = layer.bytes()

    def unpack(target: LayerTarget) -> None:
        apply_layer(io.BytesIO(raw), layer.digest, target)

    return unpack


def inside(driver: StorageDriver, snapshot: str, place: Path, action: Callable[[Path], T]) -> T:
    """Do `action` on the mounted snapshot, in a mount namespace that ends with it; `place` is where there is room for
    the mount point."""
    merged = place / "merged"
    merged.mkdir(exist_ok=True)

    def run() -> T:
        for step in driver.mounts(snapshot):
            os.chdir(step.cwd or "/")
            mount(step.source, str(merged), step.fstype, step.flags, step.options)
        return action(merged)

    return in_private_namespace(run)


def told(driver: StorageDriver, snapshot: str) -> list[str]:
    """The snapshot's changes as `C /etc`."""
    return [f"{change.kind} {change.path}" for change in driver.changes(snapshot)]


def looks(directory: str) -> dict[str, tuple[Any, ...]]:
    """All that the kernel tells of everything below a directory, but for the last reading of it."""
    found = {}
    for path, directories, names in os.walk(directory):
        for name in (".", *directories, *names):
            info = os.lstat(f"{path}/{name}")
            text = os.readlink(f"{path}/{name}") if stat.S_ISLNK(info.st_mode) else ""
            times = (info.st_mtime_ns, info.st_ctime_ns)
            found[f"{path}/{name}"] = (info.st_ino, info.st_mode, info.st_uid, info.st_gid, info.st_size, text, *times)
    return found


class Watcher:
    """The running kernel as a port that knows what below `directory` changed between two of its calls: past it."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._seen = looks(directory)
        self.ledger: list[tuple[str, ...]] = []
        self.past: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.check(f"before {name} {arguments}")
            self.ledger.append((arguments[0] if name == "whole" else name, *map(str, arguments)))
            try:
                return getattr(RealKernel(), name)(*arguments)
            finally:
                self.forget()

        return call

    def check(self, when: str) -> None:
        """Note what has changed since the last call."""
        now = looks(self._directory)
        self.past += [
            f"{path} {when}" for path in self._seen.keys() | now.keys() if self._seen.get(path) != now.get(path)
        ]
        self._seen = now

    def forget(self) -> None:
        """What has changed until now is not the driver's doing."""
        self._seen = looks(self._directory)
