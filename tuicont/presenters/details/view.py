"""What a details tab is drawn from: one frozen value, so that every presenter is a function of it."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from tuicont.core.model.container import Container
from tuicont.core.model.limits import NO_LIMITS, Limits
from tuicont.core.model.stats import Rates, Sample

T = TypeVar("T", covariant=True)
"""What the engine answers for a tab."""


class View(msgspec.Struct, Generic[T], frozen=True):
    """`limits` are those in force; `data` is what the engine answered for this tab, `before` when it was asked the
    last time and its answer then (both None at first); `opened` the keys of lines that are unfolded; `width` and
    `height` are cells."""

    container: Container
    limits: Limits = NO_LIMITS
    sample: Sample | None = None
    rates: Rates | None = None
    data: T | None = None
    before: tuple[int, T] | None = None
    opened: frozenset[str] = msgspec.field(default_factory=frozenset)
    now_ns: int = 0
    width: int = 80
    height: int = 24
