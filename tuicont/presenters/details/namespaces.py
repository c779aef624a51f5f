"""The namespaces tab: which namespaces a container is in, who else is in them, and its interfaces. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tuicont.core.model.container import Link, Namespace
from tuicont.core.model.namespaces import MEANINGS
from tuicont.presenters.cells import Cell, Span, cell
from tuicont.presenters.details.line import Line, Page, fit, head_line, row_line, safe, said
from tuicont.presenters.details.view import View
from tuicont.presenters.table import Align, Column, Rest, Table


def whose(namespace: Namespace) -> Span:
    """`own`, `shared with host`, `shared with web-2`."""
    if namespace.host:
        return "shared with host", "warn"
    if namespace.shared_with:
        return f"shared with {', '.join(namespace.shared_with)}", "accent"
    return "own", "good"


def _whose_width(room: int, found: Sequence[Namespace]) -> int:
    widest = max((len(whose(namespace)[0]) for namespace in found), default=8)
    return min(max(widest, 8), room - 39)


def _isolates(namespace: Namespace, width: int) -> Cell:
    return cell("not isolated" if namespace.host else MEANINGS.get(namespace.kind, ""), "muted")


TABLE: Table[Namespace] = Table(
    Column(id="kind", title=" kind", width=8, cell=lambda namespace, _: cell(f" {namespace.kind}", "heading")),
    Column(
        id="inode", title="inode", width=12, align=Align.RIGHT, cell=lambda namespace, _: cell(str(namespace.inode))
    ),
    Column(id="whose", title="whose", width=_whose_width, cell=lambda namespace, _: (whose(namespace),)),
    Column(id="isolates", title="what it isolates", width=Rest(needs=12), cell=_isolates),
    gap=2,
)


def page(view: View[tuple[Sequence[Namespace], Sequence[Link]]]) -> Page:
    """A line a namespace: kind, inode, whose it is, and what the kind isolates; below them its interfaces."""
    if view.data is None:
        return said("reading …")
    found, links = view.data
    placing = TABLE.place(view.width - 1, found)
    own = sum(1 for n in found if not n.host)
    return Page(
        (*(row_line(placing, namespace) for namespace in found), *_interfaces(links)),
        head_line(placing),
        status=f"{own} of {len(found)} namespaces are not the host's",
    )


def _interfaces(links: Sequence[Link]) -> list[Line]:
    rows: list[Line] = [(), ((" interfaces", "heading"), (" of its network namespace", "muted"))]
    for link in links:
        up = link.state == "up"
        rows.append(
            (
                (f" {fit(link.name, 10)}", ""),
                (fit("● up" if up else "○ down", 8), "good" if up else "muted"),
                (safe(", ".join(link.addresses)) or "no address", "accent" if link.addresses else "muted"),
                (f"  mtu {link.mtu}" + (f"  {safe(link.mac)}" if link.mac else ""), "muted"),
            )
        )
    return rows
