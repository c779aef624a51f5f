"""A check box that shows by a glyph, not by colour alone, whether it is ticked."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox


class Tick(Checkbox):
    """`[✓]` or `[ ]`."""

    @property
    def _button(self) -> Content:
        style = self.get_visual_style("toggle--button")
        return Content.assemble((f"[{'✓' if self.value else ' '}]", style))
