"""Mounts: mount(2), open_tree(2) and its relatives, and a thread with a mount namespace of its own to make them in.

Constants keep their uapi spelling. No policy.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable
from typing import TypeVar

from tuicont.core.native._native import ffi, lib
from tuicont.core.sys.results import checked
from tuicont.core.sys.setns import setns

MS_RDONLY = 1
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
OPEN_TREE_CLONE = 1
OPEN_TREE_CLOEXEC = os.O_CLOEXEC
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
MOUNT_ATTR_RDONLY = 1
MOUNT_ATTR_NOSUID = 2
MOUNT_ATTR_NODEV = 4
MOUNT_ATTR_NOEXEC = 8
CLONE_FS = 0x200
CLONE_NEWNS = 0x20000

_AT_FDCWD = -100

T = TypeVar("T")


def mount(source: str, target: str, fstype: str, flags: int, options: str) -> None:
    """mount(2) in the calling thread's mount namespace."""
    data = os.fsencode(options) if options else ffi.NULL
    checked(lib.tuicont_mount(os.fsencode(source), os.fsencode(target), fstype.encode(), flags, data), target)


def open_tree(path: str, flags: int, dir_fd: int = _AT_FDCWD) -> int:
    """open_tree(2) (Linux 5.2): a descriptor of the mount at `path`; with OPEN_TREE_CLONE of a detached copy of it that
    is in no mount namespace and goes away with its last descriptor."""
    return checked(lib.tuicont_open_tree(dir_fd, os.fsencode(path), flags), path)


def move_mount(tree: int, target: int) -> None:
    """move_mount(2) (Linux 5.2): put the detached mount of a descriptor on what another one holds (O_PATH will do)."""
    checked(lib.tuicont_move_mount(tree, target), "move_mount")


def mount_setattr(tree: int, attributes: int, *, recursive: bool = False) -> None:
    """mount_setattr(2) (Linux 5.12): give the mount of a descriptor `attributes` besides those that it has, and with
    `recursive` what is mounted below too."""
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    checked(lib.tuicont_mount_setattr(tree, b"", flags, attributes, 0, 0, 0), "mount_setattr")


def unshare(flags: int) -> None:
    """unshare(2), of the calling thread."""
    checked(lib.tuicont_unshare(flags), "unshare")


def in_private_namespace(action: Callable[[], T]) -> T:
    """The result of `action`, run in a thread that has its own mount namespace, root and working directory: what it
    mounts nobody else sees, and all of it ends with the thread. Needs CAP_SYS_ADMIN."""
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            unshare(CLONE_FS | CLONE_NEWNS)
            _cut_propagation()
            result.append(action())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name="private-mounts")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _cut_propagation() -> None:
    """Keep the calling thread's mounts in its namespace, which it made itself. In a plain chroot "/" is no mount point,
    and the mount that holds it has no name: it is cut at the namespace's own root, and the chroot entered again."""
    try:
        mount("", "/", "", MS_REC | MS_PRIVATE, "")
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        with contextlib.ExitStack() as opened:
            home = os.open("/", os.O_PATH | os.O_DIRECTORY)
            opened.callback(os.close, home)
            own = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY)
            opened.callback(os.close, own)
            setns(own, CLONE_NEWNS)
            mount("", "/", "", MS_REC | MS_PRIVATE, "")
            os.fchdir(home)
            os.chroot(".")
