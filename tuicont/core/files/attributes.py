"""What an entry of a tree is besides its contents: owner, mode, extended attributes and times, read and given on.

Attributes that make a file immutable (chattr(1)) are no part of it, nor are labels that the host's policy gives.
"""

from __future__ import annotations

import errno
import os
import stat

_KEPT = ("user.", "trusted.", "system.posix_acl_", "security.")
_NONE = (errno.EOPNOTSUPP, errno.ENODATA)
ACCESS_CONTROL = ("system.posix_acl_access", "system.posix_acl_default")
OF_THE_HOST = ("security.selinux", "security.evm")
"""What the host's policy gives a file, or holds of this very inode."""
OVERLAY_MARKS = ("trusted.overlay.", "user.overlay.")
"""What overlayfs writes down (overlayfs.rst); an unprivileged mount (`userxattr`) keeps it in "user."."""


def xattrs(place: int | str) -> dict[str, bytes]:
    """The extended attributes of a descriptor, or of a path whose last component is not followed."""
    try:
        names = os.listxattr(place) if isinstance(place, int) else os.listxattr(place, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NONE:
            raise
        return {}
    kept = [name for name in names if name.startswith(_KEPT) and name not in OF_THE_HOST]
    return {name: value for name in kept if (value := _value(place, name)) is not None}


def shown(place: int | str) -> dict[str, bytes]:
    """The same without the marks of overlayfs, which a mount of it does not show either."""
    return {name: value for name, value in xattrs(place).items() if not name.startswith(OVERLAY_MARKS)}


def _value(place: int | str, name: str) -> bytes | None:
    try:
        return os.getxattr(place, name) if isinstance(place, int) else os.getxattr(place, name, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NONE:
            raise
        return None


def dress(fd: int, info: os.stat_result, attributes: dict[str, bytes]) -> None:
    """Give an open file or directory owner, attributes and mode, in the order in which none undoes another: chown(2)
    takes setuid bits and capabilities away."""
    os.fchown(fd, info.st_uid, info.st_gid)
    for name, value in attributes.items():
        os.setxattr(fd, name, value)
    os.fchmod(fd, stat.S_IMODE(info.st_mode))


def strip_inherited(fd: int) -> None:
    """Take off the access control list that a new directory has from the one it was made in (acl(5))."""
    for name in ACCESS_CONTROL:
        try:
            os.removexattr(fd, name)
        except OSError as error:
            if error.errno not in _NONE:
                raise


def entry_path(directory_fd: int, name: str) -> str:
    """A path for calls that take no directory descriptor."""
    return f"/proc/self/fd/{directory_fd}/{name}"
