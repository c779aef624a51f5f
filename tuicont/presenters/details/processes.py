"""The processes tab: a container's processes by host pid and by the pid they see themselves. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tuicont.core.model.container import Process
from tuicont.presenters.details.line import Line, Page, columns, counted, head, said
from tuicont.presenters.details.view import View
from tuicont.presenters.tones import Tone
from tuicont.text.units import age, percent, size

_STATES: dict[str, Tone] = {"R": "good", "D": "warn", "Z": "bad", "T": "frozen", "t": "frozen"}


def page(view: View) -> Page:
    """One line a process, children below their parents; cpu is the share since the last look."""
    found: Sequence[Process] | None = view.data
    if found is None:
        return said("reading …")
    before = {p.pid: p.cpu_ns for p in view.before[1]} if view.before else {}
    elapsed = view.now_ns - view.before[0] if view.before else 0
    wide = view.width >= 100
    widths = (8, 7, 6, 1, 6, 6, 7 if wide else 0, 5 if wide else 0, 0)
    rest = view.width - sum(w + 2 for w in widths if w) - 1
    widths = (*widths[:-1], max(rest, 8))
    align = "rrrlrrrr"
    titles = ("host pid", "inside", "user", " ", "cpu", "rss", "threads", "age", "command")
    rows: list[Line] = []
    for process, depth in as_tree(found):
        used = process.cpu_ns - before.get(process.pid, process.cpu_ns)
        share = 100 * used / elapsed if elapsed > 0 else 0.0
        rows.append(
            columns(
                widths,
                (
                    str(process.pid),
                    (str(process.inner_pid), "accent"),
                    process.user,
                    (process.state, _STATES.get(process.state, "muted")),
                    percent(share) if process.pid in before else "–",
                    size(process.rss),
                    str(process.threads),
                    age(view.now_ns - process.started_ns),
                    ("  " * depth + process.command, "bad" if process.state == "Z" else ""),
                ),
                align,
            )
        )
    zombies = sum(1 for p in found if p.state == "Z")
    counts = counted(len(found), "process", "processes") + (
        f" · {counted(zombies, 'zombie')}: ended, not waited for by their parent" if zombies else ""
    )
    return Page(tuple(rows), head(widths, titles, align), status=counts)


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
