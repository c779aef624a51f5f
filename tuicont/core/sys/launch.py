"""Start a program so that the caller's memory is never copied, from a file that nobody can write through.

The program is executed from a descriptor of a detached read-only mount of its file: what runs can be seen as
/proc/PID/exe, and opening that for writing is refused by the mount, whatever the file's own mode is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from functools import cache

from tuicont.core.native._native import ffi, lib
from tuicont.core.sys.results import checked

_AT_EMPTY_PATH = 0x1000
_OPEN_TREE_CLONE = 1
_MOUNT_ATTR_RDONLY = 1
_WALL = 0x40000000


@cache
def open_program(path: str) -> int:
    """A descriptor to execute `path` by, made once a process. Without the right to mount it is a plain one."""
    name = os.fsencode(path)
    tree = lib.tuicont_open_tree(-100, name, _OPEN_TREE_CLONE | os.O_CLOEXEC)
    if tree >= 0:
        if lib.tuicont_mount_setattr(tree, b"", _AT_EMPTY_PATH, _MOUNT_ATTR_RDONLY, 0, 0, 0) == 0:
            return int(tree)
        os.close(tree)
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


@cache
def null() -> int:
    """/dev/null, opened once a process."""
    return os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)


def spawn(program: int, arguments: Sequence[str], fds: Sequence[int], cgroup: int = -1) -> int:
    """Execute `program` with `fds` as its descriptors 0, 1, …, no others, no environment, in a session of its
    own and in the v2 cgroup of the descriptor `cgroup`. It sends no SIGCHLD; `reap` it. Raises `OSError`."""
    words = [ffi.new("char[]", os.fsencode(word)) for word in arguments]
    argv = ffi.new("char *[]", [*words, ffi.NULL])
    envp = ffi.new("char *[]", [ffi.NULL])
    pid = lib.tuicont_spawn(program, argv, envp, ffi.new("int[]", fds), len(fds), cgroup)
    return checked(pid, arguments[0])


def reap(pid: int, *, block: bool) -> bool:
    """Take the status of a spawned process that has ended. False when it still runs (never with `block`)."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, _WALL if block else _WALL | os.WNOHANG)[0] == pid
    return True
