"""How long an attack goes on, and with which random numbers: in the short form a fixed number of rounds with a fixed
seed, else as many as there is time for. Each round has its own numbers, so that it can be repeated by itself.

Knows nothing of what is attacked.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator

SEED = 20261126


class Attack:
    """Called `name`. `seconds` is the time for the whole suite; 0 asks for the short form."""

    def __init__(self, name: str, seconds: float, seed: int) -> None:
        self.name = name
        self.seed = seed
        self.done = 0
        self._seconds = seconds
        self._first = int(os.environ.get("ROUND", "0"))

    @property
    def long(self) -> bool:
        """Whether there is time."""
        return self._seconds > 0

    def rounds(self, short: int, share: float) -> Iterator[random.Random]:
        """The numbers of one round after the other: `short` rounds, or for a `share` of the whole time."""
        deadline = time.monotonic() + self._seconds * share
        number = self._first
        while number < self._first + short if not self._seconds else time.monotonic() < deadline:
            print(f"{self.name}: SEED={self.seed} ROUND={number}")  # pytest shows it when something fails
            yield random.Random(f"{self.seed} {self.name} {number}")
            number += 1
            self.done += 1
