"""The drivers of this host, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.cgroups import Host, layouts
from tests.contract.runtimes import RUNTIMES, Containers
from tests.contract.storages import BASE, DRIVERS, TOP, Chain, MakeDriver, files
from tests.support import require_that
from tuicont.core.storage.base import StorageDriver
from tuicont.core.sys.kernel import RealKernel


@pytest.fixture(params=sorted(DRIVERS))
def make(request: pytest.FixtureRequest) -> MakeDriver:
    """Makes the driver that a test is about."""
    return DRIVERS[request.param]


@pytest.fixture
def driver(make: MakeDriver, tmp_path: Path) -> Iterator[StorageDriver]:
    """One in a directory of its own."""
    made = make(RealKernel(), str(tmp_path / "storage"))
    probe = made.probe()
    require_that(probe.supported, f"{made.name} ({probe.reason})")
    yield made
    for name in made.names():
        made.remove(name)


@pytest.fixture
def two_layers(driver: StorageDriver) -> Chain:
    """Two layers that it has, the second over the first."""
    driver.add_layer(BASE, (), files(greeting="hello", etc__passwd="root", etc__group="wheel", old__a="1", old__b="2"))
    driver.add_layer(TOP, (BASE,), files(greeting="hello, world", extra="x"))
    return (BASE, TOP)


@pytest.fixture(params=RUNTIMES)
def made(request: pytest.FixtureRequest) -> Iterator[Containers]:
    containers = Containers(request.param)
    try:
        yield containers
    finally:
        containers.close()


@pytest.fixture(params=sorted(layouts()))
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    made = Host(layouts()[request.param])
    try:
        yield made
    finally:
        made.clean_up()
