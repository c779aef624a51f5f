"""The README's two commands hold on machines that have nothing: no Python, no compiler, no virtual environment.

What a new user does there is in new_user.py.
"""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.beside import tell
from tests.fresh.machine import SUITES, TOOLS, Machine
from tests.fresh.new_user import REPORT
from tests.support import require, require_root


@pytest.mark.fresh_machine
@pytest.mark.parametrize("suite", SUITES)
def test_the_two_commands_of_the_readme_are_enough(suite: str, request: pytest.FixtureRequest) -> None:
    require_root()
    require(*TOOLS)
    with contextlib.closing(Machine(suite)) as machine:
        machine.start(recorded=True)
        assert machine.wait() == 0, machine.said()
        told = json.loads((machine.directory / REPORT).read_text())
    tell(request, f"fresh {suite}, {told['python']}: painted after {told['painted']:.0f} s, {told['tests']}")
