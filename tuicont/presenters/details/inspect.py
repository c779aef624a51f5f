"""The inspect tab: all that is known of a container as JSON, its parts toned. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tuicont.presenters.details.line import Line, Page, safe, said
from tuicont.presenters.details.view import View
from tuicont.presenters.tones import Tone
from tuicont.text.docker.container import inspected
from tuicont.text.units import counted

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]++|\\.)*+"(?=:))|(?P<string>"(?:[^"\\]++|\\.)*+")|(?P<word>true|false|null)'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<other>[^\"tfn\d-]+|.)"
)
_TONES: dict[str, Tone] = {"key": "accent", "string": "good", "word": "warn", "number": "frozen", "other": "muted"}


def document(known: Mapping[str, Any]) -> tuple[Line, ...]:
    """What the engine knows of a container, as `tuicont inspect` prints it. Made when it is read: drawing it takes a
    fraction of that, and is done each second."""
    return json_lines([inspected(known)])


def page(view: View[tuple[Line, ...]]) -> Page:
    """The document's lines."""
    lines = view.data
    if lines is None:
        return said("reading …")
    return Page(lines, status=f"{counted(len(lines), 'line')} · y copies · / searches")


def json_lines(value: Any) -> tuple[Line, ...]:
    """Any JSON value as toned lines."""
    text = json.dumps(value, indent=4, ensure_ascii=False, default=str)
    return tuple(_toned(line) for line in text.split("\n"))


def _toned(text: str) -> Line:
    return tuple((safe(m[0]), _TONES[m.lastgroup or "other"]) for m in _TOKEN.finditer(text))
