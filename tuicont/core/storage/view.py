"""A look into a snapshot that no container runs in: for copying, and for reading an image's own files.

The mounts are made in a mount namespace that only one thread of this process ever had, and a detached copy of them is
all that outlives it: nothing is in the host's mount table, and nothing is left when the process is killed. It lets
nobody open a device or execute a program: others made what is there.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import msgspec

from tuicont.core.errors import Invalid, NotFound, kernel_error
from tuicont.core.storage.base import RootMount
from tuicont.core.sys.mounts import (
    AT_EMPTY_PATH,
    AT_RECURSIVE,
    MOUNT_ATTR_NODEV,
    MOUNT_ATTR_NOEXEC,
    MOUNT_ATTR_NOSUID,
    MOUNT_ATTR_RDONLY,
    MS_RDONLY,
    OPEN_TREE_CLOEXEC,
    OPEN_TREE_CLONE,
    in_private_namespace,
    mount,
    mount_setattr,
    move_mount,
    open_tree,
)
from tuicont.core.sys.openat2 import open_in_root

# Any directory does: what is mounted over it is so in a namespace of the thread's own.
_PLACE = "/proc"
_HARMLESS = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC
_CLONE = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC
_PATH = os.O_PATH | os.O_CLOEXEC


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What stands over `target`, a path in the root: the host's `source`, which must be there, with all that is mounted
    below it. Without one it is what is only there while the container runs: a directory is empty, a file as it is, and
    neither can be written. `wanted` makes a target that is missing; else there is nothing to cover."""

    target: str
    source: str = ""
    read_only: bool = False
    wanted: bool = False


@contextmanager
def open_view(mounts: Sequence[RootMount], covers: Sequence[Cover] = (), *, read_only: bool = False) -> Iterator[int]:
    """A descriptor (O_PATH) of the root directory that `mounts` show, with `covers` over it in their order, good until
    the context ends. `read_only` holds for the root and not for those. Raises `NotFound` for a cover's source."""
    operation = "look into a root file system"
    if not mounts:
        raise Invalid(operation, "there is nothing to mount")
    try:
        fd = in_private_namespace(lambda: _mount(mounts, covers, operation, read_only=read_only))
    except OSError as error:
        values = {"options": mounts[-1].options[:200]}
        raise kernel_error(operation, f"mount {mounts[-1].fstype}", error, values=values) from error
    try:
        yield fd
    finally:
        os.close(fd)


def _mount(mounts: Sequence[RootMount], covers: Sequence[Cover], operation: str, *, read_only: bool) -> int:
    with ExitStack() as opened:
        # Before the place is taken: a source may be below it.
        sources = [_source(cover, operation, opened) for cover in covers]
        nothing = _nothing(opened) if covers else -1
        for step in mounts:
            os.chdir(step.cwd or "/")
            mount(step.source, _PLACE, step.fstype, step.flags, step.options)
        root = _opened(os.open(_PLACE, _PATH | os.O_DIRECTORY), opened)
        for cover, source in zip(covers, sources, strict=True):
            try:
                _cover(root, cover, source, nothing)
            except OSError as error:
                raise kernel_error(operation, f"mount {cover.source} over {cover.target}", error) from error
        view = open_tree(_PLACE, _CLONE | AT_RECURSIVE)
        # By themselves, as a bind mount takes no flags when it is made.
        mount_setattr(view, _HARMLESS, recursive=True)
        if read_only:
            mount_setattr(view, MOUNT_ATTR_RDONLY)
        return view


def _source(cover: Cover, operation: str, opened: ExitStack) -> int:
    """A detached copy of what is to be mounted; -1 when that is nothing of the host's."""
    if not cover.source:
        return -1
    try:
        tree = _opened(open_tree(cover.source, _CLONE | AT_RECURSIVE), opened)
    except FileNotFoundError:
        cause = f"{cover.source}, which is mounted on {cover.target}, is not there"
        raise NotFound(operation, cause, hint="make it anew, empty if need be") from None
    if cover.read_only:
        mount_setattr(tree, MOUNT_ATTR_RDONLY, recursive=True)
    return tree


def _nothing(opened: ExitStack) -> int:
    """An empty directory that nobody can write to."""
    mount("none", _PLACE, "tmpfs", MS_RDONLY, "mode=755,size=4k")
    return _opened(os.open(_PLACE, _PATH | os.O_DIRECTORY), opened)


def _cover(root: int, cover: Cover, source: int, nothing: int) -> None:
    with ExitStack() as opened:
        target = _target(root, cover, file=source >= 0 and not _is_directory(source))
        if target is None:
            return
        _opened(target, opened)
        if source < 0:
            original = nothing if _is_directory(target) else target
            source = _opened(open_tree("", _CLONE | AT_EMPTY_PATH, original), opened)
            mount_setattr(source, MOUNT_ATTR_RDONLY)
        move_mount(source, target)


def _target(root: int, cover: Cover, *, file: bool) -> int | None:
    try:
        return open_in_root(root, cover.target, os.O_PATH)
    except OSError as error:
        if not cover.wanted:
            return None
        if error.errno != errno.ENOENT:
            raise
    _make(root, cover.target, file=file)
    return open_in_root(root, cover.target, os.O_PATH)


def _make(root: int, path: str, *, file: bool = False) -> None:
    """The mount point, as a start makes it, and what it is in."""
    above, _, name = path.rpartition("/")
    with ExitStack() as opened:
        try:
            parent = _opened(open_in_root(root, above, os.O_PATH | os.O_DIRECTORY), opened)
        except FileNotFoundError:
            _make(root, above)
            parent = _opened(open_in_root(root, above, os.O_PATH | os.O_DIRECTORY), opened)
        if not file:
            os.mkdir(name, 0o700, dir_fd=parent)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if file else os.O_DIRECTORY)
        made = _opened(os.open(name, flags, 0o600, dir_fd=parent), opened)
        os.fchmod(made, 0o644 if file else 0o755)


def _is_directory(fd: int) -> bool:
    return stat.S_ISDIR(os.fstat(fd).st_mode)


def _opened(fd: int, opened: ExitStack) -> int:
    opened.callback(os.close, fd)
    return fd
