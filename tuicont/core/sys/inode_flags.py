"""The attributes of chattr(1), by ioctl_iflags(2). Constants keep their uapi spelling (linux/fs.h). No policy."""

from __future__ import annotations

import fcntl
import struct

FS_APPEND_FL = 0x20
FS_IMMUTABLE_FL = 0x10

_FS_IOC_GETFLAGS = 0x80086601
_FS_IOC_SETFLAGS = 0x40086602


def get_flags(fd: int) -> int:
    """FS_IOC_GETFLAGS. Raises `OSError`: ENOTTY on a file system without such attributes."""
    flags: int = struct.unpack("l", fcntl.ioctl(fd, _FS_IOC_GETFLAGS, bytes(8)))[0]
    return flags


def set_flags(fd: int, flags: int) -> None:
    """FS_IOC_SETFLAGS; the two that forbid removal need CAP_LINUX_IMMUTABLE."""
    fcntl.ioctl(fd, _FS_IOC_SETFLAGS, struct.pack("l", flags))
