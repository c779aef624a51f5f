"""Who may open an engine. Apart from what opens one, so that a front end can ask before it loads or draws anything."""

from __future__ import annotations

import os

from tuicont.core.errors import Denied


def require_root() -> None:
    """Raise `Denied` for anybody else than root."""
    if os.geteuid() != 0:
        raise Denied("open the engine", f"it needs root, and this is user {os.geteuid()}", hint="run it with sudo")
