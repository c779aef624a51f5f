"""The tabs on the real engine: a shell is a process in the container and ends with its pane, logs come, pages fill."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tuicont.core.engine.engine import LocalEngine
from tuicont.core.host.processes import processes
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.presenters.details.log_buffer import LogBuffer
from tuicont.presenters.details.view import View
from tuicont.screens.details import pages, tabs
from tuicont.screens.details.log_feed import LogFeed
from tuicont.screens.details.pane import PageTab
from tuicont.screens.details.session_link import SessionLink
from tuicont.screens.details.shells import shell_session
from tuicont.widgets.terminal.screen import TerminalScreen
from tuicont.widgets.terminal.stream import TerminalStream

PATIENCE = 60.0  # an emulated processor needs some of it


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.005)


@pytest.fixture
def container(engine: LocalEngine) -> Iterator[Container]:
    request = ContainerRequest(
        image="demo",
        name="box",
        command=("sh", "-c", "echo first; while read line; do echo got $line; done; sleep 1000"),
        limits=Limits(memory=64 << 20, pids=32),
    )
    yield engine.tasks.start(engine.containers.create(request).id)


class Pane:
    """A terminal without a screen on a shell in the container."""

    def __init__(self, engine: LocalEngine, container: Container) -> None:
        self.ended: queue.Queue[tuple[ExitStatus | None, str]] = queue.Queue()
        self.screen = TerminalScreen(60, 20, self._answer)
        self._stream = TerminalStream(self.screen)
        session = shell_session(engine, container.id, 20, 60)
        self.link = SessionLink(
            session,
            lambda _, data: self._stream.feed(data),
            lambda status, error: self.ended.put((status, error)),
            str,
        )

    def _answer(self, data: bytes) -> None:
        self.link.send(data)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def type(self, line: str) -> None:
        self.link.send(line.encode() + b"\r")


def shells(engine: LocalEngine) -> list[int]:
    """The pids of the shells that are no script: the container's own init is one, and may become another program."""
    return [process.pid for process in engine.views.processes("box") if process.command in ("/bin/bash", "/bin/sh")]


def test_a_shell_is_a_process_in_the_container_on_a_terminal_of_the_panes_size(
    engine: LocalEngine, container: Container
) -> None:
    pane = Pane(engine, container)
    pane.type("stty size; hostname; readlink /proc/self/ns/pid")
    until(lambda: "20 60" in pane.text and "pid:[" in pane.text, "the answer")
    assert container.short_id in pane.text
    assert f"pid:[{os.stat(f'/proc/{container.pid}/ns/pid').st_ino}]" in pane.text
    pane.link.resize(10, 40)
    pane.type("clear; stty size")
    until(lambda: "10 40" in pane.text, "the new size")
    pane.type("exit 7")
    status, error = pane.ended.get(timeout=PATIENCE)
    assert status is not None and (status.code, error) == (7, "")


def test_a_full_screen_program_works_and_leaves_the_screen_as_it_was(engine: LocalEngine, container: Container) -> None:
    pane = Pane(engine, container)
    pane.type("printf 'one\\ntwo\\n' > /tmp/x; echo ready")
    until(lambda: "\nready" in pane.text, "the prompt")
    pane.type("vi /tmp/x")
    until(lambda: pane.text.startswith("one\ntwo\n~"), "the editor")
    pane.type(":q")
    pane.type("echo still $((40 + 2))")
    until(lambda: "still 42" in pane.text, "the shell")
    pane.link.close(hang_up=True)


def test_a_shell_ends_with_its_pane(engine: LocalEngine, container: Container) -> None:
    pane = Pane(engine, container)
    until(lambda: shells(engine), "a shell")
    (shell,) = shells(engine)
    pane.link.close(hang_up=True)
    until(lambda: not processes([shell]), "the end of the shell")
    assert engine.containers.get("box").state.alive


def test_a_log_is_followed_and_reading_ends_when_it_is_told_to(engine: LocalEngine, container: Container) -> None:
    threads = threading.active_count()
    buffer = LogBuffer()
    woken = threading.Event()
    feed = LogFeed(engine, container.id, 100, woken.set)
    while not len(buffer):
        assert woken.wait(PATIENCE)
        for chunk in feed.take():
            buffer.extend(chunk)
    assert buffer[0].text == "first"
    feed.close()
    until(lambda: threading.active_count() <= threads, "the end of the reading thread")


PAGES = [tabs.OVERVIEW, *pages.PAGES.values()]


@pytest.mark.parametrize("page", PAGES, ids=lambda tab: tab.id)
def test_each_page_is_drawn_from_what_the_kernel_says(
    engine: LocalEngine, container: Container, page: PageTab[Any]
) -> None:
    data = page.load(engine, container.id) if page.load else None
    shown = page.present(
        View(container=engine.containers.get("box"), data=data, now_ns=time.time_ns(), width=100, height=20)
    )
    text = "\n".join("".join(part for part, _ in line) for line in shown.lines)
    expected = {
        "overview": f"pid {container.pid} on the host",
        "processes": str(container.pid),
        "cgroup": "67108864",
        "namespaces": str(os.stat(f"/proc/{container.pid}/ns/net").st_ino),
        "layers": "read-only layers",
        "mounts": "overlay",
        "inspect": container.id,
    }
    assert expected[page.id] in text
