"""Operations that decide what the process may do: identity, capabilities, filter."""

from __future__ import annotations

import errno

from tuicont.core.runtime.ops import flags as bits
from tuicont.core.runtime.ops.base import Operation
from tuicont.core.security import capabilities

_SECCOMP = {1: "TSYNC", 2: "LOG", 4: "SPEC_ALLOW"}


def _named(mask: int) -> str:
    if mask == capabilities.ALL:
        return "all"
    if mask == capabilities.DEFAULT:
        return "default"
    return ",".join(name.removeprefix("CAP_").lower() for name in capabilities.names(mask)) or "none"


class SetNoNewPrivileges(Operation, frozen=True):
    """prctl(PR_SET_NO_NEW_PRIVS)."""

    code = 24

    def describe(self) -> str:
        return "prctl PR_SET_NO_NEW_PRIVS"


class LimitBoundingSet(Operation, frozen=True):
    """Drop every capability outside of the mask from the bounding set (capabilities(7))."""

    code = 25
    part = "capabilities"
    mask: int

    def describe(self) -> str:
        return f"prctl PR_CAPBSET_DROP all but {_named(self.mask)}"


class SetIdentity(Operation, frozen=True):
    """setgroups, setresgid, setresuid with PR_SET_KEEPCAPS; chown of stdio's terminal to uid. `groups` is
    comma-separated."""

    code = 26
    part = "identity"
    uid: int
    gid: int
    groups: str

    def describe(self) -> str:
        return f"setgroups {self.groups or 'none'}; setresgid {self.gid}; setresuid {self.uid}"


class SetCapabilities(Operation, frozen=True):
    """capset, then the ambient set. Masks are bit sets by capability number."""

    code = 27
    part = "capabilities"
    hints = {errno.EPERM: "the engine itself lacks a capability that the container is to have"}
    effective: int
    permitted: int
    inheritable: int
    ambient: int

    def describe(self) -> str:
        line = f"capset effective {_named(self.effective)}; permitted {_named(self.permitted)}"
        if self.inheritable:
            line += f"; inheritable {_named(self.inheritable)}"
        return f"{line}; prctl ambient {_named(self.ambient)}" if self.ambient else line


class InstallSeccomp(Operation, frozen=True):
    """seccomp(SECCOMP_SET_MODE_FILTER, flags, filter); `filter` is an array of struct sock_filter. After it
    the init makes no call that the profile may refuse but those of `Execute`."""

    code = 28
    part = "system call filter"
    filter: bytes
    flags: int

    def describe(self) -> str:
        flags = f" ({bits.names(self.flags, _SECCOMP, ',')})" if self.flags else ""
        return f"seccomp: install filter, {len(self.filter) // 8} instructions{flags}"
