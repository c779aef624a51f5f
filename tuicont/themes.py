"""The colour themes as assets/themes.json has them, in the order in which the theme key goes through them.

Knows names and colours, not what is drawn with them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from tuicont.resources import read_text


@cache
def themes() -> dict[str, dict[str, Any]]:
    """By name: Textual's own colours, and in `variables` those that the style sheet asks for beside them."""
    return msgspec.json.decode(read_text("themes.json"), type=dict[str, dict[str, Any]])
