"""The vfs storage driver: layers and snapshots as plain copies, for where overlayfs cannot be.

Knows nothing of images, containers or who uses what. Below its own directory it keeps::

    layers/HEX/fs         the files of a layer and of all below it; HEX is the chain id without "sha256:"
    snapshots/NAME/fs     a container's root file system
    …/copied              a link that says of which layer `fs` was a copy; its time says when the copy was whole

Both are on shelves: there whole or not at all. Files share their blocks where the file system can (xfs, btrfs).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from tuicont.core.errors import AlreadyExists, Conflict, NotFound, errno_text, kernel_error
from tuicont.core.files.contents import share
from tuicont.core.files.copy import copy_tree
from tuicont.core.files.measure import Tally
from tuicont.core.files.trees import remove_tree
from tuicont.core.host.mountinfo import file_system
from tuicont.core.model.container import Change
from tuicont.core.model.probe import Probe
from tuicont.core.storage.base import LayerTarget, RootMount, Usage
from tuicont.core.storage.names import chain_id as chain_id_of
from tuicont.core.storage.names import check_snapshot, is_layer, layer_name
from tuicont.core.storage.shelf import Shelf, named
from tuicont.core.storage.vfs.differences import Difference, differences, size_of
from tuicont.core.sys.kernel import Kernel
from tuicont.core.sys.mounts import MS_BIND, MS_REMOUNT
from tuicont.core.sys.syncfs import syncfs

_NO_LAYER = "-"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FORBIDDING = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC


class VfsDriver:
    """Keeps layers and snapshots below `root_dir`, which is made if it is missing. `discard` takes a tree away, at once
    or out of sight."""

    name = "vfs"

    def __init__(self, kernel: Kernel, root_dir: str, discard: Callable[[str], None] = remove_tree) -> None:
        self._kernel = kernel
        self._root = root_dir
        self._layers = Shelf(kernel, f"{root_dir}/layers", discard)
        self._snapshots = Shelf(kernel, f"{root_dir}/snapshots", discard)
        self._ready = False
        self._probed: Probe | None = None

    def probe(self) -> Probe:
        if self._probed is None:
            self._probed = self._probe()
        return self._probed

    def _probe(self) -> Probe:
        try:
            self._make_directories()
            # Like a layer in work, so that what a kill leaves of it is swept as one.
            with self._layers.in_work("0" * 64) as place:
                shares = self._kernel.whole("probe", place, partial(_can_share, place))
        except OSError as error:
            reason = f"{self._root}: {errno_text(error.errno or 0)}"
            return Probe(group="storage", name=self.name, supported=False, reason=reason)
        how = "copies share blocks (reflink)" if shares else "copies take space of their own"
        detail = f"{file_system(self._root)}: {how}"
        return Probe(group="storage", name=self.name, supported=True, detail=detail)

    def add_layer(self, chain_id: str, parents: tuple[str, ...], unpack: Callable[[LayerTarget], None]) -> Usage:
        name = layer_name(chain_id)
        with self._told(f"add the layer {chain_id}", "copy") as operation:
            self._make_directories()
            if not self._layers.has(name):
                below = self._top(parents, operation)
                self._layers.add(name, partial(self._fill_layer, below=below, unpack=unpack), lasting=True)
        return self.usage(chain_id)

    def _fill_layer(self, place: str, below: str, unpack: Callable[[LayerTarget], None]) -> None:
        self._copy(place, below)
        path = f"{place}/fs"
        opened = [os.open(path, _DIRECTORY)]
        try:
            if below != _NO_LAYER:
                opened.append(os.open(self._layer_files(below), _DIRECTORY))
            target = LayerTarget(root_fd=opened[0], whiteouts="plain", lower_fds=tuple(opened[1:]))
            self._kernel.whole("unpack", path, partial(unpack, target))
        finally:
            for fd in opened:
                os.close(fd)

    def flush(self) -> None:
        with self._told("flush the layers", "syncfs"):
            self._kernel.whole("syncfs", self._root, partial(syncfs, self._root))

    def prepare(self, snapshot: str, chain: tuple[str, ...]) -> None:
        check_snapshot(snapshot)
        with self._told(f"prepare the snapshot {snapshot}", "copy") as operation:
            self._make_directories()
            below = self._top(chain, operation)
            if self._snapshots.has(snapshot) or not self._snapshots.add(snapshot, partial(self._copy, below=below)):
                path = self._snapshots.path(snapshot)
                raise AlreadyExists(operation, "a snapshot has this name", values={"path": path})

    def mounts(self, snapshot: str) -> tuple[RootMount, ...]:
        path = self.upper_path(snapshot)
        try:
            forbidden = os.statvfs(path).f_flag & _FORBIDDING
        except FileNotFoundError as error:
            raise NotFound(f"mount the snapshot {snapshot}", "there is no such snapshot") from error
        bind = RootMount(fstype="", source=path, options="", flags=MS_BIND)
        # A bind mount forbids what the host's mount does: as on an overlay, that is to hold for the host alone.
        allow = RootMount(fstype="", source=path, options="", flags=MS_BIND | MS_REMOUNT)
        return (bind, allow) if forbidden else (bind,)

    def remove(self, name: str) -> None:
        with self._told(f"remove the {'layer' if is_layer(name) else 'snapshot'} {name}", "remove"):
            if is_layer(name):
                self._layers.remove(layer_name(name))
                return
            check_snapshot(name)
            self._snapshots.remove(name)
            for left in self._snapshots.names():
                if named(left) == name:
                    self._snapshots.remove(left)

    def changes(self, snapshot: str) -> Iterator[Change]:
        check_snapshot(snapshot)
        operation = f"list the changes of the snapshot {snapshot}"
        for found in self._differences(self._snapshots.path(snapshot), operation):
            yield Change(kind=found.kind, path=found.path, size=size_of(found))

    def usage(self, name: str) -> Usage:
        if not is_layer(name):
            check_snapshot(name)
        entry = self._layers.path(layer_name(name)) if is_layer(name) else self._snapshots.path(name)
        tally = Tally()
        for found in self._differences(entry, f"measure {name}"):
            if found.info is not None and not found.directory:
                tally.count(found.info)
        return Usage(bytes=tally.size.bytes, files=tally.size.files)

    def upper_path(self, snapshot: str) -> str:
        """Where the container's root file system is on the host."""
        check_snapshot(snapshot)
        return f"{self._snapshots.path(snapshot)}/fs"

    def names(self) -> tuple[str, ...]:
        layers = map(chain_id_of, self._layers.names())
        return tuple(sorted({*layers, *map(named, self._snapshots.names())}))

    # below here nothing is part of the protocol

    def _make_directories(self) -> None:
        if self._ready:
            return
        # Others on the host must not reach setuid files and devices of images.
        for path in (self._root, f"{self._root}/layers", f"{self._root}/snapshots"):
            with suppress(FileExistsError):
                self._kernel.mkdir(path, 0o700)
        self._ready = True

    def _top(self, chain: tuple[str, ...], operation: str) -> str:
        """The name of the top layer, which has all that is below it; each of the chain must be there."""
        for chain_id in chain:
            if not self._layers.has(layer_name(chain_id)):
                raise NotFound(operation, f"the layer {chain_id} is not in the storage")
        return layer_name(chain[-1]) if chain else _NO_LAYER

    def _layer_files(self, name: str) -> str:
        return f"{self._layers.path(name)}/fs"

    def _copy(self, place: str, below: str) -> None:
        path = f"{place}/fs"
        if below == _NO_LAYER:
            self._kernel.mkdir(path)
            self._kernel.chmod(path, 0o755)
        else:
            self._kernel.whole("copy tree", path, partial(copy_tree, self._layer_files(below), path))
        self._kernel.symlink(below, f"{place}/copied")

    def _differences(self, entry: str, operation: str) -> Iterator[Difference]:
        with self._told(operation, "read"):
            mark = f"{entry}/copied"
            try:
                below, since = self._kernel.readlink(mark), os.lstat(mark).st_ctime_ns
            except FileNotFoundError as error:
                raise NotFound(operation, "there is no such layer or snapshot") from error
            if below != _NO_LAYER and not self._layers.has(below):
                raise NotFound(operation, f"the layer {chain_id_of(below)} is not in the storage")
            yield from differences(f"{entry}/fs", "" if below == _NO_LAYER else self._layer_files(below), since)

    @contextmanager
    def _told(self, operation: str, call: str) -> Iterator[str]:
        """Errors of the kernel in the engine's words."""
        try:
            yield operation
        except OSError as error:
            path = error.filename or self._root
            if error.errno == errno.EBUSY:
                raise Conflict(operation, "something is mounted in it", values={"path": path}) from error
            raise kernel_error(operation, f"{call} {path}", error) from error


def _can_share(place: str) -> bool:
    """Whether two files in the directory `place` can share blocks."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    opened: list[int] = []
    try:
        for name in ("one", "two"):
            opened.append(os.open(f"{place}/{name}", flags, 0o600))
        os.write(opened[0], bytes(4096))
        return share(*opened)
    finally:
        for fd in opened:
            os.close(fd)
