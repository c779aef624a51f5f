"""Operations on nodes, links and directories inside the container's root."""

from __future__ import annotations

import errno
import stat
from enum import IntEnum

from tuicont.core.runtime.ops.base import Operation

_NODE_KINDS = {stat.S_IFCHR: "c", stat.S_IFBLK: "b", stat.S_IFIFO: "p"}


class MakeNode(Operation, frozen=True):
    """mknod with exactly `mode` (no umask), owned by uid and gid; parents made; an equal node is kept."""

    code = 10
    part = "device nodes"
    path: str
    mode: int
    major: int
    minor: int
    uid: int = 0
    gid: int = 0

    def describe(self) -> str:
        kind = _NODE_KINDS.get(stat.S_IFMT(self.mode), "?")
        number = "" if kind == "p" else f" {self.major}:{self.minor}"
        return f"mknod {self.path} {kind}{number} {stat.S_IMODE(self.mode):04o}"


class MakeSymlink(Operation, frozen=True):
    """symlink(target, path); one that is there already is kept."""

    code = 11
    target: str
    path: str

    def describe(self) -> str:
        return f"symlink {self.path} to {self.target}"


class MakeDirectory(Operation, frozen=True):
    """mkdir with its parents; one that is there is kept as it is."""

    code = 12
    path: str
    mode: int

    def describe(self) -> str:
        return f"mkdir {self.path} {self.mode:04o}"


class Turn(IntEnum):
    """Of two attempts, one before the process's identity is set and one after it."""

    ONLY = 0
    FIRST = 1
    """That it is refused is no failure yet."""
    SECOND = 2
    """Only where the first was refused."""


class ChangeDirectory(Operation, frozen=True):
    """chdir inside the root. Root may where the container's user may not, and a user where a server of files trusts no
    root: each has its `turn`."""

    code = 30
    part = "working directory"
    hints = {errno.ENOENT: "the working directory is not in the container"}
    path: str
    turn: int

    def describe(self) -> str:
        return f"chdir {self.path}"
