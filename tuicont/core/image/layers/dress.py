"""Owner, mode and attributes of what is unpacked: those that an archive may give, and no others."""

from __future__ import annotations

import errno
import os

from tuicont.core.files import attributes
from tuicont.core.image.layers.tarstream import Member

_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EPERM, errno.EINVAL)


def dress(fd: int, member: Member, *, anew: bool = False) -> None:
    """Owner, then mode and attributes: chown takes setuid bits and capabilities away. With `anew` what attributes it
    had are taken off first."""
    info = member.info
    if anew:
        for name in filter(_may_be_given, attributes.xattrs(fd)):
            os.removexattr(fd, name)
    os.fchown(fd, info.uid, info.gid)
    os.fchmod(fd, info.mode & 0o7777)
    if info.pax_headers:
        for name, value in member.xattrs.items():
            if _may_be_given(name):
                try:
                    os.setxattr(fd, name, value)
                except OSError as error:
                    if error.errno not in _UNSUPPORTED:
                        raise


def dress_as(fd: int, other_fd: int) -> os.stat_result:
    """All that an archive could have given, as another directory has it; the lstat of that."""
    info = os.fstat(other_fd)
    given = {name: value for name, value in attributes.xattrs(other_fd).items() if _may_be_given(name)}
    attributes.dress(fd, info, given)
    return info


def _may_be_given(name: str) -> bool:
    """Overlayfs's own marks are nobody's to give."""
    return name == "security.capability" or (name.startswith("user.") and not name.startswith("user.overlay."))
