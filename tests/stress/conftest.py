"""The time that the attacks have, their seed, and the state root that they are made on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.beside import tell
from tests.stress.attack import SEED, Attack
from tests.stress.target import Target


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seconds", type=float, default=0, help="for how long the stress suite attacks")


@pytest.fixture
def attack(request: pytest.FixtureRequest) -> Iterator[Attack]:
    made = Attack(request.node.name, request.config.getoption("--seconds", 0), int(os.environ.get("SEED", SEED)))
    yield made
    tell(request, f"{made.name}: {made.done} rounds, SEED={made.seed}")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One for all attacks of a file: its image takes longer to make than many an attack."""
    with Target.made(tmp_path_factory.mktemp("target")) as target:
        yield target


@pytest.fixture
def target(ground: Target) -> Iterator[Target]:
    """A state root on which a container runs that no attack is aimed at. All is in hand afterwards."""
    yield ground
    ground.assert_in_hand()
