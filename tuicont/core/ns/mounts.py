"""The mount table that a process sees, from /proc/PID/mountinfo (proc_pid_mountinfo(5)).

Knows nothing of what is mounted for whom. The parser is pure.
"""

from __future__ import annotations

import re

from tuicont.core.errors import KernelError, NotFound, kernel_error
from tuicont.core.model.container import MountEntry

_ESCAPE = re.compile(rb"\\([0-7]{3})")


def mounts_of(pid: int) -> tuple[MountEntry, ...]:
    """Every mount of the process's namespace below its root. Raises `NotFound` when it has ended."""
    path = f"/proc/{pid}/mountinfo"
    try:
        with open(path, "rb") as file:
            return parse_mountinfo(file.read())
    except (FileNotFoundError, ProcessLookupError):
        raise NotFound(f"read the mounts of process {pid}", "there is no such process") from None
    except OSError as error:
        raise kernel_error(f"read the mounts of process {pid}", f"read {path}", error) from None


def parse_mountinfo(text: bytes) -> tuple[MountEntry, ...]:
    """The lines in order. `options` are the mount's own and then those of its file system that differ; a
    mount of a part only has that part after its source: `/dev/vda[/srv/data]`."""
    return tuple(_entry(number, line) for number, line in enumerate(text.splitlines(), 1) if line)


def _entry(number: int, line: bytes) -> MountEntry:
    own, separator, rest = line.partition(b" - ")
    fields, tail = own.split(b" "), rest.split(b" ")
    if not separator or len(fields) < 6 or len(tail) < 3:
        raise KernelError("read a mount table", f"mountinfo line {number} is malformed", values={"line": repr(line)})
    root, source = _plain(fields[3]), _plain(tail[1])
    options = fields[5].split(b",")
    options += [o for o in tail[2].split(b",") if o not in options and o not in (b"rw", b"ro")]
    return MountEntry(
        target=_plain(fields[4]),
        fstype=_plain(tail[0]),
        source=source if root == "/" else f"{source}[{root}]",
        options=_plain(b",".join(options)),
    )


def _plain(field: bytes) -> str:
    """Without the octal escapes that the kernel puts for space, tab, newline and backslash."""
    return _ESCAPE.sub(lambda match: bytes((int(match[1], 8) & 0xFF,)), field).decode(errors="replace")
