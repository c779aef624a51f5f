"""The layers tab: the read-only layers below a container, and what its own layer holds. Pure."""

from __future__ import annotations

from tuicont.core.engine.api import LayerView
from tuicont.presenters.details.line import Line, Page, fit, fit_end, right, safe, said
from tuicont.presenters.details.overview import short
from tuicont.presenters.details.view import View
from tuicont.presenters.tones import Tone
from tuicont.text.units import counted, size

KINDS: dict[str, tuple[str, Tone, str]] = {
    "A": ("+", "good", "added"),
    "C": ("~", "warn", "changed: copied up"),
    "D": ("-", "bad", "deleted: a whiteout"),
}
_SHOWN = 5000


def page(view: View[LayerView]) -> Page:
    """The overlay from its top: the read-write layer with its changes, then the read-only ones."""
    layers = view.data
    if layers is None:
        return said("reading …")
    before = {change.path for change in view.before[1].changes} if view.before else None
    room = view.width - 1
    rows: list[Line] = [
        (
            (" upper ", "heading"),
            (fit(f"read-write, {size(layers.upper_bytes)}", 20), "accent"),
            (_path(layers, room), "muted"),
        )
    ]
    for change in layers.changes[:_SHOWN]:
        glyph, tone, _ = KINDS.get(change.kind, ("?", "muted", ""))
        fresh = before is not None and change.path not in before
        amount = right(size(change.size) if change.kind != "D" else "", 6)
        rows.append(
            (
                (f"   {safe(change.kind)} {glyph} ", tone),
                (amount, "muted"),
                ("  ", ""),
                (
                    fit(change.path, max(room - 15, 8)).rstrip(),
                    "changed" if fresh else tone if change.kind == "D" else "",
                ),
            )
        )
    if len(layers.changes) > _SHOWN:
        rows.append(((f"   … and {len(layers.changes) - _SHOWN} more", "muted"),))
    if not layers.changes:
        rows.append((("   nothing: the container has written no file", "muted"),))
    rows.append(())
    rows.append(
        (
            (" lower ", "heading"),
            (f"{counted(len(layers.lower), 'read-only layer')}, shared with every image that has them", "muted"),
        )
    )
    for number, (chain_id, created_by, amount_of) in enumerate(layers.lower, 1):
        label = f"   {number:>3}  {short(chain_id)}  {right(size(amount_of), 6)}  "
        rows.append(((label, ""), (fit(created_by, max(room - len(label), 4)).rstrip(), "muted")))
    return Page(tuple(rows), status=counts(layers))


def counts(layers: LayerView) -> str:
    """How many paths were added, changed and deleted."""
    parts = []
    for kind, (_, _, meaning) in KINDS.items():
        number = sum(1 for change in layers.changes if change.kind == kind)
        if number:
            parts.append(f"{number} {meaning}")
    return " · ".join(parts) or "the upper layer is empty"


def _path(layers: LayerView, room: int) -> str:
    return fit_end(layers.upper_path, max(room - 28, 8)).rstrip()
