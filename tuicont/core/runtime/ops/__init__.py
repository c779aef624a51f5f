"""The kernel operations that a birth is made of, as frozen values.

Pure. Each class is one thing that a process does on its way to the command that it executes, in order: its code on
the wire, its fields, its documentation and its words stand together. A runtime plans tuples of them, `encode` packs
them for the shim, and the shim's report names them by their index. After `PivotRoot` every path is resolved inside the
container's root with openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), so that no link in an image leads out of it.
"""

from __future__ import annotations

from tuicont.core.runtime.ops.base import Operation
from tuicont.core.runtime.ops.files import ChangeDirectory, MakeDirectory, MakeNode, MakeSymlink, Turn
from tuicont.core.runtime.ops.mounts import (
    Mask,
    Mount,
    MountRoot,
    OpenTree,
    PivotRoot,
    PlaceTree,
    ReadOnlyPath,
    SetMountAttributes,
    SetPropagation,
    Unmount,
)
from tuicont.core.runtime.ops.places import (
    BringLoopbackUp,
    EnterCgroup,
    EnterNamespaces,
    SetDomainname,
    SetHostname,
    SetSysctl,
    Unshare,
)
from tuicont.core.runtime.ops.process import (
    AwaitStart,
    ConnectStdio,
    Execute,
    JoinSessionKeyring,
    OpenTerminal,
    SetOomScoreAdj,
    SetRlimit,
    SetUmask,
)
from tuicont.core.runtime.ops.rights import (
    InstallSeccomp,
    LimitBoundingSet,
    SetCapabilities,
    SetIdentity,
    SetNoNewPrivileges,
)

__all__ = [
    "ALL",
    "AwaitStart",
    "BringLoopbackUp",
    "ChangeDirectory",
    "ConnectStdio",
    "EnterCgroup",
    "EnterNamespaces",
    "Execute",
    "InstallSeccomp",
    "JoinSessionKeyring",
    "LimitBoundingSet",
    "MakeDirectory",
    "MakeNode",
    "MakeSymlink",
    "Mask",
    "Mount",
    "MountRoot",
    "OpenTerminal",
    "OpenTree",
    "Operation",
    "PivotRoot",
    "PlaceTree",
    "Plan",
    "ReadOnlyPath",
    "SetCapabilities",
    "SetDomainname",
    "SetHostname",
    "SetIdentity",
    "SetMountAttributes",
    "SetNoNewPrivileges",
    "SetOomScoreAdj",
    "SetPropagation",
    "SetRlimit",
    "SetSysctl",
    "SetUmask",
    "Turn",
    "Unmount",
    "Unshare",
]

Plan = tuple[Operation, ...]

ALL: tuple[type[Operation], ...] = tuple(sorted(Operation.__subclasses__(), key=lambda kind: kind.code))
"""Every operation there is, by its code."""
