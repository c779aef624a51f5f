"""What a storage driver is, after containerd's snapshotter.

Glossary. A *layer* is a read-only directory tree, named by its chain id (so it is stored once however
many images share it); a *snapshot* is a container's read-write layer over a chain of layers, named by
the container's id. `chain` is always bottom layer first.

Lifecycle. `add_layer` (atomic: a layer is there whole or not at all) → `prepare` → `mounts`, which the
runtime carries out in the container's own mount namespace (nothing is ever left in the host's mount
table) → `remove`. Removing what is not there succeeds. The engine, not the driver, knows who uses a
layer; the driver keeps no record beyond its directories.

Whatever the driver, a container sees what its layers hold, to the nanosecond and the last attribute, and what it
does to that is told in the same words. The umask of the caller does not matter, nor do the restrictions (nosuid,
nodev, noexec) of the mount that the driver's directory is on. A driver that is killed at any moment leaves
what `names` tells and `remove` removes; one that fails leaves nothing. What it changes on the disk it changes
through the `Kernel` that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from tuicont.core.model.container import Change
from tuicont.core.model.probe import Probe


class RootMount(msgspec.Struct, frozen=True, kw_only=True):
    """One mount(2) of a root file system, a bind mount if `flags` say so; `cwd` is the directory that relative paths in
    `options` are below ("" for none): that is what keeps 500 layers within one page of options."""

    fstype: str
    source: str
    options: str
    flags: int = 0
    cwd: str = ""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a layer or snapshot holds itself, without what is below it: `bytes` of file contents, those of hard links
    once; `files` are all but directories. A deletion is no file."""

    bytes: int
    files: int


class LayerTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Where a layer's archive is unpacked: a directory descriptor, and how a deletion is written
    there: `overlay` keeps whiteouts as the kernel's (overlayfs.rst), `plain` really deletes. `lower_fds` are
    the roots of the layers below, top first: a directory that the archive leaves out looks as it does there."""

    root_fd: int
    whiteouts: str
    lower_fds: tuple[int, ...] = ()


class StorageDriver(Protocol):
    """Keeps layers and snapshots below one directory."""

    name: str

    def probe(self) -> Probe:
        """Whether this host, and the file system below the directory, can use the driver."""

    def add_layer(self, chain_id: str, parents: tuple[str, ...], unpack: Callable[[LayerTarget], None]) -> Usage:
        """Make a layer over `parents` (chain ids, bottom first) by letting `unpack` fill it. A layer that
        is there already is left as it is and `unpack` is not called. One that has its name is on the disk as it is."""

    def flush(self) -> None:
        """See to it that the names of all layers are on the disk too: before anything says that they are there."""

    def prepare(self, snapshot: str, chain: tuple[str, ...]) -> None:
        """Make a container's read-write layer. Raises `NotFound` when a layer of the chain is missing, and
        `AlreadyExists`."""

    def mounts(self, snapshot: str) -> tuple[RootMount, ...]:
        """The mounts that show the snapshot's root file system, to be made in order at one place."""

    def remove(self, name: str) -> None:
        """Remove a layer or snapshot and everything in it."""

    def changes(self, snapshot: str) -> Iterator[Change]:
        """What the snapshot's read-write layer does to the image, in the order of paths; a directory with changes
        below it counts as changed itself."""

    def usage(self, name: str) -> Usage:
        """What the layer or snapshot holds."""

    def upper_path(self, snapshot: str) -> str:
        """The host directory that holds what a container wrote, to show it; with a driver that copies, all it sees."""

    def names(self) -> tuple[str, ...]:
        """Every layer and snapshot there is, half-made ones included (for the sweep after a crash)."""
