"""Operations that build what a container sees of file systems."""

from __future__ import annotations

import errno

from tuicont.core.runtime.ops.base import Operation
from tuicont.core.runtime.ops.flags import attribute_names, mount_names, propagation_names

_NOT_IN_PROC = "nothing can be mounted inside /proc; the target may be a link of the image that leads there"


def _options(flags: int, data: str) -> str:
    both = ",".join(part for part in (mount_names(flags) if flags else "", data) if part)
    return f" ({both})" if both else ""


def _attributes(attributes: int, *, recursive: bool) -> str:
    return f"{attribute_names(attributes)}, recursive" if recursive else attribute_names(attributes)


class SetPropagation(Operation, frozen=True):
    """mount(NULL, path, flags): MS_REC | MS_SLAVE or MS_PRIVATE on the new namespace's "/"."""

    code = 2
    hints = {errno.EINVAL: "/ is no mount point here, as in a plain chroot; bind the directory on itself first"}
    path: str
    flags: int

    def describe(self) -> str:
        return f"mount {self.path} ({propagation_names(self.flags)})"


class MountRoot(Operation, frozen=True):
    """Mount the root file system at `target` (a host path), after chdir to `cwd` when it is not empty."""

    code = 4
    part = "root file system"
    common = False
    hints = {
        errno.EINVAL: "the state root may itself be on overlay; move it to ext4, xfs or btrfs, or use the driver vfs",
        errno.ENODEV: "this kernel has no overlay file system",
        errno.ESTALE: "the layers were moved or copied; remove the container and create it anew",
    }
    cwd: str
    source: str
    target: str
    fstype: str
    options: str
    flags: int

    def hint(self, number: int) -> str:
        return super().hint(number) if self.fstype == "overlay" else ""

    def describe(self) -> str:
        inside = f" in {self.cwd}" if self.cwd else ""
        return f"mount {self.fstype or self.source} on {self.target}{_options(self.flags, self.options)}{inside}"


class OpenTree(Operation, frozen=True):
    """open_tree(`source`, OPEN_TREE_CLONE | AT_RECURSIVE if `recursive`) into `slot`, on the host's side of
    pivot_root; `PlaceTree` puts it into the container."""

    code = 5
    part = "mounts"
    common = False
    hints = {errno.ENOENT: "the source of a mount must exist on the host"}
    slot: int
    source: str
    recursive: bool

    def describe(self) -> str:
        return f"open_tree {self.source} (clone{', recursive' if self.recursive else ''}) as tree {self.slot}"


class PivotRoot(Operation, frozen=True):
    """chdir(path); pivot_root(".", "."); umount2(".", MNT_DETACH); chdir("/"). Also keeps a descriptor of
    the new root, below which every later path is resolved. Host paths are gone after it."""

    code = 6
    part = "root file system"
    path: str

    def describe(self) -> str:
        return f"pivot_root to {self.path}; umount2 the old root"


class Mount(Operation, frozen=True):
    """Mount a new file system on the directory `target`, which is made if it is missing."""

    code = 7
    part = "mounts"
    hints = {
        errno.ENODEV: "this kernel lacks the file system",
        errno.ELOOP: "the image has a link where a file system of the kernel is to be mounted",
        errno.EPERM: _NOT_IN_PROC,
    }
    source: str
    target: str
    fstype: str
    options: str
    flags: int

    def describe(self) -> str:
        source = self.fstype if self.source == self.fstype else f"{self.fstype} {self.source}"
        return f"mount {source} on {self.target}{_options(self.flags, self.options)}"


class PlaceTree(Operation, frozen=True):
    """move_mount of the tree in `slot` to `target` (made if missing: a directory for a directory, else an
    empty file), then mount_setattr(`attributes`, recursive if `recursive`)."""

    code = 8
    part = "mounts"
    hints = {
        errno.ENOTDIR: "a directory can only be mounted on a directory, a file on a file",
        errno.EPERM: _NOT_IN_PROC,
    }
    slot: int
    target: str
    attributes: int
    recursive: bool

    def describe(self) -> str:
        changed = _attributes(self.attributes, recursive=self.recursive)
        return f"move_mount tree {self.slot} to {self.target}" + (
            f"; mount_setattr ({changed})" if self.attributes else ""
        )


class SetMountAttributes(Operation, frozen=True):
    """mount_setattr on what is mounted at `target`: MOUNT_ATTR_* (mount_setattr(2)); propagation as MS_*."""

    code = 9
    part = "mounts"
    target: str
    attributes: int
    recursive: bool
    propagation: int = 0

    def describe(self) -> str:
        parts = [_attributes(self.attributes, recursive=self.recursive)] if self.attributes else []
        if self.propagation:
            parts.append(propagation_names(self.propagation) + (", recursive" if self.recursive else ""))
        return f"mount_setattr {self.target} ({', '.join(parts)})"


class Unmount(Operation, frozen=True):
    """umount2(path, MNT_DETACH), on the host's side; where nothing is mounted there is nothing to do."""

    code = 34
    part = "mounts"
    path: str

    def describe(self) -> str:
        return f"umount2 {self.path} (MNT_DETACH)"


class Mask(Operation, frozen=True):
    """Hide a path: /dev/null over a file, an empty read-only tmpfs over a directory; a missing one is
    skipped (linux.maskedPaths)."""

    code = 13
    part = "hidden paths"
    path: str

    def describe(self) -> str:
        return f"mask {self.path} with an empty tmpfs or /dev/null"


class ReadOnlyPath(Operation, frozen=True):
    """Bind a path onto itself read-only; a missing one is skipped (linux.readonlyPaths)."""

    code = 14
    part = "hidden paths"
    path: str

    def describe(self) -> str:
        return f"bind {self.path} onto itself (ro)"
