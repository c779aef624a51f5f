"""Tones: what they mean is decided once, and every theme and the style sheet have each of them."""

from __future__ import annotations

import re

import pytest

from tuicont.presenters.tones import TONES, of_use, of_waiting
from tuicont.resources import read_text
from tuicont.themes import themes


@pytest.mark.parametrize(
    ("share", "tone"), [(0.0, "good"), (0.75, "good"), (0.76, "warn"), (0.9, "warn"), (0.91, "bad"), (2.0, "bad")]
)
def test_a_limit_is_warned_of_before_it_is_reached(share: float, tone: str) -> None:
    assert of_use(share, "good") == tone


@pytest.mark.parametrize(("percent", "tone"), [(0.0, ""), (10.0, ""), (10.1, "warn"), (40.0, "warn"), (40.1, "bad")])
def test_waiting_is_warned_of_when_it_can_be_felt(percent: float, tone: str) -> None:
    assert of_waiting(percent, "") == tone


def test_the_style_sheet_has_a_rule_for_every_tone() -> None:
    assert set(re.findall(r"^\.tone-(\w+) \{", read_text("tuicont.tcss"), re.MULTILINE)) == set(TONES)


@pytest.mark.parametrize("theme", themes())
def test_every_theme_has_a_colour_for_every_tone(theme: str) -> None:
    colours = themes()[theme]["variables"]
    assert {name.removeprefix("tone-") for name in colours if name.startswith("tone-")} == set(TONES) - {"changed"}
