"""The only reader of `assets/`: themes, profiles, the default configuration.

Knows where the files are in a checkout and in an installed package, not what is in them.
"""

from __future__ import annotations

import os

_HERE = os.path.dirname(os.path.abspath(__file__))
_PLACES = (os.path.join(_HERE, "assets"), os.path.join(os.path.dirname(_HERE), "assets"))


def path(name: str) -> str:
    """The absolute path of the asset `name` ("themes.json"). Raises FileNotFoundError."""
    for place in _PLACES:
        found = os.path.join(place, name)
        if os.path.exists(found):
            return found
    raise FileNotFoundError(f"asset {name} is in none of {', '.join(_PLACES)}: reinstall tuicont")


def read_text(name: str) -> str:
    """The text of an asset."""
    with open(path(name), encoding="utf-8") as file:
        return file.read()
