"""The part of the tests that runs in the second kernel."""

from __future__ import annotations

import pytest

from tests.second_kernel.boot import CHECKOUT
from tests.second_kernel.part import PART


@pytest.mark.parametrize("test", PART)
def test_what_is_listed_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}" in (CHECKOUT / file).read_text()
