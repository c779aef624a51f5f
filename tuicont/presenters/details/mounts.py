"""The mounts tab: the mount table that the container sees. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tuicont.core.model.container import MountEntry
from tuicont.presenters.cells import Cell, cell
from tuicont.presenters.details.line import Page, head_line, row_line, said
from tuicont.presenters.details.view import View
from tuicont.presenters.table import Align, Column, Table
from tuicont.text.units import counted


def _access(mount: MountEntry) -> str:
    return mount.options.partition(",")[0]


def _access_cell(mount: MountEntry, width: int) -> Cell:
    access = _access(mount)
    return cell(access, "warn" if access == "rw" else "muted")


def _target_width(room: int, found: Sequence[MountEntry]) -> int:
    return min(max(max((len(m.target) for m in found), default=0), 6) + 1, room * 2 // 5)


def _type_width(room: int, found: Sequence[MountEntry]) -> int:
    return min(max((len(m.fstype) for m in found), default=6), 10)


def _source_width(room: int, found: Sequence[MountEntry]) -> int:
    return min(max(max((len(m.source) for m in found), default=0), 6), room // 4)


TABLE: Table[MountEntry] = Table(
    Column(
        id="target",
        title=" target",
        width=_target_width,
        align=Align.END,
        cell=lambda mount, _: cell(f" {mount.target}"),
    ),
    Column(id="type", title="type", width=_type_width, cell=lambda mount, _: cell(mount.fstype, "accent")),
    Column(id="access", title="", width=2, cell=_access_cell),
    Column(id="source", title="source", width=_source_width, align=Align.END, cell=lambda mount, _: cell(mount.source)),
    Column(
        id="options",
        title="options",
        cell=lambda mount, _: cell(mount.options.partition(",")[2], "muted"),
    ),
    gap=2,
)


def page(view: View[Sequence[MountEntry]]) -> Page:
    """A line a mount, in the kernel's order; those that can be written to stand out."""
    found = view.data
    if found is None:
        return said("reading …")
    placing = TABLE.place(view.width - 1, found)
    writable = sum(1 for mount in found if _access(mount) == "rw")
    return Page(
        tuple(row_line(placing, mount) for mount in found),
        head_line(placing),
        status=f"{counted(len(found), 'mount')} · {writable} can be written to",
    )
