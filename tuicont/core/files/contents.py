"""What regular files hold: copied and compared, holes staying holes.

Works on descriptors and knows no names. No loop runs longer than the size it is given, whatever becomes of the file.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from tuicont.core.sys.reflink import clone

_AT_ONCE = 64 << 20
_CHUNK = 1 << 18
# btrfs says EINVAL for a file without checksums beside one with them, and ETXTBSY is for one that is swapped to.
_CANNOT_SHARE = (
    errno.EOPNOTSUPP,
    errno.ENOTTY,
    errno.EXDEV,
    errno.ENOSYS,
    errno.EINVAL,
    errno.EPERM,
    errno.ETXTBSY,
)


def share(source: int, target: int) -> bool:
    """Share the blocks of `source` with `target`, which is empty; whether these file systems can do that."""
    try:
        clone(source, target)
    except OSError as error:
        if error.errno not in _CANNOT_SHARE:
            raise
        return False
    return True


def copy(source: int, target: int, size: int) -> None:
    """Copy `size` bytes of `source` to `target`, which is empty. Raises `OSError`."""
    end = 0
    for start, end in extents(source, size):
        while start < end:
            copied = _copy_range(source, target, start, end - start)
            if not copied:
                return  # the file has become shorter
            start += copied
    if end < size:
        os.ftruncate(target, size)


def same(first: int, second: int, size: int) -> bool:
    """Whether the first `size` bytes of two files are equal. Holes that both have are not read."""
    position = 0
    while (position := min(_data(first, position, size), _data(second, position, size))) < size:
        count = min(_CHUNK, size - position)
        if os.pread(first, count, position) != os.pread(second, count, position):
            return False
        position += count
    return True


def extents(fd: int, size: int) -> Iterator[tuple[int, int]]:
    """(start, end) of what lies between the holes of the first `size` bytes."""
    end = 0
    while (start := _data(fd, end, size)) < size:
        end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        yield start, end


def _data(fd: int, position: int, size: int) -> int:
    """Where the next byte is that is in no hole; `size` when there is none."""
    try:
        return os.lseek(fd, position, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return size


def _copy_range(source: int, target: int, start: int, count: int) -> int:
    try:
        copied = os.copy_file_range(source, target, min(count, _AT_ONCE), start, start)
    except OSError as error:
        if error.errno not in _CANNOT_SHARE:
            raise
        copied = 0
    # Between some file systems it copies nothing and says nothing.
    return copied or os.pwrite(target, os.pread(source, min(count, _CHUNK), start), start)
