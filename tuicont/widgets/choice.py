"""A choice among a few, opened by enter or space: in a form the arrow keys go on to the next field."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Select


class Choice(Select[str], inherit_bindings=False):
    """A compact `Select` of names."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "show_overlay", "choose", show=False)]
