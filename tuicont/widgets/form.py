"""The fields of a form that differ from Textual's own."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Checkbox, Select


class Choice(Select[str], inherit_bindings=False):
    """A choice among a few names, opened by enter or space: the arrow keys go on to the next field."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "show_overlay", "choose", show=False)]


class Tick(Checkbox):
    """`[✓]` or `[ ]`: whether it is ticked is seen without colours."""

    @property
    def _button(self) -> Content:
        style = self.get_visual_style("toggle--button")
        return Content.assemble((f"[{'✓' if self.value else ' '}]", style))
