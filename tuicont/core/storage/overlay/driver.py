"""The overlay storage driver: layers and snapshots as directories that overlayfs stacks (overlayfs.rst).

Knows nothing of images, containers or who uses what. Below its own directory it keeps::

    layers/HEX/fs       a layer's files; HEX is the chain id without "sha256:"
    layers/HEX/lower    a link that says the short names of the layers below it, top first
    l/SHORT             a link to ../layers/HEX/fs: mount options hold these, so 128 layers fit in one page
    upper/NAME          a snapshot's files; work/NAME is the kernel's scratch directory beside it
    lower/NAME          a link that says the short name of the snapshot's top layer; it is made last

A layer is made under a temporary, locked name and renamed; a snapshot is whole once `lower/NAME` is there.
Nothing is ever mounted here: `mounts` says what the runtime shall mount.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from tuicont.core.errors import AlreadyExists, Conflict, Invalid, NotFound, kernel_error
from tuicont.core.files.trees import measure_tree, remove_tree
from tuicont.core.model.container import Change
from tuicont.core.model.probe import Probe
from tuicont.core.storage.base import LayerTarget, RootMount, Usage
from tuicont.core.storage.overlay.changes import changes
from tuicont.core.storage.overlay.probe import default_options, probe
from tuicont.core.sys.kernel import Kernel
from tuicont.core.sys.locks import lock, try_lock

_CHAIN_ID = re.compile(r"sha256:([0-9a-f]{64}(?:\.[0-9a-f]+\.tmp)?)")
# Snapshot names stand in mount options, where "," ":" and "\" mean something.
_SNAPSHOT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_SHORT = 6
_NO_LAYER = "-"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _Stack(NamedTuple):
    """What every snapshot over the same top layer has in common."""

    lower: str
    mode: int
    uid: int
    gid: int


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
        self._options = "".join(f",{option}" for option in (default_options(kernel), options) if option)
        self._shorts: dict[str, str] = {}
        self._stacks: dict[str, _Stack] = {}
        self._ready = False
        self._probed: Probe | None = None

    def probe(self) -> Probe:
        if self._probed is None:
            self._make_directories()
            # Named and locked as a layer in work is, so that what a kill leaves of it is swept as one.
            place = f"{self._root}/layers/{'0' * 64}.{os.urandom(4).hex()}.tmp"
            self._probed = probe(self._root, place)
        return self._probed

    def add_layer(self, chain_id: str, parents: tuple[str, ...], unpack: Callable[[LayerTarget], None]) -> Usage:
        operation = f"add the layer {chain_id}"
        hex_id = _layer_name(chain_id)
        final = f"{self._root}/layers/{hex_id}"
        self._make_directories()
        if self._kernel.exists(final):
            return self.usage(chain_id)
        lower = ":".join(self._short(parent, operation) for parent in reversed(parents))
        temporary = f"{final}.{os.urandom(4).hex()}.tmp"
        lock_fd = -1
        try:
            self._kernel.mkdir(temporary, 0o700)
            # `names` tells nobody of a layer in work: the lock goes with this process.
            lock_fd = os.open(temporary, _DIRECTORY)
            lock(lock_fd)
            self._fill(temporary, parents, unpack)
            self._kernel.symlink(lower or _NO_LAYER, f"{temporary}/lower")
            with suppress(FileExistsError):
                self._rename(temporary, final)
            self._short(chain_id, operation)
            return self.usage(chain_id)
        except OSError as error:
            raise kernel_error(operation, "layer directory", error, values={"path": error.filename or final}) from error
        finally:
            remove_tree(temporary)
            if lock_fd >= 0:
                os.close(lock_fd)

    def _fill(self, directory: str, parents: tuple[str, ...], unpack: Callable[[LayerTarget], None]) -> None:
        opened: list[int] = []
        try:
            self._kernel.mkdir(f"{directory}/fs")
            for hex_id in (_layer_name(parent) for parent in reversed(parents)):
                opened.append(os.open(f"{self._root}/layers/{hex_id}/fs", _DIRECTORY))
            root_fd = os.open(f"{directory}/fs", _DIRECTORY)
            if opened:
                # A layer's root that its archive does not name looks as the one below it does.
                below = os.fstat(opened[0])
                os.fchown(root_fd, below.st_uid, below.st_gid)
                os.fchmod(root_fd, below.st_mode & 0o7777)
            lowers = tuple(opened)
            opened.append(root_fd)
            unpack(LayerTarget(root_fd=root_fd, whiteouts="overlay", lower_fds=lowers))
        finally:
            for fd in opened:
                os.close(fd)

    def prepare(self, snapshot: str, chain: tuple[str, ...]) -> None:
        operation = f"prepare the snapshot {snapshot}"
        _check_snapshot(snapshot)
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
        kernel.mkdir(upper, stack.mode)
        try:
            if stack.mode & 0o022 or stack.mode > 0o777:
                os.chmod(upper, stack.mode)
            if stack.uid or stack.gid:
                os.chown(upper, stack.uid, stack.gid)
            kernel.mkdir(f"{root}/work/{snapshot}", 0o700)
            kernel.symlink(short, f"{root}/lower/{snapshot}")
        except BaseException:
            self._remove_snapshot(snapshot)
            raise

    def mounts(self, snapshot: str) -> tuple[RootMount, ...]:
        operation = f"mount the snapshot {snapshot}"
        _check_snapshot(snapshot)
        try:
            short = self._kernel.readlink(f"{self._root}/lower/{snapshot}")
        except FileNotFoundError as error:
            raise NotFound(operation, "there is no such snapshot") from error
        lower = self._stack(short, operation).lower
        options = f"lowerdir={lower},upperdir=upper/{snapshot},workdir=work/{snapshot}{self._options}"
        return (RootMount(fstype="overlay", source="overlay", options=options, cwd=self._root),)

    def layer_mounts(self, chain: tuple[str, ...]) -> tuple[RootMount, ...]:
        """The mounts that show a chain of layers read-only, without a snapshot. At least one layer."""
        operation = "mount the layers of an image"
        lower = self._stack(self._short(chain[-1], operation), operation).lower
        if ":" not in lower:
            # Overlayfs without an upper layer wants two lower ones.
            lower += ":empty"
        return (RootMount(fstype="overlay", source="overlay", options=f"lowerdir={lower}", flags=1, cwd=self._root),)

    def remove(self, name: str) -> None:
        try:
            if match := _CHAIN_ID.fullmatch(name):
                self._remove_layer(name, match[1])
            else:
                _check_snapshot(name)
                self._remove_snapshot(name)
        except OSError as error:
            operation = f"remove the {'layer' if match else 'snapshot'} {name}"
            if error.errno == errno.EBUSY:
                raise Conflict(operation, "something is mounted in it", values={"path": error.filename}) from error
            raise kernel_error(operation, "remove", error, values={"path": error.filename}) from error

    def changes(self, snapshot: str) -> Iterator[Change]:
        operation = f"list the changes of the snapshot {snapshot}"
        _check_snapshot(snapshot)
        try:
            lower = self._stack(self._kernel.readlink(f"{self._root}/lower/{snapshot}"), operation).lower
            lowers = [f"{self._root}/{self._target(link)}" for link in lower.split(":")]
            yield from changes(f"{self._root}/upper/{snapshot}", lowers)
        except FileNotFoundError as error:
            raise NotFound(operation, "there is no such snapshot") from error
        except OSError as error:
            raise kernel_error(operation, "read", error, values={"path": error.filename}) from error

    def usage(self, name: str) -> Usage:
        match = _CHAIN_ID.fullmatch(name)
        path = f"{self._root}/layers/{match[1]}/fs" if match else self.upper_path(name)
        try:
            size = measure_tree(path)
        except FileNotFoundError as error:
            raise NotFound(f"measure {name}", "there is no such layer or snapshot") from error
        return Usage(bytes=size.bytes, files=size.files)

    def upper_path(self, snapshot: str) -> str:
        """Where the snapshot's own files are on the host."""
        _check_snapshot(snapshot)
        return f"{self._root}/upper/{snapshot}"

    def names(self) -> tuple[str, ...]:
        found: set[str] = set()
        for part in ("upper", "work", "lower"):
            with suppress(FileNotFoundError):
                found.update(self._kernel.listdir(f"{self._root}/{part}"))
        with suppress(FileNotFoundError):
            layers = self._kernel.listdir(f"{self._root}/layers")
            found.update(f"sha256:{n}" for n in layers if not n.endswith(".tmp") or self._abandoned(n))
        return tuple(sorted(found))

    # below here nothing is part of the protocol

    def _make_directories(self) -> None:
        if self._ready:
            return
        try:
            # Others on the host must not reach setuid files and devices of images.
            os.makedirs(self._root, 0o700, exist_ok=True)
            for part in ("layers", "l", "upper", "work", "lower", "empty"):
                os.makedirs(f"{self._root}/{part}", 0o755, exist_ok=True)
        except OSError as error:
            raise kernel_error("open the storage", f"mkdir {error.filename}", error) from error
        self._ready = True

    def _short(self, chain_id: str, operation: str) -> str:
        """The layer's name below l/. Made on first use: a crash may have come between the layer and its link."""
        if (known := self._shorts.get(chain_id)) and self._kernel.exists(f"{self._root}/l/{known}/."):
            return known
        hex_id = _layer_name(chain_id)
        if not self._kernel.exists(f"{self._root}/layers/{hex_id}"):
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
            return _Stack("empty", 0o755, 0, 0)
        top = f"{self._root}/l/{short}"
        try:
            below = self._kernel.readlink(f"{self._root}/{self._target(f'l/{short}')}/../lower")
            info = os.stat(top)
        except OSError as error:
            raise NotFound(operation, "a layer is not in the storage", values={"layer": top}) from error
        shorts = [short, *(below.split(":") if below != _NO_LAYER else ())]
        return _Stack(":".join(f"l/{s}" for s in shorts), info.st_mode & 0o7777, info.st_uid, info.st_gid)

    def _target(self, link: str) -> str:
        """`layers/HEX/fs` for `l/SHORT`."""
        return self._kernel.readlink(f"{self._root}/{link}")[3:] if link.startswith("l/") else link

    def _rename(self, temporary: str, final: str) -> None:
        try:
            self._kernel.rename(temporary, final)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            raise FileExistsError(error.errno, error.strerror, final) from error

    def _abandoned(self, name: str) -> bool:
        try:
            fd = os.open(f"{self._root}/layers/{name}", _DIRECTORY)
        except OSError:
            return False
        try:
            return try_lock(fd)
        finally:
            os.close(fd)

    def _remove_layer(self, chain_id: str, hex_id: str) -> None:
        path = f"{self._root}/layers/{hex_id}"
        if not hex_id.endswith(".tmp"):
            for short in _short_names(hex_id):
                link = f"{self._root}/l/{short}"
                if not self._kernel.exists(link):
                    break
                if self._kernel.readlink(link) == f"../layers/{hex_id}/fs":
                    self._kernel.unlink(link)
                    self._stacks.pop(short, None)
                    break
            self._shorts.pop(chain_id, None)
            # Renamed first: a layer is there whole or not at all, however long its removal takes.
            doomed = f"{path}.{os.urandom(4).hex()}.tmp"
            with suppress(FileNotFoundError):
                self._kernel.rename(path, doomed)
            path = doomed
        self._discard(path)

    def _remove_snapshot(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._kernel.unlink(f"{self._root}/lower/{name}")
        for part in ("upper", "work"):
            self._discard(f"{self._root}/{part}/{name}")


def _layer_name(chain_id: str) -> str:
    match = _CHAIN_ID.fullmatch(chain_id)
    if not match:
        raise Invalid("find a layer", "not a chain id", values={"chain id": chain_id})
    return match[1]


def _check_snapshot(name: str) -> None:
    if not _SNAPSHOT.fullmatch(name):
        raise Invalid("find a snapshot", "not a snapshot's name", values={"name": name})


def _short_names(hex_id: str) -> Iterator[str]:
    """Names for one layer in the order they are tried: parts of a digest of its own, in base 32."""
    import base64  # here, as they are for new layers only, and the second one loads OpenSSL
    import hashlib

    text = base64.b32encode(hashlib.sha256(hex_id.encode()).digest()).decode().rstrip("=")
    for start in range(len(text) - _SHORT + 1):
        yield text[start : start + _SHORT]
