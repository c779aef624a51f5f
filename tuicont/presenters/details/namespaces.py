"""The namespaces tab: which namespaces a container is in, who else is in them, and its interfaces. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tuicont.core.model.container import Link, Namespace
from tuicont.core.model.namespaces import MEANINGS
from tuicont.presenters.cells import Span
from tuicont.presenters.details.line import Line, Page, columns, fit, head, safe, said
from tuicont.presenters.details.view import View


def page(view: View) -> Page:
    """A line a namespace: kind, inode, whose it is, and what the kind isolates."""
    answer: tuple[Sequence[Namespace], Sequence[Link]] | None = view.data
    if answer is None:
        return said("reading …")
    found, links = answer
    owners = [whose(namespace) for namespace in found]
    widest = max((len(text) for text, _ in owners), default=8)
    widths = (8, 12, min(max(widest, 8), view.width - 40), 0)
    rest = view.width - sum(w + 2 for w in widths if w) - 1
    widths = (*widths[:-1], rest if rest >= 12 else 0)
    rows: list[Line] = [
        columns(
            widths,
            (
                (f" {namespace.kind}", "heading"),
                str(namespace.inode),
                owner,
                (MEANINGS.get(namespace.kind, "") if not namespace.host else "not isolated", "muted"),
            ),
            "lrl",
        )
        for namespace, owner in zip(found, owners, strict=True)
    ]
    rows += _interfaces(links)
    own = sum(1 for n in found if not n.host)
    titles = (" kind", "inode", "whose", "what it isolates")
    return Page(tuple(rows), head(widths, titles, "lrl"), status=f"{own} of {len(found)} namespaces are not the host's")


def _interfaces(links: Sequence[Link]) -> list[Line]:
    rows: list[Line] = [(), ((" interfaces", "heading"), (" of its network namespace", "muted"))]
    for link in links:
        up = link.state == "up"
        rows.append(
            (
                (f" {fit(link.name, 10)}", ""),
                (fit("● up" if up else "○ down", 8), "good" if up else "muted"),
                (safe(", ".join(link.addresses)) or "no address", "accent" if link.addresses else "muted"),
                (f"  mtu {link.mtu}" + (f"  {link.mac}" if link.mac else ""), "muted"),
            )
        )
    return rows


def whose(namespace: Namespace) -> Span:
    """`own`, `shared with host`, `shared with web-2`."""
    if namespace.host:
        return "shared with host", "warn"
    if namespace.shared_with:
        return f"shared with {', '.join(namespace.shared_with)}", "accent"
    return "own", "good"
