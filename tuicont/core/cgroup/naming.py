"""Names of groups and the directories that they stand for. Pure."""

from __future__ import annotations

from tuicont.core.errors import Invalid

SHIMS = "shims"
"""The leaf for shims beside the groups."""


def check_name(operation: str, group: str) -> None:
    """Raise `Invalid` for a group name that is not one plain directory below the parent."""
    if not group or "/" in group or group in (".", "..", SHIMS) or len(group) > 255 or not group.isprintable():
        raise Invalid(operation, f"{group!r} is not a name for a cgroup")


def parents_below(mount: str, path: str) -> tuple[str, ...]:
    """Every directory from below `mount` down to `mount`/`path`."""
    directories: list[str] = []
    for part in path.split("/"):
        mount = f"{mount}/{part}"
        directories.append(mount)
    return tuple(directories)
