"""Writes tar archives (pax format), a piece at a time.

Knows nothing of file systems: the caller says what each entry is. The same entries give the same bytes.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Mapping

_BLOCK = 512
END = bytes(2 * _BLOCK)
"""What an archive ends with."""


def entry(
    name: str,
    kind: bytes,
    *,
    mode: int,
    uid: int = 0,
    gid: int = 0,
    mtime_ns: int = 0,
    size: int = 0,
    link: str = "",
    device: tuple[int, int] = (0, 0),
    xattrs: Mapping[str, bytes] | None = None,
) -> bytes:
    """The header of an entry; `kind` is one of tarfile's types. Owners are numbers: names differ elsewhere."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.size, info.linkname = kind, mode & 0o7777, uid, gid, size, link
    info.devmajor, info.devminor = device
    info.mtime = mtime_ns // 10**9
    headers = {
        f"SCHILY.xattr.{attribute}": value.decode("utf-8", "surrogateescape")
        for attribute, value in (xattrs or {}).items()
    }
    if mtime_ns % 10**9:
        seconds, fraction = divmod(abs(mtime_ns), 10**9)
        headers["mtime"] = f"{'-' if mtime_ns < 0 else ''}{seconds}.{fraction:09}".rstrip("0")
    info.pax_headers = headers
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def padded(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """A file's contents as its header promised: cut off or filled up with zeros to `size` bytes (it may have changed
    since), then to a whole block."""
    left = size
    for chunk in chunks:
        if left:
            yield chunk[:left]
            left -= min(left, len(chunk))
    filling = left + -size % _BLOCK
    while filling:
        step = min(filling, 1 << 16)
        yield bytes(step)
        filling -= step
