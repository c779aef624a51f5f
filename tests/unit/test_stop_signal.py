"""The stop signal that an image names is taken when there is such a signal, and never keeps anyone from stopping."""

from __future__ import annotations

import pytest

from tuicont.core.engine.births.create import known_signal


@pytest.mark.parametrize(
    ("named", "taken"), [("SIGQUIT", "SIGQUIT"), ("quit", "SIGQUIT"), ("15", "SIGTERM"), ("", ""), ("nonsense", "")]
)
def test_an_image_s_stop_signal(named: str, taken: str) -> None:
    assert known_signal(named) == taken
