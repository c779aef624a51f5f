"""The cgroup tab: the kernel's files with their values now and a line on what each means. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tuicont.core.model.container import CgroupFile
from tuicont.presenters.details.line import Line, Page, columns, counted, head, safe, said, wrapped
from tuicont.presenters.details.view import View

_LONG_ID = re.compile(r"[0-9a-f]{64}")


def page(view: View) -> Page:
    """A line a file; a value that differs from the last look stands out; `enter` unfolds a long one."""
    files: Sequence[CgroupFile] | None = view.data
    if files is None:
        return said("reading …")
    before = {f.path: f.value for f in view.before[1]} if view.before else {}
    name_width = min(max((len(f.name) for f in files), default=8) + 2, 30 if view.width < 100 else 38)
    value_width = 18 if view.width < 100 else 30
    widths = (name_width, value_width, max(view.width - name_width - value_width - 5, 8))
    rows: list[Line] = []
    keys: list[str] = []
    directory = ""
    for file in files:
        parent = file.path.rpartition("/")[0]
        if parent != directory:
            directory = parent
            rows.append(((f" {safe(_LONG_ID.sub(_shortened, parent))}", "heading"),))
            keys.append("")
        changed = file.path in before and before[file.path] != file.value
        value_lines = file.value.strip("\n").split("\n")
        folded = "▾" if file.path in view.opened else "▸" if _long(value_lines, value_width) else " "
        shown = summary(value_lines, value_width)
        rows.append(
            columns(
                widths,
                (
                    (f"{folded} {file.name}", "" if file.writable else "muted"),
                    (shown, "changed" if changed else "accent" if file.writable else ""),
                    (file.meaning, "muted"),
                ),
            )
        )
        keys.append(file.path)
        if file.path in view.opened:
            unfolded = [*wrapped(file.meaning, view.width - 5, "muted")] if file.meaning else []
            for value_line in value_lines:
                unfolded += wrapped(value_line, view.width - 5)
            rows += [(("    ", ""), *line) for line in unfolded]
            keys += [file.path] * len(unfolded)
    titles = ("  file", "value", "meaning")
    status = f"{counted(len(files), 'file')} · writable ones in colour · enter unfolds · L changes limits"
    return Page(tuple(rows), head(widths, titles), tuple(keys), status)


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
