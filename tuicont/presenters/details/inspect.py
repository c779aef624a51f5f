"""The inspect tab: all that is known of a container as JSON, its parts toned. Pure."""

from __future__ import annotations

import json
import re
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


def page(view: View[dict[str, Any]]) -> Page:
    """The document, as `tuicont inspect` prints it."""
    found = view.data
    if found is None:
        return said("reading …")
    lines = json_lines([inspected(found)])
    return Page(lines, status=f"{counted(len(lines), 'line')} · y copies · / searches")


def json_lines(value: Any) -> tuple[Line, ...]:
    """Any JSON value as toned lines."""
    text = json.dumps(value, indent=4, ensure_ascii=False, default=str)
    return tuple(_toned(line) for line in text.split("\n"))


def _toned(text: str) -> Line:
    return tuple((safe(m[0]), _TONES[m.lastgroup or "other"]) for m in _TOKEN.finditer(text))
