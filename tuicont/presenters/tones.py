"""The tones of text and the figures at which one begins. Pure.

A tone is a meaning ("bad"), never a colour: each theme gives it one (`tone-NAME`, in assets/themes.json), and
assets/tuicont.tcss the way in which it is written.
"""

from __future__ import annotations

from typing import Literal, get_args

Tone = Literal["", "muted", "accent", "good", "frozen", "warn", "bad", "track", "heading", "changed"]
"""`track` is the empty part of a bar, `changed` a value that was another one a moment ago; "" is plain text."""
TONES: tuple[str, ...] = tuple(tone for tone in get_args(Tone) if tone)


def of_use(share: float, calm: Tone) -> Tone:
    """Of what is used of a limit, 1 being all: warned of from three quarters on, bad when a tenth is left, as what asks
    for more is then about to be killed, refused or throttled; `calm` below that."""
    return "bad" if share > 0.9 else "warn" if share > 0.75 else calm


def of_waiting(percent: float, calm: Tone) -> Tone:
    """Of the part of time that tasks waited for a resource, or were throttled: from a tenth on it can be felt, from two
    fifths on the work is mostly waiting; `calm` below that."""
    return "bad" if percent > 40 else "warn" if percent > 10 else calm
