"""The mount table that a process sees. Knows nothing of what is mounted for whom."""

from __future__ import annotations

from tuicont.core.errors import KernelError, NotFound, kernel_error
from tuicont.core.host.mountinfo import Mount, parse
from tuicont.core.model.container import MountEntry


def mounts_of(pid: int) -> tuple[MountEntry, ...]:
    """Every mount of the process's namespace below its root. Raises `NotFound` when it has ended."""
    path, operation = f"/proc/{pid}/mountinfo", f"read the mounts of process {pid}"
    try:
        with open(path, "rb") as file:
            return tuple(map(entry, parse(file.read())))
    except (FileNotFoundError, ProcessLookupError):
        raise NotFound(operation, "there is no such process") from None
    except OSError as error:
        raise kernel_error(operation, f"read {path}", error) from None
    except ValueError as error:
        raise KernelError(operation, str(error)) from None


def entry(mount: Mount) -> MountEntry:
    """A mount for people: the options of its file system that differ stand behind its own, and one of a part only
    has that part behind its source: `/dev/vda[/srv/data]`."""
    more = [o for o in mount.super_options if o not in mount.options and o not in ("rw", "ro")]
    return MountEntry(
        target=_shown(mount.target),
        fstype=mount.fstype,
        source=_shown(mount.source if mount.root == "/" else f"{mount.source}[{mount.root}]"),
        options=_shown(",".join((*mount.options, *more))),
    )


def _shown(text: str) -> str:
    """What is not UTF-8 as replacement characters."""
    return text.encode("utf-8", "surrogateescape").decode(errors="replace")
