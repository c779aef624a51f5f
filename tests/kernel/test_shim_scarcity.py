"""A kernel that has no memory or no descriptor for a moment costs a shim that moment, and its container nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.kernel.host import eventually, shims, state, status
from tests.support import require
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.model.request import ContainerRequest, ExecRequest

pytestmark = pytest.mark.host_only  # there is no strace in the second kernel

READ_SECONDS = 10.0


@contextmanager
def failing(pid: int, call: str, error: str) -> Iterator[None]:
    """The next `call` of the process fails, once."""
    words = [
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:error={error}:when=1",
        "-p",
        str(pid),
    ]
    with subprocess.Popen([require("strace"), *words]) as tracer:
        try:
            eventually(lambda: status(pid, "TracerPid") == str(tracer.pid))
            yield
        finally:
            tracer.terminate()


@pytest.mark.parametrize(
    ("call", "error"), [("accept4", "ENOMEM"), ("accept4", "ENFILE"), ("poll", "ENOMEM"), ("poll", "EAGAIN")]
)
def test_a_call_that_fails_for_want_of_something_is_made_again(
    engine: LocalEngine, root: str, call: str, error: str
) -> None:
    container = engine.tasks.start(
        engine.containers.create(ContainerRequest(image="demo", command=("sleep", "1000"))).id
    )
    (shim,) = shims(root)
    with failing(shim, call, error):
        for _ in range(2):
            session = engine.tasks.exec(container.id, ExecRequest(command=("echo", "inside")))
            assert session.read(READ_SECONDS) is not None
            session.close()
    eventually(lambda: (state(shim), state(container.pid)) == ("S", "S"))
