"""Owner, mode and attributes of what is unpacked: those that an archive may give, and no others."""

from __future__ import annotations

import errno
import os
from collections import Counter

from tuicont.core.errors import NO_ROOM, Invalid
from tuicont.core.files import attributes
from tuicont.core.image.layers.tarstream import Member

# What a file system, or a kind of file, has not.
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EPERM, errno.EINVAL)
_TOO_LARGE = (errno.E2BIG, errno.ERANGE)
_SHOWN = 100

Dropped = Counter[str]
"""How many entries went without an attribute that their archive gives them, by its name."""


def dress(fd: int, member: Member, dropped: Dropped, *, anew: bool) -> None:
    """Give an open file or directory owner, attributes and mode, in this order: chown takes setuid bits and
    capabilities away, and an access control list the mode. With `anew` what it had, or has inherited, goes first."""
    info = member.info
    if anew:
        strip(fd)
    os.fchown(fd, info.uid, info.gid)
    if info.pax_headers:
        _give(fd, member, dropped)
    os.fchmod(fd, info.mode & 0o7777)


def dress_entry(parent: int, name: str, member: Member, dropped: Dropped, *, anew: bool) -> None:
    """The same, and the time, for what is not opened: the link, FIFO or device `name` in a directory."""
    info = member.info
    if anew and not info.issym():
        strip(attributes.entry_path(parent, name))
    os.chown(name, info.uid, info.gid, dir_fd=parent, follow_symlinks=False)
    if info.pax_headers:
        _give(attributes.entry_path(parent, name), member, dropped)
    if not info.issym():
        _chmod(parent, name, info.mode & 0o7777)
    os.utime(name, ns=(member.mtime_ns, member.mtime_ns), dir_fd=parent, follow_symlinks=False)


def dress_as(fd: int, other_fd: int) -> os.stat_result:
    """All that an archive could have given, as another directory has it; the lstat of that."""
    info = os.fstat(other_fd)
    given = {name: value for name, value in attributes.xattrs(other_fd).items() if _may_be_given(name)}
    attributes.dress(fd, info, given)
    return info


def strip(place: int | str) -> None:
    """Take off all that an archive can give: an older entry's, or what is inherited of a directory (acl(5))."""
    for name in filter(_may_be_given, attributes.xattrs(place)):
        if isinstance(place, int):
            os.removexattr(place, name)
        else:
            os.removexattr(place, name, follow_symlinks=False)


def _give(place: int | str, member: Member, dropped: Dropped) -> None:
    for name, value in member.xattrs.items():
        if not _may_be_given(name):
            dropped[name] += 1
            continue
        try:
            if isinstance(place, int):
                os.setxattr(place, name, value)
            else:
                os.setxattr(place, name, value, follow_symlinks=False)
        except OSError as error:
            if error.errno in _TOO_LARGE or (error.errno in NO_ROOM and _has_room(place, len(value))):
                cause = f"the attribute {name[:_SHOWN]!r} of {member.info.name[:_SHOWN]!r} is too large"
                values = {"bytes": len(value)}
                raise Invalid("unpack the archive", f"{cause} for this file system", values=values) from error
            if error.errno == errno.EINVAL and name in attributes.ACCESS_CONTROL:
                # Without it others might do more than they may.
                cause = f"{member.info.name[:_SHOWN]!r} has a damaged access control list"
                raise Invalid("unpack the archive", cause) from error
            if error.errno not in _UNSUPPORTED:
                raise
            dropped[name] += 1


def _has_room(place: int | str, size: int) -> bool:
    """Whether it is not the disk that is full."""
    disk = os.statvfs(place if isinstance(place, int) else os.path.dirname(place))
    return disk.f_bavail * disk.f_frsize > 2 * size + (1 << 20)


def _chmod(parent: int, name: str, mode: int) -> None:
    fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        # fchmod(2) takes no O_PATH descriptor, and opening a device may do things.
        os.chmod(f"/proc/self/fd/{fd}", mode)
    finally:
        os.close(fd)


def _may_be_given(name: str) -> bool:
    """What Docker, containerd and umoci all take of an archive. The marks of overlayfs are nobody's to give."""
    if name.startswith("security."):
        return name not in attributes.OF_THE_HOST
    return name in attributes.ACCESS_CONTROL or (
        name.startswith("user.") and not name.startswith(attributes.OVERLAY_MARKS)
    )
