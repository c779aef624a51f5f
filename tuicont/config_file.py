"""Where the configuration file is. Apart from what reads it: most verbs find none, and then load nothing of it."""

from __future__ import annotations

import os

SYSTEM_FILE = "/etc/tuicont/config.yaml"


def find(named: str | None = None) -> str:
    """The file that was named, or the first of the usual places where there is one, or ""."""
    if named:
        return named
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return next(filter(os.path.exists, (os.path.join(base, "tuicont", "config.yaml"), SYSTEM_FILE)), "")
