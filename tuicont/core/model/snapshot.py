"""What the screens are drawn from."""

from __future__ import annotations

import msgspec

from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.series import Series
from tuicont.core.model.stats import Rates, Sample


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the screens draw, at one moment, by container id. `samples`, `rates` and `recent`, the newest
    samples (thirty of them, about one a second, or what there is), have those that run only."""

    time_ns: int
    containers: tuple[Container, ...]
    limits: dict[str, Limits]
    samples: dict[str, Sample]
    rates: dict[str, Rates]
    recent: dict[str, Series]
