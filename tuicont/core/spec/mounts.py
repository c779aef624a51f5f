"""The `mounts` of the specification: the kernel's own file systems, then the user's.

Pure. Knows option strings, not flags: those are the runtime's.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tuicont.core.model.request import BindMount, TmpfsMount

SHM_SIZE = 64 << 20


class HostFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Host paths of the files that the engine writes for a container; "" for none."""

    hosts: str = ""
    hostname: str = ""
    resolv_conf: str = ""


_PTS = ("newinstance", "ptmxmode=0666", "mode=0620", "gid=5")


def _kernel_mounts(*, writable: bool) -> list[dict[str, Any]]:
    access = "rw" if writable else "ro"
    return [
        _mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        _mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        _mount(
            "/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"
        ),
        _mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", access),
        _mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", access),
        _mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        # The last, and its size the last of its options: that alone may be asked for.
        _mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", f"size={SHM_SIZE >> 10}k"),
    ]


def _mount(destination: str, kind: str, source: str, *options: str) -> dict[str, Any]:
    return {"destination": destination, "type": kind, "source": source, "options": list(options)}


_DEFAULT = _kernel_mounts(writable=False)
_PRIVILEGED = _kernel_mounts(writable=True)


def mounts(
    wanted: tuple[BindMount | TmpfsMount, ...],
    files: HostFiles,
    *,
    privileged: bool = False,
    read_only: bool = False,
    shm_size: int = 0,
) -> list[dict[str, Any]]:
    """Every mount, in the order in which they are made: a user's mount at the place of a default one stands
    instead of it, and outer directories come before inner ones."""
    defaults = _PRIVILEGED if privileged else _DEFAULT
    if shm_size:
        *others, last = defaults
        defaults = [*others, {**last, "options": [*last["options"][:-1], f"size={shm_size}"]}]
    if not wanted and not (files.hosts or files.hostname or files.resolv_conf):
        return defaults
    asked = [_wanted(mount) for mount in wanted]
    taken = {mount["destination"] for mount in asked}
    access = "ro" if read_only else "rw"
    own = [
        _mount(target, "bind", source, "rbind", "rprivate", access)
        for source, target in (
            (files.resolv_conf, "/etc/resolv.conf"),
            (files.hostname, "/etc/hostname"),
            (files.hosts, "/etc/hosts"),
        )
        if source and target not in taken
    ]
    kept = [mount for mount in defaults if mount["destination"] not in taken] if taken else defaults
    return sorted(kept + own + asked, key=lambda mount: mount["destination"].count("/"))


def _wanted(mount: BindMount | TmpfsMount) -> dict[str, Any]:
    if isinstance(mount, BindMount):
        access = ("ro", "rro") if mount.read_only else ("rw",)
        return _mount(clean(mount.target), "bind", mount.source, "rbind", "rprivate", *access)
    options = [option for option in mount.options.split(",") if option]
    return _mount(clean(mount.target), "tmpfs", "tmpfs", "noexec", "nosuid", "nodev", *options)


def clean(path: str) -> str:
    """An absolute path without empty, `.` and `..` parts, which stay below the root."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part and part != ".":
            parts.append(part)
    return "/" + "/".join(parts)
