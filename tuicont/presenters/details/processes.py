"""The processes tab: a container's processes by host pid and by the pid they see themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tuicont.core.model.container import Process
from tuicont.presenters.cells import Cell, cell
from tuicont.presenters.details.line import Page, head_line, row_line, said
from tuicont.presenters.details.view import View
from tuicont.presenters.table import Align, Column, Table
from tuicont.presenters.tones import Tone
from tuicont.text.units import age, counted, percent, size

_STATES: dict[str, Tone] = {"R": "good", "D": "warn", "Z": "bad", "T": "frozen", "t": "frozen"}


class Row(NamedTuple):
    """A process and how deep it stands below the first. `cpu` is percent of one processor since the last look, None
    when there was none."""

    process: Process
    depth: int
    cpu: float | None
    now_ns: int


def _command(row: Row, width: int) -> Cell:
    return cell("  " * min(row.depth, width) + row.process.command, "bad" if row.process.state == "Z" else "")


TABLE: Table[Row] = Table(
    Column(id="pid", title="host pid", width=8, align=Align.RIGHT, cell=lambda row, _: cell(str(row.process.pid))),
    Column(
        id="inner",
        title="inside",
        width=7,
        align=Align.RIGHT,
        cell=lambda row, _: cell(str(row.process.inner_pid), "accent"),
    ),
    Column(id="user", title="user", width=6, align=Align.RIGHT, cell=lambda row, _: cell(row.process.user)),
    Column(
        id="state",
        title=" ",
        width=1,
        cell=lambda row, _: cell(row.process.state, _STATES.get(row.process.state, "muted")),
    ),
    Column(
        id="cpu",
        title="cpu",
        width=6,
        align=Align.RIGHT,
        cell=lambda row, _: cell("–" if row.cpu is None else percent(row.cpu)),
    ),
    Column(id="rss", title="rss", width=6, align=Align.RIGHT, cell=lambda row, _: cell(size(row.process.rss))),
    Column(
        id="threads",
        title="threads",
        width=7,
        align=Align.RIGHT,
        since=99,
        cell=lambda row, _: cell(str(row.process.threads)),
    ),
    Column(
        id="age",
        title="age",
        width=5,
        align=Align.RIGHT,
        since=99,
        cell=lambda row, _: cell(age(row.now_ns - row.process.started_ns)),
    ),
    Column(id="command", title="command", cell=_command),
    gap=2,
)


def page(view: View[Sequence[Process]]) -> Page:
    """One line a process, children below their parents; cpu is the share since the last look."""
    found = view.data
    if found is None:
        return said("reading …")
    placing = TABLE.place(view.width - 1)
    lines = tuple(row_line(placing, row) for row in _rows(view, found))
    zombies = sum(1 for p in found if p.state == "Z")
    counts = counted(len(found), "process", "processes") + (
        f" · {counted(zombies, 'zombie')}: ended, not waited for by their parent" if zombies else ""
    )
    return Page(lines, head_line(placing), status=counts)


def _rows(view: View[Sequence[Process]], found: Sequence[Process]) -> Iterator[Row]:
    asked_ns, processes = view.before or (view.now_ns, ())
    before = {process.pid: process.cpu_ns for process in processes}
    elapsed = view.now_ns - asked_ns
    for process, depth in as_tree(found):
        cpu = None
        if process.pid in before:
            cpu = 100 * (process.cpu_ns - before[process.pid]) / elapsed if elapsed > 0 else 0.0
        yield Row(process, depth, cpu, view.now_ns)


def as_tree(found: Sequence[Process]) -> list[tuple[Process, int]]:
    """The processes with their depth, each after its parent; those whose parent is elsewhere are roots."""
    pids = {p.pid for p in found}
    children: dict[int, list[Process]] = {}
    roots: list[Process] = []
    for process in sorted(found, key=lambda p: p.pid):
        if process.parent_pid in pids and process.parent_pid != process.pid:
            children.setdefault(process.parent_pid, []).append(process)
        else:
            roots.append(process)
    ordered: list[tuple[Process, int]] = []
    pending = [(p, 0) for p in reversed(roots)]
    while pending:
        process, depth = pending.pop()
        ordered.append((process, depth))
        pending += [(child, depth + 1) for child in reversed(children.get(process.pid, []))]
    return ordered
