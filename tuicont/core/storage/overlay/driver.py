"""The overlay storage driver: layers and snapshots as directories that overlayfs stacks (overlayfs.rst).

Knows nothing of images, containers or who uses what. Below its own directory it keeps::

    layers/HEX/fs       a layer's files; HEX is the chain id without "sha256:"
    layers/HEX/lower    a link that says the short names of the layers below it, top first
    l/SHORT             a link to ../layers/HEX/fs: mount options hold SHORT, so 500 layers fit in one page
    upper/NAME          a snapshot's files; work/NAME is the kernel's scratch directory beside it
    lower/NAME          a link that says the short name of the snapshot's top layer; it is made last

Layers are on a shelf: there whole or not at all. A snapshot is whole once `lower/NAME` is there.
Nothing is ever mounted here: `mounts` says what the runtime shall mount.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import msgspec

from tuicont.core.errors import AlreadyExists, Conflict, NotFound, kernel_error
from tuicont.core.files.attributes import shown
from tuicont.core.files.measure import measure_tree
from tuicont.core.files.trees import remove_tree
from tuicont.core.model.container import Change
from tuicont.core.model.probe import Probe
from tuicont.core.storage.base import LayerTarget, RootMount, Usage
from tuicont.core.storage.names import chain_id as chain_id_of
from tuicont.core.storage.names import check_snapshot, is_layer, layer_name
from tuicont.core.storage.overlay.changes import changes
from tuicont.core.storage.overlay.probe import default_options, failed, probe
from tuicont.core.storage.shelf import Shelf
from tuicont.core.storage.whiteouts import is_opaque, is_whiteout_device
from tuicont.core.sys.kernel import Kernel
from tuicont.core.sys.syncfs import syncfs

_PARTS = ("layers", "l", "upper", "work", "lower", "empty")
_SHORT = 6
_NO_LAYER = "-"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _Stack(msgspec.Struct, frozen=True):
    """What every snapshot over the same top layer has in common."""

    lower: str
    mode: int
    uid: int
    gid: int
    attributes: dict[str, bytes]


class OverlayDriver:
    """Keeps layers and snapshots below `root_dir`, which is made if it is missing.

    `options` are more mount options for every root file system ("volatile": faster unmounts, but after a crash of
    the host such a container does not start again). `discard` takes a tree away, at once or out of sight.
    """

    name = "overlay"

    def __init__(
        self, kernel: Kernel, root_dir: str, options: str = "", discard: Callable[[str], None] = remove_tree
    ) -> None:
        self._kernel = kernel
        self._root = root_dir
        self._discard = discard
        self._layers = Shelf(kernel, f"{root_dir}/layers", discard)
        self._options = "".join(f",{option}" for option in (default_options(kernel), options) if option)
        self._shorts: dict[str, str] = {}
        self._stacks: dict[str, _Stack] = {}
        self._ready = False
        self._probed: Probe | None = None

    def probe(self) -> Probe:
        if self._probed is None:
            self._make_directories()
            self._probed = self._probe()
        return self._probed

    def _probe(self) -> Probe:
        try:
            # Like a layer in work, so that what a kill leaves of it is swept as one.
            with self._layers.in_work("0" * 64) as place:
                return self._kernel.whole("probe", place, partial(probe, self._root, place))
        except OSError as error:
            return failed(error, self._root)

    def add_layer(self, chain_id: str, parents: tuple[str, ...], unpack: Callable[[LayerTarget], None]) -> Usage:
        operation = f"add the layer {chain_id}"
        name = layer_name(chain_id)
        self._make_directories()
        if self._layers.has(name):
            return self.usage(chain_id)
        lower = ":".join(self._short(parent, operation) for parent in reversed(parents))
        try:
            self._layers.add(name, partial(self._fill, lower=lower, parents=parents, unpack=unpack), lasting=True)
            self._short(chain_id, operation)
            return self.usage(chain_id)
        except OSError as error:
            path = error.filename or self._layers.path(name)
            raise kernel_error(operation, "layer directory", error, values={"path": path}) from error

    def _fill(self, place: str, lower: str, parents: tuple[str, ...], unpack: Callable[[LayerTarget], None]) -> None:
        opened: list[int] = []
        path = f"{place}/fs"
        try:
            self._kernel.mkdir(path)
            mode = 0o755
            for name in (layer_name(parent) for parent in reversed(parents)):
                opened.append(os.open(f"{self._layers.path(name)}/fs", _DIRECTORY))
            if opened:
                # A layer's root that its archive does not name looks as the one below it does.
                below = os.fstat(opened[0])
                self._kernel.chown(path, below.st_uid, below.st_gid)
                self._give(path, shown(opened[0]))
                mode = below.st_mode & 0o7777
            self._kernel.chmod(path, mode)
            lowers = tuple(opened)
            root_fd = os.open(path, _DIRECTORY)
            opened.append(root_fd)
            target = LayerTarget(root_fd=root_fd, whiteouts="overlay", lower_fds=lowers)
            self._kernel.whole("unpack", path, partial(unpack, target))
            if is_opaque(root_fd):
                # Overlayfs does not look for this mark at the root of a layer.
                lower = ""
        finally:
            for fd in opened:
                os.close(fd)
        self._kernel.symlink(lower or _NO_LAYER, f"{place}/lower")

    def flush(self) -> None:
        try:
            self._kernel.whole("syncfs", self._root, partial(syncfs, self._root))
        except OSError as error:
            raise kernel_error("flush the layers", f"syncfs {self._root}", error) from error

    def prepare(self, snapshot: str, chain: tuple[str, ...]) -> None:
        operation = f"prepare the snapshot {snapshot}"
        check_snapshot(snapshot)
        self._make_directories()
        try:
            short = _NO_LAYER
            for chain_id in chain:
                short = self._short(chain_id, operation)
            self._make_snapshot(snapshot, short, self._stack(short, operation))
        except FileExistsError as error:
            raise AlreadyExists(operation, "a snapshot has this name", values={"path": error.filename}) from error
        except OSError as error:
            raise kernel_error(operation, f"prepare {error.filename}", error) from error

    def _make_snapshot(self, snapshot: str, short: str, stack: _Stack) -> None:
        kernel, root = self._kernel, self._root
        upper = f"{root}/upper/{snapshot}"
        kernel.mkdir(upper, 0o700)
        try:
            if stack.uid or stack.gid:
                kernel.chown(upper, stack.uid, stack.gid)
            self._give(upper, stack.attributes)
            # Whatever the caller's umask is, and after chown(2), which takes setgid away.
            kernel.chmod(upper, stack.mode)
            kernel.mkdir(f"{root}/work/{snapshot}", 0o700)
            kernel.symlink(short, f"{root}/lower/{snapshot}")
        except BaseException:
            self._remove_snapshot(snapshot)
            raise

    def _give(self, path: str, attributes: dict[str, bytes]) -> None:
        for name, value in attributes.items():
            self._kernel.setxattr(path, name, value)

    def mounts(self, snapshot: str) -> tuple[RootMount, ...]:
        operation = f"mount the snapshot {snapshot}"
        check_snapshot(snapshot)
        try:
            short = self._kernel.readlink(f"{self._root}/lower/{snapshot}")
        except FileNotFoundError as error:
            raise NotFound(operation, "there is no such snapshot") from error
        lower = self._stack(short, operation).lower
        options = f"lowerdir={lower},upperdir=../upper/{snapshot},workdir=../work/{snapshot}{self._options}"
        return (RootMount(fstype="overlay", source="overlay", options=options, cwd=f"{self._root}/l"),)

    def remove(self, name: str) -> None:
        operation = f"remove the {'layer' if is_layer(name) else 'snapshot'} {name}"
        try:
            if is_layer(name):
                self._remove_layer(name, layer_name(name))
            else:
                check_snapshot(name)
                self._remove_snapshot(name)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise Conflict(operation, "something is mounted in it", values={"path": error.filename}) from error
            raise kernel_error(operation, "remove", error, values={"path": error.filename}) from error

    def changes(self, snapshot: str) -> Iterator[Change]:
        operation = f"list the changes of the snapshot {snapshot}"
        check_snapshot(snapshot)
        try:
            lower = self._stack(self._kernel.readlink(f"{self._root}/lower/{snapshot}"), operation).lower
            lowers = [self._target(short) for short in lower.split(":")]
            yield from changes(f"{self._root}/upper/{snapshot}", lowers)
        except FileNotFoundError as error:
            raise NotFound(operation, "there is no such snapshot") from error
        except OSError as error:
            raise kernel_error(operation, "read", error, values={"path": error.filename}) from error

    def usage(self, name: str) -> Usage:
        path = f"{self._layers.path(layer_name(name))}/fs" if is_layer(name) else self.upper_path(name)
        try:
            size = measure_tree(path, is_whiteout_device)
        except FileNotFoundError as error:
            raise NotFound(f"measure {name}", "there is no such layer or snapshot") from error
        return Usage(bytes=size.bytes, files=size.files)

    def upper_path(self, snapshot: str) -> str:
        """Where the snapshot's own files are on the host."""
        check_snapshot(snapshot)
        return f"{self._root}/upper/{snapshot}"

    def names(self) -> tuple[str, ...]:
        found: set[str] = set()
        for part in ("upper", "work", "lower"):
            with suppress(FileNotFoundError):
                found.update(self._kernel.listdir(f"{self._root}/{part}"))
        found.update(map(chain_id_of, self._layers.names()))
        return tuple(sorted(found))

    # below here nothing is part of the protocol

    def _make_directories(self) -> None:
        if self._ready:
            return
        try:
            # Others on the host must not reach setuid files and devices of images.
            for path in (self._root, *(f"{self._root}/{part}" for part in _PARTS)):
                with suppress(FileExistsError):
                    self._kernel.mkdir(path, 0o700)
        except OSError as error:
            raise kernel_error("open the storage", f"mkdir {error.filename}", error) from error
        self._ready = True

    def _short(self, chain_id: str, operation: str) -> str:
        """The layer's name below l/. Made on first use: a crash may have come between the layer and its link."""
        if (known := self._shorts.get(chain_id)) and self._kernel.exists(f"{self._root}/l/{known}/."):
            return known
        hex_id = layer_name(chain_id)
        if not self._layers.has(hex_id):
            raise NotFound(operation, f"the layer {chain_id} is not in the storage")
        target = f"../layers/{hex_id}/fs"
        for short in _short_names(hex_id):
            with suppress(FileExistsError):
                self._kernel.symlink(target, f"{self._root}/l/{short}")
            if self._kernel.readlink(f"{self._root}/l/{short}") == target:
                self._shorts[chain_id] = short
                return short
        raise Conflict(operation, f"every short name of the layer {chain_id} is taken")

    def _stack(self, short: str, operation: str) -> _Stack:
        stack = self._stacks.get(short)
        if stack is None:
            stack = self._stacks[short] = self._read_stack(short, operation)
        return stack

    def _read_stack(self, short: str, operation: str) -> _Stack:
        if short == _NO_LAYER:
            return _Stack("../empty", 0o755, 0, 0, {})
        top = f"{self._root}/l/{short}"
        try:
            files = self._target(short)
            below = self._kernel.readlink(f"{files}/../lower")
            info, attributes = os.stat(files), shown(files)
        except OSError as error:
            raise NotFound(operation, "a layer is not in the storage", values={"layer": top}) from error
        shorts = [short, *(below.split(":") if below != _NO_LAYER else ())]
        return _Stack(":".join(shorts), info.st_mode & 0o7777, info.st_uid, info.st_gid, attributes)

    def _target(self, lower: str) -> str:
        """The directory that one of a stack is: of a layer where its link leads to, as no link is followed there."""
        path = f"{self._root}/l/{lower}"
        return path if lower.startswith("../") else f"{self._root}/l/{self._kernel.readlink(path)}"

    def _remove_layer(self, chain_id: str, hex_id: str) -> None:
        for short in _short_names(hex_id):
            link = f"{self._root}/l/{short}"
            if not self._kernel.exists(link):
                break
            if self._kernel.readlink(link) == f"../layers/{hex_id}/fs":
                self._kernel.unlink(link)
                self._stacks.pop(short, None)
                break
        self._shorts.pop(chain_id, None)
        self._layers.remove(hex_id)

    def _remove_snapshot(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._kernel.unlink(f"{self._root}/lower/{name}")
        for part in ("upper", "work"):
            path = f"{self._root}/{part}/{name}"
            self._kernel.whole("remove tree", path, partial(self._discard, path))


def _short_names(hex_id: str) -> Iterator[str]:
    """Names for one layer in the order they are tried: parts of a digest of its own, in base 32."""
    import base64  # here, as they are for new layers only, and the second one loads OpenSSL
    import hashlib

    text = base64.b32encode(hashlib.sha256(hex_id.encode()).digest()).decode().rstrip("=")
    for start in range(len(text) - _SHORT + 1):
        yield text[start : start + _SHORT]
