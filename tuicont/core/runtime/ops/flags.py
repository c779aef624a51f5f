"""The kernel's bits that operations carry, with their uapi spelling, and their names for a line of text.

Pure. From include/uapi/linux: mount.h (MS_* of mount(2), MOUNT_ATTR_* of mount_setattr(2)), sched.h (CLONE_NEW* of
clone(2)).
"""

from __future__ import annotations

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

CLONE_NEWTIME = 0x00000080
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_MOUNT_FLAGS = {
    MS_RDONLY: "ro",
    MS_NOSUID: "nosuid",
    MS_NODEV: "nodev",
    MS_NOEXEC: "noexec",
    MS_SYNCHRONOUS: "sync",
    MS_MANDLOCK: "mand",
    MS_DIRSYNC: "dirsync",
    MS_NOSYMFOLLOW: "nosymfollow",
    MS_NOATIME: "noatime",
    MS_NODIRATIME: "nodiratime",
    MS_BIND: "bind",
    MS_REC: "rec",
    MS_SILENT: "silent",
    MS_RELATIME: "relatime",
    MS_I_VERSION: "iversion",
    MS_STRICTATIME: "strictatime",
    MS_LAZYTIME: "lazytime",
}
_ATTRIBUTES = {
    MOUNT_ATTR_RDONLY: "ro",
    MOUNT_ATTR_NOSUID: "nosuid",
    MOUNT_ATTR_NODEV: "nodev",
    MOUNT_ATTR_NOEXEC: "noexec",
    MOUNT_ATTR_NOATIME: "noatime",
    MOUNT_ATTR_STRICTATIME: "strictatime",
    MOUNT_ATTR_NODIRATIME: "nodiratime",
    MOUNT_ATTR_NOSYMFOLLOW: "nosymfollow",
}
_PROPAGATION = {
    MS_REC: "MS_REC",
    MS_PRIVATE: "MS_PRIVATE",
    MS_SLAVE: "MS_SLAVE",
    MS_SHARED: "MS_SHARED",
    MS_UNBINDABLE: "MS_UNBINDABLE",
}
_NAMESPACES = {
    CLONE_NEWTIME: "CLONE_NEWTIME",
    CLONE_NEWNS: "CLONE_NEWNS",
    CLONE_NEWCGROUP: "CLONE_NEWCGROUP",
    CLONE_NEWUTS: "CLONE_NEWUTS",
    CLONE_NEWIPC: "CLONE_NEWIPC",
    CLONE_NEWUSER: "CLONE_NEWUSER",
    CLONE_NEWPID: "CLONE_NEWPID",
    CLONE_NEWNET: "CLONE_NEWNET",
}


def names(flags: int, known: dict[int, str], separator: str) -> str:
    """Set bits by name; those without one as one hexadecimal number; "0" for none."""
    found = [name for bit, name in known.items() if flags & bit]
    rest = flags & ~sum(bit for bit in known if flags & bit)
    if rest:
        found.append(hex(rest))
    return separator.join(found) or "0"


def mount_names(flags: int) -> str:
    """`nosuid,nodev` for MS_*."""
    return names(flags, _MOUNT_FLAGS, ",")


def attribute_names(attributes: int) -> str:
    """`ro,nosuid` for MOUNT_ATTR_*."""
    return names(attributes, _ATTRIBUTES, ",")


def propagation_names(flags: int) -> str:
    """`MS_REC|MS_SLAVE` for the MS_* of propagation."""
    return names(flags, _PROPAGATION, "|")


def namespace_names(flags: int) -> str:
    """`CLONE_NEWNS|CLONE_NEWPID`."""
    return names(flags, _NAMESPACES, "|")
