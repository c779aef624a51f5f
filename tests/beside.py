"""Long work that a session starts at once and that its own test waits for at the end, so that both cores have something
to do. A plugin of pytest, which tests/conftest.py names.

Knows nothing of what the work is. A test takes it as the parameter `beside`, and comes after all that take none:

    @pytest.mark.parametrize("beside", [Boot()], ids=["kernel"])
"""

from __future__ import annotations

import pytest


class Beside:
    """Work of one session. It has a lower priority than the tests that it runs beside."""

    told = ""
    """What came of it, in a line: printed above pytest's closing one."""

    def start(self) -> None:
        """Begin, and return at once. What this host lacks is no error: the test says it."""
        raise NotImplementedError

    def close(self) -> None:
        """End it if it still goes on, and remove what it left. May be repeated."""
        raise NotImplementedError


STARTED = pytest.StashKey[dict[Beside, Exception | None]]()
"""The work of this session, and what kept it from starting."""


def _work(item: pytest.Item) -> Beside | None:
    work = item.callspec.params.get("beside") if hasattr(item, "callspec") else None
    return work if isinstance(work, Beside) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits comes last."""
    items.sort(key=lambda item: _work(item) is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what a test of this session is going to wait for."""
    started = session.config.stash[STARTED] = {}
    if session.config.option.collectonly:
        return
    for work in dict.fromkeys(work for item in session.items if (work := _work(item))):
        started[work] = None
        try:
            work.start()
        except Exception as error:
            started[work] = error


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Work that could not start fails its own test, and no other."""
    if (work := _work(item)) and (error := item.config.stash[STARTED][work]):
        raise error


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """A line of each that has something to tell."""
    for work in config.stash.get(STARTED, {}):
        if work.told:
            terminalreporter.line(work.told)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing outlives the session, even an interrupted one."""
    for work in config.stash.get(STARTED, {}):
        work.close()
