"""The README's two commands hold on machines that have nothing: no Python, no compiler, no virtual environment.

What a new user does there is in new_user.py; it goes on beside the other tests.
"""

from __future__ import annotations

import json
import os

import pytest

from tests.beside import Beside
from tests.fresh.bare_root import CHECKOUT
from tests.fresh.machine import SUITES, TOOLS, Machine
from tests.fresh.new_user import PART_OF_THE_TESTS, REPORT
from tests.support import find, require, require_root


class NewUser(Beside):
    """A machine of the session."""

    def __init__(self, suite: str) -> None:
        self.machine = Machine(suite)

    def start(self) -> None:
        if os.geteuid() == 0 and all(map(find, TOOLS)):
            self.machine.start(recorded=True)

    def close(self) -> None:
        self.machine.close()


@pytest.mark.parametrize("path", PART_OF_THE_TESTS)
def test_the_part_of_the_tests_that_runs_there_is_there_and_described(path: str) -> None:
    assert (CHECKOUT / path).is_file()
    assert os.path.basename(path) in (CHECKOUT / "docs/testing.md").read_text()


@pytest.mark.fresh_machine
@pytest.mark.parametrize("beside", [pytest.param(NewUser(suite), id=suite) for suite in SUITES])
def test_the_two_commands_of_the_readme_are_enough(beside: NewUser) -> None:
    require_root()
    require(*TOOLS)
    machine = beside.machine
    assert machine.wait() == 0, machine.said()
    told = json.loads((machine.directory / REPORT).read_text())
    beside.told = f"fresh {machine.suite}, {told['python']}: painted after {told['painted']:.0f} s, {told['tests']}"
