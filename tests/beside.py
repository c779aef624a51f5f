"""Which tests run side by side, by pytest-xdist: a plugin of pytest, which tests/conftest.py names.

A file is one piece of work, so that what its tests share is made once. Those of `LONG` wait for another machine, Python
or kernel, for minutes: each of them has a worker of its own that starts with it, beside one for each processor.

Knows nothing of what the tests do. Without pytest-xdist (`-n 0`) all run one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

LONG = ("tests/second_kernel/test_unified.py", "tests/fresh/test_readme.py", "tests/pythons/test_pythons.py")

ORDER = (
    "tests/differential",
    "tests/e2e",
    "tests/stress",
    "tests/kernel",
    "tests/hostile",
    "tests/contract",
    "tests/fuzz",
    "tests/test_contracts.py",
    "tests/ui",
    "tests/unit",
)
"""What takes long in one piece comes first, and small pieces last, so that no processor is idle at the end."""

TOLD = "told"


def tell(request: pytest.FixtureRequest, line: str) -> None:
    """Have a line of what came of a test printed above pytest's closing one."""
    request.node.user_properties.append((TOLD, line))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The order in which work is given out; what waits comes last where there are no workers for it."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    places = (*LONG, *ORDER) if workers > len(LONG) else (*ORDER, *LONG)

    def place(item: pytest.Item) -> int:
        return next((at for at, place in enumerate(places) if item.nodeid.startswith(place)), len(places))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """With `-n auto`. Who names a part of the tests by words or paths needs no workers that wait."""
    named = config.option.keyword or config.option.markexpr or config.args_source is not config.ArgsSource.TESTPATHS
    return len(os.sched_getaffinity(0)) + (0 if named else len(LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whatever `--dist` says."""
    from tests.pieces import Pieces  # where there is no pytest-xdist, nobody asks

    config.option.loadscopereorder = False
    return Pieces(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests had to tell."""
    for line in _told(terminalreporter):
        terminalreporter.line(line)


def _told(reporter: pytest.TerminalReporter) -> Iterator[str]:
    for reports in reporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                yield from (str(line) for name, line in report.user_properties if name == TOLD)
