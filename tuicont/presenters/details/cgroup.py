"""The cgroup tab: the kernel's files with their values now and a line on what each means. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tuicont.core.model.container import CgroupFile
from tuicont.presenters.cells import Cell, cell
from tuicont.presenters.details.line import Line, Page, head_line, row_line, safe, said, wrapped
from tuicont.presenters.details.view import View
from tuicont.presenters.table import Column, Table
from tuicont.text.units import counted

_LONG_ID = re.compile(r"[0-9a-f]{64}")


class Row(NamedTuple):
    """A file, its value in lines; `mark` says whether it is unfolded or could be, `changed` that it was another one."""

    file: CgroupFile
    lines: Sequence[str]
    mark: str
    changed: bool


def _name_width(room: int, rows: Sequence[Row]) -> int:
    return min(max((len(row.file.name) for row in rows), default=8) + 2, 30 if room < 99 else 38)


def _value_width(room: int, rows: Sequence[Row] = ()) -> int:
    return 18 if room < 99 else 30


def _value(row: Row, width: int) -> Cell:
    return cell(summary(row.lines, width), "changed" if row.changed else "accent" if row.file.writable else "")


TABLE: Table[Row] = Table(
    Column(
        id="file",
        title="  file",
        width=_name_width,
        cell=lambda row, _: cell(f"{row.mark} {row.file.name}", "" if row.file.writable else "muted"),
    ),
    Column(id="value", title="value", width=_value_width, cell=_value),
    Column(id="meaning", title="meaning", cell=lambda row, _: cell(row.file.meaning, "muted")),
    gap=2,
)


def page(view: View[Sequence[CgroupFile]]) -> Page:
    """A line a file; a value that differs from the last look stands out; `enter` unfolds a long one."""
    files = view.data
    if files is None:
        return said("reading …")
    room = view.width - 1
    rows = _rows(view, files, _value_width(room))
    placing = TABLE.place(room, rows)
    lines: list[Line] = []
    keys: list[str] = []
    directory = ""
    for row in rows:
        path = row.file.path
        parent = path.rpartition("/")[0]
        if parent != directory:
            directory = parent
            lines.append(((f" {safe(_LONG_ID.sub(_shortened, parent))}", "heading"),))
            keys.append("")
        lines.append(row_line(placing, row))
        keys.append(path)
        if path in view.opened:
            unfolded = _unfolded(row, view.width - 5)
            lines += unfolded
            keys += [path] * len(unfolded)
    status = f"{counted(len(files), 'file')} · writable ones in colour · enter unfolds · L changes limits"
    return Page(tuple(lines), head_line(placing), tuple(keys), status)


def _rows(view: View[Sequence[CgroupFile]], files: Sequence[CgroupFile], width: int) -> list[Row]:
    before = {file.path: file.value for file in view.before[1]} if view.before else {}
    rows = []
    for file in files:
        lines = file.value.strip("\n").split("\n")
        mark = "▾" if file.path in view.opened else "▸" if _long(lines, width) else " "
        rows.append(Row(file, lines, mark, changed=before.get(file.path, file.value) != file.value))
    return rows


def _unfolded(row: Row, width: int) -> list[Line]:
    lines = [*wrapped(row.file.meaning, width, "muted")] if row.file.meaning else []
    for line in row.lines:
        lines += wrapped(line, width)
    return [(("    ", ""), *line) for line in lines]


def _shortened(match: re.Match[str]) -> str:
    return f"{match[0][:12]}…"


def _long(lines: Sequence[str], width: int) -> bool:
    return len(lines) > 1 or len(lines[0]) > width


def summary(lines: Sequence[str], width: int) -> str:
    """The first line, and how many more there are."""
    if not any(lines):
        return "(empty)"
    more = f" +{len(lines) - 1}" if len(lines) > 1 else ""
    room = width - len(more)
    first = lines[0] if len(lines[0]) <= room else lines[0][: room - 1] + "…"
    return first + more
