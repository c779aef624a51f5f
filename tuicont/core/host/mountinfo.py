"""Mount tables as the kernel tells them: the lines of /proc/PID/mountinfo (proc_pid_mountinfo(5)).

The only parser of that file; what a mount means is for who asks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import msgspec

_ESCAPE = re.compile(rb"\\([0-7]{3})")


class Mount(msgspec.Struct, frozen=True):
    """One line. `device` is "major:minor", `root` the part of the file system that is seen at `target`; `options` are
    the mount's own, `super_options` those of its file system."""

    id: int
    device: str
    root: str
    target: str
    options: tuple[str, ...]
    fstype: str
    source: str
    super_options: tuple[str, ...]


def parse(table: bytes) -> Iterator[Mount]:
    """The mounts in order. Raises `ValueError`, naming the line, for what is no mount table."""
    for number, line in enumerate(table.split(b"\n"), 1):
        if line:
            yield _mount(number, line)


def file_system(path: str) -> str:
    """The type of the file system that holds `path`, or "". By the mount's id (proc_pid_fdinfo(5)): btrfs gives each of
    its subvolumes a device number of its own."""
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            with open(f"/proc/thread-self/fdinfo/{fd}") as file:
                wanted = next(int(line.split()[1]) for line in file if line.startswith("mnt_id:"))
        finally:
            os.close(fd)
        with open("/proc/thread-self/mountinfo", "rb") as table:
            return next((mount.fstype for mount in parse(table.read()) if mount.id == wanted), "")
    except (OSError, ValueError, StopIteration):
        return ""


def _mount(number: int, line: bytes) -> Mount:
    own, separator, rest = line.partition(b" - ")
    fields, tail = own.split(b" "), rest.split(b" ")
    if not separator or len(fields) < 6 or len(tail) < 3:
        raise ValueError(f"mountinfo line {number} is malformed: {line.decode(errors='replace')!r}")
    return Mount(
        id=int(fields[0]),
        device=_plain(fields[2]),
        root=_plain(fields[3]),
        target=_plain(fields[4]),
        options=tuple(_plain(fields[5]).split(",")),
        fstype=_plain(tail[0]),
        source=_plain(tail[1]),
        super_options=tuple(_plain(tail[2]).split(",")),
    )


def _plain(field: bytes) -> str:
    """Without the octal escapes that the kernel puts for space, tab, newline and backslash."""
    if b"\\" in field:
        field = _ESCAPE.sub(lambda match: bytes((int(match[1], 8) & 0xFF,)), field)
    return field.decode("utf-8", "surrogateescape")
