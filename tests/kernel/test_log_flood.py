"""A container that writes a line without end: whoever reads it holds a bounded part, and loses nothing of it."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys

import pytest

from tests.kernel.host import status
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.model.request import ContainerRequest, LogOptions

pytestmark = pytest.mark.host_only  # starts of Python, and a flood that emulation makes slow

SIZE = 128 << 20
MORE = 20 << 10
"""How many KiB a reader may grow."""


def kib(pid: int, field: str) -> int:
    return int(status(pid, field).split()[0])


@pytest.mark.parametrize("how", [("-f",), ("-f", "--tail", "10"), ()])
def test_a_reader_of_a_line_without_end_stays_small_and_reads_every_byte(
    engine: LocalEngine, root: str, how: tuple[str, ...]
) -> None:
    flood = f"echo begin; read line; dd if=/dev/zero bs=64k count={SIZE >> 16} 2>/dev/null | tr '\\0' x; echo; echo end"
    request = ContainerRequest(
        image="demo", name="flood", command=("sh", "-c", flood), stdin_open=True, log=LogOptions(max_size=1 << 30)
    )
    engine.containers.create(request)
    engine.tasks.start("flood")

    def let_go() -> None:
        with contextlib.closing(engine.tasks.attach("flood")) as session:
            session.write(b"go\n")

    if "-f" not in how:
        let_go()
        engine.tasks.wait("flood", 60)
    command = [sys.executable, "-m", "tuicont", "--root", root, "logs", *how, "flood"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"begin\n"
        before, seen, found = kib(reader.pid, "VmRSS"), 0, hashlib.sha256()
        if "-f" in how:
            let_go()
        while seen < SIZE:
            piece = reader.stdout.read(min(1 << 20, SIZE - seen))
            assert piece, f"the log ended after {seen} bytes"
            seen += len(piece)
            found.update(piece)
            if seen < SIZE:  # it has more to say than its pipe takes, and is there
                assert kib(reader.pid, "VmHWM") < before + MORE
        assert reader.stdout.read() == b"\nend\n"
    assert found.digest() == hashlib.sha256(b"x" * SIZE).digest()
    assert reader.returncode == 0
