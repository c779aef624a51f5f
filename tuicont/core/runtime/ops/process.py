"""Operations on the process itself: its limits, its input and output, and at last its command."""

from __future__ import annotations

import errno

from tuicont.core.runtime.ops.base import Operation
from tuicont.core.security import rlimits

_RLIMITS = {number: f"RLIMIT_{name.upper()}" for name, number in rlimits.NUMBERS.items()}


def _amount(value: int) -> str:
    return "unlimited" if value == rlimits.INFINITY else str(value)


class SetRlimit(Operation, frozen=True):
    """setrlimit(2); RLIM_INFINITY is 2**64-1. EPERM is ignored when the limit in force already satisfies
    the one asked for (soft at least as asked, hard at least as asked)."""

    code = 19
    part = "resource limits"
    hints = {errno.EPERM: "raising a hard limit needs CAP_SYS_RESOURCE"}
    resource: int
    soft: int
    hard: int

    def describe(self) -> str:
        name = _RLIMITS.get(self.resource, str(self.resource))
        return f"prlimit {name} soft {_amount(self.soft)} hard {_amount(self.hard)}"


class SetOomScoreAdj(Operation, frozen=True):
    """Write /proc/self/oom_score_adj (proc(5))."""

    code = 20
    value: int

    def describe(self) -> str:
        return f"write {self.value} to /proc/self/oom_score_adj"


class OpenTerminal(Operation, frozen=True):
    """Open a pseudo terminal of the container's own devpts (/dev/pts/ptmx), give its master to the shim, make
    the slave the controlling terminal and stdio, set its size, and bind it over /dev/console if `console`."""

    code = 21
    part = "terminal"
    rows: int
    cols: int
    console: bool

    def describe(self) -> str:
        size = f" {self.cols}x{self.rows}" if self.rows and self.cols else ""
        return f"open /dev/pts/ptmx; ioctl TIOCSCTTY{size}{'; bind on /dev/console' if self.console else ''}"


class ConnectStdio(Operation, frozen=True):
    """The shim's pipes (or /dev/null for an input that nobody holds open) become 0, 1 and 2; setsid."""

    code = 22

    def describe(self) -> str:
        return "dup3 the shim's pipes to 0, 1 and 2"


class JoinSessionKeyring(Operation, frozen=True):
    """keyctl(KEYCTL_JOIN_SESSION_KEYRING, name); ENOSYS and EDQUOT are ignored."""

    code = 23
    name: str

    def describe(self) -> str:
        return f"keyctl KEYCTL_JOIN_SESSION_KEYRING {self.name or 'anonymous'}"


class SetUmask(Operation, frozen=True):
    """umask(2)."""

    code = 29
    mask: int

    def describe(self) -> str:
        return f"umask {self.mask:04o}"


class Execute(Operation, frozen=True):
    """close_range(3, ~0, CLOSE_RANGE_CLOEXEC) and execve; a name without "/" is looked up in the PATH of
    `env` inside the container. ENOENT means 127, EACCES, ENOEXEC, EISDIR and others 126."""

    code = 32
    common = False
    args: tuple[str, ...]
    env: tuple[str, ...]

    def describe(self) -> str:
        return f"execve {self.args[0]}"


class AwaitStart(Operation, frozen=True):
    """Wait until somebody sends the shim START: here a container is created and not started (runtime.md, "Lifecycle").
    A shim that goes away cancels it."""

    code = 33

    def describe(self) -> str:
        return "recv until the container is started"
