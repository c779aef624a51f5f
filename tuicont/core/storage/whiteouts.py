"""How overlayfs writes down that something of a lower layer is gone (Documentation/filesystems/overlayfs.rst,
"whiteouts and opaque directories").

Knows nothing of layers' places. All functions look at one entry of a directory descriptor.
"""

from __future__ import annotations

import errno
import os
import stat

from tuicont.core.files.attributes import OVERLAY_MARKS, entry_path

_ABSENT = (errno.ENODATA, errno.EOPNOTSUPP, errno.EPERM, errno.EACCES, errno.ENOENT)


def is_whiteout(info: os.stat_result, directory_fd: int, name: str) -> bool:
    """Whether the entry `name`, whose lstat is `info`, says that the name is gone: a character device 0:0, or
    (Linux 6.7) an empty file marked with `overlay.whiteout`."""
    if is_whiteout_device(info):
        return True
    if not stat.S_ISREG(info.st_mode) or info.st_size:
        return False
    # Asked by its name: a container could have put a device in its place, and that must not be opened.
    return _mark(entry_path(directory_fd, name), "whiteout") is not None


def is_whiteout_device(info: os.stat_result) -> bool:
    """Whether an entry with this lstat is the device that the kernel itself leaves for a deletion."""
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def is_opaque(fd: int) -> bool:
    """Whether the directory hides all that lower layers have below it ("x" only announces marked files)."""
    return _mark(fd, "opaque") == b"y"


def make_whiteout(directory_fd: int, name: str) -> None:
    """Say that `name` is gone."""
    os.mknod(name, stat.S_IFCHR, 0, dir_fd=directory_fd)


def make_opaque(fd: int, *, user: bool = False) -> None:
    """Hide all that lower layers have below the directory; `user` for a `userxattr` mount."""
    os.setxattr(fd, OVERLAY_MARKS[user] + "opaque", b"y")


def _mark(place: int | str, name: str) -> bytes | None:
    """An attribute of a descriptor, or of a path whose last component is not followed."""
    for prefix in OVERLAY_MARKS:
        try:
            return os.getxattr(place, prefix + name, follow_symlinks=isinstance(place, int))
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
    return None
