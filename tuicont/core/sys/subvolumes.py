"""Subvolumes of btrfs: which directory is the top of one, and whether it may be written to. Constants keep their uapi
spelling (linux/btrfs.h, linux/btrfs_tree.h). No policy."""

from __future__ import annotations

import fcntl
import struct

BTRFS_FIRST_FREE_OBJECTID = 256
"""The inode number of each subvolume's top directory."""
BTRFS_SUBVOL_RDONLY = 1 << 1

_BTRFS_IOC_SUBVOL_GETFLAGS = 0x80089419
_BTRFS_IOC_SUBVOL_SETFLAGS = 0x4008941A


def get_flags(fd: int) -> int:
    """BTRFS_IOC_SUBVOL_GETFLAGS. Raises `OSError`: ENOTTY on another file system, EINVAL for another directory."""
    flags: int = struct.unpack("Q", fcntl.ioctl(fd, _BTRFS_IOC_SUBVOL_GETFLAGS, bytes(8)))[0]
    return flags


def set_flags(fd: int, flags: int) -> None:
    """BTRFS_IOC_SUBVOL_SETFLAGS."""
    fcntl.ioctl(fd, _BTRFS_IOC_SUBVOL_SETFLAGS, struct.pack("Q", flags))
