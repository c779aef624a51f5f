"""The mounts tab: the mount table that the container sees. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tuicont.core.model.container import MountEntry
from tuicont.presenters.details.line import Line, Page, columns, counted, head, said
from tuicont.presenters.details.view import View


def page(view: View) -> Page:
    """A line a mount, in the kernel's order; those that can be written to stand out."""
    found: Sequence[MountEntry] | None = view.data
    if found is None:
        return said("reading …")
    room = view.width - 1
    target = min(max(max((len(m.target) for m in found), default=0), 6) + 1, room * 2 // 5)
    kind = min(max((len(m.fstype) for m in found), default=6), 10)
    source = min(max(max((len(m.source) for m in found), default=0), 6), room // 4)
    widths = (target, kind, 2, source, max(room - target - kind - source - 10, 8))
    rows: list[Line] = []
    for mount in found:
        access, _, others = mount.options.partition(",")
        rows.append(
            columns(
                widths,
                (
                    f" {mount.target}",
                    (mount.fstype, "accent"),
                    (access, "warn" if access == "rw" else "muted"),
                    (mount.source, ""),
                    (others, "muted"),
                ),
                "elle",
            )
        )
    titles = (" target", "type", "", "source", "options")
    writable = sum(1 for m in found if m.options.split(",", 1)[0] == "rw")
    return Page(
        tuple(rows), head(widths, titles), status=f"{counted(len(found), 'mount')} · {writable} can be written to"
    )
