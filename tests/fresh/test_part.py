"""The part of the tests that runs on a fresh machine."""

from __future__ import annotations

import os

import pytest

from tests.fresh.bare_root import CHECKOUT
from tests.fresh.new_user import PART_OF_THE_TESTS


@pytest.mark.parametrize("path", PART_OF_THE_TESTS)
def test_the_part_of_the_tests_that_runs_there_is_there_and_described(path: str) -> None:
    assert (CHECKOUT / path).is_file()
    assert os.path.basename(path) in (CHECKOUT / "docs/testing.md").read_text()
