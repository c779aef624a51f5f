"""Mount options as the OCI specification writes them, turned into the kernel's flags and data.

Pure. The names are those of mount(8) that the specification lists (config.md, "Linux mount options");
what is none of them is data for the file system.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from tuicont.core.errors import Unsupported
from tuicont.core.runtime.ops import flags as bits

_FLAGS: dict[str, int] = {
    "ro": bits.MS_RDONLY,
    "nosuid": bits.MS_NOSUID,
    "nodev": bits.MS_NODEV,
    "noexec": bits.MS_NOEXEC,
    "sync": bits.MS_SYNCHRONOUS,
    "mand": bits.MS_MANDLOCK,
    "dirsync": bits.MS_DIRSYNC,
    "nosymfollow": bits.MS_NOSYMFOLLOW,
    "noatime": bits.MS_NOATIME,
    "nodiratime": bits.MS_NODIRATIME,
    "silent": bits.MS_SILENT,
    "relatime": bits.MS_RELATIME,
    "iversion": bits.MS_I_VERSION,
    "strictatime": bits.MS_STRICTATIME,
    "lazytime": bits.MS_LAZYTIME,
}
_CLEARED: dict[str, int] = {
    "rw": bits.MS_RDONLY,
    "suid": bits.MS_NOSUID,
    "dev": bits.MS_NODEV,
    "exec": bits.MS_NOEXEC,
    "async": bits.MS_SYNCHRONOUS,
    "nomand": bits.MS_MANDLOCK,
    "symfollow": bits.MS_NOSYMFOLLOW,
    "atime": bits.MS_NOATIME,
    "diratime": bits.MS_NODIRATIME,
    "loud": bits.MS_SILENT,
    "norelatime": bits.MS_RELATIME,
    "noiversion": bits.MS_I_VERSION,
    "nostrictatime": bits.MS_STRICTATIME,
    "nolazytime": bits.MS_LAZYTIME,
    "defaults": 0,
}
PROPAGATION: dict[str, int] = {
    "private": bits.MS_PRIVATE,
    "rprivate": bits.MS_PRIVATE | bits.MS_REC,
    "slave": bits.MS_SLAVE,
    "rslave": bits.MS_SLAVE | bits.MS_REC,
    "shared": bits.MS_SHARED,
    "rshared": bits.MS_SHARED | bits.MS_REC,
    "unbindable": bits.MS_UNBINDABLE,
    "runbindable": bits.MS_UNBINDABLE | bits.MS_REC,
}
_RECURSIVE: dict[str, int] = {
    "rro": bits.MOUNT_ATTR_RDONLY,
    "rnosuid": bits.MOUNT_ATTR_NOSUID,
    "rnodev": bits.MOUNT_ATTR_NODEV,
    "rnoexec": bits.MOUNT_ATTR_NOEXEC,
    "rnodiratime": bits.MOUNT_ATTR_NODIRATIME,
    "rnoatime": bits.MOUNT_ATTR_NOATIME,
    "rstrictatime": bits.MOUNT_ATTR_STRICTATIME,
    "rnosymfollow": bits.MOUNT_ATTR_NOSYMFOLLOW,
}
_REFUSED = frozenset(
    {"remount", "idmap", "ridmap", "tmpcopyup", "copy-symlink"}
    | {"rrw", "rsuid", "rdev", "rexec", "rsymfollow", "rdiratime", "ratime", "rrelatime", "rnorelatime"}
    | {"rnostrictatime"}
)
_ATTRIBUTES: tuple[tuple[int, int], ...] = (
    (bits.MS_RDONLY, bits.MOUNT_ATTR_RDONLY),
    (bits.MS_NOSUID, bits.MOUNT_ATTR_NOSUID),
    (bits.MS_NODEV, bits.MOUNT_ATTR_NODEV),
    (bits.MS_NOEXEC, bits.MOUNT_ATTR_NOEXEC),
    (bits.MS_NOATIME, bits.MOUNT_ATTR_NOATIME),
    (bits.MS_STRICTATIME, bits.MOUNT_ATTR_STRICTATIME),
    (bits.MS_NODIRATIME, bits.MOUNT_ATTR_NODIRATIME),
    (bits.MS_NOSYMFOLLOW, bits.MOUNT_ATTR_NOSYMFOLLOW),
)


class MountOptions(msgspec.Struct, frozen=True):
    """`flags` are MS_* of mount(2) without bind and propagation, `recursive` MOUNT_ATTR_* for the mount and
    all below it, `propagation` one of bits.MS_PRIVATE … with bits.MS_REC or 0, `data` what is left, comma-separated."""

    flags: int = 0
    bind: bool = False
    bind_recursive: bool = False
    recursive: int = 0
    propagation: int = 0
    data: str = ""

    @property
    def attributes(self) -> int:
        """`flags` as MOUNT_ATTR_* of mount_setattr(2)."""
        return sum(attribute for flag, attribute in _ATTRIBUTES if self.flags & flag)


@lru_cache(maxsize=256)
def parse(options: tuple[str, ...]) -> MountOptions:
    """Later options win over earlier ones. Raises `Unsupported` for those that the specification names and
    we do not carry out."""
    flags = recursive = propagation = 0
    bind = bind_recursive = False
    data: list[str] = []
    for option in options:
        if option in _FLAGS:
            flags |= _FLAGS[option]
        elif option in _CLEARED:
            flags &= ~_CLEARED[option]
        elif option in ("bind", "rbind"):
            bind, bind_recursive = True, option == "rbind"
        elif option in PROPAGATION:
            propagation = PROPAGATION[option]
        elif option in _RECURSIVE:
            recursive |= _RECURSIVE[option]
        elif option in _REFUSED:
            raise Unsupported("carry out the specification", f"mount option {option!r} is not supported")
        elif option:
            data.append(option)
    return MountOptions(flags, bind, bind_recursive, recursive, propagation, ",".join(data))
