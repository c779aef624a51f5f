"""Which tests run side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.beside import LONG, ORDER

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("place", [*LONG, *ORDER])
def test_a_place_that_is_named_is_there(place: str) -> None:
    """One that has another name by now would be given out as any other."""
    assert (CHECKOUT / place).exists()
