"""Mount options as the OCI specification writes them, turned into the kernel's flags and data.

Pure. The names are those of mount(8) that the specification lists (config.md, "Linux mount options");
what is none of them is data for the file system.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from tuicont.core.errors import Unsupported

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_SYNCHRONOUS = 0x10
MS_MANDLOCK = 0x40
MS_DIRSYNC = 0x80
MS_NOSYMFOLLOW = 0x100
MS_NOATIME = 0x400
MS_NODIRATIME = 0x800
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SILENT = 0x8000
MS_UNBINDABLE = 0x20000
MS_PRIVATE = 0x40000
MS_SLAVE = 0x80000
MS_SHARED = 0x100000
MS_RELATIME = 0x200000
MS_I_VERSION = 0x800000
MS_STRICTATIME = 0x1000000
MS_LAZYTIME = 0x2000000

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8
MOUNT_ATTR_NOATIME = 0x10
MOUNT_ATTR_STRICTATIME = 0x20
MOUNT_ATTR_NODIRATIME = 0x80
MOUNT_ATTR_NOSYMFOLLOW = 0x200000

_FLAGS: dict[str, int] = {
    "ro": MS_RDONLY,
    "nosuid": MS_NOSUID,
    "nodev": MS_NODEV,
    "noexec": MS_NOEXEC,
    "sync": MS_SYNCHRONOUS,
    "mand": MS_MANDLOCK,
    "dirsync": MS_DIRSYNC,
    "nosymfollow": MS_NOSYMFOLLOW,
    "noatime": MS_NOATIME,
    "nodiratime": MS_NODIRATIME,
    "silent": MS_SILENT,
    "relatime": MS_RELATIME,
    "iversion": MS_I_VERSION,
    "strictatime": MS_STRICTATIME,
    "lazytime": MS_LAZYTIME,
}
_CLEARED: dict[str, int] = {
    "rw": MS_RDONLY,
    "suid": MS_NOSUID,
    "dev": MS_NODEV,
    "exec": MS_NOEXEC,
    "async": MS_SYNCHRONOUS,
    "nomand": MS_MANDLOCK,
    "symfollow": MS_NOSYMFOLLOW,
    "atime": MS_NOATIME,
    "diratime": MS_NODIRATIME,
    "loud": MS_SILENT,
    "norelatime": MS_RELATIME,
    "noiversion": MS_I_VERSION,
    "nostrictatime": MS_STRICTATIME,
    "nolazytime": MS_LAZYTIME,
    "defaults": 0,
}
PROPAGATION: dict[str, int] = {
    "private": MS_PRIVATE,
    "rprivate": MS_PRIVATE | MS_REC,
    "slave": MS_SLAVE,
    "rslave": MS_SLAVE | MS_REC,
    "shared": MS_SHARED,
    "rshared": MS_SHARED | MS_REC,
    "unbindable": MS_UNBINDABLE,
    "runbindable": MS_UNBINDABLE | MS_REC,
}
_RECURSIVE: dict[str, int] = {
    "rro": MOUNT_ATTR_RDONLY,
    "rnosuid": MOUNT_ATTR_NOSUID,
    "rnodev": MOUNT_ATTR_NODEV,
    "rnoexec": MOUNT_ATTR_NOEXEC,
    "rnodiratime": MOUNT_ATTR_NODIRATIME,
    "rnoatime": MOUNT_ATTR_NOATIME,
    "rstrictatime": MOUNT_ATTR_STRICTATIME,
    "rnosymfollow": MOUNT_ATTR_NOSYMFOLLOW,
}
_REFUSED = frozenset(
    {"remount", "idmap", "ridmap", "tmpcopyup", "copy-symlink"}
    | {"rrw", "rsuid", "rdev", "rexec", "rsymfollow", "rdiratime", "ratime", "rrelatime", "rnorelatime"}
    | {"rnostrictatime"}
)
_ATTRIBUTES: tuple[tuple[int, int], ...] = (
    (MS_RDONLY, MOUNT_ATTR_RDONLY),
    (MS_NOSUID, MOUNT_ATTR_NOSUID),
    (MS_NODEV, MOUNT_ATTR_NODEV),
    (MS_NOEXEC, MOUNT_ATTR_NOEXEC),
    (MS_NOATIME, MOUNT_ATTR_NOATIME),
    (MS_STRICTATIME, MOUNT_ATTR_STRICTATIME),
    (MS_NODIRATIME, MOUNT_ATTR_NODIRATIME),
    (MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW),
)


class MountOptions(msgspec.Struct, frozen=True):
    """`flags` are MS_* of mount(2) without bind and propagation, `recursive` MOUNT_ATTR_* for the mount and
    all below it, `propagation` one of MS_PRIVATE … with MS_REC or 0, `data` what is left, comma-separated."""

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
